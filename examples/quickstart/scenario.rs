//! The merchant of the quickstart: an account with orders, products and settings, and a host beside it. The
//! tests run the same scenario.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::Method;
use shipstation_connector::{
    Credentials, Settings, ShipStation, ShipStationChannel, Timestamp,
    channel::{
        ConnectionId, Listing, Shipment,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, ShipmentStoreExt, Stores},
    },
    client::{StoreId, TagId, UserId},
    connector::ListingSettings,
    stores::{MemoryStore, memory::StoredOrder},
    testing::simulator::{
        Account, Fault, FaultKind, Quirks, SimLine, SimOrder, SimProduct, Simulator, SimulatorConfig,
    },
};

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Orders in ShipStation, over fourteen days.
const ORDERS: u32 = 1_200;
const PRODUCTS: u32 = 300;
/// Two blanks: nobody sees the difference, and no rule maps it.
pub(crate) const UNMAPPED: &str = "Standard  Shipping";

/// The merchant's account, the host's stores, and the channel between them.
pub(crate) struct Scenario {
    pub(crate) sim: Simulator,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) connection: ConnectionId,
    pub(crate) channel: ShipStationChannel,
    tag: i64,
    own_store: i64,
}

impl Scenario {
    /// Starts ShipStation and sets everything up. Nothing has been asked of the channel yet.
    pub(crate) async fn start() -> Outcome<Self> {
        // 40 requests a clock minute, as in life; `pages: 0` is what several lists really say.
        let config = SimulatorConfig::default()
            .quirks(Quirks::default().pages_zero(true))
            .latency(Duration::from_millis(200));
        let sim = Simulator::start(config).await?;
        let furniture = sim.account(furnish);
        let store = Arc::new(MemoryStore::new());
        let connection = ConnectionId::new("loom-shop");
        configure_host(&store, &connection).await?;
        let channel = connect(&sim, &store, &connection, &furniture)?;
        let Furniture { tag, own_store, .. } = furniture;
        Ok(Self { sim, store, connection, channel, tag, own_store })
    }

    /// What life does to requests: a 429 by somebody else's doing, one failing page, and one answer that is lost
    /// after ShipStation has already marked the order.
    pub(crate) fn disturb(&self) {
        self.sim.fault(Fault::on(Method::GET, "/orders").with(FaultKind::ServerError));
        self.sim
            .fault(Fault::on(Method::POST, "/orders/assignuser").with(FaultKind::Throttle { reset: None }));
        let lost =
            Fault::on(Method::POST, "/orders/markasshipped").after(20).with(FaultKind::DropAfterEffect);
        self.sim.fault(lost);
    }

    /// The orders that have to be imported, worked out from the account alone.
    pub(crate) fn wanted(&self) -> Vec<String> {
        let now = self.sim.clock().now();
        self.sim.account(|account| {
            let wanted = account.orders.values().filter(|order| {
                !matches!(order.text("orderStatus"), Some("on_hold" | "cancelled"))
                    && order.time("createDate") >= Some(now - DAY * 7)
                    && order.ids("tagIds").contains(&self.tag)
                    && order.int("advancedOptions.storeId") != Some(self.own_store)
            });
            wanted.filter_map(|order| order.int("orderId")).map(|id| id.to_string()).collect()
        })
    }

    /// The person's correction: the text with two blanks means the same as the one with one.
    pub(crate) async fn map_the_missing_text(&self) -> Outcome<()> {
        let mut table = self.store.shipping_rules(&self.connection).await?;
        table.rows.push(ShippingRule::exact(UNMAPPED, "ground"));
        self.store.replace_shipping_rules(&self.connection, table.version, table.rows).await?;
        Ok(())
    }

    /// The warehouse ships every order that is ready: tracking numbers by order.
    pub(crate) async fn ship_everything(&self) -> Outcome<BTreeMap<String, String>> {
        let now = self.sim.clock().now();
        let mut tracking = BTreeMap::new();
        for stored in self.store.orders(&self.connection).into_iter().filter(StoredOrder::is_ready) {
            let order = stored.order;
            let number = format!("1Z{:016}", order.id.as_str().parse::<u64>()?);
            let carrier = if order.number.ends_with('7') { "US Mail" } else { "UPS" };
            let shipment =
                Shipment::new(format!("parcel of {}", order.number), order.id.clone(), now, carrier, &number)
                    .order_number(order.number);
            self.store.enqueue_one(&self.connection, shipment, now).await?;
            tracking.insert(order.id.to_string(), number);
        }
        Ok(tracking)
    }

