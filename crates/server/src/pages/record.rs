//! The parts of a dossier as plain data for its page: what is on record, section by section.
//!
//! Everything is read off the computed state; nothing here judges.

use askama::Template;
use jiff::civil::Date;
use procedure::{
    Dossier, Event, Setting,
    approval::{Fate, Submission},
    closing,
    dossier::Stamp,
    evidence::{self, Usability},
    investigation::finding::Content,
    law::clause,
    neighbours, readings,
    step::{Field, Form, Step},
    value::{Answers, EvidenceId, PersonId, Place, SecretItemId},
};

use super::{
    frame::{Cite, cites, minute},
    show::{self, Line, Shown},
};

/// Forms with more fields than this are folded away until somebody wants to read them.
const FOLDED_FROM: usize = 9;

/// One thing on record: a title, what marks it, and what was filled in.
#[derive(Template)]
#[template(path = "record.html")]
pub(super) struct Record {
    /// The dossier.
    id: String,
    title: String,
    /// In which state it is, with a modifier of `.badge`.
    badge: Option<(&'static str, String)>,
    /// 瑕疵.
    in_breach: bool,
    meta: String,
    lines: Vec<Line>,
    /// Whether the lines are so many that they are folded away.
    folded: bool,
    /// Steps that go on from here, with their links.
    links: Vec<(String, String)>,
}

/// A titled section of records.
pub(super) struct Section {
    /// The anchor.
    pub(super) anchor: &'static str,
    /// Its title.
    pub(super) title: &'static str,
    /// The article it rests on.
    pub(super) cite: Option<Cite>,
    /// What is on record.
    pub(super) records: Vec<Record>,
}

/// One condition of 第五十三条, or one of the contents of 第三十四条.
pub(super) struct Condition {
    /// A state of `.checklist`.
    pub(super) state: &'static str,
    /// Its words.
    pub(super) text: String,
    /// What is missing, or on what it rests.
    pub(super) notes: Vec<String>,
}

/// 证据. One row.
pub(super) struct EvidenceRow {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) taken: Date,
    /// A modifier of `.usable`, and its word.
    pub(super) usable: (&'static str, &'static str),
    pub(super) reasons: Vec<&'static str>,
    pub(super) in_breach: bool,
}

/// 呈报. One row.
pub(super) struct ApprovalRow {
    pub(super) number: u32,
    pub(super) matter: &'static str,
    pub(super) submitted: String,
    pub(super) badge: &'static str,
    pub(super) fate: String,
    pub(super) opinion: String,
    pub(super) notes: Vec<&'static str>,
    pub(super) pending: bool,
}

/// 文书. One row.
pub(super) struct PaperRow {
    pub(super) name: String,
    pub(super) number: String,
    pub(super) date: Date,
    /// Its SM3, once it is fixed.
    pub(super) sm3: Option<String>,
}

/// One entry of the history.
pub(super) struct HistoryRow {
    pub(super) version: u64,
    pub(super) occurred: Date,
    pub(super) entered: String,
    pub(super) entered_later: bool,
    pub(super) name: &'static str,
    pub(super) number: Option<String>,
    pub(super) cites: Vec<Cite>,
    pub(super) who: String,
    pub(super) lines: Vec<Line>,
    pub(super) breaches: Vec<(&'static str, Vec<Cite>)>,
    pub(super) circumstances: Option<String>,
    /// By which entry it was corrected.
    pub(super) corrected_by: Option<u64>,
    /// What it corrects: the entry, what changed, and why.
    pub(super) correction: Option<Correction>,
    /// 解读. The readings under which it was judged.
    pub(super) readings: Vec<Cite>,
    pub(super) correctable: bool,
}

/// 更正. What an entry changed in an earlier one.
pub(super) struct Correction {
    pub(super) entry: u64,
    pub(super) changes: Vec<(&'static str, String, String)>,
    pub(super) reason: Option<String>,
}

/// Reads a dossier for its page.
pub(super) struct Reader<'a> {
    /// The dossier.
    pub(super) dossier: &'a Dossier,
    /// Everything outside it.
    pub(super) setting: &'a Setting,
}

impl<'a> Reader<'a> {
    fn place(&self) -> Place<'a> {
        self.setting.place(self.dossier)
    }

