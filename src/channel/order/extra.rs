//! What a channel said and the order has no member for.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// What the channel said and this version of the crate has no member for, by the channel's own names.
///
/// A member of a member has both names with a dot between (`advancedOptions.newOption`), an element of a list its place in
/// brackets. Each value is JSON text, exactly as it came. It may be a buyer's: `Debug` shows only how many there are, no report
/// or log holds any of it, and [`without_buyer`](super::ChannelOrder::without_buyer) clears it.
///
/// ```
/// # use shipstation_connector::channel::ExtraMembers;
/// let extra: ExtraMembers = [("giftWrap".to_owned(), "{\"paper\":\"blue\"}".to_owned())].into_iter().collect();
/// assert_eq!(extra.get("giftWrap"), Some("{\"paper\":\"blue\"}"));
/// assert_eq!(format!("{extra:?}"), "ExtraMembers(1)");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraMembers(BTreeMap<String, String>);

impl ExtraMembers {
    /// The JSON text of a member.
    pub fn get(&self, member: &str) -> Option<&str> {
        self.0.get(member).map(String::as_str)
    }

    /// Every member with its JSON text, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, json)| (name.as_str(), json.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl FromIterator<(String, String)> for ExtraMembers {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

impl fmt::Debug for ExtraMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExtraMembers({})", self.len())
    }
}
