//! ShipStation as a sales channel: a typed client for the whole V1 API, and a connector that imports orders and
//! sends tracking back, once each.
//!
//! ShipStation holds the merchant's store orders. The *host*, an order-management system that depends on this
//! crate, pulls the new ones, somebody ships them, and the tracking goes back. Three promises stand above every
//! feature: no order is imported twice or lost, no shipment is sent twice or lost, and no secret or buyer's data
//! gets into a log or an error.
//!
//! ```no_run
//! use shipstation_connector::{
//!     Credentials, ShipStation, ShipStationChannel,
//!     channel::{ChannelConnector, GetOrders, store::Stores},
//!     stores::MemoryStore,
//! };
//! use std::sync::Arc;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = ShipStation::builder(Credentials::new("key", "secret")).build()?;
//! let stores = Stores::all_in(Arc::new(MemoryStore::new()));
//! let channel = ShipStationChannel::builder(client, "my shop", stores).build()?;
//! let report = channel.get_orders(GetOrders::new()).await?;
//! println!("{report}");
//! # Ok(()) }
//! ```
//!
//! # The map
//!
//! | module | what it is | knows of |
//! | --- | --- | --- |
//! | [`client`] | ShipStation V1 over HTTP, complete and typed | nothing else here |
//! | [`channel`] | the contract between a host and any channel: the [`ChannelConnector`](channel::ChannelConnector) trait, reports, storage traits | nothing else here |
//! | [`connector`] | [`ShipStationChannel`]: the contract, fulfilled by means of the client and the host's stores | both |
//! | [`fleet`] | runs many connections on a schedule, in one process or in many | the contract |
//! | [`stores`] | ready-made stores | the contract |
//! | [`guide`] | how to use it: see below | |
//! | `testing` | for a host's own tests: a simulated ShipStation (feature `simulator`), checks for stores (feature `conformance`) | client and contract |
//!
//! What points at another uses it, and never the other way round:
//!
#![doc = include_str!("../docs/pictures/layers.svg")]
//!
//! # The guides
//!
//! | read | to learn |
//! | --- | --- |
//! | [`guide::start`] | from nothing to the first imported order and the first tracking number sent |
//! | [`guide::embedding`] | what the host owns: orders in its tables, shipments, webhooks, a page for support |
//! | [`guide::stores`] | which store to take, and how to write one |
//! | [`guide::mappings`] | shipping rules and carrier rules, and how held orders are released |
//! | [`guide::operations`] | what each operation does, costs and reports |
//! | [`guide::production`] | processes, throughput, metrics and alerts, databases, restore, keys, retention |
//! | [`guide::testing`] | the simulator, faults and clocks in a host's tests |
//! | [`guide::errors`] | what you see, what it means, what to do |
//! | [`guide::evidence`] | what is taken for granted about ShipStation, and on what that rests |
//! | [`guide::order_members`], [`guide::glossary`] | where each member of an order arrives; the words |
//!
//! # Features
//!
//! Every item says which feature it needs, if it needs one.
//!
//! | feature | default | gives |
//! | --- | --- | --- |
//! | `rustls` | yes | TLS by rustls with the platform's certificates |
//! | `native-tls`, `rustls-no-provider` | no | the same choices as reqwest's |
//! | `gzip`, `http2`, `system-proxy`, `socks` | `gzip` | as reqwest's |
//! | `simulator` | no | `testing::simulator` |
//! | `sqlite` | no | `stores::SqliteStore` |
//! | `postgres` | no | `stores::PostgresStore`; its TLS is rustls, whatever the transport's |
//! | `conformance` | no | `testing::conformance` |
//! | `cli` | no | the program `shipstation`, and what it needs; nothing in the library |
//! | `metrics` | no | `metrics::MetricsObserver`: runs as counters and gauges of the [`metrics`](https://docs.rs/metrics) facade |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod channel;
pub mod client;
mod clock;
mod config_errors;
pub mod connector;
mod duration_text;
pub mod fleet;
pub mod guide;
mod locked;
#[cfg(feature = "metrics")]
pub mod metrics;
mod named_enum;
mod open_enum;
mod options;
mod setters;
mod shows;
pub mod stores;
#[cfg(any(feature = "conformance", feature = "simulator"))]
pub mod testing;
mod time;

pub use crate::{
    client::{Credentials, ShipStation},
    connector::{Settings, ShipStationChannel},
    named_enum::UnknownName,
    time::{ParseTimestampError, Timestamp},
};

/// The README, so that its examples are compiled where everything that they name is there.
#[cfg(all(doctest, feature = "conformance", feature = "simulator", feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
