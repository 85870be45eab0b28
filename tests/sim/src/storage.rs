//! The way between a process and its database: it fails, is slow, and loses the answer after the commit. It also knows which
//! run may write.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use shipstation_connector::{
    channel::store::{BeginOutcome, SaveOutcome, StoreError},
    stores::{NextCall, StoreAnswer, StoreCall, StoreHook},
};

use crate::{executor::yield_now, plan::pick, process::RunLog, world::World};

/// Methods that a run may call with the newest fence only.
const FENCED: [&str; 13] = [
    "heartbeat",
    "finish",
    "save",
    "record_work",
    "reopen_work",
    "apply_shipping",
    "begin_send",
    "record",
    "put_links",
    "mark_broken",
    "record_changes",
    "begin_actions",
    "record_actions",
];

/// The connection of one process to the database.
#[derive(Debug)]
pub struct Storage {
    world: Arc<World>,
    connection: usize,
    run: Arc<Mutex<Arc<RunLog>>>,
    rng: Mutex<Rng>,
}

impl Storage {
    pub fn new(world: &Arc<World>, connection: usize, run: Arc<Mutex<Arc<RunLog>>>, rng: Rng) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), connection, run, rng: Mutex::new(rng) })
    }

    /// How long the call waits, and whether it fails before and after it is carried out.
    fn draw(&self) -> (Duration, bool, bool) {
        if !self.world.has(|trouble| trouble.storage) {
            return (Duration::ZERO, false, false);
        }
        let mut rng = self.rng.lock().unwrap();
        match rng.u8(..) {
            0..3 => (Duration::ZERO, true, false),
            3..6 => (Duration::ZERO, false, true),
            6..9 => (Duration::from_secs(pick(&mut rng, &[1, 20, 100, 290, 700])), false, false),
            _ => (Duration::ZERO, false, false),
        }
    }

    /// Judges an answer: which run may write, and what was written.
    fn note(&self, run: &RunLog, call: StoreCall, answer: &StoreAnswer) {
        let connection = &self.world.connections[self.connection];
        let mut truth = connection.truth.lock().unwrap();
        if let Some(BeginOutcome::Granted(token)) = answer.get::<BeginOutcome>() {
            let newest = truth.fences.insert(token.operation, token.fence).unwrap_or_default();
            *run.token.lock().unwrap() = Some((token.operation, token.fence));
            drop(truth);
            let fence = token.fence;
            self.world.assert(fence > newest, || format!("fence {fence} was granted after {newest}"));
            return;
        }
        if matches!(call.method, "begin_send" | "begin_actions") {
            *run.stalled_at_begin.lock().unwrap() = *run.stalled.lock().unwrap();
        }
        let token = *run.token.lock().unwrap();
        if let Some((operation, fence)) = token.filter(|_| FENCED.contains(&call.method)) {
            let newest = truth.fences.get(&operation).copied().unwrap_or_default();
            if fence != newest {
                drop(truth);
                let method = call.method;
                return self.world.violate(format_args!(
                    "{method} of {} was accepted under fence {fence}, and {newest} is the newest",
                    run.name
                ));
            }
        }
        if let Some(outcomes) = answer.get::<Vec<SaveOutcome>>() {
            let is_new = |outcome: &&SaveOutcome| matches!(outcome, SaveOutcome::Inserted { .. });
            let new = outcomes.iter().filter(is_new).count() as u64;
            truth.inserted += new;
            run.inserted.fetch_add(new, Ordering::Relaxed);
            self.world.stats.imported.fetch_add(new, Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl StoreHook for Storage {
    async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        let run = Arc::clone(&self.run.lock().unwrap());
        yield_now().await;
        let (slow, fails_before, fails_after) = self.draw();
        if !slow.is_zero() {
            self.world.tell(&run.name, format_args!("{} is slow by {} s", call.method, slow.as_secs()));
            self.world.time.sleep(slow).await;
        }
        if fails_before {
            self.world.tell(&run.name, format_args!("{} fails", call.method));
            return Err(StoreError::retryable("the database is away"));
        }
        let answer = next.await;
        if let Ok(answer) = &answer {
            self.note(&run, call, answer);
        }
        yield_now().await;
        if fails_after {
            run.is_answer_lost.store(true, Ordering::Relaxed);
            self.world.tell(&run.name, format_args!("{} is done, and its answer lost", call.method));
            return Err(StoreError::retryable("the database went away"));
        }
        answer
    }
}
