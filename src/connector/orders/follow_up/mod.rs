//! What remains to be done in ShipStation once an order is the host's: assign the user (`assign`), put on the tag
//! (`tag`). Each is done once; a person's later choice is never overwritten. This file finds what is due and records
//! what became of it.

mod assign;
mod tag;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use self::{assign::Assigner, tag::Tagger};
use super::{
    context::Context,
    recorder::Recorder,
    retry_wait::{self, due_at, is_misdated},
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, ChannelUserId, Finding, RunEventKind,
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

/// Whether what a setting names is there: asked once, when ShipStation first refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TargetStatus {
    NotAsked,
    There,
    Gone,
}

impl TargetStatus {
    /// Finds out, once, whether it is the value of this setting that ShipStation refuses.
    async fn ask(
        &mut self,
        recorder: &mut Recorder<'_>,
        setting: &str,
        findings: impl Future<Output = Result<Vec<Finding>, Error>>,
    ) -> Result<(), Error> {
        if *self != Self::NotAsked {
            return Ok(());
        }
        let gone = findings.await?.into_iter().find(|finding| finding.subject == setting);
        *self = if gone.is_some() { Self::Gone } else { Self::There };
        if let Some(finding) = gone {
            recorder.warn(finding.to_string());
        }
        Ok(())
    }
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
    if ctx.run.is_dry_run() {
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
pub(super) async fn execute(recorder: &mut Recorder<'_>, users: &UserSnapshots) -> Result<(), Stop> {
    if recorder.ctx.run.is_dry_run() {
        return Ok(());
    }
    let due_at = due_at(recorder.ctx.now());
    match work_off(recorder, users, due_at).await {
        Err(stop @ (Stop::Interrupted(_) | Stop::Remote(_))) => {
            count_left(recorder, due_at).await?;
            Err(stop)
        }
        done => done,
    }
}

async fn work_off(recorder: &mut Recorder<'_>, users: &UserSnapshots, due_at: Timestamp) -> Result<(), Stop> {
    let ctx = recorder.ctx;
    let mut workers = Workers {
        users,
        assigner: ctx.settings().assign_user.clone().map(Assigner::new),
        tagger: ctx.settings().acknowledgement_tag.map(Tagger::new),
        failures_left: MAX_FAILURES,
    };
    if ctx.is_quick_look() {
        // What was tried may be on its way in another run.
        let mut fresh = ctx.store().due_follow_ups(ctx.connection(), due_at, STORE_BATCH).await?;
        fresh.retain(|task| task.attempts == 0 && !task.outcome_unknown);
        return workers.all(recorder, fresh).await;
    }
    let mut passed = HashSet::new();
    loop {
        ctx.run.checkpoint().await?;
        // What is tried and stays open is not due again before `due_at` is long over, so this ends.
        let due = ctx.store().due_follow_ups(ctx.connection(), due_at, STORE_BATCH).await?;
        let Some(first) = due.first() else { break };
        if !passed.insert((first.order.clone(), first.kind)) {
            recorder.warn("the order store gives settled follow-ups again: the rest waits for the next run");
            return Ok(());
        }
        workers.all(recorder, due).await?;
        if workers.failures_left == 0 {
            recorder.warn("ShipStation keeps failing: further users and tags wait for the next run");
            return count_left(recorder, due_at).await;
        }
    }
    let misdated = misdated(recorder).await?;
    workers.all(recorder, misdated).await
}

/// Those whose date is further ahead than the longest wait.
async fn misdated(recorder: &mut Recorder<'_>) -> Result<Vec<OrderWork>, Stop> {
    let ctx = recorder.ctx;
    let now = ctx.now();
    let mut open = ctx.store().due_follow_ups(ctx.connection(), now + FAR_FUTURE, MAX_COUNTED).await?;
    open.retain(|task| is_misdated(task, now));
    recorder.warn_of_misdated(open.len(), "follow-up");
    Ok(open)
}

/// Who executes follow-ups in one run; nobody does where the setting was cleared.
struct Workers<'u> {
    users: &'u UserSnapshots,
    assigner: Option<Assigner>,
    tagger: Option<Tagger>,
    failures_left: u32,
}

impl Workers<'_> {
    async fn all(&mut self, recorder: &mut Recorder<'_>, due: Vec<OrderWork>) -> Result<(), Stop> {
        let Self { users, assigner, tagger, failures_left } = self;
        let (assign, tag): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|task| task.kind == WorkKind::AssignUser);
        match assigner {
            Some(assigner) => assigner.all(recorder, users, assign, failures_left).await?,
            None => no_longer_required(recorder, &assign).await?,
        }
        match tagger {
            Some(tagger) => tagger.all(recorder, tag, failures_left).await,
            None => no_longer_required(recorder, &tag).await,
        }
    }
}

