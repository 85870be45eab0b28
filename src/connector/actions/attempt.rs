//! One attempt at an action: a look at the order, then the intent, then one request, and what came of it.

use std::{collections::BTreeSet, time::Duration};

use super::{
    context::{Ctx, Decision, Ledger},
    looks,
    wish::Wish,
};
use crate::{
    Timestamp,
    channel::{
        ActionState, CloseReason, RetryClass,
        store::{ActionIntent, ActionRow, BeginActionOutcome},
    },
    client::{ActionResponse, Error, ErrorKind, Order, OrderId, Outcome, PacificTime, ShipStation},
    connector::{
        failure, lookup,
        retry_timing::{GONE_AFTER, Moment, retry_wait},
        run::Stop,
    },
};

/// Whether the row may be decided about further in this run.
pub(super) enum Attempt {
    /// It took a step.
    Decided,
    /// Somebody else has changed what the attempt relies on.
    Overtaken,
}

/// Looks at the order, and sends the action unless the order is as wanted already or nothing may be sent.
pub(super) async fn attempt(
    ledger: &mut Ledger<'_>,
    row: &mut ActionRow,
    (wish, order): (Wish, OrderId),
) -> Result<Attempt, Stop> {
    let ctx = ledger.ctx;
    let looked = ctx.run.moment();
    let (client, modified_at) = match prepare(ledger, row, wish, order).await {
        Ok(Ready::Send { client, modified_at }) => (client, modified_at),
        Ok(Ready::Settled(decision)) => {
            ledger.record(row, decision).await?;
            return Ok(Attempt::Decided);
        }
        Err(Stop::Remote(error)) if !failure::ends_the_run(&error) => {
            ledger.record(row, try_again(ctx, row, &error)).await?;
            ledger.failures.add(error)?;
            return Ok(Attempt::Decided);
        }
        Err(stop) => return Err(stop),
    };
    let moment = ctx.run.moment();
    if moment.has_outdated(&looked) {
        ledger.record(row, Decision::to(ctx.waiting(Duration::ZERO, RetryClass::RateLimited))).await?;
        return Ok(Attempt::Decided);
    }
    if !begin(ledger, row, &moment, modified_at).await? {
        return Ok(Attempt::Overtaken);
    }
    // From here to the record nothing asks whether to stop: only a crash comes between the two.
    let answer = wish.send(&client, order).await;
    let (decision, then) = judge(ledger, row, (wish, order), answer).await;
    ledger.record(row, decision).await?;
    then.map(|()| Attempt::Decided)
}

/// What the look before an attempt came to.
enum Ready {
    Send { client: ShipStation, modified_at: Option<Timestamp> },
    Settled(Decision),
}

async fn prepare(
    ledger: &mut Ledger<'_>,
    row: &ActionRow,
    wish: Wish,
    order: OrderId,
) -> Result<Ready, Stop> {
    let ctx = ledger.ctx;
    let Some(seen) = lookup::order_once(&ctx.run.client, order).await? else {
        return Ok(Ready::Settled(missing(ctx, row)));
    };
    ledger.failures.reset();
    if let Some(decision) = settle(ctx, row, wish, &seen) {
        return Ok(Ready::Settled(decision));
    }
    if matches!(wish, Wish::Tagged(_)) {
        let tags = match &mut ledger.tags {
            Some(tags) => tags,
            unread => unread.insert(tags(ctx).await?),
        };
        if let Some(reason) = wish.needs_tag(tags) {
            return Ok(Ready::Settled(Decision::close(reason)));
        }
    }
    // The turn is waited for before the row says that a request may be on its way.
    ctx.run.checkpoint().await?;
    let permit = ctx.run.writer().permit().await?;
    ctx.run.checkpoint().await?;
    let client = ctx.run.writer().writing_once().with_permit(permit);
    Ok(Ready::Send { client, modified_at: modified_at(&seen) })
}

pub(super) fn modified_at(order: &Order) -> Option<Timestamp> {
    order.modify_date.as_ref().map(PacificTime::instant)
}

/// What the order's present state decides, unless that is to send.
fn settle(ctx: Ctx<'_>, row: &ActionRow, wish: Wish, seen: &Order) -> Option<Decision> {
    let was_tried = row.unknown_outcomes > 0;
    if wish.is_seen(seen) {
        return Some(Decision::to(ActionState::Done { already_there: !was_tried }));
    }
    let is_unchanged = row.modified_at.is_some() && row.modified_at == modified_at(seen);
    if was_tried && !is_unchanged {
        let saw = "the order does not show it, and may have been changed since";
        return Some(Decision::close(looks::outcome_unknown(row, saw)));
    }
    if row.modified_at.is_some() && !is_unchanged {
        return Some(Decision::close(CloseReason::OrderChanged));
    }
    let now = ctx.run.moment();
    let reason = wish.is_impossible(seen, now.server_or_host()).or_else(|| too_late(ctx, row, &now))?;
    Some(Decision::close(reason))
}

/// Whether it has waited for so long that what the host wanted then is no longer what is wanted now.
fn too_late(ctx: Ctx<'_>, row: &ActionRow, now: &Moment) -> Option<CloseReason> {
    let after = now.server?.min(now.host.wall).since(row.added_at);
    if after < ctx.times().give_up_after {
        return None;
    }
    if row.unknown_outcomes > 0 {
        return Some(looks::outcome_unknown(row, "it could not be tried again in time"));
    }
    let last_error = row.last_error.clone().unwrap_or_else(|| "no answer".to_owned());
    Some(CloseReason::GaveUp { after, last_error })
}

