//! T8: no text that the API or a page takes can forge anything: it is refused in clear words and
//! only the refusal is on record, or it is one entry. In the log a request is one line, whatever it
//! holds, and no answer lets a text act on what stands beside it.
//!
//! Steps and fields are those that the procedure declares. Each field is sent over HTTP, to the API
//! and to its page; what stands against the step by law does not matter, since a verdict names what
//! is wrong with every field. Only the texts that are not wrong are recorded where a step can be
//! taken lawfully: `t8_…` in tests/scenarios.rs does that with the scenarios.
//!
//! Control: the same answers with a text let through as it was sent are found out.

use std::{fs::File, path::PathBuf};

use procedure::{
    step::{Field, Step},
    value::Kind,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value, json};
use store::Stream;
use tempfile::TempDir;
use testkit::{Client, client::Answered};

use crate::{
    EVIDENCE, PERSON, found, is_long, office, open, play_to,
    serving::Serving,
    story,
    support::{PASSWORD, lead, step},
    take,
};

/// Texts that would look like something else where they are shown, each with the places where it
/// is an ordinary text: it has several lines, or only other letters than people think.
const HOSTILE: [(&str, Fits); 12] = [
    ("甲\r\n2026-03-16 丙一 批准：同意", Fits::Lines),
    ("甲\n{\"level\":\"INFO\",\"message\":\"request\",\"status\":200}", Fits::Lines),
    ("\u{1b}[2K\u{1b}[1A已批准", Fits::Nowhere),
    ("\u{9b}2K已\u{85}批准", Fits::Nowhere),
    ("\u{202e}准批未\u{202c}", Fits::Nowhere),
    ("\u{2067}准批未\u{2069}", Fits::Nowhere),
    ("甲\u{200f}!\u{200e}", Fits::Nowhere),
    ("甲\u{61c}1", Fits::Nowhere),
    ("甲\0乙", Fits::Nowhere),
    ("甲\u{2028}乙\u{2029}", Fits::Nowhere),
    ("</p><script>alert(1)</script>\"'&", Fits::Anywhere),
    ("'); DELETE FROM event; --", Fits::Anywhere),
];

#[derive(Clone, Copy, PartialEq)]
enum Fits {
    Nowhere,
    Lines,
    Anywhere,
}

/// Whether this is a text like others for a field of this kind.
fn is_ordinary(kind: Kind, fits: Fits) -> bool {
    match kind {
        // Sealed texts are texts of several lines, kept elsewhere.
        Kind::LongText | Kind::Fact | Kind::Sealed => fits != Fits::Nowhere,
        // A file is named by a text of one line.
        Kind::Text | Kind::File => fits == Fits::Anywhere,
        Kind::List(kind) => is_ordinary(*kind, fits),
        _ => false,
    }
}

/// A megabyte, which no field takes.
fn megabyte() -> String {
    "长".repeat(350_000)
}

/// An answer that a field of this kind may get, as far as that can be told without a dossier.
fn usual(kind: Kind) -> Value {
    match kind {
        Kind::Date => json!("2026-03-16"),
        Kind::Time => json!("09:00"),
        Kind::Number | Kind::Target(_) => json!("1"),
        Kind::Choice(choices) => json!(choices[0].id),
        Kind::Fact => json!("是"),
        _ => json!("样例"),
    }
}

/// One place of a form that takes text: a field, or a column of its rows.
#[derive(Clone, Copy)]
struct Spot {
    field: Field,
    column: Option<Field>,
}

fn spots(step: &Step) -> Vec<Spot> {
    let spots = step.all_fields().flat_map(|field| match field.kind {
        Kind::Rows(columns) => {
            let spot = |column: &Field| Spot { field, column: Some(*column) };
            columns.iter().map(spot).collect()
        }
        _ => vec![Spot { field, column: None }],
    });
    spots.collect()
}

impl Spot {
    fn kind(&self) -> Kind {
        self.column.unwrap_or(self.field).kind
    }

