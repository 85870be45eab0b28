//! What a worker costs that has little to do: a fleet of 1,000 idle connections through half an hour, and one of 10,000 of which 100 are
//! due a minute. The worker is a process of its own; the database and the simulator are others, and count for nothing but the database's
//! own time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench may stop at the first surprise"
)]

#[path = "../examples/fleet/src/clock.rs"]
#[allow(dead_code, reason = "shared with the example")]
mod clock;
#[path = "../examples/fleet/tests/support/mod.rs"]
#[allow(dead_code, reason = "shared with the fleet's tests")]
mod support;

use std::{
    env, fs,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Credentials, ShipStation, ShipStationChannel,
    channel::{CancelToken, ChannelConnector, ConnectionId, Operation},
    client::{Clock, ReqwestTransport, SystemClock},
    fleet::{BuildFailure, ConnectionSource, Fleet, FleetConnection},
    stores::postgres::{PostgresOptions, PostgresSchedule, PostgresStore, tokio_postgres::Client},
    testing::simulator::Simulator,
};
use support::{FastTime, postgres::connected};

use crate::clock::FastClock;

/// How the worker is told what to do: the database, the simulator, the connections, since when time passes how much faster, the minutes
/// between two runs of an operation, and how many operations there are.
const TASK: &str = "FLEET_BENCH";

#[derive(Debug)]
struct Accounts {
    number: usize,
    url: String,
    store: Arc<PostgresStore>,
    transport: Arc<ReqwestTransport>,
    clock: Arc<FastClock>,
}

#[async_trait]
impl ConnectionSource for Accounts {
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure> {
        Ok((0..self.number).map(|n| FleetConnection::new(format!("shop {n}"))).collect())
    }

    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure> {
        let key = connection.as_str().replace("shop ", "key-");
        let client = ShipStation::builder(Credentials::new(key, "secret"))
            .base_url(&self.url)
            .clock(self.clock.clone())
            .transport(self.transport.clone())
            .build()?;
        let channel = ShipStationChannel::builder(client, connection.clone(), self.store.stores());
        Ok(Arc::new(channel.build()?))
    }
}

/// The worker: runs until its standard input ends, and says then what it has cost: seconds of CPU, and MB at the most.
async fn worker(task: &str) {
    let task: Vec<&str> = task.split('|').collect();
    let [database, url, number, since, speed, minutes, operations] = task[..] else { panic!("{task:?}") };
    let clock = Arc::new(FastClock::read(since, speed).unwrap());
    let store = Arc::new(PostgresStore::connect(database, &PostgresOptions::default()).await.unwrap());
    let accounts = Arc::new(Accounts {
        number: number.parse().unwrap(),
        url: url.to_owned(),
        store: store.clone(),
        transport: Arc::new(ReqwestTransport::new(reqwest::Client::builder().no_proxy().build().unwrap())),
        clock: clock.clone(),
    });
    let every = Duration::from_secs(60 * minutes.parse::<u64>().unwrap());
    let ships = if operations == "1" { Duration::ZERO } else { every };
    let fleet = Fleet::builder(accounts)
        .schedule(Arc::new(PostgresSchedule::new(store).listen(database)))
        .clock(clock)
        .every(Operation::GetOrders, every)
        .every(Operation::GetChanges, Duration::ZERO)
        .every(Operation::SyncShipments, ships)
        .every(Operation::ResolveHeld, Duration::ZERO)
        .every(Operation::LinkListings, Duration::ZERO)
        .build();
    let stop = CancelToken::new();
    let stopping = stop.clone();
    std::thread::spawn(move || {
        std::io::stdin().read_line(&mut String::new()).unwrap();
        stopping.cancel();
    });
    fleet.run(&stop).await;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let of_cpu: Vec<f64> =
        stat.rsplit(')').next().unwrap().split_whitespace().map(|word| word.parse().unwrap_or(0.0)).collect();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: f64 = peak.trim_end_matches("kB").trim().parse().unwrap();
    // Ticks of a hundredth of a second: user and system.
    println!("{} {}", (of_cpu[11] + of_cpu[12]) / 100.0, peak / 1024.0);
}

/// A fleet on a database and a simulator of its own.
struct Bench {
    time: FastTime,
    /// Dropped, it would serve nobody.
    _sim: Simulator,
    client: Client,
    worker: Child,
}

