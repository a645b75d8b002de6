//! Answers as people read them: the labels of the form, names instead of ids, and nothing of what is sealed.

use procedure::{
    step::Field,
    value::{Answer, Answers, DepartmentId, Kind, PersonId, Place, StaffId, Target, UnitId},
};

/// One answered field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// 名称.
    pub(super) label: &'static str,
    /// What was answered.
    pub(super) value: Shown,
}

/// An answer in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Text, possibly of several lines.
    Text(String),
    /// Several texts.
    List(Vec<String>),
    /// A table with its heads.
    Table(Vec<&'static str>, Vec<Vec<String>>),
    /// A file in the vault.
    File(Attached),
    /// 密封. There is something, and it is not shown.
    Sealed,
}

/// A file in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attached {
    /// 文件名.
    pub(super) name: String,
    /// How long it is, in words.
    pub(super) size: String,
    /// Its SM3, by which it is fetched.
    pub(super) sm3: String,
}

/// The answered fields, in the order of the form.
pub(super) fn lines(
    fields: impl Iterator<Item = Field>,
    answers: &Answers,
    place: Place<'_>,
) -> Vec<Line> {
    let answered = |field: Field| {
        let answer = answers.get(field.id).filter(|answer| !answer.is_blank())?;
        Some(Line { label: field.label, value: shown(field.kind, answer, place) })
    };
    fields.filter_map(answered).collect()
}

/// What differs between two states of the same form: label, before, after.
pub(super) fn differences(before: &[Line], after: &[Line]) -> Vec<(&'static str, String, String)> {
    let in_words = |lines: &[Line], label| {
        lines
            .iter()
            .find(|line| line.label == label)
            .map_or_else(String::new, |line| line.value.to_string())
    };
    let mut labels: Vec<_> = before.iter().chain(after).map(|line| line.label).collect();
    labels.dedup();
    let mut differences: Vec<(&'static str, String, String)> = Vec::new();
    for label in labels {
        let (old, new) = (in_words(before, label), in_words(after, label));
        if old != new && !differences.iter().any(|(known, ..)| *known == label) {
            differences.push((label, old, new));
        }
    }
    differences
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::Text(text) => f.write_str(text),
            Shown::List(list) => f.write_str(&list.join("；")),
            Shown::Table(_, rows) => {
                let rows: Vec<_> = rows.iter().map(|row| row.join("，")).collect();
                f.write_str(&rows.join("；"))
            }
            Shown::File(file) => f.write_str(&file.name),
            Shown::Sealed => f.write_str("密封"),
        }
    }
}

fn shown(kind: Kind, answer: &Answer, place: Place<'_>) -> Shown {
    match (kind, answer) {
        (Kind::Sealed, _) => Shown::Sealed,
        (Kind::File, Answer::Group(group)) => {
            let part =
                |id: &str| group.get(id).and_then(Answer::text).unwrap_or_default().to_owned();
            let size = size(part("size").parse().unwrap_or_default());
            Shown::File(Attached { name: part("name"), size, sm3: part("sm3") })
        }
        (Kind::Rows(columns), Answer::Many(rows)) => {
            let cells = |row: &Answer| {
                let cell = |column: &Field| match row {
                    Answer::Group(group) => word(column.kind, group.get(column.id), place),
                    _ => String::new(),
                };
                columns.iter().map(cell).collect()
            };
            let heads = columns.iter().map(|column| column.label).collect();
            Shown::Table(heads, rows.iter().map(cells).collect())
        }
        (Kind::List(kind), Answer::Many(list)) => {
            let words: Vec<_> = list.iter().map(|one| word(*kind, Some(one), place)).collect();
            let short = match kind {
                Kind::Target(target) => !target.numbered || *target == PersonId::TARGET,
                Kind::Choice(_) => true,
                _ => false,
            };
            if short { Shown::Text(words.join("、")) } else { Shown::List(words) }
        }
        (kind, answer) => Shown::Text(word(kind, Some(answer), place)),
    }
}

/// One answer in one text.
fn word(kind: Kind, answer: Option<&Answer>, place: Place<'_>) -> String {
    let text = answer.and_then(Answer::text).unwrap_or_default();
    match kind {
        Kind::Choice(choices) => {
            let choice = choices.iter().find(|choice| choice.id == text);
            choice.map_or(text, |choice| choice.label).to_owned()
        }
        Kind::Target(target) => name(target, text, place),
        _ => text.to_owned(),
    }
}

/// The name of what an id points at, also of what can no longer be chosen.
fn name(target: &Target, id: &str, place: Place<'_>) -> String {
    let directory = place.directory;
    if target == StaffId::TARGET {
        return directory.staff_name(&StaffId(id.to_owned())).to_owned();
    }
    if target == UnitId::TARGET {
        return directory.unit_name(&UnitId(id.to_owned())).to_owned();
    }
    if target == DepartmentId::TARGET {
        let department = directory.department(&DepartmentId(id.to_owned()));
        return department.map_or_else(|| id.to_owned(), |department| department.name.to_string());
    }
    let found = target.candidates(place).into_iter().find(|candidate| candidate.id == id);
    let label = found.map_or_else(String::new, |candidate| candidate.label);
    // Long texts are titled with their number already.
    if target == PersonId::TARGET || label.starts_with(&format!("{id}. ")) {
        label
    } else {
        format!("{id}. {label}")
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} 字节"),
        1024..1_048_576 => format!("{} KB", bytes.div_ceil(1024)),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}
