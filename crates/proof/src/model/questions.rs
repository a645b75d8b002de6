//! Questions that several chapters ask, each answered by reading the story again.
//!
//! Days: whoever is assigned, stands back or has the dossier does so from the day on which that was done.

use std::collections::BTreeSet;

use jiff::civil::Date;
use procedure::{
    directory::{Level, Role},
    value::StaffId,
};

use super::{Scene, Story, Tale, Told, World};

/// Steps that put something before a head, in no order.
pub const SUBMISSIONS: &[&str] = &[
    "submit_not_handled",
    "submit_review_extension",
    "submit_filing",
    "submit_task_force",
    "submit_preservation",
    "submit_cancellation",
    "submit_handling_extension",
    "submit_closing",
];

/// What became of something that was put before a head.
#[derive(Clone, Copy, Debug)]
pub enum Fate<'a> {
    /// Nothing yet.
    Waits,
    /// It was approved.
    Approved(&'a Told),
    /// It was sent back.
    Returned,
    /// It lapsed, because the dossier went to another department.
    Lapsed,
}

/// Something that was put before a head.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// Its number in the dossier, from 1.
    pub number: usize,
    /// What was submitted.
    pub told: &'a Told,
    /// What became of it.
    pub fate: Fate<'a>,
}

impl<'a> Submission<'a> {
    /// Whether nothing was said to it yet.
    pub fn waits(&self) -> bool {
        matches!(self.fate, Fate::Waits)
    }

    /// The approval, if there is one.
    pub fn approval(&self) -> Option<&'a Told> {
        match self.fate {
            Fate::Approved(told) => Some(told),
            _ => None,
        }
    }
}

/// A lead: what registers it, and when it was received.
#[derive(Clone, Copy, Debug)]
pub struct Lead<'a> {
    /// The act that registered it.
    pub told: &'a Told,
    /// 接到线索之日.
    pub received: Date,
}

/// How a dossier ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 不予处理.
    NotHandled,
    /// 批评教育.
    Education,
    /// 移送其他机关.
    Referred,
    /// 暂不立案存查.
    OnFile,
    /// 违法行为已处理.
    ViolationHandled,
    /// 撤销.
    Cancelled,
    /// 并入.
    Joined,
    /// 已结案.
    Closed,
}

/// 回避: who is spoken of, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Recusal<'a> {
    /// Its number in the dossier, from 1.
    pub number: usize,
    /// Who is to stand back.
    pub whom: &'a str,
    /// Whether that person asked for it.
    pub own: bool,
    /// What was recorded.
    pub told: &'a Told,
    /// The decision: when, and whether it was granted.
    pub decided: Option<(&'a Told, bool)>,
}

impl World {
    /// The leads of a dossier, with those of the dossiers that it took in or was split off from.
    pub fn leads<'a>(&'a self, story: Tale<'a>) -> Vec<Lead<'a>> {
        let mut leads = Vec::new();
        for told in story.told {
            let from = told.answer("from").and_then(|from| self.stories.get(from));
            let from = from.map(Story::tale);
            match told.step {
                "register" | "add_lead" => leads.push(Lead { told, received: told.happened }),
                "taken_in" => {
                    let from = from.map(|from| self.leads(from)).unwrap_or_default();
                    leads.extend(from);
                }
                "split_off" => {
                    let at = told.answer("from_number").and_then(|at| at.parse().ok());
                    let from = from.map(|from| from.before(at.unwrap_or(u64::MAX)));
                    let filed =
                        from.is_some_and(|from| !approvals(from, "submit_filing").is_empty());
                    let theirs = from.map(|from| self.leads(from)).unwrap_or_default();
                    let first = theirs.iter().map(|lead| lead.received).min();
                    // What leaves a filed case starts anew (reading 2-3).
                    let received = first.filter(|_| !filed).unwrap_or(told.happened);
                    leads.push(Lead { told, received });
                }
                _ => {}
            }
        }
        leads
    }
}

