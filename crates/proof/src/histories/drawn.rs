//! 抽取. Answers drawn at random from what a step's fields are declared to take.
//!
//! Deliberately absent: any knowledge of a step; what is lawful is found by trying.

use fastrand::Rng;
use jiff::{
    ToSpan,
    civil::{Date, Time},
};
use procedure::{
    Dossier, Setting, deadline,
    step::{Field, OCCURRED, Step},
    value::{Answer, Answers, Kind, Place},
};
use scenario::core::file_answer;

use super::runs::SEALED;

/// What answers are drawn from.
pub struct Urn<'a> {
    /// Chance.
    pub rng: &'a mut Rng,
    /// What may be pointed at.
    pub place: Place<'a>,
    /// The day of the act.
    pub today: Date,
}

const WORDS: [&str; 4] = ["样例", "示例内容", "另一样例", "情况如所附材料"];
const NAMES: [&str; 4] = ["丁一", "丁二", "丁三", "样例文件"];
const TIMES: [(i8, i8); 8] =
    [(0, 0), (8, 30), (9, 0), (9, 30), (10, 0), (11, 30), (14, 0), (23, 59)];

/// One of a list, if there is any.
pub fn one_of<'a, T>(rng: &mut Rng, list: &'a [T]) -> Option<&'a T> {
    list.get(rng.usize(..list.len().max(1)))
}

/// Whether something with a chance of `percent` in a hundred comes up.
pub fn chance(rng: &mut Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

impl Urn<'_> {
    /// Answers to a whole form: what is required, and about half of the rest.
    pub fn form(&mut self, step: &Step) -> Answers {
        let mut answers = Answers::new();
        for field in step.all_fields() {
            if field.required || self.rng.bool() {
                answers.extend(self.field(&field).map(|answer| (field.id.to_owned(), answer)));
            }
        }
        answers
    }

    /// An answer to one field; none where there is nothing to choose.
    pub fn field(&mut self, field: &Field) -> Option<Answer> {
        if field.id == OCCURRED {
            let back = if chance(self.rng, 70) { 0 } else { self.rng.i64(0..15) };
            return Some(self.day(-back).to_string().as_str().into());
        }
        self.kind(&field.kind, field.id)
    }

    fn kind(&mut self, kind: &Kind, id: &str) -> Option<Answer> {
        Some(match kind {
            Kind::Text => (*one_of(self.rng, &NAMES)?).into(),
            Kind::LongText => (*one_of(self.rng, &WORDS)?).into(),
            Kind::Date => Answer::One(self.date().to_string()),
            Kind::Time => Answer::One(self.time(id)),
            Kind::Number => Answer::One(self.rng.u32(1..5).to_string()),
            Kind::Choice(choices) => one_of(self.rng, choices)?.id.into(),
            Kind::Fact => self.fact(),
            Kind::File => file_answer("样例.txt", one_of(self.rng, &WORDS)?.as_bytes()),
            Kind::Sealed => SEALED.into(),
            Kind::Target(target) => {
                Answer::One(one_of(self.rng, &target.candidates(self.place))?.id.clone())
            }
            Kind::List(kind) => Answer::Many(self.list(kind, id)),
            Kind::Rows(fields) => {
                let rows = 1 + usize::from(chance(self.rng, 30));
                Answer::Many((0..rows).map(|_| self.row(fields)).collect())
            }
        })
    }

    /// Mostly one or two, rarely the same twice or everything.
    fn list(&mut self, kind: &Kind, id: &str) -> Vec<Answer> {
        let many = match kind {
            Kind::Choice(choices) if chance(self.rng, 20) => choices.len(),
            _ => 1 + usize::from(self.rng.bool()) + usize::from(chance(self.rng, 20)),
        };
        let mut list = Vec::new();
        for _ in 0..many * 2 {
            let answer = self.kind(kind, id);
            let is_new = answer.as_ref().is_some_and(|answer| !list.contains(answer));
            if list.len() < many && (is_new || chance(self.rng, 3)) {
                list.extend(answer);
            }
        }
        list
    }

    fn row(&mut self, fields: &[Field]) -> Answer {
        let mut cells = Answers::new();
        for field in fields {
            if field.required || self.rng.bool() {
                cells.extend(self.field(field).map(|answer| (field.id.to_owned(), answer)));
            }
        }
        Answer::Group(cells)
    }

    fn fact(&mut self) -> Answer {
        match self.rng.u8(..10) {
            0..=5 => "是".into(),
            6..=7 => "否".into(),
            8 => "未查明：样例".into(),
            _ => "不适用：样例".into(),
        }
    }

    /// What begins is drawn earlier than what ends, so that most spans are in order.
    fn time(&mut self, id: &str) -> String {
        let later = usize::from(id.starts_with("to") || id.ends_with("to"));
        let at = (self.rng.usize(..5) + later * 3).min(TIMES.len() - 1);
        let (hour, minute) = TIMES.get(at).copied().unwrap_or_default();
        Time::constant(hour, minute, 0, 0).strftime("%H:%M").to_string()
    }

    /// A day on which much turns: today, one of the record, one near either.
    pub fn date(&mut self) -> Date {
        let near = *one_of(self.rng, &[0, 0, 0, 1, -1, 7, 10, 30, -30, 31, 60]).unwrap_or(&0);
        let days: Vec<_> = self.place.dossier.history.iter().map(|entry| entry.occurred).collect();
        match one_of(self.rng, &days) {
            Some(day) if chance(self.rng, 40) => day.saturating_add(near.days()),
            _ => self.day(near),
        }
    }

    fn day(&self, days: i64) -> Date {
        self.today.saturating_add(days.days())
    }
}

/// The days on which the limits of a dossier run out, and those beside them.
pub fn turning_points(dossier: &Dossier, setting: &Setting) -> Vec<Date> {
    let limits = deadline::limits(dossier, setting);
    let ends = limits.iter().flat_map(|limit| [limit.deadline.nominal, limit.deadline.latest]);
    let duties = deadline::duties(dossier, setting);
    let due = duties.iter().filter_map(|duty| duty.due);
    let around = |day: Date| [-1, 0, 1].map(|days: i64| day.saturating_add(days.days()));
    ends.chain(due).flat_map(around).collect()
}
