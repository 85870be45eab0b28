//! The texts that a rule matches, in compared form: whether a text matches, and whether two patterns overlap.

use super::{Comparison, GlobError, RuleError, TextMatch, comparison::is_long};

/// A [`TextMatch`] in compared form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    Exact(String),
    Prefix(String),
    Glob(Glob),
    Absent,
    Any,
}

impl Pattern {
    pub(super) fn new(index: usize, text: &TextMatch, comparison: Comparison) -> Result<Self, RuleError> {
        let pattern = match text {
            TextMatch::Exact(text) => Self::Exact(comparison.prepare(text).into_owned()),
            TextMatch::Prefix(text) => Self::Prefix(comparison.prepare_part(text, false, true).into_owned()),
            TextMatch::Glob(pattern) => {
                let bad_glob = |why| RuleError::BadGlob { rule: index, why };
                Self::Glob(Glob::parse(pattern, comparison).map_err(bad_glob)?)
            }
            TextMatch::Absent => Self::Absent,
            TextMatch::Any => Self::Any,
        };
        if pattern.text() == Some("") { Err(RuleError::EmptyText { rule: index }) } else { Ok(pattern) }
    }

    /// The text of an exact rule or a prefix.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Exact(text) | Self::Prefix(text) => Some(text),
            Self::Glob(_) | Self::Absent | Self::Any => None,
        }
    }

    pub(super) fn glob(&self) -> Option<&Glob> {
        if let Self::Glob(glob) = self { Some(glob) } else { None }
    }

    /// How specific the pattern is among those of its kind.
    ///
    /// The prefixes of one text have the same order by bytes as by characters.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Prefix(text) => text.len(),
            Self::Glob(glob) => glob.literals,
            Self::Exact(_) | Self::Absent | Self::Any => 0,
        }
    }

    /// Whether a text in compared form matches, or its absence.
    pub(super) fn fits(&self, text: Option<&str>) -> bool {
        match (self, text) {
            (Self::Absent, text) => text.is_none(),
            (_, None) => false,
            (Self::Exact(wanted), Some(text)) => wanted == text,
            (Self::Prefix(prefix), Some(text)) => text.starts_with(prefix.as_str()),
            (Self::Glob(glob), Some(text)) => glob.fits(text),
            (Self::Any, Some(_)) => true,
        }
    }

    /// Whether a text of these characters may match: see [`char_set`].
    pub(super) fn may_fit(&self, chars: u128) -> bool {
        self.glob().is_none_or(|glob| glob.chars & !chars == 0)
    }

    /// Whether some text matches both patterns; `None` when the budget of steps is used up.
    pub(super) fn overlaps(&self, other: &Self, budget: &mut usize) -> Option<bool> {
        match (self, other) {
            (Self::Glob(one), Self::Glob(other)) => one.overlaps(other, budget),
            (one, other) => Some(one == other),
        }
    }
}

/// The set of the characters of a text: enough to reject most globs without trying them. Some characters share a place.
pub(super) fn char_set(chars: impl Iterator<Item = char>) -> u128 {
    chars.fold(0, |set, c| set | 1 << (u32::from(c) % u128::BITS))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `*`
    Run,
    /// `?`
    One,
    Char(char),
}

impl Token {
    fn literal(self) -> Option<char> {
        if let Self::Char(c) = self { Some(c) } else { None }
    }

    fn agrees(self, other: Self) -> bool {
        match (self, other) {
            (Self::Char(one), Self::Char(two)) => one == two,
            _ => true,
        }
    }
}

/// A pattern of literal characters, `*` and `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    tokens: Vec<Token>,
    /// The places of the first and the last `*`.
    runs: Option<(usize, usize)>,
    /// The literal start of the pattern, before its first wildcard.
    pub(super) start: String,
    /// The literal end of the pattern, after its last wildcard.
    pub(super) end: String,
    /// The number of literal characters: the greater number wins.
    literals: usize,
    /// The set of the literal characters.
    chars: u128,
}

impl Glob {
    pub(super) fn parse(pattern: &str, comparison: Comparison) -> Result<Self, GlobError> {
        let tokens = tokens(pattern, comparison)?;
        if tokens.is_empty() {
            return Err(GlobError::Empty);
        }
        let literal = |token: &Token| token.literal();
        let is_run = |token: &Token| *token == Token::Run;
        let end: Vec<char> = tokens.iter().rev().map_while(literal).collect();
        Ok(Self {
            runs: tokens.iter().position(is_run).zip(tokens.iter().rposition(is_run)),
            start: tokens.iter().map_while(literal).collect(),
            end: end.into_iter().rev().collect(),
            literals: tokens.iter().filter_map(literal).count(),
            chars: char_set(tokens.iter().filter_map(literal)),
            tokens,
        })
    }

    /// Whether the pattern has no wildcard, so that only [`start`](Self::start) fits.
    pub(super) fn is_literal(&self) -> bool {
        self.literals == self.tokens.len()
    }

