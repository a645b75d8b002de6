//! 作出密级鉴定. The department that was asked, be it the owner itself or one above, issues the appraisal (arts. 17-7, 47).

use super::{
    Event,
    finding::{self, AppraisedItem, ITEM_WAS_REQUESTED, RESULT_NOT_RECORDED, RecordAppraisal},
};
use crate::{
    check::{Check, refusals},
    dossier::{self, At, Dossier, Entry, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{AppraisalId, LongText, Several, Text},
};

/// 作出密级鉴定.
pub const ISSUE: Step = Step::of::<IssueAppraisal>(
    "issue_appraisal",
    "作出密级鉴定",
    &[clause(17).item(7), clause(47)],
    &[Relation::Head, Relation::Superior],
)
.decision()
.numbered(Series::Appraisal);

/// 延长密级鉴定时限.
pub const EXTEND: Step = Step::of::<ExtendAppraisal>(
    "extend_appraisal",
    "延长密级鉴定时限",
    &[clause(47)],
    &[Relation::Head, Relation::Superior],
)
.decision();

refusals! {
    ASKED_TO_APPRAISE = "appraisal.asked_to_appraise", [clause(47)], at "appraisal",
        "该次密级鉴定不是向本部门提请的",
        "由提请的部门作出；收到其鉴定书的，记录鉴定结果",
        "该次密级鉴定是向本部门提请的";
    EXTENDED_ONCE = "appraisal.extended_once", [clause(47)], by APPRAISAL_LIMIT, at "appraisal",
        "该次密级鉴定的时限已经延长过",
        "尽快作出密级鉴定",
        "该次密级鉴定的时限没有延长过";
}

form! {
    /// 作出密级鉴定. Only a department with the authority can have been asked.
    IssueAppraisal / IssueAppraisalDraft {
        appraisal: AppraisalId = "密级鉴定提请";
        grounds: LongText = "鉴定依据和理由";
        results: Several<AppraisedItem> = "鉴定结论";
    }
}

impl Rule for IssueAppraisal {
    fn judge(
        draft: IssueAppraisalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let appraisals = &at.dossier.investigation.appraisals;
        let request = draft.appraisal.as_ref().and_then(|id| appraisals.get(id.index()));
        check.that(request.map(|r| r.form.department == *at.desk()), &ASKED_TO_APPRAISE);
        check.that(request.map(|request| request.result.is_none()), &RESULT_NOT_RECORDED);
        let requested = request.zip(draft.results.as_ref()).map(|(request, results)| {
            results.iter().all(|result| request.form.items.contains(&result.item))
        });
        check.that(requested, &ITEM_WAS_REQUESTED);
        Some(Event::AppraisalIssued(Self::complete(draft)?).into())
    }
}

form! {
    /// 延长密级鉴定时限. The department that was asked takes 30 days more, once.
    ExtendAppraisal / ExtendAppraisalDraft {
        appraisal: AppraisalId = "密级鉴定提请";
        reason: LongText = "延长的理由";
    }
}

impl Rule for ExtendAppraisal {
    fn judge(
        draft: ExtendAppraisalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let appraisals = &at.dossier.investigation.appraisals;
        let request = draft.appraisal.as_ref().and_then(|id| appraisals.get(id.index()));
        check.that(request.map(|r| r.form.department == *at.desk()), &ASKED_TO_APPRAISE);
        check.that(request.map(|request| request.result.is_none()), &RESULT_NOT_RECORDED);
        check.that(request.map(|request| request.extended.is_none()), &EXTENDED_ONCE);
        Some(Event::AppraisalExtended(Self::complete(draft)?).into())
    }
}

pub(super) fn extend(dossier: &mut Dossier, form: &ExtendAppraisal, stamp: Stamp) {
    let appraisals = &mut dossier.investigation.appraisals;
    if let Some(appraisal) = appraisals.get_mut(form.appraisal.index()) {
        appraisal.extended = Some(stamp);
    }
}

/// The appraisal has the number of the entry that issued it.
pub(super) fn issue(dossier: &mut Dossier, form: &IssueAppraisal, entry: &Entry) {
    let number = entry.number().map(ToString::to_string).unwrap_or_default();
    let Ok(number) = Text::new(&number) else { return };
    let (appraisal, results) = (form.appraisal.clone(), form.results.clone());
    let form = RecordAppraisal { appraisal, number, results };
    finding::appraise(dossier, &form, entry.stamp());
}
