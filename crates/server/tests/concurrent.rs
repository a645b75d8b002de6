//! D6: many clients at once come out as if they had come one after the other, on one node with
//! SQLite and on two with one PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking and says what it measured; its support is shared"
)]

#[path = "support/history.rs"]
mod history;
#[path = "support/serving.rs"]
mod serving;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use procedure::{Entry, directory::Event, value::StaffId};
use scenario::Scenario;
use server::{accounts::give_known_password, clock::Clock, office::Office};
use store::{At, Store};
use tempfile::TempDir;
use testkit::Cluster;

use history::Act;
use serving::{Serving, verify, verify_by};

const PASSWORD: &str = "scenario-password";
const CLIENTS: u64 = 64;

type Dossiers = BTreeMap<String, Vec<Entry>>;

fn open(root: &Path) -> Store {
    Store::open(&root.join("data"), &root.join("data.keys")).unwrap()
}

/// Founds the office of the case on a new record.
fn found(store: Store) -> Scenario {
    let office = Office::open(store, Clock::default()).unwrap();
    let case = history::case(office.now().date());
    office.found(case.cast.clone()).unwrap();
    let staff = case.cast.iter().filter_map(|event| match event {
        Event::Appointed(staff) => Some(staff.id.clone()),
        _ => None,
    });
    let staff: Vec<StaffId> = staff.collect();
    give_known_password(office.store(), &staff, PASSWORD).unwrap();
    case
}

/// One run on a new record: what the clients heard, and what stands in the record.
fn run(seed: u64, length: Duration) -> (Vec<Act>, Dossiers) {
    let root = tempfile::tempdir().unwrap();
    let case = found(open(root.path()));
    let serving = Serving::start(&root.path().join("data"));
    let acts =
        history::run(std::slice::from_ref(&serving.base), PASSWORD, &case, seed, CLIENTS, length);
    serving.kill();
    verify(&root.path().join("data"));
    let dossiers = history::dossiers(&open(root.path()));
    (acts, dossiers)
}

/// A database that several nodes share, and their directories.
struct Shared {
    cluster: Cluster,
    database: String,
    root: TempDir,
}

