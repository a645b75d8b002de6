//! What a dossier comes to on a day, in plain values: for the API, the command line and the assertions of scenarios.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    closing, deadline,
    dossier::Dossier,
    evidence::{self, Usability},
    general::{label, tasks},
    neighbours,
    setting::Setting,
    time::Standing,
};

/// What a dossier comes to on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The number of entries.
    pub version: u64,
    /// 线索编号.
    pub number: Option<String>,
    /// 案号.
    pub case_number: Option<String>,
    /// 案由.
    pub title: String,
    /// 阶段.
    pub stage: String,
    /// 期限.
    pub limits: Vec<Limit>,
    /// 待办.
    pub duties: Vec<Duty>,
    /// What each of the four conditions of 第五十三条 still lacks.
    pub conditions: Vec<Vec<String>>,
    /// 证据.
    pub evidence: Vec<Evidence>,
    /// 逾期报告. The leads that a unit reported too late.
    #[serde(default)]
    pub late_reports: Vec<String>,
    /// 卷宗的标注.
    #[serde(default)]
    pub marking: Option<String>,
    /// 查处工作的任务 (第六条).
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// 瑕疵. The versions of entries recorded as they happened.
    pub defects: Vec<u64>,
}

/// One limit, as it stands on the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// 名称.
    pub name: String,
    /// The clause that sets it.
    pub basis: String,
    /// 起算日.
    pub start: Date,
    /// 名义届满日.
    pub nominal: Date,
    /// 最迟日.
    pub latest: Date,
    /// 暂定.
    pub provisional: bool,
    /// The day on which it was met.
    pub met: Option<Date>,
    /// 在期内, 仅因末日为休息日而在期内, 逾期.
    pub standing: String,
    /// Days to the nominal day; negative when it is past.
    pub days_left: i32,
}

/// One open duty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duty {
    /// What is to be done.
    pub name: String,
    /// The clause that demands it.
    pub basis: String,
    /// By when, if a day was set.
    pub due: Option<Date>,
}

/// One of the five tasks of the handling.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The item of 第六条.
    pub basis: String,
    /// Its words.
    pub name: String,
    /// Whether the record shows it done.
    pub done: bool,
}

/// One item of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// 名称.
    pub name: String,
    /// 可以使用, 暂不能使用, 不能使用.
    pub usability: String,
    /// Why not.
    pub reasons: Vec<String>,
}

/// Sums a dossier up on the setting's day.
pub fn summary(dossier: &Dossier, setting: &Setting) -> Summary {
    let today = setting.today();
    Summary {
        version: dossier.version(),
        number: dossier.intake.leads.first().map(|lead| lead.number.to_string()),
        case_number: dossier.filing.case.as_ref().map(|case| case.number.to_string()),
        title: dossier.title().to_owned(),
        stage: dossier.stage().to_string(),
        limits: deadline::limits(dossier, setting).iter().map(|l| limit(l, today)).collect(),
        duties: deadline::duties(dossier, setting)
            .into_iter()
            .map(|duty| Duty { name: duty.name, basis: duty.basis.to_string(), due: duty.due })
            .collect(),
        conditions: closing::conditions(dossier, setting).into_iter().map(|c| c.missing).collect(),
        evidence: dossier.evidence.items.iter().map(|i| evidence_of(i, dossier, setting)).collect(),
        late_reports: dossier
            .intake
            .leads
            .iter()
            .filter(|lead| neighbours::is_reported_late(lead, setting))
            .map(|lead| lead.number.to_string())
            .collect(),
        marking: label::marking(dossier).map(|label| label.to_string()),
        tasks: tasks::tasks(dossier, setting).into_iter().map(task).collect(),
        defects: dossier
            .history
            .iter()
            .filter(|entry| !entry.breaches.is_empty())
            .map(|entry| entry.version)
            .collect(),
    }
}

fn task(task: tasks::Task) -> Task {
    Task { basis: task.basis.to_string(), name: task.name.to_owned(), done: task.done }
}

fn limit(running: &deadline::Running, today: Date) -> Limit {
    let deadline = running.deadline;
    let standing = match deadline.standing(running.met.unwrap_or(today)) {
        Standing::InTime { .. } => "在期内",
        Standing::InTimeOnlyBecauseLastDayWasOff => "仅因末日为休息日而在期内",
        Standing::Late { .. } => "逾期",
    };
    Limit {
        name: running.name.to_owned(),
        basis: running.basis.to_string(),
        start: deadline.start,
        nominal: deadline.nominal,
        latest: deadline.latest,
        provisional: deadline.provisional,
        met: running.met,
        standing: standing.to_owned(),
        days_left: (deadline.nominal - today).get_days(),
    }
}

fn evidence_of(item: &evidence::Item, dossier: &Dossier, setting: &Setting) -> Evidence {
    let usability = evidence::usability(item, dossier, setting);
    let reasons = evidence::reasons(&usability).iter().map(|&reason| reason.to_owned()).collect();
    let word = match usability {
        Usability::Usable => "可以使用",
        Usability::NotYet(_) => "暂不能使用",
        Usability::Excluded(_) => "不能使用",
    };
    Evidence { name: item.name.clone(), usability: word.to_owned(), reasons }
}
