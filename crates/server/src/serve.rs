//! The server: routes, and what every request and every answer has in common.
//!
//! Deliberately absent from its log: names, queries, bodies; a path carries at most a dossier's id.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use crate::{
    accounts::{Accounts, SignedIn},
    api::{self, problem::Problem},
    no::{Denied, No, Operation},
    office::Office,
    pages,
};

/// What every request has at hand.
#[derive(Clone)]
pub struct AppState {
    /// The office.
    pub office: Office,
    /// The accounts.
    pub accounts: Accounts,
    /// What a demonstration shows of itself; none in a real office.
    pub demonstration: Option<std::sync::Arc<Demonstration>>,
}

/// 演示. An office of sample people, whose clock may be set.
#[derive(Clone, Debug, Default)]
pub struct Demonstration {
    /// The sample accounts: name and what the person does.
    pub accounts: Vec<(String, String)>,
    /// The password of all of them.
    pub password: String,
}

/// The usual address.
pub const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8460);

/// The largest form, in bytes; routes that take files allow more.
const FORM_LIMIT: usize = 2 * 1024 * 1024;
/// The longest a request may take, an upload on a slow line included.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long requests may still take when the server is told to stop.
const FAREWELL: Duration = Duration::from_secs(10);

/// What stands on every answer: nothing is loaded from elsewhere, framed, guessed or kept.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Everything that is served.
pub fn app(state: AppState) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .fallback(missing)
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(middleware::from_fn(guard))
        .with_state(state)
}

/// Serves until the process is told to stop.
pub async fn serve(listener: TcpListener, state: AppState) -> io::Result<()> {
    let (told, mut hear) = tokio::sync::watch::channel(());
    let stop = async move {
        stopped().await;
        tracing::info!("stopping");
        // Nobody listens any more if serving ended by itself.
        let _ = told.send(());
    };
    let serving = axum::serve(listener, app(state)).with_graceful_shutdown(stop);
    let late = async {
        if hear.changed().await.is_ok() {
            tokio::time::sleep(FAREWELL).await;
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        served = serving => served,
        () = late => Ok(()),
    }
}

/// Listens where it was asked to, or else at the usual port or any that is free.
pub async fn listen(address: Option<SocketAddr>) -> io::Result<TcpListener> {
    if let Some(address) = address {
        return TcpListener::bind(address).await;
    }
    match TcpListener::bind(USUAL).await {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            TcpListener::bind((USUAL.ip(), 0)).await
        }
        listener => listener,
    }
}

/// Ctrl-C, or the service manager's request.
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Runs what blocks on a thread of its own.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, No> + Send + 'static,
) -> Result<T, No> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(No::Fault(Operation::log(&error))),
    }
}

/// What every request goes through.
async fn guard(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let is_api = is_api(&request);
    let refuse = |no: No| if is_api { Problem(no).into_response() } else { pages::no(&no) };
    let mut response = match check_origin(&method, request.headers()) {
        Err(denied) => refuse(denied.into()),
        // On a task of its own a panic ends the request alone, and an act is not cut short when its client goes away.
        Ok(()) => match tokio::time::timeout(PATIENCE, tokio::spawn(next.run(request))).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => refuse(No::Fault(Operation::log(&"a request panicked"))),
            Err(_) => refuse(Denied::Busy.into()),
        },
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    tracing::info!(
        %method,
        path = path.as_deref().unwrap_or("-"),
        status = response.status().as_u16(),
        ms = started.elapsed().as_millis(),
        "request"
    );
    response
}

/// The answer to an address that nothing is at.
async fn missing(State(state): State<AppState>, request: Request) -> Response {
    if is_api(&request) {
        return Problem(Denied::NotFound.into()).into_response();
    }
    pages::missing(&state, request.headers()).await
}

fn is_api(request: &Request) -> bool {
    request.uri().path().starts_with("/api/")
}

/// What changes something must come from our own pages, or from a program that is no browser.
fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), Denied> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.is_some() && authority == text("host")
        }
        (None, None) => true,
    };
    if ours { Ok(()) } else { Err(Denied::OtherSite) }
}

const COOKIE: &str = "chachu";

/// Who sends a request; the caller looks at `must_change`.
pub async fn signed_in(state: &AppState, headers: &HeaderMap) -> Result<SignedIn, No> {
    let token = token(headers).ok_or(Denied::NotSignedIn)?;
    let accounts = state.accounts.clone();
    blocking(move || accounts.who(&token)).await
}

/// The session's token, out of the cookie.
pub fn token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = cookies.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE).then(|| value.to_owned())
    })
}

/// The cookie of a session that begins.
pub fn cookie(token: &str) -> Result<HeaderValue, No> {
    HeaderValue::from_str(&format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax"))
        .map_err(|error| No::Fault(Operation::log(&error)))
}

/// The cookie that ends a session.
pub fn no_cookie() -> HeaderValue {
    HeaderValue::from_static("chachu=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")
}
