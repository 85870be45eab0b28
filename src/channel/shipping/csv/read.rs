//! From the bytes of a table to the rules of its rows, with every problem on the way.

use std::collections::HashMap;

use ::csv::{ByteRecord, ReaderBuilder, StringRecord};

use super::{
    FormulaGuard, ImportProblem, Problem,
    columns::{self, COLUMNS, COUNT},
};
use crate::channel::shipping::ShippingRule;

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
    let mut lines = Lines::new(file);
    let mut row = 0;
    // Reading from memory, with records of any length allowed, has no way to fail.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        row += 1;
        let start = record.position().map_or(0, ::csv::Position::byte);
        let line = lines.of(start);
        let quotes =
            check_quotes(between(file, start, reader.position().byte())).map_err(|stray| vec![stray]);
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

/// Counts lines from one record to the next. The reader's own count is a line short behind a `\r\n`,
/// because it leaves the `\n` to the next record.
struct Lines<'f> {
    rest: &'f [u8],
    /// Where `rest` starts in the file.
    at: u64,
    line: u64,
}

impl<'f> Lines<'f> {
    fn new(file: &'f [u8]) -> Self {
        Self { rest: file, at: 0, line: 1 }
    }

    /// The line of the record that starts at this byte; records are asked for in their order.
    fn of(&mut self, start: u64) -> u64 {
        self.skip(usize::try_from(start.saturating_sub(self.at)).unwrap_or(usize::MAX));
        self.skip(self.rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count());
        self.line
    }

    fn skip(&mut self, bytes: usize) {
        let (skipped, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.at += skipped.len() as u64;
        self.line += skipped.split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.rest = rest;
    }
}

fn between(file: &[u8], start: u64, end: u64) -> &[u8] {
    let place = |byte| usize::try_from(byte).unwrap_or(usize::MAX);
    file.get(place(start)..place(end)).unwrap_or_default()
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
        columns::rule(self.0.map(|place| guard.restore(record.get(place).unwrap_or_default())))
    }
}
