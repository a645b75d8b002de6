//! The scenario files of the core, over HTTP, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use common::{PASSWORD, Served, found, serve, serve_on};
use procedure::{directory, value::StaffId};
use scenario::{Scenario, language::Statement, play};
use server::samples;
use store::Store;
use testkit::{Cluster, Http};
use tokio::{runtime::Runtime, task::AbortHandle};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 3, 16);

/// Lines that only the system takes have no way through the front door.
fn through_the_front_door(lines: Vec<Statement>) -> Vec<Statement> {
    let by_system =
        |line: &Statement| matches!(line, Statement::Act(act, _) if act.who == StaffId::system());
    let lines = lines.into_iter().filter(|line| !by_system(line));
    lines
        .map(|line| match line {
            Statement::Fork { line, name, lines } => {
                Statement::Fork { line, name, lines: through_the_front_door(lines) }
            }
            other => other,
        })
        .collect()
}

#[test]
fn every_scenario_comes_out_over_http_as_on_the_core() {
    let runtime = Runtime::new().unwrap();
    play_all(true, || serve(&runtime));
}

#[test]
fn every_scenario_comes_out_on_postgresql_as_on_the_core() {
    let cluster = Cluster::fast();
    let database = cluster.empty();
    store::migrate(&cluster.as_owner(&database)).unwrap();
    let mut admin = cluster.admin(&database);
    // Only here may rows of the record go: nobody who serves could do this.
    let sql = "SELECT string_agg('DELETE FROM ' || quote_ident(tablename), ';') FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('schema_version', 'key_check')
            AND tablename !~ '^event_[0-9]+$' AND tablename <> 'setting'";
    let sweep: String = admin.query_one(sql, &[]).unwrap().get(0);
    let sweep = format!(
        "SET session_replication_role = replica; {sweep};
        DELETE FROM setting WHERE name <> 'checkpoint_origin'"
    );
    let (runtime, root) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
    let (vault, keys) = (root.path().join("vault"), root.path().join("keys"));
    let mut before: Option<AbortHandle> = None;
    // What a fork does is judged before any database is asked; in the fast form trunks are enough.
    let forks = std::env::var_os("CHACHU_LONG").is_some();
    play_all(forks, || {
        // The server before has nothing to do any more; its connections go with it.
        before.take().inspect(AbortHandle::abort);
        admin.batch_execute(&sweep).unwrap();
        let store = Store::connect(&cluster.as_server(&database), &vault, &keys).unwrap();
        let (served, serving) = serve_on(&runtime, store);
        before = Some(serving);
        served
    });
}

/// Plays every scenario, each of its forks too where they are asked for, each on a server of its
/// own that `start` starts.
fn play_all(forks: bool, mut start: impl FnMut() -> Served) {
    assert_eq!(samples::unreadable(TODAY), None);
    let mut start = || {
        let served = start();
        let office = served.office;
        Ok(Http::new(&served.base, PASSWORD, move |cast: &[directory::Event]| found(&office, cast)))
    };
    let (mut lines, mut failed) = (0, Vec::new());
    for (name, scenario) in samples::scenarios(TODAY) {
        let mut lines_played = through_the_front_door(scenario.lines);
        lines_played.retain(|line| forks || !matches!(line, Statement::Fork { .. }));
        let scenario = Scenario { lines: lines_played, ..scenario };
        let report = &mut |line: &scenario::Line| {
            lines += 1;
            if let Some(failure) = &line.failure {
                failed.push(format!(
                    "{name}:{} {} → {} | {failure}",
                    line.line, line.what, line.came
                ));
            }
        };
        if let Err(wrong) = play(&scenario, &mut start, report) {
            failed.push(format!("{name}: {wrong}"));
        }
    }
    assert!(failed.is_empty(), "{lines} lines, {} failed\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn the_demonstration_opens_with_its_samples() {
    let mut serving = Command::new(env!("CARGO_BIN_EXE_chachu"))
        .args(["serve", "--demo", "--today", "2026-03-16", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).find(|line| line.contains("http"));
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(said.is_some());
}