    fn name(&self, stamp: &Stamp) -> &'a str {
        self.setting.directory.staff_name(&stamp.by)
    }

    fn lines(&self, fields: &'static [Field], answers: &Answers) -> Vec<Line> {
        show::lines(fields.iter().copied(), answers, self.place())
    }

    /// A record of one form.
    fn form<F: Form>(&self, title: impl Into<String>, form: &F, stamp: Option<&Stamp>) -> Record {
        let meta = stamp.map(|stamp| format!("{}　{}", stamp.occurred, self.name(stamp)));
        Record {
            id: self.dossier.id.clone(),
            title: title.into(),
            badge: None,
            in_breach: stamp.is_some_and(|stamp| stamp.in_breach),
            meta: meta.unwrap_or_default(),
            lines: self.lines(F::FIELDS, &form.write()),
            folded: F::FIELDS.len() > FOLDED_FROM,
            links: Vec::new(),
        }
    }

    fn link(&self, step: &str, field: &str, number: u32) -> (String, String) {
        let name = procedure::step(step).map_or(step, |step| step.name);
        let href = format!("/dossiers/{}/steps/{step}?{field}={number}", self.dossier.id);
        (name.to_owned(), href)
    }

    /// The sections between the evidence and the papers, those without records left out.
    pub(super) fn sections(&self) -> Vec<Section> {
        let section = |anchor, title, article: u8, records| Section {
            anchor,
            title,
            cite: Some(clause(article).into()),
            records,
        };
        let sections = vec![
            section("leads", "线索", 23, self.leads()),
            section("containment", "补救措施", 26, self.containments()),
            section("review", "初查", 27, self.review()),
            section("recusals", "回避", 9, self.recusals()),
            section("interviews", "询问", 38, self.interviews()),
            section("inspections", "检查", 44, self.inspections()),
            section("defence", "陈述和申辩", 42, self.pleas()),
            section("appraisals", "密级鉴定", 47, self.appraisals()),
            section("leak", "泄密认定", 4, self.leak()),
            section("handling", "人员处理", 51, self.proposals()),
            section("rectification", "整改", 52, self.rectifications()),
            section("notices", "通知和说明", 32, self.notices()),
        ];
        sections.into_iter().filter(|section| !section.records.is_empty()).collect()
    }

    fn leads(&self) -> Vec<Record> {
        let intake = &self.dossier.intake;
        let leads = intake.leads.iter().map(|lead| {
            let mut record = self.form(lead.number.to_string(), &lead.form, Some(&lead.stamp));
            let is_late = neighbours::is_reported_late(lead, self.setting);
            record.badge = is_late.then(|| ("warn", "单位逾期报告".to_owned()));
            record
        });
        let materials = intake.materials.iter();
        let materials =
            materials.map(|(form, stamp)| self.form("接收证据材料、物品", form, Some(stamp)));
        let verified = intake.verified.iter().map(|form| self.form("核实线索", form, None));
        let education = intake.education.iter();
        let education = education.map(|(form, stamp)| self.form("责成批评教育", form, Some(stamp)));
        leads.chain(materials).chain(verified).chain(education).collect()
    }

    fn containments(&self) -> Vec<Record> {
        let ordered = self.dossier.intake.containments.iter().zip(1..).map(|(order, i)| {
            let mut record = self.form(format!("责令 {i}"), &order.form, Some(&order.stamp));
            match &order.result {
                Some((result, day)) => {
                    record.badge = Some(("ok", "已落实".to_owned()));
                    record.lines.push(line("落实情况", format!("{day}　{result}")));
                }
                None => {
                    record.badge = Some(("warn", "待落实".to_owned()));
                    record.links.push(self.link("report_containment", "containment", i));
                }
            }
            record
        });
        let unneeded = self.dossier.closing.containment_unneeded.iter();
        let unneeded =
            unneeded.map(|(form, stamp)| self.form("没有需要采取的补救措施", form, Some(stamp)));
        ordered.chain(unneeded).collect()
    }

    fn review(&self) -> Vec<Record> {
        let filing = &self.dossier.filing;
        let answers = filing.answers.iter().map(|form| self.form("初查情况", form, None));
        let major = filing.major.iter().map(|(f, stamp)| self.form("重大、复杂", f, Some(stamp)));
        let report =
            filing.report.iter().map(|(f, stamp)| self.form("初查情况报告", f, Some(stamp)));
        answers.chain(major).chain(report).collect()
    }

    fn recusals(&self) -> Vec<Record> {
        let record = |recusal: &procedure::general::recusal::Recusal| {
            let name = self.setting.directory.staff_name(&recusal.staff);
            let by = match &recusal.party {
                Some(party) => format!("{}申请", self.dossier.general.person_name(party)),
                None => "自行回避".to_owned(),
            };
            let mut lines = vec![line("理由", recusal.reason.to_string())];
            let mut links = Vec::new();
            let badge = match &recusal.decision {
                Some((form, stamp)) => {
                    let decided =
                        format!("{}　{}　{}", stamp.occurred, self.name(stamp), form.reason);
                    lines.push(line("决定", decided));
                    ("muted", form.decision.to_string())
                }
                None => {
                    links.push(self.link("decide_recusal", "recusal", recusal.id));
                    ("warn", "待决定".to_owned())
                }
            };
            Record {
                id: self.dossier.id.clone(),
                title: format!("{name}　{by}"),
                badge: Some(badge),
                in_breach: false,
                meta: format!("{}　{}", recusal.stamp.occurred, self.name(&recusal.stamp)),
                lines,
                folded: false,
                links,
            }
        };
        self.dossier.general.recusals.iter().map(record).collect()
    }

    fn interviews(&self) -> Vec<Record> {
        let state = &self.dossier.investigation;
        let rights =
            state.rights.iter().map(|(form, stamp)| self.form("告知权利义务", form, Some(stamp)));
        let arranged =
            state.arranged.iter().map(|(form, stamp)| self.form("安排询问", form, Some(stamp)));
        let held = state.interviews.iter().zip(1..).map(|(interview, i)| {
            let title = format!("询问{}", interview.persons(self.dossier));
            let mut record = self.form(title, &interview.form, Some(&interview.stamp));
            match &interview.signed {
                Some((form, _)) => {
                    record.badge = Some(("ok", form.signature.to_string()));
                    record.lines.extend(
                        self.lines(
                            procedure::investigation::interview::SignRecord::FIELDS,
                            &form.write(),
                        )
                        .into_iter()
                        .filter(|line| line.label != "询问"),
                    );
                }
                None => {
                    record.badge = Some(("warn", "笔录待核对签名".to_owned()));
                    record.links.push(self.link("sign_record", "interview", i));
                }
            }
            record
        });
        let requests = state.statement_requests.iter();
        let requests =
            requests.map(|(form, stamp)| self.form("自行提供书面材料的请求", form, Some(stamp)));
        rights.chain(arranged).chain(held).chain(requests).collect()
    }

    fn inspections(&self) -> Vec<Record> {
        let inspections = self.dossier.investigation.inspections.iter();
        inspections.map(|(f, stamp)| self.form(f.object.to_string(), f, Some(stamp))).collect()
    }

    fn pleas(&self) -> Vec<Record> {
        let state = &self.dossier.investigation;
        let hearings = state.hearings.iter().map(|(form, stamp)| {
            let party = self.dossier.general.person_name(&form.party);
            let mut record = self.form(format!("听取{party}"), form, Some(stamp));
            if form.points.is_empty() {
                record.badge = Some(("muted", "没有申辩".to_owned()));
            }
            record
        });
        let pleas = state.pleas.iter().zip(1..).map(|(plea, i)| {
            let party = self.dossier.general.person_name(&plea.party);
            let mut record = Record {
                id: self.dossier.id.clone(),
                title: format!("申辩 {i}"),
                badge: None,
                in_breach: false,
                meta: party.to_owned(),
                lines: vec![line("申辩", plea.content.to_string())],
                folded: false,
                links: Vec::new(),
            };
            match &plea.verified {
                Some((form, stamp)) => {
                    record.badge = Some(("ok", form.result.to_string()));
                    let words = format!("{}　{}　{}", stamp.occurred, self.name(stamp), form.means);
                    record.lines.push(line("核查", words));
                }
                None => {
                    record.badge = Some(("warn", "待核查".to_owned()));
                    record.links.push(self.link("verify_plea", "plea", i));
                }
            }
            record
        });
        hearings.chain(pleas).collect()
    }

    fn appraisals(&self) -> Vec<Record> {
        let appraisals = self.dossier.investigation.appraisals.iter().zip(1..);
        let record = |(appraisal, i): (&procedure::investigation::Appraisal, u32)| {
            let mut record =
                self.form(format!("提请 {i}"), &appraisal.form, Some(&appraisal.stamp));
            match &appraisal.result {
                Some((form, stamp)) => {
                    record.badge = Some(("ok", format!("{}作出", stamp.occurred)));
                    let result = self.form("", form, None).lines;
                    record.lines.extend(result.into_iter().filter(|l| l.label != "密级鉴定提请"));
                }
                None => {
                    record.badge = Some(("warn", "待收".to_owned()));
                    record.links.push(self.link("record_appraisal", "appraisal", i));
                }
            }
            record
        };
        appraisals.map(record).collect()
    }

    fn leak(&self) -> Vec<Record> {
        let leak = self.dossier.general.leak.iter();
        let leak = leak.map(|(form, stamp)| self.form("认定泄露国家秘密", form, Some(stamp)));
        let state = &self.dossier.investigation;
        let nobody = state.nobody_responsible.iter();
        let nobody =
            nobody.map(|(form, stamp)| self.form("没有需要追究责任的人员", form, Some(stamp)));
        let ended = state.fact_finding_ended.iter();
        let ended = ended.map(|(form, stamp)| self.form("调查结束", form, Some(stamp)));
        leak.chain(nobody).chain(ended).collect()
    }

    fn proposals(&self) -> Vec<Record> {
        let proposals = self.dossier.investigation.proposals.iter().zip(1..);
        let record = |(proposal, i): (&procedure::investigation::handling::Proposal, u32)| {
            let mut record = self.form(format!("建议 {i}"), &proposal.form, Some(&proposal.stamp));
            for outcome in &proposal.outcomes {
                let person = self.dossier.general.person_name(&outcome.person);
                record.lines.push(line("处理结果", format!("{person}　{}", outcome.result)));
            }
            if !self.dossier.investigation.awaits(proposal) {
                record.badge = Some(("ok", "已告知结果".to_owned()));
            } else {
                record.badge = Some(("warn", "待告知结果".to_owned()));
                record.links.push(self.link("record_outcome", "proposal", i));
            }
            record
        };
        proposals.map(record).collect()
    }

    fn rectifications(&self) -> Vec<Record> {
        let urged = self.dossier.investigation.rectifications.iter().zip(1..);
        let record = |(urged, i): (&procedure::investigation::handling::Rectification, u32)| {
            let mut record = self.form(format!("整改 {i}"), &urged.form, Some(&urged.stamp));
            match &urged.reported {
                Some((form, stamp)) => {
                    record.badge = Some(("ok", "已报送".to_owned()));
                    let words = format!("{}　{}", stamp.occurred, form.measures);
                    record.lines.push(line("整改情况", words));
                    record.links.push(self.link("recheck_rectification", "rectification", i));
                }
                None => {
                    record.badge = Some(("warn", "待报送".to_owned()));
                    record.links.push(self.link("report_rectification", "rectification", i));
                }
            }
            for (form, stamp) in &urged.rechecked {
                let words = format!("{}　{}　{}", stamp.occurred, form.result, form.detail);
                record.lines.push(line("复查", words));
            }
            record
        };
        urged.map(record).collect()
    }

    fn notices(&self) -> Vec<Record> {
        let filing = self.dossier.filing.notices.iter().map(|(form, number, stamp)| {
            self.form(format!("立案通知　{number}"), form, Some(stamp))
        });
        let cancelled = self.dossier.investigation.cancellation_notices.iter();
        let cancelled = cancelled.map(|(form, stamp)| self.form("撤销案件通知", form, Some(stamp)));
        let explained = self.dossier.closing.explained.iter();
        let explained = explained
            .map(|(form, stamp)| self.form("向上一级说明未按期结案的原因", form, Some(stamp)));
        filing.chain(cancelled).chain(explained).collect()
    }

    /// 案件相关人员.
    pub(super) fn persons(&self) -> Vec<Record> {
        let state = &self.dossier.investigation;
        let numbered = (1..).map(PersonId).zip(&self.dossier.general.persons);
        let record = |(id, (form, _)): (PersonId, &(procedure::general::IdentifyPerson, Stamp))| {
            let mut record = self.form(form.name.to_string(), form, None);
            record.badge = Some(("muted", form.standing.to_string()));
            record.lines.retain(|line| !matches!(line.label, "姓名" | "身份"));
            let told = state.rights.iter().find(|(form, _)| form.persons.contains(&id));
            if let Some((_, stamp)) = told {
                record.lines.push(line("告知权利义务", stamp.occurred.to_string()));
            }
            let asked = state.interviews.iter().filter(|i| i.form.persons.contains(&id)).count();
            if asked > 0 {
                record.lines.push(line("询问", format!("{asked} 次")));
            }
            record
        };
        numbered.map(record).collect()
    }

    /// 国家秘密事项, each with its appraisal.
    pub(super) fn secret_items(&self) -> Vec<Record> {
        let numbered = (1..).map(SecretItemId).zip(&self.dossier.general.secret_items);
        let results = || {
            let appraisals = self.dossier.investigation.appraisals.iter();
            appraisals.filter_map(|appraisal| appraisal.result.as_ref())
        };
        let record =
            |(id, (form, _)): (SecretItemId, &(procedure::general::ListSecretItem, Stamp))| {
                let mut record = self.form(form.name.to_string(), form, None);
                record.badge = Some(("muted", form.grade.to_string()));
                record.lines.retain(|line| !matches!(line.label, "名称" | "密级"));
                for (result, stamp) in results() {
                    for row in result.results.iter().filter(|row| row.item == id) {
                        let words =
                            format!("{}　{}　{}", row.result, result.number, stamp.occurred);
                        record.lines.push(line("鉴定", words));
                    }
                }
                record
            };
        numbered.map(record).collect()
    }

    /// 证据, each with what is computed of its use.
    pub(super) fn evidence(&self) -> Vec<EvidenceRow> {
        let row = |item: &evidence::Item| {
            let usability = evidence::usability(item, self.dossier, self.setting);
            EvidenceRow {
                number: item.id,
                name: item.name.clone(),
                kind: item.kind.label(),
                taken: item.stamp.occurred,
                usable: match usability {
                    Usability::Usable => ("yes", "可以使用"),
                    Usability::NotYet(_) => ("notyet", "暂不能使用"),
                    Usability::Excluded(_) => ("no", "不能使用"),
                },
                reasons: evidence::reasons(&usability).to_vec(),
                in_breach: item.stamp.in_breach,
            }
        };
        self.dossier.evidence.items.iter().map(row).collect()
    }

    /// The five contents of 第三十四条.
    pub(super) fn findings(&self) -> Vec<Condition> {
        let found = |content: &Content| match self.dossier.investigation.fact(*content) {
            Some(form) => {
                let numbers = form.evidence.iter().map(|EvidenceId(number)| number.to_string());
                let numbers = numbers.collect::<Vec<_>>().join("、");
                let mut notes = vec![format!("{}：{}", form.none, form.finding)];
                notes.extend((!numbers.is_empty()).then(|| format!("证据 {numbers}")));
                notes.extend(form.assessment.as_ref().map(|words| words.to_string()));
                Condition { state: "met", text: content.to_string(), notes }
            }
            None => Condition {
                state: "open",
                text: content.to_string(),
                notes: vec!["尚未认定".to_owned()],
            },
        };
        Content::ALL.iter().map(found).collect()
    }

    /// The four conditions of 第五十三条.
    pub(super) fn conditions(&self) -> [Condition; 4] {
        closing::conditions(self.dossier, self.setting).map(|condition| {
            let text = clause(53).item(condition.item).text().unwrap_or_default();
            Condition {
                state: if condition.missing.is_empty() { "met" } else { "open" },
                text: text.trim_end_matches(['；', '。']).to_owned(),
                notes: condition.missing,
            }
        })
    }

    /// 呈报, the last first.
    pub(super) fn approvals(&self) -> Vec<ApprovalRow> {
        self.dossier.approval.submissions.iter().rev().map(|s| self.approval(s)).collect()
    }

    fn approval(&self, submission: &Submission) -> ApprovalRow {
        let when = |stamp: &Stamp| format!("{}　{}", minute(stamp.entered), self.name(stamp));
        let (badge, fate, opinion) = match &submission.state {
            Fate::Pending => ("warn", "待批".to_owned(), String::new()),
            Fate::Returned { comments, stamp } => {
                ("muted", format!("退回　{}", when(stamp)), comments.to_string())
            }
            Fate::Approved { opinion, stamp, .. } => {
                ("ok", format!("批准　{}", when(stamp)), opinion.to_string())
            }
        };
        let mut notes = Vec::new();
        if let Fate::Approved { late, sole_head, .. } = submission.state {
            notes.extend(late.then_some("届满后批准"));
            notes.extend(sole_head.then_some("没有其他负责人，由办案人员审批"));
        }
        ApprovalRow {
            number: submission.id,
            matter: submission.matter.kind().label(),
            submitted: when(&submission.stamp),
            badge,
            fate,
            opinion,
            notes,
            pending: submission.state == Fate::Pending,
        }
    }

    /// 文书.
    pub(super) fn papers(&self) -> Vec<PaperRow> {
        let fixed = &self.dossier.supplementary.papers;
        let row = |(code, version): (procedure::supplementary::PaperCode, u64)| {
            let entry = self.dossier.entry(version)?;
            let fixed = fixed
                .iter()
                .find(|(form, _)| form.paper == code && u64::from(form.entry) == version);
            let interview = procedure::supplementary::interview_of(self.dossier, version)
                .and_then(|id| self.dossier.investigation.interview(&id));
            let of = interview.map(|interview| format!("（{}）", interview.persons(self.dossier)));
            let number = entry.number().map(ToString::to_string);
            Some(PaperRow {
                name: format!("{}{}", code.label(), of.unwrap_or_default()),
                number: number.unwrap_or_default(),
                date: entry.occurred,
                sm3: fixed.map(|(form, _)| form.file.sm3.clone()),
            })
        };
        procedure::supplementary::papers_issued(self.dossier).filter_map(row).collect()
    }

    /// 经过, the last first.
    pub(super) fn history(&self) -> Vec<HistoryRow> {
        self.dossier.history.iter().rev().filter_map(|entry| self.entry(entry)).collect()
    }

    fn entry(&self, entry: &procedure::Entry) -> Option<HistoryRow> {
        let step = procedure::step(&entry.step)?;
        let directory = &self.setting.directory;
        let breach = |code: &String| {
            let refusal = procedure::refusals().find(|refusal| refusal.code == code)?;
            let basis = if refusal.basis.is_empty() { step.basis } else { refusal.basis };
            Some((refusal.message, cites(basis)))
        };
        let correction = self.correction(step, entry);
        let lines = match &correction {
            Some(_) => Vec::new(),
            None => self.event_lines(step, &entry.event),
        };
        let corrected_by = self.dossier.correction_of(entry.version).map(|later| later.version);
        let interview = procedure::supplementary::interview_of(self.dossier, entry.version);
        let signed = interview
            .and_then(|id| self.dossier.investigation.interview(&id))
            .is_some_and(|interview| interview.signed.is_some());
        Some(HistoryRow {
            version: entry.version,
            occurred: entry.occurred,
            entered: minute(entry.entered),
            entered_later: entry.is_entered_later(),
            name: step.name,
            number: entry.number().map(ToString::to_string),
            cites: cites(step.basis),
            who: directory.staff_name(&entry.by).to_owned(),
            lines,
            breaches: entry.breaches.iter().filter_map(breach).collect(),
            circumstances: entry.circumstances.as_ref().map(ToString::to_string),
            corrected_by,
            correctable: step.correctable && correction.is_none() && !signed,
            correction,
            readings: entry
                .readings
                .iter()
                .filter_map(|id| readings::find(id))
                .map(Cite::from)
                .collect(),
        })
    }

    /// What was filled in on the form of an event.
    pub(super) fn event_lines(&self, step: &Step, event: &Event) -> Vec<Line> {
        self.lines(step.fields, &event.answers())
    }

    fn correction(&self, step: &Step, entry: &procedure::Entry) -> Option<Correction> {
        let Event::Corrected { entry: version, event, occurred, reason } = &entry.event else {
            return None;
        };
        let earlier = |later: &&procedure::Entry| {
            later.version < entry.version
                && matches!(&later.event, Event::Corrected { entry, .. } if entry == version)
        };
        let original = self.dossier.entry(*version)?;
        let (before, day) = match self.dossier.history.iter().rev().find(earlier) {
            Some(procedure::Entry { event: Event::Corrected { event, occurred, .. }, .. }) => {
                (event.as_ref(), *occurred)
            }
            _ => (&original.event, original.occurred),
        };
        let old = self.event_lines(step, before);
        let mut changes = show::differences(&old, &self.event_lines(step, event));
        if let procedure::step::Occurs::OnDay(label) = step.occurs
            && day != *occurred
        {
            changes.insert(0, (label, day.to_string(), occurred.to_string()));
        }
        let reason = reason.as_ref().map(ToString::to_string);
        Some(Correction { entry: *version, changes, reason })
    }
}

fn line(label: &'static str, text: String) -> Line {
    Line { label, value: Shown::Text(text) }
}
