//! Checkpoints: signed statements of the tree's size and roots, to be kept elsewhere.
//!
//! The form is C2SP's signed note and tlog-checkpoint, with the SM3 root on an extension line, so
//! that whoever knows those formats can check the SHA-256 tree and the Ed25519 signature.
//! Whether two checkpoints are of one tree is for [`crate::tree::verify_consistency`].

use std::fmt;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

use crate::{Fault, Hash, Keys, event::random, keys::SM2_SIGNER, tree::Node};

/// What a checkpoint states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose record it is: the name of its keys too.
    pub origin: String,
    /// How many leaves there were.
    pub size: u64,
    /// The roots over them.
    pub root: Node,
}

/// How a checkpoint is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// SM2 with SM3.
    Sm2,
    /// Ed25519.
    Ed25519,
}

/// A public key that checkpoints of an origin are checked with.
#[derive(Debug, Clone)]
pub struct Verifier {
    name: String,
    key: PublicKey,
}

#[derive(Debug, Clone)]
enum PublicKey {
    Sm2(Box<sm2::dsa::VerifyingKey>),
    Ed25519(ed25519_dalek::VerifyingKey),
}

/// Why a checkpoint is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The bytes are not a text, a blank line and signature lines.
    #[error("not a signed note: {0}")]
    NotANote(&'static str),
    /// The signed text is not that of a checkpoint.
    #[error("not a checkpoint: {0}")]
    NotACheckpoint(&'static str),
    /// It is of another office's record.
    #[error("a checkpoint of {0}")]
    OtherOrigin(String),
    /// A known key did not make the signature under its name.
    #[error("the signature of {0} is wrong")]
    BadSignature(Algorithm),
    /// None of the signatures is by a known key.
    #[error("not signed by a known key")]
    NotSigned,
}

/// The setting that holds what checkpoints of this record call it.
pub(crate) const ORIGIN_SETTING: &str = "checkpoint_origin";

/// A name for a new record: at random, and meaning nothing.
pub(crate) fn new_origin() -> Result<String, Fault> {
    Ok(format!("chachu/{}", hex::encode(random::<8>()?)))
}

/// What follows 0xff, for signatures to which the specification gives no number.
const SM2_TYPE: &[u8] = b"\xffchachu/sm2-with-sm3/1";
const ED25519_TYPE: &[u8] = b"\x01";
/// A longer note is not looked at.
const LONGEST: usize = 64 * 1024;

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        let Checkpoint { origin, size, root } = self;
        let (sha256, sm3) = (Base64::encode_string(&root.sha256), Base64::encode_string(&root.sm3));
        format!("{origin}\n{size}\n{sha256}\nsm3 {sm3}\n")
    }

    /// The checkpoint as a note with both signatures.
    pub fn sign(&self, keys: &Keys) -> Result<String, Fault> {
        if !is_key_name(&self.origin) {
            return Err(Fault::Misuse("an origin has no spaces and no plus sign".to_owned()));
        }
        let text = self.text();
        let mut note = format!("{text}\n");
        for verifier in keys.verifiers(&self.origin) {
            let signature = keys.sign(verifier.algorithm(), text.as_bytes())?;
            let signature = [verifier.id().as_slice(), &signature].concat();
            let signature = Base64::encode_string(&signature);
            note.push_str(&format!("— {} {signature}\n", self.origin));
        }
        Ok(note)
    }

    /// Reads a note and believes it if at least one of these keys signed it, and no signature in
    /// the name of one of them is wrong. Others' signatures are passed over.
    /// Answers also which of the keys signed.
    pub fn open(
        note: &[u8],
        origin: &str,
        verifiers: &[Verifier],
    ) -> Result<(Checkpoint, Vec<Algorithm>), Rejected> {
        let (text, signatures) = split(note)?;
        let checkpoint = Checkpoint::read(text)?;
        if checkpoint.origin != origin {
            return Err(Rejected::OtherOrigin(checkpoint.origin));
        }
        let mut signed = Vec::new();
        for (name, id, signature) in signatures {
            let known = verifiers.iter().find(|known| known.name == name && known.id() == id);
            let Some(known) = known.filter(|known| known.name == origin) else { continue };
            if !known.accepts(text.as_bytes(), &signature) {
                return Err(Rejected::BadSignature(known.algorithm()));
            }
            signed.push(known.algorithm());
        }
        signed.sort();
        signed.dedup();
        if signed.is_empty() { Err(Rejected::NotSigned) } else { Ok((checkpoint, signed)) }
    }

    /// Reads the signed text; exactly what [`Checkpoint::text`] writes.
    fn read(text: &str) -> Result<Checkpoint, Rejected> {
        let not = Rejected::NotACheckpoint;
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default();
        let origin = line().to_owned();
        let size = line().parse().map_err(|_| not("the size is not a number"))?;
        let root = Node {
            sha256: hash(line()).ok_or(not("the SHA-256 root is not a hash"))?,
            sm3: line()
                .strip_prefix("sm3 ")
                .and_then(hash)
                .ok_or(not("the SM3 root is not a hash"))?,
        };
        let checkpoint = Checkpoint { origin, size, root };
        match checkpoint.text() == text {
            true => Ok(checkpoint),
            false => Err(not("there is more in it, or it is written in another way")),
        }
    }
}

