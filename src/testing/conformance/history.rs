//! What becomes of orders after they were imported: snapshots, and the feed of changes.

use std::sync::Arc;

use futures_util::future::join;

use super::{Check, Run, Stop, at, checks, none, one_by_one, order, refused, same};
use crate::channel::{
    ChannelOrderId, Operation,
    store::{
        HistoryStore, OrderChange, OrderChangeKind, OrderObservation, OrderSnapshot, RecordedChange, Stores,
    },
};

checks! { "history" during GetOrders:
    snapshots_are_kept_one_for_each_order => "a snapshot replaces the one of the same order, and is found again as it was",
    snapshots_of_500_orders_are_found => "`snapshots` takes at least 500 orders in one call, and answers for those that have one",
    changes_come_in_the_order_in_which_they_were_recorded => "the feed goes on after its cursor, without gaps and repeats",
    histories_of_connections_are_separate => "ids of two connections do not meet",
    a_change_that_two_runs_saw_is_told_once => "what was compared with a snapshot that is not kept any more is left out",
    a_stale_token_cannot_record_changes => "`record_changes` refuses a stale fence and writes nothing",
}

pub(super) fn history(stores: &Stores) -> Check<Arc<dyn HistoryStore>> {
    stores.history.clone().ok_or(Stop::LeftOut("the builder gave no history"))
}

fn snapshot(id: &str, status: &str) -> OrderSnapshot {
    let mut seen = order(id);
    seen.status = status.into();
    OrderSnapshot { merged_into: Some("9".into()), ..OrderSnapshot::of(&seen) }
}

fn change(id: &str) -> OrderChange {
    let what = vec![OrderChangeKind::Cancelled, OrderChangeKind::Merged { into: "größer".into() }];
    OrderChange::new(id.into(), format!("N-{id}"), Some(at(7)), what)
}

/// The first look at an order, and a change that it shows.
pub(super) fn seen_first(id: &str, status: &str) -> OrderObservation {
    OrderObservation::new(None, snapshot(id, status), Some(change(id)))
}

async fn snapshots_are_kept_one_for_each_order(on: Run) -> Check {
    let (history, peer) = (history(&on.stores)?, history(&on.peer)?);
    let (first, second) = (snapshot("1", "awaiting_shipment"), snapshot("1", "on_hold"));
    for (before, now) in [(None, first.clone()), (Some(first), second)] {
        let added =
            history.record_changes(&on.token, &[OrderObservation::new(before, now, None)], at(9)).await?;
        same("the changes added", added, 0)?;
    }
    let found = peer.snapshots(&on.here, &["1".into(), "2".into()]).await?;
    same("the snapshots of 1 and 2", found, [snapshot("1", "on_hold")])
}

async fn snapshots_of_500_orders_are_found(on: Run) -> Check {
    let history = history(&on.stores)?;
    let kept = (0..250).map(|n| snapshot(&(n * 2).to_string(), "shipped"));
    let kept: Vec<_> = kept.map(|now| OrderObservation::new(None, now, None)).collect();
    history.record_changes(&on.token, &kept, at(9)).await?;
    let asked: Vec<ChannelOrderId> = (0..500).map(|n| n.to_string().into()).collect();
    same("the known half of 500", history.snapshots(&on.here, &asked).await?.len(), 250)
}

async fn changes_come_in_the_order_in_which_they_were_recorded(on: Run) -> Check {
    let (history, peer) = (history(&on.stores)?, history(&on.peer)?);
    let (mut seen, mut after) = (Vec::new(), None);
    for batch in [["b", "a"], ["d", "c"]] {
        let added =
            history.record_changes(&on.token, &batch.map(|id| seen_first(id, "shipped")), at(9)).await?;
        same("the changes added", added, 2)?;
        let next = |last: Option<_>| peer.changes(&on.here, last.or(after), 1);
        let rows = one_by_one(next, |row: &RecordedChange| row.cursor).await?;
        after = rows.last().map(|row| row.cursor);
        seen.extend(rows.into_iter().map(|row| row.change));
    }
    same("the feed, one by one", seen, ["b", "a", "d", "c"].map(change))?;
    same("of all", peer.changes(&on.here, None, 9).await?.len(), 4)
}

async fn histories_of_connections_are_separate(on: Run) -> Check {
    let history = history(&on.stores)?;
    history.record_changes(&on.token, &[seen_first("1", "shipped")], at(9)).await?;
    none("changes elsewhere", history.changes(&on.elsewhere, None, 9).await?)?;
    none("snapshots elsewhere", history.snapshots(&on.elsewhere, &["1".into()]).await?)
}

async fn a_change_that_two_runs_saw_is_told_once(on: Run) -> Check {
    let (history, peer) = (history(&on.stores)?, history(&on.peer)?);
    let by_hand = on.begun(Operation::ImportOrder).await?;
    let seen = [seen_first("1", "shipped")];
    let both =
        join(history.record_changes(&on.token, &seen, at(9)), peer.record_changes(&by_hand, &seen, at(9)))
            .await;
    same("the changes added by both", both.0? + both.1?, 1)?;
    same("the feed", history.changes(&on.here, None, 9).await?.len(), 1)?;
    let stale = OrderObservation { before: None, ..seen_first("1", "on_hold") };
    same("a comparison with nothing", peer.record_changes(&by_hand, &[stale], at(9)).await?, 0)?;
    same("the snapshot", history.snapshots(&on.here, &["1".into()]).await?, [snapshot("1", "shipped")])
}

async fn a_stale_token_cannot_record_changes(on: Run) -> Check {
    let (history, peer) = (history(&on.stores)?, history(&on.peer)?);
    let newest = on.overtaken().await?;
    peer.record_changes(&newest, &[seen_first("1", "shipped")], at(9)).await?;
    let next = OrderObservation { before: Some(snapshot("1", "shipped")), ..seen_first("1", "on_hold") };
    refused("record_changes", history.record_changes(&on.token, &[next], at(9)).await)?;
    same("the feed", history.changes(&on.here, None, 9).await?.len(), 1)?;
    same("the snapshot", history.snapshots(&on.here, &["1".into()]).await?, [snapshot("1", "shipped")])
}
