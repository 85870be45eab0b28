//! Looking: what is due, what is under way, what there is.

use super::{
    super::{Check, Run, at, checks, none, one_by_one, same, shipment},
    begin, blocked, enqueue, names, record, retry, step, to,
};
use crate::{
    Timestamp,
    channel::{
        BlockReason, RetryClass, ShipmentState,
        store::{OutboxCursor, OutboxQuery, OutboxRow, SendIntent, ShipmentStoreExt, ShipmentTransition},
    },
};

checks! { "shipments" during SyncShipments:
    due_rows_come_in_the_order_of_shipping => "rows come in the order of `(shipped_at, shipment id, revision)`",
    due_rows_are_those_whose_state_is_due => "`Due` are the rows whose state is due at `now`",
    due_pages_are_stable_while_rows_leave => "rows are paged by their key without gaps while rows change",
    pages_go_on_within_the_revisions_of_a_shipment => "every query pages by the whole of its key, the revision included",
    unfinished_rows_are_those_in_flight => "`InFlight` are the rows that the channel may have been told of, in order and in pages",
    blocked_rows_are_those_that_are_blocked => "`Blocked` are the rows that wait for a change, also where they are due",
    counts_are_by_state => "`counts` says how many rows are in each state",
    progress_shows_every_row_of_an_order => "`OfOrder` are all rows of the order, closed ones included, in order",
}

async fn due(on: &Run, now: Timestamp) -> Check<Vec<String>> {
    Ok(names(&on.peer.shipments.due(&on.here, now, None, 99).await?))
}

async fn due_rows_come_in_the_order_of_shipping(on: Run) -> Check {
    enqueue(&on, &[("d", "1", 20), ("a", "2", 30), ("c", "3", 10), ("b", "4", 20)]).await?;
    for revision in [10, 9] {
        let again = shipment("b", "4", at(20)).revision(revision);
        on.stores.shipments.enqueue_one(&on.here, again, at(50)).await?;
    }
    let rows = on.peer.shipments.due(&on.here, at(99), None, 99).await?;
    let found: Vec<_> = rows.iter().map(|row| (row.shipment.id.as_str(), row.shipment.revision)).collect();
    same("due rows", found, [("c", 1), ("b", 1), ("b", 9), ("b", 10), ("d", 1), ("a", 1)])
}

fn not_shippable() -> ShipmentState {
    blocked(BlockReason::OrderNotShippable { status: "on_hold".to_owned() })
}

async fn due_rows_are_those_whose_state_is_due(on: Run) -> Check {
    let shipments =
        [("a", "1", 1), ("b", "2", 2), ("c", "3", 3), ("d", "4", 4), ("e", "5", 5), ("f", "6", 6)];
    enqueue(&on, &shipments).await?;
    let records = [
        to("b", ShipmentState::Waiting { missing: Vec::new() }),
        to("c", not_shippable()),
        to("d", blocked(BlockReason::NoTracking)),
        to("e", retry(at(500), RetryClass::Unreachable)),
        to("f", ShipmentState::Cancelled),
    ];
    record(&on, &records).await?;
    same("due before the retry", due(&on, at(499)).await?, ["a", "b", "c"])?;
    let long_before = due(&on, at(499) - ShipmentState::MAX_RETRY_WAIT).await?;
    same("due while the retry lies too far ahead", long_before, ["a", "b", "c", "e"])?;
    same("due at the retry", due(&on, at(500)).await?, ["a", "b", "c", "e"])?;
    none("elsewhere", on.stores.shipments.due(&on.elsewhere, at(999), None, 9).await?)
}

async fn due_pages_are_stable_while_rows_leave(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 2), ("d", "4", 2), ("e", "5", 3)]).await?;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = on.peer.shipments.due(&on.here, at(99), after.as_ref(), 2).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.cursor());
        for row in &page {
            begin(&on, row.shipment.id.as_str(), at(99)).await?;
        }
        seen.extend(names(&page));
    }
    same("rows seen in pages of two", seen, ["a", "b", "c", "d", "e"])
}

