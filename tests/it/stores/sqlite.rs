//! What only the SQLite store does: its file, its host's side, two handles on one file.

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use shipstation_connector::{
    Timestamp,
    channel::{
        Address, ChannelOrder, ConnectionId, HoldReason, LinkState, Operation, OrderFingerprint,
        ShipmentState,
        shipping::ShippingResolution,
        store::{
            ApplyOutcome, BeginOutcome, BeginSendOutcome, ListingStore, ListingStoreExt, Maintenance,
            MappingStore, NewOrder, NewRun, OrderStore, OrderStoreExt, RetentionPolicy, RunStore, RunToken,
            SaveOutcome, SendIntent, ShipmentStore, ShipmentStoreExt, ShipmentTransition, WorkKind,
            WorkQuery,
        },
    },
    channel::{LineQuantity, OrderLine, OrderOption, Shipment},
    stores::{
        SqliteStore,
        sqlite::{OpenProblem, SqliteOptions},
    },
};
use tempfile::TempDir;

struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("store.sqlite")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).unwrap()
    }
}

fn here() -> ConnectionId {
    "here".into()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_772_442_000 + seconds)
}

async fn begin(store: &SqliteStore, operation: Operation, run: &str, now: Timestamp) -> RunToken {
    let run = NewRun::new(here(), operation, run.into(), "test", Duration::from_secs(60), now);
    match store.begin(run).await.unwrap() {
        BeginOutcome::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

fn order(id: &str) -> NewOrder {
    let mut order = ChannelOrder::new(id, format!("N-{id}"));
    order.buyer.email = Some("planted-buyer@example.com".to_owned());
    order.ship_to = Address::default();
    order.ship_to.name = Some("Planted Buyer".to_owned());
    order.ship_to.street1 = Some("1 Planted Street".to_owned());
    order.ship_to.country = Some("US".to_owned());
    order.gift_message = Some("planted gift".to_owned());
    order.internal_notes = Some("planted note".to_owned());
    order.custom_fields = vec![Some("planted field".to_owned())];
    let mut line = OrderLine::new("1", Some("SKU".to_owned()), 2);
    line.name = Some("Mug, planted engraving".to_owned());
    line.options = vec![OrderOption::new("Engraving", Some("planted choice".to_owned()))];
    order.lines = vec![line];
    NewOrder::new(order, ShippingResolution::NoText, 1, at(0))
}

fn ids_of(orders: &[shipstation_connector::stores::StoredOrder]) -> Vec<String> {
    orders.iter().map(|stored| stored.order.id.to_string()).collect()
}

/// Everything in the folder, byte by byte.
fn bytes(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.flat_map(|file| std::fs::read(file).unwrap()).collect()
}

fn problem(path: &Path) -> (OpenProblem, String) {
    let before = std::fs::read(path).unwrap();
    let error = SqliteStore::open(path).unwrap_err();
    assert_eq!(std::fs::read(path).unwrap(), before, "the file must be left as it was");
    let text = error.to_string();
    (error.problem, text)
}

#[test]
fn opening_refuses_what_is_no_database_and_leaves_it() {
    let file = File::new();
    for content in ["not a database", &"x".repeat(10_000)] {
        std::fs::write(file.path(), content).unwrap();
        let (found, text) = problem(&file.path());
        assert!(matches!(found, OpenProblem::NotADatabase), "{found:?}");
        assert!(text.contains("store.sqlite") && text.contains("not an SQLite database"), "{text}");
    }
}

/// A copy of a file that version 0.1 wrote, with something in every table of it.
fn version_0_1() -> File {
    let file = File::new();
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/sqlite_0_1.db");
    std::fs::copy(kept, file.path()).unwrap();
    file
}

/// Every store's own view of a file of version 0.1, after it was brought up to date.
async fn is_as_version_0_1_left_it(store: &SqliteStore) {
    let to_the_nanosecond = |seconds| at(seconds) + Duration::from_nanos(123_456_789);
    let here = &here();
    let runs = store.recent(here, Operation::GetOrders, 9).await.unwrap();
    let runs: Vec<_> =
        runs.iter().map(|run| (run.run.as_str(), run.is_success(), run.covers_window)).collect();
    assert_eq!(runs, [("running", false, true), ("abandoned", false, true), ("first", true, true)]);
    assert_eq!(store.last_success(here, Operation::GetOrders).await.unwrap().unwrap().headline, "2 imported");

    let ids: Vec<_> = ["1", "2", "3", "4", "5"].map(Into::into).to_vec();
    let known = store.known(here, &ids).await.unwrap();
    assert_eq!(known.len(), 5);
    assert_eq!(known[&"1".into()].imported_at, to_the_nanosecond(1));
    assert_eq!(store.merged_into(here, &["inside".into()]).await.unwrap()[&"inside".into()][0].number, "N-2");
    assert_eq!(store.find_by_fingerprint(here, &[OrderFingerprint::kept("aa")], 9).await.unwrap().len(), 1);
    let held = store.held(here, None, 9).await.unwrap();
    assert_eq!((held.len(), held[0].number.as_str(), held[0].text.as_deref()), (1, "N-4", Some("Größe L")));
    assert_eq!((held[0].country.as_deref(), held[0].since), (Some("US"), to_the_nanosecond(1)));
    assert_eq!(ids_of(&store.take_orders(here, 9).await.unwrap()), ["1", "2", "5"]);

    let asked: Vec<_> = ["1", "2", "5", "f1", "f2"].map(Into::into).to_vec();
    let mut work = store.work(here, WorkQuery::Of(&asked)).await.unwrap();
    work.sort_by(|a, b| (&a.order, a.kind).cmp(&(&b.order, b.kind)));
    let seen: Vec<_> =
        work.iter().map(|w| (w.order.as_str(), w.kind.name(), w.state.name(), w.attempts)).collect();
    let wanted = [
        ("1", "assign_user", "open", 1),
        ("2", "assign_user", "failed", 0),
        ("2", "add_tag", "open", 0),
        ("5", "assign_user", "open", 0),
        ("5", "add_tag", "open", 0),
        ("f1", "import", "open", 2),
        ("f2", "import", "dismissed", 1),
    ];
    assert_eq!(seen, wanted);
    let tried = &work[0];
    assert_eq!((tried.next_attempt, tried.outcome_unknown), (to_the_nanosecond(900), true));
    assert_eq!((tried.tried.clone(), tried.number.as_str()), (vec!["u-1".to_owned()], "N-1"));
    assert_eq!(
        tried.user_before.as_ref().map(shipstation_connector::channel::ChannelUserId::as_str),
        Some("before")
    );
    assert_eq!((work[5].retryable, work[5].failed_at), (true, Some(to_the_nanosecond(10))));
    assert_eq!(work[5].error.as_deref(), Some("no address"));
    let due = store.due_failures(here, at(9_999), 9).await.unwrap();
    assert_eq!(due.iter().map(|work| work.order.as_str()).collect::<Vec<_>>(), ["f1"]);

    let counts = store.counts(here).await.unwrap();
    assert_eq!((counts.len(), counts["blocked"], counts.values().sum::<u64>()), (12, 2, 13), "{counts:?}");
    let flying = store.in_flight(here, None, 9).await.unwrap();
    let flying: Vec<_> = flying.iter().map(|row| (row.shipment.id.as_str(), row.attempts)).collect();
    assert_eq!(flying, [("sending", 0), ("unknown", 1), ("sent", 1)]);
    let sending = store.order_progress(here, &"order of sending".into()).await.unwrap().rows;
    assert!(matches!(sending[0].state, ShipmentState::Sending { attempt: 1, .. }));
    assert_eq!((sending[0].shipment.revision, sending[0].enqueued_at), (2, to_the_nanosecond(1)));
    let due = store.due(here, at(100_000), None, 9).await.unwrap();
    let due: Vec<_> = due.iter().map(|row| row.shipment.id.as_str()).collect();
    assert_eq!(due, ["pending", "waiting", "shut", "retry"]);
    let waiting = store.order_progress(here, &"order of waiting".into()).await.unwrap();
    assert_eq!(waiting.cancelled, [LineQuantity { line: "2".into(), quantity: 3 }]);

    let links = store.links_after(here, None, 9).await.unwrap();
    assert_eq!(
        links.iter().map(|link| link.state).collect::<Vec<_>>(),
        [LinkState::Linked, LinkState::Broken]
    );
    assert_eq!(store.listings(here, None, 9).await.unwrap().len(), 3);
    let rules = store.rules(here).await.unwrap();
    assert_eq!((rules.shipping.version, rules.carriers.version), (2, 1));
    assert_eq!((rules.shipping.rows.len(), rules.carriers.rows.len()), (1, 1));
    assert_eq!(store.unmapped(here).await.unwrap().len(), 2);
}

#[tokio::test]
async fn opening_takes_over_a_file_of_version_0_1_once() {
    let file = version_0_1();
    for _ in 0..2 {
        let store = file.open();
        is_as_version_0_1_left_it(&store).await;
        assert_eq!(store.check_integrity().await.unwrap(), Vec::<String>::new());
        store.close().await;
    }
    let tables: i64 = Connection::open(file.path())
        .unwrap()
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'shipstation_*'
             AND name <> 'sqlite_sequence'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 0, "nothing is kept twice");

    // The leases of its runs hold, and go on where they were.
    let store = file.open();
    let held =
        NewRun::new(here(), Operation::GetOrders, "x".into(), "test", Duration::from_secs(600), at(10));
    assert!(matches!(store.begin(held.clone()).await.unwrap(), BeginOutcome::AlreadyRunning { .. }));
    assert_eq!(store.release_leases("worker-1").await.unwrap(), 3);
    let BeginOutcome::Granted(token) = store.begin(held).await.unwrap() else { panic!("it was released") };
    assert!(token.fence > 3, "fences grow on");
    assert_eq!(store.unblock(&here(), "Österreichische Post", at(11)).await.unwrap(), 1);
    assert_eq!(store.reopen_work(&token, WorkKind::AssignUser, "u-3", at(0)).await.unwrap(), 1);
    let applied = store
        .apply_shipping(&token, &"4".into(), Some("Größe L"), &ShippingResolution::NoText, 9, at(11))
        .await;
    assert_eq!(applied.unwrap(), ApplyOutcome::Applied { still_held: false });
}

#[tokio::test]
async fn opening_a_file_of_version_0_1_that_cannot_be_taken_over_leaves_it() {
    let file = version_0_1();
    Connection::open(file.path()).unwrap().execute_batch("DROP TABLE unmapped_text").unwrap();
    assert!(matches!(problem(&file.path()).0, OpenProblem::Refused { .. }));
}

#[tokio::test]
async fn opening_brings_a_file_of_the_first_version_of_all_up_to_date() {
    let file = version_0_1();
    // Back to what the first version had.
    let back = "DROP INDEX import_record_fingerprint; ALTER TABLE import_record DROP COLUMN fingerprint;
                ALTER TABLE follow_up DROP COLUMN tried_json; DROP TABLE swallowed_order; PRAGMA user_version = 1";
    Connection::open(file.path()).unwrap().execute_batch(back).unwrap();

    let store = file.open();
    let merged = store.merged_into(&here(), &["inside".into()]).await.unwrap();
    assert_eq!(merged[&"inside".into()][0].order, "2".into(), "what it knew is found in the new way");
    let token = begin(&store, Operation::GetOrders, "new", at(7_999)).await;
    let mut new = order("new");
    new.fingerprint = Some(OrderFingerprint::kept("bb"));
    assert!(matches!(store.save(&token, &[new]).await.unwrap()[..], [SaveOutcome::Inserted { .. }]));
    assert_eq!(
        store.find_by_fingerprint(&here(), &[OrderFingerprint::kept("bb")], 9).await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn opening_a_hosts_own_file_leaves_what_is_in_it() {
    let file = File::new();
    let host = Connection::open(file.path()).unwrap();
    let theirs = "CREATE TABLE lease (x); INSERT INTO lease VALUES (7);
                  PRAGMA application_id = 7; PRAGMA user_version = 99";
    host.execute_batch(theirs).unwrap();
    let store = file.open();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    store.save(&token, &[order("1")]).await.unwrap();
    store.close().await;
    assert!(file.open().known(&here(), &["1".into()]).await.unwrap().contains_key(&"1".into()));
    let number = |sql: &str| host.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT x FROM lease"), 7);
    assert_eq!((number("PRAGMA application_id"), number("PRAGMA user_version")), (7, 99));
    let journal: String = host.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(journal, "delete", "the journal is the host's to choose");
}

#[test]
fn opening_refuses_tables_of_these_names_that_another_program_made() {
    let file = File::new();
    Connection::open(file.path()).unwrap().execute_batch("CREATE TABLE shipstation_orders (x)").unwrap();
    assert!(matches!(problem(&file.path()).0, OpenProblem::NotOurs));
    for rows in ["(2), (3)", "(1)", "(-3)", "(4), (4)", "(5)"] {
        let file = File::new();
        let foreign = Connection::open(file.path()).unwrap();
        let table = "CREATE TABLE shipstation_schema (version INTEGER)";
        foreign.execute_batch(&format!("{table}; INSERT INTO shipstation_schema VALUES {rows}")).unwrap();
        let sum = || foreign.query_row("SELECT sum(version) FROM shipstation_schema", [], |row| row.get(0));
        let before: i64 = sum().unwrap();
        assert!(
            matches!(problem(&file.path()).0, OpenProblem::NotOurs | OpenProblem::Newer { .. }),
            "{rows}"
        );
        assert_eq!(sum().unwrap(), before, "{rows}");
    }
    let file = File::new();
    drop(file.open());
    Connection::open(file.path()).unwrap().execute_batch("DROP TABLE shipstation_run").unwrap();
    assert!(matches!(problem(&file.path()).0, OpenProblem::NotOurs), "a table is missing");
}

#[tokio::test]
async fn opening_refuses_a_newer_version_and_leaves_it() {
    let file = File::new();
    file.open().close().await;
    Connection::open(file.path())
        .unwrap()
        .execute_batch("PRAGMA journal_mode = delete; UPDATE shipstation_schema SET version = 99")
        .unwrap();
    let (found, text) = problem(&file.path());
    assert!(matches!(found, OpenProblem::Newer { found: 99, supported: 4 }), "{found:?}");
    assert!(text.contains("99") && text.contains("newer"), "{text}");
}

#[test]
fn opening_refuses_a_newer_version_that_is_only_in_the_log() {
    let file = File::new();
    let keeps_the_log = file.open();
    let other = Connection::open(file.path()).unwrap();
    other.execute_batch("UPDATE shipstation_schema SET version = 99").unwrap();
    assert!(matches!(problem(&file.path()).0, OpenProblem::Newer { found: 99, .. }));
    drop(keeps_the_log);
}

#[tokio::test]
async fn opening_refuses_a_damaged_file_and_leaves_it() {
    let file = File::new();
    file.open().close().await;
    Connection::open(file.path()).unwrap().execute_batch("PRAGMA journal_mode = delete").unwrap();
    let whole = std::fs::read(file.path()).unwrap();
    std::fs::write(file.path(), &whole[..4096 * 3]).unwrap();
    let (found, text) = problem(&file.path());
    assert!(matches!(found, OpenProblem::Damaged { .. }), "{found:?}");
    assert!(text.contains("backup"), "{text}");

    let mut garbled = whole;
    garbled[100..4096].fill(0xA5);
    std::fs::write(file.path(), &garbled).unwrap();
    assert!(matches!(problem(&file.path()).0, OpenProblem::Damaged { .. }));
}

#[test]
fn opening_where_nothing_can_be_written_says_what_to_look_at() {
    let file = File::new();
    let error = SqliteStore::open(file.0.path().join("no such folder").join("store.sqlite")).unwrap_err();
    assert!(matches!(error.problem, OpenProblem::NotWritable { .. }), "{error:?}");
    assert!(error.to_string().contains("its folder must exist"), "{error}");
}

#[test]
fn opening_by_many_at_once_makes_one_schema() {
    for _ in 0..25 {
        let file = File::new();
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    file.open()
                });
            }
        });
        let tables: i64 = Connection::open(file.path())
            .unwrap()
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'shipstation_*'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(tables, 17);
    }
}

