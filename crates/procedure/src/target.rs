//! What a field may point at, as it is offered to people.

use crate::{
    directory::Role,
    dossier::{Dossier, titled},
    value::{Candidate, Place, Target},
};

impl Target {
    /// Everything a field of this kind may point at.
    pub fn candidates(self, place: Place<'_>) -> Vec<Candidate> {
        let Place { dossier, directory } = place;
        let candidate = |id: String, label: String| Candidate { id, label };
        match self {
            Target::Staff => {
                let handlers = directory.all_staff().filter(|staff| {
                    let ours = dossier.department().is_none_or(|owner| *owner == staff.department);
                    ours && (staff.roles.contains(&Role::Handler) || staff.is_head())
                });
                handlers.map(|s| candidate(s.id.to_string(), s.name.to_string())).collect()
            }
            Target::Department => {
                let departments = directory.departments();
                departments.map(|d| candidate(d.id.to_string(), d.name.to_string())).collect()
            }
            Target::Unit => {
                directory.units().map(|u| candidate(u.id.to_string(), u.name.to_string())).collect()
            }
            Target::Submission => {
                let pending = dossier.approval.all_pending();
                pending
                    .map(|s| candidate(s.id.to_string(), s.matter.kind().label().to_owned()))
                    .collect()
            }
            _ => number(self.labels(dossier)),
        }
    }

    /// The labels of what is numbered within the dossier, in the order of the numbers.
    fn labels(self, dossier: &Dossier) -> Vec<String> {
        let Dossier { general, evidence, intake, investigation, .. } = dossier;
        match self {
            Target::Staff | Target::Department | Target::Unit | Target::Submission => Vec::new(),
            Target::Person => {
                general.persons.iter().map(|(form, _)| form.name.to_string()).collect()
            }
            Target::SecretItem => {
                general.secret_items.iter().map(|(form, _)| form.name.to_string()).collect()
            }
            Target::Evidence => evidence.items.iter().map(|item| item.name.clone()).collect(),
            Target::Containment => titles(
                intake.containments.iter().map(|containment| containment.form.measures.as_str()),
            ),
            Target::Recusal => titles(general.recusals.iter().map(|r| r.reason.as_str())),
            Target::Interview => {
                let interviews = investigation.interviews.iter();
                let title = |i: &crate::investigation::interview::Interview| {
                    format!("{} {}", i.persons(dossier), i.stamp.occurred)
                };
                interviews.map(title).collect()
            }
            Target::Plea => titles(investigation.pleas.iter().map(|plea| plea.content.as_str())),
            Target::Appraisal => {
                titles(investigation.appraisals.iter().map(|a| a.form.questions.as_str()))
            }
            Target::Proposal => {
                titles(investigation.proposals.iter().map(|p| p.form.suggestion.as_str()))
            }
            Target::Rectification => {
                titles(investigation.rectifications.iter().map(|r| r.form.problems.as_str()))
            }
        }
    }
}

fn titles<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    words.zip(1..).map(|(words, i)| titled(i, words)).collect()
}

fn number(labels: Vec<String>) -> Vec<Candidate> {
    let numbered = labels.into_iter().zip(1_u32..);
    numbered.map(|(label, i)| Candidate { id: i.to_string(), label }).collect()
}
