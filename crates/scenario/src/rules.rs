//! 条文落实. What carries out each article, and which scenarios show it.
//!
//! `docs/rules.md`, the page of the regulation and `chachu law` all show this one structure.
//! What a scenario shows is found by playing it, so nothing can claim to be shown that is not; `shown.txt` keeps what was found, so that a server has it without playing anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    sync::OnceLock,
};

use procedure::{
    answered::{self, Answered},
    check::Refusal,
    law::{self, CHAPTERS, Chapter, Clause, numeral},
    readings::Reading,
    step::Step,
};

use crate::{Scenario, core::Core, language::Outcome, play};

const HEAD: &str = include_str!("rules_head.md");

/// What the scenarios of the product show; a test sees to it that the file is fresh.
const SHOWN: &str = include_str!("shown.txt");

/// 条文落实. Every article with what carries it out.
#[derive(Debug)]
pub struct Rules {
    /// From 1 to 64.
    pub articles: Vec<Article>,
    /// Checks that rest on no article of their own but on those of the step.
    pub common: Vec<Check>,
    /// The scenarios, by name, with their titles.
    pub scenarios: BTreeMap<String, String>,
}

/// 条. One article.
#[derive(Debug)]
pub struct Article {
    /// Its steps, rules, limits and readings, or why it has none.
    pub answered: Answered,
    /// What is refused under it.
    pub checks: Vec<Check>,
    /// Scenarios about it, then those in which something is refused under it; where there are none, those in which its steps are taken.
    pub scenarios: Vec<String>,
}

/// 检查. A refusal, and the scenarios in which it is met.
#[derive(Debug)]
pub struct Check {
    /// The refusal.
    pub refusal: &'static Refusal,
    /// Where it is met.
    pub scenarios: BTreeSet<String>,
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// 条.
    pub articles: usize,
    /// Articles with steps or rules, or with a reason why there are none, of which nothing is pending.
    pub answered: usize,
    /// Articles of which something is still to be done.
    pub pending: usize,
    /// 步骤.
    pub steps: usize,
    /// Rules that are not steps.
    pub rules: usize,
    /// 时限.
    pub limits: usize,
    /// 检查: each says no with a refusal.
    pub checks: usize,
    /// Refusals: one for each check.
    pub refusals: usize,
    /// Refusals that no scenario shows.
    pub refusals_without_scenario: usize,
    /// 情景.
    pub scenarios: usize,
    /// 解读.
    pub readings: usize,
    /// Readings that a department can switch.
    pub switchable_readings: usize,
}

impl Rules {
    /// What the scenarios of the product show of the regulation.
    pub fn built_in() -> &'static Rules {
        static RULES: OnceLock<Rules> = OnceLock::new();
        RULES.get_or_init(|| Rules::new(&Shown::read(SHOWN)))
    }

    /// What is shown of the regulation.
    pub fn new(shown: &Shown) -> Rules {
        let check = |refusal: &'static Refusal| Check {
            refusal,
            scenarios: shown.refusals.get(refusal.code).cloned().unwrap_or_default(),
        };
        let article = |answered: Answered| {
            let checks: Vec<_> = answered.refusals.iter().copied().map(check).collect();
            let about = shown.about.get(&answered.article);
            let refused = checks.iter().map(|check| &check.scenarios);
            let mut scenarios = in_order(about.into_iter().chain(refused));
            if scenarios.is_empty() {
                let taken = answered.steps.iter().filter_map(|step| shown.steps.get(step.id));
                scenarios = in_order(taken);
            }
            Article { answered, checks, scenarios }
        };
        Rules {
            articles: answered::articles().into_iter().map(article).collect(),
            common: procedure::refusals().filter(|r| r.basis.is_empty()).map(check).collect(),
            scenarios: shown.titles.clone(),
        }
    }

    /// The articles of a chapter.
    pub fn of(&self, chapter: &Chapter) -> impl Iterator<Item = &Article> {
        let within = chapter.first..=chapter.last;
        self.articles.iter().filter(move |article| within.contains(&article.answered.article))
    }

    /// How much there is.
    pub fn counts(&self) -> Counts {
        let pending = self.articles.iter().filter(|article| article.answered.pending.is_some());
        let pending = pending.count();
        let answered = self.articles.iter().filter(|article| article.is_answered()).count();
        let checks = self.articles.iter().flat_map(|article| &article.checks).chain(&self.common);
        let unshown: BTreeSet<_> = checks
            .filter(|check| check.scenarios.is_empty())
            .map(|check| check.refusal.code)
            .collect();
        let readings = procedure::readings::READINGS;
        Counts {
            articles: self.articles.len(),
            answered,
            pending,
            steps: procedure::steps().count(),
            rules: procedure::rules().count(),
            limits: procedure::limit::ALL.len(),
            checks: procedure::refusals().count(),
            refusals: procedure::refusals().count(),
            refusals_without_scenario: unshown.len(),
            scenarios: self.scenarios.len(),
            readings: readings.len(),
            switchable_readings: readings.iter().filter(|reading| reading.switchable).count(),
        }
    }
}

