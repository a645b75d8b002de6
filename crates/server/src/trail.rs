//! 留痕. Each request that would change something has exactly one entry in the record.
//!
//! What is done in a dossier or in the directory is its own entry. For everything else, done or not,
//! the audit stream says who, when, from where, what and how it ended, before it is answered.
//! Deliberately absent: contents of requests, account names that nobody has, passwords.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request},
    http::Method,
};
use procedure::value::StaffId;
use serde_json::{Value, json};

use crate::{no::Denied, serve};

tokio::task_local! {
    static TRAIL: Arc<Trail>;
}

/// One request on its way.
pub(crate) struct Trail {
    /// The method and the route, without what stands in its places.
    route: String,
    from: Option<SocketAddr>,
    token: Option<String>,
    /// Whether the request would change something, if it were done.
    changing: bool,
    known: Mutex<Known>,
}

/// What has become known of a request.
#[derive(Default)]
struct Known {
    /// Whether it has its entry.
    recorded: bool,
    who: Option<StaffId>,
    about: Option<(&'static str, String)>,
    refused: Option<&'static str>,
}

impl Trail {
    /// Of a request that is at one of our addresses.
    pub(crate) fn of(request: &Request) -> Arc<Trail> {
        let path = request.extensions().get::<MatchedPath>();
        let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|from| from.0);
        let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        Arc::new(Trail {
            route: format!("{} {}", request.method(), path.map_or("-", MatchedPath::as_str)),
            from,
            token: serve::token(request.headers()),
            changing: !reads && path.is_some(),
            known: Mutex::default(),
        })
    }

    /// The session under which it was sent, as long as nobody asked whose it is.
    pub(crate) fn token(&self) -> Option<&str> {
        let is_known = self.known().who.is_some();
        self.token.as_deref().filter(|_| !is_known)
    }

    /// Runs what a request does with its trail at hand.
    pub(crate) async fn follow<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        TRAIL.scope(self, work).await
    }

    /// Who, what and how it ended, if the request still lacks its entry.
    pub(crate) fn missing(&self, status: u16) -> Option<(StaffId, &'static str, Value)> {
        let known = self.known();
        if !self.changing || known.recorded {
            return None;
        }
        let kind = match (known.refused, status) {
            (None, ..400) => "request_done",
            (_, 500..) => "request_failed",
            (Some("malformed" | "too_large" | "too_slow"), _)
            | (_, 400 | 405 | 408 | 413 | 431) => "request_invalid",
            _ => "request_denied",
        };
        let mut what = json!({ "status": status });
        if let Some(what) = what.as_object_mut() {
            what.extend(self.place());
            what.extend(known.refused.map(|code| ("code".to_owned(), json!(code))));
            let about = known.about.as_ref();
            what.extend(about.map(|(name, value)| ((*name).to_owned(), json!(value))));
        }
        Some((known.who.clone().unwrap_or(StaffId(String::new())), kind, what))
    }

    /// Which request, and from where.
    fn place(&self) -> impl Iterator<Item = (String, Value)> {
        let from = self.from.map(|from| ("from".to_owned(), json!(from.ip().to_string())));
        from.into_iter().chain([("request".to_owned(), json!(self.route))])
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The trail of the request that is being worked on.
pub(crate) fn current() -> Option<Arc<Trail>> {
    TRAIL.try_with(Clone::clone).ok()
}

/// Runs work of the same request on another thread.
pub(crate) fn within<T>(trail: Option<Arc<Trail>>, work: impl FnOnce() -> T) -> T {
    match trail {
        Some(trail) => TRAIL.sync_scope(trail, work),
        None => work(),
    }
}

fn note(change: impl FnOnce(&mut Known)) {
    if let Some(trail) = current() {
        change(&mut trail.known());
    }
}

/// The request has its entry.
pub(crate) fn recorded() {
    note(|known| known.recorded = true);
}

/// Whose request it is.
pub(crate) fn who(staff: &StaffId) {
    note(|known| known.who = Some(staff.clone()));
}

/// What the request is about: an id, never contents.
pub(crate) fn about(name: &'static str, id: &str) {
    // An address says it too, so that it can be anything and of any length.
    let id = id.chars().take(64).collect();
    note(|known| known.about = Some((name, id)));
}

/// Why the request is not done.
pub(crate) fn refused(denied: &Denied) {
    note(|known| known.refused = Some(denied.code()));
}

/// Whether a view belongs to a request that gets an entry of its own.
pub(crate) fn is_told() -> bool {
    current().is_some_and(|trail| trail.changing)
}

/// Adds to an entry which request it was, and from where.
pub(crate) fn place(what: &mut Value) {
    if let (Some(trail), Some(what)) = (current(), what.as_object_mut()) {
        what.extend(trail.place());
    }
}
