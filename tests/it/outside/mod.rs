//! What can be seen of a channel from outside: the events of its runs, its metrics, and what is stuck.

mod events;
mod metrics;
mod stuck;

use std::time::Duration;

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{Listing, Shipment},
    connector::ListingSettings,
    testing::simulator::{SimProduct, SimulatorConfig},
};

use crate::support::{Gate, World};

const HOUR: Duration = Duration::from_secs(3600);

/// Orders, shipments and listings of which something else becomes each.
async fn busy_world() -> (World, ShipStationChannel) {
    let world = World::with(SimulatorConfig::default()).await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("F-1", true);
    gate.refuse("F-2", false);
    let other = world.sim.account(|account| account.add_tag("Not for us"));
    let ids = ["A-1", "A-2", "A-3"].map(|number| world.add(world.order(number)));
    for number in ["F-1", "F-2", "S-1", "Z-1", "Z-2"] {
        world.add(world.order(number));
    }
    for number in ["H-1", "H-2"] {
        world.add(world.order(number).shipping("Rocket"));
    }
    world.sim.account(|account| account.order_mut(ids[2]).unwrap().push("tagIds", other));
    let mug = world.sim.account(|account| {
        account.add_product(SimProduct::new("SAME"));
        account.add_product(SimProduct::new("MUG-1"))
    });
    assert!(mug > 0);
    let listings = [("L-1", "MUG-1"), ("L-2", "NONE-0"), ("L-3", " "), ("L-4", "SAME"), ("L-5", "SAME")];
    world.store.put_listings(&world.connection, listings.map(|(id, sku)| Listing::new(id, sku)));
    for (order, carrier) in [(ids[0], "UPS"), (ids[1], "Acme Freight")] {
        let id = format!("ship-{order}");
        let shipment = Shipment::new(id, order.to_string(), world.now(), carrier, format!("1Z{order}"));
        world.enqueue(shipment).await;
    }
    let change = |settings: &mut Settings| {
        settings.orders.exclude_tags = vec![shipstation_connector::client::TagId::new(other)];
        settings.orders.page_size = 4;
        settings.listings = Some(ListingSettings::default());
    };
    let channel = world.channel_on(gate.stores(), change);
    (world, channel)
}
