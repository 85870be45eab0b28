//! How shipping texts are compared, and in what two nearly equal texts differ. Knows no rules.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::display_text::{DisplayText, is_invisible};
use crate::named_enum::named_enum;

/// Whether a text is too long to be compared in any other way than whole.
pub(super) fn is_long(text: &str) -> bool {
    // A character has at least one byte.
    text.len() > DisplayText::LONGEST_TEXT && text.chars().nth(DisplayText::LONGEST_TEXT).is_some()
}

named_enum! {
    /// How a rule's text is compared with an order's.
    #[derive(Default)]
    Comparison {
        /// Character by character: case, spaces and kinds of dash count. A text of blanks only is a text.
        #[default]
        Exact = "exact",
        /// Case, surrounding and repeated white space (non-breaking too), kinds of dash, compatibility forms
        /// (full-width letters) and invisible characters do not count. A text of blanks only is no text.
        Lenient = "lenient",
    }
}

impl Comparison {
    /// The text in the form in which it is compared.
    pub(super) fn prepare(self, text: &str) -> Cow<'_, str> {
        self.prepare_part(text, Ends::CLOSED)
    }

    /// As [`prepare`](Self::prepare), for a part of a text: at an open end one blank is kept.
    pub(super) fn prepare_part(self, text: &str, ends: Ends) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(text),
            Self::Lenient => Cow::Owned(fold(text, ends)),
        }
    }
}

/// Whether more text may stand before and after a part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) open_start: bool,
    pub(super) open_end: bool,
}

impl Ends {
    const CLOSED: Self = Self { open_start: false, open_end: false };
}

/// The lenient form of a whole text.
pub(crate) fn fold_text(text: &str) -> String {
    fold(text, Ends::CLOSED)
}

fn fold(text: &str, ends: Ends) -> String {
    // Nearly every shipping text is ASCII, where composing changes nothing and folding is one pass.
    if text.is_ascii() {
        let plain = text.chars().filter(|&c| !is_invisible(c)).map(plain_char);
        return single_blanks(plain.map(|c| c.to_ascii_lowercase()), text.len(), ends);
    }
    let folded = lower(&composed(&plain(&seen(text))));
    single_blanks(folded.chars(), folded.len(), ends)
}

/// The text without what cannot be seen.
fn seen(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).collect()
}

fn plain(text: &str) -> String {
    text.chars().map(plain_char).collect()
}

/// Compatibility composition. Its results may be blanks and dashes, which are made plain again.
fn composed(text: &str) -> String {
    text.nfkc().map(plain_char).collect()
}

/// Lower case, character by character: a final sigma must not depend on what follows it, or a prefix
/// would stop fitting. Composed again, because lower case may decompose.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).nfkc().collect()
}

fn plain_char(c: char) -> char {
    if c.is_whitespace() {
        ' '
    } else if is_dash(c) {
        '-'
    } else {
        c
    }
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2e3a}' | '\u{2e3b}')
        || matches!(c, '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

fn single_blanks(chars: impl Iterator<Item = char>, capacity: usize, ends: Ends) -> String {
    let mut folded = String::with_capacity(capacity);
    let mut blank = false;
    for c in chars {
        if c == ' ' {
            blank = true;
            continue;
        }
        if blank && (ends.open_start || !folded.is_empty()) {
            folded.push(' ');
        }
        blank = false;
        folded.push(c);
    }
    // A part that is nothing but blanks keeps one of them only if text may stand on both sides.
    if blank && ends.open_end && (ends.open_start || !folded.is_empty()) {
        folded.push(' ');
    }
    folded
}

/// One way in which two texts differ although a person takes them for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// Characters that cannot be seen.
    Invisible,
    /// A non-breaking or otherwise unusual space.
    UnusualSpace,
    /// A leading, trailing or repeated space.
    ExtraSpace,
    /// Another kind of dash.
    Dash,
    /// Another form of a character, such as a full-width letter.
    Form,
    /// Capitals.
    Case,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invisible => "an invisible character",
            Self::UnusualSpace => "a non-breaking or unusual space",
            Self::ExtraSpace => "a leading, trailing or doubled space",
            Self::Dash => "the kind of dash",
            Self::Form => "the form of a character",
            Self::Case => "capitals",
        })
    }
}

/// A part of folding.
type Step = fn(&str) -> String;

