//! What an earlier run, or this one, left without knowing its outcome: it is looked for, twice and apart, before
//! anything is sent again. How far apart stands in `timing`.

use super::{
    Ctx, Decision, LookupResult, Moment, Recorder, RowOutcome, Stop,
    lookup::look_up,
    rows,
    timing::{self, LookTimes, NextStep, Search},
};
use crate::{
    channel::{
        BlockReason, FailReason, ShipmentState,
        store::{OutboxQuery, OutboxRow},
    },
    client::{Error, OrderId},
    connector::{failure, translate},
};

/// A row whose outcome is unknown, taken apart.
struct UnknownRow {
    row: OutboxRow,
    order: OrderId,
    search: Search,
    order_missing: bool,
}

/// When a look was made. It may wait for the rate limit in between. What it saw, ShipStation knew when it began: how long it took
/// makes it no younger. The next one is apart from its end.
struct Look {
    begun: Moment,
    ended: Moment,
}

/// Takes over what is in flight. A row in `Sending` belongs to a run that is gone, since this one has the lease.
pub(super) async fn recover(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    ctx.run.channel.readings.forget_old(&ctx.run.moment());
    for row in ctx.rows(&OutboxQuery::InFlight, |_| true).await? {
        recorder.look_at(&row);
        if let ShipmentState::Sending { since, server_since, .. } = row.state {
            let state = ShipmentState::unknown_since(since, server_since);
            let error = Some("the run that sent it did not record the outcome".to_owned());
            let outcome = RowOutcome::Step { state, counts_attempt: true, error };
            recorder.apply(Decision::of(&row, outcome)).await?;
        }
    }
    look_for_unknown(recorder).await
}

/// Looks for every shipment whose outcome is unknown and whose next look is due. The longest without a look come
/// first, so that a few whose look always fails do not keep the others from theirs.
pub(super) async fn look_for_unknown(recorder: &mut Recorder<'_>) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    if ctx.run.is_dry_run() {
        return Ok(());
    }
    let rows = ctx.rows(&OutboxQuery::InFlight, |row| !recorder.lookups.failed.contains(&row.id())).await?;
    // After a restore such a one may be in doubt, although nothing of it can have left.
    let invalid = ShipmentState::Failed { reason: FailReason::InvalidOrderId };
    let is_invalid = |row: &&OutboxRow| {
        matches!(row.state, ShipmentState::Unknown { .. })
            && translate::wire_order_id(&row.shipment.order).is_none()
    };
    recorder.apply(Decision::steps(rows.iter().filter(is_invalid), &invalid)).await?;
    let mut unknown = Vec::new();
    for row in rows {
        unknown.extend(UnknownRow::of(ctx, row).await?);
    }
    let (times, now) = (ctx.times(), ctx.run.moment());
    unknown.retain(|unknown| unknown.search.look_is_due(&times, &now));
    unknown.sort_by_key(|unknown| unknown.search.looked.map(|looked| looked.at.host.wall));
    for unknown in unknown {
        ctx.run.checkpoint().await?;
        if unknown.search.is_dated_ahead(ctx.run.now() + ShipmentState::MAX_RETRY_WAIT) {
            recorder.warn_of_clock(&unknown.row.id());
        }
        let (decision, failed) = look_for(recorder, &unknown).await?;
        recorder.apply(decision).await?;
        if failed.is_some_and(|error| recorder.lookups.failures.add(error).is_err()) {
            // What else is to be done may still work; if not, it says so itself.
            recorder.lookups.failures.reset();
            let warning = "looking for shipments of unknown outcome fails: left to the next run";
            recorder.warnings.push(warning.to_owned());
            return Ok(());
        }
    }
    Ok(())
}

/// Looks for one row: what that means for it, and the error if the look failed.
async fn look_for(
    recorder: &mut Recorder<'_>,
    unknown: &UnknownRow,
) -> Result<(Decision, Option<Error>), Stop> {
    let Recorder { ctx, lookups, .. } = recorder;
    let (id, begun) = (unknown.row.id(), ctx.run.moment());
    let mut found = look_up(ctx, &unknown.row, unknown.order, &unknown.search.sent).await;
    let ended = ctx.run.moment();
    let look = Look { begun: begun.with_server_of(&ended), ended };
    for moment in [&look.begun, &look.ended] {
        ctx.remember(&id, moment);
    }
    let is_missing_again =
        unknown.order_missing && unknown.search.is_apart(ctx.settings().lookup_interval, &look.begun);
    let for_long = unknown.search.is_apart(timing::GONE_AFTER, &look.begun);
    if is_missing_again && matches!(found, Ok(LookupResult::Missing)) {
        found = match lookups.why_gone(ctx, unknown.order, for_long).await {
            Ok(Some(reason)) => Ok(LookupResult::Never(reason)),
            Ok(None) => Ok(LookupResult::MissingAgain),
            Err(stop) => Err(stop),
        };
    }
    let (found, error) = match found {
        Err(Stop::Remote(error)) if !failure::ends_the_run(&error) => {
            (LookupResult::Failed(failure::describe(&error)), Some(error))
        }
        found => (found?, None),
    };
    if error.is_none() {
        lookups.failures.reset();
    }
    if matches!(found, LookupResult::Inconclusive(_) | LookupResult::Failed(_)) {
        lookups.failed.insert(id);
    }
    Ok((unknown.decide(&ctx.times(), found, &look), error))
}

