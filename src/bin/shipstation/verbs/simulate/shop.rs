//! What a simulated account holds in the beginning.

use std::time::Duration;

use shipstation_connector::testing::simulator::{Account, SimLine, SimOrder, SimProduct};

const HOUR: Duration = Duration::from_secs(3600);
const PRODUCTS: [(&str, &str); 5] = [
    ("MUG-BLUE", "18.50"),
    ("SCARF", "64.00"),
    ("TEA-GREEN", "7.25"),
    ("LAMP", "129.00"),
    ("SOCKS", "12.00"),
];

/// A small shop: orders of the last days, with two shipping texts. The same seed gives the same orders.
pub(in crate::verbs) fn fill(account: &mut Account, orders: u32, seed: u64) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let store = account.add_store("Sample shop", "Shopify");
    account.add_tag("Rush");
    account.add_user("Ops Desk");
    for (sku, price) in PRODUCTS {
        account.add_product(SimProduct::new(sku).price(price));
    }
    let now = account.now();
    for number in 0..orders {
        let text = if number % 4 == 3 { "Express" } else { "Standard" };
        let created = now - HOUR * (number % 100 + 1) + Duration::from_secs(chance.u64(..3000));
        let mut order =
            SimOrder::new((1001 + number).to_string()).store(store).created(created).shipping(text);
        for (sku, price) in chance.choose_multiple(PRODUCTS, chance.clone().usize(1..=3)) {
            order = order.line(SimLine::new(sku, chance.i64(1..=3), price));
        }
        account.add_order(order);
    }
}
