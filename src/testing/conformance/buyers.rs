//! What is left of a buyer who is forgotten.

use super::{
    Check, TestBed,
    actions::{added, of_order},
    at, checks,
    history::{history, seen_first},
    holds,
    maintenance::{day, maintenance, settled},
    plain, same,
    shipments::{enqueue, row, to},
};
use crate::channel::{
    ActionKind, ActionState, ChannelParcel, CloseReason, FailReason, HoldReason, Operation, OrderAction,
    ParcelSource, RetryClass, ShipmentState,
    store::{
        ActionRow, ActionTransition, HistoryStoreExt, ImportRecord, NewOrder, OrderChangeKind, OrderEvent,
        OrderFailure, OrderObservation, OrderSnapshot, OrderWork, RecordKey, RecordedChange, WorkOutcome,
        WorkQuery,
    },
};

checks! { "maintenance":
    a_buyer_is_forgotten_once_all_is_settled => "`forget_buyer` leaves open shipments as they are, and says so",
    the_events_of_a_forgotten_buyer_name_no_parcel => "`forget_buyer` leaves of the order's events what is without its buyer, and other orders' as they are",
    what_is_kept_beside_a_forgotten_buyers_order_repeats_no_text => "`forget_buyer` leaves of the order's record, snapshot, work and actions what is without its buyer",
    the_changes_of_a_forgotten_buyer_name_no_parcel => "`forget_buyer` leaves of the order's changes what is without its buyer, at their places in the feed",
}

const GET: Operation = Operation::GetOrders;
const SYNC: Operation = Operation::SyncShipments;
const NUMBER: &str = "1Z999AA10123456784";

async fn a_buyer_is_forgotten_once_all_is_settled(on: TestBed) -> Check {
    let (store, peer) = maintenance(&on)?;
    settled(&on).await?;
    enqueue(&on, &[("c", "1", 3)]).await?;
    let whole = row(&on, "1", "a").await?;
    same("shipments left", store.forget_buyer(&on.here, &"1".into()).await?.shipments_left, 2)?;
    same("the settled row", row(&on, "1", "a").await?.as_ref(), whole.as_ref())?;
    same("of nobody", store.forget_buyer(&on.here, &"9".into()).await?.is_complete(), true)?;
    let later = on.begins(SYNC, "later", day(1)).await?;
    on.peer.shipments.record(&later, &[to("c", ShipmentState::Cancelled)]).await?;
    same("shipments left then", peer.forget_buyer(&on.here, &"1".into()).await?.shipments_left, 0)?;
    same("the settled row then", row(&on, "1", "a").await?, whole.map(|row| row.reduced()))
}

/// Orders 1 and 2 were shipped elsewhere, and what the host shipped of them failed.
async fn shipped_twice(on: &TestBed) -> Check {
    let seen = |id: &str| {
        let mut parcel = ChannelParcel::new(ParcelSource::Label);
        parcel.tracking_number = Some(NUMBER.to_owned());
        let mut seen = seen_first(id, "shipped");
        let what = vec![OrderChangeKind::ShippedElsewhere { parcels: Some(vec![parcel]) }];
        seen.change = seen.change.map(|change| crate::channel::store::OrderChange { what, ..change });
        seen
    };
    let seen: Vec<OrderObservation> = ["1", "2"].map(seen).into();
    history(&on.stores)?.record_changes(&on.begun(GET).await?, &seen, at(9)).await?;
    enqueue(on, &[("a", "1", 1), ("b", "2", 2)]).await?;
    let failed =
        || ShipmentState::Failed { reason: FailReason::AlreadyShipped { theirs: Some(NUMBER.to_owned()) } };
    let steps = ["a", "b"].map(|id| to(id, failed()).because(NUMBER));
    Ok(on.stores.shipments.record(&on.begun(SYNC).await?, &steps).await?)
}

async fn the_events_of_a_forgotten_buyer_name_no_parcel(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let history = history(&on.peer)?;
    shipped_twice(&on).await?;
    let stories = async || {
        let (first, second) = ("1".into(), "2".into());
        Check::Ok((history.story(&on.here, &first).await?, history.story(&on.here, &second).await?))
    };
    let (first, second) = stories().await?;
    same("whether it is complete", store.forget_buyer(&on.here, &"1".into()).await?.is_complete(), true)?;
    let (left, other) = stories().await?;
    holds("no event names the parcel", !format!("{left:?}").contains(NUMBER))?;
    same("what happened", left, first.into_iter().map(OrderEvent::without_buyer).collect::<Vec<_>>())?;
    same("to another order", other, second)
}

/// What is kept of an order beside the order itself.
#[derive(Debug, PartialEq)]
struct Beside {
    records: Vec<ImportRecord>,
    snapshots: Vec<OrderSnapshot>,
    work: Vec<OrderWork>,
    actions: Vec<ActionRow>,
}

