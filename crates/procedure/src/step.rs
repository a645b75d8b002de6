//! How a step is declared: once, beside its rule.
//!
//! The form, the JSON schema, the scenario grammar and the manual are all read off a [`Step`].
//! A step is a form and a rule: `form!` declares the fields, [`Rule`] judges the draft, and [`Step::of`] binds both to a name, its articles and those who may take it.

use crate::{
    check::Check,
    dossier::{At, Event},
    law::Clause,
    number::Series,
    value::{Answers, Kind, Place, Value},
};

/// One field of a form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Stable identifier, written to the record.
    pub id: &'static str,
    /// 名称. What people read.
    pub label: &'static str,
    /// 填写说明.
    pub help: &'static str,
    /// What can be answered.
    pub kind: Kind,
    /// Whether a form without it is incomplete.
    pub required: bool,
}

/// What is wrong with the answer to one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The field, or what was entered instead of one.
    pub field: String,
    /// In Chinese.
    pub message: String,
}

/// A form: its fields, its complete state, and its draft, in which each field may be absent.
pub trait Form: Sized {
    /// The same fields, each possibly absent.
    type Draft: Default;
    /// The fields in the order in which people fill them in.
    const FIELDS: &'static [Field];
    /// Reads what can be read; the rest is noted in `wrong`.
    fn read(answers: &Answers, place: Place<'_>, wrong: &mut Vec<Malformed>) -> Self::Draft;
    /// The complete form, if nothing is absent.
    fn complete(draft: Self::Draft) -> Option<Self>;
    /// The answers from which [`Form::read`] yields this form again.
    fn write(&self) -> Answers;
}

/// The rule of a step.
pub trait Rule: Form {
    /// Judges every check that the draft allows; the event is kept only if all of them hold.
    fn judge(draft: Self::Draft, at: &At<'_>, check: &mut Check<'_>) -> Option<Event>;
}

/// Who may take a step: a relation to the dossier, not only a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// 受理人员. A clerk of the department that owns the dossier.
    Clerk,
    /// 办案人员. Assigned to the dossier and not recused.
    Handler,
    /// 负责人. A head or deputy head of the department that owns the dossier.
    Head,
    /// 接收部门. A clerk or a head of the department to which the dossier is on its way.
    Receiver,
    /// 移送部门. A head of a department that had the dossier before.
    Former,
    /// 上一级保密行政管理部门负责人. A head of the next higher department; for the national department, its own.
    NextHigher,
    /// 上级保密行政管理部门负责人. A head of any department above.
    Superior,
    /// 系统. No person: what the product does by itself.
    System,
}

impl Relation {
    /// Whether people of another department than the one that owns the dossier are meant.
    pub const fn is_outside(self) -> bool {
        match self {
            Relation::Clerk | Relation::Handler | Relation::Head | Relation::System => false,
            Relation::Receiver | Relation::Former | Relation::NextHigher | Relation::Superior => {
                true
            }
        }
    }

    /// 名称.
    pub const fn label(self) -> &'static str {
        match self {
            Relation::Clerk => "受理人员",
            Relation::Handler => "本案办案人员",
            Relation::Head => "保密行政管理部门负责人",
            Relation::Receiver => "接收部门的受理人员、负责人",
            Relation::Former => "移送部门负责人",
            Relation::NextHigher => "上一级保密行政管理部门负责人",
            Relation::Superior => "上级保密行政管理部门负责人",
            Relation::System => "系统",
        }
    }
}

/// When the act of a step occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurs {
    /// Inside the product, when it is entered.
    WhenEntered,
    /// Outside the product, on a day that is a field of the form, with the label given.
    OnDay(&'static str),
}

/// What an actor must have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Adds to the record: judged again on the newest version.
    Additive,
    /// Decides: conflicts unless the actor saw the newest version.
    Decision,
}

