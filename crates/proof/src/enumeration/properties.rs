//! What must hold on every act and in every state, each with its article.
//!
//! Most forbid something: what is forbidden is read from the record, and it must not be let through.
//! A property counts how often what it speaks of was tried, so that none holds only because nothing was.

use jiff::civil::Date;
use procedure::{
    Dossier, Outcome, Verdict,
    act::{Act, Manner},
    deadline::{Desk, duties},
    directory::Staff,
    step::Relation,
};

use super::{
    explore::owner_setting,
    ground::{Day, bare, name},
    record::{Record, column},
};
use crate::model::{Told, text, texts};

/// One act that was tried.
pub struct Tried<'a> {
    /// What was recorded before.
    pub record: &'a Record<'a>,
    /// The dossier.
    pub dossier: &'a Dossier,
    /// The act.
    pub act: &'a Act,
    /// The day.
    pub today: Date,
    /// What the core said.
    pub verdict: &'a Verdict,
}

/// One state.
pub struct Standing<'a> {
    /// What was recorded.
    pub record: &'a Record<'a>,
    /// The dossier.
    pub dossier: &'a Dossier,
    /// The day, with every act that can be tried on it.
    pub day: &'a Day,
    /// What the core said to each.
    pub verdicts: &'a [Verdict],
}

/// What a property says of an act or a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// It does not speak of it.
    Beside,
    /// It holds, and was put to the test so many times.
    Holds(u64),
    /// It does not hold, and why.
    Broken(String),
}

