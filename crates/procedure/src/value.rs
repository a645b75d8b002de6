//! What can be answered on a form: one type for each kind of answer.
//!
//! A value knows its [`Kind`], from which the form, the JSON schema, the scenario grammar and the manual are made, and it reads itself from an untyped [`Answer`].
//! Deliberately absent: any judgement.
//! A value is well formed or it is not; whether it is lawful is said by the rules.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

pub use crate::target::*;
use crate::{directory::Directory, dossier::Dossier, setting::Other};

/// An untyped answer, as it comes from a form, a JSON body or a scenario file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// One text.
    One(String),
    /// Several answers of the same kind.
    Many(Vec<Answer>),
    /// Named answers: one row of a table, or the description of a file.
    Group(BTreeMap<String, Answer>),
}

/// All answers of one form, by field id.
pub type Answers = BTreeMap<String, Answer>;

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Answer::One(text.to_owned())
    }
}

impl Answer {
    /// Whether nothing was entered: a blank text, or a list of blanks.
    pub fn is_blank(&self) -> bool {
        match self {
            Answer::One(text) => text.trim().is_empty(),
            Answer::Many(list) => list.iter().all(Answer::is_blank),
            Answer::Group(group) => group.values().all(Answer::is_blank),
        }
    }

    /// The text of a single answer.
    pub fn text(&self) -> Option<&str> {
        match self {
            Answer::One(text) => Some(text),
            Answer::Many(list) => match list.as_slice() {
                [one] => one.text(),
                _ => None,
            },
            Answer::Group(_) => None,
        }
    }
}

/// One admissible answer of a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Stable identifier, written to the record.
    pub id: &'static str,
    /// 名称. What people read and may type.
    pub label: &'static str,
}

/// The kind of an answer: everything a form, a schema or a manual must know of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// One line of text, at most [`TEXT_LIMIT`] characters.
    Text,
    /// Text of several lines, at most [`LONG_TEXT_LIMIT`] characters.
    LongText,
    /// A civil date, `2022-02-08`.
    Date,
    /// A time of day, `09:30`.
    Time,
    /// A whole number from 1.
    Number,
    /// One of a closed list.
    Choice(&'static [Choice]),
    /// 是、否、未查明、不适用: a fact with its third value, the last two with a reason.
    Fact,
    /// A file kept in the vault.
    File,
    /// A part kept sealed outside the dossier; only its random id is answered.
    Sealed,
    /// A thing recorded elsewhere: see [`Target`].
    Target(&'static Target),
    /// Several answers of one kind.
    List(&'static Kind),
    /// Rows of a table.
    Rows(&'static [crate::step::Field]),
}

/// What a field may point at; declared beside the thing it names.
#[derive(Debug)]
pub struct Target {
    /// Stable identifier.
    pub id: &'static str,
    /// 名称. What people call the thing.
    pub label: &'static str,
    /// Whether the things are numbered within the dossier, from 1.
    pub numbered: bool,
    /// Everything a field of this kind may point at.
    pub(crate) offered: for<'a> fn(Place<'a>) -> Offered<'a>,
}

impl Target {
    /// Everything a field of this kind may point at.
    pub fn candidates(&self, place: Place<'_>) -> Vec<Candidate> {
        let offered = (self.offered)(place);
        offered.map(|(id, label)| Candidate { id: id.to_string(), label: label.into() }).collect()
    }

    /// Whether there is nothing a field of this kind may point at.
    pub fn is_empty(&self, place: Place<'_>) -> bool {
        (self.offered)(place).next().is_none()
    }
}

/// What a field may point at, by id and label, as it stands in the record or the directory.
pub(crate) type Offered<'a> = Box<dyn Iterator<Item = (Id<'a>, Cow<'a, str>)> + 'a>;

/// The labels of things numbered within the dossier, in the order of their numbers.
pub(crate) type Labels<'a> = Box<dyn Iterator<Item = Cow<'a, str>> + 'a>;

/// What a thing is identified by.
#[derive(Clone, Copy)]
pub(crate) enum Id<'a> {
    /// Its number within the dossier.
    Number(u32),
    /// Its id elsewhere.
    Text(&'a str),
}

impl Id<'_> {
    fn is(self, text: &str) -> bool {
        match self {
            // As it is written, not as `+1` or `01` could be read.
            Id::Number(number) => text.parse() == Ok(number) && !text.starts_with(['+', '0']),
            Id::Text(id) => id == text,
        }
    }
}

/// What identifiers are made of.
pub(crate) trait FromId: Sized {
    /// The identifier, where the id is of its kind.
    fn from_id(id: Id<'_>) -> Option<Self>;
}

impl FromId for u32 {
    fn from_id(id: Id<'_>) -> Option<Self> {
        match id {
            Id::Number(number) => Some(number),
            Id::Text(_) => None,
        }
    }
}

impl FromId for String {
    fn from_id(id: Id<'_>) -> Option<Self> {
        match id {
            Id::Number(_) => None,
            Id::Text(text) => Some(text.to_owned()),
        }
    }
}

impl std::fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Id::Number(number) => number.fmt(f),
            Id::Text(id) => f.write_str(id),
        }
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// One thing a field may point at, as offered to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// What is answered.
    pub id: String,
    /// What is read.
    pub label: String,
}

