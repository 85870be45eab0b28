//! Assigning the configured user, a hundred orders a call. ShipStation assigns all or none, so a batch that one
//! order spoils is halved until that order stands alone.

use super::{
    MAX_EXCEPTIONS, TargetStatus, Task, UserSnapshots, answered, failed, is_refusal, may_be_the_order,
    no_longer_required, outcome, pending, settle, settle_all, settle_pending, with_ids,
};
use crate::{
    channel::{
        ChannelUserId,
        store::{OrderWork, WorkResult},
    },
    client::{Error, ErrorKind, OrderId, UserId},
    connector::{
        check, failure, lookup,
        orders::{context::Context, recorder::Recorder, retry_wait},
        run::Stop,
        translate,
    },
};

/// ShipStation names no limit; a hundred at a time is modest.
const ORDERS_PER_ASSIGN: usize = 100;

/// The assignments of one run.
pub(super) struct Assigner {
    user: Option<UserId>,
    target: TargetStatus,
    users: UserSnapshots,
}

impl Assigner {
    pub(super) fn new(user: Option<UserId>, users: UserSnapshots) -> Self {
        Self { user, target: TargetStatus::NotAsked, users }
    }

    /// Assigns the user to all of them, until ShipStation has failed too often in a row.
    pub(super) async fn all(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        due: Vec<OrderWork>,
        failures_left: &mut u32,
    ) -> Result<(), Stop> {
        let Some(user) = self.user.clone() else { return no_longer_required(ctx, recorder, &due).await };
        let tasks = with_ids(ctx, recorder, due, user.as_str()).await?;
        let mut ready = look_first(ctx, recorder, &self.users, tasks, &user).await?;
        while !ready.is_empty() && *failures_left > 0 {
            ctx.run.checkpoint().await?;
            let rest = ready.split_off(ready.len().min(ORDERS_PER_ASSIGN));
            self.batch(ctx, recorder, ready, &user, failures_left).await?;
            ready = rest;
        }
        Ok(())
    }

    async fn batch(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        tasks: Vec<Task>,
        user: &UserId,
        failures_left: &mut u32,
    ) -> Result<(), Stop> {
        let attempting = WorkResult::Attempting { wanted: user.as_str().to_owned() };
        settle_all(ctx, recorder, &tasks, &attempting).await?;
        let mut batches = vec![tasks];
        let mut exceptions = 0;
        while let Some(mut batch) = batches.pop() {
            if self.target == TargetStatus::Gone {
                let words = "the user is unknown or inactive: set another one";
                settle_all(ctx, recorder, &batch, &failed(user.as_str(), words)).await?;
                continue;
            }
            let ids: Vec<OrderId> = batch.iter().map(|task| task.order).collect();
            let error = match ctx.run.writer().orders().assign_user(&ids, user).await {
                Ok(answer) => {
                    *failures_left = super::MAX_FAILURES;
                    exceptions = 0;
                    let result = |task: &Task| answered(ctx, &task.follow_up, &answer);
                    let outcomes =
                        batch.iter().map(|task| outcome(ctx, &task.follow_up, result(task))).collect();
                    settle(ctx, recorder, outcomes).await?;
                    continue;
                }
                Err(error) => error,
            };
            exceptions = if is_refusal(&error) { 0 } else { exceptions + 1 };
            if !may_be_the_order(&error) || exceptions > MAX_EXCEPTIONS {
                *failures_left = if may_be_the_order(&error) { 0 } else { failures_left.saturating_sub(1) };
                settle_pending(ctx, recorder, &batch, &error).await?;
                if failure::ends_the_run(&error) {
                    return Err(error.into());
                }
                continue;
            }
            self.ask_for_the_user(ctx, recorder, &batch).await?;
            if self.target == TargetStatus::Gone || batch.len() > 1 {
                let second = batch.split_off(batch.len() / 2);
                batches.extend([second, batch].into_iter().filter(|half| !half.is_empty()));
            } else {
                self.spoiled(ctx, recorder, &batch, user, &error).await?;
            }
        }
        Ok(())
    }

