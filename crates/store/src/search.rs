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

/// What can be found of a dossier, ready for the engine: tokens, each with a blank after it.
#[derive(Debug, Clone)]
pub struct Searchable {
    pub(crate) place: i64,
    pub(crate) turn: i64,
    /// What everybody finds who sees the dossier at all.
    pub(crate) outline: String,
    /// What only they find who see its contents.
    pub(crate) contents: String,
    /// Who sees its contents.
    pub(crate) readers: String,
    /// Who sees only its outline.
    pub(crate) above: String,
    /// Stage, department, whether it has ended.
    pub(crate) state: String,
}

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
        let signs = |outline| {
            let access = unsearched.access.iter();
            let signs = access.filter(|principal| sees_outline(principal) == outline);
            signs.map(|principal| words::sign(principal) + " ").collect()
        };
        let state = [
            stage_sign(&unsearched.stage),
            department_sign(&unsearched.department),
            ended_sign(unsearched.ended),
        ];
        Searchable {
            place: unsearched.place,
            turn: unsearched.turn,
            outline: words::tokens(outline),
            contents: words::tokens(contents),
            readers: signs(false),
            above: signs(true),
            state: state.join(" "),
        }
    }
}

/// The signs of the states in which a question looks for dossiers.
pub(crate) fn states(query: &ListQuery) -> impl Iterator<Item = String> {
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
