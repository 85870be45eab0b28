//! Orders that wait for a person: those whose shipping text means nothing yet, by their text, and the others one by one.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::{Query, State},
    response::Redirect,
};
use maud::{Markup, html};
use serde::Deserialize;
use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, ChannelOrderId, ConnectionId, HoldReason, Refusal, ResolveHeld,
        shipping::{ShippingRule, UnmappedShipping},
        store::{HeldOrder, MappingStoreExt},
    },
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
use crate::{
    Failure,
    shop::{accounts, operators, orders},
};

/// As many texts stand on a page, and as many numbers of orders beside each.
const PAGE: usize = 20;
const NUMBERS: usize = 8;
/// As many held orders are read at once, and shown of those that are held for something else.
const ROWS: usize = 500;
/// Of so many orders of a connection the page is made: what comes behind them shows when these are dealt with.
const MOST: usize = 10_000;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    page: Option<String>,
}

/// A text that means nothing yet.
struct Group {
    connection: ConnectionId,
    unmapped: UnmappedShipping,
    numbers: Vec<String>,
    /// One of its orders, which knows the name of its store.
    sample: Option<ChannelOrderId>,
    /// The methods that rules of the connection have.
    policies: Arc<BTreeSet<String>>,
}

/// Names a text in a form: it may have characters that a form does not keep.
fn key(unmapped: &UnmappedShipping) -> String {
    let store = unmapped.seen.store.as_ref().map(ToString::to_string).unwrap_or_default();
    operators::digest(&format!("text of store {store}"), &unmapped.seen.text)
}

pub(crate) async fn show(
    State(app): State<App>,
    operator: Operator,
    Query(asked): Query<Asked>,
) -> Result<Markup, NoPage> {
    let asked: usize = asked.page.and_then(|page| page.parse().ok()).unwrap_or(0);
    let (mut groups, mut others, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    for account in accounts::all(&app.database).await? {
        let held = held(&app, &account.name.as_str().into()).await?;
        if held.is_empty() {
            continue;
        }
        match texts(&app, &account.name, &held).await {
            Ok(of_account) => groups.extend(of_account),
            Err(error) => silent.push((account.name.clone(), error)),
        }
        others.extend(
            held.into_iter().filter(|held| !is_about_text(held)).map(|held| (account.name.clone(), held)),
        );
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.unmapped.held));
    let (pages, mut cards) = (groups.len().div_ceil(PAGE), Vec::new());
    for group in groups.iter().skip(asked.saturating_mul(PAGE)).take(PAGE) {
        cards.push(card(&operator, group, store(&app, group).await?.as_deref()));
    }
    let content = html! {
        @for (connection, error) in &silent { p.error { (connection) " cannot be asked: " (error) } }
        @if groups.is_empty() && others.is_empty() && silent.is_empty() { (layout::nothing("No order is held.")) }
        @if !groups.is_empty() {
            p { "These orders have a shipping text that no rule maps. Say once how it is shipped: the orders that are here become ready, and later ones come in ready." }
        }
        @for card in &cards { (card) }
        @if pages > 1 {
            nav.tabs aria-label="Pages" {
                @for page in 0..pages {
                    a href=(layout::link("/held", &[("page", &page.to_string())])) aria-current=[(page == asked).then_some("page")] {
                        "Page " (page + 1)
                    }
                }
            }
        }
        @if !others.is_empty() { (others_table(&others)) }
    };
    layout::page(&app, &operator, "/held", "Held orders", content).await
}

fn is_about_text(held: &HeldOrder) -> bool {
    held.holds
        .iter()
        .any(|hold| matches!(hold, HoldReason::UnmappedShipping { .. } | HoldReason::NoShippingText))
}

