//! 账号. Who signs in: passwords, sessions and the limits on guessing.
//!
//! Nothing here is record; sessions and credentials may change and go.
//! An account is a member of staff; its name is the staff id, or the person's name where only one person has it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use procedure::{
    directory::{Directory, Staff},
    value::StaffId,
};
use sm3::{Digest, Sm3};
use store::{Credential, Hash, Session, Store};
use tokio::sync::Semaphore;

use crate::{
    no::{Denied, No, Operation},
    office::{Office, random_id},
    serve::blocking,
    trail,
};

/// A session ends this long after its last use, in milliseconds.
const IDLE: i64 = 30 * 60 * 1000;
/// A session ends this long after it began, in milliseconds.
const LIFETIME: i64 = 12 * 60 * 60 * 1000;
/// The use of a session is noted no more often than this, in milliseconds.
const NOTED_EVERY: i64 = 60 * 1000;
/// So many wrong passwords cost nothing.
const FREE_FAILURES: u32 = 3;
/// The longest delay after a wrong password, in seconds.
const LONGEST_DELAY: u32 = 15 * 60;
/// How many passwords are hashed at once; each takes 19 MiB and most of a core.
const HASHING: usize = 2;
/// How long somebody waits for their password to be hashed.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many names without an account are kept in mind.
const UNKNOWN_KEPT: usize = 10_000;

/// The accounts of an office. Clones share it.
#[derive(Clone)]
pub struct Accounts {
    inner: Arc<Inner>,
}

struct Inner {
    office: Office,
    hashing: Semaphore,
    /// What a wrong name is compared with, so that it takes as long as a wrong password.
    nobody: String,
    /// Failures of names that have no account, so that they are delayed like those that have one.
    unknown: Mutex<BTreeMap<String, Failures>>,
    /// When each session of this node ends, as far as it was used here.
    open: Mutex<BTreeMap<Hash, i64>>,
}

#[derive(Clone, Copy, Default)]
struct Failures {
    count: u32,
    locked_until: i64,
}

/// 登录人员. Somebody who has signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub staff: StaffId,
    /// Whether the password must be changed before anything else.
    pub must_change: bool,
}

impl Accounts {
    /// The accounts of an office.
    pub fn new(office: Office) -> Result<Accounts, No> {
        let nobody = hash(&random_id()?)?;
        let hashing = Semaphore::new(HASHING);
        let unknown = Mutex::default();
        Ok(Accounts {
            inner: Arc::new(Inner { office, hashing, nobody, unknown, open: Mutex::default() }),
        })
    }

    /// Signs somebody in; answers the session's token.
    pub async fn sign_in(&self, name: String, password: String) -> Result<String, No> {
        let accounts = self.clone();
        self.hashing(move || {
            let (staff, token) = accounts.check_and_begin(&name, &password)?;
            // Without its entry the session ends before anybody has it.
            if let Err(no) = accounts.inner.office.tell_done(&staff) {
                accounts.end(&token)?;
                return Err(no);
            }
            Ok(token)
        })
        .await
    }

    /// Whose session this is. A session that is used goes on.
    ///
    /// Whatever was changed about the directory before, on any node, holds from here on.
    pub fn who(&self, token: &str) -> Result<SignedIn, No> {
        self.inner.office.refresh()?;
        let store = self.store();
        let now = self.inner.office.clock().instant();
        let session = store.session(&digest(token))?.filter(|session| session.expires > now);
        let Some(session) = session else { return Err(Denied::NotSignedIn.into()) };
        let staff = StaffId(session.staff.clone());
        if !serves(&self.inner.office.directory(), &staff) {
            return Err(Denied::NotSignedIn.into());
        }
        trail::who(&staff);
        let must_change = store.credential(&session.staff)?.is_none_or(|c| c.must_change);
        // After the clock went back a session must not last until the old time is reached again.
        if (now - session.seen).abs() > NOTED_EVERY {
            let made = session.made.min(now);
            let expires = (now + IDLE).min(made + LIFETIME);
            let token = session.token;
            match store.renew_session(Session { made, seen: now, expires, ..session }) {
                // On a full disk a session goes on until its time, and no longer.
                Ok(true) | Err(store::Fault::Full) => {}
                // Somebody ended it since it was read.
                Ok(false) => return Err(Denied::NotSignedIn.into()),
                Err(fault) => return Err(fault.into()),
            }
            self.note_open(token, expires);
        }
        Ok(SignedIn { staff, must_change })
    }

    /// Sets the figure of open sessions whenever it is called.
    pub fn counted(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let accounts = self.clone();
        move || {
            #[expect(clippy::cast_precision_loss, reason = "sessions are limited")]
            ::metrics::gauge!("chachu_sessions_open").set(accounts.open_sessions() as f64);
        }
    }

