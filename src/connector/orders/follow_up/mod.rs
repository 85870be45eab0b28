//! What remains to be done in ShipStation once an order is the host's: assign the user (`assign`), put on the tag
//! (`tag`). Each is done once; a person's later choice is never overwritten. This file finds what is due and records
//! what became of it.

mod assign;
mod tag;

use std::{collections::HashSet, time::Duration};

use self::{assign::Assigner, tag::Tagger};
use super::{
    import::{Import, Seen},
    ledger::{self, FOR_EVER, LONGEST_WAIT},
};
use crate::{
    Timestamp,
    channel::{
        RunEvent,
        store::{FollowUp, FollowUpKind, FollowUpOutcome, FollowUpResult},
        wording::count_of,
    },
    client::{Error, ErrorKind, OrderId, Outcome},
    connector::{PAGE, clocks::TOLERATED_SKEW, count, failure, run::Stop, translate},
};

/// How many orders' users are remembered from the window, to save a look at each of them.
const REMEMBERED: usize = 2_000;
/// As many as are counted when a run leaves them to the next one.
const COUNTED: usize = 10_000;
/// So many exceptions in a row are not about single orders any more: the rest waits for the next run.
const MOST_EXCEPTIONS: u32 = 10;
/// After so many failures of ShipStation in a row the rest waits for the next run.
const PATIENCE: u32 = 2;

/// A follow-up with the id that ShipStation knows the order by.
struct Task {
    follow_up: FollowUp,
    order: OrderId,
}

/// Whether what the setting names is there: asked once, when ShipStation first refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    NotAsked,
    There,
    Gone,
}

/// Reopens what a changed setting gives a new chance, and remembers the assignments that an earlier run left open: the
/// window will show which of them took effect.
pub(super) async fn prepare(import: &mut Import<'_>) -> Result<(), Stop> {
    let channel = import.run.channel;
    if import.run.control.dry_run {
        return Ok(());
    }
    let now = import.now();
    reopen(import, now).await?;
    if channel.settings.orders.assign_user.is_none() {
        return Ok(());
    }
    let due = due_at(import);
    let open = channel.stores.orders.open_follow_ups(&channel.connection, due, REMEMBERED).await?;
    let assignments = open.into_iter().filter(|task| task.kind == FollowUpKind::AssignUser);
    import.awaiting = assignments.map(|task| (task.order, Seen::No)).collect();
    Ok(())
}

/// Executes every follow-up that is due when this begins.
pub(super) async fn execute(import: &mut Import<'_>) -> Result<(), Stop> {
    if import.run.control.dry_run {
        return Ok(());
    }
    let due_at = due_at(import);
    match work_off(import, due_at).await {
        Err(stop @ (Stop::Interrupted(_) | Stop::Remote(_))) => {
            count_left(import, due_at).await?;
            Err(stop)
        }
        done => done,
    }
}

/// Up to when follow-ups are due: ShipStation's time counts whole seconds.
fn due_at(import: &Import<'_>) -> Timestamp {
    import.now() + Duration::from_secs(2)
}

async fn work_off(import: &mut Import<'_>, due_at: Timestamp) -> Result<(), Stop> {
    let channel = import.run.channel;
    let settings = &channel.settings.orders;
    let mut workers = Workers {
        assigner: Assigner::new(settings.assign_user.clone()),
        tagger: Tagger::new(settings.acknowledgement_tag),
        patience: PATIENCE,
    };
    let mut passed = HashSet::new();
    loop {
        import.run.go_on().await?;
        // What is tried and stays open is not due again before `due_at` is long over, so this ends.
        let due = channel.stores.orders.open_follow_ups(&channel.connection, due_at, PAGE).await?;
        let first = due.first().map(|task| (task.order.clone(), task.kind));
        if first.is_none() {
            break;
        }
        if !passed.insert(first) {
            import
                .run
                .warn("the order store gives settled follow-ups again: the rest waits for the next run");
            return Ok(());
        }
        workers.all(import, due).await?;
        if workers.patience == 0 {
            import.run.warn("ShipStation keeps failing: further users and tags wait for the next run");
            return count_left(import, due_at).await;
        }
    }
    let misdated = misdated(import).await?;
    workers.all(import, misdated).await
}

/// Those that are to wait longer than any wait is: the clock was wrong when that was written down.
async fn misdated(import: &mut Import<'_>) -> Result<Vec<FollowUp>, Stop> {
    let channel = import.run.channel;
    let open = |until| channel.stores.orders.open_follow_ups(&channel.connection, until, COUNTED);
    let now = import.now();
    let mut misdated = open(now + FOR_EVER).await?;
    if misdated.is_empty() {
        return Ok(misdated);
    }
    let possible = open(now + LONGEST_WAIT + TOLERATED_SKEW).await?;
    let possible: HashSet<_> = possible.iter().map(|task| (&task.order, task.kind)).collect();
    misdated.retain(|task| !possible.contains(&(&task.order, task.kind)));
    if !misdated.is_empty() {
        let tasks = count_of(count(misdated.len()), "follow-up");
        import.run.warn(format!("{tasks} had a date further ahead than the longest wait, from a clock that was wrong: taken as due"));
    }
    Ok(misdated)
}

/// Who executes follow-ups in one run.
struct Workers {
    assigner: Assigner,
    tagger: Tagger,
    patience: u32,
}

