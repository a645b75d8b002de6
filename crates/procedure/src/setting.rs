//! Everything outside the dossier that a decision depends on, as one plain value.
//!
//! `decide` reads no clock, no table and no database: who calls it loads a [`Setting`] first.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};

use crate::{
    directory::Directory,
    dossier::Dossier,
    holidays::Holidays,
    readings::Switches,
    time::LastDay,
    value::{DepartmentId, Place, StaffId},
};

/// Everything outside the dossier that a decision depends on.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The moment, as a civil date and time in China (UTC+8).
    pub now: DateTime,
    /// The department in whose office the act is entered.
    pub department: DepartmentId,
    /// The people, departments and units known.
    pub directory: Arc<Directory>,
    /// The State Council's holiday table.
    pub holidays: Arc<Holidays>,
    /// Which switchable readings the department has switched off.
    pub readings: Switches,
    /// What the persons named are engaged in, in other dossiers.
    pub engagements: Vec<Engagement>,
    /// The other dossiers that the step may speak of.
    pub others: Vec<Other>,
    /// The id of a dossier that the act opens besides the one it is about.
    pub fresh: String,
}

impl Setting {
    /// What targets of a step on this dossier are looked up in.
    pub fn place<'a>(&'a self, dossier: &'a Dossier) -> Place<'a> {
        Place { dossier, directory: &self.directory, others: &self.others }
    }

    /// The civil date in China.
    pub fn today(&self) -> Date {
        self.now.date()
    }

    /// Whether a limit of months that ends on a day off ends with the next working day.
    pub fn last_day(&self) -> LastDay {
        if self.readings.holds(&crate::readings::LAST_DAY_MOVES) {
            LastDay::MovedToWorkingDay
        } else {
            LastDay::Kept
        }
    }
}

/// 其他卷宗. What a decision needs to know of another dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Its id.
    pub id: String,
    /// 线索编号 and, where it is filed, 案号.
    pub numbers: Vec<String>,
    /// Whose it is.
    pub department: DepartmentId,
    /// Whether it has not ended.
    pub open: bool,
}

impl Other {
    /// What of a dossier others need to know; nothing of one without entries.
    pub fn of(dossier: &Dossier) -> Option<Other> {
        let lead = dossier.intake.leads.first().map(|lead| &lead.number);
        let case = dossier.filing.case.as_ref().map(|case| &case.number);
        Some(Other {
            id: dossier.id.clone(),
            numbers: lead.into_iter().chain(case).map(ToString::to_string).collect(),
            department: dossier.department()?.clone(),
            open: !dossier.has_ended(),
        })
    }
}

/// Where somebody was, from when to when: nobody conducts two interviews at once (art. 35).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Engagement {
    /// Who.
    pub staff: StaffId,
    /// On which day.
    pub date: Date,
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
    /// Where.
    pub place: String,
}

impl Engagement {
    /// Whether the two share at least a minute.
    pub fn overlaps(&self, other: &Engagement) -> bool {
        self.date == other.date && self.from < other.to && other.from < self.to
    }
}
