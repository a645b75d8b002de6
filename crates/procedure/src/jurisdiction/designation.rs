//! 指定管辖. A superior decides who is competent; a central organ may ask the national department; a superior may organise a lower one to act (arts. 12–15, 16 ¶2).

use jiff::civil::Date;

use super::{Event, facts, transfer};
use crate::{
    check::{Check, refusals},
    directory::{Directory, Level},
    dossier::{self, At, Dossier, Stamp},
    law::clause,
    number::Series,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, LongText, Several, Text, choice, numbered},
};

const HEAD: &[Relation] = &[Relation::Head];

/// 提出管辖异议.
pub const OBJECT: Step = Step::of::<ObjectToTransfer>(
    "object_to_jurisdiction",
    "对移送的管辖权提出异议",
    &[clause(16).paragraph(2)],
    HEAD,
)
.decision();

/// 报请指定管辖.
pub const REQUEST: Step = Step::of::<RequestDesignation>(
    "request_designation",
    "报请指定管辖",
    &[clause(15).paragraph(1), clause(16).paragraph(2)],
    HEAD,
)
.on_day("报请日期")
.decision()
.numbered(Series::DesignationRequest);

/// 指定管辖.
pub const DESIGNATE: Step =
    Step::of::<Designate>("designate", "指定管辖", &[clause(15)], &[Relation::Superior])
        .decision()
        .numbered(Series::Designation)
        .in_transit()
        .warning("指定管辖的决定作出后，有关部门即受其约束");

/// 记录上级的指定管辖决定.
pub const RECORD_DESIGNATION: Step = Step::of::<RecordDesignation>(
    "record_designation",
    "记录上级的指定管辖决定",
    &[clause(15).paragraph(2)],
    &[Relation::Head, Relation::Clerk, Relation::Handler],
)
.on_day("收到通知日期")
.decision();

/// 书面组织下级查处.
pub const ORGANISE: Step = Step::of::<Organise>(
    "organise_lower",
    "书面组织下级查处",
    &[clause(12), clause(13)],
    &[Relation::Superior, Relation::Head],
)
.on_day("书面日期")
.decision();

/// 中央和国家机关特殊情况的决定.
pub const DECIDE_SPECIAL: Step = Step::of::<DecideSpecial>(
    "decide_special",
    "中央和国家机关特殊情况的管辖决定",
    &[clause(14)],
    &[Relation::Superior, Relation::Head],
)
.on_day("决定日期")
.decision();

