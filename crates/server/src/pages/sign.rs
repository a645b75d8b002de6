//! 登录. Signing in and out, changing one's password, and the form that outlives a session.
//!
//! What was posted without a session is kept encrypted under the name of the person whose form it was: one form for each person, so that strangers cannot fill the disk.
//! It comes back only to that person, in the browser that holds the form's random number.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use procedure::value::StaffId;
use serde::{Deserialize, Serialize};
use store::Secret;

use super::{
    frame::{Frame, page},
    post::{self, Posted},
    visit::{Visit, frame_of_nobody, trouble},
};
use crate::{
    no::{Denied, No, Operation},
    office::random_id,
    serve::{self, AppState, Demonstration, blocking},
    trail,
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    account: String,
    next: String,
    /// Whether a form is kept that was posted without a session.
    kept: bool,
    problem: Option<String>,
    hint: &'static str,
    demonstration: Option<Arc<Demonstration>>,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    must_change: bool,
    problem: Option<String>,
    field: &'static str,
}

/// The sign-in page.
pub(super) async fn show(State(state): State<AppState>, RawQuery(query): RawQuery) -> Response {
    let query = Posted::urlencoded(query.unwrap_or_default().as_bytes());
    let next = local(query.first("next").unwrap_or_default());
    let kept = query.first("kept").is_some();
    page(StatusCode::OK, &sign_in_page(&state, String::new(), next, kept, None))
}

fn sign_in_page(
    state: &AppState,
    account: String,
    next: String,
    kept: bool,
    problem: Option<&Denied>,
) -> SignInPage {
    SignInPage {
        frame: frame_of_nobody(state, "登录"),
        account,
        next,
        kept,
        problem: problem.map(Denied::message),
        hint: problem.map_or("", Denied::hint),
        demonstration: state.demonstration.clone(),
    }
}

/// Signs somebody in.
pub(super) async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Response {
    match try_sign_in(&state, &headers, request).await {
        Ok(response) => response,
        Err(no) => trouble(None, &no),
    }
}

async fn try_sign_in(
    state: &AppState,
    headers: &HeaderMap,
    request: axum::extract::Request,
) -> Result<Response, No> {
    let posted = post::read(request, None).await?;
    let account = posted.first("account").unwrap_or_default().to_owned();
    let password = posted.first("password").unwrap_or_default().to_owned();
    let next = local(posted.first("next").unwrap_or_default());
    let token = match state.accounts.sign_in(account.clone(), password).await {
        Ok(token) => token,
        Err(No::Denied(denied @ (Denied::WrongPassword | Denied::Throttled { .. }))) => {
            let status = StatusCode::from_u16(denied.status()).unwrap_or_default();
            let kept = kept_number(headers).is_some();
            let account = account.chars().take(100).collect();
            return Ok(page(status, &sign_in_page(state, account, next, kept, Some(&denied))));
        }
        Err(no) => return Err(no),
    };
    let staff = {
        let (accounts, token) = (state.accounts.clone(), token.clone());
        blocking(move || accounts.who(&token)).await?.staff
    };
    let kept = kept(state, &staff, headers).await?;
    let next = kept.map_or(next, |kept| format!("{}?kept=1", kept.path));
    let mut response = Redirect::to(&next).into_response();
    response.headers_mut().append(header::SET_COOKIE, serve::cookie(&token)?);
    Ok(response)
}

/// Signs somebody out.
pub(super) async fn sign_out(State(state): State<AppState>, headers: HeaderMap) -> Response {
    if let Some(token) = serve::token(&headers) {
        let accounts = state.accounts.clone();
        if let Err(no) = blocking(move || accounts.sign_out(&token)).await {
            return trouble(None, &no);
        }
    }
    let mut response = Redirect::to("/sign-in").into_response();
    response.headers_mut().append(header::SET_COOKIE, serve::no_cookie());
    response
}

/// The page on which a password is changed; also for who must change it before anything else.
pub(super) async fn password(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match serve::signed_in(&state, &headers).await {
        Ok(me) => {
            let visit = Visit::new(&state, &me.staff);
            let frame = visit.frame("修改密码", "");
            let must_change = me.must_change;
            let shown = PasswordPage { frame, must_change, problem: None, field: "old" };
            page(StatusCode::OK, &shown)
        }
        Err(no) => trouble(None, &no),
    }
}

