//! A server with an office of a scenario's cast, in the test's own process.

use std::net::Ipv4Addr;

use procedure::directory;
use server::{
    accounts::{Accounts, give_known_password},
    clock::Clock,
    office::Office,
    serve::{AppState, Demonstration, app},
};
use store::Store;
use tokio::{net::TcpListener, runtime::Runtime, task::AbortHandle};

/// What everybody signs in with.
pub(crate) const PASSWORD: &str = "scenario-password";

/// A server whose clock can be set, on a port of its own.
pub(crate) struct Served {
    /// The office that it serves.
    pub(crate) office: Office,
    /// Its address.
    pub(crate) base: String,
}

/// Serves an office in which nobody works yet.
pub(crate) fn serve(runtime: &Runtime) -> Served {
    serve_on(runtime, Store::in_memory().unwrap()).0
}

/// The same on a record; the server ends when its task is aborted.
pub(crate) fn serve_on(runtime: &Runtime, store: Store) -> (Served, AbortHandle) {
    let office = Office::open(store, Clock::default()).unwrap();
    let accounts = Accounts::new(office.clone()).unwrap();
    let demonstration = Some(Demonstration::default().into());
    let state = AppState { office: office.clone(), accounts, demonstration };
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = runtime.spawn(async move { axum::serve(listener, app(state)).await });
    (Served { office, base }, serving.abort_handle())
}

/// Founds the office of a cast; everybody has the same password.
pub(crate) fn found(office: &Office, cast: &[directory::Event]) -> Result<(), String> {
    office.found(cast.to_vec()).map_err(|no| format!("{no:?}"))?;
    let staff = cast.iter().filter_map(|event| match event {
        directory::Event::Appointed(staff) => Some(staff.id.clone()),
        _ => None,
    });
    let staff: Vec<_> = staff.collect();
    give_known_password(office.store(), &staff, PASSWORD).map_err(|no| format!("{no:?}"))
}
