//! Decoding a page of 500 orders (about 1.8 MB): the client's models against a hand-written floor of `serde_json` and
//! `Decimal` that reads the same members without any leniency.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod peers;

use std::{fmt::Write as _, hint::black_box, time::Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use shipstation_connector::client::Order;

/// A page with three items an order and every member that ShipStation sends.
fn page() -> String {
    let order: serde_json::Value = serde_json::from_slice(
        &std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/v1/order.json")).unwrap(),
    )
    .unwrap();
    let item = order["items"][0].clone();
    let mut json = String::from("{\"orders\":[");
    for row in 0..500_i64 {
        let mut order = order.clone();
        order["orderId"] = (3_184_550_917 + row).into();
        order["items"] = (0..3).map(|_| item.clone()).collect();
        let comma = if row == 0 { "" } else { "," };
        write!(json, "{comma}{}", serde_json::to_string(&order).unwrap()).unwrap();
    }
    json.push_str("],\"total\":500,\"page\":1,\"pages\":1}");
    json
}

#[derive(Deserialize)]
struct Page<T> {
    orders: Vec<T>,
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" => Ok(None),
        text => Decimal::from_str_exact(text).map(Some).map_err(serde::de::Error::custom),
    }
}

#[allow(dead_code, clippy::struct_field_names, reason = "the floor is only decoded")]
mod floor {
    use super::{Decimal, Deserialize, decimal};

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Order {
        pub(crate) order_id: i64,
        pub(crate) order_number: Option<String>,
        pub(crate) order_key: Option<String>,
        pub(crate) order_date: Option<String>,
        pub(crate) create_date: Option<String>,
        pub(crate) modify_date: Option<String>,
        pub(crate) payment_date: Option<String>,
        pub(crate) ship_by_date: Option<String>,
        pub(crate) order_status: Option<String>,
        pub(crate) customer_id: Option<i64>,
        pub(crate) customer_username: Option<String>,
        pub(crate) customer_email: Option<String>,
        pub(crate) bill_to: Option<Address>,
        pub(crate) ship_to: Option<Address>,
        pub(crate) items: Vec<Item>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) order_total: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) amount_paid: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) tax_amount: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) shipping_amount: Option<Decimal>,
        pub(crate) customer_notes: Option<String>,
        pub(crate) internal_notes: Option<String>,
        pub(crate) gift: Option<bool>,
        pub(crate) gift_message: Option<String>,
        pub(crate) payment_method: Option<String>,
        pub(crate) requested_shipping_service: Option<String>,
        pub(crate) carrier_code: Option<String>,
        pub(crate) service_code: Option<String>,
        pub(crate) package_code: Option<String>,
        pub(crate) confirmation: Option<String>,
        pub(crate) ship_date: Option<String>,
        pub(crate) hold_until_date: Option<String>,
        pub(crate) weight: Option<Weight>,
        pub(crate) dimensions: Option<Dimensions>,
        pub(crate) insurance_options: Option<Insurance>,
        pub(crate) international_options: Option<International>,
        pub(crate) advanced_options: Option<Advanced>,
        pub(crate) tag_ids: Option<Vec<i64>>,
        pub(crate) user_id: Option<String>,
        pub(crate) externally_fulfilled: Option<bool>,
        pub(crate) externally_fulfilled_by: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Address {
        pub(crate) name: Option<String>,
        pub(crate) company: Option<String>,
        pub(crate) street1: Option<String>,
        pub(crate) street2: Option<String>,
        pub(crate) street3: Option<String>,
        pub(crate) city: Option<String>,
        pub(crate) state: Option<String>,
        pub(crate) postal_code: Option<String>,
        pub(crate) country: Option<String>,
        pub(crate) phone: Option<String>,
        pub(crate) residential: Option<bool>,
        pub(crate) address_verified: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Item {
        pub(crate) order_item_id: i64,
        pub(crate) line_item_key: Option<String>,
        pub(crate) sku: Option<String>,
        pub(crate) name: Option<String>,
        pub(crate) image_url: Option<String>,
        pub(crate) weight: Option<Weight>,
        pub(crate) quantity: i64,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) unit_price: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) tax_amount: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) shipping_amount: Option<Decimal>,
        pub(crate) warehouse_location: Option<String>,
        pub(crate) options: Option<Vec<Choice>>,
        pub(crate) product_id: Option<i64>,
        pub(crate) fulfillment_sku: Option<String>,
        pub(crate) adjustment: Option<bool>,
        pub(crate) upc: Option<String>,
        pub(crate) create_date: Option<String>,
        pub(crate) modify_date: Option<String>,
    }

    #[derive(Deserialize)]
    pub(crate) struct Choice {
        pub(crate) name: Option<String>,
        pub(crate) value: Option<String>,
    }

    #[derive(Deserialize)]
    pub(crate) struct Weight {
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) value: Option<Decimal>,
        pub(crate) units: Option<String>,
        #[serde(rename = "WeightUnits")]
        pub(crate) code: Option<i64>,
    }

    #[derive(Deserialize)]
    pub(crate) struct Dimensions {
        pub(crate) units: Option<String>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) length: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) width: Option<Decimal>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) height: Option<Decimal>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Insurance {
        pub(crate) provider: Option<String>,
        pub(crate) insure_shipment: Option<bool>,
        #[serde(default, deserialize_with = "decimal")]
        pub(crate) insured_value: Option<Decimal>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct International {
        pub(crate) contents: Option<String>,
        pub(crate) non_delivery: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub(crate) struct Advanced {
        pub(crate) warehouse_id: Option<i64>,
        pub(crate) non_machinable: Option<bool>,
        pub(crate) saturday_delivery: Option<bool>,
        pub(crate) contains_alcohol: Option<bool>,
        pub(crate) merged_or_split: Option<bool>,
        pub(crate) merged_ids: Option<Vec<i64>>,
        pub(crate) parent_id: Option<i64>,
        pub(crate) store_id: Option<i64>,
        pub(crate) custom_field1: Option<String>,
        pub(crate) custom_field2: Option<String>,
        pub(crate) custom_field3: Option<String>,
        pub(crate) source: Option<String>,
        pub(crate) bill_to_party: Option<String>,
        pub(crate) bill_to_account: Option<String>,
        pub(crate) bill_to_postal_code: Option<String>,
        pub(crate) bill_to_country_code: Option<String>,
        pub(crate) bill_to_my_other_account: Option<i64>,
    }
}

fn decode(criterion: &mut Criterion) {
    let json = page();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Bytes(json.len() as u64));
    let ours = |json: &str| serde_json::from_str::<Page<Order>>(json).unwrap().orders.len();
    let floor = |json: &str| serde_json::from_str::<Page<floor::Order>>(json).unwrap().orders.len();
    group.bench_function("ours", |bencher| bencher.iter(|| ours(black_box(&json))));
    group.bench_function("floor", |bencher| bencher.iter(|| floor(black_box(&json))));
    group.finish();

    // Interleaved, best of many: the ratio is steadier than either time.
    let (mut best_ours, mut best_floor) = (f64::MAX, f64::MAX);
    for _ in 0..60 {
        best_ours = best_ours.min(seconds(|| ours(black_box(&json))));
        best_floor = best_floor.min(seconds(|| floor(black_box(&json))));
    }
    println!(
        "decode: {} bytes, ours {:.2} ms, floor {:.2} ms, ratio {:.2}",
        json.len(),
        best_ours * 1e3,
        best_floor * 1e3,
        best_ours / best_floor
    );
    // By itself: what it leaves of the heap would slow the others down.
    let untyped = |json: &str| {
        serde_json::from_str::<serde_json::Value>(json).unwrap()["orders"].as_array().unwrap().len()
    };
    let best = (0..60).map(|_| seconds(|| untyped(black_box(&json)))).fold(f64::MAX, f64::min);
    println!("peer: Rust, serde_json::Value: {:.2} ms, {:.2} x ours", best * 1e3, best / best_ours);
    peers::measure(&json, best_ours * 1e3);
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn seconds(work: impl FnOnce() -> usize) -> f64 {
    let begin = Instant::now();
    black_box(work());
    begin.elapsed().as_secs_f64()
}

criterion_group!(benches, decode);
criterion_main!(benches);
