//! A client of the JSON API, as one person.

use serde_json::Value;
use ureq::{Agent, http::StatusCode};

/// One person's client; it keeps the session.
pub struct Client {
    agent: Agent,
    base: String,
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; null where there is none.
    pub body: Value,
    /// The body as it came.
    pub text: String,
    headers: Vec<(String, String)>,
}

impl Answered {
    /// A header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Client {
    /// Nobody yet.
    pub fn anonymous(base: &str) -> Client {
        let config = Agent::config_builder().http_status_as_error(false).build();
        Client { agent: config.into(), base: base.to_owned() }
    }

    /// Somebody, signed in.
    pub fn sign_in(base: &str, name: &str, password: &str) -> Result<Client, String> {
        let client = Client::anonymous(base);
        let body = serde_json::json!({ "name": name, "password": password });
        let answered = client.post("/api/session", &body, None)?;
        match answered.status {
            200 => Ok(client),
            status => Err(format!("{name} cannot sign in: {status} {}", answered.body)),
        }
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Answered, String> {
        answered(self.agent.get(format!("{}{path}", self.base)).call())
    }

    /// Posts JSON, under an idempotency key if there is one.
    pub fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Answered, String> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        answered(request.send_json(body))
    }

    /// The same person with the same session, asking at another address of this machine.
    pub fn at(&self, base: &str) -> Client {
        Client { agent: self.agent.clone(), base: base.to_owned() }
    }

    /// Deletes.
    pub fn delete(&self, path: &str) -> Result<Answered, String> {
        answered(self.agent.delete(format!("{}{path}", self.base)).call())
    }

    /// Posts a form, as a browser without scripts does.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answered, String> {
        let form = fields.iter().copied();
        answered(self.agent.post(format!("{}{path}", self.base)).send_form(form))
    }

    /// Puts JSON.
    pub fn put(&self, path: &str, body: &Value) -> Result<Answered, String> {
        answered(self.agent.put(format!("{}{path}", self.base)).send_json(body))
    }

    /// Posts a body of this type, byte for byte.
    pub fn post_text(&self, path: &str, kind: &str, body: &str) -> Result<Answered, String> {
        let request = self.agent.post(format!("{}{path}", self.base));
        answered(request.header("content-type", kind).send(body))
    }

    /// Posts JSON with one more header, whatever stands in it.
    pub fn post_with(
        &self,
        path: &str,
        (header, value): (&str, &[u8]),
        body: &str,
    ) -> Result<Answered, String> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json").header(header, value);
        answered(request.send(body))
    }

    /// Posts bytes.
    pub fn post_bytes(&self, path: &str, bytes: &[u8]) -> Result<Answered, String> {
        answered(self.agent.post(format!("{}{path}", self.base)).send(bytes))
    }
}

fn answered(
    result: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Answered, String> {
    let mut response = result.map_err(|error| error.to_string())?;
    let status: StatusCode = response.status();
    let text = response.body_mut().read_to_string().map_err(|error| error.to_string())?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    let headers = response.headers().iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    Ok(Answered { status: status.as_u16(), body, headers: headers.collect(), text })
}
