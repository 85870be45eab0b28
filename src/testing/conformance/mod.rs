//! Checks that a host runs against its own stores (feature `conformance`): one named check per clause of the
//! contracts in [`channel::store`](crate::channel::store). Nothing here knows a particular store.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use shipstation_connector::{channel::store::Stores, stores::MemoryStore, testing::conformance};
//! use std::sync::Arc;
//!
//! let builder = || async { conformance::test_stores(Stores::all_in(Arc::new(MemoryStore::new()))) };
//! let report = conformance::all(&builder).await;
//! assert!(report.passed(), "{report}");
//! # }
//! ```
//!
//! Every check gets a store of its own that is empty, and is run as a task of its own, so that a store that
//! panics fails its check and no other. The suite never panics and never waits: instants are arguments.
//!
//! A store that is written for real use should hand out a second handle as well ([`TestStores::with_peer`]), opened as
//! another process would open it: concurrency is then tried through both.

mod actions;
mod budget;
mod buyers;
mod check;
mod events;
mod history;
mod listings;
mod maintenance;
mod mappings;
mod orders;
mod report;
mod runs;
mod samples;
mod schedule;
mod shipments;
mod test_bed;

use std::{any::Any, future::Future, sync::Arc};

use async_trait::async_trait;

pub use self::report::{Outcome, Report, Verdict};
use self::{
    check::{
        Case, Check, Stop, at_once, checks, drop_after, fails_for_good, holds, none, one_by_one, refused,
        same,
    },
    samples::{ODD_TEXTS, at, failure, held, order, plain, ready, shipment},
    test_bed::{Both, Run, TTL, TestBed, granted},
};
use crate::{
    channel::{ConnectionId, Listing, store::Stores},
    client::BudgetStore,
    fleet::Schedule,
    setters::setters,
    shows::shows,
};

/// Whatever went wrong while a store was made.
pub type BuildError = Box<dyn std::error::Error + Send + Sync>;

/// Makes stores to be checked. A closure that returns a future of [`TestStores`] is one.
#[async_trait]
pub trait StoreBuilder: Send + Sync {
    /// Stores in which nothing is kept.
    ///
    /// # Errors
    /// When they cannot be made; the check then counts as failed.
    async fn test_stores(&self) -> Result<TestStores, BuildError>;
}

#[async_trait]
impl<F, R> StoreBuilder for F
where
    F: Fn() -> R + Send + Sync,
    R: Future<Output = Result<TestStores, BuildError>> + Send,
{
    async fn test_stores(&self) -> Result<TestStores, BuildError> {
        self().await
    }
}

/// Empty stores for one check, and what must live as long as they do.
pub struct TestStores {
    bed: TestBed,
    guard: Option<Box<dyn Any + Send>>,
}

impl TestStores {
    /// These stores.
    pub fn new(stores: Stores) -> Self {
        Self { bed: TestBed::new(stores), guard: None }
    }

    setters! {
        /// A second handle on the same data, as another process would have it.
        with_peer(peer: Stores) => bed.peer = peer;
        /// The host's listings that the store holds already: at least three, so that pages can be read. Without
        /// them the checks that read listings are left out, for the traits have no way to write any.
        with_listings(connection: ConnectionId, listings: Vec<Listing>) => bed.listings = Some((connection, listings));
        /// An order id that the host's own tables refuse to insert, such as one that a constraint of theirs forbids. Without it
        /// the check of such a host is left out.
        with_refused_order(id: impl Into<String>) => bed.refused_order = Some(id.into());
        /// A schedule without jobs, and a second handle on it, as another process would have it: for [`schedule`].
        with_schedule(schedule: Arc<dyn Schedule>, peer: Arc<dyn Schedule>) => bed.schedule = Some((schedule, peer));
        /// A store of budgets that keeps none, and a second handle on it, as another process would have it: for [`budget`].
        with_budgets(budgets: Arc<dyn BudgetStore>, peer: Arc<dyn BudgetStore>) => bed.budgets = Some((budgets, peer));
        /// Something to be dropped after the check: a temporary folder, a schema, a container.
        with_guard(guard: impl Any + Send) => guard = Some(Box::new(guard));
    }
}