async fn held(app: &App, connection: &ConnectionId) -> Result<Vec<HeldOrder>, NoPage> {
    let (store, mut all) = (app.database.stores().orders, Vec::<HeldOrder>::new());
    loop {
        let page = store.held(connection, all.last().map(|held| &held.order), ROWS).await?;
        if page.is_empty() || all.len() >= MOST {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn texts(app: &App, name: &str, held: &[HeldOrder]) -> Result<Vec<Group>, Failure> {
    let channel = app.channels.of(name).await?;
    let rules = app.database.stores().mappings.shipping_rules(channel.connection()).await?.rows;
    let policies = Arc::new(rules.iter().map(|rule| rule.method.policy.to_string()).collect());
    let unmapped = channel.unmapped().await?.into_iter().filter(|text| text.held > 0);
    let group = |unmapped: UnmappedShipping| {
        let seen = &unmapped.seen;
        let of_text = held.iter().filter(|held| {
            held.text.as_deref().unwrap_or_default() == seen.text
                && (seen.store.is_none() || seen.store == held.store)
                && is_about_text(held)
        });
        let of_text: Vec<&HeldOrder> = of_text.take(NUMBERS).collect();
        let sample = of_text.first().map(|held| held.order.clone());
        let numbers = of_text.iter().map(|held| held.number.clone()).collect();
        Group { connection: name.into(), unmapped, numbers, sample, policies: Arc::clone(&policies) }
    };
    Ok(unmapped.map(group).collect())
}

/// The name of the store of a text, if it is a text of one store.
async fn store(app: &App, group: &Group) -> Result<Option<String>, NoPage> {
    let Some(key) = &group.unmapped.seen.store else { return Ok(None) };
    let order = match &group.sample {
        Some(sample) => orders::imported_as(&app.database, &group.connection, sample).await?,
        None => None,
    };
    Ok(Some(order.and_then(|order| order.store).unwrap_or_else(|| key.to_string())))
}

/// A text as its page names it.
fn title(text: &str) -> String {
    if text.is_empty() { "no shipping text".to_owned() } else { format!("“{text}”") }
}

fn card(operator: &Operator, group: &Group, store: Option<&str>) -> Markup {
    let (unmapped, key, text) = (&group.unmapped, key(&group.unmapped), title(&group.unmapped.seen.text));
    let (heading, id) = (format!("t-{key}"), format!("p-{key}"));
    let of = store.map(|store| format!(" of {store}")).unwrap_or_default();
    let more = usize::try_from(unmapped.held).unwrap_or(usize::MAX).saturating_sub(group.numbers.len());
    html! {
        section.panel aria-labelledby=(heading) {
            h2 id=(heading) { (text) (of) " " span.badge.warn { (unmapped.held) " held" } }
            p {
                (group.connection) ", first seen " (layout::time(unmapped.seen.first_seen)) ". Orders: "
                @for (place, number) in group.numbers.iter().enumerate() {
                    @if place > 0 { ", " }
                    (layout::order_link(number))
                }
                @if more > 0 { " and " (more) " more" }
            }
            form.stack action="/held/map" method="post" {
                (operator.form_token())
                input type="hidden" name="connection" value=(group.connection);
                input type="hidden" name="key" value=(key);
                (suggestions(unmapped))
                label for=(id) { "Shipping method for " (text) (of) }
                input id=(id) name="policy" required list={ (id) "-known" } autocomplete="off" aria-describedby={ (id) "-help" };
                datalist id={ (id) "-known" } { @for policy in group.policies.iter() { option value=(policy); } }
                p.note id={ (id) "-help" } {
                    @if group.policies.is_empty() { "A method of your warehouse." } @else { "Used so far: " (group.policies.iter().cloned().collect::<Vec<_>>().join(", ")) "." }
                }
                @if !group.policies.is_empty() { (rules::sure(&format!("It is a new method for {text}{of}"))) }
                @if let Some(store) = store {
                    label.check { input type="checkbox" name="store" value="yes"; " Only for orders of " (store) }
                }
                button.main aria-label={ "Map it: " (text) (of) } { "Map it" }
            }
        }
    }
}

fn suggestions(unmapped: &UnmappedShipping) -> Markup {
    html! {
        @if !unmapped.suggestions.is_empty() {
            p { "It may mean:" }
            ul.suggestions {
                @for suggestion in &unmapped.suggestions {
                    li {
                        button name="suggested" value=(suggestion.method.policy) formnovalidate { "Ship by " (suggestion.method.policy) }
                        " like “" (suggestion.text) "”: " (suggestion.reason)
                    }
                }
            }
        }
    }
}

fn others_table(others: &[(String, HeldOrder)]) -> Markup {
    let rows = html! {
        @for (connection, held) in others.iter().take(ROWS) {
            tr {
                td { (layout::order_link(&held.number)) }
                td { (connection) }
                td { (layout::time(held.since)) }
                td { (held.holds.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")) }
            }
        }
    };
    html! {
        h2 { "Held for something else" }
        p { "Follow an order to look at it, and to release it by hand." }
        (layout::table("Held for something else", &["Order", "Connection", "Since", "Why"], &rows))
    }
}

pub(crate) async fn map(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let connection = sent.fields.get("connection");
    let policy = sent.fields.maybe("suggested").or_else(|| sent.fields.maybe("policy"));
    let policy = policy.ok_or_else(|| NoPage::bad("Name the shipping method that the text means."))?;
    let channel = app.channel(connection).await?;
    let unmapped = channel.unmapped().await?;
    let meant = unmapped.iter().find(|text| key(text) == sent.fields.get("key"));
    let gone = || {
        NoPage::not_found("Nothing is held for this text any more: somebody may have mapped it meanwhile.")
    };
    let meant = meant.ok_or_else(gone)?;
    let mut rule = match meant.seen.text.as_str() {
        "" => ShippingRule::absent(policy),
        text => ShippingRule::exact(text, policy),
    };
    if sent.fields.maybe("store").is_some() {
        rule.scope.store.clone_from(&meant.seen.store);
    }
    let is_sure = sent.fields.maybe("sure").is_some();
    let instead = rules::add_shipping(&app, &channel, rule, is_sure).await?;
    let said = format!(
        "{} is shipped by {policy} from now on{instead}. {}",
        title(&meant.seen.text),
        resolve(&channel).await?
    );
    sent.operator.did(&app, &said).await?;
    Ok(Redirect::to("/held"))
}

/// Looks again at what is held: says what came of it.
async fn resolve(channel: &ShipStationChannel) -> Result<String, NoPage> {
    match channel.resolve_held(ResolveHeld::new()).await {
        Ok(report) => {
            let counts = &report.counts;
            let ready = counts.released.saturating_sub(counts.held_for_other_reasons);
            let released = usize::try_from(ready).unwrap_or(usize::MAX);
            Ok(format!("{} ready now.", layout::count_of(released, "order")))
        }
        Err(error) if matches!(error.refusal, Refusal::AlreadyRunning { .. }) => {
            Ok("Its orders are looked at in a moment.".to_owned())
        }
        Err(error) => Err(error.into()),
    }
}
