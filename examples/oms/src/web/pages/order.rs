//! One order of the host's: what is to be packed, its parcels, its story.

use axum::{
    extract::{Path, State},
    response::Redirect,
};
use maud::{Markup, html};
use shipstation_connector::channel::{ChannelConnector, Operation, OrderSelector, OrderTimeline};

use super::{
    super::{
        App,
        error::NoPage,
        layout,
        session::{Operator, Sent},
    },
    held,
};
use crate::shop::{
    orders::{self, Order},
    parcels::{self, Parcel},
};

pub(crate) async fn show(
    State(app): State<App>,
    operator: Operator,
    Path(id): Path<i64>,
) -> Result<Markup, NoPage> {
    let order = find(&app, id).await?;
    let content = details(&app, &operator, &order).await?;
    layout::page(&app, &operator, "/orders", &format!("Order {}", order.number), content).await
}

async fn find(app: &App, id: i64) -> Result<Order, NoPage> {
    let order = orders::by_id(&app.database, id).await?;
    order.ok_or_else(|| NoPage::not_found("There is no such order."))
}

async fn details(app: &App, operator: &Operator, order: &Order) -> Result<Markup, NoPage> {
    let parcels = parcels::of_order(&app.database, order.id).await?;
    let story = story(app, order).await?;
    Ok(html! {
        p {
            (layout::badge(&order.state)) " " (order.connection)
            @if let Some(store) = &order.store { ", " (store) }
            ", placed " (layout::time(order.placed_at)) ", imported " (layout::time(order.imported_at))
            @if let Some(total) = &order.total { ", " (total) }
        }
        div.columns {
            section aria-labelledby="pack" { h2 #pack { "To pack" } (lines(order)) }
            section aria-labelledby="to" { h2 #to { "To" } address { @for line in order.ship_to.lines() { (line) br; } } }
        }
        (actions(operator, order))
        h2 { "Parcels" }
        @if parcels.is_empty() { (layout::nothing("No parcel has left.")) } @else { (parcels_table(&parcels)) }
        h2 { "What happened" }
        (story)
    })
}

fn lines(order: &Order) -> Markup {
    let rows = html! {
        @for line in &order.lines {
            tr { td { (line.quantity) } td { (line.sku.as_deref().unwrap_or("–")) } td { (line.name.as_deref().unwrap_or("–")) } }
        }
    };
    layout::table("To pack", &["Quantity", "SKU", "Name"], &rows)
}

fn actions(operator: &Operator, order: &Order) -> Markup {
    let action = format!("/orders/{}", order.id);
    html! {
        @match order.state.as_str() {
            "ready" => {
                form.panel.stack action={ (action) "/ship" } method="post" {
                    h2 { "Ship it" @if let Some(method) = &order.method { ", by " (method) } }
                    (operator.form_token())
                    label for="carrier" { "Carrier" }
                    input #carrier name="carrier" required autocomplete="off";
                    label for="tracking" { "Tracking number" }
                    input #tracking name="tracking" required autocomplete="off";
                    button.main { "It has left" }
                }
            }
            "held" => {
                p { "It waits until the reason is resolved: " a href="/held" { "held orders" } ". Released by hand, it is ready whatever holds it." }
                (layout::button(operator, &format!("{action}/release"), &[], "Release it by hand", &order.number))
            }
            "stopped" => p { "It was ended on the channel after the import. Do not ship it." }
            _ => {}
        }
    }
}

fn parcels_table(parcels: &[Parcel]) -> Markup {
    let rows = html! {
        @for parcel in parcels {
            tr {
                td { (layout::badge(&parcel.state)) }
                td { (parcel.carrier) }
                td { (parcel.tracking) }
                td { (layout::time(parcel.shipped_at)) }
                td { (parcel.why.as_deref().unwrap_or_default()) }
            }
        }
    };
    layout::table("Parcels", &["State", "Carrier", "Tracking number", "Left", "Why"], &rows)
}

/// What the stores know of it. ShipStation is not asked.
async fn story(app: &App, order: &Order) -> Result<Markup, NoPage> {
    let request = OrderTimeline::new(OrderSelector::Id(order.external_id.clone()));
    let timeline = app.channels.of(order.connection.as_str()).await?.timeline(request).await?;
    Ok(html! {
        @if timeline.events.is_empty() { (layout::nothing("Nothing is known of it.")) }
        ol.story { @for event in &timeline.events { li { (layout::time(event.at)) " " (event.what) } } }
    })
}

pub(crate) async fn ship(
    State(app): State<App>,
    Path(id): Path<i64>,
    sent: Sent,
) -> Result<Redirect, NoPage> {
    let order = find(&app, id).await?;
    let (carrier, tracking) = (sent.fields.get("carrier"), sent.fields.get("tracking"));
    if carrier.is_empty() || tracking.is_empty() {
        return Err(NoPage::bad("A parcel needs a carrier and a tracking number."));
    }
    let booked = orders::ship(&app.database, &order, carrier, tracking, Vec::new(), app.clock.now()).await?;
    let said = if booked {
        app.fleet.wake(&order.connection, Operation::SyncShipments).await?;
        format!("Order {} has left. ShipStation is told in a moment.", order.number)
    } else {
        format!("Order {} was not ready any more: nothing was changed.", order.number)
    };
    sent.operator.say(&app, &said).await?;
    Ok(Redirect::to(&format!("/orders/{id}")))
}

pub(crate) async fn release(
    State(app): State<App>,
    Path(id): Path<i64>,
    sent: Sent,
) -> Result<Redirect, NoPage> {
    let released = held::release(&app, id).await?;
    let said = if released { "The order is ready." } else { "The order was not held any more." };
    sent.operator.say(&app, said).await?;
    Ok(Redirect::to(&format!("/orders/{id}")))
}