    /// How many sessions are open on this node.
    fn open_sessions(&self) -> usize {
        let now = self.inner.office.clock().instant();
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, expires| *expires > now);
        open.len()
    }

    fn note_open(&self, token: Hash, expires: i64) {
        let mut open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(token, expires);
    }

    /// Ends a session; that it ends is on record before it does.
    pub fn sign_out(&self, token: &str) -> Result<(), No> {
        if let Some(session) = self.store().session(&digest(token))? {
            self.inner.office.tell_done(&StaffId(session.staff))?;
        }
        self.end(token)
    }

    fn end(&self, token: &str) -> Result<(), No> {
        let token = digest(token);
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
        Ok(self.store().delete_session(&token)?)
    }

    /// Changes a password; all sessions of the person end, and a new one begins.
    pub async fn change_password(
        &self,
        staff: StaffId,
        old: String,
        new: String,
    ) -> Result<String, No> {
        let accounts = self.clone();
        self.hashing(move || {
            let (_, token) = accounts.check_and_begin(&staff.0, &old)?;
            if let Err(no) = accounts.replace_password(&staff, &old, &new) {
                accounts.end(&token)?;
                return Err(no);
            }
            accounts.store().delete_sessions_of(&staff.0)?;
            accounts.begin(&staff)
        })
        .await
    }

    fn replace_password(&self, staff: &StaffId, old: &str, new: &str) -> Result<(), No> {
        let directory = self.inner.office.directory();
        check_strength(new, old, staff, &directory).map_err(Denied::WeakPassword)?;
        let password = hash(new)?;
        // Told first: a password that changed without an entry would be worse than the reverse.
        self.inner.office.tell(staff, "password_changed", &serde_json::json!({}))?;
        self.store().change_credential(&staff.0, move |credential| {
            credential.password = password;
            credential.must_change = false;
        })?;
        Ok(())
    }

    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, No> + Send + 'static,
    ) -> Result<T, No> {
        let permit = tokio::time::timeout(PATIENCE, self.inner.hashing.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(Denied::Busy.into()) };
        blocking(work).await
    }

    fn check_and_begin(&self, name: &str, password: &str) -> Result<(StaffId, String), No> {
        self.inner.office.refresh()?;
        let directory = self.inner.office.directory();
        let staff = find(&directory, name).map(|staff| staff.id.clone());
        staff.iter().for_each(trail::who);
        let credential = match &staff {
            Some(staff) => self.store().credential(&staff.0)?,
            None => None,
        };
        let now = self.inner.office.clock().instant();
        let locked_until = match &credential {
            Some(credential) => credential.locked_until.unwrap_or(0),
            None => self.unknown().get(name).copied().unwrap_or_default().locked_until,
        };
        // A delay that the clock's going back made longer than any is none.
        let longest = i64::from(LONGEST_DELAY) * 1000;
        if locked_until > now && locked_until - now <= longest {
            let seconds = u64::try_from((locked_until - now).div_euclid(1000) + 1).unwrap_or(1);
            return Err(Denied::Throttled { seconds }.into());
        }
        let expected = credential.as_ref().map_or(&self.inner.nobody, |c| &c.password);
        let right = matches(password, expected);
        let (Some(staff), Some(_), true) = (&staff, &credential, right) else {
            self.note_failure(name, credential.map(|c| c.staff), now)?;
            return Err(Denied::WrongPassword.into());
        };
        self.store().change_credential(&staff.0, |credential| {
            credential.failures = 0;
            credential.locked_until = None;
        })?;
        self.store().delete_expired_sessions(now)?;
        let token = self.begin(staff)?;
        // The password may have been changed while this one was compared. Whoever changed it ended the
        // sessions after that: this one among them, unless it began too late, and then it ends here.
        if self.store().credential(&staff.0)?.is_none_or(|it| it.password != *expected) {
            self.end(&token)?;
            return Err(Denied::WrongPassword.into());
        }
        Ok((staff.clone(), token))
    }

    pub(crate) fn begin(&self, staff: &StaffId) -> Result<String, No> {
        if self.open_sessions() >= crate::limits::get().sessions {
            return Err(Denied::Busy.into());
        }
        let token = format!("{}{}", random_id()?, random_id()?);
        let now = self.inner.office.clock().instant();
        self.store().put_session(Session {
            token: digest(&token),
            staff: staff.0.clone(),
            made: now,
            seen: now,
            expires: now + IDLE,
        })?;
        self.note_open(digest(&token), now + IDLE);
        Ok(token)
    }

    fn note_failure(&self, name: &str, account: Option<String>, now: i64) -> Result<(), No> {
        if let Some(staff) = account {
            self.store().change_credential(&staff, move |credential| {
                credential.failures = credential.failures.saturating_add(1);
                credential.locked_until = locked_until(credential.failures, now);
            })?;
            return Ok(());
        }
        let mut unknown = self.unknown();
        if unknown.len() >= UNKNOWN_KEPT {
            unknown.clear();
        }
        let failures = unknown.entry(name.chars().take(64).collect()).or_default();
        failures.count = failures.count.saturating_add(1);
        failures.locked_until = locked_until(failures.count, now).unwrap_or(0);
        Ok(())
    }

    fn unknown(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Failures>> {
        self.inner.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> &Store {
        self.inner.office.store()
    }
}

/// Gives somebody a random first password, which must be changed at the first sign-in.
pub fn give_first_password(store: &Store, staff: &StaffId) -> Result<String, No> {
    // Letters and digits that are not taken for one another on paper.
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| No::Fault(Operation::log(&error)))?;
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter));
    let password: String = bytes.iter().filter_map(letter).collect();
    store.put_credential(Credential {
        staff: staff.0.clone(),
        password: hash(&password)?,
        must_change: true,
        ..Credential::default()
    })?;
    Ok(password)
}

