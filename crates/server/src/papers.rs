//! 文书. Papers made in the background: issued by an act, fixed by the system once they are typeset.
//!
//! What stands on a paper comes from the record alone, up to the entry that issues it.

use std::{
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use jiff::civil::Date;
use papers::{
    FilingNotice, Fonts, InterviewRecord, Paper, Templates,
    filing_notice::{Contact, DUTIES},
    interview_record::{Closing, Exchange, Handler, Person},
};
use procedure::{
    Dossier, Event, Manner,
    approval::Matter,
    directory::Directory,
    dossier::Stamp,
    filing::{self, Addressee, NotifyFiling},
    general::{Label, label},
    investigation::{
        self,
        interview::{Done, QuestionAnswer, RecordInterview, TellRights},
    },
    number::Number,
    supplementary::{PaperCode, papers_due},
    value::{Answer, StaffId, UnitId, Value},
};
use store::{ListQuery, Scope};

use crate::{
    no::{No, Operation},
    office::{Office, Submitted, rows},
};

/// Why a paper cannot be made; the log's words, since only a fault of ours leads here.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    /// The entry does not issue this paper.
    #[error("the entry does not issue this paper")]
    NotIssued,
    /// The record lacks what stands on the paper.
    #[error("the record lacks {0}")]
    Lacking(&'static str),
}

/// What stands on the paper that an entry issues.
pub fn papers_of(
    dossier: &Dossier,
    directory: &Directory,
    paper: PaperCode,
    entry: u64,
) -> Result<Paper, Unmade> {
    let issuing = dossier.entry(entry).ok_or(Unmade::NotIssued)?;
    let (event, occurred) = match &issuing.event {
        Event::Corrected { event, occurred, .. } => (&**event, *occurred),
        event => (event, issuing.occurred),
    };
    let department = directory.department(&issuing.department);
    let department = department.ok_or(Unmade::Lacking("the department"))?.name.to_string();
    let issue = Issue { dossier, directory, department, entry, occurred };
    match (paper, event) {
        (
            PaperCode::FilingNotice,
            Event::Filing(filing::Event::FilingNotified { form, number }),
        ) => issue.filing_notice(form, number),
        (
            PaperCode::InterviewRecord,
            Event::Investigation(investigation::Event::Interviewed(form)),
        ) => issue.interview_record(form),
        _ => Err(Unmade::NotIssued),
    }
}

/// What every paper is made from.
struct Issue<'a> {
    dossier: &'a Dossier,
    directory: &'a Directory,
    /// Its name.
    department: String,
    entry: u64,
    occurred: Date,
}

