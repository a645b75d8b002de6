//! Index rows: what lists show of a dossier, and who may see it.
//!
//! They are derived from the events by the caller and written with them in one transaction.
//! Lists walk the access rows of the asking principals and never filter by right afterwards.

use std::{fmt, str::FromStr};

/// 案卷. The row of a dossier in lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DossierRow {
    /// The permanent id.
    pub id: String,
    /// The department that owns it now.
    pub department: String,
    /// 线索编号. The number of its lead.
    pub number: String,
    /// 案号. The number it got when it was filed.
    pub case_number: Option<String>,
    /// What it is about.
    pub title: String,
    /// 涉案单位. The unit concerned.
    pub unit: String,
    /// The stage it is in.
    pub stage: String,
    /// Whether it has ended.
    pub ended: bool,
    /// The civil date on which its lead was received.
    pub received: String,
    /// The instant of its last event, in milliseconds.
    pub changed: i64,
    /// 密级. Its marking.
    pub grade: String,
    /// The nominal last day of the earliest open limit.
    pub due_nominal: Option<String>,
    /// The last day of the earliest open limit, moved past days off.
    pub due_latest: Option<String>,
    /// Which limit that is.
    pub due_kind: Option<String>,
    /// Whether that day lies beyond the holiday table.
    pub provisional: bool,
}

/// 期限. One time limit of a dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitRow {
    /// Which limit it is.
    pub kind: String,
    /// The nominal last day.
    pub nominal: String,
    /// The last day, moved past days off.
    pub latest: String,
    /// Whether it is still running.
    pub open: bool,
}

impl LimitRow {
    /// Limits as they stand in a dossier's row.
    pub(crate) fn to_json(limits: &[LimitRow]) -> String {
        let limits: Vec<_> = limits
            .iter()
            .map(|limit| (&limit.kind, &limit.nominal, &limit.latest, limit.open))
            .collect();
        serde_json::json!(limits).to_string()
    }

    pub(crate) fn from_json(json: &str) -> Option<Vec<LimitRow>> {
        let limits: Vec<(String, String, String, bool)> = serde_json::from_str(json).ok()?;
        let limit = |(kind, nominal, latest, open)| LimitRow { kind, nominal, latest, open };
        Some(limits.into_iter().map(limit).collect())
    }
}

/// All index rows of one dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DossierRows {
    /// Its row in lists.
    pub dossier: DossierRow,
    /// Its limits.
    pub limits: Vec<LimitRow>,
    /// Who finds it, such as `staff:<id>`, `head:<department>`, `outline:<department>`.
    pub access: Vec<String>,
    /// The articles that its history rests on.
    pub articles: Articles,
}

impl DossierRows {
    /// The texts that stand in columns of their own.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let row = &self.dossier;
        let always =
            [&row.id, &row.department, &row.number, &row.title, &row.unit, &row.stage, &row.grade];
        let perhaps = [&row.case_number, &row.due_nominal, &row.due_latest, &row.due_kind];
        let perhaps = perhaps.into_iter().filter_map(Option::as_deref);
        let always = always.into_iter().chain([&row.received]).chain(&self.access);
        always.map(String::as_str).chain(perhaps)
    }
}

/// 条. A set of articles, from 1 to 64.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Articles(u64);

impl Articles {
    /// Adds an article; there are none but 1 to 64.
    pub fn insert(&mut self, article: u8) {
        self.0 |= Articles::bit(article);
    }

    /// Whether the article is among them.
    pub fn contains(self, article: u8) -> bool {
        self.0 & Articles::bit(article) != 0
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (1..=64).filter(move |article| self.contains(*article))
    }

    fn bit(article: u8) -> u64 {
        match article {
            1..=64 => 1 << (article - 1),
            _ => 0,
        }
    }

    // The database knows only signed numbers; the bits are the same.
    pub(crate) fn to_column(self) -> i64 {
        self.0.cast_signed()
    }

    pub(crate) fn from_column(column: i64) -> Articles {
        Articles(column.cast_unsigned())
    }
}

impl Extend<u8> for Articles {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, articles: T) {
        articles.into_iter().for_each(|article| self.insert(article));
    }
}

/// 依据某条的卷宗. How many dossiers rest on an article.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those still being handled.
    pub open: u64,
    /// Those that have ended.
    pub ended: u64,
}

/// Which dossiers a list speaks of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those still being handled.
    #[default]
    Open,
    /// Those that have ended.
    Ended,
    /// Both.
    All,
}

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// The last day of the earliest open limit; those without one come last.
    #[default]
    Due,
    /// The day the lead was received.
    Received,
    /// The instant of the last event.
    Changed,
    /// 线索编号.
    Number,
}

/// In which direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The smallest first.
    #[default]
    Ascending,
    /// The largest first.
    Descending,
}

/// A question for a page of dossiers.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// In whose name: the best first, since each row tells by which it was found.
    pub principals: Vec<String>,
    /// Which dossiers.
    pub scope: Scope,
    /// Only those with an open limit whose last day is before this date; today's date gives
    /// what is overdue.
    pub due_before: Option<String>,
    /// Only those in this stage.
    pub stage: Option<String>,
    /// Only those owned by this department.
    pub department: Option<String>,
    /// Only those with all these words in their texts. They come newest first then, whatever
    /// they are to be ordered by.
    pub text: Option<String>,
    /// Those of the principals who see only the outline: words are looked for nowhere else then.
    pub outline: Vec<String>,
    /// Only those that this principal finds too. It need not be an asking one: where it finds
    /// few, no more than those are looked at.
    pub within: Option<String>,
    /// None of those that this principal finds.
    pub without: Option<String>,
    /// What to order by.
    pub sort: Sort,
    /// In which direction.
    pub order: Order,
    /// The `next` of the page before.
    pub after: Option<Cursor>,
    /// How many rows at most.
    pub size: usize,
}

/// Where a page ended. Its text form is for links and means nothing to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) dossier: i64,
    pub(crate) sorted_by: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.dossier, self.sorted_by)
    }
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Cursor, NotACursor> {
        let (dossier, sorted_by) = text.split_once('.').ok_or(NotACursor)?;
        let dossier = dossier.parse().map_err(|_| NotACursor)?;
        Ok(Cursor { dossier, sorted_by: sorted_by.to_owned() })
    }
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The dossier.
    pub dossier: DossierRow,
    /// The first of the asking principals that may see it.
    pub seen_by: String,
}

/// How many dossiers a query finds in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(usize),
    /// More than this; counting ends there so that it costs the same in a large store.
    MoreThan(usize),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The rows, in order.
    pub rows: Vec<Listed>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// How many there are in all.
    pub total: Total,
}
