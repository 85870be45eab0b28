//! From the bytes of a table to the rules of its rows, with every problem on the way.

use std::collections::HashMap;

use ::csv::{ByteRecord, ReaderBuilder, StringRecord};

use super::{COLUMNS, COUNT, FormulaGuard, ImportProblem, Problem};
use crate::channel::shipping::{MatchKind, Scope, ShippingMethod, ShippingRule, TextMatch};

/// What a table holds.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Whether the columns could be told apart; if not, there are no rows either.
    pub(super) readable: bool,
    pub(super) rows: Vec<TableRow>,
    pub(super) problems: Vec<ImportProblem>,
}

/// A row that makes a rule.
#[derive(Debug)]
pub(super) struct TableRow {
    pub(super) row: u64,
    pub(super) line: u64,
    pub(super) rule: ShippingRule,
}

pub(super) fn read(file: &[u8], guard: FormulaGuard) -> Table {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut table = Table::default();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let mut record = ByteRecord::new();
    let mut layout = None;
    let (mut row, mut line, mut counted) = (0, 1, 0);
    // Reading from memory, with records of any length allowed, has no way to fail.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        row += 1;
        let [start, end] = [record.position(), Some(reader.position())].map(byte_of);
        let bytes = file.get(start..end).unwrap_or_default();
        // The reader's own count of lines is one short behind `\r\n`: it leaves the `\n` to the next record.
        let first = start + bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line +=
            file.get(counted..first).unwrap_or_default().split(|byte| *byte == b'\n').skip(1).count() as u64;
        counted = first;
        let quotes = check_quotes(bytes).map_err(|stray| vec![stray]);
        let problems = match &layout {
            None => quotes.and_then(|()| Layout::read(&record)).map(|found| layout = Some(found)),
            // Spreadsheets leave rows of nothing but separators behind.
            Some(_) if quotes.is_ok() && record.iter().all(<[u8]>::is_empty) => Ok(()),
            Some(layout) => quotes.and_then(|()| layout.rule(&record, guard)).map(|rule| {
                table.rows.push(TableRow { row, line, rule });
            }),
        };
        let problems = problems.err().into_iter().flatten();
        table.problems.extend(problems.map(|problem| ImportProblem {
            row: Some(row),
            line: Some(line),
            problem,
        }));
        if layout.is_none() {
            return table;
        }
    }
    match layout {
        Some(_) => table.readable = true,
        None => table.problems.push(ImportProblem { row: None, line: None, problem: Problem::NoHeader }),
    }
    table
}

fn byte_of(position: Option<&::csv::Position>) -> usize {
    position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX))
}

/// Where a byte of a record stands.
enum Position {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted cell, which closes the cell unless another quote follows.
    Closed,
}

/// Whether the quotes of a record stand where RFC 4180 has them. The reader itself is lenient: it drops or keeps the
/// others, and so alters the cell.
fn check_quotes(record: &[u8]) -> Result<(), Problem> {
    let mut position = Position::CellStart;
    for byte in record {
        position = match (position, byte) {
            (Position::Quoted, b'"') => Position::Closed,
            (Position::Quoted, _) | (Position::CellStart | Position::Closed, b'"') => Position::Quoted,
            (_, b',' | b'\r' | b'\n') => Position::CellStart,
            (Position::Bare, b'"') | (Position::Closed, _) => return Err(Problem::StrayQuote),
            (Position::CellStart | Position::Bare, _) => Position::Bare,
        };
    }
    if matches!(position, Position::Quoted) { Err(Problem::OpenQuote) } else { Ok(()) }
}

/// Where each of [`COLUMNS`] stands in the file.
struct Layout([usize; COUNT]);