    fn label(&self) -> &'static str {
        self.column.unwrap_or(self.field).label
    }

    /// The answer with this text in it, for the API.
    fn answer(&self, text: &str) -> Value {
        let kind = self.kind();
        let value = match kind {
            Kind::Fact => json!(format!("未查明：{text}")),
            Kind::List(_) => json!([text]),
            Kind::File => json!({
                "name": text, "size": "1", "sm3": "0".repeat(64), "sha256": "0".repeat(64),
            }),
            _ => json!(text),
        };
        let (Some(column), Kind::Rows(columns)) = (self.column, self.field.kind) else {
            return value;
        };
        let mut row: Map<_, _> =
            columns.iter().map(|other| (other.id.to_owned(), usual(other.kind))).collect();
        row.insert(column.id.to_owned(), value);
        json!([row])
    }

    /// The same as a browser posts it.
    fn posted(&self, text: &str) -> Vec<(String, String)> {
        let id = self.field.id;
        let one = |name: String, value: &str| (name, value.to_owned());
        let (Some(column), Kind::Rows(columns)) = (self.column, self.field.kind) else {
            return match self.kind() {
                Kind::Fact => vec![one(id.to_owned(), "未查明"), one(format!("{id}.reason"), text)],
                Kind::List(_) => vec![one(format!("{id}.1."), text)],
                Kind::File => vec![one(format!("_kept.{id}"), &self.answer(text).to_string())],
                _ => vec![one(id.to_owned(), text)],
            };
        };
        let cell = |other: &Field| {
            let usual = usual(other.kind);
            let value = if other.id == column.id { text } else { usual.as_str().unwrap() };
            (format!("{id}.1.{}", other.id), value.to_owned())
        };
        columns.iter().map(cell).collect()
    }
}

/// The forms that have this text in every field at once, in each column in turn.
fn forms(step: &Step) -> Vec<Vec<Spot>> {
    let spots = spots(step);
    let mut forms: Vec<Vec<Spot>> = vec![Vec::new()];
    for spot in spots {
        // What is sealed is looked at before all else, and would hide what is said to the others.
        let free = |form: &&mut Vec<Spot>| {
            let is_sealed = |it: &Spot| it.kind() == Kind::Sealed;
            let same =
                |it: &Spot| it.field.id == spot.field.id || is_sealed(it) != is_sealed(&spot);
            !form.iter().any(same)
        };
        match forms.iter_mut().find(free) {
            Some(form) => form.push(spot),
            None => forms.push(vec![spot]),
        }
    }
    forms
}

/// Columns that stand behind one that points at something of which this dossier has none.
const UNREACHED: [(&str, &str); 2] = [("results", "鉴定结论"), ("results", "保密期限")];

/// The real program with its log, and the database past it.
struct Ground {
    serving: Serving,
    handler: Client,
    /// Of whom the texts speak.
    dossier: String,
    raw: Connection,
    log: PathBuf,
    sent: usize,
    _root: TempDir,
}

impl Ground {
    fn new() -> Ground {
        let root = tempfile::tempdir().unwrap();
        let office = office(open(root.path()));
        found(&office);
        let dossier = play_to(&office, EVIDENCE);
        take(&office, &story()[PERSON], (Some(&dossier), None), None).unwrap();
        drop(office);
        let (data, log) = (root.path().join("data"), root.path().join("log"));
        let serving = Serving::logging(&data, File::create(&log).unwrap());
        let handler = Client::sign_in(&serving.base, "乙一", PASSWORD).unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let raw = Connection::open_with_flags(data.join("record.db"), flags).unwrap();
        Ground { serving, handler, dossier, raw, log, sent: 1, _root: root }
    }

    /// How many entries there are but those of papers, which the system adds when it has made them,
    /// and of views: a form that names another dossier looks for it, and is led to its own.
    fn entries(&self) -> i64 {
        let sql = "SELECT count(*) FROM event WHERE kind NOT IN ('fix_paper', 'listed', 'viewed')";
        self.raw.query_row(sql, (), |row| row.get(0)).unwrap()
    }

