//! What is recorded: old entries parse for ever, replay gives the same state, a refusal writes nothing, nothing panics.
//! And what stands on a day beyond what scenarios can say: whose desk a duty lies on, what is marked late, extended, provisional.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    rc::Rc,
};

use common::scenarios;
use jiff::civil::DateTime;
use procedure::{
    Dossier, Entry, Setting,
    approval::Fate,
    deadline::{self, Desk},
    directory,
    summary::Summary,
    value::{Answer, DepartmentId, StaffId},
};
use proptest::{prelude::*, sample::Index};
use scenario::{
    Reply, World,
    core::Core,
    language::{Move, Scenario, Statement},
    play,
};

/// A core whose dossiers can still be looked at when the player has gone.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Core>>);

impl World for Kept {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        self.0.borrow_mut().found(cast)
    }

    fn act(
        &mut self,
        id: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        self.0.borrow_mut().act(id, act, corrects)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.0.borrow_mut().summary(dossier, at)
    }

    fn may(&mut self, id: &str, at: DateTime, who: &StaffId, step: &str) -> Result<bool, String> {
        self.0.borrow_mut().may(id, at, who, step)
    }
}

/// Every world that a scenario makes, one for each of its forks.
fn worlds(scenario: &Scenario) -> Vec<Core> {
    let worlds = RefCell::new(Vec::new());
    let world = || {
        let kept = Kept::default();
        worlds.borrow_mut().push(kept.clone());
        Ok(kept)
    };
    play(scenario, world, &mut |_| ()).unwrap();
    worlds.into_inner().into_iter().map(|kept| kept.0.borrow().clone()).collect()
}

/// Every dossier that the scenarios make, in all of their forks.
fn dossiers() -> Vec<Dossier> {
    let all = scenarios();
    let cores = all.iter().flat_map(|(_, scenario)| worlds(scenario));
    cores.flat_map(|core| core.dossiers().cloned().collect::<Vec<_>>()).collect()
}

/// One entry of each step; a file that exists is never rewritten, because old entries parse for ever.
#[test]
fn every_kind_of_entry_has_a_golden_file_that_parses() {
    let directory = Path::new("tests/golden");
    let mut first: BTreeMap<String, Entry> = BTreeMap::new();
    for dossier in dossiers() {
        for entry in dossier.history {
            first.entry(entry.step.clone()).or_insert(entry);
        }
    }
    for step in procedure::steps() {
        let path = directory.join(format!("{}.json", step.id));
        if std::env::var_os("UPDATE").is_some() && !path.exists() {
            let Some(entry) = first.get(step.id) else { continue };
            std::fs::write(&path, serde_json::to_string_pretty(entry).unwrap() + "\n").unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!("no golden entry of step {}: let a scenario take it, then UPDATE=1", step.id)
        });
        let entry: Entry = serde_json::from_str(&golden).unwrap_or_else(|wrong| {
            panic!("an old entry of {} no longer parses: {wrong}", step.id)
        });
        let again: serde_json::Value = serde_json::to_value(&entry).unwrap();
        let old: serde_json::Value = serde_json::from_str(&golden).unwrap();
        // A field that came later reads as absent, and that is all that may differ.
        let (again, old) = (without_blanks(again), without_blanks(old));
        assert_eq!(again, old, "an old entry of {} reads as something else", step.id);
    }
}

