//! An office as the world of a scenario: every line is an act like any other, entered on its day.

use jiff::civil::DateTime;
use procedure::{
    act,
    directory::Event,
    dossier::Entry,
    intake::REGISTER,
    summary::{Summary, summary},
    value::{Answer, StaffId, Value},
};
use scenario::{
    Reply, World,
    core::{manner, reply},
    language::{Move, Outcome},
    player::Named,
};

use crate::{
    no::{Denied, No},
    office::{Office, Submitted},
    verdicts::breached,
};

/// An office whose clock stands where the scenario is.
pub struct OfficeWorld {
    office: Office,
}

/// A step on a dossier that was never opened names one that does not exist.
const NOTHING: Option<&str> = Some("无");

impl OfficeWorld {
    /// The world of this office.
    pub fn new(office: Office) -> OfficeWorld {
        OfficeWorld { office }
    }
}

impl World for OfficeWorld {
    fn found(&mut self, cast: &[Event]) -> Result<(), String> {
        let directory = self.office.directory();
        let is_so = |event: &Event| match event {
            Event::Founded(department) => directory.department(&department.id) == Some(department),
            Event::Appointed(staff) => directory.staff(&staff.id) == Some(staff),
            Event::UnitListed(unit) => directory.unit(&unit.id) == Some(unit),
            Event::FormAdded(form) => directory.forms().any(|known| known == form),
            Event::Left(_) | Event::ReadingSwitched { .. } => false,
        };
        let new: Vec<_> = cast.iter().filter(|event| !is_so(event)).cloned().collect();
        if new.is_empty() { Ok(()) } else { self.office.found(new).map_err(|no| words(&no)) }
    }

    fn act(
        &mut self,
        dossier: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        self.office.clock().stand(act.at);
        let mut answers = act.answers.clone();
        for (field, plain) in &act.sealed {
            answers.insert(field.clone(), Answer::One(plain.clone()));
        }
        for (field, name, content) in &act.files {
            let file = self.office.vault_put(name, content.as_bytes()).map_err(|no| words(&no))?;
            answers.insert(field.clone(), file.write());
        }
        let seen = match dossier {
            Some(id) => Some(self.office.load(id).map_err(|no| words(&no))?.version()),
            None => None,
        };
        let submitted = Submitted {
            step: act.step.id.to_owned(),
            who: act.who.clone(),
            dossier: dossier.or(NOTHING.filter(|_| act.step.id != REGISTER)).map(str::to_owned),
            seen,
            key: None,
            manner: manner(&act.manner, corrects)?,
            answers,
        };
        match self.office.execute(submitted) {
            Ok(done) => Ok(Reply {
                outcome: if done.entry.breaches.is_empty() {
                    Outcome::Done
                } else {
                    Outcome::Defective
                },
                number: done.entry.number().map(ToString::to_string),
                version: Some(done.version),
                checks: breaches(&done.entry),
                dossier: Some(done.dossier),
                opened: done.opened,
                ..Reply::default()
            }),
            Err(No::Refused(verdict)) => Ok(reply(&verdict)),
            // What somebody may not see does not exist for them, whatever they try.
            Err(No::Denied(Denied::NotFound)) => {
                Ok(Reply { outcome: Outcome::Refused, hidden: true, ..Reply::default() })
            }
            Err(no) => Err(words(&no)),
        }
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.office.clock().stand(at);
        let dossier = self.office.load(dossier).map_err(|no| words(&no))?;
        let department = dossier.department().ok_or("没有这一卷宗")?;
        Ok(summary(&dossier, &self.office.setting(department)))
    }

    fn may(
        &mut self,
        dossier: &str,
        at: DateTime,
        who: &StaffId,
        step: &str,
    ) -> Result<bool, String> {
        self.office.clock().stand(at);
        let dossier = self.office.load(dossier).map_err(|no| words(&no))?;
        let department = dossier.department().ok_or("没有这一卷宗")?;
        let step = procedure::step(step).ok_or("没有这一步骤")?;
        Ok(act::ask(&dossier, &self.office.setting(department), step, who).is_open())
    }
}

fn breaches(entry: &Entry) -> Vec<Named> {
    let named = breached(entry).map(|(refusal, clauses)| Named {
        code: refusal.code.to_owned(),
        clauses: clauses.to_vec(),
        reading: refusal.reading.map(|reading| reading.id.to_owned()),
        message: refusal.message.to_owned(),
    });
    named.collect()
}

fn words(no: &No) -> String {
    match no {
        No::Denied(denied) => denied.message(),
        No::Refused(verdict) => format!("「{}」被拒绝", verdict.step.name),
        No::Fault(operation) => format!("系统故障，操作编号{operation}"),
    }
}