impl Workers {
    async fn all(&mut self, import: &mut Import<'_>, due: Vec<FollowUp>) -> Result<(), Stop> {
        let (assign, tag): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|task| task.kind == FollowUpKind::AssignUser);
        self.assigner.all(import, assign, &mut self.patience).await?;
        self.tagger.all(import, tag, &mut self.patience).await
    }
}

/// Counts what was due and has not been tried: what was tried is not due any more.
async fn count_left(import: &mut Import<'_>, due_at: Timestamp) -> Result<(), Stop> {
    let channel = import.run.channel;
    let left = channel.stores.orders.open_follow_ups(&channel.connection, due_at, COUNTED).await?;
    for task in left {
        *pending_of(import, task.kind) += 1;
    }
    Ok(())
}

fn pending_of<'i>(import: &'i mut Import<'_>, kind: FollowUpKind) -> &'i mut u64 {
    let counts = &mut import.report.counts;
    match kind {
        FollowUpKind::AssignUser => &mut counts.assign_pending,
        FollowUpKind::AddTag => &mut counts.tag_pending,
    }
}

/// Gives what failed for another value of its setting a new chance.
async fn reopen(import: &Import<'_>, now: Timestamp) -> Result<(), Stop> {
    let channel = import.run.channel;
    let settings = &channel.settings.orders;
    let wanted = [
        (FollowUpKind::AssignUser, settings.assign_user.as_ref().map(ToString::to_string)),
        (FollowUpKind::AddTag, settings.acknowledgement_tag.map(|tag| tag.to_string())),
    ];
    for (kind, wanted) in wanted {
        if let Some(wanted) = wanted {
            channel.stores.orders.reopen_follow_ups(&import.run.token, kind, &wanted, now).await?;
        }
    }
    Ok(())
}

/// Leaves out what cannot be an order of ShipStation's.
async fn with_ids(import: &mut Import<'_>, due: Vec<FollowUp>, wanted: &str) -> Result<Vec<Task>, Stop> {
    let mut tasks = Vec::new();
    let mut strangers = Vec::new();
    for follow_up in due {
        match translate::wire_order_id(&follow_up.order) {
            Some(order) => tasks.push(Task { follow_up, order }),
            None => strangers.push(outcome(&follow_up, failed(wanted, "not an order id of ShipStation"))),
        }
    }
    settle(import, strangers).await?;
    Ok(tasks)
}

/// Closes follow-ups whose setting was cleared.
async fn no_longer_required(import: &mut Import<'_>, due: &[FollowUp]) -> Result<(), Stop> {
    let outcomes = due.iter().map(|task| outcome(task, FollowUpResult::NoLongerRequired)).collect();
    settle(import, outcomes).await
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
fn pending(import: &Import<'_>, task: &FollowUp, error: &Error) -> FollowUpResult {
    let asked = error.retry_after().unwrap_or_default().min(LONGEST_WAIT);
    FollowUpResult::Pending {
        next_attempt: import.now() + ledger::wait(task.attempts).max(asked),
        outcome_unknown: error.outcome() == Outcome::Unknown,
        error: failure::describe(error),
    }
}

/// Leaves all of them for later.
async fn settle_pending(import: &mut Import<'_>, tasks: &[Task], error: &Error) -> Result<(), Stop> {
    let outcomes =
        tasks.iter().map(|task| outcome(&task.follow_up, pending(import, &task.follow_up, error))).collect();
    settle(import, outcomes).await
}

fn failed(wanted: &str, error: &str) -> FollowUpResult {
    FollowUpResult::Failed { wanted: wanted.to_owned(), error: error.to_owned() }
}

fn outcome(task: &FollowUp, result: FollowUpResult) -> FollowUpOutcome {
    FollowUpOutcome::new(task.order.clone(), task.kind, result)
}

/// Records the same outcome for all of them.
async fn settle_all(import: &mut Import<'_>, tasks: &[Task], result: &FollowUpResult) -> Result<(), Stop> {
    let outcomes = tasks.iter().map(|task| outcome(&task.follow_up, result.clone())).collect();
    settle(import, outcomes).await
}

/// Records outcomes and counts them.
async fn settle(import: &mut Import<'_>, outcomes: Vec<FollowUpOutcome>) -> Result<(), Stop> {
    if outcomes.is_empty() {
        return Ok(());
    }
    import.touched = true;
    import.run.channel.stores.orders.settle_follow_ups(&import.run.token, &outcomes).await?;
    for outcome in &outcomes {
        tally(import, outcome);
    }
    Ok(())
}

fn tally(import: &mut Import<'_>, outcome: &FollowUpOutcome) {
    let counts = &mut import.report.counts;
    let word = match (&outcome.result, outcome.kind) {
        (FollowUpResult::Done, FollowUpKind::AddTag) => {
            counts.tagged += 1;
            "tagged"
        }
        (FollowUpResult::Done, _) => {
            counts.assigned += 1;
            "assigned"
        }
        (FollowUpResult::OverriddenByPerson, _) => {
            counts.overridden += 1;
            "overridden_by_person"
        }
        (FollowUpResult::Pending { .. }, kind) => {
            *pending_of(import, kind) += 1;
            "follow_up_pending"
        }
        (FollowUpResult::Failed { .. }, FollowUpKind::AddTag) => {
            counts.tag_failed += 1;
            "follow_up_failed"
        }
        (FollowUpResult::Failed { .. }, _) => {
            counts.assign_failed += 1;
            "follow_up_failed"
        }
        _ => return,
    };
    import.run.event(&RunEvent::ItemDone { id: outcome.order.as_str(), outcome: word });
}
