//! What can be asked on the command line.
#![allow(clippy::doc_markdown, reason = "these are the program's help texts")]

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use shipstation_connector::{
    Timestamp,
    channel::{AgeBasis, OrderSelector},
};

const ENVIRONMENT: &str = "\
Without a configuration file these are enough:
  SHIPSTATION_API_KEY, SHIPSTATION_API_SECRET   the key pair of the account
  SHIPSTATION_BASE_URL                          another address than ShipStation's, such as a simulator's
  SHIPSTATION_STORE                             where to keep what is known, as --store

Exit codes: 0 succeeded, 1 internal, 2 usage or settings, 3 completed with errors, 4 partial, 5 failed,
6 credentials refused, 7 already running, 8 not found.";

/// ShipStation as a sales channel: imports orders, sends tracking back, and says why.
#[derive(Debug, Parser)]
#[command(name = "shipstation", version, max_term_width = 100, after_help = ENVIRONMENT)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What holds for every verb.
#[derive(Debug, ClapArgs)]
pub(crate) struct Options {
    /// The configuration file; without it, `shipstation.toml` where there is one
    #[arg(long, global = true, value_name = "FILE", env = "SHIPSTATION_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Which connection of the file; may be left out where there is one
    #[arg(long, short, global = true, value_name = "NAME")]
    pub(crate) connection: Option<String>,
    /// Where to keep what is known: sqlite:PATH or postgres://…
    #[arg(long, global = true, value_name = "ADDRESS", env = "SHIPSTATION_STORE", hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// One JSON document in place of tables and sentences
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read and decide, but change nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Consent to changes in a real account
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(flatten)]
    OnAccount(AccountVerb),
    /// Serve the connections until Ctrl-C: look for changes, import, send
    Watch,
    /// See what a real account does of what is taken for granted: twelve reads at most, and no change unless --write
    Probe(Probe),
    /// A ShipStation of one's own, on a loopback port
    Simulate(Simulate),
    /// A day with the simulator, without keys
    Demo,
    /// Write the completions of a shell
    Completions { shell: clap_complete::Shell },
    /// Write the manual page
    Man {
        /// A folder for the pages of all verbs
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// What is done with one connection.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountVerb {
    /// Look at the key and every setting; change nothing
    Check,
    /// Import new orders, or the one that is named
    Import {
        /// Its number, or id:NUMBER for ShipStation's id
        order: Option<Order>,
        /// Filters that do not count for the order that is named
        #[arg(long, value_delimiter = ',', requires = "order")]
        bypass: Vec<Filter>,
        /// Only what was modified since the last look
        #[arg(long, conflicts_with = "order")]
        changes: bool,
    },
    /// Import the orders of a stretch of time, however long ago
    Backfill {
        /// The first instant, such as 2026-01-01T08:00:00Z
        #[arg(long)]
        from: Timestamp,
        /// The first instant behind it
        #[arg(long)]
        to: Timestamp,
        /// The date of an order that decides: created, ordered, paid or modified
        #[arg(long, default_value = "created")]
        by: AgeBasis,
    },
    /// Imported orders that are ready and not acknowledged
    Orders {
        #[command(subcommand)]
        act: Option<OrdersAct>,
        /// At most so many
        #[arg(long, default_value_t = 100, global = true)]
        limit: usize,
    },
    /// Orders that wait for a person
    Held {
        #[command(subcommand)]
        act: Option<HeldAct>,
    },
    /// The shipping rules: which shipping text means which method
    Mappings {
        #[command(subcommand)]
        act: Option<MappingsAct>,
    },
    /// The carriers of the account, and which of the host's carriers is which of them
    Carriers {
        #[command(subcommand)]
        act: Option<CarriersAct>,
    },
    /// Link listings with ShipStation's products by SKU
    Link {
        /// CSV with the columns `listing` and `sku`; `-` is standard input. Without it, what is known is linked
        #[arg(long, value_name = "FILE")]
        listings: Option<PathBuf>,
    },
    /// The links
    Links,
    /// Put a shipment of an order into the outbox; `sync` sends it
    Ship(Ship),
    /// The outbox: what is to be sent, on its way, or blocked
    Shipments {
        #[command(subcommand)]
        act: Option<ShipmentsAct>,
    },
    /// Send what is due, and prove what was sent
    Sync,
    /// Why nothing came
    Why,
    /// Why an order is not here
    Diagnose { order: Order },
    /// What happened to an order
    Timeline { order: Order },
    /// What became of imported orders in ShipStation
    Changes {
        /// Only those behind this place
        #[arg(long)]
        after: Option<u64>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// The last runs
    Runs {
        /// At most so many of each operation
        #[arg(long, default_value_t = 5)]
        limit: usize,
    },
    /// What has waited longer than it should
    Stuck,
    #[command(flatten)]
    Act(ActionVerb),
}

/// What is done to orders in ShipStation because the host asks, and the connection's webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum ActionVerb {
    /// Hold an imported order in ShipStation
    Hold {
        order: Order,
        /// The day from which on it may be shipped, as an instant such as 2026-03-09T08:00:00Z
        #[arg(long)]
        until: Timestamp,
    },
    /// Release an imported order from its hold in ShipStation
    Release { order: Order },
    /// Put a tag on an imported order in ShipStation
    Tag { order: Order, tag: String },
    /// Take a tag off an imported order in ShipStation
    Untag { order: Order, tag: String },
    /// Work on holds, releases and tags that wait for another attempt
    Actions,
    /// Keep the connection's webhooks subscribed; the secret part comes from SHIPSTATION_WEBHOOK_SECRET
    Webhooks {
        /// Where the host receives deliveries
        address: String,
    },
}

