//! Three workers import and ship every order of every account, while every few seconds one of them is killed, or stands still for
//! longer than its leases last and goes on, or the database crashes and comes back: nothing is lost or doubled.
//! Time passes thirty times as fast, in the workers, in the database and in the simulator, so that the lease of a dead worker ends
//! after seconds. `FLEET_ACCOUNTS` and `FLEET_ORDERS` (of each account) make it larger.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

mod support;

use std::{
    collections::BTreeMap,
    env,
    process::{Child, Command, Stdio},
    time::Duration,
};

use shipstation_connector::{
    Timestamp,
    client::{Clock, SystemClock},
    stores::postgres::tokio_postgres::{NoTls, connect},
    testing::simulator::{SimLine, SimOrder, Simulator},
};
use support::{FastTime, postgres};

const SPEED: u32 = 30;
const WORKERS: usize = 3;
/// For so many orders; then it must come to rest: what was interrupted three times would be left to a person.
const EVENTS: usize = 15;
const EVENTS_ARE_FOR: usize = 1_200;

fn number(variable: &str, usual: usize) -> usize {
    env::var(variable).map_or(usual, |number| number.parse().unwrap())
}

fn worker(url: &str, since: Timestamp) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleet"));
    command.arg(url).args(["--since", &since.unix_seconds().to_string(), "--speed", &SPEED.to_string()]);
    command.stdin(Stdio::null()).spawn().unwrap()
}

/// The host's accounts.
async fn prepare(url: &str, sim: &Simulator, accounts: usize) {
    let client = postgres::connected(url).await;
    client
        .batch_execute(
            "CREATE TABLE account (name text PRIMARY KEY, api_key text NOT NULL, api_secret text NOT NULL, base_url text,
                                   revision bigint NOT NULL DEFAULT 1, paused text)",
        )
        .await
        .unwrap();
    for n in 0..accounts {
        let account =
            "INSERT INTO account (name, api_key, api_secret, base_url) VALUES ($1, $2, 'secret', $3)";
        client.execute(account, &[&format!("shop {n}"), &format!("key-{n}"), &sim.url()]).await.unwrap();
    }
}

/// The shipments by their states; none while the database is away.
async fn states(url: &str) -> BTreeMap<String, i64> {
    let Ok((client, connection)) = connect(url, NoTls).await else { return BTreeMap::new() };
    tokio::spawn(connection);
    let states = "SELECT state, count(*) FROM shipstation_connector.outbox GROUP BY state";
    let rows = client.query(states, &[]).await.unwrap_or_default();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn signal(name: &str, process: u32) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(sent.success(), "{name} for {process}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_workers_that_are_killed_lose_and_double_nothing() {
    let (accounts, orders) = (number("FLEET_ACCOUNTS", 6), number("FLEET_ORDERS", 200));
    let time = FastTime::begin(SPEED);
    let since = time.since;
    let sim = time.simulator().await;
    let shops: Vec<Simulator> =
        (0..accounts).map(|n| sim.add_account(&format!("key-{n}"), "secret")).collect();
    for shop in &shops {
        shop.account(|account| {
            for n in 0..orders {
                let line = SimLine::new("MUG-1", 1, "18.50");
                account.add_order(SimOrder::new(format!("N-{n}")).shipping("Standard").line(line));
            }
        });
    }
    let url = time.database(Duration::ZERO).await;
    prepare(&url, &sim, accounts).await;

    let mut workers: Vec<Child> = (0..WORKERS).map(|_| worker(&url, since)).collect();
    let (mut events, mut looks) = (0, 0);
    let mut still: Option<(u32, u32)> = None;
    let shipped = |shop: &Simulator| {
        shop.account(|account| {
            account.orders.values().filter(|order| order.text("orderStatus") == Some("shipped")).count()
        })
    };
    let begun = SystemClock.now();
    let total = accounts * orders;
    let most_events = (EVENTS * total).div_ceil(EVENTS_ARE_FOR);
    loop {
        SystemClock.sleep(Duration::from_millis(200)).await;
        looks += 1;
        let done: usize = shops.iter().map(shipped).sum();
        let states = states(&url).await;
        let confirmed = states.get("confirmed").and_then(|rows| usize::try_from(*rows).ok());
        if done == total && confirmed == Some(total) {
            break;
        }
        assert!(SystemClock.now().since(begun) < Duration::from_secs(1_800), "{done} shipped; {states:?}");
        if looks % 100 == 0 {
            println!("{done} shipped; {states:?}");
        }
        if let Some((process, until)) = still.filter(|(_, until)| *until <= looks) {
            signal("CONT", process);
            still = None;
            println!("process {process} goes on at look {until}");
        }
        if looks % 10 != 0 || events >= most_events || done * 4 > total * 3 {
            continue;
        }
        let victim = &mut workers[events % WORKERS];
        match events % 5 {
            // Thirty seconds of ours are fifteen minutes of theirs; a lease lasts for five.
            1 if still.is_none() => {
                signal("STOP", victim.id());
                still = Some((victim.id(), looks + 60));
            }
            3 => postgres::cluster().crash(),
            _ if still.is_none_or(|(process, _)| process != victim.id()) => {
                victim.kill().unwrap();
                victim.wait().unwrap();
                *victim = worker(&url, since);
            }
            _ => {}
        }
        events += 1;
    }
    if let Some((process, _)) = still {
        signal("CONT", process);
    }
    let host = postgres::connected(&url).await;
    for mut worker in workers {
        worker.kill().unwrap();
        worker.wait().unwrap();
    }
    let imported = "SELECT count(*), count(DISTINCT (account, channel_order)) FROM shop_order";
    let imported = host.query_one(imported, &[]).await.unwrap();
    let all = i64::try_from(total).unwrap();
    assert_eq!((imported.get::<_, i64>(0), imported.get::<_, i64>(1)), (all, all), "each order once");
    for shop in &shops {
        shop.account(|account| {
            assert_eq!(account.fulfillments.len(), orders, "each order is marked once");
        });
    }
    let took = SystemClock.now().since(begun).as_secs();
    println!("{total} orders of {accounts} accounts, {events} events, in {took} s");
    assert!(events > 3);
}
