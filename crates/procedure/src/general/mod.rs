//! 第一章 总则. What a leak is, who is concerned, who stands back and who may know.
//!
#![doc = include_str!("law.md")]

pub mod access;
pub mod carrier;
pub mod label;
pub mod leak;
pub mod recusal;
pub mod supervision;
pub mod tasks;

pub use label::Label;

use crate::{
    answered::LegalRule,
    check::Check,
    deadline::{Duty, Running},
    dossier::{self, At, Dossier, Entry, Stamp},
    law::clause,
    setting::Setting,
    step::{Form, Relation, Rule, Step, form},
    value::{DepartmentId, PersonId, SecretItemId, StaffId, Text, UnitId, choice},
};
use jiff::civil::Date;

const CLERK_OR_HANDLER: &[Relation] = &[Relation::Clerk, Relation::Handler];

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    Step::of::<IdentifyPerson>(
        "identify_person",
        "登记案件相关人员",
        &[clause(6).item(2), clause(27).item(1)],
        CLERK_OR_HANDLER,
    )
    .correctable(),
    Step::of::<ListSecretItem>(
        "list_secret_item",
        "登记国家秘密事项",
        &[clause(6).item(1)],
        CLERK_OR_HANDLER,
    )
    .correctable(),
    label::LABEL_INFORMATION,
    carrier::REPORT_MISSING,
    carrier::FIND_CARRIER,
    leak::FIND_LEAK,
    recusal::RECUSE,
    recusal::REQUEST_RECUSAL,
    recusal::DECIDE_RECUSAL,
    recusal::NAME_ACTING_HEAD,
    supervision::OPEN,
    supervision::CLOSE,
    supervision::DIRECT,
    supervision::RECORD,
    supervision::ANSWER,
    supervision::DIRECT_UNIT,
    supervision::RECORD_UNIT_ANSWER,
];

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] =
    &[carrier::REFUSALS, leak::REFUSALS, recusal::REFUSALS, supervision::REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "four_sources",
        name: "线索来源",
        basis: &[clause(2)],
        about: "每条线索有且只有一种来源：公民举报、机关和单位报告、保密检查发现、有关部门移送",
    },
    LegalRule {
        id: "lost_carriers",
        name: "下落不明的载体",
        basis: &[clause(5).item(1)],
        about: "自发现之日起，绝密级10日内，机密级、秘密级60日内查无下落的，次日起按泄露国家秘密处理；最后一日不顺延",
    },
    LegalRule {
        id: "tasks",
        name: "查处工作清单",
        basis: &[clause(6)],
        about: "查处工作的五项任务，由记录计算各项是否完成",
    },
    LegalRule {
        id: "answered_directions",
        name: "对上级意见的答复",
        basis: &[clause(8)],
        about: "上级的指导、督办、纠正意见，答复以前始终列为待办",
    },
    LegalRule {
        id: "need_to_know",
        name: "知悉范围",
        basis: &[clause(10)],
        about: "卷宗只向因工作需要知悉的人员开放，每次查阅留有记录；信息带有密级或者类别标注",
    },
    LegalRule {
        id: "marking",
        name: "信息标注",
        basis: &[clause(10)],
        about: "每项记录可以标注密级或者工作秘密、商业秘密、个人隐私；卷宗的标注是其中最高的一种",
    },
    LegalRule {
        id: "two_kinds_of_leak",
        name: "泄露国家秘密的认定",
        basis: &[clause(4)],
        about: "认定须写明违反的规定和情形",
    },
];

choice! {
    /// 密级 (保密法).
    Grade {
        TopSecret = "top_secret", "绝密";
        Secret = "secret", "机密";
        Confidential = "confidential", "秘密";
    }
}

choice! {
    /// 身份. How a person stands to the case.
    Standing {
        Party = "party", "案件当事人";
        Witness = "witness", "证人";
        Other = "other", "其他案件关系人";
    }
}

choice! {
    /// 性别.
    Sex {
        Male = "male", "男";
        Female = "female", "女";
    }
}

choice! {
    /// 载体形式.
    Carrier {
        Paper = "paper", "纸介质";
        Electronic = "electronic", "电子文档";
        Storage = "storage", "光盘、移动存储介质等";
        Equipment = "equipment", "设备、产品";
        Other = "other", "其他";
    }
}