/// Changes a password.
pub(super) async fn change_password(
    State(state): State<AppState>,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Response {
    match try_change_password(&state, &headers, request).await {
        Ok(response) => response,
        Err(no) => trouble(None, &no),
    }
}

async fn try_change_password(
    state: &AppState,
    headers: &HeaderMap,
    request: axum::extract::Request,
) -> Result<Response, No> {
    let me = serve::signed_in(state, headers).await?;
    let posted = post::read(request, None).await?;
    let part = |name| posted.first(name).unwrap_or_default().to_owned();
    let visit = Visit::new(state, &me.staff);
    let again = |field, problem: String| {
        let frame = visit.frame("修改密码", "");
        let problem = Some(problem);
        let shown = PasswordPage { frame, must_change: me.must_change, problem, field };
        page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
    };
    if part("fresh") != part("again") {
        return Ok(again("again", "两次输入的新密码不一致".to_owned()));
    }
    let changed = state.accounts.change_password(me.staff.clone(), part("old"), part("fresh"));
    match changed.await {
        Ok(token) => {
            let mut response = Redirect::to("/").into_response();
            response.headers_mut().append(header::SET_COOKIE, serve::cookie(&token)?);
            Ok(response)
        }
        Err(No::Denied(denied @ Denied::WeakPassword(_))) => Ok(again("fresh", denied.message())),
        Err(No::Denied(Denied::WrongPassword)) => Ok(again("old", "现用密码不正确".to_owned())),
        Err(no) => Err(no),
    }
}

/// A form that was posted without a session.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// The random number in the browser's cookie.
    number: String,
    /// Where the form stands.
    pub(super) path: String,
    /// What was filled in.
    pub(super) body: String,
}

const KEPT: &str = "kept";
const KEPT_COOKIE: &str = "chachu_kept";
/// The longest form that is kept, in bytes.
const KEPT_LIMIT: usize = 1024 * 1024;

/// Keeps a form that was posted without a session, and asks to sign in.
pub(super) async fn keep(state: &AppState, path: &str, posted: &Posted) -> Result<Response, No> {
    trail::refused(&Denied::NotSignedIn);
    let staff = StaffId(posted.first("_who").unwrap_or_default().to_owned());
    let body = posted.to_urlencoded();
    let known = state.office.directory().staff(&staff).is_some();
    if !known || body.len() > KEPT_LIMIT {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    let number = random_id()?;
    let kept = Kept { number: number.clone(), path: path.to_owned(), body };
    let content = serde_json::to_vec(&kept).map_err(|error| No::Fault(Operation::log(&error)))?;
    let office = state.office.clone();
    blocking(move || {
        let made = office.clock().instant();
        Ok(office.store().put_draft(&staff.0, KEPT, &Secret::new(content), made)?)
    })
    .await?;
    let mut response = Redirect::to("/sign-in?kept=1").into_response();
    let cookie = format!("{KEPT_COOKIE}={number}; Path=/; HttpOnly; SameSite=Lax");
    let cookie =
        HeaderValue::from_str(&cookie).map_err(|error| No::Fault(Operation::log(&error)))?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The form that was kept for this person in this browser.
pub(super) async fn kept(
    state: &AppState,
    staff: &StaffId,
    headers: &HeaderMap,
) -> Result<Option<Kept>, No> {
    let Some(number) = kept_number(headers) else { return Ok(None) };
    let (office, staff) = (state.office.clone(), staff.clone());
    let draft = blocking(move || Ok(office.store().draft(&staff.0, KEPT)?)).await?;
    let kept: Option<Kept> =
        draft.and_then(|draft| serde_json::from_slice(draft.content.expose()).ok());
    Ok(kept.filter(|kept| kept.number == number))
}

/// Forgets the form that was kept, once it is on record.
pub(super) async fn forget(
    state: &AppState,
    staff: &StaffId,
    headers: &HeaderMap,
) -> Result<(), No> {
    if kept_number(headers).is_none() {
        return Ok(());
    }
    let (office, staff) = (state.office.clone(), staff.clone());
    blocking(move || Ok(office.store().delete_draft(&staff.0, KEPT)?)).await
}

fn kept_number(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = cookies.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix(KEPT_COOKIE)?.strip_prefix('='));
    value.map(str::to_owned)
}

/// An address of this site, and nothing that leads to another.
fn local(next: &str) -> String {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local { next.to_owned() } else { "/".to_owned() }
}
