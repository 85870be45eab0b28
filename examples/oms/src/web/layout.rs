//! The frame of every page, and what pages are put together from.

use maud::{DOCTYPE, Markup, html};
use shipstation_connector::{Timestamp, channel::Timeline};

use super::{App, error::NoPage, session::Operator};
use crate::shop::{
    changes,
    orders::{self, Order},
};

/// The places of the site, as its navigation names them.
const PLACES: [(&str, &str); 8] = [
    ("/", "Overview"),
    ("/orders", "Orders"),
    ("/held", "Held"),
    ("/shipments", "Shipments"),
    ("/changes", "Changes"),
    ("/rules", "Rules"),
    ("/connections", "Connections"),
    ("/runs", "Runs"),
];

fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – OMS" }
                link rel="stylesheet" href="/style.css";
            }
            body { (body) }
        }
    }
}

/// A page without navigation: for nobody in particular.
pub(super) fn bare(title: &str, content: &Markup) -> Markup {
    document(title, &html! { main.bare { (content) } })
}

/// A page for an operator, with the number of things that wait for one and with what the last form brought about.
pub(super) async fn page(
    app: &App,
    operator: &Operator,
    place: &str,
    title: &str,
    content: Markup,
) -> Result<Markup, NoPage> {
    let waiting = [
        ("/held", orders::count_held(&app.database).await?),
        ("/changes", changes::count_unseen(&app.database).await?),
    ];
    let count =
        |path: &str| waiting.iter().find(|(of, count)| *of == path && *count > 0).map(|(_, count)| *count);
    let said = operator.take_said(app).await?;
    Ok(document(
        title,
        &html! {
            a.skip href="#content" { "Skip to the content" }
            header {
                nav aria-label="Site" {
                    @for (path, name) in PLACES {
                        a href=(path) aria-current=[(path == place).then_some("page")] {
                            (name)
                            @if let Some(count) = count(path) { " " span.count { (count) } }
                        }
                    }
                }
                form.search action="/search" method="post" role="search" {
                    (operator.form_token())
                    label for="number" { "Order number" }
                    input #number name="number" required autocomplete="off";
                    button { "Find" }
                }
                form action="/sign-out" method="post" {
                    (operator.form_token())
                    span.who { (operator.name) }
                    button.quiet { "Sign out" }
                }
            }
            main #content {
                @if let Some(said) = said { p.said role="status" { (said) } }
                h1 { (title) }
                (content)
            }
            footer { "All times are UTC." }
        },
    ))
}

/// An instant, to the minute.
pub(super) fn time(at: Timestamp) -> Markup {
    let text = at.floor_second().to_string();
    let (day, clock) = text.split_once('T').unwrap_or((&text, ""));
    html! { time datetime=(text) { (day) " " (clock.get(..5).unwrap_or_default()) } }
}

/// A state in a word, colored by what it asks of an operator.
pub(super) fn badge(word: &str) -> Markup {
    let kind = match word {
        "ready" | "confirmed" | "passes" | "succeeded" | "served" => "good",
        "held"
        | "on_hold"
        | "blocked"
        | "warning"
        | "warns"
        | "paused"
        | "partial"
        | "completed_with_errors"
        | "waiting" => "warn",
        "failed" | "stopped" | "ERROR" | "BLOCKS" => "bad",
        _ => "plain",
    };
    html! { span class={ "badge " (kind) } { (word.replace('_', " ")) } }
}

/// A table that scrolls by itself where it does not fit.
pub(super) fn table(name: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        @if heads.len() > 3 { p.note.hint aria-hidden="true" { "The table goes on to the right." } }
        div.scroll role="region" aria-label=(name) tabindex="0" {
            table.wide[heads.len() > 3] {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

/// What happened to an order, step by step.
pub(super) fn story(timeline: &Timeline) -> Markup {
    html! {
        @if timeline.events.is_empty() { (nothing("Nothing is known of it.")) }
        ol.story { @for event in &timeline.events { li { (time(event.at)) " " (event.what) } } }
    }
}

/// What stands where there is nothing to show.
pub(super) fn nothing(why: &str) -> Markup {
    html! { p.nothing { (why) } }
}

/// A form of one button. There are many that say the same: whoever hears the page is told what each is about.
pub(super) fn button(
    operator: &Operator,
    action: &str,
    fields: &[(&str, &str)],
    label: &str,
    about: &str,
) -> Markup {
    html! {
        form.inline action=(action) method="post" {
            (operator.form_token())
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button aria-label={ (label) ": " (about) } { (label) }
        }
    }
}

/// The number of one of the host's orders, as a link to it.
pub(super) fn order_link(number: &str) -> Markup {
    html! { a.number href=(link("/orders", &[("number", number)])) { (number) } }
}

/// The state of an order, and that of a parcel of which ShipStation does not know.
pub(super) fn order_state(order: &Order) -> Markup {
    html! {
        (badge(&order.state))
        @if let Some(untold) = &order.untold { " " (badge(untold)) " ShipStation does not know of it" }
    }
}

/// "1 order", "2 orders".
pub(super) fn count_of(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// An address of this site with a query.
pub(super) fn link(path: &str, query: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}
