//! The limiter under simulated time: it uses the minute up, never exceeds it, and lets the urgent go first.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderMap, StatusCode};
use shipstation_connector::{
    Timestamp,
    client::{Clock as _, Lane, MinuteWindow, RateHeaders, RateLimiter},
};

use crate::support::JumpClock;

/// Counts requests per minute of its own clock, as ShipStation does.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) ahead: i64,
    pub(super) used: Mutex<HashMap<i64, u32>>,
    pub(super) headers: bool,
}

impl Server {
    pub(super) fn answer(&self, now: Timestamp) -> RateHeaders {
        let seconds = now.unix_seconds() + self.ahead;
        let mut used = self.used.lock().unwrap();
        let count = used.entry(seconds.div_euclid(60)).or_default();
        *count += 1;
        let status = if *count > 40 { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::OK };
        let mut headers = HeaderMap::new();
        if self.headers {
            let date = std::time::SystemTime::from(Timestamp::from_unix_seconds(seconds));
            headers.insert("date", httpdate_of(date));
            headers.insert("x-rate-limit-limit", "40".parse().unwrap());
            headers.insert(
                "x-rate-limit-remaining",
                (40_u32.saturating_sub(*count)).to_string().parse().unwrap(),
            );
            headers.insert("x-rate-limit-reset", (60 - seconds.rem_euclid(60)).to_string().parse().unwrap());
        }
        RateHeaders::read(status, &headers, now)
    }

    pub(super) fn most(&self) -> u32 {
        self.used.lock().unwrap().values().copied().max().unwrap_or(0)
    }
}

fn httpdate_of(time: std::time::SystemTime) -> http::HeaderValue {
    let seconds = time.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let (day, rest) = (seconds / 86_400, seconds % 86_400);
    // Day 20_454 is 1 January 2026, a Thursday; the tests stay inside that month.
    let weekday =
        ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from((day - 20_454) % 7).unwrap()];
    let text = format!(
        "{weekday}, {:02} Jan 2026 {:02}:{:02}:{:02} GMT",
        day - 20_454 + 1,
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    );
    text.parse().unwrap()
}

async fn run(start: &str, server: Server, calls: usize) -> (Duration, Server, u32) {
    let clock = Arc::new(JumpClock::at(start));
    let limiter = Arc::new(MinuteWindow::default().clock(clock.clone()));
    let server = Arc::new(server);
    let began = clock.now();
    let tasks = (0..4).map(|_| {
        let (clock, limiter, server) = (clock.clone(), limiter.clone(), server.clone());
        tokio::spawn(async move {
            let mut refused = 0;
            for _ in 0..calls / 4 {
                limiter.acquire(Lane::Import).await.spend();
                clock.advance(Duration::from_millis(40));
                let answer = server.answer(clock.now());
                refused += u32::from(answer.throttled);
                limiter.observe(&answer);
                tokio::task::yield_now().await;
            }
            refused
        })
    });
    let mut refused = 0;
    for task in tasks.collect::<Vec<_>>() {
        refused += task.await.unwrap();
    }
    (clock.now().since(began), Arc::into_inner(server).unwrap(), refused)
}

#[tokio::test]
async fn clock_minutes_are_used_up_and_never_exceeded() {
    for start in ["2026-01-05T10:00:00Z", "2026-01-05T10:00:37.5Z", "2026-01-05T10:00:59.7Z"] {
        for (ahead, headers) in [
            (0, true),
            (0, false),
            (7, true),
            (-2, true),
            (-5, true),
            (-9, true),
            (-13, true),
            (31, true),
            (3600 * 9 + 59, true),
        ] {
            let server = Server { ahead, headers, ..Server::default() };
            let (took, server, refused) = run(start, server, 400).await;
            assert_eq!((refused, server.most() <= 40), (0, true), "{start}, server {ahead} s ahead");
            // Ten minutes are what 400 calls at 40 a minute take; the reserve of 2 is left to others.
            let used = 400.0 / (40.0 * took.as_secs_f64() / 60.0);
            assert!(used >= 0.95, "{start}, server {ahead} s ahead: {used:.3} of the budget in {took:?}");
        }
    }
}

