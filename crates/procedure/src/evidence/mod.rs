//! 第三章 证据. Material is collected, verified and examined; whether it can be used is computed, never typed in.
//!
#![doc = include_str!("law.md")]

pub mod custody;
pub mod provided;

use crate::{
    answered::LegalRule,
    check::{Check, refusals},
    deadline::Duty,
    dossier::{self, At, Dossier, Entry, Stamp},
    general::Label,
    investigation::{self, consultation::Consulted, powers},
    law::clause,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{EvidenceId, Fact, File, InterviewId, LongText, Several, StaffId, Text, choice},
};
use jiff::civil::Date;

const HANDLER: &[Relation] = &[Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<CollectEvidence>(
        "collect_evidence",
        "收集、调取证据",
        &[clause(17), clause(18), clause(19), clause(20), clause(21)],
        HANDLER,
    )
    .on_day("收集日期")
    .as_happened()
    .correctable(),
    provided::RECEIVE,
    Step::of::<VerifyEvidence>(
        "verify_evidence",
        "与原件、原物核实",
        &[clause(19), clause(20).paragraph(2)],
        HANDLER,
    )
    .on_day("核实日期"),
    Step::of::<NoteOriginal>("note_original", "附原件、原物存放处说明", &[clause(22)], HANDLER)
        .correctable(),
    Step::of::<NoteAlteration>(
        "note_alteration",
        "记录书证更改或者更改迹象",
        &[clause(20).paragraph(2)],
        HANDLER,
    ),
    Step::of::<RecheckHash>(
        "recheck_hash",
        "复核电子数据校验值",
        &[clause(18), clause(21)],
        HANDLER,
    )
    .on_day("复核日期"),
    custody::HAND_OVER,
    custody::CONFIRM,
    custody::RETURN,
    Step::of::<ExamineEvidence>("examine_evidence", "审查、核实证据", &[clause(18)], HANDLER)
        .on_day("审查日期"),
];

