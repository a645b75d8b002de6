//! 暂未办理. A form that was posted while it could not be taken: shown with all its entries, to be sent again.
//!
//! Nothing is read or kept for it, so that it can be shown while the database is away.
//! It goes again under the key it had, so that sending it as often as it takes has one effect.

use askama::Template;
use axum::{extract::Request, http::StatusCode, response::Response};

use super::{
    frame::{Frame, page},
    post::{self, Posted},
    visit::trouble,
};
use crate::no::Denied;

#[derive(Template)]
#[template(path = "resend.html")]
struct ResendPage {
    frame: Frame,
    heading: String,
    hint: &'static str,
    path: String,
    entries: Vec<(String, String)>,
    /// Whether files were sent along that were not kept.
    lost: bool,
}

/// What to do about a form, in the words of a page.
fn hint(denied: &Denied) -> &'static str {
    match denied {
        Denied::Unavailable => "填写的内容都在本页；稍后再次提交，只会生效一次。",
        Denied::Unresolved => "填写的内容都在本页；请再次提交：已经录入的，不会重复录入。",
        Denied::Unrecorded => {
            "填写的内容都在本页；请告知管理人员，排除之后再次提交，只会生效一次。"
        }
        Denied::Full => "填写的内容都在本页；请管理人员清理磁盘后再次提交。",
        _ => "填写的内容都在本页；请稍后再次提交。",
    }
}

/// The page for a form that was read.
pub(super) fn shown(path: &str, posted: &Posted, denied: &Denied) -> Response {
    let entries = posted.pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let shown = ResendPage {
        frame: Frame::bare("暂未办理"),
        heading: denied.message(),
        hint: hint(denied),
        path: path.to_owned(),
        entries: entries.collect(),
        lost: posted.has_lost_files(),
    };
    page(StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE), &shown)
}

/// The page for a form that nobody has read yet.
pub(super) async fn unread(path: &str, request: Request, denied: &Denied) -> Response {
    match post::read(request, None).await {
        Ok(posted) => shown(path, &posted, denied),
        Err(no) => trouble(None, &no),
    }
}
