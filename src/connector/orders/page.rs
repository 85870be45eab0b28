//! One page of orders on its way into the host: look up, classify, link, ask the host's policy, save. Nothing remote is changed here.
//! What became of each order is returned, in the order in which it was decided.

use std::sync::Arc;

use super::{
    candidate::{self, Candidate},
    changes::{self, Observations},
    context::{Admission, Context, Records},
    duplicates::LookAlikes,
    eligibility::{Class, Criteria},
    lineage, policy,
    recorder::{Recorder, failure},
    retry_wait,
};
use crate::{
    channel::{
        ChannelOrder, ChannelOrderId, ChannelUserId,
        report::ImportOutcome,
        shipping::DisplayText,
        store::{NewFollowUp, NewOrder, OrderFailure, OrderSnapshot, SaveOutcome, StoreError, WorkKind},
    },
    client::{Order, UserId},
    connector::{count, run::Stop, store_directory::StoreNames, translate},
};

/// Imports what is new among these orders.
pub(super) async fn import(
    recorder: &mut Recorder<'_>,
    admission: &Admission,
    page: Vec<Order>,
) -> Result<Vec<ImportOutcome>, Stop> {
    let read = page.len();
    let mut outcomes = Vec::with_capacity(read);
    let result = run_stages(recorder, admission, page, &mut outcomes).await;
    recorder.not_evaluated(count(read - outcomes.len()));
    result.map(|()| outcomes)
}

async fn run_stages(
    recorder: &mut Recorder<'_>,
    admission: &Admission,
    page: Vec<Order>,
    outcomes: &mut Vec<ImportOutcome>,
) -> Result<(), Stop> {
    let mut orders: Vec<(Order, ChannelOrder)> = page
        .into_iter()
        .map(|wire| {
            let order = translate::order(&wire, recorder.ctx.settings());
            (wire, order)
        })
        .collect();
    let mut records = Records::look_up(recorder.ctx, orders.iter().map(|(_, order)| order)).await?;
    let stores = name_stores(recorder, &records, &mut orders).await;
    let observed = observe(recorder, &records, &orders);
    records.unshared.clone_from(&recorder.unshared);
    let (channel, mapper) = (recorder.ctx.run.channel, &recorder.ctx.mapper);
    let criteria = Criteria { channel, mapper, admission, records: &records, stores: stores.as_deref() };
    let mut candidates = Vec::new();
    let mut undecided = Vec::new();
    for (wire, order) in orders {
        let outcome = match criteria.classify(&wire, &order) {
            Class::New { holds, shipping } => {
                recorder.notes.leave_out(&wire);
                candidates.push(Candidate { order, holds, shipping, fingerprint: None });
                continue;
            }
            Class::Rejected(reasons, shipping) => {
                let attempts = records.attempts(&order.id);
                recorder.sighting(&order, &shipping, attempts);
                undecided.push(rejection(recorder.ctx, &order, attempts));
                ImportOutcome::skipped(reasons)
            }
            Class::Skipped(reasons) => ImportOutcome::skipped(reasons),
            Class::Undecided(why) => {
                undecided.push(failed(recorder.ctx, &records, &order, why.why(), true));
                ImportOutcome::Failed { error: why.why().to_owned(), retryable: true }
            }
        };
        recorder.order(&order, &outcome);
        outcomes.push(outcome);
    }
    recorder.keep_failures(&undecided).await?;
    let (left, new) = save_all(recorder, &records, candidates, outcomes).await?;
    changes::publish(recorder, observed, new, &records.known).await?;
    if left > 0 {
        return Err(Stop::LimitReached("max_orders is reached; the next run goes on".to_owned()));
    }
    Ok(())
}

/// Names the stores and marketplaces of new orders, which shipping rules may ask for; says what is known of them, if there is such
/// an order.
async fn name_stores(
    recorder: &mut Recorder<'_>,
    records: &Records,
    orders: &mut [(Order, ChannelOrder)],
) -> Option<Arc<StoreNames>> {
    let is_new = |order: &&mut ChannelOrder| order.store.is_some() && !records.known.contains_key(&order.id);
    let new: Vec<&mut ChannelOrder> = orders.iter_mut().map(|(_, order)| order).filter(is_new).collect();
    if new.is_empty() {
        return None;
    }
    let (names, warning) = recorder.ctx.run.channel.directory.names(recorder.ctx.client()).await;
    for order in new {
        names.complete(order);
    }
    recorder.report.run.warnings.extend(warning);
    Some(names)
}

/// Takes note of what the page shows of imported orders.
fn observe(recorder: &mut Recorder<'_>, records: &Records, orders: &[(Order, ChannelOrder)]) -> Observations {
    let mut observed = Observations::default();
    let is_on_page = |id: &ChannelOrderId| orders.iter().any(|(_, order)| order.id == *id);
    for (_, order) in orders {
        recorder.notes.reconnected.note(order);
        if recorder.ctx.watches_changes() {
            observed.add(order, &records.known);
        } else {
            for id in lineage::newly_merged(order, &records.known) {
                recorder.notes.merged.add(format!("{id} into {}", order.id));
            }
        }
        for id in lineage::unknown_relatives(order, &records.known) {
            recorder.unshared.insert(id.clone(), order.id.clone());
            if !is_on_page(id) {
                recorder.notes.unshared.add(format!("{} may hold the goods of {id}", order.id));
            }
        }
    }
    observed
}