    /// Lets simulated time pass until the next scheduled run.
    pub(crate) fn wait(&self) {
        self.sim.clock().advance(Duration::from_secs(15 * 60));
    }
}

/// What the account was furnished with.
struct Furniture {
    tag: i64,
    user: String,
    own_store: i64,
}

fn furnish(account: &mut Account) -> Furniture {
    let furniture = Furniture {
        tag: account.add_tag("Dropship"),
        user: account.add_user("Night Shift"),
        own_store: account.add_store("Fed by the host", "Custom Store"),
    };
    let other_tag = account.add_tag("Fragile");
    let stores = [account.add_store("Loom Shop", "Shopify"), account.add_store("Loom on Etsy", "Etsy")];
    for n in 0..PRODUCTS {
        account.add_product(SimProduct::new(format!("LOOM-{n:03}")).named(format!("Loom article {n}")));
    }
    let now = account.now();
    for n in 0..ORDERS {
        let store = if n % 11 == 0 { furniture.own_store } else { stores[(n % 2) as usize] };
        let tag = if n % 3 == 0 { other_tag } else { furniture.tag };
        account.add_order(order(n, now).store(store).tag(tag));
    }
    furniture
}

fn order(n: u32, now: Timestamp) -> SimOrder {
    let status = match n % 10 {
        8 => "on_hold",
        9 => "cancelled",
        _ => "awaiting_shipment",
    };
    let shipping = match n % 25 {
        0..=3 => UNMAPPED,
        4..=9 => "Expedited",
        _ => "Standard Shipping",
    };
    // From fourteen days ago until an hour ago, one order every seventeen minutes.
    let age = Duration::from_secs(3600) + DAY * 14 / ORDERS * (ORDERS - n);
    SimOrder::new(format!("L-{}", 10_000 + n))
        .set("shipTo.name", format!("Pat Testbuyer-{n}"))
        .set("shipTo.street1", format!("{n} Invented Street"))
        .set("customerEmail", format!("buyer-{n}@example.net"))
        .status(status)
        .created(now - age)
        .shipping(shipping)
        .line(SimLine::new(format!("LOOM-{:03}", n % PRODUCTS), 1 + i64::from(n % 3), "18.50"))
        .line(SimLine::new(format!("LOOM-{:03}", (n * 7 + 1) % PRODUCTS), 1, "4.20"))
}

/// What the host sells, and what its people have configured.
async fn configure_host(store: &MemoryStore, connection: &ConnectionId) -> Outcome<()> {
    let mut listings: Vec<Listing> =
        (0..PRODUCTS - 4).map(|n| Listing::new(format!("item-{n}"), format!("LOOM-{n:03}"))).collect();
    listings.push(Listing::new("item-lower", "loom-298"));
    listings.push(Listing::new("item-unknown", "LOOM-999"));
    listings.push(Listing::without_sku("item-blank"));
    store.put_listings(connection, listings);
    let rules =
        vec![ShippingRule::exact("Standard Shipping", "ground"), ShippingRule::exact("Expedited", "two-day")];
    store.replace_shipping_rules(connection, 0, rules).await?;
    let carriers = vec![CarrierRule::new("UPS", "ups"), CarrierRule::new("US Mail", "stamps_com")];
    store.replace_carrier_rules(connection, 0, carriers).await?;
    Ok(())
}

fn connect(
    sim: &Simulator,
    store: &Arc<MemoryStore>,
    connection: &ConnectionId,
    furniture: &Furniture,
) -> Outcome<ShipStationChannel> {
    let client = ShipStation::builder(Credentials::new(sim.api_key(), sim.api_secret()))
        .base_url(sim.url())
        .clock(sim.clock())
        .build()?;
    let mut settings = Settings::default();
    settings.orders.created_within_days = Some(7);
    settings.orders.tag = Some(TagId::new(furniture.tag));
    settings.orders.assign_user = Some(UserId::new(&furniture.user));
    settings.orders.exclude_stores = [StoreId::new(furniture.own_store)].into();
    settings.listings = Some(ListingSettings::default());
    let channel = ShipStationChannel::builder(client, connection.clone(), Stores::all_in(store.clone()))
        .settings(settings)
        .build()?;
    Ok(channel)
}
