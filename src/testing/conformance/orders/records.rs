//! Saving orders, and what is known of them afterwards.

use super::{
    super::{
        Check, ODD_TEXTS, Run, Stop, at, checks, drop_after, failure, held, holds, none, plain, ready, same,
    },
    fail, record, save,
};
use crate::channel::{
    ChannelOrderId, Operation, OrderFingerprint,
    store::{ImportRecord, NewOrder, OrderStoreExt, RecordKey, SaveOutcome, WorkKind, WorkQuery},
};

checks! { "orders" during GetOrders:
    an_order_is_imported_once => "saving an imported order again answers `AlreadyExists` and changes nothing",
    one_of_many_saves_inserts => "two concurrent saves of one order give one `Inserted` and one `AlreadyExists`",
    answers_stand_in_the_order_of_the_batch => "`save` answers for every order, in the order of its batch",
    what_is_saved_is_seen_by_others => "`Ok` means that every later read sees it, also from other processes",
    ids_are_compared_exactly => "ids are opaque texts: nothing is trimmed, folded or normalized",
    connections_are_separate => "ids of two connections do not meet",
    an_order_that_the_host_refuses_fails_alone => "nothing of an order is kept that the host refuses, and it keeps no other from being saved",
    a_dropped_save_leaves_all_or_nothing => "a dropped future leaves either the whole effect of the call or none",
    known_answers_for_imported_orders_only => "records are found by id for those orders that have been imported",
    merged_orders_are_found_with_their_survivors => "records are found by the orders that `Lineage::merged` of them names",
    fingerprints_find_the_orders_that_have_them => "records are found by their fingerprint, and no other order is",
    answers_stand_in_the_order_of_the_keys => "`records` answers in the order of the keys, each in ascending order of id and with at most `limit` records",
    records_are_found_by_500_keys => "`records` takes at least 500 keys in one call",
    records_of_connections_do_not_meet => "ids and fingerprints of two connections do not meet",
    records_say_what_was_saved => "the import record says what the order was when it was imported",
}

fn is_inserted(outcome: &SaveOutcome) -> bool {
    matches!(outcome, SaveOutcome::Inserted { .. })
}

async fn an_order_is_imported_once(on: Run) -> Check {
    let outcome = save(&on, &[ready("1", at(1))]).await?;
    holds("a new order is inserted", outcome.iter().all(is_inserted))?;
    let again = NewOrder { imported_at: at(99), ..held("1", "Other") };
    same("saving it again", save(&on, &[again]).await?, [SaveOutcome::AlreadyExists])?;
    let kept = record(&on, "1").await?.map(|record| (record.imported_at, record.holds.len()));
    same("the record is the first one's", kept, Some((at(1), 0)))?;
    let open = on.stores.orders.due_follow_ups(&on.here, at(100), 9).await?;
    same("open follow-ups", open.len(), 2)?;
    none("held orders", on.stores.orders.held(&on.here, None, 9).await?)
}

async fn one_of_many_saves_inserts(on: Run) -> Check {
    let answers = on.write_at_once(16, |_, stores, token| async move {
        stores.orders.save(&token, &[ready("1", at(1)), ready("2", at(1))]).await
    });
    let answers = answers.await?.concat();
    let inserted = answers.iter().filter(|outcome| is_inserted(outcome)).count();
    same("insertions of two orders by 16 tasks", inserted, 2)?;
    let exists = answers.iter().filter(|outcome| **outcome == SaveOutcome::AlreadyExists).count();
    same("answers that they were there", exists, 30)?;
    same("open follow-ups", on.stores.orders.due_follow_ups(&on.here, at(2), 99).await?.len(), 4)
}

async fn answers_stand_in_the_order_of_the_batch(on: Run) -> Check {
    save(&on, &[plain("2")]).await?;
    let batch = [plain("3"), plain("2"), plain("1"), plain("3")];
    let outcomes = save(&on, &batch).await?;
    let inserted: Vec<bool> = outcomes.iter().map(is_inserted).collect();
    same("new, known, new, twice in the batch", inserted, [true, false, true, false])?;
    none("an empty batch", save(&on, &[]).await?)
}