/// A step of the procedure.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Stable identifier, written to the record.
    pub id: &'static str,
    /// 名称. What people read.
    pub name: &'static str,
    /// The articles that grant or demand the step.
    pub basis: &'static [Clause],
    /// Who may take it: any one of these.
    pub who: &'static [Relation],
    /// When its act occurs.
    pub occurs: Occurs,
    /// What its actor must have seen.
    pub weight: Weight,
    /// Its fields, without the day of the act.
    pub fields: &'static [Field],
    /// The series of the number that the act is given, where it is given one.
    pub series: Option<Series>,
    /// Whether its day is that of a fact of the case, which may lie before the lead and before the regulation.
    pub may_precede_lead: bool,
    /// Whether an act that took place in breach can be recorded as it happened.
    pub recordable_as_happened: bool,
    /// Whether a mistyped fact in it can be corrected by another event.
    pub correctable: bool,
    /// Whether it may still be taken when the dossier has ended.
    pub after_end: bool,
    /// Whether it may be taken while the dossier is on its way to another department.
    pub in_transit: bool,
    /// What people are told before they do what cannot be undone.
    pub warning: Option<&'static str>,
    pub(crate) judge: fn(&Answers, &At<'_>, &mut Check<'_>) -> Option<Event>,
}

impl Step {
    /// Declares a step: an additive one that occurs when entered, unless said otherwise.
    pub const fn of<R: Rule>(
        id: &'static str,
        name: &'static str,
        basis: &'static [Clause],
        who: &'static [Relation],
    ) -> Step {
        Step {
            id,
            name,
            basis,
            who,
            occurs: Occurs::WhenEntered,
            weight: Weight::Additive,
            fields: R::FIELDS,
            series: None,
            may_precede_lead: false,
            recordable_as_happened: false,
            correctable: false,
            after_end: false,
            in_transit: false,
            warning: None,
            judge: |answers, at, check| {
                let draft = if check.is_asking() {
                    R::Draft::default()
                } else {
                    R::read(answers, at.place(), check.malformed())
                };
                R::judge(draft, at, check)
            },
        }
    }

    /// Its act takes place outside the product, on a day that is asked for under this label.
    pub const fn on_day(mut self, label: &'static str) -> Step {
        self.occurs = Occurs::OnDay(label);
        self
    }

    /// Its day is that of a fact of the case, which may lie before the lead.
    pub const fn before_lead(mut self) -> Step {
        self.may_precede_lead = true;
        self
    }

    /// It decides.
    pub const fn decision(mut self) -> Step {
        self.weight = Weight::Decision;
        self
    }

    /// Its act is given a number of this series, which people cite.
    pub const fn numbered(mut self, series: Series) -> Step {
        self.series = Some(series);
        self
    }

    /// An act that took place in breach can be recorded as it happened.
    pub const fn as_happened(mut self) -> Step {
        self.recordable_as_happened = true;
        self
    }

    /// A mistyped fact in it can be corrected.
    pub const fn correctable(mut self) -> Step {
        self.correctable = true;
        self
    }

    /// It may still be taken when the dossier has ended.
    pub const fn after_end(mut self) -> Step {
        self.after_end = true;
        self
    }

    /// It may be taken while the dossier is on its way to another department.
    pub const fn in_transit(mut self) -> Step {
        self.in_transit = true;
        self
    }

    /// People are asked once more before they take it.
    pub const fn warning(mut self, warning: &'static str) -> Step {
        self.warning = Some(warning);
        self
    }

    /// Whether people of other departments take it too: they need no more than the outline of a dossier for it.
    pub fn is_taken_from_outside(&self) -> bool {
        self.who.iter().any(|relation| relation.is_outside())
    }

    /// Every field, the day of the act first where there is one.
    pub fn all_fields(&self) -> impl Iterator<Item = Field> {
        let day = match self.occurs {
            Occurs::WhenEntered => None,
            Occurs::OnDay(label) => Some(Field {
                id: OCCURRED,
                label,
                help: "实际发生的日期，不得晚于录入日期",
                kind: Kind::Date,
                required: true,
            }),
        };
        day.into_iter().chain(self.fields.iter().copied())
    }
}

/// The id of the field that says on which day an act occurred.
pub const OCCURRED: &str = "occurred";

