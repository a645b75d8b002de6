//! The regulation's limits and numbers, each with the clause that sets it.
//!
//! A test reads every number out of the clause's own words.

use crate::law::{Clause, clause};
use crate::time::Length;

/// 时限. A limit that the regulation sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Stable id.
    pub id: &'static str,
    /// Name shown to people.
    pub name: &'static str,
    /// The clause that sets it.
    pub basis: Clause,
    /// How long it is.
    pub length: Length,
}

/// 绝密级载体查找期限. From the discovery that a top secret carrier is missing.
pub const LOST_TOP_SECRET: Limit = Limit {
    id: "lost_top_secret",
    name: "绝密级国家秘密载体查找期限",
    basis: clause(5).item(1),
    length: Length::Days(10),
};

/// 机密级、秘密级载体查找期限. From the discovery that a carrier of a lower grade is missing.
pub const LOST_OTHER: Limit = Limit {
    id: "lost_other",
    name: "机密级、秘密级国家秘密载体查找期限",
    basis: clause(5).item(1),
    length: Length::Days(60),
};

/// 指定管辖时限. From the receipt of the request to the decision.
pub const DESIGNATION: Limit = Limit {
    id: "designation",
    name: "指定管辖时限",
    basis: clause(15).paragraph(2),
    length: Length::WorkingDays(7),
};

/// 移送时限. From the finding that the department is not competent.
pub const TRANSFER: Limit = Limit {
    id: "transfer",
    name: "移送时限",
    basis: clause(16).paragraph(1),
    length: Length::WorkingDays(7),
};

/// 初查时限. From the receipt of the lead to the submission of the review report.
pub const REVIEW: Limit = Limit {
    id: "review",
    name: "初查时限",
    basis: clause(30).paragraph(1),
    length: Length::Months(2),
};

/// 初查延长. The first extension of the preliminary review.
pub const REVIEW_EXTENSION: Limit = Limit {
    id: "review_extension",
    name: "初查延长时限",
    basis: clause(30).paragraph(1),
    length: Length::Months(1),
};

/// 查处时限. From filing to the approval of closing.
pub const HANDLING: Limit = Limit {
    id: "handling",
    name: "查处时限",
    basis: clause(55).paragraph(1),
    length: Length::Months(3),
};

/// 查处延长. The only extension of handling.
pub const HANDLING_EXTENSION: Limit = Limit {
    id: "handling_extension",
    name: "查处延长时限",
    basis: clause(55).paragraph(1),
    length: Length::Months(1),
};

/// Every limit, in the order of the articles.
pub const ALL: [Limit; 8] = [
    LOST_TOP_SECRET,
    LOST_OTHER,
    DESIGNATION,
    TRANSFER,
    REVIEW,
    REVIEW_EXTENSION,
    HANDLING,
    HANDLING_EXTENSION,
];

/// 办案人员不得少于2人. How many handlers are assigned, and present at every act.
pub const MIN_HANDLERS: usize = 2;

/// The clauses that set [`MIN_HANDLERS`]: on assignment, on the acts themselves.
pub const MIN_HANDLERS_BASIS: [Clause; 2] = [clause(33).paragraph(1), clause(35)];
