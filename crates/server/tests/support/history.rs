//! Many clients at once, what they did and heard, and whether that could have happened one after the other.
//!
//! The servers are addresses and the record is a store, so that the same runs against any number of nodes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use procedure::{
    Entry,
    step::{Step, Weight},
    value::StaffId,
};
use scenario::{
    Scenario,
    language::{Move, Statement},
};
use serde_json::{Value, json};
use store::{Store, Stream};
use testkit::Client;

/// A case whose acts anybody may try at any time: numbers are drawn, heads stand back, an object changes hands.
const CASE: &str = "案例 并发办理

部门 示例省局: 级别=省；区域=示例省；代字=示省保
部门 示例市局: 级别=市；上级=示例省局；区域=示例市；代字=示市保
单位 样例单位: 类别=机关；区域=示例市
人员 甲一: 部门=示例市局；岗位=受理人员
人员 乙一: 部门=示例市局；岗位=办案人员
人员 乙二: 部门=示例市局；岗位=办案人员
人员 丙一: 部门=示例市局；岗位=负责人
人员 丙二: 部门=示例市局；岗位=副职负责人

DAY 甲一 登记线索: 接到线索日期=DAY；线索来源=机关和单位报告；案由=样例；线索内容=样例；涉及的机关、单位=样例单位
DAY 丙一 进行初查并指派初查人员: 初查人员=乙一、乙二
DAY 乙一 记录初查情况
  初查日期: DAY
  初查方式和经过: 谈话了解
  涉及人员的主体身份及基本情况是否查清: 是
  案件线索所反映的问题是否属实: 是
  是否造成国家秘密泄露: 是
  是否违反保密法律法规: 是
  是否达到刑事立案标准: 否
DAY 乙一 呈报初查情况报告: 案件线索情况=样例；初查情况=样例；处理建议=样例
DAY 乙一 填报立案表: 立案事实和理由=样例；立案依据=第二十九条第二项；附件=全部
DAY 丙一 批准: 待批事项=立案；审批意见=同意
DAY 丙一 指派办案人员: 办理方式=直接调查；办案人员=乙一、乙二
DAY 乙一 立案通知
  通知日期: DAY
  通知对象: 有关机关、单位
  通知的机关、单位: 样例单位
  联系人和联系方式: 乙一，示例市局
DAY 乙一 收集、调取证据: 收集日期=DAY；提供人或者来源=样例单位；收集地点=样例单位；收集方式=调取；收集人=乙一、乙二；名称=样例手机；证据种类=物证；形式=原物、原件、原始载体
DAY 乙一 移交证据: 移交日期=DAY；证据=1；移交时间=00:00；接收人=乙二；移交原因=送检
DAY 乙一 移交证据: 移交日期=DAY；证据=1；移交时间=00:00；接收人=丙二；移交原因=送保管室
DAY 乙二 确认接收证据: 接收日期=DAY；证据=1；接收时间=00:00；接收时的状况=收到，完好
DAY 丙二 确认接收证据: 接收日期=DAY；证据=1；接收时间=00:00；接收时的状况=收到，完好
DAY 乙二 移交证据: 移交日期=DAY；证据=1；移交时间=00:00；接收人=乙一；移交原因=退回
DAY 丙二 移交证据: 移交日期=DAY；证据=1；移交时间=00:00；接收人=乙一；移交原因=退回
DAY 乙一 确认接收证据: 接收日期=DAY；证据=1；接收时间=00:00；接收时的状况=收到，完好
DAY 丙二 批准: 待批事项=立案；审批意见=同意
DAY 丙二 指派办案人员: 办理方式=直接调查；办案人员=乙一、乙二
DAY 丙一 自行回避: 回避的关系=与案件有利害关系；利害关系或者其他关系=样例
DAY 甲一 登记案件相关人员: 姓名=样例；身份=证人
";

/// Up to here the lines of the case follow one another.
const IN_ORDER: usize = 10;
/// How many dossiers are worked on at once.
const OPEN: usize = 6;

