//! What all steps have in common: who belongs where, days, what there is to choose from, corrections.

use procedure::{
    directory::{Level, Role},
    step::Occurs,
    value::{Kind, Target},
};

use jiff::civil::{Date, date};

use super::{Came, How, Row, Says, Scene, Told};

/// In force since this day (art. 64).
pub const IN_FORCE: Date = date(2018, 1, 1);

/// 受理人员 of the department that has it: for what they registered, until the review begins (reading 10-1).
pub fn clerk(s: Scene<'_>) -> bool {
    let Some(me) = s.me() else { return false };
    if !me.roles.contains(&Role::Clerk) {
        return false;
    }
    if s.story.told.is_empty() {
        return true;
    }
    let took_in = |told: &Told| {
        told.by == s.attempt.who
            && matches!(told.step, "register" | "add_lead" | "split_off" | "receive_transfer")
    };
    let theirs = s.story.told.iter().any(took_in) && s.review().is_none() && s.filed().is_none();
    // Who also has another business here keeps to it as a clerk too.
    let who = s.attempt.who.as_str();
    let besides = s.is_chief(who) || s.acts_as_head(who, s.today()) || s.handles(who, s.today());
    // Who stands back sees nothing of it any more.
    s.office() == s.owner() && (theirs || besides) && !s.stands_back(who, s.today())
}

/// 办案人员 of this dossier, not recused.
pub fn handler(s: Scene<'_>) -> bool {
    s.office() == s.owner() && s.assigned_on(s.today()).contains(s.attempt.who.as_str())
}

/// 负责人 of the department that has it, deputies included, or who acts as one.
pub fn head(s: Scene<'_>) -> bool {
    let who = &s.attempt.who;
    let here = s.story.told.is_empty() || s.office() == s.owner();
    here && (s.is_chief(who) || s.acts_as_head(who, s.today()))
}

/// A clerk or head of the department to which it is on its way.
pub fn receiver(s: Scene<'_>) -> bool {
    let who = &s.attempt.who;
    let theirs = s.receiver().is_some() && s.receiver() == s.office();
    theirs && (s.has_role(who, Role::Clerk) || s.is_chief(who))
}

/// A head of a department that had it before.
pub fn former(s: Scene<'_>) -> bool {
    let had = s.office().is_some_and(|office| s.formers().contains(office));
    had && s.office() != s.owner() && s.is_chief(&s.attempt.who)
}

/// A head of the next higher department; for the national department, its own.
pub fn next_higher(s: Scene<'_>) -> bool {
    let owner = s.owner().or(s.office()).unwrap_or_default();
    let itself = Some(owner).filter(|owner| s.level(owner) == Some(Level::National));
    s.office().is_some() && s.office() == s.above(owner).or(itself) && s.is_chief(&s.attempt.who)
}

/// A head of any department above.
pub fn superior(s: Scene<'_>) -> bool {
    let owner = s.owner().or(s.office()).unwrap_or_default();
    s.office().is_some_and(|office| s.all_above(owner).contains(&office))
        && s.is_chief(&s.attempt.who)
}

/// The system itself, which is nobody.
pub fn system(s: Scene<'_>) -> bool {
    s.attempt.who == "system"
}

fn says(s: Scene<'_>, met: impl Into<Says>, articles: &[u8]) -> Came {
    (met.into(), s.articles(articles))
}

/// Who tries, and whether the dossier is there for them.
pub fn about_the_actor(s: Scene<'_>, row: &Row) -> Vec<Came> {
    let correcting = matches!(s.attempt.how, How::Correcting(..));
    let serves = s.me().is_some_and(|me| !me.roles.is_empty()) || system(s);
    // Who recorded it first may be gone; those who handle the dossier mend it.
    let mends = correcting && (handler(s) || head(s));
    let step = s.attempt.step;
    let registers = step.id == "register";
    vec![
        says(s, serves && ((row.who)(s) || mends), &[]),
        says(s, step.id == "fix_paper" || !s.stands_back(&s.attempt.who, s.today()), &[9]),
        says(s, registers || !s.story.told.is_empty(), &[23]),
        says(s, step.after_end || correcting || s.end().is_none(), &[]),
        says(s, step.in_transit || s.on_its_way().is_none(), &[16]),
    ]
}

