//! 待办 and 卷宗. Lists of dossiers: which, in which order, and where the page before began.

use askama::Template;
use jiff::{ToSpan, civil::Date};
use procedure::{
    Stage,
    general::access::Principal,
    time,
    value::{StaffId, marked},
};
use store::{Cursor, ListQuery, Listed, Order, Page, Scope, Sort, Total};

use super::{
    frame::{Frame, LimitMark, PROVISIONAL, with_weekday},
    post::Posted,
};

/// How many rows a page has.
const SIZE: usize = 20;
/// The work list warns of limits that end within so many days.
const SOON_DAYS: i32 = 7;

/// What a list page is asked for, as it stands in its address.
#[derive(Clone)]
pub(super) struct Asked {
    path: &'static str,
    tab: String,
    text: String,
    stage: String,
    sort: String,
    descending: bool,
    after: Option<Cursor>,
    /// Where the pages before this one began, the last one last.
    trail: Vec<String>,
}

/// The page of a list.
#[derive(Template)]
#[template(path = "list.html")]
pub(super) struct ListPage {
    pub(super) frame: Frame,
    title: &'static str,
    day: String,
    tabs: Vec<Tab>,
    asked: Asked,
    stages: &'static [Stage],
    rows: Vec<Row>,
    total: String,
    columns: Vec<Column>,
    /// The list of the same filters without the words, where words were looked for.
    without_words: String,
    previous: Option<String>,
    next: Option<String>,
}

/// One tab of the work list.
struct Tab {
    name: &'static str,
    href: String,
    current: bool,
}

/// One head of the table.
struct Column {
    name: &'static str,
    /// Where a click leads, if the list can be ordered by it.
    href: Option<String>,
    /// `aria-sort`, if the list is ordered by it.
    sorted: Option<&'static str>,
}

struct Row {
    href: String,
    number: String,
    /// Nothing more than the outline is seen of dossiers of departments below.
    title: Option<String>,
    unit: String,
    stage: String,
    badge: &'static str,
    grade: String,
    limit: Option<LimitMark>,
    kind: String,
    received: String,
}

const TABS: [(&str, &str); 4] =
    [("mine", "我承办的"), ("due", "7日内到期"), ("overdue", "已逾期"), ("all", "全部在办")];

impl Asked {
    /// Reads the work list's address.
    pub(super) fn work(query: &str, is_head: bool) -> Asked {
        let mut asked = Asked::read("/", query);
        if !TABS.iter().any(|(id, _)| *id == asked.tab) {
            asked.tab = if is_head { "all" } else { "mine" }.to_owned();
        }
        asked
    }

    /// Reads the address of the list of all dossiers.
    pub(super) fn dossiers(query: &str) -> Asked {
        Asked { tab: String::new(), ..Asked::read("/dossiers", query) }
    }

    fn read(path: &'static str, query: &str) -> Asked {
        let query = Posted::urlencoded(query.as_bytes());
        let part = |name| query.first(name).unwrap_or_default().trim().to_owned();
        let after = query.first("after").and_then(|cursor| cursor.parse().ok());
        Asked {
            path,
            tab: part("tab"),
            text: marked(&part("q")).chars().take(100).collect(),
            stage: part("stage"),
            sort: part("sort"),
            descending: part("order") == "down",
            after,
            trail: query.all("trail").map(str::to_owned).collect(),
        }
    }

    /// Whether words are looked for; what is found comes newest first then, in no other order.
    fn searches(&self) -> bool {
        !self.text.is_empty()
    }

    /// The question to the office.
    pub(super) fn query(&self, who: &StaffId, today: Date) -> ListQuery {
        let soon = today.checked_add((SOON_DAYS + 1).days()).ok();
        let stage = Stage::ALL.iter().find(|stage| stage.label() == self.stage);
        ListQuery {
            principals: match self.tab.as_str() {
                "mine" => vec![Principal::Staff(who.clone()).key()],
                _ => Vec::new(),
            },
            scope: if self.path == "/" { Scope::Open } else { Scope::All },
            due_before: match self.tab.as_str() {
                "due" => soon.map(|day| day.to_string()),
                "overdue" => Some(today.to_string()),
                _ => None,
            },
            stage: stage.map(|stage| stage.label().to_owned()),
            department: None,
            text: Some(self.text.clone()).filter(|text| !text.is_empty()),
            sort: match self.sort.as_str() {
                "received" => Sort::Received,
                "changed" => Sort::Changed,
                "number" => Sort::Number,
                _ => Sort::Due,
            },
            order: if self.descending { Order::Descending } else { Order::Ascending },
            after: self.after.clone(),
            size: SIZE,
            ..ListQuery::default()
        }
    }

