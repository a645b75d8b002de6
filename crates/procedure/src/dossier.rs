//! 卷宗. Everything recorded about one or more leads on the same facts and the case they may become.
//!
//! A dossier *is* the list of its entries; all else here is computed from that list by [`Dossier::apply`], which consults nothing and refuses nothing: what happened, happened.

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::{
    act::{Act, Manner},
    approval,
    check::Check,
    closing, cooperation, evidence, filing, general, intake, investigation, jurisdiction,
    liability,
    number::Number,
    setting::Setting,
    supplementary,
    value::{Answers, DepartmentId, DossierId, LongText, Place, StaffId, Text, UnitId, choice},
};

/// What was recorded, by chapter of the regulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// 总则.
    General(general::Event),
    /// 管辖.
    Jurisdiction(jurisdiction::Event),
    /// 证据.
    Evidence(evidence::Event),
    /// 受理.
    Intake(intake::Event),
    /// 初查与立案.
    Filing(filing::Event),
    /// 调查与处理.
    Investigation(investigation::Event),
    /// 结案.
    Closing(closing::Event),
    /// 配合机制.
    Cooperation(cooperation::Event),
    /// 法律责任.
    Liability(liability::Event),
    /// 附则.
    Supplementary(supplementary::Event),
    /// 呈报与审批.
    Approval(approval::Event),
    /// 更正. A mistyped fact of an earlier entry, and what it should have been.
    Corrected {
        /// The version of the entry that is corrected.
        entry: u64,
        /// What it should have recorded.
        event: Box<Event>,
        /// The day on which its act occurred.
        occurred: Date,
        /// 更正理由, required once something rests on the fact.
        reason: Option<LongText>,
    },
}

macro_rules! chapter_events {
    ($($module:ident => $variant:ident),+) => {$(
        impl From<$module::Event> for Event {
            fn from(event: $module::Event) -> Self {
                Event::$variant(event)
            }
        }
    )+};
}
chapter_events!(general => General, jurisdiction => Jurisdiction, evidence => Evidence,
    intake => Intake, filing => Filing, investigation => Investigation, closing => Closing,
    cooperation => Cooperation, liability => Liability, supplementary => Supplementary,
    approval => Approval);

impl Event {
    /// The number that stands in the event itself; steps that came later have it in the entry.
    fn number(&self) -> Option<&Number> {
        match self {
            Event::Intake(
                intake::Event::Registered { number, .. }
                | intake::Event::LeadAdded { number, .. }
                | intake::Event::Split { number, .. }
                | intake::Event::SplitOff { number, .. },
            ) => Some(number),
            Event::Approval(approval::Event::Approved { number, .. }) => number.as_ref(),
            Event::Filing(filing::Event::FilingNotified { number, .. }) => Some(number),
            _ => None,
        }
    }

    /// The same, to be filled in inside the append.
    pub(crate) fn number_mut(&mut self) -> Option<&mut Number> {
        match self {
            Event::Intake(
                intake::Event::Registered { number, .. }
                | intake::Event::LeadAdded { number, .. }
                | intake::Event::Split { number, .. }
                | intake::Event::SplitOff { number, .. },
            ) => Some(number),
            Event::Approval(approval::Event::Approved { number, .. }) => number.as_mut(),
            Event::Filing(filing::Event::FilingNotified { number, .. }) => Some(number),
            _ => None,
        }
    }
}

impl Event {
    /// What was filled in on the form that became this event; without the day of the act, which stands in the entry.
    pub fn answers(&self) -> Answers {
        match self {
            Event::General(event) => event.answers(),
            Event::Jurisdiction(event) => event.answers(),
            Event::Evidence(event) => event.answers(),
            Event::Intake(event) => event.answers(),
            Event::Filing(event) => event.answers(),
            Event::Investigation(event) => event.answers(),
            Event::Closing(event) => event.answers(),
            Event::Cooperation(event) => event.answers(),
            Event::Liability(event) => event.answers(),
            Event::Supplementary(event) => event.answers(),
            Event::Approval(event) => event.answers(),
            Event::Corrected { event, .. } => event.answers(),
        }
    }
}

