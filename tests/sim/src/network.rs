//! The way between a process and ShipStation: it delays, loses and doubles. A request that has left goes on whoever waits for it.

use std::{
    io,
    pin::pin,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fastrand::Rng;
use futures_channel::oneshot;
use http::{Request, Response};
use shipstation_connector::{
    client::{Transport, TransportBody, TransportError, TransportErrorKind},
    testing::simulator::{FaultKind, InProcess, JournalEntry, Method},
};

use crate::{
    oracle, people,
    plan::pick,
    process::RunLog,
    world::{Connection, World},
};

type Answer = Result<Response<TransportBody>, TransportError>;

/// The network card of one process.
#[derive(Debug)]
pub struct Network {
    world: Arc<World>,
    connection: usize,
    inner: Arc<InProcess>,
    /// The run that the process is in.
    run: Arc<Mutex<Arc<RunLog>>>,
    rng: Mutex<Rng>,
}

/// What becomes of one request.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // each may happen to any request
struct Fate {
    before: Duration,
    after: Duration,
    is_refused: bool,
    is_lost: bool,
    is_answer_lost: bool,
    is_doubled: bool,
    /// The merchant is at work and changes something before the next request.
    change: Option<Rng>,
}

impl Network {
    pub fn new(world: &Arc<World>, connection: usize, run: Arc<Mutex<Arc<RunLog>>>, rng: Rng) -> Arc<Self> {
        let inner = world.connections[connection].sim.transport();
        Arc::new(Self { world: Arc::clone(world), connection, inner, run, rng: Mutex::new(rng) })
    }

    fn draw(&self) -> Fate {
        let mut rng = self.rng.lock().unwrap();
        let mut fate = Fate {
            before: Duration::from_millis(rng.u64(5..120)),
            after: Duration::from_millis(rng.u64(5..300)),
            is_refused: false,
            is_lost: false,
            is_answer_lost: false,
            is_doubled: false,
            change: None,
        };
        if self.world.plan.has_busy_merchant && self.world.has(|trouble| trouble.merchant) && rng.u8(..) < 96
        {
            fate.change = Some(rng.fork());
        }
        if self.world.has(|trouble| trouble.losses) {
            match rng.u8(..) {
                0..4 => fate.is_refused = true,
                4..8 => fate.is_lost = true,
                8..14 => fate.is_answer_lost = true,
                _ => {}
            }
        }
        if self.world.has(|trouble| trouble.delays) && rng.u8(..) < 12 {
            let long = Duration::from_secs(pick(&mut rng, &[2, 25, 70, 200, 400, 4_000]));
            if rng.bool() { fate.before += long } else { fate.after += long }
        }
        fate.is_doubled = self.world.has(|trouble| trouble.doubles) && rng.u8(..) < 4;
        fate
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        let fate = self.draw();
        let (answer, arrives) = oneshot::channel();
        let run = Arc::clone(&self.run.lock().unwrap());
        run.requests.fetch_add(1, Ordering::Relaxed);
        oracle::judge_departure(&self.world, self.connection, &run, &request);
        oracle::judge_action(&self.world, self.connection, &run, &request);
        self.world.stats.requests.fetch_add(1, Ordering::Relaxed);
        let (world, inner, connection) = (Arc::clone(&self.world), Arc::clone(&self.inner), self.connection);
        self.world.executor.spawn(async move {
            world.time.sleep(fate.before).await;
            if fate.is_refused {
                // Nothing has left: the client knows.
                let mut truth = world.connections[connection].truth.lock().unwrap();
                if let Some(order) = oracle::mark_of(&request) {
                    truth.settle(order);
                }
                if let Some((_, body)) = oracle::action_of(&request, &truth) {
                    truth.settle_action(body["orderId"].as_i64().unwrap_or_default());
                }
                drop(truth);
                world.tell(&run.name, format_args!("{} refused", request.uri().path()));
                let _ = answer.send(Err(error(TransportErrorKind::Connect)));
                return;
            }
            if fate.is_lost {
                world.tell(&run.name, format_args!("{} lost", request.uri().path()));
                let _ = answer.send(Err(error(TransportErrorKind::Interrupted)));
                return;
            }
            let delivery = Delivery { world: &world, connection, run: &run, sent_before: fate.before };
            let lists_orders =
                request.method() == http::Method::GET && request.uri().path().ends_with("/orders");
            let copy = fate.is_doubled.then(|| request_copy(&request));
            let (first, mut seen) = delivery.deliver(&inner, request, false).await;
            if let Some(copy) = copy {
                drop(delivery.deliver(&inner, copy, true).await);
            }
            if let Some(mut rng) = fate.change.filter(|_| lists_orders) {
                people::take_the_first(&world, connection, &mut rng);
            }
            world.time.sleep(fate.after).await;
            let first = if fate.is_answer_lost { Err(error(TransportErrorKind::Interrupted)) } else { first };
            let is_lost = first.is_err();
            if answer.send(first).is_err() || is_lost {
                run.is_disturbed.store(true, Ordering::Relaxed);
            } else {
                run.entries.lock().unwrap().append(&mut seen);
            }
        });
        arrives.await.unwrap_or_else(|_| Err(error(TransportErrorKind::Interrupted)))
    }
}

/// One request on its way.
struct Delivery<'a> {
    world: &'a World,
    connection: usize,
    run: &'a RunLog,
    sent_before: Duration,
}

