//! What a field may point at, beyond what one chapter declares for itself: people, departments, units, and what several chapters speak of.

use crate::{
    directory::Role,
    investigation::interview::Interview,
    value::{Id, Offered, Place, names, numbered, target, titles},
};

target! {
    /// 人员. A member of staff, nationwide.
    StaffId(String) = "staff", "工作人员", numbered: false, staff
}
target! {
    /// 保密行政管理部门.
    DepartmentId(String) = "department", "保密行政管理部门", numbered: false, departments
}
target! {
    /// 机关、单位.
    UnitId(String) = "unit", "机关、单位", numbered: false, units
}

target! {
    /// 卷宗. Another dossier of the same department that is still open, by its lead or case number.
    DossierId(String) = "dossier", "未办结的其他卷宗", numbered: false, dossiers
}

numbered! {
    /// 案件当事人、证人、其他案件关系人.
    PersonId = "person", "案件相关人员", |dossier| {
        names(dossier.general.persons.iter().map(|(form, _)| form.name.as_str()))
    };
    /// 国家秘密事项.
    SecretItemId = "secret_item", "国家秘密事项", |dossier| {
        names(dossier.general.secret_items.iter().map(|(form, _)| form.name.as_str()))
    };
    /// 证据.
    EvidenceId = "evidence", "证据", |dossier| {
        names(dossier.evidence.items.iter().map(|item| item.name.as_str()))
    };
    /// 责令补救.
    ContainmentId = "containment", "责令补救事项", |dossier| {
        titles(dossier.intake.containments.iter().map(|c| c.form.measures.as_str()))
    };
    /// 回避申请.
    RecusalId = "recusal", "回避申请", |dossier| {
        titles(dossier.general.recusals.iter().map(|recusal| recusal.reason.as_str()))
    };
    /// 询问.
    InterviewId = "interview", "询问", |dossier| {
        let title = |i: &Interview| format!("{} {}", i.persons(dossier), i.stamp.occurred);
        names(dossier.investigation.interviews.iter().map(title))
    };
    /// 申辩事项.
    PleaId = "plea", "申辩事项", |dossier| {
        titles(dossier.investigation.pleas.iter().map(|plea| plea.content.as_str()))
    };
    /// 密级鉴定提请.
    AppraisalId = "appraisal", "密级鉴定提请", |dossier| {
        titles(dossier.investigation.appraisals.iter().map(|a| a.form.questions.as_str()))
    };
    /// 人员处理建议.
    ProposalId = "proposal", "人员处理建议", |dossier| {
        titles(dossier.investigation.proposals.iter().map(|p| p.form.suggestion.as_str()))
    };
    /// 整改要求.
    RectificationId = "rectification", "整改要求", |dossier| {
        titles(dossier.investigation.rectifications.iter().map(|r| r.form.problems.as_str()))
    };
}

target! {
    /// 呈报, numbered within the dossier; only those that wait are offered.
    SubmissionId(u32) = "submission", "待批事项", numbered: true, submissions
}

impl StaffId {
    /// The system itself, which takes only the steps that no person takes.
    pub fn system() -> Self {
        StaffId("system".to_owned())
    }
}

fn staff(place: Place<'_>) -> Offered<'_> {
    // While a dossier is on its way, only its receiver names people.
    let home = place.dossier.jurisdiction.receiver().or(place.dossier.department());
    let handlers = place.directory.all_staff().filter(move |staff| {
        let ours = home.is_none_or(|home| *home == staff.department);
        ours && (staff.roles.contains(&Role::Handler) || staff.is_head())
    });
    Box::new(handlers.map(|staff| (Id::Text(&staff.id.0), staff.name.as_str().into())))
}

fn departments(place: Place<'_>) -> Offered<'_> {
    Box::new(place.directory.departments().map(|d| (Id::Text(&d.id.0), d.name.as_str().into())))
}

fn units(place: Place<'_>) -> Offered<'_> {
    Box::new(place.directory.units().map(|unit| (Id::Text(&unit.id.0), unit.name.as_str().into())))
}

fn dossiers(Place { dossier, others, .. }: Place<'_>) -> Offered<'_> {
    let ours = others.iter().filter(|other| {
        other.open && other.id != dossier.id && Some(&other.department) == dossier.department()
    });
    let named = ours.flat_map(|other| other.numbers.iter().map(|number| (&other.id, number)));
    Box::new(named.map(|(id, number)| (Id::Text(id), number.into())))
}

fn submissions(place: Place<'_>) -> Offered<'_> {
    let pending = place.dossier.approval.all_pending();
    Box::new(pending.map(|s| (Id::Number(s.id), s.matter.kind().label().into())))
}