/// When a property is judged.
#[derive(Clone, Copy)]
pub enum Watch {
    /// On every act that is tried.
    Act(fn(&Tried<'_>) -> Says),
    /// In every state.
    Standing(fn(&Standing<'_>) -> Says),
    /// Whenever a day goes by on which a limit runs out: what could be done before can be done after.
    Waiting,
}

/// One property.
pub struct Property {
    /// What must hold, in words.
    pub name: &'static str,
    /// Its articles.
    pub articles: &'static [u8],
    /// When it is judged.
    pub watch: Watch,
}

const fn act(
    name: &'static str,
    articles: &'static [u8],
    says: fn(&Tried<'_>) -> Says,
) -> Property {
    Property { name, articles, watch: Watch::Act(says) }
}

const fn standing(
    name: &'static str,
    articles: &'static [u8],
    says: fn(&Standing<'_>) -> Says,
) -> Property {
    Property { name, articles, watch: Watch::Standing(says) }
}

/// Every property.
pub static PROPERTIES: &[Property] = &[
    standing("一个卷宗属于且只属于一个部门，自接收之日起属于接收部门", &[7], owned),
    act(
        "其他部门不办理本部门的案件，只行使本办法给予上级、接收和移送部门的权力",
        &[7],
        |t| t.unless(t.is_outside()),
    ),
    act("回避的人员不再办理", &[9], |t| t.unless(t.record.stands_back(t.who(), t.today))),
    act("本人的回避不由本人决定", &[9], |t| t.unless(t.decides_on_themself())),
    act("未经指定管辖不再次移送", &[15, 16], |t| t.unless(t.is_sent_on())),
    act("被指定管辖的部门不再移送", &[15], |t| {
        t.unless(t.is_sent_against_designation())
    }),
    act("责成批评教育以核实违法、显著轻微、没有后果为前提", &[25], |t| {
        t.unless(t.educates_unverified())
    }),
    standing("未办结的案件随时可以责令采取补救措施", &[26], contained),
    act("没有初查情况报告不作处理", &[28, 29], |t| t.unless(t.disposes_unreported())),
    act("确有泄密且未达到刑事立案标准的才立案", &[29], |t| {
        t.unless(t.files_otherwise())
    }),
    act("审批只由承办部门负责人作出", &[31, 54], |t| {
        t.unless(t.approves_without_office())
    }),
    act("不审批自己办理的案件", &[31], |t| t.unless(t.approves_own_work())),
    act("认定前三项调查内容有可以使用的证据", &[34], |t| {
        t.unless(t.finds_without_evidence())
    }),
    act("直接调查、检查、登记保存有两名以上未回避的办案人员", &[35], |t| t.unless(t.acts_alone())),
    act("申辩没有核查的，调查不结束", &[42], |t| t.unless(t.ends_before_pleas())),
    act("先建议纠正，拒不纠正的才提请处理", &[51], |t| {
        t.unless(t.deals_before_correcting())
    }),
    act("四项条件齐备才结案", &[53], |t| {
        t.unless(t.is_about_closing() && !closable(t.record))
    }),
    act("结案由负责人批准", &[54], |t| t.unless(t.closes_without_head())),
    act("办案时限只延长一次", &[55], |t| t.unless(t.extends_twice())),
    act("办结以后不再调查、处理", &[54], |t| t.unless(t.goes_on_after_end())),
    act("每一项拒绝都有条款", &[3], has_clause),
    standing("每一项待办都有人可以办理", &[60], visible),
    Property { name: "期限届满不使权力消灭", articles: &[30, 55], watch: Watch::Waiting },
];

impl Standing<'_> {
    /// Nobody is left who handles the case and does not stand back.
    fn has_no_handler(&self) -> bool {
        self.is_nobody(|name, today| self.record.is_assigned(name, today))
    }

    /// Nobody is left who heads the department and does not stand back.
    fn has_no_head(&self) -> bool {
        self.is_nobody(|name, today| self.record.is_head(name, today))
    }

    fn is_nobody(&self, holds: impl Fn(&str, Date) -> bool) -> bool {
        let mut staff = self.record.directory.all_staff().map(|staff| staff.name.as_str());
        let today = self.day.date;
        !staff.any(|name| holds(name, today) && !self.record.stands_back(name, today))
    }
}

impl Says {
    fn of(broken: Option<String>) -> Says {
        broken.map_or(Says::Holds(1), Says::Broken)
    }
}

impl Tried<'_> {
    fn who(&self) -> &str {
        name(&self.act.who)
    }

    fn step(&self) -> &'static str {
        self.act.step.id
    }

    fn answer(&self, field: &str) -> &str {
        text(&self.act.answers, field).unwrap_or_default()
    }

    /// Whether it was let through without a breach on record.
    fn is_lawful(&self) -> bool {
        self.verdict.outcome() == Outcome::Allowed && self.verdict.breaches.is_empty()
    }

    /// Holds where what is forbidden was not let through.
    fn unless(&self, forbidden: bool) -> Says {
        match (forbidden, self.is_lawful()) {
            (false, _) => Says::Beside,
            (true, false) => Says::Holds(1),
            (true, true) => Says::Broken("不应当通过而通过".to_owned()),
        }
    }

    /// What it would approve or return.
    fn decides(&self) -> Option<&'static str> {
        let decides = matches!(self.step(), "approve" | "return");
        let meant = decides.then(|| self.record.meant(self.answer("submission")))?;
        meant.map(|put| put.step)
    }

    /// Somebody of a department that does not have the dossier, where no article gives them the step.
    fn is_outside(&self) -> bool {
        let (owner, office) = (self.record.owner(), self.record.office_of(self.who()));
        let (Some(owner), Some(office)) = (owner, office) else { return false };
        if owner == office {
            return false;
        }
        let above = self.record.is_above(office, owner);
        let given = match self.step() {
            "receive_transfer" => self.record.on_its_way() == Some(office),
            "tell_units_of_transfer" | "assist_receiver" => {
                self.record.told.iter().any(|told| told.office == office)
            }
            "designate"
            | "organise_lower"
            | "decide_special"
            | "open_supervision"
            | "close_supervision"
            | "direct_handling"
            | "issue_appraisal"
            | "extend_appraisal"
            | "judge_explanation"
            | "inspect_and_urge"
            | "decide_recusal"
            | "name_acting_head"
            | "pass_up"
            | "answer_coordination" => above,
            _ => false,
        };
        !given
    }

    fn decides_on_themself(&self) -> bool {
        let index = self.answer("recusal").parse::<usize>().unwrap_or_default();
        let recusals = self.record.recusals();
        let meant = index.checked_sub(1).and_then(|index| recusals.get(index));
        let own = meant.is_some_and(|recusal| recusal.name == self.who());
        self.step() == "decide_recusal" && own
    }

    /// Art. 16 ¶2: what came by a transfer is not sent on, unless a superior has designated since or the nation decided (art. 14).
    fn is_sent_on(&self) -> bool {
        if self.step() != "send_transfer" {
            return false;
        }
        let received = ["receive_transfer", "record_receipt"];
        let told = self.record.told;
        let Some(last) = told.iter().rposition(|told| received.contains(&told.step)) else {
            return false;
        };
        let mut decided = told.iter().enumerate().filter(|(i, told)| match told.step {
            "designate" | "record_designation" => *i > last,
            "decide_special" => told.answer("department") == Some(self.answer("department")),
            _ => false,
        });
        decided.next().is_none()
    }

    /// Art. 15 ¶2: who was designated last keeps it.
    fn is_sent_against_designation(&self) -> bool {
        let mut told = self.record.told.iter().rev();
        let last = told.find(|told| matches!(told.step, "designate" | "record_designation"));
        let designated = last.and_then(|told| told.answer("department"));
        self.step() == "send_transfer" && designated.is_some() && designated == self.record.owner()
    }

    fn educates_unverified(&self) -> bool {
        let last = self.record.done("verify_lead").next_back();
        let verified = last.is_some_and(|told| {
            is_yes(told, "violation") && is_yes(told, "minor") && is_no(told, "harm")
        });
        self.step() == "order_education" && !verified
    }

    /// Since the review began anew, if it did, no report was made.
    fn disposes_unreported(&self) -> bool {
        let disposes = match self.step() {
            "submit_filing" | "put_on_file" | "notify_supplement" => true,
            "supervise_violation" => self.dossier.end.is_none(),
            "refer" => {
                let ground = self.answer("ground");
                ground.contains("二十九条")
            }
            _ => self.decides() == Some("submit_filing") && self.step() == "approve",
        };
        disposes && review(self.record).is_none()
    }

    fn files_otherwise(&self) -> bool {
        let files = self.step() == "submit_filing"
            || (self.step() == "approve" && self.decides() == Some("submit_filing"));
        let shows =
            review(self.record).is_some_and(|told| is_yes(told, "leak") && is_no(told, "criminal"));
        files && !shows
    }

    fn approves_without_office(&self) -> bool {
        self.decides().is_some() && !self.record.is_head(self.who(), self.today)
    }

    /// Art. 31, and likewise 25, 49, 54: neither a handler nor who put it forward, as long as there is another head.
    fn approves_own_work(&self) -> bool {
        const OWN: &[&str] =
            &["submit_not_handled", "submit_filing", "submit_cancellation", "submit_closing"];
        let meant =
            self.record.meant(self.answer("submission")).filter(|_| self.step() == "approve");
        let Some(meant) = meant.filter(|put| OWN.contains(&put.step)) else { return false };
        let handles = self.record.is_assigned(self.who(), self.today)
            && !self.record.stands_back(self.who(), self.today);
        let own = handles || meant.by == self.who();
        own && self.record.another_head(self.today)
    }

    fn finds_without_evidence(&self) -> bool {
        let needs = matches!(
            self.answer("content"),
            "party"
                | "violation"
                | "circumstances"
                | "案件当事人的基本情况"
                | "案件当事人是否实施违反保密法律法规行为"
                | "实施违反保密法律法规行为的时间、地点、手段、后果以及其他情节"
        );
        let cited = texts(&self.act.answers, "evidence");
        let usable = |id: &&str| super::evidence::is_usable(self.record, id, self.today);
        let rests = !cited.is_empty() && cited.iter().all(usable);
        self.step() == "find_fact" && needs && !rests
    }

    /// Art. 35: fewer than two of those named may investigate, or one of them may not.
    fn acts_alone(&self) -> bool {
        const DIRECT: &[&str] = &[
            "arrange_interview",
            "record_interview",
            "arrange_inspection",
            "inspect",
            "preserve",
            "consult",
        ];
        if !DIRECT.contains(&self.step()) || self.act.manner != Manner::Regular {
            return false;
        }
        let named: std::collections::BTreeSet<_> =
            texts(&self.act.answers, "handlers").into_iter().map(bare).collect();
        let able = named.iter().filter(|name| self.record.investigates(name, self.today));
        able.count() < 2
    }

    fn ends_before_pleas(&self) -> bool {
        let raised: usize =
            self.record.done("hear_party").map(|told| told.answers("points").len()).sum();
        let verified: std::collections::BTreeSet<_> =
            self.record.done("verify_plea").filter_map(|told| told.answer("plea")).collect();
        self.step() == "end_fact_finding" && verified.len() < raised
    }

    fn deals_before_correcting(&self) -> bool {
        let id = self.answer("correction");
        let mut answers = self.record.done("answer_correction");
        let refused = answers.any(|told| {
            told.answer("correction") == Some(id) && told.answer("answer") == Some("refused")
        });
        self.step() == "request_dealing" && !refused
    }

    fn is_about_closing(&self) -> bool {
        let approves = self.step() == "approve" && self.decides() == Some("submit_closing");
        approves || self.step() == "submit_closing"
    }

    fn closes_without_head(&self) -> bool {
        let approves = self.step() == "approve" && self.decides() == Some("submit_closing");
        approves && !self.record.is_head(self.who(), self.today)
    }

    fn extends_twice(&self) -> bool {
        let step = "submit_handling_extension";
        let extends =
            self.step() == step || self.step() == "approve" && self.decides() == Some(step);
        extends && !self.record.approved(step).is_empty()
    }

    fn goes_on_after_end(&self) -> bool {
        const AFTER: &[&str] = &[
            "record_interview",
            "inspect",
            "preserve",
            "find_fact",
            "find_leak",
            "end_fact_finding",
            "propose_handling",
            "submit_closing",
            "submit_cancellation",
            "submit_filing",
            "approve",
            "assign_handlers",
            "assign_reviewers",
            "send_transfer",
            "recuse",
            "refer",
            "put_on_file",
        ];
        has_ended(self.record) && AFTER.contains(&self.step())
    }
}

/// The last answers of the review, where a report was made of them since it last began.
fn review<'a>(record: &Record<'a>) -> Option<&'a Told> {
    let mut answers = None;
    let (mut reported, mut on_file) = (false, false);
    for told in record.told {
        match told.step {
            "answer_review" => answers = Some(told),
            "report_review" => reported = true,
            // What is received, or supplemented after it was put on file, is reviewed anew.
            "receive_transfer" | "record_receipt" => (answers, reported) = (None, false),
            "put_on_file" => on_file = true,
            "receive_supplement" if on_file => (reported, on_file) = (false, false),
            _ => {}
        }
    }
    answers.filter(|_| reported)
}