/// Where a form is read: what its targets are looked up in.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The dossier the act is about.
    pub dossier: &'a Dossier,
    /// The people, departments and units known.
    pub directory: &'a Directory,
    /// The other dossiers that the step may speak of.
    pub others: &'a [Other],
}

/// A value that can be answered on a form.
pub trait Value: Sized {
    /// What the form must know of it.
    const KIND: Kind;
    /// Whether a form without it is incomplete.
    const REQUIRED: bool = true;
    /// Reads the answer, or says in Chinese what is wrong with it.
    fn read(answer: &Answer, place: Place<'_>) -> Result<Self, String>;
    /// The value when nothing was answered, where that is admissible.
    fn absent() -> Option<Self> {
        None
    }
    /// The answer from which [`Value::read`] yields this value again.
    fn write(&self) -> Answer;
}

/// The longest [`Text`], in characters.
pub const TEXT_LIMIT: usize = 200;
/// The longest [`LongText`], in characters.
pub const LONG_TEXT_LIMIT: usize = 20_000;
/// The longest list or table, in rows.
pub const LIST_LIMIT: usize = 500;

/// One line of text: trimmed, not empty, without control or direction-changing characters.
pub type Text = Words<TEXT_LIMIT>;
/// Text of several lines.
pub type LongText = Words<LONG_TEXT_LIMIT>;

/// Text with a limit of `LIMIT` characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words<const LIMIT: usize>(String);

impl<const LIMIT: usize> Words<LIMIT> {
    /// Reads text, or says in Chinese what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        // Counting stops just past the limit, so that megabytes in a name cost nothing.
        if text.len() > LIMIT && text.trim().chars().take(LIMIT + 1).count() > LIMIT {
            return Err(format!("内容过长，最多{LIMIT}字"));
        }
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() {
            return Err("不能为空".to_owned());
        }
        match text.chars().find(|&c| !admissible(c, LIMIT > TEXT_LIMIT)) {
            Some('\n') => Err("只能填写一行".to_owned()),
            Some(c) => Err(format!("含有不能使用的控制字符（U+{:04X}）", u32::from(c))),
            None => Ok(Words(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters and those that reorder text could forge what a reader sees.
fn admissible(c: char, lines: bool) -> bool {
    match c {
        '\n' | '\t' => lines,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => false,
        '\u{200E}' | '\u{200F}' | '\u{061C}' => false,
        '\u{2028}' | '\u{2029}' | '\u{FEFF}' => false,
        c => !c.is_control(),
    }
}

/// The text with a visible mark for each character that no text may hold: for what is shown without being recorded.
pub fn marked(text: &str) -> String {
    let lines = text.replace("\r\n", "\n");
    lines
        .chars()
        .map(|c| if admissible(c, true) { c } else { char::REPLACEMENT_CHARACTER })
        .collect()
}

impl<const LIMIT: usize> std::fmt::Display for Words<LIMIT> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const LIMIT: usize> Value for Words<LIMIT> {
    const KIND: Kind = if LIMIT > TEXT_LIMIT { Kind::LongText } else { Kind::Text };

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        Words::new(answer.text().ok_or("应为一段文字")?)
    }

    fn write(&self) -> Answer {
        Answer::One(self.0.clone())
    }
}

impl Value for Date {
    const KIND: Kind = Kind::Date;

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        read_date(answer.text().unwrap_or_default().trim())
    }

    fn write(&self) -> Answer {
        Answer::One(self.to_string())
    }
}

/// Reads `2022-02-08`; a date that the calendar does not have is named as such.
pub fn read_date(text: &str) -> Result<Date, String> {
    let shaped = text.len() == 10
        && text
            .char_indices()
            .all(|(i, c)| if matches!(i, 4 | 7) { c == '-' } else { c.is_ascii_digit() });
    if !shaped {
        return Err(format!("「{}」不是日期，应写作2022-02-08这样的形式", excerpt(text)));
    }
    text.parse().map_err(|_| format!("「{text}」在日历中不存在"))
}

/// The first characters of what was entered, for an error message.
pub fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(24).filter(|&c| admissible(c, false)).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

impl Value for Time {
    const KIND: Kind = Kind::Time;

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        let text = answer.text().unwrap_or_default().trim();
        let wrong = || format!("「{}」不是时刻，应写作09:30这样的形式", excerpt(text));
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let number = |part: &str| part.parse::<i8>().ok().filter(|_| part.len() == 2);
        number(hour)
            .zip(number(minute))
            .and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
            .ok_or_else(wrong)
    }

    fn write(&self) -> Answer {
        Answer::One(self.strftime("%H:%M").to_string())
    }
}

impl Value for u32 {
    const KIND: Kind = Kind::Number;

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        let text = answer.text().unwrap_or_default().trim();
        match text.parse() {
            Ok(number @ 1..=1_000_000) => Ok(number),
            _ => Err(format!("「{}」不是1至1000000的整数", excerpt(text))),
        }
    }

