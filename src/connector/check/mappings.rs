//! What is wrong with the two mapping tables: contradictions, rules that do nothing, texts and carriers that are
//! not mapped. Suggestions are named and never applied.

use std::collections::BTreeMap;

use super::{recent::Recent, references::one_of};
use crate::{
    channel::{
        Finding, Refusal,
        shipping::{
            AccountCarrier, CarrierRule, CarrierRules, DisplayText, ShippingResolution, ShippingRules,
            StoreKey, Suggester, UnmappedShipping,
        },
        store::StoreError,
        wording::count_of,
    },
    connector::{
        ShipStationChannel,
        mapping::{Mapper, unmapped_under},
    },
};

/// Rules or texts that are named one by one.
const MAX_CHOICES_LISTED: usize = 20;
const SHIPPING: &str = "shipping rules";
const CARRIERS: &str = "carrier rules";

pub(super) async fn shipping(
    channel: &ShipStationChannel,
    recent: &Recent,
) -> Result<Vec<Finding>, StoreError> {
    let mapper = match Mapper::load(channel).await {
        Ok(mapper) => mapper,
        Err(refusal) => return rejected(refusal),
    };
    let mut findings = Vec::new();
    if mapper.is_empty(&channel.settings.shipping) {
        findings.push(no_mapping());
    }
    let unmapped = unmapped_under(channel, &mapper).await?;
    findings.extend(shadowed(&mapper.rules));
    findings.extend(unused(&mapper.rules, recent, &unmapped));
    findings.extend(not_mapped(&mapper.rules, recent, unmapped));
    Ok(findings)
}

/// What is wrong with rules that contradict each other.
fn rejected(refusal: Refusal) -> Result<Vec<Finding>, StoreError> {
    match refusal {
        Refusal::Config { findings } => Ok(findings),
        Refusal::Store(error) => Err(error),
        other => Ok(vec![Finding::error("shipping_rules", SHIPPING, other.to_string(), "correct them")]),
    }
}

fn no_mapping() -> Finding {
    let remedy = "add one for each shipping text of the store: every order is held until then";
    Finding::warning("no_shipping_mapping", SHIPPING, "there is no shipping mapping at all", remedy)
}

fn shadowed(rules: &ShippingRules) -> Vec<Finding> {
    let written = |index: &usize| {
        rules
            .rules()
            .get(*index)
            .map_or_else(|| format!("rule {index}"), |rule| format!("rule {index} [{rule}]"))
    };
    let finding = |rule: &usize, by: &[usize]| {
        let stronger: Vec<String> = by.iter().map(written).collect();
        let observed = format!("{} never wins: {} stand before it", written(rule), stronger.join(" and "));
        Finding::warning("rule_shadowed", SHIPPING, observed, "remove it, or make the other one narrower")
    };
    first_of(&rules.shadowed(), |shadowed| finding(&shadowed.rule, &shadowed.by))
}

/// Rules that fit nothing that was seen. No evidence, no finding.
fn unused(rules: &ShippingRules, recent: &Recent, unmapped: &[UnmappedShipping]) -> Option<Finding> {
    if recent.requests.is_empty() {
        return None;
    }
    let texts = recent.requests.iter().map(|request| request.text.as_deref().unwrap_or(""));
    let unused = rules.unused(texts.chain(unmapped.iter().map(|unmapped| unmapped.seen.text.as_str())));
    let names = || {
        let written: Vec<&crate::channel::shipping::ShippingRule> =
            unused.iter().filter_map(|index| rules.rules().get(*index)).collect();
        one_of(&written, |rule| format!("[{rule}]"))
    };
    let observed = || {
        let rules = count_of(unused.len() as u64, "rule");
        let orders = count_of(recent.requests.len() as u64, "newest order");
        let verb = if unused.len() == 1 { "fits" } else { "fit" };
        format!("{rules} {verb} none of the {orders}")
    };
    let remedy = || format!("check them for typos, or keep them for future orders; {}", names());
    (!unused.is_empty()).then(|| Finding::info("rule_unused", SHIPPING, observed(), remedy()))
}

