//! How many requests the probe makes at most, and for what.

use std::fmt;

/// What is done with the order that may be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// There is none: every request is a read.
    Ask,
    /// It is looked for, and not marked.
    DryRun,
    /// It is marked as shipped, twice.
    Write,
}

/// The budget of a probe. What is not asked for lack of requests is said on the sheet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// What there are requests for.
    pub(crate) purpose: Purpose,
    /// All requests.
    pub(super) requests: usize,
    /// Those among them that are kept for the order.
    kept: usize,
}

impl Plan {
    /// As many reads as the questions take at most.
    const READS: usize = 12;
    /// The second mark shows what the first one cannot.
    pub(super) const WRITES: usize = 2;

    /// A budget of so many requests, or of as many as it takes.
    pub(crate) fn new(requests: Option<usize>, purpose: Purpose) -> Self {
        let (least, usual) = match purpose {
            Purpose::Ask => (0, 0),
            // The stores, and the orders of the number.
            Purpose::DryRun => (2, 2),
            // These, the order once more, one look at it, two at its fulfillments, both marks; and ten looks more for what is late.
            Purpose::Write => (8, 18),
        };
        let requests = requests.unwrap_or(Self::READS + usual);
        let kept =
            if purpose == Purpose::Write { requests.saturating_sub(Self::READS).max(least) } else { least };
        if kept > requests {
            return Self { purpose: Purpose::Ask, requests, kept: 0 };
        }
        Self { purpose, requests, kept }
    }

    /// So many requests may have been made before the first mark, if these were made for the order already.
    pub(super) fn before_the_marks(self, made_for_the_order: usize) -> usize {
        self.requests - self.kept.saturating_sub(made_for_the_order)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.purpose {
            Purpose::Write => {
                let reads = self.requests - Self::WRITES;
                write!(f, "at most {} requests: {reads} reads and {} writes", self.requests, Self::WRITES)
            }
            _ => write!(f, "at most {} requests, all of them reads: nothing is changed", self.requests),
        }
    }
}
