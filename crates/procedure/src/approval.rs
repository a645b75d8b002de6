//! 呈报与审批. One mechanism for every matter that a head decides.
//!
//! A matter is submitted with the hash of what is submitted, returned with comments or approved.
//! Each matter keeps its own conditions in its own chapter; they are judged when it is submitted and again when it is approved.

use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};

use crate::{
    answered::LegalRule,
    check::{Check, Refusal, refusals},
    closing,
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier, Entry, Stamp},
    filing, investigation,
    law::{Clause, clause},
    number::{Number, Series},
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    time::Deadline,
    value::{Answers, LongText, StaffId, SubmissionId, choice},
};

const HEAD: &[Relation] = &[Relation::Head];
const APPROVALS: &[Clause] = &[
    clause(25).item(3),
    clause(30),
    clause(31),
    clause(33).paragraph(2),
    clause(45),
    clause(49),
    clause(54),
    clause(55).paragraph(1),
];

/// Rules that are not steps: each matter's stand in its own chapter.
pub static RULES: &[LegalRule] = &[];

/// Every refusal of this module.
pub static REFUSALS_BY_MODULE: &[&[&Refusal]] = &[REFUSALS];

/// The steps of every approval.
pub static STEPS: &[Step] = &[
    Step::of::<Approve>("approve", "批准", APPROVALS, HEAD)
        .decision()
        .warning("批准后即发生效力，不能撤回"),
    Step::of::<Return>("return", "退回", APPROVALS, HEAD).decision(),
];

refusals! {
    APPROVER_NOT_HANDLER = "approval.approver_not_handler", [clause(31)], by APPROVER_NOT_HANDLER, at "submission",
        "审批人是本案办案人员，不能审批自己办理的案件",
        "由其他负责人审批",
        "审批人不是本案办案人员";
    MUST_BE_UNCHANGED = "approval.must_be_unchanged", [clause(31)], at "submission",
        "呈报后内容有变动，与呈报时不一致",
        "退回后重新呈报",
        "呈报后内容没有变动";
    NOT_PENDING_TWICE = "approval.not_pending_twice", [],
        "同一事项已经呈报，正在等待审批",
        "等待负责人批准或者退回",
        "同一事项没有正在等待审批的呈报";
}

/// 呈报事项. A form that a head decides on; each stands in its own chapter, with its conditions.
pub(crate) trait Submittable: Form {
    /// The clause under which a head decides it.
    const BASIS: Clause;

    /// Whether the approver must not be a handler (art. 31, and likewise 25, 49 and 54).
    const NEEDS_OTHER_APPROVER: bool = true;

    /// Judges its conditions: when it is submitted, and again when it is approved.
    fn judge(&self, at: &At<'_>, check: &mut Check<'_>);

    /// What of the record it rests on: once that changes, it must be submitted again.
    fn foundation(&self, _: &Dossier) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// The limit within which its approval is in time, where it extends one.
    fn deadline(&self, _: &Dossier, _: &Setting) -> Option<Deadline> {
        None
    }

    /// The number that its approval gives.
    fn series(&self) -> Option<Series> {
        None
    }

    /// What its approval does.
    fn take_effect(&self, dossier: &mut Dossier, number: Option<Number>, stamp: Stamp);
}

