//! What identifies the rows of each list, and where the envelope of a paged list holds them.

use super::{
    AccountTag, Carrier, Customer, Fulfillment, Marketplace, Order, Package, Product, Rate, Service,
    Shipment, Store, User, Warehouse, WebhookSubscription,
    wire::rows::{Listed, Row},
};

macro_rules! lists {
    ($($row:ident by $id:literal $(($field:ident) in $key:literal)?;)+) => {$(
        impl Row for $row {
            const ID: &'static str = $id;
        }

        $(impl Listed for $row {
            const KEY: &'static str = $key;

            fn key(&self) -> i64 {
                self.$field.get()
            }
        })?
    )+};
}

lists! {
    AccountTag by "tagId";
    Carrier by "shippingProviderId";
    Customer by "customerId" (customer_id) in "customers";
    Fulfillment by "fulfillmentId" (fulfillment_id) in "fulfillments";
    Marketplace by "marketplaceId";
    Order by "orderId" (order_id) in "orders";
    Package by "code";
    Product by "productId" (product_id) in "products";
    Rate by "serviceCode";
    Service by "code";
    Shipment by "shipmentId" (shipment_id) in "shipments";
    Store by "storeId";
    User by "userId";
    Warehouse by "warehouseId";
    WebhookSubscription by "WebHookID" (web_hook_id) in "webhooks";
}
