//! The PostgreSQL store beyond the suite: opening it, its schema, and what the database refuses.

use std::sync::Arc;

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelOrder, ConnectionId, Operation, RunId, Shipment,
        shipping::ShippingResolution,
        store::{
            BeginOutcome, EnqueueOutcome, HistoryStore, NewOrder, NewRun, OrderStore, OrderStoreExt,
            RunStore, RunToken, SaveOutcome, ShipmentStore, StoreError,
        },
    },
    fleet::{JobKey, JobPlan, Schedule},
    stores::postgres::{ConnectError, ConnectProblem, PostgresOptions, PostgresSchedule, PostgresStore},
    testing::conformance::{self, BuildError, TestStores, Verdict},
};

use super::{conformance::sold, events::repetitions_are_bounded};
use crate::support::postgres::{Cluster, cluster, through_pgbouncer};

pub(super) async fn open(cluster: &Cluster, schema: &str) -> Result<PostgresStore, ConnectError> {
    PostgresStore::connect(&cluster.url, &PostgresOptions::default().schema(schema).pool_size(4)).await
}

pub(super) async fn fresh() -> (&'static Cluster, String, PostgresStore) {
    let cluster = cluster();
    let schema = cluster.new_schema();
    let store = open(cluster, &schema).await.unwrap();
    (cluster, schema, store)
}

/// Leases go by the host's time, which the suite simulates.
fn on_simulated_time(schema: &str) -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {schema}.now_nanos(of_host bigint) RETURNS bigint LANGUAGE sql AS 'SELECT of_host';"
    )
}

async fn fresh_for_the_suite() -> Result<TestStores, BuildError> {
    fresh_at(&cluster().url, |store| store).await
}

async fn fresh_behind_pgbouncer() -> Result<TestStores, BuildError> {
    fresh_at(&through_pgbouncer(), |store| store).await
}

