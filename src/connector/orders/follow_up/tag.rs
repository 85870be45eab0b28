//! Putting on the acknowledgement tag, one order a call: ShipStation has no other way. Repeating it changes nothing.

use super::{
    MAX_EXCEPTIONS, TargetStatus, Task, answered, failed, is_refusal, may_be_the_order, no_longer_required,
    outcome, pending, settle, with_ids,
};
use crate::{
    channel::store::{OrderWork, WorkResult},
    client::{Error, TagId},
    connector::{
        check, failure, lookup,
        orders::{context::Context, recorder::Recorder},
        run::Stop,
    },
};

/// The tags of one run.
pub(super) struct Tagger {
    tag: Option<TagId>,
    target: TargetStatus,
    /// Exceptions since the last answer that was none.
    exceptions: u32,
}

impl Tagger {
    pub(super) fn new(tag: Option<TagId>) -> Self {
        Self { tag, target: TargetStatus::NotAsked, exceptions: 0 }
    }

    /// Tags all of them, until ShipStation has failed too often in a row.
    pub(super) async fn all(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        due: Vec<OrderWork>,
        failures_left: &mut u32,
    ) -> Result<(), Stop> {
        let Some(tag) = self.tag else { return no_longer_required(ctx, recorder, &due).await };
        for task in with_ids(ctx, recorder, due, &tag.to_string()).await? {
            if *failures_left == 0 {
                return Ok(());
            }
            ctx.run.checkpoint().await?;
            let result = self.one(ctx, recorder, &task, tag, failures_left).await?;
            settle(ctx, recorder, vec![outcome(ctx, &task.follow_up, result)]).await?;
        }
        Ok(())
    }

    async fn one(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        task: &Task,
        tag: TagId,
        failures_left: &mut u32,
    ) -> Result<WorkResult, Stop> {
        if self.target == TargetStatus::Gone {
            return Ok(failed(&tag.to_string(), "the tag is unknown: set another one"));
        }
        let error = match ctx.run.writer().orders().add_tag(task.order, tag).await {
            Ok(answer) => {
                self.exceptions = 0;
                if answer.success.is_some() || shows(ctx, task, tag).await? {
                    *failures_left = super::MAX_FAILURES;
                    return Ok(WorkResult::Done);
                }
                *failures_left = failures_left.saturating_sub(1);
                return Ok(answered(ctx, &task.follow_up, &answer));
            }
            Err(error) => error,
        };
        if is_refusal(&error) {
            self.exceptions = 0;
            return self.refused(ctx, recorder, task, tag, &error).await;
        }
        if may_be_the_order(&error) {
            self.exceptions += 1;
            return self.failed_on(ctx, recorder, task, tag, &error, failures_left).await;
        }
        *failures_left = failures_left.saturating_sub(1);
        if failure::ends_the_run(&error) {
            return Err(error.into());
        }
        Ok(pending(ctx, &task.follow_up, &error))
    }

    /// ShipStation failed with an exception: this order may be gone, which a read of it shows, or else it is tried again.
    async fn failed_on(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        task: &Task,
        tag: TagId,
        error: &Error,
        failures_left: &mut u32,
    ) -> Result<WorkResult, Stop> {
        self.ask_for_the_tag(ctx, recorder).await?;
        if self.target == TargetStatus::Gone {
            return Ok(failed(&tag.to_string(), &failure::vendor_message(error)));
        }
        if self.exceptions > MAX_EXCEPTIONS {
            *failures_left = 0;
        } else if matches!(lookup::order(ctx.client(), task.order).await, Ok(None)) {
            return self.refused(ctx, recorder, task, tag, error).await;
        }
        Ok(pending(ctx, &task.follow_up, error))
    }

    /// ShipStation refused: the tag is gone, which is asked once, or it is this order.
    async fn refused(
        &mut self,
        ctx: &Context<'_>,
        recorder: &mut Recorder,
        task: &Task,
        tag: TagId,
        error: &Error,
    ) -> Result<WorkResult, Stop> {
        self.ask_for_the_tag(ctx, recorder).await?;
        let words = failure::vendor_message(error);
        if self.target == TargetStatus::There {
            recorder.warn(format!("order {} could not be tagged: {words}", task.follow_up.order));
        }
        Ok(failed(&tag.to_string(), &words))
    }

    /// Finds out, once, whether it is the tag that ShipStation does not know.
    async fn ask_for_the_tag(&mut self, ctx: &Context<'_>, recorder: &mut Recorder) -> Result<(), Stop> {
        if self.target != TargetStatus::NotAsked {
            return Ok(());
        }
        let findings = check::tags(ctx.run.channel, ctx.client()).await?;
        let gone = findings.iter().find(|finding| finding.subject == "orders.acknowledgement_tag");
        self.target = if gone.is_some() { TargetStatus::Gone } else { TargetStatus::There };
        if let Some(finding) = gone {
            recorder.warn(finding.to_string());
        }
        Ok(())
    }
}

/// Whether the order has the tag, as far as a look can tell.
async fn shows(ctx: &Context<'_>, task: &Task, tag: TagId) -> Result<bool, Stop> {
    ctx.run.checkpoint().await?;
    match lookup::order(ctx.client(), task.order).await {
        Ok(order) => Ok(order.is_some_and(|order| order.tag_ids.contains(&tag))),
        Err(error) if failure::ends_the_run(&error) => Err(error.into()),
        Err(_) => Ok(false),
    }
}
