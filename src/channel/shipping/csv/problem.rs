//! What can be wrong with an imported table, by its rows.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::channel::{
    shipping::{DisplayText, MatchKind, RuleError, ShippingRule, errors::fmt_first, explain::list},
    wording::count_of,
};

/// One thing wrong with an imported table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportProblem {
    /// The row, as a spreadsheet counts: the header is row 1. `None` if the whole file is concerned.
    /// Lines without any character are not counted; `line` is exact.
    pub row: Option<u64>,
    /// The line of the file on which that row starts, from 1. A cell with line ends takes several lines.
    pub line: Option<u64>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    /// There is no header, or nothing at all.
    #[error("there is no header")]
    NoHeader,
    /// A column that does not exist.
    #[error("there is no column {}", DisplayText::name(.column))]
    UnknownColumn {
        /// Its name.
        column: String,
    },
    /// A column that is there twice.
    #[error("column {} is there twice", DisplayText::name(.column))]
    RepeatedColumn {
        /// Its name.
        column: String,
    },
    /// A column that is not there.
    #[error("column {} is missing", DisplayText::name(.column))]
    MissingColumn {
        /// Its name.
        column: String,
    },
    /// A quote is opened and never closed, so that rows run into each other.
    #[error("a quote is opened and never closed")]
    OpenQuote,
    /// A quote is inside a cell that is not quoted, or something stands between a closing quote and the end of its cell.
    #[error("a quote is out of place: quote the whole cell and double the quotes inside it")]
    StrayQuote,
    /// The bytes are not UTF-8.
    #[error("not UTF-8: save the file as \"CSV UTF-8\"")]
    NotUtf8,
    /// The row has another number of cells than the header.
    #[error("{cells} cells instead of {columns}")]
    WrongLength {
        /// How many cells it has.
        cells: usize,
        /// How many it should have.
        columns: usize,
    },
    /// The kind of match does not exist.
    #[error("match is {}, not exact, prefix, glob, absent or any", DisplayText::name(.found))]
    UnknownMatch {
        /// What is written there.
        found: String,
    },
    /// A kind of match that has no text has one.
    #[error("a rule of kind {kind} has no text")]
    UnwantedText {
        /// The kind.
        kind: MatchKind,
    },
    /// A cell is neither `true` nor `false`.
    #[error("{column} is {}, not true or false", DisplayText::name(.found))]
    BadFlag {
        /// Its column.
        column: String,
        /// What is written there.
        found: String,
    },
    /// A rule is unsound, or two rules clash.
    #[error("{}: {}", .error.what(), list(.rules, " and "))]
    Rule {
        /// What is wrong; its places are those of the list that was planned.
        error: RuleError,
        /// The rules concerned.
        rules: Vec<Placed>,
    },
}

/// A rule and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Placed {
    /// The row of the table; `None` for a rule that was there before and is not in the table.
    pub row: Option<u64>,
    /// The rule.
    pub rule: ShippingRule,
}

impl fmt::Display for Placed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "row {row} [{}]", self.rule),
            None => write!(f, "the present rule [{}]", self.rule),
        }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.row {
            write!(f, "row {row}: ")?;
        }
        self.problem.fmt(f)
    }
}

/// The table has problems, so nothing of it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportRefused {
    /// Every problem, of errors about rules the first 20. Never empty.
    pub problems: Vec<ImportProblem>,
    /// How many errors about rules there are beside those in `problems`.
    #[serde(default)]
    pub more_rule_errors: usize,
}

impl fmt::Display for ImportRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.len().saturating_add(self.more_rule_errors);
        write!(f, "the table of shipping rules has {}", count_of(problems as u64, "problem"))?;
        fmt_first(f, self.problems.iter(), problems)
    }
}

impl std::error::Error for ImportRefused {}