pub fn case(today: jiff::civil::Date) -> Scenario {
    scenario::parse(&CASE.replace("DAY", &today.to_string()), today).unwrap()
}

/// A request, and what came of it.
#[derive(Clone, Debug)]
pub struct Act {
    pub key: String,
    pub who: StaffId,
    pub step: &'static Step,
    pub seen: Option<u64>,
    pub began: Instant,
    pub ended: Instant,
    pub status: u16,
    /// Where it was recorded.
    pub done: Option<(String, u64)>,
    pub number: Option<String>,
}

/// What is known of the dossiers that are worked on: id and version.
type Open = Mutex<Vec<(String, u64)>>;

/// Lets `clients` act on the servers at these addresses for a while.
pub fn run(
    addresses: &[String],
    password: &str,
    case: &Scenario,
    seed: u64,
    clients: u64,
    length: Duration,
) -> Vec<Act> {
    let moves: Vec<&Move> = case
        .lines
        .iter()
        .filter_map(|line| match line {
            Statement::Act(act, _) => Some(&**act),
            _ => None,
        })
        .collect();
    let who: BTreeSet<_> = moves.iter().map(|act| act.who.clone()).collect();
    let signed_in: Vec<BTreeMap<StaffId, Client>> = addresses
        .iter()
        .map(|base| {
            let one =
                |who: &StaffId| (who.clone(), Client::sign_in(base, &who.0, password).unwrap());
            who.iter().map(one).collect()
        })
        .collect();
    let open = Open::default();
    let until = Instant::now() + length;
    thread::scope(|scope| {
        let (moves, signed_in, open) = (&moves, &signed_in, &open);
        let all: Vec<_> = (0..clients)
            .map(|number| {
                scope.spawn(move || {
                    let random =
                        fastrand::Rng::with_seed(seed.wrapping_mul(1_000).wrapping_add(number));
                    let node = &signed_in[number as usize % signed_in.len()];
                    one_client(node, moves, open, random, &format!("s{seed}c{number}"), until)
                })
            })
            .collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    })
}

fn one_client(
    node: &BTreeMap<StaffId, Client>,
    moves: &[&Move],
    open: &Open,
    mut random: fastrand::Rng,
    name: &str,
    until: Instant,
) -> Vec<Act> {
    let mut acts = Vec::new();
    for n in 0.. {
        if Instant::now() > until {
            break;
        }
        let chosen = {
            let open = open.lock().unwrap();
            (open.len() == OPEN || random.u8(..) > 60)
                .then(|| random.choice(open.iter()).cloned())
                .flatten()
        };
        let index = match &chosen {
            None => 0,
            // Mostly what is next, by several at once; sometimes anything.
            Some((_, version)) if random.u8(..) < 180 && (*version as usize) < IN_ORDER => {
                *version as usize
            }
            Some(_) => random.usize(1..moves.len()),
        };
        let mv = moves[index];
        let key = format!("{name}n{n}");
        let mut answers = serde_json::to_value(&mv.answers).unwrap();
        if index == 0 {
            answers["title"] = json!(key);
        }
        let seen = chosen.as_ref().map(|(_, version)| *version);
        let body = json!({
            "step": mv.step.id, "dossier": chosen.as_ref().map(|(id, _)| id), "seen": seen,
            "answers": answers,
        });
        let act = send(&node[&mv.who], mv, key, seen, &body);
        if random.u8(..) < 20 {
            // Whoever asks again under the same key hears the same.
            let again = send(&node[&mv.who], mv, act.key.clone(), seen, &body);
            if act.done.is_some() {
                assert_eq!((&again.done, &again.number), (&act.done, &act.number));
            } else {
                acts.extend(again.done.is_some().then_some(again));
            }
        }
        note(open, &node[&mv.who], chosen.map(|(id, _)| id), &act, &mut random);
        acts.push(act);
    }
    acts
}

