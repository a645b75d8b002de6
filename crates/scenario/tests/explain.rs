//! Explanations: golden files for steps in different states, and the same words again after a replay.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use common::scenarios;
use jiff::civil::DateTime;
use procedure::{
    Act, Dossier, Entry, Setting, Verdict, ask,
    check::Judgement,
    decide, directory,
    explain::explain,
    summary::Summary,
    value::{DepartmentId, StaffId},
};
use scenario::{
    Reply, Scenario, World,
    core::{self, Core},
    language::Move,
    play,
};

/// Name, scenario, fork, step, and which of its tries there: steps in different states.
const TRIES: &[(&str, &str, &str, &str, usize)] = &[
    ("registered", "act/who", "", "登记线索", 0),
    ("received_in_future", "act/dates", "", "登记线索", 3),
    ("filing_without_report", "filing/filing", "", "填报立案表", 0),
    ("filing_while_leak_unknown", "filing/filing", "泄密事实未查明", "填报立案表", 0),
    ("filing_of_a_crime", "filing/filing", "达到刑事立案标准", "填报立案表", 0),
    ("supplement_of_what_ended", "filing/not-handled", "没有泄密事实", "收到补充材料", 0),
    ("extension_pending", "filing/extension", "", "呈报初查延期", 2),
    ("interview_by_one", "cases/01-bank-messenger", "一名办案人员询问", "询问并制作笔录", 0),
    (
        "interview_by_one_as_happened",
        "cases/01-bank-messenger",
        "一名办案人员询问",
        "询问并制作笔录",
        1,
    ),
    ("interview_of_two", "cases/01-bank-messenger", "同时询问两人", "询问并制作笔录", 0),
    ("inspection_with_nobody_present", "investigation/inspection", "均不在场", "检查场所、物品", 0),
    ("end_with_plea_unverified", "cases/01-bank-messenger", "", "调查结束", 0),
    ("closing_without_conditions", "closing/conditions", "", "提交结案报告", 0),
    ("approval_of_ones_own", "act/reading-approver", "", "批准", 0),
];

/// Name, scenario, fork, step and person: steps that somebody could take next.
const QUESTIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("asked_filing_once_filed", "filing/filing", "", "填报立案表", "乙一"),
    ("asked_interview_once_closed", "cases/01-bank-messenger", "", "询问并制作笔录", "乙一"),
    ("asked_interview_before_handlers", "filing/notice", "", "询问并制作笔录", "乙一"),
];

#[test]
fn explanations_are_golden() {
    let all: Vec<_> = scenarios().into_iter().map(|(name, s)| (name, tried(&s))).collect();
    let of = |file: &str| &all.iter().find(|(name, _)| name == file).unwrap().1;
    let tries = TRIES.iter().map(|(name, file, fork, step, nth)| {
        let mut same = of(file).iter().filter(|t| t.fork == *fork && t.act.step.name == *step);
        let tried = same.nth(*nth).unwrap_or_else(|| panic!("{file} {fork}: no {step} {nth}"));
        (*name, explain(&tried.verdict(&tried.dossier)).to_string())
    });
    let questions = QUESTIONS.iter().map(|(name, file, fork, step, who)| {
        let last = of(file).iter().rfind(|tried| tried.fork == *fork).unwrap();
        (*name, explain(&last.asked(step, who)).to_string())
    });
    let mut stale = Vec::new();
    for (name, explanation) in tries.chain(questions) {
        let path = format!("tests/golden_explanations/{name}.txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &explanation).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != explanation {
            stale.push(format!("{name}\n{explanation}"));
        }
    }
    assert!(stale.is_empty(), "run with UPDATE=1 and review the diff:\n{}", stale.join("\n"));
    let files = std::fs::read_dir("tests/golden_explanations").unwrap().count();
    assert_eq!(files, TRIES.len() + QUESTIONS.len(), "a golden file that nothing compares");
}

/// What is explained today is explained in the same words when the record is read again.
#[test]
fn explanations_are_equal_on_replay() {
    let mut compared = 0;
    for (name, scenario) in scenarios() {
        for tried in tried(&scenario) {
            let bytes = serde_json::to_vec(&tried.dossier.history).unwrap();
            let entries: Vec<Entry> = serde_json::from_slice(&bytes).unwrap();
            let replayed = Dossier::replay(tried.dossier.id.clone(), entries);
            let (now, then) = (tried.verdict(&tried.dossier), tried.verdict(&replayed));
            assert_eq!(explain(&now), explain(&then), "{name} {}", tried.act.step.name);
            compared += 1;
        }
    }
    assert!(compared > 500, "only {compared} acts were compared");
}

