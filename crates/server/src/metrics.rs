//! 指标. Figures for Prometheus, on an address of their own.
//!
//! Labels come from closed sets: routes, methods, status, steps, outcomes. No id, name or text is one.

use std::{io, time::Duration};

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;

use crate::no::No;

/// Upper bounds of the histograms, in seconds.
const BUCKETS: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Upper bounds of what is counted, not timed.
const SIZES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Begins to count; an error says that somebody else does already.
pub fn start() -> io::Result<PrometheusHandle> {
    let wrong = |error: metrics_exporter_prometheus::BuildError| io::Error::other(error);
    let handle = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .map_err(wrong)?
        .set_buckets_for_metric(Matcher::Suffix("_acts".to_owned()), &SIZES)
        .map_err(wrong)?
        .install_recorder()
        .map_err(wrong)?;
    let version = env!("CARGO_PKG_VERSION");
    ::metrics::gauge!("chachu_build_info", "version" => version).set(1.0);
    // What never happened is shown as never, not as unknown.
    for name in [
        "chachu_conflicts_retried_total",
        "chachu_audit_failures_total",
        "chachu_clock_warnings_total",
    ] {
        ::metrics::counter!(name).increment(0);
    }
    ::metrics::gauge!("chachu_papers_pending").increment(0.0);
    Ok(handle)
}

/// Serves the figures until the process ends. `before` sets what is only known when asked.
pub async fn serve(
    listener: TcpListener,
    handle: PrometheusHandle,
    before: impl Fn() + Clone + Send + Sync + 'static,
) -> io::Result<()> {
    let show = move || async move {
        before();
        handle.run_upkeep();
        let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
        (kind, handle.render())
    };
    axum::serve(listener, Router::new().route("/metrics", get(show))).await
}

/// Counts a request.
pub(crate) fn request(method: &'static str, route: String, status: u16, took: Duration) {
    let status = status.to_string();
    let labels = [("method", method.to_owned()), ("route", route), ("status", status)];
    ::metrics::histogram!("chachu_request_seconds", &labels).record(took.as_secs_f64());
}

/// Counts an act by how it ended.
pub(crate) fn act<T>(step: &str, outcome: &Result<T, No>) {
    // An unknown step is whatever somebody sent.
    let step = procedure::step(step).map_or("-", |step| step.id);
    let outcome = match outcome {
        Ok(_) => "done",
        Err(No::Refused(_)) => "refused",
        Err(No::Denied(_)) => "denied",
        Err(No::Fault(_)) => "fault",
    };
    ::metrics::counter!("chachu_acts_total", "step" => step, "outcome" => outcome).increment(1);
}

/// Counts an append to the record.
pub(crate) fn append(took: Duration) {
    ::metrics::histogram!("chachu_append_seconds").record(took.as_secs_f64());
}

/// Notes how many acts one commit held, and how long it took.
pub fn committed(acts: usize, took: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
    ::metrics::histogram!("chachu_batch_acts").record(acts as f64);
    ::metrics::histogram!("chachu_commit_seconds").record(took.as_secs_f64());
}

/// Notes whether the database could be read.
pub(crate) fn database(there: bool) {
    ::metrics::gauge!("chachu_database_up").set(f64::from(u8::from(there)));
}

/// Notes how far the database's clock is ahead of ours, in milliseconds.
pub(crate) fn apart(milliseconds: i64) {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit for ages")]
    ::metrics::gauge!("chachu_database_clock_ahead_seconds").set(milliseconds as f64 / 1000.0);
}

/// Notes when the last checkpoint was signed, in milliseconds since 1970-01-01T00:00:00Z.
pub fn checkpointed(instant: i64) {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit for ages")]
    ::metrics::gauge!("chachu_checkpoint_timestamp_seconds").set(instant as f64 / 1000.0);
}
