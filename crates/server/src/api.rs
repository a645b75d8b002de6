//! 接口. The JSON API: one endpoint for every act, and what programs read of a dossier.
//!
//! Every no is a [`problem`]; every act may carry an `Idempotency-Key`.

mod body;
pub(crate) mod problem;

use axum::{
    Json, Router,
    body::Body as RequestBody,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use procedure::{
    Access, Dossier, Manner, next_steps,
    summary::summary,
    value::{LongText, StaffId, Value as _},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{ListQuery, Order, Scope, Sort, Total};

use crate::{
    law,
    no::{Denied, No},
    office::{Office, Submitted},
    serve::{AppState, blocking, cookie, no_cookie, signed_in, token},
    upload, verdicts,
};
use body::{Body, malformed};
use problem::{Problem, breaches, standing_against};

type Answer<T> = Result<T, Problem>;

/// The routes of the API.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/api/session", post(sign_in).delete(sign_out))
        .route("/api/password", put(change_password))
        .route("/api/acts", post(take_step))
        .route("/api/dossiers", get(list))
        .route("/api/dossiers/{id}", get(dossier))
        .route("/api/dossiers/{id}/next", get(next))
        .route("/api/dossiers/{id}/reporters/{lead}", post(reporter))
        .route("/api/law", get(|| async { Json(law::answered()) }))
        .route("/api/demo/clock", post(set_clock))
        .route("/api/files", post(upload_file))
        .method_not_allowed_fallback(|| async { Problem(Denied::WrongMethod.into()) })
}

async fn sign_in(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: RequestBody,
) -> Answer<Response> {
    let mut body = read(&headers, body).await?;
    let (name, password) = (body.text("name")?, body.text("password")?);
    body.end()?;
    let token = state.accounts.sign_in(name, password).await?;
    let accounts = state.accounts.clone();
    let who = token.clone();
    let who = blocking(move || accounts.who(&who)).await?;
    let body = json!({ "staff": who.staff, "must_change_password": who.must_change });
    Ok(([(header::SET_COOKIE, cookie(&token)?)], Json(body)).into_response())
}

async fn sign_out(State(state): State<AppState>, headers: HeaderMap) -> Answer<Response> {
    if let Some(token) = token(&headers) {
        blocking(move || state.accounts.sign_out(&token)).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, no_cookie())]).into_response())
}

async fn change_password(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: RequestBody,
) -> Answer<Response> {
    let mut body = read(&headers, body).await?;
    let (old, new) = (body.text("old")?, body.text("new")?);
    body.end()?;
    let who = signed_in(&state, &headers).await?;
    let token = state.accounts.change_password(who.staff, old, new).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie(&token)?)]).into_response())
}

/// 举报人信息, for who may read it. A POST, since every reading is recorded.
async fn reporter(
    State(state): State<AppState>,
    headers: HeaderMap,
    Path((id, lead)): Path<(String, u32)>,
) -> Answer<Response> {
    let who = caller(&state, &headers).await?;
    let secret = blocking(move || state.office.reporter(&who, &id, lead)).await?;
    Ok(Json(json!({ "reporter": String::from_utf8_lossy(secret.expose()) })).into_response())
}

