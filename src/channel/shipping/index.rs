//! Finding the winner without trying every rule. It must agree with trying them all, which the property
//! tests hold it to.

use std::{cmp::Reverse, collections::HashMap, iter};

use super::{
    compiled::{CompiledRule, Pattern, Precedence},
    glob::{Glob, Pairs},
    scope::{Area, Place},
};

/// The enabled rules, arranged by kind; within each list the stronger rule stands first.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    exact: HashMap<String, Vec<Entry>>,
    prefixes: Prefixes,
    globs: Vec<GlobEntry>,
    any: Vec<Entry>,
    absent: Vec<Entry>,
}

/// A rule whose text is known to match.
#[derive(Debug, Clone)]
struct Entry {
    rule: usize,
    area: Area,
}

#[derive(Debug, Clone)]
struct GlobEntry {
    pairs: Pairs,
    glob: Glob,
    entry: Entry,
}

impl Index {
    pub(super) fn new(compiled: &[Option<CompiledRule>]) -> Self {
        let mut ranked: Vec<(Precedence, usize, &CompiledRule)> = compiled
            .iter()
            .enumerate()
            .filter_map(|(index, rule)| rule.as_ref().map(|rule| (rule.precedence, index, rule)))
            .collect();
        ranked.sort_by_key(|(precedence, index, _)| (Reverse(*precedence), *index));

        let mut index = Self::default();
        let mut prefixes: HashMap<String, Vec<Entry>> = HashMap::new();
        for (_, rule, compiled) in ranked {
            let entry = Entry { rule, area: compiled.area.clone() };
            match &compiled.pattern {
                Pattern::Exact(text) => index.exact.entry(text.clone()).or_default().push(entry),
                Pattern::Prefix(text) => prefixes.entry(text.clone()).or_default().push(entry),
                Pattern::Glob(glob) => {
                    index.globs.push(GlobEntry { pairs: glob.pairs(), glob: glob.clone(), entry });
                }
                Pattern::Any => index.any.push(entry),
                Pattern::Absent => index.absent.push(entry),
            }
        }
        index.prefixes = Prefixes::new(prefixes);
        index
    }

    /// The rule that wins for a text in its compared form (or for its absence).
    pub(super) fn winner(&self, text: Option<&str>, place: &Place<'_>) -> Option<usize> {
        let Some(text) = text else { return first(&self.absent, place) };
        (self.exact.get(text).and_then(|entries| first(entries, place)))
            .or_else(|| self.prefixes.longest_first(text).find_map(|entries| first(entries, place)))
            .or_else(|| self.glob(text, place))
            .or_else(|| first(&self.any, place))
    }

    fn glob(&self, text: &str, place: &Place<'_>) -> Option<usize> {
        if self.globs.is_empty() {
            return None;
        }
        let pairs = Pairs::of(text);
        let mut likely = self.globs.iter().filter(|glob| pairs.may_have(glob.pairs));
        likely.find(|glob| glob.entry.area.fits(place) && glob.glob.fits(text)).map(|glob| glob.entry.rule)
    }
}

fn first(entries: &[Entry], place: &Place<'_>) -> Option<usize> {
    entries.iter().find(|entry| entry.area.fits(place)).map(|entry| entry.rule)
}

/// Prefixes in text order. All prefixes of a text lie on one chain of parents.
#[derive(Debug, Clone, Default)]
struct Prefixes(Vec<Prefix>);

#[derive(Debug, Clone)]
struct Prefix {
    text: String,
    /// The longest other prefix that this one starts with.
    parent: Option<usize>,
    entries: Vec<Entry>,
}

impl Prefixes {
    fn new(prefixes: HashMap<String, Vec<Entry>>) -> Self {
        let mut sorted: Vec<(String, Vec<Entry>)> = prefixes.into_iter().collect();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut arranged: Vec<Prefix> = Vec::with_capacity(sorted.len());
        for (text, entries) in sorted {
            let parent = chain(&arranged, arranged.len().checked_sub(1))
                .find(|(_, earlier)| text.starts_with(earlier.text.as_str()))
                .map(|(at, _)| at);
            arranged.push(Prefix { text, parent, entries });
        }
        Self(arranged)
    }

    fn longest_first<'p>(&'p self, text: &'p str) -> impl Iterator<Item = &'p [Entry]> {
        // Whatever sorts between a prefix of the text and the text starts with that prefix, so the last
        // prefix up to the text has every prefix of the text among its ancestors.
        let last = self.0.partition_point(|prefix| prefix.text.as_str() <= text).checked_sub(1);
        chain(&self.0, last)
            .filter(|(_, prefix)| text.starts_with(prefix.text.as_str()))
            .map(|(_, prefix)| prefix.entries.as_slice())
    }
}

/// A prefix and its ancestors.
fn chain(prefixes: &[Prefix], from: Option<usize>) -> impl Iterator<Item = (usize, &Prefix)> {
    let at = |index: usize| prefixes.get(index).map(|prefix| (index, prefix));
    iter::successors(from.and_then(at), move |(_, prefix)| prefix.parent.and_then(at))
}
