//! Lists: order, rights, filters, pages and totals.

use store::{
    Cursor, DossierRow, DossierRows, LimitRow, ListQuery, Order, Scope, Sort, Store, Stream, Total,
    Writes,
};

use crate::support::{act, event, fresh, write};

fn rows(id: u64, access: &[&str]) -> DossierRows {
    let dossier = DossierRow {
        id: format!("d{id:04}"),
        department: if id.is_multiple_of(2) { "east" } else { "west" }.to_owned(),
        number: format!("2026-{id:04}"),
        title: format!("事项{id}_100%"),
        unit: "样例银行".to_owned(),
        stage: if id.is_multiple_of(5) { "调查" } else { "初查" }.to_owned(),
        ended: id.is_multiple_of(7),
        received: format!("2026-01-{:02}", 28 - id % 28),
        changed: 1_000 + (id * 37 % 101) as i64,
        due_latest: (!id.is_multiple_of(3)).then(|| format!("2026-03-{:02}", 1 + id * 11 % 28)),
        ..DossierRow::default()
    };
    let access = access.iter().map(|principal| (*principal).to_owned()).collect();
    DossierRows { dossier, access, ..DossierRows::default() }
}

fn put(store: &Store, rows: Vec<DossierRows>) {
    store.append(act(Writes { rows, ..Writes::default() })).unwrap();
}

/// Sixty dossiers: every second one is the head's, every third the handler's.
fn sixty() -> (Store, Vec<DossierRows>) {
    let store = fresh();
    let all: Vec<_> = (0..60)
        .map(|id| match (id % 2, id % 3) {
            (0, 0) => rows(id, &["head:east", "staff:jia1"]),
            (0, _) => rows(id, &["head:east"]),
            (_, 0) => rows(id, &["staff:jia1"]),
            _ => rows(id, &["outline:west"]),
        })
        .collect();
    put(&store, all.clone());
    (store, all)
}

