//! Settings that name things in ShipStation: they are looked up once, before the first import changes anything.

use std::sync::atomic::Ordering;

use crate::{
    channel::{Finding, Severity},
    client::{Error, ErrorKind},
    connector::{
        ShipStationChannel, check,
        run::{Run, Stop},
    },
};

impl ShipStationChannel {
    /// Stops an import under a tag or a user that does not exist. Costs a request each for the first import
    /// of this object, and none when a check was made before.
    pub(super) async fn check_order_references(&self, run: &Run<'_>) -> Result<(), Stop> {
        // A run that must not start anything ends by itself, with a report.
        if self.references_checked.load(Ordering::Relaxed) || run.check_may_start().is_err() {
            return Ok(());
        }
        let mut findings = match self.references(run).await {
            Ok(findings) => findings,
            // The run ends for the same reason, with a report.
            Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        findings.retain(|finding| finding.severity == Severity::Error);
        if findings.is_empty() {
            self.references_checked.store(true, Ordering::Relaxed);
            return Ok(());
        }
        Err(Stop::Misconfigured(findings))
    }

    async fn references(&self, run: &Run<'_>) -> Result<Vec<Finding>, Error> {
        let mut findings = check::tags(self, &run.client).await?;
        findings.extend(check::users(self, &run.client).await?);
        Ok(findings)
    }
}
