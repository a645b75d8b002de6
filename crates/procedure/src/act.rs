//! An act, and what the regulation says to it.
//!
//! `decide` is the only way to a verdict: it judges what every step has in common, then the step's own rule.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use crate::{
    answered::LegalRule,
    check::{Check, Judgement, Refusal, Verdict, refusals},
    directory::{Level, Role},
    dossier::{At, Dossier, Entry, Event},
    general::access::{Access, access},
    law::clause,
    setting::Setting,
    step::{Malformed, OCCURRED, Occurs, Relation, Step},
    value::{Answers, DepartmentId, DossierId, Kind, LongText, StaffId, read_date},
};

/// In force since this day (art. 64).
pub const IN_FORCE: Date = date(2018, 1, 1);

/// How an act is put on the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// As planned or lawfully done.
    Regular,
    /// 如实记录. It took place in breach and is recorded as it happened.
    AsHappened {
        /// 情况说明.
        circumstances: LongText,
    },
    /// 更正. It corrects a mistyped fact of an earlier entry.
    Correcting {
        /// The version of that entry.
        entry: u64,
        /// 更正理由.
        reason: Option<LongText>,
    },
}

/// A step that somebody takes.
#[derive(Clone, Debug)]
pub struct Act {
    /// The step.
    pub step: &'static Step,
    /// Who takes it.
    pub who: StaffId,
    /// How it is put on the record.
    pub manner: Manner,
    /// What was filled in.
    pub answers: Answers,
}

refusals! {
    NOT_ONE_OF_US = "act.not_one_of_us", [],
        "办理人不在有权办理的部门任职",
        "由有权办理的部门的在职工作人员办理",
        "办理人在有权办理的部门任职";
    NOT_YOURS = "act.not_yours", [],
        "办理人不具备办理这一步骤的身份",
        "由有权办理的人员办理",
        "办理人具备办理这一步骤的身份";
    STANDS_BACK = "act.stands_back", [clause(9).paragraph(1)],
        "办理人已经回避，不得再参与本案",
        "由其他人员办理",
        "办理人没有回避";
    MUST_BE_REGISTERED = "act.must_be_registered", [clause(23)],
        "线索尚未登记",
        "先登记线索",
        "线索已经登记，或者正在登记";
    HAS_ENDED = "act.has_ended", [],
        "本案已经办结，不能再办理",
        "查阅卷宗即可；确有新的线索，另行登记",
        "本案尚未办结";
    IS_HERE = "act.is_here", [clause(16).paragraph(1)],
        "案件正在移送途中",
        "由接收部门收到后办理；途中只能采取补救措施，或者由移送部门取回",
        "案件不在移送途中";
    NOT_IN_FUTURE = "act.not_in_future", [], at "occurred",
        "发生日期晚于录入日期",
        "如实填写已经发生的日期",
        "发生日期不晚于录入日期";
    IN_FORCE_THEN = "act.in_force_then", [clause(64)], at "occurred",
        "发生日期早于本办法施行之日（2018年1月1日）",
        "施行前的事项按当时的规定办理",
        "发生日期不早于本办法施行之日（2018年1月1日）";
    NOT_BEFORE_LEAD = "act.not_before_lead", [clause(23)], at "occurred",
        "发生日期早于接到线索之日",
        "核对发生日期",
        "发生日期不早于接到线索之日";
    NOT_BEFORE_PREMISE = "act.not_before_premise", [], at "occurred",
        "发生日期早于它所针对的事项",
        "核对发生日期",
        "发生日期不早于它所针对的事项";
    NOTHING_TO_CHOOSE = "act.nothing_to_choose", [],
        "尚没有可以选择的事项",
        "先办理产生该事项的步骤",
        "已有可以选择的事项";
    NOT_AS_HAPPENED = "act.not_as_happened", [],
        "这一步骤不能作为已经发生的行为如实记录",
        "按正常方式办理",
        "这一步骤可以作为已经发生的行为如实记录";
    NOT_CORRECTABLE = "act.not_correctable", [],
        "这一记录不能更正",
        "另行办理相应的步骤",
        "这一记录可以更正";
    CORRECTION_NEEDS_REASON = "act.correction_needs_reason", [],
        "已有后续决定以此为据，更正须说明理由",
        "填写更正理由",
        "更正有理由，或者没有后续决定以此为据";
}

