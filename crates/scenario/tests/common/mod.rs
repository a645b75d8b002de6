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

/// Every scenario file with its path.
pub(crate) fn scenarios() -> Vec<(PathBuf, Scenario)> {
    let mut paths = Vec::new();
    files(Path::new("../../scenarios"), &mut paths);
    assert!(!paths.is_empty());
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario =
            parse(&text, TODAY).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
        (path, scenario)
    };
    paths.into_iter().map(read).collect()
}
