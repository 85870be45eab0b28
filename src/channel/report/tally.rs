//! Counts by kind.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

/// How many there are of each kind. Serialized as an object with a member for each kind that occurs.
///
/// # Examples
/// ```
/// use shipstation_connector::channel::{BlockKind, report::Tally};
///
/// let tally: Tally<_> = [BlockKind::NoTracking, BlockKind::NoTracking].into_iter().collect();
/// assert_eq!((tally.of(BlockKind::NoTracking), tally.total()), (2, 2));
/// assert_eq!(tally.to_string(), "2 no_tracking");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tally<K: Copy + Ord>(BTreeMap<K, u64>);

impl<K: Copy + Ord> Tally<K> {
    /// Counts one more.
    pub fn add(&mut self, kind: K) {
        self.add_many(kind, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, kind: K, count: u64) {
        if count > 0 {
            *self.0.entry(kind).or_default() += count;
        }
    }

    /// How many there are of a kind.
    pub fn of(&self, kind: K) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kinds that occur, in their order, and how many there are of each.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }
}

impl<K: Copy + Ord> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Copy + Ord> FromIterator<K> for Tally<K> {
    fn from_iter<I: IntoIterator<Item = K>>(kinds: I) -> Self {
        let mut tally = Self::default();
        kinds.into_iter().for_each(|kind| tally.add(kind));
        tally
    }
}

/// Writes `3 a, 2 b`.
impl<K: Copy + Ord + fmt::Display> fmt::Display for Tally<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = self.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        f.write_str(&list.join(", "))
    }
}
