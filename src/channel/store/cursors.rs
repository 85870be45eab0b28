//! Places in what a store has recorded, for reading it in pages.

use serde::{Deserialize, Serialize};

macro_rules! cursors {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The place with this number, as a store counts.
            pub fn new(number: u64) -> Self {
                Self(number)
            }

            /// Its number.
            pub fn number(self) -> u64 {
                self.0
            }
        }
    )+};
}

cursors! {
    /// A place in the feed of changes; a reader keeps the last one that it has seen to.
    ChangeCursor;
    /// A place among the events of one order, for reading them in pages. It is good for one reading: events that are removed give
    /// their places free.
    EventCursor;
}
