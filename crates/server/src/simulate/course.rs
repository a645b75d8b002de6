//! 经过. One simulated matter as far as it has come: its dossiers, the moment, and the acts it takes.
//!
//! Every act goes through `decide`; one that the law refuses is a mistake of the story and is counted.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{
    Span,
    civil::{Date, DateTime, time},
};
use procedure::{
    Act, Dossier, Manner, Setting, companions, decide,
    directory::Directory,
    entry,
    holidays::Holidays,
    number,
    setting::{Engagement, Other},
    step::{Field, Step},
    supplementary::papers_due,
    value::{Answer, Answers, DossierId, File, Kind, StaffId, Value},
};

use super::{
    cast::{Bureau, Family},
    random::Random,
    words::Matter,
};

/// What the dossiers of a family have in common, in the order in which they are made.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) family: &'a Family,
    pub(super) holidays: Arc<Holidays>,
    /// The last number of each series.
    pub(super) numbers: BTreeMap<String, u32>,
    /// Where people were, for all dossiers so far.
    pub(super) engagements: BTreeMap<StaffId, Vec<Engagement>>,
    /// What stands in place of typeset papers.
    pub(super) paper: File,
    /// Nothing happens from here on.
    pub(super) until: DateTime,
}

/// Why a story goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The simulated time, or the patience of its people, is over.
    Over,
    /// The law refused an act: the story is wrong.
    Refused(String),
}

/// One matter; a story takes it from act to act.
pub(super) struct Course<'d, 'a> {
    pub(super) desk: &'d mut Desk<'a>,
    pub(super) random: Random,
    pub(super) matter: Matter,
    /// The one that the story is about, then those that were joined to it.
    pub(super) dossiers: Vec<Dossier>,
    /// The one that acts are about.
    pub(super) at: usize,
    pub(super) now: DateTime,
    /// Where the matter lies for ever, counted in acts.
    pub(super) abandoned: Option<usize>,
    /// Whose it is now, within the family.
    pub(super) place: usize,
    /// The two who handle it.
    pub(super) handlers: Vec<StaffId>,
}

/// One answer.
pub(super) fn one(text: impl Into<String>) -> Answer {
    Answer::One(text.into())
}

/// Several answers.
pub(super) fn many<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Answer {
    Answer::Many(texts.into_iter().map(one).collect())
}

impl Course<'_, '_> {
    pub(super) fn bureau(&self) -> Result<&Bureau, Stop> {
        self.desk.family.bureaus.get(self.place).ok_or(Stop::Over)
    }

    pub(super) fn head(&self) -> Result<StaffId, Stop> {
        self.bureau()?.heads.first().cloned().ok_or(Stop::Over)
    }

    pub(super) fn handler(&self) -> Result<StaffId, Stop> {
        self.handlers.first().cloned().ok_or(Stop::Over)
    }

    pub(super) fn today(&self) -> String {
        self.now.date().to_string()
    }

    /// So many working days later, at some hour of the day.
    pub(super) fn days(&mut self, low: usize, high: usize) {
        let days = self.random.between(low, high);
        if days == 0 {
            return self.minutes(10, 90);
        }
        let mut date = self.now.date();
        for _ in 0..days {
            date = next_working_day(&self.desk.holidays, date);
        }
        self.now = self.hour(date);
    }

    /// Calendar days later, on the last working day by then.
    pub(super) fn by_day(&mut self, days: i64) {
        let mut date = self.now.date().saturating_add(Span::new().days(days));
        while !self.desk.holidays.is_working_day(date) && date > self.now.date() {
            date = date.yesterday().unwrap_or(date);
        }
        if date > self.now.date() {
            self.now = self.hour(date);
        }
    }

    fn hour(&mut self, date: Date) -> DateTime {
        let minutes = self.random.between(0, 9 * 60);
        let minutes = i64::try_from(minutes).unwrap_or(0);
        date.to_datetime(time(8, 30, 0, 0)).saturating_add(Span::new().minutes(minutes))
    }

    /// Later on the same day.
    pub(super) fn minutes(&mut self, low: usize, high: usize) {
        let minutes = i64::try_from(self.random.between(low, high)).unwrap_or(0);
        let later = self.now.saturating_add(Span::new().minutes(minutes));
        if later.date() == self.now.date() {
            self.now = later;
        }
    }

    /// Takes a step on the dossier.
    pub(super) fn take(
        &mut self,
        who: &StaffId,
        step: &str,
        answers: &[(&str, Answer)],
    ) -> Result<(), Stop> {
        self.take_beside(who, step, answers, Vec::new())
    }

