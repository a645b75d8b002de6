//! The boundary of the core: no I/O, no clock, no randomness, and few dependencies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// What the core may depend on; each is pure.
const DEPENDENCIES: [&str; 4] = ["jiff", "serde", "serde_json", "sm3"];

/// What would let the world in.
const FORBIDDEN: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::time",
    "SystemTime",
    "Instant",
    "Zoned::now",
    "async fn",
    "HashMap",
];

#[test]
fn the_core_depends_on_little() {
    let manifest = include_str!("../Cargo.toml");
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let names: Vec<_> = section
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split(['.', ' ', '=']).next().unwrap())
        .collect();
    assert_eq!(names, DEPENDENCIES, "the core's dependencies changed: say why in docs/decisions");
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_core_lets_nothing_in() {
    let mut paths = Vec::new();
    sources(Path::new("src"), &mut paths);
    assert!(paths.len() > 20);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        for word in FORBIDDEN {
            assert!(!product.contains(word), "{} names {word}: pass it in instead", path.display());
        }
    }
}
