//! 技术核查取证. Devices are examined by a department or unit that has the function (art. 46).

use super::{Event, powers::must_be_under_way};
use crate::{
    check::{Check, refusals},
    deadline::{Desk, Duty},
    dossier::{self, At, Dossier, Stamp},
    evidence,
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{EvidenceId, File, LongText, Text, choice, numbered, titles},
};

const HANDLER: &[Relation] = &[Relation::Handler];

/// 组织、委托技术核查取证.
pub const ENTRUST: Step = Step::of::<EntrustTechnical>(
    "entrust_technical",
    "组织、委托技术核查取证",
    &[clause(46)],
    HANDLER,
)
.on_day("组织、委托日期")
.numbered(Series::TechnicalRequest);

/// 接收技术核查报告.
pub const RECORD: Step = Step::of::<RecordTechnicalReport>(
    "record_technical_report",
    "接收技术核查报告",
    &[clause(17).item(6), clause(46)],
    HANDLER,
)
.on_day("收到日期")
.correctable();

refusals! {
    FUNCTION_RECORDED = "technical.function_recorded", [clause(46)], at "function",
        "没有写明受托的部门或者单位具有技术核查取证职能",
        "写明其职能的依据；没有这一职能的，另行选择",
        "写明受托的部门或者单位具有技术核查取证职能";
    REPORT_NOT_RECORDED = "technical.report_not_recorded", [clause(46)], at "request",
        "该次技术核查报告已经接收",
        "记录有误的，更正",
        "该次技术核查报告尚未接收";
}

numbered! {
    /// 技术核查取证事项.
    TechnicalRequestId = "technical_request", "技术核查取证事项", |dossier| {
        titles(dossier.investigation.technical.iter().map(|request| request.form.questions.as_str()))
    };
}

choice! {
    /// 核查方式 (art. 46).
    Manner {
        Organised = "organised", "组织";
        Entrusted = "entrusted", "委托";
    }
}

form! {
    /// 组织、委托技术核查取证.
    EntrustTechnical / EntrustTechnicalDraft {
        manner: Manner = "核查方式";
        body: Text = "部门或者单位";
        function: Option<Text> = "技术核查取证职能的依据", "职责规定、资质证书等";
        devices: LongText = "信息设备", "名称、型号、序列号等";
        evidence: Vec<EvidenceId> = "交付的证据";
        questions: LongText = "核查事项和要求";
        scope: Option<LongText> = "技术人员的知悉范围", "可以知悉的案件内容";
    }
}

impl Rule for EntrustTechnical {
    fn judge(
        draft: EntrustTechnicalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        must_be_under_way(at, check);
        check.that(draft.function.as_ref().map(Option::is_some), &FUNCTION_RECORDED);
        for item in draft.evidence.iter().flatten() {
            at.follows(at.dossier.evidence.item(item).map(|item| item.stamp.occurred), check);
        }
        Some(Event::TechnicalEntrusted(Self::complete(draft)?).into())
    }
}

form! {
    /// 接收技术核查报告. The report is evidence (art. 17-6).
    RecordTechnicalReport / RecordTechnicalReportDraft {
        request: TechnicalRequestId = "技术核查取证事项";
        number: Text = "报告编号";
        examiners: Text = "核查人员";
        findings: LongText = "核查结论";
        file: Option<File> = "技术核查报告";
    }
}

impl Rule for RecordTechnicalReport {
    fn judge(
        draft: RecordTechnicalReportDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let requests = &at.dossier.investigation.technical;
        let request = draft.request.as_ref().and_then(|id| requests.get(id.index()));
        check.that(request.map(|request| request.report.is_none()), &REPORT_NOT_RECORDED);
        at.follows(request.map(|request| request.stamp.occurred), check);
        Some(Event::TechnicalReported(Self::complete(draft)?).into())
    }
}

/// 技术核查取证. One request and its report.
#[derive(Clone, Debug)]
pub struct TechnicalRequest {
    /// What was to be examined.
    pub form: EntrustTechnical,
    /// Who and when.
    pub stamp: Stamp,
    /// 技术核查报告.
    pub report: Option<(RecordTechnicalReport, Stamp)>,
}

pub(super) fn report(dossier: &mut Dossier, form: &RecordTechnicalReport, stamp: Stamp) {
    if let Some(request) = dossier.investigation.technical.get_mut(form.request.index()) {
        request.report = Some((form.clone(), stamp.clone()));
    }
    let name = format!("技术核查报告 {}", form.number);
    dossier.evidence.add(name, evidence::Kind::Record, evidence::Origin::Report, stamp);
}

pub(super) fn duties(requests: &[TechnicalRequest], duties: &mut Vec<Duty>) {
    for (request, i) in requests.iter().zip(1..).filter(|(request, _)| request.report.is_none()) {
        duties.push(Duty {
            name: format!(
                "技术核查报告待收：{}",
                dossier::titled(i, request.form.questions.as_str())
            ),
            basis: clause(46),
            due: None,
            step: RECORD.id,
            desk: Desk::Owner,
        });
    }
}
