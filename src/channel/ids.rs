//! The names that the two sides give to things. All are opaque texts: nothing is computed from them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

pub(super) use text_id;

text_id! {
    /// One configured account of a channel, named by the host. Every stored row belongs to a connection.
    ConnectionId;
    /// An order, as the channel identifies it. Unlike an order *number* it is unique within a connection.
    ChannelOrderId;
    /// A product, as the channel identifies it.
    ChannelProductId;
    /// A line of an order, as the channel identifies it.
    LineId;
    /// A person who works in the channel's own user interface.
    ChannelUserId;
    /// A place that goods leave from, as the channel identifies it.
    ChannelWarehouseId;
    /// An order, as the host identifies it.
    HostOrderId;
    /// Something that the host sells, as the host identifies it.
    ListingId;
    /// A shipment, as the host identifies it.
    ShipmentId;
    /// One run of one operation. Unique; chosen by the crate.
    RunId;
    /// Something that the host wants done to an order, as the host identifies it.
    ActionId;
    /// A tag, as the channel identifies it.
    ChannelTagId;
}
