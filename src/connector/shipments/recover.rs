//! What an earlier run, or this one, left without knowing its outcome: it is looked for, twice and apart, before
//! anything is sent again.

use super::{
    MOST_FAILURES, Stop, Sync,
    evidence::{self, Standing},
    rows::{is_of_another_order, tracking_numbers},
    timing::{Event, Moment, NextStep, RECORDS_LAG, Search},
};
use crate::{
    Timestamp,
    channel::{
        BlockReason, FailReason, ShipmentState,
        store::{OutboxRow, ShipmentRecord},
    },
    client::{Error, ErrorKind, OrderId, OrderStatus},
    connector::{failure, lookup, translate},
};

/// What a look brought.
pub(super) enum Found {
    /// ShipStation has it: the state, and the tracking number that shows.
    Ours(ShipmentState, String),
    /// It never will be ours.
    Never(FailReason),
    /// The order is shipped, but by whom does not show yet: it is looked for until a record does.
    ShippedSomehow,
    /// The order is open and nothing of ours is on it.
    Nothing,
    /// The order is not there.
    Missing,
    /// The order is there, but its records prove nothing, and why.
    Inconclusive(&'static str),
}

/// A row whose outcome is unknown, taken apart.
struct Lost {
    row: OutboxRow,
    order: OrderId,
    search: Search,
    since: Timestamp,
    server_since: Option<Timestamp>,
    order_missing: bool,
}

impl Lost {
    /// The row after a look at `moment`.
    fn looked_for(&self, checks: u32, order_missing: bool, moment: &Moment) -> ShipmentState {
        ShipmentState::Unknown {
            since: self.since,
            checks,
            last_check: Some(moment.host),
            order_missing,
            server_since: self.server_since,
            server_last_check: moment.server,
        }
    }
}

impl Sync<'_> {
    /// Takes over what is in flight. A row in `Sending` belongs to a run that is gone, since this one has the lease.
    pub(super) async fn recover(&mut self) -> Result<(), Stop> {
        self.run.channel.readings.forget_old(&self.moment());
        for row in self.unfinished(|_| true).await? {
            self.look_at(&row);
            if let ShipmentState::Sending { since, server_since, .. } = row.state {
                let record =
                    ShipmentRecord::new(row.id(), unknown_since(since, server_since), self.run.now())
                        .counting_attempt()
                        .because("the run that sent it did not record the outcome");
                self.step(vec![record]).await?;
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
        let unknown = self.unfinished(|row| !self.not_seen.contains(&row.id())).await?;
        let mut lost: Vec<Lost> = unknown.into_iter().filter_map(|row| self.lost_row(row)).collect();
        let now = self.moment();
        lost.retain(|lost| lost.search.look_is_due(self.settings(), &now));
        lost.sort_by_key(|lost| lost.search.looked.map(|looked| looked.host));
        for lost in lost {
            self.run.checkpoint().await?;
            self.look_for(lost).await?;
            if self.unread_in_a_row >= MOST_FAILURES {
                // What else is to be done may still work; if not, it says so itself.
                self.unread_in_a_row = 0;
                self.run.warn("looking for shipments of unknown outcome fails: left to the next run");
                return Ok(());
            }
        }
        Ok(())
    }

    fn lost_row(&self, row: OutboxRow) -> Option<Lost> {
        let ShipmentState::Unknown {
            since,
            checks,
            last_check,
            order_missing,
            server_since,
            server_last_check,
        } = row.state
        else {
            return None;
        };
        let id = row.id();
        let search = Search {
            sent: self.event(&id, since, server_since),
            looked: last_check.map(|at| self.event(&id, at, server_last_check)),
            looks: checks,
            unknown_outcomes: row.unknown_outcomes,
        };
        let order = translate::wire_order_id(&row.shipment.order)?;
        Some(Lost { row, order, search, since, server_since, order_missing })
    }

    async fn look_for(&mut self, lost: Lost) -> Result<(), Stop> {
        let begun = self.moment();
        self.note_wrong_clock(&lost, &begun);
        let found = self.find(&lost.row, lost.order, &lost.search.sent).await;
        // What the look saw, ShipStation knew when the look began: how long it took makes it no younger.
        let moment = begun.with_server_of(&self.moment());
        let id = lost.row.id();
        self.run.channel.readings.note(&id, &moment);
        let decided = match found {
            Ok(found) => self.decide_lost(&lost, found, &moment).await,
            Err(stop) => Err(stop),
        };
        let (state, inconclusive) = match decided {
            Ok(decided) => decided,
            Err(Stop::Remote(error)) => return self.look_failed(&lost, error, &moment).await,
            Err(stop) => return Err(stop),
        };
        self.unread_in_a_row = 0;
        // The other rows of the order follow when it is planned next.
        let mut record = ShipmentRecord::new(id.clone(), state, self.run.now());
        if !record.state.is_closed() {
            record.error = lost.row.last_error;
        }
        self.step(vec![record]).await?;
        if let Some(why) = inconclusive {
            self.decide(&id, Some(why.to_owned()));
            self.not_seen.insert(id);
        }
        Ok(())
    }

    /// What a look that was made means for the row, and why the look proved nothing, if so.
    async fn decide_lost(
        &mut self,
        lost: &Lost,
        found: Found,
        moment: &Moment,
    ) -> Result<(ShipmentState, Option<&'static str>), Stop> {
        let inconclusive = if let Found::Inconclusive(why) = found { Some(why) } else { None };
        let state = match found {
            Found::Ours(state, tracking) => {
                self.note_not_conveyed([&lost.row], &[tracking]);
                state
            }
            Found::Never(reason) => ShipmentState::Failed { reason },
            Found::Missing => self.missing(lost, moment).await?,
            found => self.undecided(lost, &found, moment),
        };
        Ok((state, inconclusive))
    }

    /// The look neither found the shipment nor proved that it never will be there.
    fn undecided(&self, lost: &Lost, found: &Found, moment: &Moment) -> ShipmentState {
        let (search, settings) = (&lost.search, self.settings());
        let is_time = search.looked.is_some() && search.sent.is_over_at_last(settings.give_up_after, moment);
        match found {
            Found::ShippedSomehow if is_time => {
                ShipmentState::Failed { reason: FailReason::AlreadyShipped { theirs: None } }
            }
            Found::Nothing => match search.next_step(settings, moment) {
                NextStep::SendAgain => ShipmentState::Pending,
                NextStep::LeaveToPerson => {
                    outcome_unknown(lost, "the order is open and shows nothing of ours")
                }
                NextStep::LookAgain if is_time => outcome_unknown(
                    lost,
                    "the order is open and shows nothing of ours, by clocks that differ",
                ),
                NextStep::LookAgain => lost.looked_for(search.looks.saturating_add(1), false, moment),
            },
            Found::Inconclusive(why) if is_time => outcome_unknown(lost, *why),
            // Only looks that find the order open count towards another attempt.
            _ => lost.looked_for(0, false, moment),
        }
    }

    /// An order that was missing at the last look as well, long enough ago, is gone.
    async fn missing(&mut self, lost: &Lost, moment: &Moment) -> Result<ShipmentState, Stop> {
        let gap = self.settings().read_back_gap;
        let again =
            lost.order_missing && lost.search.looked.is_some_and(|looked| looked.is_over(gap, moment));
        if again && let Some(reason) = self.gone(lost.order).await? {
            return Ok(ShipmentState::Failed { reason });
        }
        if again && lost.search.sent.is_over_at_last(self.settings().give_up_after, moment) {
            return Ok(outcome_unknown(lost, "ShipStation does not find the order"));
        }
        Ok(lost.looked_for(lost.search.looks, true, moment))
    }

    /// The look itself failed: nothing is known better than before, but that it was tried.
    async fn look_failed(&mut self, lost: &Lost, error: Error, moment: &Moment) -> Result<(), Stop> {
        if failure::ends_the_run(&error) {
            return Err(error.into());
        }
        self.count_unread(&error);
        let id = lost.row.id();
        self.not_seen.insert(id.clone());
        let search = &lost.search;
        let is_time =
            search.looked.is_some() && search.sent.is_over_at_last(self.settings().give_up_after, moment);
        let state = if is_time {
            outcome_unknown(lost, format!("the last look failed: {}", failure::describe(&error)))
        } else {
            lost.looked_for(search.looks, lost.order_missing, moment)
        };
        let mut record = ShipmentRecord::new(id.clone(), state, self.run.now());
        record.error.clone_from(&lost.row.last_error);
        self.step(vec![record]).await?;
        self.decide(&id, Some(format!("it could not be looked for: {}", failure::describe(&error))));
        Ok(())
    }

    /// Counts a look in vain towards an outage. An answer that cannot be read is about the order that it was to show.
    pub(super) fn count_unread(&mut self, error: &Error) {
        self.unread_in_a_row += u32::from(error.kind() != ErrorKind::Decode);
    }

    fn note_wrong_clock(&mut self, lost: &Lost, now: &Moment) {
        let ahead = |event: &Event| event.host > now.host + ShipmentState::LONGEST_WAIT;
        if ahead(&lost.search.sent) || lost.search.looked.as_ref().is_some_and(ahead) {
            self.warn_of_clock(&lost.row.id());
        }
    }

    /// Looks at an order that was sent, and at its records.
    pub(super) async fn find(
        &mut self,
        row: &OutboxRow,
        order: OrderId,
        sent: &Event,
    ) -> Result<Found, Stop> {
        let Some(found) = lookup::order_once(&self.run.client, order).await? else {
            return Ok(Found::Missing);
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
            Standing::Unreadable => Found::Inconclusive("its records could not all be read"),
            Standing::Probably => {
                Found::Inconclusive("a record shows a number that is probably ours, cut off")
            }
            _ if status == Some(OrderStatus::Cancelled) => Found::Never(FailReason::OrderCancelled),
            // The record may be of an earlier shipping, and ours still on its way.
            Standing::Theirs { .. } if shipped && !sent.is_over(RECORDS_LAG, &self.moment()) => {
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
        Ok(tracking_numbers(progress.rows.iter().filter(|row| !is_of_another_order(row))))
    }
}

/// A person has to find out.
fn outcome_unknown(lost: &Lost, saw: impl Into<String>) -> ShipmentState {
    let requests = lost.row.unknown_outcomes.max(1);
    let error = lost.row.last_error.as_deref().unwrap_or("no answer");
    let looks = lost.search.looks;
    let saw = format!("{}; {looks} looks before found nothing; the last request: {error}", saw.into());
    ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { requests, saw } }
}

/// Nothing is known of it yet, and it was not looked for.
pub(super) fn unknown_since(since: Timestamp, server_since: Option<Timestamp>) -> ShipmentState {
    ShipmentState::Unknown {
        since,
        checks: 0,
        last_check: None,
        order_missing: false,
        server_since,
        server_last_check: None,
    }
}
