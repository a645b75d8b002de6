//! 期限. The limits and duties of a dossier as they stand on a day.
//!
//! Open limits are computed with the newest holiday table each time they are shown; nothing here is stored with the dossier.

use jiff::civil::Date;

use crate::{
    dossier::Dossier,
    law::Clause,
    setting::Setting,
    time::{self, Deadline, Length},
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
    limits.extend(crate::filing::limits(dossier, setting));
    limits.extend(crate::closing::limits(dossier, setting));
    limits.extend(crate::investigation::limits(dossier, setting));
    limits
}

/// Every duty of a dossier that is open, in the order of the articles.
pub fn duties(dossier: &Dossier, setting: &Setting) -> Vec<Duty> {
    let mut duties = Vec::new();
    if !dossier.has_ended() {
        crate::approval::duties(dossier, &mut duties);
        crate::general::duties(dossier, &mut duties);
        crate::intake::duties(dossier, &mut duties);
        crate::filing::duties(dossier, &mut duties);
    }
    crate::investigation::duties(dossier, &mut duties);
    crate::closing::duties(dossier, setting, &mut duties);
    duties
}
