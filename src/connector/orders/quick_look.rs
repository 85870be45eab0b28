//! A quick look between two imports of the whole window: one list of what was modified since the last look, whatever its status.
//! It makes news arrive sooner; the window stays what completeness rests on, and counts what a look has missed.

use std::{collections::HashSet, time::Duration};

use super::{
    follow_up, parcels,
    recorder::Recorder,
    scan::{self, Reading},
};
use crate::{
    Timestamp,
    channel::{
        AgeBasis, Operation, RunId,
        report::{ImportWindow, Scan, ScanStrategy},
        store::{RunSummary, StoreError},
    },
    client::OrderSort,
    connector::{ShipStationChannel, clocks::MAX_CLOCK_SKEW, run::Stop},
    time::{DAY, MINUTE},
};

/// A look begins so long before the last one, and as much earlier as a clock may be wrong: reads may be behind.
const OVERLAP: Duration = MINUTE.saturating_mul(5);
/// Looks that are considered: those between two imports of the window.
const MAX_LOOKS: usize = 100;

/// As many as are kept of a day and more.
const MAX_LOOKS_KEPT: usize = 2_000;

/// When orders were looked at by quick looks that did their work.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuickLooks {
    first: Timestamp,
    last: Timestamp,
}

impl QuickLooks {
    fn of(looks: &[RunSummary]) -> Option<Self> {
        let begun = || looks.iter().filter(|look| look.did_its_work()).map(|look| look.started);
        Some(Self { first: begun().min()?, last: begun().max()? })
    }

    /// Whether one of them should have seen a modification of this time.
    pub(super) fn cover(self, modified: Option<Timestamp>) -> bool {
        modified.is_some_and(|modified| self.first < modified && modified < self.last - OVERLAP)
    }
}

impl ShipStationChannel {
    pub(super) async fn quick_looks(&self) -> Result<Option<QuickLooks>, StoreError> {
        let looks = self.stores.runs.recent(&self.connection, Operation::GetChanges, MAX_LOOKS).await?;
        Ok(QuickLooks::of(&looks))
    }

    /// Since when a look reads: since the last one that did its work, or since an import of the window that has seen as much. Where there
    /// is neither, for a day before the first look: it has died, and what came before it was left to it.
    async fn look_since(&self, now: Timestamp, present: &RunId) -> Result<Timestamp, StoreError> {
        let recent = |most| self.stores.runs.recent(&self.connection, Operation::GetChanges, most);
        let mut looks = recent(MAX_LOOKS).await?;
        if QuickLooks::of(&looks).is_none() {
            looks = recent(MAX_LOOKS_KEPT).await?;
        }
        let last = QuickLooks::of(&looks).map(|looks| looks.last);
        let first = looks.iter().filter(|look| look.run != *present).map(|look| look.started).min();
        let first = first.unwrap_or(now).min(now);
        let import = self.last_import().await?.map(|import| import.started);
        // An import that watches changes has seen them all.
        let has_seen =
            |import: &Timestamp| self.settings.orders.watch_changes || (last.is_none() && *import <= first);
        let last = last.max(import.filter(has_seen)).filter(|last| *last <= now);
        let earliest = now - DAY * self.settings.orders.catch_up_days.max(1);
        Ok(last.unwrap_or(first - DAY).max(earliest) - OVERLAP - MAX_CLOCK_SKEW)
    }
}

pub(super) async fn run(recorder: &mut Recorder<'_>, reading: &mut Reading) -> Result<(), Stop> {
    let (run, to) = (&recorder.ctx.run, reading.admission.window.to);
    reading.users = follow_up::prepare(recorder.ctx).await?;
    // An order that is modified while the list is read turns up again.
    reading.seen = Some(HashSet::new());
    let mut scan = Scan::new("modified", ScanStrategy::Changes);
    let mut since = run.channel.look_since(to, &run.token.run).await?;
    let read = loop {
        let list = recorder.ctx.client().orders().list().modified_since(since).sort_by(OrderSort::ModifyDate);
        let pages = list.page_size(recorder.ctx.settings().page_size).pages();
        match scan::read_list(recorder, reading, &mut scan, pages).await {
            // One of the two clocks is wrong: whichever it is, nothing may be left out.
            Ok(false) => {
                let by_other_clock = run.channel.look_since(reading.admission.window.to, &run.token.run);
                since = since.min(by_other_clock.await?);
            }
            read => break read.map(drop),
        }
    };
    recorder.report.scans.push(scan);
    let to = reading.admission.window.to;
    recorder.report.window =
        Some(ImportWindow::new(Some(since), to, Duration::ZERO, AgeBasis::Modified.name()));
    if !matches!(&read, Ok(()) | Err(Stop::LimitReached(_))) {
        return read;
    }
    follow_up::execute(recorder, &reading.users).await?;
    parcels::publish_shipped(recorder).await?;
    read
}
