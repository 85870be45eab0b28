//! What an earlier run, or this one, left without knowing its outcome: it is looked for, twice and apart, before
//! anything is sent again.

use std::time::Duration;

use super::{
    MOST_FAILURES, Stop, Sync,
    evidence::{self, Standing},
    preflight::RECORDS_LAG,
    rows::tracking_numbers,
    send::least_backoff,
};
use crate::{
    Timestamp,
    channel::{
        FailReason, ShipmentState,
        store::{OutboxRow, ShipmentRecord},
    },
    client::{Error, OrderId, OrderStatus},
    connector::{PAGE, failure, look, translate},
};

/// Looks that found nothing, before a shipment may be sent again.
const LOOKS: u32 = 2;
/// How far apart looks become that tell nothing.
const LONGEST_BETWEEN_LOOKS: Duration = Duration::from_secs(3600);

/// What a look brought.
enum Found {
    /// ShipStation has it: the state, and the tracking number that shows.
    Ours(ShipmentState, String),
    /// It never will be ours.
    Never(FailReason),
    /// The order is shipped, but by whom does not show yet: it is looked for until a record does.
    ShippedSomehow,
    /// The order is open and nothing of ours is on it.
    Nothing,
    /// The order is not there, for the first time.
    Missing,
    /// The order is there, but some of its records could not be read.
    Unreadable,
}

