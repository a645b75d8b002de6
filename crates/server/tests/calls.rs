//! D2: whichever single system call fails, an act is there as a whole or not at all, and its client knows no better.
//!
//! A child takes a few acts in a copy of the same record, under `strace`, which lets one call after the other fail or kills the child at it.
//! In `./test` this is done to the registration of a lead; with `CHACHU_LONG=1` also to a filing, an approval, an upload with the act that names it, and a view.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/history.rs"]
#[expect(dead_code, unreachable_pub, reason = "its support is shared")]
mod history;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use procedure::{Manner, value::Value as _};
use scenario::language::{Move, Statement};
use server::{
    clock::Clock,
    no::No,
    office::{Office, Submitted},
};
use store::{Store, Stream};

/// Where the child finds its record, and which of the acts it takes.
const DIRECTORY: &str = "CALLS_DIRECTORY";
const UNTIL: &str = "CALLS_UNTIL";
/// The control: the child says that an act is done before it is.
const HASTY: &str = "CALLS_HASTY";

/// The acts by name, with their place in the case and the version that was seen.
const ACTS: [(&str, usize, Option<u64>); 5] = [
    ("lead", 0, None),
    ("filing", 4, Some(4)),
    ("approval", 5, Some(5)),
    ("assignment", 6, Some(6)),
    ("evidence", 8, Some(7)),
];

/// The calls with which anything on a disk changes or is found.
const CALLS: &str = "openat,write,pwrite64,fsync,fdatasync,rename,unlink,ftruncate,mkdir";

fn open(root: &Path) -> Office {
    let store = Store::open(&root.join("data"), &root.join("keys")).unwrap();
    Office::open(store, Clock::default()).unwrap()
}

fn moves(office: &Office) -> Vec<Move> {
    let lines = history::case(office.now().date()).lines.into_iter();
    lines
        .filter_map(|line| match line {
            Statement::Act(act, _) => Some(*act),
            _ => None,
        })
        .collect()
}

fn submitted(act: &Move, dossier: Option<&str>, seen: Option<u64>, key: &str) -> Submitted {
    Submitted {
        step: act.step.id.to_owned(),
        who: act.who.clone(),
        dossier: dossier.map(str::to_owned),
        seen,
        key: Some(key.to_owned()),
        manner: Manner::Regular,
        answers: act.answers.clone(),
    }
}

/// Takes one of the acts; answers the dossier, the version and whether it was done before.
fn take(office: &Office, moves: &[Move], at: usize, id: &str) -> Result<(String, u64, bool), No> {
    let (name, place, seen) = ACTS[at];
    let mut act = moves[place].clone();
    if name == "evidence" {
        let file = office.vault_put("扫描件.pdf", vec![7; 100_000].as_slice())?;
        act.answers.insert("file".to_owned(), file.write());
    }
    let dossier = (place > 0).then_some(id);
    let done = office.execute(submitted(&act, dossier, seen, name))?;
    Ok((done.dossier, done.version, done.replayed))
}

/// A record with a dossier that is to be filed; answers its id.
fn prepare(root: &Path) -> String {
    let office = open(root);
    let moves = moves(&office);
    office.found(history::case(office.now().date()).cast).unwrap();
    let first = office.execute(submitted(&moves[0], None, None, "first")).unwrap();
    for (act, seen) in moves[1..4].iter().zip(1..) {
        let key = format!("first{seen}");
        office.execute(submitted(act, Some(&first.dossier), Some(seen), &key)).unwrap();
    }
    fs::write(root.join("dossier"), &first.dossier).unwrap();
    first.dossier
}

/// Only in the child that runs under strace.
#[test]
fn d2_the_child_whose_calls_fail() {
    let Some(root) = env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let until: usize = env::var(UNTIL).unwrap().parse().unwrap();
    let id = fs::read_to_string(root.join("dossier")).unwrap();
    let office = open(&root);
    let moves = moves(&office);
    println!("\nbegin");
    for (at, (name, ..)) in ACTS.iter().enumerate().take(until) {
        if env::var_os(HASTY).is_some() {
            println!("\n{name} done");
        }
        match take(&office, &moves, at, &id) {
            Ok(_) => println!("\n{name} done"),
            Err(no) => {
                println!("\n{name} failed {no:?}");
                // What comes next rests on it.
                break;
            }
        }
    }
    if until > 1 {
        match office.view(&moves[5].who, &id) {
            Ok(_) => println!("\nview done"),
            Err(no) => println!("\nview failed {no:?}"),
        }
    }
}

/// What a child did under strace.
struct Ran {
    said: String,
    calls: String,
    wrong: String,
}