refusals! {
    COLLECTOR_IS_HANDLER = "evidence.collector_is_handler", [clause(18)], at "handlers",
        "收集人不是本案办案人员，或者已经回避",
        "由本案办案人员收集",
        "收集人是本案办案人员，且没有回避";
    TWO_COLLECTORS = "evidence.two_collectors", [clause(35)], at "handlers",
        "立案后收集证据的办案人员少于2人",
        "由2名以上办案人员收集；已经收集的，如实记录",
        "立案后收集证据的办案人员不少于2人";
    OBJECT_UNLESS_HARD = "evidence.object_unless_hard", [clause(19)], at "reason",
        "不是原物，也不是写明不能收集原物的原因的照片、录像",
        "收集原物；不便搬运、不易保存，依法应当由有关机关、单位保管、处理或者返还的，拍摄照片、录像并写明原因",
        "收集的是原物，或者写明不能收集原物的原因的照片、录像";
    DOCUMENT_UNLESS_HARD = "evidence.document_unless_hard", [clause(20).paragraph(1)], at "reason",
        "不是原件，也不是写明取得原件确有困难的原因的副本、复制件",
        "收集原件；取得原件确有困难的，使用副本、复制件并写明原因",
        "收集的是原件，或者写明取得原件确有困难的原因的副本、复制件";
    MEDIUM_UNLESS_HARD = "evidence.medium_unless_hard", [clause(21)], by COPY_REASON, at "reason",
        "不是原始载体，也不是写明收集确有困难的原因的复制件、镜像备份",
        "收集原始载体；确有困难的，拷贝复制或者镜像备份并写明原因",
        "收集的是原始载体，或者写明收集确有困难的原因的复制件、镜像备份";
    DOCUMENT_AGAINST_ORIGINAL = "evidence.document_against_original", [clause(20).paragraph(2)], at "verification",
        "书证的副本、复制件须与原件核实，不能以鉴定代替",
        "与原件核实",
        "书证的副本、复制件与原件核实";
    EXAMINER_NAMED = "evidence.examiner_named", [clause(19)], at "examiner",
        "经鉴定证明的，没有写明鉴定机构、鉴定人",
        "写明鉴定机构、鉴定人和鉴定意见",
        "经鉴定证明的，写明鉴定机构、鉴定人";
    ONLY_COPIES = "evidence.only_copies", [], at "evidence",
        "该证据是原件、原物，不需要核实或者附存放处说明",
        "选择复制件、照片或者录像",
        "该证据是副本、复制件、照片或者录像";
    ONLY_DOCUMENTS = "evidence.only_documents", [clause(20).paragraph(2)], at "evidence",
        "该证据不是书证",
        "选择书证",
        "该证据是书证";
    ONLY_HASHED = "evidence.only_hashed", [clause(21)], at "evidence",
        "该证据收集时没有计算校验值，无从复核",
        "选择收集时已计算校验值的电子数据",
        "该证据收集时已经计算校验值";
    PRODUCED_IN_BREACH = "evidence.produced_in_breach", [clause(18)], by DEFECTIVE_NOT_USABLE,
        "由违反规定的行为取得",
        "依照规定重新收集",
        "不是由违反规定的行为取得";
    PICTURE_VERIFIED = "evidence.picture_verified", [clause(19)],
        "照片、录像尚未与原物核实无误，也没有经鉴定证明为真实",
        "与原物核实，或者经鉴定证明",
        "照片、录像已经与原物核实无误，或者经鉴定证明为真实";
    COPY_VERIFIED = "evidence.copy_verified", [clause(20).paragraph(2)],
        "副本、复制件尚未与原件核实无误",
        "与原件核实",
        "副本、复制件已经与原件核实无误";
    PICTURE_AGREES = "evidence.picture_agrees", [clause(19)],
        "经核实或者鉴定与原物不一致，不足以反映原物外形或者内容",
        "重新收集",
        "经核实或者鉴定与原物一致";
    COPY_AGREES = "evidence.copy_agrees", [clause(20).paragraph(2)],
        "经核实与原件、原物不一致，不能反映原件及其内容",
        "重新收集",
        "经核实与原件、原物一致";
    ORIGINAL_PLACE_NOTED = "evidence.original_place_noted", [clause(22)], by ORIGINAL_PLACE,
        "没有附原件、原物存放处的文字说明",
        "附原件、原物存放处说明",
        "附有原件、原物存放处的文字说明";
    ALTERATION_EXPLAINED = "evidence.alteration_explained", [clause(20).paragraph(2)],
        "有更改或者更改迹象，不能作出合理解释",
        "查明更改的原因；不能合理解释的，不作为证据使用",
        "没有更改或者更改迹象，或者能作出合理解释";
    HASH_UNCHANGED = "evidence.hash_unchanged", [clause(21)], by HASH_CHANGED,
        "校验值与收集时不一致",
        "查明原因，重新收集",
        "校验值与收集时一致";
    RECORD_IS_SIGNED = "evidence.record_is_signed", [clause(40).paragraph(2)], by RECORD_SIGNED,
        "询问笔录尚未核对签名，或者拒绝签名而未注明",
        "交被询问人核对签名；拒绝签名的予以注明",
        "询问笔录已经核对签名，或者注明拒绝签名";
    STATEMENT_IS_SIGNED = "evidence.statement_is_signed", [clause(41).paragraph(2)],
        "书面材料没有按规定签名",
        "由本人在结尾处签名；打印的逐页签名",
        "书面材料已经按规定签名";
    INSPECTION_RECORDED = "evidence.inspection_recorded", [clause(44).paragraph(2)], by INSPECTION_RECORD,
        "没有检查笔录，或者笔录没有签名、注明",
        "制作检查笔录并签名；不在场、拒绝签名的予以注明",
        "有检查笔录，且笔录已经签名、注明";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] =
    &[REFUSALS, provided::REFUSALS, custody::REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "custody",
        name: "证据的保管",
        basis: &[clause(18)],
        about: "登记入卷的人员为第一保管人；每次移交由现在的保管人交出、接收人确认，链条中断的不能使用",
    },
    LegalRule {
        id: "catalogue",
        name: "证据目录",
        basis: &[clause(17)],
        about: "按第十七条的种类排列，同种类的按收集的先后",
    },
    LegalRule {
        id: "usability",
        name: "证据能否使用",
        basis: &[
            clause(19),
            clause(20),
            clause(21),
            clause(22),
            clause(40).paragraph(2),
            clause(41).paragraph(2),
            clause(44).paragraph(2),
        ],
        about: "由记录计算：可以使用、暂不能使用（所缺条件）、不能使用（原因）",
    },
];

choice! {
    /// 证据种类 (art. 17).
    Kind {
        Object = "object", "物证";
        Document = "document", "书证";
        Testimony = "testimony", "证人证言";
        PartyStatement = "party_statement", "案件当事人陈述";
        Electronic = "electronic", "视听资料、电子数据";
        Record = "record", "保密检查、勘验笔录，技术核查报告";
        Appraisal = "appraisal", "密级鉴定书";
    }
}

