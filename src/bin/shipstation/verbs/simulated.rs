//! A ShipStation of one's own: on a port for any program, or in this one for a first look.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use shipstation_connector::{
    ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, CheckConnection, DiagnoseOrder, GetOrders, OrderSelector, OrderTimeline,
        ResolveHeld, Shipment, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, ShipmentStoreExt},
    },
    client::{Clock, SystemClock},
    stores::MemoryStore,
    testing::simulator::{Account, SimLine, SimOrder, SimProduct, Simulator, SimulatorConfig},
};

use crate::{
    account::stop_at_interrupt,
    args::Simulate,
    exit::{Exit, Failure},
    output::Output,
};

const HOUR: Duration = Duration::from_secs(3600);
/// How often simulated time is put in step with the machine's.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn simulate(asked: &Simulate, out: &mut Output) -> Result<Exit, Failure> {
    let sim = Simulator::start(SimulatorConfig::default().now(SystemClock.now()).port(asked.port)).await?;
    sim.account(|account| fill(account, asked.orders));
    let (url, key, secret) = (sim.url(), sim.api_key(), sim.api_secret());
    out.say(
        &format!("export SHIPSTATION_BASE_URL={url}\nexport SHIPSTATION_API_KEY={key}\nexport SHIPSTATION_API_SECRET={secret}"),
        &json!({"base_url": url, "api_key": key, "api_secret": secret, "control": format!("{url}_simulator/")}),
    )?;
    out.note(format!(
        "a simulated ShipStation with {} orders, until Ctrl-C; its control API: {url}_simulator/",
        asked.orders
    ));
    let stop = stop_at_interrupt();
    while !stop.is_cancelled() {
        sim.clock().set(SystemClock.now());
        tokio::select! {
            () = SystemClock.sleep(TICK) => {}
            () = stop.cancelled() => {}
        }
    }
    out.note(format!("{} requests were served", sim.journal().len()));
    Ok(Exit::Succeeded)
}

/// A small shop: orders of the last days, with two shipping texts.
fn fill(account: &mut Account, orders: u32) {
    let store = account.add_store("Sample shop", "Shopify");
    account.add_tag("Rush");
    account.add_user("Ops Desk");
    for (sku, price) in [("MUG-BLUE", "18.50"), ("SCARF", "64.00")] {
        account.add_product(SimProduct::new(sku).price(price));
    }
    let now: Timestamp = account.now();
    for number in 0..orders {
        let (sku, price) = if number % 3 == 0 { ("SCARF", "64.00") } else { ("MUG-BLUE", "18.50") };
        let text = if number % 4 == 3 { "Express" } else { "Standard" };
        let order =
            SimOrder::new((1001 + number).to_string()).store(store).created(now - HOUR * (number % 100 + 1));
        account.add_order(order.shipping(text).line(SimLine::new(sku, 1, price)));
    }
}

/// The whole cycle against a simulator in this process.
pub(super) async fn demo(out: &mut Output) -> Result<Exit, Failure> {
    let sim = Simulator::in_process(SimulatorConfig::default());
    sim.account(|account| fill(account, 8));
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
