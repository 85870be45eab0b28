//! What an import would do, before it does it. The plan changes nothing: it hands back a new list of rules.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{
    FormulaGuard, ImportProblem, ImportRefused, Placed, Problem,
    read::{Table, read},
};
use crate::channel::shipping::{
    Comparison, RuleErrors, Scope, Shadowed, ShippingRule, TextMatch, audit::shadowed, errors::fmt_first,
    rules::compile,
};
use crate::channel::wording::count_of;

/// What becomes of rules that are not in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ImportMode {
    /// They stay.
    #[default]
    Merge,
    /// They go: afterwards there are the rules of the table, in its order, and no others.
    Replace,
}

/// How a table is imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ImportOptions {
    /// What becomes of rules that are not in the table.
    pub mode: ImportMode,
    /// How the rules will be compared, which decides what clashes.
    pub comparison: Comparison,
    /// Whether the table was exported with protection against formulas.
    pub guard: FormulaGuard,
}

impl ImportOptions {
    /// Rules that are not in the table stay.
    pub fn merge() -> Self {
        Self::default()
    }

    /// Rules that are not in the table go.
    pub fn replace() -> Self {
        Self { mode: ImportMode::Replace, ..Self::default() }
    }

    /// Sets how the rules will be compared.
    #[must_use]
    pub fn comparison(mut self, comparison: Comparison) -> Self {
        self.comparison = comparison;
        self
    }

    /// Sets whether the table was exported with protection against formulas.
    #[must_use]
    pub fn guard(mut self, guard: FormulaGuard) -> Self {
        self.guard = guard;
        self
    }
}

/// What an import would do. `Display` is a summary with the problems.
///
/// While there are problems, the changes shown are those of the rows that could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct ImportPlan {
    /// Rules that are new.
    pub added: Vec<Row>,
    /// Rules that are there already, by match, text and scope, but with something else in them.
    pub changed: Vec<Change>,
    /// Rules that would go.
    pub removed: Vec<ShippingRule>,
    /// How many rules of the table are there already, just so.
    pub unchanged: usize,
    /// Everything that is wrong, ties between rules included. Nothing is applied while there is any.
    pub problems: Vec<ImportProblem>,
    /// How many errors about rules there are beside those in `problems`, of which there are at most 20.
    pub more_rule_errors: usize,
    /// Rules that could never win: a warning. Only looked for when there are no problems.
    pub shadowed: Vec<RowShadow>,
    #[serde(skip)]
    result: Vec<Planned>,
}

/// A rule of the list as it would be. New ones are not kept twice.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Planned {
    Kept(Box<ShippingRule>),
    /// By its place among the added.
    Added(usize),
    /// By its place among the changed.
    Changed(usize),
}

/// A rule and its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// The row of the table; the header is row 1.
    pub row: u64,
    /// The rule.
    pub rule: ShippingRule,
}

/// A rule before and after the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// The row of the table; the header is row 1.
    pub row: u64,
    /// The rule as it is.
    pub before: ShippingRule,
    /// The rule as it would be.
    pub after: ShippingRule,
}

/// A rule that could never win after the import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RowShadow {
    /// The rule.
    pub rule: Placed,
    /// The rules that stand before it.
    pub by: Vec<Placed>,
}

impl ImportPlan {
    /// Whether the import would leave the rules as they are.
    pub fn changes_nothing(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }

    /// The whole new list of rules, to be saved in place of the one the plan was made for.
    ///
    /// Save it only if the stored rules are still those: compare their version in the same transaction.
    ///
    /// # Errors
    ///
    /// All problems, if there are any: an import is applied whole or not at all.
    pub fn into_rules(self) -> Result<Vec<ShippingRule>, ImportRefused> {
        if !self.problems.is_empty() {
            return Err(ImportRefused { problems: self.problems, more_rule_errors: self.more_rule_errors });
        }
        let (added, changed) = (self.added, self.changed);
        let rule = |planned| match planned {
            Planned::Kept(rule) => Some(*rule),
            Planned::Added(place) => added.get(place).map(|row: &Row| row.rule.clone()),
            Planned::Changed(place) => changed.get(place).map(|change: &Change| change.after.clone()),
        };
        Ok(self.result.into_iter().filter_map(rule).collect())
    }
}

impl fmt::Display for ImportPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, changed, removed) = (self.added.len(), self.changed.len(), self.removed.len());
        write!(f, "{added} added, {changed} changed, {removed} removed, ")?;
        let problems = self.problems.len().saturating_add(self.more_rule_errors);
        write!(f, "{} unchanged, {}", self.unchanged, count_of(problems as u64, "problem"))?;
        fmt_first(f, self.problems.iter(), problems)
    }
}

/// Plans the import of a table over the present rules. Nothing is changed.
///
/// A row and a present rule are the same rule if match, text and scope are the same; where several rules
/// share these (all but one of them disabled), they are paired in their order.
pub fn plan(current: &[ShippingRule], file: &[u8], options: &ImportOptions) -> ImportPlan {
    let table = read(file, options.guard);
    let mut draft = Draft::new(current, options.mode, table.readable);
    let lines: HashMap<u64, u64> = table.rows.iter().map(|row| (row.row, row.line)).collect();
    let Table { rows, problems, .. } = table;
    for row in rows {
        draft.take(row.row, row.rule);
    }
    draft.finish(problems, &lines, options.comparison)
}

/// What makes two rules the same one.
type Key = (TextMatch, Scope);

