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
use shipstation_connector::channel::{OrderRange, RunStatus};

use crate::{
    account::Account,
    args::{AccountVerb, Args, Verb},
    exit::{Ended, Exit},
    output::Output,
};

/// Does what is asked.
pub(crate) async fn run(args: Args, out: &mut Output) -> Ended {
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

async fn on_account(verb: AccountVerb, account: &Account, out: &mut Output) -> Ended {
    use AccountVerb as Verb;
    match verb {
        Verb::Check => questions::check(account, out).await,
        Verb::Why => questions::why(account, out).await,
        Verb::Diagnose { order } => questions::diagnose(account, out, order.0).await,
        Verb::Timeline { order } => questions::timeline(account, out, order.0).await,
        Verb::Runs { limit } => questions::runs(account, out, limit).await,
        Verb::Stuck => questions::stuck(account, out).await,
        Verb::Changes { after, limit } => questions::changes(account, out, after, limit).await,
        Verb::Import { order, bypass, changes } => {
            imports::import(account, out, order, &bypass, changes).await
        }
        Verb::Backfill { from, to, by } => {
            imports::back_fill(account, out, OrderRange::new(from, to).by(by)).await
        }
        Verb::Orders { act, limit } => imports::orders(account, out, act, limit).await,
        Verb::Held { act } => imports::held(account, out, act).await,
        Verb::Mappings { act } => mappings::mappings(account, out, act).await,
        Verb::Carriers { act } => mappings::carriers(account, out, act).await,
        Verb::Link { listings } => listings::link(account, out, listings.as_deref()).await,
        Verb::Links => listings::links(account, out).await,
        Verb::Ship(ship) => shipments::ship(account, out, ship).await,
        Verb::Shipments { act } => shipments::shipments(account, out, act).await,
        Verb::Sync => shipments::sync(account, out).await,
        Verb::Act(action) => actions::act(account, out, action).await,
    }
}

/// Shows a report; the program ends as its run did.
fn report<T: Serialize + std::fmt::Display>(out: &mut Output, report: &T, status: &RunStatus) -> Ended {
    out.show(report)?;
    Ok(Exit::of(status))
}
