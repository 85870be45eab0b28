//! What waits for an operator, and how much comes and goes.

use std::collections::BTreeMap;

use axum::extract::State;
use maud::{Markup, html};
use shipstation_connector::{
    Timestamp,
    channel::{ChannelConnector, FindStuck, report::Severity},
};

use super::super::{App, charts::Chart, error::NoPage, layout, session::Operator};
use crate::{
    Failure,
    shop::{DAY, accounts, changes, orders, parcels, usage},
};

/// So many days are drawn, and so many hours.
const DAYS: i64 = 14;
const HOURS: i64 = 48;
/// What ShipStation answers for a key in an hour, less what is left to others.
const BUDGET: i64 = 38 * 60;
/// As many things that wait too long are listed for each connection.
const STUCK: usize = 20;

pub(crate) async fn show(State(app): State<App>, operator: Operator) -> Result<Markup, NoPage> {
    let waits = waiting(&app).await?;
    let charts = charts(&app).await?;
    let stuck = stuck(&app).await?;
    let content = html! {
        section aria-labelledby="waits" {
            h2 #waits { "What waits for you" }
            @if waits.iter().all(|wait| wait.number == 0) { (layout::nothing("Nothing. Orders come in and tracking goes back by itself.")) }
            ul.cards {
                @for wait in waits.iter().filter(|wait| wait.number > 0) {
                    li { a.card href=(wait.path) { strong { (wait.number) } " " (wait.what[usize::from(wait.number != 1)]) span { (wait.help) } } }
                }
            }
        }
        section aria-labelledby="numbers" { h2 #numbers { "In numbers" } div.charts { (charts) } }
        section aria-labelledby="stuck" {
            h2 #stuck { "Waiting longer than it should" }
            (stuck)
        }
    };
    layout::page(&app, &operator, "/", "Overview", content).await
}

struct Wait {
    number: i64,
    /// Of one, and of many.
    what: [&'static str; 2],
    help: &'static str,
    path: &'static str,
}

async fn waiting(app: &App) -> Result<Vec<Wait>, NoPage> {
    let states = orders::counts(&app.database).await?;
    let orders = |of: &str| states.get(of).copied().unwrap_or(0);
    let (mut blocked, mut wrong) = (0, 0);
    for account in accounts::all(&app.database).await? {
        let counts = app.database.stores().shipments.counts(&account.name.as_str().into()).await?;
        blocked += counts.get("blocked").map_or(0, |count| i64::try_from(*count).unwrap_or(i64::MAX));
        let findings =
            app.channels.checked(&account.name).map(|(_, report)| report.findings).unwrap_or_default();
        let is_wrong = findings.iter().any(|finding| finding.severity != Severity::Info);
        wrong += i64::from(is_wrong || account.paused.is_some());
    }
    Ok(vec![
        Wait {
            number: orders("held"),
            what: ["order held", "orders held"],
            help: "say how they are shipped",
            path: "/held",
        },
        Wait {
            number: blocked,
            what: ["shipment blocked", "shipments blocked"],
            help: "the buyers have no tracking yet",
            path: "/shipments",
        },
        Wait {
            number: parcels::count_failed(&app.database).await?,
            what: ["shipment failed", "shipments failed"],
            help: "ShipStation will not be told",
            path: "/shipments#failed",
        },
        Wait {
            number: changes::count_unseen(&app.database).await?,
            what: ["change after import", "changes after import"],
            help: "cancelled, put on hold, moved",
            path: "/changes",
        },
        Wait {
            number: wrong,
            what: ["connection to look at", "connections to look at"],
            help: "keys, settings, paused ones",
            path: "/connections",
        },
        Wait {
            number: orders("ready"),
            what: ["order ready", "orders ready"],
            help: "to be shipped",
            path: "/orders",
        },
    ])
}

async fn charts(app: &App) -> Result<Markup, NoPage> {
    let now = app.clock.now().unix_seconds();
    let (today, hour) = (now / DAY, now / usage::HOUR);
    let days = (today - DAYS + 1)..=today;
    let day = |day: i64| {
        Timestamp::from_unix_seconds(day * DAY).to_string().get(5..10).unwrap_or_default().to_owned()
    };
    let number = |counted: &BTreeMap<i64, i64>, of| counted.get(&of).copied().unwrap_or(0);
    let by_day = |counted| days.clone().map(|of| (day(of), number(counted, of))).collect();
    let placed = orders::placed_by_day(&app.database, *days.start()).await?;
    let shipped = parcels::shipped_by_day(&app.database, *days.start()).await?;
    let used = usage::most_by_hour(&app.database, hour - HOURS + 1).await?;
    let hours = (hour - HOURS + 1)..=hour;
    let clock = |hour: i64| format!("{:02}:00", hour.rem_euclid(24));
    Ok(html! {
        (Chart { title: "Orders placed a day", bars: by_day(&placed), limit: None }.draw())
        (Chart { title: "Parcels a day", bars: by_day(&shipped), limit: None }.draw())
        (Chart {
            title: "Requests to ShipStation an hour, of the busiest connection",
            bars: hours.map(|of| (clock(of), number(&used, of))).collect(),
            limit: Some((BUDGET, "The budget of an hour")),
        }.draw())
    })
}

async fn stuck(app: &App) -> Result<Markup, NoPage> {
    let (mut items, mut silent) = (Vec::new(), Vec::new());
    for account in accounts::all(&app.database).await?.iter().filter(|account| account.paused.is_none()) {
        let asked = async {
            let channel = app.channels.of(&account.name).await?;
            Ok::<_, Failure>(channel.stuck(FindStuck::new()).await?)
        };
        let report = match asked.await {
            Ok(report) => report,
            Err(error) => {
                silent.push((account.name.clone(), error));
                continue;
            }
        };
        items.extend(report.items.into_iter().take(STUCK).map(|item| (account.name.clone(), item)));
    }
    let rows = html! {
        @for (connection, item) in &items {
            tr {
                td { (item.kind.name().replace('_', " ")) }
                td { (connection) @if let Some(order) = &item.order { ", order id " (order) } }
                td { (layout::time(item.since)) }
                td { (item.why) }
                td { (item.remedy()) }
            }
        }
    };
    Ok(html! {
        @for (connection, error) in &silent { p.error { (connection) " cannot be asked: " (error) } }
        @if items.is_empty() { (layout::nothing("Nothing waits too long.")) } @else {
            (layout::table("Waiting longer than it should", &["What", "Where", "Since", "Why", "What to do"], &rows))
        }
    })
}
