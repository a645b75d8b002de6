//! Promises of `docs/promises.md` that need a whole office, each by its ID.
//!
//! Full counts with `CHACHU_LONG=1`. What is killed, watched or starved is a program of its own:
//! this one, started again as `child`, or `chachu`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking and says what it measured; its support is shared"
)]

#[path = "../support/serving.rs"]
mod serving;
#[path = "../support/mod.rs"]
mod support;

mod child;
mod disk;
mod evidence;
mod log;
mod lost_answers;
mod state;
mod texts;
mod unrecorded;

use std::{path::Path, process::Command};

use jiff::civil::{Date, date};
use scenario::language::{Move, Statement};
use server::{
    accounts::give_known_password,
    clock::Clock,
    no::No,
    office::{Done, Office, Submitted},
};
use store::{Store, Stream};

/// The day on which everything happens.
const DAY: Date = date(2026, 3, 16);

/// A dossier from its lead to a piece of evidence; the name of each act that the tests take from it.
const STORY: &str = "案例 样例

部门 示例省局: 级别=省；区域=示例省；代字=示省保
部门 示例市局: 级别=市；上级=示例省局；区域=示例市；代字=示市保
单位 样例银行: 类别=企业；区域=示例市
人员 甲一: 部门=示例市局；岗位=受理人员
人员 乙一: 部门=示例市局；岗位=办案人员
人员 乙二: 部门=示例市局；岗位=办案人员
人员 乙三: 部门=示例市局；岗位=办案人员
人员 丙一: 部门=示例市局；岗位=负责人
人员 丙二: 部门=示例市局；岗位=副职负责人
人员 丁一: 部门=示例省局；岗位=负责人

2026-03-16 甲一 登记线索: 接到线索日期=2026-03-16；线索来源=机关和单位报告；案由=样例；线索内容=样例；涉及的机关、单位=样例银行
2026-03-16 丙一 进行初查并指派初查人员: 初查人员=乙一、乙二
2026-03-16 乙一 记录初查情况
  初查日期: 2026-03-16
  初查方式和经过: 谈话了解
  涉及人员的主体身份及基本情况是否查清: 是
  案件线索所反映的问题是否属实: 是
  是否造成国家秘密泄露: 是
  是否违反保密法律法规: 是
  是否达到刑事立案标准: 否
2026-03-16 乙一 呈报初查情况报告: 案件线索情况=样例；初查情况=样例；处理建议=样例
2026-03-16 乙一 填报立案表: 立案事实和理由=样例；立案依据=第二十九条第二项；附件=全部
2026-03-16 丙一 批准: 待批事项=立案；审批意见=同意
2026-03-16 丙一 指派办案人员: 办理方式=直接调查；办案人员=乙一、乙二
2026-03-16 乙一 收集、调取证据: 收集日期=2026-03-16；提供人或者来源=样例银行；收集地点=样例银行；收集方式=调取；收集人=乙一、乙二；名称=样例手机；证据种类=物证；形式=原物、原件、原始载体；附件=照片.jpg | 样例
2026-03-16 乙一 移交证据: 移交日期=2026-03-16；证据=样例手机；移交时间=09:00；接收人=乙二；移交原因=样例
2026-03-16 乙二 确认接收证据: 接收日期=2026-03-16；证据=样例手机；接收时间=09:00；接收时的状况=收到，完好
2026-03-16 丙二 自行回避: 回避的关系=与案件有利害关系；利害关系或者其他关系=近亲属
2026-03-16 丙二 批准: 待批事项=立案；审批意见=同意
2026-03-16 乙一 登记案件相关人员: 姓名=样例；身份=证人
";

/// Where in the story an act stands.
const LEAD: usize = 0;
const FILING: usize = 4;
const APPROVAL: usize = 5;
const EVIDENCE: usize = 7;
const HANDOVER: usize = 8;
const RECEIPT: usize = 9;
const RECUSAL: usize = 10;
const DEPUTY_APPROVAL: usize = 11;
const PERSON: usize = 12;

fn is_long() -> bool {
    std::env::var_os("CHACHU_LONG").is_some()
}

fn story() -> Vec<Move> {
    let scenario = scenario::parse(STORY, DAY).unwrap();
    let acts = scenario.lines.into_iter().filter_map(|line| match line {
        Statement::Act(act, _) => Some(*act),
        _ => None,
    });
    acts.collect()
}

/// The office of the story, at nine o'clock on its day.
fn office(store: Store) -> Office {
    let office = Office::open(store, Clock::default()).unwrap();
    office.clock().stand(DAY.at(9, 0, 0, 0));
    office
}

fn open(root: &Path) -> Store {
    Store::open(&root.join("data"), &root.join("data.keys")).unwrap()
}

/// Founds the office of the story; everybody has the same password.
fn found(office: &Office) {
    let cast = scenario::parse(STORY, DAY).unwrap().cast;
    office.found(cast).unwrap();
    let staff: Vec<_> = office.directory().all_staff().map(|staff| staff.id.clone()).collect();
    give_known_password(office.store(), &staff, support::PASSWORD).unwrap();
}

/// Takes an act of the story; `bytes` stand in for the content of its files.
fn take(
    office: &Office,
    act: &Move,
    (dossier, key): (Option<&str>, Option<&str>),
    bytes: Option<&[u8]>,
) -> Result<Done, No> {
    let mut answers = act.answers.clone();
    for (field, name, content) in &act.files {
        let content = bytes.unwrap_or(content.as_bytes());
        let file = office.vault_put(name, content)?;
        answers.insert(field.clone(), procedure::value::Value::write(&file));
    }
    // Whoever repeats a request under its key sends the same, and so what was seen the first time.
    let place = story().iter().position(|other| other.line == act.line).unwrap() as u64;
    let seen = match dossier {
        Some(_) if key.is_some() => Some(place),
        Some(id) => Some(office.store().version(&Stream::dossier(id))?),
        None => None,
    };
    office.execute(Submitted {
        step: act.step.id.to_owned(),
        who: act.who.clone(),
        dossier: dossier.map(str::to_owned),
        seen,
        key: key.map(str::to_owned),
        manner: procedure::Manner::Regular,
        answers,
    })
}

/// Plays the story up to an act; answers the dossier.
fn play_to(office: &Office, end: usize) -> String {
    let mut dossier = None;
    for act in &story()[..end] {
        let done = take(office, act, (dossier.as_deref(), None), None);
        let done = done.unwrap_or_else(|no| panic!("line {}: {no:?}", act.line));
        dossier.get_or_insert(done.dossier);
    }
    dossier.unwrap_or_default()
}

/// What `chachu verify` says of a record, if it finds anything.
fn wrong(root: &Path) -> Option<String> {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_chachu"));
    let output = verify.args(["verify", "--data"]).arg(root.join("data")).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&said).into_owned())
}

fn copy(from: &Path, to: &Path) {
    let mut copy = Command::new("cp");
    copy.args(["-a", "-T"]).args([from, to]);
    assert!(copy.status().unwrap().success());
}
