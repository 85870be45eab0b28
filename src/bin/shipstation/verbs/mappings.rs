//! Which shipping text means which method, and which of the host's carriers is which of the account's.

use std::{fmt::Display, fs, io::Read, path::Path};

use serde_json::json;
use shipstation_connector::channel::{
    shipping::{
        CarrierRule, CarrierRules, ShippingDefaults, ShippingRequest, ShippingRule, ShippingRules,
        UnmappedText, csv,
    },
    store::{MappingStoreExt, NewRules, ReplaceOutcome, Versioned},
};

use crate::{
    account::Account,
    args::{CarriersAct, MappingsAct},
    exit::{Ended, Exit, Failure},
    output::{Output, joined, or_dash},
};

pub(super) async fn mappings(account: &Account, out: &mut Output, act: Option<MappingsAct>) -> Ended {
    match act {
        None => {
            let rules = account.stores.mappings.shipping_rules(&account.id).await?.rows;
            let nothing = "there is no shipping rule: every order is held";
            out.rows(&rules, &["RULE"], nothing, |rule| vec![rule.to_string()])
        }
        Some(MappingsAct::Export { unmapped }) => export(account, out, unmapped).await,
        Some(MappingsAct::Import { file, replace }) => import(account, out, &file, replace).await,
        Some(MappingsAct::Explain { text, store_id, marketplace, country }) => {
            let mut request = ShippingRequest::new(text);
            request.store = store_id.map(Into::into);
            request.marketplace = marketplace;
            request.country = country;
            out.show(&account.channel.explain_shipping(&request).await?)
        }
        Some(MappingsAct::Suggest) => {
            let unmapped = account.channel.unmapped().await?;
            let head = ["TEXT", "STORE", "HELD", "SEEN", "MAY MEAN"];
            out.rows(&unmapped, &head, "every text that was seen is mapped", |one| {
                let (store, may_mean) = (or_dash(one.seen.store.as_ref()), joined(&one.suggestions, "; "));
                vec![one.seen.text.clone(), store, one.held.to_string(), one.seen.count.to_string(), may_mean]
            })
        }
        Some(MappingsAct::Add { text, policy, store_id }) => {
            let mut rule = ShippingRule::exact(text, policy);
            rule.scope.store = store_id.map(Into::into);
            let table = account.stores.mappings.shipping_rules(&account.id).await?;
            let is_same = |a: &ShippingRule, b: &ShippingRule| (&a.text, &a.scope) == (&b.text, &b.scope);
            add(account, out, table, rule, is_same, NewRules::Shipping).await?;
            if !account.dry_run {
                out.note("`held resolve` looks at held orders again");
            }
            Ok(Exit::Succeeded)
        }
    }
}

async fn export(account: &Account, out: &mut Output, unmapped: bool) -> Ended {
    let mut table = Vec::new();
    if unmapped {
        let texts: Vec<UnmappedText> =
            account.channel.unmapped().await?.into_iter().map(|one| one.seen).collect();
        csv::export_unmapped(&texts, csv::FormulaGuard::Off, &mut table)?;
    } else {
        let rules = account.stores.mappings.shipping_rules(&account.id).await?;
        csv::export(&rules.rows, csv::FormulaGuard::Off, &mut table)?;
    }
    if out.is_json() {
        return out.json(&json!({"csv": String::from_utf8_lossy(&table)}));
    }
    out.bytes(&table)
}

async fn import(account: &Account, out: &mut Output, file: &Path, replace: bool) -> Ended {
    let table = read(file)?;
    let stored = account.stores.mappings.shipping_rules(&account.id).await?;
    let options = if replace { csv::ImportOptions::replace() } else { csv::ImportOptions::merge() };
    let options = options.comparison(account.channel.settings().shipping.comparison);
    let plan = csv::plan(&stored.rows, table.as_slice(), &options);
    let (shown, problems) = (plan.to_string(), joined(&plan.problems, "\n  "));
    let rules = plan.into_rules().map_err(|refused| {
        let all = if problems.is_empty() { refused.to_string() } else { problems };
        let help = "`mappings export` writes a table as it has to be";
        Failure::usage(format!("{}: nothing was changed; {help}\n  {all}", file.display()))
    })?;
    replace_rules(account, stored.version, NewRules::Shipping(rules)).await?;
    out.say(&shown, &json!({"plan": shown, "dry_run": account.dry_run}))
}

/// Adds a rule in place of those that are for the same.
async fn add<R: Display>(
    account: &Account,
    out: &mut Output,
    table: Versioned<R>,
    rule: R,
    is_same: impl Fn(&R, &R) -> bool,
    rules: fn(Vec<R>) -> NewRules,
) -> Ended {
    let (replaced, mut kept): (Vec<R>, Vec<R>) =
        table.rows.into_iter().partition(|kept| is_same(kept, &rule));
    let replaced: Vec<String> = replaced.iter().map(ToString::to_string).collect();
    let (shown, dry_run) = (rule.to_string(), account.dry_run);
    kept.push(rule);
    replace_rules(account, table.version, rules(kept)).await?;
    let what =
        if replaced.is_empty() { String::new() } else { format!(", in place of {}", replaced.join(" and ")) };
    let said = if dry_run { "would be added" } else { "added" };
    let line = shown.replace('\n', "\u{fffd}");
    let document = json!({"added": shown, "replaced": replaced, "dry_run": dry_run});
    out.say(&format!("{said}: {line}{what}"), &document)
}

/// Puts rules in place of those of this version, once they are found sound.
async fn replace_rules(account: &Account, version: u64, rules: NewRules) -> Result<(), Failure> {
    let comparison = account.channel.settings().shipping.comparison;
    let problems = match &rules {
        NewRules::Shipping(rules) => {
            ShippingRules::compile(rules, ShippingDefaults::none(), comparison).err().map(|e| e.to_string())
        }
        NewRules::Carriers(rules) => CarrierRules::compile(rules).err().map(|e| e.to_string()),
        _ => None,
    };
    if let Some(problems) = problems {
        return Err(Failure::usage(problems));
    }
    if account.dry_run {
        return Ok(());
    }
    match account.stores.mappings.replace(&account.id, version, rules).await? {
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

pub(super) async fn carriers(account: &Account, out: &mut Output, act: Option<CarriersAct>) -> Ended {
    match act {
        None => {
            let there = account.client.carriers().list().await?.items;
            out.rows(&there, &["CODE", "NAME"], "the account has no carrier", |carrier| {
                vec![carrier.code.clone().unwrap_or_default(), carrier.name.clone().unwrap_or_default()]
            })
        }
        Some(CarriersAct::Rules) => {
            let rules = account.stores.mappings.carrier_rules(&account.id).await?.rows;
            out.rows(&rules, &["RULE"], "there is no carrier rule", |rule| vec![rule.to_string()])
        }
        Some(CarriersAct::Suggest { carrier }) => {
            let suggested = account.channel.suggest_carriers(&carrier).await?;
            let nothing = "no carrier of the account comes near";
            out.rows(&suggested, &["MAY BE"], nothing, |one| vec![one.to_string()])
        }
        Some(CarriersAct::Add { carrier, code }) => {
            let table = account.stores.mappings.carrier_rules(&account.id).await?;
            let is_same =
                |a: &CarrierRule, b: &CarrierRule| (&a.carrier, &a.method) == (&b.carrier, &b.method);
            add(account, out, table, CarrierRule::new(carrier, code), is_same, NewRules::Carriers).await
        }
    }
}