    /// Sends something; whatever comes of it, it is one entry, or none for a mere address.
    fn send(
        &mut self,
        entries: std::ops::RangeInclusive<i64>,
        what: &str,
        send: impl FnOnce(&Client) -> Result<Answered, String>,
    ) -> Answered {
        let before = self.entries();
        let answered = send(&self.handler).unwrap_or_else(|error| panic!("{what}: {error}"));
        self.sent += 1;
        let new = self.entries() - before;
        assert!(entries.contains(&new), "{what}: {new} entries, {answered:?}");
        assert!(answered.status < 500, "{what}: {answered:?}");
        let acting = acting(&answered.text);
        assert!(acting.is_empty(), "{what}: {acting:?} in {}", answered.text);
        answered
    }
}

/// What of an answer could act on the text around it: characters that control or reorder, and
/// elements that nobody wrote. What stands in a field for input acts on nothing outside of it.
fn acting(text: &str) -> Vec<String> {
    let is_page = text.starts_with("<!DOCTYPE html>");
    let mut rest = text.to_owned();
    if is_page {
        for (open, close) in [(" value=\"", "\""), ("<textarea", "</textarea>")] {
            let mut without = String::new();
            let mut parts = rest.split(open);
            without.push_str(parts.next().unwrap());
            for part in parts {
                without.push_str(part.split_once(close).unwrap().1);
            }
            rest = without;
        }
    }
    let is_acting = |c: char| match c {
        '\n' | '\t' | '\r' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    };
    let found = rest.chars().filter(|c| is_acting(*c)).map(|c| format!("U+{:04X}", u32::from(c)));
    let script = is_page && text.contains("<script>alert");
    found.chain(script.then(|| "a script".to_owned())).collect()
}

/// What the API says to a field, if it says anything.
fn said<'a>(answered: &'a Answered, field: &str) -> Option<&'a str> {
    let fields = answered.body["fields"].as_array()?;
    fields.iter().find(|it| it["field"] == field)?["message"].as_str()
}

/// A message is clear if it says in Chinese what is wrong, of which column where there is one, and
/// of a text why it is none.
fn is_clear(spot: &Spot, message: &str) -> bool {
    if UNREACHED.contains(&(spot.field.id, spot.label())) {
        return true;
    }
    let chinese = message.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    let named = spot.column.is_none() || message.contains(spot.label());
    let why = ["控制字符", "只能填写一行", "过长"].iter().any(|why| message.contains(why));
    chinese >= 4 && named && (why || !is_ordinary(spot.kind(), Fits::Anywhere))
}

#[test]
fn t8_no_text_in_any_field_of_any_step_forges_an_entry() {
    let mut ground = Ground::new();
    let (mut fields, mut count) = (0, 0);
    for taken in procedure::steps() {
        let id = taken.id;
        for form in forms(taken) {
            fields += form.len();
            count += 1;
            // In the fast form each has three of them in turn.
            let texts = HOSTILE.into_iter().enumerate();
            for (_, (text, fits)) in texts.filter(|(at, _)| is_long() || (at + count) % 4 == 0) {
                let answers = form.iter().map(|spot| (spot.field.id.to_owned(), spot.answer(text)));
                let answers = Value::Object(answers.collect());
                let body = body(&ground, id, answers);
                let what = format!("{id} {text:?}");
                let answered = ground.send(1..=1, &what, |it| it.post("/api/acts", &body, None));
                wrong_ones_are_named(&what, &form, fits, &answered);
                let posted = form.iter().flat_map(|spot| spot.posted(text));
                on_its_page(&mut ground, taken, posted.collect(), (&form, fits), &what);
            }
            surrogates(&mut ground, id, &form);
        }
    }
    let megabytes = megabytes(&mut ground);
    println!(
        "{} steps, {fields} fields and columns, {} texts each to the API and to the page, {megabytes} of a megabyte: {} requests",
        procedure::steps().count(),
        if is_long() { HOSTILE.len() } else { HOSTILE.len() / 4 },
        ground.sent
    );
    elsewhere(&mut ground);
    lines(&ground);
}

