//! Where and when a measurement was made.

use std::fs;
use std::time::SystemTime;

use super::cores::cpus;
use super::result::Environment;

/// This machine, and this program.
pub(super) fn environment() -> Environment {
    Environment {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        os: std::env::consts::OS.to_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpus: cpus(),
        cpu: fs::read_to_string("/proc/cpuinfo").ok().as_deref().and_then(cpu),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")
            .ok()
            .map(|version| version.trim().to_owned()),
    }
}

/// Now, in whole seconds of universal time.
pub(super) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// What Linux knows of the first processor; ARM's have no such line.
fn cpu(cpuinfo: &str) -> Option<String> {
    let mut fields = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let (_, name) = fields.find(|(field, _)| field.trim_end() == "model name")?;
    Some(name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_a_name_where_the_system_tells() {
        let cpuinfo =
            "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU @ 2.0GHz\n\nmodel name\t: Other\n";
        assert_eq!(cpu(cpuinfo).as_deref(), Some("Some CPU @ 2.0GHz"));
        assert_eq!(cpu("processor\t: 0\nBogoMIPS\t: 108.00\n"), None);
    }

    #[test]
    fn a_date_is_sortable_and_says_its_zone() {
        let now = now();
        assert!(now.len() == 20 && now.ends_with('Z') && *now > *"2026-01-01", "{now}");
    }
}