impl Bench {
    async fn begin(connections: usize, speed: u32, minutes: u32, operations: u32) -> Self {
        let time = FastTime::begin(speed);
        let sim = time.simulator().await;
        for n in 0..connections {
            let _ = sim.add_account(&format!("key-{n}"), "secret");
        }
        let database = time.database(Duration::ZERO).await;
        let client = connected(&database).await;
        // How late each run is claimed.
        let late = "SET search_path TO shipstation_connector;
            CREATE TABLE late (nanos bigint NOT NULL);
            CREATE FUNCTION note_late() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$ BEGIN
                INSERT INTO late VALUES (now_nanos(0) - OLD.due);
                RETURN NULL;
            END $$;
            CREATE TRIGGER note_late AFTER UPDATE ON job FOR EACH ROW
                WHEN (OLD.claimed_by IS NULL AND NEW.claimed_by IS NOT NULL) EXECUTE FUNCTION note_late()";
        client.batch_execute(late).await.unwrap();
        let task = format!(
            "{database}|{}|{connections}|{}|{speed}|{minutes}|{operations}",
            sim.url(),
            time.since.unix_seconds()
        );
        let worker = Command::new(env::current_exe().unwrap())
            .env(TASK, task)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self { time, _sim: sim, client, worker }
    }

    /// Waits for so long, in the fleet's time.
    async fn pass(&self, time: Duration) {
        SystemClock.sleep(time / self.time.speed).await;
    }

    /// The runs so far, and the milliseconds that the database was at work.
    async fn so_far(&self) -> (i64, f64) {
        let runs: i64 = self.client.query_one("SELECT count(*) FROM late", &[]).await.unwrap().get(0);
        let active = "SELECT pg_stat_clear_snapshot()::text, active_time FROM pg_stat_database WHERE datname = current_database()";
        let active: f64 = self.client.query_one(active, &[]).await.unwrap().get(1);
        (runs, active)
    }

    /// Every run went well, or the figures say nothing.
    async fn check(&self) {
        let ends = "SELECT DISTINCT last_json->>'ended' FROM job WHERE last_json IS NOT NULL";
        let ends = self.client.query(ends, &[]).await.unwrap();
        let ends: Vec<String> = ends.iter().map(|row| row.get(0)).collect();
        assert_eq!(ends, ["succeeded"]);
    }

    /// Seconds of CPU and MB at the most.
    fn end(mut self) -> (f64, f64) {
        drop(self.worker.stdin.take());
        let told = self.worker.wait_with_output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let mut told = told.split_whitespace().map(|word| word.parse().unwrap());
        (told.next().unwrap(), told.next().unwrap())
    }
}

async fn a_thousand() {
    let half_an_hour = Duration::from_secs(1_800);
    let bench = Bench::begin(1_000, 30, 15, 2).await;
    bench.pass(half_an_hour).await;
    let (runs, _) = bench.so_far().await;
    bench.check().await;
    let (cpu, peak) = bench.end();
    println!(
        "fleet/1000-idle            {:.2} % of a core in half an hour, {peak:.0} MB at the most, {runs} runs, {:.1} ms of CPU each \
         (bar 1 %, 60 MB)",
        cpu / half_an_hour.as_secs_f64() * 100.0,
        cpu * 1_000.0 / f64::from(u32::try_from(runs).unwrap())
    );
}

async fn ten_thousand() {
    let bench = Bench::begin(10_000, 2, 100, 1).await;
    // The connections are planned first.
    bench.pass(Duration::from_secs(30)).await;
    bench.client.batch_execute("DELETE FROM late").await.unwrap();
    let (_, before) = bench.so_far().await;
    bench.pass(Duration::from_secs(180)).await;
    let (runs, after) = bench.so_far().await;
    let latest =
        "SELECT coalesce(max(nanos), 0)::float8 / 1e9, count(*) FILTER (WHERE nanos > 2000000000) FROM late";
    let latest = bench.client.query_one(latest, &[]).await.unwrap();
    let (latest, late): (f64, i64) = (latest.get(0), latest.get(1));
    bench.check().await;
    assert!((200..=450).contains(&runs), "{runs} runs");
    let (cpu, peak) = bench.end();
    println!(
        "fleet/10000                {runs} runs in three minutes, the latest {latest:.2} s after its time, {late} of them more than 2 s; \
         {:.1} ms of the database each (bar 2 s, 50 ms); {cpu:.1} s of CPU, {peak:.0} MB",
        (after - before) / f64::from(u32::try_from(runs).unwrap())
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if let Ok(task) = env::var(TASK) {
        return worker(&task).await;
    }
    a_thousand().await;
    ten_thousand().await;
}
