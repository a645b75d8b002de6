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

    /// The one form in which a clause is cited: an article's only paragraph is not named.
    pub fn canonical(self) -> Clause {
        match article(self.article) {
            Some(article) if self.paragraph == 1 && article.paragraphs.len() == 1 => {
                self.paragraph(0)
            }
            _ => self,
        }
    }
}

impl Article {
    /// The article, its paragraphs and its items, each in canonical form.
    pub fn clauses(&self) -> impl Iterator<Item = Clause> {
        let whole = clause(self.number);
        let parts = self.paragraphs.iter().zip(1..).flat_map(move |(paragraph, number)| {
            let paragraph_clause = whole.paragraph(number);
            let items = (1..).zip(&paragraph.items).map(move |(n, _)| paragraph_clause.item(n));
            std::iter::once(paragraph_clause).chain(items).map(Clause::canonical)
        });
        std::iter::once(whole).chain(parts.filter(move |part| *part != whole))
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
/// `29-2`, and returns the canonical form. Whether the regulation has the clause is another
/// question: see [`Clause::text`].
impl FromStr for Clause {
    type Err = NotAClause;

    fn from_str(text: &str) -> Result<Clause, NotAClause> {
        let not_a_clause = || NotAClause(text.to_owned());
        let text = text.trim();
        official(text).or_else(|| short(text)).map(Clause::canonical).ok_or_else(not_a_clause)
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
pub fn read_numeral(text: &str) -> Option<u8> {
    (1..=99).find(|number| numeral(*number) == text)
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

/// Reads 第…款 or 第…项, also 第（…）项, if the text has it, and returns what follows.
fn part(text: &str, unit: char) -> Option<(u8, &str)> {
    match text.strip_prefix('第').and_then(|rest| rest.split_once(unit)) {
        None => Some((0, text)),
        Some((numeral, rest)) => {
            let bare = numeral.strip_prefix('（').and_then(|numeral| numeral.strip_suffix('）'));
            Some((either_numeral(bare.unwrap_or(numeral))?, rest))
        }
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
    read_numeral(text).or_else(|| arabic(text))
}

fn arabic(text: &str) -> Option<u8> {
    let text = text.trim();
    (1..=99).find(|number: &u8| number.to_string() == text)
}

fn articles_of(chapter: &'static Chapter) -> impl Iterator<Item = Article> {
    chapter.text.split("\n\n**").skip(1).filter_map(move |block| {
        let (heading, text) = block.trim_end().split_once("** ")?;
        // Not `parse`, whose canonical form asks for the articles that are being read here.
        let Clause { article: number, .. } = official(heading)?;
        Some(Article { number, chapter, text, paragraphs: paragraphs_of(text) })
    })
}

fn paragraphs_of(text: &'static str) -> Vec<Paragraph> {
    const GAP: &str = "\n\n";
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    let (mut paragraph_start, mut block_start) = (0, 0);
    for block in text.split(GAP) {
        let block_end = block_start + block.len();
        match (item_of(block), paragraphs.last_mut()) {
            (Some(item), Some(paragraph)) => {
                paragraph.items.push(item);
                paragraph.text = text.get(paragraph_start..block_end).unwrap_or(block);
            }
            _ => {
                paragraph_start = block_start;
                paragraphs.push(Paragraph { text: block, opening: block, items: Vec::new() });
            }
        }
        block_start = block_end + GAP.len();
    }
    paragraphs
}

/// The words of an item, if the block is one: （一）…
fn item_of(block: &'static str) -> Option<&'static str> {
    let (numeral, words) = block.strip_prefix('（')?.split_once('）')?;
    read_numeral(numeral).map(|_| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(clause: &str) -> Option<&'static str> {
        clause.parse::<Clause>().unwrap().text()
    }

    #[test]
    fn the_articles_are_complete_and_in_their_chapters() {
        let numbers: Vec<u8> = articles().iter().map(|article| article.number).collect();
        assert_eq!(numbers, (1..=64).collect::<Vec<u8>>());
        for article in articles() {
            let Chapter { first, last, id, .. } = article.chapter;
            assert!((*first..=*last).contains(&article.number), "{} in {id}", article.number);
        }
    }

    #[test]
    fn the_chapters_bear_their_titles() {
        for (chapter, number) in CHAPTERS.iter().zip(1..) {
            let heading = format!("## 第{}章 {}\n\n**第", numeral(chapter.number), chapter.title);
            assert!(chapter.text.starts_with(&heading), "{}", chapter.id);
            assert_eq!(chapter.number, number);
        }
    }

    #[test]
    fn no_word_of_the_text_is_lost() {
        for chapter in &CHAPTERS {
            let mut rebuilt = format!("## 第{}章 {}\n", numeral(chapter.number), chapter.title);
            for article in articles().iter().filter(|a| a.chapter.number == chapter.number) {
                rebuilt += &format!("\n**{}** ", clause(article.number));
                for paragraph in &article.paragraphs {
                    rebuilt += &format!("{}\n\n", paragraph.opening);
                    for (item, n) in paragraph.items.iter().zip(1..) {
                        rebuilt += &format!("（{}）{item}\n\n", numeral(n));
                    }
                }
                rebuilt.pop();
            }
            assert_eq!(rebuilt, chapter.text, "{}", chapter.id);
        }
    }

    #[test]
    fn paragraphs_and_items_are_counted() {
        let shape = |number| -> Vec<usize> {
            article(number).unwrap().paragraphs.iter().map(|p| p.items.len()).collect()
        };
        assert_eq!(shape(5), [3]);
        assert_eq!(shape(15), [0, 0]);
        assert_eq!(shape(17), [7]);
        assert_eq!(shape(30), [0, 0]);
        assert_eq!(shape(34), [5]);
        assert_eq!(shape(35), [0]);
        assert_eq!(shape(40), [0, 0, 0]);
        assert_eq!(shape(53), [4]);
        assert_eq!(shape(54), [8]);
        assert_eq!(shape(55), [0, 0]);
        assert!(article(0).is_none() && article(65).is_none());
    }

    #[test]
    fn a_clause_has_exactly_its_words() {
        assert_eq!(
            text("第四条第一项"),
            Some("使国家秘密被不应知悉者知悉的；"),
            "an item without its number"
        );
        assert_eq!(
            text("第三十条第二款"),
            Some("初查时限自接到案件线索之日算起，至呈报初查情况报告之日止。")
        );
        assert!(text("第五十五条第一款").unwrap().contains("3个月"));
        assert!(!text("第五十五条第一款").unwrap().contains("在延长期内"));
        assert!(text("第五十五条").unwrap().ends_with("检查、督促。"));
        assert!(
            text("第四条").unwrap().ends_with(
                "（二）使国家秘密超出了限定的接触范围，而不能证明未被不应知悉者知悉的。"
            )
        );
        for missing in ["第六十五条", "第三十条第三款", "第四条第三项", "第三十条第一项"]
        {
            assert_eq!(text(missing), None, "{missing}");
        }
    }

    #[test]
    fn a_paragraph_holds_its_items_and_only_them() {
        let paragraphs = paragraphs_of("甲。\n\n乙：\n\n（一）丙；\n\n（二）丁。\n\n戊。");
        let shape: Vec<_> = paragraphs.iter().map(|p| (p.text, p.opening, p.items.len())).collect();
        let second = "乙：\n\n（一）丙；\n\n（二）丁。";
        assert_eq!(shape, [("甲。", "甲。", 0), (second, "乙：", 2), ("戊。", "戊。", 0)]);
        assert_eq!(paragraphs[1].items, ["丙；", "丁。"]);
        assert_eq!(clause(4).paragraph(1).text(), clause(4).text());
    }

    #[test]
    fn every_clause_reads_back_as_itself() {
        let clauses: Vec<Clause> = articles().iter().flat_map(Article::clauses).collect();
        for clause in &clauses {
            assert!(clause.text().is_some_and(|text| !text.is_empty()), "{clause}");
            assert_eq!(clause.to_string().parse(), Ok(*clause));
            let json = serde_json::to_string(clause).unwrap();
            assert_eq!(json, format!("\"{clause}\""));
            assert_eq!(serde_json::from_str::<Clause>(&json).unwrap(), *clause);
        }
        assert!(clauses.is_sorted(), "in the order of the text");
        for expected in ["第三十条第二款", "第二十九条第二项", "第十五条第一款", "第三十一条"]
        {
            assert!(clauses.iter().any(|clause| clause.to_string() == expected), "{expected}");
        }
    }

    #[test]
    fn clauses_are_read_in_the_forms_people_write() {
        let same = [
            (clause(31), vec!["第三十一条", "第31条", "31", " 31 ", "第三十一条第一款", "31¶1"]),
            (
                clause(29).item(2),
                vec!["第二十九条第二项", "第二十九条第（二）项", "第29条第2项", "29-2", "29¶1-2"],
            ),
            (clause(55).paragraph(2), vec!["第五十五条第二款", "55¶2", "55 ¶2"]),
        ];
        for (clause, forms) in same {
            for form in forms {
                assert_eq!(form.parse(), Ok(clause), "{form}");
            }
        }
        let not_clauses = [
            "",
            "第条",
            "三十一",
            "第三一条",
            "0",
            "031",
            "+31",
            "100",
            "31-",
            "第三十一条第项",
            "第三十条第二款啊",
            "第四条第一项第一款",
        ];
        for text in not_clauses {
            assert_eq!(text.parse::<Clause>(), Err(NotAClause(text.to_owned())), "{text}");
        }
        assert_eq!(
            "三一".parse::<Clause>().unwrap_err().to_string(),
            "「三一」不是条款，应当写作第三十条第二款、第二十九条第二项、30¶2或者29-2"
        );
    }

    #[test]
    fn numerals_go_both_ways() {
        let known =
            [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (64, "六十四"), (99, "九十九")];
        for (number, text) in known {
            assert_eq!(numeral(number), text);
        }
        for number in 1..=99 {
            assert_eq!(read_numeral(&numeral(number)), Some(number));
        }
        for text in ["", "零", "一十", "百", "十十", "64"] {
            assert_eq!(read_numeral(text), None, "{text}");
        }
    }

    /// `UPDATE=1 cargo test -p procedure` rewrites the lock, once the code agrees with the text.
    #[test]
    fn the_text_is_the_one_that_was_locked() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/law.lock");
        let hashes: String = CHAPTERS
            .iter()
            .map(|chapter| {
                format!("{}  {}/law.md\n", crate::holidays::sm3_hex(chapter.text), chapter.id)
            })
            .collect();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &hashes).unwrap();
        }
        let locked = std::fs::read_to_string(path).unwrap_or_default();
        for (line, chapter) in hashes.lines().zip(&CHAPTERS) {
            assert!(
                locked.lines().any(|known| known == line),
                "src/{}/law.md is not the text that law.lock knows: if the regulation was amended, \
                 read the chapter's rules again, then lock the text with UPDATE=1",
                chapter.id
            );
        }
        assert_eq!(locked, hashes, "law.lock lists other files than the chapters");
    }
}
