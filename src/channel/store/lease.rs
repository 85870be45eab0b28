//! The lease of an operation: who may run. Decided here, so that no store decides it again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{BeginOutcome, NewRun, RunToken, StoreError};
use crate::{
    Timestamp,
    channel::{RunId, record::record},
};

record! {
    /// The lease of one operation on one connection, as a store keeps it. A store that has none yet starts from the default.
    #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
    pub struct Lease {
        /// The highest fence that was granted or seen.
        pub fence: u64,
        /// Who has it, if anybody.
        pub holder: Option<LeaseHolder>,
    }
    /// A lease, built from what a store kept.
    pub fn new(fence: u64, holder: Option<LeaseHolder>);

    /// The run that has a lease.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct LeaseHolder {
        /// The run.
        pub run: RunId,
        /// Its owner.
        pub owner: String,
        /// When it was granted.
        pub since: Timestamp,
        /// When it ends, unless a heartbeat comes first.
        pub expires: Timestamp,
        /// How long it was last granted or renewed for.
        pub length: Duration,
    }
    /// A holder, built from what a store kept.
    pub fn new(run: RunId, owner: String, since: Timestamp, expires: Timestamp, length: Duration);
}

impl Lease {
    /// Grants the lease to `run` with the next fence, unless another run has it and it still lasts at `run.now`.
    ///
    /// A lease that ends later than its own length from now was written by a clock that is ahead. It is not granted to
    /// another run on the spot but shortened, so that it ends one length from now: a living run renews it before that.
    pub fn begin(&mut self, run: &NewRun) -> BeginOutcome {
        if let Some(holder) = self.holder.as_mut().filter(|holder| holder.expires > run.now) {
            holder.expires = holder.expires.min(run.now + holder.length);
            return BeginOutcome::AlreadyRunning { since: holder.since, owner: holder.owner.clone() };
        }
        self.fence = self.fence.saturating_add(1);
        let (run_id, owner) = (run.run.clone(), run.owner.clone());
        self.holder = Some(LeaseHolder::new(run_id, owner, run.now, run.now + run.ttl, run.ttl));
        BeginOutcome::Granted(RunToken::new(
            run.connection.clone(),
            run.operation,
            run.run.clone(),
            self.fence,
        ))
    }

    /// Makes it last until `now + ttl`, whatever the time was before: also after it has lasted, and where that is earlier.
    ///
    /// # Errors
    /// `LostLease` unless the token is the newest granted one and its run has not ended.
    pub fn heartbeat(&mut self, token: &RunToken, ttl: Duration, now: Timestamp) -> Result<(), StoreError> {
        let holder = self.holder.as_mut().filter(|_| token.fence == self.fence);
        let holder = holder.ok_or_else(StoreError::lost_lease)?;
        (holder.expires, holder.length) = (now + ttl, ttl);
        Ok(())
    }

    /// Frees it. A run may say twice that it has ended.
    ///
    /// # Errors
    /// `LostLease` unless the token is the newest granted one.
    pub fn finish(&mut self, token: &RunToken) -> Result<(), StoreError> {
        if token.fence != self.fence {
            return Err(StoreError::lost_lease());
        }
        self.holder = None;
        Ok(())
    }

    /// Frees it if `owner` has it, and makes the fence grow, so that a run that is not dead after all is refused from now on.
    /// Says whether it was freed.
    pub fn release(&mut self, owner: &str) -> bool {
        let freed = self.holder.take_if(|holder| holder.owner == owner).is_some();
        self.fence = self.fence.saturating_add(freed.into());
        freed
    }

    /// Takes note of the fence of a run that wants to write; says whether it was a higher one. A store that does not keep the
    /// leases learns of newer runs by this.
    ///
    /// # Errors
    /// `LostLease` when a higher fence was granted or seen before.
    pub fn admit(&mut self, token: &RunToken) -> Result<bool, StoreError> {
        if token.fence < self.fence {
            return Err(StoreError::lost_lease());
        }
        let is_newer = token.fence > self.fence;
        self.fence = token.fence;
        Ok(is_newer)
    }
}
