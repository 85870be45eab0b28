//! Patterns with `*` and `?`: reading them, fitting a text, and whether two can fit the same text.

use serde::{Deserialize, Serialize};

use super::fold::{Comparison, Ends, is_long};

/// The work that finding overlapping patterns may cost, in comparisons of single characters.
pub(super) const MOST_STEPS: usize = 300_000_000;

/// Why a pattern is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GlobError {
    /// The pattern is empty, so it would only fit an order without a text.
    #[error("the pattern is empty")]
    Empty,
    /// A backslash stands before something other than `*`, `?` or a backslash, or at the end.
    #[error(r"a backslash must stand before *, ? or another backslash")]
    Escape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// `*`
    Run,
    /// `?`
    One,
    Char(char),
}

/// A pattern made ready for fitting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    tokens: Vec<Token>,
    /// Where the first and the last `*` stand.
    runs: Option<(usize, usize)>,
    /// How many literal characters the pattern has: more of them win.
    pub(super) literals: usize,
    /// The pairs of neighbouring characters every fitting text must have.
    pub(super) bigrams: BigramSet,
}

impl Glob {
    pub(super) fn parse(pattern: &str, comparison: Comparison) -> Result<Self, GlobError> {
        let tokens = tokens(pattern, comparison)?;
        if tokens.is_empty() {
            return Err(GlobError::Empty);
        }
        let is_run = |token: &Token| *token == Token::Run;
        Ok(Self {
            runs: tokens.iter().position(is_run).zip(tokens.iter().rposition(is_run)),
            literals: tokens.iter().filter_map(|token| token.literal()).count(),
            bigrams: BigramSet::new(tokens.iter().map(|token| token.literal())),
            tokens,
        })
    }

    /// The literal start of the pattern, before its first wildcard.
    pub(super) fn head(&self) -> String {
        self.tokens.iter().map_while(|token| token.literal()).collect()
    }

    /// The literal end of the pattern, behind its last wildcard, read backwards.
    pub(super) fn tail(&self) -> String {
        self.tokens.iter().rev().map_while(|token| token.literal()).collect()
    }

    /// The only text the pattern fits, if it has no wildcard.
    pub(super) fn only_text(&self) -> Option<String> {
        Some(self.head()).filter(|_| self.literals == self.tokens.len())
    }

    /// Whether every text that is not empty fits.
    pub(super) fn fits_everything(&self) -> bool {
        self.literals == 0
            && self.tokens.contains(&Token::Run)
            && self.tokens.iter().filter(|token| **token == Token::One).count() <= 1
    }

    /// Whether the whole text fits. A long text fits only a pattern that fits everything: in the worst case the work is
    /// length times length.
    pub(super) fn fits(&self, text: &str) -> bool {
        if is_long(text) {
            return self.fits_everything();
        }
        self.takes(text.chars().map(Token::Char), &mut 0)
    }

    /// Whether some sequence of characters that is written so fits; adds the steps that it took. After more than
    /// [`MOST_STEPS`] it gives up. It uses no stack.
    fn takes(&self, sequence: impl Iterator<Item = Token> + Clone, steps: &mut usize) -> bool {
        let (mut at, mut rest) = (0, sequence);
        // Where to take up again when the present attempt fails: after the last `*`, one character later.
        let mut retry = None;
        loop {
            *steps = steps.saturating_add(1);
            if *steps > MOST_STEPS {
                // The caller has a budget and refuses this answer.
                return true;
            }
            match (self.tokens.get(at), rest.clone().next()) {
                (None, None) => return true,
                (Some(Token::Run), _) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                    continue;
                }
                (Some(wanted), Some(found)) if wanted.agrees(found) => {
                    at += 1;
                    rest.next();
                    continue;
                }
                _ => {}
            }
            let Some((after_run, mut later)) = retry.take() else { return false };
            if later.next().is_none() {
                return false;
            }
            (at, rest) = (after_run, later.clone());
            retry = Some((after_run, later));
        }
    }

    /// Whether some text fits both patterns; adds the steps that it took.
    ///
    /// Two patterns that both have a `*` share a text if their starts and their ends agree as far as both go: each takes
    /// the middle of the other with its own `*`.
    pub(super) fn overlaps(&self, other: &Self, steps: &mut usize) -> bool {
        match (self.outer(), other.outer()) {
            (Some((start, end)), Some((other_start, other_end))) => {
                agree(start.iter().zip(other_start), steps)
                    && agree(end.iter().rev().zip(other_end.iter().rev()), steps)
            }
            (None, None) => {
                self.tokens.len() == other.tokens.len() && agree(self.tokens.iter().zip(&other.tokens), steps)
            }
            (None, Some(_)) => other.takes(self.tokens.iter().copied(), steps),
            (Some(_), None) => self.takes(other.tokens.iter().copied(), steps),
        }
    }

    /// What stands before the first and behind the last `*`.
    fn outer(&self) -> Option<(&[Token], &[Token])> {
        let (first, last) = self.runs?;
        self.tokens.get(..first).zip(self.tokens.get(last + 1..))
    }
}