/// Declares what is recorded under a chapter: each event is the form it was filled in on, some `with` what was concluded besides.
macro_rules! events {
    ($(#[$doc:meta])* Event { $($(#[$about:meta])* $variant:ident($form:ty),)* }
        $(with { $($(#[$above:meta])* $more:ident { $($(#[$note:meta])* $field:ident: $kind:ty,)* },)* })?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Event {
            $($(#[$about])* $variant($form),)*
            $($($(#[$above])* $more { $($(#[$note])* $field: $kind,)* },)*)?
        }

        impl Event {
            /// What was filled in on the form that became this event.
            pub fn answers(&self) -> $crate::value::Answers {
                match self {
                    $(Event::$variant(form) => $crate::step::Form::write(form),)*
                    $($(Event::$more { form, .. } => $crate::step::Form::write(form),)*)?
                }
            }
        }
    };
}
pub(crate) use events;

/// One act on the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The place in the dossier, from 1.
    pub version: u64,
    /// The step that was taken.
    pub step: String,
    /// Who entered it.
    pub by: StaffId,
    /// In which department's office.
    pub department: DepartmentId,
    /// When it was entered.
    pub entered: DateTime,
    /// On which day the act occurred.
    pub occurred: Date,
    /// The checks that the act breached, where it was recorded as it happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<String>,
    /// 情况说明. How an act came to be done in breach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circumstances: Option<LongText>,
    /// The holiday table that was used.
    pub holidays: String,
    /// 解读. The readings under which the act was judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<String>,
    /// 文号. The number that people cite, where the step gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Number>,
    /// What was recorded.
    pub event: Event,
}

impl Entry {
    /// Who, when and where in the dossier.
    pub fn stamp(&self) -> Stamp {
        Stamp {
            version: self.version,
            by: self.by.clone(),
            entered: self.entered,
            occurred: self.occurred,
            in_breach: !self.breaches.is_empty(),
        }
    }

    /// The number that people cite, where the act gave one.
    pub fn number(&self) -> Option<&Number> {
        self.number.as_ref().or(self.event.number())
    }

    /// The same, to be filled in inside the append.
    pub fn number_mut(&mut self) -> Option<&mut Number> {
        self.number.as_mut().or(self.event.number_mut())
    }

    /// 补录. Entered more than a day after the act.
    pub fn is_entered_later(&self) -> bool {
        self.occurred.tomorrow().is_ok_and(|next| self.entered.date() > next)
    }
}

/// Who recorded a thing and when: kept with everything computed from an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Stamp {
    /// The entry.
    pub version: u64,
    /// Who entered it.
    pub by: StaffId,
    /// When it was entered.
    pub entered: DateTime,
    /// On which day the act occurred.
    pub occurred: Date,
    /// 瑕疵. Whether the act was done in breach and recorded as it happened.
    pub in_breach: bool,
}

choice! {
    /// 阶段. Where a dossier stands (reading: the regulation names no stages).
    Stage {
        Registered = "registered", "已登记";
        Review = "review", "初查";
        FilingPending = "filing_pending", "待立案审批";
        Investigation = "investigation", "调查";
        Handling = "handling", "处理与整改";
        ClosingPending = "closing_pending", "待结案审批";
        Closed = "closed", "已结案";
        NotHandled = "not_handled", "不予处理";
        Education = "education", "批评教育";
        Cancelled = "cancelled", "撤销";
        Referred = "referred", "移送其他机关";
        OnFile = "on_file", "暂不立案存查";
        Dealt = "dealt", "违法行为已处理";
        Joined = "joined", "并入";
    }
}

/// 办结. How a dossier ended, and by which entry.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The stage in which it stays.
    pub stage: Stage,
    /// Who ended it and when.
    pub stamp: Stamp,
}

/// 卷宗. See the module.
#[derive(Clone, Debug, Default)]
pub struct Dossier {
    /// Permanent identifier.
    pub id: String,
    /// 总则: persons, secret items, recusals, the finding of a leak.
    pub general: general::State,
    /// 管辖: whose the dossier is, and where it goes.
    pub jurisdiction: jurisdiction::State,
    /// 证据.
    pub evidence: evidence::State,
    /// 受理: leads, materials, containment.
    pub intake: intake::State,
    /// 初查与立案.
    pub filing: filing::State,
    /// 调查与处理.
    pub investigation: investigation::State,
    /// 结案.
    pub closing: closing::State,
    /// 配合机制.
    pub cooperation: cooperation::State,
    /// 法律责任.
    pub liability: liability::State,
    /// 附则: papers fixed.
    pub supplementary: supplementary::State,
    /// 呈报与审批.
    pub approval: approval::State,
    /// 办结, as long as it is not opened again.
    pub end: Option<End>,
    /// Every entry, as it was recorded.
    pub history: Vec<Entry>,
}

impl Dossier {
    /// A dossier about which nothing is recorded yet.
    pub fn new(id: impl Into<String>) -> Self {
        Dossier { id: id.into(), ..Dossier::default() }
    }

    /// The dossier that these entries make.
    pub fn replay(id: impl Into<String>, entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut dossier = Dossier::new(id);
        for entry in entries {
            dossier.apply(entry);
        }
        dossier
    }

    /// The number of entries.
    pub fn version(&self) -> u64 {
        self.history.last().map_or(0, |entry| entry.version)
    }

    /// 承办部门. The one department it belongs to at any time (art. 7).
    pub fn department(&self) -> Option<&DepartmentId> {
        self.jurisdiction.owner.as_ref()
    }

    /// It ends here, unless it has ended already.
    pub(crate) fn end_in(&mut self, stage: Stage, stamp: Stamp) {
        self.end.get_or_insert(End { stage, stamp });
    }

    /// 办结之日.
    pub fn ended_on(&self) -> Option<Date> {
        self.end.as_ref().map(|end| end.stamp.occurred)
    }

    /// 案由. What it is called.
    pub fn title(&self) -> &str {
        self.intake.leads.first().map_or("", |lead| lead.form.title.as_str())
    }

    /// The entry with this version.
    pub fn entry(&self, version: u64) -> Option<&Entry> {
        self.history.iter().find(|entry| entry.version == version)
    }

    /// The state just before an entry, in which its correction is judged.
    pub fn before(&self, version: u64) -> Dossier {
        let earlier = self.history.iter().take_while(|entry| entry.version < version);
        // Corrections made later count too: they say what was so all along.
        let corrected =
            earlier.filter(|e| !matches!(e.event, Event::Corrected { .. })).map(|entry| {
                let (event, occurred) = self.corrected(entry);
                Entry { event, occurred, ..entry.clone() }
            });
        Dossier::replay(self.id.clone(), corrected)
    }

    /// The last correction of an entry, if there is one.
    pub fn correction_of(&self, version: u64) -> Option<&Entry> {
        let corrects = |entry: &&Entry| matches!(entry.event, Event::Corrected { entry, .. } if entry == version);
        self.history.iter().rev().find(corrects)
    }

    /// What an entry records after its corrections, and the day of its act.
    pub fn corrected(&self, entry: &Entry) -> (Event, Date) {
        match self.correction_of(entry.version).map(|correction| &correction.event) {
            Some(Event::Corrected { event, occurred, .. }) => ((**event).clone(), *occurred),
            _ => (entry.event.clone(), entry.occurred),
        }
    }

    /// Takes over what was recorded.
    pub fn apply(&mut self, entry: Entry) {
        if let Event::Corrected { .. } = entry.event {
            // A corrected fact may change anything that came after it, so everything is computed again.
            let mut history = std::mem::take(&mut self.history);
            history.push(entry);
            *self = Dossier { id: std::mem::take(&mut self.id), history, ..Dossier::default() };
            for i in 0..self.history.len() {
                let Some(entry) = self.history.get(i).cloned() else { continue };
                let (event, occurred) = self.corrected(&entry);
                self.absorb(&Entry { event, occurred, ..entry });
            }
            return;
        }
        self.absorb(&entry);
        self.history.push(entry);
    }

    fn absorb(&mut self, entry: &Entry) {
        // Whoever opens a dossier owns it, until it is transferred.
        self.jurisdiction.owner.get_or_insert_with(|| entry.department.clone());
        match &entry.event {
            Event::General(event) => general::apply(self, event, entry),
            Event::Jurisdiction(event) => jurisdiction::apply(self, event, entry),
            Event::Evidence(event) => evidence::apply(self, event, entry),
            Event::Intake(event) => intake::apply(self, event, entry),
            Event::Filing(event) => filing::apply(self, event, entry),
            Event::Investigation(event) => investigation::apply(self, event, entry),
            Event::Closing(event) => closing::apply(self, event, entry),
            Event::Cooperation(event) => cooperation::apply(self, event, entry),
            Event::Liability(event) => liability::apply(self, event, entry),
            Event::Supplementary(event) => supplementary::apply(self, event, entry),
            Event::Approval(event) => approval::apply(self, event, entry),
            Event::Corrected { .. } => {}
        }
    }

    /// 阶段.
    pub fn stage(&self) -> Stage {
        if let Some(end) = &self.end {
            return end.stage;
        }
        let pending = |kind| self.approval.pending(kind).is_some();
        if pending(approval::MatterKind::Closing) {
            Stage::ClosingPending
        } else if self.investigation.fact_finding_ended.is_some() {
            Stage::Handling
        } else if self.filing.case.is_some() {
            Stage::Investigation
        } else if pending(approval::MatterKind::Filing) {
            Stage::FilingPending
        } else if self.filing.reviewers.is_empty() {
            Stage::Registered
        } else {
            Stage::Review
        }
    }

    /// Whether nothing is left to be done.
    pub fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// 重大、复杂. Declared by a head, or stated with the facts of jurisdiction.
    pub fn is_major(&self) -> bool {
        let stated = self.jurisdiction.facts.as_ref();
        self.filing.major.is_some() || stated.is_some_and(|(form, _)| form.magnitude.is_some())
    }

    /// 涉及的机关、单位.
    pub fn units(&self) -> Vec<&UnitId> {
        let mut units: Vec<_> =
            self.intake.leads.iter().flat_map(|lead| &lead.form.units).collect();
        units.sort();
        units.dedup();
        units
    }

    /// 办案人员. Everybody who was assigned on this day, recused or not: to the case or, before anybody was assigned to it, to the review.
    pub fn assigned_on(&self, on: Date) -> Vec<&StaffId> {
        let since = |list: &'_ [Assignment]| list.iter().any(|assignment| assignment.since <= on);
        let assigned = if since(&self.investigation.handlers) {
            &self.investigation.handlers
        } else {
            &self.filing.reviewers
        };
        let mut staff: Vec<_> = assigned
            .iter()
            .filter(|a| a.holds_on(on))
            .map(|assignment| &assignment.staff)
            .collect();
        staff.sort();
        staff.dedup();
        staff
    }

    /// Whether somebody may investigate on this day and does not stand back: assigned to the case (art. 33) or, up to the day of its filing, to the review.
    pub fn is_investigator_on(&self, staff: &StaffId, on: Date) -> bool {
        let assigned =
            |list: &[Assignment]| list.iter().any(|a| a.staff == *staff && a.holds_on(on));
        let filed = self.filing.case.as_ref().is_some_and(|case| case.stamp.occurred < on);
        let reviews = !filed && assigned(&self.filing.reviewers);
        let investigates = reviews || assigned(&self.investigation.handlers);
        investigates && !self.general.stands_back(staff, on)
    }

    /// Whether somebody is assigned on this day and does not stand back from the case.
    pub fn is_handler_on(&self, staff: &StaffId, on: Date) -> bool {
        self.assigned_on(on).contains(&staff) && !self.general.stands_back(staff, on)
    }
}

/// Assigned to the dossier from a day on.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// Who.
    pub staff: StaffId,
    /// From when.
    pub since: Date,
    /// 解除指派. The day from which no longer.
    pub until: Option<Date>,
}

impl Assignment {
    /// An assignment that has no end yet.
    pub fn new(staff: StaffId, since: Date) -> Assignment {
        Assignment { staff, since, until: None }
    }

    /// Whether it holds on this day.
    fn holds_on(&self, on: Date) -> bool {
        self.since <= on && self.until.is_none_or(|until| on < until)
    }
}

/// What the same act records in other dossiers: in which, and what (art. 2).
///
/// Derived from an entry whose number is filled in, so that both dossiers speak of the same number.
pub fn companions(entry: &Entry) -> Vec<(DossierId, Event)> {
    match &entry.event {
        Event::Intake(event) => intake::companion(event).into_iter().collect(),
        _ => Vec::new(),
    }
}

impl Entry {
    /// The entry of the same act in another dossier.
    pub fn beside(&self, other: &Dossier, event: Event) -> Entry {
        Entry { version: other.version() + 1, number: None, event, ..self.clone() }
    }
}

/// Where and when an act is judged.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The dossier as recorded so far.
    pub dossier: &'a Dossier,
    /// Everything outside it.
    pub setting: &'a Setting,
    /// The act.
    pub act: &'a Act,
    /// The day on which it occurred, if that was answered.
    pub occurred: Option<Date>,
}

impl<'a> At<'a> {
    /// What targets are looked up in.
    pub fn place(&self) -> Place<'a> {
        self.setting.place(self.dossier)
    }

    /// The day of entry.
    pub fn today(&self) -> Date {
        self.setting.today()
    }

    /// Who acts.
    pub fn who(&self) -> &'a StaffId {
        &self.act.who
    }

    /// 承办部门. Whose the dossier is, or will be once it is opened.
    pub fn owner(&self) -> &'a DepartmentId {
        self.dossier.department().unwrap_or(&self.setting.department)
    }

    /// The department in whose office the act is entered: where the person serves.
    pub fn desk(&self) -> &'a DepartmentId {
        let staff = self.setting.directory.staff(self.who());
        staff.map_or(&self.setting.department, |staff| &staff.department)
    }

    /// A number of this series, to be filled in when the act is recorded.
    pub fn number(&self, series: crate::number::Series) -> Number {
        let department = self.setting.directory.department(self.desk());
        let sign = department.map_or_else(String::new, |department| department.sign.to_string());
        Number { series, sign, year: self.today().year(), ordinal: None }
    }

    /// Whether an act that ended at this time of its day is over.
    pub(crate) fn is_over(&self, to: Option<Time>) -> Option<bool> {
        let ended = self.occurred.zip(to).map(|(day, to)| day.to_datetime(to));
        ended.map(|ended| ended.date() > self.today() || ended <= self.setting.now)
    }

    /// An act cannot precede what it is about.
    pub(crate) fn follows(&self, premise: Option<Date>, check: &mut Check<'_>) {
        let in_order = premise.zip(self.occurred).map(|(premise, day)| premise <= day);
        check.that(in_order, &crate::act::NOT_BEFORE_PREMISE);
    }

    /// Whether the act is recorded as it happened.
    pub fn is_as_happened(&self) -> bool {
        matches!(self.act.manner, Manner::AsHappened { .. })
    }
}