/// Reads one field of a form.
pub fn read_field<T: Value>(
    field: &'static str,
    answers: &Answers,
    place: Place<'_>,
    wrong: &mut Vec<Malformed>,
) -> Option<T> {
    match answers.get(field).filter(|answer| !answer.is_blank()) {
        None => T::absent(),
        Some(answer) => T::read(answer, place)
            .map_err(|message| wrong.push(Malformed { field: field.to_owned(), message }))
            .ok(),
    }
}

/// Declares a form and its draft: `field: Type = "名称", "填写说明";`.
///
/// A list that came later than the form is marked `#[serde(default)]`, so that old entries still parse.
macro_rules! form {
    ($(#[$doc:meta])* $form:ident / $draft:ident {
        $($(#[$later:meta])* $field:ident: $kind:ty = $label:literal $(, $help:literal)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $form {
            $(#[doc = $label] $(#[doc = $help])? $(#[$later])* pub $field: $kind,)*
        }

        #[doc = concat!("[`", stringify!($form), "`], as far as it is filled in.")]
        #[derive(Clone, Debug, Default)]
        pub struct $draft {
            $(#[doc = $label] pub $field: Option<$kind>,)*
        }

        impl $crate::step::Form for $form {
            type Draft = $draft;

            const FIELDS: &'static [$crate::step::Field] = &[$($crate::step::Field {
                id: stringify!($field),
                label: $label,
                help: concat!($($help)?),
                kind: <$kind as $crate::value::Value>::KIND,
                required: <$kind as $crate::value::Value>::REQUIRED,
            }),*];

            fn read(
                answers: &$crate::value::Answers,
                place: $crate::value::Place<'_>,
                wrong: &mut Vec<$crate::step::Malformed>,
            ) -> $draft {
                $draft {
                    $($field: $crate::step::read_field(stringify!($field), answers, place, wrong),)*
                }
            }

            fn complete(draft: $draft) -> Option<Self> {
                Some($form { $($field: draft.$field?,)* })
            }

            fn write(&self) -> $crate::value::Answers {
                std::collections::BTreeMap::from([
                    $((stringify!($field).to_owned(), $crate::value::Value::write(&self.$field)),)*
                ])
            }
        }
    };
}
pub(crate) use form;

/// Declares a row of a table: the fields of one line.
macro_rules! row {
    ($(#[$doc:meta])* $row:ident {
        $($field:ident: $kind:ty = $label:literal $(, $help:literal)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub struct $row {
            $(#[doc = $label] $(#[doc = $help])? pub $field: $kind,)*
        }

        impl $crate::value::Value for $row {
            const KIND: $crate::value::Kind = $crate::value::Kind::Rows(&[$($crate::step::Field {
                id: stringify!($field),
                label: $label,
                help: concat!($($help)?),
                kind: <$kind as $crate::value::Value>::KIND,
                required: <$kind as $crate::value::Value>::REQUIRED,
            }),*]);

            fn read(
                answer: &$crate::value::Answer,
                place: $crate::value::Place<'_>,
            ) -> Result<Self, String> {
                let $crate::value::Answer::Group(group) = answer else {
                    return Err("应为表格中的一行".to_owned());
                };
                Ok($row {
                    $($field: $crate::step::read_cell(stringify!($field), $label, group, place)?,)*
                })
            }

            fn write(&self) -> $crate::value::Answer {
                $crate::value::Answer::Group(std::collections::BTreeMap::from([
                    $((stringify!($field).to_owned(), $crate::value::Value::write(&self.$field)),)*
                ]))
            }
        }
    };
}
pub(crate) use row;

/// Reads one cell of a row; the message names the column.
pub fn read_cell<T: Value>(
    field: &str,
    label: &str,
    group: &Answers,
    place: Place<'_>,
) -> Result<T, String> {
    match group.get(field).filter(|answer| !answer.is_blank()) {
        None => T::absent().ok_or_else(|| format!("「{label}」不能为空")),
        Some(answer) => T::read(answer, place).map_err(|wrong| format!("「{label}」{wrong}")),
    }
}
