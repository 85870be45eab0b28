//! Every endpoint of ShipStation V1: its method, its path, how often it may take effect, and the method of this
//! client that calls it. Calls are made from this table and from nowhere else.

use http::Method;

use self::Idempotency::{Once, Read, Repeatable};

/// How often an operation may take effect, which decides whether it may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Idempotency {
    /// It changes nothing. Repeated after any passing failure.
    Read,
    /// Doing it twice leaves what doing it once leaves. Repeated after a passing failure, also when the outcome is unknown.
    Repeatable,
    /// Doing it twice does it twice. Repeated only when it was certainly not executed; after an unknown outcome the
    /// caller looks.
    Once,
}

/// One endpoint of ShipStation V1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The HTTP method.
    pub method: Method,
    /// The path under the base URL, with its variable parts in braces.
    pub path: &'static str,
    /// How often it may take effect, which decides what is repeated after a failure.
    pub class: Idempotency,
    /// The method of this client.
    pub call: &'static str,
}

macro_rules! endpoints {
    ($($name:ident: $method:ident $path:literal $class:ident $accessor:ident().$operation:ident() of $group:ident;)*) => {
        $(pub(crate) const $name: Endpoint = Endpoint {
            method: Method::$method,
            path: $path,
            class: $class,
            call: concat!(stringify!($accessor), "().", stringify!($operation), "()"),
        };)*

        /// Every endpoint of ShipStation V1.
        ///
        /// | V1 | here | class |
        /// | --- | --- | --- |
        $(#[doc = concat!(
            "| `", stringify!($method), " /", $path, "` | [`", stringify!($accessor), "().", stringify!($operation), "()`]",
            "(crate::client::", stringify!($group), "::", stringify!($operation), ") | ", stringify!($class), " |",
        )])*
        pub fn endpoints() -> &'static [Endpoint] {
            static ALL: &[Endpoint] = &[$($name),*];
            ALL
        }
    };
}

endpoints! {
    LIST_TAGS: GET "accounts/listtags" Read accounts().list_tags() of Accounts;
    REGISTER_ACCOUNT: POST "accounts/registeraccount" Once accounts().register() of Accounts;
    LIST_CARRIERS: GET "carriers" Read carriers().list() of Carriers;
    GET_CARRIER: GET "carriers/getcarrier" Read carriers().get() of Carriers;
    ADD_FUNDS: POST "carriers/addfunds" Once carriers().add_funds() of Carriers;
    LIST_PACKAGES: GET "carriers/listpackages" Read carriers().list_packages() of Carriers;
    LIST_SERVICES: GET "carriers/listservices" Read carriers().list_services() of Carriers;
    LIST_CUSTOMERS: GET "customers" Read customers().list() of Customers;
    GET_CUSTOMER: GET "customers/{customerId}" Read customers().get() of Customers;
    LIST_FULFILLMENTS: GET "fulfillments" Read fulfillments().list() of Fulfillments;
    GET_ORDER: GET "orders/{orderId}" Read orders().get() of Orders;
    DELETE_ORDER: DELETE "orders/{orderId}" Repeatable orders().delete() of Orders;
    LIST_ORDERS: GET "orders" Read orders().list() of Orders;
    LIST_ORDERS_BY_TAG: GET "orders/listbytag" Read orders().list_by_tag() of Orders;
    CREATE_ORDER: POST "orders/createorder" Once orders().create() of Orders;
    CREATE_ORDERS: POST "orders/createorders" Once orders().create_many() of Orders;
    CREATE_LABEL_FOR_ORDER: POST "orders/createlabelfororder" Once orders().create_label() of Orders;
    ASSIGN_USER: POST "orders/assignuser" Repeatable orders().assign_user() of Orders;
    UNASSIGN_USER: POST "orders/unassignuser" Repeatable orders().unassign_user() of Orders;
    ADD_TAG: POST "orders/addtag" Repeatable orders().add_tag() of Orders;
    REMOVE_TAG: POST "orders/removetag" Repeatable orders().remove_tag() of Orders;
    HOLD_UNTIL: POST "orders/holduntil" Repeatable orders().hold_until() of Orders;
    RESTORE_FROM_HOLD: POST "orders/restorefromhold" Repeatable orders().restore_from_hold() of Orders;
    MARK_AS_SHIPPED: POST "orders/markasshipped" Once orders().mark_as_shipped() of Orders;
    LIST_PRODUCTS: GET "products" Read products().list() of Products;
    GET_PRODUCT: GET "products/{productId}" Read products().get() of Products;
    UPDATE_PRODUCT: PUT "products/{productId}" Repeatable products().update() of Products;
    LIST_SHIPMENTS: GET "shipments" Read shipments().list() of Shipments;
    CREATE_LABEL: POST "shipments/createlabel" Once shipments().create_label() of Shipments;
    GET_RATES: POST "shipments/getrates" Read shipments().get_rates() of Shipments;
    VOID_LABEL: POST "shipments/voidlabel" Once shipments().void_label() of Shipments;
    LIST_STORES: GET "stores" Read stores().list() of Stores;
    GET_STORE: GET "stores/{storeId}" Read stores().get() of Stores;
    UPDATE_STORE: PUT "stores/{storeId}" Repeatable stores().update() of Stores;
    REFRESH_STORE: POST "stores/refreshstore" Repeatable stores().refresh() of Stores;
    GET_REFRESH_STATUS: GET "stores/getrefreshstatus" Read stores().refresh_status() of Stores;
    LIST_MARKETPLACES: GET "stores/marketplaces" Read stores().list_marketplaces() of Stores;
    DEACTIVATE_STORE: POST "stores/deactivate" Repeatable stores().deactivate() of Stores;
    REACTIVATE_STORE: POST "stores/reactivate" Repeatable stores().reactivate() of Stores;
    LIST_USERS: GET "users" Read users().list() of Users;
    LIST_WAREHOUSES: GET "warehouses" Read warehouses().list() of Warehouses;
    GET_WAREHOUSE: GET "warehouses/{warehouseId}" Read warehouses().get() of Warehouses;
    CREATE_WAREHOUSE: POST "warehouses/createwarehouse" Once warehouses().create() of Warehouses;
    UPDATE_WAREHOUSE: PUT "warehouses/{warehouseId}" Repeatable warehouses().update() of Warehouses;
    DELETE_WAREHOUSE: DELETE "warehouses/{warehouseId}" Repeatable warehouses().delete() of Warehouses;
    LIST_WEBHOOKS: GET "webhooks" Read webhooks().list() of Webhooks;
    SUBSCRIBE: POST "webhooks/subscribe" Once webhooks().subscribe() of Webhooks;
    UNSUBSCRIBE: DELETE "webhooks/{webhookId}" Repeatable webhooks().unsubscribe() of Webhooks;
}
