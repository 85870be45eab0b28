//! The storage traits, by the methods of [`Connection`](super::Connection) that have their names: each runs under the lock, and one
//! that writes for a run only while no newer run has begun or written.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
#[allow(clippy::wildcard_imports, reason = "the table of methods names nearly all of it")]
use crate::channel::store::*;
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Listing, ListingId, ListingLink, NewLink, OrderAction, Shipment,
        shipping::{ShippingResolution, UnmappedText},
    },
};

macro_rules! in_memory {
    // Leases are not of one connection.
    (RunStore $methods:tt) => {};
    ($store:ident { $(fn $call:ident($of:ident: $key:ty $(, $argument:ident: $kind:ty)*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl $store for MemoryStore {
            $(async fn $call(&self, $of: $key $(, $argument: $kind)*) -> Result<$answer, StoreError> {
                in_memory!(@ $of self, $of, $call($($argument),*))
            })+
        }
    };
    (@ connection $self:ident, $connection:ident, $call:ident($($argument:ident),*)) => {
        Ok($self.with($connection, |kept| kept.$call($($argument),*)))
    };
    (@ token $self:ident, $token:ident, $call:ident($($argument:ident),*)) => {
        $self.write($token, |kept, by| kept.$call(by, $($argument),*))
    };
}
for_each_store!(in_memory);