    /// The address of the same list from another place on.
    fn href(&self, after: Option<&str>, trail: &[String]) -> String {
        self.address(&self.sort, self.descending, after, trail)
    }

    fn address(
        &self,
        sort: &str,
        descending: bool,
        after: Option<&str>,
        trail: &[String],
    ) -> String {
        let mut query = Posted::default();
        let pairs = [
            ("tab", self.tab.as_str()),
            ("q", &self.text),
            ("stage", &self.stage),
            ("sort", sort),
            ("order", if descending { "down" } else { "" }),
            ("after", after.unwrap_or_default()),
        ];
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.push(name.to_owned(), value.to_owned());
        }
        for cursor in trail {
            query.push("trail".to_owned(), cursor.clone());
        }
        format!("{}?{}", self.path, query.to_urlencoded())
    }

    fn column(&self, name: &'static str, id: &'static str) -> Column {
        let current = if self.sort.is_empty() { "due" } else { &self.sort };
        let here = id == current;
        let sorted = if self.descending { "descending" } else { "ascending" };
        Column {
            name,
            href: (!self.searches()).then(|| self.address(id, here && !self.descending, None, &[])),
            sorted: (here && !self.searches()).then_some(sorted),
        }
    }

    /// The tabs of the work list; the list of all dossiers has none.
    fn tabs(&self) -> Vec<Tab> {
        if self.path != "/" {
            return Vec::new();
        }
        let tab = |(id, name): (&str, &'static str)| Tab {
            name,
            href: format!("/?tab={id}"),
            current: self.tab == id,
        };
        TABS.into_iter().map(tab).collect()
    }
}

impl ListPage {
    /// The page of what the office found.
    pub(super) fn new(frame: Frame, asked: Asked, page: Page, today: Date) -> ListPage {
        let work = asked.path == "/";
        let here = asked.after.as_ref().map(ToString::to_string).unwrap_or_default();
        let next = page.next.map(|cursor| {
            let mut trail = asked.trail.clone();
            trail.push(here);
            asked.href(Some(&cursor.to_string()), &trail)
        });
        let previous =
            asked.trail.split_last().map(|(last, earlier)| asked.href(Some(last), earlier));
        let mut columns = vec![
            asked.column("编号", "number"),
            Column { name: "案由 · 机关、单位", href: None, sorted: None },
            Column { name: "阶段", href: None, sorted: None },
            asked.column("期限", "due"),
        ];
        columns.push(asked.column("接到线索", "received"));
        let without_words = Asked { text: String::new(), ..asked.clone() }.href(None, &[]);
        ListPage {
            frame,
            without_words,
            title: if work { "待办" } else { "卷宗" },
            day: with_weekday(today),
            tabs: asked.tabs(),
            stages: Stage::ALL,
            rows: page.rows.into_iter().map(|listed| row(listed, today)).collect(),
            total: match page.total {
                Total::Exactly(total) => format!("{total} 件"),
                Total::MoreThan(_) => "1,000+ 件".to_owned(),
            },
            columns,
            previous,
            next,
            asked,
        }
    }
}

fn row(listed: Listed, today: Date) -> Row {
    let Listed { dossier, seen_by } = listed;
    let day = |text: &Option<String>| text.as_deref().and_then(time::date);
    let due = day(&dossier.due_nominal).zip(day(&dossier.due_latest));
    let limit = due.map(|(nominal, latest)| {
        LimitMark::new(nominal, latest, today, None).noting(dossier.provisional, PROVISIONAL)
    });
    let outline = seen_by.starts_with("above:");
    let badge = match dossier.stage.as_str() {
        _ if dossier.ended => "badge--muted",
        stage if stage.starts_with('待') => "badge--warn",
        _ => "",
    };
    Row {
        href: format!("/dossiers/{}", dossier.id),
        number: dossier.case_number.unwrap_or(dossier.number),
        title: (!outline).then_some(dossier.title),
        unit: dossier.unit,
        stage: dossier.stage,
        badge,
        grade: if outline { String::new() } else { dossier.grade },
        limit,
        kind: dossier.due_kind.unwrap_or_default(),
        received: dossier.received,
    }
}
