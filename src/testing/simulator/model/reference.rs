//! The account's furniture: stores, tags, users, carriers, customers, warehouses, webhooks.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{money, pacific::wire};
use super::SimAddress;
use crate::Timestamp;

/// A connected store. (V1 reference, models / Store.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimStore {
    /// ShipStation's number.
    pub store_id: i64,
    /// Its name.
    pub store_name: String,
    /// The marketplace's number; 0 is ShipStation's manual store.
    pub marketplace_id: i64,
    /// The marketplace's name.
    pub marketplace_name: String,
    /// The account there.
    pub account_name: Option<String>,
    /// The mail there.
    pub email: Option<String>,
    /// Its address.
    pub integration_url: Option<String>,
    /// Inactive stores are listed on request only.
    pub active: bool,
    /// Company on packing slips.
    pub company_name: Option<String>,
    /// Telephone on packing slips.
    pub phone: Option<String>,
    /// Mail on packing slips.
    pub public_email: Option<String>,
    /// Site on packing slips.
    pub website: Option<String>,
    /// Last import.
    #[serde(serialize_with = "wire::trimmed_or_null")]
    pub refresh_date: Option<Timestamp>,
    /// Last attempt to import.
    #[serde(serialize_with = "wire::trimmed_or_null")]
    pub last_refresh_attempt: Option<Timestamp>,
    /// Creation.
    #[serde(serialize_with = "wire::trimmed")]
    pub create_date: Timestamp,
    /// Last change.
    #[serde(serialize_with = "wire::trimmed")]
    pub modify_date: Timestamp,
    /// Whether it imports by itself.
    pub auto_refresh: bool,
    /// The channel's statuses; null in lists.
    pub status_mappings: Option<Vec<SimStatusMapping>>,
}

/// One status of a channel and the ShipStation status that it becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SimStatusMapping {
    /// ShipStation's.
    pub order_status: String,
    /// The channel's.
    pub status_key: String,
}

/// A tag for orders. (V1 reference, Accounts / List tags.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimTag {
    /// Its number.
    pub tag_id: i64,
    /// Its name.
    pub name: String,
    /// Its colour, `#RRGGBB`.
    pub color: String,
}

/// A user of the account. (V1 reference, Users / List users.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimUser {
    /// A lower-case GUID.
    pub user_id: String,
    /// The login.
    pub user_name: String,
    /// The name.
    pub name: String,
    /// Inactive users are listed on request only, and cannot be assigned. Never printed.
    #[serde(skip)]
    pub active: bool,
}

/// A connected carrier account. (V1 reference, models / Carrier.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimCarrier {
    /// Its name.
    pub name: String,
    /// Its code; several accounts may share one.
    pub code: String,
    /// The merchant's number there.
    pub account_number: Option<String>,
    /// Whether postage is prepaid.
    pub requires_funded_account: bool,
    /// What is left of the prepaid postage.
    #[serde(serialize_with = "money::number")]
    pub balance: Decimal,
    /// The merchant's name for it.
    pub nickname: Option<String>,
    /// Tells accounts of one code apart.
    pub shipping_provider_id: i64,
    /// The default among accounts of one code.
    pub primary: bool,
}

/// A buyer's record. (V1 reference, models / Customer.)
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimCustomer {
    /// ShipStation's number.
    pub customer_id: i64,
    /// Creation.
    #[serde(serialize_with = "wire::seven")]
    pub create_date: Timestamp,
    /// Last change.
    #[serde(serialize_with = "wire::seven_or_null")]
    pub modify_date: Option<Timestamp>,
    /// The person.
    pub name: String,
    /// The company.
    pub company: Option<String>,
    /// First line.
    pub street1: Option<String>,
    /// Second line.
    pub street2: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State.
    pub state: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Two-letter country.
    pub country_code: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Mail.
    pub email: Option<String>,
    /// `Verified` or `Unverified`.
    pub address_verified: Option<String>,
    /// The buyer's names on marketplaces.
    pub marketplace_usernames: Option<Vec<SimMarketplaceUsername>>,
    /// Customer tags; null when there are none.
    pub tags: Option<Vec<SimNamedTag>>,
}

impl SimCustomer {
    /// Whether the buyer has this name on any marketplace.
    pub fn is_called(&self, username: &str) -> bool {
        let names = self.marketplace_usernames.iter().flatten();
        names.filter_map(|name| name.username.as_deref()).any(|name| name.eq_ignore_ascii_case(username))
    }
}

/// A buyer's name on one marketplace. (V1 reference, models / `MarketplaceUsername`.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimMarketplaceUsername {
    /// Its own number.
    pub customer_user_id: i64,
    /// The buyer.
    pub customer_id: i64,
    /// Creation.
    #[serde(serialize_with = "wire::seven")]
    pub create_date: Timestamp,
    /// Last change.
    #[serde(serialize_with = "wire::seven")]
    pub modify_date: Timestamp,
    /// The marketplace's number.
    pub marketplace_id: i64,
    /// The marketplace's name.
    pub marketplace: String,
    /// The name there.
    pub username: Option<String>,
}

/// A tag of a product or a customer, printed with its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SimNamedTag {
    /// Its number.
    pub tag_id: i64,
    /// Its name.
    pub name: String,
}

/// A ship-from location. (V1 reference, models / Warehouse.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SimWarehouse {
    /// ShipStation's number.
    pub warehouse_id: i64,
    /// Its name.
    pub warehouse_name: String,
    /// Where parcels leave.
    pub origin_address: SimAddress,
    /// Where they come back.
    pub return_address: SimAddress,
    /// Creation.
    #[serde(serialize_with = "wire::seven")]
    pub create_date: Timestamp,
    /// The one used when nothing is said.
    pub is_default: bool,
    /// Never seen other than null.
    pub seller_integration_id: Option<i64>,
    /// Never seen other than null.
    pub ext_inventory_identity: Option<String>,
    /// Never seen other than null.
    pub register_fedex_meter: Option<bool>,
}

/// A webhook subscription, in its `PascalCase` shape. (V1 reference, Webhooks / List.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SimWebhook {
    /// Always false here.
    #[serde(rename = "IsLabelAPIHook")]
    pub is_label_api_hook: bool,
    /// ShipStation's number.
    #[serde(rename = "WebHookID")]
    pub webhook_id: i64,
    /// The account.
    #[serde(rename = "SellerID")]
    pub seller_id: i64,
    /// One store, or null for all.
    #[serde(rename = "StoreID")]
    pub store_id: Option<i64>,
    /// The event.
    pub hook_type: String,
    /// Always `Json`.
    pub message_format: String,
    /// Where deliveries go.
    pub url: String,
    /// The name given.
    pub name: Option<String>,
    /// Never seen other than null.
    #[serde(rename = "BulkCopyBatchID")]
    pub bulk_copy_batch_id: Option<i64>,
    /// Never seen other than null.
    #[serde(rename = "BulkCopyRecordID")]
    pub bulk_copy_record_id: Option<i64>,
    /// Whether it fires.
    pub active: bool,
    /// Always empty.
    pub webhook_logs: Vec<Value>,
    /// Never seen other than null.
    pub seller: Option<Value>,
    /// Never seen other than null.
    pub store: Option<Value>,
}