impl Issue<'_> {
    fn filing_notice(self, form: &NotifyFiling, number: &Number) -> Result<Paper, Unmade> {
        let Issue { dossier, directory, department, entry, occurred } = self;
        let case = dossier.filing.case.as_ref().ok_or(Unmade::Lacking("the case"))?;
        let names = |units: &mut dyn Iterator<Item = &UnitId>| {
            units.map(|unit| directory.unit_name(unit)).collect::<Vec<_>>().join("、")
        };
        let (addressee, instead_of) = match (form.addressee, &form.superior) {
            (Addressee::Superior, Some(superior)) => {
                (superior.to_string(), Some(names(&mut dossier.units().into_iter())))
            }
            _ => (names(&mut form.units.iter()), None),
        };
        Ok(Paper::FilingNotice(FilingNotice {
            department,
            number: number.to_string(),
            grade_mark: grade_mark(dossier),
            addressee,
            instead_of,
            case_name: format!("“{}”一案", dossier.title()),
            facts: facts(dossier).into(),
            basis: vec!["第三十一条".to_owned(), "第三十二条".to_owned()],
            filed_on: case.stamp.occurred,
            requests: DUTIES.map(str::to_owned).to_vec(),
            contacts: vec![contact(form.contact.as_str())],
            dated: occurred,
            record_version: entry,
        }))
    }

    fn interview_record(self, form: &RecordInterview) -> Result<Paper, Unmade> {
        let Issue { dossier, directory, department, entry, occurred } = self;
        let name = |staff: &StaffId| directory.staff_name(staff).to_owned();
        let handler = |id: &StaffId| {
            let credential = directory.staff(id).and_then(|staff| staff.credential.as_ref());
            Handler { name: name(id), credential: credential.map(ToString::to_string) }
        };
        let exchange = |exchange: &QuestionAnswer| Exchange {
            question: exchange.question.as_str().into(),
            answer: exchange.answer.as_str().into(),
        };
        Ok(Paper::InterviewRecord(InterviewRecord {
            department,
            grade_mark: grade_mark(dossier),
            case_name: dossier.title().to_owned(),
            from: occurred.to_datetime(form.from),
            to: occurred.to_datetime(form.to),
            place: form.place.to_string(),
            handlers: form.handlers.iter().map(handler).collect(),
            recorder: form.recorder.as_ref().map(name).unwrap_or_default(),
            person: person(dossier, directory, form)?,
            others_present: form.present.iter().map(ToString::to_string).collect(),
            credentials_shown: Some(form.credentials == Done::Yes),
            rights_told: rights_told(dossier, form, occurred),
            exchanges: form.dialogue.iter().map(exchange).collect(),
            corrections: Vec::new(),
            closing: Closing::Open,
            record_version: entry,
        }))
    }
}

/// 密级和保密期限. What the dossier is marked with, where that is a grade; the term of an item of that grade.
fn grade_mark(dossier: &Dossier) -> Option<String> {
    let mark = label::marking(dossier).filter(|label| *label <= Label::Confidential)?;
    let mut items = dossier.general.secret_items.iter().map(|(item, _)| item);
    let term = items.find(|item| Label::from(item.grade) == mark).and_then(|i| i.term.as_ref());
    let term = term.map(|term| format!("★{term}")).unwrap_or_default();
    Some(format!("{mark}{term}"))
}

/// The facts on which the filing was approved.
fn facts(dossier: &Dossier) -> &str {
    let approved =
        dossier.approval.approved().filter_map(|(submission, _)| match &submission.matter {
            Matter::Filing(form) => Some(form.facts.as_str()),
            _ => None,
        });
    approved.last().unwrap_or_default()
}

fn contact(text: &str) -> Contact {
    let (name, phone) = text.split_once([' ', '，', ',', '：', '　']).unwrap_or((text, ""));
    Contact { name: name.to_owned(), phone: phone.trim().to_owned() }
}

fn person(
    dossier: &Dossier,
    directory: &Directory,
    form: &RecordInterview,
) -> Result<Person, Unmade> {
    let first = form.persons.first().and_then(|id| dossier.general.person(id));
    let first = first.ok_or(Unmade::Lacking("the person interviewed"))?;
    let names = form.persons.iter().map(|id| dossier.general.person_name(id));
    Ok(Person {
        name: names.collect::<Vec<_>>().join("、"),
        sex: first.sex.map(|sex| sex.to_string()),
        born: first.birth.map(|day| day.strftime("%Y年%-m月%-d日").to_string()),
        identity_number: first.identity.as_ref().map(ToString::to_string),
        unit: first.unit.as_ref().map(|unit| directory.unit_name(unit).to_owned()),
        post: first.post.as_ref().map(ToString::to_string),
        relation: first.standing.to_string(),
    })
}

/// Whether rights and duties are known to have been told; blank on the paper where they are not.
fn rights_told(dossier: &Dossier, form: &RecordInterview, on: Date) -> Option<bool> {
    let person = form.persons.first()?;
    let before =
        |(form, stamp): &(TellRights, Stamp)| form.persons.contains(person) && stamp.occurred <= on;
    dossier.investigation.rights.iter().any(before).then_some(true)
}

