//! One budget for many processes under simulated time: used up and never exceeded, whatever their clocks show; the urgent goes first
//! in all of them; and a store that fails costs nobody more than a part.

#![allow(clippy::disallowed_methods, reason = "tokio's own time stands still but for waits here")]

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    client::{
        BudgetError, BudgetKey, BudgetRecord, BudgetStore, Clock, Credentials, Lane, RateHeaders,
        RateLimiter, SharedWindow,
    },
    stores::MemoryStore,
};

use super::clock_limiter::Server;
use crate::support::CaughtLog;

const MINUTE: Duration = Duration::from_secs(60);

/// The one time that passes, whenever all wait.
#[derive(Debug, Clone, Copy)]
struct Time {
    start: Timestamp,
    began: tokio::time::Instant,
}

impl Time {
    fn at(start: &str) -> Self {
        Self { start: start.parse().unwrap(), began: tokio::time::Instant::now() }
    }

    fn now(&self) -> Timestamp {
        self.start + self.began.elapsed()
    }

    fn is_before(&self, instant: &str) -> bool {
        self.now() < instant.parse().unwrap()
    }
}

/// A clock that is set wrongly.
#[derive(Debug)]
struct Skewed {
    time: Time,
    ahead: Duration,
}

#[async_trait]
impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        self.time.now() + self.ahead
    }

    fn monotonic(&self) -> Option<Duration> {
        Some(self.time.began.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A store with a clock of its own, which can fail.
#[derive(Debug)]
struct Store {
    kept: MemoryStore,
    clock: Skewed,
    /// How many calls fail from now on.
    failing: AtomicU32,
    /// How many replacements are kept from now on, and their answers lost.
    forgetting: AtomicU32,
    /// Whether no call is answered.
    hanging: AtomicBool,
    /// What it keeps from now on, once it has lost everything.
    emptied: OnceLock<MemoryStore>,
}

impl Store {
    fn new(time: Time, ahead: u64) -> Arc<Self> {
        let clock = Skewed { time, ahead: Duration::from_secs(ahead) };
        Arc::new(Self {
            kept: MemoryStore::new(),
            clock,
            failing: 0.into(),
            forgetting: 0.into(),
            hanging: false.into(),
            emptied: OnceLock::new(),
        })
    }

    fn process(self: &Arc<Self>, name: &str, ahead: u64) -> Arc<SharedWindow> {
        let clock = Skewed { time: self.clock.time, ahead: Duration::from_secs(ahead) };
        let window = SharedWindow::new(self.clone(), &Credentials::new("planted-key-7731", "secret"));
        Arc::new(window.process(name).clock(Arc::new(clock)))
    }
}

fn one_of(left: &AtomicU32) -> bool {
    left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
}

#[async_trait]
impl BudgetStore for Store {
    async fn read(&self, key: &BudgetKey, _: Timestamp) -> Result<BudgetRecord, BudgetError> {
        tokio::task::yield_now().await;
        if one_of(&self.failing) {
            return Err("the store is away".into());
        }
        if self.hanging.load(Relaxed) {
            std::future::pending::<()>().await;
        }
        self.emptied.get().unwrap_or(&self.kept).read(key, self.clock.now()).await
    }

    async fn replace(&self, key: &BudgetKey, version: u64, text: &str) -> Result<bool, BudgetError> {
        tokio::task::yield_now().await;
        assert!(!text.contains("planted"), "the key is kept nowhere");
        let replaced = self.emptied.get().unwrap_or(&self.kept).replace(key, version, text).await;
        if one_of(&self.forgetting) { Err("the connection broke".into()) } else { replaced }
    }
}

/// Sends so many requests one after the other; says how many were turned away.
async fn send(window: Arc<SharedWindow>, server: Arc<Server>, time: Time, lane: Lane, calls: u32) -> u32 {
    let mut refused = 0;
    for _ in 0..calls {
        window.acquire(lane).await.spend();
        tokio::time::sleep(Duration::from_millis(15)).await;
        let answer = server.answer(time.now());
        refused += u32::from(answer.throttled);
        window.observe(&answer);
    }
    refused
}

async fn all(tasks: Vec<tokio::task::JoinHandle<u32>>) -> u32 {
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    sum
}

#[tokio::test(start_paused = true)]
async fn clock_ten_processes_use_one_budget_up_and_never_exceed_it() {
    let (early, middle, late) = ("2026-01-05T10:00:00Z", "2026-01-05T10:00:37.5Z", "2026-01-05T10:00:59.7Z");
    for (start, server_ahead, store_ahead) in
        [(early, 0, 0), (middle, 0, 47), (late, 31, 0), (early, -13, 3_600), (middle, 0, 3), (late, 0, 7)]
    {
        let time = Time::at(start);
        let store = Store::new(time, store_ahead);
        let server = Arc::new(Server { ahead: server_ahead, headers: true, ..Server::default() });
        let tasks = (0..10_u64).map(|n| {
            // Their wall clocks are up to an hour and a half apart.
            let window = store.process(&format!("process {n}"), n * 601);
            tokio::spawn(send(window, server.clone(), time, Lane::Import, 76))
        });
        let refused = all(tasks.collect()).await;
        assert_eq!((refused, server.most() <= 40), (0, true), "{start}: {server_ahead}, {store_ahead}");
        // The first and the last minute are not whole.
        let mut used: Vec<(i64, u32)> = server.used.lock().unwrap().clone().into_iter().collect();
        used.sort_unstable();
        let whole: Vec<u32> = used.iter().map(|(_, used)| *used).skip(2).collect();
        let whole = &whole[..whole.len() - 1];
        let budget = 38.0 * f64::from(u32::try_from(whole.len()).unwrap());
        let share = f64::from(whole.iter().sum::<u32>()) / budget;
        assert!(whole.len() >= 15, "{used:?}");
        assert!(share >= 0.97, "{start}: {server_ahead}, {store_ahead}: {share:.3} in {used:?}");
    }
}

/// Two processes fill a minute; then many wait in several.
async fn waiting_together(asks: &[(&str, Lane, u32)]) -> Vec<(String, Lane)> {
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    let first = store.process("first", 0);
    for _ in 0..38 {
        first.acquire(Lane::Bulk).await.spend();
    }
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (name, lane, count) in asks.iter().copied() {
        let window = store.process(name, 0);
        for _ in 0..count {
            let (window, served, name) = (window.clone(), served.clone(), name.to_owned());
            tasks.push(tokio::spawn(async move {
                window.acquire(lane).await.spend();
                served.lock().unwrap().push((name, lane));
                0
            }));
        }
    }
    all(tasks).await;
    Arc::into_inner(served).unwrap().into_inner().unwrap()
}

#[tokio::test(start_paused = true)]
async fn clock_the_urgent_of_any_process_goes_first() {
    let asks = [
        ("a", Lane::Bulk, 60),
        ("b", Lane::Import, 30),
        ("c", Lane::Tracking, 20),
        ("d", Lane::Tracking, 18),
    ];
    let served = waiting_together(&asks).await;
    let first_minute = &served[..38];
    assert!(first_minute.iter().all(|(_, lane)| *lane == Lane::Tracking), "{first_minute:?}");
    let second = served[38..76].iter().filter(|(_, lane)| *lane == Lane::Import).count();
    assert_eq!(second, 30, "imports go before the bulk: {:?}", &served[38..76]);
}

#[tokio::test(start_paused = true)]
async fn clock_processes_in_one_lane_share_it() {
    let served =
        waiting_together(&[("a", Lane::Import, 100), ("b", Lane::Import, 100), ("c", Lane::Import, 6)]).await;
    let of = |name: &str| served[..38].iter().filter(|(process, _)| process == name).count();
    assert_eq!(of("c"), 6);
    assert!(of("a").min(of("b")) >= 12, "{} and {}", of("a"), of("b"));
}

#[tokio::test(start_paused = true)]
async fn faults_a_store_that_fails_leaves_each_process_its_part() {
    let (log, _guard) = CaughtLog::begin();
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    let processes: Vec<_> = (0..4).map(|n| store.process(&format!("process {n}"), n * 77)).collect();
    for window in &processes {
        window.acquire(Lane::Import).await.spend();
        CaughtLog::hear_every_place();
    }
    processes[3].acquire(Lane::Import).await.spend();
    store.failing.store(u32::MAX, Relaxed);
    let before = time.now();
    for n in 0..8 {
        processes[3].acquire(Lane::Import).await.spend();
        // A quarter of 38 is 9, of which two were used while the store was there.
        assert_eq!(time.now().since(before) > Duration::from_secs(40), n >= 7, "request {n}");
    }
    let unseen = Store::new(time, 0);
    unseen.failing.store(u32::MAX, Relaxed);
    let alone = unseen.process("alone", 0);
    tokio::time::sleep(MINUTE).await;
    for n in 0..4 {
        alone.acquire(Lane::Import).await.spend();
        assert_eq!(time.is_before("2026-01-05T10:02:59Z"), n < 3, "a tenth of 38 is 3: request {n}");
    }
    let text = log.text();
    assert_eq!(text.matches("WARN").count(), 2, "each says so once: {text}");
    assert!(!text.contains("planted"), "{text}");
    store.failing.store(0, Relaxed);
    processes[3].acquire(Lane::Import).await.spend();
    assert!(log.text().contains("answers again"), "{}", log.text());
    for window in &processes[..2] {
        window.acquire(Lane::Import).await.spend();
    }
}

#[tokio::test(start_paused = true)]
async fn faults_what_the_store_loses_is_kept_by_whoever_asked_last() {
    let time = Time::at("2026-01-05T10:00:10Z");
    let (store, empty) = (Store::new(time, 0), MemoryStore::new());
    let window = store.process("one", 0);
    for _ in 0..38 {
        window.acquire(Lane::Import).await.spend();
    }
    let _ = store.emptied.set(empty);
    window.acquire(Lane::Import).await.spend();
    assert!(!time.is_before("2026-01-05T10:01:00Z"), "the minute was used up before");
}

#[tokio::test(start_paused = true)]
async fn faults_a_form_of_another_version_is_not_lost() {
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    let key = BudgetKey::from(&Credentials::new("planted-key-7731", "secret"));
    assert!(store.replace(&key, 0, r#"{"format":2,"used":38}"#).await.unwrap());
    let window = store.process("one", 0);
    for n in 0..4 {
        window.acquire(Lane::Import).await.spend();
        assert_eq!(time.is_before("2026-01-05T10:00:59Z"), n < 3, "a tenth of 38 is 3: request {n}");
    }
    assert_eq!(store.read(&key, time.now()).await.unwrap().text, r#"{"format":2,"used":38}"#);
}

#[tokio::test(start_paused = true)]
async fn faults_a_store_that_hangs_is_noticed_by_callers_in_a_hurry() {
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    store.hanging.store(true, Relaxed);
    let window = store.process("one", 0);
    let mut served = 0;
    for _ in 0..6 {
        let hurried =
            tokio::time::timeout(Duration::from_millis(700), window.acquire(Lane::Interactive)).await;
        served += u32::from(hurried.is_ok_and(|permit| {
            permit.spend();
            true
        }));
    }
    assert_eq!(served, 3, "from two seconds on its part is used");
}

#[tokio::test(start_paused = true)]
async fn faults_after_a_429_nothing_in_hand_is_used() {
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    let (window, other) = (store.process("one", 0), store.process("other", 0));
    let held: Vec<_> = futures_util::future::join_all((0..3).map(|_| window.acquire(Lane::Import))).await;
    drop(held);
    let mut headers = http::HeaderMap::new();
    headers.insert("x-rate-limit-reset", "20".parse().unwrap());
    window.observe(&RateHeaders::read(http::StatusCode::TOO_MANY_REQUESTS, &headers, time.now()));
    window.acquire(Lane::Tracking).await.spend();
    assert!(!time.is_before("2026-01-05T10:00:31Z"));
    other.acquire(Lane::Import).await.spend();
    assert!(time.is_before("2026-01-05T10:00:59Z"), "what was given back is there for others");
}

#[tokio::test(start_paused = true)]
async fn faults_permits_whose_answer_was_lost_are_not_lost() {
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    let (window, other) = (store.process("one", 0), store.process("other", 0));
    for _ in 0..3 {
        store.forgetting.store(1, Relaxed);
        // Of its own part, since the store seems to be away.
        window.acquire(Lane::Import).await.spend();
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    for polls in 0..40 {
        // Given up in the middle of a question to the store.
        let mut given_up = Box::pin(window.acquire(Lane::Import));
        for _ in 0..polls % 4 {
            if futures_util::poll!(&mut given_up).is_ready() {
                break;
            }
        }
        drop(given_up);
    }
    drop(window.acquire(Lane::Import).await);
    window.acquire(Lane::Import).await.spend();
    let mut rest = 0;
    while time.is_before("2026-01-05T10:00:59Z") {
        other.acquire(Lane::Import).await.spend();
        rest += 1;
    }
    // The last of them is of the next minute. What was used without the store is known to it now, once.
    assert_eq!(rest - 1, 38 - 3 - 1);
}

#[tokio::test(start_paused = true)]
async fn faults_nonsense_in_the_store_is_begun_anew() {
    let time = Time::at("2026-01-05T10:00:10Z");
    let store = Store::new(time, 0);
    let key = BudgetKey::from(&Credentials::new("planted-key-7731", "secret"));
    for text in [
        "",
        "null",
        "[1",
        r#"{"minutes": 3}"#,
        r#"{"format":1,"minutes":{"limit":0,"skew":9223372036854775807,"is_skew_known":true,"late":null,
            "first":-9223372036854775808,"counts":[{"taken":4294967295,"others":4294967295,"seen":4294967295},
            {"taken":4294967295,"others":4294967295,"seen":4294967295}],"closed_until":"9999-12-30T00:00:00Z"},"processes":{"one":{"seen":"2026-01-05T10:00:10Z","waiting":[[0,4294967295],
            [0,4294967295],[77,1]],"asks_by":"9999-12-30T00:00:00Z","number":18446744073709551615,"permits":4294967295,
            "this_minute":4294967295,"alone":18446744073709551615,"counted":[-9223372036854775808,9223372036854775807]},"b":{"seen":"9999-12-30T00:00:00Z","waiting":[[0,4294967295]],
            "asks_by":"9999-12-30T00:00:00Z","number":0,"permits":1,"this_minute":0,"alone":0,"counted":[9223372036854775807,9223372036854775807]}}}"#,
    ] {
        let version = store.read(&key, time.now()).await.unwrap().version;
        assert!(store.replace(&key, version, text).await.unwrap());
        let begun = time.now();
        store.process("one", 0).acquire(Lane::Bulk).await.spend();
        assert!(time.now().since(begun) < 3 * MINUTE, "{text}");
    }
}