impl Layout {
    fn read(header: &ByteRecord) -> Result<Self, Vec<Problem>> {
        let header = StringRecord::from_byte_record(header.clone()).map_err(|_| vec![Problem::NotUtf8])?;
        let mut problems = Vec::new();
        let mut places = HashMap::new();
        for (place, name) in header.iter().map(str::trim).enumerate() {
            let column = name.to_owned();
            if !COLUMNS.contains(&name) {
                problems.push(Problem::UnknownColumn { column });
            } else if places.insert(name, place).is_some() {
                problems.push(Problem::RepeatedColumn { column });
            }
        }
        let layout = COLUMNS.map(|name| {
            places.get(name).copied().unwrap_or_else(|| {
                problems.push(Problem::MissingColumn { column: name.to_owned() });
                usize::MAX
            })
        });
        if problems.is_empty() { Ok(Self(layout)) } else { Err(problems) }
    }

    fn rule(&self, record: &ByteRecord, guard: FormulaGuard) -> Result<ShippingRule, Vec<Problem>> {
        if record.len() != COUNT {
            return Err(vec![Problem::WrongLength { cells: record.len(), columns: COUNT }]);
        }
        let record = StringRecord::from_byte_record(record.clone()).map_err(|_| vec![Problem::NotUtf8])?;
        rule(self.0.map(|place| guard.restore(record.get(place).unwrap_or_default())))
    }
}

/// The rule of a row.
///
/// # Errors
///
/// Every cell that cannot be read. Whether the rule is sound is for the compiler to say.
fn rule(cells: [&str; COUNT]) -> Result<ShippingRule, Vec<Problem>> {
    let [
        kind,
        text,
        store,
        marketplace,
        countries,
        policy,
        carrier,
        service,
        package,
        confirmation,
        flags @ ..,
        note,
    ] = cells;
    let mut problems = Vec::new();
    let text = text_match(kind, text).map_err(|problem| problems.push(problem));
    let [rush, lock, enabled] = [("rush", false), ("lock", false), ("enabled", true)];
    let mut flag = |(column, otherwise): (&str, bool), cell: &str| {
        read_flag(cell, otherwise).unwrap_or_else(|| {
            problems.push(Problem::BadFlag { column: column.to_owned(), found: cell.to_owned() });
            otherwise
        })
    };
    let [rush, lock, enabled] = [flag(rush, flags[0]), flag(lock, flags[1]), flag(enabled, flags[2])];
    match text {
        Ok(text) if problems.is_empty() => {
            let countries = countries.split('|').map(str::trim).filter(|country| !country.is_empty());
            let scope = Scope {
                store: optional(store.trim()).map(Into::into),
                marketplace: optional(marketplace),
                countries: countries.map(str::to_owned).collect(),
            };
            let method = ShippingMethod {
                policy: policy.trim().into(),
                carrier_code: optional(carrier),
                service_code: optional(service),
                package_code: optional(package),
                confirmation: optional(confirmation),
                rush,
                lock,
            };
            Ok(ShippingRule { text, scope, enabled, note: optional(note), method })
        }
        _ => Err(problems),
    }
}

fn optional(cell: &str) -> Option<String> {
    Some(cell.to_owned()).filter(|cell| !cell.is_empty())
}

fn text_match(kind: &str, text: &str) -> Result<TextMatch, Problem> {
    let unknown = |_| Problem::UnknownMatch { found: kind.to_owned() };
    match kind.trim().to_ascii_lowercase().parse().map_err(unknown)? {
        MatchKind::Exact => Ok(TextMatch::Exact(text.to_owned())),
        MatchKind::Prefix => Ok(TextMatch::Prefix(text.to_owned())),
        MatchKind::Glob => Ok(TextMatch::Glob(text.to_owned())),
        kind if !text.is_empty() => Err(Problem::UnwantedText { kind }),
        MatchKind::Absent => Ok(TextMatch::Absent),
        MatchKind::Any => Ok(TextMatch::Any),
    }
}

fn read_flag(cell: &str, default: bool) -> Option<bool> {
    let cell = cell.trim();
    if cell.is_empty() { Some(default) } else { cell.to_ascii_lowercase().parse().ok() }
}
