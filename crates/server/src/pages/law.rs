//! 法规. The regulation's articles, each with what carries it out, and the readings where it is silent or open.
//!
//! What is shown is the structure of the manual of rules; how many dossiers rest on an article is read from an index.
//! Deliberately absent: the text of readings and articles in forms that could be edited here.

mod article;
mod contents;
mod readings;
mod sample;

use std::collections::BTreeMap;

use axum::{
    Router,
    extract::{Path, RawQuery, Request},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use procedure::{
    answered,
    directory::Event,
    law::{Clause, numeral},
    readings::{self as known, Reading, Switches},
    supplementary::forms::{PAPERS, Paper},
};
use scenario::rules::Rules;
use store::Standing;

use self::{
    article::ArticlePage,
    contents::ContentsPage,
    readings::{ReadingPage, ReadingsPage},
    sample::SamplePage,
};
use super::{
    frame::{Cite, Frame, page},
    post::{self, Posted},
    visit::Visit,
};
use crate::{
    no::{Denied, No},
    serve::{AppState, blocking},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/law", get(contents_page))
        .route("/law/{article}", get(article_page))
        .route("/law/readings", get(readings_page).post(switch_reading))
        .route("/law/readings/{id}", get(reading_page))
        .route("/law/scenarios/{*name}", get(sample_page))
}

/// 目录.
async fn contents_page(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let query = Posted::urlencoded(query.unwrap_or_default().as_bytes());
    let asked: String = query.first("q").unwrap_or_default().trim().chars().take(60).collect();
    if let Some(article) = number(&asked) {
        return Redirect::to(&format!("/law/{article}")).into_response();
    }
    let counts = match counts(&visit).await {
        Ok(counts) => counts,
        Err(no) => return visit.trouble(&no),
    };
    let open = query.first("open").is_some();
    let shown = ContentsPage::new(visit.frame("法规", "law"), &asked, open, &counts);
    page(StatusCode::OK, &shown)
}

/// The number of the article, where the text is that of one: 35, 三十五, 第三十五条第一款.
fn number(text: &str) -> Option<u8> {
    let clause: Option<Clause> = text.parse().ok();
    let clause = clause.or_else(|| format!("第{text}条").parse().ok());
    clause.filter(|clause| clause.text().is_some()).map(|clause| clause.article)
}

/// 条.
async fn article_page(visit: Visit, Path(article): Path<String>) -> Response {
    let rules = Rules::built_in();
    let found = number(&article)
        .and_then(|number| rules.articles.iter().find(|other| other.answered.article == number));
    let Some(found) = found else { return visit.trouble(&Denied::NotFound.into()) };
    let counts = match counts(&visit).await {
        Ok(counts) => counts,
        Err(no) => return visit.trouble(&no),
    };
    let switches = visit.state.office.directory().switches(&visit.department());
    let frame = visit.frame(name(found.answered.article), "law");
    page(StatusCode::OK, &ArticlePage::new(frame, found, &switches, &counts))
}

/// 解读.
async fn readings_page(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let query = Posted::urlencoded(query.unwrap_or_default().as_bytes());
    let (office, department) = (visit.state.office.clone(), visit.department());
    match blocking(move || office.reading_switches(&department)).await {
        Ok(history) => {
            let shown = ReadingsPage::new(&visit, history, query.first("switchable").is_some());
            page(StatusCode::OK, &shown)
        }
        Err(no) => visit.trouble(&no),
    }
}

/// The question before a reading is switched.
async fn reading_page(visit: Visit, Path(id): Path<String>) -> Response {
    match may_switch(&visit, &id) {
        Ok(reading) => page(StatusCode::OK, &ReadingPage::new(&visit, reading, None)),
        Err(no) => visit.trouble(&no),
    }
}

fn may_switch(visit: &Visit, id: &str) -> Result<&'static Reading, No> {
    let reading = known::find(id).ok_or(Denied::NotFound)?;
    if !reading.switchable {
        return Err(Denied::NotAllowed("这项解读不能由部门改变").into());
    }
    match visit.is_head() {
        true => Ok(reading),
        false => Err(Denied::NotAllowed("解读由本部门负责人改变").into()),
    }
}