form! {
    /// 登记案件相关人员. A party, a witness or another person concerned.
    IdentifyPerson / IdentifyPersonDraft {
        name: Text = "姓名";
        standing: Standing = "身份";
        unit: Option<UnitId> = "所在单位";
        post: Option<Text> = "职务";
        sex: Option<Sex> = "性别";
        birth: Option<Date> = "出生日期";
        identity: Option<Text> = "身份证件号码";
        contact: Option<Text> = "联系方式";
    }
}

impl Rule for IdentifyPerson {
    fn judge(
        draft: IdentifyPersonDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let namesake =
            draft.name.as_ref().map(|name| at.dossier.general.person_named(name).is_none());
        check.that(namesake, &recusal::NAMED_ONCE);
        Some(Event::PersonIdentified(Self::complete(draft)?).into())
    }
}

form! {
    /// 登记国家秘密事项. What is thought to have leaked, its carrier and its grade.
    ListSecretItem / ListSecretItemDraft {
        name: Text = "名称";
        grade: Grade = "密级";
        term: Option<Text> = "保密期限";
        carrier: Carrier = "载体形式";
        quantity: u32 = "数量";
        summary: Option<Text> = "概要内容";
    }
}

impl Rule for ListSecretItem {
    fn judge(draft: ListSecretItemDraft, _: &At<'_>, _: &mut Check<'_>) -> Option<dossier::Event> {
        Some(Event::SecretItemListed(Self::complete(draft)?).into())
    }
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 案件相关人员已登记.
        PersonIdentified(IdentifyPerson),
        /// 国家秘密事项已登记.
        SecretItemListed(ListSecretItem),
        /// 已认定泄露国家秘密.
        LeakFound(leak::FindLeak),
        /// 已自行回避.
        Recused(recusal::Recuse),
        /// 已申请回避.
        RecusalRequested(recusal::RequestRecusal),
        /// 回避已决定.
        RecusalDecided(recusal::DecideRecusal),
        /// 信息已标注.
        InformationLabelled(label::LabelInformation),
        /// 已指定代行职责.
        ActingHeadNamed(recusal::NameActingHead),
        /// 载体下落不明.
        CarrierMissing(carrier::ReportMissing),
        /// 载体已找到.
        CarrierFound(carrier::FindCarrier),
        /// 上级的意见已记录.
        DirectionRecorded(supervision::RecordDirection),
        /// 上级的意见已答复.
        DirectionAnswered(supervision::AnswerDirection),
        /// 已指导、督促机关、单位.
        UnitDirected(supervision::DirectUnit),
        /// 机关、单位已回复.
        UnitAnswered(supervision::RecordUnitAnswer),
    }
    with {
        /// 监督已开启.
        SupervisionOpened {
            /// 开启内容.
            form: supervision::OpenSupervision,
            /// The department above.
            department: DepartmentId,
        },
        /// 监督已结束.
        SupervisionClosed {
            /// 结束内容.
            form: supervision::CloseSupervision,
            /// The department above.
            department: DepartmentId,
        },
        /// 已指导、督办或者纠正.
        HandlingDirected {
            /// 意见.
            form: supervision::DirectHandling,
            /// The department above.
            department: DepartmentId,
        },
    }
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 案件相关人员.
    pub persons: Vec<(IdentifyPerson, Stamp)>,
    /// 国家秘密事项.
    pub secret_items: Vec<(ListSecretItem, Stamp)>,
    /// 泄露国家秘密的认定; the last one counts.
    pub leak: Option<(leak::FindLeak, Stamp)>,
    /// 回避.
    pub recusals: Vec<recusal::Recusal>,
    /// 信息标注.
    pub labels: Vec<label::LabelInformation>,
    /// 代行负责人职责.
    pub acting_heads: Vec<recusal::NameActingHead>,
    /// 下落不明的载体.
    pub carriers: Vec<carrier::Carrier>,
    /// The departments above that have opened a supervision and not ended it.
    pub supervisors: Vec<(DepartmentId, Stamp)>,
    /// 上级的意见.
    pub directions: Vec<supervision::Direction>,
    /// 对机关、单位的意见.
    pub unit_directions: Vec<supervision::UnitDirection>,
}

impl State {
    /// The person with this number.
    pub fn person(&self, id: &PersonId) -> Option<&IdentifyPerson> {
        self.persons.get((id.0 as usize).checked_sub(1)?).map(|(form, _)| form)
    }

    /// 姓名, for display.
    pub fn person_name(&self, id: &PersonId) -> &str {
        self.person(id).map_or("（不详）", |person| person.name.as_str())
    }

    /// The secret item with this number.
    pub fn secret_item(&self, id: &SecretItemId) -> Option<&ListSecretItem> {
        self.secret_items.get((id.0 as usize).checked_sub(1)?).map(|(form, _)| form)
    }

