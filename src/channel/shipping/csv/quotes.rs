//! Whether the quotes of a record stand where RFC 4180 has them. The reader itself is lenient: it drops or keeps the
//! others, and so alters the cell.

use super::Problem;

enum Place {
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote inside a quoted cell, which closes the cell unless another quote follows.
    Closed,
}

pub(super) fn check(record: &[u8]) -> Result<(), Problem> {
    let mut place = Place::CellStart;
    for byte in record {
        place = match (place, byte) {
            (Place::Quoted, b'"') => Place::Closed,
            (Place::Quoted, _) | (Place::CellStart | Place::Closed, b'"') => Place::Quoted,
            (_, b',' | b'\r' | b'\n') => Place::CellStart,
            (Place::Bare, b'"') | (Place::Closed, _) => return Err(Problem::StrayQuote),
            (Place::CellStart | Place::Bare, _) => Place::Bare,
        };
    }
    if matches!(place, Place::Quoted) { Err(Problem::OpenQuote) } else { Ok(()) }
}