choice! {
    /// 形式. The original, or what stands for it.
    Shape {
        Original = "original", "原物、原件、原始载体";
        Copy = "copy", "副本、复制件";
        Picture = "picture", "照片、录像";
        Image = "image", "拷贝复制、镜像备份";
    }
}

choice! {
    /// 核实方式 (arts. 19, 20).
    Verification {
        AgainstOriginal = "against_original", "与原件、原物核实";
        ByExamination = "by_examination", "经鉴定证明";
    }
}

choice! {
    /// 核实结果.
    Agreement {
        Agrees = "agrees", "核实无误";
        Differs = "differs", "不一致";
    }
}

form! {
    /// 收集、调取证据. An item is taken in: who, when, where, how, from whom.
    CollectEvidence / CollectEvidenceDraft {
        name: Text = "名称";
        kind: Kind = "证据种类";
        shape: Shape = "形式";
        reason: Option<LongText> = "不收集原物、原件、原始载体的原因", "收集原物、原件、原始载体的不填";
        source: Text = "提供人或者来源";
        place: Text = "收集地点";
        method: Text = "收集方式";
        handlers: Several<StaffId> = "收集人";
        original_place: Option<Text> = "原件、原物存放处", "复制件、照片、录像、镜像的填写";
        hash: Option<Text> = "校验值", "电子数据收集时计算的校验值，写明算法";
        label: Option<Label> = "信息标注";
        file: Option<File> = "附件";
    }
}

impl Rule for CollectEvidence {
    fn judge(
        draft: CollectEvidenceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        powers::must_be_under_way(at, check);
        let handlers = draft.handlers.as_deref();
        powers::must_be_assigned(handlers, at.occurred, &COLLECTOR_IS_HANDLER, at, check);
        powers::must_be_two(handlers, at.occurred, &TWO_COLLECTORS, at, check);
        must_be_explained(draft.kind, draft.shape, draft.reason.as_ref(), check);
        Some(Event::Collected(Self::complete(draft)?).into())
    }
}

/// Arts. 19 to 21: what stands for an original needs a reason.
fn must_be_explained(
    kind: Option<Kind>,
    shape: Option<Shape>,
    reason: Option<&Option<LongText>>,
    check: &mut Check<'_>,
) {
    let answered = shape.zip(reason.map(Option::is_some));
    let instead = |admitted: &[Shape]| {
        answered.map(|(shape, reasoned)| {
            shape == Shape::Original || reasoned && admitted.contains(&shape)
        })
    };
    match kind {
        Some(Kind::Object) => check.that(instead(&[Shape::Picture]), &OBJECT_UNLESS_HARD),
        Some(Kind::Document) => check.that(instead(&[Shape::Copy]), &DOCUMENT_UNLESS_HARD),
        Some(Kind::Electronic) => {
            check.that(instead(&[Shape::Copy, Shape::Image]), &MEDIUM_UNLESS_HARD);
        }
        _ => {}
    }
}

form! {
    /// 与原件、原物核实.
    VerifyEvidence / VerifyEvidenceDraft {
        evidence: EvidenceId = "证据";
        verification: Verification = "核实方式";
        agreement: Agreement = "核实结果";
        detail: LongText = "核实情况";
        examiner: Option<Text> = "鉴定机构、鉴定人", "经鉴定证明的填写";
        opinion: Option<Text> = "鉴定意见文号", "经鉴定证明的填写";
    }
}

impl Rule for VerifyEvidence {
    fn judge(
        draft: VerifyEvidenceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let copy = material(&draft.evidence, at).map(|material| material.shape != Shape::Original);
        check.that(copy.or(draft.evidence.as_ref().map(|_| false)), &ONLY_COPIES);
        let document =
            material(&draft.evidence, at).is_some_and(|material| material.kind == Kind::Document);
        let compared = draft.verification.map(|v| !document || v == Verification::AgainstOriginal);
        check.that(compared, &DOCUMENT_AGAINST_ORIGINAL);
        let named = draft.examiner.as_ref().map(Option::is_some);
        let examined = draft.verification.zip(named);
        let named = examined.map(|(v, named)| v != Verification::ByExamination || named);
        check.that(named, &EXAMINER_NAMED);
        at.follows(taken_in(&draft.evidence, at), check);
        Some(Event::Verified(Self::complete(draft)?).into())
    }
}

