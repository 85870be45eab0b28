//! Getting into the outbox, and looking: what is due, what is under way, what there is.

use super::{
    super::{Check, ODD_TEXTS, Run, at, checks, none, one_by_one, same, shipment},
    begin, blocked, enqueue, names, record, retry, row, state, step, to,
};
use crate::{
    Timestamp,
    channel::{
        BlockReason, LineQuantity, Package, RetryClass, ShipmentState,
        store::{
            EnqueueOutcome, OutboxCursor, OutboxQuery, OutboxRow, SendIntent, ShipmentStoreExt,
            ShipmentTransition,
        },
    },
};

checks! { "shipments" during SyncShipments:
    one_of_many_enqueues_is_new => "`(connection, shipment id, revision)` is unique",
    a_shipment_is_kept_as_it_was_given => "a new row is pending and holds the shipment unchanged",
    a_duplicate_changes_nothing => "enqueuing again answers `Duplicate`, whatever state the row is in",
    answers_stand_in_the_order_of_the_shipments => "`enqueue` answers for every shipment, in the order given",
    a_revision_is_a_row_of_its_own => "revisions of one shipment are rows of their own",
    shipment_ids_are_compared_exactly => "ids are opaque texts: nothing is trimmed, folded or normalized",
    outboxes_of_connections_are_separate => "ids of two connections do not meet",
    due_rows_come_in_the_order_of_shipping => "rows come in the order of `(shipped_at, shipment id, revision)`",
    due_rows_are_those_whose_state_is_due => "`Due` are the rows whose state is due at `now`",
    due_pages_are_stable_while_rows_leave => "rows are paged by their key without gaps while rows change",
    pages_go_on_within_the_revisions_of_a_shipment => "every query pages by the whole of its key, the revision included",
    unfinished_rows_are_those_in_flight => "`InFlight` are the rows that the channel may have been told of, in order and in pages",
    blocked_rows_are_those_that_are_blocked => "`Blocked` are the rows that wait for a change, also where they are due",
    counts_are_by_state => "`counts` says how many rows are in each state",
    progress_shows_every_row_of_an_order => "`OfOrder` are all rows of the order, closed ones included, in order",
}

async fn one_of_many_enqueues_is_new(on: Run) -> Check {
    let answers = on.write_at_once(16, |_, stores, token| async move {
        stores.shipments.enqueue_one(&token.connection, shipment("1", "o", at(1)), at(2)).await
    });
    let new = answers.await?.into_iter().filter(|answer| *answer == EnqueueOutcome::New).count();
    same("new rows by 16 tasks", new, 1)
}

async fn a_shipment_is_kept_as_it_was_given(on: Run) -> Check {
    let given = shipment("1", "o", at(1))
        .packages(vec![Package::new("1Z 日本").quantity(3), Package::new("1ZB")])
        .lines(vec![LineQuantity { line: "1".into(), quantity: 2 }]);
    on.stores.shipments.enqueue_one(&on.here, given.clone(), at(50)).await?;
    same("the row", row(&on, "o", "1").await?, Some(OutboxRow::new(given, at(50))))
}

async fn a_duplicate_changes_nothing(on: Run) -> Check {
    enqueue(&on, &[("1", "o", 1)]).await?;
    step(&on, "1", ShipmentState::Cancelled).await?;
    let other = shipment("1", "another order", at(9));
    let answer = on.stores.shipments.enqueue_one(&on.here, other, at(99)).await?;
    same("a closed row enqueued again", answer, EnqueueOutcome::Duplicate)?;
    same("its state", state(&on, "o", "1").await?, Some(ShipmentState::Cancelled))?;
    none("a row of the other order", state(&on, "another order", "1").await?)
}

async fn answers_stand_in_the_order_of_the_shipments(on: Run) -> Check {
    enqueue(&on, &[("2", "o", 1)]).await?;
    let batch = ["1", "2", "3", "1"].map(|id| shipment(id, "o", at(1)));
    let answers = on.stores.shipments.enqueue(&on.here, &batch, at(2)).await?;
    let new: Vec<bool> = answers.iter().map(|answer| *answer == EnqueueOutcome::New).collect();
    same("new, known, new, twice in the batch", new, [true, false, true, false])?;
    none("of no shipments", on.stores.shipments.enqueue(&on.here, &[], at(2)).await?)
}

async fn a_revision_is_a_row_of_its_own(on: Run) -> Check {
    enqueue(&on, &[("1", "o", 1)]).await?;
    let second = shipment("1", "o", at(1)).revision(2);
    let answer = on.stores.shipments.enqueue_one(&on.here, second, at(50)).await?;
    same("the second revision", answer, EnqueueOutcome::New)?;
    let due = on.stores.shipments.due(&on.here, at(99), None, 9).await?;
    same("due revisions", due.iter().map(|row| row.shipment.revision).collect::<Vec<_>>(), [1, 2])
}

async fn shipment_ids_are_compared_exactly(on: Run) -> Check {
    for text in ODD_TEXTS {
        let answer = on.stores.shipments.enqueue_one(&on.here, shipment(text, text, at(1)), at(50)).await?;
        same(&format!("{text:?}"), answer, EnqueueOutcome::New)?;
    }
    for text in ODD_TEXTS {
        let rows = on.peer.shipments.order_progress(&on.here, &text.into()).await?.rows;
        let ids: Vec<&str> = rows.iter().map(|row| row.shipment.id.as_str()).collect();
        same(&format!("the rows of order {text:?}"), ids, [text])?;
    }
    Ok(())
}

async fn outboxes_of_connections_are_separate(on: Run) -> Check {
    enqueue(&on, &[("1", "o", 1)]).await?;
    let answer = on.stores.shipments.enqueue_one(&on.elsewhere, shipment("1", "o", at(1)), at(2)).await?;
    same("the same shipment elsewhere", answer, EnqueueOutcome::New)?;
    step(&on, "1", ShipmentState::Cancelled).await?;
    let counts = on.stores.shipments.counts(&on.elsewhere).await?;
    same("counts elsewhere", counts, [("pending".to_owned(), 1)].into())
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
    let new = |id, order: &str, revision| shipment(id, order, at(1)).revision(revision);
    for revision in [10, 9, 2, 1] {
        for (id, order) in [("due", "d"), ("blocked", "b")] {
            on.stores.shipments.enqueue_one(&on.here, new(id, order, revision), at(50)).await?;
        }
        let state = blocked(BlockReason::NoTracking);
        let id = new("blocked", "b", revision).outbox_id();
        record(&on, &[ShipmentTransition::new(id, state, at(60))]).await?;
    }
    for revision in [1, 2, 9, 10] {
        // Sent before its order was changed on the host's side, so that several may be in flight.
        let new = new("flies", &format!("f{revision}"), revision);
        on.stores.shipments.enqueue_one(&on.here, new.clone(), at(50)).await?;
        let intent = SendIntent::new(new.outbox_id(), 1, at(60));
        on.stores.shipments.begin_send_one(&on.token, &intent).await?;
    }
    let queries = [
        OutboxQuery::Due { now: at(99) },
        OutboxQuery::InFlight,
        OutboxQuery::Blocked,
        OutboxQuery::OfOrder("d".into()),
        OutboxQuery::OfShipment("flies".into()),
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