    fn write(&self) -> Answer {
        Answer::One(self.to_string())
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;

    fn read(answer: &Answer, place: Place<'_>) -> Result<Self, String> {
        T::read(answer, place).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn write(&self) -> Answer {
        self.as_ref().map_or(Answer::One(String::new()), T::write)
    }
}

/// Any number of answers, or none.
impl<T: Value> Value for Vec<T> {
    const KIND: Kind = match T::KIND {
        Kind::Rows(fields) => Kind::Rows(fields),
        _ => Kind::List(&T::KIND),
    };
    const REQUIRED: bool = false;

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }

    fn read(answer: &Answer, place: Place<'_>) -> Result<Self, String> {
        let one = [answer.clone()];
        let list = match answer {
            Answer::Many(list) => list.as_slice(),
            _ => &one,
        };
        if list.len() > LIST_LIMIT {
            return Err(format!("最多{LIST_LIMIT}项"));
        }
        let filled = list.iter().enumerate().filter(|(_, answer)| !answer.is_blank());
        filled
            .map(|(i, answer)| {
                T::read(answer, place).map_err(|wrong| match list.len() {
                    1 => wrong,
                    _ => format!("第{}项：{wrong}", i + 1),
                })
            })
            .collect()
    }

    fn write(&self) -> Answer {
        Answer::Many(self.iter().map(T::write).collect())
    }
}

/// One answer or more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Several<T>(Vec<T>);

impl<T> std::ops::Deref for Several<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a Several<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Value> Value for Several<T> {
    const KIND: Kind = <Vec<T> as Value>::KIND;

    fn read(answer: &Answer, place: Place<'_>) -> Result<Self, String> {
        let list = Vec::read(answer, place)?;
        if list.is_empty() { Err("至少一项".to_owned()) } else { Ok(Several(list)) }
    }