macro_rules! matters {
    ($($(#[$doc:meta])* $variant:ident($form:ty) = $id:literal, $label:literal;)+) => {
        /// 呈报事项. What is submitted, with what was filled in.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Matter {
            $(#[doc = $label] $(#[$doc])* $variant($form),)+
        }

        choice! {
            /// 呈报事项的种类.
            MatterKind { $($variant = $id, $label;)+ }
        }

        impl MatterKind {
            /// The clause under which a head decides it.
            pub fn basis(self) -> Clause {
                match self { $(MatterKind::$variant => <$form as Submittable>::BASIS,)+ }
            }

            fn needs_other_approver(self) -> bool {
                match self { $(MatterKind::$variant => <$form as Submittable>::NEEDS_OTHER_APPROVER,)+ }
            }
        }

        impl Matter {
            /// Its kind.
            pub fn kind(&self) -> MatterKind {
                match self { $(Matter::$variant(_) => MatterKind::$variant,)+ }
            }

            /// What was filled in.
            pub fn answers(&self) -> Answers {
                match self { $(Matter::$variant(form) => form.write(),)+ }
            }

            fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
                match self { $(Matter::$variant(form) => Submittable::judge(form, at, check),)+ }
            }

            fn foundation(&self, dossier: &Dossier) -> serde_json::Value {
                match self { $(Matter::$variant(form) => form.foundation(dossier),)+ }
            }

            fn deadline(&self, dossier: &Dossier, setting: &Setting) -> Option<Deadline> {
                match self { $(Matter::$variant(form) => form.deadline(dossier, setting),)+ }
            }

            fn series(&self) -> Option<Series> {
                match self { $(Matter::$variant(form) => form.series(),)+ }
            }

            fn take_effect(&self, dossier: &mut Dossier, number: Option<Number>, stamp: Stamp) {
                match self { $(Matter::$variant(form) => form.take_effect(dossier, number, stamp),)+ }
            }
        }
    };
}

matters! {
    NotHandled(filing::SubmitNotHandled) = "not_handled", "不予处理";
    ReviewExtension(filing::SubmitReviewExtension) = "review_extension", "初查延期";
    Filing(filing::SubmitFiling) = "filing", "立案";
    TaskForce(investigation::task_force::SubmitTaskForce) = "task_force", "成立专案组";
    Preservation(investigation::preservation::SubmitPreservation) = "preservation", "登记保存";
    Cancellation(investigation::handling::SubmitCancellation) = "cancellation", "撤销案件";
    HandlingExtension(closing::SubmitHandlingExtension) = "handling_extension", "办案延期";
    Closing(closing::SubmitClosing) = "closing", "结案";
}

/// SM3 of what is submitted: the matter, and what of the record it rests on.
pub(crate) fn digest(dossier: &Dossier, matter: &Matter) -> String {
    let bytes = serde_json::to_vec(&(matter, matter.foundation(dossier))).unwrap_or_default();
    Sm3::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Submits a matter, if its conditions hold and it is not already pending.
pub(crate) fn submit(
    matter: Option<Matter>,
    kind: MatterKind,
    at: &At<'_>,
    check: &mut Check<'_>,
) -> Option<dossier::Event> {
    let waiting: Vec<_> =
        at.dossier.approval.all_pending().filter(|s| s.matter.kind() == kind).collect();
    let free = match &matter {
        _ if waiting.is_empty() => Some(true),
        // Different things are asked for separately; what is urgent cannot wait for another answer.
        Some(Matter::Preservation(asked)) => Some(!waiting.iter().any(|submission| {
            matches!(&submission.matter, Matter::Preservation(form) if form.is_about(asked))
        })),
        None if kind == MatterKind::Preservation => None,
        _ => Some(false),
    };
    check.of(kind.label()).that(free, &NOT_PENDING_TWICE);
    // What is refused is not recorded, and hashing it is most of the work.
    let matter = matter.filter(|_| check.failing().next().is_none())?;
    let digest = digest(at.dossier, &matter);
    Some(Event::Submitted { matter, digest }.into())
}

form! {
    /// 批准.
    Approve / ApproveDraft {
        submission: SubmissionId = "待批事项";
        opinion: LongText = "审批意见";
    }
}

impl Rule for Approve {
    fn judge(draft: ApproveDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let submission = submission(&draft.submission, at);
        let (mut number, mut late, mut sole_head) = (None, false, false);
        if let Some(submission) = submission {
            let matter = &submission.matter;
            if matter.kind().needs_other_approver() {
                // Who put it forward does not decide on it, whoever handles the case by now.
                let own = is_handler(at.who(), at) || submission.stamp.by == *at.who();
                sole_head = own && !another_head_exists(at);
                check.of(matter.kind().label()).that(!own || sole_head, &APPROVER_NOT_HANDLER);
            }
            check.of(matter.kind().label()).that(is_unchanged(submission, at), &MUST_BE_UNCHANGED);
            matter.judge(at, check);
            let deadline = matter.deadline(at.dossier, at.setting);
            late = deadline.is_some_and(|deadline| at.today() > deadline.latest);
            number = matter.series().map(|series| at.number(series));
        }
        let form = Self::complete(draft)?;
        Some(Event::Approved { form, number, late, sole_head }.into())
    }
}

form! {
    /// 退回. The matter goes back with comments and may be submitted again.
    Return / ReturnDraft {
        submission: SubmissionId = "待批事项";
        comments: LongText = "退回意见";
    }
}

impl Rule for Return {
    fn judge(draft: ReturnDraft, _: &At<'_>, _: &mut Check<'_>) -> Option<dossier::Event> {
        Some(Event::Returned(Self::complete(draft)?).into())
    }
}

/// The submission that is decided: the one named or, where nothing was answered yet, the only one that waits; of several nothing can be said before one is named.
fn submission<'a>(named: &Option<SubmissionId>, at: &At<'a>) -> Option<&'a Submission> {
    let mut pending = at.dossier.approval.all_pending();
    match named {
        Some(id) => pending.find(|submission| submission.id == id.0),
        None => pending.next().filter(|_| pending.next().is_none()),
    }
}

/// Whether what was submitted is still so; where nothing was recorded since, it need not be hashed again.
fn is_unchanged(submission: &Submission, at: &At<'_>) -> bool {
    let nothing_since = at.dossier.version() == submission.stamp.version;
    nothing_since || digest(at.dossier, &submission.matter) == submission.digest
}

fn is_handler(staff: &StaffId, at: &At<'_>) -> bool {
    at.dossier.is_handler_on(staff, at.today())
}

