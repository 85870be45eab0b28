//! Saving, and what is known.

use std::{
    pin::{Pin, pin},
    task::{Context, Waker},
};

use super::{
    super::{
        check::{Check, at_once, checks, holds, same},
        given::{ODD_TEXTS, at, held, plain, ready},
        ground::Ground,
    },
    record,
};
use crate::channel::{
    ChannelOrderId, Operation,
    store::{ImportRecord, NewOrder, SaveOutcome},
};

checks! { "orders":
    an_order_is_imported_once => "saving an imported order again answers `AlreadyExists` and changes nothing",
    one_of_many_saves_inserts => "two concurrent saves of one order give one `Inserted` and one `AlreadyExists`",
    answers_stand_in_the_order_of_the_batch => "`save` answers for every order, in the order of its batch",
    known_answers_for_imported_orders_only => "`known` gives the records of those orders that have been imported",
    known_takes_500_ids => "`known` takes at least 500 ids in one call",
    swallowed_orders_are_found_with_their_survivors => "`swallowed` gives, for ids that `Lineage::merged` of imported orders names, the records of those orders",
    swallowed_takes_500_ids => "`swallowed` takes at least 500 ids in one call",
    records_say_what_was_saved => "the import record says what the order was when it was imported",
    what_is_saved_is_seen_by_others => "`Ok` means that every later read sees it, also from other processes",
    ids_are_compared_exactly => "ids are opaque texts: nothing is trimmed, folded or normalised",
    connections_are_separate => "ids of two connections do not meet",
    a_dropped_save_leaves_all_or_nothing => "a dropped future leaves either the whole effect of the call or none",
}

const GET: Operation = Operation::GetOrders;

fn is_inserted(outcome: &SaveOutcome) -> bool {
    matches!(outcome, SaveOutcome::Inserted { .. })
}

async fn an_order_is_imported_once(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    let outcome = on.stores.orders.save(&token, &[ready("1", at(1))]).await?;
    holds("a new order is inserted", outcome.iter().all(is_inserted))?;
    let again = NewOrder { imported_at: at(99), ..held("1", "Other") };
    let outcome = on.stores.orders.save(&token, &[again]).await?;
    same("saving it again", &outcome, &vec![SaveOutcome::AlreadyExists])?;
    let record = record(&*on.stores.orders, &on.here, "1").await?;
    let kept = record.map(|record| (record.imported_at, record.holds.len()));
    same("the record is the first one's", &kept, &Some((at(1), 0)))?;
    let open = on.stores.orders.open_follow_ups(&on.here, at(100), 9).await?;
    same("open follow-ups", &open.len(), &2)?;
    same("held orders", &on.stores.orders.held(&on.here, None, 9).await?.len(), &0)
}

async fn one_of_many_saves_inserts(on: Ground) -> Check {
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
    same("open follow-ups", &on.stores.orders.open_follow_ups(&on.here, at(2), 99).await?.len(), &4)
}

async fn answers_stand_in_the_order_of_the_batch(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    on.stores.orders.save(&token, &[plain("2")]).await?;
    let batch = [plain("3"), plain("2"), plain("1"), plain("3")];
    let outcomes = on.stores.orders.save(&token, &batch).await?;
    let inserted: Vec<bool> = outcomes.iter().map(is_inserted).collect();
    same("new, known, new, twice in the batch", &inserted, &vec![true, false, true, false])?;
    same("an empty batch", &on.stores.orders.save(&token, &[]).await?, &Vec::new())
}

async fn known_answers_for_imported_orders_only(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    on.stores.orders.save(&token, &[plain("1"), plain("2")]).await?;
    let known = on.stores.orders.known(&on.here, &["2".into(), "3".into(), "2".into()]).await?;
    let ids: Vec<&ChannelOrderId> = known.keys().collect();
    same("the known ones of 2 and 3", &ids, &vec![&"2".into()])?;
    holds("the record is that of its id", known.iter().all(|(id, record)| *id == record.order))?;
    same("of no ids", &on.stores.orders.known(&on.here, &[]).await?.len(), &0)
}

async fn known_takes_500_ids(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    let saved: Vec<NewOrder> = (0..250).map(|n| plain(&(n * 2).to_string())).collect();
    on.stores.orders.save(&token, &saved).await?;
    let asked: Vec<ChannelOrderId> = (0..500).map(|n| n.to_string().into()).collect();
    same("the known half of 500 ids", &on.stores.orders.known(&on.here, &asked).await?.len(), &250)
}

