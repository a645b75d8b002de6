//! From a paper to its pages.
//!
//! The world that a template lives in has the templates, one file `data.json`, and the fonts.
//! It has no clock, no disk and no network, so a template can only arrange what it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::json;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::ecow::EcoVec;
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::layout::{Frame, FrameItem};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook, TextItem};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::text::{MAX_BYTES, MAX_LINE, check};
use crate::{Fonts, Paper, Templates, digest, fonts, templates};

/// What sets the pages; recorded with every paper.
pub const ENGINE: &str = "typst 0.15.1";

/// The data of the paper and the fonts chosen, as the templates read them.
const DATA: &str = "data.json";

/// How many renderings the engine remembers a layout that is not used again.
const CACHE_AGE: usize = 8;

/// A typeset paper, with everything needed to show later how it came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The document.
    pub pdf: Vec<u8>,
    /// The hash of the template and the common layout.
    pub template: String,
    /// [`ENGINE`].
    pub engine: &'static str,
    /// The fonts on its pages, by name.
    pub fonts: Vec<UsedFont>,
    /// The number of pages.
    pub pages: usize,
    /// Characters that the proper font lacks, set in the fallback font.
    pub substituted: Vec<char>,
    /// Characters that no font has: they stand on the page as empty boxes.
    pub missing: Vec<char>,
}

/// A font that stands on the pages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UsedFont {
    /// Its PostScript name.
    pub name: String,
    /// The SM3 of its file.
    pub hash: String,
}

/// Why a paper could not be typeset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// A character that a page cannot show.
    #[error("「{text}」中有无法排印的字符 U+{:04X}，请删去后重试", u32::from(*.character))]
    Unprintable {
        /// The character.
        character: char,
        /// The text around it, with a box in its place.
        text: String,
    },
    /// A name or other text of one line that goes on and on.
    #[error("「{text}…」过长：{characters} 字，不得超过 {MAX_LINE} 字")]
    LineTooLong {
        /// How it begins.
        text: String,
        /// Its length.
        characters: usize,
    },
    /// More text than a paper may have.
    #[error("文书内容过长：{bytes} 字节，不得超过 {MAX_BYTES} 字节")]
    TooLong {
        /// The size of its data.
        bytes: usize,
    },
    /// The data has no form that a template can read.
    #[error("文书内容不能整理成模板数据：{reason}")]
    Data {
        /// What the serializer says.
        reason: String,
    },
    /// A department's template that could not be read.
    #[error("读不了文书模板 {path}：{reason}")]
    UnreadableTemplate {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A template that does not work.
    #[error("文书模板 {file}{}有误：{reason}", .line.map(|line| format!(" 第 {line} 行")).unwrap_or_default())]
    Template {
        /// The template.
        file: String,
        /// The line, counted from one, where the engine names it.
        line: Option<usize>,
        /// What the engine says.
        reason: String,
    },
}

/// Typesets a paper: the same arguments give the same bytes.
pub fn render(paper: &Paper, templates: &Templates, fonts: &Fonts) -> Result<Rendered, PaperError> {
    let unfit = |error: serde_json::Error| PaperError::Data { reason: error.to_string() };
    let data = paper.data().map_err(unfit)?;
    check(&data)?;
    let data = serde_json::to_vec(&json!({ "paper": data, "fonts": fonts.chosen() }));
    let data = data.map_err(unfit)?;
    if data.len() > MAX_BYTES {
        return Err(PaperError::TooLong { bytes: data.len() });
    }

    let kind = paper.kind();
    let template = templates.hash(kind);
    let identity = format!("{template} {}", digest(&data));
    let main = templates.of(kind).map(Source::id);
    let (Some(main), Some(file)) = (main, templates::file(DATA)) else {
        return Err(PaperError::Template {
            file: kind.template.to_owned(),
            line: None,
            reason: "没有此模板".to_owned(),
        });
    };
    let desk = Desk { main, file, data: Bytes::new(data), templates, fonts };

    let document: PagedDocument =
        typst::compile(&desk).output.map_err(|errors| desk.explain(kind.template, &errors))?;
    let mut ink = Ink::default();
    for page in document.pages() {
        ink.read(&page.frame);
    }
    let options = PdfOptions {
        ident: Smart::Custom(identity),
        creator: Smart::Custom(Some(ENGINE.to_owned())),
        standards: standards(&ink.missing),
        // Tags would carry the region that `common.typ` uses to keep punctuation on the grid.
        tagged: false,
        ..PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options)
        .map_err(|errors| desk.explain(kind.template, &errors))?;
    typst::comemo::evict(CACHE_AGE);

    Ok(Rendered {
        pdf,
        template,
        engine: ENGINE,
        fonts: ink
            .fonts
            .into_iter()
            .map(|(name, font)| UsedFont { name, hash: fonts.hash(&font) })
            .collect(),
        pages: document.pages().len(),
        substituted: ink.substituted.into_iter().collect(),
        missing: ink.missing.into_iter().collect(),
    })
}