/// Texts without a method: those that were met by an import, and those of orders that are still to come.
fn not_mapped(rules: &ShippingRules, recent: &Recent, unmapped: Vec<UnmappedShipping>) -> Vec<Finding> {
    let mut coming: BTreeMap<(Option<StoreKey>, String), usize> = BTreeMap::new();
    for request in &recent.requests {
        match rules.resolve(request) {
            ShippingResolution::Unmapped { text } => {
                *coming.entry((request.store.clone(), text)).or_default() += 1;
            }
            ShippingResolution::NoText => {
                *coming.entry((request.store.clone(), String::new())).or_default() += 1;
            }
            ShippingResolution::Mapped { .. } => {}
        }
    }
    let mut suggester = Suggester::new(rules);
    let mut texts = Vec::new();
    for known in unmapped {
        coming.remove(&(known.seen.store.clone(), known.seen.text.clone()));
        let observed = format!(
            "{} is not mapped: {}, {} held",
            known.name(),
            count_of(known.seen.count, "order"),
            known.held
        );
        texts.push((observed, known.suggestions.first().map(ToString::to_string)));
    }
    for ((store, text), orders) in coming {
        let nearest = suggester.suggest(&text, store.as_ref()).first().map(ToString::to_string);
        let of = store.map(|store| format!(" of store {store}")).unwrap_or_default();
        let name =
            if text.is_empty() { "no shipping text".to_owned() } else { DisplayText::new(&text).to_string() };
        texts.push((format!("{name}{of} is on {orders} of the newest orders and is not mapped"), nearest));
    }
    first_of(&texts, |(observed, nearest)| no_rule(observed, nearest.as_deref()))
}

fn no_rule(observed: &str, nearest: Option<&str>) -> Finding {
    let meant = nearest.map(|nearest| format!("; did you mean {nearest}")).unwrap_or_default();
    let remedy = format!("add a rule, then release the held orders{meant}");
    Finding::warning("text_unmapped", SHIPPING, observed, remedy)
}

/// The findings about the first few, and how many there are beside them.
fn first_of<T>(all: &[T], finding: impl Fn(&T) -> Finding) -> Vec<Finding> {
    let mut findings: Vec<Finding> = all.iter().take(MAX_CHOICES_LISTED).map(finding).collect();
    let more = all.len().saturating_sub(MAX_CHOICES_LISTED);
    if more > 0
        && let Some(last) = findings.last_mut()
    {
        last.remedy = format!("{}; and {more} more like this", last.remedy);
    }
    findings
}

/// The findings about carrier rules. What the account has connected is not known when it could not be asked.
pub(super) async fn carriers(
    channel: &ShipStationChannel,
    account: Option<&[AccountCarrier]>,
) -> Result<Vec<Finding>, StoreError> {
    let rules = match channel.carrier_rules().await {
        Ok(rules) => rules,
        Err(refusal) => return rejected(refusal),
    };
    let otherwise = channel.settings.shipments.unmapped_carrier.as_deref();
    let mut findings = Vec::new();
    if rules.rules().is_empty() && otherwise.is_none() {
        let has = account.map(|account| format!("; {}", connected(account))).unwrap_or_default();
        let remedy = format!("add one for each carrier: shipments are blocked until then{has}");
        findings.push(Finding::warning("no_carrier_rule", CARRIERS, "there are none", remedy));
    }
    let Some(account) = account else { return Ok(findings) };
    let unknown: Vec<&CarrierRule> = rules.not_connected(account).collect();
    findings.extend(first_of(&unknown, |rule| not_connected(rule, account)));
    if let Some(code) = otherwise.filter(|code| account.iter().all(|carrier| carrier.code != *code)) {
        let observed = format!("is {}, which the account has not connected", DisplayText::name(code));
        let remedy = format!("ShipStation accepts free codes such as \"other\"; {}", connected(account));
        findings.push(Finding::warning(
            "carrier_not_connected",
            "shipments.unmapped_carrier",
            observed,
            remedy,
        ));
    }
    Ok(findings)
}

fn connected(account: &[AccountCarrier]) -> String {
    let known = |carrier: &AccountCarrier| format!("{} ({})", carrier.code, carrier.name);
    if account.is_empty() {
        return "the account has no carriers: connect one in ShipStation".to_owned();
    }
    format!("the account has {}", one_of(account, known))
}

fn not_connected(rule: &CarrierRule, account: &[AccountCarrier]) -> Finding {
    let mut meant = CarrierRules::suggest(&rule.code, account);
    meant.extend(CarrierRules::suggest(&rule.carrier, account));
    let observed = format!("{rule}: the account has not connected {}", DisplayText::name(&rule.code));
    let remedy = match meant.first() {
        Some(carrier) => format!("did you mean {carrier}"),
        None => format!("ShipStation accepts free codes such as \"other\"; {}", connected(account)),
    };
    Finding::warning("carrier_not_connected", CARRIERS, observed, remedy)
}
