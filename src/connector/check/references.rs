//! Settings that name something in ShipStation: stores and tags. One request each, and none for what is not set.

use super::refresh;
use crate::{
    channel::{Finding, shipping::DisplayText},
    client::{AccountTag, Error, ShipStation, Store, TagId},
    connector::ShipStationChannel,
};

/// The setting that names the tag of imported orders.
pub(in crate::connector) const ACKNOWLEDGEMENT_TAG: &str = "orders.acknowledgement_tag";
/// How many of the account's things a remedy names.
const MAX_CHOICES_LISTED: usize = 8;

/// The selected and excluded stores.
pub(super) async fn stores(
    channel: &ShipStationChannel,
    client: &ShipStation,
) -> Result<Vec<Finding>, Error> {
    let settings = &channel.settings.orders;
    // Asked even when no store is set: it is the request that proves the credentials.
    let there = client.stores().list().show_inactive(true).send().await?.items;
    channel.directory.keep(&there, &**client.clock());
    let mut findings = Vec::new();
    for wanted in settings.stores.union(&settings.exclude_stores) {
        let subject =
            if settings.stores.contains(wanted) { "orders.stores" } else { "orders.exclude_stores" };
        match there.iter().find(|store| store.store_id == *wanted) {
            None => {
                let observed = format!("there is no store {wanted}");
                let remedy = if there.is_empty() {
                    "the account has no stores: connect one in ShipStation".to_owned()
                } else {
                    format!("set the number of {}", one_of(&there, store))
                };
                findings.push(Finding::error("store_unknown", subject, observed, remedy));
            }
            Some(store) if store.active == Some(false) => {
                let observed = format!("store {wanted} is inactive");
                let remedy = "reactivate it in ShipStation, or take it out";
                findings.push(Finding::warning("store_inactive", subject, observed, remedy));
            }
            Some(_) => {}
        }
    }
    findings.extend(refresh::not_refreshed(settings, &there, channel.server_time()));
    findings.extend(refresh::connected_again(settings, &there));
    Ok(findings)
}

fn store(store: &Store) -> String {
    format!("{} {}", store.store_id, store.store_name.as_deref().unwrap_or(""))
}

/// The tags of the settings.
pub(in crate::connector) async fn tags(
    channel: &ShipStationChannel,
    client: &ShipStation,
) -> Result<Vec<Finding>, Error> {
    let settings = &channel.settings.orders;
    let wanted = [("orders.tag", settings.tag), (ACKNOWLEDGEMENT_TAG, settings.acknowledgement_tag)];
    let excluded = settings.exclude_tags.iter().map(|tag| ("orders.exclude_tags", Some(*tag)));
    let wanted: Vec<_> =
        wanted.into_iter().chain(excluded).filter_map(|(name, tag)| Some((name, tag?))).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let there = client.accounts().list_tags().await?.items;
    let missing = wanted.into_iter().filter(|(_, tag)| there.iter().all(|known| known.tag_id != *tag));
    Ok(missing.map(|(subject, tag)| no_tag(subject, tag, &there)).collect())
}

fn no_tag(subject: &'static str, wanted: TagId, there: &[AccountTag]) -> Finding {
    let name = wanted.to_string();
    if let Some(tag) = there.iter().find(|tag| tag.name.as_deref().map(str::trim) == Some(name.as_str())) {
        let observed =
            format!("{} is the name of a tag; its number is {}", DisplayText::name(&name), tag.tag_id);
        return Finding::error("tag_name_for_id", subject, observed, format!("set {}", tag.tag_id));
    }
    let remedy = if there.is_empty() {
        "the account has no tags: make one in ShipStation, or clear the setting".to_owned()
    } else {
        let mut nearest: Vec<&AccountTag> = there.iter().collect();
        nearest.sort_by_key(|tag| (strsim::levenshtein(&tag.tag_id.to_string(), &name), tag.tag_id));
        let tag = |tag: &&AccountTag| format!("{} {}", tag.tag_id, tag.name.as_deref().unwrap_or(""));
        format!("use the number of {}", one_of(&nearest, tag))
    };
    Finding::error("tag_unknown", subject, format!("there is no tag {wanted}"), remedy)
}

/// "one of: a, b", with a bound. There must be one at least.
pub(super) fn one_of<T>(things: &[T], name: impl Fn(&T) -> String) -> String {
    let names: Vec<String> = things.iter().take(MAX_CHOICES_LISTED).map(name).collect();
    let more = match things.len().saturating_sub(MAX_CHOICES_LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("one of: {}{more}", names.join(", "))
}
