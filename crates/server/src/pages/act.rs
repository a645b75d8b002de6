//! 办理. The handlers of every step's form: shown, posted, refused and shown again, or recorded.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use procedure::{
    Access, Act, Dossier, Entry, Manner, Setting,
    intake::REGISTER,
    setting::Other,
    step::Step,
    value::{Answer, Answers, Kind, LongText},
};

use super::{
    form,
    frame::page,
    post::{self, Posted},
    resend, sign,
    step::{self, Problem, Sheet, StepPage},
    visit::{Visit, trouble},
};
use crate::{
    no::{Denied, No},
    office::{Submitted, random_id},
    serve::{AppState, blocking},
};

/// What a form is about: a step of a dossier, or the correction of an entry.
struct Matter {
    dossier: Arc<Dossier>,
    step: &'static Step,
    /// The entry that is corrected.
    correcting: Option<u64>,
    /// The other dossiers that the step may speak of.
    others: Vec<Other>,
}

/// The form that opens a dossier.
pub(super) async fn register(
    visit: Visit,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    shown(&visit, &headers, "/register", query).await
}

/// The form of a step.
pub(super) async fn step(
    visit: Visit,
    headers: HeaderMap,
    Path((id, step)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    shown(&visit, &headers, &format!("/dossiers/{id}/steps/{step}"), query).await
}

/// The form that corrects an entry.
pub(super) async fn correct(
    visit: Visit,
    headers: HeaderMap,
    Path((id, entry)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    shown(&visit, &headers, &format!("/dossiers/{id}/entries/{entry}/correct"), query).await
}

async fn shown(visit: &Visit, headers: &HeaderMap, path: &str, query: Option<String>) -> Response {
    match try_shown(visit, headers, path, &query.unwrap_or_default()).await {
        Ok(response) => response,
        Err(no) => visit.trouble(&no),
    }
}

async fn try_shown(
    visit: &Visit,
    headers: &HeaderMap,
    path: &str,
    query: &str,
) -> Result<Response, No> {
    let matter = matter(visit, path).await?;
    let query = Posted::urlencoded(query.as_bytes());
    let kept = match query.first("kept") {
        Some(_) => sign::kept(&visit.state, &visit.who, headers).await?,
        None => None,
    };
    let new = Sheet { key: random_id()?, seen: matter.dossier.version(), ..Sheet::default() };
    if let Some(kept) = kept.filter(|kept| kept.path == path) {
        let posted = Posted::urlencoded(kept.body.as_bytes());
        let answers = form::answers(matter.step.all_fields(), &posted);
        // What somebody decides rests on what they saw then, not on what is there now.
        let sheet = Sheet { key: new.key, ..sheet(&posted) };
        let remark = "这是登录失效前填写的内容，尚未提交；请核对后提交。";
        let shown = render(visit, &matter, answers, sheet, None, Vec::new()).remarking(remark);
        return Ok(page(StatusCode::OK, &shown));
    }
    let answers = match matter.correcting.and_then(|entry| matter.dossier.entry(entry)) {
        Some(entry) => step::recorded(&matter.dossier, entry, matter.step),
        None => prefilled(matter.step, &query),
    };
    Ok(page(StatusCode::OK, &render(visit, &matter, answers, new, None, Vec::new())))
}

/// The answers that a link brings along, such as which submission is to be decided.
fn prefilled(step: &Step, query: &Posted) -> Answers {
    let targets = step.fields.iter().filter(|field| matches!(field.kind, Kind::Target(_)));
    let given = targets
        .filter_map(|field| Some((field.id.to_owned(), Answer::from(query.first(field.id)?))));
    given.collect()
}

/// Takes what was posted: recorded, shown again, or kept until somebody signs in.
pub(super) async fn post(
    State(state): State<AppState>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    match Visit::of(&state, &headers).await {
        Ok(visit) => match try_post(&visit, &headers, &path, request).await {
            Ok(response) => response,
            Err(no) => visit.trouble(&no),
        },
        Err(No::Denied(Denied::NotSignedIn)) => {
            let kept = async {
                let posted = post::read(request, None).await?;
                sign::keep(&state, &path, &posted).await
            };
            kept.await.unwrap_or_else(|no| trouble(None, &no))
        }
        Err(No::Denied(away)) if away.passes() => resend::unread(&path, request, &away).await,
        Err(no) => trouble(None, &no),
    }
}

async fn try_post(
    visit: &Visit,
    headers: &HeaderMap,
    path: &str,
    request: Request,
) -> Result<Response, No> {
    let matter = match matter(visit, path).await {
        Err(No::Denied(away)) if away.passes() => {
            return Ok(resend::unread(path, request, &away).await);
        }
        matter => matter?,
    };
    let mut posted = post::read_texts(request, Some(&visit.state.office)).await?;
    let taken = match posted.take_lost() {
        Some(no) => Err(no),
        None => take(visit, headers, matter, &posted).await,
    };
    match taken {
        Err(No::Denied(away)) if away.passes() => Ok(resend::shown(path, &posted, &away)),
        taken => taken,
    }
}

/// Takes what was posted about a matter.
async fn take(
    visit: &Visit,
    headers: &HeaderMap,
    mut matter: Matter,
    posted: &Posted,
) -> Result<Response, No> {
    let mut answers = form::answers(matter.step.all_fields(), posted);
    matter.others = others(visit, matter.step, &answers).await?;
    let sheet = sheet(posted);
    if let Some(more) = posted.first("more") {
        let shown = render(visit, &matter, answers, sheet, Some(more), Vec::new());
        return Ok(page(StatusCode::OK, &shown));
    }
    keep_sealed(&matter, &mut answers);
    let manner = manner(&matter, &sheet);
    let own = own_problems(&matter, &sheet, &manner);
    let (Ok(manner), true) = (&manner, own.is_empty()) else {
        let mut problems = own;
        if let Ok(manner) = &manner {
            problems.extend(foreseen(visit, &matter, &answers, manner));
        }
        let shown = render(visit, &matter, answers, sheet, None, problems);
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown));
    };
    let submitted = Submitted {
        step: matter.step.id.to_owned(),
        who: visit.who.clone(),
        dossier: (matter.dossier.version() > 0).then(|| matter.dossier.id.clone()),
        seen: Some(sheet.seen),
        key: Some(sheet.key.clone()),
        manner: manner.clone(),
        answers: answers.clone(),
    };
    let office = visit.state.office.clone();
    match blocking(move || office.execute(submitted)).await {
        Ok(done) => {
            // What is recorded stays recorded; a form that is still kept comes back once more.
            let _ = sign::forget(&visit.state, &visit.who, headers).await;
            let address = format!("/dossiers/{}?done={}", done.dossier, done.version);
            Ok(Redirect::to(&address).into_response())
        }
        Err(No::Refused(verdict)) => {
            let problems = step::problems(&verdict);
            let shown = render(visit, &matter, answers, sheet, None, problems).offering(&verdict);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
        Err(No::Denied(Denied::Quicker { by, .. })) => {
            let setting = matter.setting(visit);
            let shown = render(visit, &matter, answers, sheet, None, Vec::new());
            Ok(page(StatusCode::CONFLICT, &shown.after(by, &matter.dossier, &setting)))
        }
        Err(No::Denied(Denied::KeyReused)) => {
            let sheet = Sheet { key: random_id()?, ..sheet };
            let remark = "这份表此前已经提交并录入，本次没有生效；要再录入一份，请核对后提交。";
            let shown = render(visit, &matter, answers, sheet, None, Vec::new());
            Ok(page(StatusCode::CONFLICT, &shown.remarking(remark)))
        }
        Err(No::Denied(Denied::Malformed(message))) => {
            let problem = Problem::in_general(message);
            let shown = render(visit, &matter, answers, sheet, None, vec![problem]);
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &shown))
        }
        Err(no) => Err(no),
    }
}

