//! The keys of one store: two that seal, two that sign checkpoints.
//!
//! They live outside the data directory, so that a copy of the data opens nothing and signs nothing.
//! Where a key is held is a closed set; today every key is read from a file.

mod file;

use std::path::Path;

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use crate::{
    Fault, Secret,
    checkpoint::{Algorithm, Verifier},
    event::random,
    seal::SealKey,
};

/// The keys of one store.
pub struct Keys {
    pub(crate) identity: SealKey,
    pub(crate) draft: SealKey,
    sm2: Held<sm2::dsa::SigningKey>,
    ed25519: Held<ed25519_dalek::SigningKey>,
}

/// Where a key is held, and so who computes with it.
enum Held<T> {
    /// This process, which read it from a file; or made it, for a store in memory.
    File(T),
}

const SEALING: [(&str, usize); 2] = [("identity", 16), ("draft", 16)];
const SIGNING: [(&str, usize); 2] = [("checkpoint-sm2", 32), ("checkpoint-ed25519", 32)];

/// Who a signature of SM2 is by, where nobody agreed on another name (GM/T 0009).
pub(crate) const SM2_SIGNER: &str = "1234567812345678";

impl Keys {
    /// Reads the keys, making them at the first start; those of checkpoints also at the first start
    /// after versions that had none.
    ///
    /// With a passphrase every key file must be under it, without one none may be under any.
    pub fn open(directory: &Path, passphrase: Option<&Secret>) -> Result<Keys, Fault> {
        file::make_directory(directory)?;
        let signing_is_there = file::is_any_there(directory, &SIGNING);
        if signing_is_there && !file::is_any_there(directory, &SEALING) {
            return Err(Fault::Key { name: "identity", what: "the file is missing".to_owned() });
        }
        file::settle(directory, &SEALING, passphrase)?;
        let [identity, draft] =
            SEALING.map(|(name, length)| file::read(directory, name, length, passphrase));
        let (identity, draft) = (identity?, draft?);
        file::settle(directory, &SIGNING, passphrase)?;
        let [sm2, ed25519] =
            SIGNING.map(|(name, length)| file::read(directory, name, length, passphrase));
        Ok(Keys {
            identity: SealKey::new("identity", &exactly("identity", &identity)?),
            draft: SealKey::new("draft", &exactly("draft", &draft)?),
            sm2: Held::File(sm2_key(&sm2?)?),
            ed25519: Held::File(ed25519_key(&exactly("checkpoint-ed25519", &ed25519?)?)),
        })
    }

    /// The key files without which what is sealed is lost; they are never made anew.
    pub fn irreplaceable() -> [String; 2] {
        SEALING.map(|(name, _)| format!("{name}.key"))
    }

    /// Puts every key file in a directory under a passphrase.
    ///
    /// Broken off, it can be begun again with the same passphrase.
    pub fn protect(directory: &Path, passphrase: &Secret) -> Result<(), Fault> {
        for (name, length) in SEALING.into_iter().chain(SIGNING) {
            file::protect(directory, name, length, passphrase)?;
        }
        Ok(())
    }

    /// Takes every key file in a directory out from under its passphrase.
    ///
    /// Broken off, it can be begun again with the same passphrase.
    pub fn unprotect(directory: &Path, passphrase: &Secret) -> Result<(), Fault> {
        for (name, length) in SEALING.into_iter().chain(SIGNING) {
            file::unprotect(directory, name, length, passphrase)?;
        }
        Ok(())
    }

    /// Whether the key files in a directory are under a passphrase; `None` if there are none, or
    /// some are and some are not.
    pub fn is_protected(directory: &Path) -> Option<bool> {
        let mut all = SEALING.into_iter().chain(SIGNING);
        let first = file::is_protected(directory, all.next()?.0)?;
        all.all(|(name, _)| file::is_protected(directory, name) == Some(first)).then_some(first)
    }

    /// Keys that live as long as the process.
    pub(crate) fn passing() -> Result<Keys, Fault> {
        Ok(Keys {
            identity: SealKey::new("identity", &Zeroizing::new(random()?)),
            draft: SealKey::new("draft", &Zeroizing::new(random()?)),
            sm2: Held::File(sm2_key(&file::fresh("checkpoint-sm2", 32)?)?),
            ed25519: Held::File(ed25519_key(&Zeroizing::new(random()?))),
        })
    }

    /// The keys by which a store is known.
    pub(crate) fn all(&self) -> [&SealKey; 2] {
        [&self.identity, &self.draft]
    }

    /// The public keys of checkpoints of an origin, for whoever keeps them: SM2, then Ed25519.
    /// Their text form is `Display`'s.
    pub fn verifiers(&self, origin: &str) -> [Verifier; 2] {
        let (Held::File(sm2), Held::File(ed25519)) = (&self.sm2, &self.ed25519);
        [
            Verifier::sm2(origin, sm2.verifying_key().clone()),
            Verifier::ed25519(origin, ed25519.verifying_key()),
        ]
    }

    /// Signs the text of a checkpoint.
    pub(crate) fn sign(&self, algorithm: Algorithm, text: &[u8]) -> Result<Vec<u8>, Fault> {
        let fault = |name| Fault::Key { name, what: "cannot sign".to_owned() };
        match algorithm {
            Algorithm::Sm2 => {
                let Held::File(key) = &self.sm2;
                let signature = sm2::dsa::signature::Signer::try_sign(key, text);
                let signature: sm2::dsa::Signature =
                    signature.map_err(|_| fault("checkpoint-sm2"))?;
                Ok(signature.to_vec())
            }
            Algorithm::Ed25519 => {
                let Held::File(key) = &self.ed25519;
                let signature = key.try_sign(text).map_err(|_| fault("checkpoint-ed25519"))?;
                Ok(signature.to_bytes().to_vec())
            }
        }
    }

    /// Keys of known bytes, for vectors.
    #[cfg(test)]
    pub(crate) fn known(sm2: &[u8; 32], ed25519: &[u8; 32]) -> Keys {
        let keys = Keys::passing().unwrap();
        let sm2 = Held::File(sm2_key(sm2).unwrap());
        Keys { sm2, ed25519: Held::File(ed25519_dalek::SigningKey::from_bytes(ed25519)), ..keys }
    }
}

fn exactly<const N: usize>(name: &'static str, bytes: &[u8]) -> Result<Zeroizing<[u8; N]>, Fault> {
    let bytes = bytes.try_into().map(Zeroizing::new);
    bytes.map_err(|_| Fault::Key { name, what: format!("must be exactly {N} bytes") })
}

fn sm2_key(bytes: &[u8]) -> Result<sm2::dsa::SigningKey, Fault> {
    sm2::dsa::SigningKey::from_slice(SM2_SIGNER, bytes)
        .map_err(|_| Fault::Key { name: "checkpoint-sm2", what: "the file is damaged".to_owned() })
}

fn ed25519_key(bytes: &Zeroizing<[u8; 32]>) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(bytes)
}
