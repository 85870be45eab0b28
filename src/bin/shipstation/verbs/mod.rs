//! What each verb does: it asks the crate, and shows the answer.

mod actions;
mod demo;
mod imports;
mod listings;
mod mappings;
mod probe;
mod questions;
mod shell;
mod shipments;
mod simulate;
mod watch;

use serde::Serialize;
use shipstation_connector::channel::RunStatus;

use crate::{
    account::Account,
    args::{AccountVerb, Args, Verb},
    exit::{Exit, Failure},
    output::Output,
};

/// Does what is asked.
pub(crate) async fn run(args: Args, out: &mut Output) -> Result<Exit, Failure> {
    let Args { options, verb } = args;
    match verb {
        Verb::OnAccount(verb) => on_account(verb, &Account::open(&options, out).await?, out).await,
        Verb::Watch => watch::watch(&options, out).await,
        Verb::Probe(asked) => probe::probe(&options, out, &asked).await,
        Verb::Simulate(asked) => simulate::simulate(&asked, out).await,
        Verb::Demo => demo::demo(out).await,
        Verb::Completions { shell } => shell::completions(shell, out),
        Verb::Man { dir } => shell::manual(out, dir.as_deref()),
    }
}

async fn on_account(verb: AccountVerb, account: &Account, out: &mut Output) -> Result<Exit, Failure> {
    use AccountVerb as Verb;
    match verb {
        Verb::Check => questions::check(account, out).await,
        Verb::Why => questions::why(account, out).await,
        Verb::Diagnose { order } => questions::diagnose(account, out, order.0).await,
        Verb::Timeline { order } => questions::timeline(account, out, order.0).await,
        Verb::Runs(runs) => questions::runs(account, out, runs.limit).await,
        Verb::Stuck => questions::stuck(account, out).await,
        Verb::Changes(changes) => questions::changes(account, out, &changes).await,
        Verb::Import(import) => imports::import(account, out, import).await,
        Verb::Backfill(backfill) => imports::back_fill(account, out, &backfill).await,
        Verb::Orders(orders) => imports::orders(account, out, orders).await,
        Verb::Held(held) => imports::held(account, out, held).await,
        Verb::Mappings(mappings) => mappings::mappings(account, out, mappings).await,
        Verb::Carriers(carriers) => mappings::carriers(account, out, carriers).await,
        Verb::Link(link) => listings::link(account, out, &link).await,
        Verb::Links => listings::links(account, out).await,
        Verb::Ship(ship) => shipments::ship(account, out, ship).await,
        Verb::Shipments(shipments) => shipments::shipments(account, out, shipments).await,
        Verb::Sync => shipments::sync(account, out).await,
        Verb::Hold { order, until } => actions::hold(account, out, order.0, until).await,
        Verb::Release { order } => actions::release(account, out, order.0).await,
        Verb::Tag { order, tag } => actions::tag(account, out, order.0, tag).await,
        Verb::Untag { order, tag } => actions::untag(account, out, order.0, tag).await,
        Verb::Actions => actions::run(account, out).await,
        Verb::Webhooks { address } => actions::webhooks(account, out, address).await,
    }
}

/// Shows a report; the program ends as its run did.
fn report<T: Serialize + std::fmt::Display>(
    out: &mut Output,
    report: &T,
    status: &RunStatus,
) -> Result<Exit, Failure> {
    out.show(report)?;
    Ok(Exit::of(status))
}
