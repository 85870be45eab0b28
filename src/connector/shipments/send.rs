//! Sending: the intent is durable, then one request leaves, then its outcome is recorded. Nothing is sent twice
//! without a look.

use super::{
    Ctx, Decision, LookupResult, Parcel, Recorder, RowOutcome, Stop,
    decision::{MISSING, look_again, missing_once, try_again},
    lookup::look_up,
    parcel::carrier_code,
};
use crate::{
    Timestamp,
    channel::{
        BlockReason, NotificationStatus, RetryClass, ShipmentState,
        store::{BeginSendOutcome, SendIntent},
    },
    client::{Error, ErrorKind, MarkedAsShipped, Outcome, PacificDate, ShipStation},
    connector::{failure, settings::Confirm},
};

/// Sends a parcel that may be sent, and records what came of it.
pub(super) async fn send(
    recorder: &mut Recorder<'_>,
    parcel: &Parcel,
    created_at: Option<Timestamp>,
) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    if ctx.run.is_dry_run() {
        ctx.run.checkpoint().await?;
        return recorder.apply(would_send(ctx, parcel)).await;
    }
    // The turn is waited for before the row says that a request may be on its way.
    let client = match acquire_permit(ctx).await {
        Ok(client) => client,
        // The turn came too late in the lease.
        Err(Stop::Remote(error)) if error.kind() == ErrorKind::RateLimited => {
            recorder.apply(try_again(ctx, parcel, &error)).await?;
            return recorder.failures.add(error);
        }
        Err(stop) => return Err(stop),
    };
    let moment = ctx.run.moment();
    let (ship_date, warning) = parcel.ship_date(created_at, &moment);
    let attempt = parcel.row.attempts.saturating_add(1);
    let intent = SendIntent::new(parcel.row.id(), attempt, moment.host.wall);
    let intent = intent.server_time(moment.server);
    let why_not = match recorder.begin_send(&intent, &moment).await? {
        BeginSendOutcome::Granted => None,
        BeginSendOutcome::NotDue => Some("it was changed while it was being planned"),
        BeginSendOutcome::OrderBusy => Some("another shipment of the order is under way"),
    };
    if let Some(why) = why_not {
        let decision = not_sent(ctx, parcel, why).await?;
        return recorder.apply(decision).await;
    }
    recorder.warnings.extend(uncounted(parcel).into_iter().chain(warning));
    // From here to the record nothing asks whether to stop: only a crash comes between the two.
    let answer = mark(ctx, &client, parcel, ship_date).await;
    let (decision, then) = judge(recorder, parcel, answer).await;
    recorder.apply(decision).await?;
    then
}

/// Waits for the rate limit and gives a client that may send at once. Its request leaves early enough in the lease: one
/// that waited longer could arrive after another run has looked for it in vain.
async fn acquire_permit(ctx: Ctx<'_>) -> Result<ShipStation, Stop> {
    ctx.run.checkpoint().await?;
    let permit = ctx.run.writer().permit().await?;
    ctx.run.checkpoint().await?;
    Ok(ctx.run.writer().with_permit(permit))
}

/// Nothing has left. What was corrected is closed: a newer revision that names another order is planned with that one only.
async fn not_sent(ctx: Ctx<'_>, parcel: &Parcel, why: &str) -> Result<Decision, Stop> {
    let mut decision = Decision::default();
    let of_order = ctx.order_progress(&parcel.row.shipment.order).await?.rows;
    for row in of_order.iter().filter(|row| !row.state.is_closed() && !row.state.is_outcome_unknown()) {
        if let Some(state) = ctx.superseded_by_revision(row).await? {
            decision.step(row, state);
        } else if parcel.rows().any(|planned| planned.id() == row.id()) {
            decision.note(row, why);
        }
    }
    Ok(decision)
}

fn would_send(ctx: Ctx<'_>, parcel: &Parcel) -> Decision {
    let mut decision = Decision::of(&parcel.row, RowOutcome::WouldBeSent);
    decision.warnings.extend(uncounted(parcel));
    decision.close_covered(ctx.settings().partial, parcel, parcel.tracking.as_slice());
    decision
}

/// Whether an order is complete is counted on its import; without one, a part stands for the whole.
fn uncounted(parcel: &Parcel) -> Option<String> {
    parcel.is_uncounted.then(|| {
        format!(
            "order {} was not imported here: whether {} completes it is not known, and it is marked shipped as a whole",
            parcel.order,
            parcel.row.id()
        )
    })
}

async fn mark(
    ctx: Ctx<'_>,
    client: &ShipStation,
    parcel: &Parcel,
    ship_date: PacificDate,
) -> Result<MarkedAsShipped, Error> {
    let settings = ctx.settings();
    let mut request = client
        .orders()
        .mark_as_shipped(parcel.order, &parcel.carrier_code)
        .ship_date(ship_date)
        .notify_customer(settings.notify_customer)
        .notify_sales_channel(settings.notify_sales_channel);
    if let Some(tracking) = &parcel.tracking {
        request = request.tracking_number(tracking);
    }
    request.send().await
}