shows! { |it: TestStores| stores = it.bed.stores, peer = it.bed.peer }

/// Wraps stores that need no guard: the shortest builder is `|| async { test_stores(stores) }`.
///
/// # Errors
/// Never; it returns what a builder returns.
pub fn test_stores(stores: Stores) -> Result<TestStores, BuildError> {
    Ok(TestStores::new(stores))
}

/// The public functions: each with the lists of the checks that it runs.
macro_rules! suites {
    ($($(#[$doc:meta])* $name:ident => $($checks:expr),+;)+) => {
        $($(#[$doc])*
        pub async fn $name(builder: &dyn StoreBuilder) -> Report {
            run(builder, &[$($checks),+].concat()).await
        })+
    };
}

suites! {
    /// Runs every check of every trait. Must be called inside a tokio runtime.
    all => runs::CHECKS, &orders::checks(), &shipments::checks(), listings::CHECKS, mappings::CHECKS, history::CHECKS,
        events::CHECKS, actions::CHECKS;
    /// Checks the [`RunStore`](crate::channel::store::RunStore).
    runs => runs::CHECKS;
    /// Checks the [`OrderStore`](crate::channel::store::OrderStore). The `RunStore` beside it gives the tokens.
    orders => orders::checks();
    /// Checks the [`ShipmentStore`](crate::channel::store::ShipmentStore). The `RunStore` beside it gives the tokens.
    shipments => shipments::checks();
    /// Checks the [`ListingStore`](crate::channel::store::ListingStore). The `RunStore` beside it gives the tokens.
    listings => listings::CHECKS;
    /// Checks the [`MappingStore`](crate::channel::store::MappingStore).
    mappings => mappings::CHECKS;
    /// Checks the [`HistoryStore`](crate::channel::store::HistoryStore), if there is one. The `RunStore` beside it gives the
    /// tokens.
    history => history::CHECKS, events::CHECKS;
    /// Checks the [`ActionStore`](crate::channel::store::ActionStore), if there is one. The `RunStore` beside it gives the
    /// tokens.
    actions => actions::CHECKS;
    /// Checks the [`Maintenance`](crate::channel::store::Maintenance) of the stores, if there is one: it has to serve all
    /// five of them.
    maintenance => maintenance::CHECKS, buyers::CHECKS;
    /// Checks the [`Schedule`] that the builder hands out with its stores.
    schedule => schedule::CHECKS;
    /// Checks the [`BudgetStore`] that the builder hands out with its stores.
    budget => budget::CHECKS;
}

async fn run(builder: &dyn StoreBuilder, cases: &[Case]) -> Report {
    let mut report = Report::default();
    for case in cases {
        let verdict = match try_case(builder, case).await {
            Ok(()) => Verdict::Passed,
            Err(Stop::LeftOut(why)) => Verdict::LeftOut { why },
            Err(Stop::Violated(how)) => Verdict::Failed { how },
        };
        report.outcomes.push(Outcome { name: case.name, clause: case.clause, verdict });
    }
    report
}

async fn try_case(builder: &dyn StoreBuilder, case: &Case) -> Result<(), Stop> {
    let no_runtime = |_| Stop::violated("the suite must be called inside a tokio runtime");
    let runtime = tokio::runtime::Handle::try_current().map_err(no_runtime)?;
    let test_stores = builder.test_stores().await;
    let TestStores { bed, guard } =
        test_stores.map_err(|error| Stop::violated(format!("the builder made no store: {error}")))?;
    let finding = runtime.spawn((case.run)(bed)).await;
    drop(guard);
    finding.unwrap_or_else(|error| Err(Stop::violated(format!("the store panicked: {error}"))))
}