/// A rejected order is read again before long: a rule may be added at any time.
fn rejection(ctx: &Context<'_>, order: &ChannelOrder, attempts: u32) -> OrderFailure {
    let error = match &order.shipping_text {
        Some(text) => format!("shipping text {} is not mapped", DisplayText::new(text)),
        None => "it has no shipping text".to_owned(),
    };
    failure(ctx, &order.id, &order.number, &error, true, retry_wait::wait_for_a_rule(attempts))
}

/// Saves the candidates as far as the run may import: says how many are left, and how the new orders look. An order that
/// fails takes no room, so that the next one has its turn.
async fn save_all(
    recorder: &mut Recorder<'_>,
    records: &Records,
    mut candidates: Vec<Candidate>,
    outcomes: &mut Vec<ImportOutcome>,
) -> Result<(usize, Vec<OrderSnapshot>), Stop> {
    let mut snapshots = Vec::new();
    while !candidates.is_empty() {
        let room = recorder.room(recorder.ctx.settings().max_orders);
        if room == 0 {
            break;
        }
        let rest = candidates.split_off(candidates.len().min(room));
        candidate::link(recorder.ctx.run.channel, &mut candidates).await?;
        let alike = LookAlikes::look_up(recorder.ctx, &mut candidates).await?;
        let decided = policy::decide(recorder, candidates, alike);
        for (order, reason) in decided.skipped {
            let outcome = ImportOutcome::skipped(vec![reason]);
            recorder.order(&order, &outcome);
            outcomes.push(outcome);
        }
        let mut saved = save(recorder, decided.accepted).await?;
        saved.extend(
            decided.failed.into_iter().map(|failed| (new_order(recorder.ctx, failed), policy::failure())),
        );
        let mut failures = Vec::new();
        for (new, answer) in saved {
            if let SaveOutcome::Failed { message, retryable } = &answer {
                failures.push(failed(recorder.ctx, records, &new.order, message, *retryable));
            }
            let outcome = outcome_of(&new, answer, records);
            if let ImportOutcome::Imported { .. } | ImportOutcome::Held { .. } = outcome {
                recorder.imported(&new, records.attempts(&new.order.id));
                snapshots.extend(recorder.ctx.history().map(|_| OrderSnapshot::of(&new.order)));
            }
            recorder.order(&new.order, &outcome);
            outcomes.push(outcome);
        }
        recorder.keep_failures(&failures).await?;
        candidates = rest;
    }
    Ok((candidates.len(), snapshots))
}

/// Hands a batch to the host: the store's answer for each order.
async fn save(
    recorder: &mut Recorder<'_>,
    candidates: Vec<Candidate>,
) -> Result<Vec<(NewOrder, SaveOutcome)>, Stop> {
    let batch: Vec<NewOrder> =
        candidates.into_iter().map(|candidate| new_order(recorder.ctx, candidate)).collect();
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = if recorder.ctx.run.is_dry_run() {
        batch.iter().map(|_| SaveOutcome::Inserted { host_order: None }).collect()
    } else {
        recorder.writes();
        recorder.ctx.store().save(&recorder.ctx.run.token, &batch).await?
    };
    if outcomes.len() != batch.len() {
        let error = format!("the order store answered for {} of {} orders", outcomes.len(), batch.len());
        return Err(StoreError::permanent(error).into());
    }
    Ok(batch.into_iter().zip(outcomes).collect())
}

fn new_order(ctx: &Context<'_>, candidate: Candidate) -> NewOrder {
    let mut new = NewOrder::new(candidate.order, candidate.shipping, ctx.mapper.version, ctx.now());
    new.follow_ups = follow_ups(ctx, new.order.assigned_user.as_ref());
    new.holds = candidate.holds;
    new.fingerprint = candidate.fingerprint;
    new
}

/// What remains to be done in ShipStation once the order is the host's.
fn follow_ups(ctx: &Context<'_>, user_before: Option<&ChannelUserId>) -> Vec<NewFollowUp> {
    let settings = ctx.settings();
    let shows =
        |user: &UserId| user_before.is_some_and(|before| before.as_str().eq_ignore_ascii_case(user.as_str()));
    let assign = settings.assign_user.as_ref().filter(|user| !shows(user)).map(|_| WorkKind::AssignUser);
    let tag = settings.acknowledgement_tag.map(|_| WorkKind::AddTag);
    let kinds = assign.into_iter().chain(tag);
    kinds.map(|kind| NewFollowUp::new(kind, user_before.cloned())).collect()
}

fn outcome_of(new: &NewOrder, answer: SaveOutcome, records: &Records) -> ImportOutcome {
    match answer {
        SaveOutcome::Inserted { host_order } => ImportOutcome::imported(host_order, new.holds.clone()),
        SaveOutcome::AlreadyExists => ImportOutcome::AlreadyImported,
        SaveOutcome::Failed { message, .. } if records.is_dismissed(&new.order.id) => ImportOutcome::Failed {
            error: format!("{message}; it stays dismissed: import it by hand again"),
            retryable: false,
        },
        SaveOutcome::Failed { message, retryable } => ImportOutcome::Failed { error: message, retryable },
    }
}

/// What the ledger keeps of an order that cannot be decided or that the host could not take.
fn failed(
    ctx: &Context<'_>,
    records: &Records,
    order: &ChannelOrder,
    error: &str,
    retryable: bool,
) -> OrderFailure {
    let wait = retry_wait::wait(records.attempts(&order.id));
    failure(ctx, &order.id, &order.number, error, retryable, wait)
}
