//! The setting that names a user of the account.

use super::references::one_of;
use crate::{
    channel::{Finding, shipping::DisplayText},
    client::{Error, ShipStation, User, UserId},
    connector::ShipStationChannel,
};

/// The setting that names the user.
pub(in crate::connector) const ASSIGN_USER: &str = "orders.assign_user";

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
    let (code, observed) = if all.iter().any(|user| user.user_id == *wanted) || !called(all).is_empty() {
        ("user_inactive", format!("user {wanted} is inactive"))
    } else if is_guid(wanted.as_str()) {
        ("user_unknown", format!("user {wanted} does not exist"))
    } else {
        (
            "user_not_guid",
            format!("{} is neither a GUID nor the name of a user", DisplayText::name(wanted.as_str())),
        )
    };
    Finding::error(code, ASSIGN_USER, observed, remedy)
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
