//! The core as a world: dossiers in memory, nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::DateTime;
use procedure::{
    Dossier, Entry, Setting,
    act::{self, Act},
    check::{Finding, Verdict},
    directory::{self, Directory},
    dossier::companions,
    holidays::Holidays,
    number,
    setting::Other,
    summary::{Summary, summary},
    value::{Answer, Answers, DepartmentId, DossierId, LongText, StaffId},
};
use sha2::Digest as _;

use crate::{
    language::{Manner, Move, Outcome},
    player::{Named, Reply, World},
};

/// The core in memory.
#[derive(Clone, Debug, Default)]
pub struct Core {
    directory: Arc<Directory>,
    dossiers: BTreeMap<String, Dossier>,
    numbers: BTreeMap<String, u32>,
    sealed: BTreeMap<String, String>,
    #[cfg(feature = "knock-out")]
    off: Option<&'static str>,
}

impl Core {
    /// The core with one check switched off.
    #[cfg(feature = "knock-out")]
    pub fn without(code: &'static str) -> Self {
        Core { off: Some(code), ..Core::default() }
    }

    /// The dossier with this id.
    pub fn dossier(&self, id: &str) -> Option<&Dossier> {
        self.dossiers.get(id)
    }

    /// The cast.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Every dossier.
    pub fn dossiers(&self) -> impl Iterator<Item = &Dossier> {
        self.dossiers.values()
    }

    /// The setting of a department's office at a moment, for an act on one dossier.
    pub fn setting(&self, department: &DepartmentId, now: DateTime, dossier: &str) -> Setting {
        let others = self.dossiers.values().filter(|other| other.id != dossier);
        let engagements = others.flat_map(|other| other.investigation.engagements());
        let readings = self.directory.switches(department);
        #[cfg(feature = "knock-out")]
        let readings = self.off.into_iter().fold(readings, procedure::readings::Switches::without);
        Setting {
            now,
            department: department.clone(),
            directory: self.directory.clone(),
            holidays: builtin(),
            readings,
            engagements: engagements.collect(),
            others: self.dossiers.values().filter_map(Other::of).collect(),
            fresh: self.fresh(),
        }
    }

    /// The id of the dossier that is opened next.
    fn fresh(&self) -> String {
        format!("卷{}", self.dossiers.len() + 1)
    }

    /// Where somebody serves; nowhere, if they are not in the cast.
    pub fn department_of(&self, who: &StaffId) -> DepartmentId {
        let staff = self.directory.staff(who);
        staff.map_or_else(|| DepartmentId(String::new()), |staff| staff.department.clone())
    }

    /// Records an entry and what stands beside it, with their numbers; says in which dossiers, its own first.
    pub fn record(&mut self, id: &str, mut entry: Entry) -> Vec<String> {
        let numbers = &mut self.numbers;
        number::fill(&mut entry, |series| {
            let next = numbers.entry(series.to_owned()).or_default();
            *next += 1;
            *next
        });
        let mut recorded = vec![id.to_owned()];
        for (DossierId(other), event) in companions(&entry) {
            recorded.push(other.clone());
            let other = self.dossiers.entry(other.clone()).or_insert_with(|| Dossier::new(other));
            other.apply(entry.beside(other, event));
        }
        self.dossiers.entry(id.to_owned()).or_insert_with(|| Dossier::new(id)).apply(entry);
        recorded
    }

    /// The answers as the core sees them: sealed parts are kept apart and files hashed before.
    pub fn answers(&mut self, act: &Move) -> Answers {
        let mut answers = act.answers.clone();
        for (field, plain) in &act.sealed {
            let id = format!("{:032x}", self.sealed.len() + 1);
            self.sealed.insert(id.clone(), plain.clone());
            answers.insert(field.clone(), Answer::One(id));
        }
        for (field, name, content) in &act.files {
            answers.insert(field.clone(), file_answer(name, content.as_bytes()));
        }
        answers
    }
}

fn builtin() -> Arc<Holidays> {
    static TABLE: std::sync::OnceLock<Arc<Holidays>> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| Arc::new(Holidays::built_in().clone())).clone()
}

/// The answer to a file field: what the vault would say of these bytes.
pub fn file_answer(name: &str, bytes: &[u8]) -> Answer {
    let hex = |hash: &[u8]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let parts = [
        ("name", name.to_owned()),
        ("size", bytes.len().to_string()),
        ("sm3", hex(&sm3::Sm3::digest(bytes))),
        ("sha256", hex(&sha2::Sha256::digest(bytes))),
    ];
    Answer::Group(parts.map(|(id, text)| (id.to_owned(), Answer::One(text))).into_iter().collect())
}

