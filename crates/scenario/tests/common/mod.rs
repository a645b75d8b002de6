//! The scenario files, read.

use std::path::{Path, PathBuf};

use scenario::{Scenario, parse};

/// The day that offsets such as `T-15` are counted from in these tests.
pub(crate) const TODAY: jiff::civil::Date = jiff::civil::date(2026, 3, 16);

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            found.push(path);
        }
    }
    found.sort();
}

/// Every scenario, by its path below the folder without the ending.
pub(crate) fn scenarios() -> Vec<(String, Scenario)> {
    let folder = Path::new("../../scenarios");
    let mut paths = Vec::new();
    files(folder, &mut paths);
    assert!(!paths.is_empty());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario =
            parse(&text, TODAY).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        let name = path.with_extension("");
        let name = name.strip_prefix(folder).unwrap().to_str().unwrap();
        (name.to_owned(), scenario)
    };
    paths.into_iter().map(read).collect()
}
