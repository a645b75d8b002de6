//! B6: what an earlier version wrote is brought up to date, and nothing of it is lost.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use store::{
    Articles, DossierRow, DossierRows, Fault, LimitRow, ListQuery, Searchable, Standing, Store,
    Stream, Writes,
};

use crate::support::{Place, act, append, event, verify, write};

/// The schemas as they were made, never changed afterwards.
const SCHEMAS: [&str; 4] = [
    include_str!("../../src/sqlite/schema.sql"),
    include_str!("../../src/sqlite/schema_2.sql"),
    include_str!("../../src/sqlite/schema_3.sql"),
    include_str!("../../src/sqlite/schema_4.sql"),
];

fn rows() -> DossierRows {
    let dossier = DossierRow {
        id: "1".to_owned(),
        department: "east".to_owned(),
        stage: "初查".to_owned(),
        due_latest: Some("2026-03-11".to_owned()),
        ..DossierRow::default()
    };
    let limit = |kind: &str, open| LimitRow {
        kind: kind.to_owned(),
        nominal: "2026-03-09".to_owned(),
        latest: "2026-03-11".to_owned(),
        open,
    };
    let mut articles = Articles::default();
    articles.extend([23, 31]);
    let access = vec!["head:east".to_owned(), "staff:jia1".to_owned()];
    let limits = vec![limit("review", false), limit("filing", true)];
    DossierRows { dossier, limits, access, articles }
}

/// A store that a program of this schema wrote, with more leaves than one full subtree.
fn older(schema: usize) -> Place {
    let place = Place::new();
    let store = place.open();
    append(&store, &Stream::nation(), 0, "节假日").unwrap();
    let events = (0..300).map(|n| event(&n.to_string())).collect();
    let writes = write(&Stream::dossier("1"), 0, events);
    store.append(act(Writes { rows: vec![rows()], ..writes })).unwrap();
    drop(store);
    let data = place.root.path().join("data");
    let raw = rusqlite::Connection::open(data.join("older.db")).unwrap();
    SCHEMAS[..schema].iter().for_each(|sql| raw.execute_batch(sql).unwrap());
    raw.pragma_update(None, "application_id", 0x6368_6163).unwrap();
    raw.pragma_update(None, "user_version", schema as i64).unwrap();
    raw.execute("ATTACH ?1 AS new", (data.join("record.db").to_str(),)).unwrap();
    let copy = |table: &str, columns: &str| {
        let sql = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
        raw.execute_batch(&sql).unwrap();
    };
    copy("stream", "id, name, version, head");
    copy("event", "stream, version, kind, who, entered, recorded, header, salt, payload");
    copy("leaf", "place, stream, version, hash");
    copy("series", "name, last");
    let stage = if schema >= 4 { ", stage" } else { "" };
    copy("access", &format!("dossier, principal, ended, due, received, changed, number{stage}"));
    copy("key_check", "name, hash");
    let columns = "nr, id, department, number, case_number, title, unit, stage, ended, received,
        changed, grade, due_nominal, due_latest, due_kind, provisional";
    if schema >= 3 {
        copy("dossier", &format!("{columns}, limits, principals, articles"));
        copy("setting", "name, value");
        copy("tree", "level, place, sha256, sm3");
    } else {
        copy("dossier", columns);
        raw.execute_batch(
            "INSERT INTO dossier_limit
            SELECT nr, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3
            FROM new.dossier, json_each(limits);",
        )
        .unwrap();
    }
    if schema >= 2 {
        copy("article_count", "department, article, ended, dossiers");
    }
    if schema == 2 {
        raw.execute_batch("INSERT INTO dossier_articles SELECT nr, articles FROM new.dossier")
            .unwrap();
    }
    drop(raw);
    std::fs::rename(data.join("older.db"), data.join("record.db")).unwrap();
    place
}

fn is_whole(store: &Store) {
    let report = verify(store);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.events, report.leaves), (301, 301));
    assert_eq!(store.load(&Stream::dossier("1")).unwrap().len(), 300);
}

#[test]
fn b6_a_store_of_the_second_schema_keeps_all_it_had() {
    let place = older(2);
    let store = place.open();
    is_whole(&store);
    assert_eq!(store.rows("1").unwrap(), Some(rows()));
    assert!(store.without_articles().unwrap().is_empty());
    let standing = store.standing(&["east"]).unwrap();
    assert_eq!(standing[&23], Standing { open: 1, ended: 0 });
    // What a new store would have kept of the tree is there too.
    append(&store, &Stream::dossier("1"), 300, "续").unwrap();
    let raw = place.raw();
    let full: i64 = raw.query_row("SELECT count(*) FROM tree", (), |row| row.get(0)).unwrap();
    assert_eq!(full, 1);
    drop(store);
    assert!(place.try_open().is_ok());
}

