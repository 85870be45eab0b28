//! Shipping rules as a CSV table: exported to a spreadsheet and imported again, with a plan before anything changes. It reads
//! and writes bytes; files, versions and stores are the host's.
//!
//! The columns are `match`, `text`, `store_id`, `marketplace`, `countries`, `policy`, `carrier_code`,
//! `service_code`, `package_code`, `confirmation`, `rush`, `lock`, `enabled` and `note`:
//!
//! - `match` is `exact`, `prefix`, `glob`, `absent` or `any`; the last two have no text;
//! - `countries` are two-letter codes with `|` between them;
//! - `rush`, `lock` and `enabled` are `true` or `false`; left empty, only `enabled` is true;
//! - any other empty cell means that the value is not set;
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

mod plan;
mod read;

use std::{borrow::Cow, collections::BTreeSet, io};

pub use self::{
    plan::{Change, ImportMode, ImportOptions, ImportPlan, ImportRefused, RowShadow, plan},
    read::{ImportProblem, Placed, Problem, Row},
};
use super::{DisplayText, MatchKind, ShippingRule, StoreKey, TextMatch, UnmappedText};
use crate::{
    channel::wording::{count_of, joined},
    named_enum::named_enum,
};

/// A column of the table: how a rule gives its cell, and how a cell sets its part of a rule.
struct Column {
    name: &'static str,
    get: fn(&ShippingRule) -> Cow<'_, str>,
    set: fn(&mut ShippingRule, &str) -> Result<(), Problem>,
}

macro_rules! columns {
    (|$rule:ident, $cell:ident| $($name:literal: $get:expr, $set:expr;)+) => {
        /// The columns in the order in which they are written; `text` depends on `match`.
        static COLUMNS: &[Column] = &[$(Column {
            name: $name,
            get: |$rule| $get.into(),
            set: |$rule, $cell| {
                $set;
                Ok(())
            },
        }),+];
    };
}

columns! { |rule, cell|
    "match": rule.text.kind().name(), rule.text = empty_match(cell)?;
    "text": rule.text.text().unwrap_or_default(), set_text(&mut rule.text, cell)?;
    "store_id": rule.scope.store.as_ref().map_or("", StoreKey::as_str), rule.scope.store = optional(cell.trim()).map(Into::into);
    "marketplace": rule.scope.marketplace.as_deref().unwrap_or_default(), rule.scope.marketplace = optional(cell);
    "countries": joined(&rule.scope.countries, "|"), rule.scope.countries = countries(cell);
    "policy": rule.method.policy.as_str(), rule.method.policy = cell.trim().into();
    "carrier_code": rule.method.carrier_code.as_deref().unwrap_or_default(), rule.method.carrier_code = optional(cell);
    "service_code": rule.method.service_code.as_deref().unwrap_or_default(), rule.method.service_code = optional(cell);
    "package_code": rule.method.package_code.as_deref().unwrap_or_default(), rule.method.package_code = optional(cell);
    "confirmation": rule.method.confirmation.as_deref().unwrap_or_default(), rule.method.confirmation = optional(cell);
    "rush": rule.method.rush.to_string(), set_flag(&mut rule.method.rush, "rush", cell)?;
    "lock": rule.method.lock.to_string(), set_flag(&mut rule.method.lock, "lock", cell)?;
    "enabled": rule.enabled.to_string(), set_flag(&mut rule.enabled, "enabled", cell)?;
    "note": rule.note.as_deref().unwrap_or_default(), rule.note = optional(cell);
}

fn optional(cell: &str) -> Option<String> {
    Some(cell.to_owned()).filter(|cell| !cell.is_empty())
}

fn countries(cell: &str) -> BTreeSet<String> {
    cell.split('|').map(str::trim).filter(|country| !country.is_empty()).map(str::to_owned).collect()
}

/// A match of this kind, without its text.
fn empty_match(kind: &str) -> Result<TextMatch, Problem> {
    let unknown = |_| Problem::UnknownMatch { found: kind.to_owned() };
    Ok(match kind.trim().to_ascii_lowercase().parse().map_err(unknown)? {
        MatchKind::Exact => TextMatch::Exact(String::new()),
        MatchKind::Prefix => TextMatch::Prefix(String::new()),
        MatchKind::Glob => TextMatch::Glob(String::new()),
        MatchKind::Absent => TextMatch::Absent,
        MatchKind::Any => TextMatch::Any,
    })
}

fn set_text(text_match: &mut TextMatch, cell: &str) -> Result<(), Problem> {
    match text_match {
        TextMatch::Exact(text) | TextMatch::Prefix(text) | TextMatch::Glob(text) => cell.clone_into(text),
        TextMatch::Absent | TextMatch::Any if cell.is_empty() => {}
        unwanted => return Err(Problem::UnwantedText { kind: unwanted.kind() }),
    }
    Ok(())
}

