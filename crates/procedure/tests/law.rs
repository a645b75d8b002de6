//! The law beside the code: every article answered, every citation real, every name its own.

use std::collections::BTreeSet;

use procedure::{
    answered,
    law::Clause,
    readings::{self, READINGS},
    value::Kind,
};

fn assert_real(clause: Clause, what: &str) {
    assert!(clause.text().is_some(), "{what} cites {clause}, which does not exist");
    assert_eq!(clause.canonical(), clause, "{what} cites {clause}, which is written otherwise");
}

#[test]
fn every_article_is_answered() {
    for article in answered::articles() {
        let number = article.article;
        let ruled = !article.steps.is_empty() || !article.rules.is_empty();
        let said = article.reason.is_some() || article.pending.is_some();
        assert!(ruled || said, "article {number}: no rule, no reason, not pending");
        let both = ruled && article.reason.is_some();
        assert!(!both, "article {number} has rules and a reason why it has none");
    }
}

#[test]
fn every_citation_exists() {
    for step in procedure::steps() {
        assert!(!step.basis.is_empty(), "step {} cites nothing", step.id);
        step.basis.iter().for_each(|clause| assert_real(*clause, step.id));
    }
    for refusal in procedure::refusals() {
        refusal.basis.iter().for_each(|clause| assert_real(*clause, refusal.code));
    }
    for rule in procedure::rules() {
        rule.basis.iter().for_each(|clause| assert_real(*clause, rule.id));
    }
    for reading in READINGS {
        assert_real(reading.basis, reading.id);
    }
}

#[test]
fn every_reading_is_used_or_explains_a_rule() {
    let used: BTreeSet<_> =
        procedure::refusals().filter_map(|refusal| refusal.reading).map(|r| r.id).collect();
    // A switchable reading that no check knows would be a switch without a wire.
    for reading in READINGS.iter().filter(|reading| reading.switchable) {
        let counts_time = [&readings::LAST_DAY_MOVES, &readings::UNIT_REPORT];
        let counts_time = counts_time.iter().any(|counting| counting.id == reading.id);
        assert!(used.contains(reading.id) || counts_time, "reading {} does nothing", reading.id);
    }
}

#[test]
fn names_are_unique() {
    let mut seen = BTreeSet::new();
    for step in procedure::steps() {
        assert!(seen.insert(step.id), "two steps {}", step.id);
        assert!(seen.insert(step.name), "two steps {}", step.name);
        let mut fields = BTreeSet::new();
        for field in step.all_fields() {
            assert!(fields.insert(field.id), "{}: two fields {}", step.id, field.id);
            assert!(fields.insert(field.label), "{}: two fields {}", step.id, field.label);
            if let Kind::Rows(columns) = field.kind {
                let labels: BTreeSet<_> = columns.iter().map(|column| column.label).collect();
                assert_eq!(labels.len(), columns.len(), "{}: {}", step.id, field.id);
            }
        }
    }
    for refusal in procedure::refusals() {
        assert!(seen.insert(refusal.code), "two refusals {}", refusal.code);
    }
}

#[test]
fn messages_are_one_clause_and_hints_say_what_to_do() {
    for refusal in procedure::refusals() {
        for text in [refusal.message, refusal.hint] {
            assert!(!text.is_empty() && !text.ends_with(['。', '.', '！']), "{}", refusal.code);
            assert!(!text.contains(char::is_whitespace), "{}", refusal.code);
        }
    }
}

#[test]
fn a_refusal_at_a_field_names_a_field_that_some_step_has() {
    let fields: BTreeSet<_> =
        procedure::steps().flat_map(|step| step.all_fields().map(|field| field.id)).collect();
    for refusal in procedure::refusals() {
        if let Some(field) = refusal.field {
            assert!(fields.contains(field), "{} stands at {field}", refusal.code);
        }
    }
}
