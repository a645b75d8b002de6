//! 相关规定. Neighbouring law that no department works without: not in the sixty-four articles, each with its source and dates in force.
//!
//! A report of a leak goes up level by level within 24 hours: one clock for the whole chain, in hours, from first receipt; it runs where the time of receipt was recorded.
//! Each rule is a reading that a department can switch off.

use crate::{
    check::{Check, refusals},
    deadline::{self, Desk, Duty, Running},
    directory::Level,
    dossier::{self, At, Dossier, Stamp},
    intake::{self, Lead, Source},
    investigation::Appraisal,
    law::clause,
    readings,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    time::Length,
    value::{DepartmentId, LongText, choice},
};
use jiff::{
    ToSpan,
    civil::{Date, DateTime, Time, date},
};

/// 相关规定. One provision, as far as the product goes by it.
#[derive(Debug)]
pub struct Provision {
    /// 名称.
    pub name: &'static str,
    /// 出处.
    pub source: &'static str,
    /// In force since.
    pub since: Date,
    /// The last day on which it was in force.
    pub until: Option<Date>,
    /// What it says, in Chinese.
    pub about: &'static str,
}

/// Every provision the product goes by, the versions of one in order of time.
pub static PROVISIONS: [Provision; 6] = [
    Provision {
        name: REPORT,
        source: "保密法实施条例（2014年）第三十五条",
        since: date(2014, 3, 1),
        until: Some(date(2024, 8, 31)),
        about: "保密行政管理部门接到泄密报告后，24小时内逐级上报国家保密行政管理部门",
    },
    Provision {
        name: REPORT,
        source: "保密法实施条例（2024年）第六十一条",
        since: date(2024, 9, 1),
        until: None,
        about: "保密行政管理部门接到泄密报告后，24小时内逐级上报国家保密行政管理部门",
    },
    Provision {
        name: APPRAISAL,
        source: "国家秘密鉴定工作规定",
        since: date(2021, 9, 1),
        until: Some(date(2024, 8, 31)),
        about: "受理后30日内出具鉴定结论，经批准可以延长30日，专家评审时间不计",
    },
    Provision {
        name: APPRAISAL,
        source: "保密法实施条例（2024年）第六十三条",
        since: date(2024, 9, 1),
        until: None,
        about: "受理后30日内出具鉴定结论，经批准可以延长30日，专家评审时间不计",
    },
    Provision {
        name: "涉嫌犯罪的移送",
        source: "刑法第一百一十一条",
        since: date(1997, 10, 1),
        until: None,
        about: "为境外窃取、刺探、收买、非法提供国家秘密、情报的，一般移送国家安全机关",
    },
    Provision {
        name: "涉嫌犯罪的移送",
        source: "刑法第二百八十二条、第三百九十八条",
        since: date(1997, 10, 1),
        until: None,
        about: "非法获取、持有的，一般移送公安机关；泄露的，公职人员一般移送监察机关，其他人员移送公安机关",
    },
];

const REPORT: &str = "逐级上报";

const APPRAISAL: &str = "密级鉴定时限";

/// 30日. How long an appraisal may take, and how much longer where that is approved.
const APPRAISAL_LENGTH: Length = Length::Days(30);

/// 24小时. Within which a report reaches the national department, and within which a unit reports.
pub const REPORT_HOURS: i64 = 24;

/// The provisions of this name in force on a day.
pub fn in_force(name: &str, on: Date) -> impl Iterator<Item = &'static Provision> {
    PROVISIONS.iter().filter(move |provision| {
        provision.name == name
            && provision.since <= on
            && provision.until.is_none_or(|until| on <= until)
    })
}

choice! {
    /// 移送的机关. Where suspected crime and other matters go; the text names none of them (art. 29).
    Authority {
        StateSecurity = "state_security", "国家安全机关";
        Police = "police", "公安机关";
        Supervision = "supervision", "监察机关";
        Procuratorate = "procuratorate", "检察机关";
        Other = "other", "其他有关部门";
    }
}

