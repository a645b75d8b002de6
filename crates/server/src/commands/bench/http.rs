//! The product as its users meet it: the real server on a loopback port, and clients that keep their connections.

use std::{
    io::Read,
    net::{Ipv4Addr, SocketAddr},
};

use procedure::{general::access::Access, value::StaffId};
use scenario::language::Move;
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};
use ureq::{Body, http::Response};

use super::load::{PASSWORD, Team};
use crate::{
    accounts::Accounts,
    api,
    commands::Wrong,
    office::{Office, random_id},
    serve::{AppState, app},
};

/// Rows on a page of the work list.
const PAGE: usize = 20;

/// The server in this process; it ends when this is dropped.
pub(super) struct Serving {
    _runtime: Runtime,
    address: SocketAddr,
}

impl Serving {
    pub(super) fn start(office: &Office) -> Result<Serving, Wrong> {
        let accounts = Accounts::new(office.clone())?;
        let state = AppState { office: office.clone(), accounts, demonstration: None };
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        runtime.spawn(async move { axum::serve(listener, app(state)).await });
        Ok(Serving { _runtime: runtime, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A connection that is kept, with room for what is answered: making that room anew costs the
/// client more than its answer costs the server.
pub(super) struct Line {
    agent: ureq::Agent,
    room: Vec<u8>,
}

impl Line {
    pub(super) fn new() -> Line {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Line { agent: config.new_agent(), room: vec![0; 1 << 16] }
    }

    /// Asks for a page; answers its status and bytes.
    pub(super) fn get(&mut self, url: &str, cookie: &str) -> Result<(u16, &[u8]), Wrong> {
        let answer = self.agent.get(url).header("cookie", cookie).call().map_err(lost)?;
        self.read(answer)
    }

    fn read(&mut self, answer: Response<Body>) -> Result<(u16, &[u8]), Wrong> {
        let (head, body) = answer.into_parts();
        let mut reader = body.into_reader();
        let mut length = 0;
        loop {
            if length == self.room.len() {
                self.room.resize(2 * length, 0);
            }
            match reader.read(self.room.get_mut(length..).unwrap_or_default())? {
                0 => {
                    return Ok((head.status.as_u16(), self.room.get(..length).unwrap_or_default()));
                }
                more => length += more,
            }
        }
    }
}

/// A client with the sessions of its team.
pub(super) struct Client {
    line: Line,
    base: String,
    /// The handler.
    who: StaffId,
    clerk: String,
    handler: String,
    head: String,
    /// The bodies of the acts, with `{turn}` where they differ and `{dossier}` for the dossier.
    acts: Vec<String>,
    assigned: Vec<String>,
    turn: usize,
}

impl Client {
    /// The dossiers on which it acts.
    pub(super) fn assigned(&self) -> impl Iterator<Item = &str> {
        self.assigned.iter().map(String::as_str)
    }

    /// Signs the team in.
    pub(super) fn new(serving: &Serving, team: Team) -> Result<Client, Wrong> {
        let base = format!("http://{}", serving.address);
        let session = |staff: &StaffId| -> Result<String, Wrong> {
            let body = json!({ "name": staff.0, "password": PASSWORD });
            // An agent of its own, since agents keep cookies and a client has three sessions.
            let agent = Line::new().agent;
            let answer = agent.post(format!("{base}/api/session")).send_json(body).map_err(lost)?;
            let cookie = answer.headers().get("set-cookie").and_then(|it| it.to_str().ok());
            let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
            cookie.ok_or_else(|| Wrong::Refused(format!("无法登录，状态{}", answer.status())))
        };
        Ok(Client {
            who: team.handler.clone(),
            clerk: session(&team.clerk)?,
            handler: session(&team.handler)?,
            head: session(&team.head)?,
            acts: team.acts.iter().map(body).collect(),
            assigned: team.assigned,
            turn: 0,
            line: Line::new(),
            base,
        })
    }

    /// Takes the next act: the clerk registers a lead, then the handler adds to dossiers one after the other.
    pub(super) fn act(&mut self) -> Result<(), Wrong> {
        let turn = self.turn;
        self.turn += 1;
        let acts = self.acts.len().max(1);
        let registers = turn.is_multiple_of(acts);
        // Each dossier has its turn before the first is worked on again.
        let additions = turn.saturating_sub(turn / acts + 1);
        let (Some(body), Some(dossier)) =
            (self.acts.get(turn % acts), self.assigned.get(additions % self.assigned.len().max(1)))
        else {
            return Err(Wrong::unreadable("测量样例没有要办理的事项"));
        };
        let body = body.replace("{turn}", &turn.to_string()).replace("{dossier}", dossier);
        let request = self
            .line
            .agent
            .post(format!("{}/api/acts", self.base))
            .content_type("application/json")
            .header("cookie", if registers { &self.clerk } else { &self.handler })
            .header("idempotency-key", random_id()?);
        match self.line.read(request.send(body).map_err(lost)?)? {
            (201, _) => Ok(()),
            (_, text) => Err(Wrong::Refused(String::from_utf8_lossy(text).into_owned())),
        }
    }

    /// Looks at the work list, the handler and the head in turn.
    pub(super) fn look(&mut self) -> Result<(), Wrong> {
        self.turn += 1;
        let session = if self.turn.is_multiple_of(2) { &self.handler } else { &self.head };
        let (status, page) = self.line.get(&format!("{}/", self.base), session)?;
        match rows(page) {
            PAGE if status == 200 => Ok(()),
            rows => Err(Wrong::Refused(format!("待办页有{rows}件，状态{status}"))),
        }
    }

    /// Opens the page of the next of its dossiers, as its handler.
    pub(super) fn open(&mut self) -> Result<(), Wrong> {
        let dossier = self.next_dossier()?;
        let url = format!("{}/dossiers/{dossier}", self.base);
        match self.line.get(&url, &self.handler)? {
            (200, page) if page.trim_ascii_end().ends_with(b"</html>") => Ok(()),
            (status, _) => Err(Wrong::Refused(format!("卷宗页状态{status}"))),
        }
    }

    /// Reads what is to be told of the next of its dossiers, from the record, or from memory if it was read lately.
    pub(super) fn read(&mut self, office: &Office) -> Result<(), Wrong> {
        let dossier = self.next_dossier()?;
        let (found, access) = office.visible(&self.who, &dossier)?;
        let shown = api::shown(office, &found, access)?;
        match access {
            Access::Contents if shown.get("version").is_some_and(Value::is_u64) => Ok(()),
            _ => Err(Wrong::unreadable("测量样例的卷宗不能查看")),
        }
    }

    fn next_dossier(&mut self) -> Result<String, Wrong> {
        self.turn += 1;
        let dossier = self.assigned.get(self.turn % self.assigned.len().max(1));
        dossier.cloned().ok_or_else(|| Wrong::unreadable("测量样例没有卷宗"))
    }
}

/// Rows of a list on a page.
pub(super) fn rows(page: &[u8]) -> usize {
    memchr::memmem::find_iter(page, "<th scope=\"row\"").count()
}

fn body(act: &Move) -> String {
    let opens = act.step.id == procedure::intake::REGISTER;
    let dossier = (!opens).then_some("{dossier}");
    json!({ "step": act.step.id, "dossier": dossier, "answers": act.answers }).to_string()
}

pub(super) fn lost(error: ureq::Error) -> Wrong {
    Wrong::Refused(format!("请求没有答复：{error}"))
}
