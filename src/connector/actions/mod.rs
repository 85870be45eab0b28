//! Actions on orders that the host asks for: recorded, then done one order at a time, in the order in which they were added. This
//! file strings the steps together.

mod ask;
mod attempt;
mod context;
mod looks;
mod wish;

use std::collections::HashSet;

pub(super) use self::ask::CANCEL_BY_HAND;
use self::{
    attempt::{Attempt, attempt},
    context::{Context, Decision, Ledger},
    wish::Wish,
};
use super::{
    STORE_BATCH, ShipStationChannel,
    run::{Run, Stop},
    store_pages::Bookmark,
    translate,
};
use crate::{
    channel::{
        ActionId, ActionReport, ActionState, ChannelError, ChannelOrderId, CloseReason, Operation, Readiness,
        Refusal, RunActions,
        report::RunInfo,
        store::{ActionQuery, ActionRow, ActionStore, StoreError},
    },
    client::{Lane, OrderId},
};

const OPERATION: Operation = Operation::RunActions;

impl ShipStationChannel {
    pub(super) async fn run_run_actions(&self, request: RunActions) -> Result<ActionReport, ChannelError> {
        let store = self.action_store().map_err(|refusal| ChannelError::new(OPERATION, refusal))?;
        let (run, info) = Run::begin(self, OPERATION, Lane::Interactive, request.control).await?;
        work(Context { run, store }, info, None).await
    }

    /// What is missing for actions.
    pub(super) fn actions_readiness(&self) -> Readiness {
        let missing = [
            (!self.settings.actions.enabled).then_some("actions.enabled"),
            self.stores.actions.is_none().then_some("an ActionStore"),
        ];
        let missing: Vec<String> = missing.into_iter().flatten().map(str::to_owned).collect();
        if missing.is_empty() { Readiness::Ready } else { Readiness::NotConfigured { missing } }
    }

    /// The actions on an order whose number is higher; none where no store keeps any.
    pub(super) async fn actions_on(
        &self,
        order: &ChannelOrderId,
        mut after: Option<u64>,
    ) -> Result<Vec<ActionRow>, StoreError> {
        let Some(store) = &self.stores.actions else { return Ok(Vec::new()) };
        let query = ActionQuery::OfOrder(order.clone());
        let (mut rows, mut bookmark) = (Vec::new(), Bookmark::at_the_start());
        loop {
            let page = store.actions(&self.connection, &query, after, STORE_BATCH).await?;
            let Some(last) = page.last().map(|row| row.number) else { return Ok(rows) };
            bookmark.pass(&last)?;
            after = Some(last);
            rows.extend(page);
        }
    }

    fn action_store(&self) -> Result<&dyn ActionStore, Refusal> {
        match (self.actions_readiness(), &self.stores.actions) {
            (Readiness::NotConfigured { missing }, _) => Err(Refusal::NotConfigured { missing }),
            (_, store) => store.as_deref().ok_or(Refusal::NotConfigured { missing: Vec::new() }),
        }
    }
}

/// The actions of the order that the host has just asked about.
struct Asked<'a> {
    order: &'a ChannelOrderId,
    id: &'a ActionId,
}

/// Works on what is open, or on one order.
async fn work(
    ctx: Context<'_>,
    info: RunInfo,
    asked: Option<Asked<'_>>,
) -> Result<ActionReport, ChannelError> {
    // What the host asks for was recorded already.
    let mut ledger = Ledger::new(&ctx, asked.is_some());
    let stop = run_steps(&mut ledger, asked.as_ref()).await.err();
    ledger.finish(info, stop).await
}

