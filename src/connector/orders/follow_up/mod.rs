//! What remains to be done in ShipStation once an order is the host's: assign the user (`assign`), put on the tag
//! (`tag`). Each is done once; a person's later choice is never overwritten. This file finds what is due and records
//! what became of it.

mod assign;
mod tag;

use std::collections::{HashMap, HashSet};

use self::{assign::Assigner, tag::Tagger};
use super::{
    context::Context,
    recorder::Recorder,
    retry_wait::{self, due_at, is_misdated},
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ChannelUserId, RunEventKind,
        report::{FollowUpStatus, Tally},
        store::{OrderStoreExt, OrderWork, WorkKind, WorkOutcome, WorkResult},
    },
    client::{ActionResponse, Error, ErrorKind, Order, OrderId, Outcome},
    connector::{STORE_BATCH, clocks::FAR_FUTURE, failure, run::Stop, translate},
};

/// How many orders' users are remembered from the window, to save a look at each of them.
const MAX_SNAPSHOTS: usize = 2_000;
/// As many as are counted when a run leaves them to the next one.
const MAX_COUNTED: usize = 10_000;
/// So many exceptions in a row are not about single orders any more: the rest waits for the next run.
const MAX_EXCEPTIONS: u32 = 10;
/// After so many failures of ShipStation in a row the rest waits for the next run.
const MAX_FAILURES: u32 = 2;

/// A follow-up with the id that ShipStation knows the order by.
struct Task {
    follow_up: OrderWork,
    order: OrderId,
}

/// Whether what the setting names is there: asked once, when ShipStation first refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TargetStatus {
    NotAsked,
    There,
    Gone,
}

/// Orders with an open assignment, and the user that each shows once it was read.
#[derive(Debug, Default)]
pub(super) struct UserSnapshots(HashMap<ChannelOrderId, Option<UserSnapshot>>);

/// The user that an order has, if any.
type UserSnapshot = Option<ChannelUserId>;

impl UserSnapshots {
    /// Keeps the users of orders that were read: it saves a look at each of them later.
    pub(super) fn observe(&mut self, orders: &[Order]) {
        if self.0.is_empty() {
            return;
        }
        for order in orders {
            if let Some(snapshot) = self.0.get_mut(&translate::order_id(order.order_id)) {
                *snapshot = Some(translate::assigned_user(order));
            }
        }
    }

    fn of(&self, order: &ChannelOrderId) -> Option<&UserSnapshot> {
        self.0.get(order)?.as_ref()
    }
}

/// Reopens what a changed setting gives a new chance, and answers with the assignments that an earlier run left open: the
/// orders that are read will show which of them took effect.
pub(super) async fn prepare(ctx: &Context<'_>) -> Result<UserSnapshots, Stop> {
    if ctx.is_dry_run() {
        return Ok(UserSnapshots::default());
    }
    reopen(ctx, ctx.now()).await?;
    if ctx.settings().assign_user.is_none() {
        return Ok(UserSnapshots::default());
    }
    let open = ctx.store().due_follow_ups(ctx.connection(), due_at(ctx.now()), MAX_SNAPSHOTS).await?;
    let assignments = open.into_iter().filter(|task| task.kind == WorkKind::AssignUser);
    Ok(UserSnapshots(assignments.map(|task| (task.order, None)).collect()))
}

/// Executes every follow-up that is due when this begins.
pub(super) async fn execute(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    users: UserSnapshots,
) -> Result<(), Stop> {
    if ctx.is_dry_run() {
        return Ok(());
    }
    let due_at = due_at(ctx.now());
    match work_off(ctx, recorder, users, due_at).await {
        Err(stop @ (Stop::Interrupted(_) | Stop::Remote(_))) => {
            count_left(ctx, recorder, due_at).await?;
            Err(stop)
        }
        done => done,
    }
}