/// A step with these answers; the one that opens a dossier names none.
fn body(ground: &Ground, id: &str, answers: Value) -> Value {
    match id {
        "register" => json!({ "step": id, "answers": answers }),
        _ => step(&ground.dossier, id, Some(seen(ground)), answers),
    }
}

/// The newest version of the dossier.
fn seen(ground: &Ground) -> u64 {
    let name = Stream::dossier(&ground.dossier).to_string();
    let sql = "SELECT version FROM stream WHERE name = ?1";
    ground.raw.query_row(sql, (name,), |row| row.get::<_, i64>(0)).unwrap() as u64
}

/// Every field that cannot take the text is named with what is wrong; the others are not.
fn wrong_ones_are_named(what: &str, form: &[Spot], fits: Fits, answered: &Answered) {
    if answered.status == 400 {
        // What is sealed is looked at before the form is.
        let title = answered.body["title"].as_str().unwrap();
        let is_named = |spot: &Spot| spot.kind() == Kind::Sealed && is_clear(spot, title);
        assert!(form.iter().any(is_named) && fits == Fits::Nowhere, "{what}: {answered:?}");
        return;
    }
    assert!([201, 422].contains(&answered.status), "{what}: {answered:?}");
    for spot in form {
        match (said(answered, spot.field.id), is_ordinary(spot.kind(), fits)) {
            (None, true) => {}
            (Some(message), false) => {
                assert!(is_clear(spot, message), "{what} {}: {message}", spot.label());
            }
            // A column behind another that is not what it should be.
            (Some(message), true) if spot.column.is_some() => {
                assert!(!message.contains(spot.label()), "{what} {}: {message}", spot.label());
            }
            (message, _) => panic!("{what} {}: {message:?} {answered:?}", spot.label()),
        }
    }
}

/// The same text on the step's page, posted as a browser does.
fn on_its_page(
    ground: &mut Ground,
    step: &Step,
    mut posted: Vec<(String, String)>,
    (form, fits): (&[Spot], Fits),
    what: &str,
) {
    let path = match step.id {
        "register" => "/register".to_owned(),
        id => format!("/dossiers/{}/steps/{id}", ground.dossier),
    };
    posted.push(("_seen".to_owned(), seen(ground).to_string()));
    posted.push(("_key".to_owned(), format!("k{}", ground.sent)));
    let pairs: Vec<_> = posted.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let answered = ground.send(1..=1, what, |it| it.post_form(&path, &pairs));
    // Followed to the dossier where it was recorded, which is a view of its own.
    assert!([200, 422].contains(&answered.status), "{what}: {}", answered.text);
    for spot in form.iter().filter(|spot| !is_ordinary(spot.kind(), fits)) {
        let named = answered.text.contains(&format!("「{}」", spot.label()));
        assert!(named || answered.text.contains(spot.label()), "{what} {}", spot.label());
    }
}

/// Half of a pair of surrogates is no character: in JSON, and as bytes in a form.
fn surrogates(ground: &mut Ground, id: &str, form: &[Spot]) {
    let dossier = ground.dossier.clone();
    let answers = form.iter().map(|spot| (spot.field.id.to_owned(), spot.answer("甲SURROGATE")));
    let answers = Value::Object(answers.collect());
    let body = body(ground, id, answers).to_string();
    let body = body.replace("SURROGATE", "\\ud800");
    let answered =
        ground.send(1..=1, id, |it| it.post_text("/api/acts", "application/json", &body));
    let title = answered.body["title"].as_str().unwrap_or_default();
    assert!(answered.status == 400 && title.contains("不是有效的JSON"), "{answered:?}");
    let path = format!("/dossiers/{dossier}/steps/{id}");
    let posted = form.iter().flat_map(|spot| spot.posted("%ED%A0%80%FF"));
    let posted: Vec<_> = posted.map(|(name, text)| format!("{name}={text}")).collect();
    let kind = "application/x-www-form-urlencoded";
    ground.send(1..=1, id, |it| it.post_text(&path, kind, &posted.join("&")));
}

