//! A run that has lost its lease writes nothing.

use super::{
    super::{Check, Run, Stop, at, at_once, checks, failure, held, holds, none, plain, ready, refused, same},
    fail, kept_failure, record, save,
};
use crate::channel::{
    shipping::ShippingResolution,
    store::{OrderStoreExt, RunToken, StoreError, Stores, WorkKind, WorkOutcome, WorkResult},
};

checks! { "orders" during GetOrders:
    a_grant_makes_older_tokens_stale_at_once => "a store that holds the leases refuses an older token from the moment of the grant",
    a_run_that_stalls_stops_without_a_write => "a run that was overtaken is refused for good and leaves nothing behind",
    a_stale_token_cannot_save => "`save` refuses a stale fence and writes nothing",
    a_stale_token_cannot_record_work => "`record_work` refuses a stale fence and writes nothing",
    a_stale_token_cannot_reopen_work => "`reopen_work` refuses a stale fence and writes nothing",
    a_stale_token_cannot_apply_shipping => "`apply_shipping` refuses a stale fence and writes nothing",
}

/// Another run that has the lease and has written: from then on every store knows.
async fn overtaken(on: &Run) -> Check<RunToken> {
    let newest = on.overtaken().await?;
    on.peer.orders.save(&newest, &[ready("1", at(10)), held("2", "x")]).await?;
    on.peer.orders.record_failures(&newest, &[failure("9", at(1), at(1))]).await?;
    Ok(newest)
}

async fn a_grant_makes_older_tokens_stale_at_once(on: Run) -> Check {
    on.leases_are_kept_in(&on.stores.orders)?;
    on.overtaken().await?;
    refused("save", save(&on, &[plain("1")]).await)?;
    none("the record", record(&on, "1").await?)
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

async fn a_run_that_stalls_stops_without_a_write(on: Run) -> Check {
    let newest = on.overtaken().await?;
    let workers = [(on.stores.clone(), on.token.clone(), "stalled"), (on.peer.clone(), newest, "overtook")];
    let saved = at_once(workers.map(|(stores, token, name)| works(stores, token, name))).await?;
    for (id, taken) in saved.iter().flatten() {
        let kept = record(&on, id).await?.is_some();
        same(&format!("order {id} is there because it was taken"), kept, *taken)?;
    }
    let [stalled, overtook] = &saved[..] else {
        return Err(Stop::violated("two workers and not two answers"));
    };
    holds("the newer run is never refused", overtook.iter().all(|(_, taken)| *taken))?;
    let back = stalled.iter().skip_while(|(_, taken)| *taken).find(|(_, taken)| *taken);
    none("an order taken after the first refusal", back)?;
    refused("save", save(&on, &[plain("afterwards")]).await)
}

async fn a_stale_token_cannot_save(on: Run) -> Check {
    overtaken(&on).await?;
    refused("save", save(&on, &[plain("3")]).await)?;
    none("the record", record(&on, "3").await?)
}

async fn a_stale_token_cannot_record_work(on: Run) -> Check {
    overtaken(&on).await?;
    let done = WorkOutcome::new("1".into(), WorkKind::AssignUser, WorkResult::Done, at(9));
    refused("record_work", on.stores.orders.record_work(&on.token, &[done]).await)?;
    same("open follow-ups", on.stores.orders.due_follow_ups(&on.here, at(10), 9).await?.len(), 2)?;
    refused("record_work", fail(&on, &[failure("8", at(1), at(1))]).await)?;
    refused("record_work", on.stores.orders.clear_failures(&on.token, &["9".into()], at(9)).await)?;
    none("the new failure", kept_failure(&on, "8").await?)?;
    same("the failure is kept", kept_failure(&on, "9").await?.is_some(), true)
}

async fn a_stale_token_cannot_reopen_work(on: Run) -> Check {
    let newest = overtaken(&on).await?;
    let result = WorkResult::Failed { wanted: "a".to_owned(), error: "unknown".to_owned() };
    let failed = WorkOutcome::new("1".into(), WorkKind::AssignUser, result, at(9));
    on.stores.orders.record_work(&newest, &[failed]).await?;
    let answer = on.stores.orders.reopen_work(&on.token, WorkKind::AssignUser, "b", at(10)).await;
    refused("reopen_work", answer)?;
    same("open follow-ups", on.stores.orders.due_follow_ups(&on.here, at(10), 9).await?.len(), 1)
}

async fn a_stale_token_cannot_apply_shipping(on: Run) -> Check {
    overtaken(&on).await?;
    let (orders, resolution) = (&on.stores.orders, ShippingResolution::NoText);
    let answer = orders.apply_shipping(&on.token, &"2".into(), Some("x"), &resolution, 9, at(9)).await;
    refused("apply_shipping", answer)?;
    same("held orders", on.stores.orders.held(&on.here, None, 9).await?.len(), 1)
}
