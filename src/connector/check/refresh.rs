//! Stores whose orders do not come, or come twice: those that ShipStation does not refresh, and those that were connected
//! again.

use std::time::Duration;

use crate::{
    Timestamp,
    channel::{Finding, wording::count_of},
    client::Store,
    connector::settings::{OrderSettings, PossibleDuplicatePolicy},
    time::DAY,
};

/// A last refresh that is older misses orders: no window is shorter.
const MAX_REFRESH_AGE: Duration = DAY;

/// The stores that are imported from and that ShipStation does not refresh by itself, or has not for a day.
pub(in crate::connector) fn not_refreshed(
    settings: &OrderSettings,
    stores: &[Store],
    now: Timestamp,
) -> Vec<Finding> {
    let imported = stores.iter().filter(|store| is_imported_from(settings, store) && is_refreshable(store));
    imported.filter_map(|store| unrefreshed(store, now)).collect()
}

fn unrefreshed(store: &Store, now: Timestamp) -> Option<Finding> {
    // The zone of these dates is not certain: the later reading keeps a store of today from looking like yesterday's.
    let dates = [&store.last_refresh_attempt, &store.refresh_date].into_iter().flatten();
    let last = dates.map(crate::client::PacificTime::latest).max();
    let off = store.auto_refresh == Some(false);
    let age = last.map(|last| now.since(last));
    if !off && age.is_none_or(|age| age <= MAX_REFRESH_AGE) {
        return None;
    }
    let automatic = if off { "its automatic refresh is off, " } else { "" };
    let ago = age.map_or_else(
        || "and when it was last refreshed is not known".to_owned(),
        |age| match age.as_secs() / 3600 {
            hours @ ..48 => format!("and it was last refreshed {} ago", count_of(hours, "hour")),
            hours => format!("and it was last refreshed {} ago", count_of(hours / 24, "day")),
        },
    );
    let observed = format!("{automatic}{ago}");
    let observed = observed.trim_start_matches("and ").to_owned();
    let remedy = "switch automatic refresh on in ShipStation, or refresh it there: its new orders cannot be imported \
                  before";
    Some(Finding::warning("store_not_refreshed", name(store), observed, remedy))
}

/// Two stores of one marketplace with one account or name: the orders of one may come again with the other.
pub(super) fn connected_again(settings: &OrderSettings, stores: &[Store]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if settings.possible_duplicates == PossibleDuplicatePolicy::Hold {
        return findings;
    }
    let all = || stores.iter().filter(|store| is_refreshable(store));
    for (place, store) in all().enumerate() {
        let others = all().take(place).filter(|other| is_same(store, other));
        for other in others.filter(|other| !settings.exclude_stores.contains(&other.store_id)) {
            if !is_imported_from(settings, store) && !is_imported_from(settings, other) {
                continue;
            }
            let observed = format!(
                "seems to be {} connected again: orders of one may come again with the other",
                name(other)
            );
            let remedy =
                "set orders.possible_duplicates to hold, or exclude the store that is no longer used";
            findings.push(Finding::warning("store_connected_again", name(store), observed, remedy));
        }
    }
    findings
}

fn is_same(one: &Store, other: &Store) -> bool {
    let text = |text: &Option<String>| {
        text.as_deref().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
    };
    let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    one.marketplace_id == other.marketplace_id
        && (same(text(&one.account_name), text(&other.account_name))
            || same(text(&one.store_name), text(&other.store_name)))
}

/// ShipStation's own manual stores have nothing to be refreshed from.
fn is_refreshable(store: &Store) -> bool {
    store.marketplace_id.is_some_and(|marketplace| marketplace.get() != 0)
}

fn is_imported_from(settings: &OrderSettings, store: &Store) -> bool {
    store.active != Some(false) && settings.imports_from(Some(store.store_id))
}

fn name(store: &Store) -> String {
    format!("store {} {}", store.store_id, store.store_name.as_deref().unwrap_or("")).trim_end().to_owned()
}
