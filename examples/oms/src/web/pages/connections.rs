//! The accounts of ShipStation: whether they are served, what is wrong with their keys and settings, what runs next.

use std::collections::BTreeSet;

use axum::{extract::State, response::Redirect};
use maud::{Markup, html};
use shipstation_connector::{
    channel::{ChannelConnector, Operation, report::Finding},
    fleet::JobStatus,
};

use super::super::{
    App,
    error::NoPage,
    layout,
    session::{Operator, Sent},
};
use crate::{
    shop::accounts::{self, Account},
    work,
};

pub(crate) async fn show(State(app): State<App>, operator: Operator) -> Result<Markup, NoPage> {
    let accounts = accounts::all(&app.database).await?;
    let mut cards = Vec::new();
    for account in &accounts {
        cards.push(card(&app, &operator, account).await?);
    }
    let content = html! {
        @if cards.is_empty() { (layout::nothing("No account is connected. Whoever runs this system adds one: oms connect NAME.")) }
        @for card in &cards { (card) }
    };
    layout::page(&app, &operator, "/connections", "Connections", content).await
}

async fn card(app: &App, operator: &Operator, account: &Account) -> Result<Markup, NoPage> {
    let name = account.name.as_str();
    let jobs = app.fleet.status(Some(&name.into())).await?;
    let state = if account.paused.is_some() { "paused" } else { "served" };
    let id = format!("of-{name}");
    Ok(html! {
        section.panel aria-labelledby=(id) {
            h2 id=(id) { (name) " " (layout::badge(state)) }
            @if let Some(why) = &account.paused { p { "Paused: " (why) } }
            (findings(app, account).await?)
            @if account.paused.is_none() { (runs(&jobs)) }
            div.actions {
                (layout::button(operator, "/connections/check", &[("connection", name)], "Check keys and settings", name))
                @if account.paused.is_none() {
                    (layout::button(operator, "/connections/run", &[("connection", name)], "Import and send now", name))
                    form.inline action="/connections/pause" method="post" {
                        (operator.form_token())
                        input type="hidden" name="connection" value=(name);
                        label for={ "why-" (name) } { "Reason" }
                        input id={ "why-" (name) } name="why" required aria-label={ "Reason: " (name) };
                        button aria-label={ "Pause: " (name) } { "Pause" }
                    }
                } @else {
                    (layout::button(operator, "/connections/pause", &[("connection", name), ("serve", "yes")], "Serve again", name))
                }
            }
        }
    })
}

async fn findings(app: &App, account: &Account) -> Result<Markup, NoPage> {
    let (checked_at, checked) = app.channels.checked(&account.name).unzip();
    // A channel that cannot be built has no notices; the check says why.
    let notices = match app.channels.of(&account.name).await {
        Ok(channel) => channel.notices(),
        Err(error) => return Ok(html! { p.error { (error) } }),
    };
    let mut seen = BTreeSet::new();
    let all: Vec<Finding> =
        checked.iter().flat_map(|report| report.findings.clone()).chain(notices).collect();
    let all: Vec<&Finding> =
        all.iter().filter(|finding| seen.insert((finding.code.clone(), finding.subject.clone()))).collect();
    let expires = app.channels.expires_on(&account.name);
    Ok(html! {
        p {
            "Keys: " @match expires { Some(day) => { "until " (day) } None => { "their last day is not known" } }
            ". New ones are entered by whoever runs this system. "
            @match checked_at { Some(at) => { "Checked at " (layout::time(at)) ": " } None => "Not checked yet." }
            @if checked_at.is_some() && all.is_empty() { "keys and settings are in order." }
        }
        @if !all.is_empty() {
            ul.findings {
                @for finding in all {
                    li {
                        (layout::badge(finding.severity.to_string().trim())) " " strong { (finding.subject) } ": " (finding.observed)
                        @if !finding.remedy.is_empty() { ". " em { "To do: " (finding.remedy) } }
                    }
                }
            }
        }
    })
}

fn runs(jobs: &[JobStatus]) -> Markup {
    let rows = html! {
        @for status in jobs.iter().filter(|status| !status.every.is_zero()) {
            tr {
                td { (status.job.operation.name().replace('_', " ")) }
                td {
                    @match &status.last {
                        Some(last) => { (layout::time(last.at)) " " (last.ended) @if let Some(why) = &last.waits { "; " (why) } }
                        None => "not yet"
                    }
                }
                td {
                    @if let Some(why) = &status.paused { "paused: " (why) }
                    @else if status.claimed_by.is_some() { "now" }
                    @else { (layout::time(status.due)) }
                }
            }
        }
    };
    if jobs.is_empty() {
        layout::nothing("Nothing is planned yet.")
    } else {
        layout::table("What runs", &["Operation", "Last", "Next"], &rows)
    }
}

pub(crate) async fn check(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let connection = sent.fields.get("connection");
    app.channel(connection).await?;
    let verdict = work::check(&app.channels, connection).await?;
    sent.operator.say(&app, &format!("{connection} was checked: {verdict}.")).await?;
    Ok(Redirect::to("/connections"))
}

pub(crate) async fn run(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let connection = sent.fields.get("connection");
    let mut is_planned = true;
    for operation in [Operation::GetOrders, Operation::SyncShipments] {
        is_planned &= app.fleet.wake(&connection.into(), operation).await?;
    }
    let said = if is_planned {
        format!("{connection}: an import and a sending begin. Load the page again to see what came of them.")
    } else {
        format!("{connection} is not served yet: try again in some seconds.")
    };
    sent.operator.say(&app, &said).await?;
    Ok(Redirect::to("/connections"))
}

pub(crate) async fn pause(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let (connection, why) = (sent.fields.get("connection"), sent.fields.maybe("why"));
    let serves = sent.fields.maybe("serve").is_some();
    if why.is_none() && !serves {
        return Err(NoPage::bad("Say why the connection is paused."));
    }
    let is_there = accounts::pause(&app.database, connection, why).await?;
    if !is_there {
        return Err(NoPage::not_found(format!("There is no connection {connection:?}.")));
    }
    let said = match why {
        Some(why) => format!("{connection} is paused: {why}."),
        None => format!("{connection} is served again: {}.", work::check(&app.channels, connection).await?),
    };
    sent.operator.did(&app, &said).await?;
    Ok(Redirect::to("/connections"))
}
