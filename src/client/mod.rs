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
//! [`endpoints`] lists them with their operations and classes, which are grouped as in the V1 reference:
//! [`client.orders()`](ShipStation::orders) are those of its chapter "Orders". Errors are those of every request, and
//! [`NotFound`](ErrorKind::NotFound) for a resource that does not exist, unless an operation says more.
//!
//! Making orders is `Repeatable` if every order has a key. Everything else goes through [`ShipStation::get`],
//! [`post`](ShipStation::post), [`put`](ShipStation::put) and [`delete`](ShipStation::delete).
#![expect(clippy::missing_errors_doc, reason = "the errors of every request are described once, above")]

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
mod lists;
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
    accounts::{AccountTag, NewAccount, RegisteredAccount},
    answer::{ActionResponse, Updated},
    builder::ShipStationBuilder,
    carriers::{Carrier, Package, Service},
    credentials::{CredentialSource, Credentials},
    customers::{Customer, CustomerSort, CustomerTag, ListCustomers, MarketplaceUsername},
    endpoints::{Endpoint, Idempotency, endpoints},
    error::{Error, ErrorKind, Outcome},
    fulfillments::{Fulfillment, FulfillmentSort, ListFulfillments},
    key_pairs::KeyPairs,
    observe::{AttemptOutcome, CallInfo, CallObserver, Wait, WaitReason},
    orders::*,
    page::{Incomplete, Items, ListEnd, Page, Pages, SortDir},
    products::{ListProducts, Product, ProductCategory, ProductSort, ProductTag},
    rate_limit::{
        BudgetError, BudgetKey, BudgetRecord, BudgetStore, Lane, MinuteWindow, Permit, RateHeaders,
        RateLimiter, SharedWindow,
    },
    raw::RawCall,
    retry::RetryPolicy,
    settings::ClientSettings,
    shipments::*,
    stores::{ListStores, Marketplace, RefreshStore, StatusMapping, Store, StoreRefreshStatus},
    transport::{ReqwestTransport, Transport, TransportBody, TransportError, TransportErrorKind},
    users::{ListUsers, User},
    wait::CancelSignal,
    warehouses::{NewWarehouse, Warehouse},
    webhooks::{
        Subscribe, WebhookDelivery, WebhookEvent, WebhookPages, WebhookResource, WebhookSubscription,
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

/// Declares the groups of operations, and how a client gives them.
macro_rules! resources {
    ($($(#[$meta:meta])* $name:ident = $accessor:ident: $what:literal;)+) => {$(
        #[doc = concat!($what, ": the operations of [`ShipStation::", stringify!($accessor), "`].")]
        ///
        /// Errors are those of every request, unless a method says more: see [there](crate::client#what-happens-to-a-request).
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name(ShipStation);

        impl ShipStation {
            #[doc = concat!($what, ".")]
            pub fn $accessor(&self) -> $name {
                $name(self.clone())
            }
        }
    )+};
}

resources! {
    Accounts = accounts: "Account tags and account creation";
    Carriers = carriers: "Carriers, their services and packages";
    Customers = customers: "Customers";
    Fulfillments = fulfillments: "Shipments made outside ShipStation's labels";
    Orders = orders: "Orders";
    Products = products: "Products";
    Shipments = shipments: "Labels and rates";
    Stores = stores: "Stores and marketplaces";
    Users = users: "Users";
    Warehouses = warehouses: "Ship-from locations";
    ///
    /// A delivery is a hint and no more: it is not signed, may come twice or not at all, and says only where to look.
    /// Put a long random token into the address that you subscribe, answer the delivery at once, fetch later, and
    /// poll all the same.
    Webhooks = webhooks: "Webhook subscriptions and deliveries";
}
