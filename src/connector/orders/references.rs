//! Settings that name things in ShipStation: they are looked up once, before the first import changes anything.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    channel::{ChannelError, Finding, Operation, Refusal, RunControl, RunId, Severity, report::ApiUse},
    client::{Error, ErrorKind, ShipStation},
    connector::{ShipStationChannel, check, failure, meter::Meter, run, trace},
};

impl ShipStationChannel {
    /// Refuses to import under a tag or a user that does not exist. Costs a request each for the first import
    /// of this object, and none when a check was made before. Answers with what that cost.
    pub(super) async fn check_order_references(
        &self,
        operation: Operation,
        control: &RunControl,
    ) -> Result<ApiUse, ChannelError> {
        if self.references_checked.load(Ordering::Relaxed) {
            return Ok(ApiUse::default());
        }
        let refuse = |refusal| trace::not_started(operation, refusal);
        let meter = Arc::new(Meter::new(self, &RunId::new(String::new()), None));
        let client = run::stopping_with(&self.client, control).observed_by(meter.clone());
        let mut findings = match self.references(&client).await {
            Ok(findings) => findings,
            // The run that begins next ends for the same reason, with a report.
            Err(error) if error.kind() == ErrorKind::Cancelled => return Ok(meter.read()),
            Err(error) => return Err(refuse(failure::refusal(&error))),
        };
        findings.retain(|finding| finding.severity == Severity::Error);
        if findings.is_empty() {
            self.references_checked.store(true, Ordering::Relaxed);
            return Ok(meter.read());
        }
        Err(refuse(Refusal::Config { findings }))
    }

    async fn references(&self, client: &ShipStation) -> Result<Vec<Finding>, Error> {
        let mut findings = check::tags(self, client).await?;
        findings.extend(check::users(self, client).await?);
        Ok(findings)
    }
}
