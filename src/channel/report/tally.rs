//! Counts by kind.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::channel::wording::joined;

/// How many there are of each kind. Serialized as an object with a member for each kind that occurs; kinds
/// that this version does not know are kept on reading, and counted in the total.
///
/// # Examples
/// ```
/// use shipstation_connector::channel::{BlockKind, report::Tally};
///
/// let tally: Tally<_> = [BlockKind::NoTracking, BlockKind::NoTracking].into_iter().collect();
/// assert_eq!((tally.of(BlockKind::NoTracking), tally.total()), (2, 2));
/// assert_eq!(tally.to_string(), "2 no_tracking");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<K: Copy + Ord> {
    counts: BTreeMap<K, u64>,
    unrecognized: BTreeMap<String, u64>,
}

impl<K: Copy + Ord> Tally<K> {
    /// Counts one more.
    pub fn add(&mut self, kind: K) {
        self.add_many(kind, 1);
    }

    /// Counts so many more.
    pub fn add_many(&mut self, kind: K, count: u64) {
        if count > 0 {
            *self.counts.entry(kind).or_default() += count;
        }
    }

    /// How many there are of a kind.
    pub fn of(&self, kind: K) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.counts.values().chain(self.unrecognized.values()).sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.unrecognized.is_empty()
    }

    /// The kinds that occur, in their order, and how many there are of each.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> {
        self.counts.iter().map(|(kind, count)| (*kind, *count))
    }
}

impl<K: Copy + Ord> Default for Tally<K> {
    fn default() -> Self {
        Self { counts: BTreeMap::new(), unrecognized: BTreeMap::new() }
    }
}

impl<K: Copy + Ord> FromIterator<K> for Tally<K> {
    fn from_iter<I: IntoIterator<Item = K>>(kinds: I) -> Self {
        let mut tally = Self::default();
        kinds.into_iter().for_each(|kind| tally.add(kind));
        tally
    }
}

impl<K: Copy + Ord + fmt::Display> Serialize for Tally<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.iter().map(|(kind, count)| (kind.to_string(), count));
        serializer.collect_map(known.chain(self.unrecognized.clone()))
    }
}

impl<'de, K: Copy + Ord + FromStr> Deserialize<'de> for Tally<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut tally = Self::default();
        for (name, count) in BTreeMap::<String, u64>::deserialize(deserializer)? {
            match name.parse() {
                Ok(kind) => tally.add_many(kind, count),
                Err(_) => drop(tally.unrecognized.insert(name, count)),
            }
        }
        Ok(tally)
    }
}

/// Writes `3 a, 2 b`.
impl<K: Copy + Ord + fmt::Display> fmt::Display for Tally<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.iter().map(|(kind, count)| format!("{count} {kind}"));
        let others = self.unrecognized.iter().map(|(name, count)| format!("{count} {name}"));
        f.write_str(&joined(known.chain(others), ", "))
    }
}
