//! 专案组. For a major or complex case the department may form a task force with the bodies concerned (art. 33 ¶2).

use super::must_be_in_case;
use crate::{
    approval::{self, Matter, MatterKind, Submittable},
    check::{Check, refusals},
    dossier::{self, At, Dossier, Stamp},
    law::{Clause, clause},
    number::Number,
    step::{Form, Relation, Rule, Step, form, row},
    value::{LongText, Several, StaffId, Text},
};

/// 呈报成立专案组.
pub const SUBMIT: Step = Step::of::<SubmitTaskForce>(
    "submit_task_force",
    "呈报成立专案组",
    &[clause(33).paragraph(2)],
    &[Relation::Handler],
)
.decision();

refusals! {
    MAJOR_OR_COMPLEX = "task_force.major_or_complex", [clause(33).paragraph(2)],
        "案件没有认定为重大、复杂",
        "确属重大、复杂的，由负责人先作出认定",
        "案件已经认定为重大、复杂";
    LED_BY_A_HANDLER = "task_force.led_by_a_handler", [clause(33).paragraph(2)], at "leader",
        "组长不是本案办案人员，也不是本部门负责人",
        "从本案办案人员或者本部门负责人中选择",
        "组长是本案办案人员或者本部门负责人";
    OF_THE_BODIES = "task_force.of_the_bodies", [clause(33).paragraph(2)], at "members",
        "有成员不属于参加专案组的部门",
        "核对成员所属的部门",
        "成员均属于参加专案组的部门";
}

row! {
    /// 专案组成员. Somebody from another body, and what they may know (art. 10).
    Member {
        name: Text = "姓名";
        body: Text = "所属部门";
        scope: Text = "知悉范围", "可以知悉的案件内容";
    }
}

form! {
    /// 呈报成立专案组. The bodies concerned and who comes from them, for a head to decide (reading 33-1).
    SubmitTaskForce / SubmitTaskForceDraft {
        reason: LongText = "成立理由";
        leader: StaffId = "组长";
        bodies: Several<Text> = "参加的相关部门";
        members: Several<Member> = "来自相关部门的成员";
    }
}

impl Rule for SubmitTaskForce {
    fn judge(
        draft: SubmitTaskForceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        may_be_formed(draft.leader.as_ref(), at, check);
        let within =
            draft.members.as_ref().zip(draft.bodies.as_ref()).map(|(members, bodies)| {
                members.iter().all(|member| bodies.contains(&member.body))
            });
        check.that(within, &OF_THE_BODIES);
        let matter = Self::complete(draft).map(Matter::TaskForce);
        approval::submit(matter, MatterKind::TaskForce, at, check)
    }
}

impl Submittable for SubmitTaskForce {
    const BASIS: Clause = clause(33).paragraph(2);
    const NEEDS_OTHER_APPROVER: bool = false;

    fn judge(&self, at: &At<'_>, check: &mut Check<'_>) {
        may_be_formed(Some(&self.leader), at, check);
    }

    fn take_effect(&self, dossier: &mut Dossier, _: Option<Number>, stamp: Stamp) {
        dossier.investigation.task_force = Some((self.clone(), stamp));
    }
}

/// Art. 33 ¶2: what a task force needs.
fn may_be_formed(leader: Option<&StaffId>, at: &At<'_>, check: &mut Check<'_>) {
    must_be_in_case(at, check);
    check.that(at.dossier.is_major(), &MAJOR_OR_COMPLEX);
    let leads = leader.map(|leader| {
        let head = at.setting.directory.staff(leader).is_some_and(|staff| {
            staff.is_head() && Some(&staff.department) == at.dossier.department()
        });
        let recused = at.dossier.general.stands_back(leader, at.today());
        !recused && (head || at.dossier.is_investigator_on(leader, at.today()))
    });
    check.that(leads, &LED_BY_A_HANDLER);
}
