//! 第九章 法律责任. Who hinders the handling answers for it.
//!
//! An incident is recorded with its evidence; for the unit concerned a sanction is proposed, for whoever helped it a penalty.
//! What is open here outlives the case: closing it frees nobody.
//!
#![doc = include_str!("law.md")]

use jiff::civil::Date;

use crate::{
    answered::LegalRule,
    check::{Check, refusals},
    deadline::{Desk, Duty},
    directory::UnitCategory,
    dossier::{self, At, Dossier, Entry, Stamp},
    evidence,
    law::{Clause, clause},
    number::Series,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{EvidenceId, LongText, PersonId, Several, Text, UnitId, choice, numbered, titles},
};

const HANDLER: &[Relation] = &[Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<RecordHindrance>(
        "record_hindrance",
        "记录妨碍案件查处的情形",
        &[clause(59)],
        HANDLER,
    )
    .on_day("发生日期"),
    Step::of::<ProposeSanction>(
        "propose_sanction",
        "提出妨碍查处责任处理建议",
        &[clause(59).paragraph(1)],
        HANDLER,
    )
    .on_day("提出日期")
    .decision()
    .numbered(Series::LiabilityProposal)
    .after_end(),
    Step::of::<ReferForPenalty>(
        "refer_for_penalty",
        "提请有关主管部门处罚",
        &[clause(59).paragraph(2)],
        HANDLER,
    )
    .on_day("提请日期")
    .decision()
    .numbered(Series::LiabilityProposal)
    .after_end(),
    Step::of::<RecordLiability>(
        "record_liability",
        "记录妨碍查处责任的处理结果",
        &[clause(59)],
        HANDLER,
    )
    .on_day("书面告知日期")
    .correctable()
    .after_end(),
];

