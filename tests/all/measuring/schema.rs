//! The schema that ships with the binary, held against results that it wrote.
//!
//! A validator of its own: a crate for it would bring fifty others. It knows the words that this schema uses,
//! and refuses to judge by any other.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::bench::run;
use super::choices::{FEW, ISOLATED, MANY, QUIET, ROUNDS, brief};
use super::links::{no_upgrade, two_links};
use super::usual::{trace, usual};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let printed = run(&["schema"]);
    assert_eq!(printed.code, Some(0), "{}", printed.errors);
    serde_json::from_str(&printed.text).unwrap()
});

/// Why `value` at `path` is not as `schema` says; nothing where it is.
fn breach(schema: &Value, path: &str, value: &Value) -> Option<String> {
    let words = schema.as_object().unwrap_or_else(|| panic!("a schema is an object: {schema}"));
    words.iter().find_map(|(word, rule)| breach_of(word, rule, path, value))
}

fn breach_of(word: &str, rule: &Value, path: &str, value: &Value) -> Option<String> {
    let unless = |holds: bool| (!holds).then(|| format!("`{path}` is {value}, against `{word}`: {rule}"));
    let number = |value: &Value| value.as_f64().unwrap();
    match (word, value) {
        ("$schema" | "$defs" | "title" | "description" | "default" | "format", _) => None,
        ("$ref", _) => {
            let at = rule.as_str().unwrap().trim_start_matches('#');
            breach(SCHEMA.pointer(at).unwrap_or_else(|| panic!("no {at}")), path, value)
        }
        ("type", _) => unless(names(rule).iter().any(|name| is_a(name, value))),
        ("const", _) => unless(rule == value),
        ("enum", _) => unless(rule.as_array().unwrap().contains(value)),
        ("anyOf", _) => unless(kinds(rule, path, value) > 0),
        ("oneOf", _) => unless(kinds(rule, path, value) == 1),
        ("minimum", Value::Number(_)) => unless(number(value) >= number(rule)),
        ("required", Value::Object(object)) => {
            unless(names(rule).iter().all(|name| object.contains_key(*name)))
        }
        ("properties", Value::Object(object)) => object.iter().find_map(|(key, value)| {
            rule.get(key).map_or_else(
                || Some(format!("`{path}.{key}` is not in the schema")),
                |schema| breach(schema, &format!("{path}.{key}"), value),
            )
        }),
        ("additionalProperties", Value::Object(object)) => {
            object.iter().find_map(|(key, value)| breach(rule, &format!("{path}.{key}"), value))
        }
        ("items", Value::Array(list)) => {
            list.iter().enumerate().find_map(|(at, value)| breach(rule, &format!("{path}[{at}]"), value))
        }
        ("prefixItems", Value::Array(list)) => {
            let rules = rule.as_array().unwrap().iter().zip(list);
            rules.enumerate().find_map(|(at, (rule, value))| breach(rule, &format!("{path}[{at}]"), value))
        }
        ("minItems", Value::Array(list)) => unless(list.len() as f64 >= number(rule)),
        ("maxItems", Value::Array(list)) => unless(list.len() as f64 <= number(rule)),
        ("minimum" | "required" | "properties" | "additionalProperties", _) => None,
        ("items" | "prefixItems" | "minItems" | "maxItems", _) => None,
        _ => panic!("`{word}`: {rule} is a rule that this test does not know"),
    }
}

/// A word, or a list of words.
fn names(rule: &Value) -> Vec<&str> {
    rule.as_str().map_or_else(
        || rule.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect(),
        |name| vec![name],
    )
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("`{name}` is no type"),
    }
}

fn kinds(rules: &Value, path: &str, value: &Value) -> usize {
    rules.as_array().unwrap().iter().filter(|rule| breach(rule, path, value).is_none()).count()
}

#[test]
fn every_result_is_as_its_schema_says() {
    let brief = [QUIET, MANY, FEW, ROUNDS, ISOLATED].map(brief);
    for finished in [usual(), trace(), two_links(), no_upgrade()].into_iter().chain(brief) {
        assert_eq!(breach(&SCHEMA, "", &finished.report), None);
    }
    assert_eq!(two_links().report["runs"].as_array().unwrap().len(), 2, "a sweep is among them");
}

#[test]
fn what_is_amiss_is_against_the_schema() {
    for (pointer, wrong) in [
        ("/schema_version", json!(2)),
        ("/seed", json!(-1)),
        ("/runs/0/mode", json!("sometimes")),
        ("/runs/0/rounds", json!(1.5)),
        ("/runs/0/lanes/0/transport", json!("pigeon")),
        ("/runs/0/lanes/3/latency_us/p99/measured", json!("slow")),
        ("/runs/0/lanes/3/latency_us", json!({})),
        ("/runs/0/lanes/0/histogram/0", json!([1])),
        ("/runs/0/theory/head_bytes/sse", json!([1.0, 2.0])),
        ("/runs/0/lanes/0/curve", Value::Null),
    ] {
        let mut result = usual().report.clone();
        *result.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = wrong;
        assert!(breach(&SCHEMA, "", &result).is_some(), "{pointer}");
    }
}

/// Numbers without a unit: they count, they name, or they are a share of one.
const PURE: &[&str] = &[
    "schema_version",
    "seed",
    "cpus",
    "http",
    "rounds",
    "run",
    "clients",
    "speed",
    "events",
    "expected",
    "delivered",
    "lost",
    "duplicated",
    "reordered",
    "missed",
    "gaps",
    "negative",
    "needs_events",
    "connections_opened",
    "exchanges",
    "quantile",
    "histogram",
    "client",
    "sequence",
    "exchanges",
    "connections",
    "open",
    "chunks",
    "held_up",
];

/// What a key ends with that tells the unit.
const UNITS: &[&str] = &["us", "ppm", "bytes", "per_s", "per_event", "per_client", "share", "secs", "nanos"];

/// Every number without a unit in a key above it.
fn unitless(keys: &str, value: &Value, found: &mut Vec<String>) {
    let key = keys.rsplit('.').next().unwrap();
    let has_unit = |unit: &&str| key == *unit || key.ends_with(&format!("_{unit}"));
    if UNITS.iter().any(has_unit) || key.starts_with("bytes_") || PURE.contains(&key) {
        return;
    }
    match value {
        Value::Number(_) => found.push(keys.to_owned()),
        Value::Array(list) => list.iter().for_each(|value| unitless(keys, value, found)),
        Value::Object(object) => {
            object.iter().for_each(|(key, value)| unitless(&format!("{keys}.{key}"), value, found));
        }
        _ => {}
    }
}

#[test]
fn every_number_has_its_unit_in_its_key_or_in_one_above() {
    for finished in [usual(), trace(), two_links(), brief(MANY), brief(ISOLATED), brief(FEW)] {
        let mut found = Vec::new();
        unitless("", &finished.report, &mut found);
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn the_schema_says_what_each_key_means() {
    let mut mute = Vec::new();
    // Of a `Duration` of the standard library the keys are the units.
    let structs = SCHEMA["$defs"].as_object().unwrap().iter().filter(|(of, _)| *of != "Duration");
    for (of, schema) in structs {
        let keys = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        mute.extend(
            keys.filter(|(_, rule)| rule["description"].is_null()).map(|(key, _)| format!("{of}.{key}")),
        );
    }
    assert_eq!(mute, Vec::<String>::new());
    assert!(!SCHEMA.to_string().contains("[`"), "no links into the sources: nobody could follow them");
}
