//! 依据. The regulation's articles, how each is answered, and the readings where it is silent or open.

use askama::Template;
use procedure::{
    answered::{self, Answered},
    law::{CHAPTERS, numeral},
    readings::{READINGS, Reading, Switches},
};

use super::frame::{Cite, Frame};

/// The page of the regulation.
#[derive(Template)]
#[template(path = "law.html")]
pub(super) struct LawPage {
    pub(super) frame: Frame,
    chapters: Vec<Chapter>,
    readings: Vec<ReadingRow>,
    /// Whether the person may switch readings.
    may_switch: bool,
}

struct Chapter {
    number: u8,
    title: String,
    articles: Vec<Article>,
}

struct Article {
    number: u8,
    name: String,
    paragraphs: Vec<&'static str>,
    readings: Vec<ReadingRow>,
    /// Steps and rules under it.
    answers: Vec<&'static str>,
    refusals: usize,
    reason: Option<&'static str>,
    pending: Option<&'static str>,
}

struct ReadingRow {
    id: &'static str,
    cite: Cite,
    text: &'static str,
    default: &'static str,
    here: &'static str,
    holds: bool,
    switchable: bool,
}

impl LawPage {
    /// The regulation under the readings that a department has switched.
    pub(super) fn new(frame: Frame, switches: &Switches, may_switch: bool) -> LawPage {
        let answered = answered::articles();
        let chapters = CHAPTERS.iter().map(|chapter| Chapter {
            number: chapter.number,
            title: format!("第{}章　{}", numeral(chapter.number), chapter.title),
            articles: answered
                .iter()
                .filter(|article| (chapter.first..=chapter.last).contains(&article.article))
                .map(|answered| article(answered, switches))
                .collect(),
        });
        LawPage {
            frame,
            chapters: chapters.collect(),
            readings: READINGS.iter().map(|reading| row(reading, switches)).collect(),
            may_switch,
        }
    }
}

fn article(answered: &Answered, switches: &Switches) -> Article {
    let number = answered.article;
    let text = procedure::law::clause(number).text().unwrap_or_default();
    let steps = answered.steps.iter().map(|step| step.name);
    Article {
        number,
        name: format!("第{}条", numeral(number)),
        paragraphs: text.lines().filter(|line| !line.is_empty()).collect(),
        readings: answered::readings_of(number).map(|reading| row(reading, switches)).collect(),
        answers: steps.chain(answered.rules.iter().map(|rule| rule.name)).collect(),
        refusals: answered.refusals.len(),
        reason: answered.reason,
        pending: answered.pending,
    }
}

fn row(reading: &'static Reading, switches: &Switches) -> ReadingRow {
    let word = |holds: bool| if holds { "采用" } else { "不采用" };
    let holds = switches.holds(reading);
    ReadingRow {
        id: reading.id,
        cite: reading.basis.into(),
        text: reading.text,
        default: word(reading.default),
        here: word(holds),
        holds,
        switchable: reading.switchable,
    }
}
