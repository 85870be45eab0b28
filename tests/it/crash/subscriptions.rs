//! The webhooks of a connection, in a small account with something of everything.

use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelConnector, ChannelError, EnsureWebhooks, RunStatus},
    testing::simulator::Record,
};

use super::{
    everywhere::Scenario,
    test_bed::{TestBed, WEBHOOK_SECRET},
};

const ADDRESS: &str = "https://hooks.example.com/in";

/// One that stands at an old address, one that is of one store only, two whose event nobody wants,
/// and two of somebody else.
pub(super) struct Subscribing {
    foreign: Vec<Record>,
}

impl Subscribing {
    fn name(bed: &TestBed) -> String {
        format!("shipstation-connector/{}", bed.connection)
    }

    fn rows(bed: &TestBed, are_ours: bool) -> Vec<Record> {
        let name = Self::name(bed);
        let is_ours = |row: &&Record| row.text("Name") == Some(name.as_str());
        bed.sim.account(|account| {
            account.webhooks.values().filter(|row| is_ours(row) == are_ours).cloned().collect()
        })
    }
}

impl Scenario for Subscribing {
    const FURTHER_RUNS: usize = 2;

    async fn set_up(bed: &mut TestBed) -> Self {
        bed.settings.orders.watch_changes = true;
        let (url, ours) = (format!("{ADDRESS}?key={WEBHOOK_SECRET}"), Self::name(bed));
        bed.sim.account(|account| {
            let mut add = |event: &str, url: &str, store, name: &str| {
                account.add_webhook(event, url, store, Some(name.to_owned()));
            };
            add("ORDER_NOTIFY", &url, None, "somebody else's");
            add("SHIP_NOTIFY", "https://other.example.com/", None, "shipstation-connector/another");
            add("ORDER_NOTIFY", "https://old.example.com/in", None, &ours);
            add("SHIP_NOTIFY", &url, Some(7), &ours);
            add("FULFILLMENT_SHIPPED", &url, None, &ours);
            add("FULFILLMENT_SHIPPED", &url, None, &ours);
        });
        Self { foreign: Self::rows(bed, false) }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.ensure_webhooks(EnsureWebhooks::new(ADDRESS)).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        let rows = Self::rows(bed, true);
        let mut ours: Vec<_> = rows
            .iter()
            .map(|row| (row.text("HookType").unwrap(), row.text("Url").unwrap(), row.int("StoreID")))
            .collect();
        ours.sort_unstable();
        let url = format!("{ADDRESS}?key={WEBHOOK_SECRET}");
        let wanted = ["ORDER_NOTIFY", "SHIP_NOTIFY"].map(|event| (event, url.as_str(), None));
        assert_eq!(ours, wanted, "{place}: each wanted one is there once");
        assert!(rows.iter().all(|row| row.flag("Active")), "{place}");
        assert_eq!(Self::rows(bed, false), self.foreign, "{place}: what others have is left alone");
        let subscribed =
            bed.sim.journal().of("POST", "/webhooks/subscribe").filter(|entry| entry.executed).count();
        assert_eq!(subscribed, 2, "{place}: each is subscribed once");
    }
}
