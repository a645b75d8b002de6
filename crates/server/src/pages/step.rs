//! 办理. The page of one step: its form, what was submitted before, and what stands against it.

use std::collections::BTreeMap;

use askama::Template;
use procedure::{
    Access, Dossier, Entry, Setting, Verdict, access,
    approval::{Fate, MatterKind, Submission},
    ask, law,
    step::{Field, OCCURRED, Step},
    value::{Answer, Answers, Kind, StaffId},
};

use super::{
    dossier::{Reason, number},
    form::{self, Filled, Part},
    frame::{Cite, Frame, cites, minute},
    record::{HistoryRow, Reader},
    show::{self, Line, Shown},
};

/// The page of one step.
#[derive(Template)]
#[template(path = "step.html")]
pub(super) struct StepPage {
    pub(super) frame: Frame,
    /// The dossier; empty while there is none.
    id: String,
    /// The number and title of the dossier.
    crumb: String,
    heading: String,
    cites: Vec<Cite>,
    /// The words of the article that grants the step.
    law: Option<(String, &'static str)>,
    action: String,
    uploads: bool,
    given: Vec<Given>,
    parts: Vec<Part>,
    /// What stands against the step before anything is filled in.
    against: Vec<Reason>,
    /// What stands against what was filled in.
    problems: Vec<Problem>,
    sheet: Sheet,
    warning: Option<&'static str>,
    quicker: Option<Quicker>,
    /// Whether an act that already took place can be recorded as it happened.
    offers_as_happened: bool,
    correcting: Option<u64>,
    /// A remark above the form.
    remark: Option<String>,
    who: StaffId,
}

/// What is posted with the answers.
#[derive(Clone, Default)]
pub(super) struct Sheet {
    /// The key that makes a form that is posted twice one act.
    pub(super) key: String,
    /// The version of the dossier that the person saw.
    pub(super) seen: u64,
    /// Whether the person confirmed what cannot be undone.
    pub(super) confirmed: bool,
    /// Whether the act is recorded as it happened.
    pub(super) as_happened: bool,
    /// 情况说明.
    pub(super) circumstances: String,
    /// 更正理由.
    pub(super) why: String,
}

/// What stands against what was filled in.
#[derive(Clone)]
pub(super) struct Problem {
    message: String,
    /// Where it is to be mended.
    field: Option<String>,
    cites: Vec<Cite>,
    hint: &'static str,
}

/// Something that was submitted, shown for reading before it is decided.
struct Given {
    title: String,
    meta: String,
    lines: Vec<Line>,
}

/// Who was quicker, and with what.
struct Quicker {
    by: String,
    changes: Vec<HistoryRow>,
}

/// How a page of a step is asked for.
pub(super) struct Request<'a> {
    pub(super) step: &'static Step,
    pub(super) dossier: &'a Dossier,
    pub(super) setting: &'a Setting,
    pub(super) who: &'a StaffId,
    /// The entry that is corrected.
    pub(super) correcting: Option<&'a Entry>,
    pub(super) answers: Answers,
    pub(super) sheet: Sheet,
    /// The repeating group that was asked to grow.
    pub(super) more: Option<&'a str>,
}

