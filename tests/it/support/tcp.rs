//! A server that misbehaves below HTTP: it cuts connections, says nothing, or sends exactly these bytes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with every connection.
#[derive(Debug, Clone)]
pub(crate) enum Behavior {
    /// Closes at once, without reading.
    ResetBefore,
    /// Reads the whole request, then closes without a byte of answer.
    ResetAfter,
    /// Reads the whole request and never answers.
    Hang,
    /// Reads the whole request, sends these bytes and closes.
    Send(Vec<u8>),
}

impl Behavior {
    /// An answer of HTTP.
    pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Send(
            format!(
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            )
            .into(),
        )
    }
}

#[derive(Debug)]
pub(crate) struct TcpServer {
    address: SocketAddr,
    seen: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl TcpServer {
    /// Serves the behaviors in turn; the last one stays.
    pub(crate) async fn start(behaviors: Vec<Behavior>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let turn = count.fetch_add(1, Ordering::SeqCst);
                let behavior = behaviors[turn.min(behaviors.len() - 1)].clone();
                tokio::spawn(serve(stream, behavior));
            }
        });
        Self { address, seen, task }
    }

    /// The address of a port on which nobody listens.
    pub(crate) async fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }
}

impl Drop for TcpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, behavior: Behavior) {
    match behavior {
        Behavior::ResetBefore => {}
        Behavior::ResetAfter => read_request(&mut stream).await,
        Behavior::Hang => {
            read_request(&mut stream).await;
            std::future::pending::<()>().await;
        }
        Behavior::Send(bytes) => {
            read_request(&mut stream).await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    }
}

async fn read_request(stream: &mut TcpStream) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    while !is_whole(&request) {
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}
