//! Getting in.

use super::{
    super::{Check, ODD_TEXTS, Run, at, checks, none, same, shipment},
    enqueue, row, state, step,
};
use crate::channel::{
    LineQuantity, Package, ShipmentState,
    store::{EnqueueOutcome, OutboxRow, ShipmentStoreExt},
};

checks! { "shipments" during SyncShipments:
    one_of_many_enqueues_is_new => "`(connection, shipment id, revision)` is unique",
    a_shipment_is_kept_as_it_was_given => "a new row is pending and holds the shipment unchanged",
    a_duplicate_changes_nothing => "enqueuing again answers `Duplicate`, whatever state the row is in",
    answers_stand_in_the_order_of_the_shipments => "`enqueue` answers for every shipment, in the order given",
    a_revision_is_a_row_of_its_own => "revisions of one shipment are rows of their own",
    shipment_ids_are_compared_exactly => "ids are opaque texts: nothing is trimmed, folded or normalized",
    outboxes_of_connections_are_separate => "ids of two connections do not meet",
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
