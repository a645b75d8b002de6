//! What is not record comes and goes.

use std::thread;

use store::{Credential, Secret, Session};

use crate::support::fresh;

#[test]
fn sessions_end_one_by_one_by_person_and_by_time() {
    let store = fresh();
    let session = |token: u8, staff: &str, expires| Session {
        token: [token; 32],
        staff: staff.to_owned(),
        made: 1,
        seen: 2,
        expires,
    };
    for (token, staff, expires) in
        [(1, "a", 10), (2, "a", 10), (3, "b", 10), (4, "b", 5), (5, "b", 10)]
    {
        store.put_session(session(token, staff, expires)).unwrap();
    }
    let left = || {
        let tokens = (1..=5).filter(|token| store.session(&[*token; 32]).unwrap().is_some());
        tokens.collect::<Vec<u8>>()
    };
    assert_eq!(store.session(&[3; 32]).unwrap(), Some(session(3, "b", 10)));
    store.put_session(Session { seen: 9, ..session(3, "b", 10) }).unwrap();
    assert_eq!(store.session(&[3; 32]).unwrap().unwrap().seen, 9);
    store.delete_sessions_of("a").unwrap();
    assert_eq!(left(), [3, 4, 5]);
    store.delete_expired_sessions(10).unwrap();
    assert_eq!(left(), [3, 5]);
    store.delete_session(&[5; 32]).unwrap();
    assert_eq!(left(), [3]);
}

#[test]
fn concurrent_failures_are_all_counted() {
    let store = fresh();
    let credential = Credential {
        staff: "a".to_owned(),
        password: "$argon2id$".to_owned(),
        must_change: true,
        ..Credential::default()
    };
    store.put_credential(credential.clone()).unwrap();
    assert_eq!(store.credential("a").unwrap(), Some(credential));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            thread::spawn(move || store.change_credential("a", |it| it.failures += 1).unwrap())
        })
        .collect();
    threads.into_iter().for_each(|thread| assert!(thread.join().unwrap().is_some()));
    assert_eq!(store.credential("a").unwrap().unwrap().failures, 8);
    assert_eq!(store.change_credential("b", |it| it.failures += 1).unwrap(), None);
    assert_eq!(store.credential("b").unwrap(), None);
}

#[test]
fn drafts_and_settings_are_kept_replaced_and_forgotten() {
    let store = fresh();
    let draft = |form: &str| {
        let draft = store.draft("a", form).unwrap();
        draft.map(|draft| (draft.content.expose().to_vec(), draft.made))
    };
    for (content, made) in [("一", 1), ("二", 2)] {
        store.put_draft("a", "file", &Secret::new(content.into()), made).unwrap();
    }
    assert_eq!(draft("file"), Some(("二".into(), 2)));
    assert_eq!(draft("close"), None);
    store.delete_draft("a", "file").unwrap();
    assert_eq!(draft("file"), None);

    assert_eq!(store.setting("name").unwrap(), None);
    for value in ["甲", "乙"] {
        store.put_setting("name", value).unwrap();
    }
    assert_eq!(store.setting("name").unwrap().as_deref(), Some("乙"));
}

#[test]
fn a_session_that_was_ended_is_not_brought_back_by_its_use() {
    let store = fresh();
    let session = |seen| Session {
        token: [7; 32],
        staff: "甲一".to_owned(),
        made: 1,
        seen,
        expires: seen + 10,
    };
    store.put_session(session(1)).unwrap();
    assert!(store.renew_session(session(2)).unwrap());
    assert_eq!(store.session(&[7; 32]).unwrap(), Some(session(2)));
    store.delete_session(&[7; 32]).unwrap();
    assert!(!store.renew_session(session(3)).unwrap());
    assert_eq!(store.session(&[7; 32]).unwrap(), None);
}

#[test]
fn who_settles_a_setting_first_settles_it_for_all() {
    let store = fresh();
    assert_eq!(store.settle_setting("salt", "one").unwrap(), "one");
    assert_eq!(store.settle_setting("salt", "two").unwrap(), "one");
    assert_eq!(store.setting("salt").unwrap().as_deref(), Some("one"));
}
