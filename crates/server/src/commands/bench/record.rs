//! Lists and search on a record that is there, at whatever size it has.
//!
//! Heads at the top, in the middle and at the bottom and one of the handlers ask over HTTP, with
//! words taken from the record itself; every view is recorded, as always.

use std::net::SocketAddr;

use procedure::{directory::Role, general::access::Principal, value::StaffId};
use serde_json::{Value, json};
use store::{ListQuery, Listed, Order, Scope, Sort};

use super::{
    Scale,
    gauge::{Figures, gauge},
    http::{Line, Serving, rows},
    row, say,
};
use crate::{
    accounts::Accounts,
    commands::Wrong,
    no::No,
    office::{Office, rows},
};

/// How many dossiers questions are taken from, of each asker.
const SAMPLE: usize = 200;
/// Words that hardly any dossier lacks.
const FREQUENT: [&str; 6] = ["国家秘密", "样例", "报告", "检查", "机密级", "机关和单位报告"];
/// Stages of few and of many dossiers.
const STAGES: [&str; 5] = ["初查", "调查", "不予处理", "已结案", "已登记"];

/// Somebody who asks.
struct Asker {
    who: StaffId,
    /// What they see without asking for anything in particular, spread over all of it.
    seen: Vec<Listed>,
    cookie: String,
}

/// What is asked, as addresses without the host, each with who asks.
struct Case {
    id: &'static str,
    name: &'static str,
    asked: Vec<(usize, String)>,
}

/// What was measured.
pub(super) struct Measured {
    dossiers: u64,
    clients: usize,
    cases: Vec<(&'static str, &'static str, Figures)>,
}

pub(super) fn measure(office: &Office, scale: &Scale) -> Result<Measured, Wrong> {
    // Before anybody signs in, since it may take longer than a session without use.
    office.take_all_into_search(&|taken| {
        if taken.is_multiple_of(50_000) {
            say(&format!("编入检索：{taken}件"));
        }
    })?;
    let accounts = Accounts::new(office.clone())?;
    let askers = askers(office, &accounts)?;
    say(&format!("由{}人查看：{}", askers.len(), names(&askers)));
    let serving = Serving::start(office)?;
    let cases = cases(&askers);
    let mut rounds: Vec<Vec<Figures>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 1..=scale.rounds {
        say(&format!("测量：第{round}／{}轮", scale.rounds));
        for (case, figures) in cases.iter().zip(&mut rounds) {
            let client = |start| Client::new(&serving, &askers, case, start);
            let mut clients: Vec<_> = (0..scale.clients).map(client).collect();
            figures.push(gauge(&mut clients, scale, Client::ask)?);
        }
    }
    let median = |(case, figures): (&Case, Vec<Figures>)| {
        let figures = Figures::median(figures).ok_or_else(|| Wrong::unreadable("没有测量"))?;
        Ok((case.id, case.name, figures))
    };
    let cases = cases.iter().zip(rounds).map(median).collect::<Result<_, Wrong>>()?;
    let dossiers = office.store().streams("dossier/")?.len() as u64;
    Ok(Measured { dossiers, clients: scale.clients, cases })
}

/// The head above all, one between, one below all, and a handler, with a session each.
fn askers(office: &Office, accounts: &Accounts) -> Result<Vec<Asker>, Wrong> {
    let directory = office.directory();
    let mut heads: Vec<_> = directory
        .all_staff()
        .filter(|staff| staff.is_head())
        .map(|staff| (directory.superiors(&staff.department).len(), staff.id.clone()))
        .collect();
    heads.sort();
    let mut chosen: Vec<StaffId> = Vec::new();
    for (level, head) in &heads {
        let is_first = heads.iter().find(|(other, _)| other == level);
        if is_first.is_some_and(|(_, first)| first == head) {
            chosen.push(head.clone());
        }
    }
    let lowest = chosen.last().and_then(|head| directory.staff(head)).map(|head| &head.department);
    let mut handlers = directory.all_staff().filter(|it| Some(&it.department) == lowest);
    chosen.extend(handlers.find(|it| it.roles.contains(&Role::Handler)).map(|it| it.id.clone()));
    let asker = |who: StaffId| {
        let token = accounts.begin(&who)?;
        if accounts.who(&token)?.must_change {
            let message = format!("{who}没有密码，请测量以chachu simulate --password建立的案卷库");
            return Err(Wrong::Refused(message));
        }
        let cookie = format!("chachu={token}");
        let seen = sample(office, &who)?;
        Ok(Asker { who, seen, cookie })
    };
    let askers: Vec<Asker> = chosen.into_iter().map(asker).collect::<Result<_, Wrong>>()?;
    let askers: Vec<_> = askers.into_iter().filter(|asker| !asker.seen.is_empty()).collect();
    if askers.is_empty() {
        return Err(Wrong::unreadable("案卷库中没有可以查看的卷宗"));
    }
    Ok(askers)
}

fn names(askers: &[Asker]) -> String {
    askers.iter().map(|asker| asker.who.to_string()).collect::<Vec<_>>().join("、")
}

