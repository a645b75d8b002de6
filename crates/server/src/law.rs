//! 条文落实. Which article is answered by what, for people and programs.

use std::collections::{BTreeMap, BTreeSet};

use procedure::{answered, readings::READINGS};
use scenario::language::{Basis, Statement};
use serde_json::{Value, json};

use crate::samples;

/// `{"articles": […], "readings": […]}`: every article with what answers it, every reading.
pub fn answered() -> Value {
    let scenarios = scenarios_by_article();
    let articles = answered::articles().into_iter().map(|answered| {
        let steps = answered.steps.iter().map(|step| step.id);
        let rules: Vec<_> = steps.chain(answered.rules.iter().map(|rule| rule.id)).collect();
        let refusals: Vec<_> = answered.refusals.iter().map(|refusal| refusal.code).collect();
        json!({
            "article": answered.article,
            "rules": rules,
            "reason": answered.reason,
            "pending": answered.pending.is_some(),
            "refusals": refusals,
            "scenarios": scenarios.get(&answered.article).cloned().unwrap_or_default(),
        })
    });
    let readings = READINGS.iter().map(|reading| {
        json!({
            "id": reading.id,
            "basis": reading.basis,
            "text": reading.text,
            "default": reading.default,
            "switchable": reading.switchable,
        })
    });
    json!({ "articles": articles.collect::<Vec<_>>(), "readings": readings.collect::<Vec<_>>() })
}

/// The scenarios in which an article is expected to say no or to note a defect.
fn scenarios_by_article() -> BTreeMap<u8, BTreeSet<String>> {
    let mut by_article = BTreeMap::<u8, BTreeSet<String>>::new();
    for (name, scenario) in samples::scenarios(jiff::civil::date(2026, 1, 5)) {
        let mut articles = BTreeSet::new();
        collect(&scenario.lines, &mut articles);
        for article in articles {
            by_article.entry(article).or_default().insert(name.clone());
        }
    }
    by_article
}

fn collect(lines: &[Statement], articles: &mut BTreeSet<u8>) {
    for line in lines {
        match line {
            Statement::Act(_, expected) => {
                articles.extend(expected.bases.iter().filter_map(|basis| match basis {
                    Basis::Clause(clause) => Some(clause.article),
                    Basis::Reading(id) => procedure::readings::find(id).map(|r| r.basis.article),
                }));
            }
            Statement::Fork { lines, .. } => collect(lines, articles),
            Statement::Assert(_) | Statement::Turn { .. } => {}
        }
    }
}
