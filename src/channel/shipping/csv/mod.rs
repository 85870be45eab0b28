//! Shipping rules as a table: out to a spreadsheet and back, with a plan before anything changes. It reads
//! and writes bytes it is given; files, versions and stores are the host's.
//!
//! The columns are `match`, `text`, `store_id`, `marketplace`, `countries`, `policy`, `carrier_code`,
//! `service_code`, `package_code`, `confirmation`, `rush`, `lock`, `enabled` and `note`:
//!
//! - `match` is `exact`, `prefix`, `glob`, `absent` or `any`; the last two have no text;
//! - `countries` are two-letter codes with `|` between them;
//! - `rush`, `lock` and `enabled` are `true` or `false`; left empty, only `enabled` is true;
//! - any other empty cell means that the thing is not set;
//! - blanks around a store or a policy are dropped; those of a text count.
//!
//! The file is UTF-8 (with or without a byte order mark) with quotes as in RFC 4180 and nowhere else. Every column must be
//! there, in any order, so that a lost column cannot empty a setting; columns of other names are refused.
//!
//! ```
//! use shipstation_connector::channel::shipping::{ShippingRule, csv};
//!
//! let rules = vec![ShippingRule::exact("Standard", "ground")];
//! let mut table = Vec::new();
//! csv::export(&rules, csv::FormulaGuard::Off, &mut table)?;
//!
//! let edited = String::from_utf8(table)?.replace("ground", "two-day");
//! let plan = csv::plan(&rules, edited.as_bytes(), &csv::ImportOptions::merge());
//! assert_eq!(plan.to_string(), "0 added, 1 changed, 0 removed, 0 unchanged, 0 problems");
//! assert_eq!(plan.into_rules()?, [ShippingRule::exact("Standard", "two-day")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod export;
mod plan;
mod problem;
mod read;

pub use self::{
    export::{FormulaGuard, export, export_unmapped},
    plan::{Change, ImportMode, ImportOptions, ImportPlan, Row, RowShadow, plan},
    problem::{ImportProblem, ImportRefused, Placed, Problem},
};

/// How many columns there are.
const COUNT: usize = 14;

/// The columns in the order in which they are written.
const COLUMNS: [&str; COUNT] = [
    "match",
    "text",
    "store_id",
    "marketplace",
    "countries",
    "policy",
    "carrier_code",
    "service_code",
    "package_code",
    "confirmation",
    "rush",
    "lock",
    "enabled",
    "note",
];

#[cfg(test)]
mod tests;
