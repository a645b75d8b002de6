//! What every page shares: the header, the small signs of the law, and how a page becomes a response.

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::civil::{Date, DateTime, Weekday};
use procedure::{law::Clause, readings::Reading};

/// The header and footer of a page.
pub(super) struct Frame {
    /// The title in the browser's tab.
    pub(super) title: String,
    /// The part of the navigation that is shown as current.
    pub(super) nav: &'static str,
    /// Who is signed in.
    pub(super) who: Option<Who>,
    /// 演示. The day that the clock of a demonstration shows; elsewhere there is no clock control.
    pub(super) demo: Option<Date>,
}

impl Frame {
    /// The frame where nothing is known of who asks.
    pub(super) fn bare(title: impl Into<String>) -> Frame {
        Frame { title: title.into(), nav: "", who: None, demo: None }
    }
}

/// Who is signed in, for display.
pub(super) struct Who {
    /// 姓名.
    pub(super) name: String,
    /// 岗位.
    pub(super) roles: String,
    /// 所属部门.
    pub(super) department: String,
    /// Whether leads are registered by them.
    pub(super) is_clerk: bool,
}

/// A citation: of a clause, or of a reading.
#[derive(Template, Clone)]
#[template(ext = "html", source = r#"<a class="cite" href="/law/{{ place }}">{{ text }}</a>"#)]
pub(super) struct Cite {
    place: String,
    text: String,
}

impl From<Clause> for Cite {
    fn from(clause: Clause) -> Cite {
        Cite { place: clause.article.to_string(), text: clause.to_string() }
    }
}

impl From<&Reading> for Cite {
    fn from(reading: &Reading) -> Cite {
        let id = reading.id;
        Cite { place: format!("readings#r{id}"), text: format!("解读 {id}") }
    }
}

/// The citations of several clauses.
pub(super) fn cites(clauses: &[Clause]) -> Vec<Cite> {
    clauses.iter().copied().map(Cite::from).collect()
}

/// A limit as it stands on a day.
#[derive(Template)]
#[template(path = "limit.html")]
pub(super) struct LimitMark {
    /// A modifier of `.limit`.
    pub(super) state: &'static str,
    left: String,
    dates: Option<(Date, Date)>,
    notes: Vec<&'static str>,
}

impl LimitMark {
    /// Counts from `today`, or from the day on which what is limited was done.
    pub(super) fn new(nominal: Date, latest: Date, today: Date, met: Option<Date>) -> LimitMark {
        let day = met.unwrap_or(today);
        let left = (nominal - day).get_days();
        let (state, left) = match (met, left) {
            (Some(met), _) if met <= nominal => ("done", format!("在期内　{met}")),
            (Some(met), _) if met <= latest => ("done", format!("仅因末日为休息日而在期内　{met}")),
            (Some(_), _) => ("over", format!("逾期 {} 天完成", (day - latest).get_days())),
            (None, _) if day > latest => ("over", format!("逾期 {} 天", (day - latest).get_days())),
            (None, ..0) => ("dayoff", "末日为休息日，尚在期内".to_owned()),
            (None, 0) => ("due", "今日到期".to_owned()),
            (None, 1) => ("due", "明日到期".to_owned()),
            (None, 2..=7) => ("soon", format!("剩余 {left} 天")),
            (None, _) => ("", format!("剩余 {left} 天")),
        };
        let notes = if met.is_none() && nominal != latest {
            vec!["末日为休息日，顺延"]
        } else {
            vec![]
        };
        LimitMark { state, left, dates: Some((nominal, latest)), notes }
    }

    /// The same with a remark, where it applies.
    pub(super) fn noting(mut self, applies: bool, note: &'static str) -> LimitMark {
        self.notes.extend(applies.then_some(note));
        self
    }
}

/// 暂定, in words.
pub(super) const PROVISIONAL: &str = "暂定：节假日安排尚未公布";

/// 2022-03-28 星期一.
pub(super) fn with_weekday(date: Date) -> String {
    let weekday = match date.weekday() {
        Weekday::Monday => "一",
        Weekday::Tuesday => "二",
        Weekday::Wednesday => "三",
        Weekday::Thursday => "四",
        Weekday::Friday => "五",
        Weekday::Saturday => "六",
        Weekday::Sunday => "日",
    };
    format!("{date} 星期{weekday}")
}

/// 2022-03-28 10:42.
pub(super) fn minute(moment: DateTime) -> String {
    moment.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A page as a response.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
        }
        Err(error) => super::trouble::fault(&crate::no::Operation::log(&error)),
    }
}
