//! When two names are near enough to be suggested for each other. Shared by texts and carriers.

use std::collections::BTreeSet;

use super::DisplayText;

/// Longer texts are never compared letter by letter, since that is quadratic.
const LONGEST: usize = 200;

/// Whether a text is too long to be compared in any other way than whole.
pub(super) fn is_long(text: &str) -> bool {
    // A character has at least one byte.
    text.len() > DisplayText::LONGEST_TEXT && text.chars().nth(DisplayText::LONGEST_TEXT).is_some()
}

/// The words of a text in lower case, without what stands between them.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether two texts are made of the same words, in whatever order.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    if is_long(one) || is_long(other) {
        return false;
    }
    let set = |text| words(text).into_iter().collect::<BTreeSet<_>>();
    let one = set(one);
    !one.is_empty() && one == set(other)
}

/// The edit distance, if it is at most two characters or a fifth of the longer text.
///
/// Texts that would have to change in every character are not near, however short they are.
pub(super) fn near(one: &str, other: &str) -> Option<usize> {
    let (one_length, other_length) = (one.chars().count(), other.chars().count());
    let limit = limit(one_length, other_length)?;
    let shorter = one_length.min(other_length);
    Some(strsim::levenshtein(one, other)).filter(|distance| *distance <= limit && *distance < shorter)
}

/// What [`near`] costs for texts of these lengths, in comparisons of single letters.
pub(super) fn cost(one: usize, other: usize) -> usize {
    if limit(one, other).is_some() { one.saturating_mul(other).max(1) } else { 1 }
}

/// How many characters may differ; `None` for lengths that are not compared.
fn limit(one: usize, other: usize) -> Option<usize> {
    let (shorter, longer) = (one.min(other), one.max(other));
    let limit = (longer / 5).max(2);
    (longer <= LONGEST && longer - shorter <= limit).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_change_places() {
        assert!(same_words("2 Day Shipping", "shipping (2-day)"));
        assert!(!same_words("2 Day Shipping", "3 Day Shipping"));
        assert!(!same_words("-", "--"));
    }

    #[test]
    fn near_is_two_characters_or_a_fifth() {
        let cases = [
            ("standard", "standrad", Some(2)),
            ("standard", "stndrads", None),
            ("ups", "usps", Some(1)),
            ("ab", "cd", None),
            ("", "ab", None),
            ("ground shipping (3-6 days)", "ground shipping (5-8 day)", Some(3)),
            ("ground shipping (3-6 days)", "express shipping (3-6 days)", None),
        ];
        for (one, other, wanted) in cases {
            assert_eq!(near(one, other), wanted, "{one} {other}");
            assert_eq!(near(other, one), wanted, "{other} {one}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(near(&long, &long), None);
    }
}
