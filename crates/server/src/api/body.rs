//! What clients send, read strictly: every name once, none unknown, everything of the right type.

use std::fmt;

use procedure::value::{Answer, Answers, excerpt};
use serde::{
    Deserialize,
    de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::no::Denied;

/// An object whose members are taken out one by one; what is left at the end is unknown.
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads a JSON object.
    pub(super) fn read(bytes: &[u8]) -> Result<Body, Denied> {
        let Strict(value) = serde_json::from_slice(bytes).map_err(|error| wrong(&error))?;
        Body::of(value, "请求内容")
    }

    /// Reads a member that must be an object.
    pub(super) fn of(value: Value, name: &str) -> Result<Body, Denied> {
        match value {
            Value::Object(members) => Ok(Body(members)),
            _ => Err(malformed(format!("{name}应为JSON对象"))),
        }
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, name: &str) -> Result<String, Denied> {
        self.optional_text(name)?.ok_or_else(|| malformed(format!("缺少「{name}」")))
    }

    /// A text that may be there.
    pub(super) fn optional_text(&mut self, name: &str) -> Result<Option<String>, Denied> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(malformed(format!("「{name}」应为文字"))),
        }
    }

    /// A whole number that may be there.
    pub(super) fn optional_number(&mut self, name: &str) -> Result<Option<u64>, Denied> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let wrong = || malformed(format!("「{name}」应为非负整数"));
                value.as_u64().map(Some).ok_or_else(wrong)
            }
        }
    }

    /// An object that may be there.
    pub(super) fn optional_object(&mut self, name: &str) -> Result<Option<Body>, Denied> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => Body::of(value, &format!("「{name}」")).map(Some),
        }
    }

    /// The member of this name, whatever it is.
    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// The members as answers of a form.
    pub(super) fn answers(self) -> Answers {
        self.0.into_iter().map(|(name, value)| (name, answer(value))).collect()
    }

    /// Says that everything was taken out.
    pub(super) fn end(self) -> Result<(), Denied> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(malformed(format!("没有「{}」这一项", excerpt(name)))),
        }
    }
}

/// Numbers are answered as text, as people type them; a fact is 是 or 否.
fn answer(value: Value) -> Answer {
    match value {
        Value::Null => Answer::One(String::new()),
        Value::Bool(yes) => Answer::from(if yes { "是" } else { "否" }),
        Value::Number(number) => Answer::One(number.to_string()),
        Value::String(text) => Answer::One(text),
        Value::Array(list) => Answer::Many(list.into_iter().map(answer).collect()),
        Value::Object(group) => {
            Answer::Group(group.into_iter().map(|(name, value)| (name, answer(value))).collect())
        }
    }
}

pub(super) fn malformed(message: impl Into<String>) -> Denied {
    Denied::Malformed(message.into())
}

fn wrong(error: &serde_json::Error) -> Denied {
    let place = format!("第{}行第{}列", error.line(), error.column());
    if error.is_data() {
        return malformed(format!("请求内容{place}的名称重复"));
    }
    malformed(format!("请求内容{place}不是有效的JSON，或者嵌套过深"))
}

/// A JSON value in which no object has a name twice: the second would silently win.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = object.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match Body::read(text.as_bytes()).and_then(Body::end) {
            Ok(()) => "有效".to_owned(),
            Err(denied) => denied.message(),
        }
    }

    #[test]
    fn says_in_chinese_what_cannot_be_read() {
        assert_eq!(message("{}"), "有效");
        assert_eq!(message("[]"), "请求内容应为JSON对象");
        assert_eq!(message(r#"{"甲":1}"#), "没有「甲」这一项");
        // In which column the reader notices depends on the features it was built with.
        let twice = message(r#"{"a":{"b":1,"b":2}}"#);
        assert!(
            twice.starts_with("请求内容第1行第1") && twice.ends_with("列的名称重复"),
            "{twice}"
        );
        assert!(message("{").contains("不是有效的JSON"));
        assert!(message(&format!(r#"{{"a":{}}}"#, "[".repeat(200))).contains("嵌套过深"));
        assert!(message("{\"a\":\"\u{0}\"}").contains("不是有效的JSON"));
    }

    #[test]
    fn numbers_and_truths_are_answers_too() {
        let body = Body::read(br#"{"quantity":3,"known":true,"none":null}"#).unwrap();
        let answers = body.answers();
        assert_eq!(answers["quantity"], Answer::from("3"));
        assert_eq!(answers["known"], Answer::from("是"));
        assert!(answers["none"].is_blank());
    }
}
