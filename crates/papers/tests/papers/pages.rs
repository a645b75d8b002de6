//! What stands on the pages of a PDF, as poppler reads it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use papers::{Fonts, Paper, Rendered, Templates, render};

pub(crate) const MM_PER_POINT: f64 = 25.4 / 72.0;

/// The fonts of the project and of the system.
pub(crate) static FONTS: LazyLock<Fonts> =
    LazyLock::new(|| Fonts::load(&font_directories()).unwrap_or_else(|error| panic!("{error}")));

/// Where `scripts/fonts` puts fonts.
pub(crate) fn font_directories() -> [PathBuf; 2] {
    [here("../../.fonts"), PathBuf::from("/usr/share/fonts")]
}

/// A path inside this crate.
pub(crate) fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Renders with the delivered templates and keeps the PDF under `name`, to be looked at.
pub(crate) fn keep(name: &str, paper: &Paper) -> (Rendered, PathBuf) {
    let rendered = render(paper, &Templates::default(), &FONTS).unwrap();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pdf"));
    fs::write(&path, &rendered.pdf).unwrap();
    (rendered, path)
}

/// The text in reading order, pages separated by form feeds.
pub(crate) fn text(pdf: &Path) -> String {
    pdftotext(&["-raw"], pdf)
}

/// The running text without white space and page feet, to be searched for whole sentences.
pub(crate) fn run(pdf: &Path) -> String {
    let is_foot = |line: &&str| {
        line.starts_with("— ") || line.starts_with("被询问人签名：") || line.contains("页 共")
    };
    let text = pdftotext(&["-raw"], pdf);
    let lines = text.lines().map(|line| line.trim_start_matches('\u{c}'));
    lines.filter(|line| !is_foot(line)).flat_map(str::split_whitespace).collect()
}

/// A run of characters without a space, in millimetres from the upper left corner of its page.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) page: usize,
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) text: String,
}

/// All words with their places.
pub(crate) fn words(pdf: &Path) -> Vec<Word> {
    let markup = pdftotext(&["-bbox"], pdf);
    let mut page = 0;
    let mut words = Vec::new();
    for line in markup.lines().map(str::trim) {
        if line.starts_with("<page") {
            page += 1;
        }
        let Some(word) = line.strip_prefix("<word ") else { continue };
        let parts: Vec<&str> = word.split('"').collect();
        let place = |index: usize| parts[index].parse::<f64>().unwrap() * MM_PER_POINT;
        let text = parts[8].trim_start_matches('>').trim_end_matches("</word>");
        words.push(Word {
            page,
            left: place(1),
            top: place(3),
            right: place(5),
            bottom: place(7),
            text: text.to_owned(),
        });
    }
    words
}

fn pdftotext(options: &[&str], pdf: &Path) -> String {
    let output = Command::new("pdftotext").args(options).arg(pdf).arg("-").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