/// Steps stand in their chapters.
pub static STEPS: &[Step] = &[];

/// Rules that are not steps stand in their chapters.
pub static RULES: &[LegalRule] = &[];

/// Every refusal of this module.
pub static REFUSALS_BY_MODULE: &[&[&Refusal]] = &[REFUSALS];

/// What the regulation says to an act on a dossier.
pub fn decide(dossier: &Dossier, setting: &Setting, act: &Act) -> Verdict {
    judge(dossier, setting, act, Check::new(setting))
}

/// What the regulation says to a step before any answer is given.
pub fn ask(dossier: &Dossier, setting: &Setting, step: &'static Step, who: &StaffId) -> Verdict {
    let act = Act { step, who: who.clone(), manner: Manner::Regular, answers: Answers::new() };
    judge(dossier, setting, &act, Check::asking(setting))
}

/// Every step that people can take, with what the regulation says to it.
pub fn next_steps(dossier: &Dossier, setting: &Setting, who: &StaffId) -> Vec<Verdict> {
    crate::steps()
        .filter(|step| step.who != [Relation::System] && step.id != crate::intake::REGISTER)
        .map(|step| ask(dossier, setting, step, who))
        .collect()
}

fn judge(dossier: &Dossier, setting: &Setting, act: &Act, mut check: Check<'_>) -> Verdict {
    let occurred = occurred(act, setting, &mut check);
    judge_actor(&At { dossier, setting, act, occurred }, &mut check);
    let at = At { dossier, setting, act, occurred };
    if let Manner::Correcting { entry, reason } = &act.manner {
        judge_correction(dossier, act, *entry, reason.is_some(), &mut check);
        // What is corrected is judged as it would have been, had it been typed correctly.
        let before = dossier.before(*entry);
        let now = dossier.entry(*entry).map_or(setting.now, |entry| entry.entered);
        let then = Setting { now, ..setting.clone() };
        // What was done inside the product was done when it was entered first.
        let occurred = match act.step.occurs {
            Occurs::WhenEntered => Some(then.today()),
            Occurs::OnDay(_) => occurred,
        };
        return judge_form(dossier, &At { dossier: &before, setting: &then, act, occurred }, check);
    }
    judge_form(dossier, &at, check)
}

fn judge_form(dossier: &Dossier, at: &At<'_>, mut check: Check<'_>) -> Verdict {
    let act = at.act;
    judge_day(at, &mut check);
    if at.is_as_happened() {
        check.that(act.step.recordable_as_happened, &NOT_AS_HAPPENED);
    }
    judge_fields(act, &mut check);
    judge_targets(at, &mut check);
    let event = (act.step.judge)(&act.answers, at, &mut check);
    conclude(dossier, at, event, check)
}

fn judge_actor(at: &At<'_>, check: &mut Check<'_>) {
    let At { dossier, setting, act, .. } = at;
    let is_first = act.step.id == crate::intake::REGISTER;
    if act.step.who == [Relation::System] {
        check.that(act.who == StaffId::system(), &NOT_YOURS);
    } else {
        let staff = setting.directory.staff(&act.who).filter(|staff| !staff.roles.is_empty());
        let within = staff.is_some_and(|staff| {
            act.step.who.iter().any(|relation| is_desk(*relation, &staff.department, at))
        });
        check.that(within, &NOT_ONE_OF_US);
        let mut may = act.step.who.iter().any(|relation| holds(*relation, at));
        if matches!(act.manner, Manner::Correcting { .. }) {
            // Who first recorded the fact may no longer be concerned with the dossier.
            may |= holds(Relation::Handler, at) || holds(Relation::Head, at);
        }
        // Who serves elsewhere is told that, and not besides that they hold no post here.
        if within {
            check.of(who_may(act.step)).that(may, &NOT_YOURS);
        }
        check.that(!dossier.general.stands_back(&act.who, setting.today()), &STANDS_BACK);
    }
    check.that(is_first || dossier.version() > 0, &MUST_BE_REGISTERED);
    let correcting = matches!(act.manner, Manner::Correcting { .. });
    check.that(act.step.after_end || correcting || !dossier.has_ended(), &HAS_ENDED);
    check.that(act.step.in_transit || dossier.jurisdiction.transit.is_none(), &IS_HERE);
}

