//! Many orders in one warning: a report must not grow with the shop.

/// As many as one warning names.
const MAX_NAMES_PER_WARNING: usize = 20;

/// The orders that share a warning: some by name, the rest as a number.
#[derive(Debug, Default)]
pub(super) struct CappedList {
    named: Vec<String>,
    more: u64,
}

impl CappedList {
    pub(super) fn add(&mut self, name: impl Into<String>) {
        if self.named.len() < MAX_NAMES_PER_WARNING {
            self.named.push(name.into());
        } else {
            self.more += 1;
        }
    }

    /// The list as text; `None` when it is empty.
    pub(super) fn summary(&self) -> Option<String> {
        let named = self.named.join(", ");
        match (self.named.is_empty(), self.more) {
            (true, _) => None,
            (false, 0) => Some(named),
            (false, more) => Some(format!("{named} and {more} more")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_names_some_and_counts_the_rest() {
        let mut list = CappedList::default();
        assert_eq!(list.summary(), None);
        list.add("a");
        assert_eq!(list.summary().unwrap(), "a");
        (0..25).for_each(|_| list.add("b"));
        assert!(list.summary().unwrap().ends_with("b, b and 6 more"));
    }
}
