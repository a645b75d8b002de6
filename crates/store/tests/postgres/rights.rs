//! T7: nobody who serves can change the log, and who could is not let in.

use store::{AppendError, Fault, Stream};

use crate::{
    place::{CLUSTER, Place},
    support::{act, append, event, write},
};

fn filled() -> Place {
    let place = Place::new();
    let store = place.open();
    let blob = store.vault().put(&b"scan"[..], 100).unwrap();
    let mut named = event("一");
    named.blobs.push(blob);
    store.append(act(write(&Stream::dossier("1"), 0, vec![named]))).unwrap();
    place
}

/// T7: as the role that serves and as the owner, who is stopped by triggers alone.
#[test]
fn t7_the_log_resists_whoever_serves_and_whoever_owns() {
    let place = filled();
    let url = |owner| match owner {
        true => CLUSTER.0.as_owner(&place.database),
        false => CLUSTER.0.as_server(&place.database),
    };
    place.past(
        "INSERT INTO tree VALUES (1, 0, '\\x00', '\\x00'); INSERT INTO checkpoint VALUES (1, '');
        INSERT INTO leaf SELECT 9, stream, 9, '\\x00' FROM event",
    );
    let mut admin = CLUSTER.0.admin(&place.database);
    let mut tried = 0;
    for owner in [false, true] {
        let mut client = postgres::Client::connect(&url(owner), postgres::NoTls).unwrap();
        let parts = ["event", "event_0", "event_7", "event_15"].into_iter();
        for table in parts.chain(["leaf", "blob", "tree", "checkpoint"]) {
            for sql in [
                format!("DELETE FROM {table}"),
                format!("UPDATE {table} SET ctid = ctid"),
                format!("TRUNCATE {table} CASCADE"),
            ] {
                let rows = format!("SELECT count(*) FROM {table}");
                let rows: i64 = admin.query_one(&rows, &[]).unwrap().get(0);
                let sql = match table {
                    "event" => sql.replace("ctid = ctid", "who = 'yi2'"),
                    "event_0" | "event_7" | "event_15" => sql.replace("ctid = ctid", "who = ''"),
                    "blob" => sql.replace("ctid = ctid", "size = 0"),
                    "tree" | "leaf" => sql.replace("ctid = ctid", "place = 5"),
                    _ => sql.replace("ctid = ctid", "note = '1'"),
                };
                let answer = client.batch_execute(&sql);
                let what = answer.as_ref().err().and_then(|error| error.as_db_error());
                let what = what.map(|error| error.message().to_owned()).unwrap_or_default();
                // A part without rows has nothing that a trigger for rows could save.
                let nothing = owner && rows == 0 && !sql.starts_with("TRUNCATE");
                let refused = what.contains("never") || what.starts_with("permission denied");
                assert!(refused || nothing, "{sql}: {answer:?}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 48);
}

#[test]
fn t7_a_role_that_could_change_the_log_does_not_serve() {
    let refusal = |url: &str, place: &Place| {
        let root = place.root.path();
        match store::Store::connect(url, &root.join("data/vault"), &root.join("keys")).err() {
            Some(Fault::Rights(what)) => what,
            other => panic!("{other:?}"),
        }
    };
    let place = Place::new();
    let (cluster, name) = (&CLUSTER.0, &place.database);
    assert_eq!(
        refusal(&cluster.address("postgres", name), &place),
        "the serving role is a superuser"
    );
    assert_eq!(refusal(&cluster.as_owner(name), &place), "the serving role makes roles");
    for (grant, table) in [
        ("GRANT UPDATE ON event TO chachu_serve", "event"),
        ("GRANT UPDATE (who) ON event_3 TO chachu_serve", "event_3"),
        ("GRANT TRUNCATE ON event_15 TO chachu_serve", "event_15"),
        ("GRANT DELETE ON leaf TO PUBLIC", "leaf"),
        ("GRANT DELETE ON sealed TO chachu_serve", "sealed"),
    ] {
        let place = Place::new();
        drop(place.open());
        place.past(grant);
        let refused = refusal(&cluster.as_server(&place.database), &place);
        assert_eq!(refused, format!("the serving role may change {table}"));
    }
}

#[test]
fn t7_a_database_without_its_guards_is_refused() {
    for (sql, left) in [
        ("DROP TRIGGER event_is_whole ON event_4", 59),
        ("ALTER TABLE leaf DISABLE TRIGGER leaf_stays", 59),
        ("DROP FUNCTION event_is_fixed CASCADE", 43),
    ] {
        let place = filled();
        place.past(sql);
        let what = format!("{left} of 60 guards of the log are there");
        assert_eq!(place.try_open().err(), Some(Fault::Foreign(what)), "{sql}");
    }
}

#[test]
fn a_node_with_other_keys_is_refused() {
    let place = filled();
    let other = Place::new();
    let url = CLUSTER.0.as_server(&place.database);
    let root = other.root.path();
    let fault = store::Store::connect(&url, &root.join("data/vault"), &root.join("keys")).err();
    assert!(matches!(fault, Some(Fault::Key { .. })), "{fault:?}");
}

/// The database cannot keep NUL in a text; such an act is refused alone, and its batch goes on.
#[test]
fn t8_a_text_with_nul_harms_nobody() {
    let place = Place::new();
    let store = place.open();
    let mut forged = event("一");
    forged.who = "jia1\0yi2".to_owned();
    let refused = store.append(act(write(&Stream::dossier("1"), 0, vec![forged])));
    assert_eq!(refused, Err(AppendError::Fault(Fault::Misuse("a text holds NUL".to_owned()))));
    append(&store, &Stream::dossier("1"), 0, "字节\0可以").unwrap();
    assert_eq!(store.load(&Stream::dossier("1")).unwrap().len(), 1);
}
