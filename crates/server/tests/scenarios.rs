//! The scenario files of the core, over HTTP, on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    cell::RefCell,
    collections::BTreeSet,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    rc::Rc,
};

use common::{PASSWORD, Served, found, serve, serve_on};
use jiff::civil::DateTime;
use procedure::{
    directory,
    step::Field,
    summary::Summary,
    value::{Answer, Answers, Kind, StaffId},
};
use scenario::{
    Reply, Scenario, World,
    language::{Manner, Move, Outcome, Statement},
    play,
};
use server::{office::Office, samples};
use store::Store;
use testkit::{Client, Cluster, Http};
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

/// Looks like the end of one entry and the beginning of another, and like the end of an element.
const FORGED: &str = "\r\n2026-03-16 09:00 批准：同意</dd></dl><script>alert(1)</script>";
/// The same as a page shows it.
const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;";

/// Writes it at the end of every text of several lines; answers how many there are.
fn forge(fields: impl Iterator<Item = Field>, answers: &mut Answers) -> usize {
    fn all(kind: Kind, answer: &mut Answer) -> usize {
        match (kind, answer) {
            (Kind::LongText, Answer::One(text)) if !text.trim().is_empty() => text.push_str(FORGED),
            // A fact has a text where it is neither so nor not so.
            (Kind::Fact, Answer::One(text)) if text.contains('：') => text.push_str(FORGED),
            (Kind::List(kind), Answer::Many(list)) => {
                return list.iter_mut().map(|answer| all(*kind, answer)).sum();
            }
            (Kind::Rows(columns), Answer::Many(rows)) => {
                let rows = rows.iter_mut().map(|row| match row {
                    Answer::Group(row) => forge(columns.iter().copied(), row),
                    _ => 0,
                });
                return rows.sum();
            }
            _ => return 0,
        }
        1
    }
    let forged = fields.map(|it| answers.get_mut(it.id).map_or(0, |answer| all(it.kind, answer)));
    forged.sum()
}

/// A world in which every text of several lines is forged, and every act is one entry.
struct Forging<F> {
    http: Http<F>,
    office: Office,
    /// Of which steps and fields texts were recorded.
    recorded: Rc<RefCell<BTreeSet<(&'static str, &'static str)>>>,
}

impl<F> Forging<F> {
    fn entries(&self) -> u64 {
        let versions = self.office.store().versions("dossier/").unwrap();
        versions.into_iter().map(|(_, version)| version).sum()
    }
}

impl<F: FnMut(&[directory::Event]) -> Result<(), String>> World for Forging<F> {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        self.http.found(cast)
    }

    fn act(
        &mut self,
        id: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        let mut forged = act.clone();
        forge(act.step.all_fields(), &mut forged.answers);
        if let Manner::AsHappened(text) | Manner::Correcting(Some(text)) = &mut forged.manner {
            text.push_str(FORGED);
        }
        let before = self.entries();
        let reply = self.http.act(id, &forged, corrects)?;
        let is_done = matches!(reply.outcome, Outcome::Done | Outcome::Defective);
        // A transfer, for one, is an entry in each of the two dossiers.
        let expected = if is_done { 1..=2 } else { 0..=0 };
        let new = self.entries() - before;
        if !expected.contains(&new) {
            return Err(format!("{new} entries of one act"));
        }
        if is_done {
            let is_forged = |field: &Field| {
                takes_lines(field) && forge([*field].into_iter(), &mut act.answers.clone()) > 0
            };
            let fields = act.step.all_fields().filter(is_forged);
            let fields = fields.map(|field| (act.step.id, field.id));
            self.recorded.borrow_mut().extend(fields);
        }
        Ok(reply)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.http.summary(dossier, at)
    }

    fn may(&mut self, id: &str, at: DateTime, who: &StaffId, step: &str) -> Result<bool, String> {
        self.http.may(id, at, who, step)
    }
}

/// T8, beside tests/promises: texts of several lines, recorded by every step that a scenario takes,
/// come out as the scenario says, are one entry each, and are shown as text.
#[test]
fn t8_texts_that_look_like_entries_are_recorded_and_shown_as_texts() {
    let runtime = Runtime::new().unwrap();
    let recorded = Rc::<RefCell<BTreeSet<_>>>::default();
    let (mut shown, mut failed) = (0, Vec::new());
    let every = if std::env::var_os("CHACHU_LONG").is_some() { 1 } else { 8 };
    for (name, scenario) in samples::scenarios(TODAY).into_iter().step_by(every) {
        let mut lines = through_the_front_door(scenario.lines);
        lines.retain(|line| !matches!(line, Statement::Fork { .. }));
        let scenario = Scenario { lines, ..scenario };
        let served = serve(&runtime);
        let office = served.office.clone();
        let world = || {
            let office = office.clone();
            let found = move |cast: &[directory::Event]| found(&office, cast);
            let http = Http::new(&served.base, PASSWORD, found);
            Ok(Forging { http, office: served.office.clone(), recorded: recorded.clone() })
        };
        let report = &mut |line: &scenario::Line| {
            let failure = line.failure.as_ref();
            failed.extend(failure.map(|it| format!("{name}:{} {} | {it}", line.line, line.what)));
        };
        play(&scenario, world, report).unwrap();
        shown += pages(&served, &scenario);
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let all = procedure::steps().map(|step| step.all_fields().filter(takes_lines).count());
    let (recorded, all) = (recorded.borrow().len(), all.sum::<usize>());
    println!("texts of {recorded} fields recorded, of {all} that take lines; {shown} pages");
    assert!(shown > 10 && recorded > 20, "{shown} {recorded}");
}

fn takes_lines(field: &Field) -> bool {
    match field.kind {
        Kind::LongText | Kind::List(Kind::LongText) => true,
        Kind::Rows(columns) => columns.iter().any(takes_lines),
        _ => false,
    }
}

/// Looks at the dossiers as the first who acted; answers how many pages showed a text.
fn pages(served: &Served, scenario: &Scenario) -> usize {
    let first = scenario.lines.iter().find_map(|line| match line {
        Statement::Act(act, _) => Some(&act.who.0),
        _ => None,
    });
    let Some(client) = first.and_then(|who| Client::sign_in(&served.base, who, PASSWORD).ok())
    else {
        return 0;
    };
    let mut shown = 0;
    for (stream, version) in served.office.store().versions("dossier/").unwrap() {
        let page = client.get(&format!("/dossiers/{}", stream.dossier_id().unwrap())).unwrap();
        assert!(!page.text.contains("<script>alert"), "{stream}: {}", page.text);
        let entries = page.text.matches("<li class=\"entry").count() as u64;
        if entries == 0 {
            // Somebody who sees no more than the outline.
            continue;
        }
        assert_eq!(entries, version, "{stream}: {}", page.text);
        shown += usize::from(page.text.contains(ESCAPED));
    }
    shown
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
