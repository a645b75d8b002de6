//! A step's form as plain data: one widget for each declared field, filled with answers and messages.
//!
//! The names of inputs are the field ids; a cell of a table is `field.2.column`, an element of a list `field.2`, the reason of a fact `field.reason`.
//! [`answers`] reads the same names back.
//! Deliberately absent: any rule.
//! Whether an answer is admissible is said by the core alone.

use std::collections::BTreeMap;

use askama::Template;
use procedure::{
    step::Field,
    value::{Answer, Answers, Candidate, Kind, PersonId, Place, Target, Text, read_date},
};

use super::post::Posted;

/// Up to this many choices are shown at once; more are a drop-down list.
const RADIOS: usize = 5;
/// Up to this many candidates are shown as boxes; of more, people type the name.
const BOXES: usize = 40;
/// How many empty rows a table is given.
const BLANK_ROWS: usize = 3;

/// One field as it is shown.
#[derive(Template)]
#[template(path = "field.html")]
pub(super) struct Widget {
    /// The name and id of its input.
    id: String,
    label: String,
    help: String,
    errors: Vec<String>,
    required: bool,
    /// Its width on the grid: a modifier of `.field`.
    shape: &'static str,
    control: Control,
}

/// What people fill in.
enum Control {
    Line { kind: &'static str, value: String, options: Vec<String> },
    Area { value: String, rows: usize },
    Select(Vec<Choice>),
    Radios(Vec<Choice>),
    Boxes(Vec<Choice>),
    Fact { words: Vec<Choice>, reason: String },
    File { kept: Option<Kept> },
    Rows { rows: Vec<Row>, dialogue: bool },
}

/// One of several answers.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// A file that is already in the vault.
struct Kept {
    name: String,
    /// Its description, for the next post; the office compares it with the vault.
    description: String,
}

/// One row of a repeating group.
struct Row {
    number: usize,
    cells: Vec<Widget>,
}

/// A titled part of a form.
pub(super) struct Part {
    /// Its title; a part of plain fields has none.
    pub(super) title: Option<&'static str>,
    /// Whether it is kept apart from the dossier.
    pub(super) sealed: bool,
    /// `field=value`: it only matters for that answer.
    pub(super) when: Option<&'static str>,
    /// Its fields.
    pub(super) widgets: Vec<Widget>,
}

impl Part {
    /// The repeating group that this part consists of, if it is one.
    pub(super) fn group(&self) -> Option<&Widget> {
        match self.widgets.as_slice() {
            [only] if matches!(only.control, Control::Rows { .. }) => Some(only),
            _ => None,
        }
    }
}

/// What a form is filled with.
pub(super) struct Filled<'a> {
    /// The answers so far.
    pub(super) answers: &'a Answers,
    /// By field, what is wrong with it.
    pub(super) errors: &'a BTreeMap<String, Vec<String>>,
    /// The repeating group that was asked to grow.
    pub(super) more: Option<&'a str>,
}

/// The parts of a form, in the order of its fields: tables and what is sealed stand apart.
pub(super) fn parts(
    fields: impl Iterator<Item = Field>,
    filled: &Filled<'_>,
    place: Place<'_>,
) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for field in fields {
        let widget = filled.widget(&field, place);
        let sealed = field.kind == Kind::Sealed || field.id == "secrecy";
        let group = matches!(widget.control, Control::Rows { .. });
        let joins = |part: &&mut Part| part.sealed == sealed && !group && part.group().is_none();
        match parts.last_mut().filter(joins) {
            Some(part) => part.widgets.push(widget),
            None => parts.push(Part {
                title: sealed.then_some("举报人").or(group.then_some(field.label)),
                sealed,
                // Only a citizen is a reporter; scripts hide what others need not see.
                when: sealed.then_some("source=citizen_report"),
                widgets: vec![widget],
            }),
        }
    }
    parts
}