/// Gives somebody a password that is known to everybody, in a demonstration.
pub fn give_known_password(store: &Store, staff: &[StaffId], password: &str) -> Result<(), No> {
    let hash = hash(password)?;
    for staff in staff {
        let credential =
            Credential { staff: staff.0.clone(), password: hash.clone(), ..Credential::default() };
        store.put_credential(credential)?;
    }
    Ok(())
}

fn locked_until(failures: u32, now: i64) -> Option<i64> {
    let counted = failures.checked_sub(FREE_FAILURES)?;
    let seconds = 2_u32.saturating_pow(counted.saturating_add(1)).min(LONGEST_DELAY);
    Some(now + i64::from(seconds) * 1000)
}

/// The member of staff with this account name, if one serves.
pub fn find<'a>(directory: &'a Directory, name: &str) -> Option<&'a Staff> {
    let name = name.trim();
    let by_id = directory.staff(&StaffId(name.to_owned()));
    let mut by_name = directory.all_staff().filter(|staff| staff.name.as_str() == name);
    let found = match (by_id, by_name.next(), by_name.next()) {
        (Some(found), ..) | (None, Some(found), None) => found,
        _ => return None,
    };
    Some(found).filter(|staff| !staff.roles.is_empty())
}

fn serves(directory: &Directory, staff: &StaffId) -> bool {
    directory.staff(staff).is_some_and(|staff| !staff.roles.is_empty())
}

fn hash(password: &str) -> Result<String, No> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash: PasswordHash| hash.to_string())
        .map_err(|error| No::Fault(Operation::log(&error)))
}

fn matches(password: &str, expected: &str) -> bool {
    PasswordHash::new(expected).is_ok_and(|expected| {
        Argon2::default().verify_password(password.as_bytes(), &expected).is_ok()
    })
}

fn digest(token: &str) -> Hash {
    Sm3::digest(token).into()
}

/// The shortest password, in characters.
const SHORTEST: usize = 10;
/// The longest password, in bytes, so that hashing it stays cheap.
const LONGEST: usize = 256;

/// Words that passwords of this product would be guessed from.
const CONTEXT: &[&str] =
    &["chachu", "baomi", "secret", "password", "管理员", "保密", "查处", "泄密"];

fn check_strength(
    new: &str,
    old: &str,
    staff: &StaffId,
    directory: &Directory,
) -> Result<(), &'static str> {
    let lower = new.to_lowercase();
    if new.chars().count() < SHORTEST {
        return Err("密码不足10个字符");
    }
    if new.len() > LONGEST {
        return Err("密码过长");
    }
    if new == old {
        return Err("新密码与原密码相同");
    }
    let name = directory.staff_name(staff).to_lowercase();
    if [staff.0.to_lowercase(), name].iter().any(|word| lower.contains(word)) {
        return Err("密码不能含有账号或者姓名");
    }
    let distinct: std::collections::BTreeSet<_> = lower.chars().collect();
    // What is left of a password without the words everybody tries first must still be long enough.
    let rest = CONTEXT.iter().fold(lower.clone(), |rest, word| rest.replace(word, ""));
    let common = include_str!("accounts/common_passwords.txt").lines().any(|line| line == lower);
    if common || distinct.len() < 5 || rest.chars().count() < SHORTEST - 4 {
        return Err("密码过于常见，容易被猜出");
    }
    Ok(())
}
