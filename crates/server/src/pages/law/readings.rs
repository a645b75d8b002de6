//! 解读. Every reading with its switch, the question before one is switched, and who switched what.

use askama::Template;
use procedure::{
    law::clause,
    readings::{self, READINGS, Reading},
};

use super::{Cite, Frame, ReadingRow, word};
use crate::{
    office::ReadingSwitch,
    pages::{frame::minute, visit::Visit},
};

/// 解读一览.
#[derive(Template)]
#[template(path = "readings.html")]
pub(super) struct ReadingsPage {
    frame: Frame,
    department: String,
    readings: Vec<ReadingRow>,
    /// Whether only those that a department can switch are shown.
    only_switchable: bool,
    all: usize,
    switchable: usize,
    may_switch: bool,
    history: Vec<SwitchRow>,
}

/// 改变. One switch that was made.
struct SwitchRow {
    when: String,
    who: String,
    cite: Option<Cite>,
    to: &'static str,
}

impl ReadingsPage {
    pub(super) fn new(visit: &Visit, history: Vec<ReadingSwitch>, only_switchable: bool) -> Self {
        let directory = visit.state.office.directory();
        let switches = directory.switches(&visit.department());
        let mut shown: Vec<_> =
            READINGS.iter().filter(|reading| !only_switchable || reading.switchable).collect();
        // Those of counting, of neighbouring law and of defects, which are named by words, come last.
        let is_named = |id: &str| !id.starts_with(|first: char| first.is_ascii_digit());
        shown.sort_by_key(|reading| (is_named(reading.id), reading.basis.article, reading.id));
        let history = history.into_iter().rev().map(|switch| SwitchRow {
            when: minute(switch.entered),
            who: directory.staff_name(&switch.who).to_owned(),
            cite: readings::find(&switch.reading).map(Cite::from),
            to: word(switch.holds),
        });
        ReadingsPage {
            frame: visit.frame("解读", "law"),
            department: department(visit),
            readings: shown
                .into_iter()
                .map(|reading| ReadingRow::new(reading, &switches))
                .collect(),
            only_switchable,
            all: READINGS.len(),
            switchable: READINGS.iter().filter(|reading| reading.switchable).count(),
            may_switch: visit.is_head(),
            history: history.collect(),
        }
    }
}

/// The question before a reading is switched.
#[derive(Template)]
#[template(path = "reading.html")]
pub(super) struct ReadingPage {
    frame: Frame,
    department: String,
    reading: ReadingRow,
    /// The words that are read.
    law: Vec<&'static str>,
    law_name: String,
    /// What it is to be from now on.
    to: &'static str,
    holds: bool,
    /// The conditions that rest on it.
    checks: Vec<&'static str>,
    error: Option<&'static str>,
}

impl ReadingPage {
    pub(super) fn new(
        visit: &Visit,
        reading: &'static Reading,
        error: Option<&'static str>,
    ) -> Self {
        let switches = visit.state.office.directory().switches(&visit.department());
        let holds = !switches.holds(reading);
        let rests = procedure::refusals()
            .filter(|refusal| refusal.reading.is_some_and(|other| other.id == reading.id));
        let text = reading.basis.text().or(clause(reading.basis.article).text());
        let text = text.unwrap_or_default();
        ReadingPage {
            frame: visit.frame("改变解读", "law"),
            department: department(visit),
            reading: ReadingRow::new(reading, &switches),
            law: text.lines().filter(|line| !line.is_empty()).collect(),
            law_name: reading.basis.to_string(),
            to: word(holds),
            holds,
            checks: rests.map(|refusal| refusal.rule).collect(),
            error,
        }
    }
}

fn department(visit: &Visit) -> String {
    let directory = visit.state.office.directory();
    directory.department(&visit.department()).map(|it| it.name.to_string()).unwrap_or_default()
}
