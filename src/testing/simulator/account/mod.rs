//! The simulated merchant account: everything ShipStation would keep in its database, and the rules by
//! which it changes. Nothing here knows of requests.

mod customers;
mod due;
mod furniture;
mod lineage;
mod orders;
mod shipping;
mod stretch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::Timestamp;

use super::{
    Quirks, SimClock,
    model::{
        Notice, SimCarrier, SimCustomer, SimFulfillment, SimOrder, SimProduct, SimShipment, SimStore, SimTag,
        SimUser, SimWarehouse, SimWebhook,
    },
    pacific,
};
use due::Due;
pub(super) use furniture::MARKETPLACES;
pub(super) use shipping::{Marking, Refusal};
pub(super) use stretch::Stretch;

/// The state of the simulated account, to set up and to look at.
///
/// A fresh account has the manual store, one ship-from location and three carriers, and nothing else. Changes made here are
/// instantaneous and silent, like those that people make in ShipStation's own pages.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use shipstation_connector::testing::simulator::{SimLine, SimOrder, Simulator, SimulatorConfig};
///
/// let sim = Simulator::start(SimulatorConfig::default()).await?;
/// let id = sim.account(|account| {
///     let store = account.add_store("Web shop", "Shopify");
///     account.add_order(SimOrder::new("1001").store(store).line(SimLine::new("MUG", 1, "18.50")))
/// });
/// let total = sim.account(|account| account.order(id).map(|order| order.order_total.to_string()));
/// assert_eq!(total.as_deref(), Some("18.50"));
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Account {
    /// Orders by number, deleted and merged ones included (see [`SimOrder::absence`]).
    pub orders: BTreeMap<i64, SimOrder>,
    /// Products by number.
    pub products: BTreeMap<i64, SimProduct>,
    /// Stores by number.
    pub stores: BTreeMap<i64, SimStore>,
    /// Tags by number.
    pub tags: BTreeMap<i64, SimTag>,
    /// Users in the order in which they are listed.
    pub users: Vec<SimUser>,
    /// Carrier accounts in the order in which they are listed.
    pub carriers: Vec<SimCarrier>,
    /// Bought labels by number.
    pub shipments: BTreeMap<i64, SimShipment>,
    /// Shipments made elsewhere by number.
    pub fulfillments: BTreeMap<i64, SimFulfillment>,
    /// Buyers by number.
    pub customers: BTreeMap<i64, SimCustomer>,
    /// Ship-from locations by number.
    pub warehouses: BTreeMap<i64, SimWarehouse>,
    /// Webhook subscriptions by number.
    pub webhooks: BTreeMap<i64, SimWebhook>,
    /// Every mail to a buyer and every message to a sales channel that was caused.
    pub notices: Vec<Notice>,
    /// ShipStation's habits, switchable at any time.
    pub quirks: Quirks,
    poisoned: BTreeSet<i64>,
    /// Members that are printed otherwise, and how, by the number of their row.
    overwritten: BTreeMap<i64, Vec<(String, Vec<u8>)>>,
    due: BTreeMap<Timestamp, Vec<Due>>,
    last: LastIds,
    stretch: Option<Stretch>,
    clock: Arc<SimClock>,
    /// The instant of something that is carried out or shown afterwards.
    instant: Option<Timestamp>,
}

/// The last number given out of each kind.
#[derive(Debug)]
struct LastIds {
    order: i64,
    item: i64,
    product: i64,
    store: i64,
    tag: i64,
    provider: i64,
    shipment: i64,
    fulfillment: i64,
    customer: i64,
    warehouse: i64,
    webhook: i64,
    guid: u64,
}

fn next(last: &mut i64) -> i64 {
    *last = last.saturating_add(1);
    *last
}

impl Account {
    /// The store of orders entered by hand, which every account has.
    pub const MANUAL_STORE: i64 = 204_417;

    pub(super) fn new(clock: Arc<SimClock>, quirks: Quirks) -> Self {
        let mut account = Self {
            orders: BTreeMap::new(),
            products: BTreeMap::new(),
            stores: BTreeMap::new(),
            tags: BTreeMap::new(),
            users: Vec::new(),
            carriers: Vec::new(),
            shipments: BTreeMap::new(),
            fulfillments: BTreeMap::new(),
            customers: BTreeMap::new(),
            warehouses: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            notices: Vec::new(),
            quirks,
            poisoned: BTreeSet::new(),
            overwritten: BTreeMap::new(),
            due: BTreeMap::new(),
            stretch: None,
            last: LastIds {
                order: 2_184_550_000,
                item: 3_300_118_200,
                product: 90_411_800,
                store: Self::MANUAL_STORE - 1,
                tag: 8_361,
                provider: 350_000,
                shipment: 880_012_300,
                fulfillment: 66_120_010,
                customer: 310_244_800,
                warehouse: 511_899,
                webhook: 3_188,
                guid: 0,
            },
            clock,
            instant: None,
        };
        account.add_store("Manual Orders", "ShipStation");
        account.add_warehouse("East dock");
        for code in ["stamps_com", "ups", "fedex"] {
            account.add_carrier(code);
        }
        account
    }

    /// What ShipStation's own clock says, to the precision of its database.
    pub fn now(&self) -> Timestamp {
        if let Some(instant) = self.instant {
            return instant;
        }
        let skew = std::time::Duration::from_secs(self.quirks.clock_skew.unsigned_abs());
        let now = self.clock.now();
        pacific::stored(if self.quirks.clock_skew < 0 { now - skew } else { now + skew })
    }

    pub(super) fn key_has_expired(&self) -> bool {
        self.quirks.key_expires.is_some_and(|at| at <= self.now())
    }

    /// Does something at another instant than the present one.
    pub(super) fn as_of<R>(&mut self, instant: Timestamp, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.instant.replace(instant);
        let result = f(self);
        self.instant = outer;
        result
    }

    /// A fresh GUID, the same in every run.
    pub(super) fn next_guid(&mut self) -> String {
        self.last.guid += 1;
        format!("5f0c2a9e-7d41-4b6e-9c35-{:012x}", self.last.guid)
    }
}