fn agree<'t>(mut pairs: impl Iterator<Item = (&'t Token, &'t Token)>, steps: &mut usize) -> bool {
    pairs.all(|(one, other)| {
        *steps = steps.saturating_add(1);
        one.agrees(*other)
    })
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

/// The tokens of a pattern; its literal parts are folded as `comparison` wants.
fn tokens(pattern: &str, comparison: Comparison) -> Result<Vec<Token>, GlobError> {
    let (mut tokens, mut part) = (Vec::with_capacity(pattern.len()), String::new());
    let mut chars = pattern.chars();
    loop {
        let wildcard = match chars.next() {
            Some('*') => Some(Token::Run),
            Some('?') => Some(Token::One),
            Some('\\') => {
                part.push(chars.next().filter(|c| matches!(c, '*' | '?' | '\\')).ok_or(GlobError::Escape)?);
                continue;
            }
            Some(c) => {
                part.push(c);
                continue;
            }
            None => None,
        };
        // Only the outer ends of the pattern are ends of the text.
        let ends = Ends { open_start: !tokens.is_empty(), open_end: wildcard.is_some() };
        tokens.extend(comparison.prepare_part(&part, ends).chars().map(Token::Char));
        part.clear();
        let Some(wildcard) = wildcard else { return Ok(tokens) };
        // Two runs side by side fit what one fits.
        if wildcard != Token::Run || tokens.last() != Some(&Token::Run) {
            tokens.push(wildcard);
        }
    }
}

/// A small set of neighbouring character pairs. It may claim a pair that is not there, never miss one:
/// enough to pass over most patterns without trying them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BigramSet(u128);

impl BigramSet {
    pub(super) fn of(text: &str) -> Self {
        Self::new(text.chars().map(Some))
    }

    /// The pairs of a sequence; `None` parts its neighbours.
    fn new(chars: impl Iterator<Item = Option<char>>) -> Self {
        let (mut pairs, mut before) = (0, None);
        for c in chars {
            if let (Some(before), Some(c)) = (before, c) {
                let mixed = u32::from(before).wrapping_mul(31).wrapping_add(u32::from(c));
                pairs |= 1 << (mixed.wrapping_mul(0x9e37_79b9) >> 25);
            }
            before = c;
        }
        Self(pairs)
    }

    /// Whether all of `wanted` may be here.
    pub(super) fn may_have(self, wanted: Self) -> bool {
        wanted.0 & !self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(pattern: &str) -> Glob {
        Glob::parse(pattern, Comparison::Exact).unwrap()
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
            assert_eq!(glob(one).overlaps(&glob(other), &mut 0), wanted, "{one} {other}");
            assert_eq!(glob(other).overlaps(&glob(one), &mut 0), wanted, "{other} {one}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_length_times_length_only() {
        let pattern = glob(&format!("{}b", "*a".repeat(200)));
        assert!(!pattern.fits(&"a".repeat(1_000)));
        assert!(!pattern.takes("a".repeat(5_000).chars().map(Token::Char), &mut 0));
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

    /// The definition, word by word.
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
            prop_assert!(!fits || BigramSet::of(&text).may_have(glob.bigrams));
            prop_assert!(!glob.fits_everything() || text.is_empty() || fits);
        }

        #[test]
        fn overlap_is_found_whenever_a_text_fits_both(
            one in "[ab*?]{1,6}", other in "[ab*?]{1,6}", texts in proptest::collection::vec("[ab]{0,8}", 40),
        ) {
            let (one, other) = (glob(&one), glob(&other));
            let common = texts.iter().any(|text| one.fits(text) && other.fits(text));
            prop_assert!(!common || one.overlaps(&other, &mut 0));
            prop_assert_eq!(one.overlaps(&other, &mut 0), other.overlaps(&one, &mut 0));
        }

        #[test]
        fn no_overlap_is_found_when_no_short_text_fits_both(one in "[ab*?]{1,4}", other in "[ab*?]{1,4}") {
            let (one, other) = (glob(&one), glob(&other));
            // The shortest common text is no longer than both patterns together.
            let common = (0..=8_u32).any(|length| (0..1_u32 << length).any(|bits| {
                let text: String = (0..length).map(|at| if bits >> at & 1 == 0 { 'a' } else { 'b' }).collect();
                one.fits(&text) && other.fits(&text)
            }));
            prop_assert_eq!(one.overlaps(&other, &mut 0), common);
        }
    }
}
