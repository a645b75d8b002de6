//! Which article is answered by what: the regulation's table of contents, held against the code.
//!
//! An article is answered by steps, by rules that are not steps, by a stated reason why there is no rule, or it is pending.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use crate::{
    approval,
    check::Refusal,
    dossier::Entry,
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

/// The articles that an entry rests on: those of its step, of the checks it breached and of the readings under which it was judged.
pub fn rests_on(entry: &Entry) -> impl Iterator<Item = u8> {
    // Built once: this is asked of every entry of a dossier whenever one is added.
    static BY_NAME: LazyLock<BTreeMap<&str, BTreeSet<u8>>> = LazyLock::new(by_name);
    let names = std::iter::once(&entry.step).chain(&entry.breaches).chain(&entry.readings);
    names.filter_map(|name| BY_NAME.get(name.as_str())).flatten().copied()
}

/// The articles of steps by id, of refusals by code, of readings by id; none of these is named like another.
fn by_name() -> BTreeMap<&'static str, BTreeSet<u8>> {
    let articles = |basis: &[Clause]| basis.iter().map(|clause| clause.article).collect();
    // What is approved or returned was submitted under its own article; the step is there for all of them.
    let is_approval = |id| approval::STEPS.iter().any(|step| step.id == id);
    let steps = crate::steps().filter(|step| !is_approval(step.id));
    let steps = steps.map(|step| (step.id, articles(step.basis)));
    let refusals = crate::refusals().map(|refusal| (refusal.code, articles(refusal.basis)));
    let readings = READINGS.iter().map(|reading| (reading.id, articles(&[reading.basis])));
    steps.chain(refusals).chain(readings).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_an_entry_names_is_named_like_another() {
        let steps = crate::steps().filter(|step| !approval::STEPS.iter().any(|s| s.id == step.id));
        let all = steps.count() + crate::refusals().count() + READINGS.len();
        assert_eq!(by_name().len(), all);
    }
}