refusals! {
    RECEIVED_BY_TRANSFER = "designation.received_by_transfer", [clause(16).paragraph(2)],
        "本案不是接受移送的案件",
        "发现不属于本部门管辖的，按第十六条第一款移送",
        "本案是接受移送的案件";
    OBJECTED_FIRST = "designation.objected_first", [clause(16).paragraph(2)], at "ground",
        "没有对移送的管辖权提出异议",
        "先提出异议，或者选择其他理由",
        "已经对移送的管辖权提出异议";
    ASK_NEXT_HIGHER = "designation.ask_next_higher", [clause(15).paragraph(1)], at "department",
        "报请的不是上一级保密行政管理部门",
        "报请上一级保密行政管理部门",
        "报请的是上一级保密行政管理部门";
    OBJECTOR_ASKS_NEXT_HIGHER = "designation.objector_asks_next_higher", [clause(16).paragraph(2)], at "department",
        "报请的不是上一级保密行政管理部门",
        "报请上一级保密行政管理部门",
        "报请的是上一级保密行政管理部门";
    SAME_LEVEL = "designation.same_level", [clause(15).paragraph(1)], at "other",
        "没有写明发生管辖争议的同级保密行政管理部门",
        "选择发生争议的同级部门",
        "写明了发生管辖争议的同级保密行政管理部门";
    CONSULTED_FIRST = "designation.consulted_first", [clause(15).paragraph(1)], by CONSULTATION_FAILED, at "consultation",
        "没有协商的记录",
        "先本着有利于开展查处工作的原则协商；协商不成的，写明经过",
        "有协商的记录";
    ASK_COMMON_SUPERIOR = "designation.ask_common_superior", [clause(15).paragraph(1)], at "department",
        "报请的不是争议双方共同的上级",
        "报请共同的上级保密行政管理部门",
        "报请的是争议双方共同的上级";
    REQUESTED_ONCE = "designation.requested_once", [clause(15).paragraph(1)],
        "已经报请指定管辖，上级尚未决定",
        "等待上级决定",
        "没有尚未决定的指定管辖申请";
    DECIDED_BY_THE_ASKED = "designation.decided_by_the_asked", [clause(15).paragraph(2)], at "request",
        "该申请不是报请本部门的",
        "由报请的部门决定",
        "该申请是报请本部门的";
    REQUEST_UNDECIDED = "designation.request_undecided", [clause(15).paragraph(2)], at "request",
        "该申请已经决定",
        "选择尚未决定的申请",
        "该申请尚未决定";
    OF_OWN_MOTION_IF_MAJOR = "designation.of_own_motion_if_major", [clause(15).paragraph(1)], at "request",
        "没有申请，案件也没有认定为重大、复杂",
        "重大、复杂的案件才可以直接指定管辖",
        "有申请，或者案件已经认定为重大、复杂";
    DESIGNATED_BELOW = "designation.designated_below", [clause(15).paragraph(2)], at "department",
        "被指定的部门不在作出决定的部门之下",
        "选择本部门或者下级部门",
        "被指定的部门是作出决定的部门或者其下级";
    BY_A_SUPERIOR = "designation.by_a_superior", [clause(15).paragraph(1)], at "by",
        "作出决定的部门不是上级",
        "选择承办部门的上级",
        "作出决定的部门是上级";
    BY_THE_NATION = "designation.by_the_nation", [clause(14)], at "by",
        "没有国家保密行政管理部门的决定",
        "由国家保密行政管理部门决定；记录其决定的，填写部门和文号",
        "有国家保密行政管理部门的决定";
    ORGANISED_BY_A_SUPERIOR = "designation.organised_by_a_superior", [clause(12), clause(13)], by ORGANISED_IN_WRITING, at "by",
        "没有写明作出决定的上级部门和文号，或者该部门不是上级",
        "选择承办部门的上级，填写文号",
        "写明了作出决定的上级部门和文号";
    ORGANISED_BY_THE_COMPETENT = "designation.organised_by_the_competent", [clause(12), clause(13)], by ORGANISED_IN_WRITING, at "by",
        "书面组织的部门不是对本案有管辖权的上级",
        "由有管辖权的上级书面组织",
        "由有管辖权的上级书面组织";
    CENTRAL_ORGAN_CONCERNED = "designation.central_organ_concerned", [clause(14)], at "organ",
        "提交说明的不是中央和国家机关",
        "由中央和国家机关提交书面材料",
        "提交说明的是中央和国家机关";
}

numbered! {
    /// 指定管辖申请.
    DesignationRequestId = "designation_request", "指定管辖申请", |dossier| {
        let requests = dossier.jurisdiction.requests.iter();
        crate::value::titles(requests.map(|request| request.form.reason.as_str()))
    };
}

form! {
    /// 对移送的管辖权提出异议. The receiver must then ask the next higher department, and may not send on.
    ObjectToTransfer / ObjectToTransferDraft {
        reason: LongText = "异议的理由";
    }
}

impl Rule for ObjectToTransfer {
    fn judge(
        draft: ObjectToTransferDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        // Who has the case by designation is bound by it.
        let last = at.dossier.jurisdiction.transfers.last();
        let transferred = last.is_some_and(|t| t.form.ground != transfer::Ground::Designated);
        check.that(transferred, &RECEIVED_BY_TRANSFER);
        Some(Event::Objected(Self::complete(draft)?).into())
    }
}

choice! {
    /// 报请指定管辖的理由.
    RequestGround {
        Special = "special", "由于特殊原因不能查处";
        Dispute = "dispute", "同级部门之间发生管辖争议";
        Objection = "objection", "对移送的管辖权有异议";
    }
}

form! {
    /// 报请指定管辖.
    RequestDesignation / RequestDesignationDraft {
        ground: RequestGround = "报请的理由";
        reason: LongText = "具体情况";
        department: DepartmentId = "报请的上级保密行政管理部门";
        other: Option<DepartmentId> = "发生争议的部门", "管辖争议的填写";
        consultation: Option<LongText> = "协商不成的经过", "管辖争议的填写";
        received: Option<Date> = "上级收到申请的日期", "不填的，为报请日期";
    }
}

