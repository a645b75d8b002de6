//! What the record of a dossier says, read afresh from its entries for every question.
//!
//! Deliberately absent: everything that the core computes from the same entries; the properties rest on this instead.

use std::collections::BTreeSet;

use jiff::civil::Date;
use procedure::{Entry, directory::Directory};

use super::ground::bare;
use crate::model::{Told, text};

/// The record of a dossier, and who there is.
pub struct Record<'a> {
    /// What was done, in order.
    pub told: &'a [Told],
    /// The cast.
    pub directory: &'a Directory,
}

/// Something that was put before a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The step by which it was.
    pub step: &'static str,
    /// Who put it.
    pub by: String,
    /// Whether it was approved, returned or lapsed.
    pub decided: bool,
}

/// The steps by which something is put before a head, and what a head calls it.
const PUT: &[(&str, &str)] = &[
    ("submit_not_handled", "不予处理"),
    ("submit_review_extension", "初查延期"),
    ("submit_filing", "立案"),
    ("submit_task_force", "成立专案组"),
    ("submit_preservation", "登记保存"),
    ("submit_cancellation", "撤销案件"),
    ("submit_handling_extension", "办案延期"),
    ("submit_closing", "结案"),
];

/// What an entry says.
pub fn told(entry: &Entry) -> Option<Told> {
    Some(Told {
        number: entry.version,
        step: procedure::step(&entry.step)?.id,
        by: bare(&entry.by.0).to_owned(),
        office: entry.department.to_string(),
        entered: entry.entered,
        happened: entry.occurred,
        answers: entry.event.answers(),
        in_breach: !entry.breaches.is_empty(),
        paper: entry.number().map(ToString::to_string),
        mended: Vec::new(),
    })
}

impl<'a> Record<'a> {
    /// What was done of one step, in order.
    pub fn done(&self, step: &'static str) -> impl DoubleEndedIterator<Item = &'a Told> {
        self.told.iter().filter(move |told| told.step == step)
    }

    /// Whether a step was ever done.
    pub fn has(&self, step: &'static str) -> bool {
        self.done(step).next().is_some()
    }

    /// 承办部门. Who registered it, until another department received it (art. 7).
    pub fn owner(&self) -> Option<&'a str> {
        let mut owner = None;
        let mut sent = None;
        for told in self.told {
            match told.step {
                "send_transfer" => sent = told.answer("department"),
                "receive_transfer" | "record_receipt" => owner = sent,
                _ => owner = owner.or(Some(told.office.as_str())),
            }
        }
        owner
    }