/// Everything that was put before a head, and what became of it.
pub fn submissions(story: Tale<'_>) -> Vec<Submission<'_>> {
    let mut list: Vec<Submission<'_>> = Vec::new();
    for told in story.told {
        if SUBMISSIONS.contains(&told.step) {
            list.push(Submission { number: list.len() + 1, told, fate: Fate::Waits });
        }
        let which = told.answer("submission").and_then(|number| number.parse::<usize>().ok());
        let meant = list.iter_mut().find(|s| Some(s.number) == which);
        match (told.step, meant) {
            ("approve", Some(meant)) => meant.fate = Fate::Approved(told),
            ("return", Some(meant)) => meant.fate = Fate::Returned,
            ("receive_transfer" | "record_receipt", _) => {
                list.iter_mut().filter(|s| s.waits()).for_each(|s| s.fate = Fate::Lapsed);
            }
            _ => {}
        }
    }
    list
}

/// What was submitted by a step and approved, with the approval.
pub fn approvals<'a>(story: Tale<'a>, step: &str) -> Vec<(&'a Told, &'a Told)> {
    let approved = submissions(story).into_iter().filter(|s| s.told.step == step);
    approved.filter_map(|s| Some((s.told, s.approval()?))).collect()
}

impl<'a> Scene<'a> {
    /// The leads of the dossier.
    pub fn leads(&self) -> Vec<Lead<'a>> {
        self.world.leads(self.story)
    }

    /// 接到线索之日: the first.
    pub fn received(&self) -> Option<Date> {
        self.leads().iter().map(|lead| lead.received).min()
    }

    /// The department that has the dossier.
    pub fn owner(&self) -> Option<&'a str> {
        self.owner_on(Date::MAX)
    }

    /// The department that had the dossier on a day, from the day on which it arrived.
    pub fn owner_on(&self, day: Date) -> Option<&'a str> {
        let mut owner = self.story.told.first().map(|told| told.office.as_str());
        let mut receiver = None;
        for told in self.story.told.iter().filter(|told| told.happened <= day) {
            match told.step {
                "send_transfer" => receiver = told.answer("department"),
                "receive_transfer" => owner = Some(told.office.as_str()),
                "record_receipt" => owner = receiver.or(owner),
                _ => {}
            }
        }
        owner
    }

    /// The department above this one.
    pub fn above(&self, department: &str) -> Option<&'a str> {
        Some(self.department(department)?.superior.as_ref()?.0.as_str())
    }

    /// Every department above this one, the next higher first.
    pub fn all_above(&self, department: &str) -> Vec<&'a str> {
        std::iter::successors(self.above(department), |below| self.above(below)).collect()
    }

    /// The level of a department.
    pub fn level(&self, department: &str) -> Option<Level> {
        self.department(department).map(|department| department.level)
    }

    /// The sending that has not arrived and was not taken back.
    pub fn on_its_way(&self) -> Option<&'a Told> {
        let mut way = None;
        for told in self.story.told {
            match told.step {
                "send_transfer" => way = Some(told),
                "take_back_transfer" | "receive_transfer" | "record_receipt" => way = None,
                _ => {}
            }
        }
        way
    }

    /// The department to which it is on its way.
    pub fn receiver(&self) -> Option<&'a str> {
        self.on_its_way().and_then(|told| told.answer("department"))
    }

    /// Departments that had it before and sent it on.
    pub fn formers(&self) -> BTreeSet<&'a str> {
        let mut formers = BTreeSet::new();
        for arrived in self.arrivals() {
            let then = Scene { story: self.story.before(arrived.number), ..*self };
            formers.extend(then.owner());
        }
        formers
    }

    /// Everything that was put before a head.
    pub fn submissions(&self) -> Vec<Submission<'a>> {
        submissions(self.story)
    }

    /// What a step put before a head and was not answered.
    pub fn waiting(&self, step: &str) -> Option<Submission<'a>> {
        self.submissions().into_iter().find(|s| s.told.step == step && s.waits())
    }

    /// What a step submitted and a head approved, with the approval.
    pub fn approved(&self, step: &str) -> Vec<(&'a Told, &'a Told)> {
        approvals(self.story, step)
    }

    /// 接收: the dossier became another department's.
    pub fn arrivals(&self) -> impl DoubleEndedIterator<Item = &'a Told> + use<'a> {
        let arrives = |told: &&Told| matches!(told.step, "receive_transfer" | "record_receipt");
        self.story.told.iter().filter(arrives)
    }

    /// 立案: the approval of the filing that holds.
    pub fn filed(&self) -> Option<&'a Told> {
        let (_, approval) = self.approved("submit_filing").into_iter().next_back()?;
        let anew = self
            .done("receive_transfer")
            .any(|told| told.number > approval.number && told.answer("filing") == Some("anew"));
        (!anew).then_some(approval)
    }

    /// The number of the entry with which the department that has the dossier began anew: unless it adopted the filing, what was told before was another's.
    pub fn began(&self) -> u64 {
        let anew = |told: &&Told| {
            let then = Scene { story: self.story.before(told.number), ..*self };
            then.filed().is_none() || told.answer("filing") == Some("anew")
        };
        self.arrivals().rfind(anew).map_or(0, |told| told.number)
    }

    /// 进行初查: the decision of the department that has it.
    pub fn review(&self) -> Option<&'a Told> {
        let arrived = self.arrivals().next_back().map_or(0, |told| told.number);
        self.done("assign_reviewers").find(|told| told.number > arrived)
    }

    /// 呈报初查情况报告: the report that holds; a supplement reopens the review.
    pub fn reported(&self) -> Option<&'a Told> {
        self.done("report_review").rfind(|told| {
            let after = |later: &&Told| later.number > told.number;
            told.number > self.began() && !self.reopenings().iter().any(after)
        })
    }

    /// 收到补充材料 of what was kept on file, so that the whole dossier had ended.
    pub fn reopenings(&self) -> Vec<&'a Told> {
        let before = |at: usize| Scene {
            story: Tale { told: self.story.told.get(..at).unwrap_or_default(), ..self.story },
            ..*self
        };
        let told = self.story.told.iter().enumerate();
        let supplements = told.filter(|(_, told)| told.step == "receive_supplement");
        let reopens = supplements.filter(|(at, _)| before(*at).end() == Some(End::OnFile));
        reopens.map(|(_, told)| told).collect()
    }

    /// The people who are assigned on a day: named by the department that has it, not released; those who stand back among them.
    pub fn assigned_on(&self, day: Date) -> BTreeSet<&'a str> {
        let (mut assigned, mut investigated) = (BTreeSet::new(), false);
        for told in self.story.told.iter().filter(|told| told.happened <= day) {
            match told.step {
                "assign_reviewers" => assigned.extend(told.answers("handlers")),
                "assign_handlers" => {
                    // A case has its own handlers; those who reviewed the lead are not among them unless named.
                    if !investigated {
                        assigned.clear();
                    }
                    investigated = true;
                    assigned.extend(told.answers("handlers"));
                }
                "release_handlers" => {
                    for released in told.answers("handlers") {
                        assigned.remove(released);
                    }
                }
                "receive_transfer" | "record_receipt" => {
                    assigned.clear();
                    investigated = false;
                }
                _ => {}
            }
        }
        assigned
    }

    /// Whether somebody handles the dossier on a day: assigned, and not standing back.
    pub fn handles(&self, who: &str, day: Date) -> bool {
        self.assigned_on(day).contains(who) && !self.stands_back(who, day)
    }

    /// Every recusal, in order.
    pub fn recusals(&self) -> Vec<Recusal<'a>> {
        let mut list: Vec<Recusal<'a>> = Vec::new();
        for told in self.story.told {
            let number = list.len() + 1;
            match told.step {
                "recuse" => {
                    let whom = told.by.as_str();
                    list.push(Recusal { number, whom, own: true, told, decided: None });
                }
                "request_recusal" => {
                    let whom = told.answer("handler").unwrap_or_default();
                    list.push(Recusal { number, whom, own: false, told, decided: None });
                }
                "decide_recusal" => {
                    let which = told.answer("recusal").and_then(|n| n.parse::<usize>().ok());
                    if let Some(meant) = list.iter_mut().find(|r| Some(r.number) == which) {
                        meant.decided = Some((told, told.answer("decision") == Some("granted")));
                    }
                }
                _ => {}
            }
        }
        list
    }

    /// Whether somebody stands back on a day: at once where they said so themselves, else once it was decided.
    pub fn stands_back(&self, who: &str, day: Date) -> bool {
        self.recusals().iter().filter(|recusal| recusal.whom == who).any(|recusal| {
            // 由上一级决定: on the day of its paper, where one was recorded.
            let on = |told: &Told| {
                let above = told.answer("superior_paper").and_then(|_| told.date("decided"));
                above.unwrap_or(told.happened)
            };
            let decided = recusal.decided.filter(|(told, _)| on(told) <= day);
            match decided {
                Some((_, granted)) => granted,
                None => recusal.own && recusal.told.happened <= day,
            }
        })
    }

    /// Whether somebody acts as a head on a day.
    pub fn acts_as_head(&self, who: &str, day: Date) -> bool {
        self.done("name_acting_head").any(|told| {
            told.answer("staff") == Some(who)
                && told.date("from").is_some_and(|from| from <= day)
                && told.date("until").is_none_or(|until| day <= until)
        })
    }

    /// Whether a member of staff has a role.
    pub fn has_role(&self, who: &str, role: Role) -> bool {
        let staff = self.world.cast.staff(&StaffId(who.to_owned()));
        staff.is_some_and(|staff| staff.roles.contains(&role))
    }

    /// Whether a member of staff is a head or a deputy.
    pub fn is_chief(&self, who: &str) -> bool {
        self.has_role(who, Role::Head) || self.has_role(who, Role::Deputy)
    }

    /// The department in which somebody serves or served.
    pub fn serves_in(&self, who: &str) -> Option<&'a str> {
        let staff = self.world.cast.staff(&StaffId(who.to_owned()));
        staff.map(|staff| staff.department.0.as_str())
    }

    /// Everybody who serves in a department.
    pub fn staff_of(&self, department: &str) -> Vec<&'a str> {
        let staff = self.world.cast.all_staff();
        let theirs = staff.filter(|s| s.department.0 == department && !s.roles.is_empty());
        theirs.map(|staff| staff.id.0.as_str()).collect()
    }

    /// Every person of the case, in the order of their numbers.
    pub fn persons(&self) -> Vec<Person<'a>> {
        persons(self.world, self.story)
    }

    /// The person with this number.
    pub fn person(&self, number: &str) -> Option<Person<'a>> {
        nth(&self.persons(), number).copied()
    }

    /// The state secrets of the case, in the order of their numbers.
    pub fn secrets(&self) -> Vec<&'a Told> {
        self.done("list_secret_item").collect()
    }

    /// 重大、复杂: declared by a head, or stated with the facts of jurisdiction.
    pub fn is_major(&self) -> bool {
        let stated = self.done("state_jurisdiction_facts").next_back();
        self.has("declare_major") || stated.is_some_and(|told| told.answer("magnitude").is_some())
    }

    /// How the dossier ended, if it did.
    pub fn end(&self) -> Option<End> {
        end(self)
    }
}