fn hash(text: &str) -> Option<Hash> {
    Base64::decode_vec(text).ok()?.try_into().ok()
}

/// Not empty, and no spaces, plus signs or control characters.
fn is_key_name(name: &str) -> bool {
    let is_bad = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    !name.is_empty() && !name.contains(is_bad)
}

type Signed = (String, [u8; 4], Vec<u8>);

/// The text of a note, and its signatures: name, key id, signature.
fn split(note: &[u8]) -> Result<(&str, Vec<Signed>), Rejected> {
    let not = Rejected::NotANote;
    if note.len() > LONGEST {
        return Err(not("it is too long"));
    }
    let note = str::from_utf8(note).map_err(|_| not("it is not text"))?;
    if note.contains(|c: char| c < ' ' && c != '\n') {
        return Err(not("there are control characters in it"));
    }
    let end = note.rfind("\n\n").ok_or(not("no blank line stands before signatures"))?;
    let (text, lines) = note.split_at_checked(end + 1).ok_or(not("it is not text"))?;
    let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
    let lines = lines.ok_or(not("the last line has no end"))?;
    let signatures = lines.split('\n').map(|line| {
        let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
        let signature = Base64::decode_vec(signature).ok()?;
        let (id, signature) = signature.split_first_chunk::<4>()?;
        let is_whole = is_key_name(name) && !signature.is_empty();
        is_whole.then(|| (name.to_owned(), *id, signature.to_vec()))
    });
    let signatures = signatures.collect::<Option<Vec<_>>>();
    Ok((text, signatures.ok_or(not("a signature line cannot be read"))?))
}

impl Verifier {
    pub(crate) fn sm2(name: &str, key: sm2::dsa::VerifyingKey) -> Verifier {
        Verifier { name: name.to_owned(), key: PublicKey::Sm2(Box::new(key)) }
    }

    pub(crate) fn ed25519(name: &str, key: ed25519_dalek::VerifyingKey) -> Verifier {
        Verifier { name: name.to_owned(), key: PublicKey::Ed25519(key) }
    }

