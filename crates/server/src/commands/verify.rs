//! `chachu verify`: whether the record is what was recorded.
//!
//! The store checks bytes; here it is checked that they mean what the index, the numbers and the notes of engagements say.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use indicatif::{ProgressBar, ProgressStyle};
use procedure::{
    Dossier, Entry, Setting,
    directory::{self, Directory},
    holidays::Holidays,
    number::series_key,
    setting::Engagement,
    value::StaffId,
};
use store::{
    Articles, Standing, Store, StoredEvent, Stream,
    checkpoint::{Checkpoint, Rejected},
};

use super::{Ended, Wrong, open::Place, read_text};
use crate::{
    clock::Clock,
    office::{Office, engagements, known, rows},
};

const EXAMPLES: &str = "\
示例：
  chachu verify --data /var/lib/chachu
  chachu verify --data /var/lib/chachu --checkpoint /media/usb/检查点.txt

核对：每条记录的校验链和内容、文件、密封部分；每个卷宗能否由记录重现；列表索引与记录是否一致；
编号是否连续；依据各条的卷宗数；办案人员的时间占用与各卷宗是否一致。
退出码：0 未发现问题，1 有问题（指出第一处），2 案卷库无法读取。";

/// 核对. Of which record.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    place: Place,
    /// 在别处保存的检查点文件，一并核对，可以发现整库被退回到以前的状态
    #[arg(long, value_name = "文件")]
    checkpoint: Option<PathBuf>,
}