/// Papers are kept for decades, hence PDF/A; only a page with a missing glyph cannot be one.
fn standards(missing: &BTreeSet<char>) -> PdfStandards {
    let archival: &[PdfStandard] = if missing.is_empty() { &[PdfStandard::A_2u] } else { &[] };
    PdfStandards::new(archival).unwrap_or_default()
}

static LIBRARY: LazyLock<LazyHash<Library>> =
    LazyLock::new(|| LazyHash::new(<Library as LibraryExt>::default()));

/// All that a template can reach.
struct Desk<'a> {
    main: FileId,
    file: FileId,
    data: Bytes,
    templates: &'a Templates,
    fonts: &'a Fonts,
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let source = self.templates.get(id).cloned();
        source.ok_or_else(|| FileError::NotFound(id.vpath().get_without_slash().into()))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.file {
            return Ok(self.data.clone());
        }
        self.source(id).map(|source| Bytes::from_string(source.text().to_owned()))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

impl Desk<'_> {
    /// The engine's first complaint, with the line of the template that it is about.
    fn explain(&self, template: &str, errors: &EcoVec<SourceDiagnostic>) -> PaperError {
        let span = errors.first().map(|error| error.span);
        let source = span.and_then(|span| span.id()).and_then(|id| self.templates.get(id));
        let line = span
            .and_then(|span| self.range(span))
            .and_then(|range| source?.lines().byte_to_line(range.start))
            .map(|line| line + 1);
        PaperError::Template {
            file: source.map_or_else(
                || template.to_owned(),
                |source| source.id().vpath().get_without_slash().to_owned(),
            ),
            line,
            reason: errors.first().map(|error| error.message.to_string()).unwrap_or_default(),
        }
    }
}

/// What is found on the pages once they are set.
#[derive(Default)]
struct Ink {
    fonts: BTreeMap<String, Font>,
    substituted: BTreeSet<char>,
    missing: BTreeSet<char>,
}

impl Ink {
    fn read(&mut self, frame: &Frame) {
        for (_, item) in frame.items() {
            match item {
                FrameItem::Group(group) => self.read(&group.frame),
                FrameItem::Text(text) => self.read_text(text),
                _ => {}
            }
        }
    }

    fn read_text(&mut self, text: &TextItem) {
        const ABSENT: u16 = 0;
        let font = text.font.font();
        let family = &font.info().family;
        let name = font.post_script_name().unwrap_or_else(|| family.clone());
        self.fonts.entry(name).or_insert_with(|| font.clone());

        let is_fallback = fonts::is_fallback(family);
        for glyph in &text.glyphs {
            let characters = text.text.get(glyph.range()).unwrap_or_default().chars();
            if glyph.id == ABSENT {
                self.missing.extend(characters);
            } else if is_fallback {
                self.substituted.extend(characters);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ENGINE;

    #[test]
    fn the_engine_is_the_one_recorded() {
        assert_eq!(ENGINE, format!("typst {}", typst::utils::version().raw()));
    }
}
