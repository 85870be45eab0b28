//! What a call costs beside bare reqwest: the same small answer from the same loopback server, read into the same values.
//! Ours adds the credentials, the limiter, the retry loop, the classification and the lenient decoding.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench may stop at the first surprise")]

use std::{
    hint::black_box,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use criterion::{Criterion, criterion_group, criterion_main};
use serde::Deserialize;
use shipstation_connector::client::{Credentials, MinuteWindow, ShipStation};

const USERS: &str =
    r#"[{"userId":"7b1e4d20-93ac-4f58-8e17-6d5c4b3a2910","userName":"packer@example.com","name":"Packer"}]"#;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the floor is only decoded")]
struct Row {
    user_id: String,
    user_name: String,
    name: String,
}

/// A server that gives every request the same answer, for as long as the connection lives.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || answer(connection.unwrap()));
        }
    });
    url
}

fn answer(mut connection: TcpStream) {
    connection.set_nodelay(true).unwrap();
    let response = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{USERS}",
        USERS.len()
    );
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = connection.read(&mut chunk) {
        request.extend_from_slice(&chunk[..length]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            connection.write_all(response.as_bytes()).unwrap();
        }
    }
}

fn call(criterion: &mut Criterion) {
    let url = server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ours = ShipStation::builder(Credentials::new("key", "secret"))
        .base_url(&url)
        .rate_limiter(Arc::new(MinuteWindow::new(u32::MAX)))
        .build()
        .unwrap();
    let floor = reqwest::Client::builder().no_proxy().build().unwrap();
    let address = format!("{url}/users");

    let mut group = criterion.benchmark_group("call");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| black_box(runtime.block_on(ours.users().list().send()).unwrap().items.len()));
    });
    group.bench_function("floor", |bencher| {
        bencher.iter(|| {
            let users = runtime.block_on(async {
                let request = floor.get(&address).basic_auth("key", Some("secret"));
                let body = request.send().await.unwrap().bytes().await.unwrap();
                serde_json::from_slice::<Vec<Row>>(&body).unwrap()
            });
            black_box(users.len())
        });
    });
    group.finish();
}

criterion_group!(benches, call);
criterion_main!(benches);