#[test]
fn b6_a_store_of_an_earlier_schema_is_taken_into_the_search_and_lists_by_stage() {
    for schema in 1..=SCHEMAS.len() {
        let place = older(schema);
        let store = place.open();
        is_whole(&store);
        let queued = store.unsearched(0, 10).unwrap();
        assert_eq!(queued.len(), 1);
        assert_eq!((queued[0].dossier.as_str(), &queued[0].access), ("1", &rows().access));
        let row = Searchable::new(&queued[0], "示市保线〔2026〕1号", "询问", |_| false);
        assert_eq!(store.make_searchable(vec![row]).unwrap(), 1);
        let query = ListQuery {
            principals: vec!["head:east".to_owned()],
            stage: Some("初查".to_owned()),
            size: 5,
            ..ListQuery::default()
        };
        assert_eq!(store.list(&query).unwrap().rows.len(), 1);
        let text = Some("2026〕1号".to_owned());
        assert_eq!(store.list(&ListQuery { text, ..query }).unwrap().rows.len(), 1);
    }
}

#[test]
fn b6_a_store_of_the_first_schema_says_whose_articles_are_to_be_derived() {
    let place = older(1);
    let store = place.open();
    is_whole(&store);
    let without = DossierRows { articles: Articles::default(), ..rows() };
    assert_eq!(store.rows("1").unwrap(), Some(without));
    assert_eq!(store.without_articles().unwrap(), ["1"]);
    store.append(act(Writes { rows: vec![rows()], ..Writes::default() })).unwrap();
    assert!(store.without_articles().unwrap().is_empty());
    assert_eq!(store.standing(&["east"]).unwrap()[&31], Standing { open: 1, ended: 0 });
}

#[test]
fn b6_an_older_store_that_was_tampered_with_is_refused() {
    for schema in 1..=SCHEMAS.len() {
        let place = older(schema);
        place.raw().execute_batch("DROP TRIGGER event_stays").unwrap();
        let refused = Fault::Foreign("event_stays is not as this program made it".to_owned());
        assert_eq!(place.try_open().err(), Some(refused));
    }
}

/// Names the directory in which a child opens an older store, and how.
const CHILD: &str = "STORE_MIGRATION_CHILD";

/// Not a test but the program that `b6_kills_inside…` starts and kills.
#[test]
fn migration_child() {
    let Some(root) = env::var_os(CHILD) else { return };
    let root = Path::new(&root);
    if env::var_os("STORE_MIGRATION_CARELESS").is_none() {
        Store::open(&root.join("data"), &root.join("keys")).unwrap();
    } else {
        // The negative control: the same statements, but each for itself.
        let raw = rusqlite::Connection::open(root.join("data/record.db")).unwrap();
        raw.execute_batch(include_str!("../../src/sqlite/schema_2.sql")).unwrap();
        thread::sleep(Duration::from_secs(60));
    }
    // Killed while it is closed, too; but not before the parent could do it.
    std::process::exit(0);
}

/// Kills a child that brings a store up to date after a while; answers whether it was still at it.
fn killed(place: &Place, careless: bool, after: Duration) -> bool {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "older::migration_child"]).env(CHILD, place.root.path());
    if careless {
        child.env("STORE_MIGRATION_CARELESS", "1");
    }
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The moment is counted from the first sign that the database is open.
    let files_of = format!("/proc/{}/fd", child.id());
    let is_open = || {
        let files = std::fs::read_dir(&files_of).into_iter().flatten().flatten();
        let mut files = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        files.any(|file| file.ends_with("record.db"))
    };
    while !is_open() && child.try_wait().unwrap().is_none() {}
    let is_between = || {
        let sql = "SELECT 1 FROM sqlite_schema WHERE name = 'dossier_articles'";
        place.raw().prepare(sql).is_ok_and(|mut sql| sql.exists(()).unwrap_or(false))
    };
    while careless && !is_between() {
        thread::sleep(Duration::from_millis(10));
    }
    thread::sleep(after);
    let at_it = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    at_it
}

fn schema_of(place: &Place) -> i64 {
    place.raw().query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap()
}

#[test]
fn b6_kills_inside_the_migration_leave_the_old_or_the_new_store() {
    let kills = if env::var_os("CHACHU_LONG").is_some() { 100 } else { 10 };
    let (mut old, mut new, mut running) = (0, 0, 0);
    for kill in 0..kills {
        let schema = 1 + kill % 2;
        let place = older(schema);
        let after = Duration::from_micros(fastrand::u64(..8_000));
        running += usize::from(killed(&place, false, after));
        match schema_of(&place) {
            found if found == schema as i64 => old += 1,
            3.. => new += 1,
            between => panic!("a kill left schema {between}"),
        }
        let store = place.open();
        is_whole(&store);
        append(&store, &Stream::dossier("1"), 300, "续").unwrap();
    }
    println!("{kills} kills, {running} of them in time: {old} stores old, {new} new");
    assert!(running > kills / 4, "only {running} of {kills} kills came in time");
    // Without one transaction around it a kill leaves something between, which is refused.
    let place = older(1);
    assert!(killed(&place, true, Duration::from_millis(100)));
    assert!(matches!(place.try_open().err(), Some(Fault::Foreign(_))));
}