/// Whether the dossier has ended, by the acts that end one.
fn has_ended(record: &Record<'_>) -> bool {
    let approved = |step| !record.approved(step).is_empty();
    approved("submit_closing") || approved("submit_cancellation") || record.has("order_education")
}

fn is_yes(told: &Told, field: &str) -> bool {
    matches!(told.answer(field), Some("是" | "yes"))
}

fn is_no(told: &Told, field: &str) -> bool {
    matches!(told.answer(field), Some("否" | "no"))
}

/// Art. 53: the facts are found, what had to be contained is, the persons are dealt with and the units have rectified.
fn closable(record: &Record<'_>) -> bool {
    facts_found(record) && contained_all(record) && persons_dealt_with(record) && rectified(record)
}

fn facts_found(record: &Record<'_>) -> bool {
    let contents: std::collections::BTreeSet<_> =
        record.done("find_fact").filter_map(|told| told.answer("content")).collect();
    contents.len() == 5 && record.has("find_leak") && record.has("end_fact_finding")
}

fn contained_all(record: &Record<'_>) -> bool {
    let ordered = record.done("order_containment").count();
    let done = |id: &str| {
        let mut done =
            record.done("report_containment").chain(record.done("find_containment_unneeded"));
        done.any(|told| told.answer("containment") == Some(id))
    };
    match ordered {
        0 => record.has("find_containment_unneeded"),
        ordered => (1..=ordered).all(|id| done(&id.to_string())),
    }
}

