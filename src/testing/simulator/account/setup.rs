//! Stores, tags, users, carriers, customers, warehouses, products and webhooks: adding and changing them.

use super::super::{
    SimAddress,
    record::{Field, Record},
    shapes::{CARRIER, CUSTOMER, STORE, TAG, USER, WAREHOUSE, WEBHOOK},
};
use super::{Account, next};
use crate::Timestamp;

/// Marketplaces by number and name, a selection of the recorded list.
pub(in super::super) const MARKETPLACES: &[(i64, &str)] = &[
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

impl Account {
    /// Adds an active store of a marketplace named as in ShipStation ("Shopify", "Amazon", …; a name it does
    /// not know becomes a custom store), and returns its number.
    pub fn add_store(&mut self, name: impl Into<String>, marketplace: &str) -> i64 {
        let known = MARKETPLACES.iter().find(|(_, name)| name.eq_ignore_ascii_case(marketplace));
        let (marketplace_id, marketplace_name) = known.copied().unwrap_or((22, "Custom Store"));
        let id = next(&mut self.last.store);
        let now = self.now();
        let store = Record::new(&STORE)
            .with("storeId", id)
            .with("storeName", name.into())
            .with("marketplaceId", marketplace_id)
            .with("marketplaceName", marketplace_name)
            .with("createDate", now)
            .with("modifyDate", now)
            .with("autoRefresh", marketplace_id != 0);
        self.stores.insert(id, store);
        id
    }

    /// Says whether a store is refreshed by itself, and when it last was.
    pub fn set_refresh(&mut self, store_id: i64, auto: bool, last: Option<Timestamp>) {
        if let Some(store) = self.stores.get_mut(&store_id) {
            store.set("autoRefresh", auto);
            store.set("refreshDate", last);
            store.set("lastRefreshAttempt", last);
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
        let id = next(&mut self.last.tag);
        self.tags.insert(id, Record::new(&TAG).with("tagId", id).with("name", name.into()));
        id
    }

    /// Adds an active user and returns the GUID.
    pub fn add_user(&mut self, name: impl Into<String>) -> String {
        let (id, name) = (self.next_guid(), name.into());
        let login = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
        let user = Record::new(&USER).with("userId", &id).with("userName", login).with("name", name);
        self.users.push(user);
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
        let code = code.into();
        let id = next(&mut self.last.provider);
        let name = match code.as_str() {
            "stamps_com" => "Stamps.com".to_owned(),
            "fedex" => "FedEx".to_owned(),
            other => other.to_uppercase(),
        };
        let carrier = Record::new(&CARRIER)
            .with("name", name)
            .with("code", &code)
            .with("requiresFundedAccount", code == "stamps_com")
            .with("shippingProviderId", id)
            .with("primary", !self.carriers.iter().any(|carrier| carrier.text("code") == Some(&code)));
        self.carriers.push(carrier);
        id
    }

    /// Adds a buyer of the manual store and returns the number.
    pub fn add_customer(&mut self, username: &str, address: impl Into<Record>, email: Option<String>) -> i64 {
        let (id, now, address) = (next(&mut self.last.customer), self.now(), address.into());
        let name = Record::of([
            ("customerUserId", (id - 280_000_000).into()),
            ("customerId", id.into()),
            ("createDate", now.into()),
            ("modifyDate", now.into()),
            ("marketplaceId", 0.into()),
            ("marketplace", "ShipStation".into()),
            ("username", username.into()),
        ]);
        let mut customer = Record::new(&CUSTOMER)
            .with("customerId", id)
            .with("createDate", now)
            .with("modifyDate", now)
            .with("name", address.text("name").unwrap_or(username))
            .with("countryCode", address.get("country").clone())
            .with("email", email)
            .with("marketplaceUsernames", vec![name]);
        customer.copy(&address, "company street1 street2 city state postalCode phone");
        self.customers.insert(id, customer);
        id
    }

    /// Adds a ship-from location and returns its number. The first one is the default.
    pub fn add_warehouse(&mut self, name: impl Into<String>) -> i64 {
        let origin = SimAddress::sample().set("phone", "937-555-0199");
        self.insert_warehouse(name.into(), origin.into(), None, false)
    }

    pub(in super::super) fn insert_warehouse(
        &mut self,
        name: String,
        origin: Record,
        back: Option<Record>,
        is_default: bool,
    ) -> i64 {
        let id = next(&mut self.last.warehouse);
        let is_default = is_default || self.warehouses.is_empty();
        if is_default {
            self.warehouses.values_mut().for_each(|other| other.set("isDefault", false));
        }
        let warehouse = Record::new(&WAREHOUSE)
            .with("warehouseId", id)
            .with("warehouseName", name)
            .with("returnAddress", back.unwrap_or_else(|| origin.clone().with("residential", Field::Null)))
            .with("originAddress", origin)
            .with("createDate", self.now())
            .with("isDefault", is_default);
        self.warehouses.insert(id, warehouse);
        id
    }

    /// Adds a product and returns its number. Several products may have one SKU.
    pub fn add_product(&mut self, product: impl Into<Record>) -> i64 {
        let mut product = product.into();
        let id =
            product.int("productId").filter(|id| *id != 0).unwrap_or_else(|| next(&mut self.last.product));
        product.set("productId", id);
        if product.time("createDate").is_none() {
            product.set("createDate", self.now());
        }
        self.products.insert(id, product);
        id
    }

    /// The active product that an order line with this SKU gets, as ShipStation matches them.
    pub(in super::super) fn product_for_sku(&self, sku: &str) -> Option<i64> {
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
        let id = next(&mut self.last.webhook);
        let webhook = Record::new(&WEBHOOK)
            .with("WebHookID", id)
            .with("StoreID", store_id)
            .with("HookType", event.into())
            .with("Url", url.into())
            .with("Name", name);
        self.webhooks.insert(id, webhook);
        id
    }
}
