//! Case 1 by hand in Chromium: its people at the pages, refusals read on the screen, a defective act recorded, a paper downloaded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::{
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use common::{PASSWORD, Served, found, serve};
use scenario::{Scenario, language::Statement, play};
use server::papers;
use tempfile::TempDir;
use testkit::Browser;
use tokio::runtime::Runtime;

const CASE: &str = include_str!("../../../scenarios/cases/01-bank-messenger.txt");

/// The lines of the trunk; with a fork, those up to it and those in it.
fn chosen(lines: Vec<Statement>, fork: Option<&str>) -> Vec<Statement> {
    let mut chosen = Vec::new();
    for line in lines {
        match line {
            Statement::Fork { name, lines, .. } if Some(name.as_str()) == fork => {
                chosen.extend(lines);
                return chosen;
            }
            Statement::Fork { .. } => {}
            other => chosen.push(other),
        }
    }
    chosen
}

/// A server that makes papers, and a browser that opens it.
struct Walk {
    browser: Browser,
    _data: TempDir,
    _runtime: Runtime,
}

impl Walk {
    /// Plays case 1, without its forks or with one of them, and stops where it ends.
    fn through(fork: Option<&str>) -> Walk {
        let case = scenario::parse(CASE, jiff::civil::date(2026, 3, 16)).unwrap();
        let case = Scenario { lines: chosen(case.lines, fork), ..case };
        let runtime = Runtime::new().unwrap();
        let Served { office, base } = serve(&runtime);
        // As scenarios have it: what happened in the course of a day is entered when it ends, whenever the test runs.
        office.clock().set(jiff::civil::date(2026, 3, 16).at(18, 0, 0, 0));
        found(&office, &case.cast).unwrap();
        let data = tempfile::tempdir().unwrap();
        symlink(Path::new("../../.fonts").canonicalize().unwrap(), data.path().join("fonts"))
            .unwrap();
        papers::start(&office, data.path()).unwrap();
        let mut browser = Browser::open(&base, PASSWORD).unwrap();
        let mut failed = Vec::new();
        let mut world = Some(&mut browser);
        let start = || world.take().ok_or_else(|| "this case has no forks left".to_owned());
        let report = &mut |line: &scenario::Line| {
            if let Some(failure) = &line.failure {
                failed.push(format!("{} {} → {} | {failure}", line.line, line.what, line.came));
            }
        };
        play(&case, start, report).unwrap();
        assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
        Walk { browser, _data: data, _runtime: runtime }
    }

    /// The text of the first PDF on the dossier's page whose link has these words.
    fn paper(&self, words: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        // Papers are made in the background.
        while !self.browser.has_link(words).unwrap() {
            assert!(
                Instant::now() < deadline,
                "{words} is not made: {}",
                self.browser.read().unwrap()
            );
            std::thread::sleep(Duration::from_millis(200));
            self.browser.reload().unwrap();
        }
        let bytes = self.browser.download(words).unwrap();
        assert!(bytes.starts_with(b"%PDF-"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let text = Command::new("pdftotext").arg(file.path()).arg("-").output().unwrap();
        String::from_utf8(text.stdout).unwrap().split_whitespace().collect()
    }
}

#[test]
fn case_1_is_played_from_registration_to_closing() {
    let walk = Walk::through(None);
    walk.browser.goto_last_dossier().unwrap();
    let page = walk.browser.read().unwrap();
    for words in ["已结案", "示市保案〔2022〕1号", "政务记过", "节前以微信传递秘密级文件"]
    {
        assert!(page.contains(words), "{words} is not on the page:\n{page}");
    }
    let notice = walk.paper("立案通知书");
    for words in ["立案通知书", "示市保立通〔2022〕1号", "样例银行", "2022年3月8日"]
    {
        assert!(notice.contains(words), "{words} is not in the notice: {notice}");
    }
    let record = walk.paper("询问笔录");
    for words in ["询问笔录", "我叫N，是样例银行负责人。", "询问室一", "乙一", "乙二"]
    {
        assert!(record.contains(words), "{words} is not in the record: {record}");
    }
}

#[test]
fn an_interview_by_one_handler_is_refused_or_recorded_as_defective() {
    let walk = Walk::through(Some("一名办案人员询问"));
    walk.browser.goto_last_dossier().unwrap();
    let page = walk.browser.read().unwrap();
    for words in ["瑕疵", "第三十五条", "询问的办案人员少于2人"] {
        assert!(page.contains(words), "{words} is not on the page:\n{page}");
    }
}
