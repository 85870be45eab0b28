//! Which shipping text means which method, and which of the host's carriers is which of the account's.

use std::{fs, io::Read, path::Path};

use serde_json::json;
use shipstation_connector::channel::{
    shipping::{
        CarrierRule, CarrierRules, ShippingDefaults, ShippingRequest, ShippingRule, ShippingRules,
        UnmappedText, csv,
    },
    store::{MappingStoreExt, ReplaceOutcome},
};

use crate::{
    account::Account,
    args::{Carriers, CarriersAct, Mappings, MappingsAct},
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn mappings(
    account: &Account,
    out: &mut Output,
    mappings: Mappings,
) -> Result<Exit, Failure> {
    match mappings.act {
        None => {
            let rules = account.store.stores().mappings.shipping_rules(&account.id).await?;
            out.rows(&rules.rows, &["RULE"], "there is no shipping rule: every order is held", |rule| {
                vec![rule.to_string()]
            })?;
        }
        Some(MappingsAct::Export { unmapped }) => export(account, out, unmapped).await?,
        Some(MappingsAct::Import { file, replace }) => return import(account, out, &file, replace).await,
        Some(MappingsAct::Explain { text, store_id, marketplace, country }) => {
            let mut request = ShippingRequest::new(text);
            request.store = store_id.map(Into::into);
            request.marketplace = marketplace;
            request.country = country;
            out.show(&account.channel.explain_shipping(&request).await?)?;
        }
        Some(MappingsAct::Suggest) => {
            let unmapped = account.channel.unmapped().await?;
            out.rows(
                &unmapped,
                &["TEXT", "STORE", "HELD", "SEEN", "MAY MEAN"],
                "every text that was seen is mapped",
                |one| {
                    let may_mean: Vec<String> = one.suggestions.iter().map(ToString::to_string).collect();
                    let store = one.seen.store.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
                    vec![
                        one.seen.text.clone(),
                        store,
                        one.held.to_string(),
                        one.seen.count.to_string(),
                        may_mean.join("; "),
                    ]
                },
            )?;
        }
        Some(MappingsAct::Add { text, policy, store_id }) => {
            let mut rule = ShippingRule::exact(text, policy);
            rule.scope.store = store_id.map(Into::into);
            let table = account.store.stores().mappings.shipping_rules(&account.id).await?;
            let (kept, replaced): (Vec<_>, Vec<_>) =
                table.rows.into_iter().partition(|kept| !is_same_case(kept, &rule));
            let shown = rule.to_string();
            replace_rules(account, table.version, kept.into_iter().chain([rule]).collect()).await?;
            say_added(account, out, &shown, &replaced)?;
            if !account.is_dry_run() {
                out.note("`held resolve` looks at held orders again");
            }
        }
    }
    Ok(Exit::Succeeded)
}

/// Whether two rules are for the same orders, so that the one takes the place of the other.
fn is_same_case(one: &ShippingRule, other: &ShippingRule) -> bool {
    (&one.text, &one.scope) == (&other.text, &other.scope)
}

fn say_added<T: ToString>(
    account: &Account,
    out: &mut Output,
    rule: &str,
    replaced: &[T],
) -> Result<(), Failure> {
    let dry_run = account.is_dry_run();
    let replaced: Vec<String> = replaced.iter().map(ToString::to_string).collect();
    let what =
        if replaced.is_empty() { String::new() } else { format!(", in place of {}", replaced.join(" and ")) };
    let said = if dry_run { "would be added" } else { "added" };
    let rule_line = rule.replace('\n', "\u{fffd}");
    out.say(
        &format!("{said}: {rule_line}{what}"),
        &json!({"added": rule, "replaced": replaced, "dry_run": dry_run}),
    )
}

async fn export(account: &Account, out: &mut Output, unmapped: bool) -> Result<(), Failure> {
    let mut table = Vec::new();
    if unmapped {
        let texts: Vec<UnmappedText> =
            account.channel.unmapped().await?.into_iter().map(|one| one.seen).collect();
        csv::export_unmapped(&texts, csv::FormulaGuard::Off, &mut table)?;
    } else {
        let rules = account.store.stores().mappings.shipping_rules(&account.id).await?;
        csv::export(&rules.rows, csv::FormulaGuard::Off, &mut table)?;
    }
    if out.is_json() {
        return out.json(&json!({"csv": String::from_utf8_lossy(&table)}));
    }
    out.bytes(&table)
}

async fn import(account: &Account, out: &mut Output, file: &Path, replace: bool) -> Result<Exit, Failure> {
    let table = read(file)?;
    let stored = account.store.stores().mappings.shipping_rules(&account.id).await?;
    let options = if replace { csv::ImportOptions::replace() } else { csv::ImportOptions::merge() };
    let options = options.comparison(account.channel.settings().shipping.comparison);
    let plan = csv::plan(&stored.rows, table.as_slice(), &options);
    let shown = plan.to_string();
    let problems: Vec<String> = plan.problems.iter().map(ToString::to_string).collect();
    let rules = match plan.into_rules() {
        Ok(rules) => rules,
        Err(refused) => {
            let all = if problems.is_empty() { refused.to_string() } else { problems.join("\n  ") };
            let help = "`mappings export` writes a table as it has to be";
            return Err(Failure::usage(format!("{}: nothing was changed; {help}\n  {all}", file.display())));
        }
    };
    replace_rules(account, stored.version, rules).await?;
    out.say(&shown, &json!({"plan": shown, "dry_run": account.is_dry_run()}))?;
    Ok(Exit::Succeeded)
}

async fn replace_rules(account: &Account, version: u64, rules: Vec<ShippingRule>) -> Result<(), Failure> {
    let comparison = account.channel.settings().shipping.comparison;
    ShippingRules::compile(&rules, ShippingDefaults::none(), comparison)
        .map_err(|error| Failure::usage(error.to_string()))?;
    if account.is_dry_run() {
        return Ok(());
    }
    let answer = account.store.stores().mappings.replace_shipping_rules(&account.id, version, rules).await?;
    done(&answer)
}

fn done(answer: &ReplaceOutcome) -> Result<(), Failure> {
    match answer {
        ReplaceOutcome::Replaced { .. } => Ok(()),
        _ => Err(Failure::usage(
            "somebody else has changed the rules meanwhile: nothing was changed; try again",
        )),
    }
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

pub(super) async fn carriers(
    account: &Account,
    out: &mut Output,
    carriers: Carriers,
) -> Result<Exit, Failure> {
    match carriers.act {
        None => {
            let there = account.client.carriers().list().await?.items;
            out.rows(&there, &["CODE", "NAME"], "the account has no carrier", |carrier| {
                vec![carrier.code.clone().unwrap_or_default(), carrier.name.clone().unwrap_or_default()]
            })?;
        }
        Some(CarriersAct::Rules) => {
            let rules = account.store.stores().mappings.carrier_rules(&account.id).await?;
            out.rows(&rules.rows, &["RULE"], "there is no carrier rule", |rule| vec![rule.to_string()])?;
        }
        Some(CarriersAct::Suggest { carrier }) => {
            let suggested = account.channel.suggest_carriers(&carrier).await?;
            out.rows(&suggested, &["MAY BE"], "no carrier of the account comes near", |one| {
                vec![one.to_string()]
            })?;
        }
        Some(CarriersAct::Add { carrier, code }) => {
            let table = account.store.stores().mappings.carrier_rules(&account.id).await?;
            let rule = CarrierRule::new(carrier, code);
            let shown = rule.to_string();
            let (kept, replaced): (Vec<_>, Vec<_>) = table
                .rows
                .into_iter()
                .partition(|kept| (&kept.carrier, &kept.method) != (&rule.carrier, &rule.method));
            let rules: Vec<CarrierRule> = kept.into_iter().chain([rule]).collect();
            CarrierRules::compile(&rules).map_err(|error| Failure::usage(error.to_string()))?;
            if !account.is_dry_run() {
                done(
                    &account
                        .store
                        .stores()
                        .mappings
                        .replace_carrier_rules(&account.id, table.version, rules)
                        .await?,
                )?;
            }
            say_added(account, out, &shown, &replaced)?;
        }
    }
    Ok(Exit::Succeeded)
}
