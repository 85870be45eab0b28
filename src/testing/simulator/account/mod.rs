//! The simulated merchant account: everything ShipStation would keep in its database, and the rules by
//! which it changes. Nothing here knows of requests.

mod orders;
mod scheduled;
mod sequence;
mod setup;
mod shipping;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use crate::Timestamp;

use super::{Quirks, SimClock, pacific, record::Record};
use scheduled::Due;
pub(super) use sequence::OrderSequence;
pub(super) use setup::MARKETPLACES;
pub(super) use shipping::Marking;
pub use shipping::Notice;

/// Rows by number.
pub(super) type Table = BTreeMap<i64, Record>;
/// What stale reads show: orders, fulfillments, shipments.
pub(super) type Shown = [Table; 3];

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
/// let total = sim.account(|account| account.order(id)?.amount("orderTotal"));
/// assert_eq!(total.unwrap().to_string(), "18.50");
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
#[non_exhaustive]
pub struct Account {
    /// Orders by number, those included that were deleted or merged into others; see [`visible_orders`](Self::visible_orders).
    pub orders: Table,
    /// Products by number.
    pub products: Table,
    /// Stores by number.
    pub stores: Table,
    /// Tags by number.
    pub tags: Table,
    /// Users in the order in which they are listed.
    pub users: Vec<Record>,
    /// Carrier accounts in the order in which they are listed.
    pub carriers: Vec<Record>,
    /// Bought labels by number.
    pub shipments: Table,
    /// Shipments made elsewhere by number.
    pub fulfillments: Table,
    /// Buyers by number.
    pub customers: Table,
    /// Ship-from locations by number.
    pub warehouses: Table,
    /// Webhook subscriptions by number.
    pub webhooks: Table,
    /// Every mail to a buyer and every message to a sales channel that was caused.
    pub notices: Vec<Notice>,
    /// ShipStation's habits, switchable at any time.
    pub quirks: Quirks,
    poisoned: BTreeSet<i64>,
    /// Members that are printed otherwise, and how, by the number of their row.
    overwritten: BTreeMap<i64, Vec<(String, Vec<u8>)>>,
    due: BTreeMap<Timestamp, Vec<Due>>,
    last: LastIds,
    sequence: Option<OrderSequence>,
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
            orders: Table::new(),
            products: Table::new(),
            stores: Table::new(),
            tags: Table::new(),
            users: Vec::new(),
            carriers: Vec::new(),
            shipments: Table::new(),
            fulfillments: Table::new(),
            customers: Table::new(),
            warehouses: Table::new(),
            webhooks: Table::new(),
            notices: Vec::new(),
            quirks,
            poisoned: BTreeSet::new(),
            overwritten: BTreeMap::new(),
            due: BTreeMap::new(),
            sequence: None,
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

    /// Exchanges what stale reads show.
    pub(super) fn swap_shown(&mut self, shown: &mut Shown) {
        let own = [&mut self.orders, &mut self.fulfillments, &mut self.shipments];
        own.into_iter().zip(shown).for_each(|(own, other)| std::mem::swap(own, other));
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

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("orders", &self.orders.len()).finish_non_exhaustive()
    }
}
