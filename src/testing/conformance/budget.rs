//! What the processes that use one key keep together.

use std::sync::Arc;

use super::{Check, Stop, TTL, TestBed, at, at_once, checks, holds, same};
use crate::client::{BudgetError, BudgetKey, BudgetRecord, BudgetStore};

checks! { "budget" on stores:
    what_is_kept_is_seen_by_others => "what `replace` has kept is seen by every later `read`, in whichever process",
    a_stale_version_replaces_nothing => "of several that have read the same version, one succeeds",
    nothing_is_lost_among_many => "`replace` is atomic, for whoever comes at once",
    keys_do_not_meet => "a record for each key",
    one_clock_serves_all => "`now` is by one clock for all processes",
}

type Store = Arc<dyn BudgetStore>;

fn stores(on: &TestBed) -> Check<(Store, Store)> {
    on.budgets.clone().ok_or(Stop::LeftOut("the builder gives no budgets"))
}

fn key() -> BudgetKey {
    BudgetKey::named("a")
}

async fn read(store: &Store) -> Check<BudgetRecord> {
    Ok(store.read(&key(), at(0)).await?)
}

async fn replace(store: &Store, version: u64, text: &str) -> Check<bool> {
    Ok(store.replace(&key(), version, text).await?)
}

async fn what_is_kept_is_seen_by_others((store, peer): (Store, Store)) -> Check {
    let none = read(&store).await?;
    same("before anything is kept", (none.version, none.text.as_str()), (0, ""))?;
    for (store, peer, text) in
        [(&store, &peer, r#"{"a":1}"#), (&peer, &store, r#"{"b":[1,"\u00e9 'x'"]}"#), (&store, &peer, "{}")]
    {
        let before = read(store).await?;
        same("replacing", replace(store, before.version, text).await?, true)?;
        let after = read(peer).await?;
        same("what the other reads", after.text.as_str(), text)?;
        holds("the version grows", after.version > before.version)?;
    }
    Ok(())
}

async fn a_stale_version_replaces_nothing((store, peer): (Store, Store)) -> Check {
    same("the first", replace(&store, 0, "1").await?, true)?;
    same("another first", replace(&peer, 0, "2").await?, false)?;
    let first = read(&peer).await?;
    same("the next", replace(&peer, first.version, "3").await?, true)?;
    same("another next", replace(&store, first.version, "4").await?, false)?;
    same("a version that is not there yet", replace(&store, first.version + 9, "5").await?, false)?;
    same("what is kept", read(&store).await?.text.as_str(), "3")
}

async fn nothing_is_lost_among_many((store, peer): (Store, Store)) -> Check {
    let count = |store: Store| async move {
        for _ in 0..5 {
            loop {
                let kept = store.read(&key(), at(0)).await?;
                let next = kept.text.parse().unwrap_or(0_u32) + 1;
                if store.replace(&key(), kept.version, &next.to_string()).await? {
                    break;
                }
            }
        }
        Ok::<_, BudgetError>(())
    };
    at_once([&store, &peer].into_iter().cycle().take(8).cloned().map(count)).await?;
    same("what eight have counted to, five each", read(&store).await?.text.as_str(), "40")
}

async fn keys_do_not_meet((store, peer): (Store, Store)) -> Check {
    let other = BudgetKey::named("b");
    replace(&store, 0, "1").await?;
    same("another key", peer.read(&other, at(0)).await?.version, 0)?;
    same("replacing it", peer.replace(&other, 0, "2").await?, true)?;
    same("the first key", read(&store).await?.text.as_str(), "1")
}

async fn one_clock_serves_all((store, peer): (Store, Store)) -> Check {
    let mut last = None;
    for (store, by_caller) in [(&peer, at(9_000)), (&store, at(0)), (&peer, at(9_000)), (&store, at(0))] {
        let now = store.read(&key(), by_caller).await?.now;
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
