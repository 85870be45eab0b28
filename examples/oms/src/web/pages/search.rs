//! "Why is this order not here?": the host's orders with a number, and what ShipStation says of it.

use std::time::Duration;

use axum::{
    extract::{Query, State},
    response::Redirect,
};
use maud::{Markup, html};
use serde::Deserialize;
use shipstation_connector::channel::{
    Bypass, ChannelConnector, Check, DiagnoseOrder, Diagnosis, ImportOrder, OrderSelector, RunControl,
    Verdict,
};

use super::super::{
    App,
    error::NoPage,
    layout,
    session::{Operator, Sent},
};
use crate::{
    Failure,
    shop::{
        accounts,
        orders::{self, Order},
    },
};

/// How long ShipStation has to answer for a connection.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    number: String,
}

/// What the connections say of a number.
#[derive(Default)]
struct Answers {
    found: Vec<(String, Diagnosis)>,
    without: Vec<String>,
    silent: Vec<(String, Failure)>,
}

/// What is here. ShipStation is not asked: its requests are few, and a page may be loaded again and again.
pub(crate) async fn show(
    State(app): State<App>,
    operator: Operator,
    Query(asked): Query<Asked>,
) -> Result<Markup, NoPage> {
    let number = clean(&asked.number)?;
    let here = orders::by_number(&app.database, number).await?;
    let content = html! {
        @if here.is_empty() { p { "It is not among your orders." } }
        (own(&here))
        form.inline action="/search" method="post" {
            (operator.form_token())
            input type="hidden" name="number" value=(number);
            button.main { "Ask ShipStation" }
        }
    };
    layout::page(&app, &operator, "", &format!("Order {number}"), content).await
}

/// What is here, and what ShipStation says.
pub(crate) async fn ask(State(app): State<App>, sent: Sent) -> Result<Markup, NoPage> {
    let number = clean(sent.fields.get("number"))?;
    let mut here = orders::by_number(&app.database, number).await?;
    let answers = ask_all(&app, number, &here).await?;
    // ShipStation finds a number that is written in another way, and an id.
    for (connection, diagnosis) in &answers.found {
        let is_here = here.iter().any(|order| Some(&order.external_id) == diagnosis.order.as_ref());
        if let Some(order) = diagnosis.order.as_ref().filter(|_| !is_here) {
            here.extend(orders::imported_as(&app.database, &connection.as_str().into(), order).await?);
        }
    }
    let Answers { found, without, silent } = answers;
    let content = html! {
        @if here.is_empty() { p { "It is not among your orders. This is what ShipStation says:" } }
        (own(&here))
        @if found.is_empty() && without.is_empty() && silent.is_empty() {
            (layout::nothing("No connection is served that could be asked."))
        }
        @for (connection, diagnosis) in &found { (diagnosed(&sent.operator, connection, number, diagnosis)) }
        @for connection in &without { p { (connection) " has no order with this number." } }
        @for (connection, error) in &silent { p.error { (connection) " could not be asked: " (error) } }
        @if found.is_empty() && !without.is_empty() {
            p { "Is the number right? ShipStation's page of the order shows its id, too: search for " code { "id:" } " and the id." }
        }
    };
    layout::page(&app, &sent.operator, "", &format!("Order {number}"), content).await
}

/// The number as ShipStation has it.
fn clean(number: &str) -> Result<&str, NoPage> {
    let number = number.trim().trim_start_matches('#');
    if number.is_empty() { Err(NoPage::bad("Give the number of an order.")) } else { Ok(number) }
}

fn own(here: &[Order]) -> Markup {
    html! {
        @for order in here {
            p {
                a href={ "/orders/" (order.id) } { "Order " (order.number) } " is here: "
                (layout::order_state(order)) ", " (order.connection)
            }
        }
    }
}

/// Asks those connections that have the order here; all, if none has.
async fn ask_all(app: &App, number: &str, here: &[Order]) -> Result<Answers, NoPage> {
    let mut answers = Answers::default();
    for account in accounts::all(&app.database).await?.into_iter().filter(|account| account.paused.is_none())
    {
        if !here.is_empty() && here.iter().all(|order| order.connection.as_str() != account.name) {
            continue;
        }
        match ask_one(app, &account.name, number).await {
            Ok(diagnoses) if diagnoses.iter().all(|diagnosis| diagnosis.order.is_none()) => {
                answers.without.push(account.name);
            }
            Ok(diagnoses) => {
                answers
                    .found
                    .extend(diagnoses.into_iter().map(|diagnosis| (account.name.clone(), diagnosis)));
            }
            Err(error) => answers.silent.push((account.name, error)),
        }
    }
    Ok(answers)
}

