//! ShipStation V1 over HTTP, typed. Knows nothing of channels or stores.
//!
//! ```no_run
//! use futures_util::TryStreamExt as _;
//! use shipstation_connector::client::{Credentials, OrderStatus, ShipStation};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = ShipStation::builder(Credentials::new("key", "secret")).build()?;
//! let monday = "2026-11-16T08:00:00Z".parse()?;
//! let mut orders = client.orders().list().status(OrderStatus::AwaitingShipment).created_since(monday).items();
//! while let Some(order) = orders.try_next().await? {
//!     println!("{} {:?}", order.order_id, order.order_total);
//! }
//! # Ok(()) }
//! ```
//!
//! # What happens to a request
//!
//! Every request takes one path: it waits for the [`RateLimiter`] in its [`Lane`], is sent, and is repeated after a passing
//! failure if its class ([`Idempotency`]) and the evidence ([`Outcome`]) allow. A 429 is waited for and costs no attempt.
//!
//! | after | `Read`, `Repeatable` | `Once` | outcome if it is given up |
//! | --- | --- | --- | --- |
//! | 429, or a body that says so | waits, sends again | waits, sends again | `NotSent` |
//! | connection refused, no such host | sends again | sends again | `NotSent` |
//! | timeout, broken connection, 5xx | sends again | gives up at once | `Unknown` |
//! | a page, or JSON that is not ShipStation's, under any error status | sends again | gives up at once | `Unknown` |
//! | a 500 with an exception message | reads: sends again; writes: gives up | gives up at once | `Unknown` |
//! | a success that cannot be read | gives up | gives up | `Unknown` |
//! | any other 4xx, or a 200 that says no | gives up | gives up | `Answered` |
//!
//! # Endpoints
//!
//! | V1 | here | class |
//! | --- | --- | --- |
//! | `GET /accounts/listtags` | [`accounts().list_tags()`](Accounts::list_tags) | Read |
//! | `POST /accounts/registeraccount` | [`accounts().register()`](Accounts::register) | Once |
//! | `GET /carriers` | [`carriers().list()`](Carriers::list) | Read |
//! | `GET /carriers/getcarrier` | [`carriers().get()`](Carriers::get) | Read |
//! | `POST /carriers/addfunds` | [`carriers().add_funds()`](Carriers::add_funds) | Once |
//! | `GET /carriers/listpackages` | [`carriers().list_packages()`](Carriers::list_packages) | Read |
//! | `GET /carriers/listservices` | [`carriers().list_services()`](Carriers::list_services) | Read |
//! | `GET /customers` | [`customers().list()`](Customers::list) | Read |
//! | `GET /customers/{customerId}` | [`customers().get()`](Customers::get) | Read |
//! | `GET /fulfillments` | [`fulfillments().list()`](Fulfillments::list) | Read |
//! | `GET /orders/{orderId}` | [`orders().get()`](Orders::get) | Read |
//! | `DELETE /orders/{orderId}` | [`orders().delete()`](Orders::delete) | Repeatable |
//! | `GET /orders` | [`orders().list()`](Orders::list) | Read |
//! | `GET /orders/listbytag` | [`orders().list_by_tag()`](Orders::list_by_tag) | Read |
//! | `POST /orders/createorder` | [`orders().create()`](Orders::create) | Once |
//! | `POST /orders/createorders` | [`orders().create_many()`](Orders::create_many) | Once |
//! | `POST /orders/createlabelfororder` | [`orders().create_label()`](Orders::create_label) | Once |
//! | `POST /orders/assignuser` | [`orders().assign_user()`](Orders::assign_user) | Repeatable |
//! | `POST /orders/unassignuser` | [`orders().unassign_user()`](Orders::unassign_user) | Repeatable |
//! | `POST /orders/addtag` | [`orders().add_tag()`](Orders::add_tag) | Repeatable |
//! | `POST /orders/removetag` | [`orders().remove_tag()`](Orders::remove_tag) | Repeatable |
//! | `POST /orders/holduntil` | [`orders().hold_until()`](Orders::hold_until) | Repeatable |
//! | `POST /orders/restorefromhold` | [`orders().restore_from_hold()`](Orders::restore_from_hold) | Repeatable |
//! | `POST /orders/markasshipped` | [`orders().mark_as_shipped()`](Orders::mark_as_shipped) | Once |
//! | `GET /products` | [`products().list()`](Products::list) | Read |
//! | `GET /products/{productId}` | [`products().get()`](Products::get) | Read |
//! | `PUT /products/{productId}` | [`products().update()`](Products::update) | Repeatable |
//! | `GET /shipments` | [`shipments().list()`](Shipments::list) | Read |
//! | `POST /shipments/createlabel` | [`shipments().create_label()`](Shipments::create_label) | Once |
//! | `POST /shipments/getrates` | [`shipments().get_rates()`](Shipments::get_rates) | Read |
//! | `POST /shipments/voidlabel` | [`shipments().void_label()`](Shipments::void_label) | Once |
//! | `GET /stores` | [`stores().list()`](Stores::list) | Read |
//! | `GET /stores/{storeId}` | [`stores().get()`](Stores::get) | Read |
//! | `PUT /stores/{storeId}` | [`stores().update()`](Stores::update) | Repeatable |
//! | `POST /stores/refreshstore` | [`stores().refresh()`](Stores::refresh) | Repeatable |
//! | `GET /stores/getrefreshstatus` | [`stores().refresh_status()`](Stores::refresh_status) | Read |
//! | `GET /stores/marketplaces` | [`stores().list_marketplaces()`](Stores::list_marketplaces) | Read |
//! | `POST /stores/deactivate` | [`stores().deactivate()`](Stores::deactivate) | Repeatable |
//! | `POST /stores/reactivate` | [`stores().reactivate()`](Stores::reactivate) | Repeatable |
//! | `GET /users` | [`users().list()`](Users::list) | Read |
//! | `GET /warehouses` | [`warehouses().list()`](Warehouses::list) | Read |
//! | `GET /warehouses/{warehouseId}` | [`warehouses().get()`](Warehouses::get) | Read |
//! | `POST /warehouses/createwarehouse` | [`warehouses().create()`](Warehouses::create) | Once |
//! | `PUT /warehouses/{warehouseId}` | [`warehouses().update()`](Warehouses::update) | Repeatable |
//! | `DELETE /warehouses/{warehouseId}` | [`warehouses().delete()`](Warehouses::delete) | Repeatable |
//! | `GET /webhooks` | [`webhooks().list()`](Webhooks::list) | Read |
//! | `POST /webhooks/subscribe` | [`webhooks().subscribe()`](Webhooks::subscribe) | Once |
//! | `DELETE /webhooks/{webhookId}` | [`webhooks().unsubscribe()`](Webhooks::unsubscribe) | Repeatable |
//!
//! Making orders is `Repeatable` if every order has a key or an id. Everything else goes through [`ShipStation::get`],
//! [`post`](ShipStation::post), [`put`](ShipStation::put) and [`delete`](ShipStation::delete).

