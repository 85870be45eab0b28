//! Which orders an import reads.

use crate::{
    Timestamp,
    channel::{Operation, record::record, wording::says},
    named_enum::named_enum,
};

named_enum! {
    /// The date that an order's age is counted from.
    AgeBasis {
        /// When it appeared in the channel.
        Created = "created",
        /// When the buyer placed it, as the store said. Can be much older than its appearance.
        Ordered = "ordered",
        /// When it was paid, as the store said. An order without that date is left out.
        Paid = "paid",
        /// When it was last changed.
        Modified = "modified",
    }
}

/// Which orders an import reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderScope {
    /// The whole window of the settings. Only such runs count for what a later window must cover.
    #[default]
    Window,
    /// What was modified since the last look of this kind, whatever its state. Nothing relies on it: what it misses, the window
    /// finds.
    Changes,
    /// A stretch of time, however long ago.
    Range(OrderRange),
}

impl OrderScope {
    /// The operation: each has a lease of its own, so that none waits for the others.
    pub fn operation(self) -> Operation {
        match self {
            Self::Window => Operation::GetOrders,
            Self::Changes => Operation::GetChanges,
            Self::Range(_) => Operation::BackFill,
        }
    }
}

record! {
    /// A stretch of time: `from` belongs to it, `to` does not.
    ///
    /// ```
    /// use shipstation_connector::{Timestamp, channel::{AgeBasis, OrderRange}};
    ///
    /// let from: Timestamp = "2026-01-01T08:00:00Z".parse()?;
    /// let range = OrderRange::new(from, "2026-02-01T08:00:00Z".parse()?).by(AgeBasis::Ordered);
    /// assert_eq!(range.to_string(), "ordered from 2026-01-01T08:00:00Z to 2026-02-01T08:00:00Z");
    /// # Ok::<(), shipstation_connector::ParseTimestampError>(())
    /// ```
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct OrderRange {
        /// Its beginning.
        pub from: Timestamp,
        /// Its end.
        pub to: Timestamp,
        /// The date of an order that decides.
        pub basis: AgeBasis = AgeBasis::Created,
    }
    /// A stretch of time in which orders were created.
    pub fn new(from: Timestamp, to: Timestamp);
}

impl OrderRange {
    /// The same by another date.
    #[must_use]
    pub fn by(self, basis: AgeBasis) -> Self {
        Self { basis, ..self }
    }
}

says! { |it: OrderRange| "{} from {} to {}", it.basis, it.from, it.to }