async fn what_is_saved_is_seen_by_others(on: Run) -> Check {
    for n in 0..20 {
        let id = n.to_string();
        save(&on, &[ready(&id, at(1))]).await?;
        holds("the other handle knows the order", record(&on, &id).await?.is_some())?;
    }
    same("follow-ups there", on.peer.orders.due_follow_ups(&on.here, at(1), 99).await?.len(), 40)
}

async fn ids_are_compared_exactly(on: Run) -> Check {
    let batch: Vec<NewOrder> = ODD_TEXTS.iter().map(|id| held(id, id)).collect();
    let outcomes = save(&on, &batch).await?;
    for (id, outcome) in ODD_TEXTS.iter().zip(&outcomes) {
        holds(&format!("{id:?} is an order of its own"), is_inserted(outcome))?;
    }
    let asked: Vec<ChannelOrderId> = ODD_TEXTS.iter().map(|id| (*id).into()).collect();
    let known = on.stores.orders.known(&on.here, &asked).await?;
    for id in asked {
        same("the id of the record", known.get(&id).map(|record| &record.order), Some(&id))?;
    }
    let held = on.stores.orders.held(&on.here, None, 99).await?;
    same("held orders", held.len(), ODD_TEXTS.len())?;
    let changed = held.iter().find(|held| held.text.as_deref() != Some(held.order.as_str()));
    none("a text that came back changed", changed)
}

async fn connections_are_separate(on: Run) -> Check {
    let other = on.begun_elsewhere(Operation::GetOrders).await?;
    save(&on, &[NewOrder { holds: held("1", "x").holds, ..ready("1", at(1)) }]).await?;
    let outcome = on.stores.orders.save(&other, &[plain("1")]).await?;
    holds("the same id is new on another connection", outcome.iter().all(is_inserted))?;
    none("held there", on.stores.orders.held(&on.elsewhere, None, 9).await?)?;
    none("follow-ups there", on.stores.orders.due_follow_ups(&on.elsewhere, at(9), 9).await?)?;
    let nowhere = &"nowhere".into();
    none("known on a third one", on.stores.orders.known(nowhere, &["1".into()]).await?)
}

async fn an_order_that_the_host_refuses_fails_alone(on: Run) -> Check {
    let refused = on.refused_order.clone();
    let refused = refused.ok_or(Stop::LeftOut("the builder named no order that the host refuses"))?;
    fail(&on, &[failure(&refused, at(1), at(1))]).await?;
    let batch =
        [ready("1", at(1)), NewOrder { holds: held("", "x").holds, ..ready(&refused, at(1)) }, plain("2")];
    let outcomes = save(&on, &batch).await?;
    let is_failed = |outcome| matches!(outcome, &SaveOutcome::Failed { .. });
    let kinds: Vec<_> = outcomes.iter().map(|one| (is_inserted(one), is_failed(one))).collect();
    same("inserted or failed", kinds, [(true, false), (false, true), (true, false)])?;
    let keys = ["1", &refused, "2"].map(|id| RecordKey::Id(id.into()));
    let records = on.peer.orders.records(&on.here, &keys, 9).await?;
    same("records", records.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 1])?;
    let work = on.peer.orders.work(&on.here, WorkQuery::Of(&[refused.as_str().into()])).await?;
    same("what is to be done", work.iter().map(|work| work.kind).collect::<Vec<_>>(), [WorkKind::Import])?;
    none("held orders", on.peer.orders.held(&on.here, None, 9).await?)
}

async fn a_dropped_save_leaves_all_or_nothing(on: Run) -> Check {
    for polls in 0..4 {
        let id = format!("dropped {polls}");
        let batch = [ready(&id, at(1))];
        drop_after(polls, on.stores.orders.save(&on.token, &batch)).await;
        save(&on, &batch).await?;
        holds("the order is there after a repeat", record(&on, &id).await?.is_some())?;
        let open = on.stores.orders.due_follow_ups(&on.here, at(1), 99).await?;
        same("its follow-ups", open.iter().filter(|open| open.order.as_str() == id).count(), 2)?;
    }
    Ok(())
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
