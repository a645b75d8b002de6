//! 第十章 附则. Papers are fixed once they are issued; nothing before the day the regulation came into force.
//!
#![doc = include_str!("law.md")]

pub mod forms;
pub mod reference;

use crate::{
    answered::LegalRule,
    check::{Check, refusals},
    dossier::{self, At, Dossier, Entry, Event as Any, Stamp},
    filing, investigation,
    law::{Clause, clause},
    step::{Form, Relation, Rule, Step, form},
    value::{File, InterviewId, Text, choice},
};

/// The steps of this chapter.
pub static STEPS: &[Step] = &[
    reference::APPLY_BY_REFERENCE,
    Step::of::<FixPaper>("fix_paper", "固定文书", &[clause(62)], &[Relation::System]).after_end(),
];

refusals! {
    ISSUES_A_PAPER = "papers.issues_a_paper", [clause(62)], at "entry",
        "该记录没有应当制作的文书，或者文书已经固定",
        "核对记录",
        "该记录应当制作文书，且文书尚未固定";
}

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&crate::check::Refusal]] = &[reference::REFUSALS, REFUSALS];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[
    LegalRule {
        id: "in_force",
        name: "施行日期",
        basis: &[clause(64)],
        about: "2018年1月1日以前的行为不适用本办法规定的步骤",
    },
    LegalRule {
        id: "by_reference",
        name: "参照办理",
        basis: &[clause(61)],
        about: "参照本办法办理其他违法行为的，卷宗予以写明，文书的依据加列第六十一条",
    },
    LegalRule {
        id: "form_layers",
        name: "文书式样",
        basis: &[clause(62)],
        about: "国家统一制定的式样在前；国家没有制定的，省级可以制定，国家制定后以国家的为准；省级以下不制定",
    },
    LegalRule {
        id: "papers",
        name: "文书",
        basis: &[clause(62), clause(32), clause(40)],
        about: "文书由记录生成，固定后不变",
    },
];

choice! {
    /// 文书.
    PaperCode {
        FilingNotice = "P14", "立案通知书";
        InterviewRecord = "P20", "询问笔录";
    }
}

form! {
    /// 固定文书. The system typeset a paper and keeps its bytes.
    FixPaper / FixPaperDraft {
        paper: PaperCode = "文书";
        entry: u32 = "所依据的记录";
        file: File = "文书文件";
        template: Text = "模板";
        engine: Text = "排版程序";
    }
}

impl Rule for FixPaper {
    fn judge(draft: FixPaperDraft, at: &At<'_>, check: &mut Check<'_>) -> Option<dossier::Event> {
        let due = papers_due(at.dossier);
        let named = draft.paper.zip(draft.entry);
        let found = named.map(|(paper, entry)| due.contains(&(paper, u64::from(entry))));
        check.that(found, &ISSUES_A_PAPER);
        Some(Event::PaperFixed(Self::complete(draft)?).into())
    }
}

dossier::events! {
    /// What was recorded under this chapter.
    Event {
        /// 已参照本办法办理.
        AppliedByReference(reference::ApplyByReference),
        /// 文书已固定.
        PaperFixed(FixPaper),
    }
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 参照办理.
    pub references: Vec<(reference::ApplyByReference, Stamp)>,
    /// 已固定的文书.
    pub papers: Vec<(FixPaper, Stamp)>,
}

pub(crate) fn apply(dossier: &mut Dossier, event: &Event, entry: &Entry) {
    let state = &mut dossier.supplementary;
    match event {
        Event::AppliedByReference(form) => state.references.push((form.clone(), entry.stamp())),
        Event::PaperFixed(form) => state.papers.push((form.clone(), entry.stamp())),
    }
}

/// The clauses that every paper of a dossier cites beside its own: art. 61, where it is handled by reference.
pub fn cited_besides(dossier: &Dossier) -> &'static [Clause] {
    const BY_REFERENCE: &[Clause] = &[clause(61)];
    if dossier.supplementary.references.is_empty() { &[] } else { BY_REFERENCE }
}

/// The paper that an event issues, if it issues one.
pub fn issues(event: &Any) -> Option<PaperCode> {
    match event {
        Any::Filing(filing::Event::FilingNotified { .. }) => Some(PaperCode::FilingNotice),
        Any::Investigation(investigation::Event::Interviewed(_)) => {
            Some(PaperCode::InterviewRecord)
        }
        Any::Corrected { event, .. } => issues(event),
        _ => None,
    }
}

/// Every paper issued, with the entry that issues it: issued and not yet fixed, or fixed.
pub fn papers_issued(dossier: &Dossier) -> impl Iterator<Item = (PaperCode, u64)> {
    dossier.history.iter().filter_map(|entry| Some((issues(&entry.event)?, entry.version)))
}

/// Papers that are issued and not yet fixed.
pub fn papers_due(dossier: &Dossier) -> Vec<(PaperCode, u64)> {
    let fixed = &dossier.supplementary.papers;
    let is_fixed = |(paper, entry): &(PaperCode, u64)| {
        fixed.iter().any(|(form, _)| form.paper == *paper && u64::from(form.entry) == *entry)
    };
    papers_issued(dossier).filter(|paper| !is_fixed(paper)).collect()
}

/// Whether an entry records an interview whose record is signed: it never changes again (art. 40 ¶2).
pub(crate) fn is_signed(dossier: &Dossier, entry: u64) -> bool {
    let interviews = dossier.investigation.interviews.iter();
    interviews.filter(|interview| interview.stamp.version == entry).any(|i| i.signed.is_some())
}

/// The interview that an entry records.
pub fn interview_of(dossier: &Dossier, entry: u64) -> Option<InterviewId> {
    let mut numbered = (1..).map(InterviewId).zip(&dossier.investigation.interviews);
    numbered.find(|(_, interview)| interview.stamp.version == entry).map(|(id, _)| id)
}
