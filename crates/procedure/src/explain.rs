//! 依据与条件. Why a step can be taken or not, article by article: what holds, what does not, what is not known, what is not yet asked.
//!
//! An explanation is a view of a [`Verdict`]: nothing is judged here, so it says neither less nor more than the verdict does.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{
    check::{Finding, Judgement, Outcome, Verdict},
    law::{Clause, clause},
    readings::Reading,
};

/// 依据与条件. A verdict, told by article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The step.
    pub step: &'static str,
    /// 名称.
    pub name: &'static str,
    /// What it comes to, in Chinese.
    pub conclusion: &'static str,
    /// What is judged, in the order of the articles.
    pub articles: Vec<Part>,
    /// What is still to be filled in, by label.
    pub missing: Vec<&'static str>,
    /// What was filled in and cannot be read, each in one clause.
    pub malformed: Vec<String>,
}

/// 条. Everything that is judged under one article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The article.
    pub article: Clause,
    /// Its conditions, in order of precedence.
    pub points: Vec<Point>,
}

/// 条件. One check, with everything that it was judged about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The check.
    pub code: &'static str,
    /// How it came out.
    pub standing: Standing,
    /// What holds or is wrong, with its subjects.
    pub text: String,
    /// What would make the step lawful, where something is wrong or not known.
    pub hint: Option<&'static str>,
    /// The clauses it rests on; where there are none, those of the step.
    pub clauses: &'static [Clause],
    /// The reading it rests on.
    #[serde(serialize_with = "by_id")]
    pub reading: Option<&'static Reading>,
}

/// How a condition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 符合.
    Holds,
    /// 不符合.
    Fails,
    /// 瑕疵. It was breached, and the act is recorded as it happened.
    Breached,
    /// 未查明. The record does not know.
    Unknown,
    /// 待填写. It speaks of an answer that was not given.
    Unasked,
}

impl Standing {
    /// 名称.
    pub const fn label(self) -> &'static str {
        match self {
            Standing::Holds => "符合",
            Standing::Fails => "不符合",
            Standing::Breached => "瑕疵",
            Standing::Unknown => "未查明",
            Standing::Unasked => "待填写",
        }
    }
}

impl Point {
    /// What it rests on, where that is more than the article it is told under.
    pub fn cited(&self, under: Clause) -> Vec<String> {
        let clauses = if self.clauses == [under] { &[] } else { self.clauses };
        let reading = self.reading.map(|reading| format!("解读{}", reading.id));
        clauses.iter().map(ToString::to_string).chain(reading).collect()
    }
}

/// Explains a verdict.
pub fn explain(verdict: &Verdict) -> Explanation {
    let mut by_article: BTreeMap<u8, Vec<(Standing, Vec<&Finding>)>> = BTreeMap::new();
    for finding in &verdict.findings {
        let article = verdict.basis(finding).first().map_or(0, |clause| clause.article);
        let standing = standing(verdict, finding);
        let points = by_article.entry(article).or_default();
        let same = points.iter_mut().find(|(other, findings)| {
            *other == standing && findings.iter().any(|f| f.refusal.code == finding.refusal.code)
        });
        match same {
            Some((_, findings)) => findings.push(finding),
            None => points.push((standing, vec![finding])),
        }
    }
    let articles = by_article.into_iter().map(|(article, points)| Part {
        article: clause(article),
        points: points.iter().filter_map(|(how, found)| point(*how, found)).collect(),
    });
    let label = |id: &str| verdict.step.all_fields().find(|field| field.id == id).map(|f| f.label);
    let malformed = verdict.malformed.iter().map(|wrong| match label(&wrong.field) {
        Some(label) => format!("「{label}」{}", wrong.message),
        None => wrong.message.clone(),
    });
    Explanation {
        step: verdict.step.id,
        name: verdict.step.name,
        conclusion: conclusion(verdict),
        articles: articles.collect(),
        missing: verdict.missing.iter().filter_map(|id| label(id)).collect(),
        malformed: malformed.collect(),
    }
}

fn standing(verdict: &Verdict, finding: &Finding) -> Standing {
    let is_breach = || verdict.breaches.iter().any(|breach| breach.code == finding.refusal.code);
    match finding.judgement {
        Judgement::Holds => Standing::Holds,
        Judgement::Fails if finding.conduct && is_breach() => Standing::Breached,
        Judgement::Fails => Standing::Fails,
        Judgement::Unknown => Standing::Unknown,
        Judgement::Unasked => Standing::Unasked,
    }
}

fn conclusion(verdict: &Verdict) -> &'static str {
    match verdict.outcome() {
        Outcome::Allowed if verdict.breaches.is_empty() => "可以办理",
        Outcome::Allowed => "如实记录，标注瑕疵",
        Outcome::Incomplete => "没有不符合的条件，尚待填写",
        Outcome::Undetermined => "尚不能判断",
        Outcome::Refused => "不能办理",
    }
}

fn point(standing: Standing, findings: &[&Finding]) -> Option<Point> {
    let first = findings.first()?;
    let refusal = first.refusal;
    let mut text: String = findings
        .iter()
        .filter_map(|finding| finding.subject.as_ref())
        .map(|subject| format!("「{subject}」"))
        .collect();
    match standing {
        Standing::Fails | Standing::Breached => text.push_str(refusal.message),
        Standing::Holds | Standing::Unknown | Standing::Unasked => text.push_str(refusal.rule),
    }
    let stands_against = matches!(standing, Standing::Fails | Standing::Unknown);
    Some(Point {
        code: refusal.code,
        standing,
        text,
        hint: stands_against.then_some(refusal.hint),
        clauses: refusal.basis,
        reading: refusal.reading,
    })
}

fn by_id<S: serde::Serializer>(
    reading: &Option<&'static Reading>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    reading.map(|reading| reading.id).serialize(serializer)
}

/// One condition a line, for the command line and for tests.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}　{}", self.name, self.conclusion)?;
        for Part { article, points } in &self.articles {
            writeln!(f, "{article}")?;
            for point in points {
                let about = match point.cited(*article) {
                    cited if cited.is_empty() => point.text.clone(),
                    cited => format!("{}（{}）", point.text, cited.join("、")),
                };
                let hint = point.hint.map(|hint| format!("；{hint}")).unwrap_or_default();
                writeln!(f, "  {}　{about}{hint}", point.standing.label())?;
            }
        }
        if !self.missing.is_empty() {
            writeln!(f, "尚待填写：{}", self.missing.join("、"))?;
        }
        for wrong in &self.malformed {
            writeln!(f, "填写有误：{wrong}")?;
        }
        Ok(())
    }
}
