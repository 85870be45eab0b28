//! What the processes that use one key keep together.

use std::sync::Arc;

use super::{Check, Stop, TTL, TestBed, at, at_once, checks, holds, same};
use crate::{
    channel::store::StoreError,
    client::{BudgetError, BudgetKey, BudgetRecord, BudgetStore},
};

checks! { "budget":
    what_is_kept_is_seen_by_others => "what `replace` has kept is seen by every later `read`, in whichever process",
    a_stale_version_replaces_nothing => "of several that have read the same version, one succeeds",
    nothing_is_lost_among_many => "`replace` is atomic, for whoever comes at once",
    keys_do_not_meet => "a record for each key",
    one_clock_serves_all => "`now` is by one clock for all processes",
}

type Store = dyn BudgetStore;

fn stores(on: &TestBed) -> Check<(&Store, &Store)> {
    let (store, peer) = on.budgets.as_ref().ok_or(Stop::LeftOut("the builder gives no budgets"))?;
    Ok((&**store, &**peer))
}

fn key() -> BudgetKey {
    BudgetKey::named("a")
}

fn done<T>(answer: Result<T, BudgetError>) -> Result<T, StoreError> {
    answer.map_err(|error| StoreError::permanent(error.to_string()))
}

async fn read(store: &Store, key: &BudgetKey) -> Check<BudgetRecord> {
    Ok(done(store.read(key, at(0)).await)?)
}

async fn replace(store: &Store, key: &BudgetKey, version: u64, text: &str) -> Check<bool> {
    Ok(done(store.replace(key, version, text).await)?)
}

async fn what_is_kept_is_seen_by_others(on: TestBed) -> Check {
    let (store, peer) = stores(&on)?;
    let none = read(store, &key()).await?;
    same("before anything is kept", (none.version, none.text.as_str()), (0, ""))?;
    for (store, peer, text) in
        [(store, peer, r#"{"a":1}"#), (peer, store, r#"{"b":[1,"\u00e9 'x'"]}"#), (store, peer, "{}")]
    {
        let before = read(store, &key()).await?;
        same("replacing", replace(store, &key(), before.version, text).await?, true)?;
        let after = read(peer, &key()).await?;
        same("what the other reads", after.text.as_str(), text)?;
        holds("the version grows", after.version > before.version)?;
    }
    Ok(())
}

async fn a_stale_version_replaces_nothing(on: TestBed) -> Check {
    let (store, peer) = stores(&on)?;
    same("the first", replace(store, &key(), 0, "1").await?, true)?;
    same("another first", replace(peer, &key(), 0, "2").await?, false)?;
    let first = read(peer, &key()).await?;
    same("the next", replace(peer, &key(), first.version, "3").await?, true)?;
    same("another next", replace(store, &key(), first.version, "4").await?, false)?;
    same("a version that is not there yet", replace(store, &key(), first.version + 9, "5").await?, false)?;
    same("what is kept", read(store, &key()).await?.text.as_str(), "3")
}

async fn nothing_is_lost_among_many(on: TestBed) -> Check {
    stores(&on)?;
    let Some((store, peer)) = on.budgets.clone() else { return Ok(()) };
    let count = |store: Arc<Store>| async move {
        for _ in 0..5 {
            loop {
                let kept = done(store.read(&key(), at(0)).await)?;
                let next = kept.text.parse().unwrap_or(0_u32) + 1;
                if done(store.replace(&key(), kept.version, &next.to_string()).await)? {
                    break;
                }
            }
        }
        Ok(())
    };
    at_once((0..8).map(|n| count(if n % 2 == 0 { store.clone() } else { peer.clone() }))).await?;
    same("what eight have counted to, five each", read(&*store, &key()).await?.text.as_str(), "40")
}

async fn keys_do_not_meet(on: TestBed) -> Check {
    let (store, peer) = stores(&on)?;
    let other = BudgetKey::named("b");
    replace(store, &key(), 0, "1").await?;
    same("another key", read(peer, &other).await?.version, 0)?;
    same("replacing it", replace(peer, &other, 0, "2").await?, true)?;
    same("the first key", read(store, &key()).await?.text.as_str(), "1")
}

async fn one_clock_serves_all(on: TestBed) -> Check {
    let (store, peer) = stores(&on)?;
    let mut last = None;
    for (store, by_caller) in [(peer, at(9_000)), (store, at(0)), (peer, at(9_000)), (store, at(0))] {
        let now = done(store.read(&key(), by_caller).await)?.now;
        if now == by_caller {
            return Err(Stop::LeftOut("the store has no clock of its own: it serves one process"));
        }
        if let Some(last) = last.replace(now) {
            holds("time does not go back", now >= last)?;
            holds("it does not jump", now.since(last) < TTL)?;
        }
    }
    Ok(())
}
