//! This program, started again to do one thing to a record: its exit code is the answer.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use crate::{office, open, story, take};

/// It was acknowledged.
pub(crate) const ACKNOWLEDGED: i32 = 40;
/// It was answered with an error.
const ANSWERED: i32 = 41;

/// Larger than what stands in the database.
pub(crate) fn bytes() -> Vec<u8> {
    b"0123456789abcdef".repeat(20_000)
}

/// Under which key a child acts on a dossier.
pub(crate) fn key(dossier: &str) -> String {
    format!("key-{dossier}")
}

/// Not a test but what the tests start.
#[test]
fn child() {
    let Ok(root) = env::var("CHACHU_CHILD") else { return };
    let dossier = env::var("CHACHU_CHILD_DOSSIER").unwrap();
    let dossier = Some(dossier.as_str()).filter(|dossier| !dossier.is_empty());
    let act = env::var("CHACHU_CHILD_ACT").unwrap().parse::<usize>().unwrap();
    let office = office(open(Path::new(&root)));
    let (story, bytes) = (story(), bytes());
    // The test's own output is caught otherwise.
    std::io::stderr().write_all(b"ready\n").unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let key = key(dossier.unwrap_or_default());
    let done = take(&office, &story[act], (dossier, Some(&key)), Some(&bytes));
    std::process::exit(if done.is_ok() { ACKNOWLEDGED } else { ANSWERED });
}

/// A child that waits to be told to begin.
pub(crate) struct Waiting {
    pub(crate) child: std::process::Child,
}

impl Waiting {
    /// The act of the story that it is to take.
    pub(crate) fn start(root: &Path, dossier: &str, act: usize) -> Waiting {
        let mut child = Command::new(env::current_exe().unwrap());
        child
            .args(["--exact", "child::child", "--nocapture"])
            .env("CHACHU_CHILD", root)
            .env("CHACHU_CHILD_DOSSIER", dossier)
            .env("CHACHU_CHILD_ACT", act.to_string());
        child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Waiting { child }
    }

    pub(crate) fn begin(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"!").unwrap();
    }
}
