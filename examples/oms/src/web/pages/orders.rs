//! The host's orders, by their states.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{App, error::NoPage, layout, session::Operator};
use crate::shop::orders;

const STATES: [&str; 4] = ["ready", "held", "shipped", "stopped"];

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    state: Option<String>,
    /// Behind the order with this number of the host's.
    #[serde(default)]
    after: i64,
}

pub(crate) async fn show(
    State(app): State<App>,
    operator: Operator,
    Query(asked): Query<Asked>,
) -> Result<Markup, NoPage> {
    let state = asked.state.as_deref().unwrap_or("ready");
    if !STATES.contains(&state) {
        return Err(NoPage::not_found(format!("No order is {state:?}: there are {}.", STATES.join(", "))));
    }
    let counts = orders::counts(&app.database).await?;
    let count = |of: &str| counts.iter().find(|(state, _)| state == of).map_or(0, |(_, count)| *count);
    let page = orders::in_state(&app.database, state, asked.after).await?;
    let rows = html! {
        @for order in &page {
            tr {
                td { a href={ "/orders/" (order.id) } { (order.number) } }
                td { (order.connection) }
                td { (layout::time(order.placed_at)) }
                td { (order.lines.iter().map(|line| line.quantity).sum::<i64>()) }
                td { (order.method.as_deref().unwrap_or("–")) }
            }
        }
    };
    let is_full = i64::try_from(page.len()).is_ok_and(|shown| shown == orders::PAGE);
    let content = html! {
        nav.tabs aria-label="States" {
            @for of in STATES {
                a href=(layout::link("/orders", &[("state", of)])) aria-current=[(of == state).then_some("page")] { (of) " " (count(of)) }
            }
        }
        @if page.is_empty() { (layout::nothing("No order is here.")) } @else {
            (layout::table("Orders", &["Order", "Connection", "Placed", "Pieces", "Shipped by"], &rows))
        }
        @if is_full && let Some(last) = page.last() {
            p { a href=(layout::link("/orders", &[("state", state), ("after", &last.id.to_string())])) { "Next page" } }
        }
    };
    layout::page(&app, &operator, "/orders", "Orders", content).await
}
