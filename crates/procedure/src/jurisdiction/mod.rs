//! 第二章 管辖. Whose a dossier is.
//!
#![doc = include_str!("law.md")]

use crate::{
    answered::LegalRule,
    check::Refusal,
    deadline::Duty,
    dossier::{Dossier, Entry},
    setting::Setting,
    step::Step,
    value::DepartmentId,
};

/// The steps of this chapter.
pub static STEPS: &[Step] = &[];

/// Every refusal of this chapter, by module.
pub static REFUSALS_BY_MODULE: &[&[&Refusal]] = &[];

/// Rules of this chapter that are not steps.
pub static RULES: &[LegalRule] = &[];

/// What was recorded under this chapter.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Event {}

impl Event {
    /// What was filled in on the form that became this event.
    pub fn answers(&self) -> crate::value::Answers {
        match *self {}
    }
}

/// What this chapter knows of a dossier.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// 承办部门. Whose the dossier is, from the first entry on.
    pub owner: Option<DepartmentId>,
}

impl State {
    /// The department to which the dossier is on its way.
    pub fn receiver(&self) -> Option<&DepartmentId> {
        None
    }
}

pub(crate) fn apply(_: &mut Dossier, event: &Event, _: &Entry) {
    match *event {}
}

/// Duties of this chapter that are open.
pub(crate) fn duties(_: &Dossier, _: &Setting, _: &mut Vec<Duty>) {}

/// The limits of this chapter.
pub(crate) fn limits(_: &Dossier, _: &Setting, _: &mut Vec<crate::deadline::Running>) {}