    fn write(&self) -> Answer {
        Answer::Many(self.0.iter().map(T::write).collect())
    }
}

/// 事实. A fact that is asked for: yes, no, or honestly neither.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// 是.
    Yes,
    /// 否.
    No,
    /// 未查明: could not be established, because of what is stated.
    Unestablished(LongText),
    /// 不适用: does not arise, because of what is stated.
    NotApplicable(LongText),
}

impl Fact {
    /// `Some(true)` for yes, `Some(false)` for no, `None` for neither.
    pub fn known(&self) -> Option<bool> {
        match self {
            Fact::Yes => Some(true),
            Fact::No => Some(false),
            Fact::Unestablished(_) | Fact::NotApplicable(_) => None,
        }
    }
}

impl Value for Fact {
    const KIND: Kind = Kind::Fact;

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        let text = answer.text().unwrap_or_default().trim();
        let (word, because) = match text.split_once(['：', ':']) {
            Some((word, because)) => (word.trim(), because.trim()),
            None => (text, ""),
        };
        let reason = || match because {
            "" => Err(format!("「{word}」须说明原因")),
            _ => LongText::new(because).map_err(|wrong| format!("「{word}」的原因{wrong}")),
        };
        match word {
            "是" => Ok(Fact::Yes),
            "否" => Ok(Fact::No),
            "未查明" => reason().map(Fact::Unestablished),
            "不适用" => reason().map(Fact::NotApplicable),
            _ => Err(format!("「{}」应为是、否、未查明或者不适用", excerpt(text))),
        }
    }

    fn write(&self) -> Answer {
        Answer::One(self.to_string())
    }
}

impl std::fmt::Display for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fact::Yes => f.write_str("是"),
            Fact::No => f.write_str("否"),
            Fact::Unestablished(because) => write!(f, "未查明：{because}"),
            Fact::NotApplicable(because) => write!(f, "不适用：{because}"),
        }
    }
}

/// 文件. A file in the vault: its name as given, and what its bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// 文件名.
    pub name: Text,
    /// 字节数.
    pub size: u64,
    /// SM3 of the bytes, in hexadecimal (GB/T 32905).
    pub sm3: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}

impl Value for File {
    const KIND: Kind = Kind::File;

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        let Answer::Group(group) = answer else {
            return Err("应为已上传的文件".to_owned());
        };
        let part = |id: &str| group.get(id).and_then(Answer::text).unwrap_or_default();
        let hash = |id: &str| {
            let text = part(id);
            let hex =
                text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            hex.then(|| text.to_owned()).ok_or_else(|| format!("文件的{id}校验值不正确"))
        };
        Ok(File {
            name: Text::new(part("name")).map_err(|wrong| format!("文件名{wrong}"))?,
            size: part("size").parse().map_err(|_| "文件大小不正确".to_owned())?,
            sm3: hash("sm3")?,
            sha256: hash("sha256")?,
        })
    }

    fn write(&self) -> Answer {
        let pair = |id: &str, text: String| (id.to_owned(), Answer::One(text));
        Answer::Group(BTreeMap::from([
            pair("name", self.name.to_string()),
            pair("size", self.size.to_string()),
            pair("sm3", self.sm3.clone()),
            pair("sha256", self.sha256.clone()),
        ]))
    }
}

/// 密封部分. The random id of what the office has sealed apart; never its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedId(String);

impl SealedId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for SealedId {
    const KIND: Kind = Kind::Sealed;

    fn read(answer: &Answer, _: Place<'_>) -> Result<Self, String> {
        // The content of a sealed field must not reach the core, so neither may a message repeat it.
        let id = answer.text().unwrap_or_default();
        let random = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        random.then(|| SealedId(id.to_owned())).ok_or_else(|| "应为密封部分的编号".to_owned())
    }

    fn write(&self) -> Answer {
        Answer::One(self.0.clone())
    }
}

