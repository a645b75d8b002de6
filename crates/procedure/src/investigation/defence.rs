//! 陈述和申辩. A party is heard, and each point is verified (art. 42).

use super::{Event, Plea, State, must_be_in_case};
use crate::{
    check::{Check, refusals},
    dossier::{self, At, Stamp},
    law::clause,
    step::{Form, Rule, form},
    value::{LongText, PersonId, PleaId, choice},
};

refusals! {
    IS_A_PARTY = "defence.is_a_party", [clause(42)], at "party",
        "听取陈述和申辩的对象不是案件当事人",
        "选择案件当事人",
        "听取的是案件当事人的陈述和申辩";
    NOT_VERIFIED_TWICE = "defence.not_verified_twice", [clause(42)], at "plea",
        "该申辩已经核查",
        "选择尚未核查的申辩",
        "该申辩尚未核查";
}

form! {
    /// 听取陈述和申辩. What a party states in defence; nothing is a statement too.
    HearParty / HearPartyDraft {
        party: PersonId = "案件当事人";
        points: Vec<LongText> = "申辩事项", "逐项填写；当事人没有申辩的，不填";
    }
}

impl Rule for HearParty {
    fn judge(draft: HearPartyDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        let party =
            draft.party.as_ref().map(|id| at.dossier.general.parties().any(|(p, _)| p == *id));
        check.that(party, &IS_A_PARTY);
        Some(Event::PartyHeard(Self::complete(draft)?).into())
    }
}

choice! {
    /// 核查结果.
    PleaResult {
        True = "true", "属实";
        PartlyTrue = "partly_true", "部分属实";
        Untrue = "untrue", "不属实";
        Unestablished = "unestablished", "无法查明";
    }
}

form! {
    /// 核查申辩.
    VerifyPlea / VerifyPleaDraft {
        plea: PleaId = "申辩事项";
        means: LongText = "核查方式和经过";
        result: PleaResult = "核查结果";
    }
}

impl Rule for VerifyPlea {
    fn judge(draft: VerifyPleaDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        must_be_in_case(at, check);
        let plea = draft.plea.as_ref().and_then(|id| at.dossier.investigation.plea(id));
        check.that(plea.map(|plea| plea.verified.is_none()), &NOT_VERIFIED_TWICE);
        at.follows(plea.map(|plea| plea.heard), check);
        Some(Event::PleaVerified(Self::complete(draft)?).into())
    }
}

pub(super) fn hear(state: &mut State, form: &HearParty, stamp: Stamp) {
    let pleas = form.points.iter().map(|content| Plea {
        party: form.party.clone(),
        content: content.clone(),
        heard: stamp.occurred,
        verified: None,
    });
    state.pleas.extend(pleas);
    state.hearings.push((form.clone(), stamp));
}

pub(super) fn verify(state: &mut State, form: &VerifyPlea, stamp: Stamp) {
    let index = (form.plea.0 as usize).wrapping_sub(1);
    if let Some(plea) = state.pleas.get_mut(index) {
        plea.verified = Some((form.clone(), stamp));
    }
}