/// A new schema, opened twice.
pub(super) async fn fresh_at(
    url: &str,
    with: impl Fn(PostgresStore) -> PostgresStore,
) -> Result<TestStores, BuildError> {
    let cluster = cluster();
    let schema = cluster.new_schema();
    let options = PostgresOptions::default().schema(&schema).pool_size(4);
    let store = with(PostgresStore::connect(url, &options).await?);
    // The host's own constraint, on an order that it cannot take.
    let refuse = format!("ALTER TABLE {schema}.host_order ADD CHECK (order_id <> 'refused');");
    cluster.run(&(on_simulated_time(&schema) + &refuse)).await;
    let (connection, listings) = sold();
    store.put_listings(&connection, listings.clone()).await?;
    let peer = with(PostgresStore::connect(url, &options).await?);
    Ok(TestStores::new(Arc::new(store).stores())
        .with_peer(Arc::new(peer).stores())
        .with_listings(connection, listings)
        .with_refused_order("refused"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_postgres_store_keeps_every_clause_through_two_pools() {
    let report = conformance::all(&fresh_for_the_suite).await;
    assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_postgres_store_keeps_every_clause_behind_pgbouncer() {
    let all = conformance::all(&fresh_behind_pgbouncer).await;
    for report in [all, conformance::maintenance(&fresh_behind_pgbouncer).await] {
        assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conformance_postgres_schedule_and_budget_keep_every_clause_behind_pgbouncer() {
    let fresh = || async {
        let (cluster, url) = (cluster(), through_pgbouncer());
        let options = PostgresOptions::default().schema(cluster.new_schema()).pool_size(4);
        let store = Arc::new(PostgresStore::connect(&url, &options).await?);
        cluster.run(&on_simulated_time(&options.schema)).await;
        let peer = Arc::new(PostgresStore::connect(&url, &options).await?);
        let schedule = |of: &Arc<PostgresStore>| Arc::new(PostgresSchedule::new(of.clone()));
        Ok(TestStores::new(store.stores()).with_schedule(schedule(&store), schedule(&peer)))
    };
    // By the server's own clock.
    let budgets = || async {
        let (cluster, url) = (cluster(), through_pgbouncer());
        let options = PostgresOptions::default().schema(cluster.new_schema()).pool_size(4);
        let store = Arc::new(PostgresStore::connect(&url, &options).await?);
        let peer = Arc::new(PostgresStore::connect(&cluster.url, &options).await?);
        Ok(TestStores::new(store.stores()).with_budgets(store, peer))
    };
    for report in [conformance::schedule(&fresh).await, conformance::budget(&budgets).await] {
        assert!(report.outcomes.iter().all(|outcome| outcome.verdict == Verdict::Passed), "{report}");
    }
}

#[tokio::test]
async fn requests_a_wake_up_reaches_another_process_at_once() {
    let (cluster, _, store) = fresh().await;
    let store = Arc::new(store);
    let listening = PostgresSchedule::new(store.clone()).listen(&cluster.url);
    let job = JobKey { connection: here(), operation: Operation::GetOrders };
    let plan =
        JobPlan::new(job.clone(), std::time::Duration::from_secs(900), std::time::Duration::from_secs(900));
    listening.plan(&[plan], at(0)).await.unwrap();
    // It listens from now on; something may have been said before.
    listening.woken().await;
    assert!(PostgresSchedule::new(store.clone()).wake(&job, at(0)).await.unwrap());
    listening.woken().await;
    assert_eq!(listening.next_due(at(0)).await.unwrap(), Some(std::time::Duration::ZERO));
    let deaf = PostgresSchedule::new(store).listen("host=/nowhere user=me");
    assert!(futures_util::FutureExt::now_or_never(deaf.woken()).is_none(), "it waits for its next look");
}

pub(super) fn here() -> ConnectionId {
    "here".into()
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_780_000_000 + second)
}

pub(super) async fn begin(
    store: &PostgresStore,
    run: &str,
    now: Timestamp,
) -> Result<BeginOutcome, StoreError> {
    let ttl = std::time::Duration::from_secs(300);
    store.begin(NewRun::new(here(), Operation::GetOrders, RunId::new(run), run, ttl, now)).await
}

pub(super) async fn begun(store: &PostgresStore) -> RunToken {
    match begin(store, "run", at(0)).await.unwrap() {
        BeginOutcome::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

pub(super) fn order(id: &str) -> NewOrder {
    NewOrder::new(ChannelOrder::new(id, format!("N-{id}")), ShippingResolution::NoText, 1, at(0))
}

#[tokio::test]
async fn clock_leases_go_by_the_server_whatever_the_host_says() {
    let (cluster, schema, store) = fresh().await;
    begun(&store).await;
    let ten_years = std::time::Duration::from_secs(10 * 365 * 86_400);
    for now in [at(0) + ten_years, at(0) - ten_years] {
        let answer = begin(&store, "other", now).await.unwrap();
        assert!(matches!(answer, BeginOutcome::AlreadyRunning { .. }), "{answer:?}");
    }
    cluster.run(&format!("UPDATE {schema}.lease SET expires = 0")).await;
    assert!(matches!(begin(&store, "other", at(0)).await.unwrap(), BeginOutcome::Granted(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_eight_processes_that_open_at_once_make_one_schema() {
    let cluster = cluster();
    let schema = cluster.new_schema();
    let opened = (0..8).map(|_| open(cluster, &schema));
    for store in futures_util::future::join_all(opened).await {
        assert_eq!(store.unwrap().schema(), schema);
    }
    let versions = cluster.client().await;
    let versions =
        versions.query(&format!("SELECT version FROM {schema}.schema_version"), &[]).await.unwrap();
    assert_eq!(versions.len(), 1);
}

#[tokio::test]
async fn faults_a_schema_made_by_another_tool_is_used_as_it_is() {
    let cluster = cluster();
    let schema = cluster.new_schema();
    let options = PostgresOptions::default().schema(&schema).without_migration();
    let missing = PostgresStore::connect(&cluster.url, &options).await.unwrap_err();
    assert!(matches!(missing.problem, ConnectProblem::NotMigrated { .. }), "{missing}");
    let sql = PostgresStore::schema_sql(&schema).unwrap();
    cluster.run(&format!("BEGIN; {sql} COMMIT;")).await;
    let store = PostgresStore::connect(&cluster.url, &options).await.unwrap();
    begun(&store).await;
}

#[tokio::test]
async fn faults_what_cannot_be_opened_is_named_with_the_remedy_and_left_alone() {
    let cluster = cluster();
    let other = cluster.new_schema();
    cluster.run(&format!("CREATE SCHEMA {other}; CREATE TABLE {other}.lease (is_for text)")).await;
    let not_ours = open(cluster, &other).await.unwrap_err();
    assert!(matches!(not_ours.problem, ConnectProblem::NotOurs { .. }), "{not_ours}");

    for name in ["", "Shop", "pg_shop", "1shop", "a-b", "a\"; DROP SCHEMA public; --", &"x".repeat(61)] {
        let refused = open(cluster, name).await.unwrap_err();
        assert!(matches!(refused.problem, ConnectProblem::SchemaName { .. }), "{name}: {refused}");
    }
    let refused = |url: &str| {
        let url = url.to_owned();
        async move { PostgresStore::connect(&url, &PostgresOptions::default()).await.unwrap_err() }
    };
    assert!(matches!(refused("mysql://localhost").await.problem, ConnectProblem::Url));
    assert!(matches!(refused("postgresql:///shop").await.problem, ConnectProblem::NoHost));
    let nobody = refused("host=/nowhere user=me dbname=shop").await;
    assert!(matches!(nobody.problem, ConnectProblem::Unreachable { .. }), "{nobody}");
    let zero = PostgresOptions::default().pool_size(0);
    let zero = PostgresStore::connect(&cluster.url, &zero).await.unwrap_err();
    assert!(zero.to_string().contains("pool_size"), "{zero}");
}

#[tokio::test]
async fn faults_a_server_that_cannot_serve_says_why() {
    let (cluster, _, _) = fresh().await;
    let name = cluster.new_schema();
    cluster
        .run(&format!("CREATE DATABASE {name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))
        .await;
    cluster.run(&format!("CREATE DATABASE {name}_read")).await;
    cluster.run(&format!("ALTER DATABASE {name}_read SET default_transaction_read_only = on")).await;
    cluster.run(&format!("CREATE ROLE {name}_guest LOGIN")).await;
    let of = |database: String, user: &str| {
        let url = cluster.url.replace("dbname=postgres", &format!("dbname={database}"));
        let url = url.replace("user=postgres", &format!("user={user}"));
        async move { PostgresStore::connect(&url, &PostgresOptions::default()).await.unwrap_err() }
    };
    let latin = of(format!("{name}_latin"), "postgres").await;
    assert!(matches!(latin.problem, ConnectProblem::Encoding { .. }), "{latin}");
    let read = of(format!("{name}_read"), "postgres").await;
    assert!(matches!(read.problem, ConnectProblem::ReadOnly), "{read}");
    let missing = of(format!("{name}_none"), "postgres").await;
    assert!(matches!(missing.problem, ConnectProblem::NoDatabase { .. }), "{missing}");
    let guest = of("postgres".to_owned(), &format!("{name}_guest")).await;
    assert!(matches!(guest.problem, ConnectProblem::NotAllowed { .. }), "{guest}");
    let stranger = of("postgres".to_owned(), &format!("{name}_stranger")).await;
    assert!(matches!(stranger.problem, ConnectProblem::Credentials { .. }), "{stranger}");
}

#[tokio::test]
async fn faults_an_order_that_the_database_refuses_fails_alone_and_shows_no_value() {
    let (cluster, schema, store) = fresh().await;
    cluster
        .run(&format!("ALTER TABLE {schema}.host_order ADD CONSTRAINT small CHECK (order_id <> '7')"))
        .await;
    let token = begun(&store).await;
    let batch: Vec<NewOrder> = (0..500).map(|id| order(&id.to_string())).collect();
    let saved = store.save(&token, &batch).await.unwrap();
    let SaveOutcome::Failed { message, retryable: false } = &saved[7] else { panic!("{:?}", saved[7]) };
    assert!(message.contains("small") && message.contains("23514"), "{message}");
    assert_eq!(saved.iter().filter(|outcome| matches!(outcome, SaveOutcome::Inserted { .. })).count(), 499);
    let again = store.save(&token, &batch[..9]).await.unwrap();
    let there = again.iter().filter(|outcome| **outcome == SaveOutcome::AlreadyExists).count();
    assert_eq!(there, 8);
    assert_eq!(store.take_orders(&here(), 600).await.unwrap().len(), 499);
}

#[tokio::test]
async fn secrets_what_a_trigger_of_the_host_says_of_an_order_is_not_shown_and_stops_no_other() {
    let (cluster, schema, store) = fresh().await;
    let refuse = format!(
        "CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.order_id = '7' THEN RAISE EXCEPTION 'bad address: 1 Planted Street'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON {schema}.host_order FOR EACH ROW EXECUTE FUNCTION {schema}.refuse()"
    );
    cluster.run(&refuse).await;
    let token = begun(&store).await;
    let batch: Vec<NewOrder> = (0..9).map(|id| order(&id.to_string())).collect();
    let saved = store.save(&token, &batch).await.unwrap();
    let SaveOutcome::Failed { message, .. } = &saved[7] else { panic!("{:?}", saved[7]) };
    assert!(message.contains("P0001") && !message.contains("Planted"), "{message}");
    assert_eq!(saved.iter().filter(|outcome| matches!(outcome, SaveOutcome::Inserted { .. })).count(), 8);
}

#[tokio::test]
async fn faults_a_character_that_the_database_has_no_place_for_is_replaced() {
    let (_, _, store) = fresh().await;
    let token = begun(&store).await;
    let mut odd = order("1\0");
    odd.order.buyer.username = Some("a\0b".into());
    let saved = store.save(&token, &[odd.clone(), order("2")]).await.unwrap();
    assert!(saved.iter().all(|outcome| matches!(outcome, SaveOutcome::Inserted { .. })), "{saved:?}");
    assert_eq!(store.save(&token, &[odd]).await.unwrap(), [SaveOutcome::AlreadyExists]);
    let known = store.known(&here(), &["1\0".into(), "2".into()]).await.unwrap();
    assert_eq!(known.len(), 2);
}

#[tokio::test]
async fn faults_a_cut_connection_is_a_retryable_error_and_the_next_call_works() {
    let cluster = cluster();
    let name = cluster.new_schema();
    let url = format!("{} application_name={name}", cluster.url);
    let options = PostgresOptions::default().schema(&name);
    let store = PostgresStore::connect(&url, &options).await.unwrap();
    let token = begun(&store).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name =";
    cluster.run(&format!("{cut} '{name}'")).await;
    let mut errors = 0;
    while let Err(error) = store.save(&token, &[order("1")]).await {
        assert!(error.is_retryable(), "{error}");
        errors += 1;
        assert!(errors < 9, "{error}");
    }
    assert_eq!(store.take_orders(&here(), 9).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_two_enqueue_the_same_shipments_at_once() {
    let (_, _, store) = fresh().await;
    let shipments: Vec<Shipment> =
        (0..200).map(|n| Shipment::new(format!("s{n}"), format!("{n}"), at(n), "UPS", "1Z")).collect();
    let mut backwards = shipments.clone();
    backwards.reverse();
    let connection = here();
    let both = tokio::join!(
        store.enqueue(&connection, &shipments, at(0)),
        store.enqueue(&connection, &backwards, at(0))
    );
    let new = [both.0.unwrap(), both.1.unwrap()].concat();
    assert_eq!(new.iter().filter(|outcome| **outcome == EnqueueOutcome::New).count(), 200);
    assert_eq!(store.counts(&connection).await.unwrap()["pending"], 200);
}

#[tokio::test]
async fn faults_an_order_that_fails_for_ever_keeps_200_events_in_postgres() {
    let (_, _, store) = fresh().await;
    repetitions_are_bounded(&Arc::new(store).stores()).await;
}

#[tokio::test]
async fn secrets_what_the_store_shows_of_itself_names_no_password() {
    let (_, _, store) = fresh().await;
    assert!(store.changes(&here(), None, 1).await.unwrap().is_empty());
    let shown = format!("{store:?}");
    assert!(shown.starts_with("PostgresStore") && !shown.contains("host="), "{shown}");
}
