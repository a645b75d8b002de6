//! Which article is answered by what: the regulation's table of contents, held against the code.
//!
//! An article is answered by steps, by rules that are not steps, by a stated reason why there is no rule, or it is pending.

use crate::{
    check::Refusal,
    law::Clause,
    limit::{self, Limit},
    readings::{READINGS, Reading},
    step::Step,
};

/// A rule that is not a step: something computed from the record.
#[derive(Debug)]
pub struct LegalRule {
    /// Stable identifier.
    pub id: &'static str,
    /// 名称.
    pub name: &'static str,
    /// The clauses it carries out.
    pub basis: &'static [Clause],
    /// What it does, in Chinese.
    pub about: &'static str,
}

/// Articles that need no rule, each with the reason.
pub static NO_RULE: &[(u8, &str)] = &[
    (1, "立法目的；各文书载明依据"),
    (3, "查处原则；由认定事实须有证据、程序须合法的各项规则体现"),
    (60, "保密行政管理部门及其办案人员的责任；全部操作留有不可更改的记录"),
    (63, "解释权属国家保密局；解读作为数据公开列出"),
];

/// Articles whose rules are later work, in whole or in the part named.
pub static PENDING: &[(u8, &str)] = &[];

/// Everything that answers one article.
#[derive(Debug)]
pub struct Answered {
    /// The article.
    pub article: u8,
    /// Steps under it.
    pub steps: Vec<&'static Step>,
    /// Rules under it that are not steps.
    pub rules: Vec<&'static LegalRule>,
    /// Limits it sets.
    pub limits: Vec<&'static Limit>,
    /// Readings of it.
    pub readings: Vec<&'static Reading>,
    /// Refusals under it.
    pub refusals: Vec<&'static Refusal>,
    /// Why there is no rule.
    pub reason: Option<&'static str>,
    /// What is still to be done.
    pub pending: Option<&'static str>,
}

/// How every article is answered, from 1 to 64.
pub fn articles() -> Vec<Answered> {
    let under =
        |basis: &[Clause], article: u8| basis.iter().any(|clause| clause.article == article);
    let note = |list: &'static [(u8, &'static str)], article: u8| {
        list.iter().find(|(number, _)| *number == article).map(|(_, text)| *text)
    };
    (1..=64)
        .map(|article| Answered {
            article,
            steps: crate::steps().filter(|step| under(step.basis, article)).collect(),
            rules: crate::rules().filter(|rule| under(rule.basis, article)).collect(),
            limits: limit::ALL.iter().filter(|limit| limit.basis.article == article).collect(),
            readings: readings_of(article).collect(),
            refusals: crate::refusals().filter(|refusal| under(refusal.basis, article)).collect(),
            reason: note(NO_RULE, article),
            pending: note(PENDING, article),
        })
        .collect()
}

/// Every reading of an article.
pub fn readings_of(article: u8) -> impl Iterator<Item = &'static Reading> {
    READINGS.iter().copied().filter(move |reading| reading.basis.article == article)
}
