//! Writing rules and unmapped texts as a table.

use std::io;

use super::{
    FormulaGuard,
    columns::{COLUMNS, cells},
};
use crate::channel::{
    shipping::{DisplayText, ShippingRule, TextMatch, UnmappedText},
    wording::count_of,
};

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

#[cfg(test)]
mod tests {
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
}
