//! Shipments of which ShipStation does not know yet: what blocks them, what they wait for, what will never arrive.

use std::collections::BTreeMap;

use axum::{extract::State, response::Redirect};
use maud::{Markup, html};
use shipstation_connector::channel::{
    BlockReason, ConnectionId, Operation, ShipmentState,
    shipping::{CarrierRule, CarrierRules, CarrierSuggestion},
    store::{OutboxQuery, OutboxRow},
};

use super::{
    super::{
        App,
        error::NoPage,
        layout,
        session::{Operator, Sent},
    },
    rules,
};
use crate::shop::{
    accounts,
    parcels::{self, Parcel},
};

/// As many rows are read at once, and shown of each kind.
const ROWS: usize = 500;
const SHOWN: usize = 100;
/// Of so many rows the page is made: what comes behind them shows when these are gone.
const MOST: usize = 10_000;

/// A row of the outbox of a connection.
type Open = (ConnectionId, OutboxRow);

/// Blocked shipments that one action unblocks.
struct Group {
    connection: ConnectionId,
    reason: BlockReason,
    rows: Vec<OutboxRow>,
    suggestions: Vec<CarrierSuggestion>,
    /// Why there are no suggestions.
    trouble: Option<String>,
}

pub(crate) async fn show(State(app): State<App>, operator: Operator) -> Result<Markup, NoPage> {
    let blocked = groups(&app).await?;
    let later = app.clock.now() + ShipmentState::MAX_RETRY_WAIT * 2;
    let (mut waiting, mut moving) = (Vec::new(), Vec::new());
    for query in [OutboxQuery::Due { now: later }, OutboxQuery::InFlight] {
        for open in open(&app, &query).await? {
            match open.1.state {
                ShipmentState::Waiting { .. } => waiting.push(open),
                ShipmentState::Blocked { .. } => {}
                _ => moving.push(open),
            }
        }
    }
    let failed = parcels::failed(&app.database).await?;
    let is_quiet = blocked.is_empty() && waiting.is_empty() && moving.is_empty() && failed.is_empty();
    let content = html! {
        @if is_quiet { (layout::nothing("ShipStation knows of every shipment.")) }
        @for (place, group) in blocked.iter().enumerate() { (card(&operator, place, group)) }
        (list("Waiting for the rest of the order", "Ship or cancel what is missing, and it goes out.", &waiting))
        (list("On their way to ShipStation", "Sent by itself; nothing is to be done.", &moving))
        @if !failed.is_empty() { (failed_list(&operator, &failed)) }
    };
    layout::page(&app, &operator, "/shipments", "Shipments", content).await
}

/// The rows of every connection that a query takes.
async fn open(app: &App, query: &OutboxQuery) -> Result<Vec<Open>, NoPage> {
    let mut all = Vec::new();
    for account in accounts::all(&app.database).await? {
        let (connection, mut after) = (ConnectionId::new(account.name), None);
        loop {
            let shipments = app.database.stores().shipments;
            let page = shipments.rows(&connection, query, after.as_ref(), ROWS).await?.rows;
            let Some(last) = page.last().filter(|_| all.len() < MOST) else { break };
            after = Some(last.cursor());
            all.extend(page.into_iter().map(|row| (connection.clone(), row)));
        }
    }
    Ok(all)
}

