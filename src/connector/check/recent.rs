//! The newest orders, as a sample of what the store sends: which shipping texts there are, and which orders the
//! host put there itself. Nothing of an order is kept but ids and shipping texts.

use std::collections::BTreeMap;

use crate::{
    channel::{
        ChannelOrder, Finding,
        shipping::{ShippingRequest, StoreKey},
    },
    client::{Error, OrderSort, ShipStation, SortDir},
    connector::{ShipStationChannel, own_orders, translate},
};

/// What was learned from the newest orders.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// What each order asks of the shipping rules.
    pub(super) requests: Vec<ShippingRequest>,
    by_store: BTreeMap<StoreKey, Share>,
    /// Whether the host's own word about an order panicked.
    has_panicked: bool,
}

/// How many of a store's orders are the host's own.
#[derive(Debug, Default)]
struct Share {
    own: usize,
    all: usize,
}

impl Recent {
    /// Looks at the 500 newest orders of the stores that are imported from: one request.
    pub(super) async fn read(channel: &ShipStationChannel, client: &ShipStation) -> Result<Self, Error> {
        let list = client.orders().list().sort_by(OrderSort::CreateDate).sort_dir(SortDir::Descending);
        let page = list.page_size(500).send().await?;
        let (names, _) = channel.directory.names(client).await;
        let mut recent = Self::default();
        let settings = &channel.settings.orders;
        for order in page.items.iter().filter(|order| settings.imports_from(translate::store_id(order))) {
            let mut order = translate::order(order, settings);
            names.complete(&mut order);
            recent.take(channel, &order);
        }
        Ok(recent)
    }

    fn take(&mut self, channel: &ShipStationChannel, order: &ChannelOrder) {
        let own = own_orders::is_own(channel, order).unwrap_or_else(|| {
            self.has_panicked = true;
            false
        });
        if let Some(store) = &order.store {
            let share = self.by_store.entry(store.clone()).or_default();
            share.all += 1;
            share.own += usize::from(own);
        }
        if !own {
            self.requests.push(translate::shipping_request(order));
        }
    }

    /// The stores that the host itself feeds: importing from them would make a loop.
    pub(super) fn loop_findings(&self) -> Vec<Finding> {
        let panicked = self.has_panicked.then(|| {
            let remedy = "correct it: such an order is tried again and again and not imported";
            Finding::error("own_orders_panicked", "own_orders", own_orders::PANICKED, remedy)
        });
        let fed = self.by_store.iter().filter(|(_, share)| share.own > 0);
        let fed = fed.map(|(store, share)| {
            let observed = format!(
                "{} of the {} newest orders of store {store} were put there by the host itself",
                share.own, share.all
            );
            let remedy =
                format!("add {store} to orders.exclude_stores; such orders are left out one by one anyway");
            let finding = if share.own == share.all { Finding::warning } else { Finding::info };
            finding("store_fed_by_host", "orders.stores", observed, remedy)
        });
        panicked.into_iter().chain(fed).collect()
    }
}
