//! 文书. Official papers: functions from plain data to typeset pages.
//!
//! A paper is a data struct in its own module, a Typst template of the same name, and one line in
//! the list below.
//! Rendering is pure: the same paper, templates and fonts give the same bytes.
//! There is no clock here, no network and no package download; the date on a paper is data.

pub mod filing_notice;
pub mod fonts;
pub mod interview_record;
mod render;
mod templates;
mod text;

use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};

pub use crate::filing_notice::FilingNotice;
pub use crate::fonts::{Fonts, MissingFonts};
pub use crate::interview_record::InterviewRecord;
pub use crate::render::{ENGINE, PaperError, Rendered, UsedFont, render};
pub use crate::templates::Templates;
pub use crate::text::{MAX_BYTES, MAX_LINE, Prose};

/// What is fixed about a kind of paper.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its code in the list of papers, such as `P14`.
    pub code: &'static str,
    /// Its name in the regulation's words.
    pub name: &'static str,
    /// The articles that call for it.
    pub articles: &'static [u8],
    /// The file name of its template.
    pub template: &'static str,
    /// The template as delivered.
    source: &'static str,
}

macro_rules! papers {
    ($($code:literal $name:literal $articles:expr, $module:ident::$paper:ident;)+) => {
        /// 文书. One paper with all that stands on it.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "paper", content = "data")]
        pub enum Paper {
            $(#[doc = $name] $paper($module::$paper),)+
        }

        /// Every kind of paper, in the order of the list of papers.
        pub const KINDS: &[Kind] = &[$($module::$paper::KIND,)+];

        impl Paper {
            /// What is fixed about this kind of paper.
            pub fn kind(&self) -> &'static Kind {
                match self {
                    $(Paper::$paper(_) => &$module::$paper::KIND,)+
                }
            }

            /// The data as its template sees it.
            fn data(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self {
                    $(Paper::$paper(paper) => serde_json::to_value(paper),)+
                }
            }
        }

        $(impl $module::$paper {
            /// What is fixed about this kind of paper.
            pub const KIND: Kind = Kind {
                code: $code,
                name: $name,
                articles: &$articles,
                template: concat!(stringify!($module), ".typ"),
                source: include_str!(concat!("templates/", stringify!($module), ".typ")),
            };
        })+
    };
}

papers! {
    "P14" "立案通知书" [32], filing_notice::FilingNotice;
    "P20" "询问笔录" [38, 39, 40], interview_record::InterviewRecord;
}

/// SM3 in hexadecimal, as all hashes of the record are written.
fn digest(bytes: &[u8]) -> String {
    Sm3::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
