//! 认定. Appraisals are obtained, the five contents are found on evidence, and fact-finding ends (arts. 34, 47, 51).

use std::collections::BTreeSet;

use super::{Event, must_be_in_case, powers::must_be_under_way};
use crate::{
    check::{Check, refusals},
    directory::Level,
    dossier::{self, At, Dossier, Stamp},
    evidence,
    law::clause,
    setting::Setting,
    step::{Form, Rule, form, row},
    value::{AppraisalId, DepartmentId, EvidenceId, LongText, SecretItemId, Several, Text, choice},
};

refusals! {
    AUTHORITY_TO_APPRAISE = "appraisal.authority_to_appraise", [clause(47)], by APPRAISAL_AUTHORITY, at "department",
        "提请的部门没有密级鉴定权",
        "向国家或者省级保密行政管理部门提请",
        "提请的部门有密级鉴定权";
    ITEM_WAS_REQUESTED = "appraisal.item_was_requested", [clause(47)], at "results",
        "鉴定结论涉及没有提请鉴定的事项",
        "只记录提请鉴定的事项",
        "鉴定结论只涉及提请鉴定的事项";
    RESULT_NOT_RECORDED = "appraisal.result_not_recorded", [clause(47)], at "appraisal",
        "该次鉴定结果已经记录",
        "记录有误的，更正",
        "该次鉴定结果尚未记录";
    RESULT_AFTER_REQUEST = "appraisal.result_after_request", [clause(47)], at "occurred",
        "鉴定书日期早于提请日期",
        "核对日期",
        "鉴定书日期不早于提请日期";
    EVIDENCE_CITED = "finding.evidence_cited", [clause(34)], by FINDING_RESTS_ON_EVIDENCE, at "evidence",
        "认定没有证据",
        "选择至少一件可以使用的证据",
        "认定有可以使用的证据";
    NONE_FOUND_EXPLAINED = "finding.none_found_explained", [clause(34)], at "none",
        "前三项调查内容不能认定为经查没有",
        "查明并写明依据的证据",
        "前三项调查内容均有认定，不为经查没有";
    FIVE_CONTENTS_FOUND = "finding.five_contents_found", [clause(34)],
        "调查内容尚未全部认定",
        "逐项认定调查内容",
        "调查内容已经全部认定";
    LEAK_FOUND = "finding.leak_found", [clause(51).paragraph(1)],
        "尚未认定泄露国家秘密",
        "认定泄密；证据不足的，呈报撤销案件",
        "已经认定泄露国家秘密";
    FOUNDATION_STILL_USABLE = "finding.foundation_still_usable", [clause(34)],
        "认定所依据的证据现在不能使用",
        "重新认定",
        "认定所依据的证据仍可以使用";
    PARTY_HEARD = "finding.party_heard", [clause(42)],
        "没有听取该案件当事人的陈述和申辩",
        "听取陈述和申辩；没有申辩的也予以记录",
        "已经听取该案件当事人的陈述和申辩";
    PLEAS_VERIFIED = "finding.pleas_verified", [clause(42)], by DEFENCE_VERIFIED,
        "该申辩尚未核查",
        "核查申辩并记录结果",
        "该申辩已经核查";
    APPRAISAL_RECEIVED = "finding.appraisal_received", [clause(47)], by APPRAISAL_AUTHORITY,
        "认定泄密所依据的密级鉴定尚未作出",
        "收到密级鉴定结果后再结束调查",
        "认定泄密所依据的密级鉴定已经作出";
    NOT_ENDED_TWICE = "finding.not_ended_twice", [clause(51).paragraph(1)],
        "调查已经结束",
        "进行处理与整改",
        "调查尚未结束";
    SOMEBODY_IS_RESPONSIBLE = "finding.somebody_is_responsible", [clause(53).item(3)], by NOBODY_RESPONSIBLE,
        "泄密认定中已列有责任人员",
        "确无责任人员的，重新认定泄密",
        "泄密认定中没有列出责任人员";
}

