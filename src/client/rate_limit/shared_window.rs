//! The limiter of several processes that use one key.

use std::{
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::future::{Either, select};

use super::{
    BudgetError, BudgetKey, BudgetStore, Lane, MinuteWindow, Permit, RateHeaders, RateLimiter,
    budget_shares::{Ask, FORGOTTEN_AFTER, Grant, MIN_LASTS, Shares, YIELDS_FOR},
    minutes::Minutes,
    queue::LaneQueue,
};
use crate::{
    Timestamp,
    clock::{Clock, HostTime, SystemClock},
    locked::locked,
    setters::setters,
};

/// How long a call of the store may take, in real time.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a store that did not answer is left alone.
const STORE_PAUSE: Duration = Duration::from_secs(10);
/// Answers that wait to be told to the others.
const MAX_ANSWERS: usize = 40;
/// How often others may come in between before the question is put off.
const MAX_TRIES: u32 = 20;
/// What was taken before counts in no present minute.
const KNOWN_FOR: Duration = Duration::from_secs(120);
/// How many processes there are as long as none was seen.
const UNSEEN_PROCESSES: u32 = 10;

/// One budget for all processes that use a key: a [`MinuteWindow`] that they keep together in a [`BudgetStore`], such as a
/// [`PostgresStore`](crate::stores::postgres::PostgresStore).
///
/// Which minute it is, is told by the store's clock and the `Date` of ShipStation's answers, so that the clocks of the processes do not
/// matter. Each request is counted before it leaves, and with it what others have used by the headers. More urgent [lanes](Lane) go
/// first among all processes; within a lane none takes more than an even part of a minute while others wait. What waits in a process
/// asks together, with two short calls of the store.
///
/// While the store does not answer, each process keeps to a part of the budget: it is divided by the number of processes that were
/// last seen on the key, and a tenth of it where none was. That is said once as a warning. The others learn of it from ShipStation's
/// headers, or once the store answers again: until then more may be asked for than there is, and ShipStation's 429 is the last word.
///
/// ```no_run
/// use shipstation_connector::client::{BudgetStore, Credentials, SharedWindow, ShipStation};
/// use std::sync::Arc;
///
/// # fn client(store: Arc<dyn BudgetStore>) -> Result<ShipStation, shipstation_connector::client::Error> {
/// let credentials = Credentials::new("key", "secret");
/// let window = SharedWindow::new(store, &credentials);
/// ShipStation::builder(credentials).rate_limiter(Arc::new(window)).build()
/// # }
/// ```
#[derive(Debug)]
pub struct SharedWindow {
    store: Arc<dyn BudgetStore>,
    key: BudgetKey,
    process: String,
    limit: u32,
    reserve: u32,
    clock: Arc<dyn Clock>,
    queue: LaneQueue,
    /// One question at a time: the store takes the newest grant that it is told of for all that have arrived.
    asking: tokio::sync::Mutex<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// What the store has granted last, with the permits that nobody has used, and when it was asked.
    granted: Grant,
    asked: HostTime,
    /// What is to be told to the others, numbered.
    answers: Vec<(u64, RateHeaders, HostTime)>,
    last_answer: u64,
    /// When permits of this process's own part were taken that the store does not know of, numbered.
    alone: Vec<(u64, HostTime)>,
    last_alone: u64,
    /// What the processes kept together when this one last saw it: for a store that has lost it.
    shares: Option<Shares>,
    /// What this process knows of the whole budget by itself.
    all: Minutes,
    /// What it has used of it.
    own: Minutes,
    /// When the store did not answer.
    away: Option<HostTime>,
    /// Since when it has been asked without an answer.
    asking: Option<HostTime>,
    /// When a permit is to be had, as far as is known.
    expected: Option<Timestamp>,
}

impl SharedWindow {
    /// The budget of this key, which every process names that uses it: 40 requests per clock minute until an answer says otherwise, less
    /// a reserve of 2.
    pub fn new(store: Arc<dyn BudgetStore>, key: impl Into<BudgetKey>) -> Self {
        let (limit, reserve) = (MinuteWindow::DEFAULT_LIMIT, MinuteWindow::DEFAULT_RESERVE);
        let clock = Arc::new(SystemClock);
        Self {
            store,
            key: key.into(),
            process: format!("{:016x}", fastrand::u64(..)),
            limit,
            reserve,
            clock,
            queue: LaneQueue::default(),
            asking: tokio::sync::Mutex::default(),
            state: Arc::new(Mutex::new(State {
                granted: Grant::default(),
                asked: HostTime { wall: Timestamp::UNIX_EPOCH, monotonic: None },
                answers: Vec::new(),
                last_answer: 0,
                alone: Vec::new(),
                last_alone: 0,
                shares: None,
                all: Minutes::new(limit, reserve),
                own: Minutes::new(limit, 0),
                away: None,
                asking: None,
                expected: None,
            })),
        }
    }

    /// Requests per clock minute until an answer says otherwise, to whichever process. Every one should say the same.
    #[must_use]
    pub fn limit(mut self, requests: u32) -> Self {
        self.limit = requests;
        self.bounded()
    }

    /// Leaves this many requests per minute to other users of the key. At least one stays.
    #[must_use]
    pub fn reserve(mut self, requests: u32) -> Self {
        self.reserve = requests;
        self.bounded()
    }

    setters! {
        /// Uses this clock. Which minute it is, it says only while the store does not answer.
        clock(clock: Arc<dyn Clock>) => clock = clock;
        /// Calls this process so, for people who read what is kept. A random part follows: a process that starts again is another one.
        process(name: &str) => process = format!("{name} {:016x}", fastrand::u64(..));
    }

    fn bounded(self) -> Self {
        locked(&self.state).all = Minutes::new(self.limit, self.reserve);
        self
    }

    fn now(&self) -> HostTime {
        HostTime::now(&*self.clock)
    }

    /// A permit, or what to do for one.
    async fn turn(&self) -> Turn {
        let _asking = self.asking.lock().await;
        if let Some(permit) = self.take() {
            return Turn::Taken(permit);
        }
        if let Some(left) = self.leaves_store_alone_for() {
            return self.take_part().map_or_else(|wait| Turn::Wait(wait.min(left)), Turn::Taken);
        }
        match self.ask().await {
            Ok(Some(granted)) => self.arrived(granted),
            Ok(None) => Turn::Wait(YIELDS_FOR),
            Err(error) => self.missed(&error),
        }
    }

    /// A permit that the store has granted and that still counts where it is used.
    fn take(&self) -> Option<Permit> {
        let now = self.now();
        let mut state = locked(&self.state);
        let Grant { number, permits, lasts, .. } = state.granted;
        if permits == 0 || now.longest_since(state.asked) >= lasts {
            return None;
        }
        state.granted.permits -= 1;
        Some(self.permit(&mut state, now, Some(number)))
    }

    /// A permit of this process's part of the budget, or how long until there is one.
    fn take_part(&self) -> Result<Permit, Duration> {
        let now = self.now();
        let mut state = locked(&self.state);
        let part = state.part(now);
        state.own.set_limit(part);
        if let Some(wait) = state.all.wait(now.wall).max(state.own.wait(now.wall)) {
            return Err(wait);
        }
        state.alone.retain(|(_, taken)| now.longest_since(*taken) < KNOWN_FOR);
        state.last_alone += 1;
        let number = state.last_alone;
        state.alone.push((number, now));
        Ok(self.permit(&mut state, now, None))
    }

    fn permit(&self, state: &mut State, now: HostTime, grant: Option<u64>) -> Permit {
        let (all, own) = (state.all.take(now.wall, 1), state.own.take(now.wall, 1));
        let kept = Arc::clone(&self.state);
        Permit::returnable(move || {
            let mut state = locked(&kept);
            state.all.give_back(all, 1);
            state.own.give_back(own, 1);
            if grant == Some(state.granted.number) {
                state.granted.permits += 1;
            }
        })
    }

    fn leaves_store_alone_for(&self) -> Option<Duration> {
        let left = STORE_PAUSE.checked_sub(self.now().since(locked(&self.state).away?))?;
        (!left.is_zero()).then_some(left)
    }

    /// Asks for what waits here; `None` if others kept coming in between.
    async fn ask(&self) -> Result<Option<Asked>, BudgetError> {
        for tries in 0..MAX_TRIES {
            let at = self.now();
            let record = self.in_time(self.store.read(&self.key, at.wall)).await?;
            let is_slow = self.now().longest_since(at) > MIN_LASTS;
            let kept = Shares::read(&record.text, self.limit, self.reserve)?;
            let (grant, shares, told) = {
                let state = locked(&self.state);
                let lost = state.shares.clone().filter(|_| record.text.is_empty());
                let mut shares = kept.or(lost).unwrap_or_else(|| Shares::new(self.limit, self.reserve));
                let answer = |(_, headers, came): &(u64, RateHeaders, HostTime)| {
                    // When the store read its clock is not known well enough then.
                    let date = headers.date.filter(|_| !is_slow);
                    (RateHeaders { date, ..*headers }, at.longest_since(*came))
                };
                let answers: Vec<_> = state.answers.iter().map(answer).collect();
                let alone = |(number, taken): &(u64, HostTime)| (*number, at.longest_since(*taken));
                let alone: Vec<_> = state.alone.iter().map(alone).collect();
                let ask = Ask {
                    process: &self.process,
                    waiting: &self.queue.lanes(),
                    arrived: state.granted.number,
                    unused: state.granted.permits,
                    alone: &alone,
                    answers: &answers,
                };
                (shares.grant(&ask, record.now), shares, (state.last_answer, state.last_alone))
            };
            let text = serde_json::to_string(&shares)?;
            if self.in_time(self.store.replace(&self.key, record.version, &text)).await? {
                return Ok(Some(Asked { grant, shares, at, told }));
            }
            self.clock.sleep(Duration::from_millis(tries.into())).await;
        }
        Ok(None)
    }

    /// What the store answers in time. That goes on when a question is given up and the next one comes at once: callers that have no
    /// time for that would never see that there is no answer.
    async fn in_time<T>(&self, call: impl Future<Output = Result<T, BudgetError>>) -> Result<T, BudgetError> {
        let now = self.now();
        let since = {
            let asking = &mut locked(&self.state).asking;
            *asking = asking.filter(|since| now.since(*since) < STORE_PAUSE);
            *asking.get_or_insert(now)
        };
        let left = STORE_TIMEOUT.saturating_sub(now.since(since));
        let answer = match select(pin!(call), self.clock.timer(left)).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err("no answer within two seconds".into()),
        };
        locked(&self.state).asking = None;
        answer
    }

    fn arrived(&self, Asked { grant, shares, at, told }: Asked) -> Turn {
        let mut state = locked(&self.state);
        if state.away.take().is_some() {
            tracing::info!(key = ?self.key, "the shared rate budget answers again");
        }
        let (told, taken) = told;
        state.answers.retain(|(number, ..)| *number > told);
        state.alone.retain(|(number, _)| *number > taken);
        state.shares = Some(shares);
        // Turned away meanwhile: the others are told before anything else is sent.
        let is_turned_away = state.answers.iter().any(|(_, headers, _)| headers.throttled);
        let lasts = if is_turned_away { Duration::ZERO } else { grant.lasts };
        (state.granted, state.asked) = (Grant { lasts, ..grant }, at);
        state.expected = (grant.permits == 0).then(|| self.clock.now() + grant.wait);
        if grant.permits == 0 { Turn::Wait(grant.wait) } else { Turn::Again }
    }

    fn missed(&self, error: &BudgetError) -> Turn {
        let mut state = locked(&self.state);
        state.expected = None;
        let now = self.now();
        if state.away.replace(now).is_none() {
            tracing::warn!(
                key = ?self.key, %error, requests_a_minute = state.part(now),
                "the shared rate budget does not answer: this process keeps to its part of it meanwhile"
            );
        }
        Turn::Again
    }
}

