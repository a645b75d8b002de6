//! D3: after a power cut at any moment, the store has lost nothing that it acknowledged.
//!
//! The program starts itself as a child that writes from four threads, and `strace` records every
//! write, sync, rename and acknowledgement of it in one order. From that record the disk is made
//! again as a power cut leaves it: what was synced is there; of everything else, in each file and in
//! each directory, a part that is drawn at random, down to single sectors, in no order.
//! One recording is cut at many moments: 10 in all, or 200 with `CHACHU_LONG=1`.
//! The negative control cuts the same recording as if nothing had ever been synced, as with
//! `synchronous=OFF`, and must find losses.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that is its own harness"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    env, fs,
    io::{BufRead, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use store::{Append, NewEvent, Store, Stream, Write, Writes};

const DIRECTORY: &str = "STORE_POWER_DIRECTORY";
const THREADS: u64 = 4;

fn main() {
    match env::var_os(DIRECTORY) {
        Some(directory) => work(Path::new(&directory)),
        None => d3_a_power_cut_loses_nothing_acknowledged(),
    }
}

fn open(root: &Path) -> Store {
    Store::open(&root.join("data"), &root.join("keys")).unwrap()
}

/// Waits until it is watched, then writes as much as fills the log more than once.
fn work(root: &Path) {
    let store = open(root);
    std::io::stdout().write_all(b"ready\n").unwrap();
    std::io::stdin().read_exact(&mut [0]).unwrap();
    let acts = if env::var_os("CHACHU_LONG").is_some() { 150 } else { 40 };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                let stream = Stream::dossier(&thread.to_string());
                for version in 0..acts {
                    let size = [100, 20_000][usize::from(version % 2 == 0)];
                    let bytes = format!("{thread}-{version};").repeat(size);
                    let blob = (version % 5 == 0)
                        .then(|| store.vault().put(bytes.as_bytes(), 1_000_000).unwrap());
                    let payload = "样".repeat(size / 2).into_bytes();
                    let event = NewEvent { payload, ..NewEvent::default() };
                    let event = NewEvent { blobs: blob.into_iter().collect(), ..event };
                    store.append(act(&stream, version, event)).unwrap();
                    let line = format!("{stream} {}\n", version + 1);
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
    // Nothing is closed properly.
    std::process::exit(0);
}

fn act(stream: &Stream, version: u64, event: NewEvent) -> Append<Infallible> {
    let write =
        Write { stream: stream.clone(), version, events: vec![event], setting: String::new() };
    Append {
        reads: Vec::new(),
        writes: vec![stream.clone()],
        series: Vec::new(),
        key: None,
        recorded: 0,
        write: Box::new(|_| Ok(Writes { streams: vec![write], ..Writes::default() })),
    }
}

/// The disk as a child found it, and everything it did to it, and said, in one order.
fn record(root: &Path) -> (Disk, Vec<Call>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .env(DIRECTORY, root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    said.read_line(&mut String::new()).unwrap();
    // The store is open and at rest: from here on it is watched.
    let disk = Disk::of(root);
    let log = root.join("calls");
    let calls = "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,unlink,mkdir";
    let mut strace = Command::new("strace")
        .args(["-f", "-y", "-s", "10000000", "-e", &format!("trace={calls}"), "-o"])
        .arg(&log)
        .args(["-p", &child.id().to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("this test needs the package strace: {error}"));
    let mut first = String::new();
    let mut stderr = BufReader::new(strace.stderr.take().unwrap());
    stderr.read_line(&mut first).unwrap();
    assert!(first.contains("attached"), "processes cannot be traced here: {first}");
    child.stdin.take().unwrap().write_all(b"!").unwrap();
    said.read_to_string(&mut String::new()).unwrap();
    assert!(child.wait().unwrap().success());
    stderr.read_to_string(&mut String::new()).unwrap();
    strace.wait().unwrap();
    let text = fs::read(&log).unwrap();
    fs::remove_file(&log).unwrap();
    (disk, calls_of(&String::from_utf8_lossy(&text)))
}

/// One call as it ended; `began` and the place in the list say what came before what.
struct Call {
    began: usize,
    name: String,
    /// The file descriptor's path, or nothing.
    on: String,
    texts: Vec<Vec<u8>>,
    numbers: Vec<u64>,
    flags: String,
}

fn calls_of(log: &str) -> Vec<Call> {
    let (mut begun, mut calls) = (BTreeMap::<&str, (usize, String)>::new(), Vec::new());
    for line in log.lines() {
        let (thread, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix("<unfinished ...>") {
            begun.insert(thread, (calls.len(), start.to_owned()));
            continue;
        }
        let (began, whole) = match rest.strip_prefix("<... ").and_then(|it| it.split_once('>')) {
            Some((_, end)) => {
                let Some((began, start)) = begun.remove(thread) else { continue };
                (began, format!("{start}{end}"))
            }
            None => (calls.len(), rest.to_owned()),
        };
        calls.extend(call(began, &whole));
    }
    calls
}

/// One call, if it succeeded.
fn call(began: usize, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') || result.starts_with('?') {
        return None;
    }
    let mut call = Call {
        began,
        name: name.to_owned(),
        on: String::new(),
        texts: Vec::new(),
        numbers: Vec::new(),
        flags: String::new(),
    };
    let bytes = arguments.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                let (text, end) = unescaped(bytes, at + 1);
                call.texts.push(text);
                at = end;
            }
            b'<' => {
                let end = at + bytes[at..].iter().position(|byte| *byte == b'>').unwrap();
                if call.on.is_empty() {
                    call.on = String::from_utf8_lossy(&bytes[at + 1..end]).into_owned();
                }
                at = end + 1;
            }
            _ => {
                let end = bytes[at..].iter().position(|byte| b"\"<".contains(byte));
                let plain = &arguments[at..end.map_or(bytes.len(), |end| at + end)];
                call.flags.push_str(plain);
                let words = plain.split(|c: char| !c.is_ascii_alphanumeric());
                call.numbers.extend(words.filter_map(|word| word.parse::<u64>().ok()));
                at += plain.len();
            }
        }
    }
    Some(call)
}

/// A quoted text as C writes it, and where it ends.
fn unescaped(bytes: &[u8], mut at: usize) -> (Vec<u8>, usize) {
    let octal = |byte: u8| (b'0'..=b'7').contains(&byte);
    let mut text = Vec::new();
    loop {
        match bytes[at] {
            b'"' => return (text, at + 1),
            b'\\' => {
                let next = bytes[at + 1];
                at += 2;
                let plain = b"nrtvfab".iter().position(|known| *known == next);
                if let Some(known) = plain {
                    text.push(b"\n\r\t\x0b\x0c\x07\x08"[known]);
                } else if octal(next) {
                    let mut value = u32::from(next - b'0');
                    let mut digits = 1;
                    while digits < 3 && octal(bytes[at]) {
                        value = value * 8 + u32::from(bytes[at] - b'0');
                        (at, digits) = (at + 1, digits + 1);
                    }
                    text.push(u8::try_from(value).unwrap());
                } else {
                    text.push(next);
                }
            }
            byte => {
                text.push(byte);
                at += 1;
            }
        }
    }
}

/// A file's bytes as they were synced, and what was done to them since.
#[derive(Clone, Default)]
struct File {
    synced: Vec<u8>,
    /// Where and what, or a new length, with the place of the call.
    later: Vec<(usize, Change)>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Length(length) => bytes.resize(*length, 0),
            Change::Write(offset, new) => {
                bytes.resize(bytes.len().max(offset + new.len()), 0);
                bytes[*offset..offset + new.len()].copy_from_slice(new);
            }
        }
    }
}

