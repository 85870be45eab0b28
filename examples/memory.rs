//! How much memory an import takes: a million generated orders go through a store that counts them and keeps nothing.
//! Prints the resident size at the start, its highest value on the way, and the difference. Linux only.
//!
//! `cargo run --release --example memory --features simulator -- 1000000`
#![allow(clippy::print_stdout)] // this is what an example is for

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Credentials, ShipStation, ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, ChannelOrderId, ConnectionId, GetOrders,
        shipping::{ShippingResolution, ShippingRule},
        store::{
            ApplyOutcome, HeldOrder, ImportRecord, MappingStoreExt, NewOrder, OrderStore, OrderWork,
            RecordKey, RunToken, SaveOutcome, StoreError, Stores, WorkKind, WorkOutcome, WorkQuery,
        },
    },
    stores::MemoryStore,
    testing::simulator::{RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let orders: u32 = std::env::args().nth(1).map_or(Ok(100_000), |count| count.parse())?;
    let sim = Simulator::start(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await?;
    let every = Duration::from_millis(6 * 24 * 3_600_000 / u64::from(orders.max(1)));
    sim.account(|account| {
        let first = account.now() - every * orders;
        account.generate(orders, first, every, |index| {
            SimOrder::new(format!("G-{index}"))
                .shipping("Standard")
                .line(SimLine::new("MUG-1", 2, "18.50"))
                .line(SimLine::new("TEA-2", 1, "4.20"))
        });
    });
    let memory = Arc::new(MemoryStore::new());
    let connection = ConnectionId::new("shop");
    memory.replace_shipping_rules(&connection, 0, vec![ShippingRule::exact("Standard", "ground")]).await?;
    let counting = Arc::new(Counting::default());
    let client = ShipStation::builder(Credentials::new(sim.api_key(), sim.api_secret()))
        .base_url(sim.url())
        .clock(sim.clock())
        .build()?;
    let stores = Stores::all_in(memory).with_orders(counting.clone());
    let channel = ShipStationChannel::builder(client, connection, stores).build()?;

    let start = resident()?;
    let report = channel.get_orders(GetOrders::new()).await?;
    let highest = counting.highest.load(Ordering::Relaxed).max(resident()?);
    print!("{report}");
    let saved = counting.saved.load(Ordering::Relaxed);
    println!("orders    {saved}");
    println!("start     {:.1} MB", megabytes(start));
    println!("highest   {:.1} MB, {:.1} MB above the start", megabytes(highest), megabytes(highest - start));
    Ok(())
}

/// The resident size of this process in bytes. The simulator lives in it too.
fn resident() -> Result<u64, Box<dyn Error>> {
    const PAGE: u64 = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm.split_whitespace().nth(1).ok_or("statm has no second field")?.parse()?;
    Ok(pages * PAGE)
}

#[allow(clippy::cast_precision_loss)] // for people
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// Counts orders and forgets them.
#[derive(Debug, Default)]
struct Counting {
    saved: AtomicU64,
    highest: AtomicU64,
}

#[async_trait]
impl OrderStore for Counting {
    async fn save(&self, _: &RunToken, batch: &[NewOrder]) -> Result<Vec<SaveOutcome>, StoreError> {
        self.saved.fetch_add(u64::try_from(batch.len()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.highest.fetch_max(resident().unwrap_or_default(), Ordering::Relaxed);
        Ok(batch.iter().map(|_| SaveOutcome::Inserted { host_order: None }).collect())
    }

    async fn records(
        &self,
        _: &ConnectionId,
        keys: &[RecordKey],
        _: usize,
    ) -> Result<Vec<Vec<ImportRecord>>, StoreError> {
        Ok(vec![Vec::new(); keys.len()])
    }

    async fn work(&self, _: &ConnectionId, _: WorkQuery<'_>) -> Result<Vec<OrderWork>, StoreError> {
        Ok(Vec::new())
    }

    async fn record_work(&self, _: &RunToken, _: &[WorkOutcome]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn reopen_work(&self, _: &RunToken, _: WorkKind, _: &str, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn dismiss(&self, _: &ConnectionId, _: &ChannelOrderId, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn held(
        &self,
        _: &ConnectionId,
        _: Option<&ChannelOrderId>,
        _: usize,
    ) -> Result<Vec<HeldOrder>, StoreError> {
        Ok(Vec::new())
    }

    async fn apply_shipping(
        &self,
        _: &RunToken,
        _: &ChannelOrderId,
        _: Option<&str>,
        _: &ShippingResolution,
        _: u64,
        _: Timestamp,
    ) -> Result<ApplyOutcome, StoreError> {
        Ok(ApplyOutcome::NoLongerHeld)
    }
}
