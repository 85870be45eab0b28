//! Stores, tags, users, carriers, warehouses and products: adding and changing them.

use rust_decimal::Decimal;

use super::super::model::{
    SimAddress, SimCarrier, SimProduct, SimStore, SimTag, SimUser, SimWarehouse, SimWebhook,
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
        let store_id = next(&mut self.last.store);
        let now = self.now();
        let store = SimStore {
            store_id,
            store_name: name.into(),
            marketplace_id,
            marketplace_name: marketplace_name.to_owned(),
            account_name: None,
            email: None,
            integration_url: None,
            active: true,
            company_name: Some(String::new()),
            phone: None,
            public_email: None,
            website: None,
            refresh_date: None,
            last_refresh_attempt: None,
            create_date: now,
            modify_date: now,
            auto_refresh: marketplace_id != 0,
            status_mappings: None,
        };
        self.stores.insert(store_id, store);
        store_id
    }

    /// Says whether a store is refreshed by itself, and when it last was.
    pub fn set_refresh(&mut self, store_id: i64, auto: bool, last: Option<Timestamp>) {
        if let Some(store) = self.stores.get_mut(&store_id) {
            (store.auto_refresh, store.refresh_date, store.last_refresh_attempt) = (auto, last, last);
        }
    }

    /// Makes a store inactive.
    pub fn deactivate_store(&mut self, store_id: i64) {
        if let Some(store) = self.stores.get_mut(&store_id) {
            store.active = false;
        }
    }

    /// Adds an order tag and returns its number.
    pub fn add_tag(&mut self, name: impl Into<String>) -> i64 {
        let tag_id = next(&mut self.last.tag);
        self.tags.insert(tag_id, SimTag { tag_id, name: name.into(), color: "#33CCCC".to_owned() });
        tag_id
    }

    /// Adds an active user and returns the GUID.
    pub fn add_user(&mut self, name: impl Into<String>) -> String {
        let (user_id, name) = (self.next_guid(), name.into());
        let login = name.to_lowercase().replace(' ', ".");
        let user = SimUser {
            user_id: user_id.clone(),
            user_name: format!("{login}@example.com"),
            name,
            active: true,
        };
        self.users.push(user);
        user_id
    }

    /// Makes a user inactive: no longer listed by default, no longer assignable.
    pub fn deactivate_user(&mut self, user_id: &str) {
        if let Some(user) = self.users.iter_mut().find(|user| user.user_id.eq_ignore_ascii_case(user_id)) {
            user.active = false;
        }
    }

    /// Connects a carrier account and returns its provider number. A code may be added more than once.
    pub fn add_carrier(&mut self, code: impl Into<String>) -> i64 {
        let code = code.into();
        let shipping_provider_id = next(&mut self.last.provider);
        let name = match code.as_str() {
            "stamps_com" => "Stamps.com".to_owned(),
            "fedex" => "FedEx".to_owned(),
            other => other.to_uppercase(),
        };
        let carrier = SimCarrier {
            name,
            account_number: None,
            requires_funded_account: code == "stamps_com",
            balance: Decimal::ZERO,
            nickname: None,
            shipping_provider_id,
            primary: !self.carriers.iter().any(|carrier| carrier.code == code),
            code,
        };
        self.carriers.push(carrier);
        shipping_provider_id
    }

    /// Adds a ship-from location and returns its number. The first one is the default.
    pub fn add_warehouse(&mut self, name: impl Into<String>) -> i64 {
        let origin = SimAddress { phone: Some("937-555-0199".to_owned()), ..SimAddress::sample() };
        self.insert_warehouse(name.into(), origin, None, false)
    }

    pub(in super::super) fn insert_warehouse(
        &mut self,
        warehouse_name: String,
        origin_address: SimAddress,
        return_address: Option<SimAddress>,
        is_default: bool,
    ) -> i64 {
        let warehouse_id = next(&mut self.last.warehouse);
        let is_default = is_default || self.warehouses.is_empty();
        if is_default {
            self.warehouses.values_mut().for_each(|other| other.is_default = false);
        }
        let copy = || SimAddress { residential: None, ..origin_address.clone() };
        let warehouse = SimWarehouse {
            warehouse_id,
            warehouse_name,
            return_address: return_address.unwrap_or_else(copy),
            origin_address,
            create_date: self.now(),
            is_default,
            seller_integration_id: None,
            ext_inventory_identity: None,
            register_fedex_meter: None,
        };
        self.warehouses.insert(warehouse_id, warehouse);
        warehouse_id
    }

    /// Adds a product and returns its number. Several products may have one SKU.
    pub fn add_product(&mut self, mut product: SimProduct) -> i64 {
        if product.product_id == 0 {
            product.product_id = next(&mut self.last.product);
        }
        if product.create_date == Timestamp::UNIX_EPOCH {
            product.create_date = self.now();
        }
        let id = product.product_id;
        self.products.insert(id, product);
        id
    }

    /// The active product that an order line with this SKU gets, as ShipStation matches them.
    pub(in super::super) fn product_for_sku(&self, sku: &str) -> Option<i64> {
        let matches = |product: &&SimProduct| product.active && product.sku.as_deref() == Some(sku);
        self.products.values().find(matches).map(|product| product.product_id)
    }

    /// Subscribes a webhook, and returns its number.
    pub fn add_webhook(
        &mut self,
        event: impl Into<String>,
        url: impl Into<String>,
        store_id: Option<i64>,
        name: Option<String>,
    ) -> i64 {
        let webhook_id = next(&mut self.last.webhook);
        let webhook = SimWebhook {
            is_label_api_hook: false,
            webhook_id,
            seller_id: 2_400_000,
            store_id,
            hook_type: event.into(),
            message_format: "Json".to_owned(),
            url: url.into(),
            name,
            bulk_copy_batch_id: None,
            bulk_copy_record_id: None,
            active: true,
            webhook_logs: Vec::new(),
            seller: None,
            store: None,
        };
        self.webhooks.insert(webhook_id, webhook);
        webhook_id
    }
}
