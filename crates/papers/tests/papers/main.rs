//! The papers as they come out: their text, their measures, and what happens to strange input.

#[cfg(test)]
mod pages;
#[cfg(test)]
mod sample;

use std::{env, fs};

use pages::{FONTS, Word};
use papers::interview_record::Closing;
use papers::{Fonts, InterviewRecord, KINDS, Paper, Prose, Templates, render};

#[test]
fn every_kind_has_a_sample() {
    let codes = sample::all().map(|paper| paper.kind().code);
    assert_eq!(codes.to_vec(), KINDS.iter().map(|kind| kind.code).collect::<Vec<_>>());
}

/// The whole text of each paper; `UPDATE=1` writes it anew.
#[test]
fn the_text_is_as_agreed() {
    for paper in sample::all() {
        let code = paper.kind().code;
        let (_, pdf) = pages::keep(code, &paper);
        let golden = pages::here(&format!("tests/golden/{code}.txt"));
        if env::var_os("UPDATE").is_some() {
            fs::write(&golden, pages::text(&pdf)).unwrap();
        }
        assert_eq!(pages::text(&pdf), fs::read_to_string(&golden).unwrap(), "{code}");
    }
}

#[test]
fn names_and_facts_come_out_as_they_went_in() {
    let notice = sample::filing_notice();
    let (_, pdf) = pages::keep("names", &Paper::FilingNotice(notice.clone()));
    let run = pages::run(&pdf);
    for text in ["喆堃䶮、玥镕", "阿依古丽·样例", "〔2022〕", "秘密★10年", &notice.case_name]
    {
        assert!(run.contains(text), "{text} not in {run}");
    }
    for duty in &notice.requests {
        assert!(run.contains(duty), "{duty} not in {run}");
    }
}

/// GB/T 9704-2012 on a page full of text, to the millimetre.
#[test]
fn a1_the_type_area_holds_22_lines_of_28_characters() {
    let (_, pdf) = pages::keep("full", &Paper::FilingNotice(sample::long_filing_notice()));
    let words = pages::words(&pdf);
    let lines: Vec<&Word> =
        words.iter().filter(|word| word.page == 2 && word.text.chars().count() > 20).collect();

    assert_eq!(lines.len(), 22);
    for line in &lines {
        assert_eq!(line.text.chars().count(), 28, "{}", line.text);
        near(line.left, 28.0);
        near(line.right, 28.0 + 156.0);
        near(line.bottom - line.top, 16.0 * pages::MM_PER_POINT);
    }
    near(lines[0].top, 37.0);
    near(lines[21].bottom, 37.0 + 225.0);
    for pair in lines.windows(2) {
        near(pair[1].top - pair[0].top, 28.95 * pages::MM_PER_POINT);
    }
}

#[test]
fn a1_the_head_of_a_letter_stands_where_the_standard_says() {
    let (_, pdf) = pages::keep("head", &Paper::FilingNotice(sample::filing_notice()));
    let words = pages::words(&pdf);
    let find = |text: &str| words.iter().find(|word| word.text == text).expect(text);
    let middle = 28.0 + 156.0 / 2.0;
    let line = 28.95 * pages::MM_PER_POINT;

    let mark = find("秘密★10年");
    near(mark.left, 28.0);
    near(mark.top, 37.0);
    let masthead = find("样例市国家保密局");
    near(f64::midpoint(masthead.left, masthead.right), middle);
    near(f64::midpoint(masthead.top, masthead.bottom) - 23.0 * pages::MM_PER_POINT, 37.0 + 35.0);
    let number = find("样保立〔2022〕1号");
    near(f64::midpoint(number.left, number.right), middle);
    let title = find("立案通知书");
    near(f64::midpoint(title.left, title.right), middle);
    near(title.bottom - title.top, 22.0 * pages::MM_PER_POINT);
    let rule = number.bottom + 4.0;
    assert!(title.top - rule >= 2.0 * line, "two lines between rule and title");
    near(find("样例银行样例分行：").top - title.top, 2.0 * line);

    let number_of = |page| words.iter().find(|word| word.page == page && word.text == "—").unwrap();
    near(number_of(1).top, 37.0 + 225.0 + 7.0);
    assert!(number_of(1).left > middle, "odd pages are numbered on the right");
    near(number_of(2).left, 28.0 + 14.0 * pages::MM_PER_POINT);
}