#[derive(Clone)]
enum Entry {
    /// A file, or a directory where it is none.
    Made(PathBuf, Option<usize>),
    Gone(PathBuf),
}

impl Entry {
    fn path(&self) -> &Path {
        let (Entry::Made(path, _) | Entry::Gone(path)) = self;
        path
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Option<usize>>) {
        match self {
            Entry::Made(path, file) => drop(names.insert(path.clone(), *file)),
            Entry::Gone(path) => drop(names.remove(path)),
        }
    }
}

/// A disk: names and files, each as synced and as it is.
#[derive(Clone, Default)]
struct Disk {
    files: Vec<File>,
    synced: BTreeMap<PathBuf, Option<usize>>,
    now: BTreeMap<PathBuf, Option<usize>>,
    later: Vec<(usize, Entry)>,
    acknowledged: BTreeMap<String, u64>,
    /// Whether syncing does anything.
    syncs: bool,
}

impl Disk {
    fn of(root: &Path) -> Disk {
        let mut disk = Disk { syncs: true, ..Disk::default() };
        let mut folders = vec![root.join("data")];
        while let Some(folder) = folders.pop() {
            disk.synced.insert(folder.clone(), None);
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let file = File { synced: fs::read(&path).unwrap(), later: Vec::new() };
                disk.synced.insert(path, Some(disk.files.len()));
                disk.files.push(file);
            }
        }
        disk.now = disk.synced.clone();
        disk
    }

    fn enter(&mut self, place: usize, entry: Entry) {
        entry.apply(&mut self.now);
        self.later.push((place, entry));
    }

    fn file(&mut self, path: &str) -> Option<&mut File> {
        let file = (*self.now.get(Path::new(path))?)?;
        self.files.get_mut(file)
    }

    fn happen(&mut self, place: usize, call: &Call) {
        let path = |text: &[u8]| PathBuf::from(String::from_utf8(text.to_vec()).unwrap());
        match call.name.as_str() {
            "openat" if call.flags.contains("O_CREAT") => {
                let path = path(&call.texts[0]);
                if !self.now.contains_key(&path) && path.is_absolute() {
                    self.files.push(File::default());
                    self.enter(place, Entry::Made(path, Some(self.files.len() - 1)));
                }
            }
            "mkdir" => self.enter(place, Entry::Made(path(&call.texts[0]), None)),
            "unlink" => self.enter(place, Entry::Gone(path(&call.texts[0]))),
            "rename" => {
                let (from, to) = (path(&call.texts[0]), path(&call.texts[1]));
                let file = self.now[&from];
                self.enter(place, Entry::Made(to, file));
                self.enter(place, Entry::Gone(from));
            }
            "ftruncate" => {
                let length = usize::try_from(*call.numbers.last().unwrap()).unwrap();
                if let Some(file) = self.file(&call.on) {
                    file.later.push((place, Change::Length(length)));
                }
            }
            "pwrite64" => {
                let offset = usize::try_from(*call.numbers.last().unwrap()).unwrap();
                if let Some(file) = self.file(&call.on) {
                    file.later.push((place, Change::Write(offset, call.texts[0].clone())));
                }
            }
            "write" if call.on.starts_with("pipe") => {
                let line = String::from_utf8_lossy(&call.texts[0]).into_owned();
                if let Some((stream, version)) = line.trim().split_once(' ') {
                    self.acknowledged.insert(stream.to_owned(), version.parse().unwrap());
                }
            }
            "write" => {
                if let Some(file) = self.file(&call.on) {
                    let mut all = file.synced.clone();
                    file.later.iter().for_each(|(_, change)| change.apply(&mut all));
                    file.later.push((place, Change::Write(all.len(), call.texts[0].clone())));
                }
            }
            "fsync" | "fdatasync" if self.syncs => self.sync(call),
            _ => {}
        }
    }

    /// What had ended before the sync began is on the disk for good.
    fn sync(&mut self, call: &Call) {
        let on = PathBuf::from(&call.on);
        if let Some(file) = self.file(&call.on) {
            let later = std::mem::take(&mut file.later);
            let (old, new) = later.into_iter().partition(|(place, _)| *place < call.began);
            let old: Vec<(usize, Change)> = old;
            old.iter().for_each(|(_, change)| change.apply(&mut file.synced));
            file.later = new;
            return;
        }
        let later = std::mem::take(&mut self.later);
        for (place, entry) in later {
            if place < call.began && entry.path().parent() == Some(&on) {
                entry.apply(&mut self.synced);
            } else {
                self.later.push((place, entry));
            }
        }
    }

    /// Writes what a power cut leaves to another place.
    fn cut(&self, from: &Path, to: &Path) {
        let survives = [0, 50, 90][fastrand::usize(..3)];
        let survive = || fastrand::u32(..100) < survives;
        let mut names = self.synced.clone();
        for (_, entry) in self.later.iter().filter(|_| survive()) {
            entry.apply(&mut names);
        }
        for (path, file) in names {
            let Ok(inner) = path.strip_prefix(from) else { continue };
            let path = to.join(inner);
            // What stands under a name must have its folder; the index of the log is never kept.
            if path.to_string_lossy().ends_with("-shm") || !path.parent().unwrap().is_dir() {
                continue;
            }
            let Some(file) = file else {
                fs::create_dir_all(path).unwrap();
                continue;
            };
            let mut bytes = self.files[file].synced.clone();
            for (_, change) in &self.files[file].later {
                match change {
                    Change::Write(offset, new) => {
                        for (sector, part) in new.chunks(512).enumerate().filter(|_| survive()) {
                            let part = Change::Write(offset + sector * 512, part.to_vec());
                            part.apply(&mut bytes);
                        }
                    }
                    length if survive() => length.apply(&mut bytes),
                    Change::Length(_) => {}
                }
            }
            fs::write(path, bytes).unwrap();
        }
    }
}