/// The name by which something numbered is offered to people: its number and its first words.
pub fn titled(number: u32, words: &str) -> String {
    let short: String = words.chars().take(30).collect();
    format!("{number}. {short}")
}

/// The text of an optional field.
pub fn text(field: &Option<Text>) -> &str {
    field.as_ref().map_or("", Text::as_str)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{directory::Directory, holidays::Holidays, readings::Switches};

    fn setting() -> Setting {
        let mut directory = Directory::default();
        let department = r#"{"id":"d1","name":"样例市国家保密局","sign":"样保","level":"municipal","superior":null,"region":"样例市"}"#;
        let staff = r#"{"id":"s1","name":"丁四","department":"d1","roles":["clerk"]}"#;
        let unit = r#"{"id":"u1","name":"样例银行","category":"enterprise","region":"样例市"}"#;
        use crate::directory::Event::{Appointed, Founded, UnitListed};
        directory.apply(Founded(serde_json::from_str(department).unwrap()));
        directory.apply(Appointed(serde_json::from_str(staff).unwrap()));
        directory.apply(UnitListed(serde_json::from_str(unit).unwrap()));
        Setting {
            now: date(2022, 2, 8).at(9, 0, 0, 0),
            department: DepartmentId("d1".to_owned()),
            directory: directory.into(),
            holidays: std::sync::Arc::new(Holidays::built_in().clone()),
            readings: Switches::default(),
            engagements: Vec::new(),
            others: Vec::new(),
            fresh: String::new(),
        }
    }

    /// Takes a step with JSON answers and records it.
    fn take(dossier: &mut Dossier, setting: &Setting, step: &str, answers: &str) {
        let step = crate::step(step).unwrap();
        let answers: Answers = serde_json::from_str(answers).unwrap();
        let who = StaffId("s1".to_owned());
        let act = Act { step, who, manner: Manner::Regular, answers };
        let verdict = crate::decide(dossier, setting, &act);
        let entry = crate::entry(dossier, setting, &act, &verdict);
        dossier.apply(entry.unwrap_or_else(|| panic!("{verdict:?}")));
    }

    #[test]
    fn the_answers_of_an_event_make_the_same_event_again() {
        let setting = setting();
        let mut dossier = Dossier::new("a");
        let register = r#"{"occurred":"2022-02-08","source":"citizen_report","title":"喆的手机","content":"一\n二","units":["u1"],"secrecy":"keep_secret"}"#;
        take(&mut dossier, &setting, "register", register);
        let verify = r#"{"occurred":"2022-02-08","means":"电话","truth":"未查明：无人应答","violation":"是","minor":"否","harm":"不适用：未发生"}"#;
        take(&mut dossier, &setting, "verify_lead", verify);
        let receive =
            r#"{"occurred":"2022-02-08","items":[{"name":"光盘","quantity":"2"}],"kept":"一号柜"}"#;
        take(&mut dossier, &setting, "receive_material", receive);
        for entry in dossier.history.clone() {
            let mut again = dossier.before(entry.version);
            let mut answers = entry.event.answers();
            answers.insert(crate::step::OCCURRED.to_owned(), "2022-02-08".into());
            let answers = serde_json::to_string(&answers).unwrap();
            take(&mut again, &setting, &entry.step, &answers);
            assert_eq!(again.history.last().unwrap().event, entry.event);
        }
        assert_eq!(dossier.history.len(), 3);
    }
}
