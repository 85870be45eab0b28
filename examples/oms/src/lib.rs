//! A small order-management system with a page for its operators: how a host embeds `shipstation-connector`.
//!
//! ```text
//! cargo run -p oms                                                       a simulated shop, in a folder that is removed afterwards
//!
//! export OMS_DATABASE=oms.sqlite                                         or postgres://…, for any number of processes
//! SHIPSTATION_API_KEY=… SHIPSTATION_API_SECRET=… cargo run -p oms -- connect my-shop --expires-on 2027-03-31
//! cargo run -p oms -- --public-url https://oms.example.com               behind a server that speaks TLS
//! cargo run -p oms -- operator mary                                      prints her password, once; --remove takes it away
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | `database` | a file of SQLite or a database of PostgreSQL, with the host's tables and the connector's store in it |
//! | `shop` | the host's tables: orders, parcels, changes, accounts, operators |
//! | `channels` | the channel of each account |
//! | `work` | what runs by itself: the fleet, and what is written down beside it |
//! | `web` | the operators' pages, made on the server |
//! | `demo` | simulated accounts with some weeks behind them |

mod channels;
mod database;
mod demo;
mod server;
mod shop;
mod web;
mod work;

pub use self::{
    demo::Scene,
    server::{Options, Running, add_account, add_operator, remove_operator},
};

/// Why something could not be done: shown to operators, without a secret and without a buyer's data.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