/// An order: its number, or id:NUMBER for ShipStation's id
#[derive(Debug, Clone)]
pub(crate) struct Order(pub(crate) OrderSelector);

impl std::str::FromStr for Order {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const LONGEST: usize = 200;
        if text.trim().is_empty() || text.len() > LONGEST {
            return Err("an order has a number, of 200 characters at most");
        }
        Ok(Self(match text.strip_prefix("id:") {
            Some(id) => OrderSelector::Id(id.into()),
            None => OrderSelector::Number(text.to_owned()),
        }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Filter {
    Age,
    Tag,
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrdersAct {
    /// Write the orders whole, one JSON document a line, until they are acknowledged
    Take,
    /// Say that one has these orders: their ids, or one id a line on standard input
    Ack { ids: Vec<String> },
}

#[derive(Debug, Subcommand)]
pub(crate) enum HeldAct {
    /// Look again at what is held for its shipping text
    Resolve,
    /// Release an order here, whatever holds it
    Release { order: Order },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MappingsAct {
    /// Write the rules as CSV
    Export {
        /// Write the texts that no rule maps, to be filled in
        #[arg(long)]
        unmapped: bool,
    },
    /// Read rules from CSV; `-` is standard input
    Import {
        file: PathBuf,
        /// Rules that are not in the file go
        #[arg(long)]
        replace: bool,
    },
    /// Why a shipping text means what it means
    Explain {
        text: String,
        /// The store that the order comes from
        #[arg(long)]
        store_id: Option<String>,
        /// The marketplace behind the store
        #[arg(long)]
        marketplace: Option<String>,
        /// The country that it goes to
        #[arg(long)]
        country: Option<String>,
    },
    /// The texts that no rule maps, and what each may mean
    Suggest,
    /// Map a text to a method of the host's
    Add {
        text: String,
        /// The host's name of the method
        policy: String,
        /// Only for this store
        #[arg(long)]
        store_id: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum CarriersAct {
    /// The account's carriers that a host's carrier may stand for
    Suggest { carrier: String },
    /// Map a host's carrier to a carrier code of the account
    Add { carrier: String, code: String },
    /// The rules
    Rules,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Ship {
    /// Its number, or id:NUMBER for ShipStation's id
    pub(crate) order: Order,
    /// The carrier, in the host's words
    #[arg(long)]
    pub(crate) carrier: String,
    /// The tracking number
    #[arg(long)]
    pub(crate) tracking: String,
    /// The service, in the host's words
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// The shipment's identity: the same one twice is one shipment. By default the order's id and the tracking number
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// When it left, such as 2026-03-09T15:04:05Z. By default now
    #[arg(long)]
    pub(crate) at: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShipmentsAct {
    /// Let go what is blocked for a reason that is dealt with
    Unblock {
        /// What the table of shipments shows under UNBLOCK
        key: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Simulate {
    /// The loopback port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Sample orders of each account
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub(crate) orders: u32,
    /// Accounts, each with a key of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) accounts: u32,
    /// What chance decides: lines of orders, faults and doubles; the same seed gives the same
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Lets requests of this kind go wrong with this probability, such as dropAfterEffect=0.05; may be given several times.
    /// webhookLost and webhookTwice are about deliveries
    #[arg(long, value_name = "NAME=RATE")]
    pub(crate) fault: Vec<String>,
    /// Subscribes this address to new orders, labels and orders marked as shipped
    #[arg(long, value_name = "URL")]
    pub(crate) webhook: Option<String>,
    /// Keeps the accounts in this file, and goes on from it where it is there: --orders and --accounts count for a new one
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Probe {
    /// Write what was answered as fixtures into this folder: shapes, and no value of the account's
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
    /// Mark the order of this number as shipped, twice, to see what a second mark does. It awaits shipment in a store of orders
    /// entered by hand, has no e-mail address, and stays marked
    #[arg(long, value_name = "ORDER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) write: Option<String>,
    /// With --write: so many seconds at least pass before one fulfillment counts as the only one
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub(crate) settle: u64,
    /// At most so many requests; what they do not suffice for is not asked
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) requests: Option<u16>,
}
