//! What accounts answered, as `shipstation probe --record` keeps it: every shape is read by the typed models, and holds nothing that
//! they do not know unless its file's name says `drift`.

use std::{fs, path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response};
use serde::Deserialize;
use serde_json::Value;
use shipstation_connector::client::{
    Error, ErrorKind, OrderId, RetryPolicy, ShipStation, Transport, TransportBody, TransportError,
};

use crate::support;

/// One recorded answer.
#[derive(Debug, Clone, Deserialize)]
struct Recorded {
    method: String,
    path: String,
    status: u16,
    headers: std::collections::BTreeMap<String, String>,
    body: Value,
}

#[async_trait::async_trait]
impl Transport for Recorded {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, TransportError> {
        assert_eq!(request.method(), Method::from_bytes(self.method.as_bytes()).unwrap());
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let body = if self.body.is_null() { String::new() } else { self.body.to_string() };
        Ok(response.body(TransportBody::from(body)).unwrap())
    }
}

impl Recorded {
    /// How many rows came that are not null.
    fn rows(&self) -> usize {
        let named = || self.body.as_object()?.values().find_map(Value::as_array);
        let rows = self.body.as_array().or_else(named).map(Vec::as_slice).unwrap_or_default();
        rows.iter().filter(|row| !row.is_null()).count()
    }

    /// Asks for it, and says how many rows were read; those that were not are an error.
    async fn replay(&self, client: &ShipStation) -> Result<usize, Error> {
        // Every id of a shape is 1.
        let order = OrderId::new(1);
        macro_rules! read {
            ($list:expr) => {{
                let list = $list;
                assert!(list.errors.is_empty(), "{:?}", list.errors);
                Ok(list.items.len())
            }};
        }
        match (&*self.method, &*self.path) {
            ("GET", "stores") => read!(client.stores().list().send().await?),
            ("GET", "orders") => read!(client.orders().list().send().await?),
            ("GET", "fulfillments") => read!(client.fulfillments().list().send().await?),
            ("GET", "shipments") => read!(client.shipments().list().send().await?),
            ("GET", "webhooks") => read!(client.webhooks().list().await?),
            ("GET", "orders/id") => client.orders().get(order).await.map(|_| self.rows()),
            ("POST", "orders/markasshipped") => {
                client.orders().mark_as_shipped(order, "other").send().await.map(|_| self.rows())
            }
            other => panic!("the probe asks no {other:?}: teach it to this test"),
        }
    }
}

fn files() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/recorded");
    let entries = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries(folder).filter(|path| path.is_dir()).flat_map(entries).collect();
    files.sort();
    files
}

#[tokio::test]
async fn wire_every_recorded_answer_is_read_without_an_error() {
    let files = files();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let shown = file.display();
        let recorded: Recorded = serde_json::from_slice(&fs::read(&file).unwrap())
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        let client = support::builder("https://ssapi.example.com/").retry(RetryPolicy::never());
        let client = client.transport(Arc::new(recorded.clone())).build().unwrap();
        match recorded.replay(&client).await {
            Ok(rows) => {
                assert!(recorded.status < 300, "{shown}: a refusal passes for an answer");
                assert_eq!(rows, recorded.rows(), "{shown}");
            }
            Err(error) => {
                assert_eq!(error.status(), Some(recorded.status), "{shown}: {error}");
                assert!(recorded.status >= 400 && error.kind() != ErrorKind::Decode, "{shown}: {error}");
            }
        }
        let is_named = file.file_stem().unwrap().to_string_lossy().contains("drift");
        let drift = client.drift();
        assert_eq!(!drift.is_empty(), is_named, "{shown}: {drift:?}");
    }
}
