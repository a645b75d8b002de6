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
pub static ALL: [Limit; 8] = [
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The words that stand directly before each limit's number.
    const WORDS: [(Limit, &str); 8] = [
        (LOST_TOP_SECRET, "绝密级"),
        (LOST_OTHER, "机密级、秘密级"),
        (DESIGNATION, "应当在接到指定管辖申请之日起"),
        (TRANSFER, "应当自发现之日起"),
        (REVIEW, "初查时限为"),
        (REVIEW_EXTENSION, "必要时可以延长"),
        (HANDLING, "查处时限为"),
        (HANDLING_EXTENSION, "负责人批准可延长"),
    ];

    /// Splits a number in Arabic digits off the front.
    fn leading_number(text: &str) -> Option<(u16, &str)> {
        let end = text.find(|c: char| !c.is_ascii_digit())?;
        let (digits, rest) = text.split_at(end);
        Some((digits.parse().ok()?, rest))
    }

    fn leading_length(text: &str) -> Option<Length> {
        match leading_number(text)? {
            (n, rest) if rest.starts_with("个月") => Some(Length::Months(n)),
            (n, rest) if rest.starts_with("个工作日") => Some(Length::WorkingDays(n)),
            (n, rest) if rest.starts_with("日") => Some(Length::Days(n)),
            _ => None,
        }
    }

    #[test]
    fn every_limit_is_the_one_its_clause_sets() {
        assert_eq!(WORDS.map(|(limit, _)| limit), ALL);
        for (limit, words) in WORDS {
            let text = limit.basis.text().unwrap();
            let (_, rest) = text.split_once(words).unwrap();
            assert_eq!(leading_length(rest), Some(limit.length), "{} {}", limit.basis, limit.id);
        }
    }

    /// Every number of the text, with its article and what follows it.
    fn numbers_of_the_text() -> impl Iterator<Item = (u8, &'static str)> {
        // Article 64 gives calendar dates.
        let articles = crate::law::articles().iter().filter(|article| article.number != 64);
        articles.flat_map(|article| {
            let text = article.text;
            let starts = text.char_indices().filter(move |(at, c)| {
                c.is_ascii_digit() && !text[..*at].ends_with(|c: char| c.is_ascii_digit())
            });
            starts.map(move |(at, _)| (article.number, &text[at..]))
        })
    }

    #[test]
    fn no_limit_of_the_text_is_forgotten() {
        let in_code: BTreeSet<(u8, String)> =
            ALL.iter().map(|limit| (limit.basis.article, limit.length.to_string())).collect();
        let in_text: BTreeSet<(u8, String)> = numbers_of_the_text()
            .filter_map(|(article, text)| Some((article, leading_length(text)?.to_string())))
            .collect();
        assert_eq!(in_code, in_text);
    }

    #[test]
    fn every_number_of_the_text_that_is_no_limit_is_a_number_of_handlers() {
        let others = numbers_of_the_text().filter(|(_, text)| leading_length(text).is_none());
        let others: Vec<_> = others
            .map(|(article, text)| {
                let (number, rest) = leading_number(text).unwrap();
                (article, usize::from(number), rest.chars().next().unwrap())
            })
            .collect();
        assert_eq!(others, [(33, MIN_HANDLERS, '名'), (35, MIN_HANDLERS, '人')]);
    }

    #[test]
    fn the_number_of_handlers_is_the_one_both_clauses_set() {
        for (clause, words) in MIN_HANDLERS_BASIS.iter().zip(["应当指派", "办案人员不得少于"])
        {
            let (_, rest) = clause.text().unwrap().split_once(words).unwrap();
            let (number, rest) = leading_number(rest).unwrap();
            assert_eq!(usize::from(number), MIN_HANDLERS, "{clause}");
            assert!(rest.starts_with("名以上") || rest.starts_with("人，"), "{clause}: {rest}");
        }
    }

    #[test]
    fn ids_are_unique() {
        let ids: BTreeSet<&str> = ALL.iter().map(|limit| limit.id).collect();
        assert_eq!(ids.len(), ALL.len());
    }
}
