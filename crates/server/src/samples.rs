//! 样例. The scenario files of the product, which are also the data of its demonstration.

use jiff::civil::Date;
use rust_embed::RustEmbed;
use scenario::{ParseError, Scenario};

#[derive(RustEmbed)]
#[folder = "../../scenarios"]
struct Files;

/// Every scenario with its name, dates counted from `today`; a test sees to it that all can be read.
pub fn scenarios(today: Date) -> Vec<(String, Scenario)> {
    named().filter_map(|(name, text)| Some((name, scenario::parse(&text, today).ok()?))).collect()
}

/// The first sample that cannot be read, if there is one.
pub fn unreadable(today: Date) -> Option<(String, ParseError)> {
    named().find_map(|(name, text)| Some((name, scenario::parse(&text, today).err()?)))
}

/// The words of one scenario.
pub fn text(name: &str) -> Option<String> {
    String::from_utf8(Files::get(&format!("{name}.txt"))?.data.into_owned()).ok()
}

fn named() -> impl Iterator<Item = (String, String)> {
    let mut names: Vec<_> = Files::iter().filter(|path| path.ends_with(".txt")).collect();
    names.sort();
    names.into_iter().filter_map(|path| {
        let text = String::from_utf8(Files::get(&path)?.data.into_owned()).ok()?;
        Some((path.trim_end_matches(".txt").to_owned(), text))
    })
}
