//! A host that keeps orders in tables of its own, written in the transaction of a ready-made store.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrder, ConnectionId, HoldReason, HostOrderId, Operation, Shipment,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, BeginOutcome, EnqueueOutcome, Maintenance, NewOrder, NewRun, OrderChange,
            OrderChangeKind, OrderObservation, OrderSnapshot, OrderStoreExt, RetentionPolicy, RunToken,
            SaveOutcome, ShipmentStore, Stores,
        },
    },
    stores::{
        Failure, ReleasedOrder, SqliteStore,
        sqlite::{OrderWriter, rusqlite::Transaction},
    },
    testing::conformance::{self, BuildError, TestStores, Verdict},
};

/// The host's tables.
pub(super) const SHOP: &str =
    "CREATE TABLE shop_order (id INTEGER PRIMARY KEY, number TEXT NOT NULL UNIQUE, held BOOLEAN NOT NULL);
     CREATE TABLE shop_note (number TEXT NOT NULL, what TEXT NOT NULL);";
/// What it refuses after it has begun to write it, and what it cannot let go.
pub(super) const REFUSED: &str = "N-refused";
pub(super) const STUCK: &str = "N-stuck";

pub(super) fn here() -> ConnectionId {
    "here".into()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_780_000_000 + seconds)
}

pub(super) fn order(id: &str) -> NewOrder {
    NewOrder::new(ChannelOrder::new(id, format!("N-{id}")), ShippingResolution::NoText, 1, at(0))
}

fn held(id: &str) -> NewOrder {
    let mut order = order(id);
    order.holds = vec![HoldReason::UnmappedShipping { text: "odd".to_owned() }];
    order
}

#[derive(Debug)]
struct Shop;

impl OrderWriter for Shop {
    fn write(
        &self,
        tx: &Transaction<'_>,
        _connection: &ConnectionId,
        orders: &[&NewOrder],
    ) -> Result<Vec<Option<HostOrderId>>, Failure> {
        let mut insert = tx.prepare_cached("INSERT INTO shop_order (number, held) VALUES (?1, ?2)")?;
        let mut names = Vec::new();
        for new in orders {
            let id = insert.insert((&new.order.number, !new.holds.is_empty()))?;
            if new.order.number == REFUSED {
                return Err(Failure::refused("the shop is closed for this one"));
            }
            names.push(Some(HostOrderId::new(id.to_string())));
        }
        names.truncate(if orders.iter().any(|new| new.order.number == "N-miscounted") {
            0
        } else {
            usize::MAX
        });
        Ok(names)
    }

    fn release(
        &self,
        tx: &Transaction<'_>,
        _connection: &ConnectionId,
        order: &ReleasedOrder,
    ) -> Result<(), Failure> {
        let id = order.record.host_order.as_ref().map(HostOrderId::as_str);
        tx.execute("UPDATE shop_order SET held = false WHERE id = ?1", [id])?;
        if order.record.number == STUCK { Err(Failure::refused("not this one")) } else { Ok(()) }
    }

    fn change(
        &self,
        tx: &Transaction<'_>,
        _connection: &ConnectionId,
        changes: &[&OrderChange],
    ) -> Result<(), Failure> {
        for change in changes {
            let note = (&change.number, format!("{:?}", change.what));
            tx.execute("INSERT INTO shop_note VALUES (?1, ?2)", note)?;
        }
        if changes.iter().any(|change| change.number == STUCK) { Err(Failure::refused("no")) } else { Ok(()) }
    }
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap().with_order_writer(Shop)
}

/// A file with the host's tables, and the store in it.
fn shop() -> (tempfile::TempDir, Connection, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.sqlite");
    let tables = Connection::open(&path).unwrap();
    tables.execute_batch(SHOP).unwrap();
    tables.busy_timeout(Duration::from_secs(9)).unwrap();
    let store = Arc::new(open(&path));
    (folder, tables, store)
}