impl State {
    /// What one process may use by itself. What was seen long ago says little.
    fn part(&self, now: HostTime) -> u32 {
        let were_seen = self.granted.processes > 0 && now.since(self.asked) < FORGOTTEN_AFTER;
        let least = if were_seen { 1 } else { UNSEEN_PROCESSES };
        (self.all.budget() / self.granted.processes.max(least)).max(1)
    }
}

/// What became of a request for a permit.
enum Turn {
    Taken(Permit),
    Again,
    Wait(Duration),
}

/// What the store was asked, and answered.
struct Asked {
    grant: Grant,
    /// What is kept from then on.
    shares: Shares,
    at: HostTime,
    /// What the others know of now: the last answer, and the last permit of the own part.
    told: (u64, u64),
}

#[async_trait]
impl RateLimiter for SharedWindow {
    async fn acquire(&self, lane: Lane) -> Permit {
        let place = self.queue.join(lane);
        loop {
            place.first().await;
            match self.turn().await {
                Turn::Taken(permit) => return permit,
                Turn::Again => {}
                Turn::Wait(wait) => self.clock.sleep(wait).await,
            }
        }
    }

    fn observe(&self, headers: &RateHeaders) {
        let now = self.now();
        let mut state = locked(&self.state);
        state.all.learn(headers, now.wall, now.wall);
        state.own.learn(&RateHeaders { limit: None, remaining: None, ..*headers }, now.wall, now.wall);
        if headers.throttled {
            // What is in hand goes back, and the others are told, before anything else is sent.
            state.granted.lasts = Duration::ZERO;
        }
        if state.answers.len() >= MAX_ANSWERS {
            let oldest = state.answers.iter().position(|(_, headers, _)| !headers.throttled).unwrap_or(0);
            state.answers.remove(oldest);
        }
        state.last_answer += 1;
        let number = state.last_answer;
        state.answers.push((number, *headers, now));
    }

    fn expected(&self, _: Lane) -> Option<Timestamp> {
        let now = self.clock.now();
        locked(&self.state).expected.filter(|expected| *expected > now)
    }
}