async fn run_steps(ledger: &mut Ledger<'_>, asked: Option<&Asked<'_>>) -> Result<(), Stop> {
    let ctx = ledger.ctx;
    let channel = ctx.run.channel;
    channel.action_readings.forget_old(&ctx.run.moment());
    if let Some(Asked { order, id }) = asked {
        let rows = channel.actions_on(order, None).await?;
        rows.iter().filter(|row| row.action.id == **id).for_each(|row| ledger.look_at(row));
        return work_on(ledger, order, rows).await;
    }
    let (mut bookmark, mut worked) = (Bookmark::at_the_start(), HashSet::new());
    loop {
        let after = bookmark.after().copied();
        let page = ctx.store.actions(&channel.connection, &ActionQuery::Open, after, STORE_BATCH).await?;
        let Some(last) = page.last() else { return Ok(()) };
        bookmark.pass(&last.number)?;
        for row in page {
            let order = row.action.order;
            if worked.insert(order.clone()) {
                let rows = channel.actions_on(&order, None).await?;
                work_on(ledger, &order, rows).await?;
            }
        }
    }
}

/// Works on the open actions of an order, one after the other, until one of them has to wait.
async fn work_on(
    ledger: &mut Ledger<'_>,
    order: &ChannelOrderId,
    mut rows: Vec<ActionRow>,
) -> Result<(), Stop> {
    loop {
        let last = rows.last().map(|row| row.number);
        rows.retain(|row| !row.state.is_closed());
        for row in &rows {
            ledger.look_at(row);
        }
        for (place, row) in rows.iter().enumerate() {
            let later = rows.get(place + 1..).unwrap_or_default();
            if !finish_one(ledger, &mut row.clone(), later).await? {
                return Ok(());
            }
        }
        // What was added meanwhile was refused the lease.
        rows = if last.is_some() {
            ledger.ctx.run.channel.actions_on(order, last).await?
        } else {
            return Ok(());
        };
    }
}

/// Takes an action as far as it goes now; says whether it is closed.
async fn finish_one(ledger: &mut Ledger<'_>, row: &mut ActionRow, later: &[ActionRow]) -> Result<bool, Stop> {
    let ctx = ledger.ctx;
    if ctx.run.is_dry_run() {
        return Ok(false);
    }
    loop {
        ctx.run.checkpoint().await?;
        let wanted = wanted(row);
        match (&row.state, wanted) {
            (state, _) if state.is_closed() => return Ok(true),
            // It belongs to a run that is gone, since this one has the lease.
            (ActionState::Sending { since, server_since }, _) => {
                let state = ActionState::unknown_since(*since, *server_since);
                let why = "the run that sent it did not record the outcome";
                ledger.record(row, Decision::attempt(state, why)).await?;
            }
            (_, Err(reason)) => ledger.record(row, Decision::close(reason)).await?,
            (ActionState::Unknown { .. }, Ok(wanted)) => {
                let has_looked = looks::look_for(ledger, row, wanted).await?;
                if !has_looked || row.state.is_in_flight() {
                    return Ok(false);
                }
            }
            (state, _) if !state.is_due(ctx.run.now()) => return Ok(false),
            (_, Ok(wanted)) => {
                if let Some(by) = row.superseded_by(later) {
                    supersede(ledger, row, by).await?;
                    continue;
                }
                match attempt(ledger, row, wanted).await? {
                    Attempt::Decided if matches!(row.state, ActionState::RetryWait { .. }) => {
                        return Ok(false);
                    }
                    Attempt::Decided => {}
                    Attempt::Overtaken => {
                        let rows = ctx.run.channel.actions_on(&row.action.order, Some(row.number)).await?;
                        let Some(by) = row.superseded_by(&rows) else { return Ok(false) };
                        supersede(ledger, row, by).await?;
                    }
                }
            }
        }
    }
}

/// What the action wants of which order, in ShipStation's terms.
fn wanted(row: &ActionRow) -> Result<(Wish, OrderId), CloseReason> {
    let order = translate::wire_order_id(&row.action.order).ok_or(CloseReason::OrderGone)?;
    Ok((Wish::of(&row.action.kind)?, order))
}

async fn supersede(ledger: &mut Ledger<'_>, row: &mut ActionRow, by: &ActionRow) -> Result<(), Stop> {
    ledger.record(row, Decision::to(ActionState::Superseded { by: by.action.id.clone() })).await
}