fn another_head_exists(at: &At<'_>) -> bool {
    let department = at.dossier.department().unwrap_or(&at.setting.department);
    let stands_back = |id: &StaffId| at.dossier.general.stands_back(id, at.today());
    let mut staff = at.setting.directory.staff_of(department);
    let heads = |id: &StaffId| at.dossier.general.acts_as_head(id, at.today());
    let able = |id: &StaffId| id != at.who() && !is_handler(id, at) && !stands_back(id);
    staff.any(|staff| (staff.is_head() || heads(&staff.id)) && able(&staff.id))
}

/// What was recorded about approvals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// 已呈报.
    Submitted {
        /// 呈报事项.
        matter: Matter,
        /// SM3 of what was submitted.
        digest: String,
    },
    /// 已退回.
    Returned(Return),
    /// 已批准.
    Approved {
        /// 审批内容.
        form: Approve,
        /// 案号, where a case was filed.
        number: Option<Number>,
        /// 届满后批准.
        late: bool,
        /// The approver was a handler because there is no other head; shown to the next higher department.
        sole_head: bool,
    },
}

impl Event {
    /// What was filled in on the form that became this event.
    pub fn answers(&self) -> Answers {
        match self {
            Event::Submitted { matter, .. } => matter.answers(),
            Event::Returned(form) => form.write(),
            Event::Approved { form, .. } => form.write(),
        }
    }
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// 待批.
    Pending,
    /// 已退回.
    Returned {
        /// 退回意见.
        comments: LongText,
        /// Who and when.
        stamp: Stamp,
    },
    /// 已批准.
    Approved {
        /// 审批意见.
        opinion: LongText,
        /// 届满后批准.
        late: bool,
        /// Approved by a handler for want of another head.
        sole_head: bool,
        /// Who and when.
        stamp: Stamp,
    },
}

/// 呈报. One submission.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Number within the dossier.
    pub id: u32,
    /// 呈报事项.
    pub matter: Matter,
    /// SM3 of what was submitted.
    pub digest: String,
    /// Who submitted and when.
    pub stamp: Stamp,
    /// What became of it.
    pub state: Fate,
}

/// Every submission of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// In the order in which they were submitted.
    pub submissions: Vec<Submission>,
}

impl State {
    /// The submission of this kind that waits for a head.
    pub fn pending(&self, kind: MatterKind) -> Option<&Submission> {
        self.submissions.iter().find(|s| s.matter.kind() == kind && s.state == Fate::Pending)
    }

    /// Every submission that waits for a head.
    pub fn all_pending(&self) -> impl Iterator<Item = &Submission> {
        self.submissions.iter().filter(|submission| submission.state == Fate::Pending)
    }

    /// Everything that waits goes back, because another department takes over.
    pub(crate) fn lapse(&mut self, comments: &str, stamp: &Stamp) {
        let Ok(comments) = LongText::new(comments) else { return };
        for submission in self.submissions.iter_mut().filter(|s| s.state == Fate::Pending) {
            submission.state = Fate::Returned { comments: comments.clone(), stamp: stamp.clone() };
        }
    }

    /// The entry that last returned a matter.
    pub fn last_returned(&self) -> Option<u64> {
        let returned = self.submissions.iter().filter_map(|submission| match &submission.state {
            Fate::Returned { stamp, .. } => Some(stamp.version),
            _ => None,
        });
        returned.max()
    }

    /// Every approved submission, with who approved it and when.
    pub fn approved(&self) -> impl Iterator<Item = (&Submission, &Stamp)> {
        self.submissions.iter().filter_map(|submission| match &submission.state {
            Fate::Approved { stamp, .. } => Some((submission, stamp)),
            _ => None,
        })
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let stamp = entry.stamp();
    let submissions = &mut dossier.approval.submissions;
    match event {
        Event::Submitted { matter, digest } => {
            let id = submissions.len() as u32 + 1;
            submissions.push(Submission {
                id,
                matter: matter.clone(),
                digest: digest.clone(),
                stamp,
                state: Fate::Pending,
            });
        }
        Event::Returned(form) => {
            if let Some(submission) = submissions.iter_mut().find(|s| s.id == form.submission.0) {
                submission.state = Fate::Returned { comments: form.comments.clone(), stamp };
            }
        }
        Event::Approved { form, number, late, sole_head } => {
            let Some(submission) = submissions.iter_mut().find(|s| s.id == form.submission.0)
            else {
                return;
            };
            let matter = submission.matter.clone();
            submission.state = Fate::Approved {
                opinion: form.opinion.clone(),
                late: *late,
                sole_head: *sole_head,
                stamp: stamp.clone(),
            };
            matter.take_effect(dossier, number.clone(), stamp);
        }
    }
}

/// Matters that wait for a head.
pub(crate) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    if dossier.has_ended() {
        return;
    }
    for submission in dossier.approval.all_pending() {
        let kind = submission.matter.kind();
        duties.push(Duty {
            name: format!("待审批：{kind}"),
            basis: kind.basis(),
            due: None,
            step: "approve",
            desk: Desk::Owner,
        });
    }
}