fn who_may(step: &Step) -> String {
    step.who.iter().map(|relation| relation.label()).collect::<Vec<_>>().join("或者")
}

/// Whether a department is one in which people of this relation serve.
fn is_desk(relation: Relation, department: &DepartmentId, at: &At<'_>) -> bool {
    let At { dossier, setting, .. } = at;
    let owner = dossier.department().unwrap_or(&setting.department);
    let above = || setting.directory.superiors(owner);
    match relation {
        Relation::Clerk | Relation::Handler | Relation::Head => department == owner,
        Relation::Receiver => dossier.jurisdiction.receiver() == Some(department),
        Relation::Former => dossier.jurisdiction.formers().any(|former| former == department),
        // Nobody but the nation is its own next higher department; where that of another is not known here, its paper is recorded.
        Relation::NextHigher => match above().first() {
            Some(next) => next.id == *department,
            None => department == owner && is_nation(owner, at),
        },
        Relation::Superior => above().iter().any(|superior| superior.id == *department),
        Relation::System => false,
    }
}

fn is_nation(department: &DepartmentId, at: &At<'_>) -> bool {
    let department = at.setting.directory.department(department);
    department.is_some_and(|department| department.level == Level::National)
}

pub(crate) fn holds(relation: Relation, at: &At<'_>) -> bool {
    let Some(staff) = at.setting.directory.staff(at.who()) else { return false };
    if !is_desk(relation, &staff.department, at) {
        return false;
    }
    let is_clerk = staff.roles.contains(&Role::Clerk);
    match relation {
        Relation::Clerk => {
            // A clerk's business is what they registered, until the review begins (reading 10-1).
            let theirs = || access(at.dossier, at.setting, at.who()) == Access::Contents;
            is_clerk && (at.dossier.version() == 0 || theirs())
        }
        Relation::Handler => at.dossier.assigned_on(at.today()).contains(&at.who()),
        Relation::Receiver => is_clerk || staff.is_head(),
        Relation::Head => staff.is_head() || at.dossier.general.acts_as_head(&staff.id, at.today()),
        Relation::Former | Relation::NextHigher | Relation::Superior => staff.is_head(),
        Relation::System => false,
    }
}

/// The day on which the act occurred: today, or what was answered.
fn occurred(act: &Act, setting: &Setting, check: &mut Check<'_>) -> Option<Date> {
    if act.step.occurs == Occurs::WhenEntered {
        return Some(setting.today());
    }
    let answer = act.answers.get(OCCURRED).filter(|answer| !answer.is_blank())?;
    read_date(answer.text().unwrap_or_default().trim())
        .map_err(|message| {
            check.malformed().push(Malformed { field: OCCURRED.to_owned(), message });
        })
        .ok()
}

fn judge_day(at: &At<'_>, check: &mut Check<'_>) {
    if at.act.step.occurs == Occurs::WhenEntered {
        return check.that(at.today() >= IN_FORCE, &IN_FORCE_THEN);
    }
    let occurred = at.occurred;
    check.that(occurred.map(|day| day <= at.today()), &NOT_IN_FUTURE);
    if at.act.step.may_precede_lead {
        return;
    }
    check.that(occurred.map(|day| day >= IN_FORCE), &IN_FORCE_THEN);
    // Of several leads the first received need not be the first registered.
    let adds_lead = at.act.step.id == crate::intake::leads::ADD_LEAD.id;
    if let Some(received) = at.dossier.intake.received().filter(|_| !adds_lead) {
        check.that(occurred.map(|day| day >= received), &NOT_BEFORE_LEAD);
    }
}

fn judge_correction(
    dossier: &Dossier,
    act: &Act,
    entry: u64,
    reasoned: bool,
    check: &mut Check<'_>,
) {
    let found = dossier.entry(entry).filter(|found| {
        // A correction is not corrected; the entry is corrected once more.
        found.step == act.step.id && !matches!(found.event, Event::Corrected { .. })
    });
    let untouched = !crate::supplementary::is_signed(dossier, entry);
    check.that(act.step.correctable && found.is_some() && untouched, &NOT_CORRECTABLE);
    let rests = |later: &Entry| {
        crate::step(&later.step).is_some_and(|step| step.weight == crate::step::Weight::Decision)
            || matches!(later.event, Event::Approval(_))
    };
    let rested_on = dossier.history.iter().filter(|later| later.version > entry).any(rests);
    check.that(reasoned || !rested_on, &CORRECTION_NEEDS_REASON);
}

