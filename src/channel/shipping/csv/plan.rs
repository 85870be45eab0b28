//! What an import would do, before it does it. The plan changes nothing: it hands back a new list of rules.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{
    FormulaGuard, ImportProblem, ImportRefused, Placed, Problem,
    read::{TableRow, read},
};
use crate::{
    channel::{
        shipping::{
            Comparison, RuleError, RuleErrors, Scope, Shadowed, ShippingRule, TextMatch, audit::shadowed,
            errors::fmt_first, rules::compile,
        },
        wording::count_of,
    },
    named_enum::named_enum,
    setters::setters,
};

named_enum! {
    /// What becomes of rules that are not in the table.
    #[derive(Default)]
    ImportMode {
        /// They stay.
        #[default]
        Merge = "merge",
        /// They go: afterwards there are the rules of the table, in its order, and no others.
        Replace = "replace",
    }
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

    setters! {
        /// Sets how the rules will be compared.
        comparison(comparison: Comparison) => comparison = comparison;
        /// Sets whether the table was exported with protection against formulas.
        guard(guard: FormulaGuard) => guard = guard;
    }
}

/// What an import would do. `Display` is a summary with the problems.
///
/// While there are problems, the changes shown are those of the rows that could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
    /// The list as it would be.
    #[serde(skip)]
    result: Vec<Slot>,
}

/// A place of the list as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    row: Option<u64>,
    rule: Source,
}

/// The rule of a place. One of the table is not kept twice.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Present(Box<ShippingRule>),
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
        Ok(self.rules().cloned().collect())
    }

    /// The list as it would be.
    fn rules(&self) -> impl Iterator<Item = &ShippingRule> {
        self.result.iter().filter_map(|slot| self.rule(slot))
    }

    fn rule<'p>(&'p self, slot: &'p Slot) -> Option<&'p ShippingRule> {
        match &slot.rule {
            Source::Present(rule) => Some(rule),
            Source::Added(at) => self.added.get(*at).map(|row| &row.rule),
            Source::Changed(at) => self.changed.get(*at).map(|change| &change.after),
        }
    }

    fn placed(&self, index: usize) -> Option<Placed> {
        let slot = self.result.get(index)?;
        Some(Placed { row: slot.row, rule: self.rule(slot)?.clone() })
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
    // A table whose columns cannot be told apart says nothing about the rules, so it removes none.
    let mode = if table.readable { options.mode } else { ImportMode::Merge };
    let lines: HashMap<u64, u64> = table.rows.iter().map(|row| (row.row, row.line)).collect();
    let mut plan = merge(current, table.rows, mode);
    plan.problems = table.problems;
    let rules: Vec<&ShippingRule> = plan.rules().collect();
    match compile(&rules, options.comparison) {
        Ok(compiled) if plan.problems.is_empty() => {
            let shadowed = shadowed(&compiled);
            plan.shadowed = shadowed.iter().filter_map(|shadow| row_shadow(&plan, shadow)).collect();
        }
        Ok(_) => {}
        Err(RuleErrors { errors, more, .. }) => {
            let problems: Vec<ImportProblem> =
                errors.into_iter().map(|error| rule_problem(&plan, error, &lines)).collect();
            plan.problems.extend(problems);
            plan.more_rule_errors = more;
        }
    }
    plan.problems.sort_by_key(|problem| problem.row);
    plan
}

/// What makes two rules the same one.
type Key = (TextMatch, Scope);

fn key(rule: &ShippingRule) -> Key {
    let mut scope = rule.scope.clone();
    scope.countries = scope.countries.iter().map(|country| country.to_ascii_uppercase()).collect();
    (rule.text.clone(), scope)
}

/// The list as it would be, before it is checked.
fn merge(current: &[ShippingRule], rows: Vec<TableRow>, mode: ImportMode) -> ImportPlan {
    let mut plan = ImportPlan::default();
    // The present rules that no row has matched yet.
    let mut unmatched: HashMap<Key, VecDeque<usize>> = HashMap::new();
    for (index, rule) in current.iter().enumerate() {
        unmatched.entry(key(rule)).or_default().push_back(index);
    }
    let present = |rule: &ShippingRule| Source::Present(Box::new(rule.clone()));
    if mode == ImportMode::Merge {
        plan.result = current.iter().map(|rule| Slot { row: None, rule: present(rule) }).collect();
    }
    for TableRow { row, rule, .. } in rows {
        let matched = unmatched.get_mut(&key(&rule)).and_then(VecDeque::pop_front);
        let source = match matched.and_then(|index| current.get(index)) {
            None => {
                plan.added.push(Row { row, rule });
                Source::Added(plan.added.len() - 1)
            }
            Some(before) if *before == rule => {
                plan.unchanged += 1;
                present(before)
            }
            Some(before) => {
                plan.changed.push(Change { row, before: before.clone(), after: rule });
                Source::Changed(plan.changed.len() - 1)
            }
        };
        let slot = Slot { row: Some(row), rule: source };
        let own = matched.filter(|_| mode == ImportMode::Merge).and_then(|index| plan.result.get_mut(index));
        match own {
            Some(own) => *own = slot,
            None => plan.result.push(slot),
        }
    }
    if mode == ImportMode::Replace {
        let mut removed: Vec<usize> = unmatched.into_values().flatten().collect();
        removed.sort_unstable();
        plan.removed = removed.into_iter().filter_map(|index| current.get(index).cloned()).collect();
    }
    plan
}

fn rule_problem(plan: &ImportPlan, error: RuleError, lines: &HashMap<u64, u64>) -> ImportProblem {
    let (first, second) = error.rules();
    let both = [Some(first), second].into_iter().flatten();
    let rules: Vec<Placed> = both.filter_map(|index| plan.placed(index)).collect();
    // The later row is the one to look at: the earlier one was fine without it.
    let row = rules.iter().filter_map(|placed| placed.row).max();
    let line = row.and_then(|row| lines.get(&row).copied());
    ImportProblem { row, line, problem: Problem::Rule { error, rules } }
}

fn row_shadow(plan: &ImportPlan, shadow: &Shadowed) -> Option<RowShadow> {
    let by = shadow.by.iter().filter_map(|index| plan.placed(*index)).collect();
    Some(RowShadow { rule: plan.placed(shadow.rule)?, by })
}
