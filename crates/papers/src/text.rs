//! What people wrote, on its way to the page: set literally or refused, never interpreted.
//!
//! A paper is evidence of what it says.
//! Characters that cannot be seen, or that make others appear in another order, are therefore refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::PaperError;

/// The longest paper, as bytes of its data: about three hundred pages of interview.
pub const MAX_BYTES: usize = 512 * 1024;

/// The longest name, title or other text of one line, in characters.
pub const MAX_LINE: usize = 2000;

/// 正文. Text of any number of paragraphs; a line break begins a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prose {
    paragraphs: Vec<String>,
}

impl From<&str> for Prose {
    /// Blank lines and the indents that people type by hand are left out: the page brings its own.
    fn from(text: &str) -> Prose {
        let paragraphs = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Prose { paragraphs: paragraphs.map(str::to_owned).collect() }
    }
}

/// Refuses text that a page cannot show as it was written.
pub(crate) fn check(value: &Value) -> Result<(), PaperError> {
    match value {
        Value::String(text) => check_characters(text),
        Value::Array(values) => values.iter().try_for_each(check),
        Value::Object(fields) => fields.values().try_for_each(|field| {
            check(field)?;
            // Prose is an array of paragraphs; a text that stands by itself is one line.
            field.as_str().map_or(Ok(()), check_length)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_characters(text: &str) -> Result<(), PaperError> {
    let Some(at) = text.chars().position(is_unprintable) else { return Ok(()) };
    let character = text.chars().nth(at).unwrap_or_default();
    Err(PaperError::Unprintable { character, text: excerpt(text, at) })
}

fn check_length(line: &str) -> Result<(), PaperError> {
    let characters = line.chars().count();
    if characters <= MAX_LINE {
        return Ok(());
    }
    Err(PaperError::LineTooLong { text: excerpt(line, 0), characters })
}

/// Control characters, invisible ones, and those that reverse the reading direction.
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The neighbourhood of one character, with boxes for those that cannot be shown.
fn excerpt(text: &str, at: usize) -> String {
    const AROUND: usize = 8;
    let shown = text.chars().skip(at.saturating_sub(AROUND)).take(2 * AROUND + 1);
    shown.map(|character| if is_unprintable(character) { '□' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_break_begins_a_paragraph() {
        let prose = Prose::from("　　第一段。\r\n\n  第二段。\n");
        assert_eq!(serde_json::to_value(prose).unwrap(), json!(["第一段。", "第二段。"]));
    }

    #[test]
    fn invisible_text_is_refused_where_it_stands() {
        let paper = json!({ "persons": [{ "name": "甲一" }, { "name": "乙\u{202e}二" }] });
        let error = check(&paper).unwrap_err();
        assert_eq!(error.to_string(), "「乙□二」中有无法排印的字符 U+202E，请删去后重试");
    }

    #[test]
    fn an_excerpt_does_not_repeat_a_long_text() {
        let text = format!("{}\0{}", "甲".repeat(1_000_000), "乙".repeat(1_000_000));
        assert_eq!(excerpt(&text, 1_000_000), "甲甲甲甲甲甲甲甲□乙乙乙乙乙乙乙乙");
    }

    #[test]
    fn a_line_has_an_end_and_prose_has_none() {
        let long = "甲".repeat(MAX_LINE + 1);
        assert_eq!(check(&json!({ "facts": [long] })), Ok(()));
        let error = check(&json!({ "name": long })).unwrap_err();
        assert_eq!(
            error.to_string(),
            "「甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲…」过长：2001 字，不得超过 2000 字"
        );
    }

    #[test]
    fn rare_names_and_markup_are_ordinary_text() {
        assert_eq!(
            check(&json!(["喆堃䶮", "阿依·古丽", "#import \"x\" $ * \\ <b>", "👍"])),
            Ok(())
        );
    }
}
