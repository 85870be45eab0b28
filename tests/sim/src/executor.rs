//! One thread, simulated time. Which task goes on next is drawn; when none can go on, time jumps to the next timer.

use std::{
    collections::BinaryHeap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use shipstation_connector::{Timestamp, client::Clock, testing::simulator::SimClock};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// More turns than any history needs: a task that never lets time pass ends it.
const MAX_TURNS: u64 = 20_000_000;

/// The true time, and whoever waits for it.
pub struct Time {
    start: Timestamp,
    shown: Arc<SimClock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    elapsed: Duration,
    timers: BinaryHeap<Timer>,
    registered: u64,
}

struct Timer {
    at: Duration,
    number: u64,
    waker: Waker,
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timer {}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Time").field("elapsed", &self.elapsed()).finish_non_exhaustive()
    }
}

impl Time {
    /// Time that begins at `start`, and that ShipStation's clock follows.
    pub fn new(start: Timestamp, shown: Arc<SimClock>) -> Arc<Self> {
        Arc::new(Self { start, shown, state: Mutex::default() })
    }

    pub fn now(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    pub fn elapsed(&self) -> Duration {
        self.state.lock().unwrap().elapsed
    }

    /// Ends once so much time has passed.
    pub fn sleep(self: &Arc<Self>, duration: Duration) -> Sleep {
        Sleep { at: self.elapsed() + duration, time: Arc::clone(self), registered: false }
    }

    /// Forgets who waits.
    fn clear(&self) {
        let timers = std::mem::take(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner).timers);
        drop(timers);
    }

    /// Lets time pass until the next timer; false when there is none up to `end`.
    fn jump(&self, end: Duration) -> bool {
        let mut due = Vec::new();
        let mut state = self.state.lock().unwrap();
        let Some(next) = state.timers.peek().map(|timer| timer.at).filter(|at| *at <= end) else {
            state.elapsed = state.elapsed.max(end);
            return false;
        };
        state.elapsed = state.elapsed.max(next);
        while state.timers.peek().is_some_and(|timer| timer.at <= next) {
            due.extend(state.timers.pop());
        }
        let now = self.start + state.elapsed;
        drop(state);
        self.shown.set(now);
        for timer in due {
            timer.waker.wake();
        }
        true
    }
}

/// A wait on simulated time.
#[derive(Debug)]
pub struct Sleep {
    time: Arc<Time>,
    at: Duration,
    registered: bool,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.time.state.lock().unwrap();
        if state.elapsed >= self.at {
            return Poll::Ready(());
        }
        if !self.registered {
            state.registered += 1;
            let (at, number) = (self.at, state.registered);
            state.timers.push(Timer { at, number, waker: context.waker().clone() });
            drop(state);
            self.registered = true;
        }
        Poll::Pending
    }
}

/// What a worker's machine shows: the true time, and by how much its wall clock is wrong.
#[derive(Debug)]
pub struct WorkerClock {
    time: Arc<Time>,
    /// Seconds, positive when the wall clock is ahead.
    ahead: Mutex<i64>,
    has_monotonic: bool,
}

impl WorkerClock {
    pub fn new(time: &Arc<Time>, ahead: i64, has_monotonic: bool) -> Arc<Self> {
        Arc::new(Self { time: Arc::clone(time), ahead: Mutex::new(ahead), has_monotonic })
    }

    pub fn step_to(&self, ahead: i64) {
        *self.ahead.lock().unwrap() = ahead;
    }
}

#[async_trait]
impl Clock for WorkerClock {
    fn now(&self) -> Timestamp {
        let ahead = *self.ahead.lock().unwrap();
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead < 0 { self.time.now() - by } else { self.time.now() + by }
    }

    fn monotonic(&self) -> Option<Duration> {
        self.has_monotonic.then(|| self.time.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }

    async fn timer(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }
}

/// The tasks of one world.
pub struct Executor {
    time: Arc<Time>,
    rng: Mutex<Rng>,
    spawned: Mutex<Vec<Task>>,
    tasks: Mutex<Tasks>,
    ready: Arc<Mutex<Vec<usize>>>,
    ended: AtomicBool,
    turns: AtomicU64,
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("time", &self.time).finish_non_exhaustive()
    }
}

struct Alarm {
    task: usize,
    queued: AtomicBool,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::Relaxed) {
            self.ready.lock().unwrap().push(self.task);
        }
    }
}

/// Every task, and the places that are free.
#[derive(Default)]
struct Tasks {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

struct Slot {
    task: Option<Task>,
    alarm: Arc<Alarm>,
    waker: Waker,
}

impl Executor {
    pub fn new(time: &Arc<Time>, rng: Rng) -> Arc<Self> {
        Arc::new(Self {
            time: Arc::clone(time),
            rng: Mutex::new(rng),
            spawned: Mutex::default(),
            tasks: Mutex::default(),
            ready: Arc::default(),
            ended: AtomicBool::new(false),
            turns: AtomicU64::new(0),
        })
    }

    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawned.lock().unwrap().push(Box::pin(task));
    }

    /// Ends [`run`](Self::run) after the present turn.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Runs every task until `end`, or until [`end`](Self::end) is called.
    pub fn run(&self, end: Duration) {
        let Tasks { slots, free } = &mut *self.tasks.lock().unwrap();
        while !self.ended.load(Ordering::Relaxed) {
            for task in std::mem::take(&mut *self.spawned.lock().unwrap()) {
                self.place(slots, free, task);
            }
            let Some(number) = self.draw_ready() else {
                if !self.time.jump(end) {
                    return;
                }
                continue;
            };
            let turns = self.turns.fetch_add(1, Ordering::Relaxed);
            assert!(turns < MAX_TURNS, "no end in sight after {turns} turns");
            let slot = &mut slots[number];
            slot.alarm.queued.store(false, Ordering::Relaxed);
            let Some(task) = &mut slot.task else { continue };
            if task.as_mut().poll(&mut Context::from_waker(&slot.waker)).is_ready() {
                slot.task = None;
                free.push(number);
            }
        }
    }

    /// Drops every task, and with it what it holds of the world: the world holds the tasks.
    pub fn clear(&self) {
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        let spawned = std::mem::take(&mut *self.spawned.lock().unwrap_or_else(PoisonError::into_inner));
        drop((tasks, spawned));
        self.time.clear();
    }

    fn place(&self, slots: &mut Vec<Slot>, free: &mut Vec<usize>, task: Task) {
        let number = free.pop().unwrap_or(slots.len());
        // A waker of the task that was here before may still be held: it costs the new one a turn.
        let alarm =
            Arc::new(Alarm { task: number, queued: AtomicBool::new(true), ready: Arc::clone(&self.ready) });
        let slot = Slot { task: Some(task), waker: Arc::clone(&alarm).into(), alarm };
        if number == slots.len() {
            slots.push(slot);
        } else {
            slots[number] = slot;
        }
        self.ready.lock().unwrap().push(number);
    }

    fn draw_ready(&self) -> Option<usize> {
        let mut ready = self.ready.lock().unwrap();
        if ready.is_empty() {
            return None;
        }
        let index = self.rng.lock().unwrap().usize(..ready.len());
        Some(ready.swap_remove(index))
    }
}

/// Lets others go on first. A place at which a process may die.
pub async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