/// An order that others are inside of.
fn survivor(id: &str, merged: &[&str]) -> NewOrder {
    let mut new = plain(id);
    new.order.lineage.merged = merged.iter().map(|id| (*id).into()).collect();
    new
}

async fn swallowed_orders_are_found_with_their_survivors(on: Ground) -> Check {
    let (token, other) = (on.begun(GET).await?, on.begun_elsewhere(GET).await?);
    let batch = [survivor("6", &["3"]), survivor("1", &["2", "3"]), survivor("4", &[])];
    on.stores.orders.save(&token, &batch).await?;
    on.stores.orders.save(&other, &[survivor("5", &["4"])]).await?;
    let mut known = on.peer.orders.known(&on.here, &["1".into(), "6".into()]).await?;
    let survivors: Vec<_> = ["1", "6"].into_iter().filter_map(|id| known.remove(&id.into())).collect();
    same("how many are known", &survivors.len(), &2)?;
    let found = on.peer.orders.swallowed(&on.here, &["1".into(), "3".into(), "4".into()]).await?;
    same("what is found", &found, &[("3".into(), survivors)].into())?;
    same("of no ids", &on.stores.orders.swallowed(&on.here, &[]).await?.len(), &0)
}

async fn swallowed_takes_500_ids(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    let inside: Vec<String> = (0..250).map(|n| (n * 2).to_string()).collect();
    let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
    on.stores.orders.save(&token, &[survivor("s", &inside)]).await?;
    let asked: Vec<ChannelOrderId> = (0..500).map(|n| n.to_string().into()).collect();
    same("the swallowed half of 500", &on.stores.orders.swallowed(&on.here, &asked).await?.len(), &250)
}

async fn records_say_what_was_saved(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    let new = held("1", "Standard – 3/5 Tage 🚚");
    let outcomes = on.stores.orders.save(&token, std::slice::from_ref(&new)).await?;
    let host_order = match outcomes.into_iter().next() {
        Some(SaveOutcome::Inserted { host_order }) => host_order,
        _ => None,
    };
    let wanted = new.record(&token.run, host_order);
    same("the record", &record(&*on.stores.orders, &on.here, "1").await?, &Some(wanted))
}

async fn what_is_saved_is_seen_by_others(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    for n in 0..20 {
        let id = n.to_string();
        on.stores.orders.save(&token, &[ready(&id, at(1))]).await?;
        holds("the other handle knows the order", record(&*on.peer.orders, &on.here, &id).await?.is_some())?;
    }
    same("follow-ups there", &on.peer.orders.open_follow_ups(&on.here, at(1), 99).await?.len(), &40)
}

async fn ids_are_compared_exactly(on: Ground) -> Check {
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

async fn connections_are_separate(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    let other = on.begun_elsewhere(GET).await?;
    on.stores.orders.save(&token, &[NewOrder { holds: held("1", "x").holds, ..ready("1", at(1)) }]).await?;
    let outcome = on.stores.orders.save(&other, &[plain("1")]).await?;
    holds("the same id is new on another connection", outcome.iter().all(is_inserted))?;
    same("held there", &on.stores.orders.held(&on.elsewhere, None, 9).await?.len(), &0)?;
    same("follow-ups there", &on.stores.orders.open_follow_ups(&on.elsewhere, at(9), 9).await?.len(), &0)?;
    let nowhere = &"nowhere".into();
    same("known on a third one", &on.stores.orders.known(nowhere, &["1".into()]).await?.len(), &0)
}

/// Takes the future one step further; says whether that was its last.
fn is_done<F: Future>(future: Pin<&mut F>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

async fn a_dropped_save_leaves_all_or_nothing(on: Ground) -> Check {
    let token = on.begun(GET).await?;
    for polls in 0..4 {
        let id = format!("dropped {polls}");
        let batch = [ready(&id, at(1))];
        {
            let mut save = pin!(on.stores.orders.save(&token, &batch));
            for _ in 0..polls {
                if is_done(save.as_mut()) {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        on.stores.orders.save(&token, &batch).await?;
        holds("the order is there after a repeat", record(&*on.peer.orders, &on.here, &id).await?.is_some())?;
        let open = on.stores.orders.open_follow_ups(&on.here, at(1), 99).await?;
        let of_it = open.iter().filter(|open| open.order.as_str() == id).count();
        same("its follow-ups", &of_it, &2)?;
    }
    Ok(())
}