fn principals(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// All pages, the cursor through its text form each time.
fn walk(store: &Store, query: &ListQuery) -> Vec<(String, String)> {
    let mut query = query.clone();
    let mut found = Vec::new();
    loop {
        let page = store.list(&query).unwrap();
        assert!(page.rows.len() == query.size || page.next.is_none());
        found.extend(page.rows.into_iter().map(|row| (row.dossier.id, row.seen_by)));
        let Some(next) = page.next else { return found };
        query.after = Some(next.to_string().parse().unwrap());
    }
}

/// What the list must be, computed the slow way.
fn expected(all: &[DossierRows], query: &ListQuery) -> Vec<(String, String)> {
    let mut found: Vec<_> = all
        .iter()
        .enumerate()
        .filter_map(|(nr, rows)| {
            let row = &rows.dossier;
            let seen_by = query.principals.iter().find(|it| rows.access.contains(it))?;
            let matches =
                match query.scope {
                    Scope::Open => !row.ended,
                    Scope::Ended => row.ended,
                    Scope::All => true,
                } && query.due_before.iter().all(|day| row.due_latest.iter().any(|due| due < day))
                    && query.stage.iter().all(|stage| row.stage == *stage)
                    && query.department.iter().all(|it| row.department == *it)
                    && query.within.iter().all(|it| rows.access.contains(it))
                    && !query.without.iter().any(|it| rows.access.contains(it));
            let sorted_by = match query.sort {
                Sort::Due => row.due_latest.clone().unwrap_or("9999-12-31".to_owned()),
                Sort::Received => row.received.clone(),
                Sort::Changed => format!("{:020}", row.changed),
                Sort::Number => row.number.clone(),
            };
            matches.then(|| (sorted_by, nr, row.id.clone(), seen_by.clone()))
        })
        .collect();
    found.sort();
    if query.order == Order::Descending {
        found.reverse();
    }
    found.into_iter().map(|(_, _, id, seen_by)| (id, seen_by)).collect()
}

#[test]
fn every_order_scope_and_filter_agrees_with_the_slow_way() {
    let (store, all) = sixty();
    let mut compared = 0;
    for sort in [Sort::Due, Sort::Received, Sort::Changed, Sort::Number] {
        for order in [Order::Ascending, Order::Descending] {
            for scope in [Scope::Open, Scope::Ended, Scope::All] {
                let base = ListQuery {
                    principals: principals(&["staff:jia1", "head:east"]),
                    scope,
                    sort,
                    order,
                    size: 7,
                    ..ListQuery::default()
                };
                let some = |text: &str| Some(text.to_owned());
                for query in [
                    base.clone(),
                    ListQuery { principals: principals(&["outline:west"]), ..base.clone() },
                    ListQuery { due_before: some("2026-03-15"), ..base.clone() },
                    ListQuery { stage: some("调查"), ..base.clone() },
                    ListQuery { department: some("west"), ..base.clone() },
                    ListQuery {
                        stage: some("调查"),
                        due_before: some("2026-03-15"),
                        ..base.clone()
                    },
                    ListQuery {
                        within: some("staff:jia1"),
                        department: some("east"),
                        stage: some("初查"),
                        ..base.clone()
                    },
                    ListQuery { without: some("staff:jia1"), ..base.clone() },
                    ListQuery {
                        without: some("staff:yi2"),
                        due_before: some("2026-03-09"),
                        ..base.clone()
                    },
                ] {
                    let expected = expected(&all, &query);
                    assert_eq!(walk(&store, &query), expected, "{query:?}");
                    let total = store.list(&query).unwrap().total;
                    assert_eq!(total, Total::Exactly(expected.len()), "{query:?}");
                    compared += expected.len();
                }
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

/// Long ranges are read along their order, short ones along the filter's index, and one whose
/// order puts all that is looked for at its end along both.
#[test]
fn long_and_one_sided_ranges_agree_with_the_slow_way() {
    let store = fresh();
    let of = |id: u64, stage: &str, received: String| {
        let mut rows = rows(id, &["above:nation"]);
        rows.dossier.stage = stage.to_owned();
        rows.dossier.ended = false;
        rows.dossier.received = received;
        rows
    };
    let many = |id| match id % 10 {
        0 => of(id, "调查", format!("2020-{id:06}")),
        _ => of(id, "初查", format!("2020-{id:06}")),
    };
    let late = (24_000..27_000).map(|id| of(id, "已登记", format!("2021-{id:06}")));
    let all: Vec<_> = (0..24_000).map(many).chain(late).collect();
    all.chunks(5_000).for_each(|chunk| put(&store, chunk.to_vec()));
    for stage in ["调查", "初查", "已登记", "已结案"] {
        for order in [Order::Ascending, Order::Descending] {
            let mut query = ListQuery {
                principals: principals(&["above:nation"]),
                stage: Some(stage.to_owned()),
                sort: Sort::Received,
                order,
                size: 30,
                ..ListQuery::default()
            };
            let expected = expected(&all, &query);
            let mut found = Vec::new();
            for _ in 0..3 {
                let page = store.list(&query).unwrap();
                found.extend(page.rows.into_iter().map(|row| (row.dossier.id, row.seen_by)));
                query.after = page.next;
            }
            assert_eq!(found, expected[..expected.len().min(90)], "{stage} {order:?}");
        }
    }
}

#[test]
fn nobody_sees_what_no_row_gives_them() {
    let (store, _) = sixty();
    for names in [&[][..], &["staff:yi2"], &["staff:jia"], &["%"]] {
        let query = ListQuery {
            principals: principals(names),
            scope: Scope::All,
            size: 100,
            ..ListQuery::default()
        };
        let page = store.list(&query).unwrap();
        assert_eq!((page.rows, page.next, page.total), (Vec::new(), None, Total::Exactly(0)));
    }
}

#[test]
fn rows_follow_the_act_that_changes_them() {
    let store = fresh();
    let mut one = rows(1, &["head:west", "staff:jia1"]);
    let limit = |kind: &str, open| LimitRow {
        kind: kind.to_owned(),
        nominal: "2026-02-28".to_owned(),
        latest: "2026-03-02".to_owned(),
        open,
    };
    one.limits = vec![limit("初查", true)];
    put(&store, vec![one.clone()]);
    assert_eq!(store.rows("d0001").unwrap(), Some(one.clone()));

    one.access = principals(&["head:west", "outline:nation", "staff:yi2"]);
    one.limits = vec![limit("初查", false), limit("调查", true)];
    one.dossier.stage = "已结案".to_owned();
    one.dossier.ended = true;
    one.dossier.due_latest = None;
    one.dossier.case_number = Some("案2026-1".to_owned());
    put(&store, vec![one.clone()]);
    assert_eq!(store.rows("d0001").unwrap(), Some(one.clone()));
    let seen = |name: &str, scope| {
        let query =
            ListQuery { principals: principals(&[name]), scope, size: 9, ..ListQuery::default() };
        walk(&store, &query).len()
    };
    assert_eq!([seen("staff:jia1", Scope::All), seen("staff:yi2", Scope::Open)], [0, 0]);
    assert_eq!([seen("staff:yi2", Scope::Ended), seen("head:west", Scope::Ended)], [1, 1]);

    let mut other = DossierRows { access: one.access.clone(), ..rows(14, &[]) };
    put(&store, vec![other.clone()]);
    let newest = || {
        let query = ListQuery {
            principals: principals(&["staff:yi2"]),
            scope: Scope::Ended,
            sort: Sort::Changed,
            order: Order::Descending,
            size: 1,
            ..ListQuery::default()
        };
        store.list(&query).unwrap().rows[0].dossier.id.clone()
    };
    assert_eq!(newest(), "d0001");
    other.dossier.changed = 2_000;
    put(&store, vec![other]);
    assert_eq!(newest(), "d0014");
    one.dossier.changed += 5;
    put(&store, vec![one.clone()]);
    assert_eq!(store.rows("d0001").unwrap(), Some(one));
    assert_eq!(store.rows("d0002").unwrap(), None);
}

#[test]
fn rows_of_a_failed_act_stay_as_they_were() {
    let store = fresh();
    let writes = Writes {
        rows: vec![rows(1, &["head:west"])],
        ..write(&Stream::dossier("d0001"), 5, vec![event("一")])
    };
    store.append(act(writes)).unwrap_err();
    assert_eq!(store.rows("d0001").unwrap(), None);
}

#[test]
fn totals_are_exact_to_a_thousand() {
    let store = fresh();
    let total = |names: &[&str]| {
        let query = ListQuery {
            principals: principals(names),
            scope: Scope::All,
            size: 1,
            ..ListQuery::default()
        };
        store.list(&query).unwrap().total
    };
    put(&store, (0..1_000).map(|id| rows(id, &["head:west"])).collect());
    put(&store, (500..1_000).map(|id| rows(id, &["head:west", "staff:jia1"])).collect());
    assert_eq!(total(&["staff:jia1", "head:west"]), Total::Exactly(1_000));
    put(&store, vec![rows(1_000, &["staff:jia1"])]);
    assert_eq!(total(&["staff:jia1", "head:west"]), Total::MoreThan(1_000));
    assert_eq!(total(&["staff:jia1"]), Total::Exactly(501));
}

#[test]
fn what_is_not_a_cursor_is_refused() {
    for text in ["", "7", "x.7", "7,2026"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
}
