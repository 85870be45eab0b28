//! Three workers import and ship every order of every account, while every few seconds one of them is killed, and once the database
//! crashes: nothing is lost or doubled. After each of that more orders come, and their import is woken. Time passes thirty times as fast in the workers, in the store and in the simulator; the queue has the server's time, and its
//! waits are as many times shorter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../../../examples/fleet/tests/support/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the example")]
mod support;

use std::{
    ops::Range,
    process::{Child, Command, Stdio},
    time::Duration,
};

use shipstation_connector::{
    Timestamp,
    client::{Clock, SystemClock},
    stores::postgres::tokio_postgres::{Client, NoTls, connect},
    testing::simulator::{SimLine, SimOrder, Simulator},
};
use support::{FastTime, postgres};

const SPEED: u32 = 30;
const WORKERS: usize = 3;
const ACCOUNTS: usize = 3;
/// Of each account: at first, and after each event.
const FIRST_ORDERS: usize = 15;
const MORE_ORDERS: usize = 5;
const ORDERS: usize = FIRST_ORDERS + EVENTS * MORE_ORDERS;
/// Then it must come to rest: what was interrupted three times would be left to a person.
const EVENTS: usize = 9;
/// Which of these is a crash of the database instead.
const CRASH: usize = 4;
const TIMEOUT: Duration = Duration::from_secs(80);

/// A worker that does not outlive the test.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a worker that is asked to stop does so in time, and says that all went well.
async fn stops(worker: &mut Worker) -> bool {
    let sent = Command::new("kill").args(["-s", "INT", &worker.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
    for _ in 0..100 {
        match worker.0.try_wait().unwrap() {
            Some(status) => return status.success(),
            None => SystemClock.sleep(Duration::from_millis(100)).await,
        }
    }
    false
}

fn worker(url: &str, since: Timestamp) -> Worker {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker"));
    command.arg(url).args(["--since", &since.unix_seconds().to_string(), "--speed", &SPEED.to_string()]);
    Worker(command.stdin(Stdio::null()).spawn().unwrap())
}

/// The host's accounts.
async fn prepare(host: &Client, sim: &Simulator) {
    let table =
        "CREATE TABLE account (name text PRIMARY KEY, api_key text NOT NULL, api_secret text NOT NULL,
                                       base_url text, revision bigint NOT NULL DEFAULT 1, paused text)";
    host.batch_execute(table).await.unwrap();
    for n in 0..ACCOUNTS {
        let account =
            "INSERT INTO account (name, api_key, api_secret, base_url) VALUES ($1, $2, 'secret', $3)";
        host.execute(account, &[&format!("shop {n}"), &format!("key-{n}"), &sim.url()]).await.unwrap();
    }
}

fn add_orders(shops: &[Simulator], numbers: Range<usize>) {
    for shop in shops {
        shop.account(|account| {
            for n in numbers.clone() {
                let line = SimLine::new("MUG-1", 1, "18.50");
                account.add_order(SimOrder::new(format!("N-{n}")).shipping("Standard").line(line));
            }
        });
    }
}

/// Makes the import of every account due, where it is planned.
async fn wake_imports(url: &str) {
    let client = postgres::connected(url).await;
    for n in 0..ACCOUNTS {
        let wake = format!(
            "SELECT graphile_worker.add_job('shipstation_run', job_key => key, max_attempts => 32767,
                        payload => '{{\"connection\": \"shop {n}\", \"operation\": \"get_orders\"}}')
             FROM graphile_worker.jobs WHERE key = 'shipstation:get_orders:shop {n}'"
        );
        // Before the first worker has made the schema there is nothing to wake.
        let _ = client.batch_execute(&wake).await;
    }
}

/// How many shipments are confirmed; none while the database is away.
async fn confirmed(url: &str) -> i64 {
    let Ok((client, connection)) = connect(url, NoTls).await else { return 0 };
    tokio::spawn(connection);
    let confirmed = "SELECT count(*) FROM shipstation_connector.outbox WHERE state = 'confirmed'";
    client.query_one(confirmed, &[]).await.map_or(0, |row| row.get(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_lose_and_double_nothing() {
    let time = FastTime::begin(SPEED);
    let sim = time.simulator().await;
    let shops: Vec<Simulator> =
        (0..ACCOUNTS).map(|n| sim.add_account(&format!("key-{n}"), "secret")).collect();
    add_orders(&shops, 0..FIRST_ORDERS);
    let url = time.database(Duration::ZERO).await;
    let host = postgres::connected(&url).await;
    prepare(&host, &sim).await;
    drop(host);

    let mut workers: Vec<Worker> = (0..WORKERS).map(|_| worker(&url, time.since)).collect();
    let (mut events, mut looks) = (0, 0);
    let begun = SystemClock.now();
    let total = i64::try_from(ACCOUNTS * ORDERS).unwrap();
    loop {
        SystemClock.sleep(Duration::from_millis(200)).await;
        looks += 1;
        let done = confirmed(&url).await;
        if done == total {
            break;
        }
        let took = SystemClock.now().since(begun);
        if looks % 25 == 0 {
            println!("{done} shipped after {} s", took.as_secs());
        }
        assert!(took < TIMEOUT, "{done} shipped");
        if looks % 10 != 0 || events >= EVENTS {
            continue;
        }
        if events == CRASH {
            postgres::cluster().crash();
        } else {
            let victim = &mut workers[events % WORKERS];
            victim.0.kill().unwrap();
            victim.0.wait().unwrap();
            *victim = worker(&url, time.since);
        }
        let before = FIRST_ORDERS + events * MORE_ORDERS;
        add_orders(&shops, before..before + MORE_ORDERS);
        wake_imports(&url).await;
        events += 1;
    }
    for worker in &mut workers {
        assert!(stops(worker).await, "a worker that is asked to stop does");
    }
    let host = postgres::connected(&url).await;
    let imported = "SELECT count(*), count(DISTINCT (account, channel_order)) FROM shop_order";
    let imported = host.query_one(imported, &[]).await.unwrap();
    assert_eq!((imported.get::<_, i64>(0), imported.get::<_, i64>(1)), (total, total), "each order once");
    for shop in &shops {
        shop.account(|account| {
            assert_eq!(account.fulfillments.len(), ORDERS, "each order is marked once");
        });
    }
    println!("{total} orders, {events} events, in {} s", SystemClock.now().since(begun).as_secs());
}