impl Delivery<'_> {
    /// The answer, and the journal's entry of it.
    async fn deliver(
        &self,
        inner: &InProcess,
        request: Request<Bytes>,
        is_copy: bool,
    ) -> (Answer, Vec<JournalEntry>) {
        let connection = &self.world.connections[self.connection];
        let mut call = pin!(inner.send(request));
        let mut seen = Vec::new();
        let answer = std::future::poll_fn(|context| {
            let answer = call.as_mut().poll(context);
            // Nothing else runs during this turn: what is in the journal is this request.
            for entry in &connection.sim.take_journal() {
                self.note(connection, entry, is_copy);
                seen.push(entry.clone());
            }
            answer
        })
        .await;
        (answer, seen)
    }

    fn note(&self, connection: &Connection, entry: &JournalEntry, is_copy: bool) {
        let status = entry.status.map_or("none".to_owned(), |status| status.to_string());
        let fault = entry.fault.as_ref().map(|fault| format!(" {fault:?}")).unwrap_or_default();
        let query: Vec<String> = entry.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let twice = if is_copy { " again" } else { "" };
        self.world.tell(
            &self.run.name,
            format_args!(
                "{} {}?{}{twice}{} -> {status}{fault}",
                entry.method,
                entry.path,
                query.join("&"),
                if entry.body.is_null() { String::new() } else { format!(" {}", entry.body) },
            ),
        );
        if entry.executed && entry.method != Method::GET {
            connection.changes.fetch_add(1, Ordering::Relaxed);
        }
        let mut truth = connection.truth.lock().unwrap();
        truth.throttled += u64::from(entry.over_limit);
        truth.count_request(self.world.time.now().unix_millis().div_euclid(60_000));
        truth.note_looks(self.world.time.elapsed(), entry);
        match &entry.fault {
            Some(FaultKind::LateEffect(late)) => truth.late = truth.late.max(*late),
            Some(FaultKind::StaleRead(age)) => truth.stale = truth.stale.max(*age),
            Some(FaultKind::StatusAfterEffect { .. }) => truth.refusals = true,
            _ => {}
        }
        if entry.executed && !is_copy && oracle::is_action(&entry.path, &entry.body, &truth) {
            let order = entry.body["orderId"].as_i64().unwrap_or_default();
            let id = truth.last_actions.get(&order).cloned();
            if let Some(action) = id.and_then(|id| truth.actions.get_mut(&id)) {
                action.effects += 1;
                action.late = action.late.max(self.sent_before + self.run.stalled_since_begin());
            }
        }
        if entry.is("POST", "/orders/markasshipped") && entry.executed {
            let order = entry.body["orderId"].as_i64().unwrap_or_default();
            let order = truth.orders.entry(order).or_default();
            order.late = order.late.max(self.sent_before + self.run.stalled_since_begin());
            if is_copy {
                order.doubled += 1;
            } else {
                order.marked += 1;
                self.world.stats.marks.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

fn request_copy(request: &Request<Bytes>) -> Request<Bytes> {
    let mut copy = Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

fn error(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind, io::Error::from(io::ErrorKind::ConnectionReset))
}
