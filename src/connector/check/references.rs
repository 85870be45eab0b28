//! Settings that name something in ShipStation: stores, tags and a user. One request each, and none for what is not set.

use super::refresh;
use crate::{
    channel::{Finding, shipping::DisplayText},
    client::{AccountTag, Error, ShipStation, Store, TagId, User, UserId},
    connector::ShipStationChannel,
};

/// The setting that names the tag of imported orders.
pub(in crate::connector) const ACKNOWLEDGEMENT_TAG: &str = "orders.acknowledgement_tag";
pub(in crate::connector) const ASSIGN_USER: &str = "orders.assign_user";
/// How many of the account's things a remedy names.
const MAX_CHOICES_LISTED: usize = 8;

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

/// The user of the settings. A second request is made only for a user who is not among the active ones.
pub(in crate::connector) async fn users(
    channel: &ShipStationChannel,
    client: &ShipStation,
) -> Result<Vec<Finding>, Error> {
    let Some(wanted) = &channel.settings.orders.assign_user else { return Ok(Vec::new()) };
    let active = client.users().list().send().await?.items;
    if active.iter().any(|user| user.user_id == *wanted) {
        return Ok(Vec::new());
    }
    let all = client.users().list().show_inactive(true).send().await?.items;
    Ok(vec![not_active(wanted, &active, &all)])
}

fn not_active(wanted: &UserId, active: &[User], all: &[User]) -> Finding {
    let called = |users: &[User]| {
        let meant: Vec<String> = users
            .iter()
            .filter(|user| is_called(user, wanted))
            .map(|user| user.user_id.to_string())
            .collect();
        meant.join(" or ")
    };
    let meant = called(active);
    if !meant.is_empty() {
        let observed =
            format!("{} is the name of a user; the GUID is wanted", DisplayText::name(wanted.as_str()));
        return Finding::error("user_name_for_id", ASSIGN_USER, observed, format!("set {meant}"));
    }
    let remedy = if active.is_empty() {
        "the account has no active users: add one in ShipStation, or clear the setting".to_owned()
    } else {
        format!("set the GUID of an active user: {}", one_of(active, shown))
    };
    let finding = |code, observed: String| Finding::error(code, ASSIGN_USER, observed, remedy);
    if all.iter().any(|user| user.user_id == *wanted) || !called(all).is_empty() {
        finding("user_inactive", format!("user {wanted} is inactive"))
    } else if is_guid(wanted.as_str()) {
        finding("user_unknown", format!("user {wanted} does not exist"))
    } else {
        let wanted = DisplayText::name(wanted.as_str());
        finding("user_not_guid", format!("{wanted} is neither a GUID nor the name of a user"))
    }
}

/// Whether somebody wrote a user's name or login where the GUID is wanted.
fn is_called(user: &User, wanted: &UserId) -> bool {
    let written = wanted.as_str().to_lowercase();
    let names = [&user.name, &user.user_name].into_iter().flatten();
    names.into_iter().any(|name| name.trim().to_lowercase() == written)
}

fn shown(user: &User) -> String {
    format!("{} {}", user.user_id, user.name.as_deref().unwrap_or("")).trim_end().to_owned()
}

/// Whether a text is a GUID in its usual form: 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_told_from_names() {
        assert!(is_guid("5f0c2a9e-7d41-4b6e-9c35-0a1b2c3d4e5f"));
        for text in ["", "42", "5f0c2a9e7d414b6e9c350a1b2c3d4e5f", "5f0c2a9e-7d41-4b6e-9c35-0a1b2c3d4e5g"] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
