//! Getting in.

use super::{
    super::{
        check::{Check, at_once, checks, same},
        samples::{ODD_TEXTS, at, shipment},
        test_bed::TestBed,
    },
    enqueue, row, state, to,
};
use crate::channel::{
    LineQuantity, Operation, Package, ShipmentState,
    store::{EnqueueOutcome, OutboxRow, ShipmentStoreExt},
};

checks! { "shipments":
    one_of_many_enqueues_is_new => "`(connection, shipment id, revision)` is unique",
    a_shipment_is_kept_as_it_was_given => "a new row is pending and holds the shipment unchanged",
    a_duplicate_changes_nothing => "enqueuing again answers `Duplicate`, whatever state the row is in",
    answers_stand_in_the_order_of_the_shipments => "`enqueue` answers for every shipment, in the order given",
    a_revision_is_a_row_of_its_own => "revisions of one shipment are rows of their own",
    shipment_ids_are_compared_exactly => "ids are opaque texts: nothing is trimmed, folded or normalized",
    outboxes_of_connections_are_separate => "ids of two connections do not meet",
}

async fn one_of_many_enqueues_is_new(on: TestBed) -> Check {
    let tasks = on.handles(16).into_iter().map(|stores| {
        let here = on.here.clone();
        async move { stores.shipments.enqueue_one(&here, shipment("1", "o", at(1)), at(2)).await }
    });
    let answers = at_once(tasks).await?;
    let new = answers.iter().filter(|answer| **answer == EnqueueOutcome::New).count();
    same("new rows by 16 tasks", &new, &1)
}

async fn a_shipment_is_kept_as_it_was_given(on: TestBed) -> Check {
    let given = shipment("1", "o", at(1))
        .packages(vec![Package::new("1Z 日本").quantity(3), Package::new("1ZB")])
        .lines(vec![LineQuantity { line: "1".into(), quantity: 2 }]);
    on.stores.shipments.enqueue_one(&on.here, given.clone(), at(50)).await?;
    same("the row", &row(&on, "o", "1").await?, &Some(OutboxRow::new(given, at(50))))
}

async fn a_duplicate_changes_nothing(on: TestBed) -> Check {
    enqueue(&on, &[("1", "o", 1)]).await?;
    let token = on.begun(Operation::SyncShipments).await?;
    on.stores.shipments.record(&token, &[to("1", ShipmentState::Cancelled)]).await?;
    let other = shipment("1", "another order", at(9));
    let answer = on.stores.shipments.enqueue_one(&on.here, other, at(99)).await?;
    same("a closed row enqueued again", &answer, &EnqueueOutcome::Duplicate)?;
    same("its state", &state(&on, "o", "1").await?, &Some(ShipmentState::Cancelled))?;
    same("a row of the other order", &state(&on, "another order", "1").await?, &None)
}

async fn answers_stand_in_the_order_of_the_shipments(on: TestBed) -> Check {
    enqueue(&on, &[("2", "o", 1)]).await?;
    let batch = ["1", "2", "3", "1"].map(|id| shipment(id, "o", at(1)));
    let answers = on.stores.shipments.enqueue(&on.here, &batch, at(2)).await?;
    let new: Vec<bool> = answers.iter().map(|answer| *answer == EnqueueOutcome::New).collect();
    same("new, known, new, twice in the batch", &new, &vec![true, false, true, false])?;
    same("of no shipments", &on.stores.shipments.enqueue(&on.here, &[], at(2)).await?, &Vec::new())
}

async fn a_revision_is_a_row_of_its_own(on: TestBed) -> Check {
    enqueue(&on, &[("1", "o", 1)]).await?;
    let answer =
        on.stores.shipments.enqueue_one(&on.here, shipment("1", "o", at(1)).revision(2), at(50)).await?;
    same("the second revision", &answer, &EnqueueOutcome::New)?;
    let due = on.stores.shipments.due(&on.here, at(99), None, 9).await?;
    let revisions: Vec<u32> = due.iter().map(|row| row.shipment.revision).collect();
    same("due revisions", &revisions, &vec![1, 2])
}

async fn shipment_ids_are_compared_exactly(on: TestBed) -> Check {
    for text in ODD_TEXTS {
        let answer = on.stores.shipments.enqueue_one(&on.here, shipment(text, text, at(1)), at(50)).await?;
        same(&format!("{text:?}"), &answer, &EnqueueOutcome::New)?;
    }
    for text in ODD_TEXTS {
        let rows = on.peer.shipments.order_progress(&on.here, &text.into()).await?.rows;
        let ids: Vec<&str> = rows.iter().map(|row| row.shipment.id.as_str()).collect();
        same(&format!("the rows of order {text:?}"), &ids, &vec![text])?;
    }
    Ok(())
}

async fn outboxes_of_connections_are_separate(on: TestBed) -> Check {
    enqueue(&on, &[("1", "o", 1)]).await?;
    let answer = on.stores.shipments.enqueue_one(&on.elsewhere, shipment("1", "o", at(1)), at(2)).await?;
    same("the same shipment elsewhere", &answer, &EnqueueOutcome::New)?;
    let token = on.begun(Operation::SyncShipments).await?;
    on.stores.shipments.record(&token, &[to("1", ShipmentState::Cancelled)]).await?;
    let counts = on.stores.shipments.counts(&on.elsewhere).await?;
    same("counts elsewhere", &counts, &[("pending".to_owned(), 1)].into())
}