    fn person_named(&self, name: &Text) -> Option<&IdentifyPerson> {
        self.persons.iter().map(|(form, _)| form).find(|person| person.name == *name)
    }

    /// Every party with its number.
    pub fn parties(&self) -> impl Iterator<Item = (PersonId, &IdentifyPerson)> {
        let numbered = (1..).map(PersonId).zip(self.persons.iter().map(|(form, _)| form));
        numbered.filter(|(_, person)| person.standing == Standing::Party)
    }

    /// Whether a department above has opened a supervision.
    pub fn is_supervised_by(&self, department: &DepartmentId) -> bool {
        self.supervision_by(department).is_some()
    }

    fn supervision_by(&self, department: &DepartmentId) -> Option<&Stamp> {
        let mut open = self.supervisors.iter();
        open.find(|(supervisor, _)| supervisor == department).map(|(_, stamp)| stamp)
    }

    /// Whether a department above has corrected the handling since it opened its supervision.
    fn is_corrected_by(&self, department: &DepartmentId) -> bool {
        let opened = self.supervision_by(department).map_or(0, |stamp| stamp.version);
        let mut since = self.directions.iter().filter(|d| d.stamp.version > opened);
        since.any(|d| {
            d.department == *department && d.kind == supervision::DirectionKind::Correction
        })
    }

    /// Whether somebody acts as a head in this case on this day.
    pub fn acts_as_head(&self, staff: &StaffId, on: Date) -> bool {
        let mut named = self.acting_heads.iter();
        named.any(|n| n.staff == *staff && n.from <= on && n.until.is_none_or(|until| on <= until))
    }

    /// Whether somebody stands back from the case on this day (art. 9).
    pub fn stands_back(&self, staff: &StaffId, on: Date) -> bool {
        recusal::stands_back(&self.recusals, staff, on)
    }
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let state = &mut dossier.general;
    let stamp = entry.stamp();
    match event {
        Event::PersonIdentified(form) => state.persons.push((form.clone(), stamp)),
        Event::SecretItemListed(form) => state.secret_items.push((form.clone(), stamp)),
        Event::LeakFound(form) => state.leak = Some((form.clone(), stamp)),
        Event::Recused(form) => recusal::recuse(&mut state.recusals, form, stamp),
        Event::RecusalRequested(form) => recusal::request(&mut state.recusals, form, stamp),
        Event::RecusalDecided(form) => recusal::decide(&mut state.recusals, form, stamp),
        Event::InformationLabelled(form) => state.labels.push(form.clone()),
        Event::ActingHeadNamed(form) => state.acting_heads.push(form.clone()),
        Event::CarrierMissing(form) => {
            state.carriers.push(carrier::Carrier { form: form.clone(), stamp, found: None });
        }
        Event::CarrierFound(form) => carrier::find(&mut state.carriers, form, stamp),
        Event::SupervisionOpened { department, .. } => {
            state.supervisors.push((department.clone(), stamp));
        }
        Event::SupervisionClosed { department, .. } => {
            state.supervisors.retain(|(supervisor, _)| supervisor != department);
        }
        Event::HandlingDirected { form, department } => {
            state.directions.push(supervision::Direction::given(form, department, stamp));
        }
        Event::DirectionRecorded(form) => {
            state.directions.push(supervision::Direction::arrived(form, stamp));
        }
        Event::DirectionAnswered(form) => {
            if let Some(direction) = state.directions.get_mut(form.direction.index()) {
                direction.answer = Some((form.clone(), stamp));
            }
        }
        Event::UnitDirected(form) => state.unit_directions.push(supervision::UnitDirection {
            form: form.clone(),
            stamp,
            answer: None,
        }),
        Event::UnitAnswered(form) => {
            if let Some(direction) = state.unit_directions.get_mut(form.direction.index()) {
                direction.answer = Some((form.clone(), stamp));
            }
        }
    }
}

/// Duties of this chapter that are open.
pub(crate) fn duties(dossier: &Dossier, setting: &Setting, duties: &mut Vec<Duty>) {
    supervision::duties(dossier, duties);
    if dossier.has_ended() {
        return;
    }
    carrier::duties(dossier, setting, duties);
    recusal::duties(dossier, setting, duties);
}

/// The limits of this chapter.
pub(crate) fn limits(dossier: &Dossier, setting: &Setting, limits: &mut Vec<Running>) {
    carrier::limits(dossier, setting, limits);
}