impl Beside {
    async fn order(on: &TestBed, id: &str) -> Check<Self> {
        let mut work = on.peer.orders.work(&on.here, WorkQuery::Of(&[id.into()])).await?;
        work.sort_by_key(|entry| entry.kind);
        Ok(Self {
            records: on.peer.orders.records(&on.here, &[RecordKey::Id(id.into())], 9).await?.concat(),
            snapshots: history(&on.peer)?.snapshots(&on.here, &[id.into()]).await?,
            work,
            actions: if on.peer.actions.is_some() { of_order(on, id).await? } else { Vec::new() },
        })
    }

    fn without_buyer(self) -> Self {
        Self {
            records: self.records.into_iter().map(ImportRecord::without_buyer).collect(),
            snapshots: self.snapshots.into_iter().map(OrderSnapshot::without_address).collect(),
            work: self.work.into_iter().map(OrderWork::without_buyer).collect(),
            actions: self.actions.into_iter().map(ActionRow::without_buyer).collect(),
        }
    }
}

/// Orders 1 and 2 could not be imported, and of what was asked for one is refused and one still tried. Order 3 waits.
async fn told_of_twice(on: &TestBed) -> Check {
    let token = on.begun(GET).await?;
    let failed = |id: &str| OrderFailure::new(id.into(), "N", NUMBER, true, at(1), at(2));
    let failed = ["1", "2"].map(|id| WorkOutcome::import_failed(failed(id)));
    on.stores.orders.record_work(&token, &failed).await?;
    let seen = ["1", "2"].map(|id| {
        let mut seen = seen_first(id, "shipped");
        seen.now.address = 7;
        seen
    });
    history(&on.stores)?.record_changes(&token, &seen, at(9)).await?;
    let waits = HoldReason::ByPolicy { reason: NUMBER.to_owned() };
    on.stores.orders.save(&token, &[NewOrder { holds: vec![waits], ..plain("3") }]).await?;
    if let Some(actions) = &on.stores.actions {
        let release = |id: &str, order: &str| OrderAction::new(id, order, ActionKind::Release);
        added(on, &[release("a", "1"), release("b", "1"), release("c", "2")]).await?;
        let refused = || ActionState::Closed { reason: CloseReason::Refused { message: NUMBER.to_owned() } };
        let wait =
            ActionState::RetryWait { until: at(61), class: RetryClass::Unavailable, server_since: None };
        let steps = [("a", refused()), ("b", wait), ("c", refused())];
        let steps = steps.map(|(id, state)| ActionTransition::new(id.into(), state, at(9)).because(NUMBER));
        actions.record_actions(&on.begun(Operation::RunActions).await?, &steps).await?;
    }
    Ok(())
}

async fn what_is_kept_beside_a_forgotten_buyers_order_repeats_no_text(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    told_of_twice(&on).await?;
    let (first, second) = (Beside::order(&on, "1").await?, Beside::order(&on, "2").await?);
    same("whether it is complete", store.forget_buyer(&on.here, &"1".into()).await?.is_complete(), true)?;
    let left = Beside::order(&on, "1").await?;
    holds("nothing repeats a text", !format!("{left:?}").contains(NUMBER))?;
    same("what is kept", left, first.without_buyer())?;
    same("of another order", Beside::order(&on, "2").await?, second)?;
    // The host may not have taken over the one that waits.
    if store.forget_buyer(&on.here, &"3".into()).await?.is_complete() {
        let record = on.peer.orders.records(&on.here, &[RecordKey::Id("3".into())], 9).await?.concat();
        let held = on.peer.orders.held(&on.here, None, 9).await?;
        holds("no text holds it", !format!("{record:?} {held:?}").contains(NUMBER))?;
        let addresses = record.iter().flat_map(|record| &record.snapshot).map(|seen| seen.address);
        holds("no address is compared", addresses.sum::<u64>() == 0)?;
    }
    Ok(())
}

async fn the_changes_of_a_forgotten_buyer_name_no_parcel(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let feed = history(&on.peer)?;
    shipped_twice(&on).await?;
    let before = feed.changes(&on.here, None, 9).await?;
    same("whether it is complete", store.forget_buyer(&on.here, &"1".into()).await?.is_complete(), true)?;
    let without = |kept: RecordedChange| match kept.change.order.as_str() {
        "1" => RecordedChange::new(kept.cursor, kept.change.without_buyer()),
        _ => kept,
    };
    let left = feed.changes(&on.here, None, 9).await?;
    same("the feed", &left, &before.into_iter().map(without).collect::<Vec<_>>())?;
    let of_it = left.iter().filter(|kept| kept.change.order.as_str() == "1");
    holds("no change names the parcel", !format!("{:?}", of_it.collect::<Vec<_>>()).contains(NUMBER))
}
