//! Finding patterns that can fit the same text without comparing each with each.
//!
//! Two patterns have a text in common only if the literal start of one begins with that of the other, and their literal
//! ends likewise. So each is compared only with those that a sorted list of starts, or one of ends, leaves over.

use std::iter;

use super::{
    compiled::{CompiledRule, Pattern},
    glob::{Glob, MOST_STEPS},
};

/// There are more comparisons to make than there is time for.
pub(super) struct TooMany {
    /// The rule at which the time was over.
    pub(super) rule: usize,
}

/// Looks for overlapping patterns, within a budget.
pub(super) struct Overlaps {
    left: usize,
}

impl Default for Overlaps {
    fn default() -> Self {
        Self { left: MOST_STEPS }
    }
}

struct Member<'r> {
    rule: usize,
    glob: &'r Glob,
    compiled: &'r CompiledRule,
    start: String,
    end: String,
}

impl Overlaps {
    /// Each glob behind one before it that serves one of its countries and can fit the same text; none is left out that
    /// has one.
    pub(super) fn pairs(&mut self, rules: &[(usize, &CompiledRule)]) -> Result<Vec<(usize, usize)>, TooMany> {
        let members: Vec<Member<'_>> =
            rules.iter().filter_map(|(rule, compiled)| member(*rule, compiled)).collect();
        let starts = Sorted::new(members.iter().map(|member| member.start.as_str()));
        let ends = Sorted::new(members.iter().map(|member| member.end.as_str()));
        let mut pairs = Vec::new();
        for member in &members {
            let (by_start, by_end) = (starts.near(&member.start), ends.near(&member.end));
            let near = if by_start.len() <= by_end.len() { by_start } else { by_end };
            let mut other = None;
            for candidate in near.places().filter_map(|place| members.get(place)) {
                if self.clash(candidate, member)? {
                    other = Some(candidate.rule);
                    break;
                }
            }
            pairs.extend(other.map(|other| (other, member.rule)));
        }
        Ok(pairs)
    }

    /// Whether the two tie and `earlier` stands first. Each pair is asked about from both sides.
    fn clash(&mut self, earlier: &Member<'_>, later: &Member<'_>) -> Result<bool, TooMany> {
        let mut steps = 1;
        let clash = earlier.rule < later.rule && {
            let (one, two) = (&earlier.compiled.area, &later.compiled.area);
            steps += one.countries.len();
            one.shares_country(two) && earlier.glob.meets(later.glob, &mut steps)
        };
        self.left = self.left.checked_sub(steps).ok_or(TooMany { rule: later.rule })?;
        Ok(clash)
    }
}

fn member(rule: usize, compiled: &CompiledRule) -> Option<Member<'_>> {
    match &compiled.pattern {
        Pattern::Glob(glob) => Some(Member { rule, glob, compiled, start: glob.head(), end: glob.tail() }),
        _ => None,
    }
}

/// Texts in their order, each with the nearest text before it that it begins with.
struct Sorted<'t> {
    rows: Vec<Row<'t>>,
}

struct Row<'t> {
    text: &'t str,
    /// Where the text stood.
    place: usize,
    parent: Option<usize>,
    /// How many parents stand above it.
    depth: usize,
}

impl<'t> Sorted<'t> {
    fn new(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut texts: Vec<(&str, usize)> = texts.enumerate().map(|(place, text)| (text, place)).collect();
        texts.sort_unstable();
        let mut sorted = Self { rows: Vec::with_capacity(texts.len()) };
        for (text, place) in texts {
            let parent = sorted
                .above(sorted.rows.len().checked_sub(1))
                .find(|(_, row)| text.starts_with(row.text))
                .map(|(at, row)| (at, row.depth));
            let depth = parent.map_or(0, |(_, depth)| depth + 1);
            sorted.rows.push(Row { text, place, parent: parent.map(|(at, _)| at), depth });
        }
        sorted
    }

    /// A row and its parents.
    fn above(&self, from: Option<usize>) -> impl Iterator<Item = (usize, &Row<'t>)> {
        let at = |index: usize| self.rows.get(index).map(|row| (index, row));
        iter::successors(from.and_then(at), move |(_, row)| row.parent.and_then(at))
    }

    /// The texts that begin with one of the list's texts, and those that it begins with.
    fn near(&self, text: &str) -> Near<'_, 't> {
        let from = self.rows.partition_point(|row| row.text < text);
        let rest = self.rows.get(from..).unwrap_or_default();
        let below = rest.get(..rest.partition_point(|row| row.text.starts_with(text))).unwrap_or_default();
        let parent = below.first().and_then(|row| row.parent);
        Near { sorted: self, parent, below }
    }
}

/// The rows whose text begins with another, or the other with theirs.
struct Near<'s, 't> {
    sorted: &'s Sorted<'t>,
    parent: Option<usize>,
    below: &'s [Row<'t>],
}

impl Near<'_, '_> {
    fn len(&self) -> usize {
        self.below.len() + self.below.first().map_or(0, |row| row.depth)
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        let above = self.sorted.above(self.parent).map(|(_, row)| row.place);
        self.below.iter().map(|row| row.place).chain(above)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::super::{Comparison, ShippingRule};
    use super::*;

    fn compiled(patterns: &[String]) -> Vec<CompiledRule> {
        let rule = |(index, pattern): (usize, &String)| {
            CompiledRule::new(index, &ShippingRule::glob(pattern, "p"), Comparison::Exact).unwrap()
        };
        patterns.iter().enumerate().map(rule).collect()
    }

    fn meets(one: &CompiledRule, other: &CompiledRule) -> bool {
        matches!((&one.pattern, &other.pattern), (Pattern::Glob(one), Pattern::Glob(other)) if one.meets(other, &mut 0))
    }

    proptest! {
        #[test]
        fn the_lists_leave_out_no_pair(patterns in vec("[ab]{0,3}[ab*?]{1,4}[ab]{0,2}", 2..12)) {
            let compiled = compiled(&patterns);
            let members: Vec<(usize, &CompiledRule)> = compiled.iter().enumerate().collect();
            let Ok(pairs) = Overlaps::default().pairs(&members) else { panic!("the budget is large enough") };
            for (index, rule) in &members {
                let first = members.iter().take(*index).any(|(_, other)| meets(other, rule));
                let found: Vec<_> = pairs.iter().filter(|(_, later)| later == index).collect();
                prop_assert_eq!(found.len(), usize::from(first), "{:?} {:?}", patterns, pairs);
                for (earlier, _) in found {
                    prop_assert!(meets(members[*earlier].1, rule));
                }
            }
        }
    }

    #[test]
    fn what_takes_too_long_is_refused_and_named() {
        let patterns: Vec<String> = (0..50).map(|n| format!("?{}{n:02}*", "x".repeat(100))).collect();
        let compiled = compiled(&patterns);
        let members: Vec<(usize, &CompiledRule)> = compiled.iter().enumerate().collect();
        let refused = Overlaps { left: 20_000 }.pairs(&members);
        assert!(matches!(refused, Err(TooMany { rule: 1.. })));
        assert!(Overlaps::default().pairs(&members).is_ok_and(|pairs| pairs.is_empty()));
    }
}