/// What is demanded of every act: its day, what it may be recorded as, what there is to choose from.
pub fn about_the_act(s: Scene<'_>) -> Vec<Came> {
    let step = s.attempt.step;
    let mut all = Vec::new();
    let day = s.happened();
    if step.occurs == Occurs::WhenEntered {
        all.push(says(s, s.today() >= IN_FORCE, &[64]));
    } else {
        all.push(says(s, day.map(|day| day <= s.today()), &[]));
        if !step.may_precede_lead {
            all.push(says(s, day.map(|day| day >= IN_FORCE), &[64]));
            // Of several leads the one received first may be registered last.
            let received = s.received().filter(|_| step.id != "add_lead");
            if let Some(received) = received {
                all.push(says(s, day.map(|day| day >= received), &[23]));
            }
        }
    }
    if s.attempt.how == How::AsItHappened {
        all.push(says(s, step.recordable_as_happened, &[]));
    }
    for field in step.fields.iter().filter(|field| field.required) {
        if let Kind::Target(target) | Kind::List(&Kind::Target(target)) = field.kind {
            all.push(says(s, exists(s, target), &[]));
        }
    }
    all
}

/// What a correction needs, on the story as it is now.
pub fn about_the_correction(s: Scene<'_>, number: u64, reasoned: bool) -> Vec<Came> {
    let step = s.attempt.step;
    let same = s.story.told.iter().any(|told| told.number == number && told.step == step.id);
    let signed = super::collecting::is_signed(s.story, number);
    let decides = |told: &Told| {
        let weight = procedure::step(told.step).map(|step| step.weight);
        weight == Some(procedure::step::Weight::Decision)
    };
    let rested_on = s.story.told.iter().any(|told| told.number > number && decides(told));
    vec![says(s, step.correctable && same && !signed, &[]), says(s, reasoned || !rested_on, &[])]
}

/// Whether there is anything of this kind to choose.
fn exists(s: Scene<'_>, target: &Target) -> bool {
    let any = |steps: &[&str]| s.story.told.iter().any(|told| steps.contains(&told.step));
    match target.id {
        "unit" => s.world.cast.units().next().is_some(),
        "person" => !s.persons().is_empty(),
        "lead" => !s.leads().is_empty(),
        "submission" => s.submissions().iter().any(|submission| submission.waits()),
        "dossier" => super::intake::others(s).next().is_some(),
        "evidence" => super::evidence::exists(s),
        "entry" => !s.story.told.is_empty(),
        "preserved_object" | "preservation" => any(&["preserve"]),
        "preservation_approval" => !s.approved("submit_preservation").is_empty(),
        "plea" => s.done("hear_party").any(|told| !told.answers("points").is_empty()),
        "containment" => any(&["order_containment"]),
        "part" => s.done("answer_review").any(|told| told.answer("part").is_some()),
        "supplement" => any(&["notify_supplement"]),
        "violation" => any(&["supervise_violation"]),
        "secret_item" => any(&["list_secret_item"]),
        "carrier" => any(&["report_missing"]),
        "recusal" => any(&["recuse", "request_recusal"]),
        "direction" => any(&["direct_handling", "record_direction"]),
        "unit_direction" => any(&["direct_unit"]),
        "designation_request" => any(&["request_designation"]),
        "unit_task" => any(&["commission_unit"]),
        "demand" => any(&["demand_evidence"]),
        "travel_notice" => any(&["tell_travel_review"]),
        "interview" => any(&["record_interview"]),
        "technical_request" => any(&["entrust_technical"]),
        "appraisal" => any(&["request_appraisal"]),
        "hazard" => any(&["require_hazard_measures"]),
        "stop_use" => any(&["order_stop_use"]),
        "proposal" => any(&["propose_handling"]),
        "correction" => any(&["propose_correction"]),
        "dealing" => any(&["request_dealing"]),
        "rectification" => any(&["urge_rectification"]),
        "crime_referral" => any(&["refer_crime"]),
        "explanation" => any(&["explain_delay"]),
        "cooperation_letter" => any(&["request_cooperation"]),
        "coordination" => any(&["request_coordination"]),
        "incident" => any(&["record_hindrance"]),
        "staff" => {
            let home = s.receiver().or(s.owner());
            let mut people = s.world.cast.all_staff();
            people.any(|who| {
                home.is_none_or(|home| who.department.0 == home)
                    && (who.roles.contains(&Role::Handler) || who.is_head())
            })
        }
        _ => true,
    }
}
