//! Search by words: what is found, by whom, and how late it may be.

use store::{
    DossierRow, DossierRows, ListQuery, Scope, Searchable, Store, Total, Unsearched, Writes,
};

use crate::support::{Place, act, fresh};

/// A dossier as the caller would describe it: who finds it, its outline and its contents.
#[derive(Clone)]
struct Case {
    rows: DossierRows,
    outline: String,
    contents: String,
}

fn case(id: u64, access: &[&str], outline: &str, contents: &str) -> Case {
    let dossier = DossierRow {
        id: format!("d{id:04}"),
        department: if id.is_multiple_of(2) { "east" } else { "west" }.to_owned(),
        stage: if id.is_multiple_of(5) { "调查" } else { "初查" }.to_owned(),
        ended: id.is_multiple_of(7),
        due_latest: (!id.is_multiple_of(3)).then(|| format!("2026-03-{:02}", 1 + id * 11 % 28)),
        ..DossierRow::default()
    };
    let access = access.iter().map(|principal| (*principal).to_owned()).collect();
    let rows = DossierRows { dossier, access, ..DossierRows::default() };
    Case { rows, outline: outline.to_owned(), contents: contents.to_owned() }
}

fn put(store: &Store, cases: &[Case]) {
    let rows = cases.iter().map(|case| case.rows.clone()).collect();
    store.append(act(Writes { rows, ..Writes::default() })).unwrap();
}

fn searchable(cases: &[Case], queued: &Unsearched) -> Searchable {
    let case = cases.iter().find(|case| case.rows.dossier.id == queued.dossier).unwrap();
    Searchable::new(queued, &case.outline, &case.contents, |it| it.starts_with("above:"))
}

/// Takes into the search whatever waits for it.
fn index(store: &Store, cases: &[Case]) -> usize {
    let queued = store.unsearched(0, 10_000).unwrap();
    store.make_searchable(queued.iter().map(|it| searchable(cases, it)).collect()).unwrap()
}

fn asked(principals: &[&str], text: &str) -> ListQuery {
    let principals: Vec<_> = principals.iter().map(|it| (*it).to_owned()).collect();
    ListQuery {
        outline: principals.iter().filter(|it| it.starts_with("above:")).cloned().collect(),
        principals,
        scope: Scope::All,
        text: Some(text.to_owned()),
        size: 7,
        ..ListQuery::default()
    }
}

