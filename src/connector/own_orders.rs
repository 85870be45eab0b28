//! Orders that the host itself put into ShipStation: importing them would make a loop.

use super::settings::OrderSettings;
use crate::channel::ChannelOrder;

/// Whether the host itself put the order into ShipStation: by the beginning of its key or of one of its custom fields, or
/// by the host's own word.
pub(super) fn is_own(
    settings: &OrderSettings,
    says: &(dyn Fn(&ChannelOrder) -> bool + Send + Sync),
    order: &ChannelOrder,
) -> bool {
    let prefix = settings.own_key_prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let mut marks = order.key.iter().chain(order.custom_fields.iter().flatten());
    prefix.is_some_and(|prefix| marks.any(|mark| mark.starts_with(prefix))) || says(order)
}
