//! Search: what can be found of a dossier by words, and by whom.
//!
//! It is derived after the commit, so that acts are not slower for it: an append only says that
//! the dossier is to be taken into the search again, and whoever understands the payloads does.
//! Until then the search has the former texts; who may see a dossier is known at once.

use crate::{ListQuery, Scope, words};

/// A dossier that changed since it was last taken into the search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsearched {
    /// Its id.
    pub dossier: String,
    /// Where it stands among all dossiers.
    pub place: i64,
    /// Who finds it.
    pub access: Vec<String>,
    pub(crate) stage: String,
    pub(crate) department: String,
    pub(crate) ended: bool,
    /// Another number after each change.
    pub(crate) turn: i64,
}

/// What can be found of a dossier, ready for the engine.
#[derive(Debug, Clone)]
pub struct Searchable {
    pub(crate) place: i64,
    pub(crate) turn: i64,
    /// All its tokens, with a blank between.
    pub(crate) tokens: String,
}

/// What a token belongs to, by its first letter: no word begins with one of these.
///
/// A word of the outline is there twice, once as a word among all: whoever sees only outlines
/// would otherwise walk over every dossier that has it in its contents.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Mark {
    /// Who sees its contents.
    Reader = b'+',
    /// Who sees only its outline.
    Above = b'-',
    /// Stage, department, whether it has ended.
    State = b'=',
    /// A word that everybody finds who sees the dossier at all.
    Outline = b'^',
}

/// Of a row with more bytes of tokens the rest is not found; a row of PostgreSQL's holds a mebibyte.
const LONGEST: usize = 1_000_000;

impl Searchable {
    /// The texts of a dossier, read after it was found to be unsearched.
    ///
    /// Of those who find it, the ones of whom `sees_outline` holds see no more than the outline.
    pub fn new(
        unsearched: &Unsearched,
        outline: &str,
        contents: &str,
        sees_outline: impl Fn(&str) -> bool,
    ) -> Searchable {
        let mut tokens = String::new();
        let mut add = |mark: Option<Mark>, token: &str| {
            if tokens.len() + token.len() + 2 <= LONGEST {
                tokens.extend(mark.map(|mark| char::from(mark as u8)));
                tokens.push_str(token);
                tokens.push(' ');
            }
        };
        for principal in &unsearched.access {
            let mark = if sees_outline(principal) { Mark::Above } else { Mark::Reader };
            add(Some(mark), &words::sign(principal));
        }
        let Unsearched { place, turn, stage, department, ended, .. } = unsearched;
        for state in [stage_sign(stage), department_sign(department), ended_sign(*ended)] {
            add(Some(Mark::State), &state);
        }
        let outline = words::tokens(outline);
        for word in &outline {
            add(Some(Mark::Outline), word);
            add(None, word);
        }
        words::tokens(contents).difference(&outline).for_each(|word| add(None, word));
        tokens.pop();
        Searchable { place: *place, turn: *turn, tokens }
    }
}

/// How an index wants to be asked.
pub(crate) struct Language {
    pub(crate) and: &'static str,
    pub(crate) or: &'static str,
    pub(crate) but_not: &'static str,
    /// No token has it, nor a backslash, in it.
    pub(crate) quote: char,
}

impl Language {
    /// A question: for each class of access its words, and the filters.
    pub(crate) fn matching(&self, query: &ListQuery, words: &[String]) -> String {
        let (above, readers): (Vec<_>, Vec<_>) =
            query.principals.iter().partition(|principal| query.outline.contains(principal));
        let class = |principals: &[&String], mark, texts| {
            let signs = principals.iter().map(|it| self.quoted(Some(mark), &words::sign(it)));
            let signs = signs.collect::<Vec<_>>().join(self.or);
            let words = self.words(texts, words);
            (!principals.is_empty()).then(|| format!("({words}{}({signs}))", self.and))
        };
        let classes =
            [class(&readers, Mark::Reader, None), class(&above, Mark::Above, Some(Mark::Outline))];
        let classes: Vec<_> = classes.into_iter().flatten().collect();
        let mut matching = format!("({})", classes.join(self.or));
        for state in states(query) {
            matching.push_str(self.and);
            matching.push_str(&self.quoted(Some(Mark::State), &state));
        }
        let finds = |principal: &String| {
            let sign = words::sign(principal);
            let signs = [Mark::Reader, Mark::Above].map(|mark| self.quoted(Some(mark), &sign));
            format!("({})", signs.join(self.or))
        };
        if let Some(within) = &query.within {
            matching.push_str(self.and);
            matching.push_str(&finds(within));
        }
        if let Some(without) = &query.without {
            matching = format!("({matching}){}{}", self.but_not, finds(without));
        }
        matching
    }

    /// Whether all words are in the outline.
    pub(crate) fn in_outline(&self, words: &[String]) -> String {
        self.words(Some(Mark::Outline), words)
    }

    fn words(&self, mark: Option<Mark>, words: &[String]) -> String {
        let words = words.iter().map(|word| self.quoted(mark, word));
        words.collect::<Vec<_>>().join(self.and)
    }

    fn quoted(&self, mark: Option<Mark>, token: &str) -> String {
        let mark = mark.map_or(String::new(), |mark| char::from(mark as u8).to_string());
        format!("{0}{mark}{token}{0}", self.quote)
    }
}

/// The signs of the states in which a question looks for dossiers.
fn states(query: &ListQuery) -> impl Iterator<Item = String> {
    let states = [
        query.stage.as_deref().map(stage_sign),
        query.department.as_deref().map(department_sign),
        match query.scope {
            Scope::Open => Some(ended_sign(false)),
            Scope::Ended => Some(ended_sign(true)),
            Scope::All => None,
        },
    ];
    states.into_iter().flatten()
}

fn stage_sign(stage: &str) -> String {
    words::sign(&format!("stage {stage}"))
}

fn department_sign(department: &str) -> String {
    words::sign(&format!("department {department}"))
}

fn ended_sign(ended: bool) -> String {
    words::sign(&format!("ended {ended}"))
}