impl Article {
    /// Whether it is carried out, or said why it needs no rule, and nothing of it is pending.
    pub fn is_answered(&self) -> bool {
        let Answered { steps, rules, reason, pending, .. } = &self.answered;
        pending.is_none() && (reason.is_some() || !steps.is_empty() || !rules.is_empty())
    }
}

/// Which scenarios meet a refusal, take a step, are about an article.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    titles: BTreeMap<String, String>,
    refusals: BTreeMap<String, BTreeSet<String>>,
    steps: BTreeMap<String, BTreeSet<String>>,
    about: BTreeMap<u8, BTreeSet<String>>,
}

impl Shown {
    /// What comes out when the named scenarios are played.
    pub fn by(scenarios: &[(String, Scenario)]) -> Shown {
        let mut shown = Shown::default();
        for (name, scenario) in scenarios {
            shown.titles.insert(name.clone(), scenario.title.clone());
            for clause in cited(&scenario.title) {
                shown.about.entry(clause.article).or_default().insert(name.clone());
            }
            // A file that cannot be played shows nothing; the tests say so of it.
            let _ = play(scenario, || Ok(Core::default()), &mut |line| {
                for code in &line.codes {
                    shown.refusals.entry(code.clone()).or_default().insert(name.clone());
                }
                if let Some((step, Outcome::Done | Outcome::Defective)) = line.step {
                    shown.steps.entry(step.id.to_owned()).or_default().insert(name.clone());
                }
            });
        }
        shown
    }

    /// Reads what [`Shown`] writes; a line of another form is passed over.
    fn read(text: &str) -> Shown {
        let mut shown = Shown::default();
        for line in text.lines() {
            let mut cells = line.split('\t');
            let (Some(kind), Some(key)) = (cells.next(), cells.next()) else { continue };
            let mut cells = cells.map(str::to_owned);
            match (kind, key.parse()) {
                ("scenario", _) => {
                    shown.titles.insert(key.to_owned(), cells.next().unwrap_or_default());
                }
                ("refusal", _) => drop(shown.refusals.insert(key.to_owned(), cells.collect())),
                ("step", _) => drop(shown.steps.insert(key.to_owned(), cells.collect())),
                ("article", Ok(article)) => drop(shown.about.insert(article, cells.collect())),
                _ => {}
            }
        }
        shown
    }
}

/// One finding a line, with tabs between its parts.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { titles, refusals, steps, about } = self;
        let tabbed = |names: &BTreeSet<String>| {
            names.iter().map(String::as_str).collect::<Vec<_>>().join("\t")
        };
        for (name, title) in titles {
            writeln!(f, "scenario\t{name}\t{title}")?;
        }
        for (article, names) in about {
            writeln!(f, "article\t{article}\t{}", tabbed(names))?;
        }
        for (step, names) in steps {
            writeln!(f, "step\t{step}\t{}", tabbed(names))?;
        }
        for (code, names) in refusals {
            writeln!(f, "refusal\t{code}\t{}", tabbed(names))?;
        }
        Ok(())
    }
}