    /// Reads a line as `Display` writes it; `None` if it is not one, or of a kind not known here.
    pub fn parse(line: &str) -> Option<Verifier> {
        let mut parts = line.splitn(3, '+');
        let (name, _, bytes) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = Base64::decode_vec(bytes).ok()?;
        let verifier = if let Some(key) = bytes.strip_prefix(SM2_TYPE) {
            Verifier::sm2(name, sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_SIGNER, key).ok()?)
        } else {
            let key = bytes.strip_prefix(ED25519_TYPE)?.try_into().ok()?;
            Verifier::ed25519(name, ed25519_dalek::VerifyingKey::from_bytes(key).ok()?)
        };
        (is_key_name(name) && verifier.to_string() == line).then_some(verifier)
    }

    /// The origin whose checkpoints it checks.
    pub fn origin(&self) -> &str {
        &self.name
    }

    /// How it is signed what it checks.
    pub fn algorithm(&self) -> Algorithm {
        match self.key {
            PublicKey::Sm2(_) => Algorithm::Sm2,
            PublicKey::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The kind of signature, then the public key.
    fn encoded(&self) -> Vec<u8> {
        match &self.key {
            PublicKey::Sm2(key) => [SM2_TYPE, &key.to_sec1_bytes()].concat(),
            PublicKey::Ed25519(key) => [ED25519_TYPE, key.as_bytes()].concat(),
        }
    }

    fn id(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(&self.name).chain_update("\n");
        let hash: Hash = hash.chain_update(self.encoded()).finalize().into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }

    fn accepts(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            PublicKey::Sm2(key) => {
                use sm2::dsa::signature::Verifier;
                sm2::dsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(text, &signature).is_ok())
            }
            PublicKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(text, &signature).is_ok()),
        }
    }
}