form! {
    /// 附原件、原物存放处说明.
    NoteOriginal / NoteOriginalDraft {
        evidence: EvidenceId = "证据";
        place: Text = "原件、原物存放处";
    }
}

impl Rule for NoteOriginal {
    fn judge(
        draft: NoteOriginalDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let copy = material(&draft.evidence, at).map(|material| material.shape != Shape::Original);
        check.that(copy.or(draft.evidence.as_ref().map(|_| false)), &ONLY_COPIES);
        Some(Event::OriginalNoted(Self::complete(draft)?).into())
    }
}

form! {
    /// 记录书证更改或者更改迹象.
    NoteAlteration / NoteAlterationDraft {
        evidence: EvidenceId = "证据";
        alteration: LongText = "更改或者更改迹象";
        explained: Fact = "能否作出合理解释";
        explanation: Option<LongText> = "解释";
    }
}

impl Rule for NoteAlteration {
    fn judge(
        draft: NoteAlterationDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let document =
            material(&draft.evidence, at).map(|material| material.kind == Kind::Document);
        check.that(document.or(draft.evidence.as_ref().map(|_| false)), &ONLY_DOCUMENTS);
        Some(Event::AlterationNoted(Self::complete(draft)?).into())
    }
}

form! {
    /// 复核电子数据校验值.
    RecheckHash / RecheckHashDraft {
        evidence: EvidenceId = "证据";
        hash: Text = "复核得到的校验值";
    }
}

impl Rule for RecheckHash {
    fn judge(
        draft: RecheckHashDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let hashed = material(&draft.evidence, at).map(|material| material.hash.is_some());
        check.that(hashed.or(draft.evidence.as_ref().map(|_| false)), &ONLY_HASHED);
        at.follows(taken_in(&draft.evidence, at), check);
        Some(Event::HashRechecked(Self::complete(draft)?).into())
    }
}

form! {
    /// 审查、核实证据. What the handlers found when they examined the item.
    ExamineEvidence / ExamineEvidenceDraft {
        evidence: EvidenceId = "证据";
        result: LongText = "审查意见", "真实性、合法性、与案件的联系，是否确实、充分";
    }
}

impl Rule for ExamineEvidence {
    fn judge(
        draft: ExamineEvidenceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        at.follows(taken_in(&draft.evidence, at), check);
        Some(Event::Examined(Self::complete(draft)?).into())
    }
}

/// The day on which an item was taken in.
fn taken_in(id: &Option<EvidenceId>, at: &At<'_>) -> Option<Date> {
    Some(at.dossier.evidence.item(id.as_ref()?)?.stamp.occurred)
}

fn material<'a>(id: &Option<EvidenceId>, at: &At<'a>) -> Option<Material<'a>> {
    at.dossier.evidence.item(id.as_ref()?)?.material()
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 证据已收集.
        Collected(CollectEvidence),
        /// 机关、单位提供的证据已接收.
        Provided(provided::ReceiveProvided),
        /// 已与原件、原物核实.
        Verified(VerifyEvidence),
        /// 已附原件、原物存放处说明.
        OriginalNoted(NoteOriginal),
        /// 更改已记录.
        AlterationNoted(NoteAlteration),
        /// 校验值已复核.
        HashRechecked(RecheckHash),
        /// 证据已移交.
        HandedOver(custody::HandOver),
        /// 接收已确认.
        ReceiptConfirmed(custody::Confirm),
        /// 证据已退还.
        ItemReturned(custody::ReturnItem),
        /// 证据已审查.
        Examined(ExamineEvidence),
    }
}

/// Where an item of evidence comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Collected as such.
    Collected(CollectEvidence),
    /// 机关、单位提供. Collected by a unit and received from it.
    Provided(provided::ReceiveProvided),
    /// A copy made when material was consulted.
    Copied(Consulted),
    /// The record of an interview.
    Interview(InterviewId),
    /// A written statement.
    Statement(investigation::interview::ReceiveStatement),
    /// The record of an inspection.
    Inspection(investigation::inspection::Inspect),
    /// An appraisal.
    Appraisal,
    /// The report of a technical verification.
    Report,
}

/// What the rules on originals and copies ask of collected material (arts. 19 to 22).
#[derive(Clone, Copy)]
struct Material<'a> {
    kind: Kind,
    shape: Shape,
    hash: Option<&'a Text>,
    original_place: Option<&'a Text>,
}