mod answer;
mod builder;
mod call;
mod classify;
mod credentials;
mod endpoints;
mod error;
mod error_body;
mod key;
mod key_pairs;
mod observe;
mod page;
mod rate_limit;
mod raw;
mod refused_keys;
mod retry;
mod server_clock;
mod settings;
mod transport;
mod wait;
mod wire;

mod accounts;

mod carriers;
mod customers;
mod fulfillments;
mod orders;
mod products;
mod shipments;
mod stores;
mod users;
mod warehouses;
mod webhooks;

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use url::Url;

pub(crate) use self::page::MAX_PAGE_SIZE;
pub use self::{
    accounts::{AccountTag, Accounts, NewAccount, RegisteredAccount},
    answer::{ActionResponse, Updated},
    builder::ShipStationBuilder,
    carriers::{Carrier, Carriers, Package, Service},
    credentials::{CredentialSource, Credentials},
    customers::{Customer, CustomerSort, CustomerTag, Customers, ListCustomers, MarketplaceUsername},
    endpoints::{Endpoint, Idempotency, endpoints},
    error::{Error, ErrorKind, Outcome},
    fulfillments::{Fulfillment, FulfillmentSort, Fulfillments, ListFulfillments},
    key_pairs::KeyPairs,
    observe::{AttemptOutcome, CallInfo, CallObserver, Wait, WaitReason},
    orders::*,
    page::{Incomplete, Items, ListEnd, Page, Pages, SortDir},
    products::{ListProducts, Product, ProductCategory, ProductSort, ProductTag, Products},
    rate_limit::{
        BudgetError, BudgetKey, BudgetRecord, BudgetStore, Lane, MinuteWindow, Permit, RateHeaders,
        RateLimiter, SharedWindow,
    },
    raw::RawCall,
    retry::RetryPolicy,
    settings::ClientSettings,
    shipments::*,
    stores::{ListStores, Marketplace, RefreshStore, StatusMapping, Store, StoreRefreshStatus, Stores},
    transport::{ReqwestTransport, Transport, TransportBody, TransportError, TransportErrorKind},
    users::{ListUsers, User, Users},
    wait::CancelSignal,
    warehouses::{NewWarehouse, Warehouse, Warehouses},
    webhooks::{
        Subscribe, WebhookDelivery, WebhookEvent, WebhookPages, WebhookResource, WebhookSubscription,
        Webhooks,
    },
    wire::*,
};
use self::{
    call::Call, error::Problem, key::Keys, retry::RetryBudget, server_clock::ServerClock,
    wire::drift::DriftCounter,
};
pub use crate::clock::{Clock, SystemClock};
use crate::{Timestamp, locked::locked, shows::shows};
pub use rust_decimal::Decimal;