#[test]
fn a1_no_paper_leaves_the_type_area() {
    for paper in sample::all() {
        let (_, pdf) = pages::keep(&format!("area-{}", paper.kind().code), &paper);
        for word in pages::words(&pdf) {
            let inside = word.left > 27.0 && word.right < 185.0 && word.top > 36.0;
            assert!(inside, "{word:?}");
        }
    }
}

#[test]
fn every_page_of_an_interview_is_to_be_signed() {
    let long = Paper::InterviewRecord(sample::long_interview_record());
    let (rendered, pdf) = pages::keep("long", &long);
    let text = pages::text(&pdf);
    let sheets: Vec<&str> = text.trim_end_matches('\u{c}').split('\u{c}').collect();
    assert!(rendered.pages >= 10 && sheets.len() == rendered.pages, "{} pages", rendered.pages);
    for (index, sheet) in sheets.iter().enumerate() {
        assert!(sheet.contains("被询问人签名："), "page {}", index + 1);
        assert!(sheet.contains(&format!("第{}页 共{}页", index + 1, sheets.len())), "{sheet}");
    }
    for number in 1..=60 {
        assert!(pages::run(&pdf).contains(&format!("问：第{number}个问题")), "{number}");
    }
}

#[test]
fn an_interview_closes_in_the_words_of_article_40() {
    let closed = |name: &str, closing| {
        let record = InterviewRecord { closing, ..sample::interview_record() };
        pages::run(&pages::keep(name, &Paper::InterviewRecord(record)).1)
    };
    let refused = Closing::Refused { note: "被询问人认为所问与己无关。".into() };
    assert!(closed("open", Closing::Open).contains("核对无误后由被询问人书写："));
    assert!(closed("read", Closing::Read).contains("以上笔录我看过，与我所说相符。"));
    assert!(closed("aloud", Closing::ReadAloud).contains("以上笔录已向我宣读，与我所说相符。"));
    let refused = closed("refused", refused);
    assert!(refused.contains("被询问人拒绝签名。被询问人认为所问与己无关。"));
    assert!(!refused.contains("与我所说相符"));
}

#[test]
fn what_is_not_known_is_left_to_the_pen() {
    let asked = |rights_told| {
        let record = InterviewRecord { rights_told, ..sample::interview_record() };
        pages::run(&pages::keep("unknown", &Paper::InterviewRecord(record)).1)
    };
    assert!(asked(None).contains("权利义务告知已告知未告知"));
    assert!(asked(Some(true)).contains("权利义务告知已告知问："));
    assert!(asked(Some(false)).contains("权利义务告知未告知问："));
}

#[test]
fn a_superior_is_told_in_place_of_the_unit() {
    let mut notice = sample::filing_notice();
    notice.addressee = "样例银行总行".into();
    notice.instead_of = Some("样例银行样例分行".into());
    let run = pages::run(&pages::keep("superior", &Paper::FilingNotice(notice)).1);
    assert!(run.contains("样例银行总行："));
    assert!(run.contains("因通知样例银行样例分行立案可能影响案件查处工作，现直接通知"));
}

#[test]
fn rare_and_absent_characters_are_reported() {
    let mut notice = sample::filing_notice();
    notice.facts = "喆堃䶮玥镕与甲一👍\u{e123}。".into();
    let (rendered, _) = pages::keep("rare", &Paper::FilingNotice(notice.clone()));
    assert_eq!(rendered.substituted, ['䶮', '喆', '堃', '玥', '镕']);
    assert_eq!(rendered.missing, ['\u{e123}', '👍']);

    notice.facts = "甲一、乙二。".into();
    let (plain, _) = pages::keep("plain", &Paper::FilingNotice(notice));
    assert_eq!((plain.substituted, plain.missing), (vec![], vec![]));
    let names: Vec<&str> = plain.fonts.iter().map(|font| font.name.as_str()).collect();
    assert_eq!(
        names,
        ["FandolFang-Regular", "FandolHei-Regular", "FandolSong-Bold", "FandolSong-Regular"]
    );
}

#[test]
fn a_paper_is_archival_unless_a_glyph_is_missing() {
    let archival = |facts: &str| {
        let mut notice = sample::filing_notice();
        notice.facts = facts.into();
        let (rendered, _) = pages::keep("archival", &Paper::FilingNotice(notice));
        rendered.pdf.windows(11).any(|bytes| bytes == b"pdfaid:part")
    };
    assert!(archival("喆堃䶮"));
    assert!(!archival("\u{e123}"));
}