/// In what two texts differ, if folding makes them equal; `None` if it does not, if they are equal, or if one is long.
pub(super) fn differences(one: &str, other: &str) -> Option<Vec<Difference>> {
    if one == other || is_long(one) || is_long(other) || fold_text(one) != fold_text(other) {
        return None;
    }
    let steps: [(Difference, Step); 6] = [
        (Difference::Invisible, seen),
        (Difference::UnusualSpace, |text| {
            text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
        }),
        (Difference::ExtraSpace, |text| single_blanks(text.chars(), text.len(), Ends::CLOSED)),
        (Difference::Dash, plain),
        (Difference::Form, composed),
        (Difference::Case, lower),
    ];
    let (mut one, mut other) = (one.to_owned(), other.to_owned());
    let mut found = Vec::new();
    for (difference, step) in steps {
        let nearer = (step(&one), step(&other));
        // A step counts if it removes a difference, not if it merely changes both texts alike. An unusual
        // space too many is worth naming, although it is still there as a plain one after its step.
        let odd_space = difference == Difference::UnusualSpace && odd_spaces(&one) != odd_spaces(&other);
        if odd_space || gap(&nearer.0, &nearer.1) < gap(&one, &other) {
            found.push(difference);
        }
        (one, other) = nearer;
    }
    Some(found)
}

fn odd_spaces(text: &str) -> String {
    text.chars().filter(|&c| c != ' ' && c.is_whitespace()).collect()
}

/// How far apart two texts are. Long ones are only told apart, since the exact distance is quadratic.
fn gap(one: &str, other: &str) -> usize {
    if one.len() + other.len() > 400 { usize::from(one != other) } else { strsim::levenshtein(one, other) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folds_what_people_do_not_see() {
        let cases = [
            ("Standard", "standard"),
            ("  Standard \t Shipping\u{a0}", "standard shipping"),
            ("2\u{2013}Day", "2-day"),
            ("2\u{2011}Day \u{2212} x", "2-day - x"),
            ("\u{ff35}\u{ff30}\u{ff33}", "ups"),
            ("Stan\u{200b}dard\u{feff}", "standard"),
            ("E\u{301}conomique", "\u{e9}conomique"),
            ("\u{2003} ", ""),
            ("", ""),
        ];
        for (text, folded) in cases {
            assert_eq!(fold_text(text), folded, "{text:?}");
            assert_eq!(Comparison::Exact.prepare(text), text);
        }
    }

    #[test]
    fn keeps_one_blank_at_an_open_end() {
        let fold_at = |text, open_start, open_end| fold(text, Ends { open_start, open_end });
        assert_eq!(fold_at("UPS  ", false, true), "ups ");
        assert_eq!(fold_at("  UPS", true, false), " ups");
        assert_eq!(fold_at("  ", true, true), " ");
        assert_eq!(fold_at("  ", false, true), "");
        assert_eq!(fold_at("  ", true, false), "");
    }

    #[test]
    fn names_the_differences() {
        use Difference::{Case, Dash, ExtraSpace, Form, Invisible, UnusualSpace};
        let cases: [(&str, &str, &[Difference]); 8] = [
            ("Standard", "standard", &[Case]),
            ("Standard ", "Standard", &[ExtraSpace]),
            ("Standard\u{a0}Mail", "Standard Mail", &[UnusualSpace]),
            ("Standard\u{a0}", "Standard", &[UnusualSpace, ExtraSpace]),
            ("2\u{2013}day", "2-Day", &[Dash, Case]),
            ("UPS\u{200b}", "UPS", &[Invisible]),
            ("\u{ff35}PS", "UPS", &[Form]),
            ("E\u{301}", "\u{c9}", &[Form]),
        ];
        for (one, other, wanted) in cases {
            assert_eq!(differences(one, other).as_deref(), Some(wanted), "{one:?} {other:?}");
            assert_eq!(differences(other, one).as_deref(), Some(wanted), "{other:?} {one:?}");
        }
        assert_eq!(differences("Standard", "Standard"), None);
        assert_eq!(differences("Standard", "Express"), None);
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold_text(&text);
            prop_assert_eq!(fold_text(&once), once);
        }

        #[test]
        fn the_short_way_for_ascii_agrees_with_the_long_one(text in "[ -~\t\r\n]{0,20}") {
            let long = fold_text(&format!("{text}\u{200b}"));
            prop_assert_eq!(fold_text(&text), long);
        }

        #[test]
        fn differences_are_never_empty(text in any::<String>(), other in any::<String>()) {
            prop_assert!(differences(&text, &other).is_none_or(|found| !found.is_empty()));
            prop_assert!(differences(&text, &text.to_uppercase()).is_none_or(|found| !found.is_empty()));
        }
    }
}
