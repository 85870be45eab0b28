//! What nobody needs any more. The host takes nothing over from memory, so that orders keep their buyers until they are forgotten.

use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ConnectionId, Operation,
        store::{Forgotten, Maintained, Maintenance, RESTORE_FENCES, RetentionPolicy, StoreError},
    },
};

#[async_trait]
impl Maintenance for MemoryStore {
    async fn maintain(&self, policy: &RetentionPolicy, now: Timestamp) -> Result<Maintained, StoreError> {
        let State { runs, connections, .. } = &mut *self.lock();
        let mut done = Maintained {
            runs: runs.remove(|operation| match operation {
                Operation::GetChanges => now - policy.quick_looks.min(policy.runs),
                _ => now - policy.runs,
            }),
            ..Maintained::default()
        };
        for kept in connections.values_mut() {
            done.changes += kept.history.remove(now - policy.changes, now);
            done.events += kept.history.remove_events(now - policy.events);
            done.actions += kept.actions.remove(now - policy.actions);
            done.shipments += kept.outbox.reduce(now - policy.shipments);
            done.fingerprints +=
                kept.orders.forget_fingerprints(|record| record.imported_at < now - policy.fingerprints);
        }
        Ok(done)
    }

    async fn forget_buyer(
        &self,
        connection: &ConnectionId,
        order: &ChannelOrderId,
    ) -> Result<Forgotten, StoreError> {
        Ok(self.with(connection, |kept| {
            kept.orders.forget_buyer(order);
            kept.history.forget_buyer(order);
            kept.actions.forget_buyer(order);
            Forgotten { shipments_left: kept.outbox.reduce_order(order), ..Forgotten::default() }
        }))
    }

    async fn after_restore(&self, now: Timestamp) -> Result<u64, StoreError> {
        let State { runs, connections, .. } = &mut *self.lock();
        runs.raise_fences(RESTORE_FENCES);
        let restored = connections.values_mut().map(|kept| {
            kept.history.skip(RESTORE_FENCES);
            kept.orders.doubt_follow_ups();
            kept.actions.doubt(now);
            kept.apply(kept.outbox.doubt(now))
        });
        Ok(restored.sum())
    }
}
