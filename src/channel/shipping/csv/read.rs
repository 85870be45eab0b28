//! From the bytes of a table to the rules of its rows, with every problem on the way.

use std::collections::HashMap;

use ::csv::{ByteRecord, ReaderBuilder, StringRecord};

use super::{
    FormulaGuard, ImportProblem, Problem,
    columns::{self, COLUMNS, COUNT},
    quotes,
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
        let at = At { row, line: lines.of(start) };
        let quotes = quotes::check(between(file, start, reader.position().byte()));
        match &layout {
            None => match quotes.map_err(|problem| vec![problem]).and_then(|()| Layout::read(&record)) {
                Ok(found) => layout = Some(found),
                Err(problems) => {
                    table.problems.extend(problems.into_iter().map(|problem| at.problem(problem)));
                    return table;
                }
            },
            Some(layout) => match quotes {
                Ok(()) => table.take(at, layout, &record, guard),
                Err(problem) => table.problems.push(at.problem(problem)),
            },
        }
    }
    match layout {
        Some(_) => table.readable = true,
        None => table.problems.push(ImportProblem { row: None, line: None, problem: Problem::NoHeader }),
    }
    table
}

impl Table {
    fn take(&mut self, at: At, layout: &Layout, record: &ByteRecord, guard: FormulaGuard) {
        // Spreadsheets leave rows of nothing but separators behind.
        if record.iter().all(<[u8]>::is_empty) {
            return;
        }
        match layout.rule(record, guard) {
            Ok(rule) => self.rows.push(TableRow { row: at.row, line: at.line, rule }),
            Err(problems) => self.problems.extend(problems.into_iter().map(|problem| at.problem(problem))),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct At {
    row: u64,
    line: u64,
}

impl At {
    fn problem(self, problem: Problem) -> ImportProblem {
        ImportProblem { row: Some(self.row), line: Some(self.line), problem }
    }
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
        self.line += occurrences(skipped, b'\n');
        self.rest = rest;
    }
}

fn between(file: &[u8], start: u64, end: u64) -> &[u8] {
    let place = |byte| usize::try_from(byte).unwrap_or(usize::MAX);
    file.get(place(start)..place(end)).unwrap_or_default()
}

fn occurrences(bytes: &[u8], wanted: u8) -> u64 {
    bytes.split(|byte| *byte == wanted).skip(1).count() as u64
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