/// 逐级上报.
pub const PASS_UP: Step = Step::of::<PassUp>(
    "pass_up",
    "逐级上报泄密报告",
    &[clause(23)],
    &[Relation::Clerk, Relation::Handler, Relation::Head, Relation::Superior],
)
.on_day("上报日期")
.after_end();

refusals! {
    CLOCK_RUNS = "neighbours.clock_runs", [clause(23)], by REPORT_UP,
        "没有登记接到时刻，或者已经上报国家保密行政管理部门",
        "登记线索时写明接到时刻",
        "逐级上报的时限正在计算";
    YOURS_TO_PASS = "neighbours.yours_to_pass", [clause(23)], by REPORT_UP,
        "报告不在办理人所在的部门等待上报",
        "由收到报告的部门上报",
        "报告在办理人所在的部门等待上报";
    PASSED_IN_ORDER = "neighbours.passed_in_order", [clause(23)], by REPORT_UP, at "time",
        "上报时刻早于接到或者上一次上报的时刻，或者晚于录入时刻",
        "核对上报时刻",
        "上报时刻在接到报告以后";
}

form! {
    /// 逐级上报. One level passes the report on to the next higher department.
    PassUp / PassUpDraft {
        time: Time = "上报时刻";
        remarks: Option<LongText> = "上报方式和内容";
    }
}

impl Rule for PassUp {
    fn judge(draft: PassUpDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let clock = clock(at.dossier, at.setting);
        let waits = clock.as_ref().and_then(|clock| clock.holder.as_ref());
        check.that(waits.is_some(), &CLOCK_RUNS);
        check.that(waits.map(|holder| holder == at.desk()), &YOURS_TO_PASS);
        let passed = at.occurred.zip(draft.time).map(|(day, time)| day.to_datetime(time));
        let in_order = clock
            .as_ref()
            .zip(passed)
            .map(|(clock, passed)| (clock.last..=at.setting.now).contains(&passed));
        check.that(in_order, &PASSED_IN_ORDER);
        Some(intake::Event::PassedUp(Self::complete(draft)?).into())
    }
}

/// 上报. One level that passed the report on.
#[derive(Clone, Debug)]
pub struct Passed {
    /// 上报内容.
    pub form: PassUp,
    /// By which department.
    pub by: DepartmentId,
    /// Who and when.
    pub stamp: Stamp,
}

impl Passed {
    fn at(&self) -> DateTime {
        self.stamp.occurred.to_datetime(self.form.time)
    }
}

/// 逐级上报时限. One clock over the whole chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clock {
    /// 接到时刻.
    pub start: DateTime,
    /// 届满时刻.
    pub end: DateTime,
    /// When it was last passed on, or received.
    pub last: DateTime,
    /// Whose it is to pass on; nobody's once it reached the national department.
    pub holder: Option<DepartmentId>,
}

/// How far the clock has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// 时限过半.
    Half,
    /// 时限过四分之三.
    ThreeQuarters,
    /// 已经届满.
    End,
}

impl Alarm {
    /// 名称.
    pub const fn label(self) -> &'static str {
        match self {
            Alarm::Half => "时限过半",
            Alarm::ThreeQuarters => "时限过四分之三",
            Alarm::End => "已经逾期",
        }
    }
}

impl Clock {
    /// The alarm that sounds at a moment, if the report still waits.
    pub fn alarm(&self, now: DateTime) -> Option<Alarm> {
        self.holder.as_ref()?;
        let sounds = |quarters: i64| {
            let from = self.start.saturating_add((REPORT_HOURS * 15 * quarters).minutes());
            now >= from
        };
        // The end itself is still in time.
        match () {
            () if now > self.end => Some(Alarm::End),
            () if sounds(3) => Some(Alarm::ThreeQuarters),
            () if sounds(2) => Some(Alarm::Half),
            () => None,
        }
    }
}

