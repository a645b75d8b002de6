//! The manuals that are generated: of the language of scenarios, and of the rules beside the law.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::scenarios;
use scenario::{
    manual::manual,
    rules::{self, Rules, Shown},
};

fn fresh(path: &str, manual: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, manual).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == manual, "{path} is stale: run with UPDATE=1 and review the diff");
}

#[test]
fn the_manual_of_scenarios_is_fresh() {
    fresh("../../docs/scenarios.md", &manual());
}

#[test]
fn what_scenarios_show_and_the_manual_of_rules_are_fresh() {
    let shown = Shown::by(&scenarios());
    fresh("src/shown.txt", &shown.to_string());
    fresh("../../docs/rules.md", &rules::manual(&Rules::new(&shown)));
}

#[test]
fn every_article_that_is_carried_out_is_shown() {
    let rules = Rules::new(&Shown::by(&scenarios()));
    let unshown = rules.articles.iter().filter(|article| {
        let answered = &article.answered;
        let carried_out = !answered.steps.is_empty() || !answered.rules.is_empty();
        carried_out && answered.pending.is_none() && article.scenarios.is_empty()
    });
    let unshown: Vec<_> = unshown.map(|article| article.answered.article).collect();
    assert!(unshown.is_empty(), "no scenario shows the articles {unshown:?}");
    assert_eq!(rules.counts().refusals_without_scenario, 0);
    assert_eq!(rules.counts().articles, 64);
}
