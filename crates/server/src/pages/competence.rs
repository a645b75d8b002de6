//! 管辖判断. Facts are filled in, and each department concerned is answered with its reasons.
//!
//! Nothing of it is recorded: it is a calculation for people who think about a transfer.

use askama::Template;
use procedure::{
    directory::Directory,
    jurisdiction::{
        competence::{self, Facts, Magnitude, Opinion, Reason, Unit},
        facts,
    },
    value::marked,
};

use super::{
    frame::{Cite, Frame},
    post::Posted,
};

/// The page of the form and, below it, of the answer.
#[derive(Template)]
#[template(path = "competence.html")]
pub(super) struct CompetencePage {
    frame: Frame,
    filled: Filled,
    magnitudes: &'static [Magnitude],
    departments: Vec<String>,
    error: Option<String>,
    opinions: Vec<Row>,
    advice: Vec<Line>,
}

/// What was filled in, as it was typed.
#[derive(Default)]
struct Filled {
    places: String,
    units: String,
    residences: String,
    magnitude: String,
    several_bodies: bool,
    easier: String,
    unsuitable: String,
    special: String,
    designated: String,
    organised: String,
    holder: String,
    received: bool,
    disputed_with: String,
    cannot: String,
}

struct Row {
    department: String,
    competent: bool,
    reasons: Vec<Line>,
}

struct Line {
    cite: Cite,
    text: String,
}

impl CompetencePage {
    /// The longest that is taken in one field, in bytes: what is typed comes back on the page.
    pub(super) const LONGEST: usize = 20_000;

    /// The empty form, with the person's own department as the one that asks.
    pub(super) fn new(frame: Frame, directory: &Directory, holder: Option<String>) -> Self {
        let filled = Filled { holder: holder.unwrap_or_default(), ..Filled::default() };
        CompetencePage {
            frame,
            filled,
            magnitudes: Magnitude::ALL,
            departments: directory.departments().map(|d| d.name.to_string()).collect(),
            error: None,
            opinions: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// The form as it was filled in, with the answer or with what is wrong.
    pub(super) fn answered(frame: Frame, directory: &Directory, posted: &Posted) -> Self {
        let filled = Filled::read(posted);
        let answer = filled.facts(directory).and_then(|facts| {
            let tree = facts::tree(directory, &facts)?;
            competence::answer(&tree, &facts)
        });
        let empty = CompetencePage::new(frame, directory, None);
        match answer {
            Ok(answer) => CompetencePage {
                filled,
                opinions: answer.opinions.into_iter().map(row).collect(),
                advice: answer.advice.into_iter().map(line).collect(),
                ..empty
            },
            Err(error) => CompetencePage { filled, error: Some(error), ..empty },
        }
    }

    /// Whether the facts could not be judged.
    pub(super) fn is_wrong(&self) -> bool {
        self.error.is_some()
    }
}

fn row(opinion: Opinion) -> Row {
    let Opinion { department, competent, grounds, against } = opinion;
    let reasons = if competent { grounds } else { against };
    Row { department, competent, reasons: reasons.into_iter().map(line).collect() }
}

fn line(reason: Reason) -> Line {
    Line { cite: reason.basis.into(), text: reason.text }
}

impl Filled {
    fn read(posted: &Posted) -> Filled {
        // What was typed comes back in sentences of ours.
        let part = |name| marked(posted.first(name).unwrap_or_default().trim());
        Filled {
            places: part("places"),
            units: part("units"),
            residences: part("residences"),
            magnitude: part("magnitude"),
            several_bodies: posted.first("several_bodies").is_some(),
            easier: part("easier"),
            unsuitable: part("unsuitable"),
            special: part("special"),
            designated: part("designated"),
            organised: part("organised"),
            holder: part("holder"),
            received: posted.first("received").is_some(),
            disputed_with: part("disputed_with"),
            cannot: part("cannot"),
        }
    }

    fn facts(&self, directory: &Directory) -> Result<Facts, String> {
        let unit = |name: String| {
            let found = directory.units().find(|unit| unit.name.as_str() == name);
            let unit = found
                .ok_or_else(|| format!("没有登记「{name}」这一机关、单位，请先在机构人员中登记"))?;
            Ok(Unit {
                name,
                category: unit.category,
                region: unit.region.to_string(),
                superior: unit.superior.as_ref().map(ToString::to_string),
            })
        };
        let magnitude = Magnitude::ALL.iter().find(|one| one.label() == self.magnitude);
        Ok(Facts {
            places: several(&self.places),
            units: several(&self.units).into_iter().map(unit).collect::<Result<_, String>>()?,
            residences: several(&self.residences),
            magnitude: magnitude.copied(),
            several_bodies: self.several_bodies,
            easier: one(&self.easier),
            special: one(&self.special),
            designated: one(&self.designated),
            organised: several(&self.organised),
            holder: one(&self.holder),
            received: self.received,
            disputed_with: several(&self.disputed_with),
            cannot: one(&self.cannot),
            unsuitable: one(&self.unsuitable),
        })
    }
}

/// What was typed, if anything was.
fn one(typed: &str) -> Option<String> {
    Some(typed.to_owned()).filter(|typed| !typed.is_empty())
}

/// Several names: one on a line, or with “、” between them.
fn several(typed: &str) -> Vec<String> {
    let names = typed.split(['\n', '、']).map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}
