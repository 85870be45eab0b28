//! What a warehouse reads on an imported order: weight, measures, customs, who pays the carrier, and what this version of the crate
//! does not know. The guide `order_members` has the whole table. Run it with `cargo run --example order`.

#![allow(clippy::print_stdout)]

use std::{error::Error, sync::Arc};

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{ChannelConnector, ChannelOrder, GetOrders, Weight, store::Stores},
    connector::OrderSettings,
    stores::MemoryStore,
    testing::simulator::{Field, SimLine, SimOrder, Simulator, SimulatorConfig},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Simulator::in_process(SimulatorConfig::default());
    let weight = Field::Amount("26.5".parse()?);
    sim.account(|account| {
        let shop = account.add_store("Corner Shop", "Etsy");
        let order = SimOrder::new("1001").store(shop).line(SimLine::new("MUG-1", 2, "18.50"));
        let order = order.set("weight.value", weight).customs_item("Stoneware mug", 2, "37.00");
        let order = order.set("internationalOptions.customsItems.0.harmonizedTariffCode", "6912.00");
        account.add_order(order.set("advancedOptions.billToParty", "recipient").set("greenDelivery", true))
    });
    let (client, store) = (sim.client().build()?, Arc::new(MemoryStore::new()));
    let settings = Settings::default().orders(OrderSettings::default().keep_extra_members(true));
    let channel = ShipStationChannel::builder(client, "my shop", Stores::all_in(store.clone()));
    let channel = channel.settings(settings).build()?;
    println!("{}", channel.get_orders(GetOrders::new()).await?);
    for stored in store.orders(channel.connection()) {
        pack(&stored.order);
    }
    Ok(())
}

fn pack(order: &ChannelOrder) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    println!("order {} of {} ({})", order.number, text(&order.store_name), text(&order.marketplace));
    match order.weight.as_ref().and_then(Weight::grams) {
        Some(grams) => println!("  {grams} g"),
        None => println!("  to be weighed"),
    }
    for item in order.customs.iter().flat_map(|customs| &customs.items) {
        println!(
            "  HS {}: {} pieces, {}",
            text(&item.hs_code),
            item.quantity.unwrap_or(0),
            text(&item.description)
        );
    }
    if let Some(party) = order.carrier_billing.as_ref().and_then(|billing| billing.party.as_ref()) {
        println!("  the carrier bills: {party}");
    }
    for (member, json) in order.extra.iter() {
        println!("  not known to this version: {member} = {json}");
    }
}
