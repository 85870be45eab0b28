//! The quickstart's own scenario, run twice and judged by the journal.

#[path = "../../../examples/quickstart/scenario.rs"]
mod quickstart;

use std::collections::BTreeMap;

use quickstart::{Scenario, UNMAPPED};
use shipstation_connector::channel::{
    ChannelConnector, CheckConnection, GetOrders, HoldReason, LinkListings, ResolveHeld, SyncShipments,
};

#[tokio::test]
async fn requests_the_quickstart_twice_imports_and_marks_each_order_once() {
    let scenario = Scenario::start().await.unwrap();
    scenario.disturb();
    let wanted = scenario.wanted();
    let channel = &scenario.channel;
    assert!(channel.check(CheckConnection::new()).await.unwrap().is_ok());

    let links = channel.link_listings(LinkListings::new()).await.unwrap();
    assert_eq!((links.counts.linked, links.counts.no_match, links.counts.no_sku), (296, 2, 1), "{links}");
    let import = channel.get_orders(GetOrders::new()).await.unwrap();
    assert!(import.counts.add_up(), "{import}");
    assert_eq!(import.counts.imported(), wanted.len() as u64, "{import}");
    let unmapped = HoldReason::UnmappedShipping { text: UNMAPPED.to_owned() };
    let held = scenario.store.orders(&scenario.connection).iter().filter(|order| !order.is_ready()).count();
    assert_eq!(import.counts.held(), held as u64);
    assert!(
        scenario
            .store
            .orders(&scenario.connection)
            .iter()
            .flat_map(|o| &o.record.holds)
            .all(|h| *h == unmapped)
    );
    scenario.map_the_missing_text().await.unwrap();
    assert_eq!(channel.resolve_held(ResolveHeld::new()).await.unwrap().counts.released, held as u64);
    let tracking = scenario.ship_everything().await.unwrap();
    let sync = channel.sync_shipments(SyncShipments::new()).await.unwrap();
    assert!(sync.counts.add_up(), "{sync}");
    assert_eq!(sync.counts.confirmed(), tracking.len() as u64, "{sync}");

    let first_cycle = scenario.sim.journal().len();
    scenario.wait();
    let links = channel.link_listings(LinkListings::new()).await.unwrap();
    assert_eq!((links.counts.linked, links.counts.already_linked), (0, 296), "{links}");
    assert_eq!(channel.get_orders(GetOrders::new()).await.unwrap().counts.imported(), 0);
    assert_eq!(channel.sync_shipments(SyncShipments::new()).await.unwrap().counts.due(), 0);

    let journal = scenario.sim.journal();
    assert!(
        journal.since(first_cycle).iter().all(|entry| entry.method == "GET"),
        "no write in the second cycle"
    );
    let mut marks: BTreeMap<i64, u32> = BTreeMap::new();
    for entry in journal.of("POST", "/orders/markasshipped").filter(|entry| entry.executed) {
        *marks.entry(entry.body["orderId"].as_i64().unwrap()).or_default() += 1;
    }
    assert_eq!(marks.len(), tracking.len());
    assert!(marks.values().all(|times| *times == 1), "each order is marked once");
    assert_eq!(journal.throttled().filter(|entry| entry.over_limit).count(), 0, "no 429 of our own making");
    let imported: Vec<String> =
        scenario.store.orders(&scenario.connection).iter().map(|order| order.order.id.to_string()).collect();
    assert_eq!(imported, wanted, "every eligible order is there, once");
}
