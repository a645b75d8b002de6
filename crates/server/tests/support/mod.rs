//! A server on a port of its own, for tests of the API.

use std::net::Ipv4Addr;

use jiff::civil::date;
use procedure::{directory::Event, value::StaffId};
use serde_json::{Value, json};
use server::{
    accounts::{Accounts, give_known_password},
    clock::Clock,
    office::Office,
    serve::{AppState, Demonstration, app},
};
use store::Store;
use testkit::Client;
use tokio::{net::TcpListener, runtime::Runtime};

pub const PASSWORD: &str = "scenario-password";

const CAST: &str = "案例 样例机构

部门 示例省局: 级别=省；区域=示例省；代字=示省保
部门 示例市局: 级别=市；上级=示例省局；区域=示例市；代字=示市保
单位 样例银行: 类别=企业；区域=示例市
人员 甲一: 部门=示例市局；岗位=受理人员
人员 乙一: 部门=示例市局；岗位=办案人员
人员 乙二: 部门=示例市局；岗位=办案人员
人员 乙三: 部门=示例市局；岗位=办案人员
人员 丙一: 部门=示例市局；岗位=负责人
人员 丁一: 部门=示例省局；岗位=负责人
";

pub struct Server {
    pub base: String,
    pub office: Office,
    _runtime: Runtime,
}

impl Server {
    /// An office in memory, at nine o'clock on a Monday.
    pub fn start() -> Server {
        Server::on(Store::in_memory().unwrap())
    }

    pub fn on(store: Store) -> Server {
        let office = Office::open(store, Clock::default()).unwrap();
        office.clock().stand(date(2026, 3, 16).at(9, 0, 0, 0));
        found(&office);
        Server::serving(office)
    }

    /// Serves an office on a port of its own.
    pub fn serving(office: Office) -> Server {
        let accounts = Accounts::new(office.clone()).unwrap();
        let demonstration = Some(Demonstration::default().into());
        let state = AppState { office: office.clone(), accounts, demonstration };
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app(state)).await });
        Server { base, office, _runtime: runtime }
    }

    pub fn client(&self, name: &str) -> Client {
        Client::sign_in(&self.base, name, PASSWORD).unwrap()
    }
}

/// Founds the cast, whose members all have the same password.
pub fn found(office: &Office) {
    let cast = scenario::parse(CAST, date(2026, 3, 16)).unwrap().cast;
    office.found(cast.clone()).unwrap();
    let staff: Vec<StaffId> = cast
        .into_iter()
        .filter_map(|event| match event {
            Event::Appointed(staff) => Some(staff.id),
            _ => None,
        })
        .collect();
    give_known_password(office.store(), &staff, PASSWORD).unwrap();
}

/// A lead, registered on the day it was received.
pub fn lead(title: &str) -> Value {
    json!({ "step": "register", "answers": {
        "occurred": "2026-03-16",
        "source": "机关和单位报告",
        "title": title,
        "content": "样例银行报告",
        "units": ["样例银行"],
    }})
}

/// A step on a dossier.
pub fn step(dossier: &str, step: &str, seen: Option<u64>, answers: Value) -> Value {
    json!({ "step": step, "dossier": dossier, "seen": seen, "answers": answers })
}
