//! The regulation's own text as data, and the way to cite it.
//!
//! The official words stand in one `law.md` beside each chapter's code; `law.lock` holds their
//! hashes, so that no text changes unnoticed. Everything here is read from those files: articles
//! (条), their paragraphs (款) and items (项). What an article *means* is said in its chapter.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 条款. A place in the regulation: an article, or a paragraph or an item of it.
///
/// Zero means "not named": `clause(30)` is the whole article. `clause(29).item(2)` is an item of
/// the article, under whichever paragraph it hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clause {
    /// 条.
    pub article: u8,
    /// 款, or zero.
    pub paragraph: u8,
    /// 项, or zero.
    pub item: u8,
}

/// 章. A chapter of the regulation, which is also a module of this crate.
#[derive(Debug)]
pub struct Chapter {
    /// Its number, from one.
    pub number: u8,
    /// The name of its folder and module.
    pub id: &'static str,
    /// Its title, such as 总则.
    pub title: &'static str,
    /// Its official text, as the folder's `law.md` has it.
    pub text: &'static str,
    /// Its first article.
    pub first: u8,
    /// Its last article.
    pub last: u8,
}

/// 条. An article with its paragraphs.
#[derive(Debug)]
pub struct Article {
    /// Its number.
    pub number: u8,
    /// The chapter it stands in.
    pub chapter: &'static Chapter,
    /// Its words, without the number.
    pub text: &'static str,
    /// 款. At least one.
    pub paragraphs: Vec<Paragraph>,
}

/// 款. A paragraph with its items.
#[derive(Debug)]
pub struct Paragraph {
    /// All its words, those of its items included.
    pub text: &'static str,
    /// Its words before the items.
    pub opening: &'static str,
    /// 项. The words of each item, without the number; mostly none.
    pub items: Vec<&'static str>,
}

/// Text that does not name a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAClause(String);

/// The chapters in their order.
pub static CHAPTERS: [Chapter; 10] = [
    Chapter {
        number: 1,
        id: "general",
        title: "总则",
        text: include_str!("general/law.md"),
        first: 1,
        last: 10,
    },
    Chapter {
        number: 2,
        id: "jurisdiction",
        title: "管辖",
        text: include_str!("jurisdiction/law.md"),
        first: 11,
        last: 16,
    },
    Chapter {
        number: 3,
        id: "evidence",
        title: "证据",
        text: include_str!("evidence/law.md"),
        first: 17,
        last: 22,
    },
    Chapter {
        number: 4,
        id: "intake",
        title: "受理",
        text: include_str!("intake/law.md"),
        first: 23,
        last: 26,
    },
    Chapter {
        number: 5,
        id: "filing",
        title: "初查与立案",
        text: include_str!("filing/law.md"),
        first: 27,
        last: 32,
    },
    Chapter {
        number: 6,
        id: "investigation",
        title: "调查与处理",
        text: include_str!("investigation/law.md"),
        first: 33,
        last: 52,
    },
    Chapter {
        number: 7,
        id: "closing",
        title: "结案",
        text: include_str!("closing/law.md"),
        first: 53,
        last: 55,
    },
    Chapter {
        number: 8,
        id: "cooperation",
        title: "配合机制",
        text: include_str!("cooperation/law.md"),
        first: 56,
        last: 58,
    },
    Chapter {
        number: 9,
        id: "liability",
        title: "法律责任",
        text: include_str!("liability/law.md"),
        first: 59,
        last: 60,
    },
    Chapter {
        number: 10,
        id: "supplementary",
        title: "附则",
        text: include_str!("supplementary/law.md"),
        first: 61,
        last: 64,
    },
];

/// All articles in their order.
pub fn articles() -> &'static [Article] {
    static ARTICLES: LazyLock<Vec<Article>> =
        LazyLock::new(|| CHAPTERS.iter().flat_map(articles_of).collect());
    &ARTICLES
}

/// The article of this number.
pub fn article(number: u8) -> Option<&'static Article> {
    articles().iter().find(|article| article.number == number)
}

/// Names a whole article.
pub const fn clause(article: u8) -> Clause {
    Clause { article, paragraph: 0, item: 0 }
}

impl Clause {
    /// Names a paragraph of the article.
    pub const fn paragraph(self, paragraph: u8) -> Clause {
        Clause { paragraph, ..self }
    }

    /// Names an item of the article or paragraph.
    pub const fn item(self, item: u8) -> Clause {
        Clause { item, ..self }
    }

    /// The exact words; `None` if the regulation has no such clause.
    pub fn text(self) -> Option<&'static str> {
        let article = article(self.article)?;
        match (self.paragraph, self.item) {
            (0, 0) => Some(article.text),
            (0, item) => {
                nth(&article.paragraphs.iter().find(|p| !p.items.is_empty())?.items, item).copied()
            }
            (paragraph, 0) => Some(nth(&article.paragraphs, paragraph)?.text),
            (paragraph, item) => nth(&nth(&article.paragraphs, paragraph)?.items, item).copied(),
        }
    }
}