async fn groups(app: &App) -> Result<Vec<Group>, NoPage> {
    let mut groups = BTreeMap::<(ConnectionId, String), Group>::new();
    for (connection, row) in open(app, &OutboxQuery::Blocked).await? {
        let ShipmentState::Blocked { reason } = &row.state else { continue };
        // One button unblocks all that have one key.
        let key = reason.unblock_key().map_or_else(|| reason.to_string(), str::to_owned);
        let key = (connection.clone(), key);
        let new = || Group {
            connection,
            reason: reason.clone(),
            rows: Vec::new(),
            suggestions: Vec::new(),
            trouble: None,
        };
        groups.entry(key).or_insert_with(new).rows.push(row.clone());
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in groups.iter_mut().filter(|group| carrier(group).is_some()) {
        match app.channels.carriers(group.connection.as_str()).await {
            Ok(carriers) => {
                group.suggestions = CarrierRules::suggest(carrier(group).unwrap_or_default(), &carriers);
            }
            Err(error) => group.trouble = Some(error.to_string()),
        }
    }
    Ok(groups)
}

/// The carrier that is not mapped, as the host writes it.
fn carrier(group: &Group) -> Option<&str> {
    let is_unmapped = matches!(group.reason, BlockReason::UnmappedCarrier { .. });
    group.rows.first().filter(|_| is_unmapped)?.shipment.carrier.as_deref()
}

fn card(operator: &Operator, place: usize, group: &Group) -> Markup {
    let title = format!("b-{place}");
    let number = layout::count_of(group.rows.len(), "shipment");
    html! {
        section.panel aria-labelledby=(title) {
            h2 id=(title) {
                @match carrier(group) {
                    Some(carrier) => { "Carrier “" (carrier) "” is not mapped" }
                    None => (group.reason.kind().name().replace('_', " "))
                }
                " " span.badge.warn { (number) " blocked" }
            }
            @for (reason, rows) in by_reason(&group.rows) {
                p {
                    (group.connection) ": " (reason) ". Orders: "
                    @for (place, row) in rows.iter().take(8).enumerate() {
                        @if place > 0 { ", " }
                        (order_link(row))
                    }
                    @if rows.len() > 8 { " and " (rows.len() - 8) " more" }
                }
            }
            @match carrier(group) {
                Some(carrier) => (carrier_form(operator, place, group, carrier)),
                None => @if let Some(key) = group.reason.unblock_key() {
                    (layout::button(operator, "/shipments/unblock", &[("connection", group.connection.as_str()), ("key", key)], again(&group.reason), group.reason.kind().name()))
                    p.note { "Carrier and tracking number are corrected on the page of the order." }
                } @else { p.note { "It is looked at again in every run, and goes out by itself." } }
            }
        }
    }
}

/// The rows, by why they are blocked.
fn by_reason(rows: &[OutboxRow]) -> BTreeMap<String, Vec<&OutboxRow>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for row in rows {
        if let ShipmentState::Blocked { reason } = &row.state {
            all.entry(reason.to_string()).or_default().push(row);
        }
    }
    all
}

/// What an operator says who unblocks it.
fn again(reason: &BlockReason) -> &'static str {
    match reason {
        BlockReason::OutcomeUnknown { .. } => "I have looked, and ShipStation does not have it: send again",
        BlockReason::OrderMismatch { .. } => "It is the right order: send it",
        _ => "It is corrected: send again",
    }
}

fn order_link(row: &OutboxRow) -> Markup {
    let Some(number) = &row.shipment.order_number else { return html! { (row.shipment.order) } };
    html! { (layout::order_link(number)) }
}

fn carrier_form(operator: &Operator, place: usize, group: &Group, carrier: &str) -> Markup {
    let id = format!("code-{place}");
    html! {
        form.stack action="/shipments/carrier" method="post" {
            (operator.form_token())
            input type="hidden" name="connection" value=(group.connection);
            input type="hidden" name="carrier" value=(carrier);
            input type="hidden" name="key" value=(group.reason.unblock_key().unwrap_or_default());
            @if !group.suggestions.is_empty() {
                p { "It may be:" }
                ul.suggestions {
                    @for suggestion in &group.suggestions {
                        li {
                            button name="suggested" value=(suggestion.carrier.code) formnovalidate { "It is " (suggestion.carrier.code) }
                            " " (suggestion.carrier.name) ", " (suggestion.reason)
                        }
                    }
                }
            }
            @if let Some(trouble) = &group.trouble { p.error { "The carriers of the account are not known: " (trouble) } }
            label for=(id) { "Code of “" (carrier) "” in ShipStation" }
            input id=(id) name="code" required autocomplete="off";
            (rules::sure(&format!("{} does not have the carrier for “{carrier}”", group.connection)))
            button.main aria-label={ "Map it, and send: " (carrier) } { "Map it, and send" }
        }
    }
}