fn without_blanks(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let members = members
                .into_iter()
                .filter(|(_, value)| !value.is_null() && *value != Value::Array(vec![]));
            Value::Object(members.map(|(name, value)| (name, without_blanks(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(without_blanks).collect()),
        other => other,
    }
}

#[test]
fn replay_gives_the_same_state() {
    for dossier in dossiers() {
        let bytes = serde_json::to_vec(&dossier.history).unwrap();
        let entries: Vec<Entry> = serde_json::from_slice(&bytes).unwrap();
        let replayed = Dossier::replay(dossier.id.clone(), entries);
        assert_eq!(format!("{replayed:?}"), format!("{dossier:?}"));
    }
}

fn acts(statements: &[Statement], found: &mut Vec<Move>) {
    for statement in statements {
        match statement {
            Statement::Act(act, _) => found.push((**act).clone()),
            Statement::Fork { lines, .. } => acts(lines, found),
            Statement::Assert(_) | Statement::Turn { .. } => {}
        }
    }
}

fn case_1() -> (Scenario, Vec<Move>) {
    let text = include_str!("../../../scenarios/cases/01-bank-messenger.txt");
    let scenario = scenario::parse(text, common::TODAY).unwrap();
    let mut found = Vec::new();
    acts(&scenario.lines, &mut found);
    (scenario, found)
}

/// What a person could get wrong in one field.
fn spoil(answer: &mut Answer, how: u8) {
    *answer = match how % 6 {
        0 => Answer::from(""),
        1 => Answer::from("2026-02-30"),
        2 => Answer::Many(vec![Answer::from("1"), Answer::from("1")]),
        3 => Answer::Group(BTreeMap::from([("x".to_owned(), Answer::from("喆堃䶮😀"))])),
        4 => Answer::One("字".repeat(30_000)),
        _ => Answer::from("a\u{202E}\u{0}b"),
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Acts of case 1 in any order, some of them spoilt: no panic, and a dossier changes exactly when an act is recorded.
    #[test]
    fn nothing_panics_and_a_refusal_writes_nothing(
        picks in prop::collection::vec((any::<Index>(), prop::option::of((any::<Index>(), any::<u8>()))), 1..120),
        start in 0_usize..40,
    ) {
        let (scenario, acts) = case_1();
        let mut core = Core::default();
        core.found(&scenario.cast).unwrap();
        let mut dossier: Option<String> = None;
        let picked = picks.into_iter().map(|(pick, spoilt)| (pick.get(&acts).clone(), spoilt));
        let beginning = acts.iter().take(start).cloned().map(|act| (act, None));
        for (mut act, spoilt) in beginning.chain(picked) {
            if let Some((which, how)) = spoilt {
                let fields: Vec<_> = act.answers.keys().cloned().collect();
                if !fields.is_empty() {
                    spoil(act.answers.get_mut(which.get(&fields)).unwrap(), how);
                }
            }
            let before = dossier.as_deref().and_then(|id| core.dossier(id)).map_or(0, Dossier::version);
            let Ok(reply) = core.act(dossier.as_deref(), &act, None) else { continue };
            if dossier.is_none() {
                dossier.clone_from(&reply.dossier);
            }
            let after = dossier.as_deref().and_then(|id| core.dossier(id)).map_or(0, Dossier::version);
            prop_assert_eq!(after, before + u64::from(reply.version.is_some()));
        }
    }
}

/// An extension that was approved after the limit it extends is marked so on the record (第三十条、第五十五条).
#[test]
fn a_late_extension_is_marked() {
    let approvals = |name: &str| -> BTreeSet<(String, bool)> {
        let all = scenarios();
        let (_, scenario) = all.iter().find(|(file, _)| file == name).unwrap();
        let cores = worlds(scenario);
        let dossiers = cores.iter().flat_map(Core::dossiers);
        let submissions = dossiers.flat_map(|dossier| &dossier.approval.submissions);
        let fates = submissions.filter(|s| s.matter.kind().label().ends_with("延期"));
        fates
            .filter_map(|submission| match &submission.state {
                Fate::Approved { late, stamp, .. } => Some((stamp.occurred.to_string(), *late)),
                _ => None,
            })
            .collect()
    };
    let review = [
        ("2022-04-07".to_owned(), false),
        ("2022-04-12".to_owned(), true),
        ("2022-05-06".to_owned(), false),
        ("2022-06-08".to_owned(), false),
    ];
    assert_eq!(approvals("filing/extension"), BTreeSet::from(review));
    let handling = [("2022-05-16".to_owned(), false), ("2022-05-18".to_owned(), true)];
    assert_eq!(approvals("closing/extension"), BTreeSet::from(handling));
}

const CAST: &str = "案例 样例
部门 示例省局: 级别=省；区域=示例省；代字=示省保
部门 示例市局: 级别=市；上级=示例省局；区域=示例市；代字=示市保
人员 甲一: 部门=示例市局；岗位=受理人员
人员 乙一: 部门=示例市局；岗位=办案人员
人员 乙二: 部门=示例市局；岗位=办案人员
人员 丙一: 部门=示例市局；岗位=负责人
2026-09-01 甲一 登记线索: 接到线索日期=2026-09-01；线索来源=保密检查发现；案由=样例；线索内容=样例
2026-09-02 丙一 进行初查并指派初查人员: 初查人员=乙一、乙二
";

/// The dossier after these lines, and the setting of its department a moment later.
fn standing(lines: &str) -> (Dossier, Setting) {
    let scenario = scenario::parse(&format!("{CAST}{lines}"), common::TODAY).unwrap();
    let core = worlds(&scenario).pop().unwrap();
    let dossier = core.dossiers().next().unwrap().clone();
    let now = dossier.history.last().unwrap().entered;
    let setting = core.setting(dossier.department().unwrap(), now, &dossier.id);
    (dossier, setting)
}

/// A handler's recusal is decided by the department itself, a head's by the next higher one (第九条第二款).
#[test]
fn a_recusal_lies_on_the_desk_that_decides_it() {
    let desks = |lines: &str| -> Vec<(String, Desk)> {
        let (dossier, setting) = standing(lines);
        let duties = deadline::duties(&dossier, &setting).into_iter();
        duties.filter(|duty| duty.name.contains("回避")).map(|d| (d.name, d.desk)).collect()
    };
    let undecided = "回避申请待决定".to_owned();
    let handler = desks("2026-09-03 乙一 自行回避: 利害关系或者其他关系=近亲属");
    assert_eq!(handler, [(undecided.clone(), Desk::Owner)]);
    let head = desks("2026-09-03 丙一 自行回避: 利害关系或者其他关系=近亲属");
    let above = Desk::Department(DepartmentId("示例省局".to_owned()));
    let nobody = "负责人均已回避，待指定代行职责的人员".to_owned();
    assert_eq!(head, [(undecided, above.clone()), (nobody, above)]);
}

/// An extension is shown as one, and is provisional where no notice knows its last day (第三十条第一款).
#[test]
fn an_extended_limit_is_shown_as_extended_and_provisional_where_it_is() {
    let first = "2026-11-02 乙一 呈报初查延期: 延期理由=样例
2026-11-02 丙一 批准: 待批事项=初查延期；审批意见=同意
2026-11-30 丙一 认定重大、复杂: 认定理由=样例
";
    let further = |until: &str| {
        format!(
            "{first}2026-11-30 乙一 呈报初查延期: 延期理由=样例；延长至={until}
2026-11-30 丙一 批准: 待批事项=2；审批意见=同意"
        )
    };
    let shown = |lines: &str| {
        let (dossier, setting) = standing(lines);
        let limits = deadline::limits(&dossier, &setting);
        let review = limits.iter().find(|running| running.id == "review").unwrap();
        (review.extended, review.deadline.nominal.to_string(), review.deadline.provisional)
    };
    assert_eq!(shown(""), (false, "2026-11-01".to_owned(), false));
    assert_eq!(shown(first), (true, "2026-12-01".to_owned(), false));
    assert_eq!(shown(&further("2026-12-31")), (true, "2026-12-31".to_owned(), false));
    assert_eq!(shown(&further("2027-01-08")), (true, "2027-01-08".to_owned(), true));
}

#[test]
fn the_conditions_of_closing_are_the_four_items_of_the_article() {
    let (dossier, setting) = standing("");
    let items = procedure::closing::conditions(&dossier, &setting).map(|c| c.item);
    assert_eq!(items, [1, 2, 3, 4]);
}
