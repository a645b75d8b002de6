//! 情景的各路. Every scenario as the runs that it has: the trunk, and each fork with all that leads to it.
//!
//! Deliberately absent: what is expected of a line; a history asks only what the core and the model say to it.

use std::{path::Path, sync::Arc};

use jiff::civil::Date;
use procedure::{
    directory,
    value::{Answer, Answers},
};
use scenario::{
    Scenario, core,
    language::{Manner, Move, Statement},
    parse,
};

use super::course::{How, Try};

/// The day that offsets such as `T-15` are counted from.
const TODAY: Date = jiff::civil::date(2026, 3, 16);

/// The id that every sealed part is given here; what is sealed is of no concern to the law.
pub const SEALED: &str = "00000000000000000000000000000001";

/// What a run is made of.
#[derive(Clone, Debug)]
pub enum Step {
    /// Somebody tries something.
    Try(Arc<Try>),
    /// What follows is about the dossier that was opened with this number.
    Turn(String),
}

/// A line of a run.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its line in the file.
    pub line: usize,
    /// What happens.
    pub step: Step,
}

/// One way through a scenario.
#[derive(Clone, Debug)]
pub struct Run {
    /// The file, without its ending, and the fork.
    pub name: String,
    /// Who there is.
    pub cast: Arc<Vec<directory::Event>>,
    /// What happens, from the beginning.
    pub lines: Vec<Line>,
    /// How many of the lines only lead to the fork.
    pub before: usize,
}

/// Every run of every scenario below a folder, by name.
pub fn read(folder: &Path) -> Result<Vec<Run>, String> {
    let mut files = Vec::new();
    find(folder, &mut files).map_err(|wrong| wrong.to_string())?;
    files.sort();
    let mut runs = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|wrong| wrong.to_string())?;
        let name = file.with_extension("");
        let name = name.strip_prefix(folder).unwrap_or(&name).display().to_string();
        let scenario = parse(&text, TODAY).map_err(|wrong| format!("{name}: {wrong}"))?;
        flatten(&name, &scenario, &mut runs);
    }
    Ok(runs)
}

fn find(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            files.push(path);
        }
    }
    Ok(())
}

fn flatten(name: &str, scenario: &Scenario, runs: &mut Vec<Run>) {
    let cast = Arc::new(scenario.cast.clone());
    walk(&Run { name: name.to_owned(), cast, lines: Vec::new(), before: 0 }, &scenario.lines, runs);
}

fn walk(from: &Run, statements: &[Statement], runs: &mut Vec<Run>) {
    let mut run = from.clone();
    let mut forks = Vec::new();
    for statement in statements {
        match statement {
            Statement::Act(act, _) => {
                let step = Step::Try(Arc::new(tried(act)));
                run.lines.push(Line { line: act.line, step });
            }
            Statement::Turn { line, number } => {
                run.lines.push(Line { line: *line, step: Step::Turn(number.clone()) });
            }
            Statement::Fork { name, lines, .. } => {
                let before = run.lines.len();
                let name = format!("{}／{name}", run.name);
                walk(&Run { name, before, ..run.clone() }, lines, &mut forks);
            }
            Statement::Assert(_) => {}
        }
    }
    runs.push(run);
    runs.extend(forks);
}

/// A line as a try: what is sealed and what is a file, as the core sees it.
fn tried(act: &Move) -> Try {
    let mut answers: Answers = act.answers.clone();
    let sealed = act.sealed.iter().map(|(field, _)| (field.clone(), Answer::from(SEALED)));
    answers.extend(sealed);
    for (field, name, content) in &act.files {
        answers.insert(field.clone(), core::file_answer(name, content.as_bytes()));
    }
    let how = match &act.manner {
        Manner::Regular => How::Regularly,
        Manner::AsHappened(circumstances) => How::AsItHappened(circumstances.clone()),
        Manner::Correcting(reason) => How::Correcting { entry: None, reason: reason.clone() },
    };
    Try { at: act.at, who: act.who.clone(), step: act.step, how, answers }
}