#[test]
fn markup_is_text() {
    let hostile = [
        "#import\"@preview/x:1.0.0\":*",
        "#read(\"/etc/passwd\")",
        "$x^2$*b*_i_`r`~--...",
        "\\u{41}\\#<label>@ref//x/*y*/",
        "=+-[]{}();''\"\"",
        "https://example.invalid/?a=1&amp;b",
    ];
    let mut notice = sample::filing_notice();
    notice.addressee = hostile[0].into();
    notice.case_name = hostile[1].into();
    notice.facts = Prose::from(hostile[2..].join("\n").as_str());
    notice.number = hostile[3].into();
    let run = pages::run(&pages::keep("hostile", &Paper::FilingNotice(notice)).1);
    for text in hostile {
        assert!(run.contains(text), "{text} not in {run}");
    }
}

#[test]
fn what_a_page_cannot_show_is_refused() {
    for (text, code) in [("甲\0一", "U+0000"), ("甲\n一", "U+000A"), ("甲\u{202e}一", "U+202E")]
    {
        let mut record = sample::interview_record();
        record.person.name = text.into();
        let paper = Paper::InterviewRecord(record);
        let error = render(&paper, &Templates::default(), &FONTS).unwrap_err();
        let expected = format!("「甲□一」中有无法排印的字符 {code}，请删去后重试");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn ten_megabytes_are_refused() {
    let endless = "甲".repeat(10 * 1024 * 1024 / 3);
    let refuse = |notice| {
        render(&Paper::FilingNotice(notice), &Templates::default(), &FONTS).unwrap_err().to_string()
    };
    let mut notice = sample::filing_notice();
    notice.facts = endless.as_str().into();
    let error = refuse(notice.clone());
    assert!(error.starts_with("文书内容过长：1048"), "{error}");
    notice.department = endless;
    let error = refuse(notice);
    assert!(error.ends_with("过长：3495253 字，不得超过 2000 字"), "{error}");
}

#[test]
fn the_same_paper_gives_the_same_bytes() {
    let fresh = Fonts::load(&pages::font_directories()).unwrap();
    for paper in sample::all() {
        let first = render(&paper, &Templates::default(), &FONTS).unwrap();
        assert_eq!(first, render(&paper, &Templates::default(), &FONTS).unwrap());
        assert_eq!(first, render(&paper, &Templates::default(), &fresh).unwrap());
    }
    let mut other = sample::filing_notice();
    other.record_version += 1;
    let [first, _] = sample::all().map(|paper| render(&paper, &Templates::default(), &FONTS));
    let second = render(&Paper::FilingNotice(other), &Templates::default(), &FONTS);
    assert_ne!(first.unwrap().pdf, second.unwrap().pdf);
}

#[test]
fn a_department_replaces_templates_and_hears_what_is_wrong_with_them() {
    let [notice, _] = sample::all();
    let with = |template: &str| {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("filing_notice.typ"), template).unwrap();
        let templates = Templates::with_replacements(directory.path()).unwrap();
        render(&notice, &templates, &FONTS)
    };
    let delivered = render(&notice, &Templates::default(), &FONTS).unwrap();
    let own = with(
        "#import \"common.typ\": *\n\
         #show: official.with(dated: data.paper.dated)\n\
         #kai(data.paper.number)",
    );
    let own = own.unwrap();
    assert_ne!(own.template, delivered.template);
    assert_eq!(own.fonts.iter().map(|font| &font.name).collect::<Vec<_>>(), ["FandolKai-Regular"]);

    let complaint = |template| with(template).unwrap_err().to_string();
    assert_eq!(
        complaint("= 标题\n#nothing"),
        "文书模板 filing_notice.typ 第 2 行有误：unknown variable: nothing"
    );
    for escape in [
        "#read(\"/etc/passwd\")",
        "#import \"@preview/example:1.0.0\": *",
        "#datetime.today().display()",
    ] {
        assert!(complaint(escape).starts_with("文书模板 filing_notice.typ 第 1 行有误："));
    }
}

#[test]
fn a_paper_is_kept_as_json() {
    for paper in sample::all() {
        let json = serde_json::to_string(&paper).unwrap();
        assert_eq!(serde_json::from_str::<Paper>(&json).unwrap(), paper);
        let strange = json.replacen("\"department\"", "\"ministry\"", 1);
        assert!(serde_json::from_str::<Paper>(&strange).is_err());
    }
}

fn near(measured: f64, expected: f64) {
    assert!((measured - expected).abs() <= 1.0, "{measured:.2} mm instead of {expected:.2} mm");
}
