//! Credentials that change while the client lives: asked of their source at first use, and once after a refusal.

use std::{
    error::Error as StdError,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::Value;
use shipstation_connector::client::{
    CredentialSource, Credentials, Error, ErrorKind, Outcome, ShipStation, Transport, TransportBody,
    TransportError,
};

use crate::support::JumpClock;

/// A vault whose content the test changes.
#[derive(Debug, Default)]
struct Vault {
    key: Mutex<&'static str>,
    asked: AtomicUsize,
    is_sealed: AtomicBool,
    hangs: AtomicBool,
}

impl Vault {
    fn with(key: &'static str) -> Arc<Self> {
        let vault = Self::default();
        vault.put(key);
        Arc::new(vault)
    }

    fn put(&self, key: &'static str) {
        *self.key.lock().unwrap() = key;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct OfVault(Arc<Vault>);

#[async_trait]
impl CredentialSource for OfVault {
    async fn credentials(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.0.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.0.is_sealed.load(Ordering::SeqCst) {
            return Err("the vault is sealed".into());
        }
        Ok(Credentials::new(*self.0.key.lock().unwrap(), "planted-secret"))
    }
}

/// An account that takes the pairs of its list; it keeps the key of each request.
#[derive(Debug, Default)]
struct Account {
    valid: Mutex<Vec<&'static str>>,
    /// Whether a refusal is a page of something before ShipStation.
    shows_a_page: AtomicBool,
    seen: Mutex<Vec<String>>,
}

impl Account {
    fn valid(&self, keys: &[&'static str]) {
        *self.valid.lock().unwrap() = keys.to_vec();
    }

    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

#[derive(Debug)]
struct ToAccount(Arc<Account>);

#[async_trait]
impl Transport for ToAccount {
    async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<TransportBody>, TransportError> {
        let header = request.headers()[http::header::AUTHORIZATION].to_str().unwrap();
        let pair =
            String::from_utf8(STANDARD.decode(header.strip_prefix("Basic ").unwrap()).unwrap()).unwrap();
        let key = pair.split(':').next().unwrap().to_owned();
        let valid = self.0.valid.lock().unwrap().contains(&key.as_str());
        self.0.seen.lock().unwrap().push(key);
        tokio::task::yield_now().await;
        let refusal = if self.0.shows_a_page.load(Ordering::Relaxed) {
            "<html><title>401</title></html>"
        } else {
            r#"{"message":"Unauthorized"}"#
        };
        let (status, body) = if valid { (200, "[]") } else { (401, refusal) };
        Ok(http::Response::builder().status(status).body(TransportBody::from(body)).unwrap())
    }
}

fn client(vault: &Arc<Vault>, account: &Arc<Account>) -> ShipStation {
    ShipStation::builder(OfVault(vault.clone()))
        .transport(Arc::new(ToAccount(account.clone())))
        .clock(Arc::new(JumpClock::default()))
        .build()
        .unwrap()
}

async fn read(client: &ShipStation) -> Result<Value, Error> {
    client.get("users").send().await
}

/// Marks an order as shipped, a write that must happen once.
async fn mark(client: &ShipStation) -> Result<Value, Error> {
    client.post("orders/markasshipped").send().await
}

#[tokio::test]
async fn faults_a_key_that_was_exchanged_costs_one_more_request_and_no_error() {
    let (vault, account) = (Vault::with("old"), Arc::new(Account::default()));
    let client = client(&vault, &account);
    assert_eq!(vault.asked(), 0, "nobody is asked before the first request");
    account.valid(&["old"]);
    for _ in 0..3 {
        read(&client.clone()).await.unwrap();
    }
    assert_eq!((account.seen(), vault.asked()), (vec!["old".to_owned(); 3], 1));

    account.valid(&["new"]);
    vault.put("new");
    mark(&client).await.unwrap();
    assert_eq!((account.seen(), vault.asked()), (vec!["old".to_owned(), "new".to_owned()], 2));
    read(&client.clone()).await.unwrap();
    assert_eq!((account.seen(), vault.asked()), (vec!["new".to_owned()], 2), "the clones know it too");
}

#[tokio::test]
async fn faults_any_401_asks_the_source_a_page_too() {
    let (vault, account) = (Vault::with("old"), Arc::new(Account::default()));
    account.shows_a_page.store(true, Ordering::Relaxed);
    account.valid(&["old"]);
    let client = client(&vault, &account);
    read(&client).await.unwrap();
    account.valid(&["new"]);
    vault.put("new");
    read(&client).await.unwrap();
    assert_eq!(vault.asked(), 2);
    account.valid(&[]);
    assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::Unavailable, "a page proves nothing");
    vault.put("newest");
    account.valid(&["newest"]);
    account.seen();
    let error = mark(&client).await.unwrap_err();
    assert_eq!(
        (error.outcome(), account.seen().len()),
        (Outcome::Unknown, 1),
        "a write is not sent blindly again"
    );
    mark(&client).await.unwrap();
    assert_eq!(account.seen(), ["newest"], "the next request has the new key");
}

#[tokio::test]
async fn faults_requests_that_are_refused_together_ask_once() {
    for other in ["old", "new"] {
        let (vault, account) = (Vault::with("old"), Arc::new(Account::default()));
        let client = client(&vault, &account);
        account.valid(&["old"]);
        read(&client).await.unwrap();
        account.valid(&["new"]);
        vault.put(other);
        let (a, b, c) = (client.clone(), client.clone(), client.clone());
        let (a, b, c) = tokio::join!(read(&a), mark(&b), read(&c));
        assert_eq!(vault.asked(), 2, "{other}");
        for result in [a, b, c] {
            assert_eq!(result.is_ok(), other == "new", "{result:?}");
        }
    }
}

#[tokio::test]
async fn faults_a_refused_key_that_worked_before_has_expired() {
    let (vault, account) = (Vault::with("old"), Arc::new(Account::default()));
    let client = client(&vault, &account);
    let error = read(&client).await.unwrap_err();
    assert!(!error.to_string().contains("expired"), "{error}");
    account.valid(&["old"]);
    read(&client).await.unwrap();
    account.valid(&[]);
    account.seen();
    let error = mark(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Auth, Outcome::Answered, 1));
    assert!(error.to_string().contains("expired or was revoked"), "{error}");
    vault.put("wrong too");
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Auth, 2), "one more request, and no third");
    assert!(!error.to_string().contains("expired"), "nobody knows of the other key whether it ever worked");
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("planted-secret") && !shown.contains("wrong too"), "{shown}");
}