pub(super) fn run(args: &VerifyArgs, out: &mut dyn Write) -> Ended {
    let store = args.place.open()?;
    let bar = progress_bar();
    let kept = args.checkpoint.as_deref().map(|file| read_kept(&store, file)).transpose()?;
    let report = store.verify(kept.as_ref(), &|done, all| {
        bar.set_length(all);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let found = first_of(&store, report.bad.as_ref())?;
    if let Some(first) = found {
        writeln!(out, "发现问题，第一处：{first}")?;
        return Ok(1);
    }
    writeln!(
        out,
        "未发现问题：{}个流、{}条记录、{}个文件、{}个密封部分",
        report.streams, report.events, report.blobs, report.sealed
    )?;
    if !report.destroyed.is_empty() {
        writeln!(out, "其中{}条的内容已经依法销毁", report.destroyed.len())?;
    }
    Ok(0)
}

/// The first thing that is wrong with a record, in bytes or in meaning.
pub(super) fn first_wrong(
    store: &Store,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Option<String>, Wrong> {
    let report = store.verify(None, progress)?;
    first_of(store, report.bad.as_ref())
}

fn first_of(store: &Store, bad: Option<&store::Bad>) -> Result<Option<String>, Wrong> {
    if let Some(bad) = bad {
        return Ok(Some(name(bad)));
    }
    if !store.without_articles()?.is_empty() {
        // An earlier version wrote this record; opening the office derives what it lacks.
        Office::open(store.clone(), Clock::default())?;
    }
    meaning(store)
}

/// A checkpoint that somebody kept, if this record's keys signed it.
pub(super) fn read_kept(store: &Store, file: &Path) -> Result<Checkpoint, Wrong> {
    let note = read_text(file)?;
    store.open_checkpoint(note.as_bytes())?.map_err(|rejected| {
        let why = match rejected {
            Rejected::NotANote(_) | Rejected::NotACheckpoint(_) => "不是检查点，或者已经损坏",
            Rejected::OtherOrigin(_) => "是另一案卷库的检查点",
            Rejected::BadSignature(_) => "签名不符，内容或者签名被改动",
            Rejected::NotSigned => "没有本案卷库密钥的签名",
        };
        Wrong::Unreadable(format!("文件「{}」{why}", file.display()))
    })
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("核对 {bar:40} {pos}/{len}，还需{eta}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The store's finding in Chinese: where, and what kind of thing does not agree.
fn name(bad: &store::Bad) -> String {
    let kinds = [
        ("checkpoint", "检查点与记录不符，记录被改动或者被退回到以前的状态"),
        ("subtree", "总目录与记录不符"),
        ("payload", "内容与记录时的校验值不符"),
        ("access rows", "列表索引与记录不一致"),
        ("sealed part", "密封部分无法打开"),
        ("object", "文件缺失，或者与记录时的校验值不符"),
        ("leaf", "总目录与记录不符"),
        ("column", "检索列与记录不符"),
        ("header", "记录头与校验链不符"),
        ("stream", "记录流不完整"),
        ("event", "缺少记录"),
    ];
    let kind = kinds.iter().find(|(word, _)| bad.what.contains(word));
    let what = kind.map_or("数据库文件损坏", |(_, what)| what);
    match (&bad.stream, bad.version) {
        (Some(stream), Some(version)) => format!("「{stream}」第{version}条，{what}"),
        (Some(stream), None) => format!("「{stream}」，{what}"),
        (None, _) => what.to_owned(),
    }
}

/// What the entries mean, gathered over all dossiers.
#[derive(Default)]
struct Meaning {
    numbers: BTreeMap<String, BTreeSet<u32>>,
    engagements: BTreeMap<(StaffId, String), Vec<Engagement>>,
    /// How many dossiers of a department rest on each article.
    standing: BTreeMap<String, BTreeMap<u8, Standing>>,
}

/// The first thing that the entries and what is derived from them do not agree on.
pub(super) fn meaning(store: &Store) -> Result<Option<String>, Wrong> {
    let mut ids = Vec::new();
    for stream in store.streams("dossier/")? {
        let id = stream.dossier_id().unwrap_or_default().to_owned();
        let changed = store.rows(&id)?.map_or(0, |rows| rows.dossier.changed);
        ids.push((changed, id));
    }
    // In the order of time, so that each dossier is seen with the directory of its last entry.
    ids.sort();
    let mut past = past_of_directory(store)?.into_iter().peekable();
    let mut known = Arc::new(Directory::default());
    let holidays = Arc::new(Holidays::built_in().clone());
    let mut meaning = Meaning::default();
    for (changed, id) in ids {
        while let Some((_, event)) = past.next_if(|(recorded, _)| *recorded <= changed) {
            Arc::make_mut(&mut known).apply(event);
        }
        if let Some(bad) = check_dossier(store, &id, (&known, &holidays), &mut meaning)? {
            return Ok(Some(format!("「dossier/{id}」{bad}")));
        }
    }
    if let Some(bad) = check_numbers(store, &meaning)? {
        return Ok(Some(bad));
    }
    if let Some(bad) = check_changes(store)? {
        return Ok(Some(bad));
    }
    for id in known.departments().map(|department| &department.id.0) {
        let expected = meaning.standing.remove(id).unwrap_or_default();
        if store.standing(&[id])? != expected {
            return Ok(Some(format!("「department/{id}」依据各条的卷宗数与记录不一致")));
        }
    }
    check_engagements(store, meaning)
}

/// Everything recorded about the directory, in the order of time.
fn past_of_directory(store: &Store) -> Result<Vec<(i64, directory::Event)>, Wrong> {
    let mut past = Vec::new();
    let departments = store.streams("department/")?;
    for stream in std::iter::once(Stream::nation()).chain(departments) {
        for event in store.load(&stream)? {
            let payload = event.payload.as_deref().unwrap_or_default();
            let read = serde_json::from_slice(payload).map_err(|_| {
                Wrong::Refused(format!("「{stream}」第{}条无法读取", event.header.version))
            })?;
            past.push((event.header.recorded, read));
        }
    }
    past.sort_by_key(|(recorded, _)| *recorded);
    Ok(past)
}

fn check_dossier(
    store: &Store,
    id: &str,
    (known, holidays): (&Arc<Directory>, &Arc<Holidays>),
    meaning: &mut Meaning,
) -> Result<Option<String>, Wrong> {
    let mut dossier = Dossier::new(id);
    let mut changed = 0;
    for event in store.load(&Stream::dossier(id))? {
        let version = event.header.version;
        let Some(entry) = read(&event) else {
            return Ok(Some(format!("第{version}条，内容与记录头不一致")));
        };
        if let Some((number, ordinal)) =
            entry.number().and_then(|number| Some((number, number.ordinal?)))
        {
            let series = series_key(&entry.department.0, number);
            if !meaning.numbers.entry(series).or_default().insert(ordinal) {
                return Ok(Some(format!("第{version}条，编号{number}重复")));
            }
        }
        changed = event.header.recorded;
        dossier.apply(entry);
    }
    for sealed in dossier.intake.leads.iter().filter_map(|lead| lead.form.reporter.as_ref()) {
        if store.open_sealed(sealed.as_str())?.is_none() {
            return Ok(Some("，举报人的密封部分缺失".to_owned()));
        }
    }
    let (Some(last), Some(department)) = (dossier.history.last(), dossier.department()) else {
        return Ok(Some("没有记录".to_owned()));
    };
    let setting = Setting {
        now: last.entered,
        department: department.clone(),
        directory: known.clone(),
        holidays: holidays.clone(),
        readings: known.switches(department),
        engagements: Vec::new(),
        others: Vec::new(),
        fresh: String::new(),
    };
    let expected = Some(rows::of(&dossier, &setting, changed));
    for rows in expected.iter().filter(|rows| rows.articles != Articles::default()) {
        let of = meaning.standing.entry(rows.dossier.department.clone()).or_default();
        for article in rows.articles.iter() {
            let Standing { open, ended } = of.entry(article).or_default();
            *(if rows.dossier.ended { ended } else { open }) += 1;
        }
    }
    for (staff, engagements) in engagements::by_staff(&dossier) {
        meaning.engagements.insert((staff, id.to_owned()), engagements);
    }
    let found = store.rows(id)?;
    Ok((found.map(sorted) != expected.map(sorted)).then(|| "，列表索引与记录不一致".to_owned()))
}

/// The order of rows means nothing.
fn sorted(mut rows: store::DossierRows) -> store::DossierRows {
    rows.access.sort();
    rows.limits.sort_by(|a, b| (&a.kind, &a.nominal).cmp(&(&b.kind, &b.nominal)));
    rows
}

/// The entry, if it says the same as its header.
fn read(event: &StoredEvent) -> Option<Entry> {
    let header = &event.header;
    let entry: Entry = serde_json::from_slice(event.payload.as_deref()?).ok()?;
    let same = entry.version == header.version
        && entry.step == header.kind
        && entry.by.0 == header.who
        && entry.entered.to_string() == header.entered;
    same.then_some(entry)
}

fn check_numbers(store: &Store, meaning: &Meaning) -> Result<Option<String>, Wrong> {
    let drawn: BTreeMap<String, u64> = store.series()?.into_iter().collect();
    for (series, numbers) in &meaning.numbers {
        let gap = (1_u32..).zip(numbers).find(|(expected, found)| expected != *found);
        if let Some((missing, _)) = gap {
            return Ok(Some(format!("编号序列「{series}」缺第{missing}号")));
        }
        let last = drawn.get(series).copied().unwrap_or(0);
        if last != numbers.len() as u64 {
            return Ok(Some(format!("编号序列「{series}」的末号与记录不一致")));
        }
    }
    let others = drawn.keys().filter(|series| *series != known::SERIES);
    let unused = others.into_iter().find(|series| !meaning.numbers.contains_key(*series));
    Ok(unused.map(|series| format!("编号序列「{series}」没有对应的记录")))
}

/// Every change of the directory has its number, and every number its change.
fn check_changes(store: &Store) -> Result<Option<String>, Wrong> {
    let mut numbers = BTreeSet::new();
    for stream in std::iter::once(Stream::nation()).chain(store.streams("department/")?) {
        numbers.extend(store.load(&stream)?.iter().map(known::change));
    }
    // What was recorded before changes were counted has none.
    numbers.remove(&0);
    let gap = (1..).zip(&numbers).find(|(expected, found)| expected != *found);
    if let Some((missing, _)) = gap {
        return Ok(Some(format!("机构变更缺第{missing}号")));
    }
    let same = store.drawn(known::SERIES)? == numbers.len() as u64;
    Ok((!same).then(|| "机构变更的末号与记录不一致".to_owned()))
}

fn check_engagements(store: &Store, mut meaning: Meaning) -> Result<Option<String>, Wrong> {
    for stream in store.streams("person/")? {
        let staff = StaffId(stream.as_str().trim_start_matches("person/").to_owned());
        let mut noted = BTreeMap::new();
        for event in store.load(&stream)? {
            let payload = event.payload.as_deref().unwrap_or_default();
            let Ok(note) = serde_json::from_slice::<engagements::Note>(payload) else {
                let version = event.header.version;
                return Ok(Some(format!("「{stream}」第{version}条，内容无法读取")));
            };
            noted.insert(note.dossier, note.engagements);
        }
        for (dossier, engagements) in noted {
            let held = meaning.engagements.remove(&(staff.clone(), dossier)).unwrap_or_default();
            if held != engagements {
                return Ok(Some(format!("「{stream}」的时间占用与卷宗不一致")));
            }
        }
    }
    let unnoted = meaning.engagements.keys().next();
    Ok(unnoted.map(|(staff, _)| format!("「person/{staff}」缺少时间占用的记录")))
}
