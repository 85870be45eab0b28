//! What became of orders on the channel after they were imported.

use axum::{extract::State, response::Redirect};
use maud::{Markup, html};

use super::super::{
    App,
    error::NoPage,
    layout,
    session::{Operator, Sent},
};
use crate::shop::changes;

pub(crate) async fn show(State(app): State<App>, operator: Operator) -> Result<Markup, NoPage> {
    let unseen = changes::unseen(&app.database).await?;
    let all = changes::count_unseen(&app.database).await?;
    let rows = html! {
        @for change in &unseen {
            tr {
                td { (layout::order_link(&change.number)) }
                td { (change.connection) }
                td { (change.what) }
                td { @if let Some(at) = change.at { (layout::time(at)) } }
                td { (layout::button(&operator, "/changes/seen", &[("id", &change.id.to_string())], "Seen", &change.number)) }
            }
        }
    };
    let content = html! {
        p { "An order that was cancelled, merged, or shipped by somebody else is stopped here by itself; one that was put on hold waits." }
        @match unseen.first() {
            None => (layout::nothing("No order has changed since you last looked.")),
            Some(newest) => {
                (layout::table("Changes", &["Order", "Connection", "What happened", "Changed in ShipStation", "Done"], &rows))
                @let shown = i64::try_from(unseen.len()).unwrap_or(i64::MAX);
                @if all > shown { p { "These are the newest " (shown) " of " (all) "." } }
                (layout::button(&operator, "/changes/seen", &[("id", &newest.id.to_string()), ("earlier", "yes")], "I have seen all of them", "changes"))
            }
        }
    };
    layout::page(&app, &operator, "/changes", "Changes after the import", content).await
}

pub(crate) async fn mark_seen(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let id = sent.fields.get("id").parse().map_err(|_| NoPage::bad("There is no such change."))?;
    let number = changes::mark_seen(&app.database, id, sent.fields.maybe("earlier").is_some()).await?;
    let number = layout::count_of(usize::try_from(number).unwrap_or(usize::MAX), "change");
    sent.operator.did(&app, &format!("{number} seen.")).await?;
    Ok(Redirect::to("/changes"))
}
