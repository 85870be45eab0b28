//! How similar two names are, and why one is suggested for the other. Shared by texts and carriers.

use std::collections::BTreeSet;

use crate::channel::wording::{joined, worded};
use serde::{Deserialize, Serialize};

use super::{
    Difference,
    comparison::{differences, fold_text, is_long},
};

/// Longer texts are not compared by edit distance, which takes quadratic time.
const MAX_EDIT_DISTANCE_CHARS: usize = 200;

worded! {
    /// Why something is suggested, the best reason first.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(tag = "reason", rename_all = "snake_case")]
    pub enum SuggestionReason {
        /// The names are the same (carriers only).
        SameName => ("has the same name"),
        /// The texts are the same under lenient comparison.
        OnlySeemsDifferent {
            /// In what they differ.
            differences: Vec<Difference>,
        } => ("differs only in {}", joined(differences, " and ")),
        /// The same text is mapped for another store or another scope (texts only).
        MappedElsewhere => ("is mapped there: copy it?"),
        /// The texts are made of the same words.
        SameWords => ("has the same words"),
        /// Both are names of the same large carrier (carriers only).
        Alias => ("is another name of that carrier"),
        /// The texts are alike.
        Similar {
            /// How many characters differ.
            distance: usize,
        } => ("differs in {}", if *distance == 1 { "one character".to_owned() } else { format!("{distance} characters") }),
    }
}

impl SuggestionReason {
    /// Lower is better.
    pub(super) fn rank(&self) -> (u8, usize) {
        match self {
            Self::SameName => (0, 0),
            Self::OnlySeemsDifferent { differences } => (1, differences.len()),
            Self::MappedElsewhere => (2, 0),
            Self::SameWords => (3, 0),
            Self::Alias => (4, 0),
            Self::Similar { distance } => (5, *distance),
        }
    }
}

/// A text, prepared for comparison with many.
#[derive(Debug)]
pub(super) struct Comparable<'t> {
    pub(super) text: &'t str,
    /// `None` if the text is long.
    folded: Option<Folded>,
}

#[derive(Debug)]
struct Folded {
    text: String,
    words: BTreeSet<String>,
    length: usize,
}

/// Whether the budget covers these steps. What is refused uses up the rest.
pub(super) fn spend(steps: usize, steps_left: &mut usize) -> bool {
    let rest = steps_left.checked_sub(steps);
    *steps_left = rest.unwrap_or_default();
    rest.is_some()
}

impl<'t> Comparable<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let folded = (!is_long(text)).then(|| {
            let folded = fold_text(text);
            Folded {
                words: words(&folded).into_iter().collect(),
                length: folded.chars().count(),
                text: folded,
            }
        });
        Self { text, folded }
    }

    /// The reason that something in two different texts is equal.
    pub(super) fn equality(&self, other: &Self, steps_left: &mut usize) -> Option<SuggestionReason> {
        let (one, two) = self.folded.as_ref().zip(other.folded.as_ref())?;
        if one.text != two.text {
            return one.has_words_of(two).then_some(SuggestionReason::SameWords);
        }
        // Naming the differences takes twelve edit distances.
        let affordable = spend(one.length.saturating_mul(two.length).saturating_mul(12), steps_left);
        let differences = affordable.then(|| differences(self.text, other.text)).flatten()?;
        Some(SuggestionReason::OnlySeemsDifferent { differences })
    }

    /// The reason that two texts with nothing equal are similar: the edit distance is at most two characters or a fifth of the
    /// longer text.
    ///
    /// Texts that would have to change in every character are not similar, however short they are.
    pub(super) fn similarity(&self, other: &Self, steps_left: &mut usize) -> Option<SuggestionReason> {
        let (one, two) = self.folded.as_ref().zip(other.folded.as_ref())?;
        let (shorter, longer) = (one.length.min(two.length), one.length.max(two.length));
        let limit = (longer / 5).max(2);
        let comparable = longer <= MAX_EDIT_DISTANCE_CHARS && longer - shorter <= limit;
        if !comparable
            || one.text == two.text
            || one.has_words_of(two)
            || !spend(shorter * longer, steps_left)
        {
            return None;
        }
        let distance = strsim::levenshtein(&one.text, &two.text);
        (distance <= limit && distance < shorter).then_some(SuggestionReason::Similar { distance })
    }
}

impl Folded {
    fn has_words_of(&self, other: &Self) -> bool {
        !self.words.is_empty() && self.words == other.words
    }
}

/// The words of a text in lower case, without what stands between them.
pub(super) fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_change_places() {
        let mut unlimited = usize::MAX;
        let mut reason = |one, other| Comparable::new(one).equality(&Comparable::new(other), &mut unlimited);
        assert_eq!(reason("2 Day Shipping", "shipping (2-day)"), Some(SuggestionReason::SameWords));
        assert_eq!(reason("2 Day Shipping", "3 Day Shipping"), None);
        assert_eq!(reason("-", "--"), None);
    }

    #[test]
    fn similar_is_two_characters_or_a_fifth() {
        let long = "x".repeat(MAX_EDIT_DISTANCE_CHARS);
        let distance = |one: &str, other: &str| {
            let mut unlimited = usize::MAX;
            let reason = Comparable::new(one).similarity(&Comparable::new(other), &mut unlimited);
            reason.map(|reason| reason.rank().1)
        };
        let cases = [
            ("standard", "standrad", Some(2)),
            ("standard", "stndrads", None),
            ("ups", "usps", Some(1)),
            ("ab", "cd", None),
            ("", "ab", None),
            ("ground shipping (3-6 days)", "ground shipping (5-8 day)", Some(3)),
            ("ground shipping (3-6 days)", "express shipping (3-6 days)", None),
            (&long, &format!("{long}y"), None),
        ];
        for (one, other, wanted) in cases {
            assert_eq!(distance(one, other), wanted, "{one} {other}");
            assert_eq!(distance(other, one), wanted, "{other} {one}");
        }
    }
}
