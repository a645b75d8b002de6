//! 目录. The articles by chapter, folded, and the search among them and what carries them out.

use askama::Template;
use procedure::{
    law::{CHAPTERS, numeral},
    readings::READINGS,
};
use scenario::rules::{self, Rules};

use super::{
    Counts, Frame,
    article::{CheckRow, check_row},
    name, papers,
};

/// More places than this are counted, not listed.
const LISTED: usize = 6;

#[derive(Template)]
#[template(path = "law.html")]
pub(super) struct ContentsPage {
    frame: Frame,
    asked: String,
    /// Whether every article is shown unfolded.
    open: bool,
    chapters: Vec<Chapter>,
    found: usize,
    counts: rules::Counts,
    papers: usize,
    readings: usize,
    /// Checks under the articles of whichever step is taken.
    common: Vec<CheckRow>,
}

struct Chapter {
    number: u8,
    title: String,
    articles: Vec<Row>,
}

struct Row {
    number: u8,
    name: String,
    /// How the text begins.
    begins: String,
    paragraphs: Vec<Vec<Piece>>,
    has: String,
    dossiers: Vec<String>,
    /// Where else the words asked for were found.
    places: Vec<(&'static str, Vec<Piece>)>,
    more: usize,
}

/// A piece of a text: whether it is what was asked for, and what it says.
type Piece = (bool, String);

impl ContentsPage {
    pub(super) fn new(frame: Frame, asked: &str, open: bool, counts: &Counts) -> Self {
        let rules = Rules::built_in();
        let words: Vec<&str> = asked.split_whitespace().collect();
        let chapters = CHAPTERS.iter().map(|chapter| Chapter {
            number: chapter.number,
            title: format!("第{}章　{}", numeral(chapter.number), chapter.title),
            articles: rules.of(chapter).filter_map(|a| row(a, &words, counts)).collect(),
        });
        let chapters: Vec<_> = chapters.filter(|chapter| !chapter.articles.is_empty()).collect();
        ContentsPage {
            frame,
            asked: asked.to_owned(),
            open: open || !words.is_empty(),
            found: chapters.iter().map(|chapter| chapter.articles.len()).sum(),
            chapters,
            counts: rules.counts(),
            papers: procedure::supplementary::forms::PAPERS.len(),
            readings: READINGS.len(),
            common: rules.common.iter().map(check_row).collect(),
        }
    }
}

/// The row of an article, if all the words are found in it or in what carries it out.
fn row(article: &rules::Article, words: &[&str], counts: &Counts) -> Option<Row> {
    let number = article.answered.article;
    let text = procedure::law::clause(number).text().unwrap_or_default();
    let places = places(article);
    let is_found =
        |word: &&str| text.contains(*word) || places.iter().any(|(_, it)| it.contains(*word));
    if !words.iter().all(is_found) {
        return None;
    }
    let hits = places.into_iter().filter(|(_, it)| words.iter().any(|word| it.contains(word)));
    let mut hits: Vec<_> = hits.map(|(label, it)| (label, pieces(&it, words))).collect();
    let more = hits.len().saturating_sub(LISTED);
    hits.truncate(LISTED);
    let lines = || text.lines().filter(|line| !line.is_empty());
    let begins: String = lines().next().unwrap_or_default().chars().take(90).collect();
    Some(Row {
        number,
        name: name(number),
        begins,
        paragraphs: lines().map(|line| pieces(line, words)).collect(),
        has: has(article),
        dossiers: counts.words(number),
        places: hits,
        more,
    })
}

/// Everything about an article that can be searched, by what it is.
fn places(article: &rules::Article) -> Vec<(&'static str, String)> {
    let answered = &article.answered;
    let steps = answered.steps.iter().map(|step| ("步骤", step.name.to_owned()));
    let rules = answered.rules.iter().map(|it| ("规则", format!("{}：{}", it.name, it.about)));
    let limits = answered.limits.iter().map(|it| ("时限", format!("{}　{}", it.name, it.length)));
    let checks = article.checks.iter().map(|check| {
        let refusal = check.refusal;
        ("条件", format!("{}；不符合时：{}；{}", refusal.rule, refusal.message, refusal.hint))
    });
    let readings = answered.readings.iter().map(|it| ("解读", format!("{}　{}", it.id, it.text)));
    let papers = papers(answered.article);
    let papers = papers.map(|paper| ("文书", format!("{}　{}", paper.code, paper.name)));
    let reason = answered.reason.iter().map(|reason| ("没有步骤", (*reason).to_owned()));
    let all = steps.chain(rules).chain(limits).chain(checks).chain(readings);
    all.chain(papers).chain(reason).collect()
}

/// 2 个步骤、3 项条件.
fn has(article: &rules::Article) -> String {
    let answered = &article.answered;
    let counts = [
        (answered.steps.len(), "个步骤"),
        (answered.rules.len(), "项规则"),
        (article.checks.len(), "项条件"),
        (answered.limits.len(), "项时限"),
        (answered.readings.len(), "项解读"),
        (papers(answered.article).count(), "种文书"),
        (article.scenarios.len(), "个情景"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    counts.map(|(count, what)| format!("{count}{what}")).collect::<Vec<_>>().join("、")
}

/// Cuts a text where the words stand in it.
fn pieces(text: &str, words: &[&str]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let first = |rest: &str| {
        let found = words.iter().filter_map(|word| Some((rest.find(word)?, word.len())));
        // Of words that begin at the same place, the longest.
        found.min_by_key(|(at, length)| (*at, usize::MAX - length))
    };
    while let Some((at, length)) = first(rest) {
        let (before, after) = rest.split_at(at);
        let (hit, after) = after.split_at(length);
        pieces.extend([(false, before.to_owned()), (true, hit.to_owned())]);
        rest = after;
    }
    pieces.push((false, rest.to_owned()));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_the_words_stand() {
        let cut = pieces("办案人员不得少于2人，人员", &["人员", "办案人员"]);
        let expected = [(true, "办案人员"), (false, "不得少于2人，"), (true, "人员")];
        assert_eq!(cut, expected.map(|(hit, piece)| (hit, piece.to_owned())));
        assert_eq!(pieces("", &["人"]), []);
        assert_eq!(pieces("人", &[]), [(false, "人".to_owned())]);
    }
}