/// Takes over how far a dossier is; after a while it makes room for another.
fn note(
    open: &Open,
    client: &Client,
    chosen: Option<String>,
    act: &Act,
    random: &mut fastrand::Rng,
) {
    let known = match (&act.done, chosen) {
        (Some(done), _) => Some(done.clone()),
        (None, Some(id)) if act.status == 409 => {
            let read = client.get(&format!("/api/dossiers/{id}")).unwrap();
            read.body["version"].as_u64().map(|version| (id, version))
        }
        _ => None,
    };
    let Some((id, version)) = known else { return };
    let mut open = open.lock().unwrap();
    let has_room = open.len() < OPEN;
    match open.iter_mut().find(|(other, _)| *other == id) {
        Some(found) => found.1 = found.1.max(version),
        None if has_room => open.push((id, version)),
        None => {}
    }
    if random.u8(..) < 6 && open.len() == OPEN {
        open.retain(|(_, version)| (*version as usize) < IN_ORDER + 12);
    }
}

fn send(client: &Client, mv: &Move, key: String, seen: Option<u64>, body: &Value) -> Act {
    let began = Instant::now();
    let answered = client.post("/api/acts", body, Some(&key)).unwrap();
    let ended = Instant::now();
    let known = [201, 400, 404, 409, 422, 503];
    assert!(known.contains(&answered.status), "{} {}", answered.status, answered.body);
    let done = (answered.status == 201).then(|| {
        let dossier = answered.body["dossier"].as_str().unwrap().to_owned();
        (dossier, answered.body["version"].as_u64().unwrap())
    });
    let number = answered.body["number"].as_str().map(str::to_owned);
    let (who, step, status) = (mv.who.clone(), mv.step, answered.status);
    Act { key, who, step, seen, began, ended, status, done, number }
}

/// Every dossier of a record, as it stands.
pub fn dossiers(store: &Store) -> BTreeMap<String, Vec<Entry>> {
    let streams: Vec<Stream> = store.streams("dossier/").unwrap();
    let read = |stream: &Stream| {
        let events = store.load(stream).unwrap();
        events
            .iter()
            .map(|event| serde_json::from_slice(event.payload.as_deref().unwrap()).unwrap())
            .collect()
    };
    let id = |stream: &Stream| stream.as_str().trim_start_matches("dossier/").to_owned();
    streams.iter().map(|stream| (id(stream), read(stream))).collect()
}

/// Whatever could not have come of the same acts one after the other.
pub fn problems(acts: &[Act], dossiers: &BTreeMap<String, Vec<Entry>>) -> Vec<String> {
    let mut problems = numbers(dossiers);
    problems.extend(lost(acts, dossiers));
    problems.extend(out_of_order(acts));
    for (id, entries) in dossiers {
        problems.extend(unseen(acts, id, entries));
        problems.extend(stood_back(id, entries));
        problems.extend(custody(id, entries));
    }
    problems
}

/// Each series counts from one without a gap.
fn numbers(dossiers: &BTreeMap<String, Vec<Entry>>) -> Vec<String> {
    let mut series: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for entry in dossiers.values().flatten() {
        if let Some(number) = entry.number() {
            let name = procedure::number::series_key(&entry.department.0, number);
            series.entry(name).or_default().push(number.ordinal.unwrap_or(0));
        }
    }
    let mut problems = Vec::new();
    for (name, mut given) in series {
        given.sort_unstable();
        if !given.iter().copied().eq(1..=given.len() as u32) {
            problems.push(format!("the numbers of {name} are {given:?}"));
        }
    }
    problems
}

