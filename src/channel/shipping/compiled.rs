//! One rule made ready: its pattern, its area and its precedence. Rules among each other live in `ties`,
//! `index` and `audit`.

use super::{
    Comparison, MatchKind, RuleError, ScopeLevel, ShippingRule, TextMatch,
    fold::Ends,
    glob::Glob,
    scope::{Area, Place},
};

/// An enabled rule that is sound in itself.
#[derive(Debug, Clone)]
pub(super) struct CompiledRule {
    pub(super) pattern: Pattern,
    pub(super) area: Area,
    pub(super) precedence: Precedence,
}

impl CompiledRule {
    /// # Errors
    ///
    /// What is wrong with the rule taken alone.
    pub(super) fn new(index: usize, rule: &ShippingRule, comparison: Comparison) -> Result<Self, RuleError> {
        if rule.method.policy.as_str().trim().is_empty() {
            return Err(RuleError::NoPolicy { rule: index });
        }
        let scope = &rule.scope;
        if scope.store.as_ref().is_some_and(|store| store.as_str().is_empty())
            || scope.marketplace.as_ref().is_some_and(String::is_empty)
        {
            return Err(RuleError::EmptyScope { rule: index });
        }
        let area = Area::new(scope)
            .map_err(|country| RuleError::BadCountry { rule: index, country: country.to_owned() })?;
        let pattern = Pattern::new(index, &rule.text, comparison)?;
        let precedence =
            Precedence { kind: rule.text.kind(), weight: pattern.weight(), level: scope.level() };
        Ok(Self { pattern, area, precedence })
    }

    pub(super) fn fits(&self, text: Option<&str>, place: &Place<'_>) -> bool {
        self.pattern.fits(text) && self.area.fits(place)
    }
}

/// The order among rules that fit the same order: the greatest wins. Two equal ones are a tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Precedence {
    // The derived order compares the fields from the top.
    pub(super) kind: MatchKind,
    /// The length of a prefix or the literal characters of a glob; 0 for the other kinds.
    pub(super) weight: usize,
    pub(super) level: ScopeLevel,
}

/// The texts a rule matches, in the form in which texts are compared.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Exact(String),
    Prefix(String),
    Glob(Glob),
    Absent,
    Any,
}

impl Pattern {
    fn new(index: usize, text: &TextMatch, comparison: Comparison) -> Result<Self, RuleError> {
        let pattern = match text {
            TextMatch::Exact(text) => Self::Exact(comparison.prepare(text).into_owned()),
            TextMatch::Prefix(text) => {
                let ends = Ends { open_start: false, open_end: true };
                Self::Prefix(comparison.prepare_part(text, ends).into_owned())
            }
            TextMatch::Glob(pattern) => Glob::parse(pattern, comparison)
                .map(Self::Glob)
                .map_err(|why| RuleError::BadGlob { rule: index, why })?,
            TextMatch::Absent => Self::Absent,
            TextMatch::Any => Self::Any,
        };
        match &pattern {
            Self::Exact(text) | Self::Prefix(text) if text.is_empty() => {
                Err(RuleError::EmptyText { rule: index })
            }
            _ => Ok(pattern),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Prefix(text) => text.chars().count(),
            Self::Glob(glob) => glob.literals(),
            Self::Exact(_) | Self::Absent | Self::Any => 0,
        }
    }

    /// Whether the rule matches a text in its compared form, or its absence.
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
}