impl Sync<'_> {
    /// Takes over what is in flight. A row in `Sending` belongs to a run that is gone, since this one has the lease.
    pub(super) async fn recover(&mut self) -> Result<(), Stop> {
        let channel = self.run.channel;
        let mut after = None;
        loop {
            let rows = channel.stores.shipments.unfinished(&channel.connection, after.as_ref(), PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.cursor());
            for row in &rows {
                self.look_at(row);
                if let ShipmentState::Sending { since, .. } = row.state {
                    let state = unknown_since(since);
                    let record = ShipmentRecord::new(row.id(), state, self.run.now())
                        .counting_attempt()
                        .because("the run that sent it did not record the outcome");
                    self.step(vec![record]).await?;
                }
            }
        }
        self.look_for_unknown().await
    }

    /// Looks for every shipment whose outcome is unknown and whose next look is due. The longest without a look come
    /// first, so that a few whose look always fails do not keep the others from theirs.
    pub(super) async fn look_for_unknown(&mut self) -> Result<(), Stop> {
        if self.run.control.dry_run {
            return Ok(());
        }
        let mut rows = self.rows_to_look_for().await?;
        rows.sort_by_key(last_look);
        for row in rows {
            self.run.go_on().await?;
            self.look_for(row).await?;
            if self.unread_in_a_row >= MOST_FAILURES {
                // What else is to be done may still work; if not, it says so itself.
                self.unread_in_a_row = 0;
                self.run.warn("looking for shipments of unknown outcome fails: left to the next run");
                return Ok(());
            }
        }
        Ok(())
    }

    async fn rows_to_look_for(&self) -> Result<Vec<OutboxRow>, Stop> {
        let channel = self.run.channel;
        let (mut due, mut after) = (Vec::new(), None);
        loop {
            let rows = channel.stores.shipments.unfinished(&channel.connection, after.as_ref(), PAGE).await?;
            let Some(last) = rows.last() else { return Ok(due) };
            after = Some(last.cursor());
            due.extend(
                rows.into_iter().filter(|row| self.look_is_due(row) && !self.not_seen.contains(&row.id())),
            );
        }
    }

    fn look_is_due(&self, row: &OutboxRow) -> bool {
        match row.state {
            ShipmentState::Unknown { last_check: None, .. } => true,
            // The look that may be followed by another attempt waits as long as a repeated attempt would, and looks
            // that bring nothing become rarer.
            ShipmentState::Unknown { since, last_check: Some(last), checks, order_missing } => {
                let settings = self.settings();
                let backoff = least_backoff(settings.backoff, row.attempts.max(checks).saturating_sub(1));
                let tells_nothing = checks == 0 && !order_missing;
                let rarer = if tells_nothing { last.since(since) / 4 } else { Duration::ZERO };
                let wait = settings.read_back_gap.max(backoff).max(rarer.min(LONGEST_BETWEEN_LOOKS));
                self.run.now().since(last) >= wait
            }
            _ => false,
        }
    }

    async fn look_for(&mut self, row: OutboxRow) -> Result<(), Stop> {
        let ShipmentState::Unknown { since, checks, order_missing, .. } = row.state else { return Ok(()) };
        let Some(order) = translate::wire_order_id(&row.shipment.order) else { return Ok(()) };
        let found = match self.find(&row, order, since, order_missing).await {
            Ok(found) => found,
            Err(Stop::Remote(error)) => return self.look_failed(&row, error).await,
            Err(other) => return Err(other),
        };
        self.unread_in_a_row = 0;
        let now = self.run.now();
        let looked = |checks, order_missing| ShipmentState::Unknown {
            since,
            checks,
            last_check: Some(now),
            order_missing,
        };
        let enough = checks + 1 >= LOOKS;
        let unreadable = matches!(found, Found::Unreadable);
        let state = match found {
            Found::Ours(state, tracking) => {
                self.note_not_conveyed([&row], &[tracking]);
                state
            }
            Found::Never(reason) => ShipmentState::Failed { reason },
            Found::ShippedSomehow if now.since(since) >= self.settings().give_up_after => {
                ShipmentState::Failed { reason: FailReason::AlreadyShipped { theirs: None } }
            }
            Found::Nothing if enough => ShipmentState::Pending,
            // Only looks that find the order open count towards another attempt.
            Found::ShippedSomehow | Found::Unreadable => looked(0, false),
            Found::Nothing => looked(checks + 1, false),
            Found::Missing => looked(checks, true),
        };
        // The other rows of the order follow when it is planned next.
        let id = row.id();
        let mut record = ShipmentRecord::new(id.clone(), state, now);
        if !record.state.is_closed() {
            record.error = row.last_error;
        }
        self.step(vec![record]).await?;
        if unreadable {
            self.decide(&id, Some("its records could not be read".to_owned()));
            self.not_seen.insert(id);
        }
        Ok(())
    }

    /// The look itself failed: nothing is known better than before, but that it was tried.
    async fn look_failed(&mut self, row: &OutboxRow, error: Error) -> Result<(), Stop> {
        if failure::ends_the_run(&error) {
            return Err(error.into());
        }
        self.unread_in_a_row += 1;
        self.not_seen.insert(row.id());
        let mut record = ShipmentRecord::new(row.id(), row.state.clone(), self.run.now());
        if let ShipmentState::Unknown { last_check, .. } = &mut record.state {
            *last_check = Some(record.now);
        }
        record.error.clone_from(&row.last_error);
        self.step(vec![record]).await?;
        self.decide(&row.id(), Some(format!("it could not be looked for: {}", failure::describe(&error))));
        Ok(())
    }

    /// Looks at the order and its records. An order that was missing at the last look as well is gone.
    async fn find(
        &mut self,
        row: &OutboxRow,
        order: OrderId,
        since: Timestamp,
        was_missing: bool,
    ) -> Result<Found, Stop> {
        let Some(found) = look::once(&self.run.client, order).await? else {
            return if was_missing { Ok(Found::Never(self.gone(order).await?)) } else { Ok(Found::Missing) };
        };
        let status = found.order_status;
        let shipped = status == Some(OrderStatus::Shipped);
        let ours = self.all_tracking(row).await?;
        let asked = self.settings().notify_sales_channel;
        let standing = evidence::standing(&self.run.client, order, &ours, asked, shipped).await?;
        Ok(match standing {
            Standing::Ours { record, tracking, marketplace } => {
                Found::Ours(ShipmentState::Confirmed { record, marketplace, already_there: false }, tracking)
            }
            Standing::Unreadable => Found::Unreadable,
            _ if status == Some(OrderStatus::Cancelled) => Found::Never(FailReason::OrderCancelled),
            // The record may be of an earlier shipping, and ours still on its way.
            Standing::Theirs { .. } if shipped && self.run.now().since(since) < RECORDS_LAG => {
                Found::ShippedSomehow
            }
            Standing::Theirs { tracking } if shipped => {
                Found::Never(FailReason::AlreadyShipped { theirs: tracking })
            }
            Standing::Nothing if shipped => Found::ShippedSomehow,
            Standing::Theirs { .. } | Standing::Nothing => Found::Nothing,
        })
    }

    /// Every tracking number that would prove the row: those of the order's rows, corrected ones included. Which of them
    /// was sent depends on what the rows said then.
    pub(super) async fn all_tracking(&self, row: &OutboxRow) -> Result<Vec<String>, Stop> {
        let channel = self.run.channel;
        let order = &row.shipment.order;
        let progress = channel.stores.shipments.order_progress(&channel.connection, order).await?;
        Ok(tracking_numbers(&progress.rows))
    }
}

fn last_look(row: &OutboxRow) -> Option<Timestamp> {
    match row.state {
        ShipmentState::Unknown { last_check, .. } => last_check,
        _ => None,
    }
}

/// Nothing is known of it yet, and it was not looked for.
pub(super) fn unknown_since(since: Timestamp) -> ShipmentState {
    ShipmentState::Unknown { since, checks: 0, last_check: None, order_missing: false }
}