/// The clauses that a title begins with.
fn cited(title: &str) -> impl Iterator<Item = Clause> {
    title.split(['、', '，', ' ']).filter_map(|word| word.parse().ok())
}

/// Each name once, in the order in which it comes first.
fn in_order<'a>(sets: impl IntoIterator<Item = &'a BTreeSet<String>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in sets.into_iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The whole manual of rules, as Markdown.
pub fn manual(rules: &Rules) -> String {
    let mut text = HEAD.to_owned();
    for chapter in &CHAPTERS {
        let _ = write!(text, "\n## 第{}章 {}\n", numeral(chapter.number), chapter.title);
        for article in rules.of(chapter) {
            describe(&mut text, article);
        }
    }
    let _ = writeln!(text, "\n## 各步骤共同的条件\n\n依据是所办步骤的条文。\n");
    table(&mut text, &rules.common);
    text
}

fn describe(text: &mut String, article: &Article) {
    let Article { answered, checks, scenarios } = article;
    let clause = law::clause(answered.article);
    let _ = writeln!(text, "\n### {clause}\n");
    for line in clause.text().unwrap_or_default().lines() {
        let _ = writeln!(text, "{}", format!("> {line}").trim_end());
    }
    text.push('\n');
    let mut say = |label: &str, items: Vec<String>| {
        if !items.is_empty() {
            let _ = writeln!(text, "- {label}：{}", items.join("；"));
        }
    };
    say("不设规则", answered.reason.iter().map(ToString::to_string).collect());
    say("步骤", answered.steps.iter().map(|step| step_line(step)).collect());
    let rules = answered.rules.iter();
    say("规则", rules.map(|rule| format!("{}，{}", rule.name, rule.about)).collect());
    let limits = answered.limits.iter();
    say("时限", limits.map(|limit| format!("{}{}", limit.name, limit.length)).collect());
    for reading in &answered.readings {
        say(&format!("解读{}", reading.id), vec![reading_line(reading)]);
    }
    say(
        "情景",
        vec![listed(scenarios.iter())].into_iter().filter(|list| !list.is_empty()).collect(),
    );
    say("待办", answered.pending.iter().map(ToString::to_string).collect());
    if !checks.is_empty() {
        text.push('\n');
        table(text, checks);
    }
}

fn step_line(step: &Step) -> String {
    let who: Vec<_> = step.who.iter().map(|relation| relation.label()).collect();
    format!("{}（`{}`，由{}办理）", step.name, step.id, who.join("、"))
}

fn reading_line(reading: &Reading) -> String {
    let default = if reading.default { "默认采用" } else { "默认不采用" };
    let switch = if reading.switchable { "，部门可以改变" } else { "" };
    format!("{}（{default}{switch}）", reading.text)
}

/// More scenarios than this are counted, not listed.
const LISTED: usize = 4;

fn listed<'a>(scenarios: impl ExactSizeIterator<Item = &'a String>) -> String {
    let all = scenarios.len();
    let names: Vec<_> = scenarios.take(LISTED).map(|name| format!("`{name}`")).collect();
    match all {
        0..=LISTED => names.join("、"),
        _ => format!("{}等{all}个", names.join("、")),
    }
}

fn table(text: &mut String, checks: &[Check]) {
    text.push_str(
        "| 条件 | 不符合时 | 怎样才合法 | 依据 | 情景 |\n| --- | --- | --- | --- | --- |\n",
    );
    for Check { refusal, scenarios } in checks {
        let mut basis: Vec<_> = refusal.basis.iter().map(ToString::to_string).collect();
        basis.extend(refusal.reading.map(|reading| format!("解读{}", reading.id)));
        let _ = writeln!(
            text,
            "| {} `{}` | {} | {} | {} | {} |",
            refusal.rule,
            refusal.code,
            refusal.message,
            refusal.hint,
            basis.join("、"),
            listed(scenarios.iter())
        );
    }
}
