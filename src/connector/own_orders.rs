//! Orders that the host itself put into ShipStation: importing them would make a loop.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ShipStationChannel;
use crate::channel::ChannelOrder;

/// What is said where the host's word panics: what the panic says may name a buyer.
pub(super) const PANICKED: &str = "the host's own_orders panicked";

/// Whether the host itself put the order into ShipStation: by the beginning of its key or of one of its custom fields, or
/// by the host's own word; `None` when that panics.
pub(super) fn is_own(channel: &ShipStationChannel, order: &ChannelOrder) -> Option<bool> {
    let settings = &channel.settings.orders;
    let prefix = settings.own_key_prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let mut marks = order.key.iter().chain(order.custom_fields.iter().flatten());
    if prefix.is_some_and(|prefix| marks.any(|mark| mark.starts_with(prefix))) {
        return Some(true);
    }
    catch_unwind(AssertUnwindSafe(|| (channel.is_own)(order))).ok()
}