    /// Finds out, once, whether it is the user that ShipStation refuses: if so, no batch will do.
    async fn ask_for_the_user(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        batch: &[Task],
    ) -> Result<(), Stop> {
        if self.target != TargetStatus::NotAsked {
            return Ok(());
        }
        match check::users(ctx.run.channel, ctx.client()).await {
            Ok(findings) if findings.is_empty() => self.target = TargetStatus::There,
            Ok(findings) => {
                self.target = TargetStatus::Gone;
                for finding in findings {
                    recorder.warn(finding.to_string());
                }
            }
            Err(error) => {
                settle_pending(ctx, recorder, batch, &error).await?;
                return Err(error.into());
            }
        }
        Ok(())
    }

    /// The one order that ShipStation refuses, or fails on.
    async fn spoiled(
        &self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        batch: &[Task],
        user: &UserId,
        error: &Error,
    ) -> Result<(), Stop> {
        if error.kind() == ErrorKind::NotFound || !is_refusal(error) {
            // The order itself tells whether it is gone; one odd answer does not.
            for task in batch {
                if !matches!(lookup::order(ctx.client(), task.order).await, Ok(None)) {
                    return settle_pending(ctx, recorder, batch, error).await;
                }
            }
        }
        let words = failure::vendor_message(error);
        for task in batch {
            recorder.warn(format!("order {} could not be assigned: {words}", task.follow_up.order));
        }
        settle_all(ctx, recorder, batch, &failed(user.as_str(), &words)).await
    }
}

/// Settles what needs no request, and gives back what is to be assigned. An order that the window has just shown
/// needs no look; one whose last attempt has an unknown outcome is read.
async fn look_first(
    ctx: &Context<'_>,
    recorder: &mut Recorder,
    users: &UserSnapshots,
    tasks: Vec<Task>,
    user: &UserId,
) -> Result<Vec<Task>, Stop> {
    let mut ready = Vec::new();
    let mut settled = Vec::new();
    for task in tasks {
        let shown = match users.of(&task.follow_up.order) {
            Some(now) => Ok(now.clone()),
            _ if task.follow_up.outcome_unknown => {
                ctx.run.checkpoint().await?;
                read_user(ctx, &task, user).await
            }
            _ => {
                ready.push(task);
                continue;
            }
        };
        match shown.map(|now| verdict(&task.follow_up, now.as_ref(), user)) {
            Ok(None) => ready.push(task),
            Ok(Some(result)) | Err(result) => settled.push(outcome(ctx, &task.follow_up, result)),
        }
    }
    settle(ctx, recorder, settled).await?;
    Ok(ready)
}

/// What an order's present user means for its assignment: done already, overridden, or `None` for still to do.
fn verdict(task: &OrderWork, now: Option<&ChannelUserId>, wanted: &UserId) -> Option<WorkResult> {
    let now = now?;
    let is = |user: &str| now.as_str().eq_ignore_ascii_case(user);
    if is(wanted.as_str()) {
        return Some(WorkResult::Done);
    }
    // Before the first attempt any user is overwritten. After one, a user that was not there before, and that was not
    // tried for another setting, is a person's choice.
    let before = task.user_before.as_ref().is_some_and(|before| is(before.as_str()));
    let ours = task.tried.iter().any(|tried| is(tried));
    (task.attempts > 0 && !before && !ours).then_some(WorkResult::OverriddenByPerson)
}

/// The user that the order has now, or what the failure to read it means.
async fn read_user(
    ctx: &Context<'_>,
    task: &Task,
    user: &UserId,
) -> Result<Option<ChannelUserId>, WorkResult> {
    match lookup::order(ctx.client(), task.order).await {
        Ok(Some(order)) => Ok(translate::assigned_user(&order)),
        Ok(None) if lookup::may_be_behind(task.follow_up.first_seen, ctx.now()) => Err(WorkResult::Pending {
            next_attempt: ctx.now() + retry_wait::wait(task.follow_up.attempts),
            outcome_unknown: true,
            error: "ShipStation does not find the order".to_owned(),
        }),
        Ok(None) => Err(failed(user.as_str(), "the order no longer exists")),
        // Reading has not changed what is known of the attempt.
        Err(error) => Err(match pending(ctx, &task.follow_up, &error) {
            WorkResult::Pending { next_attempt, error, .. } => {
                WorkResult::Pending { next_attempt, outcome_unknown: true, error }
            }
            other => other,
        }),
    }
}
