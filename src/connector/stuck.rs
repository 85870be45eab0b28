//! What has waited longer than it should: read from the stores alone, page by page.

use super::{
    STORE_BATCH, ShipStationChannel,
    clocks::FAR_FUTURE,
    run::{self, Stop},
    store_pages::Bookmark,
};
use crate::{
    Timestamp,
    channel::{
        ChannelError, FindStuck, Operation, ShipmentState, StuckItem, StuckKind, StuckReport,
        shipping::DisplayText,
        store::{
            ActionQuery, ActionRow, OrderStoreExt, OrderWork, OutboxQuery, OutboxRow, RunState, RunSummary,
        },
        wording::count_of,
    },
};

/// Entries of the ledger that are looked at.
const MAX_WORK_ITEMS_READ: usize = 10_000;
/// Runs of an operation that are looked at.
const MAX_RUNS_READ: usize = 1_000;
/// The operations that must succeed now and then.
const WATCHED: [Operation; 2] = [Operation::GetOrders, Operation::SyncShipments];

impl ShipStationChannel {
    pub(super) async fn run_stuck(&self, request: FindStuck) -> Result<StuckReport, ChannelError> {
        let now = self.server_time();
        let mut search = Search {
            channel: self,
            now,
            report: StuckReport::new(self.connection.clone(), now),
            wanted: request,
        };
        let found = search.look_everywhere().await;
        found.map_err(|stop| ChannelError::of("stuck", stop.refusal()))?;
        Ok(search.report)
    }
}

struct Search<'c> {
    channel: &'c ShipStationChannel,
    wanted: FindStuck,
    now: Timestamp,
    report: StuckReport,
}

impl Search<'_> {
    async fn look_everywhere(&mut self) -> Result<(), Stop> {
        // A wait of any length that the crate sets is over by then.
        let later = self.now + ShipmentState::MAX_RETRY_WAIT;
        for query in [OutboxQuery::Due { now: later }, OutboxQuery::InFlight, OutboxQuery::Blocked] {
            self.shipments(&query).await?;
        }
        self.held().await?;
        self.work().await?;
        self.actions().await?;
        for operation in WATCHED {
            self.runs(operation).await?;
        }
        Ok(())
    }

    fn check_may_go_on(&self) -> Result<(), Stop> {
        run::check_may_start(&self.wanted.control, self.channel.now())
    }

    async fn shipments(&mut self, query: &OutboxQuery) -> Result<(), Stop> {
        let mut read = Bookmark::at_the_start();
        loop {
            self.check_may_go_on()?;
            let ShipStationChannel { stores, connection, .. } = self.channel;
            let page = stores.shipments.rows(connection, query, read.after(), STORE_BATCH).await?;
            let Some(last) = page.rows.last() else { return Ok(()) };
            read.pass(&last.cursor())?;
            // What is blocked on the state of its order is due as well: counted where the blocked ones are.
            let is_counted_later = |row: &&OutboxRow| {
                matches!(query, OutboxQuery::Due { .. }) && matches!(row.state, ShipmentState::Blocked { .. })
            };
            let stuck = page.rows.iter().filter(|row| !is_counted_later(row));
            let stuck = stuck.filter_map(|row| shipment(row, &self.wanted, self.now));
            stuck.for_each(|item| self.report.add(item));
        }
    }

    async fn held(&mut self) -> Result<(), Stop> {
        let mut read = Bookmark::at_the_start();
        loop {
            self.check_may_go_on()?;
            let ShipStationChannel { stores, connection, .. } = self.channel;
            let page = stores.orders.held(connection, read.after(), STORE_BATCH).await?;
            let Some(last) = page.last() else { return Ok(()) };
            read.pass(&last.order)?;
            for held in page.into_iter().filter(|held| self.now.since(held.since) > self.wanted.held) {
                let why: Vec<String> = held.holds.iter().map(ToString::to_string).collect();
                let item = StuckItem::new(StuckKind::OrderHeld, held.since, &why.join("; "));
                self.report.add(item.of_order(held.order));
            }
        }
    }

    async fn work(&mut self) -> Result<(), Stop> {
        self.check_may_go_on()?;
        let ShipStationChannel { stores, connection, .. } = self.channel;
        let any_time = self.now + FAR_FUTURE;
        let failures = stores.orders.due_failures(connection, any_time, MAX_WORK_ITEMS_READ).await?;
        let follow_ups = stores.orders.due_follow_ups(connection, any_time, MAX_WORK_ITEMS_READ).await?;
        let kinds = [(StuckKind::OrderFailed, failures), (StuckKind::FollowUpOpen, follow_ups)];
        for (kind, entries) in kinds {
            for entry in entries {
                if self.now.since(entry.first_seen) > self.wanted.work {
                    let item = StuckItem::new(kind, entry.first_seen, &attempts(&entry));
                    self.report.add(item.of_order(entry.order));
                }
            }
        }
        Ok(())
    }

    async fn actions(&mut self) -> Result<(), Stop> {
        let ShipStationChannel { stores, connection, .. } = self.channel;
        let Some(store) = &stores.actions else { return Ok(()) };
        let mut read = Bookmark::at_the_start();
        loop {
            self.check_may_go_on()?;
            let page =
                store.actions(connection, &ActionQuery::Open, read.after().copied(), STORE_BATCH).await?;
            let Some(last) = page.last() else { return Ok(()) };
            read.pass(&last.number)?;
            for row in page.into_iter().filter(|row| self.now.since(row.added_at) > self.wanted.actions) {
                let item = StuckItem::new(StuckKind::ActionOpen, row.added_at, &progress(&row));
                self.report.add(item.of_order(row.action.order));
            }
        }
    }

    async fn runs(&mut self, operation: Operation) -> Result<(), Stop> {
        self.check_may_go_on()?;
        let ShipStationChannel { stores, connection, .. } = self.channel;
        let success = stores.runs.last_success(connection, operation).await?;
        let mut runs = stores.runs.recent(connection, operation, MAX_RUNS_READ).await?;
        runs.retain(|run| !run.dry_run);
        if runs.len() > 1 {
            runs.retain(|run| run.state != RunState::Running);
        }
        // An operation that never ran is not in use.
        let Some(newest) = runs.first() else { return Ok(()) };
        let since = success.as_ref().or(runs.last()).map_or(newest.started, |run| run.started);
        if self.now.since(since) > self.wanted.no_success {
            let why = format!("the last run {}", ended(newest));
            self.report.add(StuckItem::new(StuckKind::NoSuccess, since, &why).of_operation(operation));
        }
        let failing = runs.iter().take_while(|run| has_failed(run)).count();
        if let Some(first) = failing.checked_sub(1).and_then(|last| runs.get(last))
            && (1..=failing).contains(&self.wanted.failing_runs)
        {
            let why = format!(
                "{} in a row did not come to their end, the last one {}",
                count_of(super::count(failing), "run"),
                ended(newest)
            );
            let item = StuckItem::new(StuckKind::RunsFailing, first.started, &why);
            self.report.add(item.of_operation(operation));
        }
        Ok(())
    }
}

