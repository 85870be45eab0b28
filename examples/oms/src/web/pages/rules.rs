//! The rules of each connection: what a shipping text means, and which of ShipStation's carriers a carrier is.

use axum::{extract::State, http::StatusCode, response::Redirect};
use maud::{Markup, html};
use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ConnectionId,
        shipping::{CarrierRule, CarrierRules, ShippingDefaults, ShippingRule, ShippingRules},
        store::{MappingStoreExt, ReplaceOutcome},
    },
};

use super::super::{
    App,
    error::NoPage,
    layout,
    session::{Fields, Operator, Sent},
};
use crate::shop::{accounts, operators};

pub(crate) async fn show(State(app): State<App>, operator: Operator) -> Result<Markup, NoPage> {
    let mut cards = Vec::new();
    for account in accounts::all(&app.database).await? {
        let rules = app.database.stores().mappings.rules(&account.name.as_str().into()).await?;
        cards.push(card(&operator, &account.name, &rules.shipping.rows, &rules.carriers.rows));
    }
    let content = html! {
        @if cards.is_empty() { (layout::nothing("No account is connected.")) }
        @for card in &cards { (card) }
    };
    layout::page(&app, &operator, "/rules", "Rules", content).await
}

fn card(operator: &Operator, name: &str, shipping: &[ShippingRule], carriers: &[CarrierRule]) -> Markup {
    let id = format!("of-{name}");
    let texts: Vec<String> = shipping.iter().map(ToString::to_string).collect();
    let names: Vec<String> = carriers.iter().map(ToString::to_string).collect();
    html! {
        section.panel aria-labelledby=(id) {
            h2 id=(id) { (name) }
            h3 { "What a shipping text means" }
            (list(operator, "/rules/shipping", name, &texts, "No text is mapped: every order is held."))
            form.inline action="/rules/shipping" method="post" {
                (operator.form_token())
                input type="hidden" name="connection" value=(name);
                (field(name, "text", "Text"))
                (field(name, "policy", "Method"))
                (sure(&format!("It is a new method of {name}")))
                button aria-label={ "Add the text: " (name) } { "Add" }
            }
            h3 { "Which carrier of ShipStation's a carrier is" }
            (list(operator, "/rules/carriers", name, &names, "No carrier is mapped: every shipment is blocked."))
            form.inline action="/rules/carriers" method="post" {
                (operator.form_token())
                input type="hidden" name="connection" value=(name);
                (field(name, "carrier", "Carrier"))
                (field(name, "code", "Code in ShipStation"))
                (sure(&format!("{name} does not have this carrier")))
                button aria-label={ "Add the carrier: " (name) } { "Add" }
            }
        }
    }
}

fn field(of: &str, name: &str, label: &str) -> Markup {
    let id = format!("{of}-{name}");
    html! {
        label for=(id) { (label) }
        input id=(id) name=(name) required aria-label={ (label) ": " (of) } autocomplete="off";
    }
}

fn list(operator: &Operator, action: &str, connection: &str, rules: &[String], none: &str) -> Markup {
    html! {
        @if rules.is_empty() { (layout::nothing(none)) }
        ul.findings {
            @for rule in rules {
                li { (rule) " " (layout::button(operator, action, &[("connection", connection), ("remove", &named(rule))], "Remove", &format!("{rule} of {connection}"))) }
            }
        }
    }
}

/// Adds a shipping rule, or removes one.
pub(crate) async fn shipping(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let channel = app.channel(sent.fields.get("connection")).await?;
    let connection = channel.connection().clone();
    let said = if let Some(rule) = sent.fields.maybe("remove") {
        let table = app.database.stores().mappings.shipping_rules(&connection).await?;
        let (rule, kept) = without(table.rows, rule)?;
        let answer =
            app.database.stores().mappings.replace_shipping_rules(&connection, table.version, kept).await?;
        replaced(&answer)?;
        format!("{connection}: the rule {rule} is removed.")
    } else {
        let (text, policy) = two(&sent.fields, "text", "policy")?;
        let rule = ShippingRule::exact(text, policy);
        let shown = rule.to_string();
        let instead = add_shipping(&app, &channel, rule, sent.fields.maybe("sure").is_some()).await?;
        format!("{connection}: the rule {shown} is added{instead}.")
    };
    sent.operator.did(&app, &said).await?;
    Ok(Redirect::to("/rules"))
}

/// Adds a carrier rule, or removes one.
pub(crate) async fn carriers(State(app): State<App>, sent: Sent) -> Result<Redirect, NoPage> {
    let connection = app.channel(sent.fields.get("connection")).await?.connection().clone();
    let said = if let Some(rule) = sent.fields.maybe("remove") {
        let table = app.database.stores().mappings.carrier_rules(&connection).await?;
        let (rule, kept) = without(table.rows, rule)?;
        let answer =
            app.database.stores().mappings.replace_carrier_rules(&connection, table.version, kept).await?;
        replaced(&answer)?;
        format!("{connection}: the rule {rule} is removed.")
    } else {
        let (carrier, code) = two(&sent.fields, "carrier", "code")?;
        let rule = CarrierRule::new(carrier, code);
        let shown = rule.to_string();
        let instead = add_carrier(&app, &connection, rule, sent.fields.maybe("sure").is_some()).await?;
        format!("{connection}: the rule {shown} is added{instead}.")
    };
    sent.operator.did(&app, &said).await?;
    Ok(Redirect::to("/rules"))
}