impl Rule for RequestDesignation {
    fn judge(
        draft: RequestDesignationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let state = &at.dossier.jurisdiction;
        check.that(state.requests.iter().all(|request| request.decided), &REQUESTED_ONCE);
        let directory = &at.setting.directory;
        let owner = at.dossier.department().unwrap_or(&at.setting.department);
        let asked = draft.department.as_ref();
        match draft.ground {
            Some(RequestGround::Dispute) => judge_dispute(&draft, owner, directory, check),
            Some(ground) => {
                let next = directory.superiors(owner).first().map(|next| &next.id);
                let asks_next = asked.map(|asked| next == Some(asked));
                if ground == RequestGround::Objection {
                    check.that(state.objection.is_some(), &OBJECTED_FIRST);
                    check.that(asks_next, &OBJECTOR_ASKS_NEXT_HIGHER);
                } else {
                    check.that(asks_next, &ASK_NEXT_HIGHER);
                }
            }
            None => {}
        }
        let in_order = draft.received.zip(at.occurred).map(|(received, day)| {
            received.is_none_or(|received| day <= received && received <= at.today())
        });
        check.that(in_order, &crate::act::NOT_BEFORE_PREMISE);
        Some(Event::DesignationRequested(Self::complete(draft)?).into())
    }
}

/// Art. 15 ¶1: departments of one level consult, then ask a superior of both.
fn judge_dispute(
    draft: &RequestDesignationDraft,
    owner: &DepartmentId,
    directory: &Directory,
    check: &mut Check<'_>,
) {
    let level = |id: &DepartmentId| directory.department(id).map(|department| department.level);
    let same = draft.other.as_ref().map(|other| {
        other.as_ref().is_some_and(|other| other != owner && level(other) == level(owner))
    });
    check.that(same, &SAME_LEVEL);
    check.that(draft.consultation.as_ref().map(Option::is_some), &CONSULTED_FIRST);
    let above = |id: &DepartmentId, asked: &DepartmentId| {
        directory.superiors(id).iter().any(|superior| superior.id == *asked)
    };
    let common = draft.department.as_ref().map(|asked| {
        let other = draft.other.as_ref().and_then(Option::as_ref);
        above(owner, asked) && other.is_none_or(|other| above(other, asked))
    });
    check.that(common, &ASK_COMMON_SUPERIOR);
}

form! {
    /// 指定管辖. The decision of a superior, on request or of its own motion.
    Designate / DesignateDraft {
        request: Option<DesignationRequestId> = "指定管辖申请", "重大、复杂案件直接指定的，不选";
        department: DepartmentId = "被指定管辖的部门";
        reason: LongText = "理由";
        notified: Option<Several<DepartmentId>> = "另行书面通知的其他有关部门", "承办部门和被指定的部门即时收到决定，不必列入";
    }
}

impl Rule for Designate {
    fn judge(draft: DesignateDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let desk = at.desk();
        judge_decision(&draft.request, &draft.department, Some(desk), at, check);
        Some(Event::Designated(Self::complete(draft)?).into())
    }
}

/// Art. 15: what a designation needs, whoever records it.
fn judge_decision(
    request: &Option<Option<DesignationRequestId>>,
    department: &Option<DepartmentId>,
    by: Option<&DepartmentId>,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let state = &at.dossier.jurisdiction;
    match request {
        Some(Some(id)) => {
            let found = state.requests.get(id.index());
            let asked = found.zip(by).map(|(request, by)| request.form.department == *by);
            check.that(asked, &DECIDED_BY_THE_ASKED);
            check.that(found.map(|request| !request.decided), &REQUEST_UNDECIDED);
            at.follows(found.map(|request| request.received), check);
        }
        Some(None) => check.that(at.dossier.is_major(), &OF_OWN_MOTION_IF_MAJOR),
        None => {}
    }
    let directory = &at.setting.directory;
    let below = department.as_ref().zip(by).map(|(department, by)| {
        department == by || directory.superiors(department).iter().any(|above| above.id == *by)
    });
    check.that(below, &DESIGNATED_BELOW);
}

form! {
    /// 记录上级的指定管辖决定. The notice arrived on paper.
    RecordDesignation / RecordDesignationDraft {
        request: Option<DesignationRequestId> = "指定管辖申请", "上级直接指定的，不选";
        by: DepartmentId = "作出决定的上级部门";
        paper: Text = "决定书文号";
        decided: Date = "决定日期";
        department: DepartmentId = "被指定管辖的部门";
        reason: LongText = "理由";
    }
}

impl Rule for RecordDesignation {
    fn judge(
        draft: RecordDesignationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        check.that(draft.by.as_ref().map(|by| is_above(by, at)), &BY_A_SUPERIOR);
        judge_decision(&draft.request, &draft.department, draft.by.as_ref(), at, check);
        at.follows(draft.decided, check);
        Some(Event::DesignationRecorded(Self::complete(draft)?).into())
    }
}

/// Whether a department is above the one that owns the dossier.
fn is_above(by: &DepartmentId, at: &At<'_>) -> bool {
    let owner = at.dossier.department().unwrap_or(&at.setting.department);
    at.setting.directory.superiors(owner).iter().any(|superior| superior.id == *by)
}

