//! Orders that could not be imported.

use super::{
    super::{
        check::{Check, checks, same},
        given::{at, failure, plain},
        ground::Ground,
    },
    kept_failure,
};
use crate::channel::{
    ChannelOrderId, Operation,
    store::{FailureRecord, OrderFailure},
};

checks! { "orders":
    failures_are_counted_per_order => "the same order again counts an attempt and keeps `first_seen`",
    due_failures_come_in_turn => "`due_failures` answers those whose time has come, first those that are due for longest, at most `limit`",
    a_dismissed_failure_is_never_due => "a dismissed failure is never due, and can still be read",
    failures_of_500_orders_are_found => "`failures` takes at least 500 ids in one call, and answers for those that have one",
    an_order_that_is_saved_has_no_failure => "`save` forgets the failure of an order that it inserts",
    cleared_failures_are_forgotten => "`clear_failures` forgets; clearing what is not there is harmless",
}

fn ids(records: Vec<FailureRecord>) -> Vec<String> {
    records.into_iter().map(|record| record.last.order.to_string()).collect()
}

async fn failures_are_counted_per_order(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    on.stores
        .orders
        .record_failures(&token, &[failure("1", at(1), at(10)), failure("2", at(2), at(10))])
        .await?;
    let mut again = failure("1", at(20), at(30));
    again.error = "Straße fehlt".into();
    again.retryable = false;
    on.stores.orders.record_failures(&token, std::slice::from_ref(&again)).await?;
    let wanted = FailureRecord { attempts: 2, first_seen: at(1), last: again, dismissed: false };
    same("the record", &kept_failure(&*on.peer.orders, &on.here, "1").await?, &Some(wanted))?;
    let attempts = kept_failure(&*on.stores.orders, &on.here, "2").await?.map(|record| record.attempts);
    same("attempts of the other one", &attempts, &Some(1))?;
    same("elsewhere", &kept_failure(&*on.stores.orders, &on.elsewhere, "1").await?, &None)
}

async fn due_failures_come_in_turn(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    let failures: Vec<OrderFailure> =
        vec![failure("a", at(1), at(12)), failure("b", at(3), at(10)), failure("c", at(2), at(20))];
    on.stores.orders.record_failures(&token, &failures).await?;
    same(
        "due at 12",
        &ids(on.peer.orders.due_failures(&on.here, at(12), 9).await?),
        &vec!["b".into(), "a".into()],
    )?;
    same("one of them", &ids(on.stores.orders.due_failures(&on.here, at(12), 1).await?), &vec!["b".into()])?;
    // One that fails again lets the others pass.
    on.stores.orders.record_failures(&token, &[failure("b", at(15), at(20))]).await?;
    same(
        "due at 20",
        &ids(on.stores.orders.due_failures(&on.here, at(20), 9).await?),
        &vec!["a".into(), "b".into(), "c".into()],
    )
}

async fn a_dismissed_failure_is_never_due(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    on.stores.orders.record_failures(&token, &[failure("1", at(1), at(10))]).await?;
    on.stores.orders.dismiss_failure(&on.here, &"1".into()).await?;
    on.stores.orders.dismiss_failure(&on.here, &"not there".into()).await?;
    on.stores.orders.record_failures(&token, &[failure("1", at(2), at(10))]).await?;
    same("due", &ids(on.peer.orders.due_failures(&on.here, at(99), 9).await?), &Vec::new())?;
    let dismissed = kept_failure(&*on.stores.orders, &on.here, "1").await?.map(|record| record.dismissed);
    same("it can still be read", &dismissed, &Some(true))
}

async fn failures_of_500_orders_are_found(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    let failed: Vec<OrderFailure> = (0..250).map(|n| failure(&(n * 2).to_string(), at(1), at(10))).collect();
    on.stores.orders.record_failures(&token, &failed).await?;
    let asked: Vec<ChannelOrderId> = (0..500).map(|n| n.to_string().into()).collect();
    let found = on.peer.orders.failures(&on.here, &asked).await?;
    same("the failed half of 500", &found.len(), &250)?;
    let strange = found.iter().find(|(id, failure)| failure.last.order != **id);
    same("a failure under the id of another order", &strange, &None)?;
    same("of no ids", &on.stores.orders.failures(&on.here, &[]).await?.len(), &0)
}

async fn an_order_that_is_saved_has_no_failure(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    on.stores.orders.record_failures(&token, &[failure("1", at(1), at(1))]).await?;
    on.stores.orders.dismiss_failure(&on.here, &"1".into()).await?;
    on.stores.orders.save(&token, &[plain("1")]).await?;
    same("the failure", &kept_failure(&*on.peer.orders, &on.here, "1").await?, &None)
}

async fn cleared_failures_are_forgotten(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    on.stores
        .orders
        .record_failures(&token, &[failure("1", at(1), at(1)), failure("2", at(1), at(1))])
        .await?;
    for _ in 0..2 {
        on.stores.orders.clear_failures(&token, &["1".into(), "not there".into()]).await?;
    }
    same("what is left", &ids(on.peer.orders.due_failures(&on.here, at(1), 9).await?), &vec!["2".into()])?;
    same("the cleared one", &kept_failure(&*on.stores.orders, &on.here, "1").await?, &None)
}