/// The official form, such as 第三十条第二款 or 第二十九条第二项.
impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "第{}条", numeral(self.article))?;
        if self.paragraph > 0 {
            write!(f, "第{}款", numeral(self.paragraph))?;
        }
        if self.item > 0 {
            write!(f, "第{}项", numeral(self.item))?;
        }
        Ok(())
    }
}

impl fmt::Display for NotAClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "「{}」不是条款，应当写作第三十条第二款、第二十九条第二项、30¶2或者29-2", self.0)
    }
}

impl std::error::Error for NotAClause {}

/// Reads the official form, in Chinese or Arabic numerals, and the short forms `31`, `30¶2` and
/// `29-2`. Whether the regulation has the clause is another question: see [`Clause::text`].
impl FromStr for Clause {
    type Err = NotAClause;

    fn from_str(text: &str) -> Result<Clause, NotAClause> {
        let not_a_clause = || NotAClause(text.to_owned());
        let text = text.trim();
        official(text).or_else(|| short(text)).ok_or_else(not_a_clause)
    }
}

impl Serialize for Clause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Clause, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// A number from 1 to 99 in Chinese numerals, such as 三十一; any other in Arabic ones.
pub fn numeral(number: u8) -> String {
    let digit = |n: u8| DIGITS.get(usize::from(n)).copied().unwrap_or_default();
    match (number / 10, number % 10) {
        (0, 0) | (10.., _) => number.to_string(),
        (0, ones) => digit(ones).to_owned(),
        (1, ones) => format!("十{}", digit(ones)),
        (tens, ones) => format!("{}十{}", digit(tens), digit(ones)),
    }
}

/// The number from 1 to 99 that these Chinese numerals write.
pub fn number(numeral_: &str) -> Option<u8> {
    (1..=99).find(|number| numeral(*number) == numeral_)
}

fn nth<T>(list: &[T], number: u8) -> Option<&T> {
    list.get(usize::from(number).checked_sub(1)?)
}

fn official(text: &str) -> Option<Clause> {
    let (article, rest) = text.strip_prefix('第')?.split_once('条')?;
    let (paragraph, rest) = part(rest, '款')?;
    let (item, rest) = part(rest, '项')?;
    rest.is_empty().then_some(Clause { article: either_numeral(article)?, paragraph, item })
}

/// Reads 第…款 or 第…项 if the text has it, and returns what follows.
fn part(text: &str, unit: char) -> Option<(u8, &str)> {
    match text.strip_prefix('第').and_then(|rest| rest.split_once(unit)) {
        None => Some((0, text)),
        Some((numeral, rest)) => Some((either_numeral(numeral)?, rest)),
    }
}

fn short(text: &str) -> Option<Clause> {
    let (text, item) = match text.split_once('-') {
        Some((text, item)) => (text, arabic(item)?),
        None => (text, 0),
    };
    let (article, paragraph) = match text.split_once('¶') {
        Some((article, paragraph)) => (article, arabic(paragraph)?),
        None => (text, 0),
    };
    Some(Clause { article: arabic(article)?, paragraph, item })
}

fn either_numeral(text: &str) -> Option<u8> {
    number(text).or_else(|| arabic(text))
}

fn arabic(text: &str) -> Option<u8> {
    let text = text.trim();
    (1..=99).find(|number: &u8| number.to_string() == text)
}

fn articles_of(chapter: &'static Chapter) -> impl Iterator<Item = Article> {
    chapter.text.split("\n\n**").skip(1).filter_map(move |block| {
        let (heading, text) = block.trim_end().split_once("** ")?;
        let Clause { article: number, .. } = heading.parse().ok()?;
        Some(Article { number, chapter, text, paragraphs: paragraphs_of(text) })
    })
}

fn paragraphs_of(text: &'static str) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for block in text.split("\n\n") {
        match (item_of(block), paragraphs.last_mut()) {
            (Some(item), Some(paragraph)) => {
                paragraph.items.push(item);
                end += "\n\n".len() + block.len();
                paragraph.text = text.get(start..end).unwrap_or(block);
            }
            _ => {
                start = if paragraphs.is_empty() { 0 } else { end + "\n\n".len() };
                end = start + block.len();
                paragraphs.push(Paragraph { text: block, opening: block, items: Vec::new() });
            }
        }
    }
    paragraphs
}

/// The words of an item, if the block is one: （一）…
fn item_of(block: &'static str) -> Option<&'static str> {
    let (numeral, words) = block.strip_prefix('（')?.split_once('）')?;
    number(numeral).map(|_| words)
}