/// The text form of the signed note specification: `name+id+key`.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = Base64::encode_string(&self.encoded());
        write!(f, "{}+{}+{key}", self.name, hex::encode(self.id()))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Algorithm::Sm2 => "SM2",
            Algorithm::Ed25519 => "Ed25519",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "chachu/示例县局";

    fn keys() -> Keys {
        Keys::known(&[3; 32], &[4; 32])
    }

    fn checkpoint() -> Checkpoint {
        let root = Node { sha256: [1; 32], sm3: [2; 32] };
        Checkpoint { origin: ORIGIN.to_owned(), size: 12, root }
    }

    fn open(note: &str) -> Result<(Checkpoint, Vec<Algorithm>), Rejected> {
        Checkpoint::open(note.as_bytes(), ORIGIN, &keys().verifiers(ORIGIN))
    }

    #[test]
    fn a_signed_checkpoint_opens_with_each_of_its_keys() {
        let note = checkpoint().sign(&keys()).unwrap();
        let text = "chachu/示例县局\n12\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
            sm3 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n\n— chachu/示例县局 ";
        assert!(note.starts_with(text), "{note}");
        assert_eq!(open(&note).unwrap(), (checkpoint(), vec![Algorithm::Sm2, Algorithm::Ed25519]));
        for verifier in keys().verifiers(ORIGIN) {
            let line = verifier.to_string();
            let read = Verifier::parse(&line).unwrap();
            let opened = Checkpoint::open(note.as_bytes(), ORIGIN, &[read]).unwrap();
            assert_eq!(opened, (checkpoint(), vec![verifier.algorithm()]));
            assert!(Verifier::parse(&line.replacen("chachu", "chachv", 1)).is_none());
        }
        let origin = "two words".to_owned();
        assert!(Checkpoint { origin, ..checkpoint() }.sign(&keys()).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_note_is_said() {
        let note = checkpoint().sign(&keys()).unwrap();
        let wrong = |note: &str| open(note).unwrap_err().to_string();
        assert_eq!(wrong(""), "not a signed note: no blank line stands before signatures");
        assert_eq!(wrong(&checkpoint().text()), wrong(""));
        assert_eq!(wrong(note.trim_end()), "not a signed note: the last line has no end");
        let dash = note.replace("— ", "- ");
        assert_eq!(wrong(&dash), "not a signed note: a signature line cannot be read");
        let control = note.replace('\n', "\r\n");
        assert_eq!(wrong(&control), "not a signed note: there are control characters in it");
        assert_eq!(wrong(&"x".repeat(LONGEST + 1)), "not a signed note: it is too long");
        let size = note.replacen("12", "twelve", 1);
        assert_eq!(wrong(&size), "not a checkpoint: the size is not a number");
        let size = note.replacen("12", "012", 1);
        let other = "not a checkpoint: there is more in it, or it is written in another way";
        assert_eq!(wrong(&size), other);
        assert_eq!(wrong(&note.replacen("\n\n", "\nmore\n\n", 1)), other);
        let root = note.replacen("AQEB", "AQE", 1);
        assert_eq!(wrong(&root), "not a checkpoint: the SHA-256 root is not a hash");
        let root = note.replacen("sm3 ", "sm4 ", 1);
        assert_eq!(wrong(&root), "not a checkpoint: the SM3 root is not a hash");
        let other = Checkpoint { origin: "chachu/b".to_owned(), ..checkpoint() };
        assert_eq!(wrong(&other.sign(&keys()).unwrap()), "a checkpoint of chachu/b");
        let size = note.replacen("12", "13", 1);
        assert_eq!(wrong(&size), "the signature of SM2 is wrong");
        let ed25519 = keys().verifiers(ORIGIN).into_iter().skip(1).collect::<Vec<_>>();
        let opened = Checkpoint::open(size.as_bytes(), ORIGIN, &ed25519);
        assert_eq!(opened, Err(Rejected::BadSignature(Algorithm::Ed25519)));
    }

    #[test]
    fn unknown_signatures_are_passed_over_and_are_not_enough() {
        let others = Keys::known(&[5; 32], &[6; 32]);
        let by_others = checkpoint().sign(&others).unwrap();
        assert_eq!(open(&by_others), Err(Rejected::NotSigned));
        let lines = by_others.split_once("\n\n").unwrap().1;
        let note = checkpoint().sign(&keys()).unwrap() + lines;
        assert_eq!(open(&note).unwrap().1, [Algorithm::Sm2, Algorithm::Ed25519]);
    }

    #[test]
    fn no_flipped_bit_passes() {
        let note = checkpoint().sign(&keys()).unwrap().into_bytes();
        let verifiers = keys().verifiers(ORIGIN);
        for bit in 0..note.len() * 8 {
            let mut flipped = note.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok((opened, signed)) = Checkpoint::open(&flipped, ORIGIN, &verifiers) {
                // A changed name or key id makes one signature unknown; the other still holds.
                assert_eq!((opened, signed.len()), (checkpoint(), 1), "bit {bit}");
            }
        }
    }

    /// GB/T 32918.5, appendix A.2: the example of a signature on the recommended curve.
    #[test]
    fn sm2_is_the_standard_one() {
        let bytes = |hex: &str| hex::decode(hex).unwrap();
        let public = bytes(
            "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
            ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
        );
        let signature = bytes(
            "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
            b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
        );
        let key = sm2::dsa::VerifyingKey::from_sec1_bytes(SM2_SIGNER, &public).unwrap();
        let verifier = Verifier::sm2("a", key);
        assert!(verifier.accepts(b"message digest", &signature));
        assert!(!verifier.accepts(b"message digesu", &signature));
        let secret = bytes("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
        let ours = Keys::known(&secret.try_into().unwrap(), &[4; 32]);
        let [ours, _] = ours.verifiers("a");
        assert_eq!(ours.to_string(), verifier.to_string());
    }

    /// RFC 8032 §7.1, test 2.
    #[test]
    fn ed25519_is_the_standard_one() {
        let bytes = |hex: &str| hex::decode(hex).unwrap();
        let secret = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let keys = Keys::known(&[3; 32], &secret.try_into().unwrap());
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
            085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(hex::encode(keys.sign(Algorithm::Ed25519, &[0x72]).unwrap()), signature);
    }

    /// The example of the specification of checkpoints, and of notes.
    #[test]
    fn key_ids_are_those_of_the_specification() {
        let note = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n\
            ed è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5\
            ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let (text, signatures) = split(note.as_bytes()).unwrap();
        assert!(text.ends_with("ed è subito sera.\n"));
        let [(name, id, signature)] = signatures.as_slice() else { panic!("{signatures:?}") };
        assert_eq!(
            (name.as_str(), hex::encode(id)),
            ("quasimodo.example/salvatore", "367ba04b".into())
        );
        assert_eq!(signature.len(), 64);
        // The key of the Go checksum database, as it is published.
        let line = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        assert_eq!(Verifier::parse(line).unwrap().to_string(), line);
    }
}