    /// Whether every text that is not empty fits.
    pub(super) fn fits_everything(&self) -> bool {
        self.literals == 0
            && self.runs.is_some()
            && self.tokens.iter().filter(|token| **token == Token::One).count() <= 1
    }

    /// Whether the whole text fits. A long text fits only a pattern that fits everything: in the worst case the work is
    /// length times length.
    pub(super) fn fits(&self, text: &str) -> bool {
        if is_long(text) {
            return self.fits_everything();
        }
        let mut unlimited = usize::MAX;
        // Comparing the literal ends first rejects most texts at little cost.
        text.starts_with(&self.start)
            && text.ends_with(&self.end)
            && self.matches(text.chars().map(Token::Char), &mut unlimited) == Some(true)
    }

    /// Whether a sequence of characters and `?` fits; `None` when the budget of steps is used up. It uses no stack.
    fn matches(&self, sequence: impl Iterator<Item = Token> + Clone, budget: &mut usize) -> Option<bool> {
        let (mut at, mut rest) = (0, sequence);
        // Where to continue when the present attempt fails: after the last `*`, one character later.
        let mut retry = None;
        loop {
            *budget = budget.checked_sub(1)?;
            match (self.tokens.get(at), rest.clone().next()) {
                (None, None) => return Some(true),
                (Some(Token::Run), _) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                }
                (Some(wanted), Some(found)) if wanted.agrees(found) => {
                    at += 1;
                    rest.next();
                }
                _ => {
                    let Some((after_run, later)) = &mut retry else { return Some(false) };
                    if later.next().is_none() {
                        return Some(false);
                    }
                    (at, rest) = (*after_run, later.clone());
                }
            }
        }
    }

    /// Whether some text fits both patterns; `None` when the budget of steps is used up.
    ///
    /// Two patterns that both have a `*` share a text if their starts and their ends agree as far as both go: each matches
    /// the middle of the other with its own `*`.
    fn overlaps(&self, other: &Self, budget: &mut usize) -> Option<bool> {
        match (self.outer(), other.outer()) {
            (Some((start, end)), Some((other_start, other_end))) => {
                let starts = start.iter().zip(other_start);
                let ends = end.iter().rev().zip(other_end.iter().rev());
                Some(agree(starts, budget)? && agree(ends, budget)?)
            }
            (None, None) if self.tokens.len() != other.tokens.len() => Some(false),
            (None, None) => agree(self.tokens.iter().zip(&other.tokens), budget),
            (None, Some(_)) => other.matches(self.tokens.iter().copied(), budget),
            (Some(_), None) => self.matches(other.tokens.iter().copied(), budget),
        }
    }

    /// The tokens before the first and after the last `*`.
    fn outer(&self) -> Option<(&[Token], &[Token])> {
        let (first, last) = self.runs?;
        self.tokens.get(..first).zip(self.tokens.get(last + 1..))
    }
}

fn agree<'t>(mut pairs: impl Iterator<Item = (&'t Token, &'t Token)>, budget: &mut usize) -> Option<bool> {
    let mut steps = 0;
    let all = pairs.all(|(one, other)| {
        steps += 1;
        one.agrees(*other)
    });
    *budget = budget.checked_sub(steps)?;
    Some(all)
}

