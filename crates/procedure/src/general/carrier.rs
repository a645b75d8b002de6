//! 下落不明的国家秘密载体. From the day it is missed, ten days or sixty are left to find it (art. 5-1).

use jiff::civil::Date;

use super::Grade;
use crate::{
    check::{Check, refusals},
    deadline::{self, Desk, Duty, Running},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    limit::{LOST_OTHER, LOST_TOP_SECRET, Limit},
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    time::Deadline,
    value::{LongText, SecretItemId, Text, names, numbered},
};

const CLERK_OR_HANDLER: &[Relation] = &[Relation::Clerk, Relation::Handler];

/// 登记下落不明的载体.
pub const REPORT_MISSING: Step = Step::of::<ReportMissing>(
    "report_missing",
    "登记下落不明的国家秘密载体",
    &[clause(5).item(1)],
    CLERK_OR_HANDLER,
)
.on_day("发现下落不明的日期")
.before_lead()
.correctable();

/// 下落不明的载体已找到.
pub const FIND_CARRIER: Step = Step::of::<FindCarrier>(
    "find_carrier",
    "下落不明的载体已找到",
    &[clause(5).item(1)],
    CLERK_OR_HANDLER,
)
.on_day("找到日期")
.before_lead()
.correctable();

refusals! {
    WATCHED_ONCE = "carrier.watched_once", [clause(5).item(1)], at "name",
        "已登记过同一载体，尚未找到",
        "每个载体登记一次；确系不同的载体，以编号加以区别",
        "没有登记过尚未找到的同一载体";
    NOT_FOUND_YET = "carrier.not_found_yet", [clause(5).item(1)], at "carrier",
        "该载体已经找到",
        "选择尚未找到的载体",
        "该载体尚未找到";
    FOUND_AFTER_MISSED = "carrier.found_after_missed", [clause(5).item(1)], at "occurred",
        "找到日期早于发现下落不明的日期",
        "核对日期",
        "找到日期不早于发现下落不明的日期";
}

numbered! {
    /// 下落不明的载体.
    CarrierId = "carrier", "下落不明的载体", |dossier| {
        names(dossier.general.carriers.iter().map(|carrier| carrier.form.name.as_str()))
    };
}

form! {
    /// 登记下落不明的国家秘密载体. Each carrier has a watch of its own.
    ReportMissing / ReportMissingDraft {
        name: Text = "载体名称、编号";
        grade: Grade = "密级";
        item: Option<SecretItemId> = "所载的国家秘密事项";
        search: LongText = "发现经过和查找措施";
    }
}

impl Rule for ReportMissing {
    fn judge(
        draft: ReportMissingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        // What was found may be missing again, from another day on.
        let carriers = &at.dossier.general.carriers;
        let watched =
            |name: &Text| carriers.iter().any(|c| c.found.is_none() && c.form.name == *name);
        check.that(draft.name.as_ref().map(|name| !watched(name)), &WATCHED_ONCE);
        Some(super::Event::CarrierMissing(Self::complete(draft)?).into())
    }
}

form! {
    /// 下落不明的载体已找到. Where and how it was found.
    FindCarrier / FindCarrierDraft {
        carrier: CarrierId = "载体";
        place: Text = "找到的地点";
        circumstances: LongText = "找到的经过和载体状况";
    }
}

impl Rule for FindCarrier {
    fn judge(
        draft: FindCarrierDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let carriers = &at.dossier.general.carriers;
        let carrier = draft.carrier.as_ref().and_then(|id| carriers.get(id.index()));
        check.that(carrier.map(|carrier| carrier.found.is_none()), &NOT_FOUND_YET);
        let in_order = carrier.zip(at.occurred).map(|(c, day)| c.stamp.occurred <= day);
        check.that(in_order, &FOUND_AFTER_MISSED);
        Some(super::Event::CarrierFound(Self::complete(draft)?).into())
    }
}

/// 下落不明的载体. One watch.
#[derive(Clone, Debug)]
pub struct Carrier {
    /// What is missing.
    pub form: ReportMissing,
    /// Who reported it; `occurred` is the day of discovery.
    pub stamp: Stamp,
    /// Where it was found and when.
    pub found: Option<(FindCarrier, Stamp)>,
}

impl Carrier {
    fn limit(&self) -> &'static Limit {
        match self.form.grade {
            Grade::TopSecret => &LOST_TOP_SECRET,
            Grade::Secret | Grade::Confidential => &LOST_OTHER,
        }
    }

    /// The last day on which it can be found; not moved, since nothing has to be done on it.
    pub fn deadline(&self, setting: &Setting) -> Option<Deadline> {
        deadline::of(self.stamp.occurred, self.limit().length, setting)
    }

    /// Whether it is handled as a leak: the last day has passed, and it was not found by then.
    pub fn is_leak(&self, on: Date, setting: &Setting) -> bool {
        let Some(last) = self.deadline(setting).map(|deadline| deadline.latest) else {
            return false;
        };
        on > last && self.found.as_ref().is_none_or(|(_, stamp)| stamp.occurred > last)
    }
}

pub(super) fn find(carriers: &mut [Carrier], form: &FindCarrier, stamp: Stamp) {
    if let Some(carrier) = carriers.get_mut(form.carrier.index()) {
        carrier.found = Some((form.clone(), stamp));
    }
}

pub(super) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    for carrier in &dossier.general.carriers {
        let Limit { id, name, basis, .. } = *carrier.limit();
        let Some(deadline) = carrier.deadline(setting) else { continue };
        let met = carrier.found.as_ref().map(|(_, stamp)| stamp.occurred).or(dossier.ended_on());
        limits.push(Running { id, name, basis, deadline, met, extended: false });
    }
}

pub(super) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    let leak = dossier.general.leak.as_ref().map(|(form, _)| form.lost.as_slice());
    for (carrier, id) in dossier.general.carriers.iter().zip((1..).map(CarrierId)) {
        let handled = leak.is_some_and(|lost| lost.contains(&id));
        let is_leak = carrier.is_leak(setting.today(), setting);
        let is_filed = dossier.filing.case.is_some();
        // Found too late, it is still handled as a leak (reading 5-1).
        if handled || (carrier.found.is_some() && !(is_leak && is_filed)) {
            continue;
        }
        let name = &carrier.form.name;
        duties.push(Duty {
            name: match is_leak {
                true => format!("载体在期限内查无下落，按泄露国家秘密处理：{name}"),
                false => format!("下落不明的载体待查找：{name}"),
            },
            basis: clause(5).item(1),
            due: carrier.deadline(setting).map(|deadline| deadline.nominal),
            // Before filing there is no finding to be made yet; the search goes on.
            step: match is_leak && is_filed {
                true => "find_leak",
                false => FIND_CARRIER.id,
            },
            desk: Desk::Owner,
        });
    }
}