/// Every act that was acknowledged stands where it was said to, once, and nothing else stands there.
fn lost(acts: &[Act], dossiers: &BTreeMap<String, Vec<Entry>>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut standing: BTreeMap<(&str, u64), &Act> = BTreeMap::new();
    for act in acts {
        let Some((id, version)) = &act.done else { continue };
        if let Some(other) = standing.insert((id, *version), act) {
            problems.push(format!("{} and {} are both {id} {version}", act.key, other.key));
        }
    }
    for (id, entries) in dossiers {
        for (entry, version) in entries.iter().zip(1..) {
            let act = standing.remove(&(id.as_str(), version));
            let same = |act: &&Act| {
                act.step.id == entry.step
                    && act.who == entry.by
                    && act.number == entry.number().map(ToString::to_string)
                    && entry.version == version
            };
            if entry.by != StaffId::system() && act.filter(same).is_none() {
                problems.push(format!("{id} {version} {} was acknowledged to nobody", entry.step));
            }
        }
    }
    let gone = standing.values().map(|act| format!("{} {:?} is lost", act.key, act.done));
    problems.extend(gone);
    problems
}

/// What was acknowledged before another was sent stands before it.
fn out_of_order(acts: &[Act]) -> Vec<String> {
    let mut by_dossier: BTreeMap<&str, Vec<(&Act, u64)>> = BTreeMap::new();
    for act in acts {
        if let Some((id, version)) = &act.done {
            by_dossier.entry(id).or_default().push((act, *version));
        }
    }
    let mut problems = Vec::new();
    for acts in by_dossier.values() {
        for (first, before) in acts {
            let late = acts.iter().find(|(act, at)| first.ended < act.began && at < before);
            problems.extend(late.map(|(act, _)| format!("{} came before {}", act.key, first.key)));
        }
    }
    problems
}

/// A decision stands right behind what was seen when it was taken.
fn unseen(acts: &[Act], id: &str, entries: &[Entry]) -> Vec<String> {
    let mut problems = Vec::new();
    for act in acts {
        let Some((dossier, version)) = &act.done else { continue };
        let Some(seen) = act.seen.filter(|_| act.step.weight == Weight::Decision) else { continue };
        if dossier != id {
            continue;
        }
        let between = entries.iter().filter(|e| e.version > seen && e.version < *version);
        let others: Vec<_> = between.filter(|e| e.by != StaffId::system()).collect();
        if !others.is_empty() {
            problems.push(format!("{} decided {id} without {} acts", act.key, others.len()));
        }
    }
    problems
}

/// Whoever stood back does nothing more.
fn stood_back(id: &str, entries: &[Entry]) -> Vec<String> {
    let mut apart = BTreeSet::new();
    let mut problems = Vec::new();
    for entry in entries {
        if apart.contains(&entry.by) {
            problems.push(format!("{} did {} in {id} after standing back", entry.by, entry.step));
        }
        if procedure::step(&entry.step).is_some_and(|step| step.name == "自行回避") {
            apart.insert(entry.by.clone());
        }
    }
    problems
}

/// The first object is given by who has it, and received by who was given it.
fn custody(id: &str, entries: &[Entry]) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut keeper, mut on_its_way) = (None, None);
    for entry in entries {
        let answers = serde_json::to_value(&entry.event).unwrap();
        match entry.step.as_str() {
            "collect_evidence" if keeper.is_none() => keeper = Some(entry.by.to_string()),
            "hand_over_evidence" => {
                if keeper.as_deref() != Some(&entry.by.0) {
                    problems.push(format!("{} gave in {id} what {keeper:?} had", entry.by));
                }
                on_its_way = find(&answers, "receiver");
            }
            "confirm_evidence" => {
                if on_its_way.as_deref() != Some(&entry.by.0) {
                    problems.push(format!("{} took in {id} what went to {on_its_way:?}", entry.by));
                }
                keeper = on_its_way.take();
            }
            _ => {}
        }
    }
    problems
}

fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(members) => match members.get(name) {
            Some(found) => found.as_str().map(str::to_owned),
            None => members.values().find_map(|member| find(member, name)),
        },
        Value::Array(list) => list.iter().find_map(|member| find(member, name)),
        _ => None,
    }
}
