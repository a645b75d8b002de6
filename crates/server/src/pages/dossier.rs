//! 卷宗. The page of one dossier: what to do on the left, what is on record on the right.

use askama::Template;
use jiff::civil::Date;
use procedure::{
    Dossier, Outcome, Setting, Stage, Verdict,
    act::{NOT_ONE_OF_US, NOT_YOURS},
    approval::MatterKind,
    check::Finding,
    deadline::{self, Desk, Running},
    intake::reporter,
    law::{self, Clause},
    step::Step,
    value::StaffId,
};

use super::{
    frame::{Cite, Frame, LimitMark, PROVISIONAL, cites},
    record::{ApprovalRow, Condition, EvidenceRow, HistoryRow, PaperRow, Reader, Record, Section},
    show::Shown,
};

/// The page of a dossier whose contents may be seen.
#[derive(Template)]
#[template(path = "dossier.html")]
pub(super) struct DossierPage {
    pub(super) frame: Frame,
    /// What was just recorded, after a redirect.
    pub(super) notice: Option<String>,
    id: String,
    title: String,
    grade: &'static str,
    heading: Heading,
    facts: Vec<(&'static str, String)>,
    steps: Steps,
    duties: Vec<Duty>,
    limits: Vec<LimitRow>,
    /// The holiday table that limits are counted with.
    holidays: String,
    conditions: [Condition; 4],
    approvals: Vec<ApprovalRow>,
    /// Whether the person decides on approvals.
    decides: bool,
    persons: Vec<Record>,
    secret_items: Vec<Record>,
    evidence: Vec<EvidenceRow>,
    findings: Vec<Condition>,
    sections: Vec<Section>,
    /// The leads whose sealed reporter this person may read: which of them, and its number.
    reporters: Vec<(u32, String)>,
    papers: Vec<PaperRow>,
    history: Vec<HistoryRow>,
}

/// 举报人信息. What is sealed, opened for who may read it.
#[derive(Template)]
#[template(path = "reporter.html")]
pub(super) struct ReporterPage {
    pub(super) frame: Frame,
    pub(super) id: String,
    pub(super) lead: u32,
    pub(super) text: String,
}

/// The page of a dossier of which only the outline may be seen.
#[derive(Template)]
#[template(path = "outline.html")]
pub(super) struct OutlinePage {
    pub(super) frame: Frame,
    notice: Option<String>,
    id: String,
    heading: Heading,
    facts: Vec<(&'static str, String)>,
    /// What this person can do about it from outside.
    steps: Vec<(&'static str, Vec<Go>)>,
    /// What lies on the desk of this person's department.
    duties: Vec<Duty>,
    limits: Vec<LimitRow>,
}

/// Where a dossier stands: nothing of its contents.
struct Heading {
    number: String,
    stage: Stage,
    track: Vec<Stop>,
    limit: Option<LimitRow>,
}

/// One stage on the way.
struct Stop {
    stage: Stage,
    since: Option<Date>,
    state: Passed,
}

#[derive(PartialEq)]
enum Passed {
    Done,
    Here,
    Ahead,
}

/// The steps, by what the regulation says to them.
#[derive(Default)]
struct Steps {
    /// 可以办理, by chapter.
    allowed: Vec<(&'static str, Vec<Go>)>,
    /// 尚不能判断.
    undetermined: Vec<Blocked>,
    /// 现在不能办理.
    refused: Vec<Blocked>,
    /// 由其他人员办理.
    others: Vec<Blocked>,
}

/// A step that can be taken.
struct Go {
    id: &'static str,
    name: &'static str,
    cite: Option<Cite>,
}

/// A step that cannot be taken, and why.
struct Blocked {
    name: &'static str,
    reasons: Vec<Reason>,
}

/// What stands against a step.
pub(super) struct Reason {
    /// What is wrong.
    pub(super) message: String,
    /// Under which clauses, and which reading.
    pub(super) cites: Vec<Cite>,
    /// 怎样做才合法.
    pub(super) hint: &'static str,
}

/// 待办.
struct Duty {
    name: String,
    cite: Cite,
    due: Option<LimitMark>,
    /// The step that discharges it, if this person can take it now.
    step: Option<Go>,
    /// The other department on whose desk it lies.
    desk: Option<String>,
    /// Whether it lies on the desk of this person's department.
    ours: bool,
}

/// 期限.
struct LimitRow {
    name: &'static str,
    cite: Cite,
    mark: LimitMark,
    /// Days gone and days in all, while it runs.
    elapsed: Option<(i32, i32)>,
}

impl DossierPage {
    /// Reads the page off a dossier, as this person may act on it.
    pub(super) fn new(frame: Frame, dossier: &Dossier, setting: &Setting, who: &StaffId) -> Self {
        let reader = Reader { dossier, setting };
        let verdicts = procedure::next_steps(dossier, setting, who);
        let staff = setting.directory.staff(who);
        DossierPage {
            notice: None,
            id: dossier.id.clone(),
            title: dossier.title().to_owned(),
            grade: crate::office::rows::marking(dossier),
            heading: Heading::new(dossier, setting),
            facts: facts(dossier, setting),
            duties: duties(dossier, setting, who, &verdicts),
            steps: Steps::new(&verdicts),
            limits: limits(dossier, setting),
            holidays: setting.holidays.name().to_owned(),
            conditions: reader.conditions(),
            approvals: reader.approvals(),
            decides: staff.is_some_and(|staff| staff.is_head()),
            persons: reader.persons(),
            secret_items: reader.secret_items(),
            evidence: reader.evidence(),
            findings: reader.findings(),
            sections: reader.sections(),
            reporters: reporters(dossier, setting, who),
            papers: reader.papers(),
            history: reader.history(),
            frame,
        }
    }
}

fn reporters(dossier: &Dossier, setting: &Setting, who: &StaffId) -> Vec<(u32, String)> {
    let readable = reporter::readable(dossier, setting, who);
    let leads = readable.filter_map(|(id, _)| Some((id.0, dossier.intake.leads.get(id.index())?)));
    leads.map(|(id, lead)| (id, lead.number.to_string())).collect()
}

impl OutlinePage {
    /// Number, units, stage and limits; nothing else.
    pub(super) fn new(
        frame: Frame,
        notice: Option<String>,
        dossier: &Dossier,
        setting: &Setting,
        who: &StaffId,
    ) -> Self {
        let shown = ["案号", "线索编号", "机关、单位", "承办部门"];
        let facts = facts(dossier, setting);
        let mut steps = Steps::default();
        let verdicts = procedure::next_steps(dossier, setting, who);
        let open = |verdict: &&Verdict| verdict.is_open() && verdict.step.is_taken_from_outside();
        verdicts.iter().filter(open).for_each(|verdict| steps.allow(verdict));
        OutlinePage {
            frame,
            notice,
            id: dossier.id.clone(),
            steps: steps.allowed,
            duties: duties(dossier, setting, who, &verdicts)
                .into_iter()
                .filter(|d| d.ours)
                .collect(),
            heading: Heading::new(dossier, setting),
            facts: facts.into_iter().filter(|(label, _)| shown.contains(label)).collect(),
            limits: limits(dossier, setting),
        }
    }
}

impl Heading {
    fn new(dossier: &Dossier, setting: &Setting) -> Heading {
        let running = deadline::limits(dossier, setting);
        let open = running.iter().filter(|limit| limit.met.is_none() && !dossier.has_ended());
        let first = open.min_by_key(|limit| limit.deadline.latest);
        Heading {
            number: number(dossier),
            stage: dossier.stage(),
            track: track(dossier),
            limit: first.map(|limit| limit_row(limit, dossier, setting.today())),
        }
    }
}

/// The number by which people cite a dossier: that of the case, or else that of the lead.
pub(super) fn number(dossier: &Dossier) -> String {
    match (&dossier.filing.case, dossier.intake.leads.first()) {
        (Some(case), _) => case.number.to_string(),
        (None, Some(lead)) => lead.number.to_string(),
        (None, None) => String::new(),
    }
}

fn track(dossier: &Dossier) -> Vec<Stop> {
    let here = dossier.stage();
    let submitted = |kind| {
        let submissions = dossier.approval.submissions.iter();
        submissions.filter(|s| s.matter.kind() == kind).map(|s| s.stamp.occurred).next_back()
    };
    let since = |stage| match stage {
        Stage::Registered => dossier.intake.received(),
        Stage::Review => dossier.filing.reviewers.iter().map(|r| r.since).min(),
        Stage::FilingPending => submitted(MatterKind::Filing),
        Stage::Investigation => dossier.filing.case.as_ref().map(|case| case.stamp.occurred),
        Stage::Handling => {
            dossier.investigation.fact_finding_ended.as_ref().map(|(_, stamp)| stamp.occurred)
        }
        Stage::ClosingPending => submitted(MatterKind::Closing),
        _ => dossier.ended_on(),
    };
    let main = [
        Stage::Registered,
        Stage::Review,
        Stage::FilingPending,
        Stage::Investigation,
        Stage::Handling,
        Stage::ClosingPending,
        Stage::Closed,
    ];
    let aside = dossier.has_ended() && here != Stage::Closed;
    let mut stages: Vec<_> = main.into_iter().filter(|s| !aside || since(*s).is_some()).collect();
    if aside {
        stages.retain(|stage| *stage != Stage::Closed);
        stages.push(here);
    }
    let place = stages.iter().position(|stage| *stage == here).unwrap_or_default();
    let stop = |(i, stage): (usize, Stage)| {
        let state = match i.cmp(&place) {
            std::cmp::Ordering::Less => Passed::Done,
            std::cmp::Ordering::Equal => Passed::Here,
            std::cmp::Ordering::Greater => Passed::Ahead,
        };
        let since = since(stage).filter(|_| state != Passed::Ahead);
        Stop { stage, since, state }
    };
    stages.into_iter().enumerate().map(stop).collect()
}

fn facts(dossier: &Dossier, setting: &Setting) -> Vec<(&'static str, String)> {
    let directory = &setting.directory;
    let names = |staff: &[procedure::dossier::Assignment]| {
        let name = |assignment: &procedure::dossier::Assignment| {
            let name = directory.staff_name(&assignment.staff);
            match dossier.general.stands_back(&assignment.staff, setting.today()) {
                true => format!("{name}（已回避）"),
                false => name.to_owned(),
            }
        };
        staff.iter().map(name).collect::<Vec<_>>().join("、")
    };
    let units: Vec<_> = dossier.units().into_iter().map(|unit| directory.unit_name(unit)).collect();
    let department = dossier.department().and_then(|id| directory.department(id));
    let lead = dossier.intake.leads.first();
    let filed = dossier.filing.case.as_ref().map(|case| {
        let approver = directory.staff_name(&case.stamp.by);
        format!("{}，{approver}批准", case.stamp.occurred)
    });
    let direct = !dossier.investigation.handlers.is_empty();
    let facts = [
        ("案号", dossier.filing.case.as_ref().map(|case| case.number.to_string())),
        ("线索编号", lead.map(|lead| lead.number.to_string())),
        ("机关、单位", Some(units.join("、"))),
        ("承办部门", department.map(|department| department.name.to_string())),
        ("线索来源", lead.map(|lead| lead.form.source.to_string())),
        ("初查人员", Some(names(&dossier.filing.reviewers))),
        ("办理方式", direct.then(|| "直接调查".to_owned())),
        ("办案人员", Some(names(&dossier.investigation.handlers))),
        ("立案", filed),
    ];
    let given = facts.into_iter().filter_map(|(label, value)| Some((label, value?)));
    given.filter(|(_, value)| !value.is_empty()).collect()
}

impl Steps {
    fn new(verdicts: &[Verdict]) -> Steps {
        let mut steps = Steps::default();
        for verdict in verdicts {
            let elses = [&NOT_YOURS, &NOT_ONE_OF_US].map(|refusal| refusal.code);
            let yours = !verdict.refusals().any(|f| elses.contains(&f.refusal.code));
            match verdict.outcome() {
                Outcome::Allowed | Outcome::Incomplete => steps.allow(verdict),
                Outcome::Undetermined => steps.undetermined.push(blocked(verdict)),
                Outcome::Refused if yours => steps.refused.push(blocked(verdict)),
                Outcome::Refused => steps.others.push(blocked(verdict)),
            }
        }
        steps
    }

    fn allow(&mut self, verdict: &Verdict) {
        let chapter = chapter(verdict.step.basis);
        let go = Go::from(verdict.step);
        match self.allowed.iter_mut().find(|(title, _)| *title == chapter) {
            Some((_, steps)) => steps.push(go),
            None => self.allowed.push((chapter, vec![go])),
        }
    }
}

/// The chapter in which most of the clauses stand, the first of equals.
fn chapter(basis: &[Clause]) -> &'static str {
    let chapters = || basis.iter().filter_map(|clause| Some(law::article(clause.article)?.chapter));
    let share = |number: u8| chapters().filter(|chapter| chapter.number == number).count();
    // Of equals the last is the greatest, hence the reversal.
    let chapters: Vec<_> = chapters().collect();
    let most = chapters.into_iter().rev().max_by_key(|chapter| share(chapter.number));
    most.map_or("", |chapter| chapter.title)
}

fn blocked(verdict: &Verdict) -> Blocked {
    let against = verdict.refusals().chain(verdict.unknown());
    let reasons = against.map(|finding| Reason::new(verdict, finding)).collect();
    Blocked { name: verdict.step.name, reasons }
}

impl Reason {
    /// What a finding says, with the clauses and the reading it rests on.
    pub(super) fn new(verdict: &Verdict, finding: &Finding) -> Reason {
        let mut cites = cites(verdict.basis(finding));
        cites.extend(finding.refusal.reading.map(Cite::from));
        Reason { message: finding.message(), cites, hint: finding.refusal.hint }
    }
}

impl From<&Step> for Go {
    fn from(step: &Step) -> Go {
        Go { id: step.id, name: step.name, cite: step.basis.first().copied().map(Cite::from) }
    }
}

/// What is still to be done, each with the step that does it where this person can take it.
fn duties(dossier: &Dossier, setting: &Setting, who: &StaffId, verdicts: &[Verdict]) -> Vec<Duty> {
    let own = setting.directory.staff(who).map(|staff| &staff.department);
    let open = |id| verdicts.iter().find(|verdict| verdict.step.id == id && verdict.is_open());
    let shown = deadline::duties(dossier, setting).into_iter().map(|duty| {
        let desk = match &duty.desk {
            Desk::Owner => dossier.department(),
            Desk::Department(department) => Some(department),
        };
        let other = desk.filter(|desk| Some(*desk) != own);
        let other = other.and_then(|desk| setting.directory.department(desk));
        Duty {
            name: duty.name,
            cite: duty.basis.into(),
            due: duty.due.map(|due| LimitMark::new(due, due, setting.today(), None)),
            step: open(duty.step).map(|verdict| Go::from(verdict.step)),
            desk: other.map(|department| department.name.to_string()),
            ours: desk.is_some() && desk == own,
        }
    });
    shown.collect()
}

fn limits(dossier: &Dossier, setting: &Setting) -> Vec<LimitRow> {
    let running = deadline::limits(dossier, setting);
    running.iter().map(|limit| limit_row(limit, dossier, setting.today())).collect()
}

fn limit_row(running: &Running, dossier: &Dossier, today: Date) -> LimitRow {
    let deadline = running.deadline;
    let gone = (today - deadline.start).get_days();
    let all = (deadline.nominal - deadline.start).get_days();
    let runs = running.met.is_none() && !dossier.has_ended() && all > 0;
    let mark = LimitMark::new(deadline.nominal, deadline.latest, today, running.met)
        .noting(running.extended, "已经延期")
        .noting(deadline.provisional && running.met.is_none(), PROVISIONAL);
    LimitRow {
        name: running.name,
        cite: running.basis.into(),
        mark,
        elapsed: runs.then(|| (gone.clamp(0, all), all)),
    }
}
