//! The product as its users meet it: the real server on a loopback port, and clients that keep their connections.

use std::net::{Ipv4Addr, SocketAddr};

use procedure::value::StaffId;
use scenario::language::Move;
use serde_json::json;
use tokio::{net::TcpListener, runtime::Runtime};

use super::load::{PASSWORD, Team};
use crate::{
    accounts::Accounts,
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

/// A client with the sessions of its team.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
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
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let base = format!("http://{}", serving.address);
        let session = |staff: &StaffId| -> Result<String, Wrong> {
            let body = json!({ "name": staff.0, "password": PASSWORD });
            // An agent of its own, since agents keep cookies and a client has three sessions.
            let agent = config.new_agent();
            let answer = agent.post(format!("{base}/api/session")).send_json(body).map_err(lost)?;
            let cookie = answer.headers().get("set-cookie").and_then(|it| it.to_str().ok());
            let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
            cookie.ok_or_else(|| Wrong::Refused(format!("无法登录，状态{}", answer.status())))
        };
        Ok(Client {
            clerk: session(&team.clerk)?,
            handler: session(&team.handler)?,
            head: session(&team.head)?,
            acts: team.acts.iter().map(body).collect(),
            assigned: team.assigned,
            turn: 0,
            agent: config.new_agent(),
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
            .agent
            .post(format!("{}/api/acts", self.base))
            .content_type("application/json")
            .header("cookie", if registers { &self.clerk } else { &self.handler })
            .header("idempotency-key", random_id()?);
        let mut answer = request.send(body).map_err(lost)?;
        let text = answer.body_mut().read_to_string().map_err(lost)?;
        if answer.status() == 201 { Ok(()) } else { Err(Wrong::Refused(text)) }
    }

    /// Looks at the work list, the handler and the head in turn.
    pub(super) fn look(&mut self) -> Result<(), Wrong> {
        self.turn += 1;
        let session = if self.turn.is_multiple_of(2) { &self.handler } else { &self.head };
        let request = self.agent.get(format!("{}/", self.base)).header("cookie", session);
        let mut answer = request.call().map_err(lost)?;
        let text = answer.body_mut().read_to_string().map_err(lost)?;
        match text.matches("<th scope=\"row\"").count() {
            PAGE if answer.status() == 200 => Ok(()),
            rows => Err(Wrong::Refused(format!("待办页有{rows}件，状态{}", answer.status()))),
        }
    }
}

fn body(act: &Move) -> String {
    let opens = act.step.id == procedure::intake::REGISTER;
    let dossier = (!opens).then_some("{dossier}");
    json!({ "step": act.step.id, "dossier": dossier, "answers": act.answers }).to_string()
}

pub(super) fn lost(error: ureq::Error) -> Wrong {
    Wrong::Refused(format!("请求没有答复：{error}"))
}