row! {
    /// 鉴定结果中的一项.
    AppraisedItem {
        item: SecretItemId = "事项";
        result: Appraised = "鉴定结论";
        term: Option<Text> = "保密期限";
    }
}

choice! {
    /// 鉴定结论.
    Appraised {
        TopSecret = "top_secret", "绝密";
        Secret = "secret", "机密";
        Confidential = "confidential", "秘密";
        NotASecret = "not_a_secret", "不属于国家秘密";
    }
}

choice! {
    /// 鉴定的作用.
    Weight {
        Decisive = "decisive", "认定泄密须以鉴定为依据";
        Supporting = "supporting", "其他需要";
    }
}

form! {
    /// 提请密级鉴定.
    RequestAppraisal / RequestAppraisalDraft {
        department: DepartmentId = "提请的保密行政管理部门", "具有密级鉴定权的部门";
        items: Several<SecretItemId> = "提请鉴定的事项";
        questions: LongText = "鉴定要求";
        weight: Weight = "鉴定的作用";
    }
}

impl Rule for RequestAppraisal {
    fn judge(
        draft: RequestAppraisalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        let authority = draft.department.as_ref().map(|id| {
            let level = at.setting.directory.department(id).map(|department| department.level);
            matches!(level, Some(Level::National | Level::Provincial))
        });
        check.that(authority, &AUTHORITY_TO_APPRAISE);
        Some(Event::AppraisalRequested(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录密级鉴定结果. The appraisal arrives as a paper of the department that made it.
    RecordAppraisal / RecordAppraisalDraft {
        appraisal: AppraisalId = "密级鉴定提请";
        number: Text = "鉴定书文号";
        results: Several<AppraisedItem> = "鉴定结论";
    }
}

impl Rule for RecordAppraisal {
    fn judge(
        draft: RecordAppraisalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let appraisals = &at.dossier.investigation.appraisals;
        let request =
            draft.appraisal.as_ref().and_then(|id| appraisals.get((id.0 as usize).checked_sub(1)?));
        check.that(request.map(|request| request.result.is_none()), &RESULT_NOT_RECORDED);
        let in_order = request.zip(at.occurred).map(|(request, day)| request.stamp.occurred <= day);
        check.that(in_order, &RESULT_AFTER_REQUEST);
        let requested = request.zip(draft.results.as_ref()).map(|(request, results)| {
            results.iter().all(|result| request.form.items.contains(&result.item))
        });
        check.that(requested, &ITEM_WAS_REQUESTED);
        Some(Event::AppraisalRecorded(Self::complete(draft)?).into())
    }
}

pub(super) fn appraise(dossier: &mut Dossier, form: &RecordAppraisal, stamp: Stamp) {
    let index = (form.appraisal.0 as usize).wrapping_sub(1);
    if let Some(appraisal) = dossier.investigation.appraisals.get_mut(index) {
        appraisal.result = Some((form.clone(), stamp.clone()));
    }
    let name = format!("密级鉴定书 {}", form.number);
    dossier.evidence.add(name, evidence::Kind::Appraisal, evidence::Origin::Appraisal, stamp);
}

choice! {
    /// 调查内容 (art. 34).
    Content {
        Party = "party", "案件当事人的基本情况";
        Violation = "violation", "案件当事人是否实施违反保密法律法规行为";
        Circumstances = "circumstances", "实施违反保密法律法规行为的时间、地点、手段、后果以及其他情节";
        Statutory = "statutory", "有无法定从重、从轻、减轻或者免于处理的情形";
        Other = "other", "与案件有关的其他事实";
    }
}

impl Content {
    /// The first three must be established; the last two may be found not to arise.
    fn must_be_established(self) -> bool {
        matches!(self, Content::Party | Content::Violation | Content::Circumstances)
    }
}

choice! {
    /// 有无.
    Presence {
        Found = "found", "查明";
        None = "none", "经查没有";
    }
}

form! {
    /// 认定调查内容. One of the five contents is found, on evidence.
    FindFact / FindFactDraft {
        content: Content = "调查内容";
        none: Presence = "认定";
        finding: LongText = "认定的事实", "经查没有的，写明查了什么";
        evidence: Vec<EvidenceId> = "依据的证据";
        assessment: Option<LongText> = "证据是否确实、充分的判断";
    }
}

impl Rule for FindFact {
    fn judge(draft: FindFactDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        let needed = draft.content.map(Content::must_be_established);
        let found = draft.none.map(|presence| presence == Presence::Found);
        check
            .that(needed.zip(found).map(|(needed, found)| !needed || found), &NONE_FOUND_EXPLAINED);
        let cited = draft.evidence.as_ref().map(|evidence| !evidence.is_empty());
        check.that(needed.zip(cited).map(|(needed, cited)| !needed || cited), &EVIDENCE_CITED);
        evidence::must_be_usable(draft.evidence.as_deref(), at, check);
        Some(Event::FactFound(Self::complete(draft)?).into())
    }
}

form! {
    /// 认定没有需要追究责任的人员.
    FindNobodyResponsible / FindNobodyResponsibleDraft {
        reason: LongText = "理由";
    }
}

impl Rule for FindNobodyResponsible {
    fn judge(
        draft: FindNobodyResponsibleDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        let responsible =
            at.dossier.general.leak.as_ref().map_or(0, |(leak, _)| leak.responsible.len());
        check.that(responsible == 0, &SOMEBODY_IS_RESPONSIBLE);
        Some(Event::NobodyResponsible(Self::complete(draft)?).into())
    }
}

form! {
    /// 调查结束. The facts are found; what follows is handling and rectification.
    EndFactFinding / EndFactFindingDraft {
        summary: LongText = "调查结论";
    }
}

impl Rule for EndFactFinding {
    fn judge(
        draft: EndFactFindingDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        check.that(at.dossier.investigation.fact_finding_ended.is_none(), &NOT_ENDED_TWICE);
        facts_are_found(at.dossier, at.setting, check);
        Some(Event::FactFindingEnded(Self::complete(draft)?).into())
    }
}

/// Arts. 34, 42 and 47: what must be settled before fact-finding ends, and stay so until closing.
pub(crate) fn facts_are_found(dossier: &Dossier, setting: &Setting, check: &mut Check<'_>) {
    let Dossier { general, investigation, .. } = dossier;
    let all_usable = |ids: &[EvidenceId]| {
        let items = ids.iter().filter_map(|id| dossier.evidence.item(id));
        let mut usability = items.map(|item| evidence::usability(item, dossier, setting));
        usability.all(|usability| usability == evidence::Usability::Usable)
    };
    for content in Content::ALL {
        let found = investigation.fact(*content);
        check.of(content.label()).that(found.is_some(), &FIVE_CONTENTS_FOUND);
        let usable = found.is_none_or(|form| all_usable(&form.evidence));
        check.of(content.label()).that(usable, &FOUNDATION_STILL_USABLE);
    }
    let leak = general.leak.as_ref().map(|(form, _)| form);
    check.that(leak.is_some(), &LEAK_FOUND);
    let usable = leak.is_none_or(|form| all_usable(&form.evidence));
    check.of("认定泄露国家秘密").that(usable, &FOUNDATION_STILL_USABLE);
    let responsible = leak.map(|form| form.responsible.as_slice()).unwrap_or_default();
    let parties = general.parties().map(|(id, _)| id);
    let heard: BTreeSet<_> = parties.chain(responsible.iter().cloned()).collect();
    for person in heard {
        let is_heard = investigation.hearings.iter().any(|(form, _)| form.party == person);
        check.of(general.person_name(&person)).that(is_heard, &PARTY_HEARD);
    }
    for (plea, i) in investigation.pleas.iter().zip(1..) {
        let title = dossier::titled(i, plea.content.as_str());
        check.of(title).that(plea.verified.is_some(), &PLEAS_VERIFIED);
    }
    let decisive = investigation.appraisals.iter().filter(|a| a.form.weight == Weight::Decisive);
    for appraisal in decisive {
        check.that(appraisal.result.is_some(), &APPRAISAL_RECEIVED);
    }
}