/// What an answer means for the rows of its parcel, and whether the run goes on once that is recorded.
async fn judge(
    recorder: &mut Recorder<'_>,
    parcel: &Parcel,
    answer: Result<MarkedAsShipped, Error>,
) -> (Decision, Result<(), Stop>) {
    let Recorder { ctx, failures, .. } = recorder;
    let error = match answer {
        Ok(marked) if marked.order_id == parcel.order => {
            failures.reset();
            return (accepted(ctx, parcel), Ok(()));
        }
        Ok(_) => return (unknown(ctx, parcel, "ShipStation answered for another order"), Ok(())),
        Err(error) => error,
    };
    match error.outcome() {
        Outcome::Unknown => {
            // An exception of ShipStation's is a refusal most likely: its words are what a person needs.
            let refused = error.kind() == ErrorKind::Invalid;
            let message = if refused { failure::vendor_message(&error) } else { failure::describe(&error) };
            (unknown(ctx, parcel, message), failures.add(error))
        }
        Outcome::NotSent => (try_again(ctx, parcel, &error), failures.add(error)),
        Outcome::Answered => {
            failures.reset();
            refused(ctx, parcel, error).await
        }
    }
}

fn accepted(ctx: Ctx<'_>, parcel: &Parcel) -> Decision {
    let mut decision = sent(ctx, parcel);
    if ctx.settings().confirm == Confirm::TrustAnswer {
        let notification = NotificationStatus::Unknown;
        let state = ShipmentState::Confirmed { record: None, notification, already_there: false };
        decision.step(&parcel.row, state);
    }
    decision.close_covered(ctx.settings().partial, parcel, parcel.tracking.as_slice());
    decision
}

fn sent(ctx: Ctx<'_>, parcel: &Parcel) -> Decision {
    // Its record is looked for by ShipStation's clock.
    let state = ShipmentState::Sent { at: ctx.run.moment().server_or_host() };
    Decision::of(&parcel.row, RowOutcome::Step { state, counts_attempt: true, error: None })
}

fn unknown(ctx: Ctx<'_>, parcel: &Parcel, error: impl Into<String>) -> Decision {
    let moment = ctx.run.moment();
    ctx.remember(&parcel.row.id(), &moment);
    Decision::postpone(parcel, ShipmentState::unknown_since(moment.host.wall, moment.server), true, error)
}

/// ShipStation decided, and said no.
async fn refused(ctx: Ctx<'_>, parcel: &Parcel, error: Error) -> (Decision, Result<(), Stop>) {
    if failure::is_about_credentials(&error) {
        return (try_again(ctx, parcel, &error), Err(error.into()));
    }
    if error.kind() == ErrorKind::NotFound {
        return (look_again(ctx, parcel, RetryClass::OrderMissing, MISSING), Ok(()));
    }
    let message = failure::vendor_message(&error);
    // It may refuse what it has done already: one look shows it.
    let now = ctx.run.moment();
    let refused_at = ctx.event(&parcel.row.id(), now.host.wall, now.server);
    let found = match look_up(ctx, &parcel.row, parcel.order, &refused_at).await {
        Ok(found) => found,
        Err(Stop::Remote(error)) if !failure::ends_the_run(&error) => {
            LookupResult::Failed(failure::describe(&error))
        }
        Err(stop) => return (unknown(ctx, parcel, message), Err(stop)),
    };
    let decision = match found {
        LookupResult::Ours(state, tracking) => {
            let mut decision = sent(ctx, parcel);
            decision.step(&parcel.row, state);
            decision.close_covered(ctx.settings().partial, parcel, &[tracking]);
            decision
        }
        LookupResult::Nothing => block_refused(ctx, parcel, &error, &message),
        LookupResult::Never(reason) => Decision::steps(parcel.rows(), &ShipmentState::Failed { reason }),
        LookupResult::Missing | LookupResult::MissingAgain => missing_once(ctx, parcel, true),
        LookupResult::ShippedSomehow | LookupResult::Inconclusive(_) | LookupResult::Failed(_) => {
            unknown(ctx, parcel, message)
        }
    };
    (decision, Ok(()))
}

/// Nothing of ours is on the order, and ShipStation will refuse the same request again.
fn block_refused(ctx: Ctx<'_>, parcel: &Parcel, error: &Error, message: &str) -> Decision {
    let about_carrier = error.message().is_some_and(|message| message.to_lowercase().contains("carrier"));
    let mut decision = Decision::default();
    for row in parcel.rows() {
        let code = carrier_code(&ctx.carriers, ctx.settings(), &row.shipment).ok();
        let message = message.to_owned();
        let reason = match code.filter(|code| about_carrier && *code == parcel.carrier_code) {
            Some(code) => BlockReason::RefusedCarrier { code, message },
            None => BlockReason::Refused { message },
        };
        // The attempt is counted for the row that was sent; the rows that it covers are blocked with it.
        let (state, counts_attempt) = (ShipmentState::Blocked { reason }, row.id() == parcel.row.id());
        decision.outcomes.push((row.id(), RowOutcome::Step { state, counts_attempt, error: None }));
    }
    decision
}
