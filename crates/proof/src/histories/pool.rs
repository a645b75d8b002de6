//! 可能的步骤. What is drawn from where a history goes on at random: every step, and how scenarios fill it in.

use std::{collections::BTreeMap, sync::Arc};

use fastrand::Rng;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use procedure::{
    Dossier,
    step::{Field, OCCURRED, Relation},
    value::{Answer, Answers, Kind, StaffId},
};

use super::{
    changes::another_day,
    course::{Course, How, Try, Witness, answer_by_id},
    drawn::{Urn, chance, one_of},
    runs::{Run, Step},
};

/// What is drawn from.
#[derive(Debug)]
pub struct Pool {
    /// Every step, the more often the rarer it is in scenarios.
    steps: Vec<&'static procedure::step::Step>,
    /// How each is filled in.
    forms: BTreeMap<&'static str, Vec<Arc<Try>>>,
}

/// How often a step that no scenario takes would stand in the pool.
const WEIGHT: usize = 24;

impl Pool {
    /// What these runs have of each step.
    pub fn of(runs: &[Run]) -> Pool {
        let mut forms: BTreeMap<&'static str, Vec<Arc<Try>>> = BTreeMap::new();
        for run in runs {
            for line in run.lines.iter().skip(run.before) {
                if let Step::Try(tried) = &line.step {
                    forms.entry(tried.step.id).or_default().push(tried.clone());
                }
            }
        }
        let mut steps = Vec::new();
        for step in procedure::steps() {
            let seen = forms.get(step.id).map_or(0, Vec::len);
            steps.extend(std::iter::repeat_n(step, (WEIGHT * 2 / (2 + seen)).max(2)));
        }
        Pool { steps, forms }
    }

    /// Something that somebody tries next.
    pub fn draw<W: Witness>(&self, course: &Course<W>, rng: &mut Rng) -> Option<Try> {
        let empty = Dossier::default();
        let dossier = course.current().unwrap_or(&empty);
        let staff: Vec<_> = course.core.directory().all_staff().collect();
        let at = moment(course.now, rng);
        let mut found = None;
        for _ in 0..12 {
            let step = *one_of(rng, &self.steps)?;
            let who = match one_of(rng, &staff) {
                Some(staff) if step.who != [Relation::System] => staff.id.clone(),
                _ => StaffId::system(),
            };
            let setting = course.setting(&who, at);
            let open = procedure::ask(dossier, &setting, step, &who).is_open();
            found = Some((step, who, setting));
            if open || chance(rng, 2) {
                break;
            }
        }
        let (step, who, setting) = found?;
        let mut tried = Try { at, who, step, how: How::Regularly, answers: Answers::new() };
        if chance(rng, 12) {
            another_day(&mut tried, dossier, &setting, rng);
        }
        let today = tried.at.date();
        let mut urn = Urn { rng, place: setting.place(dossier), today };
        let forms = self.forms.get(step.id).map_or(&[][..], Vec::as_slice);
        tried.answers = match one_of(urn.rng, forms) {
            Some(form) if chance(urn.rng, 70) => fitted(form, &mut urn),
            _ => urn.form(step),
        };
        Some(tried)
    }
}

/// Mostly the same or the next days.
fn moment(now: DateTime, rng: &mut Rng) -> DateTime {
    match rng.u8(..10) {
        0..=5 => now,
        6..=8 => now.saturating_add(rng.i64(1..5).days()),
        _ => now.saturating_add(rng.i64(1..40).days()),
    }
}

/// The form of a scenario, as it would be filled in here and today.
fn fitted(form: &Try, urn: &mut Urn<'_>) -> Answers {
    let mut answers = Answers::new();
    for field in form.step.all_fields() {
        let Some(answer) = form.answers.get(field.id) else { continue };
        let answer = fit(answer, &field, form.at.date(), urn);
        answers.extend(answer.map(|answer| (field.id.to_owned(), answer)));
    }
    answers
}

fn fit(answer: &Answer, field: &Field, then: Date, urn: &mut Urn<'_>) -> Option<Answer> {
    match field.kind {
        Kind::Date => {
            let day: Date = answer.text()?.trim().parse().ok()?;
            let back = if field.id == OCCURRED && chance(urn.rng, 60) {
                0
            } else {
                (day - then).get_days()
            };
            let day = urn.today.saturating_add(i64::from(back).days());
            Some(Answer::One(day.to_string()))
        }
        Kind::Target(_) | Kind::List(Kind::Target(_)) => {
            let here = answer_by_id(answer, &field.kind, urn.place);
            let found = points_at_something(&here, &field.kind, urn);
            if found && chance(urn.rng, 80) { Some(here) } else { urn.field(field) }
        }
        Kind::Rows(columns) => {
            let Answer::Many(rows) = answer else { return urn.field(field) };
            let row = |row: &Answer| match row {
                Answer::Group(cells) => {
                    let cell = |column: &Field| {
                        let answer = fit(cells.get(column.id)?, column, then, urn)?;
                        Some((column.id.to_owned(), answer))
                    };
                    Answer::Group(columns.iter().filter_map(cell).collect())
                }
                other => other.clone(),
            };
            Some(Answer::Many(rows.iter().map(row).collect()))
        }
        _ => Some(answer.clone()),
    }
}

fn points_at_something(answer: &Answer, kind: &Kind, urn: &Urn<'_>) -> bool {
    match (kind, answer) {
        (Kind::List(kind), Answer::Many(list)) => {
            list.iter().all(|one| points_at_something(one, kind, urn))
        }
        (Kind::Target(target), Answer::One(text)) => {
            target.candidates(urn.place).iter().any(|candidate| candidate.id == text.trim())
        }
        _ => false,
    }
}
