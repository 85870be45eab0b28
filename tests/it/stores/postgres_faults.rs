//! The PostgreSQL store where the server asks for TLS, has no room left, or was brought up to date by a newer program.

use std::{sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, GetOrders, Operation,
        shipping::ShippingRule,
        store::{BeginOutcome, MappingStoreExt, OrderStore},
    },
    fleet::{JobKey, JobPlan, Schedule},
    stores::postgres::{ConnectProblem, PostgresOptions, PostgresSchedule, PostgresStore},
    testing::simulator::{RateLimit, SimLine, SimOrder, Simulator, SimulatorConfig},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::postgres::{at, begin, begun, fresh, here, open, order};
use crate::support::postgres::{cluster, connected, server_with_tls};

async fn problem(url: &str, options: &PostgresOptions) -> ConnectProblem {
    PostgresStore::connect(url, options).await.unwrap_err().problem
}

#[tokio::test]
async fn secrets_postgres_tls_is_spoken_where_the_url_asks_and_the_server_proves_who_it_is() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (server, _keeper) = server_with_tls(&cert.pem(), &signing_key.serialize_pem());
    let trusting = PostgresOptions::default().root_certificates(cert.pem());
    let client = connected(&server).await;
    let connections = async |name: &str| {
        let spoken =
            "SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                      WHERE application_name = $1";
        let counts = client.query_one(spoken, &[&name]).await.unwrap();
        (counts.get::<_, i64>(0), counts.get::<_, i64>(1))
    };
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("{server} application_name={mode} sslmode={mode}");
        let store = Arc::new(PostgresStore::connect(&url, &trusting).await.unwrap());
        // It is told as soon as it listens.
        let schedule = PostgresSchedule::new(store.clone()).listen(&url);
        schedule.woken().await;
        let job = JobKey { connection: here(), operation: Operation::GetOrders };
        let day = Duration::from_secs(86_400);
        schedule.plan(&[JobPlan::new(job, day, day)], at(0)).await.unwrap();
        assert_eq!(connections(mode).await, (2, 2), "the store's and the one that listens");
    }
    let unasked = format!("{server} application_name=unasked");
    let _store = PostgresStore::connect(&unasked, &PostgresOptions::default()).await.unwrap();
    assert_eq!(connections("unasked").await, (0, 1));
    let named = format!("{server} application_name=named");
    let _store = PostgresStore::connect(&named, &trusting).await.unwrap();
    assert_eq!(connections("named").await, (1, 1), "whoever names authorities wants TLS");
    assert!(!format!("{trusting:?}").contains("BEGIN"), "a file of certificates may hold a key");

    let asked = format!("{server} password=planted-secret-5512 sslmode=require");
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let of_another_name = asked.replace("host=localhost ", "host=elsewhere.example ");
    for (url, options) in [
        (&asked, PostgresOptions::default()),
        (&asked, PostgresOptions::default().root_certificates(other)),
        (&of_another_name, trusting),
    ] {
        let refused = problem(url, &options).await;
        assert!(matches!(refused, ConnectProblem::Tls { .. }), "{refused:?}");
        assert!(refused.to_string().contains("certificate"), "{refused}");
        assert!(!format!("{refused:?} {refused}").contains("planted"), "{refused:?}");
    }
    for pem in ["", "planted-secret-5512", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let refused = problem(&asked, &PostgresOptions::default().root_certificates(pem)).await;
        assert!(matches!(refused, ConnectProblem::RootCertificates), "{pem}: {refused:?}");
    }
}

#[tokio::test]
async fn faults_postgres_a_server_without_tls_gets_no_password() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 8];
        stream.read_exact(&mut asked).await.unwrap();
        stream.write_all(b"N").await.unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        rest
    });
    let url = format!("postgresql://me:planted-secret-5512@127.0.0.1:{port}/shop?sslmode=require");
    let refused = problem(&url, &PostgresOptions::default()).await;
    assert!(matches!(refused, ConnectProblem::Tls { .. }), "{refused:?}");
    assert!(server.await.unwrap().is_empty(), "nothing is said without TLS");
}