impl Shared {
    fn new(cluster: Cluster) -> Shared {
        let database = cluster.empty();
        store::migrate(&cluster.as_owner(&database)).unwrap();
        Shared { cluster, database, root: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn open(&self) -> Store {
        let (data, keys, vault) = (self.path("data"), self.path("keys"), self.path("vault"));
        let at = At { data: &data, keys: &keys, vault: Some(&vault), passphrase: None };
        Store::connect_at(&self.cluster.as_server(&self.database), &at).unwrap()
    }

    /// The program with the settings of a node.
    fn node(&self, name: &str) -> Command {
        let mut node = Command::new(env!("CARGO_BIN_EXE_chachu"));
        node.env("CHACHU_DATABASE", self.cluster.as_server(&self.database));
        node.env("CHACHU_KEYS", self.path("keys")).env("CHACHU_VAULT", self.path("vault"));
        node.env("CHACHU_NODE", name);
        node
    }
}

/// The same on two nodes, whose clients are every other one; one database keeps them apart.
fn run_on_two(seed: u64, length: Duration) -> (Vec<Act>, Dossiers) {
    let shared = Shared::new(Cluster::fast());
    let case = found(shared.open());
    let data = shared.path("data");
    let nodes = ["1", "2"].map(|name| Serving::by(shared.node(name), &data));
    let addresses = nodes.each_ref().map(|node| node.base.clone());
    let acts = history::run(&addresses, PASSWORD, &case, seed, CLIENTS, length);
    nodes.into_iter().for_each(Serving::kill);
    verify_by(shared.node("1"), &data);
    let dossiers = history::dossiers(&shared.open());
    (acts, dossiers)
}

fn count(dossiers: &Dossiers, step: &str) -> usize {
    dossiers.values().flatten().filter(|entry| entry.step == step).count()
}

#[test]
fn d6_acts_of_many_clients_at_once_come_out_one_after_the_other() {
    let (seeds, length) = seeds(2);
    for seed in 1..=seeds {
        println!("{}", looked_at(seed, &run(seed, length)));
    }
}

#[test]
fn d6_on_two_nodes_they_do_too() {
    let (seeds, length) = seeds(1);
    for seed in 1..=seeds {
        println!("{}", looked_at(seed, &run_on_two(seed, length)));
    }
}

/// So many seeds, or ten longer ones.
fn seeds(fast: u64) -> (u64, Duration) {
    match std::env::var_os("CHACHU_LONG") {
        Some(_) => (10, Duration::from_secs(60)),
        None => (fast, Duration::from_secs(10)),
    }
}

/// What a run came to, once it is found that it could have come one after the other.
fn looked_at(seed: u64, (acts, dossiers): &(Vec<Act>, Dossiers)) -> String {
    let problems = history::problems(acts, dossiers);
    assert!(problems.is_empty(), "seed {seed}: {problems:#?}");
    let answered = |status| acts.iter().filter(|act| act.status == status).count();
    assert!(answered(409) > 0, "nobody was ever quicker than another");
    assert!(count(dossiers, "hand_over_evidence") > 0, "nothing changed hands");
    if seed == 1 {
        controls(acts, dossiers);
    }
    format!(
        "seed {seed}: {} requests, {} done, {} refused, {} behind others, {} busy; {} dossiers, {} approved, {} stood back, {} handed over, {} confirmed",
        acts.len(),
        answered(201),
        answered(422),
        answered(409),
        answered(503),
        dossiers.len(),
        count(dossiers, "approve"),
        count(dossiers, "recuse"),
        count(dossiers, "hand_over_evidence"),
        count(dossiers, "confirm_evidence"),
    )
}

/// The same history, once falsified, is found out each time.
fn controls(acts: &[Act], dossiers: &Dossiers) {
    let must_find = |what: &str, acts: &[Act], dossiers: &Dossiers, word: &str| {
        let found = history::problems(acts, dossiers);
        assert!(found.iter().any(|problem| problem.contains(word)), "{what}: {found:?}");
    };
    // A number that was given twice, and so another that is missing.
    let mut twice = dossiers.clone();
    let mut registered = twice.values_mut().filter_map(|entries| entries.first_mut());
    registered.next().unwrap().number_mut().unwrap().ordinal = Some(2);
    registered.next().unwrap().number_mut().unwrap().ordinal = Some(2);
    drop(registered);
    must_find("a number twice", acts, &twice, "the numbers of");
    // An update that was lost.
    let mut short = dossiers.clone();
    let long = short.values_mut().find(|entries| entries.len() > 3).unwrap();
    long.pop();
    must_find("a lost update", acts, &short, "is lost");
    // Two that were told the same place.
    let mut told = acts.to_vec();
    let (first, second) = two_done(&told);
    told[second].done = told[first].done.clone();
    must_find("two in one place", &told, dossiers, "are both");
    // A decision on what was no longer so.
    let decided = acts.iter().position(|act| {
        act.step.name == "指派办案人员" && act.done.as_ref().is_some_and(|(_, at)| *at > 2)
    });
    let mut blind = acts.to_vec();
    blind[decided.unwrap()].seen = Some(1);
    must_find("a blind decision", &blind, dossiers, "without");
    // Somebody who went on after standing back.
    let mut apart = dossiers.clone();
    let case = apart.values_mut().find(|entries| entries.iter().any(|e| e.step == "approve"));
    let entries = case.unwrap();
    let head = entries.iter().find(|e| e.step == "approve").unwrap().by.clone();
    let aside = procedure::step("自行回避").unwrap().id;
    entries[0].step = aside.to_owned();
    entries[0].by = head;
    must_find("an approval by who stood back", acts, &apart, "after standing back");
    // An object that two gave away.
    let mut given = dossiers.clone();
    let handed = given.values_mut().flatten().find(|e| e.step == "hand_over_evidence");
    handed.unwrap().by = StaffId("nobody".to_owned());
    must_find("a gap in custody", acts, &given, "what");
}

fn two_done(acts: &[Act]) -> (usize, usize) {
    let mut done = (0..acts.len()).filter(|at| acts[*at].done.is_some());
    (done.next().unwrap(), done.next().unwrap())
}
