//! Timeouts run on the client's clock: a transport that never answers is given up without any real time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use shipstation_connector::{
    Timestamp,
    client::{
        Clock, Error, ErrorKind, Outcome, RetryPolicy, ShipStation, Transport, TransportBody, TransportError,
        TransportErrorKind,
    },
};

use crate::support::{JumpClock, builder};

/// Time that passes as soon as everybody waits, for requests too; it keeps the lengths of the timers that ended.
#[derive(Debug, Default)]
struct PassingClock {
    clock: JumpClock,
    ended: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Clock for PassingClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    async fn timer(&self, duration: Duration) {
        self.clock.sleep(duration).await;
        self.ended.lock().unwrap().push(duration);
    }
}

/// Where the transport stops.
#[derive(Debug, Clone, Copy)]
enum Stops {
    BeforeTheHead,
    InTheBody,
    Never,
    /// After the first byte, pieces without any, without end.
    Empties,
    /// It says that it did not get through.
    At(TransportErrorKind),
}

#[async_trait]
impl Transport for Stops {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<TransportBody>, TransportError> {
        assert!(request.headers()[http::header::AUTHORIZATION].is_sensitive());
        let head = stream::once(async { Ok(Bytes::from_static(b"[1")) });
        let body = match self {
            Self::BeforeTheHead => return std::future::pending().await,
            Self::At(kind) => return Err(TransportError::new(*kind, "said so")),
            Self::Empties => TransportBody::from_stream(head.chain(stream::repeat_with(|| Ok(Bytes::new())))),
            Self::InTheBody => TransportBody::from_stream(head.chain(stream::pending())),
            Self::Never => {
                TransportBody::from_stream(head.chain(stream::once(async { Ok(Bytes::from_static(b"]")) })))
            }
        };
        Ok(http::Response::new(body))
    }
}

fn client(stops: Stops, clock: &Arc<PassingClock>) -> ShipStation {
    let policy = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
    let builder = builder("http://127.0.0.1:1").transport(Arc::new(stops)).retry(policy);
    builder.clock(clock.clone()).timeout(Duration::from_secs(90)).build().unwrap()
}

async fn read(client: &ShipStation) -> Result<Value, Error> {
    client.get("users").send().await
}

#[tokio::test]
async fn clock_decides_when_an_attempt_has_taken_too_long() {
    for (stops, status) in [(Stops::BeforeTheHead, None), (Stops::InTheBody, Some(200))] {
        let clock = Arc::new(PassingClock::default());
        let client = client(stops, &clock);
        let began = clock.now();
        let error = read(&client).await.unwrap_err();
        let seen = (error.kind(), error.outcome(), error.attempts(), error.status());
        assert_eq!(seen, (ErrorKind::Timeout, Outcome::Unknown, 2, status), "{stops:?}");
        assert_eq!(*clock.ended.lock().unwrap(), [Duration::from_secs(90); 2], "one timer for head and body");
        assert!(clock.now().since(began) >= Duration::from_secs(180));

        let short = client.with_timeout(Duration::from_secs(5));
        short.post("orders/anything").send::<Value>().await.unwrap_err();
        let own = client.post("orders/anything").timeout(Duration::from_secs(3)).send::<Value>().await;
        assert_eq!(own.unwrap_err().outcome(), Outcome::Unknown);
        assert_eq!(clock.ended.lock().unwrap()[2..], [Duration::from_secs(5), Duration::from_secs(3)]);
    }
}

#[tokio::test]
async fn clock_gives_up_nothing_that_is_answered() {
    let clock = Arc::new(PassingClock::default());
    assert_eq!(read(&client(Stops::Never, &clock)).await.unwrap(), serde_json::json!([1]));
    assert!(clock.ended.lock().unwrap().is_empty());
}

#[tokio::test]
async fn faults_of_a_transport_say_whether_the_request_left() {
    use TransportErrorKind::{Connect, ConnectTimeout, Interrupted, Timeout, Unsupported};
    for (kind, want) in [
        (Unsupported, (ErrorKind::Config, Outcome::NotSent, 1)),
        (Connect, (ErrorKind::Transport, Outcome::NotSent, 2)),
        (ConnectTimeout, (ErrorKind::Timeout, Outcome::NotSent, 2)),
        (Interrupted, (ErrorKind::Transport, Outcome::Unknown, 1)),
        (Timeout, (ErrorKind::Timeout, Outcome::Unknown, 1)),
    ] {
        let client = client(Stops::At(kind), &Arc::default());
        let error = client.post("orders/anything").send::<Value>().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome(), error.attempts()), want, "{kind:?}");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "said so");
    }
}

#[tokio::test]
async fn faults_a_body_of_empty_pieces_is_given_up() {
    let clock = Arc::new(PassingClock::default());
    let error = client(Stops::Empties, &clock).get("users").send::<serde_json::Value>().await.unwrap_err();
    assert_eq!(error.status(), Some(200), "{error}");
}