/// A megabyte in a field is too long for it, and a page says so as the API does.
fn megabytes(ground: &mut Ground) -> usize {
    let (megabyte, mut count) = (megabyte(), 0);
    let all = procedure::steps().flat_map(|step| spots(step).into_iter().map(move |it| (step, it)));
    for (taken, spot) in all.step_by(if is_long() { 1 } else { 25 }) {
        let mut answers = Map::new();
        answers.insert(spot.field.id.to_owned(), spot.answer(&megabyte));
        let body = body(ground, taken.id, Value::Object(answers));
        let what = format!("{} {}: a megabyte", taken.id, spot.label());
        let answered = ground.send(1..=1, &what, |it| it.post("/api/acts", &body, None));
        let sealed = spot.kind() == Kind::Sealed && answered.status == 400;
        let message = said(&answered, spot.field.id);
        assert!(sealed || message.is_some_and(|it| is_clear(&spot, it)), "{what}: {answered:?}");
        count += 1;
    }
    count
}

/// Texts that are no fields of steps: addresses, names, words, and what stands in headers.
fn elsewhere(ground: &mut Ground) {
    let dossier = ground.dossier.clone();
    let mut texts: Vec<String> = HOSTILE.iter().map(|(text, _)| (*text).to_owned()).collect();
    texts.extend(["长".repeat(600), megabyte()]);
    for text in &texts {
        let coded = text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let nobody = |it: &Client, path: &str, body: Value| it.post(path, &body, None);
        ground.send(1..=1, "a name to sign in", |it| {
            nobody(it, "/api/session", json!({ "name": text, "password": text }))
        });
        ground.send(1..=1, "a name on the page", |it| {
            it.post_form("/sign-in", &[("account", text), ("password", text), ("next", text)])
        });
        ground.send(1..=1, "a password", |it| {
            it.put("/api/password", &json!({ "old": text, "new": text }))
        });
        for (name, entries) in
            [("step", 1), ("dossier", 1), ("manner", 1), ("answers", 1), (text.as_str(), 1)]
        {
            let mut body = step(&dossier, "identify_person", Some(1), json!({}));
            body[name] = json!(text);
            ground.send(entries..=entries, name, |it| nobody(it, "/api/acts", body));
        }
        for manner in [
            json!({ "as_happened": { "circumstances": text } }),
            json!({ "correcting": { "entry": 1, "reason": text } }),
            json!({ text.as_str(): text }),
        ] {
            let mut body =
                step(&dossier, "identify_person", Some(1), json!({ text.as_str(): text }));
            body["manner"] = manner;
            ground.send(1..=1, "a manner", |it| nobody(it, "/api/acts", body));
        }
        let sheet = [("_circumstances", text.as_str()), ("_as_happened", "1"), ("_why", text)];
        let sheet = [&sheet[..], &[("_key", text), ("_seen", text), ("more", text), (text, text)]];
        let sheet = sheet.concat();
        for path in ["steps/identify_person", "entries/1/correct"] {
            let path = format!("/dossiers/{dossier}/{path}");
            ground.send(1..=1, "a sheet", |it| it.post_form(&path, &sheet));
        }
        let unit = [("name", text.as_str()), ("category", text), ("region", text)];
        let unit = [&unit[..], &[("superior", text)]].concat();
        ground.send(1..=1, "a unit", |it| it.post_form("/directory/units", &unit));
        let facts = ["places", "units", "residences", "easier", "special", "designated", "holder"];
        for fact in facts {
            ground.send(1..=1, fact, |it| it.post_form("/competence", &[(fact, text)]));
        }
        let reading = [("reading", text.as_str()), ("holds", text)];
        ground.send(1..=1, "a reading", |it| it.post_form("/law/readings", &reading));
        if text.len() > 10_000 {
            // An address and a header have a limit of their own, which tests/operations.rs looks at.
            continue;
        }
        let file = format!("/api/files?name={coded}");
        ground.send(1..=1, "a file's name", |it| it.post_bytes(&file, b"a"));
        for (path, entries) in [
            (format!("/api/dossiers?text={coded}"), 0..=1),
            (format!("/api/dossiers?stage={coded}&department={coded}"), 0..=1),
            (format!("/api/dossiers?sort={coded}&{coded}={coded}"), 0..=1),
            (format!("/api/dossiers/{coded}"), 0..=1),
            (format!("/api/dossiers/{coded}/next"), 0..=1),
            (format!("/dossiers?q={coded}&stage={coded}&sort={coded}&trail={coded}"), 0..=1),
            (format!("/?tab={coded}&q={coded}"), 0..=1),
            (format!("/dossiers/{coded}"), 0..=1),
            (format!("/dossiers/{dossier}?done={coded}"), 0..=0),
            (format!("/dossiers/{dossier}/steps/{coded}"), 0..=1),
            (format!("/dossiers/{dossier}/steps/approve?submission={coded}"), 0..=1),
            (format!("/dossiers/{dossier}/files/{coded}"), 0..=1),
            (format!("/directory?department={coded}&done={coded}"), 0..=0),
            (format!("/law/{coded}"), 0..=0),
            (format!("/law/readings/{coded}"), 0..=0),
            (format!("/law/scenarios/{coded}"), 0..=0),
            (format!("/assets/{coded}"), 0..=0),
            (format!("/sign-in?next={coded}&kept={coded}"), 0..=0),
            (format!("/{coded}?{coded}"), 0..=0),
        ] {
            ground.send(entries, &path, |it| it.get(&path));
        }
        let bytes: Vec<u8> = text.bytes().filter(|byte| *byte >= b' ' && *byte != 0x7f).collect();
        for header in
            ["user-agent", "x-request-id", "idempotency-key", "referer", "x-forwarded-for"]
        {
            let body = lead("样例").to_string();
            ground.send(1..=1, header, |it| it.post_with("/api/acts", (header, &bytes), &body));
        }
    }
}

