//! What becomes of a job in the queue: planned, run, planned again, woken, paused, removed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../../../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "shared with the scenarios")]
mod postgres;

use std::time::Duration;

use shipstation_connector::{
    channel::Operation,
    client::{Clock, SystemClock},
    fleet::{Claim, JobEnd, JobKey, JobPlan, LastRun, Schedule},
};
use shipstation_graphile::{GraphileSchedule, graphile_worker::tokio_postgres::TokioPostgresDatabase};

const HOUR: Duration = Duration::from_secs(3_600);

/// A database of its own.
async fn database() -> String {
    let database = postgres::cluster().new_schema();
    postgres::cluster().run(&format!("CREATE DATABASE {database}")).await;
    postgres::cluster().url.replace("dbname=postgres", &format!("dbname={database}"))
}

async fn open(url: &str) -> GraphileSchedule {
    let queue = TokioPostgresDatabase::from_url(url, 10).unwrap();
    GraphileSchedule::open(queue, "jobs").await.unwrap()
}

/// The next job that the queue begins, within ten seconds.
async fn claim(schedule: &GraphileSchedule) -> Claim {
    let next = async {
        loop {
            let claims = schedule.claim("worker", 1, HOUR, SystemClock.now()).await.unwrap();
            match claims.into_iter().next() {
                Some(claim) => return claim,
                None => schedule.woken().await,
            }
        }
    };
    tokio::select! {
        claim = next => claim,
        () = SystemClock.sleep(Duration::from_secs(10)) => panic!("no job begins"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_planned_run_woken_paused_and_removed() {
    let url = database().await;
    let schedule = open(&url).await;
    let worker = schedule.worker_options().concurrency(4).init().await.unwrap();
    let client = postgres::connected(&url).await;
    let keys = async || -> Vec<String> {
        let rows =
            client.query("SELECT key FROM jobs.jobs WHERE key IS NOT NULL ORDER BY key", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let now = SystemClock.now();
    let settle = async |claim: &Claim, wait: Duration, failures: u32| {
        let end = JobEnd::new(wait, failures, LastRun::new(now, "it ended"));
        assert!(schedule.settle(claim, &end, now).await.unwrap(), "the claim holds");
    };
    let due_in = async |job: &JobKey| -> Duration {
        let jobs = schedule.jobs(Some(&job.connection)).await.unwrap();
        jobs.iter().find(|status| status.job == *job).unwrap().due.since(SystemClock.now())
    };
    let job = |operation| JobKey { connection: "my shop".into(), operation };
    let (orders, shipments) = (job(Operation::GetOrders), job(Operation::SyncShipments));
    let plan = |job: &JobKey, every| JobPlan::new(job.clone(), every, Duration::ZERO);

    let work = async {
        // Planned once, however often it is planned.
        schedule
            .plan(&[plan(&orders, HOUR), plan(&shipments, HOUR).paused("on holiday")], now)
            .await
            .unwrap();
        let first = claim(&schedule).await;
        assert_eq!((&first.job, first.every, first.failures), (&orders, HOUR, 0));
        schedule.plan(&[plan(&orders, HOUR)], now).await.unwrap();
        assert_eq!(keys().await, ["shipstation:get_orders:my shop"]);
        let claimed = schedule.jobs(None).await.unwrap();
        assert!(claimed[0].claimed_by.is_some() && claimed[1].paused.is_some(), "{claimed:?}");

        // Woken while it runs, it runs beside itself, and the end of the first changes nothing.
        assert!(schedule.wake(&orders, now).await.unwrap());
        let second = claim(&schedule).await;
        assert_ne!(first.fence, second.fence);
        settle(&first, HOUR, 0).await;
        settle(&second, HOUR * 2, 3).await;
        assert!(due_in(&orders).await > HOUR);

        // Woken while it waits, as the README says from SQL, it runs at once; a shorter interval moves it.
        let readme = include_str!("../README.md");
        let sql = readme.split("```sql").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let sql = sql.replace("sync_shipments", "get_orders").replace("graphile_worker.", "jobs.");
        assert_eq!(client.query(&sql, &[]).await.unwrap().len(), 1);
        let third = claim(&schedule).await;
        settle(&third, Duration::ZERO, 2).await;
        let fourth = claim(&schedule).await;
        assert_eq!(fourth.failures, 2);
        settle(&fourth, HOUR, 0).await;
        schedule.plan(&[plan(&orders, HOUR / 2)], now).await.unwrap();
        let fifth = claim(&schedule).await;
        assert_eq!(fifth.every, HOUR / 2);

        // Removed while it runs, it does not come back.
        schedule.remove(&["my shop".into()]).await.unwrap();
        settle(&fifth, Duration::ZERO, 0).await;
        assert_eq!(keys().await, Vec::<String>::new());
        assert!(!schedule.wake(&orders, now).await.unwrap());
        worker.request_shutdown();
    };
    let (ran, ()) = tokio::join!(worker.run(), work);
    ran.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_a_dead_worker_goes_to_another_one() {
    let url = database().await;
    let job = JobKey { connection: "my shop".into(), operation: Operation::GetOrders };
    // What runs in it dies with it: nothing is settled or deregistered.
    let process = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (to, plan) = (url.clone(), JobPlan::new(job.clone(), HOUR, Duration::ZERO));
    let begun = process.spawn(async move {
        let schedule = open(&to).await;
        let worker = schedule.worker_options().concurrency(1).init().await.unwrap();
        tokio::spawn(async move { worker.run().await });
        schedule.plan(&[plan], SystemClock.now()).await.unwrap();
        claim(&schedule).await
    });
    let before = begun.await.unwrap();
    process.shutdown_background();

    let schedule = open(&url).await;
    let soon = Duration::from_millis(500);
    let options = schedule.worker_options().concurrency(1).recovery_delay(Duration::ZERO);
    let options = options.heartbeat_interval(soon / 2).sweep_interval(soon / 2).sweep_threshold(soon);
    let worker = options.init().await.unwrap();
    let work = async {
        let after = claim(&schedule).await;
        assert_eq!((&after.job, after.fence), (&job, before.fence));
        let end = JobEnd::new(HOUR, 0, LastRun::new(SystemClock.now(), "it ended"));
        assert!(schedule.settle(&after, &end, SystemClock.now()).await.unwrap(), "the claim holds");
        worker.request_shutdown();
    };
    let (ran, ()) = tokio::join!(worker.run(), work);
    ran.unwrap();
}
