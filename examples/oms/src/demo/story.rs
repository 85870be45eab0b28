//! What happened in the simulated accounts, and what their operators did not do yet.

use std::time::Duration;

use shipstation_connector::{
    Timestamp,
    channel::{
        ChannelConnector, ConnectionId, GetOrders, LineQuantity, SyncShipments,
        shipping::{CarrierRule, ShippingRule},
        store::MappingStoreExt,
    },
    testing::simulator::{Account, SimLine, SimOrder, Simulator},
};

use super::DAY;
use crate::{
    Failure,
    channels::Channels,
    database::Database,
    shop::{
        orders::{self, Order},
        parcels,
    },
};

const HOUR: Duration = Duration::from_secs(3_600);
const PRODUCTS: [(&str, &str, &str); 6] = [
    ("MUG-BLUE", "Mug, blue glaze", "18.50"),
    ("SCARF-WOOL", "Scarf, lambswool", "64.00"),
    ("TEA-GREEN", "Green tea, 100 g", "7.25"),
    ("LAMP-OAK", "Lamp, oiled oak", "129.00"),
    ("SOCKS-2", "Socks, two pairs", "12.00"),
    ("BOWL-S", "Bowl, small", "22.00"),
];
/// Days differ: so many orders come on each day of a week.
const ORDERS_BY_DAY: [u32; 7] = [9, 12, 14, 11, 16, 21, 6];

/// The account while its story is told.
struct Stage<'a> {
    sim: &'a Simulator,
    channels: &'a Channels,
    database: &'a Database,
    name: ConnectionId,
    store: i64,
    chance: fastrand::Rng,
}

impl Stage<'_> {
    fn order(&mut self, number: &str, text: &str, created: Timestamp) -> SimOrder {
        let mut order = SimOrder::new(number).store(self.store).shipping(text).created(created);
        for (sku, name, price) in self.chance.choose_multiple(PRODUCTS, self.chance.clone().usize(1..=3)) {
            order = order.line(SimLine::new(sku, self.chance.i64(1..=3), price).named(name));
        }
        order
    }

    fn add(&mut self, number: &str, text: &str, created: Timestamp) -> i64 {
        let order = self.order(number, text, created);
        self.sim.account(|account| account.add_order(order))
    }

    async fn rules(&self, shipping: Vec<ShippingRule>) -> Result<(), Failure> {
        let mappings = self.database.stores().mappings;
        mappings.replace_shipping_rules(&self.name, 0, shipping).await?;
        let carriers = vec![CarrierRule::new("UPS", "ups"), CarrierRule::new("USPS", "stamps_com")];
        mappings.replace_carrier_rules(&self.name, 0, carriers).await?;
        Ok(())
    }

    async fn import(&self) -> Result<(), Failure> {
        let channel = self.channels.of(self.name.as_str()).await?;
        let _report = channel.get_orders(GetOrders::new()).await?;
        self.channels.write_usage().await
    }

    async fn sync(&self) -> Result<(), Failure> {
        let channel = self.channels.of(self.name.as_str()).await?;
        let _report = channel.sync_shipments(SyncShipments::new()).await?;
        self.channels.write_usage().await?;
        parcels::settle(self.database, &self.name).await
    }

    async fn ready(&self) -> Result<Vec<Order>, Failure> {
        let mut all = orders::oldest(self.database, "ready", 0).await?;
        all.retain(|order| order.connection == self.name);
        Ok(all)
    }

    /// Ships these lines of an order; all that are left, if there are none.
    async fn ship(&mut self, order: &Order, carrier: &str, lines: Vec<LineQuantity>) -> Result<(), Failure> {
        let lines = if lines.is_empty() { orders::left_to_ship(order, &[]) } else { lines };
        let tracking = format!("1Z{:016}", self.chance.u64(..10_000_000_000_000_000));
        let now = self.sim.clock().now();
        orders::ship(self.database, order, (carrier, &tracking), lines, now).await?;
        Ok(())
    }

    async fn ship_all(&mut self, keep: usize) -> Result<(), Failure> {
        loop {
            let ready = self.ready().await?;
            if ready.len() <= keep {
                return Ok(());
            }
            for order in &ready[keep..] {
                let carrier = if order.id % 3 == 0 { "USPS" } else { "UPS" };
                self.ship(order, carrier, Vec::new()).await?;
            }
        }
    }
}

fn stage<'a>(sim: &'a Simulator, channels: &'a Channels, database: &'a Database, name: &str) -> Stage<'a> {
    let store = sim.account(furnish);
    Stage { sim, channels, database, name: name.into(), store, chance: fastrand::Rng::with_seed(11) }
}

fn furnish(account: &mut Account) -> i64 {
    for carrier in ["ups", "stamps_com", "dpd_local"] {
        account.add_carrier(carrier);
    }
    account.add_store("Loom and Thread", "Shopify")
}

fn usual_rules() -> Vec<ShippingRule> {
    vec![
        ShippingRule::exact("Standard", "ground"),
        ShippingRule::exact("Express Shipping", "air"),
        ShippingRule::exact("International Economy", "post"),
    ]
}

