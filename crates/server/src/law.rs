//! 条文落实. Which article is carried out by what, for programs.

use procedure::{answered::Answered, readings::READINGS, step::Step, supplementary::forms::PAPERS};
use scenario::rules::{Article, Check, Rules};
use serde_json::{Value, json};

/// `{"counts": {…}, "articles": […], "common": […], "readings": […], "papers": […]}`: every article with what carries it out, every reading, every paper.
pub fn answered() -> Value {
    let rules = Rules::built_in();
    let articles: Vec<_> = rules.articles.iter().map(article).collect();
    let papers = PAPERS.iter().map(|paper| {
        json!({ "code": paper.code, "name": paper.name, "basis": paper.basis, "steps": paper.steps })
    });
    json!({
        "counts": rules.counts(),
        "articles": articles,
        "common": rules.common.iter().map(check).collect::<Vec<_>>(),
        "readings": readings(),
        "papers": papers.collect::<Vec<_>>(),
    })
}

/// Every reading.
pub fn readings() -> Value {
    let readings = READINGS.iter().map(|reading| {
        json!({
            "id": reading.id,
            "basis": reading.basis,
            "text": reading.text,
            "default": reading.default,
            "switchable": reading.switchable,
        })
    });
    readings.collect()
}

fn article(article: &Article) -> Value {
    let Answered { article: number, steps, rules, limits, readings, reason, pending, .. } =
        &article.answered;
    let ids = |steps: &[&Step]| steps.iter().map(|step| step.id).collect::<Vec<_>>();
    let rules = rules.iter().map(|rule| rule.id);
    let clause = procedure::law::clause(*number);
    let papers = PAPERS.iter().filter(|p| p.basis.iter().any(|basis| basis.article == *number));
    json!({
        "article": number,
        "name": clause,
        "text": clause.text(),
        "answered": article.is_answered(),
        "steps": ids(steps),
        "rules": ids(steps).into_iter().chain(rules).collect::<Vec<_>>(),
        "reason": reason,
        "pending": pending.is_some(),
        "limits": limits.iter().map(|limit| limit.id).collect::<Vec<_>>(),
        "refusals": article.checks.iter().map(|it| it.refusal.code).collect::<Vec<_>>(),
        "checks": article.checks.iter().map(check).collect::<Vec<_>>(),
        "readings": readings.iter().map(|reading| reading.id).collect::<Vec<_>>(),
        "papers": papers.map(|paper| paper.code).collect::<Vec<_>>(),
        "scenarios": article.scenarios,
    })
}

fn check(check: &Check) -> Value {
    let refusal = check.refusal;
    json!({
        "code": refusal.code,
        "rule": refusal.rule,
        "message": refusal.message,
        "hint": refusal.hint,
        "basis": refusal.basis,
        "reading": refusal.reading.map(|reading| reading.id),
        "scenarios": check.scenarios,
    })
}