impl StepPage {
    /// The form, filled with the answers, and with what is wrong with them.
    pub(super) fn new(frame: Frame, request: Request<'_>, problems: Vec<Problem>) -> StepPage {
        let Request { step, dossier, setting, who, correcting, answers, sheet, more } = request;
        let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for problem in &problems {
            if let Some(field) = &problem.field {
                errors.entry(field.clone()).or_default().push(problem.message.clone());
            }
        }
        // What is corrected points at what was there when it was entered.
        let before = correcting.map(|entry| dossier.before(entry.version));
        let place = setting.place(before.as_ref().unwrap_or(dossier));
        let filled = Filled { answers: &answers, errors: &errors, more };
        let action = match correcting {
            _ if dossier.version() == 0 => "/register".to_owned(),
            Some(entry) => format!("/dossiers/{}/entries/{}/correct", dossier.id, entry.version),
            None => format!("/dossiers/{}/steps/{}", dossier.id, step.id),
        };
        let submission = submission(step, &answers, dossier);
        let basis = submission.and_then(|s| submitting(dossier, s)).map_or(step.basis, |s| s.basis);
        let verdict = correcting.is_none().then(|| ask(dossier, setting, step, who));
        let against = problems.is_empty().then_some(verdict).flatten();
        StepPage {
            id: dossier.id.clone(),
            crumb: match access(dossier, setting, who) {
                Access::Contents => format!("{}　{}", number(dossier), dossier.title()),
                // From outside a dossier is known by its number alone.
                Access::Outline | Access::None => number(dossier),
            },
            heading: step.name.to_owned(),
            cites: cites(basis),
            law: basis.first().and_then(|clause| {
                let whole = law::clause(clause.article);
                Some((whole.to_string(), whole.text()?))
            }),
            action,
            uploads: step.fields.iter().any(|field| field.kind == Kind::File),
            given: submission.map_or_else(Vec::new, |s| given(s, dossier, setting)),
            parts: form::parts(step.all_fields(), &filled, place),
            against: against.map_or_else(Vec::new, |verdict| {
                verdict
                    .refusals()
                    .chain(verdict.unknown())
                    .map(|f| Reason::new(&verdict, f))
                    .collect()
            }),
            problems,
            sheet,
            warning: step.warning.filter(|_| correcting.is_none()),
            quicker: None,
            offers_as_happened: false,
            correcting: correcting.map(|entry| entry.version),
            remark: None,
            who: who.clone(),
            frame,
        }
    }

    /// Offers to record the act as it happened, where its breaches allow that.
    pub(super) fn offering(mut self, verdict: &Verdict) -> StepPage {
        let breached = verdict.refusals().any(|finding| finding.conduct);
        self.offers_as_happened = verdict.step.recordable_as_happened && breached;
        self
    }

    /// Says who was quicker, and takes what is there now as seen.
    pub(super) fn after(mut self, by: String, dossier: &Dossier, setting: &Setting) -> StepPage {
        let seen = self.sheet.seen;
        let mut changes = Reader { dossier, setting }.history();
        let reads = access(dossier, setting, &self.who) == Access::Contents;
        changes.retain(|row| reads && row.version > seen);
        self.sheet.seen = dossier.version();
        self.quicker = Some(Quicker { by, changes });
        self
    }

    /// Adds a remark above the form.
    pub(super) fn remarking(mut self, remark: impl Into<String>) -> StepPage {
        self.remark = Some(remark.into());
        self
    }
}

impl Problem {
    /// Something that the page itself asks for.
    pub(super) fn at(field: &str, message: impl Into<String>, hint: &'static str) -> Problem {
        Problem { message: message.into(), field: Some(field.to_owned()), cites: vec![], hint }
    }

    /// Something that speaks of no field.
    pub(super) fn in_general(message: String) -> Problem {
        Problem { message, field: None, cites: vec![], hint: "" }
    }
}

/// Everything that a verdict says against what was filled in: the law first, then what cannot be read or is missing.
pub(super) fn problems(verdict: &Verdict) -> Vec<Problem> {
    let against = verdict.refusals().chain(verdict.unknown()).map(|finding| {
        let Reason { message, cites, hint } = Reason::new(verdict, finding);
        Problem { message, field: finding.refusal.field.map(str::to_owned), cites, hint }
    });
    let fields: Vec<_> = verdict.step.all_fields().collect();
    let label = |id: &str| fields.iter().find(|field| field.id == id).map_or("", |f| f.label);
    let malformed = verdict.malformed.iter().map(|wrong| {
        let message = match label(&wrong.field) {
            "" => wrong.message.clone(),
            label => format!("「{label}」{}", wrong.message),
        };
        Problem::at(&wrong.field, message, "")
    });
    let missing = verdict.missing.iter().filter(|id| {
        let said = |finding: &&procedure::check::Finding| finding.refusal.field == Some(**id);
        !verdict.refusals().any(|finding| said(&finding))
    });
    let missing = missing.map(|id| Problem::at(id, format!("「{}」没有填写", label(id)), ""));
    against.chain(malformed).chain(missing).collect()
}