fn trace(root: &Path, until: usize, inject: Option<&str>, hasty: bool) -> Ran {
    let log = root.join("calls");
    let mut command = Command::new("strace");
    // Without --seccomp-bpf, with which strace 6.1 delivers no signal.
    command.args(["-f", "-qq", "-e", &format!("trace={CALLS}"), "-o"]).arg(&log);
    if let Some(inject) = inject {
        command.args(["-e", &format!("inject={inject}")]);
    }
    command
        .arg(env::current_exe().unwrap())
        .args(["--exact", "d2_the_child_whose_calls_fail", "--nocapture"])
        .env(DIRECTORY, root)
        .env(UNTIL, until.to_string());
    if hasty {
        command.env(HASTY, "1");
    }
    let output = command.output().unwrap_or_else(|error| panic!("strace cannot be run: {error}"));
    Ran {
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
        calls: fs::read_to_string(log).unwrap_or_default(),
        wrong: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Each call after the child began, by name and by its count in its thread.
fn calls(ran: &Ran) -> BTreeSet<(String, u32)> {
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut began = false;
    let mut all = BTreeSet::new();
    for line in ran.calls.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, arguments)) = rest.trim_start().split_once('(') else { continue };
        if !CALLS.split(',').any(|known| known == call) {
            continue;
        }
        let count = counts.entry((thread, call)).or_default();
        *count += 1;
        if began {
            all.insert((call.to_owned(), *count));
        }
        began |= call == "write" && arguments.contains("begin");
    }
    all
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// What is wrong with the record after what the child said of it.
fn judge(root: &Path, until: usize, said: &str) -> Result<(), String> {
    let office = open(root);
    let id = fs::read_to_string(root.join("dossier")).unwrap();
    let clean = |when: &str| match office.store().verify(None, &|_, _| ()).unwrap() {
        report if report.is_clean() => Ok(()),
        report => Err(format!("{when}: {report:?}")),
    };
    clean("after the fault")?;
    let is_said = |name: &str| said.lines().any(|line| line == format!("{name} done"));
    let moves = moves(&office);
    for (at, (name, ..)) in ACTS.iter().enumerate().take(until) {
        let done = take(&office, &moves, at, &id);
        let (dossier, version, replayed) = done.map_err(|no| format!("{name} again: {no:?}"))?;
        if is_said(name) && !replayed {
            return Err(format!("{name} was acknowledged and is not there"));
        }
        let expected = if at == 0 { 1 } else { at as u64 + 4 };
        if version != expected || (at > 0 && dossier != id) {
            return Err(format!("{name} stands at {version}"));
        }
    }
    let dossiers = office.store().streams("dossier/").unwrap().len();
    if dossiers != 2 {
        return Err(format!("{dossiers} dossiers"));
    }
    let audits: Vec<Stream> = office.store().streams("audit/").unwrap();
    let views = audits.iter().map(|stream| office.store().version(stream).unwrap()).sum::<u64>();
    if is_said("view") && views == 0 {
        return Err("a view was answered and is not on record".to_owned());
    }
    clean("in the end")
}

#[test]
fn d2_whichever_call_fails_an_act_is_there_as_a_whole_or_not_at_all() {
    let until = if env::var_os("CHACHU_LONG").is_some() { ACTS.len() } else { 1 };
    let root = tempfile::tempdir().unwrap();
    let original = root.path().join("original");
    fs::create_dir(&original).unwrap();
    prepare(&original);
    let run = |inject: Option<&str>, hasty| {
        let place = tempfile::tempdir().unwrap();
        copy(&original, place.path());
        let ran = trace(place.path(), until, inject, hasty);
        (place, ran)
    };
    let (place, whole) = run(None, false);
    let calls = calls(&whole);
    assert!(!calls.is_empty(), "strace traced nothing; is ptrace permitted here? {}", whole.wrong);
    assert!(whole.said.contains("lead done"), "{}{}", whole.said, whole.wrong);
    judge(place.path(), until, &whole.said).unwrap();
    let (mut done, mut failed, mut silent, mut hasty) = (0, 0, 0, 0);
    for (call, count) in &calls {
        for how in ["error=EIO", "error=ENOSPC", "signal=SIGKILL"] {
            let inject = format!("{call}:{how}:when={count}");
            let (place, ran) = run(Some(&inject), false);
            if let Err(wrong) = judge(place.path(), until, &ran.said) {
                panic!("{inject}: {wrong}\n{}", ran.said);
            }
            done += ran.said.matches(" done\n").count();
            failed += ran.said.matches(" failed ").count();
            silent += usize::from(how == "signal=SIGKILL" && !ran.said.contains("test result"));
        }
        // The control: who acknowledges before the commit is found out by some call.
        if hasty == 0 && call == "pwrite64" {
            let (place, ran) = run(Some(&format!("{call}:signal=SIGKILL:when={count}")), true);
            hasty += usize::from(judge(place.path(), until, &ran.said).is_err());
        }
    }
    println!(
        "{} calls, each failing in three ways: {done} acts acknowledged, {failed} answered with an error, {silent} children killed; none in part",
        calls.len()
    );
    assert!(failed > 0, "nothing was ever made to fail");
    assert!(2 * silent > calls.len(), "only {silent} children were killed");
    assert_eq!(hasty, 1, "an acknowledgement before the commit was not found out");
}