/// The manner of an act as the core has it.
pub fn manner(written: &Manner, corrects: Option<u64>) -> Result<act::Manner, String> {
    let words = |text: &str| LongText::new(text);
    Ok(match written {
        Manner::Regular => act::Manner::Regular,
        Manner::AsHappened(circumstances) => act::Manner::AsHappened {
            circumstances: words(circumstances)
                .map_err(|wrong| format!("如实记录的情况说明{wrong}"))?,
        },
        Manner::Correcting(reason) => act::Manner::Correcting {
            entry: corrects.ok_or("之前没有可以更正的同一步骤")?,
            reason: reason.as_deref().map(words).transpose()?,
        },
    })
}

/// What a verdict says, by the checks it names.
pub fn reply(verdict: &Verdict) -> Reply {
    let name = |finding: &Finding| Named {
        code: finding.refusal.code.to_owned(),
        clauses: verdict.basis(finding).to_vec(),
        reading: finding.refusal.reading.map(|reading| reading.id.to_owned()),
        message: finding.message(),
    };
    let label = |id: &str| {
        let field = verdict.step.all_fields().find(|field| field.id == id);
        field.map_or(id.to_owned(), |field| field.label.to_owned())
    };
    let breached = |finding: &&Finding| {
        verdict.breaches.iter().any(|refusal| refusal.code == finding.refusal.code)
    };
    let (outcome, checks) = match verdict.outcome() {
        procedure::Outcome::Refused => {
            (Outcome::Refused, verdict.refusals().filter(|f| !breached(f)).map(name).collect())
        }
        procedure::Outcome::Undetermined => {
            (Outcome::Undetermined, verdict.unknown().map(name).collect())
        }
        procedure::Outcome::Incomplete => (Outcome::Malformed, Vec::new()),
        procedure::Outcome::Allowed if verdict.breaches.is_empty() => (Outcome::Done, Vec::new()),
        procedure::Outcome::Allowed => {
            (Outcome::Defective, verdict.refusals().filter(breached).map(name).collect())
        }
    };
    let malformed = verdict.malformed.iter().map(|wrong| wrong.field.as_str());
    let mut fields: BTreeSet<String> = malformed.map(label).collect();
    fields.extend(verdict.missing.iter().map(|id| label(id)));
    Reply { outcome, checks, fields: fields.into_iter().collect(), ..Reply::default() }
}

impl World for Core {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        let directory = Arc::make_mut(&mut self.directory);
        for event in cast {
            directory.check(event)?;
            directory.apply(event.clone());
        }
        Ok(())
    }

    fn act(
        &mut self,
        dossier: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        let answers = self.answers(act);
        let id = dossier.map_or_else(|| self.fresh(), str::to_owned);
        let setting = self.setting(&self.department_of(&act.who), act.at, &id);
        let manner = manner(&act.manner, corrects)?;
        let act = Act { step: act.step, who: act.who.clone(), manner, answers };
        let empty = Dossier::new(id.clone());
        let current = self.dossiers.get(&id).unwrap_or(&empty);
        let verdict = procedure::decide(current, &setting, &act);
        let mut reply = reply(&verdict);
        let Some(entry) = procedure::entry(current, &setting, &act, &verdict) else {
            return Ok(reply);
        };
        let recorded = self.record(&id, entry);
        let entry = self.dossiers.get(&id).and_then(|dossier| dossier.history.last());
        reply.number = entry.and_then(Entry::number).map(ToString::to_string);
        reply.version = entry.map(|entry| entry.version);
        reply.dossier = Some(id);
        let new = |id: &&String| self.dossiers.get(*id).is_some_and(|other| other.version() == 1);
        reply.opened = recorded.iter().skip(1).find(new).cloned();
        Ok(reply)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        let found = self.dossiers.get(dossier).ok_or("没有这一卷宗")?;
        let department = found.department().cloned().unwrap_or(DepartmentId(String::new()));
        Ok(summary(found, &self.setting(&department, at, dossier)))
    }

    fn may(
        &mut self,
        dossier: &str,
        at: DateTime,
        who: &StaffId,
        step: &str,
    ) -> Result<bool, String> {
        let found = self.dossiers.get(dossier).ok_or("没有这一卷宗")?;
        let step = procedure::step(step).ok_or("没有这一步骤")?;
        let setting = self.setting(&self.department_of(who), at, dossier);
        let verdict = procedure::ask(found, &setting, step, who);
        Ok(verdict.is_open())
    }
}