async fn take_step(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: RequestBody,
) -> Answer<Response> {
    let who = caller(&state, &headers).await?;
    let submitted = submitted(who, &headers, read(&headers, body).await?)?;
    let done = blocking(move || state.office.execute(submitted)).await?;
    let body = json!({
        "dossier": done.dossier,
        "version": done.version,
        "number": done.entry.number().map(ToString::to_string),
        "opened": done.opened,
        "breaches": breaches(&done.entry),
        "replayed": done.replayed,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn submitted(who: StaffId, headers: &HeaderMap, mut body: Body) -> Result<Submitted, Denied> {
    let key = match headers.get("idempotency-key") {
        None => None,
        Some(key) => {
            let key = key.to_str().map_err(|_| malformed("请求编号只能用字母、数字或者符号"))?;
            Some(key.to_owned())
        }
    };
    let submitted = Submitted {
        step: body.text("step")?,
        who,
        dossier: body.optional_text("dossier")?,
        seen: body.optional_number("seen")?,
        key,
        manner: manner(&mut body)?,
        answers: body.optional_object("answers")?.map(Body::answers).unwrap_or_default(),
    };
    body.end()?;
    Ok(submitted)
}

fn manner(body: &mut Body) -> Result<Manner, Denied> {
    let manner = body.take("manner").unwrap_or_default();
    if manner.is_null() || manner == "regular" {
        return Ok(Manner::Regular);
    }
    let mut manner = Body::of(manner, "「manner」")?;
    if let Some(mut happened) = manner.optional_object("as_happened")? {
        let circumstances = words("circumstances", &happened.text("circumstances")?)?;
        happened.end()?;
        manner.end()?;
        return Ok(Manner::AsHappened { circumstances });
    }
    let correcting = manner.optional_object("correcting")?;
    let mut correcting = correcting.ok_or_else(|| malformed("「manner」没有内容"))?;
    let entry = correcting.optional_number("entry")?.ok_or_else(|| malformed("缺少「entry」"))?;
    let reason = correcting.optional_text("reason")?.filter(|text| !text.trim().is_empty());
    let reason = reason.map(|reason| words("reason", &reason)).transpose()?;
    correcting.end()?;
    manner.end()?;
    Ok(Manner::Correcting { entry, reason })
}

fn words(name: &str, text: &str) -> Result<LongText, Denied> {
    LongText::new(text).map_err(|wrong| malformed(format!("「{name}」{wrong}")))
}

/// What may be asked of the list.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    scope: Option<String>,
    stage: Option<String>,
    department: Option<String>,
    due_before: Option<String>,
    text: Option<String>,
    sort: Option<String>,
    order: Option<String>,
    after: Option<String>,
    size: Option<String>,
}

/// The largest page of a list, in rows.
const LARGEST_PAGE: usize = 200;

impl Asked {
    fn query(self) -> Result<ListQuery, Denied> {
        let unknown = |name: &str| malformed(format!("查询参数「{name}」的值不在可选范围内"));
        let size = self.size.map_or(Ok(20), |size| size.parse());
        let size = size.ok().filter(|size| (1..=LARGEST_PAGE).contains(size));
        let after = self.after.map(|after| after.parse()).transpose();
        let due_before = self.due_before.map(|day| procedure::value::read_date(&day)).transpose();
        Ok(ListQuery {
            scope: match self.scope.as_deref() {
                None | Some("open") => Scope::Open,
                Some("ended") => Scope::Ended,
                Some("all") => Scope::All,
                Some(_) => return Err(unknown("scope")),
            },
            sort: match self.sort.as_deref() {
                None | Some("due") => Sort::Due,
                Some("received") => Sort::Received,
                Some("changed") => Sort::Changed,
                Some("number") => Sort::Number,
                Some(_) => return Err(unknown("sort")),
            },
            order: match self.order.as_deref() {
                None | Some("ascending") => Order::Ascending,
                Some("descending") => Order::Descending,
                Some(_) => return Err(unknown("order")),
            },
            due_before: due_before.map_err(malformed)?.map(|day| day.to_string()),
            after: after.map_err(|_| unknown("after"))?,
            size: size.ok_or_else(|| unknown("size"))?,
            stage: self.stage,
            department: self.department,
            text: self.text.filter(|text| !text.trim().is_empty()),
            ..ListQuery::default()
        })
    }
}

async fn list(
    State(state): State<AppState>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer<Json<Value>> {
    let who = caller(&state, &headers).await?;
    let Query(asked) = asked.map_err(|_| malformed("查询参数有误"))?;
    let query = asked.query()?;
    let page = blocking(move || state.office.list(&who, query)).await?;
    let rows = page.rows.iter().map(|listed| {
        let row = &listed.dossier;
        json!({
            "id": row.id,
            "number": row.number,
            "case_number": row.case_number,
            "title": row.title,
            "units": row.unit,
            "stage": row.stage,
            "received": row.received,
            "marking": row.grade,
            "due": row.due_kind.as_ref().map(|name| json!({
                "name": name,
                "nominal": row.due_nominal,
                "latest": row.due_latest,
                "provisional": row.provisional,
            })),
        })
    });
    let (total, more) = match page.total {
        Total::Exactly(total) => (total, false),
        Total::MoreThan(total) => (total, true),
    };
    Ok(Json(json!({
        "dossiers": rows.collect::<Vec<_>>(),
        "next": page.next.map(|next| next.to_string()),
        "total": total,
        "total_is_more": more,
    })))
}

async fn dossier(
    State(state): State<AppState>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Answer<Json<Value>> {
    let who = caller(&state, &headers).await?;
    let Path(id) = id.map_err(|_| Denied::NotFound)?;
    let body = blocking(move || read_dossier(&state.office, &who, &id)).await?;
    Ok(Json(body))
}

fn read_dossier(office: &Office, who: &StaffId, id: &str) -> Result<Value, No> {
    let (dossier, access) = office.view(who, id)?;
    shown(office, &dossier, access)
}

/// As much of a dossier as somebody with this access sees.
pub(crate) fn shown(office: &Office, dossier: &Dossier, access: Access) -> Result<Value, No> {
    let department = dossier.department().cloned().ok_or(Denied::NotFound)?;
    let setting = office.setting(&department);
    let sum = summary(dossier, &setting);
    let units: Vec<_> = dossier.units().iter().map(|u| setting.directory.unit_name(u)).collect();
    let outline = json!({
        "id": dossier.id,
        "department": department,
        "version": sum.version,
        "number": sum.number,
        "case_number": sum.case_number,
        "stage": sum.stage,
        "units": units,
        "limits": sum.limits,
        "access": if access == Access::Contents { "contents" } else { "outline" },
    });
    if access != Access::Contents {
        return Ok(outline);
    }
    let (Value::Object(mut all), Ok(Value::Object(contents))) =
        (outline, serde_json::to_value(&sum))
    else {
        return Err(Denied::NotFound.into());
    };
    all.extend(contents);
    Ok(Value::Object(all))
}

async fn next(
    State(state): State<AppState>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Answer<Json<Value>> {
    let who = caller(&state, &headers).await?;
    let Path(id) = id.map_err(|_| Denied::NotFound)?;
    let steps = blocking(move || {
        let (dossier, access) = state.office.view(&who, &id)?;
        let Some(department) = dossier.department() else { return Ok(Vec::new()) };
        let mut steps = next_steps(&dossier, &state.office.setting(department), &who);
        // From outside only what is done from there is offered.
        steps.retain(|v| access == Access::Contents || v.step.is_taken_from_outside());
        Ok(steps)
    });
    let steps = steps.await?;
    let steps = steps.iter().map(|verdict| {
        json!({
            "step": verdict.step.id,
            "name": verdict.step.name,
            "articles": verdict.step.basis,
            "outcome": verdicts::word(verdict),
            "against": standing_against(verdict),
        })
    });
    Ok(Json(json!({ "steps": steps.collect::<Vec<_>>() })))
}

/// What is asked of an upload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// Takes a file into the vault; its description is the answer to a file field.
async fn upload_file(
    State(state): State<AppState>,
    headers: HeaderMap,
    named: Result<Query<Named>, QueryRejection>,
    body: RequestBody,
) -> Answer<Response> {
    caller(&state, &headers).await?;
    let Query(Named { name }) = named.map_err(|_| malformed("请用查询参数「name」给出文件名"))?;
    let file = upload::store(state.office, name, body).await?;
    Ok((StatusCode::CREATED, Json(file.write())).into_response())
}

async fn set_clock(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: RequestBody,
) -> Answer<Json<Value>> {
    if state.demonstration.is_none() {
        return Err(Denied::NotFound.into());
    }
    let mut body = read(&headers, body).await?;
    let now = body.text("now")?;
    body.end()?;
    let wrong = || malformed("「now」应写作2022-02-08T09:00这样的形式");
    let (office, now) = (state.office.clone(), now.parse().map_err(|_| wrong())?);
    blocking(move || office.set_clock(&StaffId(String::new()), now)).await?;
    Ok(Json(json!({ "now": state.office.now().to_string() })))
}

/// Who calls; an initial password must be changed before anything else.
async fn caller(state: &AppState, headers: &HeaderMap) -> Result<StaffId, No> {
    let who = signed_in(state, headers).await?;
    if who.must_change { Err(Denied::MustChangePassword.into()) } else { Ok(who.staff) }
}

async fn read(headers: &HeaderMap, body: RequestBody) -> Result<Body, Denied> {
    let bytes = upload::small(body, crate::limits::get().body).await?;
    // A page of another site cannot send this type without asking the browser first.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(malformed("请求内容的类型应为application/json"));
    }
    Body::read(&bytes)
}