#[tokio::test]
async fn faults_a_source_that_fails_sends_nothing_and_hides_no_refusal() {
    let (vault, account) = (Vault::with("old"), Arc::new(Account::default()));
    let client = client(&vault, &account);
    account.valid(&["old"]);
    vault.is_sealed.store(true, Ordering::SeqCst);
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome(), error.attempts()), (ErrorKind::Auth, Outcome::NotSent, 0));
    assert_eq!(error.source().unwrap().to_string(), "the vault is sealed");
    assert!(!error.to_string().contains("ShipStation refused"), "{error}");
    assert!(account.seen().is_empty());

    vault.is_sealed.store(false, Ordering::SeqCst);
    read(&client).await.unwrap();
    vault.is_sealed.store(true, Ordering::SeqCst);
    account.valid(&[]);
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.outcome(), error.status()), (Outcome::Answered, Some(401)), "{error}");

    vault.put("k:k");
    vault.is_sealed.store(false, Ordering::SeqCst);
    let unusable = self::client(&vault, &account);
    assert_eq!(read(&unusable).await.unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn clock_a_source_that_hangs_is_given_up() {
    let (vault, account) = (Vault::with("old"), Arc::new(Account::default()));
    vault.hangs.store(true, Ordering::SeqCst);
    let client = client(&vault, &account).with_timeout(Duration::from_secs(30));
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Auth, Outcome::NotSent), "{error}");
}

#[tokio::test]
async fn faults_a_key_that_is_left_alone_is_exchanged_at_once() {
    let (vault, account) = (Vault::with("locked"), Arc::new(Account::default()));
    let client = client(&vault, &account);
    for _ in 0..3 {
        assert_eq!(read(&client).await.unwrap_err().outcome(), Outcome::Answered);
    }
    let error = read(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Auth, Outcome::NotSent));
    assert_eq!(account.seen().len(), 3);
    account.valid(&["fresh"]);
    vault.put("fresh");
    read(&client).await.unwrap();
    assert_eq!(account.seen(), ["fresh"], "ShipStation was not asked with the locked key");
}

#[tokio::test]
async fn faults_a_pair_that_is_given_outright_is_checked_at_once_and_never_asked_for() {
    assert_eq!(
        ShipStation::builder(Credentials::new("", "s")).build().unwrap_err().kind(),
        ErrorKind::Config
    );
    let account = Arc::new(Account::default());
    let client = ShipStation::builder(Credentials::new("fixed", "s"))
        .transport(Arc::new(ToAccount(account.clone())))
        .clock(Arc::new(JumpClock::default()))
        .build()
        .unwrap();
    read(&client).await.unwrap_err();
    assert_eq!(account.seen(), ["fixed"]);
}