async fn work_off(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    users: UserSnapshots,
    due_at: Timestamp,
) -> Result<(), Stop> {
    let settings = ctx.settings();
    let mut workers = Workers {
        assigner: Assigner::new(settings.assign_user.clone(), users),
        tagger: Tagger::new(settings.acknowledgement_tag),
        failures_left: MAX_FAILURES,
    };
    if ctx.is_quick_look() {
        // What was tried may be on its way in another run.
        let mut fresh = ctx.store().due_follow_ups(ctx.connection(), due_at, STORE_BATCH).await?;
        fresh.retain(|task| task.attempts == 0 && !task.outcome_unknown);
        return workers.all(ctx, recorder, fresh).await;
    }
    let mut passed = HashSet::new();
    loop {
        ctx.run.checkpoint().await?;
        // What is tried and stays open is not due again before `due_at` is long over, so this ends.
        let due = ctx.store().due_follow_ups(ctx.connection(), due_at, STORE_BATCH).await?;
        let first = due.first().map(|task| (task.order.clone(), task.kind));
        if first.is_none() {
            break;
        }
        if !passed.insert(first) {
            recorder.warn("the order store gives settled follow-ups again: the rest waits for the next run");
            return Ok(());
        }
        workers.all(ctx, recorder, due).await?;
        if workers.failures_left == 0 {
            recorder.warn("ShipStation keeps failing: further users and tags wait for the next run");
            return count_left(ctx, recorder, due_at).await;
        }
    }
    let misdated = misdated(ctx, recorder).await?;
    workers.all(ctx, recorder, misdated).await
}

/// Those whose date is further ahead than the longest wait.
async fn misdated(ctx: &Context<'_>, recorder: &mut Recorder) -> Result<Vec<OrderWork>, Stop> {
    let now = ctx.now();
    let mut open = ctx.store().due_follow_ups(ctx.connection(), now + FAR_FUTURE, MAX_COUNTED).await?;
    open.retain(|task| is_misdated(task, now));
    recorder.warn_of_misdated(open.len(), "follow-up");
    Ok(open)
}

/// Who executes follow-ups in one run.
struct Workers {
    assigner: Assigner,
    tagger: Tagger,
    failures_left: u32,
}

impl Workers {
    async fn all(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        due: Vec<OrderWork>,
    ) -> Result<(), Stop> {
        let (assign, tag): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|task| task.kind == WorkKind::AssignUser);
        self.assigner.all(ctx, recorder, assign, &mut self.failures_left).await?;
        self.tagger.all(ctx, recorder, tag, &mut self.failures_left).await
    }
}

/// Counts what was due and has not been tried: what was tried is not due any more.
async fn count_left(ctx: &Context<'_>, recorder: &mut Recorder, due_at: Timestamp) -> Result<(), Stop> {
    let left = ctx.store().due_follow_ups(ctx.connection(), due_at, MAX_COUNTED).await?;
    for task in left {
        tally_of(recorder, task.kind).add(FollowUpStatus::Pending);
    }
    Ok(())
}

fn tally_of(recorder: &mut Recorder, kind: WorkKind) -> &mut Tally<FollowUpStatus> {
    let counts = &mut recorder.report.counts;
    match kind {
        WorkKind::AssignUser => &mut counts.users,
        _ => &mut counts.tags,
    }
}

/// Gives what failed for another value of its setting a new chance.
async fn reopen(ctx: &Context<'_>, now: Timestamp) -> Result<(), Stop> {
    let settings = ctx.settings();
    let wanted = [
        (WorkKind::AssignUser, settings.assign_user.as_ref().map(ToString::to_string)),
        (WorkKind::AddTag, settings.acknowledgement_tag.map(|tag| tag.to_string())),
    ];
    for (kind, wanted) in wanted {
        if let Some(wanted) = wanted {
            ctx.run.checkpoint().await?;
            ctx.store().reopen_work(&ctx.run.token, kind, &wanted, now).await?;
        }
    }
    Ok(())
}

/// Leaves out what cannot be an order of ShipStation's.
async fn with_ids(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    due: Vec<OrderWork>,
    wanted: &str,
) -> Result<Vec<Task>, Stop> {
    let mut tasks = Vec::new();
    let mut strangers = Vec::new();
    for follow_up in due {
        match translate::wire_order_id(&follow_up.order) {
            Some(order) => tasks.push(Task { follow_up, order }),
            None => {
                strangers.push(outcome(ctx, &follow_up, failed(wanted, "not an order id of ShipStation")));
            }
        }
    }
    settle(ctx, recorder, strangers).await?;
    Ok(tasks)
}

