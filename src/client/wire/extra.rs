//! The members of an answer that this version of the crate has no field for.

use std::{collections::BTreeMap, fmt};

use serde_json::value::RawValue;

/// Members that ShipStation sent and that this version of the crate does not model.
///
/// They are kept exactly as they came and are written back when the model is sent, because ShipStation replaces
/// a whole resource on update and would clear what is left out. `Debug` shows only how many there are.
#[derive(Clone, Default)]
pub struct Extra(
    #[expect(
        clippy::box_collection,
        reason = "every model has one and hardly any is filled: one word, not three"
    )]
    Option<Box<BTreeMap<String, Box<RawValue>>>>,
);

impl Extra {
    /// The JSON text of one member.
    pub fn get(&self, member: &str) -> Option<&str> {
        self.0.as_ref()?.get(member).map(|value| value.get())
    }

    /// Every unknown member with its JSON text, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.raw().map(|(name, value)| (name, value.get()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |members| members.len())
    }

    pub(crate) fn insert(&mut self, member: String, value: Box<RawValue>) {
        self.0.get_or_insert_default().insert(member, value);
    }

    pub(crate) fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().flat_map(|members| members.iter().map(|(name, value)| (name.as_str(), &**value)))
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unknown members", self.len())
    }
}
