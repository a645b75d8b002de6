//! 查处 for people: pages, JSON API, sessions, background work and the command line.
//!
//! Deliberately absent: any rule of the regulation; those are `procedure`'s.

pub mod accounts;
pub mod api;
pub mod clock;
pub mod commands;
pub mod config;
pub mod doctor;
pub mod health;
pub mod law;
pub mod limit;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod no;
pub mod office;
pub mod pages;
pub mod papers;
pub mod samples;
pub mod serve;
pub mod simulate;
mod trail;
mod upload;
mod verdicts;
mod watch;
pub mod world;
