//! 参照办理. Other violations by staff of units may be handled by reference to the regulation (art. 61).
//!
//! The regulation names art. 48 of the Secrecy Law as it stood in 2010; since the law was revised the list stands elsewhere, so the version is chosen by the day of the conduct (reading 61-1).

use jiff::civil::{Date, date};

use super::Event;
use crate::{
    check::{Check, refusals},
    dossier::{self, At},
    law::clause,
    step::{Form, Relation, Rule, Step, form},
    value::{LongText, PersonId, Several, choice},
};

/// 参照本办法办理.
pub const APPLY_BY_REFERENCE: Step = Step::of::<ApplyByReference>(
    "apply_by_reference",
    "参照本办法办理其他违法行为",
    &[clause(61)],
    &[Relation::Handler, Relation::Head],
)
.decision();

refusals! {
    LISTED_ON_THE_DAY = "reference.listed_on_the_day", [clause(61)], by LAW_BY_CONDUCT, at "provision",
        "行为发生之日该规定尚未施行，或者已经失效",
        "按行为发生日期选择当时有效的规定",
        "行为发生之日该规定有效";
    CONDUCT_IN_THE_PAST = "reference.conduct_in_the_past", [], at "conduct",
        "行为发生日期晚于录入日期",
        "如实填写已经发生的日期",
        "行为已经发生";
    STAFF_OF_A_UNIT = "reference.staff_of_a_unit", [clause(61)], at "persons",
        "不是机关、单位工作人员",
        "登记其所在单位；确不在机关、单位工作的，不适用第六十一条",
        "是机关、单位工作人员";
}

choice! {
    /// 其他违法行为的规定. The lists of violations in the Secrecy Law.
    Provision {
        Law2010Article48 = "2010-48", "《中华人民共和国保守国家秘密法》（2010年修订）第四十八条";
        Law2024Article57 = "2024-57", "《中华人民共和国保守国家秘密法》（2024年修订）第五十七条";
        Law2024Article62 = "2024-62", "《中华人民共和国保守国家秘密法》（2024年修订）第六十二条";
    }
}

/// Each provision with its first and its last day in force; open where it still is.
pub static IN_FORCE: &[(Provision, Date, Option<Date>)] = &[
    (Provision::Law2010Article48, date(2010, 10, 1), Some(date(2024, 4, 30))),
    (Provision::Law2024Article57, date(2024, 5, 1), None),
    (Provision::Law2024Article62, date(2024, 5, 1), None),
];

impl Provision {
    /// Whether it was in force on a day.
    pub fn is_in_force(self, on: Date) -> bool {
        let rows = IN_FORCE.iter().filter(|(provision, ..)| *provision == self);
        rows.into_iter().any(|(_, first, last)| *first <= on && last.is_none_or(|last| on <= last))
    }
}

form! {
    /// 参照本办法办理其他违法行为. What the conduct is, and which provision lists it.
    ApplyByReference / ApplyByReferenceDraft {
        persons: Several<PersonId> = "行为人";
        conduct: Date = "行为发生日期", "持续的行为，为终了之日";
        provision: Provision = "所违反的规定";
        facts: LongText = "违法行为和参照办理的理由";
    }
}

impl Rule for ApplyByReference {
    fn judge(
        draft: ApplyByReferenceDraft,
        at: &At<'_>,
        check: &mut Check<'_>,
    ) -> Option<dossier::Event> {
        let dated = draft.provision.zip(draft.conduct);
        check.that(dated.map(|(law, day)| law.is_in_force(day)), &LISTED_ON_THE_DAY);
        check.that(draft.conduct.map(|day| day <= at.today()), &CONDUCT_IN_THE_PAST);
        for person in draft.persons.as_deref().unwrap_or_default() {
            let unit = at.dossier.general.person(person).map(|form| form.unit.is_some());
            check.of(at.dossier.general.person_name(person)).that(unit, &STAFF_OF_A_UNIT);
        }
        Some(Event::AppliedByReference(Self::complete(draft)?).into())
    }
}