fn rows(tables: &Connection, sql: &str) -> Vec<(String, String)> {
    let mut rows = tables.prepare(sql).unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

pub(super) async fn begun(stores: &Stores) -> RunToken {
    let ttl = Duration::from_secs(300);
    let run = NewRun::new(here(), Operation::GetOrders, "run".into(), "test", ttl, at(0));
    match stores.runs.begin(run).await.unwrap() {
        BeginOutcome::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

/// What both databases must do with a host's tables. `shop` shows the orders in them, and which are held; `notes` the notes.
pub(super) async fn keeps_both_or_neither(
    stores: &Stores,
    shop: impl AsyncFn() -> Vec<(String, String)>,
    notes: impl AsyncFn() -> Vec<(String, String)>,
) {
    let token = begun(stores).await;
    let (one, two) = (("N-1".to_owned(), "ready".to_owned()), ("N-2".to_owned(), "held".to_owned()));
    // One that the host refuses after it wrote it, one that a constraint of its table refuses, one twice.
    let mut same_number = order("3");
    "N-1".clone_into(&mut same_number.order.number);
    let batch = [order("1"), order("refused"), held("2"), same_number, order("1")];
    let saved = stores.orders.save(&token, &batch).await.unwrap();
    let is_inserted =
        |outcome: &SaveOutcome| matches!(outcome, SaveOutcome::Inserted { host_order: Some(_) });
    assert!(is_inserted(&saved[0]) && is_inserted(&saved[2]), "{saved:?}");
    for (place, words) in [(1, "the shop is closed"), (3, "shop_order")] {
        let SaveOutcome::Failed { message, .. } = &saved[place] else { panic!("{:?}", saved[place]) };
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(saved[4], SaveOutcome::AlreadyExists);
    assert_eq!(shop().await, [one.clone(), two.clone()]);
    let known =
        stores.orders.known(&here(), &["1".into(), "2".into(), "3".into(), "refused".into()]).await.unwrap();
    assert_eq!(known.len(), 2, "{known:?}");
    let named = |outcome: &SaveOutcome| match outcome {
        SaveOutcome::Inserted { host_order } => host_order.clone(),
        _ => None,
    };
    for record in known.values() {
        let place = if record.order.as_str() == "1" { 0 } else { 2 };
        assert_eq!(record.host_order, named(&saved[place]));
    }
    // A writer that answers for fewer than it was given has no effect.
    let miscounted = stores.orders.save(&token, &[order("4"), order("miscounted")]).await.unwrap();
    assert!(is_inserted(&miscounted[0]), "{miscounted:?}");
    assert!(
        matches!(&miscounted[1], SaveOutcome::Failed { message, .. } if message.contains("answered for 0 of 1"))
    );

    // A held order is let go in both places, or in none.
    stores.orders.save(&token, &[held("stuck")]).await.unwrap();
    let release = async |id: &str| {
        stores.orders.apply_shipping(&token, &id.into(), None, &ShippingResolution::NoText, 2, at(11)).await
    };
    assert_eq!(release("2").await.unwrap(), ApplyOutcome::Applied { still_held: false });
    let refused = release("stuck").await.unwrap_err();
    assert!(refused.to_string().contains("not this one"), "{refused}");
    let waiting = stores.orders.held(&here(), None, 9).await.unwrap();
    assert_eq!(waiting.iter().map(|held| held.order.as_str()).collect::<Vec<_>>(), ["stuck"]);
    let ready = |number: &str| (number.to_owned(), "ready".to_owned());
    assert_eq!(
        shop().await,
        [ready("N-1"), ready("N-2"), ready("N-4"), (STUCK.to_owned(), "held".to_owned())]
    );

    // A change is told in the transaction that remembers it.
    let history = stores.history.as_ref().unwrap();
    let seen = |id: &str| {
        let change =
            OrderChange::new(id.into(), format!("N-{id}"), Some(at(9)), vec![OrderChangeKind::Cancelled]);
        OrderObservation::new(None, OrderSnapshot::of(&order(id).order), Some(change))
    };
    assert_eq!(history.record_changes(&token, &[seen("1")], at(11)).await.unwrap(), 1);
    assert!(history.record_changes(&token, &[seen("2"), seen("stuck")], at(11)).await.is_err());
    assert_eq!(history.changes(&here(), None, 9).await.unwrap().len(), 1);
    assert_eq!(notes().await, [("N-1".to_owned(), "[Cancelled]".to_owned())]);

    // The host has the order; what holds it here is without its buyer once that one is forgotten.
    let mut waits = order("9");
    waits.holds = vec![HoldReason::ByPolicy { reason: "a planted text".to_owned() }];
    stores.orders.save(&token, &[waits]).await.unwrap();
    let kept = async || {
        let held = stores.orders.held(&here(), None, 9).await.unwrap();
        format!("{held:?} {:?}", stores.orders.known(&here(), &["9".into()]).await.unwrap())
    };
    assert_eq!(kept().await.matches("planted text").count(), 2);
    let maintenance = stores.maintenance.as_ref().unwrap();
    assert!(maintenance.forget_buyer(&here(), &"9".into()).await.unwrap().is_complete());
    assert_eq!(kept().await.matches("planted text").count(), 0);
}

#[tokio::test]
async fn faults_a_host_table_in_the_file_and_the_store_keep_both_or_neither() {
    let (_folder, tables, store) = shop();
    let shop =
        async || rows(&tables, "SELECT number, iif(held, 'held', 'ready') FROM shop_order ORDER BY number");
    let notes = async || rows(&tables, "SELECT number, what FROM shop_note");
    Box::pin(keeps_both_or_neither(&store.stores(), shop, notes)).await;
    assert!(store.take_orders(&here(), 9).await.unwrap().is_empty(), "the host has them");
    assert_eq!(store.order(&here(), &"1".into()).await.unwrap(), None, "no second copy of a buyer");
    assert_eq!(store.maintain(&RetentionPolicy::default(), at(99)).await.unwrap().buyers, 0);
}

#[tokio::test]
async fn faults_orders_imported_before_there_was_a_writer_are_still_handed_out() {
    let (folder, _tables, store) = shop();
    let path = folder.path().join("shop.sqlite");
    drop(store);
    let before = Arc::new(SqliteStore::open(&path).unwrap());
    let token = begun(&before.stores()).await;
    before.stores().orders.save(&token, &[order("1"), held("2")]).await.unwrap();
    drop(before);
    let after = open(&path);
    assert!(after.release_order(&here(), &"2".into(), at(11)).await.unwrap());
    assert_eq!(after.take_orders(&here(), 9).await.unwrap().len(), 2);
}

async fn fresh_shop() -> Result<TestStores, BuildError> {
    // Orders of the suite may share a number.
    let tables = SHOP.replace(" UNIQUE", "").replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS");
    super::conformance::fresh_file(|file| {
        Connection::open(file).unwrap().execute_batch(&tables).unwrap();
        Ok(open(file))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_a_store_with_a_hosts_writer_keeps_every_clause() {
    let report = conformance::all(&fresh_shop).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
}

#[tokio::test]
async fn faults_a_shipment_joins_the_transaction_of_the_host() {
    let (_folder, mut tables, store) = shop();
    let shipments =
        [Shipment::new("s1", "1", at(0), "UPS", "1Z1"), Shipment::new("s2", "2", at(0), "UPS", "1Z2")];
    for (commits, outcome) in
        [(false, EnqueueOutcome::New), (true, EnqueueOutcome::New), (true, EnqueueOutcome::Duplicate)]
    {
        let tx = tables.transaction().unwrap();
        let answers = SqliteStore::enqueue_in(&tx, &here(), &shipments, at(0)).unwrap();
        assert_eq!(answers, [outcome, outcome]);
        if commits {
            tx.commit().unwrap();
        } else {
            tx.rollback().unwrap();
            assert!(store.counts(&here()).await.unwrap().is_empty());
        }
    }
    assert_eq!(store.counts(&here()).await.unwrap()["pending"], 2);
}
