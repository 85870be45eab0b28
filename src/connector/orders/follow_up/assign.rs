//! Assigning the configured user, a hundred orders a call. ShipStation assigns all or none, so a batch that one
//! order spoils is halved until that order stands alone.

use super::{
    MAX_EXCEPTIONS, TargetStatus, Task, UserSnapshots, answered, failed, is_refusal, may_be_the_order,
    outcome, pending, postponed, settle, settle_all, with_ids,
};
use crate::{
    channel::{
        ChannelUserId,
        store::{OrderWork, WorkResult},
    },
    client::{Error, ErrorKind, OrderId, UserId},
    connector::{
        check, failure, lookup,
        orders::{context::Context, recorder::Recorder},
        run::Stop,
        translate,
    },
};

/// ShipStation names no limit; a hundred at a time is modest.
const ORDERS_PER_ASSIGN: usize = 100;

pub(super) struct Assigner {
    user: UserId,
    target: TargetStatus,
}

impl Assigner {
    pub(super) fn new(user: UserId) -> Self {
        Self { user, target: TargetStatus::NotAsked }
    }

    /// Assigns the user to all of them, until ShipStation has failed too often in a row.
    pub(super) async fn all(
        &mut self,
        recorder: &mut Recorder<'_>,
        users: &UserSnapshots,
        due: Vec<OrderWork>,
        failures_left: &mut u32,
    ) -> Result<(), Stop> {
        let tasks = with_ids(recorder, due, self.user.as_str()).await?;
        let mut ready = look_first(recorder, users, tasks, &self.user).await?;
        while !ready.is_empty() && *failures_left > 0 {
            recorder.ctx.run.checkpoint().await?;
            let rest = ready.split_off(ready.len().min(ORDERS_PER_ASSIGN));
            self.batch(recorder, ready, failures_left).await?;
            ready = rest;
        }
        Ok(())
    }

    async fn batch(
        &mut self,
        recorder: &mut Recorder<'_>,
        tasks: Vec<Task>,
        failures_left: &mut u32,
    ) -> Result<(), Stop> {
        let ctx = recorder.ctx;
        let wanted = self.user.as_str().to_owned();
        settle_all(recorder, &tasks, |_| WorkResult::Attempting { wanted: wanted.clone() }).await?;
        let mut batches = vec![tasks];
        let mut exceptions = 0;
        while let Some(mut batch) = batches.pop() {
            if self.target == TargetStatus::Gone {
                let words = "the user is unknown or inactive: set another one";
                settle_all(recorder, &batch, |_| failed(&wanted, words)).await?;
                continue;
            }
            let ids: Vec<OrderId> = batch.iter().map(|task| task.order).collect();
            let error = match ctx.run.writer().orders().assign_user(&ids, &self.user).await {
                Ok(answer) => {
                    *failures_left = super::MAX_FAILURES;
                    exceptions = 0;
                    settle_all(recorder, &batch, |task| answered(ctx, task, &answer)).await?;
                    continue;
                }
                Err(error) => error,
            };
            exceptions = if is_refusal(&error) { 0 } else { exceptions + 1 };
            if !may_be_the_order(&error) || exceptions > MAX_EXCEPTIONS {
                *failures_left = if may_be_the_order(&error) { 0 } else { failures_left.saturating_sub(1) };
                settle_all(recorder, &batch, |task| pending(ctx, task, &error)).await?;
                if failure::ends_the_run(&error) {
                    return Err(error.into());
                }
                continue;
            }
            // If it is the user that ShipStation refuses, no batch will do.
            let findings = check::users(ctx.run.channel, ctx.client());
            if let Err(error) = self.target.ask(recorder, check::ASSIGN_USER, findings).await {
                settle_all(recorder, &batch, |task| pending(ctx, task, &error)).await?;
                return Err(error.into());
            }
            match batch.as_slice() {
                [spoiled] if self.target == TargetStatus::There => {
                    let result = self.spoiled(recorder, spoiled, &error).await;
                    settle_all(recorder, &batch, |_| result.clone()).await?;
                }
                _ => {
                    let second = batch.split_off(batch.len() / 2);
                    batches.extend([second, batch].into_iter().filter(|half| !half.is_empty()));
                }
            }
        }
        Ok(())
    }

    /// The one order that ShipStation refuses, or fails on.
    async fn spoiled(&self, recorder: &mut Recorder<'_>, task: &Task, error: &Error) -> WorkResult {
        // The order itself tells whether it is gone; one odd answer does not.
        if (error.kind() == ErrorKind::NotFound || !is_refusal(error))
            && !matches!(lookup::order(recorder.ctx.client(), task.order).await, Ok(None))
        {
            return pending(recorder.ctx, &task.follow_up, error);
        }
        let words = failure::vendor_message(error);
        recorder.warn(format!("order {} could not be assigned: {words}", task.follow_up.order));
        failed(self.user.as_str(), &words)
    }
}

/// Settles what needs no request, and gives back what is to be assigned. An order that the window has just shown
/// needs no look; one whose last attempt has an unknown outcome is read.
async fn look_first(
    recorder: &mut Recorder<'_>,
    users: &UserSnapshots,
    tasks: Vec<Task>,
    user: &UserId,
) -> Result<Vec<Task>, Stop> {
    let ctx = recorder.ctx;
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
    settle(recorder, settled).await?;
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

/// The user that the order has now, or what the failure to read it means. Reading does not change what is known of the attempt.
async fn read_user(
    ctx: &Context<'_>,
    task: &Task,
    user: &UserId,
) -> Result<Option<ChannelUserId>, WorkResult> {
    let follow_up = &task.follow_up;
    match lookup::order(ctx.client(), task.order).await {
        Ok(Some(order)) => Ok(translate::assigned_user(&order)),
        Ok(None) if lookup::may_be_behind(follow_up.first_seen, ctx.now()) => {
            let error = "ShipStation does not find the order".to_owned();
            Err(postponed(ctx, follow_up, None, true, error))
        }
        Ok(None) => Err(failed(user.as_str(), "the order no longer exists")),
        Err(error) => Err(postponed(ctx, follow_up, error.retry_after(), true, failure::describe(&error))),
    }
}
