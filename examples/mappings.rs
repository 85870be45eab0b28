//! From "12 orders are held" to "0 held": how a person maps the shipping texts of a shop, by way of a spreadsheet.
//!
//! ```text
//! cargo run --example mappings --features simulator
//! ```
//!
//! ShipStation is simulated, the host's store is in memory, and everything happens in one go.
#![allow(clippy::print_stdout)] // an example talks to whoever runs it

use std::{error::Error, sync::Arc, time::Duration};

use shipstation_connector::{
    Credentials, ShipStation, ShipStationChannel, Timestamp,
    channel::{
        ChannelConnector, ConnectionId, GetOrders, ResolveHeld,
        shipping::{
            ShippingRequest, ShippingRule, UnmappedText,
            csv::{self, FormulaGuard, ImportOptions},
        },
        store::{MappingStoreExt, ReplaceOutcome, Stores},
    },
    stores::MemoryStore,
    testing::simulator::{Account, SimLine, SimOrder, Simulator, SimulatorConfig},
};

const TWO_DAY: &str = "2 Day, tracked";
/// With a blank at its end that nobody sees.
const ODD_STANDARD: &str = "Standard\u{a0}";
const PICK_UP: &str = "Pick \"up\" in store; no charge";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Simulator::start(SimulatorConfig::default()).await?;
    sim.account(fill);
    let store = Arc::new(MemoryStore::new());
    let shop = ConnectionId::new("shop");
    let standard = vec![ShippingRule::exact("Standard", "ground")];
    store.replace_shipping_rules(&shop, 0, standard).await?;
    let channel = open(&sim, &store, &shop)?;

    title("1. Orders come in, and some texts are not mapped");
    println!("{}", channel.get_orders(GetOrders::new()).await?);

    title("2. Which texts are they?");
    let unmapped = channel.unmapped().await?;
    for text in &unmapped {
        println!("{text}");
    }

    title("3. They go into a spreadsheet, ready to be filled in");
    let texts: Vec<UnmappedText> = unmapped.into_iter().map(|unmapped| unmapped.seen).collect();
    let mut table = Vec::new();
    csv::export_unmapped(&texts, FormulaGuard::Off, &mut table)?;
    let table = String::from_utf8(table)?;
    println!("{table}");

    title("4. Somebody fills it in, and forgets one row");
    let some = [(TWO_DAY, "air"), (PICK_UP, "counter")];
    apply(&store, &shop, &fill_in(&table, &some)?).await?;

    title("5. That row is filled in as well");
    let all = [(TWO_DAY, "air"), (PICK_UP, "counter"), (ODD_STANDARD, "ground")];
    apply(&store, &shop, &fill_in(&table, &all)?).await?;

    title("6. The held orders get a second look");
    println!("{}", channel.resolve_held(ResolveHeld::new()).await?);

    title("7. Why does one of them go by air?");
    println!("{}", channel.explain_shipping(&ShippingRequest::new(TWO_DAY).store(store_of(&sim))).await?);

    title("8. What is left");
    let held = store.orders(&shop).iter().filter(|order| !order.is_ready()).count();
    println!("{held} orders are held, {} texts are not mapped.", channel.unmapped().await?.len());
    if held == 0 { Ok(()) } else { Err("orders are still held".into()) }
}

fn title(text: &str) {
    println!("\n== {text}\n");
}

fn open(
    sim: &Simulator,
    store: &Arc<MemoryStore>,
    shop: &ConnectionId,
) -> Result<ShipStationChannel, Box<dyn Error>> {
    let client = ShipStation::builder(Credentials::new(sim.api_key(), sim.api_secret()))
        .base_url(sim.url())
        .clock(sim.clock())
        .build()?;
    Ok(ShipStationChannel::builder(client, shop.clone(), Stores::all_in(store.clone())).build()?)
}

/// Fifteen orders: three whose text is mapped, twelve whose text is not, one of these only by a blank that nobody sees.
fn fill(account: &mut Account) {
    let store = account.add_store("Sample shop", "Shopify");
    let texts = [("Standard", 3), (TWO_DAY, 6), (ODD_STANDARD, 4), (PICK_UP, 2)];
    let placed: Timestamp = account.now() - Duration::from_secs(3_600);
    let texts = texts.into_iter().flat_map(|(text, orders)| std::iter::repeat_n(text, orders));
    for (number, text) in (1_001..).zip(texts) {
        let order = SimOrder::new(number.to_string()).store(store).created(placed).shipping(text);
        account.add_order(order.line(SimLine::new("MUG-BLUE", 1, "18.50")));
    }
}

fn store_of(sim: &Simulator) -> String {
    let store =
        sim.account(|account| account.orders.values().find_map(|order| order.int("advancedOptions.storeId")));
    store.map(|store| store.to_string()).unwrap_or_default()
}

/// What a person does in a spreadsheet: writes a policy into the rows of these texts.
fn fill_in(table: &str, policies: &[(&str, &str)]) -> Result<String, Box<dyn Error>> {
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let columns = reader.headers()?.clone();
    writer.write_record(&columns)?;
    for row in reader.records() {
        let row = row?;
        let text =
            columns.iter().zip(&row).find(|(column, _)| *column == "text").map_or("", |(_, text)| text);
        let policy = policies.iter().find(|(known, _)| *known == text).map_or("", |(_, policy)| policy);
        writer.write_record(columns.iter().zip(&row).map(|(column, cell)| match column {
            "policy" => policy,
            _ => cell,
        }))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// A dry run first; then all of it or nothing, against the version that the plan was made for.
async fn apply(store: &MemoryStore, shop: &ConnectionId, table: &str) -> Result<(), Box<dyn Error>> {
    let rules = store.shipping_rules(shop).await?;
    let plan = csv::plan(&rules.rows, table.as_bytes(), &ImportOptions::merge());
    println!("the plan: {plan}");
    match plan.into_rules() {
        Ok(new) => match store.replace_shipping_rules(shop, rules.version, new).await? {
            ReplaceOutcome::Replaced { version } => {
                println!("applied: the rules are at version {version} now");
            }
            other => println!("somebody else was first ({other:?}): read again, and decide again"),
        },
        Err(_) => println!("nothing was applied"),
    }
    Ok(())
}
