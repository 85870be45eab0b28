//! Saving, and what is known.

use super::{
    super::{
        check::{Check, Stop, at_once, checks, drop_after, holds, same},
        samples::{ODD_TEXTS, at, failure, held, plain, ready},
        test_bed::TestBed,
    },
    record,
};
use crate::channel::{
    ChannelOrderId, Operation,
    store::{ImportRecord, NewOrder, OrderStoreExt, RecordKey, SaveOutcome, WorkKind, WorkQuery},
};

checks! { "orders":
    an_order_is_imported_once => "saving an imported order again answers `AlreadyExists` and changes nothing",
    one_of_many_saves_inserts => "two concurrent saves of one order give one `Inserted` and one `AlreadyExists`",
    answers_stand_in_the_order_of_the_batch => "`save` answers for every order, in the order of its batch",
    what_is_saved_is_seen_by_others => "`Ok` means that every later read sees it, also from other processes",
    ids_are_compared_exactly => "ids are opaque texts: nothing is trimmed, folded or normalized",
    connections_are_separate => "ids of two connections do not meet",
    an_order_that_the_host_refuses_fails_alone => "nothing of an order is kept that the host refuses, and it keeps no other from being saved",
    a_dropped_save_leaves_all_or_nothing => "a dropped future leaves either the whole effect of the call or none",
}

const GET: Operation = Operation::GetOrders;

fn is_inserted(outcome: &SaveOutcome) -> bool {
    matches!(outcome, SaveOutcome::Inserted { .. })
}

fn is_failed(outcome: &SaveOutcome) -> bool {
    matches!(outcome, SaveOutcome::Failed { .. })
}

async fn an_order_is_imported_once(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    let outcome = on.stores.orders.save(&token, &[ready("1", at(1))]).await?;
    holds("a new order is inserted", outcome.iter().all(is_inserted))?;
    let again = NewOrder { imported_at: at(99), ..held("1", "Other") };
    let outcome = on.stores.orders.save(&token, &[again]).await?;
    same("saving it again", &outcome, &vec![SaveOutcome::AlreadyExists])?;
    let record = record(&*on.stores.orders, &on.here, "1").await?;
    let kept = record.map(|record| (record.imported_at, record.holds.len()));
    same("the record is the first one's", &kept, &Some((at(1), 0)))?;
    let open = on.stores.orders.due_follow_ups(&on.here, at(100), 9).await?;
    same("open follow-ups", &open.len(), &2)?;
    same("held orders", &on.stores.orders.held(&on.here, None, 9).await?.len(), &0)
}

async fn one_of_many_saves_inserts(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    let tasks = on.handles(16).into_iter().map(|stores| {
        let token = token.clone();
        async move { stores.orders.save(&token, &[ready("1", at(1)), ready("2", at(1))]).await }
    });
    let answers = at_once(tasks).await?;
    let inserted = answers.iter().flatten().filter(|outcome| is_inserted(outcome)).count();
    same("insertions of two orders by 16 tasks", &inserted, &2)?;
    let exists = answers.iter().flatten().filter(|outcome| **outcome == SaveOutcome::AlreadyExists).count();
    same("answers that they were there", &exists, &30)?;
    same("open follow-ups", &on.stores.orders.due_follow_ups(&on.here, at(2), 99).await?.len(), &4)
}

async fn answers_stand_in_the_order_of_the_batch(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    on.stores.orders.save(&token, &[plain("2")]).await?;
    let batch = [plain("3"), plain("2"), plain("1"), plain("3")];
    let outcomes = on.stores.orders.save(&token, &batch).await?;
    let inserted: Vec<bool> = outcomes.iter().map(is_inserted).collect();
    same("new, known, new, twice in the batch", &inserted, &vec![true, false, true, false])?;
    same("an empty batch", &on.stores.orders.save(&token, &[]).await?, &Vec::new())
}

async fn what_is_saved_is_seen_by_others(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    for n in 0..20 {
        let id = n.to_string();
        on.stores.orders.save(&token, &[ready(&id, at(1))]).await?;
        holds("the other handle knows the order", record(&*on.peer.orders, &on.here, &id).await?.is_some())?;
    }
    same("follow-ups there", &on.peer.orders.due_follow_ups(&on.here, at(1), 99).await?.len(), &40)
}