async fn pages_go_on_within_the_revisions_of_a_shipment(on: Run) -> Check {
    for revision in [10, 9, 2, 1] {
        // Sent before its order was changed on the host's side, so that several may be in flight.
        for (id, order) in
            [("due", "d".to_owned()), ("flies", format!("f{revision}")), ("blocked", "b".to_owned())]
        {
            let new = shipment(id, &order, at(1)).revision(revision);
            on.stores.shipments.enqueue_one(&on.here, new.clone(), at(50)).await?;
            if id == "flies" {
                let intent = SendIntent::new(new.outbox_id(), 1, at(60));
                on.stores.shipments.begin_send_one(&on.token, &intent).await?;
            }
            if id == "blocked" {
                let state = blocked(BlockReason::NoTracking);
                record(&on, &[ShipmentTransition::new(new.outbox_id(), state, at(60))]).await?;
            }
        }
    }
    let queries = [
        OutboxQuery::Due { now: at(99) },
        OutboxQuery::InFlight,
        OutboxQuery::Blocked,
        OutboxQuery::OfOrder("d".into()),
    ];
    for query in queries {
        let (on, query) = (&on, &query);
        let next = |after: Option<OutboxCursor>| async move {
            Ok(on.peer.shipments.rows(&on.here, query, after.as_ref(), 1).await?.rows)
        };
        let rows = one_by_one(next, OutboxRow::cursor).await?;
        let seen: Vec<u32> = rows.iter().map(|row| row.shipment.revision).collect();
        same(&format!("revisions, one by one, of {query:?}"), seen, [1, 2, 9, 10])?;
    }
    Ok(())
}

async fn blocked_rows_are_those_that_are_blocked(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 3), ("b", "2", 2), ("c", "3", 1)]).await?;
    record(&on, &[to("a", blocked(BlockReason::NoTracking)), to("c", not_shippable())]).await?;
    same("blocked", names(&on.peer.shipments.blocked(&on.here, None, 9).await?), ["c", "a"])
}

async fn unfinished_rows_are_those_in_flight(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 5), ("b", "2", 4), ("c", "3", 3), ("d", "4", 2), ("e", "5", 1)]).await?;
    for name in ["a", "b", "c", "d"] {
        begin(&on, name, at(60)).await?;
    }
    let unknown = ShipmentState::Unknown {
        since: at(60),
        checks: 1,
        last_check: Some(at(61)),
        order_missing: true,
        server_since: Some(at(62)),
        server_last_check: Some(at(63)),
    };
    let records = [
        to("b", unknown),
        to("c", ShipmentState::Sent { at: at(61) }),
        to("d", retry(at(70), RetryClass::RateLimited)),
    ];
    record(&on, &records).await?;
    let all = on.peer.shipments.in_flight(&on.here, None, 9).await?;
    same("in_flight", names(&all), ["c", "b", "a"])?;
    let cursor = all.first().map(OutboxRow::cursor);
    let next = on.peer.shipments.in_flight(&on.here, cursor.as_ref(), 1).await?;
    same("one after the first", names(&next), ["b"])
}

async fn counts_are_by_state(on: Run) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 1)]).await?;
    step(&on, "b", ShipmentState::Cancelled).await?;
    begin(&on, "c", at(60)).await?;
    let wanted = [("pending", 1), ("cancelled", 1), ("sending", 1)];
    let wanted = wanted.map(|(name, count)| (name.to_owned(), count)).into();
    same("counts", on.peer.shipments.counts(&on.here).await?, wanted)
}

async fn progress_shows_every_row_of_an_order(on: Run) -> Check {
    enqueue(&on, &[("c", "o", 1), ("a", "o", 3), ("b", "o", 2), ("x", "other", 1)]).await?;
    step(&on, "c", ShipmentState::Cancelled).await?;
    let progress = on.peer.shipments.order_progress(&on.here, &"o".into()).await?;
    same("its rows", names(&progress.rows), ["c", "b", "a"])?;
    let of_none = on.stores.shipments.order_progress(&on.here, &"nothing".into()).await?;
    none("rows of an order without shipments", of_none.rows)
}
