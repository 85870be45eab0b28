//! The story of each order: it was imported once, and the events of each shipment and each action lead to where it stands; those of
//! shipments by legal steps.

use std::{collections::BTreeMap, sync::Arc};

use shipstation_connector::channel::{
    ActionId, ActionState, ChannelOrderId, OutboxId, ShipmentState,
    store::{ActionQuery, HistoryStoreExt, OrderEvent, OrderEventKind, OrderStoreExt, ShipmentStoreExt},
};

use super::now_or_never;
use crate::world::{Connection, World};

pub fn judge(world: &Arc<World>, connection: &Connection) {
    let stores = world.open();
    let Some(history) = &stores.history else { return };
    let orders: Vec<i64> = connection.truth.lock().unwrap().orders.keys().copied().collect();
    for order in orders {
        let id = ChannelOrderId::new(order.to_string());
        let story = now_or_never(history.story(&connection.id, &id));
        let known = now_or_never(stores.orders.known(&connection.id, std::slice::from_ref(&id)));
        let imports =
            story.iter().filter(|event| matches!(event.what, OrderEventKind::Imported { .. })).count();
        world.assert(imports == known.len(), || format!("order {order} tells {imports} imports: {story:?}"));
        // Later repetitions are left out.
        if story.len() >= OrderEvent::MAX_BEFORE_REPETITIONS {
            continue;
        }
        let rows = now_or_never(stores.shipments.order_progress(&connection.id, &id)).rows;
        let stand = rows.into_iter().map(|row| (row.id(), row.state)).collect();
        match retold(&story) {
            Ok(states) => world.assert(states == stand, || {
                format!("order {order}: the events lead to {states:?}, and the shipments are {stand:?}")
            }),
            Err(event) => world.violate(format_args!("order {order}: {event} is no step of {story:?}")),
        }
        let Some(actions) = &stores.actions else { continue };
        let rows = now_or_never(actions.actions(&connection.id, &ActionQuery::OfOrder(id), None, 1_000));
        let stand: BTreeMap<_, _> = rows.into_iter().map(|row| (row.action.id, row.state)).collect();
        let told: BTreeMap<_, _> = story.iter().filter_map(of_action).collect();
        world.assert(told == stand, || {
            format!("order {order}: the events lead to {told:?}, and the actions are {stand:?}")
        });
    }
}

/// Where an event says that an action stands.
fn of_action(event: &OrderEvent) -> Option<(ActionId, ActionState)> {
    match &event.what {
        OrderEventKind::ActionAdded { action, .. } => Some((action.clone(), ActionState::Pending)),
        OrderEventKind::Action { action, state, .. } => Some((action.clone(), state.clone())),
        _ => None,
    }
}

/// Where the events of an order lead each of its shipments to, or the event that is no step of it.
fn retold(story: &[OrderEvent]) -> Result<BTreeMap<OutboxId, ShipmentState>, &OrderEvent> {
    let mut states = BTreeMap::new();
    for event in story {
        let (id, next) = match &event.what {
            OrderEventKind::ShipmentEnqueued { shipment } if !states.contains_key(shipment) => {
                (shipment, ShipmentState::Pending)
            }
            OrderEventKind::ShipmentEnqueued { .. } => return Err(event),
            OrderEventKind::Shipment { shipment, state, .. } => {
                let before: &ShipmentState = states.get(shipment).ok_or(event)?;
                (shipment, before.step(state.clone()).map_err(|_| event)?)
            }
            _ => continue,
        };
        states.insert(id.clone(), next);
    }
    Ok(states)
}
