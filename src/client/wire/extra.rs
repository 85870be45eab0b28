//! The members of an answer that this version of the crate has no field for.

use std::{collections::BTreeMap, fmt};

use serde_json::value::RawValue;

/// Members that ShipStation sent and that this version of the crate does not model, and those that could not be read.
///
/// They are kept exactly as they came and are written back when the model is sent, because ShipStation replaces
/// a whole resource on update and would clear what is left out. `Debug` shows only how many there are.
#[derive(Clone, Default)]
pub struct Extra(Option<Box<Members>>);

/// Every model has one and hardly any is filled.
#[derive(Clone, Default)]
struct Members {
    unknown: BTreeMap<String, Box<RawValue>>,
    unreadable: BTreeMap<&'static str, Box<RawValue>>,
}

impl Extra {
    /// The JSON text of one unknown member.
    pub fn get(&self, member: &str) -> Option<&str> {
        self.0.as_ref()?.unknown.get(member).map(|value| value.get())
    }

    /// Every unknown member with its JSON text, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.raw().map(|(name, value)| (name, value.get()))
    }

    /// Whether there is no unknown member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many unknown members there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |members| members.unknown.len())
    }

    /// The names of the members that could not be read and were left out of the model. They may hold a buyer's data, so
    /// their values are not shown.
    pub fn unreadable(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|members| members.unreadable.keys().copied())
    }

    /// Whether there is anything, unknown or unreadable.
    pub(crate) fn is_filled(&self) -> bool {
        self.0.is_some()
    }

    /// Every member that is not in the model, with its JSON text.
    pub(crate) fn unmodeled(&self) -> impl Iterator<Item = (&str, &str)> {
        let unreadable = self.0.iter().flat_map(|members| &members.unreadable);
        self.iter().chain(unreadable.map(|(name, value)| (*name, value.get())))
    }

    pub(crate) fn insert(&mut self, member: String, value: Box<RawValue>) {
        self.0.get_or_insert_default().unknown.insert(member, value);
    }

    pub(crate) fn insert_unreadable(&mut self, member: &'static str, value: Box<RawValue>) {
        self.0.get_or_insert_default().unreadable.insert(member, value);
    }

    pub(crate) fn raw(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0
            .iter()
            .flat_map(|members| members.unknown.iter().map(|(name, value)| (name.as_str(), &**value)))
    }

    pub(crate) fn raw_unreadable(&self, member: &str) -> Option<&RawValue> {
        self.0.as_ref()?.unreadable.get(member).map(|value| &**value)
    }
}

impl PartialEq for Extra {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter()) && self.unreadable().eq(other.unreadable())
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} unknown member{}", self.len(), if self.len() == 1 { "" } else { "s" })?;
        for (place, name) in self.unreadable().enumerate() {
            write!(f, "{}{name}", if place == 0 { ", unreadable: " } else { ", " })?;
        }
        Ok(())
    }
}