/// 采用或者不采用解读.
async fn switch_reading(visit: Visit, request: Request) -> Response {
    let posted = match post::read(request, None).await {
        Ok(posted) => posted,
        Err(no) => return visit.trouble(&no),
    };
    let reading = match may_switch(&visit, posted.first("reading").unwrap_or_default()) {
        Ok(reading) => reading,
        Err(no) => return visit.trouble(&no),
    };
    if posted.first("confirmed") != Some("yes") {
        let shown = ReadingPage::new(&visit, reading, Some("尚未确认，没有改变"));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    }
    let event = Event::ReadingSwitched {
        department: visit.department(),
        reading: reading.id.to_owned(),
        holds: posted.first("holds") == Some("yes"),
    };
    let (office, who) = (visit.state.office.clone(), visit.who.clone());
    match blocking(move || office.change_directory(&who, event)).await {
        Ok(()) => Redirect::to("/law/readings#switches").into_response(),
        Err(no) => visit.trouble(&no),
    }
}

/// 情景, as it was written.
async fn sample_page(visit: Visit, Path(name): Path<String>) -> Response {
    match SamplePage::new(visit.frame("情景", "law"), &name) {
        Some(shown) => page(StatusCode::OK, &shown),
        None => visit.trouble(&Denied::NotFound.into()),
    }
}

/// How many dossiers rest on each article: those of the department, those below it.
struct Counts {
    own: BTreeMap<u8, Standing>,
    below: BTreeMap<u8, Standing>,
}

async fn counts(visit: &Visit) -> Result<Counts, No> {
    let (office, department) = (visit.state.office.clone(), visit.department());
    let [own, below] = blocking(move || office.standing(&department)).await?;
    Ok(Counts { own, below })
}

/// Fewer than this are not told of other departments: a small number would tell of a single dossier what its outline does not.
const FEW: u64 = 3;

impl Counts {
    /// In words: of the department, and of those below it where there are any.
    fn words(&self, article: u8) -> Vec<String> {
        let of = |counts: &BTreeMap<u8, Standing>| counts.get(&article).copied();
        let own = of(&self.own).map(|it| format!("本部门在办{}件、已办结{}件", it.open, it.ended));
        let below = of(&self.below).map(|it| match it.open + it.ended {
            ..FEW => format!("下级部门不足{FEW}件"),
            all => format!("下级部门共{all}件"),
        });
        own.into_iter().chain(below).collect()
    }
}

/// 第三十五条.
fn name(article: u8) -> String {
    format!("第{}条", numeral(article))
}

fn papers(article: u8) -> impl Iterator<Item = &'static Paper> {
    PAPERS.iter().filter(move |paper| paper.basis.iter().any(|clause| clause.article == article))
}

/// A reading as it stands in a department.
struct ReadingRow {
    id: &'static str,
    cite: Cite,
    text: &'static str,
    default: &'static str,
    here: &'static str,
    switched: bool,
    switchable: bool,
}

impl ReadingRow {
    fn new(reading: &'static Reading, switches: &Switches) -> ReadingRow {
        let holds = switches.holds(reading);
        ReadingRow {
            id: reading.id,
            cite: reading.basis.into(),
            text: reading.text,
            default: word(reading.default),
            here: word(holds),
            switched: holds != reading.default,
            switchable: reading.switchable,
        }
    }

    fn of_article(article: u8, switches: &Switches) -> Vec<ReadingRow> {
        answered::readings_of(article).map(|reading| ReadingRow::new(reading, switches)).collect()
    }
}

fn word(holds: bool) -> &'static str {
    if holds { "采用" } else { "不采用" }
}

/// A scenario, to be read.
struct SampleLink {
    name: String,
    title: String,
}

fn sample_links<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<SampleLink> {
    let titles = &Rules::built_in().scenarios;
    let link = |name: &String| SampleLink {
        title: titles.get(name).cloned().unwrap_or_default(),
        name: name.clone(),
    };
    names.into_iter().map(link).collect()
}
