//! The server: routes, and what every request and every answer has in common.
//!
//! Deliberately absent from its log: names, queries, bodies; a path carries at most a dossier's id.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use hyper::{
    body::{Frame, SizeHint},
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

use crate::{
    accounts::{Accounts, SignedIn},
    api::{self, problem::Problem},
    health::{self, Health},
    limits, metrics,
    no::{Denied, No, Operation},
    office::Office,
    pages,
    trail::{self, Trail},
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
    app_of(state, Health::default())
}

fn app_of(state: AppState, health: Health) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .merge(health::routes())
        .fallback(missing)
        .layer(DefaultBodyLimit::max(limits::get().body))
        .layer(middleware::from_fn_with_state(state.clone(), guard))
        .layer(Extension(health))
        .with_state(state)
}

/// Serves until the process is told to stop; told twice, it ends at once.
pub async fn serve(listener: TcpListener, state: AppState) -> io::Result<()> {
    let limits = limits::get();
    let health = Health::default();
    let app = TowerToHyperService::new(app_of(state, health.clone()));
    let places = Arc::new(Semaphore::new(limits.connections));
    let (told, hear) = watch::channel(());
    let mut stopped = std::pin::pin!(stopped());
    loop {
        let place = places.clone().acquire_owned();
        let accepted = tokio::select! {
            () = &mut stopped => break,
            accepted = async { (place.await, listener.accept().await) } => accepted,
        };
        let (Ok(place), Ok((stream, from))) = accepted else {
            // Too many open files, for example: what is served goes on, and then there is room again.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // What is answered is small, and waiting for more of it helps nobody.
        let _ = stream.set_nodelay(true);
        let app = app.clone();
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(from));
            app.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_patience)
            .max_buf_size(limits.header.saturating_mul(2).max(64 * 1024))
            .serve_connection(TokioIo::new(stream), service);
        let mut hear = hear.clone();
        tokio::spawn(async move {
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                // A client that breaks its connection off is no fault.
                _ = connection.as_mut() => {}
                _ = hear.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(place);
        });
    }
    drop((listener, hear));
    tracing::info!("stopping");
    health.stop();
    // Nobody listens any more if nothing is open.
    let _ = told.send(());
    tokio::select! {
        () = told.closed() => {}
        () = tokio::time::sleep(limits.farewell) => {}
        () = self::stopped() => {}
    }
    Ok(())
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

/// How long blocking work waits for its turn.
const WAITING: Duration = Duration::from_secs(10);

/// Runs what blocks on a thread of its own.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, No> + Send + 'static,
) -> Result<T, No> {
    let place = tokio::time::timeout(WAITING, limits::work().acquire()).await;
    let Ok(Ok(_place)) = place else { return Err(Denied::Busy.into()) };
    let trail = trail::current();
    match tokio::task::spawn_blocking(move || trail::within(trail, work)).await {
        Ok(result) => result,
        Err(error) => Err(No::Fault(Operation::log(&error))),
    }
}

/// What every request goes through.
async fn guard(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known(request.method());
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_else(|| "-".to_owned());
    let operation = Operation::new();
    let changes = !request.method().is_safe();
    let is_api = is_api(&request);
    let refuse = move |no: No| if is_api { Problem(no).into_response() } else { pages::no(&no) };
    let trail = Trail::of(&request);
    let (request, arrived) = arriving(request);
    let answering = answer(state.clone(), trail.clone(), request, next, refuse);
    // On a task of its own a panic ends the request alone, and an act is not cut short when its client goes away.
    let answering = tokio::spawn(trail.clone().follow(answering));
    let mut response = match tokio::time::timeout(limits::get().patience, answering).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            let panicked = refuse(No::Fault(Operation::log(&"a request panicked")));
            told(state, trail, panicked, refuse).await
        }
        // The request goes on, and tells itself how it ends.
        Err(_) if !arrived.load(Ordering::SeqCst) => refuse(Denied::TooSlow.into()),
        Err(_) if changes => refuse(Denied::Unresolved.into()),
        Err(_) => refuse(Denied::Busy.into()),
    };
    finish(&mut response);
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%operation, method, path, status, ms, "request");
    metrics::request(method, path, status, took);
    response
}

/// The status of an answer that nothing could be looked up or recorded for.
const AWAY: u16 = StatusCode::SERVICE_UNAVAILABLE.as_u16();

/// What a request comes to; it is on record before it is answered.
async fn answer(
    state: AppState,
    trail: Arc<Trail>,
    request: Request,
    next: Next,
    refuse: impl Fn(No) -> Response + Copy,
) -> Response {
    let response = match check(&request) {
        Ok(()) => next.run(request).await,
        Err(denied) => {
            trail::refused(&denied);
            refuse(denied.into())
        }
    };
    told(state, trail, response, refuse).await
}

/// The answer, once the request has its entry; without one there is no answer but that.
async fn told(
    state: AppState,
    trail: Arc<Trail>,
    response: Response,
    refuse: impl Fn(No) -> Response,
) -> Response {
    // What a full disk turned away must not take the room that is left for views.
    let is_full = response.status() == StatusCode::INSUFFICIENT_STORAGE;
    let status = response.status().as_u16();
    if is_full || trail.missing(status).is_none() {
        return response;
    }
    // Not among the limited places: what was turned away for want of one is told as well.
    let telling = tokio::task::spawn_blocking(move || {
        // Who sends what never came to a handler is told by their session alone.
        if let Some(token) = trail.token() {
            trail::within(Some(trail.clone()), || drop(state.accounts.who(token)));
        }
        let missing = trail.missing(status);
        missing.map_or(Ok(()), |(who, kind, what)| state.office.tell(&who, kind, &what))
    });
    match telling.await {
        Ok(Ok(())) => response,
        // A record that is away keeps no entry of having been away; the answer says so already.
        Ok(Err(No::Denied(away))) if away.is_away() && status == AWAY => response,
        Ok(Err(no)) => refuse(no),
        Err(error) => refuse(No::Fault(Operation::log(&error))),
    }
}

/// What stands on every answer, and when to come again where that helps.
fn finish(response: &mut Response) {
    let status = response.status();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.entry(header::RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    if status == StatusCode::REQUEST_TIMEOUT {
        // What still comes of the body is nobody's request.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
}

/// The method, out of a closed set.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "-",
    }
}

fn check(request: &Request) -> Result<(), Denied> {
    let fields = request.headers().iter();
    let length: usize = fields.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let address = request.uri().path_and_query().map_or(0, |it| it.as_str().len());
    if length + address > limits::get().header {
        return Err(Denied::HeaderTooLarge);
    }
    check_origin(request.method(), request.headers())
}

/// The same request, and whether its body has come to its end.
fn arriving(request: Request) -> (Request, Arc<AtomicBool>) {
    let arrived = Arc::new(AtomicBool::new(request.body().is_end_stream()));
    let ended = arrived.clone();
    let request = request.map(|inner| Body::new(Arriving { inner, ended }));
    (request, arrived)
}

/// A body that says when it ended.
struct Arriving {
    inner: Body,
    ended: Arc<AtomicBool>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.inner.is_end_stream() {
            self.ended.store(true, Ordering::SeqCst);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
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
    if method.is_safe() {
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
