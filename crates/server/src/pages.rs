//! The pages: what people see and fill in.
//!
//! A page is plain data with a template beside it; each handler below is read from top to bottom.
//! Everything works without scripts: a form is posted, and answered with a redirect or with the form as it was filled in.

mod act;
mod assets;
mod competence;
mod directory;
mod dossier;
mod form;
mod frame;
mod law;
mod list;
mod post;
mod record;
mod resend;
mod show;
mod sign;
mod step;
mod trouble;
mod visit;

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post as on_post},
};
use jiff::civil::Date;
use procedure::{
    Access,
    directory::{Event, Role, Staff, Unit, UnitCategory},
    value::{DepartmentId, Text, UnitId},
};

use self::{
    competence::CompetencePage,
    directory::{DirectoryPage, NewUnit},
    dossier::{DossierPage, OutlinePage, ReporterPage, number},
    frame::{Frame, page},
    list::{Asked, ListPage},
    post::Posted,
    visit::{Visit, frame_of_nobody},
};
use crate::{
    no::{Denied, No},
    office::random_id,
    serve::{AppState, blocking},
};

/// Every page.
pub fn routes() -> Router<AppState> {
    // Forms may carry files, which are streamed and counted while they are read.
    let acts = Router::new()
        .route("/register", get(act::register).post(act::post))
        .route("/dossiers/{id}/steps/{step}", get(act::step).post(act::post))
        .route("/dossiers/{id}/entries/{entry}/correct", get(act::correct).post(act::post))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/", get(work))
        .route("/dossiers", get(dossiers))
        .route("/dossiers/{id}", get(dossier))
        .route("/dossiers/{id}/files/{sm3}", get(file))
        .route("/dossiers/{id}/reporters/{lead}", on_post(reporter))
        .route("/directory", get(directory_page))
        .route("/directory/units", on_post(list_unit))
        .route("/competence", get(competence_page).post(judge_competence))
        .route("/sign-in", get(sign::show).post(sign::sign_in))
        .route("/sign-out", on_post(sign::sign_out))
        .route("/password", get(sign::password).post(sign::change_password))
        .route("/demo/clock", on_post(set_clock))
        .route("/assets/{name}", get(assets::asset))
        .merge(law::routes())
        .merge(acts)
        .method_not_allowed_fallback(wrong_method)
}

/// The answer to an address that nothing is at.
pub(crate) async fn missing(state: &AppState, headers: &HeaderMap) -> Response {
    match Visit::of(state, headers).await {
        Ok(visit) => visit.trouble(&Denied::NotFound.into()),
        Err(_) => trouble::denied(frame_of_nobody(state, "没有这个页面"), &Denied::NotFound),
    }
}

/// The answer to a request that reached no page.
pub(crate) fn no(no: &No) -> Response {
    match no {
        No::Denied(denied) => trouble::denied(Frame::bare(denied.message()), denied),
        No::Fault(operation) => trouble::fault(operation),
        // Only steps are refused, and their pages say why themselves.
        No::Refused(_) => trouble::denied(Frame::bare("未能办理"), &Denied::NotFound),
    }
}

async fn wrong_method(State(state): State<AppState>) -> Response {
    trouble::wrong_method(frame_of_nobody(&state, "不接受这种请求"))
}

/// 待办.
async fn work(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::work(&query.unwrap_or_default(), visit.is_head());
    list(visit, asked, "待办", "work").await
}

/// 卷宗.
async fn dossiers(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let asked = Asked::dossiers(&query.unwrap_or_default());
    list(visit, asked, "卷宗", "dossiers").await
}

async fn list(visit: Visit, asked: Asked, title: &str, nav: &'static str) -> Response {
    let today = visit.state.office.now().date();
    let (office, who, query) =
        (visit.state.office.clone(), visit.who.clone(), asked.query(&visit.who, today));
    match blocking(move || office.list(&who, query)).await {
        Ok(found) => {
            page(StatusCode::OK, &ListPage::new(visit.frame(title, nav), asked, found, today))
        }
        Err(no) => visit.trouble(&no),
    }
}

