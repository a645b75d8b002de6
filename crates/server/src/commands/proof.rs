//! `chachu proof`: what shows others that the events of one dossier are in a signed record, without the record.
//!
//! A file holds headers, never payloads: what is proved is that these acts were recorded, in this
//! order, by these people, and with contents of these hashes. docs/record.md describes it.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use store::{
    Hash, Header, Store, Stream,
    checkpoint::{Checkpoint, Verifier},
    tree::{Node, verify_consistency, verify_inclusion},
};

use super::{Ended, Wrong, next::resolve, open::Place, read_text, verify::read_kept};

const EXAMPLES: &str = "\
示例：
  chachu proof --data /var/lib/chachu 〔2026〕3号 --out 证明.json
  chachu proof --data /var/lib/chachu 〔2026〕3号 --checkpoint /media/usb/检查点.txt --out 证明.json
  chachu proof --check 证明.json --verifiers 验证公钥.txt --checkpoint /media/usb/检查点.txt

证明：该卷宗的每一条记录都在签名的检查点之中，顺序和内容的校验值未被改动；给出以前保存的检查点的，
并且证明全部记录自那时起只有增加。证明文件不含内容，只含记录头（步骤、人员、时间、校验值）。
核对只需要验证公钥（chachu checkpoint --verifiers），不需要案卷库；也可以用scripts/check_proof.py。
退出码：0 已生成或者相符，1 不符，2 无法读取。";

/// 证明. Of which dossier, or which file to check.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ProofArgs {
    #[command(flatten)]
    place: Place,
    /// 线索编号、案号或者卷宗编号
    #[arg(value_name = "卷宗", required_unless_present = "check")]
    dossier: Option<String>,
    /// 以前在别处保存的检查点文件
    #[arg(long, value_name = "文件")]
    checkpoint: Option<PathBuf>,
    /// 证明写入这个新文件
    #[arg(long, value_name = "文件", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// 核对这个证明文件
    #[arg(long, value_name = "文件", requires = "verifiers", conflicts_with = "dossier")]
    check: Option<PathBuf>,
    /// 验证公钥文件
    #[arg(long, value_name = "文件")]
    verifiers: Option<PathBuf>,
}

const FORMAT: &str = "chachu-proof-1";

/// A proof as a file. Hashes and bytes are in hexadecimal.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    format: String,
    dossier: String,
    /// The note over the tree that all proofs lead to.
    checkpoint: String,
    /// How large the tree of the checkpoint kept elsewhere was, and what leads from it to this one.
    consistency: Option<Consistency>,
    events: Vec<Proved>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consistency {
    size: u64,
    path: Vec<[String; 2]>,
}

/// An event's header, and the way from its leaf to the root: SHA-256 and SM3 of each sibling.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proved {
    header: String,
    place: u64,
    path: Vec<[String; 2]>,
}

pub(super) fn run(args: &ProofArgs, out: &mut dyn Write) -> Ended {
    if let (Some(file), Some(verifiers)) = (&args.check, &args.verifiers) {
        return check(file, verifiers, args.checkpoint.as_deref(), out);
    }
    let (Some(name), Some(path)) = (&args.dossier, &args.out) else {
        return Err(Wrong::unreadable("没有给出卷宗或者证明文件"));
    };
    let office = args.place.office()?;
    let id = resolve(&office, name)?;
    // Whoever takes a proof sees the headers of the dossier.
    office.inspect(&id)?;
    let kept = args.checkpoint.as_deref();
    let kept = kept.map(|file| read_kept(office.store(), file)).transpose()?;
    let proof = prove(office.store(), &id, kept.as_ref())?;
    let text = serde_json::to_string_pretty(&proof).unwrap_or_default();
    let mut file = File::create_new(path).map_err(|error| {
        Wrong::Refused(format!("不能写入「{}」（{}）", path.display(), error.kind()))
    })?;
    file.write_all(text.as_bytes())?;
    writeln!(out, "已写入{}条记录的证明", proof.events.len())?;
    Ok(0)
}

/// How often an event is looked for that has no place in the tree yet, ten times a second.
const PATIENCE: usize = 100;

fn prove(store: &Store, id: &str, kept: Option<&Checkpoint>) -> Result<Proof, Wrong> {
    let stream = Stream::dossier(id);
    let events = store.load(&stream)?;
    let mut places = Vec::new();
    for event in &events {
        places.push(place(store, &stream, event.header.version)?);
    }
    let note = store.checkpoint()?;
    let ours = store.open_checkpoint(note.as_bytes())?;
    let ours = ours.map_err(|_| Wrong::Refused("新签的检查点无法读取".to_owned()))?;
    let mut tree = store.tree();
    let consistency = match kept {
        None => None,
        Some(kept) if kept.size > ours.size => {
            let why = "记录比保存的检查点少，可能被退回到以前的状态，请用chachu verify核对";
            return Err(Wrong::Refused(why.to_owned()));
        }
        Some(kept) => {
            let path = tree.consistency(kept.size, ours.size)?;
            let way = ((kept.size, &kept.root), (ours.size, &ours.root));
            if !verify_consistency(way.0, way.1, &path) {
                let why = "记录与保存的检查点不一致，请用chachu verify核对";
                return Err(Wrong::Refused(why.to_owned()));
            }
            Some(Consistency { size: kept.size, path: written(&path) })
        }
    };
    let mut proved = Vec::new();
    for (event, place) in events.iter().zip(places) {
        let path = written(&tree.inclusion(place, ours.size)?);
        proved.push(Proved { header: hex::encode(event.header.to_bytes()), place, path });
    }
    Ok(Proof {
        format: FORMAT.to_owned(),
        dossier: id.to_owned(),
        checkpoint: note,
        consistency,
        events: proved,
    })
}

