//! 问题说明. Every no of the API, as problem details (RFC 9457) in Chinese.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use procedure::{
    Entry, Outcome, Verdict,
    check::{Finding, Judgement, Refusal},
    law::Clause,
};
use serde_json::{Value, json};

use crate::{
    no::{Denied, No},
    trail,
    verdicts::breached,
};

/// A no, on its way to a client of the API.
pub(crate) struct Problem(pub(crate) No);

impl<T: Into<No>> From<T> for Problem {
    fn from(no: T) -> Self {
        Problem(no.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let No::Denied(denied) = &self.0 {
            trail::refused(denied);
        }
        let (status, body) = match &self.0 {
            No::Refused(verdict) => (422, refused(verdict)),
            No::Denied(denied) => (denied.status(), details(denied)),
            No::Fault(operation) => (
                500,
                json!({
                    "type": "fault",
                    "title": "系统故障",
                    "status": 500,
                    "detail": format!("系统故障，操作编号{operation}，请告知管理人员"),
                    "operation": operation.to_string(),
                }),
            ),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], body.to_string()).into_response()
    }
}

fn details(denied: &Denied) -> Value {
    let mut body = json!({
        "type": denied.code(),
        "title": denied.message(),
        "status": denied.status(),
        "detail": denied.hint(),
    });
    let mut add = |name: &str, value: Value| {
        if let Some(body) = body.as_object_mut() {
            body.insert(name.to_owned(), value);
        }
    };
    match denied {
        Denied::Quicker { by, version } => {
            add("by", json!(by));
            add("version", json!(version));
        }
        Denied::Throttled { seconds } => add("seconds", json!(seconds)),
        _ => {}
    }
    body
}

fn refused(verdict: &Verdict) -> Value {
    let (kind, title) = match verdict.outcome() {
        Outcome::Refused => ("refused", "依照规定不能办理"),
        Outcome::Undetermined => ("undetermined", "卷宗中缺少作出判断所需的事实"),
        Outcome::Incomplete | Outcome::Allowed => ("incomplete", "填写不完整或者有误"),
    };
    let step = verdict.step;
    let missing: Vec<_> = verdict
        .missing
        .iter()
        .map(|id| json!({ "field": id, "label": label(verdict, id) }))
        .collect();
    let fields: Vec<_> = verdict
        .malformed
        .iter()
        .map(|wrong| json!({ "field": wrong.field, "label": label(verdict, &wrong.field), "message": wrong.message }))
        .collect();
    json!({
        "type": kind,
        "title": title,
        "status": 422,
        "detail": format!("「{}」{title}", step.name),
        "step": step.id,
        "refusals": standing_against(verdict),
        "fields": fields,
        "missing": missing,
    })
}

/// What stands against a step: the checks that do not hold, or those that wait for a fact.
pub(super) fn standing_against(verdict: &Verdict) -> Vec<Value> {
    let breached = |finding: &&Finding| {
        verdict.breaches.iter().any(|refusal| std::ptr::eq(*refusal, finding.refusal))
    };
    let judgement = match verdict.outcome() {
        Outcome::Undetermined => Judgement::Unknown,
        _ => Judgement::Fails,
    };
    let findings = verdict.findings.iter().filter(|finding| finding.judgement == judgement);
    findings.filter(|finding| !breached(finding)).map(|f| refusal(verdict, f)).collect()
}

fn refusal(verdict: &Verdict, finding: &Finding) -> Value {
    let Refusal { code, reading, hint, field, .. } = finding.refusal;
    json!({
        "code": code,
        "articles": verdict.basis(finding),
        "reading": reading.map(|reading| reading.id),
        "message": finding.message(),
        "hint": hint,
        "field": field,
    })
}

/// What an act recorded as it happened breached.
pub(super) fn breaches(entry: &Entry) -> Vec<Value> {
    let breach = |(refusal, basis): (&Refusal, &[Clause])| {
        json!({
            "code": refusal.code,
            "articles": basis,
            "reading": refusal.reading.map(|reading| reading.id),
            "message": refusal.message,
        })
    };
    breached(entry).map(breach).collect()
}

fn label(verdict: &Verdict, id: &str) -> String {
    let field = verdict.step.all_fields().find(|field| field.id == id);
    field.map_or(id, |field| field.label).to_owned()
}
