//! One order of the host's: what is to be packed, its parcels, its story.

use axum::{
    extract::{Path, State},
    response::Redirect,
};
use maud::{Markup, html};
use shipstation_connector::channel::{
    ChannelConnector, LineQuantity, Operation, OrderSelector, OrderTimeline, store::MappingStoreExt,
};

use super::super::{
    App,
    error::NoPage,
    layout,
    session::{Fields, Operator, Sent},
};
use crate::{
    Failure,
    shop::{
        changes::{self, Change},
        orders::{self, Order},
        parcels::{self, Parcel},
    },
};

/// As many characters as a tracking number may have, and as the name of a carrier.
const TRACKING: usize = 50;
const CARRIER: usize = 60;

pub(crate) async fn show(
    State(app): State<App>,
    operator: Operator,
    Path(id): Path<String>,
) -> Result<Markup, NoPage> {
    let order = find(&app, &id).await?;
    let parcels = parcels::of_order(&app.database, order.id).await?;
    let changes = changes::of_order(&app.database, &order.connection, &order.external_id).await?;
    let rules = app.database.stores().mappings.carrier_rules(&order.connection).await?.rows;
    let left = orders::left_to_ship(&order, &parcels);
    let content = html! {
        p {
            (layout::order_state(&order)) ", " (order.connection)
            @if let Some(store) = &order.store { ", " (store) }
            ", placed " (layout::time(order.placed_at)) ", imported " (layout::time(order.imported_at))
            @if let Some(total) = &order.total { ", " (total) }
        }
        (changed(&changes))
        div.columns {
            section aria-labelledby="pack" { h2 #pack { "To pack" } (lines(&order, &left)) }
            section aria-labelledby="to" { h2 #to { "To" } address { @for line in order.ship_to.lines() { (line) br; } } }
        }
        datalist #carriers { @for rule in &rules { option value=(rule.carrier); } }
        (actions(&operator, &order, &left))
        h2 { "Parcels" }
        @if parcels.is_empty() { (layout::nothing("No parcel has left.")) } @else { (parcels_table(&parcels)) }
        @for parcel in parcels.iter().filter(|parcel| can_be_corrected(parcel)) { (correction(&operator, &order, parcel)) }
        h2 { "What happened" }
        (story(&app, &order).await)
        (layout::button(&operator, "/search", &[("number", &order.number)], "Ask ShipStation about it", &order.number))
    };
    layout::page(&app, &operator, "/orders", &format!("Order {}", order.number), content).await
}

async fn find(app: &App, id: &str) -> Result<Order, NoPage> {
    let order = match id.parse() {
        Ok(id) => orders::by_id(&app.database, id).await?,
        Err(_) => None,
    };
    order.ok_or_else(|| NoPage::not_found("There is no such order."))
}

/// What the host's copy does not show.
fn changed(changes: &[Change]) -> Markup {
    html! {
        @if !changes.is_empty() {
            div.error role="note" {
                strong { "Changed in ShipStation after the import" } ": "
                @for (place, change) in changes.iter().enumerate() {
                    @if place > 0 { ", " }
                    (change.what)
                    @if let Some(at) = change.at { " (" (layout::time(at)) ")" }
                }
                ". Where lines or address are other ones, go by ShipStation."
            }
        }
    }
}

fn lines(order: &Order, left: &[LineQuantity]) -> Markup {
    let remaining = |id| left.iter().find(|line| line.line == id).map_or(0, |line| line.quantity);
    let rows = html! {
        @for line in &order.lines {
            @let still = remaining(line.id.clone());
            tr {
                td { (still) @if still != line.quantity { " of " (line.quantity) } }
                td { (line.sku.as_deref().unwrap_or("–")) }
                td { (line.name.as_deref().unwrap_or("–")) }
            }
        }
    };
    layout::table("To pack", &["Still to pack", "SKU", "Name"], &rows)
}

fn actions(operator: &Operator, order: &Order, left: &[LineQuantity]) -> Markup {
    let action = format!("/orders/{}", order.id);
    html! {
        @match order.state.as_str() {
            "ready" if !left.is_empty() => {
                form.panel.stack action={ (action) "/ship" } method="post" {
                    h2 {
                        "Ship " @if left.len() < order.lines.len() { "the rest" } @else { "it" }
                        @if let Some(method) = &order.method { ", by " (method) }
                    }
                    (operator.form_token())
                    (parcel_fields("ship", "", ""))
                    button.main { "It has left" }
                }
            }
            "held" => {
                p { "It waits until the reason is resolved: " a href="/held" { "held orders" } ". Released by hand, it is ready whatever holds it." }
                (layout::button(operator, &format!("{action}/release"), &[], "Release it by hand", &order.number))
            }
            "on_hold" => p.error { "It is on hold in ShipStation. Do not ship it: released there, it is ready here within minutes." }
            "stopped" => p.error { "It was ended in ShipStation after the import. Do not ship it." }
            _ => {}
        }
    }
}

fn parcel_fields(id: &str, carrier: &str, tracking: &str) -> Markup {
    html! {
        label for={ (id) "-carrier" } { "Carrier" }
        input id={ (id) "-carrier" } name="carrier" value=(carrier) required autocomplete="off" list="carriers";
        label for={ (id) "-tracking" } { "Tracking number" }
        input id={ (id) "-tracking" } name="tracking" value=(tracking) required autocomplete="off";
    }
}

fn parcels_table(parcels: &[Parcel]) -> Markup {
    let rows = html! {
        @for parcel in parcels {
            tr {
                td { (layout::badge(&parcel.state)) @if parcel.is_dealt_with { " dealt with" } }
                td { (parcel.carrier) }
                td.number { (parcel.tracking) }
                td { (parcel.lines.iter().map(|line| line.quantity).sum::<i64>()) }
                td { (layout::time(parcel.shipped_at)) }
                td { (parcel.why.as_deref().unwrap_or_default()) }
            }
        }
    };
    let is_known = parcels.iter().any(|parcel| parcel.state == "confirmed");
    html! {
        (layout::table("Parcels", &["State", "Carrier", "Tracking number", "Pieces", "Left", "Why"], &rows))
        @if is_known { p.note { "What ShipStation knows already is corrected there." } }
    }
}

/// Whether the channel cannot know of it yet.
fn can_be_corrected(parcel: &Parcel) -> bool {
    matches!(parcel.state.as_str(), "pending" | "waiting" | "blocked" | "retry_wait")
}

fn correction(operator: &Operator, order: &Order, parcel: &Parcel) -> Markup {
    html! {
        details {
            summary { "Correct the parcel " (parcel.tracking) }
            form.panel.stack action={ "/orders/" (order.id) "/correct" } method="post" {
                (operator.form_token())
                input type="hidden" name="parcel" value=(parcel.id);
                (parcel_fields(&parcel.id, &parcel.carrier, &parcel.tracking))
                button { "Correct it" }
            }
        }
    }
}

/// What the stores know of it. ShipStation is not asked.
async fn story(app: &App, order: &Order) -> Markup {
    let asked = async {
        let request = OrderTimeline::new(OrderSelector::Id(order.external_id.clone()));
        Ok::<_, Failure>(app.channels.of(order.connection.as_str()).await?.timeline(request).await?)
    };
    match asked.await {
        Ok(timeline) => layout::story(&timeline),
        Err(error) => html! { p.error { "That cannot be told: " (error) } },
    }
}

/// Carrier and tracking number as a form has them.
fn parcel_of(fields: &Fields) -> Result<(&str, &str), NoPage> {
    let (carrier, tracking) = (fields.get("carrier"), fields.get("tracking"));
    if carrier.is_empty() || carrier.chars().count() > CARRIER {
        return Err(NoPage::bad(format!("A parcel needs a carrier, with at most {CARRIER} characters.")));
    }
    let is_number = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ' ';
    if tracking.is_empty() || tracking.len() > TRACKING || !tracking.chars().all(is_number) {
        let why = format!("A tracking number has letters, digits, spaces and hyphens, at most {TRACKING}.");
        return Err(NoPage::bad(why));
    }
    Ok((carrier, tracking))
}

pub(crate) async fn ship(
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect, NoPage> {
    let order = find(&app, &id).await?;
    let parcel = parcel_of(&sent.fields)?;
    let left = orders::left_to_ship(&order, &parcels::of_order(&app.database, order.id).await?);
    let is_left = !left.is_empty();
    if is_left && orders::ship(&app.database, &order, parcel, left, app.clock.now()).await? {
        app.wake(&order.connection, Operation::SyncShipments).await;
        let (carrier, tracking) = parcel;
        let others = parcels::others_with(&app.database, tracking, order.id).await?;
        let others = match others.as_slice() {
            [] => String::new(),
            others => format!(" The number is that of order {}, too.", others.join(", ")),
        };
        let did = format!(
            "Order {} has left with {carrier} {tracking}. ShipStation is told in a moment.{others}",
            order.number
        );
        sent.operator.did(&app, &did).await?;
    } else {
        let said = format!("Order {} was not ready any more: nothing was changed.", order.number);
        sent.operator.say(&app, &said).await?;
    }
    Ok(Redirect::to(&format!("/orders/{id}")))
}

pub(crate) async fn correct(
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect, NoPage> {
    let order = find(&app, &id).await?;
    let (carrier, tracking) = parcel_of(&sent.fields)?;
    let parcels = parcels::of_order(&app.database, order.id).await?;
    let meant = parcels.iter().find(|parcel| parcel.id == sent.fields.get("parcel"));
    let meant = meant.ok_or_else(|| NoPage::not_found("The order has no such parcel."))?;
    let now = app.clock.now();
    if can_be_corrected(meant)
        && orders::correct(&app.database, &order, meant, (carrier, tracking), now).await?
    {
        app.wake(&order.connection, Operation::SyncShipments).await;
        let did = format!("The parcel of order {} is corrected to {carrier} {tracking}.", order.number);
        sent.operator.did(&app, &did).await?;
    } else {
        sent.operator.say(&app, "ShipStation may know of the parcel already: nothing was changed.").await?;
    }
    Ok(Redirect::to(&format!("/orders/{id}")))
}

pub(crate) async fn release(
    State(app): State<App>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect, NoPage> {
    let order = find(&app, &id).await?;
    if app.database.release_order(&order.connection, &order.external_id, app.clock.now()).await? {
        sent.operator.did(&app, &format!("Order {} was released by hand.", order.number)).await?;
    } else {
        sent.operator.say(&app, "The order was not held any more.").await?;
    }
    Ok(Redirect::to(&format!("/orders/{id}")))
}
