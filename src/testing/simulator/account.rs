//! The simulated merchant account: everything ShipStation would keep in its database, and the rules by
//! which it changes. Nothing here knows of requests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Notice, Quirks, Record, SimAddress, SimClock, deliveries::Event, order_sequence::OrderSequence, pacific,
    record, set,
};
use crate::{Timestamp, shows::shows};

/// What ShipStation does by itself at an instant.
pub(super) type ScheduledChange = Box<dyn FnOnce(&mut Account, Timestamp) + Send>;

/// Rows by number.
pub(super) type Table = BTreeMap<i64, Record>;

/// Marketplaces by number and name, a selection of the recorded list.
pub(super) const MARKETPLACES: &[(i64, &str)] = &[
    (0, "ShipStation"),
    (1, "eBay"),
    (2, "Amazon"),
    (8, "Etsy"),
    (13, "BigCommerce"),
    (14, "Shopify"),
    (22, "Custom Store"),
    (28, "Magento"),
    (36, "WooCommerce"),
    (57, "Squarespace"),
    (70, "Square"),
    (93, "Walmart"),
];

type TableOf = fn(&mut Account) -> &mut Table;

/// The tables, as the control API and saved simulators call them.
pub(super) const TABLES: [(&str, TableOf); 9] = [
    ("orders", |account| &mut account.orders),
    ("products", |account| &mut account.products),
    ("stores", |account| &mut account.stores),
    ("tags", |account| &mut account.tags),
    ("shipments", |account| &mut account.shipments),
    ("fulfillments", |account| &mut account.fulfillments),
    ("customers", |account| &mut account.customers),
    ("warehouses", |account| &mut account.warehouses),
    ("webhooks", |account| &mut account.webhooks),
];