refusals! {
    CONCERNED_NAMED = "liability.concerned_named", [clause(59).paragraph(2)], at "assisted",
        "没有写明协助的是哪一机关、单位，或者写的是其自身",
        "选择被协助的其他机关、单位；其自身妨碍查处的，按第五十九条第一款记录",
        "写明了被协助的机关、单位";
    ASSISTED_BY_ENTERPRISE = "liability.assisted_by_enterprise", [clause(59).paragraph(2)], at "unit",
        "不是企业、事业单位",
        "机关、单位本身妨碍查处的，按第五十九条第一款记录",
        "是企业、事业单位";
    SANCTION_OF_CONCERNED = "liability.sanction_of_concerned", [clause(59).paragraph(1)], at "incident",
        "该情形是协助机关、单位，不由其提出处分建议",
        "提请有关主管部门处罚",
        "该情形是有关机关、单位及其工作人员妨碍查处";
    OF_THE_UNIT = "liability.of_the_unit", [clause(59).paragraph(1)], at "persons",
        "不是该机关、单位的人员",
        "选择该机关、单位直接负责的主管人员和其他直接责任人员；所在单位没有登记的，更正登记",
        "是该机关、单位的人员";
    PENALTY_OF_ASSISTANT = "liability.penalty_of_assistant", [clause(59).paragraph(2)], at "incident",
        "该情形不是企事业单位协助",
        "提出妨碍查处责任处理建议",
        "该情形是企事业单位及其工作人员协助";
    PROPOSED_FIRST = "liability.proposed_first", [clause(59)], at "incident",
        "尚未提出处理建议或者提请处罚",
        "先提出处理建议，或者提请有关主管部门处罚",
        "已经提出处理建议或者提请处罚";
    RESULT_ONCE = "liability.result_once", [clause(59)], at "incident",
        "该情形的处理结果已经记录",
        "记录有误的，更正",
        "该情形的处理结果尚未记录";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] = &[REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[LegalRule {
    id: "hindrance_open",
    name: "妨碍查处的责任",
    basis: &[clause(59)],
    about: "记录的情形至提出处理建议或者提请处罚、告知结果前，始终列为待办，结案后也不例外",
}];

numbered! {
    /// 妨碍案件查处的情形.
    IncidentId = "incident", "妨碍案件查处的情形", |dossier| {
        titles(dossier.liability.incidents.iter().map(|incident| incident.form.facts.as_str()))
    };
}

choice! {
    /// 妨碍查处的方式 (art. 59 ¶1).
    Hindrance {
        Refusal = "refusal", "拒不配合";
        Fraud = "fraud", "弄虚作假";
        Evidence = "evidence", "隐匿、销毁证据";
        Other = "other", "以其他方式逃避、妨碍案件查处";
    }
}

choice! {
    /// 以何种身份.
    Part {
        Concerned = "concerned", "有关机关、单位及其工作人员（第一款）";
        Assisting = "assisting", "企事业单位及其工作人员协助（第二款）";
    }
}

form! {
    /// 记录妨碍案件查处的情形, with the evidence of it.
    RecordHindrance / RecordHindranceDraft {
        part: Part = "责任主体";
        unit: UnitId = "妨碍查处的机关、单位";
        assisted: Option<UnitId> = "被协助的机关、单位", "企事业单位协助的填写";
        persons: Vec<PersonId> = "涉及的工作人员";
        kinds: Several<Hindrance> = "妨碍查处的方式";
        facts: LongText = "具体情形";
        evidence: Several<EvidenceId> = "依据的证据";
    }
}

impl Rule for RecordHindrance {
    fn judge(
        draft: RecordHindranceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        if draft.part == Some(Part::Assisting) {
            // Who hinders for its own sake assists nobody.
            let another = draft.assisted.as_ref().map(|assisted| {
                assisted.as_ref().is_some_and(|assisted| draft.unit.as_ref() != Some(assisted))
            });
            check.that(another, &CONCERNED_NAMED);
            let unit = draft.unit.as_ref().and_then(|id| at.setting.directory.unit(id));
            let kind = unit.map(|unit| {
                matches!(unit.category, UnitCategory::Enterprise | UnitCategory::Institution)
            });
            check.that(kind, &ASSISTED_BY_ENTERPRISE);
        }
        evidence::must_be_usable(draft.evidence.as_deref(), at, check);
        Some(Event::HindranceRecorded(Self::complete(draft)?).into())
    }
}

form! {
    /// 提出妨碍查处责任处理建议. Against those directly in charge and others directly responsible.
    ProposeSanction / ProposeSanctionDraft {
        incident: IncidentId = "妨碍案件查处的情形";
        addressee: Text = "有处理权的机关、单位";
        persons: Several<PersonId> = "直接负责的主管人员和其他直接责任人员";
        suggestion: LongText = "处理建议和依据";
        reply_by: Option<Date> = "请告知结果的日期";
    }
}

impl Rule for ProposeSanction {
    fn judge(
        draft: ProposeSanctionDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let incident = at.dossier.liability.incident(&draft.incident);
        let concerned = incident.map(|incident| incident.form.part == Part::Concerned);
        check.that(concerned, &SANCTION_OF_CONCERNED);
        at.follows(incident.map(|incident| incident.stamp.occurred), check);
        let persons = draft.persons.as_deref().unwrap_or_default();
        for (person, incident) in persons.iter().filter_map(|person| Some((person, incident?))) {
            let unit = at.dossier.general.person(person).and_then(|form| form.unit.as_ref());
            let name = at.dossier.general.person_name(person);
            check.of(name).that(unit == Some(&incident.form.unit), &OF_THE_UNIT);
        }
        Some(Event::SanctionProposed(Self::complete(draft)?).into())
    }
}

form! {
    /// 提请有关主管部门处罚. An enterprise or institution helped a unit to evade.
    ReferForPenalty / ReferForPenaltyDraft {
        incident: IncidentId = "企事业单位协助的情形";
        authority: Text = "有关主管部门";
        content: LongText = "提请处罚的事实和理由";
        reply_by: Option<Date> = "请告知结果的日期";
    }
}

impl Rule for ReferForPenalty {
    fn judge(
        draft: ReferForPenaltyDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let incident = at.dossier.liability.incident(&draft.incident);
        let assisting = incident.map(|incident| incident.form.part == Part::Assisting);
        check.that(assisting, &PENALTY_OF_ASSISTANT);
        at.follows(incident.map(|incident| incident.stamp.occurred), check);
        Some(Event::PenaltyRequested(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录妨碍查处责任的处理结果.
    RecordLiability / RecordLiabilityDraft {
        incident: IncidentId = "妨碍案件查处的情形";
        result: LongText = "处理结果";
        paper: Option<Text> = "来文文号";
    }
}

impl Rule for RecordLiability {
    fn judge(
        draft: RecordLiabilityDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let incident = at.dossier.liability.incident(&draft.incident);
        let asked = incident.map(|incident| incident.asked.as_ref());
        check.that(asked.map(|asked| asked.is_some()), &PROPOSED_FIRST);
        at.follows(asked.flatten().map(|(_, stamp)| stamp.occurred), check);
        check.that(incident.map(|incident| incident.result.is_none()), &RESULT_ONCE);
        Some(Event::LiabilityRecorded(Self::complete(draft)?).into())
    }
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 妨碍案件查处的情形已记录.
        HindranceRecorded(RecordHindrance),
        /// 妨碍查处责任处理建议已提出.
        SanctionProposed(ProposeSanction),
        /// 已提请有关主管部门处罚.
        PenaltyRequested(ReferForPenalty),
        /// 妨碍查处责任的处理结果已记录.
        LiabilityRecorded(RecordLiability),
    }
}

/// 妨碍案件查处的情形. One incident, and what came of it.
#[derive(Clone, Debug)]
pub struct Incident {
    /// What happened, on what evidence.
    pub form: RecordHindrance,
    /// Who and when.
    pub stamp: Stamp,
    /// 处理建议或者提请处罚: by when an answer is asked for, and when it was first made.
    pub asked: Option<(Option<Date>, Stamp)>,
    /// 处理结果.
    pub result: Option<(RecordLiability, Stamp)>,
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 妨碍案件查处的情形.
    pub incidents: Vec<Incident>,
}

impl State {
    fn incident(&self, id: &Option<IncidentId>) -> Option<&Incident> {
        self.incidents.get(id.as_ref()?.index())
    }

    fn ask(&mut self, id: &IncidentId, reply_by: Option<Date>, stamp: Stamp) {
        if let Some(incident) = self.incidents.get_mut(id.index()) {
            // What is told later may answer what was asked first.
            let first = incident.asked.take().map_or(stamp, |(_, first)| first);
            incident.asked = Some((reply_by, first));
        }
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let stamp = entry.stamp();
    let state = &mut dossier.liability;
    match event {
        Event::HindranceRecorded(form) => {
            let form = form.clone();
            state.incidents.push(Incident { form, stamp, asked: None, result: None });
        }
        Event::SanctionProposed(form) => state.ask(&form.incident, form.reply_by, stamp),
        Event::PenaltyRequested(form) => state.ask(&form.incident, form.reply_by, stamp),
        Event::LiabilityRecorded(form) => {
            if let Some(incident) = state.incidents.get_mut(form.incident.index()) {
                incident.result = Some((form.clone(), stamp));
            }
        }
    }
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, _: &Setting, duties: &mut Vec<Duty>) {
    for (incident, i) in dossier.liability.incidents.iter().zip(1..) {
        let what = dossier::titled(i, incident.form.facts.as_str());
        let mut open = |name: &str, basis: Clause, due, step| {
            let name = format!("{name}：{what}");
            duties.push(Duty { name, basis, due, step, desk: Desk::Owner });
        };
        match (&incident.asked, incident.form.part) {
            (None, Part::Concerned) => {
                open("妨碍查处待提出处理建议", clause(59).paragraph(1), None, "propose_sanction");
            }
            (None, Part::Assisting) => {
                open("协助妨碍查处待提请处罚", clause(59).paragraph(2), None, "refer_for_penalty");
            }
            (Some((due, _)), _) if incident.result.is_none() => {
                open("妨碍查处的处理结果待告知", clause(59), *due, "record_liability");
            }
            (Some(_), _) => {}
        }
    }
}
