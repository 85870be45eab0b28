//! The whole order: what ShipStation says of one reaches the host, and nobody else.

use serde_json::{Value, json};
use shipstation_connector::{
    channel::ChannelOrder,
    testing::simulator::{Field, SimAddress, SimLine, SimOrder},
};

use super::{import, imported};
use crate::support::{CaughtLog, World};

/// One word in everything that may name a person.
const PLANTED: &str = "Quillfeather";

fn amount(text: &str) -> Field {
    Field::Amount(text.parse().unwrap())
}

/// An order with every member set, and members that nobody knows yet.
fn whole(world: &World, store: i64) -> SimOrder {
    let at = world.now();
    let address = ["company", "street2", "street3"]
        .iter()
        .fold(SimAddress::sample().set("name", PLANTED), |address, member| address.set(member, PLANTED));
    let line = SimLine::new("MUG-1", 2, "18.50")
        .key("line-key")
        .fulfillment_sku("MUG-1-FF")
        .option("Engraving", PLANTED)
        .set("imageUrl", format!("https://images.example.com/{PLANTED}.png"))
        .set("weight.value", amount("12.50"))
        .set("taxAmount", amount("1.10"))
        .set("shippingAmount", amount("2.20"))
        .set("warehouseLocation", "A-12-3")
        .set("productId", 7001)
        .set("upc", "0123456789012")
        .set("createDate", at)
        .set("modifyDate", at)
        .set("engravingFont", format!("{PLANTED} Sans"));
    let mut order = world
        .order("W-1")
        .with(|order| order.list_mut("items").unwrap().clear())
        .line(line)
        .store(store)
        .ship_to(address.clone())
        .set("billTo", address)
        .shipping_codes("ups", "ups_ground", "package")
        .user("0e4b1b33-7e9c-4d2f-9f5e-1f1c9a5f0001")
        .tag(8362)
        .parent(2_184_000_001)
        .merged([2_184_000_002])
        .tax("3.00")
        .shipping_paid("5.90")
        .externally_fulfilled("provider")
        .set("dimensions.units", "inches")
        .set("dimensions.length", amount("15.25"))
        .set("dimensions.width", amount("10"))
        .set("dimensions.height", amount("4.5"))
        .customs_item(format!("Mug for {PLANTED}"), 2, "37.00")
        .set("internationalOptions.customsItems.0.customsItemId", 4401)
        .set("internationalOptions.customsItems.0.harmonizedTariffCode", "6912.00")
        .set("internationalOptions.customsItems.0.countryOfOrigin", "PT")
        .set("internationalOptions.contents", "merchandise")
        .set("internationalOptions.nonDelivery", "return_to_sender")
        .set("externallyFulfilledById", 77)
        .set("externallyFulfilledByName", "Example Fulfillment")
        .set("customerId", 5501)
        .set("amountPaid", amount("45.90"))
        .set("gift", true)
        .set("shipByDate", at)
        .set("shipDate", "2026-03-09")
        .set("holdUntilDate", "2026-03-08")
        .set("confirmation", "adult_signature")
        .set("weight.value", amount("26.75"))
        .set("weight.units", "stones")
        .set("insuranceOptions.provider", "xcover")
        .set("insuranceOptions.insureShipment", true)
        .set("insuranceOptions.insuredValue", amount("40.00"))
        .set("labelMessages", PLANTED)
        .set("robotNotes", format!("{PLANTED} waves"))
        .set("advancedOptions.warehouseId", 9001)
        .set("advancedOptions.nonMachinable", true)
        .set("advancedOptions.saturdayDelivery", true)
        .set("advancedOptions.containsAlcohol", true)
        .set("advancedOptions.source", "the source")
        .set("advancedOptions.billToParty", "third_party")
        .set("advancedOptions.billToCountryCode", "CA")
        .set("advancedOptions.billToMyOtherAccount", 3301)
        .set("advancedOptions.movementIndicator", PLANTED);
    for member in [
        "customerUsername",
        "customerEmail",
        "customerNotes",
        "internalNotes",
        "giftMessage",
        "paymentMethod",
    ] {
        order = order.set(member, PLANTED);
    }
    for member in ["billToAccount", "billToPostalCode", "customField1", "customField2", "customField3"] {
        order = order.set(&format!("advancedOptions.{member}"), PLANTED);
    }
    order
}

/// Imports it; the whole import, log included, must not show the planted word.
async fn imported_whole(keep_extra: bool) -> ChannelOrder {
    let (log, _guard) = CaughtLog::begin();
    let world = World::new().await;
    let store = world.sim.account(|account| account.add_store("Corner Shop", "Etsy"));
    let order = whole(&world, store);
    let id = world.add(order);
    let channel = world.channel(|settings| {
        settings.orders.keep_extra_members = keep_extra;
        settings.orders.externally_fulfilled =
            shipstation_connector::connector::ExternallyFulfilledPolicy::Import;
    });
    let report = import(&channel).await;
    CaughtLog::hear_every_place();
    assert_eq!(imported(&world), 1, "{report}");
    let order = world.store.order(&world.connection, &id.to_string()).unwrap();
    let shown = format!("{report} {report:?} {order:?} {:#?} {channel:?} {}", order.lines, log.text());
    let parts =
        format!("{:?} {:?} {:?} {:?}", order.customs, order.carrier_billing, order.buyer, order.extra);
    assert!(!(shown + &parts).contains(PLANTED));
    order
}

