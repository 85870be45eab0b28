//! A first look without keys: a simulated ShipStation in this process.

use std::sync::Arc;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, CheckConnection, DiagnoseOrder, GetOrders, OrderSelector, OrderTimeline,
        ResolveHeld, Shipment, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, ShipmentStoreExt},
    },
    stores::MemoryStore,
    testing::simulator::{Simulator, SimulatorConfig},
};

use super::simulate::fill;
use crate::{
    exit::{Ended, Exit, Failure},
    output::Output,
};

/// The whole cycle against a simulator in this process.
pub(super) async fn demo(out: &mut Output) -> Ended {
    let sim = Simulator::in_process(SimulatorConfig::default());
    sim.account(|account| fill(account, 8, 0));
    let (store, name) = (Arc::new(MemoryStore::new()), "demo");
    let builder = ShipStationChannel::builder(sim.client().build()?, name, store.stores());
    let channel = builder.build().map_err(|error| Failure::usage(error.to_string()))?;
    let by_number = |number: &str| OrderSelector::Number(number.to_owned());

    out.note("check: the key and every setting");
    out.show(&channel.check(CheckConnection::new()).await?)?;
    store.replace_shipping_rules(&name.into(), 0, vec![ShippingRule::exact("Standard", "ground")]).await?;
    out.note("import: what is new; \"Express\" is not mapped yet, so these orders are held");
    out.show(&channel.get_orders(GetOrders::new()).await?)?;
    let rules = vec![ShippingRule::exact("Standard", "ground"), ShippingRule::exact("Express", "air")];
    store.replace_shipping_rules(&name.into(), 1, rules).await?;
    out.note("held resolve: they are mapped now");
    out.show(&channel.resolve_held(ResolveHeld::new()).await?)?;
    store.replace_carrier_rules(&name.into(), 0, vec![CarrierRule::new("UPS", "ups")]).await?;
    let now = sim.clock().now();
    let order = store.orders(&name.into()).into_iter().next().map(|kept| kept.order);
    if let Some(order) = order {
        let shipment = Shipment::new("demo-1", order.id.as_str(), now, "UPS", "1Z0000000000000017");
        store.enqueue_one(&name.into(), shipment, now).await?;
        out.note(format!("ship {} and sync: the tracking goes back", order.number));
        out.show(&channel.sync_shipments(SyncShipments::new()).await?)?;
        out.note(format!("timeline {}: what happened to it", order.number));
        out.show(&channel.timeline(OrderTimeline::new(by_number(&order.number))).await?)?;
    }
    out.note("diagnose 9999: why an order is not here");
    for answer in channel.diagnose_order(DiagnoseOrder::new(by_number("9999"))).await? {
        out.show(&answer)?;
    }
    out.note(format!("{} requests to a simulated ShipStation; no account was asked", sim.journal().len()));
    Ok(Exit::Succeeded)
}