/// All pages, with the total of the first compared.
fn walk(store: &Store, query: &ListQuery) -> Vec<(String, String)> {
    let mut query = query.clone();
    let mut found = Vec::new();
    let total = store.list(&query).unwrap().total;
    loop {
        let page = store.list(&query).unwrap();
        assert!(page.rows.len() == query.size || page.next.is_none());
        found.extend(page.rows.into_iter().map(|row| (row.dossier.id, row.seen_by)));
        let Some(next) = page.next else { break };
        query.after = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(total, Total::Exactly(found.len()), "{query:?}");
    found
}

fn ids(store: &Store, query: &ListQuery) -> Vec<String> {
    walk(store, query).into_iter().map(|(id, _)| id).collect()
}

const CONTENTS: [&str; 4] = [
    "经互联网邮箱发送机密级统计报表3份，王芳、买买提·阿里知情。",
    "以U盘拷出请示件，公章照片ＩＭＧ01.jpg；转送样例研究所",
    "保密检查发现，涉密计算机违规外联（2026）12号报告",
    "样例水利局文印员误认为已经解密",
];

/// Forty dossiers with readers, superiors and people who stand back.
fn forty() -> Vec<Case> {
    let texts = |id: u64| CONTENTS[(id % 4) as usize];
    let number = |id| format!("示市保线〔2026〕{id}号 样例第{}银行", id % 3);
    let of = |id: u64| {
        let access: &[&str] = match id % 5 {
            0 => &["head:east", "above:nation"],
            1 => &["head:east", "staff:jia1", "above:nation"],
            2 => &["staff:jia1", "above:nation", "apart:bing1"],
            3 => &["above:nation"],
            _ => &["head:west"],
        };
        case(id, access, &number(id), texts(id))
    };
    (0..40).map(of).collect()
}

/// What must be found, the slow way: each part of the question is somewhere in the text.
fn expected(cases: &[Case], query: &ListQuery, parts: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for case in cases.iter().rev() {
        let row = &case.rows.dossier;
        let has = |principal: &String| case.rows.access.contains(principal);
        let finds = |principal: &&String| {
            let within = |part: &&str| {
                case.outline.contains(*part)
                    || !query.outline.contains(principal) && case.contents.contains(*part)
            };
            has(principal) && parts.iter().all(within)
        };
        let is_asked = match query.scope {
            Scope::Open => !row.ended,
            Scope::Ended => row.ended,
            Scope::All => true,
        } && query.stage.iter().all(|stage| row.stage == *stage)
            && query.department.iter().all(|it| row.department == *it)
            && query.due_before.iter().all(|day| row.due_latest.iter().any(|due| due < day))
            && query.within.iter().all(has)
            && !query.without.iter().any(has);
        let seen_by = query.principals.iter().find(finds).filter(|_| is_asked);
        found.extend(seen_by.map(|seen_by| (row.id.clone(), seen_by.clone())));
    }
    found
}

#[test]
fn words_filters_and_rights_agree_with_the_slow_way() {
    let (store, cases) = (fresh(), forty());
    put(&store, &cases);
    assert_eq!(index(&store, &cases), 40);
    let questions: [(&str, &[&str]); 9] = [
        ("统计报表", &["统计报表"]),
        ("报表 王芳", &["报表", "王芳"]),
        ("样例", &["样例"]),
        ("〔2026〕3号", &["〔2026〕3号"]),
        ("保线(２０２６)12号", &["保线〔2026〕12号"]),
        ("密", &["密"]),
        ("第1银行，检查", &["第1银行", "检查"]),
        ("“公章照片”", &["公章照片"]),
        ("没有的词", &["没有的词"]),
    ];
    let mut compared = 0;
    for (question, parts) in questions {
        for principals in [
            &["head:east", "staff:jia1"][..],
            &["above:nation"],
            &["staff:jia1", "above:nation"],
            &["head:west"],
        ] {
            let base = asked(principals, question);
            let some = |text: &str| Some(text.to_owned());
            for query in [
                base.clone(),
                ListQuery { scope: Scope::Open, ..base.clone() },
                ListQuery { stage: some("调查"), ..base.clone() },
                ListQuery { department: some("west"), ..base.clone() },
                ListQuery { due_before: some("2026-03-15"), scope: Scope::Open, ..base.clone() },
                ListQuery { within: some("head:east"), ..base.clone() },
                ListQuery { without: some("apart:bing1"), ..base.clone() },
            ] {
                let expected = expected(&cases, &query, parts);
                assert_eq!(walk(&store, &query), expected, "{query:?}");
                compared += expected.len();
            }
        }
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn every_part_of_a_text_is_found_and_nothing_across_a_stop() {
    let store = fresh();
    let cases: Vec<_> =
        (0..4).map(|id| case(id, &["head:east"], "", CONTENTS[id as usize])).collect();
    put(&store, &cases);
    index(&store, &cases);
    let finds = |text: &str| ids(&store, &asked(&["head:east"], text));
    let mut tried = 0;
    for (id, text) in CONTENTS.iter().enumerate() {
        let runs = |c: char| c.is_ascii_alphanumeric() || ('Ａ'..='Ｚ').contains(&c);
        for sequence in text.split(['，', '、', '。', '；', '.', '·', '（', '）']) {
            let chars: Vec<_> = sequence.chars().collect();
            for from in 0..chars.len() {
                for to in from + 1..=chars.len() {
                    let cut = |at: usize| {
                        at > 0 && at < chars.len() && runs(chars[at - 1]) && runs(chars[at])
                    };
                    if cut(from) || cut(to) {
                        continue;
                    }
                    let part: String = chars[from..to].iter().collect();
                    assert!(finds(&part).contains(&format!("d{id:04}")), "{part}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 400, "{tried}");
    for absent in ["报表王", "芳买", "件公章", "发现涉密", "3份王", "张", "表报", "%", "jpg转"]
    {
        assert_eq!(finds(absent), [""; 0], "{absent}");
    }
    assert_eq!(finds("u盘 img01"), ["d0001"]);
    assert_eq!(finds("外联〔2026〕12号"), ["d0002"]);
    assert_eq!(finds("买买提阿里"), ["d0000"]);
}

#[test]
fn what_the_language_of_an_index_means_is_text_here() {
    let store = fresh();
    let cases = [case(1, &["head:east"], "甲 OR 乙", "near NOT")];
    put(&store, &cases);
    index(&store, &cases);
    let finds = |text: &str| ids(&store, &asked(&["head:east"], text)).len();
    let asked =
        ["or", "\"甲\" OR 丙", "甲*", "outline : 甲", "NOT", "(甲", "\"", "' OR 1=1 --", "\0甲"];
    assert_eq!(asked.map(finds), [1, 0, 1, 0, 1, 1, 0, 0, 1]);
}

#[test]
fn a_reader_who_loses_access_finds_nothing_at_once() {
    let store = fresh();
    let mut one = case(1, &["head:east", "staff:jia1"], "编号1", "王芳的询问");
    put(&store, &[one.clone()]);
    index(&store, &[one.clone()]);
    let found = |who: &str, text: &str| {
        let page = store.list(&asked(&[who], text)).unwrap();
        (page.rows.len(), page.total)
    };
    assert_eq!(found("staff:jia1", "王芳"), (1, Total::Exactly(1)));
    // What was a reader's is a superior's now: contents may not be found any more, the outline may.
    one.rows.access = vec!["above:nation".to_owned(), "head:east".to_owned()];
    put(&store, &[one.clone()]);
    assert_eq!(found("staff:jia1", "王芳"), (0, Total::Exactly(0)));
    assert_eq!(found("above:nation", "王芳"), (0, Total::Exactly(0)));
    let both = asked(&["staff:jia1", "above:nation"], "王芳");
    assert_eq!(store.list(&both).unwrap().total, Total::Exactly(0));
    let both = asked(&["staff:jia1", "above:nation"], "编号1");
    assert_eq!(walk(&store, &both), [("d0001".to_owned(), "above:nation".to_owned())]);
    index(&store, &[one]);
    assert_eq!(found("above:nation", "王芳"), (0, Total::Exactly(0)));
    assert_eq!(found("above:nation", "编号1"), (1, Total::Exactly(1)));
}

#[test]
fn what_changed_meanwhile_is_not_taken_and_waits_for_its_turn() {
    let place = Place::new();
    let store = place.open();
    let mut one = case(1, &["head:east"], "", "旧文");
    put(&store, &[one.clone()]);
    let early = store.unsearched(0, 10).unwrap();
    let stale = searchable(&[one.clone()], &early[0]);
    one.contents = "新文".to_owned();
    put(&store, &[one.clone()]);
    assert_eq!(store.make_searchable(vec![stale.clone()]).unwrap(), 0);
    assert_eq!(store.unsearched(0, 10).unwrap().len(), 1);
    drop(store);
    // The queue is durable, like what it speaks of.
    let store = place.open();
    assert_eq!(index(&store, &[one.clone()]), 1);
    assert_eq!(store.unsearched(0, 10).unwrap(), []);
    assert_eq!(store.make_searchable(vec![stale]).unwrap(), 0);
    let finds = |text: &str| ids(&store, &asked(&["head:east"], text)).len();
    assert_eq!([finds("新文"), finds("旧文")], [1, 0]);
    // A second time replaces the first.
    one.contents = "终文".to_owned();
    put(&store, &[one.clone()]);
    assert_eq!(index(&store, &[one]), 1);
    assert_eq!([finds("终文"), finds("新文"), finds("文")], [1, 0, 1]);
    assert!(crate::support::verify(&store).is_clean());
}

#[test]
fn totals_are_exact_to_a_thousand_whether_late_or_not() {
    let store = fresh();
    let cases: Vec<_> = (0..1_001).map(|id| case(id, &["head:east"], "", "样例")).collect();
    put(&store, &cases[..1_000]);
    index(&store, &cases);
    let total = || store.list(&asked(&["head:east"], "样例")).unwrap().total;
    assert_eq!(total(), Total::Exactly(1_000));
    put(&store, &cases[1_000..]);
    assert_eq!(total(), Total::Exactly(1_000));
    index(&store, &cases);
    assert_eq!(total(), Total::MoreThan(1_000));
    put(&store, &cases[..1]);
    assert_eq!(total(), Total::MoreThan(1_000));
}

#[test]
fn numbers_are_found_as_they_are_written() {
    let store = fresh();
    let mut one = case(1, &["head:east"], "", "");
    one.rows.dossier.number = "示市保线〔2026〕1号".to_owned();
    one.rows.dossier.case_number = Some("示市保案〔2026〕2号".to_owned());
    put(&store, &[one]);
    for number in ["示市保线〔2026〕1号", "示市保案〔2026〕2号"] {
        assert_eq!(store.numbered(number).unwrap(), ["d0001"]);
    }
    assert_eq!(store.numbered("2号").unwrap(), [""; 0]);
}
