//! Slice 2: from the lead to the filing, or to another end before it (arts. 2, 23–32).

use jiff::civil::{Date, date};
use procedure::{
    Dossier, Entry,
    approval::MatterKind,
    setting::Other,
    value::{DepartmentId, Fact},
};

use super::{Key, Slice, ground::name};

/// Within the two months of art. 30, and past them.
const DAYS: &[Date] = &[date(2022, 2, 10), date(2022, 4, 20)];

pub(super) static SLICE: Slice = Slice {
    name: "受理至立案",
    text: include_str!("filing.txt"),
    days: DAYS,
    constant: &[
        "一条由机关、单位报告的线索，一个单位，没有登记相关人员；市局，上一级为省局",
        "初查人员是乙一和副职负责人乙二，初查情况不按人员或者事实分别记录",
        "没有认定管辖事实，即以本部门为有管辖权；没有认定重大、复杂",
        "初查情况六种，核实结果两种；退回或者补充一次、通知补充或者督促一次、延期一次；同时至多一件待批",
        "初查开始以后不再核实，呈报不予处理以后不再改记核实和初查情况",
        "两个日期：初查2个月届满以前和以后；补充期限在两者之间",
    ],
    others: another,
    key,
    within,
};

/// Another open dossier of the same department, to join.
fn another() -> Vec<Other> {
    vec![Other {
        id: "卷9".to_owned(),
        numbers: vec!["示市保线〔2022〕9号".to_owned()],
        department: DepartmentId("示例市局".to_owned()),
        open: true,
    }]
}

fn facts(key: &mut Key, facts: [&Fact; 4]) {
    for fact in facts {
        key.number(match fact.known() {
            Some(true) => 1,
            Some(false) => 2,
            None => 3,
        });
    }
}

fn key(dossier: &Dossier, key: &mut Key) {
    let filing = &dossier.filing;
    key.words(filing.reviewers.iter().map(|reviewer| name(&reviewer.staff)));
    key.flag(dossier.intake.verified.is_some());
    if let Some(form) = &dossier.intake.verified {
        facts(key, [&form.truth, &form.violation, &form.minor, &form.harm]);
    }
    key.flag(filing.answers.is_some());
    if let Some(form) = &filing.answers {
        facts(key, [&form.truth, &form.leak, &form.violation, &form.criminal]);
        key.flag(form.other.is_some());
    }
    let supplemented = filing.disposition.supplements.last().map(|(_, stamp)| stamp.version);
    let again = dossier.approval.last_returned().max(supplemented);
    let reported = filing.report.as_ref().map(|(_, stamp)| stamp.version);
    key.flag(reported.is_some()).flag(again > reported);
    // What was submitted counts as changed or not by what it was submitted with.
    key.number(dossier.approval.all_pending().count());
    for submission in dossier.approval.all_pending() {
        key.word(submission.matter.kind().label()).word(&submission.digest);
    }
    key.flag(dossier.approval.last_returned().is_some());
    key.number(filing.extensions.len()).flag(filing.case.is_some());
    key.flag(filing.restarted.is_some()).flag(filing.notices.is_empty());
    if let Some(day) = filing.restarted {
        key.day(day);
    }
    let requests = &filing.disposition.requests;
    key.flags(requests.iter().map(|request| request.answer.is_some()));
    key.flags(requests.iter().map(|request| request.form.due.is_some()));
    key.number(filing.disposition.supplements.len());
    key.flags(filing.disposition.violations.iter().map(|violation| violation.result.is_some()));
    key.number(filing.disposition.dispositions.len());
    for disposition in &filing.disposition.dispositions {
        key.word(disposition.way.label());
    }
    key.flag(dossier.intake.education.is_some());
    let mut approved = dossier.approval.approved();
    key.flag(approved.any(|(submission, _)| {
        submission.matter.answers().get("ground").and_then(|g| g.text()) == Some("untrue")
    }));
}

fn within(dossier: &Dossier, entry: &Entry) -> bool {
    let state = &dossier.filing.disposition;
    let submissions = &dossier.approval.submissions;
    let returned = submissions
        .iter()
        .filter(|s| matches!(s.state, procedure::approval::Fate::Returned { .. }));
    let pending = |kind| dossier.approval.pending(kind).is_some();
    let changes = match entry.step.as_str() {
        "verify_lead" => !dossier.filing.reviewers.is_empty() || pending(MatterKind::NotHandled),
        "answer_review" => pending(MatterKind::NotHandled),
        _ => false,
    };
    !changes
        && state.requests.len() + state.violations.len() <= 1
        && state.supplements.len() + returned.count() <= 1
        && dossier.filing.extensions.len() <= 1
        && dossier.approval.all_pending().count() <= 1
}
