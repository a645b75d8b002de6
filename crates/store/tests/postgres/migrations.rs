//! The schema is made by its owner, forward only, and nothing else is taken for it.

use store::{Fault, Migrated, Store, Stream, migrate};

use crate::{
    place::{CLUSTER, Place},
    support::append,
};

fn open(place: &Place, database: &str) -> Option<Fault> {
    let root = place.root.path();
    let url = CLUSTER.0.as_server(database);
    Store::connect(&url, &root.join("data/vault"), &root.join("keys")).err()
}

#[test]
fn an_empty_database_is_migrated_first_and_only_once() {
    let (place, cluster) = (Place::new(), &CLUSTER.0);
    let database = cluster.empty();
    assert_eq!(open(&place, &database), Some(Fault::Older { found: 0, known: 1 }));
    let url = cluster.as_owner(&database);
    let first = Migrated { from: 0, to: 1, made_role: false };
    assert_eq!(migrate(&url), Ok(first));
    assert_eq!(open(&place, &database), None);
    assert_eq!(migrate(&url), Ok(Migrated { from: 1, ..first }));
    assert_eq!(open(&place, &database), None);
}

#[test]
fn two_owners_at_once_make_one_schema() {
    let database = CLUSTER.0.empty();
    let url = CLUSTER.0.as_owner(&database);
    let mut from: Vec<i64> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&url).unwrap().from)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    from.sort_unstable();
    assert_eq!(from, [0, 1, 1, 1]);
}

/// B6: whoever is killed in the middle of a migration leaves nothing of it.
#[test]
fn b6_a_migration_that_breaks_off_leaves_the_old_schema() {
    let (place, cluster) = (Place::new(), &CLUSTER.0);
    let database = cluster.empty();
    let url = cluster.as_owner(&database);
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'chachu'";
    let mut broken = 0;
    for _ in 0..60 {
        std::thread::scope(|scope| {
            let run = scope.spawn(|| migrate(&url));
            let mut admin = cluster.admin(&database);
            std::thread::sleep(std::time::Duration::from_millis(fastrand::u64(0..40)));
            admin.query(kill, &[]).unwrap();
            if run.join().unwrap().is_err() {
                broken += 1;
                let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
                let tables: i64 = admin.query_one(tables, &[]).unwrap().get(0);
                assert!(tables == 0 || open(&place, &database).is_none(), "{tables} tables");
            }
        });
    }
    migrate(&url).unwrap();
    assert_eq!(open(&place, &database), None);
    assert!(broken > 0, "no migration was ever broken off");
}

#[test]
fn newer_and_foreign_databases_are_refused() {
    let place = Place::new();
    drop(place.open());
    place.past("INSERT INTO schema_version (product, version) VALUES ('chachu', 2)");
    let newer = Some(Fault::Newer { found: 2, known: 1 });
    assert_eq!(open(&place, &place.database), newer);
    assert_eq!(migrate(&CLUSTER.0.as_owner(&place.database)).err(), newer);
    for sql in [
        "CREATE TABLE other (x text)",
        "CREATE TABLE schema_version (version text)",
        "CREATE TABLE schema_version (product text, version bigint)",
    ] {
        let database = CLUSTER.0.empty();
        CLUSTER.0.admin(&database).batch_execute(sql).unwrap();
        let fault = open(&place, &database);
        assert!(matches!(fault, Some(Fault::Foreign(_))), "{sql}: {fault:?}");
        let fault = migrate(&CLUSTER.0.as_owner(&database)).err();
        assert!(matches!(fault, Some(Fault::Foreign(_))), "{sql}: {fault:?}");
    }
}

/// A node that serves does not mind that the owner migrates meanwhile.
#[test]
fn a_migration_runs_beside_acts() {
    let place = Place::new();
    let store = place.open();
    append(&store, &Stream::dossier("1"), 0, "一").unwrap();
    migrate(&CLUSTER.0.as_owner(&place.database)).unwrap();
    append(&store, &Stream::dossier("1"), 1, "二").unwrap();
}
