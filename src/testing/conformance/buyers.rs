//! What is left of a buyer who is forgotten.

use super::{
    check::{Check, checks, holds, same},
    history::{history, seen_first},
    maintenance::{day, maintenance, settled},
    samples::at,
    shipments::{enqueue, row, to},
    test_bed::{TestBed, granted},
};
use crate::channel::{
    ChannelParcel, FailReason, Operation, ParcelSource, ShipmentState,
    store::{HistoryStoreExt, OrderChangeKind, OrderEvent, OrderObservation, RecordedChange},
};

checks! { "maintenance":
    a_buyer_is_forgotten_once_all_is_settled => "`forget_buyer` leaves open shipments as they are, and says so",
    the_events_of_a_forgotten_buyer_name_no_parcel => "`forget_buyer` leaves of the order's events what is without its buyer, and other orders' as they are",
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
    same("shipments left", &store.forget_buyer(&on.here, &"1".into()).await?.shipments_left, &2)?;
    same("the settled row", &row(&on, "1", "a").await?, &whole)?;
    same("of nobody", &store.forget_buyer(&on.here, &"9".into()).await?.is_complete(), &true)?;
    let later = granted(on.peer.runs.begin(on.wants(SYNC, "later", day(1))).await?)?;
    on.peer.shipments.record(&later, &[to("c", ShipmentState::Cancelled)]).await?;
    same("shipments left then", &peer.forget_buyer(&on.here, &"1".into()).await?.shipments_left, &0)?;
    same("the settled row then", &row(&on, "1", "a").await?, &whole.map(|row| row.reduced()))
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
    same("whether it is complete", &store.forget_buyer(&on.here, &"1".into()).await?.is_complete(), &true)?;
    let (left, other) = stories().await?;
    let without: Vec<_> = first.into_iter().map(OrderEvent::without_buyer).collect();
    same("what happened", &left, &without)?;
    holds("no event names the parcel", !format!("{left:?}").contains(NUMBER))?;
    same("to another order", &other, &second)
}

async fn the_changes_of_a_forgotten_buyer_name_no_parcel(on: TestBed) -> Check {
    let (store, _) = maintenance(&on)?;
    let feed = history(&on.peer)?;
    shipped_twice(&on).await?;
    let before = feed.changes(&on.here, None, 9).await?;
    same("whether it is complete", &store.forget_buyer(&on.here, &"1".into()).await?.is_complete(), &true)?;
    let without = |kept: RecordedChange| match kept.change.order.as_str() {
        "1" => RecordedChange::new(kept.cursor, kept.change.without_buyer()),
        _ => kept,
    };
    let left = feed.changes(&on.here, None, 9).await?;
    same("the feed", &left, &before.into_iter().map(without).collect())?;
    let of_it = left.iter().filter(|kept| kept.change.order.as_str() == "1");
    holds("no change names the parcel", !format!("{:?}", of_it.collect::<Vec<_>>()).contains(NUMBER))
}