/// The tokens of a pattern; its literal parts are folded as `comparison` wants.
fn tokens(pattern: &str, comparison: Comparison) -> Result<Vec<Token>, GlobError> {
    let (mut tokens, mut part) = (Vec::with_capacity(pattern.len()), String::new());
    let mut chars = pattern.chars();
    loop {
        let wildcard = match chars.next() {
            Some('\\') => {
                part.push(chars.next().filter(|c| matches!(c, '*' | '?' | '\\')).ok_or(GlobError::Escape)?);
                continue;
            }
            Some('*') => Some(Token::Run),
            Some('?') => Some(Token::One),
            Some(c) => {
                part.push(c);
                continue;
            }
            None => None,
        };
        // Only the outer ends of the pattern are ends of the text.
        let literal = comparison.prepare_part(&part, !tokens.is_empty(), wildcard.is_some());
        tokens.extend(literal.chars().map(Token::Char));
        part.clear();
        let Some(wildcard) = wildcard else { return Ok(tokens) };
        // Two runs side by side fit what one fits.
        if wildcard != Token::Run || tokens.last() != Some(&Token::Run) {
            tokens.push(wildcard);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::parse(pattern, Comparison::Exact).unwrap()
    }

    fn overlap(one: &Glob, other: &Glob) -> bool {
        let mut unlimited = usize::MAX;
        one.overlaps(other, &mut unlimited).unwrap()
    }

    #[test]
    fn fits_whole_texts() {
        let cases = [
            ("*Ground*", "UPS Ground (3 days)", true),
            ("*Ground*", "Ground", true),
            ("Ground*", "UPS Ground", false),
            ("?-Day", "2-Day", true),
            ("?-Day", "-Day", false),
            ("a*b*c", "axxbyybc", true),
            ("a*b*c", "axxbyyb", false),
            (r"100\*", "100*", true),
            (r"100\*", "1000", false),
            ("*é?", "caféx", true),
            ("*", "", true),
            ("?", "", false),
        ];
        for (pattern, text, wanted) in cases {
            assert_eq!(glob(pattern).fits(text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn refuses_what_can_never_fit_or_is_half_written() {
        for pattern in [r"\", r"a\b", r"a*\"] {
            assert_eq!(Glob::parse(pattern, Comparison::Exact), Err(GlobError::Escape), "{pattern}");
        }
        assert_eq!(Glob::parse("", Comparison::Exact), Err(GlobError::Empty));
        assert_eq!(Glob::parse(" \u{a0}", Comparison::Lenient), Err(GlobError::Empty));
    }

    #[test]
    fn folds_the_literal_parts_only() {
        let lenient = Glob::parse("  UPS\u{a0}* DAY ", Comparison::Lenient).unwrap();
        assert!(lenient.fits("ups 2 day"));
        assert!(!lenient.fits("ups2day"));
        assert_eq!(lenient.literals, 8);
    }

    #[test]
    fn knows_when_two_patterns_overlap() {
        let cases = [
            ("a*b", "ab*", true),
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("*ab", "*b", true),
            ("a?c", "abc", true),
            ("a?c", "abbc", false),
            ("??", "???*", false),
            ("*", "?", true),
            ("x*y", "xy", true),
            ("x*yz*", "*q*", true),
        ];
        for (one, other, wanted) in cases {
            assert_eq!(overlap(&glob(one), &glob(other)), wanted, "{one} {other}");
            assert_eq!(overlap(&glob(other), &glob(one)), wanted, "{other} {one}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_length_times_length_only() {
        let pattern = glob(&format!("{}b", "*a".repeat(200)));
        assert!(!pattern.fits(&"a".repeat(1_000)));
        assert_eq!(pattern.matches("a".repeat(5_000).chars().map(Token::Char), &mut 2_000_000), Some(false));
    }

    #[test]
    fn a_text_that_is_too_long_to_compare_fits_only_what_fits_everything() {
        let (long, longer) = (format!("{}x", "é".repeat(999)), format!("{}x", "é".repeat(1_000)));
        for pattern in ["é*", "*x", "*é?"] {
            assert!(glob(pattern).fits(&long) && !glob(pattern).fits(&longer), "{pattern}");
        }
        for pattern in ["*", "?*", "*?"] {
            assert!(glob(pattern).fits(&longer), "{pattern}");
        }
    }

    /// The definition of a match, by recursion.
    fn fits_by_definition(tokens: &[Token], text: &[char]) -> bool {
        match (tokens.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Token::Run, more)), rest) => {
                fits_by_definition(more, text)
                    || rest.is_some_and(|(_, rest)| fits_by_definition(tokens, rest))
            }
            (Some((Token::One, more)), Some((_, rest))) => fits_by_definition(more, rest),
            (Some((Token::Char(c), more)), Some((d, rest))) => c == d && fits_by_definition(more, rest),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn fits_agrees_with_the_definition(pattern in "[ab*?]{1,7}", text in "[ab]{0,8}") {
            let glob = glob(&pattern);
            let chars: Vec<char> = text.chars().collect();
            let fits = fits_by_definition(&glob.tokens, &chars);
            prop_assert_eq!(glob.fits(&text), fits);
            prop_assert!(!fits || Pattern::Glob(glob.clone()).may_fit(char_set(text.chars())));
            prop_assert!(!glob.fits_everything() || text.is_empty() || fits);
        }

        #[test]
        fn overlap_is_found_whenever_a_text_fits_both(
            one in "[ab*?]{1,6}", other in "[ab*?]{1,6}", texts in proptest::collection::vec("[ab]{0,8}", 40),
        ) {
            let (one, other) = (glob(&one), glob(&other));
            let common = texts.iter().any(|text| one.fits(text) && other.fits(text));
            prop_assert!(!common || overlap(&one, &other));
            prop_assert_eq!(overlap(&one, &other), overlap(&other, &one));
        }

        #[test]
        fn no_overlap_is_found_when_no_short_text_fits_both(one in "[ab*?]{1,4}", other in "[ab*?]{1,4}") {
            let (one, other) = (glob(&one), glob(&other));
            // The shortest common text is no longer than both patterns together.
            let common = (0..=8_u32).any(|length| (0..1_u32 << length).any(|bits| {
                let text: String = (0..length).map(|at| if bits >> at & 1 == 0 { 'a' } else { 'b' }).collect();
                one.fits(&text) && other.fits(&text)
            }));
            prop_assert_eq!(overlap(&one, &other), common);
        }
    }
}
