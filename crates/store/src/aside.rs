//! What is stored but is not record: sessions, credentials, drafts and the instance's settings.
//!
//! These rows may change and go. No chain covers them, and `verify` does not look at them.

use crate::{Fault, Hash, Secret, Store};

/// 登录会话. Somebody who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of the token; the token itself is only in the browser.
    pub token: Hash,
    /// Whose session it is.
    pub staff: String,
    /// When it began, in milliseconds.
    pub made: i64,
    /// When it was last used, in milliseconds.
    pub seen: i64,
    /// When it ends, in milliseconds.
    pub expires: i64,
}

/// 登录凭据. How somebody signs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub staff: String,
    /// The password's argon2 text.
    pub password: String,
    /// Whether the password must be changed at the next sign-in.
    pub must_change: bool,
    /// Wrong passwords since the last right one.
    pub failures: u32,
    /// Until when signing in is refused, in milliseconds.
    pub locked_until: Option<i64>,
}

/// 草稿. A form that was not sent yet.
#[derive(Debug)]
pub struct Draft {
    /// What was filled in.
    pub content: Secret,
    /// When it was kept, in milliseconds.
    pub made: i64,
}

impl Store {
    /// Keeps a session, replacing the one with the same token.
    pub fn put_session(&self, session: Session) -> Result<(), Fault> {
        self.engine().put_session(session)
    }

    /// Notes the use of a session, unless somebody ended it meanwhile; answers whether it goes on.
    pub fn renew_session(&self, session: Session) -> Result<bool, Fault> {
        self.engine().renew_session(session)
    }

    /// The session of a token.
    pub fn session(&self, token: &Hash) -> Result<Option<Session>, Fault> {
        self.engine().session(token)
    }

    /// Ends a session.
    pub fn delete_session(&self, token: &Hash) -> Result<(), Fault> {
        self.engine().delete_session(*token)
    }

    /// Ends all sessions of a person.
    pub fn delete_sessions_of(&self, staff: &str) -> Result<(), Fault> {
        self.engine().delete_sessions_of(staff.to_owned())
    }

    /// Forgets the sessions that ended before `now`, in milliseconds.
    pub fn delete_expired_sessions(&self, now: i64) -> Result<(), Fault> {
        self.engine().delete_expired_sessions(now)
    }

    /// Keeps a credential, replacing the person's former one.
    pub fn put_credential(&self, credential: Credential) -> Result<(), Fault> {
        self.engine().put_credential(credential)
    }

    /// The credential of a person.
    pub fn credential(&self, staff: &str) -> Result<Option<Credential>, Fault> {
        self.engine().credential(staff)
    }

    /// Changes a credential, so that concurrent attempts are all counted.
    ///
    /// Answers the credential after the change, or `None` if the person has none.
    pub fn change_credential(
        &self,
        staff: &str,
        change: impl FnOnce(&mut Credential) + Send + 'static,
    ) -> Result<Option<Credential>, Fault> {
        self.engine().change_credential(staff.to_owned(), Box::new(change))
    }

    /// Keeps the draft of a form, encrypted, replacing the former one.
    pub fn put_draft(
        &self,
        staff: &str,
        form: &str,
        content: &Secret,
        made: i64,
    ) -> Result<(), Fault> {
        let bytes = self.keys().draft.encrypt(content, &[staff, form])?;
        self.engine().put_draft(staff.to_owned(), form.to_owned(), bytes, made)
    }

    /// The draft of a form.
    pub fn draft(&self, staff: &str, form: &str) -> Result<Option<Draft>, Fault> {
        let Some((bytes, made)) = self.engine().draft(staff, form)? else { return Ok(None) };
        let content = self.keys().draft.decrypt(&bytes, &[staff, form])?;
        Ok(Some(Draft { content, made }))
    }

    /// Forgets the draft of a form.
    pub fn delete_draft(&self, staff: &str, form: &str) -> Result<(), Fault> {
        self.engine().delete_draft(staff.to_owned(), form.to_owned())
    }

    /// Keeps a setting of this instance.
    pub fn put_setting(&self, name: &str, value: &str) -> Result<(), Fault> {
        self.engine().put_setting(name.to_owned(), value.to_owned())
    }

    /// Keeps a setting of this instance where there is none of this name yet; answers the one that
    /// holds, so that all who are the first agree.
    pub fn settle_setting(&self, name: &str, value: &str) -> Result<String, Fault> {
        self.engine().settle_setting(name.to_owned(), value.to_owned())
    }

    /// A setting of this instance.
    pub fn setting(&self, name: &str) -> Result<Option<String>, Fault> {
        self.engine().setting(name)
    }
}