/// Sets a flag; an empty cell leaves its default.
fn set_flag(flag: &mut bool, column: &str, cell: &str) -> Result<(), Problem> {
    let bad_flag = |_| Problem::BadFlag { column: column.to_owned(), found: cell.to_owned() };
    if !cell.trim().is_empty() {
        *flag = cell.trim().to_ascii_lowercase().parse().map_err(bad_flag)?;
    }
    Ok(())
}

named_enum! {
    /// Whether cells that a spreadsheet might run as a formula are made harmless.
    ///
    /// It is off by default because it alters the text: use the same setting to export and to import.
    #[derive(Default)]
    FormulaGuard {
        /// Cells are written and read as they are.
        #[default]
        Off = "off",
        /// On export, a cell that starts with `=`, `+`, `-`, `@`, a tab or a line end (or with such a thing
        /// behind apostrophes) gets an apostrophe in front; on import it is taken away again.
        Apostrophe = "apostrophe",
    }
}

impl FormulaGuard {
    pub(super) fn protect(self, cell: &str) -> Cow<'_, str> {
        match self {
            Self::Apostrophe if is_formula(cell.trim_start_matches('\'')) => Cow::Owned(format!("'{cell}")),
            _ => Cow::Borrowed(cell),
        }
    }

    pub(super) fn restore(self, cell: &str) -> &str {
        match (self, cell.strip_prefix('\'')) {
            (Self::Apostrophe, Some(rest)) if is_formula(rest.trim_start_matches('\'')) => rest,
            _ => cell,
        }
    }
}

/// The characters that start a formula, with their full-width forms.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// Writes the rules as a table, disabled ones too, in their order.
///
/// Importing the table with [`ImportMode::Replace`] and the same guard gives the
/// same rules, as long as they are sound (an optional text that is set but empty comes back as not set, and a
/// store or policy without the blanks around it).
///
/// # Errors
///
/// Only what the writer answers.
///
/// ```
/// use shipstation_connector::channel::shipping::{ShippingRule, csv};
///
/// let mut table = Vec::new();
/// csv::export(&[ShippingRule::exact("Standard", "ground")], csv::FormulaGuard::Off, &mut table)?;
/// assert!(String::from_utf8(table)?.contains("exact,Standard,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export(rules: &[ShippingRule], guard: FormulaGuard, to: impl io::Write) -> io::Result<()> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(to);
    writer.write_record(COLUMNS.iter().map(|column| column.name))?;
    for rule in rules {
        let cells = COLUMNS.iter().map(|column| (column.get)(rule));
        writer.write_record(cells.map(|cell| guard.protect(&cell).into_owned()))?;
    }
    writer.flush()
}

/// Writes the unmapped texts as rows without a policy, ready to be filled in and imported.
///
/// The note says how often the text was seen and on which orders, and shows what hides in it.
///
/// # Errors
///
/// Only what the writer answers.
///
/// ```
/// use shipstation_connector::{Timestamp, channel::shipping::{UnmappedText, csv}};
///
/// let texts = [UnmappedText::new("Standard ", Timestamp::UNIX_EPOCH, "1001").store("12")];
/// let mut table = Vec::new();
/// csv::export_unmapped(&texts, csv::FormulaGuard::Off, &mut table)?;
/// let table = String::from_utf8(table)?;
/// assert_eq!(
///     table.lines().nth(1),
///     Some("exact,Standard ,12,,,,,,,,false,false,true,\
///           \"\"\"Standard␠\"\": seen 1 time until 1970-01-01T00:00:00Z; orders 1001\""),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export_unmapped(texts: &[UnmappedText], guard: FormulaGuard, to: impl io::Write) -> io::Result<()> {
    let rules: Vec<ShippingRule> = texts.iter().map(to_fill_in).collect();
    export(&rules, guard, to)
}

fn to_fill_in(unmapped: &UnmappedText) -> ShippingRule {
    let (text, shown) = match unmapped.text.as_str() {
        "" => (TextMatch::Absent, "no shipping text".to_owned()),
        text => (TextMatch::Exact(text.to_owned()), DisplayText::new(text).to_string()),
    };
    let UnmappedText { count, last_seen, samples, .. } = unmapped;
    let seen = count_of(*count, "time");
    let mut rule = ShippingRule::new(text, "");
    rule.scope.store.clone_from(&unmapped.store);
    rule.note(format!("{shown}: seen {seen} until {last_seen}; orders {}", samples.join(" ")))
}

#[cfg(test)]
mod tests;