/// The last number of each kind that was given out before the simulator starts.
const FIRST_IDS: [(&str, i64); 11] = [
    ("orderId", 2_184_550_000),
    ("orderItemId", 3_300_118_200),
    ("productId", 90_411_800),
    ("storeId", Account::MANUAL_STORE - 1),
    ("tagId", 8_361),
    ("shippingProviderId", 350_000),
    ("shipmentId", 880_012_300),
    ("fulfillmentId", 66_120_010),
    ("customerId", 310_244_800),
    ("warehouseId", 511_899),
    ("WebHookID", 3_188),
];

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
/// }); let total = sim.account(|account| account.order(id)?.amount("orderTotal")); assert_eq!(total.unwrap().to_string(),
/// "18.50");
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
    pub(super) poisoned: BTreeSet<i64>,
    /// Members that are printed otherwise, and how, by the number of their row.
    pub(super) overwritten: BTreeMap<i64, Vec<(String, Vec<u8>)>>,
    pub(super) scheduled: BTreeMap<Timestamp, Vec<ScheduledChange>>,
    /// The last number given out of each kind, by the member that holds it.
    pub(super) last_ids: BTreeMap<&'static str, i64>,
    pub(super) last_guid: u64,
    /// What webhooks may ask for and nobody has posted yet.
    pub(super) events: Vec<Event>,
    pub(super) sequence: Option<OrderSequence>,
    pub(super) clock: Arc<SimClock>,
    /// The instant of something that is carried out or shown afterwards.
    instant: Option<Timestamp>,
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
            scheduled: BTreeMap::new(),
            last_ids: FIRST_IDS.into(),
            last_guid: 0,
            events: Vec::new(),
            sequence: None,
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

    /// Does something at another instant than the present one.
    pub(super) fn as_of<R>(&mut self, instant: Timestamp, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.instant.replace(instant);
        let result = f(self);
        self.instant = outer;
        result
    }

    /// The next number of a kind, which is named by the member that holds it.
    pub(super) fn next_id(&mut self, member: &'static str) -> i64 {
        let last = self.last_id(member);
        *last = last.saturating_add(1);
        *last
    }

    pub(super) fn last_id(&mut self, member: &'static str) -> &mut i64 {
        self.last_ids.entry(member).or_default()
    }

    /// A fresh GUID, the same in every run.
    pub(super) fn next_guid(&mut self) -> String {
        self.last_guid += 1;
        format!("5f0c2a9e-7d41-4b6e-9c35-{:012x}", self.last_guid)
    }

    pub(super) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        TABLES.iter().find(|(own, _)| *own == name).map(|(_, table)| table(self))
    }

    /// Adds an active store of a marketplace named as in ShipStation ("Shopify", "Amazon", …; a name it does
    /// not know becomes a custom store), and returns its number.
    pub fn add_store(&mut self, name: impl Into<String>, marketplace: &str) -> i64 {
        let known = MARKETPLACES.iter().find(|(_, name)| name.eq_ignore_ascii_case(marketplace));
        let (marketplace_id, marketplace) = known.copied().unwrap_or((22, "Custom Store"));
        let (id, now) = (self.next_id("storeId"), self.now());
        let store = record!(STORE {
            "storeId": id, "storeName": name.into(), "marketplaceId": marketplace_id, "marketplaceName": marketplace,
            "createDate": now, "modifyDate": now, "autoRefresh": marketplace_id != 0,
        });
        self.stores.insert(id, store);
        id
    }

    /// Says whether a store is refreshed by itself, and when it last was.
    pub fn set_refresh(&mut self, store_id: i64, auto: bool, last: Option<Timestamp>) {
        if let Some(store) = self.stores.get_mut(&store_id) {
            set!(store, "autoRefresh": auto, "refreshDate": last, "lastRefreshAttempt": last);
        }
    }

    /// Makes a store inactive.
    pub fn deactivate_store(&mut self, store_id: i64) {
        if let Some(store) = self.stores.get_mut(&store_id) {
            store.set("active", false);
        }
    }

    /// Adds an order tag and returns its number.
    pub fn add_tag(&mut self, name: impl Into<String>) -> i64 {
        let id = self.next_id("tagId");
        self.tags.insert(id, record!(TAG { "tagId": id, "name": name.into() }));
        id
    }

    /// Adds an active user and returns the GUID.
    pub fn add_user(&mut self, name: impl Into<String>) -> String {
        let (id, name) = (self.next_guid(), name.into());
        let login = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        self.users.push(record!(USER { "userId": &id, "userName": login, "name": name }));
        id
    }

    /// Makes a user inactive: no longer listed by default, no longer assignable.
    pub fn deactivate_user(&mut self, user_id: &str) {
        if let Some(user) = self.users.iter_mut().find(|user| user.is_text("userId", user_id)) {
            user.set("inactive", true);
        }
    }

    /// Connects a carrier account and returns its provider number. A code may be added more than once.
    pub fn add_carrier(&mut self, code: impl Into<String>) -> i64 {
        let (code, id) = (code.into(), self.next_id("shippingProviderId"));
        let name = match code.as_str() {
            "stamps_com" => "Stamps.com".to_owned(),
            "fedex" => "FedEx".to_owned(),
            other => other.to_uppercase(),
        };
        let carrier = record!(CARRIER {
            "name": name, "code": &code, "requiresFundedAccount": code == "stamps_com", "shippingProviderId": id,
            "primary": !self.carriers.iter().any(|carrier| carrier.text("code") == Some(&code)),
        });
        self.carriers.push(carrier);
        id
    }

    /// Adds a buyer of the manual store and returns the number.
    pub fn add_customer(&mut self, username: &str, address: impl Into<Record>, email: Option<String>) -> i64 {
        let (id, now, address) = (self.next_id("customerId"), self.now(), address.into());
        let name = record!({
            "customerUserId": id - 280_000_000, "customerId": id, "createDate": now, "modifyDate": now,
            "marketplaceId": 0, "marketplace": "ShipStation", "username": username,
        });
        let mut customer = record!(CUSTOMER {
            "customerId": id, "createDate": now, "modifyDate": now, "name": address.text("name").unwrap_or(username),
            "countryCode": address.get("country").clone(), "email": email, "marketplaceUsernames": vec![name],
        });
        customer.copy(&address, "company street1 street2 city state postalCode phone");
        self.customers.insert(id, customer);
        id
    }

    /// Adds a ship-from location and returns its number. The first one is the default.
    pub fn add_warehouse(&mut self, name: impl Into<String>) -> i64 {
        let origin = SimAddress::sample().set("phone", "937-555-0199");
        let id = self.next_id("warehouseId");
        self.keep_warehouse(
            id,
            &record!(WAREHOUSE { "warehouseName": name.into(), "originAddress": origin }),
        );
        id
    }

    /// Adds a ship-from location or replaces it. Without a return address, parcels come back to where they leave.
    pub(super) fn keep_warehouse(&mut self, id: i64, sent: &Record) {
        let new = record!(WAREHOUSE { "warehouseId": id, "createDate": self.now() });
        let mut warehouse = self.warehouses.get(&id).cloned().unwrap_or(new);
        warehouse.copy(sent, "originAddress returnAddress");
        warehouse.set("warehouseName", sent.text("warehouseName").unwrap_or_default());
        if sent.row("returnAddress").is_none() {
            warehouse.set("returnAddress", sent.get("originAddress").clone());
            warehouse.clear("returnAddress.residential");
        }
        if sent.flag("isDefault") || self.warehouses.is_empty() {
            self.warehouses.values_mut().for_each(|other| other.set("isDefault", false));
            warehouse.set("isDefault", true);
        }
        self.warehouses.insert(id, warehouse);
    }

    /// Adds a product and returns its number. Several products may have one SKU.
    pub fn add_product(&mut self, product: impl Into<Record>) -> i64 {
        let mut product = product.into();
        let own = product.int("productId").filter(|id| *id != 0);
        let id = own.unwrap_or_else(|| self.next_id("productId"));
        product.set("productId", id);
        if product.time("createDate").is_none() {
            product.set("createDate", self.now());
        }
        self.products.insert(id, product);
        id
    }

    /// The active product that an order line with this SKU gets, as ShipStation matches them.
    pub(super) fn product_for_sku(&self, sku: &str) -> Option<i64> {
        let matches = |product: &&Record| product.flag("active") && product.text("sku") == Some(sku);
        self.products.values().find(matches)?.int("productId")
    }

    /// Subscribes a webhook, and returns its number.
    pub fn add_webhook(
        &mut self,
        event: impl Into<String>,
        url: impl Into<String>,
        store_id: Option<i64>,
        name: Option<String>,
    ) -> i64 {
        let id = self.next_id("WebHookID");
        let webhook = record!(WEBHOOK {
            "WebHookID": id, "StoreID": store_id, "HookType": event.into(), "Url": url.into(), "Name": name,
        });
        self.webhooks.insert(id, webhook);
        id
    }
}

shows! { |it: Account| orders = it.orders.len() }