/// As many characters as a text, a name or a code may have.
const LONGEST: usize = 200;

fn two<'f>(fields: &'f Fields, one: &str, other: &str) -> Result<(&'f str, &'f str), NoPage> {
    let both = fields.maybe(one).zip(fields.maybe(other));
    let both = both.filter(|(one, other)| one.chars().count().max(other.chars().count()) <= LONGEST);
    both.ok_or_else(|| {
        NoPage::bad(format!("A rule needs a {one} and a {other}, of at most {LONGEST} characters."))
    })
}

/// Names a rule in a form: its text may have characters that a form does not keep.
fn named(rule: &str) -> String {
    operators::digest("rule", rule)
}

/// A rule as it is shown, and the rules without it.
fn without<R: ToString>(rules: Vec<R>, name: &str) -> Result<(String, Vec<R>), NoPage> {
    let (gone, kept): (Vec<R>, Vec<R>) = rules.into_iter().partition(|rule| named(&rule.to_string()) == name);
    let gone = gone.first().ok_or_else(|| NoPage::not_found("There is no such rule any more."))?;
    Ok((gone.to_string(), kept))
}

/// What stands beside a value that nobody has used before.
pub(super) fn sure(what: &str) -> Markup {
    html! { label.check { input type="checkbox" name="sure" value="yes"; " " (what) } }
}

/// Adds a shipping rule, in place of one for the same orders: says which. A method that no other rule has is one only if somebody is
/// sure of it.
pub(super) async fn add_shipping(
    app: &App,
    channel: &ShipStationChannel,
    rule: ShippingRule,
    is_sure: bool,
) -> Result<String, NoPage> {
    let mappings = app.database.stores().mappings;
    let table = mappings.shipping_rules(channel.connection()).await?;
    let policy = &rule.method.policy;
    let is_known = table.rows.iter().any(|kept| kept.method.policy == *policy);
    if !is_sure && !is_known && !table.rows.is_empty() {
        let why =
            format!("No rule ships by “{policy}” so far. If that is right, tick that it is a new method.");
        return Err(NoPage::bad(why));
    }
    let is_same = |kept: &ShippingRule| (&kept.text, &kept.scope) == (&rule.text, &rule.scope);
    let (gone, mut rules): (Vec<_>, Vec<_>) = table.rows.into_iter().partition(is_same);
    rules.push(rule);
    let comparison = channel.settings().shipping.comparison;
    ShippingRules::compile(&rules, ShippingDefaults::none(), comparison)
        .map_err(|error| NoPage::bad(error.to_string()))?;
    replaced(&mappings.replace_shipping_rules(channel.connection(), table.version, rules).await?)?;
    Ok(instead(&gone))
}

/// Adds a carrier rule, in place of one for the same carrier: says which. ShipStation is told of parcels of carriers that an account
/// does not have, too, if somebody is sure of the code.
pub(super) async fn add_carrier(
    app: &App,
    connection: &ConnectionId,
    rule: CarrierRule,
    is_sure: bool,
) -> Result<String, NoPage> {
    let known = app.channels.carriers(connection.as_str()).await.unwrap_or_default();
    if !is_sure && !known.is_empty() && known.iter().all(|carrier| carrier.code != rule.code) {
        let codes: Vec<&str> = known.iter().map(|carrier| carrier.code.as_str()).collect();
        let (code, codes) = (&rule.code, codes.join(", "));
        let why = format!(
            "The account has no carrier “{code}”, it has {codes}. If it is right, tick that it is not there."
        );
        return Err(NoPage::bad(why));
    }
    let mappings = app.database.stores().mappings;
    let table = mappings.carrier_rules(connection).await?;
    let is_same = |kept: &CarrierRule| (&kept.carrier, &kept.method) == (&rule.carrier, &rule.method);
    let (gone, mut rules): (Vec<_>, Vec<_>) = table.rows.into_iter().partition(is_same);
    rules.push(rule);
    CarrierRules::compile(&rules).map_err(|error| NoPage::bad(error.to_string()))?;
    replaced(&mappings.replace_carrier_rules(connection, table.version, rules).await?)?;
    Ok(instead(&gone))
}

/// What a rule has taken the place of.
fn instead(gone: &[impl ToString]) -> String {
    let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
    if gone.is_empty() { String::new() } else { format!(", in place of {}", gone.join(" and ")) }
}

fn replaced(answer: &ReplaceOutcome) -> Result<(), NoPage> {
    let why = "Somebody else has changed the rules at the same moment. Send the form again.";
    let conflict = || NoPage::Refused(StatusCode::CONFLICT, why.to_owned());
    if matches!(answer, ReplaceOutcome::Replaced { .. }) { Ok(()) } else { Err(conflict()) }
}
