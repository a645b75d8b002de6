//! 日志. What the product tells whoever runs it: a message, and fields without contents.
//!
//! Deliberately absent: names of people, queries, bodies, headers; a path is that of the route, without its ids.
//! What the libraries below us say stays out unless it is an error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Format, Level};

/// The log goes to the error stream; a panic tells its place, never what it was about.
pub fn start(level: Option<Level>, format: Option<Format>) {
    let level = level.map_or(tracing::Level::WARN, |level| level.0);
    let filter = EnvFilter::new(format!("error,server={level}"));
    let builder = fmt().with_env_filter(filter).with_writer(io::stderr);
    // A second subscriber is refused, and the first goes on.
    let _ = match format {
        Some(Format::Json) => builder.json().flatten_event(true).try_init(),
        _ => builder.with_ansi(io::stderr().is_terminal()).try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a panic");
    }));
}
