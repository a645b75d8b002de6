//! The server as a world: the same scenario files that the core plays, over HTTP.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use procedure::{directory, law::Clause, step::Weight, summary::Summary, value::StaffId};
use scenario::{
    Reply, World,
    language::{Manner, Move, Outcome},
    player::Named,
};
use serde_json::{Value, json};

use crate::client::{Answered, Client};

/// A running server whose clock can be set and whose staff share a password.
pub struct Http<F> {
    base: String,
    password: String,
    /// Founds a cast, as only the server's own process can.
    found: F,
    clients: BTreeMap<StaffId, Client>,
    keys: u64,
}

impl<F: FnMut(&[directory::Event]) -> Result<(), String>> Http<F> {
    /// The server at this address.
    pub fn new(base: &str, password: &str, found: F) -> Self {
        let (base, password) = (base.to_owned(), password.to_owned());
        Http { base, password, found, clients: BTreeMap::new(), keys: 0 }
    }

    fn at(&self, now: DateTime) -> Result<(), String> {
        let body = json!({ "now": now.strftime("%Y-%m-%dT%H:%M").to_string() });
        let answered = Client::anonymous(&self.base).post("/api/demo/clock", &body, None)?;
        if answered.status == 200 { Ok(()) } else { Err(format!("{answered:?}")) }
    }

    fn client(&mut self, who: &StaffId) -> Result<&Client, String> {
        if !self.clients.contains_key(who) {
            let client = Client::sign_in(&self.base, &who.0, &self.password)?;
            self.clients.insert(who.clone(), client);
        }
        self.clients.get(who).ok_or_else(|| "no client".to_owned())
    }

    /// What a decision is said to rest on: the newest version.
    fn seen(&mut self, who: &StaffId, dossier: &str) -> Result<Value, String> {
        let answered = self.client(who)?.get(&format!("/api/dossiers/{dossier}"))?;
        Ok(answered.body.get("version").cloned().unwrap_or(Value::Null))
    }

    /// Somebody who can see the dossier as a whole.
    fn reader(&mut self, dossier: &str) -> Result<Value, String> {
        let mut problems = Vec::new();
        for client in self.clients.values() {
            let answered = client.get(&format!("/api/dossiers/{dossier}"))?;
            if answered.body.get("access") == Some(&json!("contents")) {
                return Ok(answered.body);
            }
            problems.push(answered.body.to_string());
        }
        Err(format!("nobody can see {dossier}: {}", problems.join(" ")))
    }
}

impl<F: FnMut(&[directory::Event]) -> Result<(), String>> World for Http<F> {
    fn found(&mut self, cast: &[directory::Event]) -> Result<(), String> {
        (self.found)(cast)
    }

    fn act(
        &mut self,
        dossier: Option<&str>,
        act: &Move,
        corrects: Option<u64>,
    ) -> Result<Reply, String> {
        self.at(act.at)?;
        let decides = act.step.weight == Weight::Decision;
        let seen = match dossier.filter(|_| decides) {
            Some(id) => self.seen(&act.who, id)?,
            None => Value::Null,
        };
        let mut answers = serde_json::to_value(&act.answers).map_err(|error| error.to_string())?;
        for (field, plain) in &act.sealed {
            set(&mut answers, field, json!(plain));
        }
        for (field, name, content) in &act.files {
            let path = format!("/api/files?name={}", percent(name));
            let uploaded = self.client(&act.who)?.post_bytes(&path, content.as_bytes())?;
            set(&mut answers, field, uploaded.body);
        }
        let manner = match &act.manner {
            Manner::Regular => json!("regular"),
            Manner::AsHappened(circumstances) => {
                json!({ "as_happened": { "circumstances": circumstances } })
            }
            Manner::Correcting(reason) => json!({ "correcting": {
                "entry": corrects.ok_or("之前没有可以更正的同一步骤")?,
                "reason": reason,
            }}),
        };
        let body = json!({
            "step": act.step.id,
            // A step on a dossier that was never opened names one that does not exist.
            "dossier": dossier.or((act.step.id != procedure::intake::REGISTER).then_some("无")),
            "seen": seen,
            "manner": manner,
            "answers": answers,
        });
        self.keys += 1;
        let key = format!("{}-{}", act.line, self.keys);
        let answered = self.client(&act.who)?.post("/api/acts", &body, Some(&key))?;
        reply(&answered)
    }

    fn summary(&mut self, dossier: &str, at: DateTime) -> Result<Summary, String> {
        self.at(at)?;
        serde_json::from_value(self.reader(dossier)?).map_err(|error| error.to_string())
    }

    fn may(
        &mut self,
        dossier: &str,
        at: DateTime,
        who: &StaffId,
        step: &str,
    ) -> Result<bool, String> {
        self.at(at)?;
        let answered = self.client(who)?.get(&format!("/api/dossiers/{dossier}/next"))?;
        let steps =
            answered.body.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
        let found = steps.iter().find(|one| one.get("step") == Some(&json!(step)));
        Ok(found.is_some_and(|one| one.get("outcome") == Some(&json!("allowed"))))
    }
}

fn set(answers: &mut Value, field: &str, value: Value) {
    if let Some(answers) = answers.as_object_mut() {
        answers.insert(field.to_owned(), value);
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn reply(answered: &Answered) -> Result<Reply, String> {
    let body = &answered.body;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let checks = |name: &str| -> Vec<Named> {
        let list = body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter().map(named).collect()
    };
    let kind = text("type").unwrap_or_default();
    let outcome = match (answered.status, kind.as_str()) {
        (201, _) if checks("breaches").is_empty() => Outcome::Done,
        (201, _) => Outcome::Defective,
        // What somebody may not see does not exist for them, whatever they try.
        (404, _) => {
            return Ok(Reply { outcome: Outcome::Refused, hidden: true, ..Reply::default() });
        }
        (422, "refused") => Outcome::Refused,
        (422, "undetermined") => Outcome::Undetermined,
        (422, "incomplete") => Outcome::Malformed,
        _ => return Err(format!("{} {body}", answered.status)),
    };
    let labels = |name: &str| -> Vec<String> {
        let list = body.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let label = |one: &Value| Some(one.get("label")?.as_str()?.to_owned());
        list.iter().filter_map(label).collect()
    };
    let name = if answered.status == 201 { "breaches" } else { "refusals" };
    Ok(Reply {
        outcome,
        hidden: false,
        dossier: text("dossier"),
        version: body.get("version").and_then(Value::as_u64),
        number: text("number"),
        opened: text("opened"),
        checks: checks(name),
        fields: [labels("fields"), labels("missing")].concat(),
    })
}

fn named(check: &Value) -> Named {
    let text = |name: &str| check.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let articles = check.get("articles").and_then(Value::as_array).cloned().unwrap_or_default();
    let clause = |one: &Value| serde_json::from_value::<Clause>(one.clone()).ok();
    Named {
        code: text("code"),
        clauses: articles.iter().filter_map(clause).collect(),
        reading: check.get("reading").and_then(Value::as_str).map(str::to_owned),
        message: text("message"),
    }
}