/// Where an event stands; on PostgreSQL it gets its place a moment after it was recorded.
fn place(store: &Store, stream: &Stream, version: u64) -> Result<u64, Wrong> {
    for _ in 0..PATIENCE {
        if let Some(place) = store.place(stream, version)? {
            return Ok(place);
        }
        thread::sleep(Duration::from_millis(100));
    }
    Err(Wrong::Refused(format!("第{version}条尚未编入总目录，请稍后重试")))
}

fn written(path: &[Node]) -> Vec<[String; 2]> {
    path.iter().map(|node| [hex::encode(node.sha256), hex::encode(node.sm3)]).collect()
}

fn read(path: &[[String; 2]]) -> Option<Vec<Node>> {
    let hash = |text: &str| {
        let mut hash = Hash::default();
        hex::decode_to_slice(text, &mut hash).ok().map(|()| hash)
    };
    let node = |[sha256, sm3]: &[String; 2]| Some(Node { sha256: hash(sha256)?, sm3: hash(sm3)? });
    path.iter().map(node).collect()
}

fn check(file: &Path, verifiers: &Path, kept: Option<&Path>, out: &mut dyn Write) -> Ended {
    let proof: Proof = serde_json::from_str(&read_text(file)?)
        .map_err(|_| Wrong::Unreadable(format!("文件「{}」不是证明文件", file.display())))?;
    let keys = read_text(verifiers)?;
    let keys: Vec<_> = keys.lines().filter_map(Verifier::parse).collect();
    let Some(first) = keys.first() else {
        return Err(Wrong::Unreadable(format!("文件「{}」中没有公钥", verifiers.display())));
    };
    let origin = first.origin().to_owned();
    let open = |note: &str| Checkpoint::open(note.as_bytes(), &origin, &keys);
    let kept = kept.map(read_text).transpose()?;
    let found = match (open(&proof.checkpoint), kept.as_deref().map(open).transpose()) {
        (Err(_), _) => Some("检查点的签名与公钥不符".to_owned()),
        (_, Err(_)) => Some("保存的检查点的签名与公钥不符".to_owned()),
        (Ok((ours, _)), Ok(kept)) => wrong(&proof, &ours, kept.map(|(kept, _)| kept).as_ref()),
    };
    if let Some(found) = found {
        writeln!(out, "证明不成立：{found}")?;
        return Ok(1);
    }
    let since =
        if kept.is_some() { "，自保存的检查点以来记录只有增加" } else { "" };
    let (count, id) = (proof.events.len(), &proof.dossier);
    writeln!(out, "证明成立：卷宗{id}的{count}条记录都在检查点之中{since}")?;
    Ok(0)
}

/// The first thing that a proof does not show.
fn wrong(proof: &Proof, ours: &Checkpoint, kept: Option<&Checkpoint>) -> Option<String> {
    if proof.format != FORMAT || proof.events.is_empty() {
        return Some("格式不是本版本的".to_owned());
    }
    let mut predecessor = Hash::default();
    for (version, event) in (1..).zip(&proof.events) {
        let bytes = hex::decode(&event.header).unwrap_or_default();
        let header = Header::from_bytes(&bytes).filter(|header| {
            header.stream == Stream::dossier(&proof.dossier)
                && (header.version, header.predecessor) == (version, predecessor)
        });
        if header.is_none() {
            return Some(format!("第{version}条的记录头与校验链不符"));
        }
        let entry: Hash = Sm3::digest(&bytes).into();
        let path = read(&event.path);
        let shows =
            |path: Vec<_>| verify_inclusion(&entry, event.place, ours.size, &path, &ours.root);
        if !path.is_some_and(shows) {
            return Some(format!("第{version}条不在检查点之中"));
        }
        predecessor = entry;
    }
    let kept = kept?;
    let shown = proof.consistency.as_ref().is_some_and(|way| {
        let shows = |path: Vec<_>| {
            verify_consistency((kept.size, &kept.root), (ours.size, &ours.root), &path)
        };
        way.size == kept.size && read(&way.path).is_some_and(shows)
    });
    (!shown).then(|| "没有证明记录自保存的检查点以来只有增加".to_owned())
}
