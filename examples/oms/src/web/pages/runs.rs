//! The last runs, with what they did.

use axum::extract::State;
use maud::{Markup, html};
use shipstation_connector::channel::{
    Operation,
    store::{RunState, RunSummary},
};

use super::super::{App, error::NoPage, layout, session::Operator};
use crate::shop::{accounts, decisions};

const OPERATIONS: [Operation; 5] = [
    Operation::GetChanges,
    Operation::GetOrders,
    Operation::SyncShipments,
    Operation::ResolveHeld,
    Operation::RunActions,
];
/// As many runs are shown: of each operation, and in all.
const EACH: usize = 20;
const ALL: usize = 40;
const DECISIONS: i64 = 40;

pub(crate) async fn show(State(app): State<App>, operator: Operator) -> Result<Markup, NoPage> {
    let mut runs = Vec::new();
    for account in accounts::all(&app.database).await? {
        for operation in OPERATIONS {
            let recent =
                app.database.stores().runs.recent(&account.name.as_str().into(), operation, EACH).await?;
            runs.extend(recent.into_iter().map(|run| (account.name.clone(), operation, run)));
        }
    }
    runs.sort_by_key(|(_, _, run)| std::cmp::Reverse(run.started));
    let rows = html! {
        @for (connection, operation, run) in runs.iter().take(ALL) {
            tr {
                td { (layout::time(run.started)) }
                td { (connection) }
                td { (operation.name().replace('_', " ")) }
                td { (layout::badge(&status(run))) }
                td { (run.headline) }
                td { @if let Some(finished) = run.finished { (finished.since(run.started).as_secs()) " s" } }
            }
        }
    };
    let decisions = decisions::newest(&app.database, DECISIONS).await?;
    let decided = html! {
        @for decision in &decisions { tr { td { (layout::time(decision.at)) } td { (decision.operator) } td { (decision.what) } } }
    };
    let content = html! {
        @if runs.is_empty() { (layout::nothing("Nothing has run yet.")) } @else {
            (layout::table("Runs", &["Started", "Connection", "Operation", "Ended", "Counts", "Took"], &rows))
        }
        h2 { "What operators did" }
        @if decisions.is_empty() { (layout::nothing("Nothing yet.")) } @else {
            (layout::table("What operators did", &["When", "Who", "What"], &decided))
        }
    };
    layout::page(&app, &operator, "/runs", "Runs", content).await
}

fn status(run: &RunSummary) -> String {
    match &run.state {
        RunState::Ended { status } => status.name().to_owned(),
        RunState::Running => "running".to_owned(),
        _ => "abandoned".to_owned(),
    }
}
