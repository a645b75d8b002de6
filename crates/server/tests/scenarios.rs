//! The scenario files of the core, over HTTP on SQLite.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::Ipv4Addr;

use procedure::{directory, value::StaffId};
use scenario::{Scenario, language::Statement, play};
use server::{
    accounts::{Accounts, give_known_password},
    clock::Clock,
    office::Office,
    samples,
    serve::{AppState, Demonstration, app},
};
use store::Store;
use testkit::Http;
use tokio::{net::TcpListener, runtime::Runtime};

const PASSWORD: &str = "scenario-password";
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 3, 16);

/// A server on a port of its own, with an office that nobody works in yet.
fn start(
    runtime: &Runtime,
) -> Result<Http<impl FnMut(&[directory::Event]) -> Result<(), String> + use<>>, String> {
    let office = Office::open(Store::in_memory().unwrap(), Clock::default()).unwrap();
    let accounts = Accounts::new(office.clone()).unwrap();
    let demonstration = Some(Demonstration::default().into());
    let state = AppState { office: office.clone(), accounts, demonstration };
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, app(state)).await });
    let found = move |cast: &[directory::Event]| found(&office, cast);
    Ok(Http::new(&base, PASSWORD, found))
}

fn found(office: &Office, cast: &[directory::Event]) -> Result<(), String> {
    office.found(cast.to_vec()).map_err(|no| format!("{no:?}"))?;
    let staff = cast.iter().filter_map(|event| match event {
        directory::Event::Appointed(staff) => Some(staff.id.clone()),
        _ => None,
    });
    let staff: Vec<_> = staff.collect();
    give_known_password(office.store(), &staff, PASSWORD).map_err(|no| format!("{no:?}"))
}

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
    let (mut lines, mut failed) = (0, Vec::new());
    for (name, scenario) in samples::scenarios(TODAY) {
        let scenario = Scenario { lines: through_the_front_door(scenario.lines), ..scenario };
        play(&scenario, || start(&runtime), &mut |line| {
            lines += 1;
            if let Some(failure) = &line.failure {
                failed.push(format!(
                    "{name}:{} {} → {} | {failure}",
                    line.line, line.what, line.came
                ));
            }
        })
        .unwrap_or_else(|wrong| failed.push(format!("{name}: {wrong}")));
    }
    assert!(failed.is_empty(), "{lines} lines, {} failed\n{}", failed.len(), failed.join("\n"));
}
