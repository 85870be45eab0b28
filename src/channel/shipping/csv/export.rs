//! Writing rules and unmapped texts as a table, and keeping a spreadsheet from running a cell as a formula.

use std::{borrow::Cow, io};

use super::{COLUMNS, COUNT};
use crate::{
    channel::{
        shipping::{DisplayText, ShippingRule, TextMatch, UnmappedText},
        wording::count_of,
    },
    named_enum::named_enum,
};

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
/// Importing the table with [`ImportMode::Replace`](super::ImportMode::Replace) and the same guard gives the
/// same rules, as long as they are sound (an optional text that is set but empty comes back as not set, and a
/// store or policy without the blanks around it).
///
/// # Errors
///
/// Only what the writer answers.
pub fn export(rules: &[ShippingRule], guard: FormulaGuard, to: impl io::Write) -> io::Result<()> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(to);
    writer.write_record(COLUMNS)?;
    for rule in rules {
        let row = cells(rule);
        writer.write_record(row.iter().map(|cell| guard.protect(cell).into_owned()))?;
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
    let text = match unmapped.text.as_str() {
        "" => TextMatch::Absent,
        text => TextMatch::Exact(text.to_owned()),
    };
    let shown = match &text {
        TextMatch::Absent => "no shipping text".to_owned(),
        _ => DisplayText::new(&unmapped.text).to_string(),
    };
    let note = format!(
        "{shown}: seen {} until {}; orders {}",
        count_of(unmapped.count, "time"),
        unmapped.last_seen,
        unmapped.samples.join(" ")
    );
    let mut rule = ShippingRule::new(text, "").note(note);
    rule.scope.store.clone_from(&unmapped.store);
    rule
}

/// The cells of a rule, in the order of [`COLUMNS`].
fn cells<'r>(rule: &'r ShippingRule) -> [Cow<'r, str>; COUNT] {
    let optional = |text: &'r Option<String>| Cow::Borrowed(text.as_deref().unwrap_or_default());
    let flag = |set: bool| Cow::Borrowed(if set { "true" } else { "false" });
    let countries: Vec<&str> = rule.scope.countries.iter().map(String::as_str).collect();
    let ShippingRule { text, scope, method, .. } = rule;
    [
        Cow::Borrowed(text.kind().name()),
        Cow::Borrowed(text.text().unwrap_or_default()),
        Cow::Borrowed(scope.store.as_ref().map_or("", |store| store.as_str())),
        optional(&scope.marketplace),
        Cow::Owned(countries.join("|")),
        Cow::Borrowed(method.policy.as_str()),
        optional(&method.carrier_code),
        optional(&method.service_code),
        optional(&method.package_code),
        optional(&method.confirmation),
        flag(method.rush),
        flag(method.lock),
        flag(rule.enabled),
        optional(&rule.note),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    #[test]
    fn the_note_of_an_absent_text_says_so() {
        let rule = to_fill_in(&UnmappedText::new("", Timestamp::UNIX_EPOCH, "1001"));
        assert!(
            rule.note.as_deref().is_some_and(|note| note.starts_with("no shipping text: seen 1")),
            "{rule:?}"
        );
    }

    #[test]
    fn alters_only_what_may_run() {
        let guard = FormulaGuard::Apostrophe;
        for (cell, protected) in [("=1", "'=1"), ("'=1", "''=1"), ("'tis", "'tis"), ("a=1", "a=1"), ("", "")]
        {
            assert_eq!(guard.protect(cell), protected);
            assert_eq!(FormulaGuard::Off.protect(cell), cell);
            assert_eq!(FormulaGuard::Off.restore(protected), protected);
        }
    }

    proptest! {
        #[test]
        fn what_is_protected_is_restored(cell in "['=+a@\t-]{0,5}") {
            let guard = FormulaGuard::Apostrophe;
            let protected = guard.protect(&cell);
            prop_assert_eq!(guard.restore(&protected), cell.as_str());
            prop_assert!(!is_formula(&protected));
        }
    }
}
