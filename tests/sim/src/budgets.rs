//! Where the workers keep the rate limit of their keys together: it fails, is slow, and loses answers, as the database does.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use shipstation_connector::{
    Timestamp,
    client::{BudgetError, BudgetKey, BudgetRecord, BudgetStore},
    stores::MemoryStore,
};

use crate::{
    executor::{Time, yield_now},
    plan::{Plan, pick, stream},
};

#[derive(Debug)]
pub struct Budgets {
    kept: MemoryStore,
    time: Arc<Time>,
    troubled: Duration,
    rng: Mutex<Rng>,
}

impl Budgets {
    pub fn new(plan: &Plan, time: &Arc<Time>) -> Arc<Self> {
        let troubled = if plan.trouble.storage { plan.troubled } else { Duration::ZERO };
        let rng = Mutex::new(stream(plan.seed, "budgets", 0));
        Arc::new(Self { kept: MemoryStore::new(), time: Arc::clone(time), troubled, rng })
    }

    /// Waits as long as the call takes; says whether it fails.
    async fn pass(&self) -> Result<(), BudgetError> {
        yield_now().await;
        if self.time.elapsed() >= self.troubled {
            return Ok(());
        }
        let (draw, slow) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.u8(..), pick(&mut rng, &[1, 20, 700]))
        };
        match draw {
            0..4 => Err("the database is away".into()),
            4..6 => {
                self.time.sleep(Duration::from_secs(slow)).await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl BudgetStore for Budgets {
    async fn read(&self, key: &BudgetKey, _: Timestamp) -> Result<BudgetRecord, BudgetError> {
        self.pass().await?;
        self.kept.read(key, self.time.now()).await
    }

    async fn replace(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, BudgetError> {
        self.pass().await?;
        let replaced = self.kept.replace(key, version, text).await;
        self.pass().await?;
        replaced
    }
}