    /// 移送途中. Where it is on its way to.
    pub fn on_its_way(&self) -> Option<&'a str> {
        let mut to = None;
        for told in self.told {
            match told.step {
                "send_transfer" => to = told.answer("department"),
                "receive_transfer" | "record_receipt" | "take_back_transfer" => to = None,
                _ => {}
            }
        }
        to
    }

    /// The day of filing.
    pub fn filed(&self) -> Option<Date> {
        self.approved("submit_filing").last().map(|told| told.happened)
    }

    /// What was put before a head, in order.
    pub fn put(&self) -> Vec<Put> {
        let mut put: Vec<Put> = Vec::new();
        for told in self.told {
            match told.step {
                "approve" | "return" => {
                    let index = told.answer("submission").and_then(|id| id.parse::<usize>().ok());
                    let found = index.and_then(|id| put.get_mut(id.checked_sub(1)?));
                    found.into_iter().for_each(|found| found.decided = true);
                }
                "receive_transfer" | "record_receipt" => {
                    put.iter_mut().for_each(|put| put.decided = true);
                }
                step if PUT.iter().any(|(put, _)| *put == step) => {
                    put.push(Put { step, by: told.by.clone(), decided: false });
                }
                _ => {}
            }
        }
        put
    }

    /// The approvals of what was put by a step.
    pub fn approved(&self, step: &'static str) -> Vec<&'a Told> {
        let put = self.put();
        let is = |told: &&Told| {
            let index = told.answer("submission").and_then(|id| id.parse::<usize>().ok());
            index.and_then(|id| put.get(id.checked_sub(1)?)).is_some_and(|put| put.step == step)
        };
        self.done("approve").filter(is).collect()
    }

    /// What an attempt to approve or to return speaks of: it waits, and is called so.
    pub fn meant(&self, submission: &str) -> Option<Put> {
        let called = PUT.iter().find(|(_, label)| *label == submission).map(|(step, _)| *step);
        let index = submission.parse::<usize>().ok();
        let put = self.put().into_iter().enumerate();
        let mut waiting = put.filter(|(_, put)| !put.decided);
        waiting
            .find(|(i, put)| Some(put.step) == called || index == Some(i + 1))
            .map(|(_, put)| put)
    }

    /// Whether somebody was assigned on a day to one of the two: the review or the case.
    fn is_assigned_by(&self, step: &'static str, name: &str, day: Date) -> bool {
        let mut assigned = false;
        for told in self.told.iter().filter(|told| told.happened <= day) {
            match told.step {
                "receive_transfer" | "record_receipt" => assigned = false,
                "release_handlers" if names(told, "handlers").contains(&name) => assigned = false,
                taken if taken == step && names(told, "handlers").contains(&name) => {
                    assigned = true;
                }
                _ => {}
            }
        }
        assigned
    }

    /// Whether anybody was assigned to the case by the department that has it.
    fn has_assigned(&self, day: Date) -> bool {
        let received = ["receive_transfer", "record_receipt"];
        let last = self.told.iter().rposition(|told| received.contains(&told.step)).unwrap_or(0);
        let since = self.told.iter().skip(last);
        let mut since = since.filter(|told| told.happened <= day);
        since.any(|told| told.step == "assign_handlers")
    }

    /// 办案人员. Assigned to the case, or, before anybody is, to the review.
    pub fn is_assigned(&self, name: &str, day: Date) -> bool {
        match self.has_assigned(day) {
            true => self.is_assigned_by("assign_handlers", name, day),
            false => self.is_assigned_by("assign_reviewers", name, day),
        }
    }

    /// Whether somebody may investigate on a day: assigned to the case or, up to its filing, to the review, and not standing back (arts. 9, 33, 35).
    pub fn investigates(&self, name: &str, day: Date) -> bool {
        let reviewing = self.filed().is_none_or(|filed| day <= filed);
        let reviews = reviewing && self.is_assigned_by("assign_reviewers", name, day);
        let assigned = reviews || self.is_assigned_by("assign_handlers", name, day);
        assigned && !self.stands_back(name, day)
    }

    /// Every recusal: who, whether of their own accord, since when, and the decision.
    pub fn recusals(&self) -> Vec<Recusal<'a>> {
        let mut recusals: Vec<Recusal<'a>> = Vec::new();
        for told in self.told {
            match told.step {
                "recuse" => recusals.push(Recusal::new(&told.by, true, told.happened)),
                "request_recusal" => {
                    let handler = bare(told.answer("handler").unwrap_or_default());
                    recusals.push(Recusal::new(handler, false, told.happened));
                }
                "decide_recusal" => {
                    let id = told.answer("recusal").and_then(|id| id.parse::<usize>().ok());
                    let found = id.and_then(|id| recusals.get_mut(id.checked_sub(1)?));
                    let granted = told.answer("decision") == Some("granted");
                    let day = told.date("decided").unwrap_or(told.happened);
                    found.into_iter().for_each(|found| found.decision = Some((granted, day)));
                }
                _ => {}
            }
        }
        recusals
    }

    /// 回避. Of one's own accord at once; at a party's request, once it is granted (art. 9).
    pub fn stands_back(&self, name: &str, day: Date) -> bool {
        let of = self.recusals().into_iter().filter(|recusal| recusal.name == name);
        of.into_iter().any(|recusal| match recusal.decision {
            Some((true, _)) if recusal.own => recusal.since <= day,
            Some((true, decided)) => decided <= day,
            Some((false, _)) => false,
            None => recusal.own && recusal.since <= day,
        })
    }

    /// 负责人. Of the department that has the dossier, or named to act as one.
    pub fn is_head(&self, name: &str, day: Date) -> bool {
        let mut staff = self.directory.all_staff();
        let serves = staff.any(|staff| {
            let here = Some(staff.department.0.as_str()) == self.owner();
            here && staff.name.as_str() == name && staff.is_head()
        });
        serves || self.acts_as_head(name, day)
    }

    fn acts_as_head(&self, name: &str, day: Date) -> bool {
        self.done("name_acting_head").any(|told| {
            let meant = told.answer("staff").map(bare) == Some(name);
            let from = told.date("from").is_some_and(|from| from <= day);
            meant && from && told.date("until").is_none_or(|until| day <= until)
        })
    }

    /// The department somebody serves in.
    pub fn office_of(&self, name: &str) -> Option<&'a str> {
        let mut staff = self.directory.all_staff();
        let found = staff.find(|staff| staff.name.as_str() == name)?;
        Some(found.department.0.as_str())
    }

    /// Whether a department is above another.
    pub fn is_above(&self, above: &str, below: &str) -> bool {
        let below = procedure::value::DepartmentId(below.to_owned());
        self.directory.superiors(&below).iter().any(|department| department.id.0 == above)
    }

    /// Whether a head of the department is left who neither handles the case nor stands back.
    pub fn another_head(&self, day: Date) -> bool {
        let mut staff = self.directory.all_staff().map(|staff| staff.name.as_str());
        staff.any(|name| {
            let handles = self.is_assigned(name, day);
            self.is_head(name, day) && !handles && !self.stands_back(name, day)
        })
    }
}

/// One recusal.
#[derive(Clone, Debug)]
pub struct Recusal<'a> {
    /// Whose.
    pub name: &'a str,
    /// Of their own accord.
    pub own: bool,
    /// Since when.
    pub since: Date,
    /// Whether it was granted, and on which day.
    pub decision: Option<(bool, Date)>,
}

impl<'a> Recusal<'a> {
    fn new(name: &'a str, own: bool, since: Date) -> Recusal<'a> {
        Recusal { name, own, since, decision: None }
    }
}

/// The names answered to a field.
pub fn names<'a>(told: &'a Told, field: &str) -> BTreeSet<&'a str> {
    told.answers(field).into_iter().map(bare).collect()
}

/// The rows of a table, as the texts of one of its columns.
pub fn column<'a>(told: &'a Told, field: &str, column: &str) -> Vec<&'a str> {
    use procedure::value::Answer;
    let Some(Answer::Many(rows)) = told.answers.get(field) else { return Vec::new() };
    let cells = rows.iter().filter_map(|row| match row {
        Answer::Group(cells) => text(cells, column),
        Answer::One(_) | Answer::Many(_) => None,
    });
    cells.collect()
}