/// Declares a closed list of answers: an enum whose variants have a Chinese name.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $id:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $(#[doc = $label] $(#[$about])* #[serde(rename = $id)] $variant,)+
        }

        impl $name {
            /// Every variant, in the order of the regulation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// 名称.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.label())
            }
        }

        impl $crate::value::Value for $name {
            const KIND: $crate::value::Kind = $crate::value::Kind::Choice(
                &[$($crate::value::Choice { id: $id, label: $label }),+]);

            fn read(answer: &$crate::value::Answer, _: $crate::value::Place<'_>) -> Result<Self, String> {
                match answer.text().unwrap_or_default().trim() {
                    $($id | $label => Ok($name::$variant),)+
                    text => Err(format!("「{}」不在可选范围内：{}",
                        $crate::value::excerpt(text), [$($label),+].join("、"))),
                }
            }

            fn write(&self) -> $crate::value::Answer {
                $crate::value::Answer::from(match self { $($name::$variant => $id),+ })
            }
        }
    };
}
pub(crate) use choice;

/// Declares the identifier of something that fields may point at.
macro_rules! target {
    ($(#[$doc:meta])* $name:ident($inner:ty) = $id:literal, $label:literal, numbered: $numbered:literal, $offered:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl $name {
            /// What is offered to people.
            pub const TARGET: &'static $crate::value::Target = &$crate::value::Target {
                id: $id, label: $label, numbered: $numbered, offered: $offered,
            };
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl $crate::value::Value for $name {
            const KIND: $crate::value::Kind = $crate::value::Kind::Target(Self::TARGET);

            fn read(answer: &$crate::value::Answer, place: $crate::value::Place<'_>) -> Result<Self, String> {
                let text = answer.text().unwrap_or_default();
                $crate::value::find_target(Self::TARGET, text, place).map($name)
            }

            fn write(&self) -> $crate::value::Answer {
                $crate::value::Answer::One(self.0.to_string())
            }
        }
    };
}
pub(crate) use target;

/// Declares the identifier of something numbered within the dossier: `Id = "id", "名称", |dossier| labels;`, the labels in the order of the numbers.
macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $label:literal, $labels:expr;)+) => {$(
        $crate::value::target! {
            $(#[$doc])* $name(u32) = $id, $label, numbered: true, |place| {
                type Read = for<'a> fn(&'a $crate::dossier::Dossier) -> $crate::value::Labels<'a>;
                let labels: Read = $labels;
                let numbers = (1..).map($crate::value::Id::Number);
                Box::new(numbers.zip(labels(place.dossier)))
            }
        }

        impl $name {
            /// The place in the list of these things, from 0.
            pub fn index(&self) -> usize {
                (self.0 as usize).wrapping_sub(1)
            }
        }
    )+};
}
pub(crate) use numbered;

/// The labels of numbered things that have names of their own.
pub(crate) fn names<'a, N>(names: impl Iterator<Item = N> + 'a) -> Labels<'a>
where
    N: Into<Cow<'a, str>> + 'a,
{
    Box::new(names.map(Into::into))
}

/// The labels of numbered things that have no name, by their first words.
pub(crate) fn titles<'a>(words: impl Iterator<Item = &'a str> + 'a) -> Labels<'a> {
    Box::new(words.zip(1..).map(|(words, i)| crate::dossier::titled(i, words).into()))
}

/// Finds the one candidate whose id or label is `text`.
pub(crate) fn find_target<T: FromId>(
    target: &Target,
    text: &str,
    place: Place<'_>,
) -> Result<T, String> {
    let text = text.trim();
    let (mut by_id, mut by_label, mut several) = (None, None, false);
    for (id, label) in (target.offered)(place) {
        if id.is(text) {
            by_id = Some(id);
            break;
        }
        if label == text {
            several |= by_label.is_some();
            by_label = Some(id);
        }
    }
    let found = match (by_id, by_label) {
        (None, Some(_)) if several => {
            return Err(format!("「{}」不止一个，请用编号指明", excerpt(text)));
        }
        (None, None) => {
            return Err(format!("没有「{}」这一{}", excerpt(text), target.label));
        }
        (Some(found), _) | (None, Some(found)) => found,
    };
    T::from_id(found).ok_or_else(|| format!("没有「{}」", excerpt(text)))
}