async fn ids_are_compared_exactly(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    let batch: Vec<NewOrder> = ODD_TEXTS.iter().map(|id| held(id, id)).collect();
    let outcomes = on.stores.orders.save(&token, &batch).await?;
    for (id, outcome) in ODD_TEXTS.iter().zip(&outcomes) {
        holds(&format!("{id:?} is an order of its own"), is_inserted(outcome))?;
    }
    let asked: Vec<ChannelOrderId> = ODD_TEXTS.iter().map(|id| (*id).into()).collect();
    let known = on.stores.orders.known(&on.here, &asked).await?;
    for id in asked {
        let found: Option<&ImportRecord> = known.get(&id);
        same("the id of the record", &found.map(|record| &record.order), &Some(&id))?;
    }
    let held = on.stores.orders.held(&on.here, None, 99).await?;
    same("held orders", &held.len(), &ODD_TEXTS.len())?;
    let changed = held.iter().find(|held| held.text.as_deref() != Some(held.order.as_str()));
    same("a text that came back changed", &changed, &None)
}

async fn connections_are_separate(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    let other = on.begun_elsewhere(GET).await?;
    on.stores.orders.save(&token, &[NewOrder { holds: held("1", "x").holds, ..ready("1", at(1)) }]).await?;
    let outcome = on.stores.orders.save(&other, &[plain("1")]).await?;
    holds("the same id is new on another connection", outcome.iter().all(is_inserted))?;
    same("held there", &on.stores.orders.held(&on.elsewhere, None, 9).await?.len(), &0)?;
    same("follow-ups there", &on.stores.orders.due_follow_ups(&on.elsewhere, at(9), 9).await?.len(), &0)?;
    let nowhere = &"nowhere".into();
    same("known on a third one", &on.stores.orders.known(nowhere, &["1".into()]).await?.len(), &0)
}

async fn an_order_that_the_host_refuses_fails_alone(on: TestBed) -> Check {
    let refused = on.refused_order.clone();
    let refused = refused.ok_or(Stop::LeftOut("the builder named no order that the host refuses"))?;
    let token = on.begun(GET).await?;
    on.stores.orders.record_failures(&token, &[failure(&refused, at(1), at(1))]).await?;
    let batch =
        [ready("1", at(1)), NewOrder { holds: held("", "x").holds, ..ready(&refused, at(1)) }, plain("2")];
    let outcomes = on.stores.orders.save(&token, &batch).await?;
    let kinds: Vec<_> = outcomes.iter().map(|one| (is_inserted(one), is_failed(one))).collect();
    same("inserted or failed", &kinds, &vec![(true, false), (false, true), (true, false)])?;
    let keys = ["1", &refused, "2"].map(|id| RecordKey::Id(id.into()));
    let records = on.peer.orders.records(&on.here, &keys, 9).await?;
    same("records", &records.iter().map(Vec::len).collect::<Vec<_>>(), &vec![1, 0, 1])?;
    let work = on.peer.orders.work(&on.here, WorkQuery::Of(&[refused.as_str().into()])).await?;
    same(
        "what is to be done",
        &work.iter().map(|work| work.kind).collect::<Vec<_>>(),
        &vec![WorkKind::Import],
    )?;
    same("held orders", &on.peer.orders.held(&on.here, None, 9).await?.len(), &0)
}

async fn a_dropped_save_leaves_all_or_nothing(on: TestBed) -> Check {
    let token = on.begun(GET).await?;
    for polls in 0..4 {
        let id = format!("dropped {polls}");
        let batch = [ready(&id, at(1))];
        drop_after(polls, on.stores.orders.save(&token, &batch)).await;
        on.stores.orders.save(&token, &batch).await?;
        holds("the order is there after a repeat", record(&*on.peer.orders, &on.here, &id).await?.is_some())?;
        let open = on.stores.orders.due_follow_ups(&on.here, at(1), 99).await?;
        let of_it = open.iter().filter(|open| open.order.as_str() == id).count();
        same("its follow-ups", &of_it, &2)?;
    }
    Ok(())
}