/// What is stuck about a shipment, if anything. Pure.
fn shipment(row: &OutboxRow, wanted: &FindStuck, now: Timestamp) -> Option<StuckItem> {
    let last = || row.last_error.clone();
    let (kind, since, limit, why) = match &row.state {
        ShipmentState::Pending => (StuckKind::ShipmentDue, row.enqueued_at, wanted.due, last()),
        ShipmentState::RetryWait { until, .. } => {
            let error = last().map(|error| format!(": {error}")).unwrap_or_default();
            let why =
                format!("{} so far, the next at {until}{error}", count_of(row.attempts.into(), "attempt"));
            (StuckKind::ShipmentDue, row.enqueued_at, wanted.due, Some(why))
        }
        ShipmentState::Waiting { missing } => {
            let why =
                format!("{} of the order have not shipped", count_of(super::count(missing.len()), "line"));
            (StuckKind::ShipmentWaiting, row.enqueued_at, wanted.waiting, Some(why))
        }
        ShipmentState::Blocked { reason } => {
            (StuckKind::ShipmentBlocked, row.updated_at, wanted.blocked, Some(reason.to_string()))
        }
        ShipmentState::Sending { since, .. } | ShipmentState::Unknown { since, .. } => {
            (StuckKind::ShipmentUnknown, *since, wanted.unknown, last())
        }
        ShipmentState::Sent { at } => (StuckKind::ShipmentUnconfirmed, *at, wanted.unconfirmed, last()),
        _ => return None,
    };
    let why = why.unwrap_or_else(|| format!("it is {}", row.state.name()));
    let item = StuckItem::new(kind, since, &why);
    let item = item.of_shipment(row.id()).of_order(row.shipment.order.clone());
    (now.since(since) > limit).then_some(item)
}

fn attempts(entry: &OrderWork) -> String {
    let error = entry.error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    let again = if entry.retryable { "" } else { ", trying again does not help by itself" };
    format!("{} after {}{again}{error}", entry.kind, count_of(entry.attempts.into(), "attempt"))
}

fn progress(row: &ActionRow) -> String {
    let error = row.last_error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
    let (action, state) = (&row.action, row.state.name());
    format!(
        "{}, action {}, is {state} after {}{error}",
        action.kind,
        action.id,
        count_of(row.attempts.into(), "attempt")
    )
}

fn has_failed(run: &RunSummary) -> bool {
    match &run.state {
        RunState::Running => false,
        RunState::Abandoned => true,
        RunState::Ended { status } => !status.read_everything(),
    }
}

fn ended(run: &RunSummary) -> String {
    match &run.state {
        RunState::Running => format!("runs since {}", run.started),
        RunState::Abandoned => format!("of {} never ended", run.started),
        RunState::Ended { status } => {
            format!("of {}: {}", run.started, DisplayText::new(&status.to_string()).unquoted())
        }
    }
}