/// What is wrong with a disk after a cut, if anything is.
fn lost(root: &Path, acknowledged: &BTreeMap<String, u64>) -> Option<String> {
    let store = match Store::open(&root.join("data"), &root.join("keys")) {
        Ok(store) => store,
        Err(fault) => return Some(format!("it cannot be opened: {fault:?}")),
    };
    for (stream, version) in acknowledged {
        match store.version(&Stream::named(stream)) {
            Ok(found) if found >= *version => {}
            found => return Some(format!("{stream}: {found:?} of {version}")),
        }
    }
    match store.verify(None, &|_, _| ()) {
        Ok(report) if report.is_clean() => None,
        report => Some(format!("{report:?}")),
    }
}

/// Cuts a recording at random moments; answers how many cuts lost something, and the first loss.
fn cut(
    root: &Path,
    calls: &[Call],
    (mut disk, cuts): (Disk, usize),
) -> (usize, Option<String>, u64) {
    let mut moments = BTreeSet::new();
    while moments.len() < cuts {
        moments.insert(fastrand::usize(..calls.len()));
    }
    let (mut losses, mut first, mut acknowledged) = (0, None, 0);
    for (place, call) in calls.iter().enumerate() {
        disk.happen(place, call);
        if !moments.contains(&place) {
            continue;
        }
        let after = tempfile::tempdir().unwrap();
        fs::create_dir(after.path().join("data")).unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(root.join("keys")).arg(after.path());
        assert!(copy.status().unwrap().success());
        disk.cut(root, after.path());
        if let Some(loss) = lost(after.path(), &disk.acknowledged) {
            losses += 1;
            first.get_or_insert(format!("cut after call {place}: {loss}"));
        }
        acknowledged = disk.acknowledged.values().sum();
    }
    (losses, first, acknowledged)
}

fn d3_a_power_cut_loses_nothing_acknowledged() {
    let cuts = if env::var_os("CHACHU_LONG").is_some() { 200 } else { 10 };
    let seed = fastrand::u64(..);
    fastrand::seed(seed);
    let root = tempfile::tempdir().unwrap();
    let path = root.path().canonicalize().unwrap();
    let (disk, calls) = record(&path);
    let careless = Disk { syncs: false, ..disk.clone() };
    let (losses, first, acknowledged) = cut(&path, &calls, (disk, cuts));
    assert_eq!(losses, 0, "seed {seed}: {}", first.unwrap_or_default());
    assert!(acknowledged > 0, "no cut came after an acknowledgement");
    let (control, ..) = cut(&path, &calls, (careless, cuts.min(40)));
    assert!(control > 0, "a disk that never syncs must lose something");
    println!(
        "d3_a_power_cut_loses_nothing_acknowledged: {} calls, {cuts} cuts, none lost of up to \
         {acknowledged} acts; without syncing {control} of {} cuts lose",
        calls.len(),
        cuts.min(40)
    );
}
