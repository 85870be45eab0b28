//! From the bytes of a table to the rules of its rows, with every problem by its row.

use std::{collections::HashMap, fmt};

use ::csv::{ByteRecord, ReaderBuilder, StringRecord};
use serde::{Deserialize, Serialize};

use super::{COLUMNS, FormulaGuard};
use crate::channel::{
    shipping::{DisplayText, MatchKind, RuleError, ShippingRule},
    wording::joined,
    wording::says,
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
    /// A rule is unsound, or two rules conflict.
    #[error("{}: {}", .error.what(), joined(.rules, " and "))]
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

says! { |it: Placed|
    "{} [{}]", it.row.map_or("the present rule".to_owned(), |row| format!("row {row}")), it.rule
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.row {
            write!(f, "row {row}: ")?;
        }
        self.problem.fmt(f)
    }
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

/// The content of a table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Whether the columns could be told apart; if not, there are no rows either.
    pub(super) readable: bool,
    pub(super) rows: Vec<Row>,
    /// The line on which each row starts, the header included.
    pub(super) lines: Vec<u64>,
    pub(super) problems: Vec<ImportProblem>,
}

pub(super) fn read(file: &[u8], guard: FormulaGuard) -> Table {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut table = Table::default();
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file);
    let (mut record, mut places) = (ByteRecord::new(), None);
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
        table.lines.push(line);
        let quotes = check_quotes(bytes).map_err(|stray| vec![stray]);
        let problems = match &places {
            None => quotes.and_then(|()| read_header(&record)).map(|found| places = Some(found)),
            // Spreadsheets leave rows of nothing but separators behind.
            Some(_) if quotes.is_ok() && record.iter().all(<[u8]>::is_empty) => Ok(()),
            Some(places) => {
                let rule = quotes.and_then(|()| read_rule(places, &record, guard));
                rule.map(|rule| table.rows.push(Row { row, rule }))
            }
        };
        let at_row = |problem| ImportProblem { row: Some(row), line: Some(line), problem };
        table.problems.extend(problems.err().into_iter().flatten().map(at_row));
        if places.is_none() {
            return table;
        }
    }
    match places {
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

/// The place of each of [`COLUMNS`] in the file.
fn read_header(header: &ByteRecord) -> Result<Vec<usize>, Vec<Problem>> {
    let header = utf8(header)?;
    let (mut problems, mut places) = (Vec::new(), HashMap::new());
    for (place, name) in header.iter().map(str::trim).enumerate() {
        let column = name.to_owned();
        if !COLUMNS.iter().any(|known| known.name == name) {
            problems.push(Problem::UnknownColumn { column });
        } else if places.insert(name, place).is_some() {
            problems.push(Problem::RepeatedColumn { column });
        }
    }
    let missing = COLUMNS.iter().filter(|column| !places.contains_key(column.name));
    problems.extend(missing.map(|column| Problem::MissingColumn { column: column.name.to_owned() }));
    let places = COLUMNS.iter().filter_map(|column| places.get(column.name).copied());
    if problems.is_empty() { Ok(places.collect()) } else { Err(problems) }
}

/// The rule of a row.
///
/// # Errors
///
/// Every cell that cannot be read. Whether the rule is sound is decided when the rules are compiled.
fn read_rule(
    places: &[usize],
    record: &ByteRecord,
    guard: FormulaGuard,
) -> Result<ShippingRule, Vec<Problem>> {
    let (cells, columns) = (record.len(), places.len());
    if cells != columns {
        return Err(vec![Problem::WrongLength { cells, columns }]);
    }
    let record = utf8(record)?;
    let mut rule = ShippingRule::exact("", "");
    let cells = places.iter().map(|place| guard.restore(record.get(*place).unwrap_or_default()));
    let results = COLUMNS.iter().zip(cells).map(|(column, cell)| (column.set)(&mut rule, cell));
    let problems: Vec<Problem> = results.filter_map(Result::err).collect();
    if problems.is_empty() { Ok(rule) } else { Err(problems) }
}

fn utf8(record: &ByteRecord) -> Result<StringRecord, Vec<Problem>> {
    StringRecord::from_byte_record(record.clone()).map_err(|_| vec![Problem::NotUtf8])
}
