//! B6: what an earlier version wrote is brought up to date, and nothing of it is lost.

use store::{Articles, DossierRow, DossierRows, Fault, LimitRow, Standing, Store, Stream, Writes};

use crate::support::{Place, act, append, event, verify, write};

/// The schemas as they were made, never changed afterwards.
const SCHEMAS: [&str; 2] =
    [include_str!("../../src/sqlite/schema.sql"), include_str!("../../src/sqlite/schema_2.sql")];

fn rows() -> DossierRows {
    let dossier = DossierRow {
        id: "1".to_owned(),
        department: "east".to_owned(),
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
    for table in ["stream", "event", "leaf", "series", "access", "key_check"] {
        raw.execute_batch(&format!("INSERT INTO main.{table} SELECT * FROM new.{table}")).unwrap();
    }
    let columns = "nr, id, department, number, case_number, title, unit, stage, ended, received,
        changed, grade, due_nominal, due_latest, due_kind, provisional";
    raw.execute_batch(&format!(
        "INSERT INTO main.dossier ({columns}) SELECT {columns} FROM new.dossier;
        INSERT INTO dossier_limit SELECT nr, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3
            FROM new.dossier, json_each(limits);"
    ))
    .unwrap();
    if schema >= 2 {
        raw.execute_batch(
            "INSERT INTO dossier_articles SELECT nr, articles FROM new.dossier;
            INSERT INTO main.article_count SELECT * FROM new.article_count;",
        )
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
    for schema in [1, 2] {
        let place = older(schema);
        place.raw().execute_batch("DROP TRIGGER event_stays").unwrap();
        let refused = Fault::Foreign("event_stays is not as this program made it".to_owned());
        assert_eq!(place.try_open().err(), Some(refused));
    }
}
