//! The fonts of official papers, taken from directories and never embedded.
//!
//! Only the families named here are loaded: a paper must look the same in every department, so
//! whatever else a machine has installed stays out of sight.
//! A department's licensed fonts win over Fandol; Noto CJK stands behind both for rare characters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use typst::text::{Font, FontBook, FontVariant};
use typst::utils::LazyHash;
use typst_kit::fonts::{FontPath, FontSource, scan};

use crate::digest;

/// 字体. One of the typefaces that GB/T 9704-2012 asks for.
struct Typeface {
    /// Its key in the templates.
    key: &'static str,
    /// What an office calls it.
    name: &'static str,
    /// Families that serve as this typeface, best first.
    families: &'static [&'static str],
    /// The family that has nearly every character, where the chosen one has none.
    fallback: &'static str,
}

const TYPEFACES: [Typeface; 5] = [
    Typeface {
        key: "title",
        name: "小标宋",
        families: &[
            "方正小标宋简体",
            "方正小标宋_GBK",
            "FZXiaoBiaoSong-B05S",
            "FZXiaoBiaoSong-B05",
            "FandolSong",
        ],
        fallback: "Noto Serif CJK SC",
    },
    Typeface {
        key: "fangsong",
        name: "仿宋",
        families: &[
            "仿宋_GB2312",
            "FangSong_GB2312",
            "仿宋",
            "FangSong",
            "FandolFang R",
            "FandolFang",
        ],
        fallback: "Noto Serif CJK SC",
    },
    Typeface {
        key: "kai",
        name: "楷体",
        families: &["楷体_GB2312", "KaiTi_GB2312", "楷体", "KaiTi", "FandolKai"],
        fallback: "Noto Serif CJK SC",
    },
    Typeface {
        key: "hei",
        name: "黑体",
        families: &["黑体", "SimHei", "FandolHei"],
        fallback: "Noto Sans CJK SC",
    },
    Typeface {
        key: "song",
        name: "宋体",
        families: &["宋体", "SimSun", "FandolSong"],
        fallback: "Noto Serif CJK SC",
    },
];

/// Why no fonts could be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("缺少公文字体「{}」；已查找 {}；请运行 scripts/fonts 或将字体放入其中一处", .missing.join("」「"), .searched.join("、"))]
pub struct MissingFonts {
    /// The typefaces and fallback families that no directory has.
    pub missing: Vec<String>,
    /// The directories searched.
    pub searched: Vec<String>,
}

/// The fonts at hand, chosen once and shared by all papers.
pub struct Fonts {
    book: LazyHash<FontBook>,
    faces: Vec<Face>,
    chosen: BTreeMap<&'static str, [String; 2]>,
}

/// One font file, read when a paper first needs it.
struct Face {
    family: String,
    variant: FontVariant,
    path: FontPath,
    font: OnceLock<Option<Font>>,
    hash: OnceLock<String>,
}

/// Where fonts are looked for, the department's own first.
pub fn directories(data: &Path) -> Vec<PathBuf> {
    let places = [".fonts", "/usr/local/share/fonts", "/usr/share/fonts"];
    std::iter::once(data.join("fonts")).chain(places.map(PathBuf::from)).collect()
}

impl Fonts {
    /// Chooses a family for every typeface from `directories`, earlier ones winning.
    pub fn load(directories: &[PathBuf]) -> Result<Fonts, MissingFonts> {
        let mut book = FontBook::new();
        let mut faces: Vec<Face> = Vec::new();
        for (path, info) in directories.iter().flat_map(|directory| scan(directory)) {
            let known = |face: &Face| face.family == info.family && face.variant == info.variant;
            if is_wanted(&info.family) && !faces.iter().any(known) {
                faces.push(Face {
                    family: info.family.clone(),
                    variant: info.variant,
                    path,
                    font: OnceLock::new(),
                    hash: OnceLock::new(),
                });
                book.push(info);
            }
        }

        let chosen =
            choose(|family| faces.iter().any(|face| face.family == family)).map_err(|missing| {
                MissingFonts {
                    missing,
                    searched: directories.iter().map(|path| path.display().to_string()).collect(),
                }
            })?;
        Ok(Fonts { book: LazyHash::new(book), faces, chosen })
    }

