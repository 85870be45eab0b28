//! Settings that name things in ShipStation: they are looked up once, before the first import changes anything.

use std::sync::atomic::Ordering;

use crate::{
    channel::{ChannelError, Finding, Operation, Refusal, Severity},
    connector::{ShipStationChannel, check, failure},
};

impl ShipStationChannel {
    /// Refuses to import under a tag or a user that does not exist. Costs a request each for the first import
    /// of this object, and none when a check was made before.
    pub(super) async fn check_order_references(&self, operation: Operation) -> Result<(), ChannelError> {
        if self.references_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let refuse = |refusal| ChannelError::new(operation, refusal);
        let mut findings: Vec<Finding> =
            check::tags(self, &self.client).await.map_err(|error| refuse(failure::refusal(&error)))?;
        findings.extend(
            check::users(self, &self.client).await.map_err(|error| refuse(failure::refusal(&error)))?,
        );
        findings.retain(|finding| finding.severity == Severity::Error);
        if findings.is_empty() {
            self.references_checked.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(refuse(Refusal::Config { findings }))
    }
}
