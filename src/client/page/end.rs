//! How a list ended: what was read beside what ShipStation said there is.

use std::fmt;

/// How a list ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEnd {
    /// How many distinct rows were read, those that were null or could not be decoded included.
    pub read: u64,
    /// The highest total that ShipStation gave for the whole list; `None` if it gave none.
    pub total: Option<u64>,
    /// Why it is not certain that every row was read; `None` if it is.
    pub incomplete: Option<Incomplete>,
}

impl ListEnd {
    /// Whether it is certain that every row of the list was read. Only then does a row's absence mean anything.
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
    /// Two pages of one list gave different totals.
    ChangingTotal,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FewerRows => "fewer rows came than the total promises",
            Self::Contradiction => "a total contradicts the rows beside it",
            Self::ChangingTotal => "the total changed while the list was read by page number",
        })
    }
}
