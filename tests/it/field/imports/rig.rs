//! What these tests share: a proxy that changes the simulator's answers, and a host whose clock is wrong.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use shipstation_connector::{
    Settings, ShipStationChannel, Timestamp,
    channel::store::Stores,
    client::{Clock, Credentials, ShipStation},
    testing::simulator::SimClock,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::support::World;

/// An answer on its way from the simulator.
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// Changes the JSON of the body.
    pub(crate) fn json(&mut self, change: impl FnOnce(&mut Value)) {
        let mut json = serde_json::from_str(&self.body).unwrap();
        change(&mut json);
        self.body = json.to_string();
    }

    /// Changes each row of an order list.
    pub(crate) fn rows(&mut self, change: impl Fn(&mut Value)) {
        self.json(|json| json["orders"].as_array_mut().unwrap().iter_mut().for_each(change));
    }
}

/// What happens to the answers: a change that is told the method, path and query of the request.
pub(crate) type Edit = Box<dyn FnMut(&str, &mut Answer) + Send>;

/// Stands between a client and the simulator.
pub(crate) struct Proxy {
    address: SocketAddr,
    edit: Arc<Mutex<Edit>>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn before(world: &World, edit: impl FnMut(&str, &mut Answer) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let edit: Arc<Mutex<Edit>> = Arc::new(Mutex::new(Box::new(edit)));
        let url = world.sim.open_port().await.unwrap();
        let upstream = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let shared = edit.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (edit, upstream) = (shared.clone(), upstream.clone());
                tokio::spawn(async move { serve(stream, &upstream, &edit).await });
            }
        });
        Self { address, edit, task }
    }

    /// Replaces what happens to answers.
    pub(crate) fn now(&self, edit: impl FnMut(&str, &mut Answer) + Send + 'static) {
        *self.edit.lock().unwrap() = Box::new(edit);
    }

    /// From now on answers stay as they are.
    pub(crate) fn heal(&self) {
        self.now(|_, _| {});
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn client(&self, world: &World, clock: Arc<dyn Clock>) -> ShipStation {
        ShipStation::builder(Credentials::new(world.sim.api_key(), world.sim.api_secret()))
            .base_url(self.url())
            .clock(clock)
            .seed(7)
            .build()
            .unwrap()
    }

    /// A channel that reaches the simulator through the proxy; each call is like another process.
    pub(crate) fn channel(&self, world: &World, change: impl FnOnce(&mut Settings)) -> ShipStationChannel {
        self.channel_with(world, world.sim.clock(), change)
    }

    pub(crate) fn channel_with(
        &self,
        world: &World,
        clock: Arc<dyn Clock>,
        change: impl FnOnce(&mut Settings),
    ) -> ShipStationChannel {
        let stores = Stores::all_in(world.store.clone());
        world.builder(self.client(world, clock), stores, change).build().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, upstream: &str, edit: &Mutex<Edit>) {
    let Some((head, body)) = read_message(&mut stream).await else { return };
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let kept = lines.filter(|line| !line.to_lowercase().starts_with("connection:") && !line.is_empty());
    let head = kept.fold(first.clone(), |head, line| format!("{head}\r\n{line}"));
    let mut server = TcpStream::connect(upstream).await.unwrap();
    let request = format!("{head}\r\nConnection: close\r\n\r\n");
    server.write_all(&[request.as_bytes(), &body].concat()).await.unwrap();
    let Some((head, body)) = read_message(&mut server).await else { return };
    let mut answer = parse(&head, &body);
    let asked = first.rsplit_once(' ').map_or(first.as_str(), |(asked, _)| asked);
    (edit.lock().unwrap())(asked, &mut answer);
    let mut text = format!("{}\r\n", answer.status);
    for (name, value) in &answer.headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    write!(text, "content-length: {}\r\nconnection: close\r\n\r\n{}", answer.body.len(), answer.body)
        .unwrap();
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn parse(head: &str, body: &[u8]) -> Answer {
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let own = ["content-length", "connection", "transfer-encoding"];
    let headers = headers.filter(|(name, _)| !own.contains(&name.to_lowercase().as_str()));
    Answer {
        status,
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: String::from_utf8_lossy(body).into_owned(),
    }
}

/// The head and the body of a request or an answer; `None` if the connection ends before.
async fn read_message(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some((head, bytes[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

/// The clock of a host that shows another time than ShipStation's.
#[derive(Debug)]
pub(crate) struct WrongClock {
    sim: Arc<SimClock>,
    /// By how much it is ahead, and by how much behind.
    off: Mutex<(Duration, Duration)>,
}

impl WrongClock {
    pub(crate) fn ahead(world: &World, by: Duration) -> Arc<Self> {
        Arc::new(Self { sim: world.sim.clock(), off: Mutex::new((by, Duration::ZERO)) })
    }

    pub(crate) fn behind(world: &World, by: Duration) -> Arc<Self> {
        Arc::new(Self { sim: world.sim.clock(), off: Mutex::new((Duration::ZERO, by)) })
    }

    pub(crate) fn set_ahead(&self, by: Duration) {
        *self.off.lock().unwrap() = (by, Duration::ZERO);
    }

    /// Sets it by a time server.
    pub(crate) fn put_right(&self) {
        self.set_ahead(Duration::ZERO);
    }
}

#[async_trait::async_trait]
impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let (ahead, behind) = *self.off.lock().unwrap();
        self.sim.now() + ahead - behind
    }

    fn monotonic(&self) -> Option<Duration> {
        Clock::monotonic(&*self.sim)
    }

    async fn sleep(&self, duration: Duration) {
        self.sim.advance(duration);
        tokio::task::yield_now().await;
    }
}