/// 证据. One item.
#[derive(Clone, Debug)]
pub struct Item {
    /// Number within the dossier.
    pub id: u32,
    /// 名称.
    pub name: String,
    /// 证据种类.
    pub kind: Kind,
    /// Where it comes from.
    pub origin: Origin,
    /// Who took it in and when.
    pub stamp: Stamp,
    /// The last verification against the original.
    pub verified: Option<VerifyEvidence>,
    /// 原件、原物存放处.
    pub original_place: Option<Text>,
    /// Alterations noted.
    pub alterations: Vec<NoteAlteration>,
    /// The hash found when it was last checked.
    pub rechecked: Option<Text>,
    /// 保管.
    pub custody: custody::Custody,
    /// 审查意见.
    pub examined: Vec<(ExamineEvidence, Stamp)>,
}

impl Item {
    /// The item as collected material; what was made in the investigation itself is none.
    fn material(&self) -> Option<Material<'_>> {
        match &self.origin {
            Origin::Collected(form) => Some(Material {
                kind: form.kind,
                shape: form.shape,
                hash: form.hash.as_ref(),
                original_place: form.original_place.as_ref(),
            }),
            Origin::Provided(form) => Some(Material {
                kind: form.kind,
                shape: form.shape,
                hash: form.hash.as_ref(),
                original_place: form.original_place.as_ref(),
            }),
            Origin::Copied(copy) => Some(Material {
                kind: Kind::Document,
                shape: Shape::Copy,
                hash: None,
                original_place: copy.original_place.as_ref(),
            }),
            _ => None,
        }
    }
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 证据, in the order in which they were taken in.
    pub items: Vec<Item>,
}

impl State {
    /// 证据目录. Every item, kind by kind in the order of art. 17, each kind in the order in which it was taken in.
    pub fn catalogue(&self) -> Vec<&Item> {
        let mut items: Vec<_> = self.items.iter().collect();
        items.sort_by_key(|item| (item.kind, item.id));
        items
    }

    /// The item with this number.
    pub fn item(&self, id: &EvidenceId) -> Option<&Item> {
        self.items.get((id.0 as usize).checked_sub(1)?)
    }

    pub(crate) fn add(&mut self, name: String, kind: Kind, origin: Origin, stamp: Stamp) {
        let mut item = Item {
            id: self.items.len() as u32 + 1,
            name,
            kind,
            origin,
            stamp,
            verified: None,
            original_place: None,
            alterations: Vec::new(),
            rechecked: None,
            custody: custody::Custody::default(),
            examined: Vec::new(),
        };
        item.original_place = item.material().and_then(|material| material.original_place.cloned());
        self.items.push(item);
    }

    fn item_mut(&mut self, id: &EvidenceId) -> Option<&mut Item> {
        self.items.get_mut((id.0 as usize).checked_sub(1)?)
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let state = &mut dossier.evidence;
    match event {
        Event::Collected(form) => {
            let origin = Origin::Collected(form.clone());
            state.add(form.name.to_string(), form.kind, origin, entry.stamp());
        }
        Event::Provided(form) => {
            let origin = Origin::Provided(form.clone());
            state.add(form.name.to_string(), form.kind, origin, entry.stamp());
        }
        Event::Verified(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                item.verified = Some(form.clone());
            }
        }
        Event::OriginalNoted(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                item.original_place = Some(form.place.clone());
            }
        }
        Event::AlterationNoted(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                item.alterations.push(form.clone());
            }
        }
        Event::HashRechecked(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                item.rechecked = Some(form.hash.clone());
            }
        }
        Event::HandedOver(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                custody::hand_over(item, form, entry.stamp());
            }
        }
        Event::ReceiptConfirmed(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                custody::confirm(item, form, entry.stamp());
            }
        }
        Event::ItemReturned(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                item.custody.returned = Some((form.clone(), entry.stamp()));
            }
        }
        Event::Examined(form) => {
            if let Some(item) = state.item_mut(&form.evidence) {
                item.examined.push((form.clone(), entry.stamp()));
            }
        }
    }
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, duties: &mut Vec<Duty>) {
    if !dossier.has_ended() {
        custody::duties(dossier, duties);
    }
}

