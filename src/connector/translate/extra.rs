//! What ShipStation said and the channel's order has no member for.

use crate::{
    channel::ExtraMembers,
    client::{Order, OrderItem},
};

pub(super) fn of_order(order: &Order) -> ExtraMembers {
    let unmodeled = order.unmodeled().into_iter().filter(|(path, _)| !path.starts_with("items["));
    let mut members: Vec<_> = unmodeled.map(|(path, json)| (path, json.to_owned())).collect();
    // The client knows these two, without knowing what they mean.
    let messages = order.label_messages.as_ref();
    members.extend(messages.map(|value| ("labelMessages".to_owned(), value.to_string())));
    let movement = order.advanced_options.as_ref().and_then(|options| options.movement_indicator.as_deref());
    let quoted = |text| serde_json::Value::from(text).to_string();
    members.extend(movement.map(|text| ("advancedOptions.movementIndicator".to_owned(), quoted(text))));
    members.into_iter().collect()
}

pub(super) fn of_line(item: &OrderItem) -> ExtraMembers {
    item.unmodeled().into_iter().map(|(path, json)| (path, json.to_owned())).collect()
}
