//! The scenario files of the core, over HTTP on SQLite.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use common::{PASSWORD, found, serve};
use procedure::{directory, value::StaffId};
use scenario::{Scenario, language::Statement, play};
use server::samples;
use testkit::Http;
use tokio::runtime::Runtime;

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
    assert_eq!(samples::unreadable(TODAY), None);
    let runtime = Runtime::new().unwrap();
    let start = || {
        let served = serve(&runtime);
        let office = served.office;
        Ok(Http::new(&served.base, PASSWORD, move |cast: &[directory::Event]| found(&office, cast)))
    };
    let (mut lines, mut failed) = (0, Vec::new());
    for (name, scenario) in samples::scenarios(TODAY) {
        let scenario = Scenario { lines: through_the_front_door(scenario.lines), ..scenario };
        let report = &mut |line: &scenario::Line| {
            lines += 1;
            if let Some(failure) = &line.failure {
                failed.push(format!(
                    "{name}:{} {} → {} | {failure}",
                    line.line, line.what, line.came
                ));
            }
        };
        if let Err(wrong) = play(&scenario, start, report) {
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
