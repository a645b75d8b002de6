//! What guards the record on SQLite, and which databases are refused.

use store::{Fault, Store, Stream};

use crate::support::{Place, act, event, verify, write};

#[test]
fn the_record_resists_update_and_delete() {
    let place = Place::new();
    let store = place.open();
    let blob = store.vault().put(&b"scan"[..], 100).unwrap();
    let mut named = event("一");
    named.blobs.push(blob);
    store.append(act(write(&Stream::dossier("1"), 0, vec![named]))).unwrap();
    store.audit(&Stream::audit("node1", "2026-03-02"), 0, event("看")).unwrap();
    let raw = place.raw();
    for sql in [
        "UPDATE event SET who = 'yi2'",
        "UPDATE event SET salt = NULL",
        "UPDATE event SET salt = NULL, payload = NULL, entered = ''",
        "UPDATE event SET header = x'00'",
        "DELETE FROM event",
        "UPDATE leaf SET hash = x'00'",
        "DELETE FROM leaf",
        "UPDATE blob SET size = 0",
        "DELETE FROM blob",
    ] {
        let error = raw.execute(sql, ()).unwrap_err().to_string();
        assert!(error.contains("never"), "{sql}: {error}");
    }
    assert!(verify(&store).is_clean());
    raw.execute_batch(
        "INSERT INTO tree VALUES (1, 0, x'00', x'00'); INSERT INTO checkpoint VALUES (1, '');",
    )
    .unwrap();
    for sql in [
        "UPDATE tree SET sm3 = x'01'",
        "DELETE FROM tree",
        "UPDATE checkpoint SET note = '1'",
        "DELETE FROM checkpoint",
    ] {
        let error = raw.execute(sql, ()).unwrap_err().to_string();
        assert!(error.contains("never"), "{sql}: {error}");
    }
}

#[test]
fn foreign_newer_and_altered_databases_are_refused() {
    let open = |place: &Place| {
        let root = place.root.path();
        Store::open(&root.join("data"), &root.join("keys")).err()
    };
    let alter = |sql: &str| {
        let place = Place::new();
        drop(place.open());
        place.raw().execute_batch(sql).unwrap();
        open(&place)
    };
    assert_eq!(alter("PRAGMA user_version = 5"), None);
    assert_eq!(alter("PRAGMA user_version = 6"), Some(Fault::Newer { found: 6, known: 5 }));
    let foreign = Some(Fault::Foreign("application id 0x00000007".to_owned()));
    assert_eq!(alter("PRAGMA application_id = 7"), foreign);
    let altered =
        |name: &str| Some(Fault::Foreign(format!("{name} is not as this program made it")));
    assert_eq!(alter("DROP TRIGGER event_stays"), altered("event_stays"));
    assert_eq!(alter("CREATE TABLE extra (x)"), altered("extra"));
    assert_eq!(alter("CREATE TABLE search_extra (x)"), altered("search_extra"));
    let trigger = "CREATE TRIGGER search_data BEFORE DELETE ON access BEGIN SELECT 1; END";
    assert_eq!(alter(trigger), altered("search_data"));
    // What a schema did not have cannot be in a database of it.
    assert_eq!(alter("PRAGMA user_version = 1"), altered("access"));

    let place = Place::new();
    std::fs::create_dir(place.root.path().join("data")).unwrap();
    place.raw().execute_batch("CREATE TABLE other (x)").unwrap();
    let foreign = Some(Fault::Foreign("application id 0x00000000".to_owned()));
    assert_eq!(open(&place), foreign);
}
