//! Showing what a text hides. Knows no rules.

use std::fmt::Write;

/// The text with everything that hides in it made visible, for people who look for a difference.
///
/// Single spaces between words stay. A leading, trailing or repeated space becomes `␠`, a tab `␉`, line
/// ends `␊` and `␍`, and every other blank, control or invisible character its code, as in `<U+00A0>`.
///
/// ```
/// use shipstation_connector::channel::shipping::visible;
///
/// assert_eq!(visible("Standard Mail"), "Standard Mail");
/// assert_eq!(visible("Standard\u{a0}Mail "), "Standard<U+00A0>Mail␠");
/// ```
pub fn visible(text: &str) -> String {
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
pub(super) fn is_invisible(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(visible(text), shown, "{text:?}");
        }
    }
}