fn persons_dealt_with(record: &Record<'_>) -> bool {
    let Some(leak) = record.done("find_leak").next_back() else { return false };
    let responsible = leak.answers("responsible");
    let outcome = |steps: [&'static str; 3], person: &str| {
        let mut told = steps.into_iter().flat_map(|step| record.done(step));
        told.any(|told| column(told, "outcomes", "person").contains(&person))
    };
    let referred = |person: &str| {
        let mut referrals = record.done("refer_crime").enumerate();
        referrals.any(|(i, told)| {
            let mut replies = record.done("answer_referral");
            let id = (i + 1).to_string();
            let last = replies.rfind(|r| r.answer("referral") == Some(id.as_str()));
            let back = last.is_some_and(|reply| reply.answer("reply") == Some("declined"));
            told.answers("persons").contains(&person) && !back
        })
    };
    let dealt = |person: &&str| {
        outcome(["record_outcome", "answer_correction", "record_dealing"], person)
            || referred(person)
    };
    let suspects = record.done("suspect_crime").flat_map(|told| told.answers("persons"));
    let all_referred = suspects.into_iter().all(|person| {
        record.done("refer_crime").any(|told| told.answers("persons").contains(&person))
    });
    let open = ladder_is_open(record);
    let all = responsible.iter().all(dealt);
    all && all_referred
        && !open
        && (!responsible.is_empty() || record.has("find_nobody_responsible"))
}

