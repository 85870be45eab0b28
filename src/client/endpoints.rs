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
    ($($name:ident: $method:ident $path:literal $class:ident $call:literal,)*) => {
        $(pub(crate) const $name: Endpoint =
            Endpoint { method: Method::$method, path: $path, class: $class, call: $call };)*

        /// Every endpoint of ShipStation V1, as the table in the [module's documentation](crate::client) shows them.
        pub fn endpoints() -> &'static [Endpoint] {
            static ALL: &[Endpoint] = &[$($name),*];
            ALL
        }
    };
}

endpoints! {
    LIST_TAGS: GET "accounts/listtags" Read "accounts().list_tags()",
    REGISTER_ACCOUNT: POST "accounts/registeraccount" Once "accounts().register()",
    LIST_CARRIERS: GET "carriers" Read "carriers().list()",
    GET_CARRIER: GET "carriers/getcarrier" Read "carriers().get()",
    ADD_FUNDS: POST "carriers/addfunds" Once "carriers().add_funds()",
    LIST_PACKAGES: GET "carriers/listpackages" Read "carriers().list_packages()",
    LIST_SERVICES: GET "carriers/listservices" Read "carriers().list_services()",
    LIST_CUSTOMERS: GET "customers" Read "customers().list()",
    GET_CUSTOMER: GET "customers/{customerId}" Read "customers().get()",
    LIST_FULFILLMENTS: GET "fulfillments" Read "fulfillments().list()",
    GET_ORDER: GET "orders/{orderId}" Read "orders().get()",
    DELETE_ORDER: DELETE "orders/{orderId}" Repeatable "orders().delete()",
    LIST_ORDERS: GET "orders" Read "orders().list()",
    LIST_ORDERS_BY_TAG: GET "orders/listbytag" Read "orders().list_by_tag()",
    CREATE_ORDER: POST "orders/createorder" Once "orders().create()",
    CREATE_ORDERS: POST "orders/createorders" Once "orders().create_many()",
    CREATE_LABEL_FOR_ORDER: POST "orders/createlabelfororder" Once "orders().create_label()",
    ASSIGN_USER: POST "orders/assignuser" Repeatable "orders().assign_user()",
    UNASSIGN_USER: POST "orders/unassignuser" Repeatable "orders().unassign_user()",
    ADD_TAG: POST "orders/addtag" Repeatable "orders().add_tag()",
    REMOVE_TAG: POST "orders/removetag" Repeatable "orders().remove_tag()",
    HOLD_UNTIL: POST "orders/holduntil" Repeatable "orders().hold_until()",
    RESTORE_FROM_HOLD: POST "orders/restorefromhold" Repeatable "orders().restore_from_hold()",
    MARK_AS_SHIPPED: POST "orders/markasshipped" Once "orders().mark_as_shipped()",
    LIST_PRODUCTS: GET "products" Read "products().list()",
    GET_PRODUCT: GET "products/{productId}" Read "products().get()",
    UPDATE_PRODUCT: PUT "products/{productId}" Repeatable "products().update()",
    LIST_SHIPMENTS: GET "shipments" Read "shipments().list()",
    CREATE_LABEL: POST "shipments/createlabel" Once "shipments().create_label()",
    GET_RATES: POST "shipments/getrates" Read "shipments().get_rates()",
    VOID_LABEL: POST "shipments/voidlabel" Once "shipments().void_label()",
    LIST_STORES: GET "stores" Read "stores().list()",
    GET_STORE: GET "stores/{storeId}" Read "stores().get()",
    UPDATE_STORE: PUT "stores/{storeId}" Repeatable "stores().update()",
    REFRESH_STORE: POST "stores/refreshstore" Repeatable "stores().refresh()",
    GET_REFRESH_STATUS: GET "stores/getrefreshstatus" Read "stores().refresh_status()",
    LIST_MARKETPLACES: GET "stores/marketplaces" Read "stores().list_marketplaces()",
    DEACTIVATE_STORE: POST "stores/deactivate" Repeatable "stores().deactivate()",
    REACTIVATE_STORE: POST "stores/reactivate" Repeatable "stores().reactivate()",
    LIST_USERS: GET "users" Read "users().list()",
    LIST_WAREHOUSES: GET "warehouses" Read "warehouses().list()",
    GET_WAREHOUSE: GET "warehouses/{warehouseId}" Read "warehouses().get()",
    CREATE_WAREHOUSE: POST "warehouses/createwarehouse" Once "warehouses().create()",
    UPDATE_WAREHOUSE: PUT "warehouses/{warehouseId}" Repeatable "warehouses().update()",
    DELETE_WAREHOUSE: DELETE "warehouses/{warehouseId}" Repeatable "warehouses().delete()",
    LIST_WEBHOOKS: GET "webhooks" Read "webhooks().list()",
    SUBSCRIBE: POST "webhooks/subscribe" Once "webhooks().subscribe()",
    UNSUBSCRIBE: DELETE "webhooks/{webhookId}" Repeatable "webhooks().unsubscribe()",
}