/// Counts what was due and has not been tried: what was tried is not due any more.
async fn count_left(recorder: &mut Recorder<'_>, due_at: Timestamp) -> Result<(), Stop> {
    let left = recorder.ctx.store().due_follow_ups(recorder.ctx.connection(), due_at, MAX_COUNTED).await?;
    for task in left {
        tally_of(recorder, task.kind).add(FollowUpStatus::Pending);
    }
    Ok(())
}

fn tally_of<'i>(recorder: &'i mut Recorder<'_>, kind: WorkKind) -> &'i mut Tally<FollowUpStatus> {
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
async fn with_ids(recorder: &mut Recorder<'_>, due: Vec<OrderWork>, wanted: &str) -> Result<Vec<Task>, Stop> {
    let mut tasks = Vec::new();
    let mut strangers = Vec::new();
    for follow_up in due {
        if let Some(order) = translate::wire_order_id(&follow_up.order) {
            tasks.push(Task { follow_up, order });
        } else {
            let result = failed(wanted, "not an order id of ShipStation");
            strangers.push(outcome(recorder.ctx, &follow_up, result));
        }
    }
    settle(recorder, strangers).await?;
    Ok(tasks)
}

/// Closes follow-ups whose setting was cleared.
async fn no_longer_required(recorder: &mut Recorder<'_>, due: &[OrderWork]) -> Result<(), Stop> {
    let close = |task| outcome(recorder.ctx, task, WorkResult::NoLongerRequired);
    let outcomes = due.iter().map(close).collect();
    settle(recorder, outcomes).await
}

/// Whether one of the orders may be at fault: ShipStation refused the request, or failed on it with an exception.
fn may_be_the_order(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid)
}

/// Whether ShipStation itself has decided against the request, so that sending it again unchanged is pointless.
fn is_refusal(error: &Error) -> bool {
    may_be_the_order(error) && error.outcome() == Outcome::Answered
}

/// It is tried again later, after a wait that grows with each attempt and is no shorter than what ShipStation asks for.
fn postponed(
    ctx: &Context<'_>,
    task: &OrderWork,
    asked: Option<Duration>,
    outcome_unknown: bool,
    error: String,
) -> WorkResult {
    let next_attempt = ctx.now() + retry_wait::at_least(task.attempts, asked.unwrap_or_default());
    WorkResult::Pending { next_attempt, outcome_unknown, error }
}

fn pending(ctx: &Context<'_>, task: &OrderWork, error: &Error) -> WorkResult {
    let is_unknown = error.outcome() == Outcome::Unknown;
    postponed(ctx, task, error.retry_after(), is_unknown, failure::describe(error))
}

/// What an answer proves. One without a body does not say that it was done, since ShipStation refuses under HTTP 200 as well: what
/// became of it is looked at later.
fn answered(ctx: &Context<'_>, task: &OrderWork, answer: &ActionResponse) -> WorkResult {
    if answer.success.is_some() {
        return WorkResult::Done;
    }
    let error = "ShipStation's answer is empty: whether it was done is not known";
    postponed(ctx, task, None, true, error.to_owned())
}

fn failed(wanted: &str, error: &str) -> WorkResult {
    WorkResult::Failed { wanted: wanted.to_owned(), error: error.to_owned() }
}

fn outcome(ctx: &Context<'_>, task: &OrderWork, result: WorkResult) -> WorkOutcome {
    WorkOutcome::new(task.order.clone(), task.kind, result, ctx.now())
}

/// Records what became of each of them.
async fn settle_all(
    recorder: &mut Recorder<'_>,
    tasks: &[Task],
    result: impl Fn(&OrderWork) -> WorkResult,
) -> Result<(), Stop> {
    let outcomes = tasks.iter().map(|task| outcome(recorder.ctx, &task.follow_up, result(&task.follow_up)));
    let outcomes = outcomes.collect();
    settle(recorder, outcomes).await
}

/// Records outcomes and counts them.
async fn settle(recorder: &mut Recorder<'_>, outcomes: Vec<WorkOutcome>) -> Result<(), Stop> {
    if outcomes.is_empty() {
        return Ok(());
    }
    recorder.writes();
    recorder.ctx.store().record_work(&recorder.ctx.run.token, &outcomes).await?;
    for WorkOutcome { order, kind, result, .. } in outcomes {
        let status = match result {
            WorkResult::Done => FollowUpStatus::Done,
            WorkResult::OverriddenByPerson => FollowUpStatus::Overridden,
            WorkResult::Pending { .. } => FollowUpStatus::Pending,
            WorkResult::Failed { .. } => FollowUpStatus::Failed,
            _ => continue,
        };
        tally_of(recorder, kind).add(status);
        recorder.ctx.run.event(RunEventKind::FollowUp { order: &order, kind, status });
    }
    Ok(())
}