/// A correction waits for its answer, or a refusal for what comes of it (art. 51 ¶2).
fn ladder_is_open(record: &Record<'_>) -> bool {
    let corrections = record.done("propose_correction").count();
    (1..=corrections).any(|id| {
        let id = id.to_string();
        let about = |told: &&Told| told.answer("correction") == Some(id.as_str());
        let answer = record.done("answer_correction").rfind(about);
        match answer.and_then(|told| told.answer("answer")) {
            None => true,
            Some("refused") => {
                let requests = record.done("request_dealing").enumerate();
                let mut requests = requests.filter(|(_, told)| about(told));
                !requests.any(|(i, _)| {
                    let dealing = (i + 1).to_string();
                    let mut results = record.done("record_dealing");
                    results.any(|told| told.answer("request") == Some(dealing.as_str()))
                })
            }
            Some(_) => false,
        }
    })
}

fn rectified(record: &Record<'_>) -> bool {
    let urged = record.done("urge_rectification").count();
    let reported = |id: usize| {
        let id = id.to_string();
        record.done("report_rectification").any(|told| told.answer("rectification") == Some(&id))
    };
    urged > 0 && (1..=urged).all(reported)
}

fn owned(standing: &Standing<'_>) -> Says {
    let department = standing.dossier.department().map(|department| department.0.as_str());
    let differs = department.is_none() || department != standing.record.owner();
    Says::of(differs.then(|| format!("{department:?}，按记录应为{:?}", standing.record.owner())))
}

fn has_clause(tried: &Tried<'_>) -> Says {
    let verdict = tried.verdict;
    let against: Vec<_> = verdict.refusals().chain(verdict.unknown()).collect();
    let bare = against.iter().find(|finding| verdict.basis(finding).is_empty());
    match (against.len(), bare) {
        (0, _) => Says::Beside,
        (_, None) => Says::Holds(1),
        (_, Some(finding)) => Says::Broken(finding.refusal.code.to_owned()),
    }
}

/// Art. 26: somebody can order containment as long as the case is open.
fn contained(standing: &Standing<'_>) -> Says {
    if standing.dossier.has_ended() {
        return Says::Beside;
    }
    let deeds = standing.day.deeds.iter().zip(standing.verdicts);
    let mut orders =
        deeds.filter(|(deed, _)| deed.probe && deed.act.step.id == "order_containment");
    let can = orders.any(|(_, verdict)| verdict.outcome() == Outcome::Allowed);
    Says::of((!can).then(|| "没有人可以责令采取补救措施".to_owned()))
}

/// Every duty lies on the desk of somebody who can take its step.
fn visible(standing: &Standing<'_>) -> Says {
    let Some(setting) = owner_setting(standing.dossier, standing.day) else { return Says::Beside };
    let duties = duties(standing.dossier, setting);
    let mut seen = std::collections::BTreeSet::new();
    for duty in &duties {
        let desk = match &duty.desk {
            Desk::Owner => setting.department.clone(),
            Desk::Department(department) => department.clone(),
        };
        if !seen.insert((duty.step, desk.0.clone())) {
            continue;
        }
        let Some(step) = procedure::step(duty.step) else { continue };
        let Some(office) = standing.day.settings.get(&desk) else { continue };
        // What waits for approval is settled by returning it, too.
        let returns = procedure::step("return").filter(|_| duty.step == "approve");
        let may = |staff: &Staff| {
            let can = |step| procedure::ask(standing.dossier, office, step, &staff.id).is_open();
            can(step) || returns.is_some_and(can)
        };
        // What nobody is left for waits until they are replaced, and that is a duty by itself.
        let owed = |step| duties.iter().any(|other| other.step == step);
        let vacant = |relation: &Relation| match relation {
            Relation::Handler => owed("assign_handlers") && standing.has_no_handler(),
            Relation::Head => owed("name_acting_head") && standing.has_no_head(),
            _ => false,
        };
        if step.who.iter().all(vacant) {
            continue;
        }
        if !office.directory.staff_of(&desk).any(may) {
            return Says::Broken(format!("待办「{}」没有人可以办理", duty.name));
        }
    }
    match seen.len() {
        0 => Says::Beside,
        seen => Says::Holds(seen as u64),
    }
}