fn key(rule: &ShippingRule) -> Key {
    let mut scope = rule.scope.clone();
    scope.countries = scope.countries.iter().map(|country| country.to_ascii_uppercase()).collect();
    (rule.text.clone(), scope)
}

struct Draft<'c> {
    current: &'c [ShippingRule],
    mode: ImportMode,
    /// The present rules that no row has met yet.
    unmet: HashMap<Key, VecDeque<usize>>,
    added: Vec<Row>,
    changed: Vec<Change>,
    unchanged: usize,
    result: Vec<Slot>,
}

/// A place of the list as it would be.
#[derive(Clone, Copy)]
struct Slot {
    row: Option<u64>,
    from: Source,
}

/// Where the rule of a place is.
#[derive(Clone, Copy)]
enum Source {
    Current(usize),
    Added(usize),
    Changed(usize),
}

impl<'c> Draft<'c> {
    /// A table whose columns cannot be told apart says nothing about the rules, so it removes none.
    fn new(current: &'c [ShippingRule], mode: ImportMode, readable: bool) -> Self {
        let mode = if readable { mode } else { ImportMode::Merge };
        let mut unmet: HashMap<Key, VecDeque<usize>> = HashMap::new();
        for (index, rule) in current.iter().enumerate() {
            unmet.entry(key(rule)).or_default().push_back(index);
        }
        let result = match mode {
            ImportMode::Merge => {
                (0..current.len()).map(|index| Slot { row: None, from: Source::Current(index) }).collect()
            }
            ImportMode::Replace => Vec::new(),
        };
        Self { current, mode, unmet, added: Vec::new(), changed: Vec::new(), unchanged: 0, result }
    }

    fn take(&mut self, row: u64, rule: ShippingRule) {
        let met = self.unmet.get_mut(&key(&rule)).and_then(VecDeque::pop_front);
        let from = match met.and_then(|index| Some((index, self.current.get(index)?))) {
            None => {
                self.added.push(Row { row, rule });
                Source::Added(self.added.len() - 1)
            }
            Some((index, before)) if *before == rule => {
                self.unchanged += 1;
                Source::Current(index)
            }
            Some((_, before)) => {
                self.changed.push(Change { row, before: before.clone(), after: rule });
                Source::Changed(self.changed.len() - 1)
            }
        };
        let placed = Slot { row: Some(row), from };
        let slot =
            met.filter(|_| self.mode == ImportMode::Merge).and_then(|index| self.result.get_mut(index));
        match slot {
            Some(slot) => *slot = placed,
            None => self.result.push(placed),
        }
    }

    fn rule(&self, slot: &Slot) -> Option<&ShippingRule> {
        match slot.from {
            Source::Current(index) => self.current.get(index),
            Source::Added(place) => self.added.get(place).map(|row| &row.rule),
            Source::Changed(place) => self.changed.get(place).map(|change| &change.after),
        }
    }

    fn placed(&self, index: usize) -> Option<Placed> {
        let slot = self.result.get(index)?;
        Some(Placed { row: slot.row, rule: self.rule(slot)?.clone() })
    }

    fn finish(
        mut self,
        mut problems: Vec<ImportProblem>,
        lines: &HashMap<u64, u64>,
        comparison: Comparison,
    ) -> ImportPlan {
        let removed = self.removed();
        // A large table has large keys.
        self.unmet = HashMap::new();
        let result: Vec<&ShippingRule> = self.result.iter().filter_map(|slot| self.rule(slot)).collect();
        let (mut shadows, mut more_rule_errors) = (Vec::new(), 0);
        match compile(&result, comparison) {
            Ok(rules) if problems.is_empty() => {
                shadows = shadowed(&rules).iter().filter_map(|shadow| self.shadow(shadow)).collect();
            }
            Ok(_) => {}
            Err(RuleErrors { errors, more, .. }) => {
                more_rule_errors = more;
                problems.extend(errors.into_iter().map(|error| {
                    let (first, second) = error.rules();
                    let both = [Some(first), second].into_iter().flatten();
                    let rules: Vec<Placed> = both.filter_map(|index| self.placed(index)).collect();
                    // The later row is the one to look at: the earlier one was fine without it.
                    let row = rules.iter().filter_map(|placed| placed.row).max();
                    let line = row.and_then(|row| lines.get(&row).copied());
                    ImportProblem { row, line, problem: Problem::Rule { error, rules } }
                }));
            }
        }
        problems.sort_by_key(|problem| problem.row);
        let planned = |slot: &Slot| match slot.from {
            Source::Current(index) => {
                self.current.get(index).map(|rule| Planned::Kept(Box::new(rule.clone())))
            }
            Source::Added(place) => Some(Planned::Added(place)),
            Source::Changed(place) => Some(Planned::Changed(place)),
        };
        let result = self.result.iter().filter_map(planned).collect();
        ImportPlan {
            added: self.added,
            changed: self.changed,
            removed,
            unchanged: self.unchanged,
            problems,
            more_rule_errors,
            shadowed: shadows,
            result,
        }
    }

    fn removed(&self) -> Vec<ShippingRule> {
        if self.mode == ImportMode::Merge {
            return Vec::new();
        }
        let mut unmet: Vec<usize> = self.unmet.values().flatten().copied().collect();
        unmet.sort_unstable();
        unmet.into_iter().filter_map(|index| self.current.get(index).cloned()).collect()
    }

    fn shadow(&self, shadow: &Shadowed) -> Option<RowShadow> {
        let by = shadow.by.iter().filter_map(|index| self.placed(*index)).collect();
        Some(RowShadow { rule: self.placed(shadow.rule)?, by })
    }
}