form! {
    /// 书面组织下级查处. The competent superior lets the department that has the case handle it.
    Organise / OrganiseDraft {
        content: LongText = "组织、督促的要求";
        by: Option<DepartmentId> = "作出决定的上级部门", "记录上级来文的填写";
        paper: Option<Text> = "文号", "记录上级来文的填写";
    }
}

impl Rule for Organise {
    fn judge(draft: OrganiseDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        judge_author(&draft.by, &draft.paper, at, check);
        let itself = is_above(at.desk(), at).then(|| at.desk());
        let by = itself.or(draft.by.as_ref().and_then(Option::as_ref));
        if let Some(by) = by {
            check.that(facts::is_competent_superior(by, at), &ORGANISED_BY_THE_COMPETENT);
        }
        Some(Event::Organised(Self::complete(draft)?).into())
    }
}

/// The superior acts itself, or the owner records its paper.
fn judge_author(
    by: &Option<Option<DepartmentId>>,
    paper: &Option<Option<Text>>,
    at: &At<'_>,
    check: &mut Check<'_>,
) {
    let itself = is_above(at.desk(), at);
    let from_paper = by
        .as_ref()
        .zip(paper.as_ref())
        .map(|(by, paper)| by.as_ref().is_some_and(|by| is_above(by, at)) && paper.is_some());
    check.that(from_paper.map(|from_paper| itself || from_paper), &ORGANISED_BY_A_SUPERIOR);
}

form! {
    /// 中央和国家机关特殊情况的管辖决定. The national department decides on a central organ's written reasons.
    DecideSpecial / DecideSpecialDraft {
        organ: Text = "提交说明的中央和国家机关";
        unit: Text = "发生案件的有关单位";
        reasons: LongText = "不宜由地方查处的理由";
        submitted: Date = "提交书面材料的日期";
        department: DepartmentId = "决定由其查处的部门";
        by: Option<DepartmentId> = "作出决定的部门", "记录国家保密行政管理部门来文的填写";
        paper: Option<Text> = "决定书文号", "记录国家保密行政管理部门来文的填写";
    }
}

impl Rule for DecideSpecial {
    fn judge(
        draft: DecideSpecialDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let directory = &at.setting.directory;
        let national = |id: &DepartmentId| {
            directory.department(id).is_some_and(|d| d.level == Level::National)
        };
        let itself = national(at.desk());
        let from_paper = draft.by.as_ref().zip(draft.paper.as_ref());
        let decided = from_paper
            .map(|(by, paper)| itself || (by.as_ref().is_some_and(national) && paper.is_some()));
        check.that(decided, &BY_THE_NATION);
        let central = draft.organ.as_ref().map(|organ| {
            let mut units = directory.units();
            units.any(|unit| {
                unit.name == *organ && unit.category == crate::directory::UnitCategory::CentralOrgan
            })
        });
        check.that(central, &CENTRAL_ORGAN_CONCERNED);
        at.follows(draft.submitted, check);
        Some(Event::SpecialDecided(Self::complete(draft)?).into())
    }
}

/// 指定管辖申请. One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// What was asked.
    pub form: RequestDesignation,
    /// Who and when.
    pub stamp: Stamp,
    /// The day on which the superior received it.
    pub received: Date,
    /// Whether it was decided.
    pub decided: bool,
    /// The day of the decision.
    pub decided_on: Option<Date>,
}

/// 指定管辖决定.
#[derive(Clone, Debug)]
pub struct Decision {
    /// 被指定管辖的部门.
    pub department: DepartmentId,
    /// The department that had the case.
    pub from: DepartmentId,
    /// The day on which the papers were sent to the department designated.
    pub moved: Option<Date>,
    /// The day on which the department that had the case received the notice.
    pub noticed: Date,
    /// Who recorded it.
    pub stamp: Stamp,
}

/// A designation, decided here or on paper.
pub(super) fn designate(
    dossier: &mut Dossier,
    request: Option<&DesignationRequestId>,
    department: &DepartmentId,
    decided: Date,
    stamp: Stamp,
) {
    let state = &mut dossier.jurisdiction;
    if let Some(request) = request.and_then(|id| state.requests.get_mut(id.index())) {
        request.decided = true;
        request.decided_on = Some(decided);
    }
    let Some(from) = state.owner.clone() else { return };
    let noticed = stamp.occurred;
    // Whose the case is, is answered now; the papers follow the decision.
    if let Some(finding) = state.findings.last_mut() {
        finding.met.get_or_insert(noticed);
    }
    let department = department.clone();
    state.decisions.push(Decision { department, from, moved: None, noticed, stamp });
}
