//! How texts from outside are shown: with invisible characters escaped, and cut. Knows no rules.

use std::fmt::{self, Write};

use crate::channel::wording::joined;

/// A text from outside, as every report, finding, error and answer writes it: in double quotes, with its invisible
/// characters escaped (see [`escape_invisible`](escape_invisible())), and cut where it is long.
///
/// It is for people only: texts are compared whole, and never in this form.
///
/// ```
/// use shipstation_connector::channel::shipping::DisplayText;
///
/// assert_eq!(DisplayText::new("Standard\u{a0}Mail ").to_string(), "\"Standard<U+00A0>Mail␠\"");
/// let long = "x".repeat(2_234);
/// assert!(DisplayText::new(&long).to_string().ends_with("xxx\"… (1,234 more characters)"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisplayText<'t> {
    text: &'t str,
    limit: usize,
}

impl<'t> DisplayText<'t> {
    /// The characters that are shown of a shipping text.
    pub const MAX_TEXT_CHARS: usize = 1_000;
    /// The characters that are shown of a SKU or a name.
    pub const MAX_NAME_CHARS: usize = 500;

    /// A shipping text, or a text that may be as long.
    pub fn new(text: &'t str) -> Self {
        Self { text, limit: Self::MAX_TEXT_CHARS }
    }

    /// A SKU, or the name of something.
    pub fn name(text: &'t str) -> Self {
        Self { text, limit: Self::MAX_NAME_CHARS }
    }

    /// The text without quotes and without escapes, cut where it is long: for a report's data, which programs read.
    pub fn cut(self) -> String {
        let (shown, more) = self.parts();
        format!("{shown}{more}")
    }

    /// The text without quotes, with its invisible characters escaped, cut where it is long: for an order number in a
    /// sentence.
    pub fn unquoted(self) -> String {
        let (shown, more) = self.parts();
        format!("{}{more}", escape_invisible(shown))
    }

    /// What is shown of the text, and a mark that says how many characters are not.
    fn parts(self) -> (&'t str, String) {
        let end = self.text.char_indices().nth(self.limit).map_or(self.text.len(), |(at, _)| at);
        let (shown, rest) = self.text.split_at_checked(end).unwrap_or((self.text, ""));
        let count = rest.chars().count().to_string();
        // Groups of three digits, from the end.
        let groups = count.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
        let more = match count.as_str() {
            "0" => String::new(),
            "1" => "… (1 more character)".to_owned(),
            _ => format!("… ({} more characters)", joined(groups, ",")),
        };
        (shown, more)
    }
}

impl fmt::Display for DisplayText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, more) = self.parts();
        write!(f, "\"{}\"{more}", escape_invisible(shown))
    }
}

/// The first few of many names as a report keeps them, each cut where it is long.
pub(crate) fn cut_names(names: &[String]) -> Vec<String> {
    const MAX_NAMES: usize = 20;
    let kept = names.iter().take(MAX_NAMES).map(|name| DisplayText::name(name).cut());
    let more = names.len().saturating_sub(MAX_NAMES);
    kept.chain((more > 0).then(|| format!("… ({more} more)"))).collect()
}

/// Names in a row, as people read them.
pub(crate) fn name_list(names: &[String]) -> String {
    joined(names.iter().map(|name| DisplayText::name(name)), ", ")
}

/// The text with its invisible characters escaped, for people who look for a difference.
///
/// Single spaces between words stay. A leading, trailing or repeated space becomes `␠`, a tab `␉`, line
/// ends `␊` and `␍`, and every other blank, control or invisible character its code, as in `<U+00A0>`.
///
/// ```
/// use shipstation_connector::channel::shipping::escape_invisible;
///
/// assert_eq!(escape_invisible("Standard Mail"), "Standard Mail");
/// assert_eq!(escape_invisible("Standard\u{a0}Mail "), "Standard<U+00A0>Mail␠");
/// ```
pub fn escape_invisible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let between_words = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        match c {
            ' ' if between_words(before) && between_words(rest.peek().copied()) => shown.push(' '),
            ' ' => shown.push('␠'),
            '\t' => shown.push('␉'),
            '\n' => shown.push('␊'),
            '\r' => shown.push('␍'),
            c if c.is_whitespace() || is_invisible(c) => {
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "<U+{:04X}>", u32::from(c));
            }
            c => shown.push(c),
        }
        before = Some(c);
    }
    shown
}

/// A character without a picture that is not white space either.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_characters_and_says_how_many_are_left() {
        let cases = [
            ("é".repeat(500), format!("\"{}\"", "é".repeat(500))),
            ("é".repeat(501), format!("\"{}\"… (1 more character)", "é".repeat(500))),
            ("x".repeat(1_000_500), format!("\"{}\"… (1,000,000 more characters)", "x".repeat(500))),
            (String::new(), "\"\"".to_owned()),
        ];
        for (text, shown) in cases {
            assert_eq!(DisplayText::name(&text).to_string(), shown);
        }
        let cut = format!("{}… (10 more characters)", "x".repeat(500));
        assert_eq!(DisplayText::name(&"x".repeat(510)).cut(), cut);
        assert_eq!(DisplayText::name("a\tb").cut(), "a\tb");
    }

    #[test]
    fn shows_every_hidden_character() {
        let cases = [
            ("", ""),
            (" ", "␠"),
            (" a  b ", "␠a␠␠b␠"),
            ("a\tb\r\n", "a␉b␍␊"),
            ("a\u{a0}b\u{200b}", "a<U+00A0>b<U+200B>"),
            ("a\u{7}", "a<U+0007>"),
            ("2\u{2013}Day é", "2\u{2013}Day é"),
        ];
        for (text, shown) in cases {
            assert_eq!(escape_invisible(text), shown, "{text:?}");
        }
    }
}