impl Widget {
    /// The ids of what explains the input to who cannot see it.
    fn described(&self) -> String {
        let help = (!self.help.is_empty()).then(|| format!("{}.help", self.id));
        let error = (!self.errors.is_empty()).then(|| format!("{}.error", self.id));
        help.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

impl Filled<'_> {
    fn widget(&self, field: &Field, place: Place<'_>) -> Widget {
        let answer = self.answers.get(field.id);
        let (shape, control) = match field.kind {
            Kind::Sealed => ("long", area(text(answer))),
            Kind::File => ("file", Control::File { kept: answer.and_then(kept) }),
            Kind::List(kind) if is_boxes(kind, place) => {
                ("many", boxes(&options(*kind, place), answer))
            }
            Kind::List(kind) => ("rows", self.list(field, *kind, answer, place)),
            Kind::Rows(columns) => ("rows", self.rows(field, columns, answer, place)),
            kind => single(field, kind, answer, place),
        };
        self.framed(field.id.to_owned(), field, shape, control)
    }

    fn framed(&self, id: String, field: &Field, shape: &'static str, control: Control) -> Widget {
        let errors = self.errors.get(&id).cloned().unwrap_or_default();
        let (label, help) = (field.label.to_owned(), field.help.to_owned());
        Widget { id, label, help, errors, required: field.required, shape, control }
    }

    fn rows(
        &self,
        field: &Field,
        columns: &[Field],
        answer: Option<&Answer>,
        place: Place<'_>,
    ) -> Control {
        let given = elements(answer);
        let row = |number: usize| {
            let empty = Answers::new();
            let group = match given.get(number - 1) {
                Some(Answer::Group(group)) => group,
                _ => &empty,
            };
            let cells = columns.iter().map(|column| {
                let (_, control) = match column.kind {
                    Kind::LongText => ("", area(text(group.get(column.id)))),
                    Kind::Choice(_) => {
                        ("", select(&options(column.kind, place), text(group.get(column.id))))
                    }
                    kind => single(column, kind, group.get(column.id), place),
                };
                let id = format!("{}.{number}.{}", field.id, column.id);
                let column = Field { required: false, ..*column };
                self.framed(id, &column, "cell", control)
            });
            Row { number, cells: cells.collect() }
        };
        let dialogue = columns.iter().all(|column| column.kind == Kind::LongText);
        Control::Rows { rows: (1..=self.count(field, given.len())).map(row).collect(), dialogue }
    }

    /// A list of texts is a table of one column.
    fn list(
        &self,
        field: &Field,
        kind: Kind,
        answer: Option<&Answer>,
        place: Place<'_>,
    ) -> Control {
        let given = elements(answer);
        let row = |number: usize| {
            let element = given.get(number - 1);
            let column = Field { help: "", kind, required: false, ..*field };
            let control = match kind {
                Kind::LongText => area(text(element)),
                kind => single(&column, kind, element, place).1,
            };
            let id = format!("{}.{number}.", field.id);
            Row { number, cells: vec![self.framed(id, &column, "cell", control)] }
        };
        let rows = (1..=self.count(field, given.len())).map(row).collect();
        Control::Rows { rows, dialogue: false }
    }

    fn count(&self, field: &Field, given: usize) -> usize {
        let more = self.more == Some(field.id);
        given + if more || given == 0 { BLANK_ROWS } else { 1 }
    }
}

fn is_boxes(kind: &Kind, place: Place<'_>) -> bool {
    match kind {
        Kind::Choice(_) => true,
        Kind::Target(target) => target.candidates(place).len() <= BOXES,
        _ => false,
    }
}

fn single(
    field: &Field,
    kind: Kind,
    answer: Option<&Answer>,
    place: Place<'_>,
) -> (&'static str, Control) {
    let value = text(answer);
    // A picker would show nothing where the entry cannot be read, so that is shown as text.
    let line = |kind, readable: bool| {
        let kind = if readable || value.is_empty() { kind } else { "text" };
        Control::Line { kind, value: value.clone(), options: Vec::new() }
    };
    match kind {
        Kind::Date => ("date", line("date", read_date(&value).is_ok())),
        Kind::Time => ("time", line("time", value.len() == 5)),
        Kind::Number => ("number", line("number", value.parse::<u32>().is_ok())),
        Kind::LongText => ("long", area(value)),
        Kind::Fact => ("answer", fact(&value)),
        Kind::Choice(choices) if choices.len() <= RADIOS => {
            let short = choices.iter().map(|choice| choice.label.chars().count()).sum::<usize>();
            let shape = if short <= 12 { "half" } else { "choice" };
            let mut options = options(kind, place);
            if !field.required {
                options.insert(0, Candidate { id: String::new(), label: "不填".to_owned() });
            }
            (shape, Control::Radios(choices_of(&options, &[value])))
        }
        Kind::Choice(_) => ("select", select(&options(kind, place), value)),
        Kind::Target(target) => {
            let candidates = target.candidates(place);
            let shape = if is_long(target) { "full" } else { "text" };
            if candidates.len() > BOXES {
                let options = candidates.into_iter().map(|candidate| candidate.label).collect();
                (shape, Control::Line { kind: "text", value, options })
            } else {
                (shape, select(&candidates, value))
            }
        }
        _ => ("text", line("text", true)),
    }
}

/// Whether candidates are named by their first words.
fn is_long(target: &Target) -> bool {
    target.numbered && target != PersonId::TARGET
}

fn options(kind: Kind, place: Place<'_>) -> Vec<Candidate> {
    match kind {
        Kind::Choice(choices) => choices
            .iter()
            .map(|choice| Candidate { id: choice.id.to_owned(), label: choice.label.to_owned() })
            .collect(),
        Kind::Target(target) => target.candidates(place),
        _ => Vec::new(),
    }
}

fn select(options: &[Candidate], value: String) -> Control {
    let empty = Candidate { id: String::new(), label: "请选择".to_owned() };
    let all: Vec<_> = std::iter::once(&empty).chain(options).cloned().collect();
    Control::Select(choices_of(&all, &[value]))
}

fn boxes(options: &[Candidate], answer: Option<&Answer>) -> Control {
    let chosen: Vec<_> = elements(answer).iter().map(|element| text(Some(element))).collect();
    Control::Boxes(choices_of(options, &chosen))
}

fn choices_of(options: &[Candidate], chosen: &[String]) -> Vec<Choice> {
    let choice = |option: &Candidate| Choice {
        value: option.id.clone(),
        label: option.label.clone(),
        chosen: chosen.iter().any(|text| *text == option.id || *text == option.label),
    };
    options.iter().map(choice).collect()
}

const WORDS: [&str; 4] = ["是", "否", "未查明", "不适用"];

fn fact(value: &str) -> Control {
    let (word, reason) = value.split_once(['：', ':']).unwrap_or((value, ""));
    let options: Vec<_> =
        WORDS.map(|word| Candidate { id: word.to_owned(), label: word.to_owned() }).into();
    let words = choices_of(&options, &[word.trim().to_owned()]);
    Control::Fact { words, reason: reason.trim().to_owned() }
}

fn area(value: String) -> Control {
    // About forty characters to a line, so that what is filled in can be read without scrolling.
    let lines = value.lines().map(|line| line.chars().count() / 40 + 1).sum::<usize>();
    Control::Area { value, rows: lines.clamp(3, 20) }
}

fn kept(answer: &Answer) -> Option<Kept> {
    let Answer::Group(group) = answer else { return None };
    // A browser says it; what could not be the name of a file is not shown as one.
    let name = Text::new(group.get("name").and_then(Answer::text)?).ok()?.to_string();
    Some(Kept { name, description: serde_json::to_string(answer).ok()? })
}

fn text(answer: Option<&Answer>) -> String {
    answer.and_then(Answer::text).unwrap_or_default().to_owned()
}

fn elements(answer: Option<&Answer>) -> &[Answer] {
    match answer {
        Some(Answer::Many(list)) => list,
        Some(one) if !one.is_blank() => std::slice::from_ref(one),
        _ => &[],
    }
}

/// The answers that a posted form gives to these fields.
///
/// Names that belong to no field are kept, so that the core can say that there is no such field.
pub(super) fn answers(fields: impl Iterator<Item = Field>, posted: &Posted) -> Answers {
    let fields: Vec<_> = fields.collect();
    let known = |name: &str| {
        fields.iter().any(|field| {
            name == field.id
                || name.strip_prefix(field.id).is_some_and(|rest| rest.starts_with('.'))
        })
    };
    let mut answers: Answers = posted
        .pairs()
        .filter(|(name, _)| !name.starts_with('_') && *name != "more" && !known(name))
        .map(|(name, value)| (name.to_owned(), Answer::One(value.to_owned())))
        .collect();
    for field in &fields {
        if let Some(answer) = read(field, posted) {
            answers.insert(field.id.to_owned(), answer);
        }
    }
    answers
}

fn read(field: &Field, posted: &Posted) -> Option<Answer> {
    let id = field.id;
    match field.kind {
        Kind::File => posted.file(id).cloned().or_else(|| {
            let kept = posted.first(&format!("_kept.{id}"))?;
            serde_json::from_str(kept).ok()
        }),
        Kind::Fact => read_fact(id, posted),
        Kind::List(_) => {
            let chosen: Vec<_> = posted.all(id).map(Answer::from).collect();
            if chosen.is_empty() {
                read_rows(id, &[""], posted)
            } else {
                Some(Answer::Many(chosen))
            }
        }
        Kind::Rows(columns) => {
            let columns: Vec<_> = columns.iter().map(|column| column.id).collect();
            read_rows(id, &columns, posted)
        }
        _ => posted.first(id).map(Answer::from),
    }
}

fn read_fact(id: &str, posted: &Posted) -> Option<Answer> {
    let word = posted.first(id).unwrap_or_default();
    let reason = posted.first(&format!("{id}.reason")).unwrap_or_default().trim();
    match (word, reason) {
        ("", "") => None,
        (word, "") => Some(Answer::from(word)),
        (word, reason) => Some(Answer::One(format!("{word}：{reason}"))),
    }
}

/// The rows `id.1.column`, `id.2.column` and so on; a list of texts has one column without a name.
fn read_rows(id: &str, columns: &[&str], posted: &Posted) -> Option<Answer> {
    let prefix = format!("{id}.");
    let mut rows: BTreeMap<usize, Answers> = BTreeMap::new();
    for (name, value) in posted.pairs() {
        let cell = name.strip_prefix(&prefix).and_then(|rest| rest.split_once('.'));
        let Some((number, column)) = cell else { continue };
        let Ok(number) = number.parse() else { continue };
        if columns.contains(&column) {
            rows.entry(number).or_default().insert(column.to_owned(), Answer::from(value));
        }
    }
    let element = |row: Answers| match columns {
        [""] => row.into_values().next().unwrap_or(Answer::One(String::new())),
        _ => Answer::Group(row),
    };
    let filled: Vec<_> = rows.into_values().map(element).filter(|row| !row.is_blank()).collect();
    (!filled.is_empty()).then_some(Answer::Many(filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(step: &str, body: &str) -> Answers {
        let step = procedure::step(step).unwrap();
        answers(step.all_fields(), &Posted::urlencoded(body.as_bytes()))
    }

    #[test]
    fn a_fact_takes_its_reason_along() {
        let body = "truth=%E6%9C%AA%E6%9F%A5%E6%98%8E&truth.reason=+%E6%97%A0+&minor=%E6%98%AF&harm.reason=x";
        let answers = read("verify_lead", body);
        assert_eq!(answers["truth"], Answer::from("未查明：无"));
        assert_eq!(answers["minor"], Answer::from("是"));
        assert_eq!(answers["harm"], Answer::from("：x"));
        assert!(!answers.contains_key("violation"));
    }

    #[test]
    fn rows_keep_their_order_and_lose_their_blanks() {
        let body = "items.10.name=c&items.2.name=b&items.2.quantity=2&items.1.name=&items.x.name=y";
        let row = |pairs: &[(&str, &str)]| {
            Answer::Group(
                pairs.iter().map(|(id, text)| ((*id).to_owned(), Answer::from(*text))).collect(),
            )
        };
        let items =
            Answer::Many(vec![row(&[("name", "b"), ("quantity", "2")]), row(&[("name", "c")])]);
        assert_eq!(read("receive_material", body)["items"], items);
        let points = read("hear_party", "points.2.=b&points.1.=a&points.3.=");
        assert_eq!(points["points"], Answer::Many(vec!["a".into(), "b".into()]));
    }

    #[test]
    fn several_boxes_are_several_answers_and_a_stray_name_is_not_lost() {
        let answers =
            read("assign_reviewers", "handlers=a&handlers=b&handler=c&_key=k&more=handlers");
        assert_eq!(answers["handlers"], Answer::Many(vec!["a".into(), "b".into()]));
        assert_eq!(answers["handler"], Answer::from("c"));
        assert_eq!(answers.len(), 2);
    }
}