/// What the address speaks of, as far as the visitor may see it.
async fn matter(visit: &Visit, path: &str) -> Result<Matter, No> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let (id, step, correcting) = match *parts.as_slice() {
        ["register"] => {
            let step = procedure::step(REGISTER).ok_or(Denied::NotFound)?;
            let (dossier, others) = (Arc::default(), Vec::new());
            return Ok(Matter { dossier, step, correcting: None, others });
        }
        ["dossiers", id, "steps", step] => (id, procedure::steps().find(|s| s.id == step), None),
        ["dossiers", id, "entries", entry, "correct"] => (id, None, entry.parse().ok()),
        _ => return Err(Denied::NotFound.into()),
    };
    let (office, who, id) = (visit.state.office.clone(), visit.who.clone(), id.to_owned());
    let (dossier, access) = blocking(move || office.view(&who, &id)).await?;
    let entry: Option<&Entry> = correcting.and_then(|entry| dossier.entry(entry));
    let step = entry.and_then(|entry| procedure::step(&entry.step)).or(step);
    let step = step.filter(|step| step.id != REGISTER || entry.is_some());
    match step.filter(|step| access == Access::Contents || step.is_taken_from_outside()) {
        Some(step) => {
            let correcting = entry.map(|entry| entry.version);
            let others = others(visit, step, &Answers::new()).await?;
            Ok(Matter { dossier, step, correcting, others })
        }
        None => Err(Denied::NotFound.into()),
    }
}

/// The other dossiers that these answers may name.
async fn others(visit: &Visit, step: &'static Step, answers: &Answers) -> Result<Vec<Other>, No> {
    let (office, who, answers) = (visit.state.office.clone(), visit.who.clone(), answers.clone());
    blocking(move || office.others_named(&who, step, &answers)).await
}