/// A step about something that is not there yet is not possible, however its form is filled in.
fn judge_targets(at: &At<'_>, check: &mut Check<'_>) {
    for field in at.act.step.fields.iter().filter(|field| field.required) {
        let target = match field.kind {
            Kind::Target(target) | Kind::List(&Kind::Target(target)) => target,
            _ => continue,
        };
        let exists = !target.is_empty(at.place());
        // Other dossiers are looked up only for the step that is filled in, so that none is known says nothing yet.
        let is_elsewhere = target == DossierId::TARGET;
        let known = exists || !(check.is_asking() && is_elsewhere);
        check.of(field.label).that(known.then_some(exists), &NOTHING_TO_CHOOSE);
    }
}

/// Fields that the step does not have; a mistyped field name must not lose what was entered.
fn judge_fields(act: &Act, check: &mut Check<'_>) {
    for id in act.answers.keys() {
        if !act.step.all_fields().any(|field| field.id == id) {
            let message = format!("没有「{}」这一项", crate::value::excerpt(id));
            check.malformed().push(Malformed { field: id.clone(), message });
        }
    }
}

fn conclude(dossier: &Dossier, at: &At<'_>, event: Option<Event>, check: Check<'_>) -> Verdict {
    let act = at.act;
    let (findings, malformed) = check.finish();
    let step = act.step;
    let answered = |id: &str| act.answers.get(id).is_some_and(|answer| !answer.is_blank());
    let missing = step.all_fields().filter(|f| f.required && !answered(f.id)).map(|f| f.id);
    let mut breaches = Vec::new();
    // What was recorded as it happened is corrected as that.
    let corrected = match act.manner {
        Manner::Correcting { entry, .. } => dossier.entry(entry),
        _ => None,
    };
    let in_breach = corrected.is_some_and(|entry| !entry.breaches.is_empty());
    if (at.is_as_happened() || in_breach) && step.recordable_as_happened {
        let breached = findings.iter().filter(|f| f.conduct && f.judgement == Judgement::Fails);
        breaches.extend(breached.map(|finding| finding.refusal));
    }
    let mut verdict =
        Verdict { step, missing: missing.collect(), findings, malformed, event: None, breaches };
    if verdict.outcome() == crate::check::Outcome::Allowed {
        verdict.event = event.map(|event| match &act.manner {
            Manner::Correcting { entry, reason } => correction(dossier, at, event, *entry, reason),
            _ => event,
        });
    }
    verdict
}

fn correction(
    dossier: &Dossier,
    at: &At<'_>,
    mut event: Event,
    entry: u64,
    reason: &Option<LongText>,
) -> Event {
    // The number that people already cite stays.
    let number = dossier.entry(entry).and_then(Entry::number);
    if let Some((new, old)) = event.number_mut().zip(number) {
        *new = old.clone();
    }
    let occurred = at.occurred.unwrap_or(at.today());
    Event::Corrected { entry, event: Box::new(event), occurred, reason: reason.clone() }
}

/// The entry that an act becomes, if its verdict allows it.
pub fn entry(dossier: &Dossier, setting: &Setting, act: &Act, verdict: &Verdict) -> Option<Entry> {
    let event = verdict.event.clone()?;
    let occurred = match (&event, act.answers.get(OCCURRED)) {
        (Event::Corrected { .. }, _) | (_, None) => setting.today(),
        (_, Some(answer)) => read_date(answer.text()?.trim()).ok()?,
    };
    let at = At { dossier, setting, act, occurred: Some(occurred) };
    let number = act.step.series.filter(|_| !matches!(event, Event::Corrected { .. }));
    let mut breaches: Vec<_> = verdict.breaches.iter().map(|b| b.code.to_owned()).collect();
    breaches.dedup();
    Some(Entry {
        version: dossier.version() + 1,
        step: act.step.id.to_owned(),
        by: act.who.clone(),
        department: at.desk().clone(),
        entered: setting.now,
        occurred,
        breaches,
        circumstances: match &act.manner {
            Manner::AsHappened { circumstances } => Some(circumstances.clone()),
            _ => None,
        },
        holidays: setting.holidays.fingerprint().to_owned(),
        readings: verdict.readings(),
        number: number.map(|series| at.number(series)),
        event,
    })
}
