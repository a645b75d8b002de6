//! D7: a clock that jumps harms nothing and is told.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking; its support is shared"
)]

mod support;

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
};

use server::{
    accounts::Accounts,
    clock::{Clock, Given, Warning, compare},
    office::Office,
    serve::{AppState, app},
};
use store::{Store, Stream};
use support::{PASSWORD, found, lead};
use testkit::Client;
use tokio::{net::TcpListener, runtime::Runtime};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// The days on which limits begin and end; how many are left follows from today.
fn days(dossier: &serde_json::Value) -> Vec<[String; 3]> {
    let limits = dossier["limits"].as_array().unwrap().iter();
    limits.map(|limit| ["start", "nominal", "latest"].map(|day| limit[day].to_string())).collect()
}

/// Serves under load while the clock jumps; answers how many warnings were raised.
fn jump(by: i64, ignore: bool) -> u64 {
    let given = Arc::new(Given::default());
    // 2026-03-16T01:00:00Z, nine o'clock in China.
    given.wall.store(1_773_622_800_000, Ordering::SeqCst);
    let store = Store::in_memory().unwrap();
    let office = Office::open(store.clone(), Clock::given(given.clone())).unwrap();
    if ignore {
        office.clock().ignore_jumps();
    }
    found(&office);
    let accounts = Accounts::new(office.clone()).unwrap();
    let state = AppState { office: office.clone(), accounts, demonstration: None };
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async move { axum::serve(listener, app(state)).await });
    let client = Client::sign_in(&base, "甲一", PASSWORD).unwrap();
    let first = client.post("/api/acts", &lead("样例"), None).unwrap();
    assert_eq!(first.status, 201, "{}", first.body);
    let path = format!("/api/dossiers/{}", first.body["dossier"].as_str().unwrap());
    let limits = days(&client.get(&path).unwrap().body);
    assert!(!limits.is_empty());
    let views = || {
        let streams = store.streams("audit/").unwrap();
        let events = streams.iter().flat_map(|it| store.load(it).unwrap());
        // Signing in is on record as well.
        events.filter(|event| event.header.kind == "viewed").count()
    };
    let before = views();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let client = Client::sign_in(&base, "甲一", PASSWORD).unwrap();
                for _ in 0..20 {
                    // Half a year ahead the session has ended; somebody signs in again and goes on.
                    if client.get(&path).unwrap().status == 401 {
                        let again = Client::sign_in(&base, "甲一", PASSWORD).unwrap();
                        assert_eq!(again.get(&path).unwrap().status, 200);
                    }
                    given.wall.fetch_add(10, Ordering::SeqCst);
                    given.monotonic.fetch_add(10, Ordering::SeqCst);
                }
            });
        }
        given.wall.fetch_add(by, Ordering::SeqCst);
    });
    assert_eq!(views() - before, 80, "every view is on record once");
    for stream in store.streams("").unwrap() {
        let events = store.load(&stream).unwrap();
        assert!(events.iter().zip(1..).all(|(event, version)| event.header.version == version));
    }
    assert!(store.verify(None, &|_, _| {}).unwrap().is_clean());
    let after = Client::sign_in(&base, "甲一", PASSWORD).unwrap().get(&path).unwrap();
    assert_eq!(days(&after.body), limits, "a limit moved with the clock");
    assert_eq!(store.version(&Stream::dossier(path.rsplit('/').next().unwrap())).unwrap(), 1);
    office.clock().warnings()
}

#[test]
fn d7_a_jumping_clock_moves_no_limit_breaks_no_order_and_is_told() {
    // To 2028-02-29, a leap day, as well.
    for by in [-DAY / 24, -400 * DAY, DAY, 715 * DAY] {
        assert_eq!(jump(by, false), 1, "a jump by {by} ms is told once");
        assert_eq!(jump(by, true), 0, "negative control: not looked for, it is not noticed");
    }
}

#[test]
fn d7_a_clock_behind_the_record_is_told_at_the_start() {
    let given = Arc::new(Given::default());
    given.wall.store(1_773_622_800_000, Ordering::SeqCst);
    let store = Store::in_memory().unwrap();
    let office = Office::open(store.clone(), Clock::given(given.clone())).unwrap();
    found(&office);
    office.list(&procedure::value::StaffId("甲一".to_owned()), Default::default()).unwrap();
    drop(office);
    given.wall.fetch_sub(DAY, Ordering::SeqCst);
    let office = Office::open(store, Clock::given(given)).unwrap();
    assert_eq!(office.clock().warnings(), 1);
}

#[test]
fn nodes_more_than_two_seconds_apart_are_told() {
    assert_eq!(compare(10_000, 12_000), None);
    assert_eq!(compare(10_000, 12_001), Some(Warning::Apart(2001)));
    assert_eq!(compare(10_000, 7_999), Some(Warning::Apart(-2001)));
}