#[tokio::test]
async fn clock_others_using_the_key_are_noticed() {
    let clock = Arc::new(JumpClock::at("2026-01-05T10:00:10Z"));
    let limiter = MinuteWindow::default().clock(clock.clone());
    let mut headers = HeaderMap::new();
    headers.insert("x-rate-limit-limit", "40".parse().unwrap());
    headers.insert("x-rate-limit-remaining", "4".parse().unwrap());
    limiter.acquire(Lane::Import).await.spend();
    limiter.observe(&RateHeaders::read(StatusCode::OK, &headers, clock.now()));
    for _ in 0..2 {
        limiter.acquire(Lane::Import).await.spend();
    }
    assert!(limiter.expected(Lane::Import).is_some(), "4 were left, 2 are kept for others");
}

#[tokio::test]
async fn clock_absurd_headers_change_nothing() {
    let clock = Arc::new(JumpClock::at("2026-01-05T10:00:10Z"));
    let limiter = MinuteWindow::default().clock(clock.clone());
    for (limit, remaining, reset) in
        [("0", "40", "-5"), ("-1", "999999", "1772971200"), ("many", "", "NaN"), ("4294967296", "x", "61")]
    {
        let mut headers = HeaderMap::new();
        headers.insert("x-rate-limit-limit", limit.parse().unwrap());
        headers.insert("x-rate-limit-remaining", remaining.parse().unwrap());
        headers.insert("x-rate-limit-reset", reset.parse().unwrap());
        headers.insert("date", "yesterday".parse().unwrap());
        headers.insert("retry-after", "soon".parse().unwrap());
        limiter.observe(&RateHeaders::read(StatusCode::OK, &headers, clock.now()));
    }
    for _ in 0..38 {
        assert_eq!(limiter.expected(Lane::Import), None);
        limiter.acquire(Lane::Import).await.spend();
    }
    assert!(limiter.expected(Lane::Import).is_some());
}

#[tokio::test]
async fn clock_after_a_429_everybody_waits() {
    let clock = Arc::new(JumpClock::at("2026-01-05T10:00:10Z"));
    let limiter = MinuteWindow::default().clock(clock.clone());
    let mut headers = HeaderMap::new();
    headers.insert("x-rate-limit-reset", "17".parse().unwrap());
    headers.insert("retry-after", "20".parse().unwrap());
    limiter.observe(&RateHeaders::read(StatusCode::TOO_MANY_REQUESTS, &headers, clock.now()));
    limiter.acquire(Lane::Tracking).await.spend();
    assert!(clock.now() >= "2026-01-05T10:00:31Z".parse().unwrap());
}

#[tokio::test]
async fn clock_tracking_overtakes_a_back_fill() {
    let clock = Arc::new(JumpClock::at("2026-01-05T10:00:10Z"));
    let limiter = Arc::new(MinuteWindow::default().clock(clock.clone()));
    let order = Arc::new(Mutex::new(Vec::new()));
    let ask = |lane: Lane| {
        let (limiter, order) = (limiter.clone(), order.clone());
        tokio::spawn(async move {
            limiter.acquire(lane).await.spend();
            order.lock().unwrap().push(lane);
        })
    };
    for _ in 0..38 {
        limiter.acquire(Lane::Bulk).await.spend();
    }
    let mut tasks: Vec<_> = (0..100).map(|_| ask(Lane::Bulk)).collect();
    tasks.push(ask(Lane::Import));
    tasks.push(ask(Lane::Tracking));
    for task in tasks {
        task.await.unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(order[..2], [Lane::Tracking, Lane::Import]);
}

#[tokio::test]
async fn clock_permits_come_back_from_requests_that_were_never_sent() {
    let clock = Arc::new(JumpClock::at("2026-01-05T10:00:10Z"));
    let limiter = Arc::new(MinuteWindow::new(3).reserve(1).clock(clock.clone()));
    for _ in 0..50 {
        drop(limiter.acquire(Lane::Import).await);
    }
    limiter.acquire(Lane::Import).await.spend();
    let held = limiter.acquire(Lane::Import).await;
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { limiter.acquire(Lane::Bulk).await.spend() }
    });
    waiting.abort();
    let _ = waiting.await;
    drop(held);
    assert_eq!(limiter.expected(Lane::Import), None, "an abandoned place in the queue blocks nobody");
    limiter.acquire(Lane::Import).await.spend();
    assert!(clock.now() < "2026-01-05T10:01:00Z".parse().unwrap());
}