/// The answers with which a correction begins: those that are on record.
pub(super) fn recorded(dossier: &Dossier, entry: &Entry, step: &Step) -> Answers {
    let (event, occurred) = dossier.corrected(entry);
    let mut answers = event.answers();
    if step.all_fields().any(|field| field.id == OCCURRED) {
        answers.insert(OCCURRED.to_owned(), Answer::One(occurred.to_string()));
    }
    answers
}

/// The submission that a step decides on: the one named, or else the first that waits.
fn submission<'a>(step: &Step, answers: &Answers, dossier: &'a Dossier) -> Option<&'a Submission> {
    if !matches!(step.id, "approve" | "return") {
        return None;
    }
    let named = answers.get("submission").and_then(Answer::text).unwrap_or_default();
    dossier.approval.submissions.iter().find(|submission| match named {
        "" => submission.state == Fate::Pending,
        named => submission.id.to_string() == named,
    })
}

/// The step by which something was submitted.
fn submitting(dossier: &Dossier, submission: &Submission) -> Option<&'static Step> {
    procedure::step(&dossier.entry(submission.stamp.version)?.step)
}

/// What was submitted, for who decides on it.
fn given(submission: &Submission, dossier: &Dossier, setting: &Setting) -> Vec<Given> {
    let submissions = &dossier.approval.submissions;
    let place = setting.place(dossier);
    let lines = |fields: &'static [Field], answers: &Answers| {
        show::lines(fields.iter().copied(), answers, place)
    };
    let kind = submission.matter.kind();
    let form = submitting(dossier, submission);
    let by = setting.directory.staff_name(&submission.stamp.by);
    let mut given = vec![Given {
        title: format!("呈报：{kind}"),
        meta: format!("{by}　{}　校验值 {}", minute(submission.stamp.entered), submission.digest),
        lines: form.map_or_else(Vec::new, |step| lines(step.fields, &submission.matter.answers())),
    }];
    if matches!(kind, MatterKind::Filing | MatterKind::NotHandled) {
        for entry in &dossier.history {
            let attached = ["register", "verify_lead", "answer_review", "report_review"];
            let Some(step) = procedure::step(&entry.step).filter(|s| attached.contains(&s.id))
            else {
                continue;
            };
            if matches!(entry.event, procedure::Event::Corrected { .. }) {
                continue;
            }
            let (event, occurred) = dossier.corrected(entry);
            given.push(Given {
                title: step.name.to_owned(),
                meta: occurred.to_string(),
                lines: lines(step.fields, &event.answers()),
            });
        }
    }
    if kind == MatterKind::Closing {
        let condition = |condition: super::record::Condition| {
            let lacks = condition.notes.join("；");
            let words =
                if lacks.is_empty() { "已具备".to_owned() } else { format!("尚缺：{lacks}") };
            format!("{}　{words}", condition.text)
        };
        let conditions = Reader { dossier, setting }.conditions().map(condition);
        given.push(Given {
            title: "调查终结的条件".to_owned(),
            meta: "第五十三条".to_owned(),
            lines: vec![Line { label: "条件", value: Shown::List(conditions.into()) }],
        });
    }
    for earlier in submissions.iter().filter(|s| s.matter.kind() == kind && s.id != submission.id) {
        if let Fate::Returned { comments, stamp } = &earlier.state {
            given.push(Given {
                title: "此前退回的意见".to_owned(),
                meta: format!(
                    "{}　{}",
                    setting.directory.staff_name(&stamp.by),
                    minute(stamp.entered)
                ),
                lines: vec![Line { label: "意见", value: Shown::Text(comments.to_string()) }],
            });
        }
    }
    given
}
