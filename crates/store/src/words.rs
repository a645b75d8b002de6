//! Words: how texts and questions are taken apart for the search, on every engine alike.
//!
//! A text is a row of *units*: a Chinese character is one, and so is a run of letters and digits.
//! Brackets and quotation marks are passed over, so that a number is found however it is bracketed;
//! other punctuation ends a sequence of units, so that nothing is found across it.
//! Of a text its units, its pairs and its triples of neighbours are kept, once each. A question's
//! sequence of up to three units is one token then, and a longer one all its triples, of which
//! some are rare: every part of a text is found that is made of whole units, and long lists are
//! hardly read. Deliberately absent are places, which would only tell a text that has all triples
//! of a sequence without having the sequence, and parts of a run, since 3号 is not 13号.

use std::collections::BTreeSet;

use crate::event::sm3;

/// Longer runs are cut, in texts and questions alike: nobody types more of a checksum.
const LONGEST_RUN: usize = 64;
/// Of a text with more tokens the rest is not found; it would have some hundred thousand
/// characters, and an engine's row must end somewhere.
const MOST_TOKENS: usize = 50_000;
/// Stands between two runs that are neighbours, as in 2026〕3.
const JOINT: char = '〕';

/// A character, or a run of letters and digits.
struct Unit {
    text: String,
    is_run: bool,
}

/// The tokens of a text, once each.
pub(crate) fn tokens(text: &str) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    for sequence in sequences(text) {
        for size in 1..=3 {
            tokens.extend(sequence.windows(size).map(joined));
        }
        if tokens.len() > MOST_TOKENS {
            break;
        }
    }
    tokens.into_iter().take(MOST_TOKENS).collect()
}

/// The tokens that a question requires, all of them.
pub(crate) fn required(question: &str) -> Vec<String> {
    let mut required = Vec::new();
    for sequence in sequences(question) {
        // From the end, since that tells a name or a number from others more than its beginning.
        // Every second one holds the characters together; of what a number is made of, all do,
        // since years and ordinals stand beside others everywhere.
        let all: Vec<_> = sequence.windows(sequence.len().clamp(1, 3)).rev().collect();
        let holds = |place: usize, units: &[Unit]| {
            place.is_multiple_of(2) || place + 1 == all.len() || units.iter().any(|it| it.is_run)
        };
        let tokens = all.iter().enumerate().filter(|(place, units)| holds(*place, units));
        for token in tokens.map(|(_, units)| joined(units)) {
            if !required.contains(&token) {
                required.push(token);
            }
        }
    }
    required
}

/// A token for what is no text: who finds a dossier, or in which state it is.
pub(crate) fn sign(what: &str) -> String {
    let [a, b, c, d, e, f, g, h, ..] = sm3(what.as_bytes());
    hex::encode([a, b, c, d, e, f, g, h])
}

fn joined(units: &[Unit]) -> String {
    let mut token = String::new();
    let mut after_run = false;
    for unit in units {
        if after_run && unit.is_run {
            token.push(JOINT);
        }
        token.push_str(&unit.text);
        after_run = unit.is_run;
    }
    token
}

/// The sequences of units between breaks.
fn sequences(text: &str) -> Vec<Vec<Unit>> {
    let mut sequences = Vec::new();
    let mut sequence: Vec<Unit> = Vec::new();
    // Whether the last unit is a run that goes on.
    let mut running = false;
    for character in text.chars().map(half_width) {
        if is_ideograph(character) {
            sequence.push(Unit { text: character.to_string(), is_run: false });
            running = false;
        } else if character.is_alphanumeric() {
            match sequence.last_mut().filter(|_| running) {
                Some(run) if run.text.chars().count() >= LONGEST_RUN => {}
                Some(run) => run.text.extend(character.to_lowercase()),
                None => {
                    sequence.push(Unit { text: character.to_lowercase().collect(), is_run: true })
                }
            }
            running = true;
        } else {
            running = false;
            if !is_passed_over(character) && !sequence.is_empty() {
                sequences.push(std::mem::take(&mut sequence));
            }
        }
    }
    if !sequence.is_empty() {
        sequences.push(sequence);
    }
    sequences
}

/// Full-width letters, digits and signs as half-width ones.
fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        '\u{3000}' => ' ',
        _ => character,
    }
}

/// Characters of scripts that put no blanks between words.
fn is_ideograph(character: char) -> bool {
    character >= '\u{2E80}' && character.is_alphanumeric()
}

/// Brackets, quotation marks, and the dot inside names.
fn is_passed_over(character: char) -> bool {
    "〔〕[]()【】《》〈〉「」『』{}<>\"'“”‘’·•・".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_as_units_pairs_and_triples() {
        let tokens = |text| tokens(text).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(tokens("泄密案泄密。"), "密 密案 密案泄 案 案泄 案泄密 泄 泄密 泄密案");
        let number = "2026 2026〕3 2026〕3号 3 3号 保 保2026 保2026〕3 号";
        assert_eq!(tokens("保〔２０２６〕3号"), number);
        assert_eq!(tokens("A4纸, USB"), "a4 a4纸 usb 纸");
        assert_eq!(tokens("，。 "), "");
    }

    #[test]
    fn a_question_requires_its_triples_or_what_it_is() {
        assert_eq!(required("泄密案件 王芳"), ["密案件", "泄密案", "王芳"]);
        assert_eq!(required("涉密计算机"), ["计算机", "涉密计"]);
        assert_eq!(required("保密检查发现"), ["查发现", "密检查", "保密检"]);
        assert_eq!(required("(2026)3号"), ["2026〕3号"]);
        assert_eq!(required("３号"), ["3号"]);
        assert_eq!(required("“密”，Ｕ盘"), ["密", "u盘"]);
        assert_eq!(required("密，密"), ["密"]);
        assert_eq!(required(" ，"), [""; 0]);
    }

    #[test]
    fn a_text_without_end_is_kept_as_far_as_a_row_goes() {
        let text: String = (0..60_000).map(|n| format!("{n} ")).collect();
        assert_eq!(tokens(&text).len(), MOST_TOKENS);
    }

    /// What the engines do, done the slow way.
    fn found(text: &str, question: &str) -> bool {
        let tokens = tokens(text);
        required(question).iter().all(|token| tokens.contains(token))
    }

    #[test]
    fn every_part_between_punctuation_is_found() {
        let text = "示一省保线〔2023〕2号：经U盘、邮箱ab12转出A4纸3页；密，买买提·阿里";
        for sequence in sequences(text) {
            for from in 0..sequence.len() {
                for to in from + 1..=sequence.len() {
                    let units = sequence.get(from..to).unwrap();
                    let words: Vec<_> = units.iter().map(|unit| &*unit.text).collect();
                    // Neighbouring runs are typed as they are seen.
                    let question = words.join(if words.contains(&"2023") { "〔" } else { "" });
                    assert!(found(text, &question), "{question}");
                }
            }
        }
        for absent in ["号经", "密买", "23", "邮箱ab", "12转", "2号经", "纸页", "a4纸3"]
        {
            assert_eq!(found(text, absent), absent == "a4纸3", "{absent}");
        }
    }
}