impl UnknownRow {
    async fn of(ctx: Ctx<'_>, row: OutboxRow) -> Result<Option<Self>, Stop> {
        let ShipmentState::Unknown {
            since,
            checks,
            last_check,
            order_missing,
            server_since,
            server_last_check,
        } = row.state
        else {
            return Ok(None);
        };
        let Some(order) = translate::wire_order_id(&row.shipment.order) else { return Ok(None) };
        let id = row.id();
        let search = Search {
            sent: ctx.event(&id, since, server_since),
            looked: last_check.map(|at| ctx.event(&id, at, server_last_check)),
            looks: checks,
            // ShipStation knows the order alone: whichever of its shipments a request was for, one more may be a second parcel.
            unknown_outcomes: rows::unknown_outcomes(&ctx.order_progress(&row.shipment.order).await?.rows),
        };
        Ok(Some(Self { row, order, search, order_missing }))
    }

    /// What a look means for the row. The other rows of the order follow when it is planned next.
    fn decide(&self, times: &LookTimes, found: LookupResult, look: &Look) -> Decision {
        let mut decision = Decision::default();
        let search = &self.search;
        let is_given_up = search.is_given_up(times, &look.begun);
        let note = note_of(&found);
        let state = match found {
            LookupResult::Ours(state, tracking) => {
                decision.list_unreported([&self.row], &[tracking]);
                state
            }
            LookupResult::Never(FailReason::OrderCancelled)
                if search.may_be_under_way(times, &look.begun) =>
            {
                self.looked_for(0, false, &look.ended)
            }
            LookupResult::Never(reason) => ShipmentState::Failed { reason },
            LookupResult::ShippedSomehow if is_given_up => {
                ShipmentState::Failed { reason: FailReason::AlreadyShipped { theirs: None } }
            }
            LookupResult::Nothing => match search.next_step(times, &look.begun) {
                NextStep::SendAgain => ShipmentState::Pending,
                NextStep::LeaveToPerson => self.left_to_person("the order is open and shows nothing of ours"),
                NextStep::LookAgain if is_given_up => {
                    self.left_to_person("the order is open and shows nothing of ours, by clocks that differ")
                }
                NextStep::LookAgain => {
                    // One that came too early is dated so, and proves nothing.
                    let is_early = !search.is_late_enough(times, &look.begun);
                    let at = if is_early { &look.begun } else { &look.ended };
                    self.looked_for(search.looks.saturating_add(1), false, at)
                }
            },
            LookupResult::MissingAgain if is_given_up => {
                self.left_to_person("ShipStation does not find the order")
            }
            LookupResult::Missing | LookupResult::MissingAgain => {
                self.looked_for(search.looks_that_count(times), true, &look.ended)
            }
            LookupResult::Inconclusive(why) if is_given_up => self.left_to_person(why),
            LookupResult::Failed(why) if search.is_given_up_unanswered(times, &look.begun) => {
                self.left_to_person(&format!("the last look failed: {why}"))
            }
            // Nothing is known better than before, but that it was tried.
            LookupResult::Failed(_) => {
                self.looked_for(search.looks_that_count(times), self.order_missing, &look.ended)
            }
            // Only looks that find the order open count towards another attempt.
            LookupResult::ShippedSomehow | LookupResult::Inconclusive(_) => {
                self.looked_for(0, false, &look.ended)
            }
        };
        let error = self.row.last_error.clone().filter(|_| !state.is_closed());
        let step = RowOutcome::Step { state, counts_attempt: false, error };
        let outcomes = [step].into_iter().chain(note.map(RowOutcome::Noted));
        decision.outcomes.extend(outcomes.map(|outcome| (self.row.id(), outcome)));
        decision
    }

    /// The row after a look at `moment`.
    fn looked_for(&self, checks: u32, order_missing: bool, moment: &Moment) -> ShipmentState {
        ShipmentState::Unknown {
            since: self.search.sent.at.host.wall,
            checks,
            last_check: Some(moment.host.wall),
            order_missing,
            // Where nobody knew ShipStation's time when the request left, it was no later than this.
            server_since: self.search.sent.at.server.or(moment.server),
            server_last_check: moment.server,
        }
    }

    /// A person has to find out.
    fn left_to_person(&self, saw: &str) -> ShipmentState {
        let requests = self.search.unknown_outcomes.max(1);
        let error = self.row.last_error.as_deref().unwrap_or("no answer");
        let looks = self.search.looks;
        let saw = format!("{saw}; {looks} looks before found nothing; the last request: {error}");
        ShipmentState::Blocked { reason: BlockReason::OutcomeUnknown { requests, saw } }
    }
}

/// What a look says beside the state of the row.
fn note_of(found: &LookupResult) -> Option<String> {
    match found {
        LookupResult::Inconclusive(why) => Some((*why).to_owned()),
        LookupResult::Failed(why) => Some(format!("it could not be looked for: {why}")),
        _ => None,
    }
}
