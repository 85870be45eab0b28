//! Linking 100,000 listings with 100,000 products, from the first request to the last link in a store in memory.
//! The bar, without the network, is 2 s of CPU time and 200 MB; here a loopback server is part of both.
//!
//! The floor reads the same pages with a bare client, takes number and SKU out of them, and looks each SKU up in
//! a table. It keeps no links, knows no aliases and names no near misses.

#![allow(clippy::print_stdout)] // a bench shows its figures

use std::{collections::HashMap, fmt::Write as _, hint::black_box, sync::Arc, time::Duration};

use async_trait::async_trait;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{ChannelConnector, ConnectionId, LinkListings, LinkReport, Listing, store::Stores},
    client::{Credentials, Lane, Permit, RateHeaders, RateLimiter, ShipStation},
    connector::ListingSettings,
    stores::MemoryStore,
};
use tokio::runtime::Runtime;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

const PRODUCTS: u32 = 100_000;
const ROWS: u32 = 500;

/// The members that real rows have beside number, SKU and name.
const REST: &str = r#""aliases":null,"price":18.5,"defaultCost":null,"length":9.5,"width":4,"height":4,"weightOz":12.6,"internalNotes":null,"fulfillmentSku":null,"createDate":"2026-01-12T08:15:30.217","modifyDate":"2026-02-03T11:02:01.4","active":true,"productCategory":null,"productType":null,"warehouseLocation":"B-12","defaultCarrierCode":"ups","defaultServiceCode":"ups_ground","defaultPackageCode":"package","defaultIntlCarrierCode":null,"defaultIntlServiceCode":null,"defaultIntlPackageCode":null,"defaultConfirmation":"none","defaultIntlConfirmation":null,"customsDescription":"mug","customsValue":4.25,"customsTariffNo":null,"customsCountryCode":"US","noCustoms":false,"tags":null,"upc":null,"thumbnailURL":null"#;

fn sku(number: u32) -> String {
    format!("MUG-{number:06}-BLUE")
}

/// One page of the catalogue, in the shape of V1 reference, Products / List products.
fn page(request: &Request) -> ResponseTemplate {
    let page = request.url.query_pairs().find(|(name, _)| name == "page");
    let page: u32 = page.and_then(|(_, value)| value.parse().ok()).unwrap_or(1);
    let mut body = String::with_capacity(600_000);
    body.push_str("{\"products\":[");
    for number in (page - 1) * ROWS..page * ROWS {
        let comma = if number % ROWS == 0 { "" } else { "," };
        let id = 90_000_000 + number;
        let _ =
            write!(body, r#"{comma}{{"productId":{id},"sku":"{}","name":"Blue mug",{REST}}}"#, sku(number));
    }
    let _ = write!(body, r#"],"total":{PRODUCTS},"page":{page},"pages":{}}}"#, PRODUCTS / ROWS);
    ResponseTemplate::new(200).set_body_raw(body, "application/json")
}

/// No limit: what is measured is work and not waiting.
#[derive(Debug)]
struct Unlimited;

#[async_trait]
impl RateLimiter for Unlimited {
    async fn acquire(&self, _: Lane) -> Permit {
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

fn channel(url: &str) -> ShipStationChannel {
    let store = Arc::new(MemoryStore::new());
    let listings = (0..PRODUCTS).map(|number| Listing::new(format!("listing-{number}"), sku(number)));
    store.put_listings(&ConnectionId::new("shop"), listings);
    let client = ShipStation::builder(Credentials::new("key", "secret"))
        .base_url(url)
        .rate_limiter(Arc::new(Unlimited))
        .build()
        .unwrap_or_else(|error| unreachable!("{error}"));
    let mut settings = Settings::default();
    settings.listings = Some(ListingSettings::default());
    ShipStationChannel::builder(client, "shop", Stores::all_in(store))
        .settings(settings)
        .build()
        .unwrap_or_else(|error| unreachable!("{error}"))
}

async fn ours(channel: &ShipStationChannel) -> LinkReport {
    let report = channel.link_listings(LinkListings::new()).await;
    report.unwrap_or_else(|error| unreachable!("{error}"))
}

#[derive(serde::Deserialize)]
struct FloorPage {
    products: Vec<FloorProduct>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct FloorProduct {
    product_id: i64,
    sku: String,
}

async fn floor(client: &reqwest::Client, url: &str, listings: &HashMap<String, u32>) -> usize {
    let mut linked = Vec::new();
    for page in 1..=PRODUCTS / ROWS {
        let request = client.get(format!("{url}/products?page={page}&pageSize={ROWS}"));
        let answer = request.send().await.unwrap_or_else(|error| unreachable!("{error}"));
        let body = answer.bytes().await.unwrap_or_else(|error| unreachable!("{error}"));
        let page: FloorPage = serde_json::from_slice(&body).unwrap_or_else(|error| unreachable!("{error}"));
        linked
            .extend(page.products.iter().filter_map(|row| Some((*listings.get(&row.sku)?, row.product_id))));
    }
    black_box(linked).len()
}

/// What one run takes of the machine, where the machine says so.
fn print_cost(runtime: &Runtime, url: &str) {
    let channel = channel(url);
    let before = cpu_time();
    let report = runtime.block_on(ours(&channel));
    let cpu = cpu_time().zip(before).map(|(after, before)| after.saturating_sub(before));
    println!("{} in {} requests", report.headline(), report.run.api.requests);
    println!(
        "link/ours: CPU time {cpu:?} (bar 2 s), peak memory of the process {:?} MB (bar 200)",
        peak_memory()
    );
}

/// The CPU time of this process, in the hundredths of a second that Linux counts in.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<u64> = stat
        .rsplit(')')
        .next()?
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Some(Duration::from_millis(fields.iter().sum::<u64>() * 10))
}

fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1_024)
}

fn link(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap_or_else(|error| unreachable!("{error}"));
    let server = runtime.block_on(async {
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(page).mount(&server).await;
        server
    });
    let url = server.uri();
    print_cost(&runtime, &url);

    let mut group = criterion.benchmark_group("link");
    group.throughput(Throughput::Elements(PRODUCTS.into())).sample_size(10);
    group.bench_function("ours", |bencher| {
        bencher.iter_batched(
            || channel(&url),
            |channel| runtime.block_on(ours(&channel)),
            BatchSize::PerIteration,
        );
    });
    let client = reqwest::Client::new();
    let listings: HashMap<String, u32> = (0..PRODUCTS).map(|number| (sku(number), number)).collect();
    group.bench_function("floor", |bencher| {
        bencher.iter(|| runtime.block_on(floor(&client, &url, &listings)));
    });
    group.finish();
}

criterion_group!(benches, link);
criterion_main!(benches);
