//! How reports and errors put numbers into words.

/// A count with its noun: `1 row`, `2 rows`.
pub(crate) fn count_of(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