/// Whether an item can be used, and why not.
#[derive(Clone, Debug, PartialEq)]
pub enum Usability {
    /// 可以使用.
    Usable,
    /// 暂不能使用: what is still missing.
    NotYet(Vec<&'static str>),
    /// 不能使用: what stands against it for good.
    Excluded(Vec<&'static str>),
}

/// Computes from the record whether an item can be used.
pub fn usability(item: &Item, dossier: &Dossier, setting: &Setting) -> Usability {
    let (excluding, completing) = judge_item(item, dossier, setting);
    let failing = |check: Check<'_>| -> Vec<&'static str> {
        check.failing().map(|finding| finding.refusal.message).collect()
    };
    let (excluded, missing) = (failing(excluding), failing(completing));
    if !excluded.is_empty() {
        Usability::Excluded(excluded)
    } else if !missing.is_empty() {
        Usability::NotYet(missing)
    } else {
        Usability::Usable
    }
}

/// What stands against an item for good, and what it still lacks.
fn judge_item<'a>(item: &Item, dossier: &Dossier, setting: &'a Setting) -> (Check<'a>, Check<'a>) {
    let mut excluding = Check::new(setting);
    let mut completing = Check::new(setting);
    excluding.that(!item.stamp.in_breach, &PRODUCED_IN_BREACH);
    custody::judge(item, &mut excluding, &mut completing);
    let agreement = item.verified.as_ref().map(|form| form.agreement);
    let agrees = if item.kind == Kind::Object { &PICTURE_AGREES } else { &COPY_AGREES };
    excluding.that(agreement != Some(Agreement::Differs), agrees);
    // The last record of an alteration decides; as long as it is not established, nothing is excluded for good.
    let explained = item.alterations.last().map(|form| form.explained.known());
    excluding.that(explained != Some(Some(false)), &ALTERATION_EXPLAINED);
    completing.that(explained != Some(None), &ALTERATION_EXPLAINED);
    match &item.origin {
        Origin::Interview(id) => {
            let signed = dossier.investigation.interview(id).and_then(|i| i.signed.as_ref());
            let settled = signed.is_some_and(|(form, _)| form.is_settled());
            completing.that(settled, &RECORD_IS_SIGNED);
        }
        Origin::Statement(form) => completing.that(form.is_signed(), &STATEMENT_IS_SIGNED),
        Origin::Inspection(form) => completing.that(form.is_recorded(), &INSPECTION_RECORDED),
        Origin::Appraisal | Origin::Report => {}
        Origin::Collected(_) | Origin::Provided(_) | Origin::Copied(_) => {}
    }
    if let Some(material) = item.material() {
        judge_material(material, item, &mut excluding, &mut completing);
    }
    (excluding, completing)
}

fn judge_material(
    material: Material<'_>,
    item: &Item,
    excluding: &mut Check<'_>,
    completing: &mut Check<'_>,
) {
    let unchanged = match (material.hash, &item.rechecked) {
        (Some(then), Some(now)) => same_hash(then, now),
        _ => true,
    };
    excluding.that(unchanged, &HASH_UNCHANGED);
    if material.shape == Shape::Original {
        return;
    }
    completing.that(item.original_place.is_some(), &ORIGINAL_PLACE_NOTED);
    // An image of electronic data is vouched for by its hash (art. 21), copies and pictures by comparison (arts. 19, 20).
    match material.kind {
        Kind::Object => completing.that(item.verified.is_some(), &PICTURE_VERIFIED),
        Kind::Document => completing.that(item.verified.is_some(), &COPY_VERIFIED),
        _ => {}
    }
}

/// Hashes are typed in: capitals and spaces make no difference.
fn same_hash(one: &Text, other: &Text) -> bool {
    let plain = |text: &Text| text.as_str().split_whitespace().collect::<String>().to_lowercase();
    plain(one) == plain(other)
}

/// The evidence that a finding rests on must be usable; each reason against an item is given.
pub(crate) fn must_be_usable(ids: Option<&[EvidenceId]>, at: &At<'_>, check: &mut Check<'_>) {
    for item in ids.unwrap_or_default().iter().filter_map(|id| at.dossier.evidence.item(id)) {
        let (excluding, completing) = judge_item(item, at.dossier, at.setting);
        check.absorb(&item.name, excluding);
        check.absorb(&item.name, completing);
    }
}

/// Why an item cannot be used.
pub fn reasons(usability: &Usability) -> &[&'static str] {
    match usability {
        Usability::Usable => &[],
        Usability::NotYet(reasons) | Usability::Excluded(reasons) => reasons,
    }
}