fn list(title: &str, help: &str, rows: &[Open]) -> Markup {
    let shown = html! {
        @for (connection, row) in rows.iter().take(SHOWN) {
            tr {
                td { (order_link(row)) }
                td { (connection) }
                td { (layout::badge(row.state.name())) }
                td { (row.shipment.carrier.as_deref().unwrap_or("–")) }
                td { (layout::time(row.enqueued_at)) }
                td { (why(row)) }
            }
        }
    };
    html! {
        @if !rows.is_empty() {
            h2 { (title) " (" (rows.len()) ")" }
            p { (help) @if rows.len() > SHOWN { " These are the first " (SHOWN) "." } }
            (layout::table(title, &["Order", "Connection", "State", "Carrier", "Since", "Why"], &shown))
        }
    }
}

/// What it waits for, or what the last answer was.
fn why(row: &OutboxRow) -> String {
    let ShipmentState::Waiting { missing } = &row.state else {
        return row.last_error.clone().unwrap_or_default();
    };
    let pieces: i64 = missing.iter().map(|line| line.quantity).sum();
    let pieces = layout::count_of(usize::try_from(pieces).unwrap_or(0), "piece");
    format!("{pieces} still to ship: open the order")
}

fn failed_list(operator: &Operator, failed: &[Parcel]) -> Markup {
    let rows = html! {
        @for parcel in failed {
            tr {
                td { (layout::order_link(&parcel.number)) }
                td { (parcel.connection) }
                td { (parcel.carrier) " " (parcel.tracking) }
                td { (layout::time(parcel.shipped_at)) }
                td { (parcel.why.as_deref().unwrap_or_default()) }
                td { (layout::button(operator, "/shipments/dealt-with", &[("parcel", &parcel.id), ("number", &parcel.number)], "Dealt with", &parcel.number)) }
            }
        }
    };
    html! {
        h2 #failed { "Failed (" (failed.len()) ")" }
        p { "ShipStation is not told of these. The goods may be on their way: decide what becomes of them." }
        (layout::table("Failed", &["Order", "Connection", "Parcel", "Left", "Why", "Done"], &rows))
    }
}

pub(crate) async fn map_carrier(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let connection = app.channel(sent.fields.get("connection")).await?.connection().clone();
    let code = sent.fields.maybe("suggested").or_else(|| sent.fields.maybe("code"));
    let code = code.ok_or_else(|| NoPage::bad("Name the carrier's code in ShipStation."))?;
    let carrier = sent.fields.maybe("carrier").ok_or_else(|| NoPage::bad("Name the carrier."))?;
    let (rule, is_sure) = (CarrierRule::new(carrier, code), sent.fields.maybe("sure").is_some());
    let instead = rules::add_carrier(&app, &connection, rule, is_sure).await?;
    let released = release(&app, &connection, sent.fields.get("key")).await?;
    sent.operator.did(&app, &format!("“{carrier}” is {code} from now on{instead}. {released}")).await?;
    Ok(Redirect::to("/shipments"))
}

pub(crate) async fn unblock(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let connection = app.channel(sent.fields.get("connection")).await?.connection().clone();
    let released = release(&app, &connection, sent.fields.get("key")).await?;
    sent.operator.did(&app, &released).await?;
    Ok(Redirect::to("/shipments"))
}

/// Unblocks what is blocked on a key, and has it sent: says how many.
async fn release(app: &App, connection: &ConnectionId, key: &str) -> Result<String, NoPage> {
    let released = app.database.stores().shipments.unblock(connection, key, app.clock.now()).await?;
    app.wake(connection, Operation::SyncShipments).await;
    let number = layout::count_of(usize::try_from(released).unwrap_or(usize::MAX), "shipment");
    Ok(format!("{number} unblocked: ShipStation is told in a moment."))
}

pub(crate) async fn dealt_with(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let (parcel, number) = (sent.fields.get("parcel"), sent.fields.get("number"));
    if !parcels::dealt_with(&app.database, parcel).await? {
        return Err(NoPage::not_found("There is no such failed parcel."));
    }
    sent.operator.did(&app, &format!("The failed parcel of order {number} is dealt with.")).await?;
    Ok(Redirect::to("/shipments"))
}