/// Closes follow-ups whose setting was cleared.
async fn no_longer_required(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    due: &[OrderWork],
) -> Result<(), Stop> {
    let outcomes = due.iter().map(|task| outcome(ctx, task, WorkResult::NoLongerRequired)).collect();
    settle(ctx, recorder, outcomes).await
}

/// Whether one of the orders may be at fault: ShipStation refused the request, or failed on it with an exception.
fn may_be_the_order(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid)
}

/// Whether ShipStation itself has decided against the request, so that sending it again unchanged is pointless.
fn is_refusal(error: &Error) -> bool {
    may_be_the_order(error) && error.outcome() == Outcome::Answered
}

/// It is tried again later, after a wait that grows with each attempt.
fn pending(ctx: &Context<'_>, task: &OrderWork, error: &Error) -> WorkResult {
    WorkResult::Pending {
        next_attempt: ctx.now()
            + retry_wait::at_least(task.attempts, error.retry_after().unwrap_or_default()),
        outcome_unknown: error.outcome() == Outcome::Unknown,
        error: failure::describe(error),
    }
}

/// What an answer proves. One without a body does not say that it was done, since ShipStation refuses under HTTP 200 as well: what
/// became of it is looked at later.
fn answered(ctx: &Context<'_>, task: &OrderWork, answer: &ActionResponse) -> WorkResult {
    if answer.success.is_some() {
        return WorkResult::Done;
    }
    WorkResult::Pending {
        next_attempt: ctx.now() + retry_wait::wait(task.attempts),
        outcome_unknown: true,
        error: "ShipStation's answer is empty: whether it was done is not known".to_owned(),
    }
}

/// Leaves all of them for later.
async fn settle_pending(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    tasks: &[Task],
    error: &Error,
) -> Result<(), Stop> {
    let outcomes = tasks
        .iter()
        .map(|task| outcome(ctx, &task.follow_up, pending(ctx, &task.follow_up, error)))
        .collect();
    settle(ctx, recorder, outcomes).await
}

fn failed(wanted: &str, error: &str) -> WorkResult {
    WorkResult::Failed { wanted: wanted.to_owned(), error: error.to_owned() }
}

fn outcome(ctx: &Context<'_>, task: &OrderWork, result: WorkResult) -> WorkOutcome {
    WorkOutcome::new(task.order.clone(), task.kind, result, ctx.now())
}

/// Records the same outcome for all of them.
async fn settle_all(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    tasks: &[Task],
    result: &WorkResult,
) -> Result<(), Stop> {
    let outcomes = tasks.iter().map(|task| outcome(ctx, &task.follow_up, result.clone())).collect();
    settle(ctx, recorder, outcomes).await
}

/// Records outcomes and counts them.
async fn settle(ctx: &Context<'_>, recorder: &mut Recorder, outcomes: Vec<WorkOutcome>) -> Result<(), Stop> {
    if outcomes.is_empty() {
        return Ok(());
    }
    recorder.writes();
    ctx.store().record_work(&ctx.run.token, &outcomes).await?;
    for outcome in &outcomes {
        tally(ctx, recorder, outcome);
    }
    Ok(())
}

fn tally(ctx: &Context<'_>, recorder: &mut Recorder, outcome: &WorkOutcome) {
    let status = match &outcome.result {
        WorkResult::Done => FollowUpStatus::Done,
        WorkResult::OverriddenByPerson => FollowUpStatus::Overridden,
        WorkResult::Pending { .. } => FollowUpStatus::Pending,
        WorkResult::Failed { .. } => FollowUpStatus::Failed,
        _ => return,
    };
    tally_of(recorder, outcome.kind).add(status);
    ctx.run.event(RunEventKind::FollowUp { order: &outcome.order, kind: outcome.kind, status });
}