async fn tags(ctx: Ctx<'_>) -> Result<BTreeSet<crate::client::TagId>, Stop> {
    let tags = ctx.run.client.accounts().list_tags().await?.items;
    Ok(tags.into_iter().map(|tag| tag.tag_id).collect())
}

/// Makes it durable that a request is about to leave; false if none may.
async fn begin(
    ledger: &mut Ledger<'_>,
    row: &mut ActionRow,
    moment: &Moment,
    modified_at: Option<Timestamp>,
) -> Result<bool, Stop> {
    let ctx = ledger.ctx;
    let intent = ActionIntent::new(row.action.id.clone(), moment.host.wall);
    let intent = intent.server_time(moment.server).modified_at(modified_at);
    // Whatever the store answers: a failure may hide that the row is kept.
    ledger.has_acted = true;
    let answers = ctx.store.begin_actions(&ctx.run.token, std::slice::from_ref(&intent)).await?;
    if answers != [BeginActionOutcome::Granted] {
        return Ok(false);
    }
    row.begin(&intent, &[]).map_err(|error| Stop::Store(error.into()))?;
    ctx.remember(&row.action.id, moment);
    ledger.look_at(row);
    ledger.sent += 1;
    Ok(true)
}

/// What an answer means, and whether the run goes on once that is recorded.
async fn judge(
    ledger: &mut Ledger<'_>,
    row: &ActionRow,
    wanted: (Wish, OrderId),
    answer: Result<ActionResponse, Error>,
) -> (Decision, Result<(), Stop>) {
    let ctx = ledger.ctx;
    let error = match answer {
        Ok(answer) if answer.success.is_some() => {
            ledger.failures.reset();
            return (Decision::to(ActionState::Done { already_there: false }), Ok(()));
        }
        Ok(_) => return (unknown(ctx, row, "ShipStation's answer is empty"), Ok(())),
        Err(error) => error,
    };
    match error.outcome() {
        Outcome::Unknown => {
            let refused = error.kind() == ErrorKind::Invalid;
            let message = if refused { failure::vendor_message(&error) } else { failure::describe(&error) };
            (unknown(ctx, row, message), ledger.failures.add(error))
        }
        Outcome::NotSent => (try_again(ctx, row, &error), ledger.failures.add(error)),
        Outcome::Answered if failure::is_about_credentials(&error) => {
            (try_again(ctx, row, &error), Err(error.into()))
        }
        Outcome::Answered if error.kind() == ErrorKind::NotFound => {
            let state = ctx.waiting(GONE_AFTER, RetryClass::OrderMissing);
            (Decision::attempt(state, failure::describe(&error)), Ok(()))
        }
        Outcome::Answered => (refused(ctx, row, wanted, &error).await, Ok(())),
    }
}

/// ShipStation decided, and said no. It may refuse what it has done already: one look shows it.
async fn refused(ctx: Ctx<'_>, row: &ActionRow, (wish, order): (Wish, OrderId), error: &Error) -> Decision {
    let message = failure::vendor_message(error);
    match lookup::order_once(&ctx.run.client, order).await {
        Ok(Some(seen)) if wish.is_seen(&seen) => Decision::to(ActionState::Done { already_there: true }),
        Ok(_) => Decision::close(CloseReason::Refused { message }),
        Err(_) => unknown(ctx, row, message),
    }
}

fn unknown(ctx: Ctx<'_>, row: &ActionRow, error: impl Into<String>) -> Decision {
    let moment = ctx.run.moment();
    ctx.remember(&row.action.id, &moment);
    Decision::attempt(ActionState::unknown_since(moment.host.wall, moment.server), error)
}

/// Nothing reached ShipStation, or a look failed: later again.
fn try_again(ctx: Ctx<'_>, row: &ActionRow, error: &Error) -> Decision {
    let class = failure::retry_class(error);
    let wait = match class {
        // A run that finds other credentials tries it at once.
        RetryClass::Credentials => Duration::ZERO,
        _ if error.kind() == ErrorKind::Cancelled => Duration::ZERO,
        _ => {
            let (first, share) = ctx.backoff();
            retry_wait(first, row.attempts, class, error.retry_after(), share)
        }
    };
    let now = ctx.run.moment();
    if let Some(reason) = too_late(ctx, row, &now) {
        return Decision::close(reason);
    }
    let counts_attempt = !matches!(class, RetryClass::RateLimited | RetryClass::Credentials);
    Decision { state: ctx.waiting(wait, class), counts_attempt, error: Some(failure::describe(error)) }
}

/// The order was not found. It is gone if it was not found for so long that no read is as stale.
fn missing(ctx: Ctx<'_>, row: &ActionRow) -> Decision {
    if let ActionState::RetryWait { class: RetryClass::OrderMissing, server_since, .. } = row.state
        && ctx.event(&row.action.id, row.updated_at, server_since).is_over(GONE_AFTER, &ctx.run.moment())
    {
        return Decision::close(looks::gone(row));
    }
    let why = "ShipStation does not find the order: if it does not find it again, the action is closed";
    Decision::attempt(ctx.waiting(GONE_AFTER, RetryClass::OrderMissing), why)
}