#[tokio::test]
async fn faults_postgres_a_full_disk_ends_the_run_with_a_remedy_and_the_next_one_goes_on() {
    let (cluster, schema, store) = fresh().await;
    let sim = Simulator::in_process(SimulatorConfig::default().rate_limit(RateLimit::Unlimited));
    sim.account(|account| {
        for n in 0..1_100 {
            let line = SimLine::new("MUG-1", 1, "18.50");
            account.add_order(SimOrder::new(format!("N-{n}")).shipping("Standard").line(line));
        }
    });
    store.replace_shipping_rules(&here(), 0, vec![ShippingRule::exact("Standard", "ground")]).await.unwrap();
    let full = format!(
        "CREATE FUNCTION {schema}.no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF (SELECT count(*) FROM {schema}.host_order) >= 500 THEN
                 RAISE EXCEPTION 'could not extend file \"base/5/16384\": No space left on device' USING ERRCODE = '53100';
             END IF;
             RETURN NULL;
         END $$;
         CREATE TRIGGER no_room AFTER INSERT ON {schema}.host_order FOR EACH STATEMENT EXECUTE FUNCTION {schema}.no_room()"
    );
    let store = Arc::new(store);
    let channel = ShipStationChannel::builder(sim.client().build().unwrap(), here(), store.stores());
    let channel = channel.build().unwrap();
    cluster.run(&full).await;
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    let status = report.run.status.to_string();
    assert!(status.contains("53100") && status.contains("make room"), "{status}");
    cluster.run(&format!("DROP TRIGGER no_room ON {schema}.host_order")).await;
    let kept = store.take_orders(&here(), 2_000).await.unwrap().len();
    let report = channel.get_orders(GetOrders::new()).await.unwrap();
    assert!(report.run.status.read_everything(), "{}", report.run.status);
    let orders = store.take_orders(&here(), 2_000).await.unwrap();
    assert_eq!((orders.len(), usize::try_from(report.counts.imported()).unwrap()), (1_100, 1_100 - kept));
}

#[tokio::test]
async fn faults_postgres_a_disk_that_fills_while_the_schema_is_made_leaves_none() {
    let cluster = cluster();
    let database = cluster.new_schema();
    cluster.run(&format!("CREATE DATABASE {database}")).await;
    let url = cluster.url.replace("dbname=postgres", &format!("dbname={database}"));
    let client = connected(&url).await;
    let full = "CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF to_regclass('shipstation_connector.outbox') IS NOT NULL THEN
                        RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100';
                    END IF;
                END $$;
                CREATE EVENT TRIGGER no_room ON ddl_command_end EXECUTE FUNCTION no_room()";
    client.batch_execute(full).await.unwrap();
    let refused = problem(&url, &PostgresOptions::default()).await;
    assert!(matches!(refused, ConnectProblem::DiskFull { .. }), "{refused:?}");
    let made = "SELECT to_regnamespace('shipstation_connector') IS NULL";
    assert!(client.query_one(made, &[]).await.unwrap().get::<_, bool>(0), "nothing is left");
    client.batch_execute("DROP EVENT TRIGGER no_room").await.unwrap();
    PostgresStore::connect(&url, &PostgresOptions::default()).await.unwrap();
}

#[tokio::test]
async fn faults_postgres_an_older_program_is_served_or_refused_as_the_newer_schema_says() {
    let (cluster, schema, store) = fresh().await;
    let set = async |serves_from: i32| {
        cluster
            .run(&format!("UPDATE {schema}.schema_version SET version = 99, serves_from = {serves_from}"))
            .await;
    };
    set(1).await;
    open(cluster, &schema).await.unwrap();
    let token = begun(&store).await;
    set(98).await;
    let refused = open(cluster, &schema).await.unwrap_err();
    assert!(matches!(refused.problem, ConnectProblem::Newer { found: 99, .. }), "{refused}");
    // What it has begun, it may finish: its fence still holds.
    let saved = store.save(&token, &[order("1")]).await.unwrap();
    assert_eq!(saved.len(), 1);
    let refused = begin(&store, "next", at(600)).await.unwrap_err();
    assert!(!refused.is_retryable() && refused.to_string().contains("version 99"), "{refused}");
    set(1).await;
    let answer = begin(&store, "next", at(600)).await.unwrap();
    assert!(
        matches!(answer, BeginOutcome::AlreadyRunning { .. }),
        "the refused one took nothing: {answer:?}"
    );
}
