//! 期限. The limits and duties of a dossier as they stand on a day.
//!
//! Open limits are computed with the newest holiday table each time they are shown; nothing here is stored with the dossier.

use jiff::civil::Date;

use crate::{
    dossier::Dossier,
    law::Clause,
    setting::Setting,
    time::{self, Deadline, Length},
    value::DepartmentId,
};

/// One limit that runs or has run.
#[derive(Clone, Debug)]
pub struct Running {
    /// Stable identifier.
    pub id: &'static str,
    /// 名称.
    pub name: &'static str,
    /// The clause that sets it.
    pub basis: Clause,
    /// Start, total length, nominal and latest day.
    pub deadline: Deadline,
    /// The day on which what it limits was done.
    pub met: Option<Date>,
    /// 已延期.
    pub extended: bool,
}

/// 待办. Something that must still be done, with or without a date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// What is to be done.
    pub name: String,
    /// The clause that demands it.
    pub basis: Clause,
    /// By when, if a day was set.
    pub due: Option<Date>,
    /// The step that discharges it.
    pub step: &'static str,
    /// Whose desk it lies on.
    pub desk: Desk,
}

/// Whose desk a duty lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desk {
    /// The department that owns the dossier.
    Owner,
    /// Another department, such as the next higher one.
    Department(DepartmentId),
}

/// A limit of this total length from `start`, under the readings and the holiday table of the setting.
pub(crate) fn of(start: Date, length: Length, setting: &Setting) -> Option<Deadline> {
    time::deadline(start, length, setting.last_day(), &setting.holidays)
}

/// A limit to a day that was set: not moved.
pub(crate) fn to_date(start: Date, day: Date, setting: &Setting) -> Deadline {
    let days = (day - start).get_days();
    let length = Length::Days(u16::try_from(days).unwrap_or_default());
    Deadline { start, length, nominal: day, latest: day, provisional: !setting.holidays.knows(day) }
}

/// Every limit of a dossier, in the order of the articles.
pub fn limits(dossier: &Dossier, setting: &Setting) -> Vec<Running> {
    let mut limits = Vec::new();
    crate::general::limits(dossier, setting, &mut limits);
    crate::jurisdiction::limits(dossier, setting, &mut limits);
    crate::intake::limits(dossier, setting, &mut limits);
    crate::filing::limits(dossier, setting, &mut limits);
    crate::closing::limits(dossier, setting, &mut limits);
    crate::investigation::limits(dossier, setting, &mut limits);
    limits
}

/// Every duty of a dossier that is open, in the order of the articles.
///
/// Each chapter says itself which of its duties outlive the end of the dossier.
pub fn duties(dossier: &Dossier, setting: &Setting) -> Vec<Duty> {
    let mut duties = Vec::new();
    crate::approval::duties(dossier, &mut duties);
    crate::general::duties(dossier, setting, &mut duties);
    crate::jurisdiction::duties(dossier, setting, &mut duties);
    crate::evidence::duties(dossier, &mut duties);
    crate::intake::duties(dossier, setting, &mut duties);
    crate::filing::duties(dossier, setting, &mut duties);
    crate::investigation::duties(dossier, setting, &mut duties);
    crate::closing::duties(dossier, setting, &mut duties);
    crate::cooperation::duties(dossier, setting, &mut duties);
    crate::liability::duties(dossier, setting, &mut duties);
    if dossier.jurisdiction.transit.is_some() {
        // What nobody may do on the way waits for the receiver.
        duties.retain(|duty| crate::step(duty.step).is_some_and(|step| step.in_transit));
    }
    duties
}
