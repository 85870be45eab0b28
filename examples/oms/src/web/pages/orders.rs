//! The host's orders, by their states.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::{App, error::NoPage, layout, session::Operator};
use crate::shop::orders::{self, Order};

/// The states, and whether the newest are shown first: those that nobody waits for.
const STATES: [(&str, bool); 5] =
    [("ready", false), ("held", false), ("on_hold", false), ("shipped", true), ("stopped", true)];

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    state: Option<String>,
    /// The last order of the page before, by its number of the host's.
    from: Option<String>,
    /// The number of one order.
    number: Option<String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    operator: Operator,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    if let Some(number) = &asked.number {
        return Ok(one(&app, number).await?.into_response());
    }
    let state = asked.state.as_deref().unwrap_or("ready");
    let Some((_, newest_first)) = STATES.into_iter().find(|(known, _)| *known == state) else {
        return Err(NoPage::not_found(format!("No order is {state:?}.")));
    };
    let from = asked.from.and_then(|from| from.parse().ok());
    let page = if newest_first {
        orders::newest(&app.database, state, from.unwrap_or(i64::MAX)).await?
    } else {
        orders::oldest(&app.database, state, from.unwrap_or(0)).await?
    };
    let counts = orders::counts(&app.database).await?;
    let count = |of: &str| counts.get(of).copied().unwrap_or(0);
    let content = html! {
        nav.tabs aria-label="States" {
            @for (of, _) in STATES {
                a href=(layout::link("/orders", &[("state", of)])) aria-current=[(of == state).then_some("page")] {
                    (of.replace('_', " ")) " " (count(of))
                }
            }
        }
        (list(state, &page))
    };
    Ok(layout::page(&app, &operator, "/orders", "Orders", content).await?.into_response())
}

/// The one order with a number; where there is none, or more, the search says what there is.
async fn one(app: &App, number: &str) -> Result<Redirect, NoPage> {
    let found = orders::by_number(&app.database, number).await?;
    Ok(match found.as_slice() {
        [order] => Redirect::to(&format!("/orders/{}", order.id)),
        _ => Redirect::to(&layout::link("/search", &[("number", number)])),
    })
}

fn list(state: &str, page: &[Order]) -> Markup {
    let rows = html! {
        @for order in page {
            tr {
                td { a.number href={ "/orders/" (order.id) } { (order.number) } }
                td { (order.connection) }
                td { (layout::order_state(order)) }
                td { (layout::time(order.placed_at)) }
                td { (order.lines.iter().map(|line| line.quantity).sum::<i64>()) }
                td { (order.method.as_deref().unwrap_or("–")) }
            }
        }
    };
    let is_full = i64::try_from(page.len()).is_ok_and(|shown| shown == orders::PAGE);
    html! {
        @if page.is_empty() { (layout::nothing("No order is here.")) } @else {
            (layout::table("Orders", &["Order", "Connection", "State", "Placed", "Pieces", "Shipped by"], &rows))
        }
        @if is_full && let Some(last) = page.last() {
            p { a href=(layout::link("/orders", &[("state", state), ("from", &last.id.to_string())])) { "Next page" } }
        }
    }
}
