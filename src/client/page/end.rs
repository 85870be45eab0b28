//! How a list ended: what was read beside what ShipStation said there is.

use std::fmt;

/// How a list ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEnd {
    /// How many distinct rows were read, those that were null, could not be decoded or were stepped over included.
    pub read: u64,
    /// The highest total that ShipStation gave; `None` if it gave none. A list that is read by key starts a new
    /// filter, whose total is smaller, with each page.
    pub total: Option<u64>,
    /// Why it is not certain that every row was read; `None` if it is.
    pub incomplete: Option<Incomplete>,
}

impl ListEnd {
    /// Whether it is certain that every row of the list was read. Only then does a row's absence mean anything; and
    /// of a list that was read by page number, absence is to be confirmed by a read of the row itself.
    pub fn is_complete(&self) -> bool {
        self.incomplete.is_none()
    }
}

/// Why a list that was read to its end may lack rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Incomplete {
    /// Fewer rows came than the totals promised, and no later answer explained it.
    FewerRows,
    /// A total contradicts the rows beside it.
    Contradiction,
    /// Two pages of a list that is read by page number gave different totals.
    ChangingTotal,
    /// ShipStation gave the same page for different page numbers, and no total.
    RepeatedPage,
    /// The list has more pages than are read of one list.
    TooManyPages,
    /// ShipStation gave neither a row nor a total.
    NoTotal,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FewerRows => "fewer rows came than the total promises",
            Self::Contradiction => "a total contradicts the rows beside it",
            Self::ChangingTotal => "the total changed while the list was read by page number",
            Self::RepeatedPage => "the same page came for different page numbers",
            Self::TooManyPages => "the list has more pages than are read",
            Self::NoTotal => "neither a row nor a total came",
        })
    }
}