async fn ask_one(app: &App, connection: &str, number: &str) -> Result<Vec<Diagnosis>, Failure> {
    let order = match number.strip_prefix("id:") {
        Some(id) => OrderSelector::Id(id.into()),
        None => OrderSelector::Number(number.to_owned()),
    };
    let control = RunControl::new().deadline(app.clock.now() + PATIENCE);
    let request = DiagnoseOrder::new(order).control(control);
    Ok(app.channels.of(connection).await?.diagnose_order(request).await?)
}

fn diagnosed(operator: &Operator, connection: &str, number: &str, diagnosis: &Diagnosis) -> Markup {
    let main = diagnosis.primary().filter(|_| !diagnosis.imported);
    html! {
        section.panel {
            h2 { (connection) ": " (diagnosis.title) }
            @if diagnosis.imported {
                p.said { "It was imported." }
            } @else if let Some(check) = main {
                p.error {
                    strong { "Why it is not here: " } (check.observed)
                    @if let Some(wanted) = &check.wanted { " (" (wanted) ")" }
                    "."
                    @if let Some(remedy) = &check.remedy { br; strong { "What to do: " } (remedy) "." }
                }
            }
            @if !diagnosis.checks.is_empty() { (checks(&diagnosis.checks, diagnosis.imported)) }
            @for note in &diagnosis.notes { p { (note.0) } }
            @if let Some(check) = main.filter(|_| diagnosis.order.is_some()) { (import_form(operator, connection, number, diagnosis, check)) }
            @if let Some(timeline) = &diagnosis.timeline { h3 { "What happened" } (layout::story(timeline)) }
        }
    }
}

/// A check as an operator would call it.
fn called(name: &str) -> &str {
    match name {
        "exists" => "in ShipStation",
        "lineage" => "split or merged",
        "loop" => "where it comes from",
        "shipping" => "shipping text",
        name => name,
    }
}

fn checks(checks: &[Check], imported: bool) -> Markup {
    let is_past = |check: &Check| imported && check.verdict == Verdict::Blocks;
    let word = |check: &Check| match &check.verdict {
        Verdict::Pass => "passes",
        // What would keep it out now has not.
        Verdict::Blocks if imported => "now",
        Verdict::Blocks => "BLOCKS",
        Verdict::Warns => "warns",
        _ => "unknown",
    };
    let rows = html! {
        @for check in checks {
            tr {
                td { (layout::badge(word(check))) }
                td { (called(&check.name)) }
                td { (check.observed) @if let Some(wanted) = &check.wanted { ", " (wanted) } }
                td { @if !is_past(check) { (check.remedy.as_deref().unwrap_or_default()) } }
            }
        }
    };
    layout::table("Checks", &["", "What", "Observed", "What to do"], &rows)
}

/// An order that is only too old, or without a tag, can be had all the same. One that is cancelled, unpaid or on hold cannot.
fn import_form(
    operator: &Operator,
    connection: &str,
    number: &str,
    diagnosis: &Diagnosis,
    check: &Check,
) -> Markup {
    let filter @ ("age" | "tag") = check.name.as_ref() else { return html! {} };
    let id = diagnosis.order.as_ref().map(ToString::to_string).unwrap_or_default();
    let fields = [("connection", connection), ("order", id.as_str()), ("number", number), ("bypass", filter)];
    html! {
        p { "Or have it now, whatever its " (filter) ":" }
        (layout::button(operator, "/search/import", &fields, "Import this order", number))
    }
}

pub(crate) async fn import(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let fields = &sent.fields;
    let (number, filter) = (fields.get("number"), fields.get("bypass"));
    let bypass = Bypass { age: filter == "age", tag: filter == "tag", status: false };
    let request = ImportOrder::new(OrderSelector::Id(fields.get("order").into())).bypass(bypass);
    let channel = app.channel(fields.get("connection")).await?;
    let report = channel.import_order(request).await?;
    sent.operator.did(&app, &format!("Order {number} was asked for: {}.", report.headline())).await?;
    Ok(Redirect::to(&layout::link("/search", &[("number", number)])))
}
