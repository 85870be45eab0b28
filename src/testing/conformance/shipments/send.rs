//! Getting ready to send.

use super::{
    super::{
        check::{Check, at_once, checks, holds, refused, same},
        given::at,
        ground::Ground,
    },
    enqueue, id, intent, names, retry, state, to,
};
use crate::channel::{
    BlockReason, Operation, RetryClass, ShipmentState,
    store::{BeginSend, SendIntent},
};

checks! { "shipments":
    beginning_to_send_is_kept => "`begin_send` is durable, with its attempt, hash and instant, before it returns",
    one_of_many_begins_to_send_is_granted => "of concurrent calls of `begin_send` for one row one is granted",
    one_row_of_an_order_is_in_flight => "`begin_send` refuses a row of whose order another one is in flight",
    concurrent_rows_of_an_order_do_not_fly_together => "of concurrent calls for rows of one order one is granted",
    a_row_that_is_not_due_is_not_sent => "`begin_send` refuses a row that is not due, without an effect",
    an_unknown_row_is_an_error => "`begin_send` and `record` of a row that is not there fail for good",
    a_stale_token_cannot_begin_to_send => "`begin_send` refuses a stale fence and writes nothing",
    a_sync_grant_makes_older_tokens_stale_at_once => "a store that holds the leases refuses an older token from the moment of the grant",
}

const SYNC: Operation = Operation::SyncShipments;

async fn beginning_to_send_is_kept(on: Ground) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let intent = SendIntent::new(3, u64::MAX - 1, at(60)).server_time(Some(at(58)));
    let answer = on.stores.shipments.begin_send(&token, &id("a"), intent).await?;
    same("the answer", &answer, &BeginSend::Granted)?;
    let found = on.peer.shipments.unfinished(&on.here, None, 9).await?;
    let wanted = ShipmentState::Sending {
        attempt: 3,
        payload_hash: u64::MAX - 1,
        since: at(60),
        server_since: Some(at(58)),
    };
    same("the state", &found.first().map(|row| (&row.state, row.updated_at)), &Some((&wanted, at(60))))
}

async fn one_of_many_begins_to_send_is_granted(on: Ground) -> Check {
    enqueue(&on, &[("a", "1", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let tasks = on.handles(16).into_iter().map(|stores| {
        let token = token.clone();
        async move { stores.shipments.begin_send(&token, &id("a"), intent(at(60))).await }
    });
    let granted = at_once(tasks).await?.into_iter().filter(|answer| *answer == BeginSend::Granted).count();
    same("grants to 16 tasks", &granted, &1)
}

async fn one_row_of_an_order_is_in_flight(on: Ground) -> Check {
    enqueue(&on, &[("a", "o", 1), ("b", "o", 2), ("c", "other", 3)]).await?;
    let token = on.begun(SYNC).await?;
    let begin = async |name| on.stores.shipments.begin_send(&token, &id(name), intent(at(60))).await;
    same("the first row", &begin("a").await?, &BeginSend::Granted)?;
    same("while it is sending", &begin("b").await?, &BeginSend::OrderBusy)?;
    same("the busy row", &state(&on, "o", "b").await?, &Some(ShipmentState::Pending))?;
    on.stores.shipments.record(&token, &[to("a", ShipmentState::Sent { at: at(61) })]).await?;
    same("while it is not confirmed", &begin("b").await?, &BeginSend::OrderBusy)?;
    same("another order", &begin("c").await?, &BeginSend::Granted)
}

async fn concurrent_rows_of_an_order_do_not_fly_together(on: Ground) -> Check {
    let rows = ["a", "b", "c", "d", "e", "f", "g", "h"];
    enqueue(&on, &rows.map(|name| (name, "o", 1))).await?;
    let token = on.begun(SYNC).await?;
    let tasks = on.handles(rows.len()).into_iter().zip(rows).map(|(stores, name)| {
        let token = token.clone();
        async move { stores.shipments.begin_send(&token, &id(name), intent(at(60))).await }
    });
    let granted = at_once(tasks).await?.into_iter().filter(|answer| *answer == BeginSend::Granted).count();
    same("grants to 8 rows of one order", &granted, &1)?;
    same("rows in flight", &on.peer.shipments.unfinished(&on.here, None, 9).await?.len(), &1)
}

async fn a_row_that_is_not_due_is_not_sent(on: Ground) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 1), ("c", "3", 1)]).await?;
    let token = on.begun(SYNC).await?;
    let states = [
        ("a", "1", retry(at(500), RetryClass::Unavailable)),
        ("b", "2", ShipmentState::Blocked { reason: BlockReason::NoTracking }),
        ("c", "3", ShipmentState::Cancelled),
    ];
    for (name, order, wanted) in states {
        on.stores.shipments.record(&token, &[to(name, wanted.clone())]).await?;
        let answer = on.stores.shipments.begin_send(&token, &id(name), intent(at(499))).await?;
        same(&format!("a row in {}", wanted.name()), &answer, &BeginSend::NotDue)?;
        same("its state", &state(&on, order, name).await?, &Some(wanted))?;
    }
    let answer = on.stores.shipments.begin_send(&token, &id("a"), intent(at(500))).await?;
    same("when its time has come", &answer, &BeginSend::Granted)
}

async fn an_unknown_row_is_an_error(on: Ground) -> Check {
    let token = on.begun(SYNC).await?;
    let for_good = |what: &str, failed: Option<bool>| same(what, &failed, &Some(false));
    let answer = on.stores.shipments.begin_send(&token, &id("nothing"), intent(at(60))).await;
    for_good("begin_send: whether a repeat helps", answer.err().map(|error| error.is_retryable()))?;
    let answer = on.stores.shipments.record(&token, &[to("nothing", ShipmentState::Cancelled)]).await;
    for_good("record: whether a repeat helps", answer.err().map(|error| error.is_retryable()))
}

async fn a_stale_token_cannot_begin_to_send(on: Ground) -> Check {
    enqueue(&on, &[("a", "1", 1), ("b", "2", 2)]).await?;
    let (stale, newest) = on.superseded(SYNC).await?;
    on.peer.shipments.begin_send(&newest, &id("b"), intent(at(700))).await?;
    refused("begin_send", on.stores.shipments.begin_send(&stale, &id("a"), intent(at(700))).await)?;
    same(
        "rows in flight",
        &names(&on.stores.shipments.unfinished(&on.here, None, 9).await?),
        &vec!["b".to_owned()],
    )
}

async fn a_sync_grant_makes_older_tokens_stale_at_once(on: Ground) -> Check {
    on.leases_are_kept_in(&on.stores.shipments)?;
    enqueue(&on, &[("a", "1", 1)]).await?;
    let (stale, _newest) = on.superseded(SYNC).await?;
    refused("begin_send", on.stores.shipments.begin_send(&stale, &id("a"), intent(at(700))).await)?;
    holds("nothing is in flight", on.stores.shipments.unfinished(&on.here, None, 9).await?.is_empty())
}
