//! Texts in their order, to find those that another text begins with, and those that begin with it.

use std::collections::BTreeSet;

/// A text and what it stands for: the place of a rule in some list.
pub(super) type Row = (String, usize);

/// Texts with a place each, sorted.
#[derive(Debug, Clone, Default)]
pub(super) struct TextTable {
    rows: Vec<Row>,
    /// The lengths of the texts in bytes.
    lengths: BTreeSet<usize>,
}

impl FromIterator<Row> for TextTable {
    fn from_iter<T: IntoIterator<Item = Row>>(rows: T) -> Self {
        let mut rows: Vec<Row> = rows.into_iter().collect();
        rows.sort_unstable();
        let lengths = rows.iter().map(|(text, _)| text.len()).collect();
        Self { rows, lengths }
    }
}

impl TextTable {
    /// The rows of exactly this text, by their places.
    pub(super) fn equal(&self, text: &str) -> &[Row] {
        self.run(text, |row| row == text)
    }

    /// The rows whose text begins with this one.
    pub(super) fn starting_with(&self, text: &str) -> &[Row] {
        self.run(text, |row| row.starts_with(text))
    }

    /// The rows that the text begins with, the longest first, each length by its places.
    pub(super) fn prefixes_of(&self, text: &str) -> impl Iterator<Item = &Row> {
        let lengths = self.lengths.range(..=text.len()).rev();
        lengths.filter_map(|length| text.get(..*length)).flat_map(|start| self.equal(start))
    }

    /// What it costs to look the prefixes of a text up, in comparisons of some characters.
    pub(super) fn cost_of_prefixes(&self, text: &str) -> usize {
        self.lengths.range(..=text.len()).count().saturating_mul(1 + text.len() / 8)
    }

    /// The rows from this text on for which `belongs` holds.
    fn run(&self, text: &str, belongs: impl Fn(&str) -> bool) -> &[Row] {
        let from = self.rows.partition_point(|(row, _)| row.as_str() < text);
        let rest = self.rows.get(from..).unwrap_or_default();
        rest.get(..rest.partition_point(|(row, _)| belongs(row))).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn finds_what_trying_every_text_finds(texts in vec("[aé]{0,4}", 0..12), text in "[aé]{0,5}") {
            let rows = || texts.iter().cloned().enumerate().map(|(place, text)| (text, place));
            let table: TextTable = rows().collect();
            let sorted = |rows: Vec<Row>| { let mut rows = rows; rows.sort(); rows };
            let having = |wanted: &dyn Fn(&str) -> bool| sorted(rows().filter(|(row, _)| wanted(row)).collect());
            prop_assert_eq!(table.equal(&text).to_vec(), having(&|row| row == text));
            prop_assert_eq!(table.starting_with(&text).to_vec(), having(&|row| row.starts_with(&text)));
            let prefixes: Vec<Row> = table.prefixes_of(&text).cloned().collect();
            prop_assert!(prefixes.is_sorted_by_key(|(row, _)| std::cmp::Reverse(row.len())));
            prop_assert_eq!(sorted(prefixes), having(&|row| text.starts_with(row)));
        }
    }
}
