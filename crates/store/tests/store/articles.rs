//! Articles: counts agree with the rows, whatever happens to a dossier.

use std::collections::BTreeMap;

use store::{Articles, DossierRow, DossierRows, Standing, Store, Writes};

use crate::support::{act, fresh};

fn rows(id: u64, department: &str, ended: bool, articles: &[u8]) -> DossierRows {
    let dossier = DossierRow {
        id: format!("d{id:04}"),
        department: department.to_owned(),
        ended,
        ..DossierRow::default()
    };
    let mut set = Articles::default();
    set.extend(articles.iter().copied());
    DossierRows { dossier, articles: set, ..DossierRows::default() }
}

fn put(store: &Store, rows: DossierRows) {
    store.append(act(Writes { rows: vec![rows], ..Writes::default() })).unwrap();
}

fn counts(store: &Store, departments: &[&str]) -> Vec<(u8, u64, u64)> {
    let standing = store.standing(departments).unwrap();
    standing.into_iter().map(|(article, Standing { open, ended })| (article, open, ended)).collect()
}

#[test]
fn a_set_has_the_articles_put_in_and_no_others() {
    let mut set = Articles::default();
    set.extend([64, 1, 35, 0, 65, 255]);
    assert_eq!(set.iter().collect::<Vec<_>>(), [1, 35, 64]);
}

#[test]
fn counts_agree_with_the_rows_after_any_change() {
    let store = fresh();
    let mut all = BTreeMap::new();
    for round in 0..400_u64 {
        let id = round * 31 % 23;
        let department = ["east", "west"][(round * 7 % 5 % 2) as usize];
        let articles: Vec<u8> =
            (1..=64).filter(|article| (round + u64::from(*article)).is_multiple_of(9)).collect();
        let new = rows(id, department, round % 3 == 0, &articles);
        put(&store, new.clone());
        assert_eq!(store.rows(&new.dossier.id).unwrap().as_ref(), Some(&new));
        all.insert(id, new);
    }
    for departments in [&["east"][..], &["west"], &["east", "west"], &["north"], &[]] {
        let mut expected = BTreeMap::<u8, (u64, u64)>::new();
        for rows in all.values() {
            for article in rows.articles.iter() {
                if departments.contains(&rows.dossier.department.as_str()) {
                    let of = expected.entry(article).or_default();
                    *(if rows.dossier.ended { &mut of.1 } else { &mut of.0 }) += 1;
                }
            }
        }
        let expected: Vec<_> =
            expected.into_iter().map(|(article, (open, ended))| (article, open, ended)).collect();
        assert_eq!(counts(&store, departments), expected, "{departments:?}");
    }
}
