//! Looking for what became of a request whose outcome is unknown: twice and apart, before anything is sent again. How far apart
//! stands in `retry_timing`.

use super::{
    attempt::modified_at,
    context::{Ctx, Decision, Ledger},
    wish::Wish,
};
use crate::{
    channel::{ActionState, CloseReason, store::ActionRow},
    client::{Error, Order, OrderId},
    connector::{
        failure, lookup,
        retry_timing::{LookTimes, Moment, NextStep, Search},
        run::Stop,
    },
};

/// Looks for the effect, if the next look is due; says whether it looked.
pub(super) async fn look_for(
    ledger: &mut Ledger<'_>,
    row: &mut ActionRow,
    (wish, order): (Wish, OrderId),
) -> Result<bool, Stop> {
    let ctx = ledger.ctx;
    let Some((search, changed)) = search(ctx, row) else { return Ok(false) };
    if !search.look_is_due(&ctx.times(), &ctx.run.moment()) {
        return Ok(false);
    }
    let begun = ctx.run.moment();
    let found = lookup::order_once(&ctx.run.client, order).await;
    let ended = ctx.run.moment();
    // What it saw, ShipStation knew when it began: how long it took makes it no younger.
    let begun = begun.with_server_of(&ended);
    for moment in [&begun, &ended] {
        ctx.remember(&row.action.id, moment);
    }
    let look = Look { search, changed, times: ctx.times(), begun, ended };
    let (decision, error) = match found {
        Ok(seen) => {
            ledger.failures.reset();
            (look.decide(row, wish, seen.as_ref()), None)
        }
        Err(error) if failure::ends_the_run(&error) => return Err(error.into()),
        Err(error) => (look.failed(row, &error), Some(error)),
    };
    ledger.record(row, decision).await?;
    error.map_or(Ok(()), |error| ledger.failures.add(error))?;
    Ok(true)
}

/// When it was sent and looked for, and whether a look saw that the order was changed.
fn search(ctx: Ctx<'_>, row: &ActionRow) -> Option<(Search, bool)> {
    let ActionState::Unknown { since, server_since, checks, last_check, server_last_check, changed } =
        row.state
    else {
        return None;
    };
    let id = &row.action.id;
    let sent = ctx.event(id, since, server_since);
    let looked = last_check.map(|at| ctx.event(id, at, server_last_check));
    Some((Search { sent, looked, looks: checks, unknown_outcomes: row.unknown_outcomes }, changed))
}

struct Look {
    search: Search,
    changed: bool,
    times: LookTimes,
    begun: Moment,
    ended: Moment,
}

impl Look {
    /// What it means that the look saw this; `None`: there is no such order.
    fn decide(&self, row: &ActionRow, wish: Wish, seen: Option<&Order>) -> Decision {
        if seen.is_some_and(|seen| wish.is_seen(seen)) {
            return Decision::to(ActionState::Done { already_there: false });
        }
        let changed = self.changed
            || row.modified_at.is_none()
            || seen.is_none_or(|seen| modified_at(seen) != row.modified_at);
        let given_up = self.search.is_given_up(&self.times, &self.begun);
        match self.search.next_step(&self.times, &self.begun) {
            NextStep::LookAgain if !given_up => {
                // One that came too early is dated so, and proves nothing.
                let is_early = !self.search.is_late_enough(&self.times, &self.begun);
                let at = if is_early { &self.begun } else { &self.ended };
                self.looked(row, self.search.looks.saturating_add(1), changed, at)
            }
            NextStep::SendAgain if !changed => {
                Decision { error: row.last_error.clone(), ..Decision::to(ActionState::Pending) }
            }
            _ => {
                let saw = match seen {
                    None => "ShipStation does not find the order",
                    Some(_) if changed => "the order does not show it, and was changed since",
                    Some(_) => "the order does not show it",
                };
                Decision::close(outcome_unknown(row, saw))
            }
        }
    }

    /// The look failed: nothing is known better than before, but that it was tried.
    fn failed(&self, row: &ActionRow, error: &Error) -> Decision {
        if self.search.is_given_up_unanswered(&self.times, &self.begun) {
            let saw = format!("the last look failed: {}", failure::describe(error));
            return Decision::close(outcome_unknown(row, &saw));
        }
        self.looked(row, self.search.looks_that_count(&self.times), self.changed, &self.ended)
    }

    /// The row after a look at `moment`.
    fn looked(&self, row: &ActionRow, checks: u32, changed: bool, moment: &Moment) -> Decision {
        let sent = &self.search.sent.at;
        let state = ActionState::Unknown {
            since: sent.host.wall,
            // Where nobody knew ShipStation's time when the request left, it was no later than this.
            server_since: sent.server.or(moment.server),
            checks,
            last_check: Some(moment.host.wall),
            server_last_check: moment.server,
            changed,
        };
        Decision { error: row.last_error.clone(), ..Decision::to(state) }
    }
}

/// The order is gone; whether the action took effect before matters no more, unless a request left.
pub(super) fn gone(row: &ActionRow) -> CloseReason {
    if row.unknown_outcomes == 0 {
        return CloseReason::OrderGone;
    }
    outcome_unknown(row, "ShipStation does not find the order")
}

/// A person has to find out.
pub(super) fn outcome_unknown(row: &ActionRow, saw: &str) -> CloseReason {
    let error = row.last_error.as_deref().unwrap_or("no answer");
    let saw = format!("{saw}; the last request: {error}");
    CloseReason::OutcomeUnknown { requests: row.unknown_outcomes.max(1), saw }
}
