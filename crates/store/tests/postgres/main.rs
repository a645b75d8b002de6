//! The store on PostgreSQL: what holds on SQLite, and what only many nodes can show.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests do"
)]

#[path = "../store/articles.rs"]
mod articles;
#[path = "../store/aside.rs"]
mod aside;
#[path = "../store/lists.rs"]
mod lists;
#[path = "../store/record.rs"]
mod record;
#[path = "../store/search.rs"]
mod search;
#[path = "../store/support.rs"]
mod support;
#[path = "../store/vault.rs"]
mod vault;

mod migrations;
mod nodes;
mod place;
mod rights;
mod tampering;
