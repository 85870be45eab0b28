//! How shipping texts are compared, and how two nearly equal texts differ. Knows no rules.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::display_text::{DisplayText, is_invisible};
use crate::{channel::wording::worded, named_enum::named_enum};

/// Whether a text is too long to be compared in any other way than whole.
pub(super) fn is_long(text: &str) -> bool {
    // A character has at least one byte.
    text.len() > DisplayText::MAX_TEXT_CHARS && text.chars().nth(DisplayText::MAX_TEXT_CHARS).is_some()
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
        self.prepare_part(text, false, false)
    }

    /// As [`prepare`](Self::prepare), for a part of a text: where more text may stand before or after it, one blank is kept.
    pub(super) fn prepare_part(self, text: &str, open_start: bool, open_end: bool) -> Cow<'_, str> {
        match self {
            Self::Exact => Cow::Borrowed(text),
            Self::Lenient => Cow::Owned(fold(text, open_start, open_end)),
        }
    }
}

/// The lenient form of a whole text.
pub(crate) fn fold_text(text: &str) -> String {
    fold(text, false, false)
}

fn fold(text: &str, open_start: bool, open_end: bool) -> String {
    let folded = if text.is_ascii() {
        // Nearly every shipping text: composing changes nothing, and folding is one pass.
        text.chars().filter(|&c| !is_invisible(c)).map(|c| plain_char(c).to_ascii_lowercase()).collect()
    } else {
        lower(&composed(&plain(&without_invisible(text))))
    };
    single_blanks(&folded, open_start, open_end)
}

/// The text without what cannot be seen.
fn without_invisible(text: &str) -> String {
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
    match c {
        c if c.is_whitespace() => ' ',
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff0d}' => '-',
        c => c,
    }
}

/// Words with one blank between them, and with one at an open end that has blanks.
fn single_blanks(text: &str, open_start: bool, open_end: bool) -> String {
    let open_start = open_start && text.starts_with(' ');
    let mut single = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if open_start || !single.is_empty() {
            single.push(' ');
        }
        single.push_str(word);
    }
    // A part that is nothing but blanks keeps one of them only if text may stand on both sides.
    if open_end && text.ends_with(' ') && (open_start || !single.is_empty()) {
        single.push(' ');
    }
    single
}

worded! {
    /// One way in which two texts differ although a person takes them for the same.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Difference {
        /// Characters that cannot be seen.
        Invisible => ("an invisible character"),
        /// A non-breaking or otherwise unusual space.
        UnusualSpace => ("a non-breaking or unusual space"),
        /// A leading, trailing or repeated space.
        ExtraSpace => ("a leading, trailing or doubled space"),
        /// Another kind of dash.
        Dash => ("the kind of dash"),
        /// Another form of a character, such as a full-width letter.
        Form => ("the form of a character"),
        /// Capitals.
        Case => ("capitals"),
    }
}

type Step = fn(&str) -> String;

/// How two texts differ, if folding makes them equal; `None` if it does not, if they are equal, or if one is long.
pub(super) fn differences(one: &str, other: &str) -> Option<Vec<Difference>> {
    if one == other || is_long(one) || is_long(other) || fold_text(one) != fold_text(other) {
        return None;
    }
    let steps: [(Difference, Step); 6] = [
        (Difference::Invisible, without_invisible),
        (Difference::UnusualSpace, |text| {
            text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
        }),
        (Difference::ExtraSpace, |text| single_blanks(text, false, false)),
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
        let unusual =
            difference == Difference::UnusualSpace && unusual_spaces(&one) != unusual_spaces(&other);
        if unusual || edit_distance(&nearer.0, &nearer.1) < edit_distance(&one, &other) {
            found.push(difference);
        }
        (one, other) = nearer;
    }
    Some(found)
}

fn unusual_spaces(text: &str) -> String {
    text.chars().filter(|&c| c != ' ' && c.is_whitespace()).collect()
}

/// The edit distance of two texts; 0 or 1 if they are long, since the exact distance takes quadratic time.
fn edit_distance(one: &str, other: &str) -> usize {
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
        let cases = [
            ("UPS  ", false, true, "ups "),
            ("  UPS", true, false, " ups"),
            ("  ", true, true, " "),
            ("  ", false, true, ""),
            ("  ", true, false, ""),
        ];
        for (text, open_start, open_end, folded) in cases {
            assert_eq!(fold(text, open_start, open_end), folded, "{text:?} {open_start} {open_end}");
        }
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