/// An explanation says neither less nor more than its verdict.
#[test]
fn every_check_is_explained_once_and_stands_as_it_was_judged() {
    for (name, scenario) in scenarios() {
        for tried in tried(&scenario) {
            let verdict = tried.verdict(&tried.dossier);
            let explanation = explain(&verdict);
            let points = explanation.articles.iter().flat_map(|part| &part.points);
            let told: BTreeSet<_> =
                points.clone().map(|point| (point.code, point.standing.label())).collect();
            assert_eq!(told.len(), points.count(), "{name} tells twice");
            for finding in &verdict.findings {
                let breached =
                    verdict.breaches.iter().any(|breach| breach.code == finding.refusal.code);
                let label = match finding.judgement {
                    Judgement::Holds => "符合",
                    Judgement::Fails if breached && finding.conduct => "瑕疵",
                    Judgement::Fails => "不符合",
                    Judgement::Unknown => "未查明",
                    Judgement::Unasked => "待填写",
                };
                assert!(told.contains(&(finding.refusal.code, label)), "{}", finding.refusal.code);
            }
            let judged: BTreeSet<_> = verdict.findings.iter().map(|f| f.refusal.code).collect();
            let codes: BTreeSet<_> = told.iter().map(|(code, _)| *code).collect();
            assert_eq!(codes, judged);
        }
    }
}

/// What was tried: the act, the dossier it found, and the setting in which it was judged.
struct Tried {
    fork: String,
    act: Act,
    dossier: Dossier,
    setting: Setting,
}

impl Tried {
    fn verdict(&self, dossier: &Dossier) -> Verdict {
        decide(dossier, &self.setting, &self.act)
    }

    /// What is said to another step a moment before this one.
    fn asked(&self, step: &str, who: &str) -> Verdict {
        let step = procedure::step(step).unwrap();
        let department = self.dossier.department().unwrap();
        let mut staff = self.setting.directory.staff_of(department);
        let who = staff.find(|staff| staff.name.as_str() == who).unwrap();
        ask(&self.dossier, &self.setting, step, &who.id)
    }
}

/// A core that notes every act before it judges it.
#[derive(Clone, Default)]
struct Noted {
    core: Core,
    tried: Rc<RefCell<Vec<Tried>>>,
}

impl World for Noted {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        self.core.found(cast)
    }

    fn act(
        &mut self,
        id: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        let mut answers = act.answers.clone();
        answers.extend(act.sealed.iter().map(|(field, _)| (field.clone(), SEALED.into())));
        for (field, name, content) in &act.files {
            answers.insert(field.clone(), core::file_answer(name, content.as_bytes()));
        }
        let dossier = id.and_then(|id| self.core.dossier(id)).cloned().unwrap_or_default();
        let nowhere = DepartmentId(String::new());
        let directory = self.core.setting(&nowhere, act.at, &dossier.id).directory;
        let desk = directory.staff(&act.who).map_or(&nowhere, |staff| &staff.department);
        let setting = self.core.setting(desk, act.at, &dossier.id);
        let manner = core::manner(&act.manner, corrects)?;
        let noted = Act { step: act.step, who: act.who.clone(), manner, answers };
        let fork = String::new();
        self.tried.borrow_mut().push(Tried { fork, act: noted, dossier, setting });
        self.core.act(id, act, corrects)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.core.summary(dossier, at)
    }

    fn may(&mut self, id: &str, at: DateTime, who: &StaffId, step: &str) -> Result<bool, String> {
        self.core.may(id, at, who, step)
    }
}

const SEALED: &str = "00000000000000000000000000000001";

/// Everything tried in a scenario, with the fork it stands in.
fn tried(scenario: &Scenario) -> Vec<Tried> {
    let log = Rc::new(RefCell::new(Vec::new()));
    let world = || Ok(Noted { core: Core::default(), tried: log.clone() });
    let mut found = Vec::new();
    play(scenario, world, &mut |line| {
        // What leads to a fork is played once more, but not reported once more.
        let last = log.borrow_mut().drain(..).next_back();
        if line.step.is_some() {
            found.extend(last.map(|tried| Tried { fork: line.fork.clone(), ..tried }));
        }
    })
    .unwrap();
    found
}
