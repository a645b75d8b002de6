//! What tests share: a client of the JSON API, the server as a world of scenarios, a browser, a
//! cluster of PostgreSQL, a small disk.
//!
//! Deliberately absent: any knowledge of how the server is made; it is an address and a password.

pub mod browser;
pub mod client;
pub mod disk;
pub mod http;
pub mod postgres;

pub use browser::Browser;
pub use client::Client;
pub use disk::SmallDisk;
pub use http::Http;
pub use postgres::Cluster;
