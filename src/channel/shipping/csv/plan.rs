//! What an import would do. The plan changes nothing: it returns a new list of rules.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{FormulaGuard, ImportProblem, Placed, Problem, Row, read::read};
use crate::{
    channel::shipping::{
        Comparison, RuleError, RuleErrors, Scope, Shadowed, ShippingRule, TextMatch, errors::listed,
        explain::shadowed, precedence::CompiledRules,
    },
    named_enum::named_enum,
    setters::setters,
};

named_enum! {
    /// Whether rules that are not in the table stay.
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
    /// Whether rules that are not in the table stay.
    pub mode: ImportMode,
    /// How the rules will be compared, which decides what conflicts.
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
    /// Rules with the match, text and scope of a present rule, but with other content.
    pub changed: Vec<Change>,
    /// Rules that would go.
    pub removed: Vec<ShippingRule>,
    /// The number of rules that equal a present rule.
    pub unchanged: usize,
    /// Everything that is wrong, ties between rules included. Nothing is applied while there is any.
    pub problems: Vec<ImportProblem>,
    /// The number of errors about rules beside those in `problems`, of which there are at most 20.
    pub more_rule_errors: usize,
    /// Rules that could never win: a warning. Only looked for when there are no problems.
    pub shadowed: Vec<RowShadow>,
    /// The list as it would be.
    #[serde(skip)]
    result: Vec<Placed>,
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
    /// The rules that win before it.
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
        Ok(self.result.into_iter().map(|placed| placed.rule).collect())
    }

    fn placed(&self, places: impl IntoIterator<Item = usize>) -> Vec<Placed> {
        places.into_iter().filter_map(|place| self.result.get(place).cloned()).collect()
    }
}

impl fmt::Display for ImportPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (added, changed, removed) = (self.added.len(), self.changed.len(), self.removed.len());
        let problems = listed(&self.problems, "problem", self.problems.len() + self.more_rule_errors);
        write!(
            f,
            "{added} added, {changed} changed, {removed} removed, {} unchanged, {problems}",
            self.unchanged
        )
    }
}

/// The table has problems, so nothing of it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the table of shipping rules has {}", listed(.problems, "problem", .problems.len() + .more_rule_errors))]
#[non_exhaustive]
pub struct ImportRefused {
    /// Every problem, of errors about rules the first 20. Never empty.
    pub problems: Vec<ImportProblem>,
    /// The number of errors about rules beside those in `problems`.
    #[serde(default)]
    pub more_rule_errors: usize,
}

/// Plans the import of a table over the present rules. Nothing is changed.
///
/// A row and a present rule are the same rule if match, text and scope are the same; where several rules
/// share these (all but one of them disabled), they are paired in their order.
///
/// ```
/// use shipstation_connector::channel::shipping::{ShippingRule, csv};
///
/// let present = [ShippingRule::exact("Standard", "ground"), ShippingRule::exact("Express", "air")];
/// let mut table = Vec::new();
/// csv::export(&present, csv::FormulaGuard::Off, &mut table)?;
/// // As a person edits it.
/// let edited = String::from_utf8(table)?.replace("ground", "economy");
/// let plan = csv::plan(&present, edited.as_bytes(), &csv::ImportOptions::replace());
/// assert!(plan.problems.is_empty());
/// assert_eq!((plan.added.len(), plan.changed.len(), plan.unchanged), (0, 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plan(current: &[ShippingRule], file: &[u8], options: &ImportOptions) -> ImportPlan {
    let table = read(file, options.guard);
    // A table whose columns cannot be told apart says nothing about the rules, so it removes none.
    let mode = if table.readable { options.mode } else { ImportMode::Merge };
    let mut plan = merge(current, table.rows, mode);
    plan.problems = table.problems;
    let rules: Vec<&ShippingRule> = plan.result.iter().map(|placed| &placed.rule).collect();
    match CompiledRules::compile(&rules, options.comparison) {
        Ok(compiled) if plan.problems.is_empty() => {
            let row_shadow = |shadow: Shadowed| {
                let rule = plan.result.get(shadow.rule)?.clone();
                Some(RowShadow { rule, by: plan.placed(shadow.by) })
            };
            plan.shadowed = shadowed(&compiled).into_iter().filter_map(row_shadow).collect();
        }
        Ok(_) => {}
        Err(RuleErrors { errors, more, .. }) => {
            let problem = |error: RuleError| {
                let rules = plan.placed(error.places());
                // The later row is the one to look at: the earlier one was fine without it.
                let row = rules.iter().filter_map(|placed| placed.row).max();
                let line =
                    row.and_then(|row| table.lines.get(usize::try_from(row).ok()?.checked_sub(1)?).copied());
                ImportProblem { row, line, problem: Problem::Rule { error, rules } }
            };
            let problems: Vec<ImportProblem> = errors.into_iter().map(problem).collect();
            plan.problems.extend(problems);
            plan.more_rule_errors = more;
        }
    }
    plan.problems.sort_by_key(|problem| problem.row);
    plan
}

/// What makes two rules the same one.
fn key(rule: &ShippingRule) -> (TextMatch, Scope) {
    let mut scope = rule.scope.clone();
    scope.countries = scope.countries.iter().map(|country| country.to_ascii_uppercase()).collect();
    (rule.text.clone(), scope)
}

/// The list as it would be, before it is checked.
fn merge(current: &[ShippingRule], rows: Vec<Row>, mode: ImportMode) -> ImportPlan {
    let mut plan = ImportPlan::default();
    // The present rules that no row has matched yet.
    let mut unmatched: HashMap<_, VecDeque<usize>> = HashMap::new();
    for (index, rule) in current.iter().enumerate() {
        unmatched.entry(key(rule)).or_default().push_back(index);
    }
    if mode == ImportMode::Merge {
        plan.result = current.iter().map(|rule| Placed { row: None, rule: rule.clone() }).collect();
    }
    for Row { row, rule } in rows {
        let placed = Placed { row: Some(row), rule: rule.clone() };
        let matched = unmatched.get_mut(&key(&rule)).and_then(VecDeque::pop_front);
        match matched.and_then(|index| current.get(index)) {
            None => plan.added.push(Row { row, rule }),
            Some(before) if *before == rule => plan.unchanged += 1,
            Some(before) => plan.changed.push(Change { row, before: before.clone(), after: rule }),
        }
        let own = matched.filter(|_| mode == ImportMode::Merge).and_then(|index| plan.result.get_mut(index));
        match own {
            Some(own) => *own = placed,
            None => plan.result.push(placed),
        }
    }
    if mode == ImportMode::Replace {
        let mut removed: Vec<usize> = unmatched.into_values().flatten().collect();
        removed.sort_unstable();
        plan.removed = removed.into_iter().filter_map(|index| current.get(index).cloned()).collect();
    }
    plan
}
