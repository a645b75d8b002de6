//! 询问笔录 (articles 38–40): what was asked and answered, to be checked and signed page by page.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::text::Prose;

/// 询问笔录. A form, and the conversation below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterviewRecord {
    /// The department whose handlers ask.
    pub department: String,
    /// 密级, such as 秘密★10年.
    pub grade_mark: Option<String>,
    /// The case as it was filed.
    pub case_name: String,
    /// When the interview began.
    pub from: DateTime,
    /// When it ended.
    pub to: DateTime,
    /// Where it was held.
    pub place: String,
    /// 办案人员: those who asked.
    pub handlers: Vec<Handler>,
    /// 记录人: who wrote the record.
    pub recorder: String,
    /// 被询问人: who answered.
    pub person: Person,
    /// Others in the room.
    pub others_present: Vec<String>,
    /// Whether the handlers showed their credentials; blank on the paper while unknown.
    pub credentials_shown: Option<bool>,
    /// Whether rights and duties were told; blank on the paper while unknown.
    pub rights_told: Option<bool>,
    /// Questions and answers, in order.
    pub exchanges: Vec<Exchange>,
    /// What the person had changed or added.
    pub corrections: Vec<Correction>,
    /// How the record was closed.
    pub closing: Closing,
    /// The version of the dossier that the record was made from.
    pub record_version: u64,
}

/// 询问人. A handler who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// Name.
    pub name: String,
    /// 证件号: the number of the credentials shown.
    pub credential: Option<String>,
}

/// 被询问人. The person who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Sex.
    pub sex: Option<String>,
    /// Date of birth, as exactly as it is known.
    pub born: Option<String>,
    /// The number of an identity document.
    pub identity_number: Option<String>,
    /// Unit.
    pub unit: Option<String>,
    /// Post.
    pub post: Option<String>,
    /// The person's connection with the case or its parties (article 39, item 2).
    pub relation: String,
}

/// 问答. One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The question.
    pub question: Prose,
    /// The answer, unembellished.
    pub answer: Prose,
}

/// 更正或者补充. A change the person asked for on reading the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Where in the record.
    pub place: String,
    /// What stood there; nothing where the person adds something.
    pub before: Option<String>,
    /// What is to stand there.
    pub after: String,
}

/// 核对. How the person took the finished record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", deny_unknown_fields)]
pub enum Closing {
    /// Not yet: the person writes the closing sentence and signs by hand.
    Open,
    /// The person read it and agrees.
    Read,
    /// It was read to the person, who agrees.
    ReadAloud,
    /// 拒绝签名. The person would not sign; the handlers note it.
    Refused {
        /// Their note.
        note: Prose,
    },
}
