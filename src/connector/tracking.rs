//! Tracking numbers: what is one, and when two spellings are the same. Pure.

use unicode_normalization::UnicodeNormalization;

use crate::channel::shipping::is_invisible;

/// Words that people and systems write where there is no number, by their letters.
const PLACEHOLDER_WORDS: &str = " A APPLICABLE ASSIGNED AVAILABLE AWAITING BE CONFIRMED DEFINED DETERMINED EMPTY FALSE \
    FOLLOW FOLLOWS LATER MISSING N NA NAN NIL NO NONE NOT NOTAPPLICABLE NOTAVAILABLE NOTPROVIDED NOTRACK NOTRACKING \
    NOTRACKINGNUMBER NOTSET NULL NUMBER NVT OBJECT PENDING PROVIDED SET SOON TBA TBC TBD TEST TO TODO TRACK TRACKED \
    TRACKING TRUE UNAVAILABLE UNDEFINED UNKNOWN UNTRACKED WITHOUT WITHOUTTRACKING YET ";
/// Zeros of other scripts than ours.
const ZEROS: [char; 3] = ['0', '\u{660}', '\u{6f0}'];
/// So many times the same letter is no number.
const REPEATED_LETTER: usize = 3;
/// A shared beginning of fewer characters proves nothing: numbers of one day begin alike.
const TELLING_PREFIX: usize = 12;
/// What USPS puts before a number for routing: 420 and a ZIP or ZIP+4.
const ROUTING: &str = "420";
const ZIP_LENGTHS: [usize; 2] = [5, 9];
/// Fewer characters than these behind the routing are no number.
const SHORTEST_ROUTED: usize = 4;

/// How much two numbers are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    Different,
    /// One is the beginning of the other: probably cut off.
    Probably,
    Same,
}

/// The number in a text, without what cannot be seen. `None` if the text stands for "no number".
pub(super) fn number(text: &str) -> Option<String> {
    let visible: String = text.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    let number = visible.trim();
    (!is_placeholder(number)).then(|| number.to_owned())
}

/// Whether a text stands for "no number": nothing but zeros, one character again and again, a spreadsheet's error, or words
/// that say so.
fn is_placeholder(text: &str) -> bool {
    let key = key(text);
    let has_digit = key.chars().any(|c| c.is_ascii_digit());
    let is_one_letter = key.len() >= REPEATED_LETTER && key.chars().all(|c| key.starts_with(c)) && !has_digit;
    let is_error = text.starts_with('#') && text.ends_with(['!', '?', 'A']) && !has_digit;
    let is_word = |word: &str| PLACEHOLDER_WORDS.contains(&format!(" {} ", self::key(word)));
    let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    key.chars().all(|c| ZEROS.contains(&c))
        || is_one_letter
        || is_error
        || is_word(&key)
        || words.all(is_word)
}

/// Compares two numbers, however they are written.
pub(super) fn likeness(one: &str, other: &str) -> Likeness {
    let (one, other) = (key(one), key(other));
    if one.is_empty() || other.is_empty() {
        return if one == other { Likeness::Same } else { Likeness::Different };
    }
    let is_same = without_zeros(&one) == without_zeros(&other)
        || unrouted(&one).any(|rest| without_zeros(rest) == without_zeros(&other))
        || unrouted(&other).any(|rest| without_zeros(rest) == without_zeros(&one));
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    if is_same {
        Likeness::Same
    } else if short.chars().count() >= TELLING_PREFIX && long.starts_with(short.as_str()) {
        Likeness::Probably
    } else {
        Likeness::Different
    }
}

pub(super) fn same(one: &str, other: &str) -> bool {
    likeness(one, other) == Likeness::Same
}

/// The letters and digits, in one case and one notation.
fn key(text: &str) -> String {
    text.nfkc().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

fn without_zeros(key: &str) -> &str {
    key.trim_start_matches('0')
}

/// The number without its routing, if it may have one: there is no telling a ZIP from a ZIP+4.
fn unrouted(key: &str) -> impl Iterator<Item = &str> {
    let rest = key.strip_prefix(ROUTING).filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    ZIP_LENGTHS
        .into_iter()
        .filter_map(move |zip| rest?.get(zip..))
        .filter(|rest| rest.len() >= SHORTEST_ROUTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_removed() {
        for text in [" 1Z 999 ", "\u{200b}1Z\u{200d} 999\r\n", "1Z\t 999\u{feff}", "\u{a0}1Z 999\u{0}"] {
            assert_eq!(number(text).as_deref(), Some("1Z 999"), "{text:?}");
        }
    }

    #[test]
    fn a_placeholder_is_no_number() {
        let placeholders = "| |\u{200b}|N/A|n.a.|n/a |TBD|none|None.|0|000|-|--|—|?|.|null|Unknown|No tracking|\
                            not available|PENDING|(none)|#N/A";
        for text in placeholders.split('|') {
            assert_eq!(number(text), None, "{text:?}");
        }
        for text in ["1Z", "T", "NA1", "0001", "PENDING-7"] {
            assert_eq!(number(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn spellings_of_one_number_are_the_same() {
        let same_numbers = [
            (" 1z 999 ", "1Z999"),
            ("1Z-999.AA", "1z999aa"),
            ("１Ｚ９９９", "1Z999"),
            ("420941059400111899560000000001", "9400111899560000000001"),
            ("420941051234", "1234"),
            ("4209410512349400111899560000000001", "9400111899560000000001"),
            ("9400 1118 9956 0000 0000 01", "420 94105 9400111899560000000001"),
            ("00012345678", "12345678"),
        ];
        for (one, other) in same_numbers {
            assert_eq!(
                (likeness(one, other), likeness(other, one)),
                (Likeness::Same, Likeness::Same),
                "{one} {other}"
            );
        }
    }

    #[test]
    fn other_numbers_are_not() {
        let others = [
            ("1Z999", "1Z99"),
            ("12345678901", "123456789012"),
            ("42094105", "4"),
            ("1Z999", ""),
            ("420941051", "1"),
        ];
        for (one, other) in others {
            assert_eq!(likeness(one, other), Likeness::Different, "{one} {other}");
        }
    }

    #[test]
    fn a_long_beginning_is_probably_the_same_number() {
        let cut = ("9400111899560", "9400111899560000000001");
        assert_eq!(likeness(cut.0, cut.1), Likeness::Probably);
        assert_eq!(likeness(cut.1, cut.0), Likeness::Probably);
    }
}
