//! Every state of six slices of the core: the abstraction loses nothing, every property holds and was tried, and every end is reached; with a check switched off, a property misses it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what was enumerated"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use procedure::Stage;
use proof::enumeration::{
    SLICES, Slice,
    explore::{How, Report, explore},
    properties::PROPERTIES,
};

/// All slices together have no more states than this.
const MOST_STATES: usize = 300_000;

/// Every slice, enumerated once for all tests here, on as many threads as the tests may use.
fn reports() -> &'static [Report] {
    static REPORTS: OnceLock<Vec<Report>> = OnceLock::new();
    REPORTS.get_or_init(|| {
        let (next, began) = (AtomicUsize::new(0), Instant::now());
        let work = || {
            let mut done = Vec::new();
            while let Some(slice) = SLICES.get(next.fetch_add(1, Ordering::Relaxed)) {
                let began = Instant::now();
                let report = explore(slice, How::default()).unwrap();
                print(slice, &report, began);
                done.push(report);
            }
            done
        };
        let reports: Vec<Report> = std::thread::scope(|scope| {
            let other = scope.spawn(work);
            let mut reports = work();
            reports.extend(other.join().unwrap());
            reports
        });
        let states: usize = reports.iter().map(|report| report.states).sum();
        let edges: usize = reports.iter().map(|report| report.edges).sum();
        println!("together: {states} states, {edges} edges, {:.1?}", began.elapsed());
        reports
    })
}

fn print(slice: &Slice, report: &Report, began: Instant) {
    let Report { states, edges, tried, beyond, compared, .. } = report;
    let mut lines = vec![format!(
        "{}: {states} states, {edges} edges; {tried} acts tried, {beyond} lead beyond, {compared} other dossiers compared; {:.1?}",
        slice.name,
        began.elapsed()
    )];
    lines.extend(slice.constant.iter().map(|held| format!("  不变：{held}")));
    let reached: Vec<&str> = report.reached.keys().copied().collect();
    lines.push(format!("  到达：{}", reached.join("、")));
    for property in PROPERTIES {
        if let Some(tries) = report.tries.get(property.name) {
            let articles = property.articles.iter().map(|a| format!("第{a}条")).collect::<String>();
            lines.push(format!("  {tries:>8} 次 {}（{articles}）", property.name));
        }
    }
    println!("{}", lines.join("\n"));
}

#[test]
fn every_slice_is_enumerated_to_its_end_within_bounds() {
    let states: usize = reports().iter().map(|report| report.states).sum();
    assert!(reports().iter().all(|report| report.complete), "a slice has too many states");
    assert!(states <= MOST_STATES, "{states} states");
    // Fewer than this would mean that the alphabet hardly leads anywhere.
    for report in reports() {
        assert!(report.states > 1_000, "{} has {} states", report.name, report.states);
    }
}

#[test]
fn dossiers_of_one_state_get_the_same_verdicts_and_lead_to_the_same_states() {
    let confused: Vec<_> = reports().iter().flat_map(|report| &report.confused).collect();
    assert!(confused.is_empty(), "{}", confused.iter().map(|s| s.as_str()).collect::<String>());
    for report in reports() {
        // A comparison that is hardly ever made shows nothing.
        assert!(report.compared * 2 > report.states, "{}: {}", report.name, report.compared);
    }
}

#[test]
fn every_property_holds_and_was_tried() {
    let mut tries: BTreeMap<&str, u64> = BTreeMap::new();
    for report in reports() {
        let violated = report.violations.iter().map(|(name, story)| format!("{name}\n{story}"));
        let violated: Vec<_> = violated.collect();
        assert!(violated.is_empty(), "{}：{}", report.name, violated.join("\n"));
        for (property, times) in &report.tries {
            *tries.entry(property).or_default() += times;
        }
    }
    let untried: Vec<_> =
        PROPERTIES.iter().map(|p| p.name).filter(|name| !tries.contains_key(name)).collect();
    assert!(untried.is_empty(), "never put to the test: {}", untried.join("、"));
}

#[test]
fn every_stage_is_reached() {
    let reached: BTreeSet<&str> =
        reports().iter().flat_map(|report| report.reached.keys().copied()).collect();
    let stages = Stage::ALL.iter().map(|stage| stage.label());
    let unreached: Vec<_> = stages.filter(|stage| !reached.contains(stage)).collect();
    assert!(unreached.is_empty(), "never reached: {}", unreached.join("、"));
}

/// Checks to switch off, in which slice, and the property that must miss each.
const KNOCKED_OUT: &[(&str, &str, &str)] = &[
    (
        "interview.at_least_two_handlers",
        "询问、检查、登记保存",
        "直接调查、检查、登记保存有两名以上未回避的办案人员",
    ),
    ("transfer.not_sent_on", "管辖", "未经指定管辖不再次移送"),
    ("transfer.designation_binds", "管辖", "被指定管辖的部门不再移送"),
    ("filing.leak_established", "受理至立案", "确有泄密且未达到刑事立案标准的才立案"),
    ("approval.approver_not_handler", "受理至立案", "不审批自己办理的案件"),
    ("finding.evidence_cited", "证据与认定", "认定前三项调查内容有可以使用的证据"),
    ("finding.pleas_verified", "证据与认定", "申辩没有核查的，调查不结束"),
    ("act.stands_back", "回避与监督", "回避的人员不再办理"),
    ("closing.rectification_taken", "处理至结案", "四项条件齐备才结案"),
    ("closing.extended_once", "处理至结案", "办案时限只延长一次"),
];

#[test]
fn a_check_that_is_switched_off_is_missed_by_a_property() {
    for (code, name, property) in KNOCKED_OUT {
        let slice = SLICES.iter().find(|slice| slice.name == *name).unwrap();
        let report =
            explore(slice, How { off: Some(code), until_violated: Some(property) }).unwrap();
        let story = report.violations.get(property);
        let story = story.unwrap_or_else(|| panic!("nobody misses {code} in {name}"));
        println!("没有 {code}，违反「{property}」：\n{story}");
        // The story ends with the act that should not have been let through.
        assert!(story.lines().last().unwrap().ends_with("→ 通过"), "{story}");
    }
}