/// One dossier, or its outline.
async fn dossier(visit: Visit, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let (office, who) = (visit.state.office.clone(), visit.who.clone());
    let (dossier, access) = match blocking(move || office.view(&who, &id)).await {
        Ok(found) => found,
        Err(no) => return visit.trouble(&no),
    };
    let setting = visit.setting(dossier.department());
    let frame = visit.frame(number(&dossier), "dossiers");
    let query = Posted::urlencoded(query.unwrap_or_default().as_bytes());
    let done = query.first("done").and_then(|version| dossier.entry(version.parse().ok()?));
    // From outside only what oneself recorded is told of.
    let done = done.filter(|entry| access == Access::Contents || entry.by == visit.who);
    let notice = done.and_then(act::notice);
    if access < Access::Contents {
        let shown = OutlinePage::new(frame, notice, &dossier, &setting, &visit.who);
        return page(StatusCode::OK, &shown);
    }
    let mut shown = DossierPage::new(frame, &dossier, &setting, &visit.who);
    shown.notice = notice;
    page(StatusCode::OK, &shown)
}

/// 举报人信息, for who may read it.
async fn reporter(visit: Visit, Path((id, lead)): Path<(String, u32)>) -> Response {
    let (office, who) = (visit.state.office.clone(), visit.who.clone());
    let dossier = id.clone();
    match blocking(move || office.reporter(&who, &dossier, lead)).await {
        Ok(secret) => {
            let text = String::from_utf8_lossy(secret.expose()).into_owned();
            let frame = visit.frame("举报人信息", "dossiers");
            page(StatusCode::OK, &ReporterPage { frame, id, lead, text })
        }
        Err(no) => visit.trouble(&no),
    }
}

/// A file of a dossier, out of the vault.
async fn file(visit: Visit, Path((id, sm3)): Path<(String, String)>) -> Response {
    let (office, who) = (visit.state.office.clone(), visit.who.clone());
    let (file, mut reader) = match blocking(move || office.file(&who, &id, &sm3)).await {
        Ok(found) => found,
        Err(no) => return visit.trouble(&no),
    };
    let name = percent_encoding::utf8_percent_encode(
        file.name.as_str(),
        percent_encoding::NON_ALPHANUMERIC,
    );
    // The browser's own viewer shows a PDF; anything else could be made to look like a page of ours.
    let is_pdf = file.name.as_str().ends_with(".pdf");
    let (kind, how) = match is_pdf {
        true => ("application/pdf", "inline"),
        false => ("application/octet-stream", "attachment"),
    };
    let read = blocking(move || {
        let mut bytes = Vec::new();
        // The last read fails if the bytes are not those that were recorded, so nothing is sent before.
        std::io::Read::read_to_end(&mut reader, &mut bytes)
            .map_err(|error| No::Fault(crate::no::Operation::log(&error)))?;
        Ok(bytes)
    });
    match read.await {
        Ok(bytes) => {
            let disposition = format!("{how}; filename*=UTF-8''{name}");
            let headers = [
                (header::CONTENT_TYPE, kind.to_owned()),
                (header::CONTENT_DISPOSITION, disposition),
            ];
            (headers, Body::from(bytes)).into_response()
        }
        Err(no) => visit.trouble(&no),
    }
}

/// 机构人员.
async fn directory_page(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let query = Posted::urlencoded(query.unwrap_or_default().as_bytes());
    let asked = query.first("department").map(|id| DepartmentId(id.to_owned()));
    let notice = query.first("done").map(|_| "单位已登记".to_owned());
    let mut shown = directory_of(&visit, asked);
    shown.notice = notice;
    page(StatusCode::OK, &shown)
}

fn directory_of(visit: &Visit, asked: Option<DepartmentId>) -> DirectoryPage {
    let directory = visit.state.office.directory();
    let known = asked.filter(|id| directory.department(id).is_some());
    let department = known.unwrap_or_else(|| visit.department());
    let may_list = may_list(visit);
    let frame = visit.frame("机构人员", "directory");
    DirectoryPage::new(frame, &directory, &department, may_list)
}

fn may_list(visit: &Visit) -> bool {
    let directory = visit.state.office.directory();
    let lists = |staff: &Staff| {
        staff.roles.iter().any(|role| matches!(role, Role::Clerk | Role::Handler))
            || staff.is_head()
    };
    directory.staff(&visit.who).is_some_and(lists)
}

