//! When two names are near enough to be suggested for each other, and why. Shared by texts and carriers.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{
    Difference,
    explain::list,
    fold::{differences, fold_text, is_long},
};

/// Longer texts are never compared letter by letter, since that is quadratic.
const LONGEST: usize = 200;

/// Why something is suggested, the best reason first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The names are the same (carriers only).
    SameName,
    /// The texts are the same under lenient comparison.
    OnlySeemsDifferent {
        /// In what they differ.
        differences: Vec<Difference>,
    },
    /// The same text is mapped, but for another store or another scope (texts only).
    MappedElsewhere,
    /// The texts are made of the same words.
    SameWords,
    /// Both are names of the same large carrier (carriers only).
    Alias,
    /// The texts are alike.
    Similar {
        /// How many characters differ.
        distance: usize,
    },
}

impl Reason {
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

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameName => f.write_str("has the same name"),
            Self::OnlySeemsDifferent { differences } => {
                write!(f, "differs only in {}", list(differences, " and "))
            }
            Self::MappedElsewhere => f.write_str("is mapped there: copy it?"),
            Self::SameWords => f.write_str("has the same words"),
            Self::Alias => f.write_str("is another name of that carrier"),
            Self::Similar { distance: 1 } => f.write_str("differs in one character"),
            Self::Similar { distance } => write!(f, "differs in {distance} characters"),
        }
    }
}

/// What comparisons may cost, in comparisons of single letters.
#[derive(Debug)]
pub(super) struct Budget(pub(super) usize);

impl Budget {
    /// Whether there is enough left. What is refused uses up the rest.
    pub(super) fn spend(&mut self, work: usize) -> bool {
        let rest = self.0.checked_sub(work);
        self.0 = rest.unwrap_or(0);
        rest.is_some()
    }
}

/// A text, made ready to be compared with many.
#[derive(Debug)]
pub(super) struct Comparable<'t> {
    pub(super) text: &'t str,
    /// What it is compared by, unless the text is long.
    folded: Option<Folded>,
}

#[derive(Debug)]
struct Folded {
    text: String,
    words: BTreeSet<String>,
    length: usize,
}

impl<'t> Comparable<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let folded = (!is_long(text)).then(|| {
            let folded = fold_text(text);
            let words = words(&folded).into_iter().collect();
            Folded { words, length: folded.chars().count(), text: folded }
        });
        Self { text, folded }
    }

    /// The reason that something in two different texts is equal.
    pub(super) fn equality(&self, other: &Self, budget: &mut Budget) -> Option<Reason> {
        let (one, two) = self.folded.as_ref().zip(other.folded.as_ref())?;
        if one.text == two.text {
            // Naming the differences takes twelve edit distances.
            let affordable = budget.spend(one.length.saturating_mul(two.length).saturating_mul(12));
            let differences = affordable.then(|| differences(self.text, other.text)).flatten();
            return differences.map(|differences| Reason::OnlySeemsDifferent { differences });
        }
        one.has_words_of(two).then_some(Reason::SameWords)
    }

    /// The reason that two texts with nothing equal are alike; `Err` once the budget is used up.
    pub(super) fn similarity(&self, other: &Self, budget: &mut Budget) -> Result<Option<Reason>, ()> {
        let Some((one, two)) = self.folded.as_ref().zip(other.folded.as_ref()) else { return Ok(None) };
        if one.text == two.text || one.has_words_of(two) {
            return Ok(None);
        }
        let limit = limit(one.length, two.length);
        let cost = limit.map_or(1, |_| one.length.saturating_mul(two.length).max(1));
        if !budget.spend(cost) {
            return Err(());
        }
        Ok(near(&one.text, &two.text).map(|distance| Reason::Similar { distance }))
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

/// The edit distance, if it is at most two characters or a fifth of the longer text.
///
/// Texts that would have to change in every character are not near, however short they are.
fn near(one: &str, other: &str) -> Option<usize> {
    let (one_length, other_length) = (one.chars().count(), other.chars().count());
    let limit = limit(one_length, other_length)?;
    let shorter = one_length.min(other_length);
    Some(strsim::levenshtein(one, other)).filter(|distance| *distance <= limit && *distance < shorter)
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
        let reason =
            |one, other| Comparable::new(one).equality(&Comparable::new(other), &mut Budget(usize::MAX));
        assert_eq!(reason("2 Day Shipping", "shipping (2-day)"), Some(Reason::SameWords));
        assert_eq!(reason("2 Day Shipping", "3 Day Shipping"), None);
        assert_eq!(reason("-", "--"), None);
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
