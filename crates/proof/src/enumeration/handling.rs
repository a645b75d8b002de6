//! Slice 6: from the end of fact-finding to closing (arts. 26, 50–55).

use jiff::civil::{Date, date};
use procedure::{Dossier, Entry};

use super::{Key, Slice, alone, ground::name, interview::recusals};

/// Within the three months of art. 55, in the month by which they may be extended, and past both.
const DAYS: &[Date] = &[date(2022, 3, 1), date(2022, 6, 1), date(2022, 7, 1)];

pub(super) static SLICE: Slice = Slice {
    name: "处理至结案",
    text: include_str!("handling.txt"),
    days: DAYS,
    constant: &[
        "调查已经结束，认定泄密，责任人员戊一；乙一、乙二、乙三办案，乙二兼副职负责人",
        "责令补救、处理建议及其结果、督促整改各至多一次，整改复查没有后果",
        "涉嫌犯罪、建议纠正、申请回避、重新认定没有责任人员、办案延期和说明原因、解除指派，六者至多其一；自行回避的依次为乙三、乙二、乙一，均待决定",
        "三个日期：查处3个月以内、延长期内、延长期届满以后；呈报结案至多两次",
    ],
    others: alone,
    key,
    within,
};

fn key(dossier: &Dossier, key: &mut Key) {
    let state = &dossier.investigation;
    key.flags(dossier.intake.containments.iter().map(|ordered| ordered.result.is_some()));
    let unneeded = &dossier.closing.containment_unneeded;
    key.flags(unneeded.iter().map(|(form, _)| form.containment.is_some()));
    key.number(state.proposals.len()).number(state.outcomes().count());
    key.flags(state.proposals.iter().map(|proposal| state.awaits(proposal)));
    key.number(state.corrections.len());
    for correction in &state.corrections {
        let answer = correction.answer.as_ref();
        key.word(answer.map_or("", |(form, _)| form.answer.label()));
    }
    key.flags(state.dealings.iter().map(|dealing| dealing.result.is_some()));
    key.number(state.to_be_referred().count()).number(state.referrals.len());
    key.flag(state.suspicions.is_empty());
    for referral in &state.referrals {
        let reply = referral.reply.as_ref();
        key.word(reply.map_or("", |(form, _)| form.reply.label()));
    }
    let leak = dossier.general.leak.as_ref();
    key.flag(leak.is_some_and(|(form, _)| form.responsible.is_empty()));
    key.flag(state.nobody_responsible.is_some());
    key.flags(state.rectifications.iter().map(|rectification| rectification.reported.is_some()));
    recusals(dossier, key);
    key.number(state.handlers.len());
    for handler in &state.handlers {
        key.word(name(&handler.staff)).flag(handler.until.is_some());
    }
    key.number(dossier.approval.all_pending().count());
    for pending in dossier.approval.all_pending() {
        key.word(&pending.digest).word(name(&pending.stamp.by));
    }
    key.number(dossier.approval.submissions.len()).flag(dossier.closing.extended.is_some());
    if let Some(extended) = &dossier.closing.extended {
        key.day(extended.occurred);
    }
    key.number(dossier.closing.explained.len()).number(dossier.closing.judged.len());
    for (_, stamp) in &dossier.closing.explained {
        key.day(stamp.occurred);
    }
    for (form, _) in &dossier.closing.judged {
        key.word(form.judgement.label());
    }
    // Whether a superior urged before or after the extension and the judgement makes a difference.
    key.number(dossier.closing.urged.len());
    for (_, stamp) in &dossier.closing.urged {
        let before = |other: Option<&procedure::dossier::Stamp>| {
            other.is_some_and(|other| other.version < stamp.version)
        };
        key.day(stamp.occurred).flag(before(dossier.closing.extended.as_ref()));
        key.flag(before(dossier.closing.judged.last().map(|(_, stamp)| stamp)));
    }
}

fn within(dossier: &Dossier, _: &Entry) -> bool {
    let (state, closing) = (&dossier.investigation, &dossier.closing);
    let submitted = |step| {
        let kinds = dossier.approval.submissions.iter().map(|s| s.matter.kind());
        kinds.filter(|kind| *kind == step).count()
    };
    let extended = submitted(procedure::approval::MatterKind::HandlingExtension);
    let delay = extended + closing.explained.len() + closing.judged.len() + closing.urged.len();
    let nobody = dossier.general.leak.as_ref().is_some_and(|(form, _)| form.responsible.is_empty());
    let excursions = [
        !state.suspicions.is_empty() || !state.referrals.is_empty(),
        !state.corrections.is_empty(),
        !dossier.general.recusals.is_empty(),
        nobody || state.nobody_responsible.is_some(),
        delay > 0,
        state.handlers.iter().any(|handler| handler.until.is_some()),
    ];
    excursions.into_iter().filter(|taken| *taken).count() <= 1
        && dossier.intake.containments.len() <= 1
        && closing.containment_unneeded.len() <= 1
        && state.proposals.len() <= 1
        && state.proposals.iter().all(|proposal| proposal.outcomes.len() <= 1)
        && state.corrections.len() <= 1
        && state.dealings.len() <= 1
        && state.referrals.len() <= 1
        && state.rectifications.len() <= 1
        && stand_back_in_turn(dossier)
        && submitted(procedure::approval::MatterKind::Closing) <= 2
        && extended <= 2
        && closing.explained.len() <= 1
        && closing.judged.len() <= 1
        && closing.urged.len() <= 1
}

/// At most one request of a party, or the handlers one after the other of their own accord, undecided.
fn stand_back_in_turn(dossier: &Dossier) -> bool {
    let recusals = &dossier.general.recusals;
    let asked = recusals.iter().any(|recusal| recusal.party.is_some());
    let in_turn = recusals.iter().zip(["乙三", "乙二", "乙一"]);
    let mut in_turn =
        in_turn.map(|(recusal, turn)| name(&recusal.staff) == turn && recusal.decision.is_none());
    if asked { recusals.len() <= 1 } else { in_turn.all(|next| next) }
}
