//! 条. One article: its text, what carries it out, what is refused under it, how it is read, what shows it, and how many dossiers rest on it.

use askama::Template;
use procedure::{
    law::{self, numeral},
    readings::Switches,
    step::Step,
    supplementary::forms::{PAPERS, Paper},
};
use scenario::rules::{Article, Check};

use super::{Cite, Counts, Frame, ReadingRow, SampleLink, name, papers, sample_links};
use crate::pages::frame::cites;

#[derive(Template)]
#[template(path = "article.html")]
pub(super) struct ArticlePage {
    frame: Frame,
    name: String,
    chapter: (u8, String),
    paragraphs: Vec<&'static str>,
    before: Option<Neighbour>,
    after: Option<Neighbour>,
    dossiers: Vec<String>,
    steps: Vec<StepRow>,
    /// 规则, with what they do.
    rules: Vec<(&'static str, &'static str)>,
    /// 时限, with their lengths.
    limits: Vec<(&'static str, String, Cite)>,
    checks: Vec<CheckRow>,
    readings: Vec<ReadingRow>,
    papers: Vec<PaperRow>,
    scenarios: Vec<SampleLink>,
    reason: Option<&'static str>,
    pending: Option<&'static str>,
}

/// The article before or after this one.
struct Neighbour {
    number: u8,
    name: String,
}

struct StepRow {
    name: &'static str,
    who: String,
    cites: Vec<Cite>,
    papers: Vec<&'static str>,
}

/// 条件.
pub(super) struct CheckRow {
    /// Not shown; it lets a check be pointed at.
    pub(super) code: &'static str,
    pub(super) rule: &'static str,
    pub(super) message: &'static str,
    pub(super) hint: &'static str,
    pub(super) cites: Vec<Cite>,
    pub(super) scenarios: Vec<SampleLink>,
}

struct PaperRow {
    code: &'static str,
    name: &'static str,
    cites: Vec<Cite>,
    steps: Vec<&'static str>,
}

impl ArticlePage {
    pub(super) fn new(
        frame: Frame,
        article: &Article,
        switches: &Switches,
        counts: &Counts,
    ) -> ArticlePage {
        let answered = &article.answered;
        let number = answered.article;
        let chapter = law::article(number).map(|article| article.chapter);
        let chapter = chapter
            .map(|it| (it.number, format!("第{}章　{}", numeral(it.number), it.title)))
            .unwrap_or_default();
        let text = law::clause(number).text().unwrap_or_default();
        let limits = answered.limits.iter();
        let rules = answered.rules.iter();
        ArticlePage {
            frame,
            name: name(number),
            chapter,
            paragraphs: text.lines().filter(|line| !line.is_empty()).collect(),
            before: neighbour(number.saturating_sub(1)),
            after: neighbour(number + 1),
            dossiers: counts.words(number),
            steps: answered.steps.iter().map(|step| step_row(step)).collect(),
            rules: rules.map(|rule| (rule.name, rule.about)).collect(),
            limits: limits.map(|it| (it.name, it.length.to_string(), it.basis.into())).collect(),
            checks: article.checks.iter().map(check_row).collect(),
            readings: ReadingRow::of_article(number, switches),
            papers: papers(number).map(paper_row).collect(),
            scenarios: sample_links(&article.scenarios),
            reason: answered.reason,
            pending: answered.pending,
        }
    }
}

fn neighbour(number: u8) -> Option<Neighbour> {
    law::article(number).map(|article| Neighbour { number, name: name(article.number) })
}

fn step_row(step: &Step) -> StepRow {
    let who: Vec<_> = step.who.iter().map(|relation| relation.label()).collect();
    let issues = PAPERS.iter().filter(|paper| paper.steps.contains(&step.id));
    StepRow {
        name: step.name,
        who: who.join("、"),
        cites: cites(step.basis),
        papers: issues.map(|paper| paper.name).collect(),
    }
}

pub(super) fn check_row(check: &Check) -> CheckRow {
    let refusal = check.refusal;
    let mut cites = cites(refusal.basis);
    cites.extend(refusal.reading.map(Cite::from));
    CheckRow {
        code: refusal.code,
        rule: refusal.rule,
        message: refusal.message,
        hint: refusal.hint,
        cites,
        scenarios: sample_links(&check.scenarios),
    }
}

fn paper_row(paper: &'static Paper) -> PaperRow {
    let steps = paper.steps.iter().filter_map(|id| procedure::step(id));
    PaperRow {
        code: paper.code,
        name: paper.name,
        cites: cites(paper.basis),
        steps: steps.map(|step| step.name).collect(),
    }
}
