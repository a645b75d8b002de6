//! The regulation alone: case 1 from registration to closing, without disk, network or text.

use jiff::civil::date;
use procedure::{
    Act, Dossier, Entry, Setting, decide, entry, number,
    value::{Answer, DepartmentId},
};
use scenario::{
    World,
    core::{Core, file_answer, manner},
    language::{Move, Statement},
};

use crate::{commands::Wrong, samples};

const CASE: &str = "cases/01-bank-messenger";

/// The lawful acts of a case, each with the setting it is judged in.
pub(super) struct Case {
    acts: Vec<(Act, Setting)>,
}

impl Case {
    /// Reads case 1 and leaves out the acts that are refused.
    pub(super) fn prepare() -> Result<Case, Wrong> {
        let missing = || Wrong::unreadable("没有案例一的情景文件");
        let scenarios = samples::scenarios(date(2026, 3, 2)).into_iter();
        let (_, case) = scenarios.into_iter().find(|(name, _)| name == CASE).ok_or_else(missing)?;
        let mut core = Core::default();
        core.found(&case.cast).map_err(Wrong::Unreadable)?;
        let mut dossier = Dossier::new(CASE);
        let mut acts = Vec::new();
        for line in case.lines {
            let Statement::Act(written, _) = line else { continue };
            let setting = setting(&core, &dossier, &written);
            let act = act(&written, &dossier)?;
            if let Some(entry) = judged(&dossier, &setting, &act) {
                dossier.apply(entry);
                acts.push((act, setting));
            }
        }
        if !dossier.has_ended() {
            return Err(Wrong::unreadable("案例一没有办结"));
        }
        Ok(Case { acts })
    }

    /// Takes the case through from its registration to its end.
    pub(super) fn play(&self) -> Result<(), Wrong> {
        let mut dossier = Dossier::new(CASE);
        for (act, setting) in &self.acts {
            let entry = judged(&dossier, setting, act);
            dossier.apply(entry.ok_or_else(|| Wrong::unreadable("案例一不能重复办理"))?);
        }
        Ok(())
    }
}

fn judged(dossier: &Dossier, setting: &Setting, act: &Act) -> Option<Entry> {
    let verdict = decide(dossier, setting, act);
    let mut entry = entry(dossier, setting, act, &verdict)?;
    number::fill(&mut entry, |_| 1);
    Some(entry)
}

fn setting(core: &Core, dossier: &Dossier, written: &Move) -> Setting {
    let nowhere = DepartmentId(String::new());
    let anywhere = core.setting(&nowhere, written.at, &dossier.id);
    let staff = anywhere.directory.staff(&written.who);
    let department = staff.map(|staff| &staff.department).or(dossier.department());
    core.setting(department.unwrap_or(&nowhere), written.at, &dossier.id)
}

fn act(written: &Move, dossier: &Dossier) -> Result<Act, Wrong> {
    let mut answers = written.answers.clone();
    for (field, name, content) in &written.files {
        answers.insert(field.clone(), file_answer(name, content.as_bytes()));
    }
    for (field, _) in &written.sealed {
        answers.insert(field.clone(), Answer::One("0".repeat(32)));
    }
    let same = |entry: &&Entry| entry.step == written.step.id;
    let corrects = dossier.history.iter().rev().find(same).map(|entry| entry.version);
    let manner = manner(&written.manner, corrects).map_err(Wrong::Unreadable)?;
    Ok(Act { step: written.step, who: written.who.clone(), manner, answers })
}