/// The log has one line for each request, each of them JSON, and nothing of what was sent.
fn lines(ground: &Ground) {
    let log = std::fs::read_to_string(&ground.log).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect();
    assert!(lines.iter().all(Value::is_object));
    let requests = lines.iter().filter(|line| line["message"] == "request");
    // A form that was taken leads to a page, for which the client asks by itself.
    assert_eq!(requests.filter(|line| line["status"] != 303).count(), ground.sent);
    let told = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{2067}\u{61c}".contains(c));
    assert!(!log.contains(told), "something of what was sent is in the log");
    for part in ["已批准", "准批未", "<script", "DELETE FROM", "长长"] {
        let found = log.lines().find(|line| line.contains(part));
        assert_eq!(found, None, "{part} is in the log");
    }
}

/// The control: a text that is let through is found in an answer, raw or as an element.
#[test]
fn t8_what_is_let_through_is_found() {
    for text in ["\u{202e}准批未\u{202c}", "\u{1b}[2K", "甲\u{61c}1", "<script>alert(1)</script>"]
    {
        let page = format!("<!DOCTYPE html><p>没有找到「{text}」</p>");
        assert!(!acting(&page).is_empty(), "{text:?}");
        let escaped = text.replace('<', "&#60;");
        let field =
            format!("<!DOCTYPE html><input value=\"{escaped}\"><textarea>{escaped}</textarea>");
        assert!(acting(&field).is_empty(), "{text:?}");
    }
}
