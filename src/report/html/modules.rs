//! The page's own modules, in one script: a file that is opened from a disk may not import another.
//!
//! Each stands after those it imports from, so that leaving out the words `import` and `export` is all it takes;
//! tests hold that no two of them use a name twice, and that none is missing.

/// Below `static/`, in the order of their imports.
const MODULES: &[(&str, &str)] = &[
    ("chart/style.js", include_str!("../../../static/chart/style.js")),
    ("chart/figures.js", include_str!("../../../static/chart/figures.js")),
    ("chart/axis.js", include_str!("../../../static/chart/axis.js")),
    ("chart/marks.js", include_str!("../../../static/chart/marks.js")),
    ("chart/canvas.js", include_str!("../../../static/chart/canvas.js")),
    ("chart/plot.js", include_str!("../../../static/chart/plot.js")),
    ("chart/curve.js", include_str!("../../../static/chart/curve.js")),
    ("chart/lines.js", include_str!("../../../static/chart/lines.js")),
    ("chart/bars.js", include_str!("../../../static/chart/bars.js")),
    ("chart/table.js", include_str!("../../../static/chart/table.js")),
    ("chart/show.js", include_str!("../../../static/chart/show.js")),
    ("report.js", include_str!("../../../static/report.js")),
];

/// All of them, as one module.
pub(super) fn inlined() -> String {
    MODULES.iter().map(|(path, text)| format!("// static/{path}\n{}\n", without_borders(text))).collect()
}

/// A module's text without what joins it to others.
fn without_borders(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("import "));
    lines.map(|line| line.strip_prefix("export ").unwrap_or(line).to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::transport::Transport;

    /// The names that a module imports, and the files it has them from.
    fn imports(text: &str) -> impl Iterator<Item = (&str, &str)> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("import { "));
        lines.flat_map(|line| {
            let (names, from) = line.split_once(" } from \"").expect("an import takes one line");
            let file = from.trim_end_matches("\";").rsplit('/').next().expect("it has a name");
            names.split(", ").map(move |name| (name, file))
        })
    }

    /// The names that a module declares for all of it.
    fn declared(text: &str) -> impl Iterator<Item = &str> {
        text.lines().filter_map(|line| {
            let line = line.strip_prefix("export ").unwrap_or(line);
            let rest = ["function ", "const ", "let "].iter().find_map(|word| line.strip_prefix(word))?;
            rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
        })
    }

    #[test]
    fn each_module_stands_after_those_it_imports_from() {
        let mut before: Vec<(&str, &str)> = Vec::new();
        for (path, text) in MODULES {
            for (name, file) in imports(text) {
                let from = before.iter().find(|(path, _)| path.ends_with(&format!("/{file}")));
                let (_, from) =
                    from.unwrap_or_else(|| panic!("{path} imports from {file}, which comes later"));
                let exported = [format!("export function {name}("), format!("export const {name} ")];
                assert!(
                    exported.iter().any(|words| from.contains(words)),
                    "{file} has no `{name}` for {path}"
                );
            }
            before.push((path, text));
        }
    }

    #[test]
    fn no_name_is_declared_twice() {
        let mut seen = BTreeSet::new();
        for (path, text) in MODULES {
            for name in declared(text) {
                assert!(seen.insert(name), "`{name}` in {path} is somewhere else, too");
            }
        }
        assert!(seen.contains("showChart") && seen.contains("LANES"), "{seen:?}");
    }

    #[test]
    fn all_of_the_folder_is_there_and_nothing_ends_the_script() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/chart");
        for file in fs::read_dir(folder).unwrap() {
            let name = format!("chart/{}", file.unwrap().file_name().to_str().unwrap());
            assert!(MODULES.iter().any(|(path, _)| *path == name), "`{name}` is not in the report");
        }
        let script = inlined();
        for border in ["\nimport ", "\nexport ", "</script", "<!--"] {
            assert!(!script.contains(border), "{border:?}");
        }
    }

    #[test]
    fn every_transport_has_a_style() {
        let (_, style) = MODULES[0];
        for transport in Transport::ALL {
            assert!(style.contains(&format!("\n  {transport}: {{ marker: ")), "{transport}");
        }
    }
}
