//! 健康. Whether the process lives, and whether it can serve: constant answers without details, for whoever asks.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::serve::{AppState, blocking};

/// What the answers rest on. Clones share it.
#[derive(Clone, Default)]
pub struct Health {
    stopping: Arc<AtomicBool>,
    tried: Arc<Mutex<Option<(Instant, bool)>>>,
}

/// How long the outcome of a try is good, so that asking costs the disk nothing.
const FRESH: Duration = Duration::from_secs(1);
/// How long a try may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl Health {
    /// Says that the server stops: it is not ready from here on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Whether the record can be read and durably written.
    async fn is_ready(&self, state: &AppState) -> bool {
        if self.stopping.load(Ordering::SeqCst) {
            return false;
        }
        let tried = *self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, ready)) = tried
            && at.elapsed() < FRESH
        {
            return ready;
        }
        let office = state.office.clone();
        let work = blocking(move || {
            let now = office.clock().instant().to_string();
            // Changing text, since writing the same again may write nothing.
            // A name for each node, since one row would have all of them wait for each other.
            let name = format!("ready/{}", office.node());
            office.store().put_setting(&name, &now)?;
            Ok(office.store().setting(&name)?.is_some())
        });
        let ready = matches!(tokio::time::timeout(PATIENCE, work).await, Ok(Ok(true)));
        *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), ready));
        ready
    }
}

/// The two addresses.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(|| async { plain(StatusCode::OK, "正常\n") }))
        .route("/readyz", get(ready))
}

async fn ready(State(state): State<AppState>, Extension(health): Extension<Health>) -> Response {
    match health.is_ready(&state).await {
        true => plain(StatusCode::OK, "就绪\n"),
        false => plain(StatusCode::SERVICE_UNAVAILABLE, "未就绪\n"),
    }
}

fn plain(status: StatusCode, words: &'static str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], words).into_response()
}