/// A shop that is doing well, until today.
pub(super) async fn two_weeks(
    sim: &Simulator,
    channels: &Channels,
    database: &Database,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut stage = stage(sim, channels, database, "loom-shop");
    stage.rules(usual_rules()).await?;
    let mut number = 1_001;
    for orders in ORDERS_BY_DAY.repeat(2) {
        let morning = sim.clock().now();
        for order in 0..orders {
            let text = if order % 5 == 4 { "Express Shipping" } else { "Standard" };
            stage.add(&number.to_string(), text, morning + HOUR * 8 * order / orders);
            number += 1;
        }
        sim.clock().set(morning + HOUR * 9);
        stage.import().await?;
        stage.ship_all(0).await?;
        stage.sync().await?;
        sim.clock().set(morning + DAY);
        stage.sync().await?;
    }
    today(&mut stage, now).await
}

/// What is still to be done, and what an operator is asked for.
async fn today(stage: &mut Stage<'_>, now: Timestamp) -> Result<(), Failure> {
    stage.sim.clock().set(now - HOUR * 3);
    let morning = now - HOUR * 5;
    let mut twice_held = 0;
    for (place, text) in
        ["Express Shiping", "Express Shiping", "Click & Collect", "Express Shiping", "Click & Collect"]
            .into_iter()
            .enumerate()
    {
        twice_held = stage.add(&(2_101 + place).to_string(), text, morning);
    }
    // What is not imported, and why.
    let on_hold = stage.add("2201", "Standard", morning);
    let unpaid = stage.order("2202", "Standard", morning).unpaid().status("awaiting_payment");
    let cancelled = stage.add("2204", "Standard", morning);
    let old = stage.order("2203", "Standard", now - DAY * 120);
    stage.sim.account(|account| {
        account.hold(on_hold);
        account.cancel(cancelled);
        account.add_order(unpaid);
        account.add_order(old);
    });
    let two_lines = SimOrder::new("2301").store(stage.store).shipping("Standard").created(morning);
    let two_lines =
        two_lines.line(SimLine::new("MUG-BLUE", 2, "18.50")).line(SimLine::new("LAMP-OAK", 1, "129.00"));
    stage.sim.account(|account| account.add_order(two_lines));
    for place in 0..12_u32 {
        stage.add(&(2_401 + place).to_string(), "Standard", morning + HOUR * place / 6);
    }
    stage.import().await?;
    let ready = stage.ready().await?;
    let of = |number: &str| ready.iter().find(|order| order.number == number);
    // A carrier that nobody has mapped, a part of an order, and an order that was cancelled meanwhile.
    for number in ["2401", "2402"] {
        if let Some(order) = of(number) {
            stage.ship(order, "DPD Local", Vec::new()).await?;
        }
    }
    if let Some(order) = of("2301")
        && let Some(line) = order.lines.first()
    {
        stage
            .ship(order, "UPS", vec![LineQuantity { line: line.id.clone(), quantity: line.quantity }])
            .await?;
    }
    for (number, is_cancelled) in [("2403", true), ("2404", false)] {
        let Some(order) = of(number) else { continue };
        let id: i64 = order.external_id.as_str().parse()?;
        stage.sim.account(|account| if is_cancelled { account.cancel(id) } else { account.hold(id) });
        stage.ship(order, "UPS", Vec::new()).await?;
    }
    stage.sync().await?;
    for (number, is_cancelled) in [("2405", true), ("2406", false)] {
        let Some(order) = of(number) else { continue };
        let id: i64 = order.external_id.as_str().parse()?;
        stage.sim.account(|account| if is_cancelled { account.cancel(id) } else { account.hold(id) });
    }
    stage.sim.account(|account| account.hold(twice_held));
    stage.sim.clock().set(now - HOUR);
    stage.import().await?;
    stage.sync().await
}

/// A second shop with little in it.
pub(super) async fn a_few(sim: &Simulator, channels: &Channels, database: &Database) -> Result<(), Failure> {
    let mut stage = stage(sim, channels, database, "kiln-outlet");
    stage.rules(usual_rules()).await?;
    for number in 0..5_u32 {
        stage.add(&format!("K-{}", 501 + number), "Standard", sim.clock().now());
    }
    sim.clock().advance(HOUR);
    stage.import().await?;
    stage.ship_all(2).await?;
    sim.clock().advance(HOUR);
    stage.sync().await
}

/// More than a page shows: texts without a mapping, orders, parcels that are blocked, changes.
pub(super) async fn crowd(sim: &Simulator, channels: &Channels, database: &Database) -> Result<(), Failure> {
    let mut stage = stage(sim, channels, database, "loom-shop");
    stage.rules(usual_rules()).await?;
    sim.clock().advance(DAY * 13);
    let now = sim.clock().now();
    for place in 0..400_u32 {
        let text = format!("Carrier service with a rather long name, number {}", place % 130);
        let text = if place < 270 { text.as_str() } else { "Standard" };
        stage.add(&format!("C-{}", 10_001 + place), text, now - HOUR * (place % 60));
    }
    stage.import().await?;
    let ready = stage.ready().await?;
    for (place, order) in ready.iter().enumerate().take(45) {
        stage.ship(order, &format!("Carrier {}", place % 9), Vec::new()).await?;
    }
    stage.sync().await?;
    let ready = stage.ready().await?;
    let ids: Vec<i64> = ready.iter().filter_map(|order| order.external_id.as_str().parse().ok()).collect();
    for id in ids {
        sim.account(|account| account.hold(id));
    }
    sim.clock().advance(HOUR);
    stage.import().await
}
