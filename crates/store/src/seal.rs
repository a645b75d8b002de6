//! Sealing: SM4-GCM under keys that lie outside the data directory.
//!
//! A [`Secret`] has no text form, so that it cannot be printed, logged or indexed by accident.

use std::fmt;

use aes_gcm::{
    AesGcm, KeyInit,
    aead::{Aead, Payload, consts::U12},
};
use sm3::{Digest, Sm3};
use sm4::Sm4;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

pub(crate) use crate::keys::Keys;
use crate::{Fault, Hash, event::random};

/// Bytes that may only be read on purpose, and are wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Secret {
        Secret(bytes)
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// 举报人身份. A part of an act that is kept apart from its events.
#[derive(Debug)]
pub struct SealedPart {
    /// The random id that stands for it in the event.
    pub id: String,
    /// The dossier it belongs to.
    pub dossier: String,
    /// What must not be seen.
    pub plaintext: Secret,
}

/// A sealing key, ready for use.
pub(crate) struct SealKey {
    name: &'static str,
    cipher: AesGcm<Sm4, U12>,
    /// Tells whether a store was made with this key.
    pub(crate) check: Hash,
}

const NONCE_SIZE: usize = 12;

impl SealKey {
    pub(crate) fn new(name: &'static str, key: &Zeroizing<[u8; 16]>) -> SealKey {
        let check = Sm3::new()
            .chain_update(b"chachu-key-check\n")
            .chain_update(key.as_slice())
            .finalize()
            .into();
        let key: &[u8; 16] = key;
        SealKey { name, cipher: AesGcm::new(key.into()), check }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Nonce, ciphertext and tag. `place` says where it belongs, so that it fits nowhere else.
    pub(crate) fn encrypt(&self, secret: &Secret, place: &[&str]) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_SIZE] = random()?;
        let aad = associated(place);
        let payload = Payload { msg: secret.expose(), aad: &aad };
        let sealed = self
            .cipher
            .encrypt((&nonce).into(), payload)
            .map_err(|_| Fault::Key { name: self.name, what: "cannot encrypt".to_owned() })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn decrypt(&self, sealed: &[u8], place: &[&str]) -> Result<Secret, Fault> {
        let fault =
            || Fault::Key { name: self.name, what: format!("does not open {}", place.join(" ")) };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_SIZE>().ok_or_else(fault)?;
        let aad = associated(place);
        let payload = Payload { msg: sealed, aad: &aad };
        self.cipher.decrypt(nonce.into(), payload).map(Secret::new).map_err(|_| fault())
    }
}

fn associated(place: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in place {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8998, appendix A.1.
    #[test]
    fn sealing_is_the_standard_sm4_gcm() {
        let bytes = |hex: &str| hex::decode(hex).unwrap();
        let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210").try_into().unwrap();
        let nonce: [u8; NONCE_SIZE] = bytes("00001234567800000000abcd").try_into().unwrap();
        let plaintext = bytes(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
            eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        );
        let sealed = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
            d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
            83de3541e4c2b58177e065a9bf7b62ec";
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let key = SealKey::new("identity", &Zeroizing::new(key));
        let payload = Payload { msg: &plaintext, aad: &aad };
        let ciphertext = key.cipher.encrypt((&nonce).into(), payload).unwrap();
        assert_eq!(hex::encode(ciphertext), sealed);
    }
}