/// The clock of a dossier, where the time of receipt was recorded.
pub fn clock(dossier: &Dossier, setting: &Setting) -> Option<Clock> {
    let first = dossier.intake.leads.iter().filter_map(received_at).min()?;
    in_force(REPORT, first.date()).next()?;
    let passed = &dossier.intake.passed_up;
    let opened = dossier.history.first().map(|entry| &entry.department)?;
    let directory = &setting.directory;
    let holder = match passed.last() {
        Some(last) => directory.superiors(&last.by).first().map(|above| above.id.clone()),
        None => Some(opened.clone()),
    };
    // With the national department it has arrived.
    let has_arrived = |holder: &DepartmentId| {
        directory.department(holder).is_some_and(|d| d.level == Level::National)
    };
    Some(Clock {
        start: first,
        end: first.saturating_add(REPORT_HOURS.hours()),
        last: passed.last().map_or(first, Passed::at),
        holder: holder.filter(|holder| !has_arrived(holder)),
    })
}

fn received_at(lead: &Lead) -> Option<DateTime> {
    lead.form.time.map(|time| lead.stamp.occurred.to_datetime(time))
}

/// 逾期报告. Whether a lead is on record as reported too late by the unit.
pub fn is_reported_late(lead: &Lead, setting: &Setting) -> bool {
    setting.readings.holds(&readings::UNIT_REPORT)
        && lead.form.source == Source::UnitReport
        && unit_was_late(lead) == Some(true)
}

/// Whether a unit reported later than 24 hours after it discovered the leak; unknown where the times do not tell.
fn unit_was_late(lead: &Lead) -> Option<bool> {
    let found = lead.form.discovered?;
    let (discovered, received) = (lead.form.discovered_at, lead.form.time);
    let span = |from: Time, to: Time| {
        let (from, to) = (found.to_datetime(from), lead.stamp.occurred.to_datetime(to));
        to > from.saturating_add(REPORT_HOURS.hours())
    };
    // Without times of day, only what holds for every time of those days is known.
    let latest = span(discovered.unwrap_or(Time::midnight()), received.unwrap_or(Time::MAX));
    let earliest = span(discovered.unwrap_or(Time::MAX), received.unwrap_or(Time::midnight()));
    (latest == earliest).then_some(latest)
}

/// The limit of an appraisal that was asked for, from the day of the request: 30 days, and 30 more where they were approved.
pub(crate) fn appraisal_limit(appraisal: &Appraisal, setting: &Setting) -> Option<Running> {
    let start = appraisal.stamp.occurred;
    in_force(APPRAISAL, start).next()?;
    let extended = appraisal.extended.is_some();
    let length =
        if extended { APPRAISAL_LENGTH.extended_by(APPRAISAL_LENGTH)? } else { APPRAISAL_LENGTH };
    setting.readings.holds(&readings::APPRAISAL_LIMIT).then_some(())?;
    Some(Running {
        id: "appraisal",
        name: APPRAISAL,
        basis: clause(47),
        deadline: deadline::of(start, length, setting)?,
        met: appraisal.result.as_ref().map(|(_, stamp)| stamp.occurred),
        extended,
    })
}

/// The duties under neighbouring law that are open.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    if !setting.readings.holds(&readings::REPORT_UP) {
        return;
    }
    let Some(clock) = clock(dossier, setting) else { return };
    let alarm = clock.alarm(setting.now).map(|alarm| format!("，{}", alarm.label()));
    let Some(holder) = clock.holder else { return };
    let desk =
        if dossier.department() == Some(&holder) { Desk::Owner } else { Desk::Department(holder) };
    duties.push(Duty {
        name: format!(
            "泄密报告待逐级上报，{}届满{}",
            clock.end.strftime("%Y-%m-%d %H:%M"),
            alarm.unwrap_or_default()
        ),
        basis: clause(23),
        due: Some(clock.end.date()),
        step: PASS_UP.id,
        desk,
    });
}