/// A person of the case.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// 姓名.
    pub name: &'a str,
    /// `party`, `witness` or `other`.
    pub standing: &'a str,
    /// The unit.
    pub unit: Option<&'a str>,
    /// Who told of them.
    pub told: &'a Told,
}

fn persons<'a>(world: &'a World, story: Tale<'a>) -> Vec<Person<'a>> {
    let mut list = Vec::new();
    for told in story.told {
        match told.step {
            "identify_person" => list.push(Person {
                name: told.answer("name").unwrap_or_default(),
                standing: told.answer("standing").unwrap_or_default(),
                unit: told.answer("unit"),
                told,
            }),
            "split_off" => {
                let from = told.answer("from").and_then(|from| world.stories.get(from));
                let theirs = from.map(|from| persons(world, from.tale())).unwrap_or_default();
                let meant = told.answers("persons").into_iter();
                list.extend(meant.filter_map(|number| nth(&theirs, number).copied()));
            }
            _ => {}
        }
    }
    list
}

/// The thing with this number, counted from 1.
pub fn nth<'a, T>(list: &'a [T], number: &str) -> Option<&'a T> {
    number.parse::<usize>().ok().and_then(|number| list.get(number.checked_sub(1)?))
}

fn end(scene: &Scene<'_>) -> Option<End> {
    let mut end = None;
    for (at, told) in scene.story.told.iter().enumerate() {
        let told_so_far = scene.story.told.get(..=at).unwrap_or_default();
        let then = Scene { story: Tale { told: told_so_far, ..scene.story }, ..*scene };
        end = match told.step {
            "order_education" => Some(End::Education),
            "join_dossier" => Some(End::Joined),
            "approve" if !then.approved("submit_closing").is_empty() => Some(End::Closed),
            "approve" if !then.approved("submit_cancellation").is_empty() => Some(End::Cancelled),
            "receive_supplement" if end == Some(End::OnFile) => None,
            _ => end.or_else(|| super::filing::ends(then, told)),
        };
    }
    end
}
