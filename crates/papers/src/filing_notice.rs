//! 立案通知书 (article 32): tells a unit, or the authority above it, that a case is filed.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::text::Prose;

/// What a unit owes the investigation, in the words of article 36.
pub const DUTIES: [&str; 2] = [
    "积极配合案件调查工作，提供相关证据。",
    "对案件当事人出国（境）进行审查，可能影响案件查处的，不得批准其出国（境）。",
];

/// 立案通知书. An official letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilingNotice {
    /// The department that files the case and issues the letter.
    pub department: String,
    /// 发文字号, such as 温保立〔2022〕1号.
    pub number: String,
    /// 密级, such as 秘密★10年.
    pub grade_mark: Option<String>,
    /// 主送: who is told.
    pub addressee: String,
    /// The unit concerned, where its superior authority is told instead of it.
    pub instead_of: Option<String>,
    /// The case as it was filed.
    pub case_name: String,
    /// The facts in brief.
    pub facts: Prose,
    /// The provisions of 《泄密案件查处办法》 relied on, such as 第三十一条.
    pub basis: Vec<String>,
    /// 立案: the day of filing.
    pub filed_on: Date,
    /// What the addressee is to do; usually [`DUTIES`].
    pub requests: Vec<String>,
    /// Whom to ask.
    pub contacts: Vec<Contact>,
    /// 成文日期: the day of the letter.
    pub dated: Date,
    /// The version of the dossier that the letter was made from.
    pub record_version: u64,
}

/// 联系人. Somebody to ask about the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// Telephone.
    pub phone: String,
}
