//! Reading a store page by page, without relying on it to come to an end.

use std::{collections::HashSet, fmt::Display, hash::Hash};

use crate::channel::store::StoreError;

/// How far a list of a store was read.
#[derive(Debug)]
pub(super) struct Bookmark<K> {
    after: Option<K>,
    passed: HashSet<K>,
}

impl<K: Clone + Eq + Hash + Display> Bookmark<K> {
    pub(super) fn at_the_start() -> Self {
        Self { after: None, passed: HashSet::new() }
    }

    /// The last row of the page before.
    pub(super) fn after(&self) -> Option<&K> {
        self.after.as_ref()
    }

    /// Moves on behind the last row of a page. A store that has been there before would be read for ever.
    pub(super) fn pass(&mut self, last: &K) -> Result<(), StoreError> {
        if !self.passed.insert(last.clone()) {
            return Err(StoreError::permanent(format!(
                "paging does not advance: a page after {last} repeats it or precedes it"
            )));
        }
        self.after = Some(last.clone());
        Ok(())
    }
}
