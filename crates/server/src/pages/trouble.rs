//! When there is no page to show: not there or not yours, the request's own faults, and ours.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::frame::{Frame, page};
use crate::{
    no::{Denied, Operation},
    trail,
};

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage {
    frame: Frame,
    heading: String,
    words: Vec<String>,
    operation: Option<String>,
}

/// What stands against a request, in words.
pub(super) fn denied(frame: Frame, denied: &Denied) -> Response {
    trail::refused(denied);
    let status = StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let (heading, words) = match denied {
        Denied::NotFound => (
            "没有这个页面，或者您无权查看".to_owned(),
            vec![
                "地址可能有误，卷宗可能不存在，或者不在您的知悉范围内。".to_owned(),
                "需要查看的，请向本部门负责人提出；查看请求会留下记录。".to_owned(),
            ],
        ),
        other => (other.message(), vec![format!("{}。", other.hint())]),
    };
    page(status, &TroublePage { frame, heading, words, operation: None })
}

/// The method is not one that the address knows.
pub(super) fn wrong_method(frame: Frame) -> Response {
    let heading = "这个地址不接受这种请求".to_owned();
    let words = vec!["请从页面上的按钮和链接办理。".to_owned()];
    let trouble = TroublePage { frame, heading, words, operation: None };
    page(StatusCode::METHOD_NOT_ALLOWED, &trouble)
}

/// Something failed on our side: the operation's number, and nothing else.
pub(super) fn fault(operation: &Operation) -> Response {
    let trouble = TroublePage {
        frame: Frame::bare("系统故障"),
        heading: "系统没有完成这次操作".to_owned(),
        words: vec![
            "请把下面的操作编号告诉管理人员。".to_owned(),
            "稍后可以重试；同一份表重复提交，只会生效一次。".to_owned(),
        ],
        operation: Some(operation.to_string()),
    };
    match trouble.render() {
        Ok(html) => {
            let mut response = Response::new(html.into());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            let html = axum::http::HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(axum::http::header::CONTENT_TYPE, html);
            response
        }
        Err(_) => axum::response::IntoResponse::into_response(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
