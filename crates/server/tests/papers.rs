//! Papers are made from the record in the background, fixed once, and made up for after a crash.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    io::Read,
    os::unix::fs::symlink,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use jiff::civil::date;
use papers::Paper;
use procedure::{
    supplementary::{PaperCode, papers_due, papers_issued},
    value::StaffId,
};
use scenario::{Scenario, language::Statement, play};
use server::{clock::Clock, office::Office, papers as making, samples, world::OfficeWorld};
use store::Store;

/// The trunk of case 1, played into an office; answers its dossier.
fn case_1(office: &Office) -> String {
    let today = date(2026, 3, 16);
    let (_, case) = samples::scenarios(today)
        .into_iter()
        .find(|(name, _)| name.starts_with("cases/01"))
        .unwrap();
    let lines = case.lines.into_iter().filter(|line| !matches!(line, Statement::Fork { .. }));
    let case = Scenario { lines: lines.collect(), ..case };
    play(&case, || Ok(OfficeWorld::new(office.clone())), &mut |line| {
        assert_eq!(line.failure, None, "{line:?}");
    })
    .unwrap();
    let stream = &office.store().streams("dossier/").unwrap()[0];
    stream.as_str().trim_start_matches("dossier/").to_owned()
}

#[test]
fn what_stands_on_a_paper_comes_from_the_record() {
    let office = Office::open(Store::in_memory().unwrap(), Clock::default()).unwrap();
    let id = case_1(&office);
    let dossier = office.inspect(&id).unwrap();
    let directory = office.directory();
    let mut seen = Vec::new();
    for (code, entry) in papers_issued(&dossier) {
        match making::papers_of(&dossier, &directory, code, entry).unwrap() {
            Paper::FilingNotice(notice) => {
                assert_eq!(code, PaperCode::FilingNotice);
                assert_eq!(notice.department, "示例市局");
                assert_eq!(notice.addressee, "样例银行");
                assert_eq!(notice.number, "示市保立通〔2022〕1号");
                assert_eq!(notice.grade_mark.as_deref(), Some("秘密★10年"));
                assert_eq!(notice.filed_on, dossier.filing.case.as_ref().unwrap().stamp.occurred);
                assert!(notice.instead_of.is_none());
            }
            Paper::InterviewRecord(record) => {
                assert_eq!(code, PaperCode::InterviewRecord);
                assert!(record.handlers.len() >= 2 && !record.exchanges.is_empty());
                assert!(record.from < record.to);
                assert_eq!(record.credentials_shown, Some(true));
            }
        }
        seen.push(code);
        let other = match code {
            PaperCode::FilingNotice => PaperCode::InterviewRecord,
            PaperCode::InterviewRecord => PaperCode::FilingNotice,
        };
        assert!(making::papers_of(&dossier, &directory, other, entry).is_err());
    }
    assert!(seen.contains(&PaperCode::FilingNotice) && seen.contains(&PaperCode::InterviewRecord));
    assert!(making::papers_of(&dossier, &directory, PaperCode::FilingNotice, 1).is_err());
}

#[test]
fn papers_left_over_are_made_at_the_next_start_and_never_twice() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let store = Store::open(&data, &root.path().join("keys")).unwrap();
    let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.fonts");
    symlink(fonts, data.join("fonts")).unwrap();
    let office = Office::open(store, Clock::default()).unwrap();
    let id = case_1(&office);
    let due = papers_due(&office.inspect(&id).unwrap());
    assert!(!due.is_empty());
    office.clock().reset();
    making::start(&office, &data).unwrap();
    let started = Instant::now();
    while !papers_due(&office.inspect(&id).unwrap()).is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60), "the papers are not made");
        thread::sleep(Duration::from_millis(50));
    }
    let dossier = office.inspect(&id).unwrap();
    let fixed = &dossier.supplementary.papers;
    assert_eq!(fixed.len(), due.len());
    assert!(fixed.iter().all(|(_, stamp)| stamp.by == StaffId::system()));
    let head = StaffId("丙一@示例市局".to_owned());
    let (file, mut reader) = office.file(&head, &id, &fixed[0].0.file.sm3).unwrap();
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    assert_eq!(bytes.len() as u64, file.size);
    // A stranger gets the same answer as for a file that does not exist.
    let stranger = StaffId("甲一@示例市局".to_owned());
    assert!(office.file(&stranger, &id, &file.sm3).is_err());
}
