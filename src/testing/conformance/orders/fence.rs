//! A run that has lost its lease writes nothing.

use super::{
    super::{
        check::{Check, Stop, at_once, checks, holds, refused, same},
        samples::{at, failure, held, plain, ready},
        test_bed::TestBed,
    },
    kept_failure, record,
};
use crate::channel::{
    Operation,
    shipping::ShippingResolution,
    store::{OrderStoreExt, RunToken, StoreError, Stores, WorkKind, WorkOutcome, WorkResult},
};

checks! { "orders":
    a_grant_makes_older_tokens_stale_at_once => "a store that holds the leases refuses an older token from the moment of the grant",
    a_run_that_stalls_stops_without_a_write => "a run that was overtaken is refused for good and leaves nothing behind",
    a_stale_token_cannot_save => "`save` refuses a stale fence and writes nothing",
    a_stale_token_cannot_record_work => "`record_work` refuses a stale fence and writes nothing",
    a_stale_token_cannot_reopen_work => "`reopen_work` refuses a stale fence and writes nothing",
    a_stale_token_cannot_apply_shipping => "`apply_shipping` refuses a stale fence and writes nothing",
}

/// A stale token, after the newer run has written: from then on every store knows.
async fn stale(on: &TestBed) -> Check<(RunToken, RunToken)> {
    let (stale, newest) = on.superseded(Operation::GetOrders).await?;
    on.peer.orders.save(&newest, &[ready("1", at(10)), held("2", "x")]).await?;
    on.peer.orders.record_failures(&newest, &[failure("9", at(1), at(1))]).await?;
    Ok((stale, newest))
}

async fn a_grant_makes_older_tokens_stale_at_once(on: TestBed) -> Check {
    on.leases_are_kept_in(&on.stores.orders)?;
    let (stale, _newest) = on.superseded(Operation::GetOrders).await?;
    refused("save", on.stores.orders.save(&stale, &[plain("1")]).await)?;
    same("the record", &record(&*on.stores.orders, &on.here, "1").await?, &None)
}

/// A worker that saves one order after the other; says which were taken and which were refused, in order.
async fn works(stores: Stores, token: RunToken, name: &str) -> Result<Vec<(String, bool)>, StoreError> {
    let mut saved = Vec::new();
    for n in 0..20 {
        let id = format!("{name} {n}");
        match stores.orders.save(&token, &[plain(&id)]).await {
            Ok(_) => saved.push((id, true)),
            Err(error) if error.is_lost_lease() => saved.push((id, false)),
            Err(error) => return Err(error),
        }
        tokio::task::yield_now().await;
    }
    Ok(saved)
}

async fn a_run_that_stalls_stops_without_a_write(on: TestBed) -> Check {
    let (stale, newest) = on.superseded(Operation::GetOrders).await?;
    let workers = [(on.stores.clone(), stale.clone(), "stalled"), (on.peer.clone(), newest, "overtook")];
    let saved = at_once(workers.map(|(stores, token, name)| works(stores, token, name))).await?;
    for (id, taken) in saved.iter().flatten() {
        let kept = record(&*on.stores.orders, &on.here, id).await?.is_some();
        same(&format!("order {id} is there because it was taken"), &kept, taken)?;
    }
    let [stalled, overtook] = &saved[..] else {
        return Err(Stop::violated("two workers and not two answers"));
    };
    holds("the newer run is never refused", overtook.iter().all(|(_, taken)| *taken))?;
    let back = stalled.iter().skip_while(|(_, taken)| *taken).find(|(_, taken)| *taken);
    same("an order taken after the first refusal", &back, &None)?;
    refused("save", on.stores.orders.save(&stale, &[plain("afterwards")]).await)
}

async fn a_stale_token_cannot_save(on: TestBed) -> Check {
    let (stale, _) = stale(&on).await?;
    refused("save", on.stores.orders.save(&stale, &[plain("3")]).await)?;
    same("the record", &record(&*on.stores.orders, &on.here, "3").await?, &None)
}

async fn a_stale_token_cannot_record_work(on: TestBed) -> Check {
    let (stale, _) = stale(&on).await?;
    let done = WorkOutcome::new("1".into(), WorkKind::AssignUser, WorkResult::Done, at(9));
    refused("record_work", on.stores.orders.record_work(&stale, &[done]).await)?;
    same("open follow-ups", &on.stores.orders.due_follow_ups(&on.here, at(10), 9).await?.len(), &2)?;
    refused("record_work", on.stores.orders.record_failures(&stale, &[failure("8", at(1), at(1))]).await)?;
    refused("record_work", on.stores.orders.clear_failures(&stale, &["9".into()], at(9)).await)?;
    same("the new failure", &kept_failure(&*on.stores.orders, &on.here, "8").await?, &None)?;
    let kept = kept_failure(&*on.stores.orders, &on.here, "9").await?.is_some();
    same("the failure is kept", &kept, &true)
}

async fn a_stale_token_cannot_reopen_work(on: TestBed) -> Check {
    let (stale, newest) = stale(&on).await?;
    let result = WorkResult::Failed { wanted: "a".to_owned(), error: "unknown".to_owned() };
    let failed = WorkOutcome::new("1".into(), WorkKind::AssignUser, result, at(9));
    on.stores.orders.record_work(&newest, &[failed]).await?;
    let answer = on.stores.orders.reopen_work(&stale, WorkKind::AssignUser, "b", at(10)).await;
    refused("reopen_work", answer)?;
    same("open follow-ups", &on.stores.orders.due_follow_ups(&on.here, at(10), 9).await?.len(), &1)
}

async fn a_stale_token_cannot_apply_shipping(on: TestBed) -> Check {
    let (stale, _) = stale(&on).await?;
    let answer = on
        .stores
        .orders
        .apply_shipping(&stale, &"2".into(), Some("x"), &ShippingResolution::NoText, 9, at(9))
        .await;
    refused("apply_shipping", answer)?;
    same("held orders", &on.stores.orders.held(&on.here, None, 9).await?.len(), &1)
}