/// A client for one ShipStation account. Clones are cheap and share the connections, the rate limit and the
/// retry budget.
#[derive(Clone)]
pub struct ShipStation {
    inner: Arc<Inner>,
    lane: Lane,
    observer: Option<Arc<dyn CallObserver>>,
    timeout: Option<Duration>,
    /// No attempt leaves after this instant.
    not_after: Option<Timestamp>,
    /// Ends the waits.
    stop: Option<Arc<dyn CancelSignal>>,
    /// For the next attempt.
    permit: wait::PermitInHand,
    /// Whether one request may be made with a suspended key.
    probe: Arc<AtomicBool>,
    /// Whether no write is repeated after an unknown outcome.
    writes_once: bool,
}

struct Inner {
    transport: Arc<dyn Transport>,
    base: Url,
    headers: HeaderMap,
    keys: Keys,
    timeout: Duration,
    retry: retry::RetryPolicy,
    budget: RetryBudget,
    limiter: Arc<dyn RateLimiter>,
    clock: Arc<dyn Clock>,
    server_clock: ServerClock,
    random: Mutex<fastrand::Rng>,
    drift: DriftCounter,
    body_limit: usize,
}

impl ShipStation {
    /// Begins a client with these credentials, or with what gives them.
    pub fn builder(credentials: impl CredentialSource + 'static) -> ShipStationBuilder {
        ShipStationBuilder::new(Arc::new(credentials))
    }

    /// The same client, whose requests wait for the rate limit in this lane.
    #[must_use]
    pub fn on_lane(&self, lane: Lane) -> Self {
        Self { lane, ..self.clone() }
    }

    /// The same client, whose requests are reported to this observer and no other.
    #[must_use]
    pub fn observed_by(&self, observer: Arc<dyn CallObserver>) -> Self {
        Self { observer: Some(observer), ..self.clone() }
    }

    /// The same client, each attempt of whose requests may take this long on the client's [clock](Clock::timer).
    ///
    /// A timeout of a write leaves its outcome unknown, so that a short one is no service to the caller.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self.clone() }
    }

    /// How long one attempt may take.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(self.inner.timeout)
    }

    /// The same client, whose requests must not leave after this instant (UTC), however long they wait for their turn.
    /// It is then an error whose outcome is [`NotSent`](Outcome::NotSent).
    #[must_use]
    pub fn send_before(&self, instant: Timestamp) -> Self {
        Self { not_after: Some(instant), ..self.clone() }
    }

    /// The same client, which repeats no write after an unknown outcome: others may have acted on what it did meanwhile.
    pub(crate) fn writing_once(&self) -> Self {
        Self { writes_once: true, ..self.clone() }
    }

    /// The clock that the client uses.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// ShipStation's own time: the `Date` of its newest answer to any clone of this client, and the time that has passed
    /// since on the [monotonic clock](Clock::monotonic). Without a monotonic clock it stands still between two answers.
    /// `None` before the first answer with a date.
    pub fn server_time(&self) -> Option<Timestamp> {
        self.inner.server_clock.now(&*self.inner.clock)
    }

    /// The day on which the key pair in use expires, if whoever gave it [says so](Credentials::expires_on). A source that is
    /// asked has given none before the first request.
    pub fn key_expires_on(&self) -> Option<PacificDate> {
        self.inner.keys.expires_on()
    }

    /// What ShipStation has sent that this version of the crate does not know.
    pub fn drift(&self) -> DriftReport {
        self.inner.drift.report()
    }

    /// Draws from the client's random numbers.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut locked(&self.inner.random))
    }

    fn base(&self) -> &Url {
        &self.inner.base
    }

    fn drift_counter(&self) -> &DriftCounter {
        &self.inner.drift
    }
}

shows! { |it: ShipStation| base_url = it.inner.base.as_str(), lane }

impl Inner {
    /// Writes the call as a request. The address always stays under the base URL.
    fn request(
        &self,
        call: &Call,
        authorization: Option<&HeaderValue>,
    ) -> Result<Request<Bytes>, Box<Problem>> {
        let mut url = self.base.clone();
        let (path, query) = call.path.split_once('?').unwrap_or((&call.path, ""));
        let path = path.trim_start_matches('/');
        let is_climbing = |segment: &str| matches!(segment.replace("%2e", ".").as_str(), "." | "..");
        if path.to_ascii_lowercase().split(['/', '\\']).any(is_climbing) {
            return Err(Problem::config("the path must not climb out of the base URL").into());
        }
        url.set_path(&format!("{}{path}", self.base.path()));
        url.set_query((!query.is_empty()).then_some(query));
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = Request::new(call.body.clone().unwrap_or_default());
        *request.method_mut() = call.method.clone();
        *request.uri_mut() =
            url.as_str().parse().map_err(|_| Problem::config("the path and query make no usable address"))?;
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        if call.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(request)
    }
}

/// Declares the operations of one resource, and how a client gives them.
macro_rules! resource {
    ($(#[$meta:meta])* $name:ident, #[doc = $what:literal] $accessor:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name($crate::client::ShipStation);

        impl $crate::client::ShipStation {
            #[doc = $what]
            pub fn $accessor(&self) -> $name {
                $name(self.clone())
            }
        }
    };
}
use resource;