/// 登记单位.
async fn list_unit(visit: Visit, request: Request) -> Response {
    let posted = match post::read(request, None).await {
        Ok(posted) => posted,
        Err(no) => return visit.trouble(&no),
    };
    let part = |name| posted.first(name).unwrap_or_default().trim().to_owned();
    let filled = NewUnit {
        name: part("name"),
        category: part("category"),
        region: part("region"),
        superior: part("superior"),
        error: None,
    };
    let outcome = match unit(&filled) {
        Ok(unit) => {
            let (office, who) = (visit.state.office.clone(), visit.who.clone());
            blocking(move || office.change_directory(&who, Event::UnitListed(unit))).await
        }
        Err(no) => Err(no),
    };
    match outcome {
        Ok(()) => Redirect::to("/directory?done=1#units").into_response(),
        Err(No::Denied(Denied::Malformed(message))) => {
            let mut shown = directory_of(&visit, None);
            shown.new_unit = NewUnit { error: Some(message), ..filled };
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        Err(no) => visit.trouble(&no),
    }
}

fn unit(filled: &NewUnit) -> Result<Unit, No> {
    let wrong = |label: &'static str| {
        move |message: String| No::from(Denied::Malformed(format!("「{label}」{message}")))
    };
    let category = UnitCategory::ALL.iter().find(|category| category.label() == filled.category);
    let superior = Some(&filled.superior).filter(|superior| !superior.is_empty());
    Ok(Unit {
        id: UnitId(random_id()?),
        name: Text::new(&filled.name).map_err(wrong("名称"))?,
        category: *category.ok_or_else(|| wrong("类别")("没有选择".to_owned()))?,
        region: Text::new(&filled.region).map_err(wrong("所在地"))?,
        superior: superior
            .map(|superior| Text::new(superior).map_err(wrong("上级主管部门")))
            .transpose()?,
    })
}

/// 管辖判断.
async fn competence_page(visit: Visit) -> Response {
    let directory = visit.state.office.directory();
    let holder = directory.department(&visit.department()).map(|d| d.name.to_string());
    let frame = visit.frame("管辖判断", "competence");
    page(StatusCode::OK, &CompetencePage::new(frame, &directory, holder))
}

/// The answer to the facts; a form that is posted keeps them out of addresses and histories.
async fn judge_competence(visit: Visit, request: Request) -> Response {
    let posted = match post::read(request, None).await {
        Ok(posted) => posted,
        Err(no) => return visit.trouble(&no),
    };
    if posted.pairs().any(|(_, value)| value.len() > CompetencePage::LONGEST) {
        return visit.trouble(&Denied::TooLarge.into());
    }
    let directory = visit.state.office.directory();
    let frame = visit.frame("管辖判断", "competence");
    let shown = CompetencePage::answered(frame, &directory, &posted);
    let status = if shown.is_wrong() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page(status, &shown)
}

/// Sets the clock of a demonstration; elsewhere there is no such address.
async fn set_clock(visit: Visit, headers: HeaderMap, request: Request) -> Response {
    if visit.state.demonstration.is_none() {
        return visit.trouble(&Denied::NotFound.into());
    }
    let posted = match post::read(request, None).await {
        Ok(posted) => posted,
        Err(no) => return visit.trouble(&no),
    };
    let now = visit.state.office.now();
    let asked: Option<Date> = posted.first("today").and_then(procedure::time::date);
    let day = if posted.first("clock") == Some("next") {
        let holidays = visit.setting(None).holidays;
        let after = std::iter::successors(now.date().tomorrow().ok(), |day| day.tomorrow().ok());
        after.take(60).find(|day| holidays.is_working_day(*day))
    } else {
        asked
    };
    if let Some(day) = day {
        let (office, who, day) =
            (visit.state.office.clone(), visit.who.clone(), day.to_datetime(now.time()));
        if let Err(no) = blocking(move || office.set_clock(&who, day)).await {
            return visit.trouble(&no);
        }
    }
    let back = headers.get(header::REFERER).and_then(|from| from.to_str().ok());
    let path =
        back.and_then(|from| from.split_once("://")?.1.split_once('/')).map(|(_, path)| path);
    Redirect::to(&format!("/{}", path.unwrap_or_default().trim_start_matches('/'))).into_response()
}
