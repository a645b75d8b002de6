//! 线索的并案与分案. Several leads on the same facts stand in one dossier; leads, dossiers and facts go where they belong (art. 2).
//!
//! A further lead is registered into a dossier, a dossier joins another, or facts are split off into a new one.
//! The last two write into two dossiers at once: what the other one records is a [`companion`](super::companions) of the same act.

use super::{Lead, Register, RegisterDraft, Source};
use crate::{
    check::{Check, refusals},
    dossier::{self, At, Dossier, Stamp},
    general::IdentifyPerson,
    law::clause,
    number::{Number, Series},
    step::{Field, Form, Malformed, Relation, Rule, Step, form},
    value::{
        Answers, DossierId, LongText, PersonId, Place, StaffId, Text, UnitId, names, numbered,
    },
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

numbered! {
    /// 线索.
    LeadId = "lead", "线索", |dossier| {
        names(dossier.intake.leads.iter().map(|lead| lead.number.to_string()))
    };
}

/// 登记补充线索.
pub const ADD_LEAD: Step = Step::of::<AddLead>(
    "add_lead",
    "登记并案线索",
    &[clause(2), clause(23)],
    &[Relation::Clerk, Relation::Handler, Relation::Head],
)
.on_day("接到线索日期")
.correctable();

/// 并入.
pub const JOIN: Step =
    Step::of::<Join>("join_dossier", "并入其他卷宗", &[clause(2)], &[Relation::Head])
        .decision()
        .warning("并入后，本卷宗即告办结，线索转入另一卷宗");

/// 分案.
pub const SPLIT: Step =
    Step::of::<Split>("split_dossier", "分案", &[clause(2)], &[Relation::Head]).decision();

refusals! {
    JOINED_BEFORE_FILING = "leads.joined_before_filing", [clause(2)], by JOINED,
        "案件已经立案，不并入其他卷宗",
        "将未立案的卷宗并入本案",
        "案件尚未立案";
    NOTHING_PENDING = "leads.nothing_pending", [clause(2)], by JOINED,
        "本卷宗有事项正在等待审批",
        "待负责人批准或者退回",
        "没有等待审批的事项";
}

/// 登记并案线索. A further lead on the same facts, with the same form as the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddLead(pub Register);

impl Form for AddLead {
    type Draft = RegisterDraft;
    const FIELDS: &'static [Field] = Register::FIELDS;

    fn read(answers: &Answers, place: Place<'_>, wrong: &mut Vec<Malformed>) -> RegisterDraft {
        Register::read(answers, place, wrong)
    }

    fn complete(draft: RegisterDraft) -> Option<Self> {
        Register::complete(draft).map(AddLead)
    }

    fn write(&self) -> Answers {
        self.0.write()
    }
}

impl Rule for AddLead {
    fn judge(draft: RegisterDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        super::judge_lead(&draft, at, check);
        let number = at.number(Series::Lead);
        Some(super::Event::LeadAdded { form: Self::complete(draft)?, number }.into())
    }
}

form! {
    /// 并入. The leads go to another dossier on the same facts; this one ends.
    Join / JoinDraft {
        into: DossierId = "并入的卷宗", "填写线索编号或者案号";
        reason: LongText = "并入理由";
    }
}

impl Rule for Join {
    fn judge(draft: JoinDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        check.that(at.dossier.filing.case.is_none(), &JOINED_BEFORE_FILING);
        check.that(at.dossier.approval.all_pending().next().is_none(), &NOTHING_PENDING);
        let leads = at.dossier.intake.leads.iter().map(Carried::from).collect();
        let origin = DossierId(at.dossier.id.clone());
        Some(super::Event::Joined { form: Self::complete(draft)?, origin, leads }.into())
    }
}

form! {
    /// 分案. Persons or facts that belong apart go on in a dossier of their own.
    Split / SplitDraft {
        title: Text = "新卷宗案由", "不写举报人";
        content: LongText = "分出的线索内容", "不得写入举报人的信息";
        units: Vec<UnitId> = "涉及的机关、单位";
        persons: Vec<PersonId> = "分出的案件相关人员";
        reason: LongText = "分案理由";
    }
}

impl Rule for Split {
    fn judge(draft: SplitDraft, at: &At<'_>, _: &mut Check<'_>) -> Option<dossier::Event> {
        let form = Self::complete(draft)?;
        let first = at.dossier.intake.leads.first()?;
        // What is split off a case was found while it was handled; before that, it was received with the lead.
        let filed = at.dossier.filing.case.is_some();
        let received = at.dossier.intake.received().filter(|_| !filed).unwrap_or(at.today());
        let persons = form.persons.iter().filter_map(|id| at.dossier.general.person(id));
        let begun = Begun {
            from: DossierId(at.dossier.id.clone()),
            origin: first.number.clone(),
            source: first.form.source,
            received,
            persons: persons.cloned().collect(),
        };
        let (number, to) = (at.number(Series::Lead), DossierId(at.setting.fresh.clone()));
        Some(super::Event::Split { form, number, to, begun }.into())
    }
}

/// One lead as it goes to another dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// 登记内容.
    pub form: Register,
    /// 线索编号.
    pub number: Number,
    /// 接到线索之日.
    pub received: Date,
    /// Who registered it.
    pub by: StaffId,
}

impl From<&Lead> for Carried {
    fn from(lead: &Lead) -> Self {
        let Lead { form, number, stamp, .. } = lead;
        let (received, by) = (stamp.occurred, stamp.by.clone());
        Carried { form: form.clone(), number: number.clone(), received, by }
    }
}

/// The other dossier's leads now stand here.
pub(super) fn take_in(dossier: &mut Dossier, origin: &DossierId, leads: &[Carried], stamp: &Stamp) {
    for Carried { form, number, received, by } in leads.iter().cloned() {
        let stamp = Stamp { by, occurred: received, ..stamp.clone() };
        let origin = Some(origin.clone());
        dossier.intake.leads.push(Lead { form, number, stamp, origin });
    }
}

/// A dossier that begins with what was split off another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// The dossier it was split off.
    pub from: DossierId,
    /// The number of that dossier's lead.
    pub origin: Number,
    /// 线索来源.
    pub source: Source,
    /// 接到线索之日.
    pub received: Date,
    /// 分出的案件相关人员.
    pub persons: Vec<IdentifyPerson>,
}

pub(super) fn begin(
    dossier: &mut Dossier,
    form: &Split,
    number: &Number,
    begun: &Begun,
    stamp: Stamp,
) {
    let Begun { from, source, received, persons, .. } = begun.clone();
    let form = Register {
        source,
        title: form.title.clone(),
        content: form.content.clone(),
        units: form.units.clone(),
        discovered: None,
        label: None,
        secrecy: None,
        reporter: None,
        time: None,
        discovered_at: None,
        earlier: None,
        note: None,
    };
    let people = persons.into_iter().map(|person| (person, stamp.clone()));
    dossier.general.persons.extend(people);
    let stamp = Stamp { occurred: received, ..stamp };
    let lead = Lead { form, number: number.clone(), stamp, origin: Some(from) };
    dossier.intake.leads.push(lead);
}

/// What the same act records in another dossier: in which, and what.
pub(super) fn companion(event: &super::Event) -> Option<(DossierId, super::Event)> {
    match event.clone() {
        super::Event::Joined { form, origin, leads } => {
            Some((form.into.clone(), super::Event::TakenIn { form, origin, leads }))
        }
        super::Event::Split { form, number, to, begun } => {
            Some((to, super::Event::SplitOff { form, number, begun }))
        }
        _ => None,
    }
}
