//! Putting on the acknowledgement tag, one order a call: ShipStation has no other way. Repeating it changes nothing.

use super::{
    MAX_EXCEPTIONS, TargetStatus, Task, answered, failed, is_refusal, may_be_the_order, outcome, pending,
    settle, with_ids,
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

pub(super) struct Tagger {
    tag: TagId,
    target: TargetStatus,
    /// Exceptions since the last answer that was none.
    exceptions: u32,
}

impl Tagger {
    pub(super) fn new(tag: TagId) -> Self {
        Self { tag, target: TargetStatus::NotAsked, exceptions: 0 }
    }

    /// Tags all of them, until ShipStation has failed too often in a row.
    pub(super) async fn all(
        &mut self,
        recorder: &mut Recorder<'_>,
        due: Vec<OrderWork>,
        failures_left: &mut u32,
    ) -> Result<(), Stop> {
        for task in with_ids(recorder, due, &self.tag.to_string()).await? {
            if *failures_left == 0 {
                return Ok(());
            }
            recorder.ctx.run.checkpoint().await?;
            let result = self.one(recorder, &task, failures_left).await?;
            settle(recorder, vec![outcome(recorder.ctx, &task.follow_up, result)]).await?;
        }
        Ok(())
    }

    async fn one(
        &mut self,
        recorder: &mut Recorder<'_>,
        task: &Task,
        failures_left: &mut u32,
    ) -> Result<WorkResult, Stop> {
        let ctx = recorder.ctx;
        if self.target == TargetStatus::Gone {
            return Ok(self.failed("the tag is unknown: set another one"));
        }
        let error = match ctx.run.writer().orders().add_tag(task.order, self.tag).await {
            Ok(answer) => {
                self.exceptions = 0;
                if answer.success.is_some() || shows(ctx, task, self.tag).await? {
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
            return self.refused(recorder, task, &error).await;
        }
        if may_be_the_order(&error) {
            self.exceptions += 1;
            return self.failed_on(recorder, task, &error, failures_left).await;
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
        recorder: &mut Recorder<'_>,
        task: &Task,
        error: &Error,
        failures_left: &mut u32,
    ) -> Result<WorkResult, Stop> {
        self.ask_for_the_tag(recorder).await?;
        if self.target == TargetStatus::Gone {
            return Ok(self.failed(&failure::vendor_message(error)));
        }
        if self.exceptions > MAX_EXCEPTIONS {
            *failures_left = 0;
        } else if matches!(lookup::order(recorder.ctx.client(), task.order).await, Ok(None)) {
            return self.refused(recorder, task, error).await;
        }
        Ok(pending(recorder.ctx, &task.follow_up, error))
    }

    /// ShipStation refused: the tag is gone, which is asked once, or it is this order.
    async fn refused(
        &mut self,
        recorder: &mut Recorder<'_>,
        task: &Task,
        error: &Error,
    ) -> Result<WorkResult, Stop> {
        self.ask_for_the_tag(recorder).await?;
        let words = failure::vendor_message(error);
        if self.target == TargetStatus::There {
            recorder.warn(format!("order {} could not be tagged: {words}", task.follow_up.order));
        }
        Ok(self.failed(&words))
    }

    async fn ask_for_the_tag(&mut self, recorder: &mut Recorder<'_>) -> Result<(), Error> {
        let findings = check::tags(recorder.ctx.run.channel, recorder.ctx.client());
        self.target.ask(recorder, check::ACKNOWLEDGEMENT_TAG, findings).await
    }

    fn failed(&self, error: &str) -> WorkResult {
        failed(&self.tag.to_string(), error)
    }
}

/// Whether the order has the tag, as far as a look can tell.
async fn shows(ctx: &Context<'_>, task: &Task, tag: TagId) -> Result<bool, Stop> {
    ctx.run.checkpoint().await?;
    let order = failure::optional(lookup::order(ctx.client(), task.order).await)?;
    Ok(order.flatten().is_some_and(|order| order.tag_ids.contains(&tag)))
}