/// A member of the order's JSON, by a path such as `lines[].weight.value`; of a list the first element.
fn at<'v>(json: &'v Value, path: &str) -> &'v Value {
    if let Some(member) = path.strip_prefix("extra.") {
        return &json["extra"][member];
    }
    path.split('.').fold(json, |value, name| match name.strip_suffix("[]") {
        Some(list) => &value[list][0],
        None => &value[name],
    })
}

/// The destinations in the guide, each with whether it is said to be cleared with the buyer's data.
fn destinations() -> Vec<(&'static str, bool)> {
    let guide = include_str!("../../../docs/order-members.md");
    let rows =
        guide.lines().filter_map(|row| row.strip_prefix("| `")?.split_once("` | `")?.1.split_once('`'));
    rows.map(|(path, rest)| (path, rest.starts_with(" *"))).collect()
}

#[tokio::test]
async fn wire_every_member_reaches_the_host_where_the_guide_says() {
    let order = imported_whole(true).await;
    let json = serde_json::to_value(&order).unwrap();
    assert!(destinations().len() > 100, "the tables are read");
    for (path, _) in destinations() {
        let value = at(&json, path);
        assert!(
            !value.is_null() && *value != json!(false) && *value != json!([]),
            "{path} is {value} in {json:#}"
        );
    }
    assert_eq!(
        serde_json::from_value::<ChannelOrder>(json.clone()).unwrap(),
        order,
        "what a store keeps is read back"
    );

    assert_eq!((&json["store_name"], &json["marketplace"]), (&json!("Corner Shop"), &json!("Etsy")));
    assert_eq!(json["weight"], json!({ "value": "26.75", "unit": "stones" }), "an unknown unit is kept");
    assert_eq!(
        json["dimensions"],
        json!({ "length": "15.25", "width": "10", "height": "4.5", "unit": "in" })
    );
    assert_eq!((&json["ship_on"], &json["hold_until"]), (&json!("2026-03-09"), &json!("2026-03-08")));
    assert_eq!(json["customs"]["items"][0]["value"], json!("37.00"));
    assert_eq!(json["insurance"], json!({ "insured": true, "provider": "xcover", "value": "40.00" }));
    let line = &json["lines"][0];
    assert_eq!(
        (&line["sku"], &line["sold_sku"], &line["fulfillment_sku"]),
        (&json!("MUG-1"), &json!("MUG-1"), &json!("MUG-1-FF"))
    );
    assert_eq!(line["weight"], json!({ "value": "12.50", "unit": "oz" }));
    let extra: Vec<&str> = order.extra.iter().map(|(name, _)| name).collect();
    assert_eq!(extra, ["advancedOptions.movementIndicator", "labelMessages", "robotNotes"]);
    assert_eq!(order.extra.get("robotNotes"), Some("\"Quillfeather waves\""));
    assert_eq!(order.lines[0].extra.get("engravingFont"), Some("\"Quillfeather Sans\""));
}

#[tokio::test]
async fn secrets_extra_members_are_left_alone_unless_asked_for() {
    let order = imported_whole(false).await;
    assert!(order.extra.is_empty() && order.lines[0].extra.is_empty());
}

#[tokio::test]
async fn secrets_an_order_without_its_buyer_names_nobody() {
    let order = imported_whole(true).await.without_buyer();
    let json = serde_json::to_value(&order).unwrap();
    assert!(!json.to_string().contains(PLANTED), "{json:#}");
    let kept = |path: &str| !matches!(at(&json, path), Value::Null) && *at(&json, path) != json!([]);
    for (path, cleared) in destinations() {
        let stays = ["bill_to", "ship_to"].contains(&path);
        assert!(stays || kept(path) != cleared, "{path} is {}", at(&json, path));
    }
}

/// As the version before wrote it: a store may hold such orders.
#[test]
fn wire_an_order_of_the_version_before_is_read() {
    let before = json!({
        "id": "1", "number": "A-1", "key": null, "store": "12", "marketplace": "Etsy", "status": "awaiting_shipment",
        "created_at": null, "ordered_at": null, "paid_at": null, "modified_at": null, "ship_by": null,
        "buyer": { "username": null, "email": "robin.sample@example.com" },
        "ship_to": { "name": null, "company": null, "street1": null, "street2": null, "street3": null, "city": null,
            "state": null, "postal_code": null, "country": "US", "phone": null, "residential": null },
        "bill_to": null,
        "lines": [{ "id": "7", "store_line_key": null, "kind": "goods", "sku": "MUG-1", "name": null, "quantity": 2,
            "unit_price": "18.50", "tax": null, "product": null, "listing": null, "options": [], "upc": null }],
        "totals": { "total": "37.00", "paid": null, "tax": null, "shipping": null },
        "shipping_text": null, "carrier_code": null, "service_code": null, "package_code": null, "gift": false,
        "gift_message": null, "customer_notes": null, "internal_notes": null, "tags": [], "assigned_user": null,
        "lineage": { "parent": null, "merged": [] }, "custom_fields": [], "externally_fulfilled": false,
    });
    let order: ChannelOrder = serde_json::from_value(before.clone()).unwrap();
    assert_eq!((order.weight.as_ref(), order.lines[0].weight.as_ref()), (None, None));
    let mut again = serde_json::to_value(&order).unwrap();
    again["lines"][0]["kind"] = json!("goods");
    assert_eq!(again, before, "what it does not have takes no room");
}