#[tokio::test]
async fn durable_everything_is_there_after_opening_again() {
    let file = File::new();
    let store = file.open();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    store.save(&token, &[order("1")]).await.unwrap();
    let sync = begin(&store, Operation::SyncShipments, "two", at(0)).await;
    let shipment = Shipment::new("S", "1", at(0), "UPS", "1Z");
    store.enqueue_one(&here(), shipment.clone(), at(0)).await.unwrap();
    let intent = SendIntent::new(shipment.outbox_id(), 1, at(1));
    assert_eq!(store.begin_send(&sync, &[intent]).await.unwrap(), [BeginSendOutcome::Granted]);
    store.close().await;
    assert!(!file.0.path().join("store.sqlite-wal").exists(), "a closed store is one file");

    let store = file.open();
    assert!(store.known(&here(), &["1".into()]).await.unwrap().contains_key(&"1".into()));
    assert_eq!(store.in_flight(&here(), None, 9).await.unwrap().len(), 1);
    let later = begin(&store, Operation::GetOrders, "three", at(100)).await;
    assert!(later.fence > token.fence, "fences are never used again, also after a restart");
    assert!(store.save(&token, &[order("2")]).await.unwrap_err().is_lost_lease());
    assert_eq!(store.check_integrity().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn saving_an_order_that_the_file_refuses_fails_it_alone() {
    let file = File::new();
    let store = file.open();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    Connection::open(file.path())
        .unwrap()
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON shipstation_host_order WHEN NEW.order_id = '2'
             BEGIN SELECT RAISE(ABORT, 'the host does not want it'); END",
        )
        .unwrap();
    let outcomes = store.save(&token, &[order("1"), order("2"), order("3")]).await.unwrap();
    assert!(matches!(&outcomes[0], SaveOutcome::Inserted { .. }));
    assert!(matches!(&outcomes[2], SaveOutcome::Inserted { .. }));
    let SaveOutcome::Failed { message, retryable: false } = &outcomes[1] else { panic!("{outcomes:?}") };
    assert!(message.contains("the host does not want it"), "{message}");
    let known = store.known(&here(), &["1".into(), "2".into(), "3".into()]).await.unwrap();
    assert_eq!(known.len(), 2, "nothing of the refused order is kept");
}

#[tokio::test]
async fn a_locked_file_is_a_retryable_error() {
    let file = File::new();
    let options = SqliteOptions::new().busy_timeout(Duration::ZERO);
    let store = SqliteStore::open_with(file.path(), &options).unwrap();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    let other = Connection::open(file.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(store.save(&token, &[order("1")]).await.unwrap_err().is_retryable());
    assert!(store.known(&here(), &["1".into()]).await.unwrap().is_empty(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    store.save(&token, &[order("1")]).await.unwrap();
}

#[tokio::test]
async fn taking_hands_out_at_least_once_and_in_order() {
    let file = File::new();
    let store = file.open();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    let mut waits = order("2");
    waits.holds = vec![HoldReason::NotManagedLine { skus: vec!["SKU".to_owned()] }];
    store.save(&token, &[order("3"), waits, order("1")]).await.unwrap();

    assert_eq!(ids_of(&store.take_orders(&here(), 1).await.unwrap()), ["3"]);
    let orders = store.take_orders(&here(), 9).await.unwrap();
    assert_eq!(ids_of(&orders), ["3", "1"], "until they are acknowledged; held ones wait");
    assert_eq!(orders[0].order, order("3").order);
    for _ in 0..2 {
        let (held, unknown) = ("2".into(), "not there".into());
        store.acknowledge_orders(&here(), &["3".into(), held, unknown]).await.unwrap();
    }
    assert_eq!(ids_of(&store.take_orders(&here(), 9).await.unwrap()), ["1"]);
    assert!(store.release_order(&here(), &"2".into(), at(11)).await.unwrap());
    assert!(!store.release_order(&here(), &"2".into(), at(11)).await.unwrap());
    let orders = store.take_orders(&here(), 9).await.unwrap();
    assert_eq!(ids_of(&orders), ["2", "1"]);
    assert!(orders[0].is_ready() && store.held(&here(), None, 9).await.unwrap().is_empty());
    assert!(store.take_orders(&"elsewhere".into(), 9).await.unwrap().is_empty());

    // A host that dies between its own copy and the acknowledgement sees the same orders again, and no others.
    drop(store);
    assert_eq!(ids_of(&file.open().take_orders(&here(), 9).await.unwrap()), ["2", "1"]);
}

#[tokio::test]
async fn progress_tells_what_the_host_will_never_ship() {
    let file = File::new();
    let store = file.open();
    let line = |line: &str, quantity| LineQuantity { line: line.into(), quantity };
    for cancelled in [vec![line("1", 2), line("2", 1)], vec![line("2", 3)], Vec::new()] {
        store.put_cancelled(&here(), &"o".into(), cancelled.clone()).await.unwrap();
        assert_eq!(store.order_progress(&here(), &"o".into()).await.unwrap().cancelled, cancelled);
    }
}

#[tokio::test]
async fn blanking_forgets_buyers_whose_orders_were_handed_over() {
    let file = File::new();
    let store = file.open();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    let mut young = order("young");
    young.imported_at = at(1_000);
    store.save(&token, &[order("old"), order("not taken"), young]).await.unwrap();
    store.acknowledge_orders(&here(), &["old".into(), "young".into()]).await.unwrap();

    let policy = RetentionPolicy::default().buyers(Duration::from_secs(500));
    assert_eq!(store.maintain(&policy, at(1_500)).await.unwrap().buyers, 1);
    let old = store.order(&here(), &"old".into()).await.unwrap().unwrap().order;
    let text = serde_json::to_string(&old).unwrap();
    assert!(!text.contains("lanted"), "{text}");
    assert_eq!(
        (old.number.as_str(), old.ship_to.country.as_deref(), old.lines.len()),
        ("N-old", Some("US"), 1)
    );
    for kept in ["not taken", "young"] {
        let kept = store.order(&here(), &kept.into()).await.unwrap().unwrap().order;
        assert_eq!(kept.buyer, order("x").order.buyer);
    }
    assert_eq!(store.maintain(&policy, at(1_500)).await.unwrap().buyers, 0);
    assert!(store.forget_buyer(&here(), &"not taken".into()).await.unwrap().not_acknowledged);
    assert!(store.forget_buyer(&here(), &"young".into()).await.unwrap().is_complete());
    let young = store.order(&here(), &"young".into()).await.unwrap().unwrap().order;
    assert_ne!(young.buyer, order("x").order.buyer);
}

#[tokio::test]
async fn secrets_blanked_data_is_gone_from_the_file_and_its_log() {
    let file = File::new();
    let store = file.open();
    let token = begin(&store, Operation::GetOrders, "one", at(0)).await;
    let batch: Vec<NewOrder> = (0..50).map(|n| order(&n.to_string())).collect();
    store.save(&token, &batch).await.unwrap();
    assert!(contains(&bytes(file.0.path()), b"planted-buyer"));
    let all: Vec<_> = batch.iter().map(|new| new.order.id.clone()).collect();
    store.acknowledge_orders(&here(), &all).await.unwrap();
    assert_eq!(store.maintain(&RetentionPolicy::default(), at(9)).await.unwrap().buyers, 50);
    assert!(!contains(&bytes(file.0.path()), b"lanted"));
}

#[tokio::test]
async fn secrets_the_tracking_number_of_a_reduced_shipment_is_gone_from_the_file_and_its_log() {
    let file = File::new();
    let store = file.open();
    let token = begin(&store, Operation::SyncShipments, "one", at(0)).await;
    let shipment = Shipment::new("S-1", "1", at(0), "UPS", "1ZPLANTED");
    let id = shipment.outbox_id();
    store.enqueue(&here(), &[shipment], at(0)).await.unwrap();
    let cancelled = ShipmentTransition::new(id, ShipmentState::Cancelled, at(1));
    store.record(&token, &[cancelled]).await.unwrap();
    assert!(contains(&bytes(file.0.path()), b"1ZPLANTED"));
    let policy = RetentionPolicy::default();
    assert_eq!(store.maintain(&policy, at(9) + policy.shipments).await.unwrap().shipments, 1);
    assert!(!contains(&bytes(file.0.path()), b"1ZPLANTED"));
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_on_one_file_one_works_and_one_that_stalls_stops_without_a_write() {
    let file = File::new();
    let (one, two) = (Arc::new(file.open()), Arc::new(file.open()));
    let first = begin(&one, Operation::GetOrders, "stalls", at(0)).await;
    let busy =
        NewRun::new(here(), Operation::GetOrders, "two".into(), "test", Duration::from_secs(60), at(59));
    assert!(matches!(two.begin(busy).await.unwrap(), BeginOutcome::AlreadyRunning { .. }));

    // The first one stalls past its lease while the second one works; then it wakes up in the midst of it.
    let second = begin(&two, Operation::GetOrders, "works", at(61)).await;
    let works = tokio::spawn(async move {
        for n in 0..50 {
            two.save(&second, &[order(&format!("second {n}"))]).await.unwrap();
        }
    });
    let stalled = tokio::spawn(async move {
        for n in 0..50 {
            assert!(one.save(&first, &[order(&format!("first {n}"))]).await.unwrap_err().is_lost_lease());
        }
    });
    works.await.unwrap();
    stalled.await.unwrap();
    let written = file.open().take_orders(&here(), 999).await.unwrap();
    assert_eq!(written.len(), 50);
    assert!(written.iter().all(|stored| stored.order.id.as_str().starts_with("second")));
}