    /// The same, where the step names another dossier.
    pub(super) fn take_beside(
        &mut self,
        who: &StaffId,
        name: &str,
        answers: &[(&str, Answer)],
        others: Vec<Other>,
    ) -> Result<(), Stop> {
        let acts = self.dossiers.get(self.at).map_or(0, |dossier| dossier.history.len());
        if self.now >= self.desk.until || self.abandoned.is_some_and(|last| acts >= last) {
            return Err(Stop::Over);
        }
        let refused = |why: &str| Stop::Refused(format!("{name}：{why}"));
        let step = procedure::step(name).ok_or_else(|| refused("没有这一步骤"))?;
        let answers = by_id(step, answers).map_err(|label| refused(&format!("没有字段{label}")))?;
        let act = Act { step, who: who.clone(), manner: Manner::Regular, answers };
        let setting = self.setting(who, others);
        let dossier = self.dossiers.get(self.at).ok_or(Stop::Over)?;
        let verdict = decide(dossier, &setting, &act);
        let Some(mut entry) = entry(dossier, &setting, &act, &verdict) else {
            let mut why: Vec<_> = verdict.refusals().map(|finding| finding.message()).collect();
            why.extend(verdict.unknown().map(|finding| finding.message()));
            why.extend(verdict.missing.iter().map(|field| format!("缺{field}")));
            why.extend(verdict.malformed.iter().map(|wrong| wrong.message.clone()));
            return Err(refused(&format!("{}，{}", why.join("；"), self.now)));
        };
        number::fill(&mut entry, |series| {
            let last = self.desk.numbers.entry(series.to_owned()).or_default();
            *last += 1;
            *last
        });
        for (DossierId(other), event) in companions(&entry) {
            let other = self.dossiers.iter_mut().find(|dossier| dossier.id == other);
            let other = other.ok_or_else(|| refused("没有另一卷宗"))?;
            other.apply(entry.beside(other, event));
        }
        self.dossiers.get_mut(self.at).ok_or(Stop::Over)?.apply(entry);
        self.fix_papers()
    }

    /// The system fixes a paper as soon as it is issued; a placeholder stands for what it would typeset.
    fn fix_papers(&mut self) -> Result<(), Stop> {
        let due = self.dossiers.get(self.at).map(papers_due).unwrap_or_default();
        let Some((paper, entry)) = due.first() else { return Ok(()) };
        let answers = [
            ("文书", paper.write()),
            ("所依据的记录", one(entry.to_string())),
            ("文书文件", self.desk.paper.write()),
            ("模板", one("模拟")),
            ("排版程序", one("模拟，未排版")),
        ];
        let left = self.abandoned.take();
        let taken = self.take(&StaffId::system(), "固定文书", &answers);
        self.abandoned = left;
        taken
    }

    fn setting(&self, who: &StaffId, others: Vec<Other>) -> Setting {
        let directory: &Arc<Directory> = &self.desk.family.directory;
        let owner = self.dossiers.get(self.at).and_then(Dossier::department);
        let serves = directory.staff(who).map(|staff| &staff.department);
        let department = serves.or(owner).cloned();
        let department =
            department.unwrap_or_else(|| procedure::value::DepartmentId(String::new()));
        let engaged = self.handlers.iter().filter_map(|staff| self.desk.engagements.get(staff));
        let today = self.now.date();
        Setting {
            now: self.now,
            readings: directory.switches(&department),
            department,
            directory: directory.clone(),
            holidays: self.desk.holidays.clone(),
            engagements: engaged.flatten().filter(|held| held.date == today).cloned().collect(),
            others,
            fresh: String::new(),
        }
    }

    /// Waits for an hour at which both handlers are free, and stays till its end.
    pub(super) fn meet(&mut self) -> Result<(&'static str, &'static str), Stop> {
        const SLOTS: [(&str, &str, i8, i8); 4] = [
            ("08:30", "09:50", 8, 10),
            ("10:10", "11:40", 10, 12),
            ("13:30", "14:50", 13, 15),
            ("15:20", "16:40", 15, 17),
        ];
        for _ in 0..60 {
            let date = self.now.date();
            let first = self.random.below(SLOTS.len());
            for turn in 0..SLOTS.len() {
                let Some((from, to, begins, ends)) =
                    SLOTS.get((first + turn) % SLOTS.len()).copied()
                else {
                    continue;
                };
                let (begins, ends) = (time(begins, 0, 0, 0), time(ends, 0, 0, 0));
                let held = self.handlers.iter().filter_map(|who| self.desk.engagements.get(who));
                let mut held = held.flatten().filter(|held| held.date == date);
                if !held.any(|held| held.from < ends && begins < held.to) {
                    let end = date.to_datetime(ends);
                    self.now = end.saturating_add(Span::new().minutes(5)).max(self.now);
                    return Ok((from, to));
                }
            }
            self.days(1, 1);
        }
        Err(Stop::Over)
    }
}

/// The next working day.
pub(super) fn next_working_day(holidays: &Holidays, date: Date) -> Date {
    let mut next = date.tomorrow().unwrap_or(date);
    while !holidays.is_working_day(next) && next < Date::MAX {
        next = next.tomorrow().unwrap_or(Date::MAX);
    }
    next
}

/// Answers by the ids of their fields.
fn by_id<'l>(step: &Step, answers: &[(&'l str, Answer)]) -> Result<Answers, &'l str> {
    let mut found = Answers::new();
    for (label, answer) in answers {
        let field = step.all_fields().find(|field| field.label == *label).ok_or(*label)?;
        let answer = match (field.kind, answer) {
            (Kind::Rows(columns), Answer::Many(rows)) => {
                Answer::Many(rows.iter().map(|row| row_by_id(columns, row)).collect())
            }
            (_, answer) => answer.clone(),
        };
        found.insert(field.id.to_owned(), answer);
    }
    Ok(found)
}

/// A row of a table by the ids of its columns.
fn row_by_id(columns: &[Field], row: &Answer) -> Answer {
    let Answer::Group(cells) = row else { return row.clone() };
    let cell = |(label, cell): (&String, &Answer)| {
        let column = columns.iter().find(|column| column.label == label);
        (column.map_or(label.as_str(), |column| column.id).to_owned(), cell.clone())
    };
    Answer::Group(cells.iter().map(cell).collect())
}
