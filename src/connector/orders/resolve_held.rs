//! Held orders get a second look after a mapping changed.

use crate::{
    channel::{
        ChannelError, HoldReason, ItemOutcome, Operation, ResolveReport, RunControl, RunEventKind, RunStatus,
        report::HeldOutcomeKind,
        shipping::ShippingResolution,
        store::{ApplyOutcome, HeldOrder, StoreErrorKind},
    },
    client::Lane,
    connector::{
        STORE_BATCH, ShipStationChannel,
        mapping::{self, Mapper},
        run::{Run, Stop},
        settings::ExternallyFulfilledPolicy,
        store_pages::Bookmark,
        trace,
    },
};

impl ShipStationChannel {
    pub(in crate::connector) async fn run_resolve_held(
        &self,
        control: RunControl,
    ) -> Result<ResolveReport, ChannelError> {
        let refuse = |refusal| trace::not_started(Operation::ResolveHeld, refusal);
        let mapper = Mapper::load(self).await.map_err(refuse)?;
        let (run, info) = Run::begin(self, Operation::ResolveHeld, Lane::Interactive, control).await?;
        let mut report = ResolveReport::new(info);
        let stop = every_held(&run, &mapper, &mut report).await.err();
        let has_failed = report.counts.failed > 0;
        let status = if has_failed { RunStatus::CompletedWithErrors } else { RunStatus::Succeeded };
        run.end(report, stop, true, status).await
    }
}

async fn every_held(run: &Run<'_>, mapper: &Mapper, report: &mut ResolveReport) -> Result<(), Stop> {
    let channel = run.channel;
    let setting = channel.settings.orders.externally_fulfilled;
    let mut names = channel.directory.known();
    let mut read = Bookmark::at_the_start();
    loop {
        run.checkpoint().await?;
        let page = channel.stores.orders.held(&channel.connection, read.after(), STORE_BATCH).await?;
        let Some(last) = page.last() else { return Ok(()) };
        read.pass(&last.order)?;
        for held in page.iter().filter(|held| may_be_released(held, setting)) {
            let mut request = mapping::request_of(held);
            // It may have been held while its store was not known.
            let is_known = held.store.as_ref().is_none_or(|store| names.lists(store));
            let may_differ = !is_known && mapper.rules.depends_on_marketplace(&request);
            if may_differ {
                let (stores, warning) = channel.directory.names(&run.client).await;
                report.run.warnings.extend(warning);
                names = stores;
            }
            if let Some(known) = held.store.as_ref().and_then(|store| names.marketplace_of(store)) {
                request.marketplace = Some(known.to_owned());
            }
            let is_settled = |store| names.is_settled(store, Some(held.since), run.server_time());
            let outcome = if may_differ && !held.store.as_ref().is_none_or(is_settled) {
                HeldOutcomeKind::StillUnmapped
            } else {
                let resolution = mapper.rules.resolve(&request);
                release(run, &resolution, mapper.version, report, held).await?
            };
            report.counts.add(outcome);
            let outcome = ItemOutcome::Held(outcome);
            run.event(RunEventKind::ItemDone { id: Some(held.order.as_str()), outcome });
        }
    }
}

/// What somebody else fulfills waits until the setting says that it is imported like any other order, whatever else holds
/// it.
fn may_be_released(held: &HeldOrder, setting: ExternallyFulfilledPolicy) -> bool {
    let external = held.holds.contains(&HoldReason::ExternallyFulfilled);
    held.holds.iter().any(HoldReason::is_about_shipping)
        && (!external || setting == ExternallyFulfilledPolicy::Import)
}

/// Releases an order from what its shipping text held it for, if that is mapped now.
async fn release(
    run: &Run<'_>,
    resolution: &ShippingResolution,
    rules_version: u64,
    report: &mut ResolveReport,
    held: &HeldOrder,
) -> Result<HeldOutcomeKind, Stop> {
    if resolution.method().is_none() {
        return Ok(HeldOutcomeKind::StillUnmapped);
    }
    let orders = &run.channel.stores.orders;
    let text = held.text.as_deref();
    let applied = if run.is_dry_run() {
        let others = held.holds.iter().filter(|hold| !hold.is_about_shipping());
        Ok(ApplyOutcome::Applied { still_held: others.count() > 0 })
    } else {
        orders
            .apply_shipping(&run.token, &held.order, text, resolution, rules_version, run.server_time())
            .await
    };
    Ok(match applied {
        Ok(ApplyOutcome::Applied { still_held }) => {
            report.counts.held_for_other_reasons += u64::from(still_held);
            report.released.push(held.order.clone());
            HeldOutcomeKind::Released
        }
        Ok(ApplyOutcome::Stale | ApplyOutcome::NoLongerHeld) => HeldOutcomeKind::Stale,
        Err(error) if error.kind() == StoreErrorKind::LostLease => return Err(error.into()),
        Err(error) => {
            report.run.warnings.push(format!("order {} could not be released: {error}", held.order));
            HeldOutcomeKind::Failed
        }
    })
}
