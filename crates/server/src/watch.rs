//! 巡查. What a node looks at again and again while it serves: whether the database is there, and whether the clocks agree.

use std::time::Duration;

use crate::{
    clock, metrics,
    no::{Denied, No},
    office::Office,
    serve::blocking,
};

/// How often the database is looked at.
const TURN: Duration = Duration::from_secs(10);
/// The clocks are told of once in so many turns, as long as they differ.
const TOLD_EVERY: u32 = 6;

/// Looks until the process ends.
pub(crate) async fn watch(office: Office) {
    let mut turns = tokio::time::interval(TURN);
    let mut turn = 0;
    let mut was_there = true;
    loop {
        turns.tick().await;
        let looked = office.clone();
        let there = match blocking(move || look(&looked, turn % TOLD_EVERY == 0)).await {
            Ok(()) => true,
            // Too much to do says nothing about the database.
            Err(No::Denied(Denied::Busy)) => was_there,
            Err(_) => false,
        };
        if there != was_there {
            tracing::warn!(there, "the database went or came back");
        }
        metrics::database(there);
        (was_there, turn) = (there, turn.wrapping_add(1));
    }
}

/// Compares the clock of this machine with the database's, by which all nodes are compared.
fn look(office: &Office, tell: bool) -> Result<(), No> {
    let began = office.clock().instant();
    let Some(theirs) = office.store().database_clock()? else {
        // SQLite is on this machine.
        office.store().setting("ready")?;
        return Ok(());
    };
    let ended = office.clock().instant();
    // The answer was given at some moment between; the middle is off by half of that at most.
    let ours = began + (ended - began) / 2;
    metrics::apart(theirs - ours);
    let warning = clock::compare_with_database(ours, theirs).filter(|_| tell);
    if let Some(warning) = warning {
        ::metrics::counter!("chachu_clock_warnings_total").increment(1);
        tracing::warn!(%warning, "the clocks differ");
    }
    Ok(())
}
