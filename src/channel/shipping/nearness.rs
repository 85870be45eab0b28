//! When two names are near enough to be suggested for each other. Shared by texts and carriers.

use std::collections::BTreeSet;

/// Longer texts are never compared letter by letter, since that is quadratic.
const LONGEST: usize = 200;

/// The words of a text in lower case, without what stands between them.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether two texts are made of the same words, in whatever order.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    let set = |text| words(text).into_iter().collect::<BTreeSet<_>>();
    let one = set(one);
    !one.is_empty() && one == set(other)
}

/// The edit distance, if it is at most two characters or a fifth of the longer text.
///
/// Texts that would have to change in every character are not near, however short they are.
pub(super) fn near(one: &str, other: &str) -> Option<usize> {
    let (one_length, other_length) = (one.chars().count(), other.chars().count());
    let (shorter, longer) = (one_length.min(other_length), one_length.max(other_length));
    let limit = (longer / 5).max(2);
    if longer > LONGEST || longer - shorter > limit {
        return None;
    }
    Some(strsim::levenshtein(one, other)).filter(|distance| *distance <= limit && *distance < shorter)
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