fn sample(office: &Office, who: &StaffId) -> Result<Vec<Listed>, No> {
    let classes = procedure::general::access::classes(who, &office.directory());
    let mut seen = Vec::new();
    for sort in [Sort::Number, Sort::Received, Sort::Changed] {
        for order in [Order::Ascending, Order::Descending] {
            let principals = classes.iter().map(Principal::key).collect();
            let size = SAMPLE.div_ceil(6);
            let scope = Scope::All;
            let query = ListQuery { principals, scope, sort, order, size, ..ListQuery::default() };
            seen.extend(office.store().list(&query)?.rows);
        }
    }
    Ok(seen)
}

fn cases(askers: &[Asker]) -> Vec<Case> {
    let everybody = |id, name, paths: &[String]| {
        let asked = (0..askers.len()).flat_map(|i| paths.iter().map(move |path| (i, path.clone())));
        Case { id, name, asked: asked.collect() }
    };
    let found = |id, name, word: &dyn Fn(&Listed) -> Option<String>| {
        let asked = askers.iter().enumerate().flat_map(|(i, asker)| {
            let words = asker.seen.iter().filter_map(word);
            words.map(move |word| (i, search(&word))).collect::<Vec<_>>()
        });
        let mut asked: Vec<_> = asked.collect();
        // Nothing is asked in the order in which it lies on the disk.
        asked.sort_by_cached_key(|(_, path)| path.bytes().rev().collect::<Vec<_>>());
        Case { id, name, asked }
    };
    let sorts = ["due", "received&order=down", "changed&order=down", "number"];
    let by_stage = STAGES.iter().flat_map(|stage| {
        sorts.map(|sort| format!("/dossiers?stage={}&sort={sort}", encoded(stage)))
    });
    let frequent: Vec<_> = FREQUENT.iter().map(|word| search(word)).collect();
    vec![
        everybody("work", "待办页", &["/?tab=all".to_owned()]),
        everybody(
            "dossiers",
            "卷宗列表，各种顺序",
            &sorts.map(|it| format!("/dossiers?sort={it}")),
        ),
        everybody("stage", "卷宗列表，按阶段", &by_stage.collect::<Vec<_>>()),
        everybody(
            "overdue",
            "卷宗列表，已逾期",
            &["/?tab=overdue".to_owned(), "/?tab=overdue&sort=received&order=down".to_owned()],
        ),
        found("number", "检索：编号", &|it| Some(it.dossier.number.clone())),
        found("unit", "检索：机关、单位", &|it| {
            Some(it.dossier.unit.clone()).filter(|unit| !unit.is_empty())
        }),
        found("title", "检索：案由", &|it| {
            Some(it.dossier.title.clone()).filter(|_| !rows::sees_outline(&it.seen_by))
        }),
        found("several", "检索：单位和阶段", &|it| {
            Some(format!("{} {}", it.dossier.unit, it.dossier.stage))
        }),
        everybody("none", "检索：没有的词", &[search("喆堃䶮"), search("泄密案件查处了")]),
        everybody("frequent", "检索：常见的词，第一页", &frequent),
        everybody("character", "检索：一个字", &[search("密"), search("局")]),
    ]
}

fn search(words: &str) -> String {
    format!("/dossiers?q={}", encoded(words))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

struct Client<'a> {
    line: Line,
    address: SocketAddr,
    askers: &'a [Asker],
    case: &'a Case,
    turn: usize,
}

impl<'a> Client<'a> {
    fn new(serving: &Serving, askers: &'a [Asker], case: &'a Case, start: usize) -> Self {
        // Clients do not ask the same at the same time.
        let turn = start * case.asked.len() / 16;
        Client { line: Line::new(), address: serving.address(), askers, case, turn }
    }

    fn ask(&mut self) -> Result<(), Wrong> {
        self.turn += 1;
        let asked = self.case.asked.get(self.turn % self.case.asked.len().max(1));
        let Some((asker, path)) = asked else {
            return Err(Wrong::unreadable("案卷库中没有可以查找的内容"));
        };
        let cookie = self.askers.get(*asker).map(|asker| asker.cookie.as_str()).unwrap_or_default();
        let url = format!("http://{}{path}", self.address);
        let (status, page) = self.line.get(&url, cookie)?;
        // Words are taken from what the asker sees; others may well be in nothing of it.
        let is_sure = matches!(self.case.id, "dossiers" | "number" | "unit" | "title" | "several");
        let is_expected = status == 200 && (!is_sure || rows(page) > 0);
        if is_expected {
            return Ok(());
        }
        let who = self.askers.get(*asker).map(|asker| asker.who.to_string()).unwrap_or_default();
        Err(Wrong::Refused(format!("{who}：{path}没有找到，状态{status}")))
    }
}

impl Measured {
    pub(super) fn as_json(&self) -> Value {
        let cases: serde_json::Map<_, _> =
            self.cases.iter().map(|(id, _, it)| ((*id).to_owned(), it.as_json(None))).collect();
        json!({ "dossiers": self.dossiers, "clients": self.clients, "cases": cases })
    }

    pub(super) fn as_table(&self) -> String {
        let Measured { dossiers, clients, cases } = self;
        let mut table =
            format!("卷宗{dossiers}件；客户端{clients}个；中位轮次，时间以毫秒计，CPU含客户端\n\n");
        table.push_str(&row("", Figures::HEADS));
        for (_, name, figures) in cases {
            table.push_str(&row(name, figures.cells()));
        }
        table
    }
}
