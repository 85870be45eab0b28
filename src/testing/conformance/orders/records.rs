//! What is known of imported orders.

use super::{
    super::{Check, Run, checks, held, none, plain, same},
    save,
};
use crate::channel::{
    ChannelOrderId, Operation, OrderFingerprint,
    store::{ImportRecord, NewOrder, OrderStoreExt, RecordKey, SaveOutcome},
};

checks! { "orders" during GetOrders:
    known_answers_for_imported_orders_only => "records are found by id for those orders that have been imported",
    merged_orders_are_found_with_their_survivors => "records are found by the orders that `Lineage::merged` of them names",
    fingerprints_find_the_orders_that_have_them => "records are found by their fingerprint, and no other order is",
    answers_stand_in_the_order_of_the_keys => "`records` answers in the order of the keys, each in ascending order of id and with at most `limit` records",
    records_are_found_by_500_keys => "`records` takes at least 500 keys in one call",
    records_of_connections_do_not_meet => "ids and fingerprints of two connections do not meet",
    records_say_what_was_saved => "the import record says what the order was when it was imported",
}

fn id(id: &str) -> RecordKey {
    RecordKey::Id(id.into())
}

fn into(id: &str) -> RecordKey {
    RecordKey::MergedInto(id.into())
}

fn print(text: &str) -> RecordKey {
    RecordKey::Fingerprint(OrderFingerprint::kept(text))
}

/// An order with this fingerprint that these orders are inside of.
fn survivor(id: &str, fingerprint: &str, merged: &[&str]) -> NewOrder {
    let mut new = NewOrder { fingerprint: Some(OrderFingerprint::kept(fingerprint)), ..plain(id) };
    new.order.lineage.merged = merged.iter().map(|id| (*id).into()).collect();
    new
}

/// The ids of the records of each answer.
fn ids(answers: Vec<Vec<ImportRecord>>) -> Vec<String> {
    let ids = |records: Vec<ImportRecord>| records.into_iter().map(|record| record.order.to_string());
    answers.into_iter().map(|records| ids(records).collect::<Vec<_>>().join(" ")).collect()
}

async fn found(on: &Run, keys: &[RecordKey], limit: usize) -> Check<Vec<String>> {
    Ok(ids(on.peer.orders.records(&on.here, keys, limit).await?))
}

async fn known_answers_for_imported_orders_only(on: Run) -> Check {
    save(&on, &[plain("1"), plain("2")]).await?;
    same("2 and 3", found(&on, &[id("2"), id("3")], 9).await?, ["2", ""])?;
    let known = on.stores.orders.known(&on.here, &["2".into(), "3".into(), "2".into()]).await?;
    same("the known ones", known.into_keys().collect::<Vec<_>>(), ["2".into()])?;
    none("of no keys", found(&on, &[], 9).await?)
}

async fn merged_orders_are_found_with_their_survivors(on: Run) -> Check {
    let batch = [survivor("6", "f", &["3"]), survivor("1", "f", &["2", "3"]), survivor("4", "f", &[])];
    save(&on, &batch).await?;
    let answers = found(&on, &[into("1"), into("3"), into("4")], 9).await?;
    same("what 1, 3 and 4 were merged into", answers, ["", "1 6", ""])
}

async fn fingerprints_find_the_orders_that_have_them(on: Run) -> Check {
    save(&on, &[survivor("1", "aa", &[]), survivor("2", "bb", &[]), plain("3")]).await?;
    let answers = found(&on, &[print("aa"), print("cc")], 9).await?;
    same("with a known and an unknown one", answers, ["1", ""])?;
    // Saved again, with another fingerprint: the record stands as it is.
    save(&on, &[survivor("1", "cc", &[])]).await?;
    same("afterwards", found(&on, &[print("cc")], 9).await?, [""])
}

async fn answers_stand_in_the_order_of_the_keys(on: Run) -> Check {
    for id in ["3", "1", "2"] {
        save(&on, &[survivor(id, "aa", &["9"])]).await?;
    }
    let keys = [id("3"), print("aa"), into("8"), into("9"), id("1"), id("3")];
    same("all of them", found(&on, &keys, 9).await?, ["3", "1 2 3", "", "1 2 3", "1", "3"])?;
    same("two of each", found(&on, &keys, 2).await?, ["3", "1 2", "", "1 2", "1", "3"])
}

async fn records_are_found_by_500_keys(on: Run) -> Check {
    let numbers: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let saved = numbers.iter().step_by(2).map(|n| survivor(n, n, &[&format!("in {n}")]));
    save(&on, &saved.collect::<Vec<_>>()).await?;
    let kinds: [fn(&str) -> RecordKey; 3] = [id, |n| into(&format!("in {n}")), print];
    for key in kinds {
        let keys: Vec<RecordKey> = numbers.iter().map(|n| key(n)).collect();
        let answers = found(&on, &keys, 9).await?;
        same("answers to 500 keys", answers.len(), 500)?;
        same("the known half", answers.iter().filter(|ids| !ids.is_empty()).count(), 250)?;
    }
    Ok(())
}

async fn records_of_connections_do_not_meet(on: Run) -> Check {
    let other = on.begun_elsewhere(Operation::GetOrders).await?;
    save(&on, &[survivor("1", "aa", &["3"])]).await?;
    on.stores.orders.save(&other, &[survivor("2", "aa", &["3"])]).await?;
    let keys = [print("aa"), into("3"), id("1"), id("2")];
    same("here", found(&on, &keys, 9).await?, ["1", "1", "1", ""])?;
    let elsewhere = ids(on.stores.orders.records(&on.elsewhere, &keys, 9).await?);
    same("elsewhere", elsewhere, ["2", "2", "", "2"])
}

async fn records_say_what_was_saved(on: Run) -> Check {
    let new = held("1", "Standard – 3/5 Tage 🚚");
    let outcomes = save(&on, std::slice::from_ref(&new)).await?;
    let host_order = match outcomes.into_iter().next() {
        Some(SaveOutcome::Inserted { host_order }) => host_order,
        _ => None,
    };
    let known = on.stores.orders.known(&on.here, &["1".into()]).await?;
    same("the record", known, [(ChannelOrderId::from("1"), new.record(&on.token.run, host_order))].into())
}