fn render(
    visit: &Visit,
    matter: &Matter,
    mut answers: Answers,
    sheet: Sheet,
    more: Option<&str>,
    problems: Vec<Problem>,
) -> StepPage {
    let is_new = matter.dossier.version() == 0;
    let frame = visit.frame(matter.step.name, if is_new { "register" } else { "dossiers" });
    if let Some(recorded) = matter.recorded() {
        for field in matter.step.fields.iter().filter(|field| field.kind == Kind::Sealed) {
            // The id that stands in the place of a sealed text means nothing to people.
            if answers.get(field.id) == recorded.get(field.id) {
                answers.remove(field.id);
            }
        }
    }
    let setting = matter.setting(visit);
    let request = step::Request {
        step: matter.step,
        dossier: &matter.dossier,
        setting: &setting,
        who: &visit.who,
        correcting: matter.correcting.and_then(|entry| matter.dossier.entry(entry)),
        answers,
        sheet,
        more,
    };
    StepPage::new(frame, request, problems)
}

impl Matter {
    /// Everything outside the dossier that the form is judged with.
    fn setting(&self, visit: &Visit) -> Setting {
        let others = self.others.clone();
        Setting { others, ..visit.setting(self.dossier.department()) }
    }

    /// What is on record in the entry that is corrected.
    fn recorded(&self) -> Option<Answers> {
        let entry = self.dossier.entry(self.correcting?)?;
        Some(step::recorded(&self.dossier, entry, self.step))
    }
}

/// What is sealed stays as it is where a correction says nothing of it.
fn keep_sealed(matter: &Matter, answers: &mut Answers) {
    let Some(recorded) = matter.recorded() else { return };
    for field in matter.step.fields.iter().filter(|field| field.kind == Kind::Sealed) {
        let blank = answers.get(field.id).is_none_or(Answer::is_blank);
        if let Some(id) = recorded.get(field.id).filter(|_| blank) {
            answers.insert(field.id.to_owned(), id.clone());
        }
    }
}

fn sheet(posted: &Posted) -> Sheet {
    let part = |name| posted.first(name).unwrap_or_default().to_owned();
    Sheet {
        key: part("_key"),
        seen: part("_seen").parse().unwrap_or_default(),
        confirmed: posted.first("_confirmed").is_some(),
        as_happened: posted.first("_as_happened").is_some(),
        circumstances: part("_circumstances"),
        why: part("_why"),
    }
}

fn manner(matter: &Matter, sheet: &Sheet) -> Result<Manner, Problem> {
    if let Some(entry) = matter.correcting {
        let reason = match sheet.why.trim() {
            "" => None,
            why => Some(
                LongText::new(why)
                    .map_err(|wrong| Problem::at("_why", format!("「更正理由」{wrong}"), ""))?,
            ),
        };
        return Ok(Manner::Correcting { entry, reason });
    }
    if sheet.as_happened {
        let circumstances = LongText::new(&sheet.circumstances).map_err(|wrong| {
            let message = format!("「情况说明」{wrong}");
            Problem::at("_circumstances", message, "说明行为是怎样发生的、为什么不合规定")
        })?;
        return Ok(Manner::AsHappened { circumstances });
    }
    Ok(Manner::Regular)
}

/// What the page itself asks for, beside the answers.
fn own_problems(matter: &Matter, sheet: &Sheet, manner: &Result<Manner, Problem>) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Err(problem) = manner {
        problems.push(problem.clone());
    }
    if matter.step.warning.is_some() && matter.correcting.is_none() && !sheet.confirmed {
        let hint = "看过提示后勾选，再提交";
        problems.push(Problem::at("_confirmed", "没有确认知悉办理后的效力", hint));
    }
    problems
}

/// What the regulation would say, so that everything is seen at once.
fn foreseen(visit: &Visit, matter: &Matter, answers: &Answers, manner: &Manner) -> Vec<Problem> {
    let (step, who, manner) = (matter.step, visit.who.clone(), manner.clone());
    let act = Act { step, who, manner, answers: answers.clone() };
    let setting = matter.setting(visit);
    let mut verdict = procedure::decide(&matter.dossier, &setting, &act);
    let sealed = |id: &str| step.fields.iter().any(|f| f.id == id && f.kind == Kind::Sealed);
    verdict.malformed.retain(|wrong| !sealed(&wrong.field));
    step::problems(&verdict)
}

/// What is told after something was recorded.
pub(super) fn notice(entry: &Entry) -> Option<String> {
    let name = procedure::step(&entry.step)?.name;
    let number = entry.number().map(|number| format!("，{number}")).unwrap_or_default();
    let breached = match entry.breaches.len() {
        0 => String::new(),
        breaches => format!("；如实记录，有 {breaches} 处瑕疵，由此取得的材料不能作为证据使用"),
    };
    Some(format!("已录入第 {} 条：{name}{number}{breached}", entry.version))
}
