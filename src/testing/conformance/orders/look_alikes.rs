//! Orders that are recognised by their fingerprint.

use super::super::{
    check::{Check, checks, same},
    given::plain,
    ground::Ground,
};
use crate::channel::{
    ConnectionId, Operation, OrderFingerprint,
    store::{NewOrder, OrderStore},
};

checks! { "orders":
    look_alikes_are_those_with_the_fingerprint => "`look_alikes` finds the imported orders that have the fingerprint, with their records, and no other order",
    look_alikes_come_in_order_and_not_too_many => "`look_alikes` answers in ascending order of id, at most `limit` for each fingerprint",
    look_alikes_are_found_by_500_fingerprints => "`look_alikes` takes at least 500 fingerprints in one call",
    look_alikes_of_connections_do_not_meet => "fingerprints of two connections do not meet",
}

fn print(text: &str) -> OrderFingerprint {
    OrderFingerprint::kept(text)
}

/// An order that is ready and has this fingerprint.
fn printed(id: &str, fingerprint: &str) -> NewOrder {
    NewOrder { fingerprint: Some(print(fingerprint)), ..plain(id) }
}

/// The ids of the orders with this fingerprint.
async fn found(
    orders: &dyn OrderStore,
    connection: &ConnectionId,
    fingerprint: &str,
    limit: usize,
) -> Check<Vec<String>> {
    let mut found = orders.look_alikes(connection, &[print(fingerprint)], limit).await?;
    let records = found.remove(&print(fingerprint)).unwrap_or_default();
    Ok(records.into_iter().map(|record| record.order.to_string()).collect())
}

async fn look_alikes_are_those_with_the_fingerprint(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    let new = printed("1", "aa");
    on.stores.orders.save(&token, &[new.clone(), printed("2", "bb"), plain("3")]).await?;
    let found = on.peer.orders.look_alikes(&on.here, &[print("aa"), print("cc")], 9).await?;
    let known = on.peer.orders.known(&on.here, &["1".into()]).await?;
    same("what is found", &found, &[(print("aa"), known.into_values().collect())].into())?;
    // Saved again, with another fingerprint: the record stands as it is.
    on.stores.orders.save(&token, &[printed("1", "cc")]).await?;
    same(
        "what is found afterwards",
        &on.peer.orders.look_alikes(&on.here, &[print("cc")], 9).await?.len(),
        &0,
    )?;
    same("without a fingerprint", &on.peer.orders.look_alikes(&on.here, &[], 9).await?.len(), &0)
}

async fn look_alikes_come_in_order_and_not_too_many(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    for id in ["3", "1", "2"] {
        on.stores.orders.save(&token, &[printed(id, "aa")]).await?;
    }
    let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    same("all of them", &found(&*on.stores.orders, &on.here, "aa", 9).await?, &ids(&["1", "2", "3"]))?;
    same("two of them", &found(&*on.peer.orders, &on.here, "aa", 2).await?, &ids(&["1", "2"]))
}

async fn look_alikes_are_found_by_500_fingerprints(on: Ground) -> Check {
    let token = on.begun(Operation::GetOrders).await?;
    let saved: Vec<NewOrder> = (0..250).map(|n| printed(&n.to_string(), &format!("{}", n * 2))).collect();
    on.stores.orders.save(&token, &saved).await?;
    let asked: Vec<OrderFingerprint> = (0..500).map(|n| print(&n.to_string())).collect();
    same("the known half of 500", &on.stores.orders.look_alikes(&on.here, &asked, 9).await?.len(), &250)
}

async fn look_alikes_of_connections_do_not_meet(on: Ground) -> Check {
    let (token, other) =
        (on.begun(Operation::GetOrders).await?, on.begun_elsewhere(Operation::GetOrders).await?);
    on.stores.orders.save(&token, &[printed("1", "aa")]).await?;
    on.stores.orders.save(&other, &[printed("2", "aa")]).await?;
    same("here", &found(&*on.stores.orders, &on.here, "aa", 9).await?, &vec!["1".to_owned()])?;
    same("elsewhere", &found(&*on.stores.orders, &on.elsewhere, "aa", 9).await?, &vec!["2".to_owned()])
}
