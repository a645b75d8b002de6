//! The server: routes, and what every request and every answer has in common.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::{
    accounts::{Accounts, SignedIn},
    no::{Denied, No, Operation},
    office::Office,
};

/// What every request has at hand.
#[derive(Clone)]
pub struct AppState {
    /// The office.
    pub office: Office,
    /// The accounts.
    pub accounts: Accounts,
    /// The sample accounts of a demonstration, whose clock may be set; none in a real office.
    pub demonstration: Option<&'static [&'static str]>,
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
