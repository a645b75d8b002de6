//! The templates: delivered with the program, replaceable by a department.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};

use crate::{KINDS, Kind, PaperError, digest};

/// The page layout that every paper shares.
const COMMON: &str = "common.typ";

/// 模板. The templates in force.
#[derive(Clone, Debug)]
pub struct Templates {
    sources: BTreeMap<&'static str, Source>,
}

impl Default for Templates {
    fn default() -> Templates {
        let papers = KINDS.iter().map(|kind| (kind.template, kind.source));
        let all = papers.chain([(COMMON, include_str!("templates/common.typ"))]);
        let sources =
            all.filter_map(|(name, text)| Some((name, Source::new(file(name)?, text.to_owned()))));
        Templates { sources: sources.collect() }
    }
}

impl Templates {
    /// The delivered templates, each replaced by the file of the same name in `directory`, if any.
    pub fn with_replacements(directory: &Path) -> Result<Templates, PaperError> {
        let mut templates = Templates::default();
        for (name, source) in &mut templates.sources {
            match fs::read_to_string(directory.join(name)) {
                Ok(text) => *source = Source::new(source.id(), text),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(PaperError::UnreadableTemplate {
                        path: directory.join(name).display().to_string(),
                        reason: error.to_string(),
                    });
                }
            }
        }
        Ok(templates)
    }

    /// The template of a paper.
    pub(crate) fn of(&self, kind: &Kind) -> Option<&Source> {
        self.sources.get(kind.template)
    }

    pub(crate) fn get(&self, id: FileId) -> Option<&Source> {
        self.sources.values().find(|source| source.id() == id)
    }

    /// What identifies the look of a paper: the hash of its template and the common layout.
    pub(crate) fn hash(&self, kind: &Kind) -> String {
        let texts = [COMMON, kind.template].map(|name| {
            let text = self.sources.get(name).map(Source::text).unwrap_or_default();
            format!("{name} {}\n{text}", text.len())
        });
        digest(texts.concat().as_bytes())
    }
}

/// The place of a file in the world of the templates, which has no other files.
pub(crate) fn file(name: &str) -> Option<FileId> {
    let path = VirtualPath::new(name).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}