/// Starts making papers: first those that an earlier run left, then each as it is issued.
pub fn start(office: &Office, data: &Path) -> Result<(), No> {
    let (sender, due) = mpsc::channel();
    office.announce_papers_to(sender);
    let office = office.clone();
    let directories = papers::fonts::directories(data);
    let replacements = data.join("templates");
    let run = move || {
        let fonts = match Fonts::load(&directories) {
            Ok(fonts) => fonts,
            Err(missing) => return tracing::error!(%missing, "papers cannot be made"),
        };
        let templates = match Templates::with_replacements(&replacements) {
            Ok(templates) => templates,
            Err(error) => return tracing::error!(%error, "papers cannot be made"),
        };
        Workshop { office, fonts, templates }.work(&due);
    };
    thread::Builder::new()
        .name("papers".to_owned())
        .spawn(run)
        .map_err(|error| No::Fault(Operation::log(&error)))?;
    Ok(())
}

/// How often papers are looked for that nobody makes, such as those of a node that ended.
const TURN: Duration = Duration::from_secs(60);
/// A paper is made by the node that recorded its act, unless it is still due after so many milliseconds.
const OLD: i64 = 120_000;

struct Workshop {
    office: Office,
    fonts: Fonts,
    templates: Templates,
}

impl Workshop {
    fn work(&self, due: &Receiver<String>) {
        // Faults are logged where they arise; the paper stays due and is tried again at the next start.
        let _ = self.make_left_over(i64::MAX);
        let mut looked = Instant::now();
        loop {
            match due.recv_timeout(TURN) {
                Ok(dossier) => {
                    let _ = self.make_all_of(&dossier);
                    metrics::gauge!("chachu_papers_pending").decrement(1.0);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if looked.elapsed() >= TURN {
                let old = self.office.clock().instant().saturating_sub(OLD);
                let _ = self.make_left_over(old);
                looked = Instant::now();
            }
        }
    }

    /// Makes the papers of the dossiers that have not changed since an instant.
    fn make_left_over(&self, unchanged_since: i64) -> Result<(), No> {
        let mut query = ListQuery {
            principals: vec![rows::papers_to_make()],
            scope: Scope::All,
            size: 100,
            ..ListQuery::default()
        };
        loop {
            let page = self.office.store().list(&query)?;
            let rows = page.rows.iter().filter(|row| row.dossier.changed < unchanged_since);
            for row in rows {
                // Who was quicker has made them; two nodes that typeset the same fix it once.
                let _ = self.make_all_of(&row.dossier.id);
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn make_all_of(&self, id: &str) -> Result<(), No> {
        let dossier = self.office.load(id)?;
        for (paper, entry) in papers_due(&dossier) {
            self.make(&dossier, paper, entry)?;
        }
        Ok(())
    }

    fn make(&self, dossier: &Dossier, code: PaperCode, entry: u64) -> Result<(), No> {
        let fault = |error: &dyn std::fmt::Display| No::Fault(Operation::log(error));
        let paper = papers_of(dossier, &self.office.directory(), code, entry)
            .map_err(|error| fault(&error))?;
        // Its words may quote what was written, so only its kind is logged.
        let rendered = papers::render(&paper, &self.templates, &self.fonts)
            .map_err(|_| fault(&"a paper cannot be typeset"))?;
        let name = format!("{}-{entry}.pdf", code.label());
        let file = self.office.vault_put(&name, rendered.pdf.as_slice())?;
        let text = |text: &str| Answer::One(text.to_owned());
        let answers = [
            ("paper", code.write()),
            ("entry", text(&entry.to_string())),
            ("file", file.write()),
            ("template", text(&rendered.template)),
            ("engine", text(rendered.engine)),
        ];
        self.office.execute(Submitted {
            step: "fix_paper".to_owned(),
            who: StaffId::system(),
            dossier: Some(dossier.id.clone()),
            seen: None,
            key: None,
            manner: Manner::Regular,
            answers: answers.map(|(field, answer)| (field.to_owned(), answer)).into(),
        })?;
        Ok(())
    }
}
