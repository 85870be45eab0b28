//! A fuse that burns at one chosen place of a run. It numbers the places at which a store or ShipStation is
//! called: before a call, while it is under way, after it took effect.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use async_trait::async_trait;
use shipstation_connector::{
    channel::store::StoreError,
    client::{Lane, Permit, RateHeaders, RateLimiter},
    stores::{NextCall, StoreAnswer, StoreCall, StoreHook},
    testing::simulator::{Fault, FaultKind, Simulator},
};
use tokio::sync::Notify;

/// What happens where the fuse burns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The process dies: the run is never heard of again.
    Kill,
    /// The process stalls until it is told to go on. There are no places inside a call then.
    Stall,
}

#[derive(Debug)]
pub(super) struct Fuse {
    mode: Mode,
    /// The place at which it burns; beyond the last one it only counts.
    at: usize,
    sim: Simulator,
    places: Mutex<Vec<String>>,
    dead: AtomicBool,
    burning: Notify,
    released: Notify,
}

impl Fuse {
    pub(super) fn new(mode: Mode, at: usize, sim: &Simulator) -> Arc<Self> {
        Arc::new(Self {
            mode,
            at,
            sim: sim.clone(),
            places: Mutex::default(),
            dead: AtomicBool::new(false),
            burning: Notify::new(),
            released: Notify::new(),
        })
    }

    /// Every place that was passed, in order.
    pub(super) fn places(&self) -> Vec<String> {
        self.places.lock().unwrap().clone()
    }

    /// Waits until it burns.
    pub(super) async fn burning(&self) {
        self.burning.notified().await;
    }

    /// Lets a stalled run go on.
    pub(super) fn release(&self) {
        self.released.notify_one();
    }

    pub(super) async fn before(&self, call: &str) {
        self.pass(format!("before {call}")).await;
    }

    pub(super) async fn after(&self, call: &str) {
        self.pass(format!("after {call}")).await;
    }

    /// Whether this call is to be left alone once it has begun.
    pub(super) fn abandons(&self, call: &str) -> bool {
        self.mode == Mode::Kill && self.is_here(format!("during {call}"))
    }

    pub(super) async fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.burning.notify_one();
        std::future::pending::<()>().await;
    }

    async fn pass(&self, place: String) {
        if self.dead.load(Ordering::SeqCst) {
            self.die().await;
        }
        if self.is_here(place) {
            match self.mode {
                Mode::Kill => self.die().await,
                Mode::Stall => {
                    self.burning.notify_one();
                    self.released.notified().await;
                }
            }
        }
    }

    fn is_here(&self, place: String) -> bool {
        let mut places = self.places.lock().unwrap();
        places.push(place);
        places.len() - 1 == self.at
    }
}

#[async_trait]
impl StoreHook for Fuse {
    async fn around(&self, call: StoreCall, mut next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        self.before(call.method).await;
        if self.abandons(call.method) {
            // The call is on its way and nobody waits for its end: the store has to do all of it or nothing.
            poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_ready())).await;
            self.die().await;
        }
        let answer = next.await;
        self.after(call.method).await;
        answer
    }
}

/// No limit at all.
#[derive(Debug)]
pub(super) struct Unlimited;

#[async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: Lane) -> Permit {
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

/// Sees every request just before it leaves: the fuse in the place of a limiter, without a limit.
#[derive(Debug)]
pub(super) struct Toll(pub(super) Arc<Fuse>);

#[async_trait]
impl RateLimiter for Toll {
    async fn acquire(&self, _: Lane) -> Permit {
        let fuse = &self.0;
        fuse.before("a request").await;
        if fuse.abandons("a request") {
            die_once_it_took_effect(Arc::clone(fuse));
        }
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

/// ShipStation carries the next request out and its answer never arrives.
fn die_once_it_took_effect(fuse: Arc<Fuse>) {
    let before = fuse.sim.journal().len();
    fuse.sim.fault(Fault::any().with(FaultKind::HangAfterEffect));
    tokio::spawn(async move {
        while fuse.sim.journal().len() == before {
            tokio::task::yield_now().await;
        }
        fuse.die().await;
    });
}