    /// For each typeface the chosen family and its fallback, as the templates see them.
    pub(crate) fn chosen(&self) -> &BTreeMap<&'static str, [String; 2]> {
        &self.chosen
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        let face = self.faces.get(index)?;
        face.font.get_or_init(|| face.path.load()).clone()
    }

    /// The SM3 of the file a font came from; computed once, since these files are large.
    pub(crate) fn hash(&self, font: &Font) -> String {
        let info = font.info();
        let hash = || digest(font.data());
        self.faces
            .iter()
            .find(|face| face.family == info.family && face.variant == info.variant)
            .map_or_else(hash, |face| face.hash.get_or_init(hash).clone())
    }
}

/// Whether a family is there only for characters that the chosen ones lack.
pub(crate) fn is_fallback(family: &str) -> bool {
    TYPEFACES.iter().any(|typeface| typeface.fallback == family)
}

fn is_wanted(family: &str) -> bool {
    is_fallback(family) || TYPEFACES.iter().any(|typeface| typeface.families.contains(&family))
}

/// The first family at hand for each typeface, or the names of all that is missing.
fn choose(
    at_hand: impl Fn(&str) -> bool,
) -> Result<BTreeMap<&'static str, [String; 2]>, Vec<String>> {
    let mut chosen = BTreeMap::new();
    let mut missing = Vec::new();
    for typeface in &TYPEFACES {
        match typeface.families.iter().find(|family| at_hand(family)) {
            Some(family) => {
                chosen.insert(typeface.key, [(*family).to_owned(), typeface.fallback.to_owned()]);
            }
            None => missing.push(typeface.name.to_owned()),
        }
        let fallback = typeface.fallback.to_owned();
        if !at_hand(&fallback) && !missing.contains(&fallback) {
            missing.push(fallback);
        }
    }
    if missing.is_empty() { Ok(chosen) } else { Err(missing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: [&str; 6] = [
        "FandolSong",
        "FandolFang",
        "FandolKai",
        "FandolHei",
        "Noto Serif CJK SC",
        "Noto Sans CJK SC",
    ];

    #[test]
    fn licensed_fonts_win_over_free_ones() {
        let free = choose(|family| FREE.contains(&family)).unwrap();
        assert_eq!(free["title"], ["FandolSong", "Noto Serif CJK SC"]);
        assert_eq!(free["hei"], ["FandolHei", "Noto Sans CJK SC"]);

        let licensed = ["FZXiaoBiaoSong-B05S", "仿宋_GB2312"];
        let both = choose(|family| FREE.contains(&family) || licensed.contains(&family)).unwrap();
        assert_eq!(both["title"][0], "FZXiaoBiaoSong-B05S");
        assert_eq!(both["fangsong"][0], "仿宋_GB2312");
        assert_eq!(both["song"][0], "FandolSong");
    }

    #[test]
    fn all_that_is_missing_is_named() {
        let missing = choose(|family| family == "FandolSong").unwrap_err();
        assert_eq!(
            missing,
            ["Noto Serif CJK SC", "仿宋", "楷体", "黑体", "Noto Sans CJK SC"].map(str::to_owned)
        );
    }

    #[test]
    fn an_empty_directory_gives_a_chinese_error() {
        let error = Fonts::load(&[PathBuf::from("/nowhere")]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "缺少公文字体「小标宋」「Noto Serif CJK SC」「仿宋」「楷体」「黑体」「Noto Sans CJK SC」「宋体」；\
             已查找 /nowhere；请运行 scripts/fonts 或将字体放入其中一处"
        );
    }
}
