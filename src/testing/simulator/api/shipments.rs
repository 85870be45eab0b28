//! Shipments: the lists of bought labels and of those made elsewhere, buying and voiding labels, and what they would cost.

use rust_decimal::Decimal;

use super::super::{
    Account,
    answer::Answer,
    lists::{Filter, List, Test},
    pacific,
    record::{Field, Record},
    request::Call,
};
use super::{Outcome, carriers::services_of};

static SHIPMENTS: List = List {
    name: "shipments",
    id: "shipmentId",
    filters: &[
        Filter { query: "orderId", test: Test::Number, members: &["orderId"] },
        Filter { query: "storeId", test: Test::Number, members: &["advancedOptions.storeId"] },
        Filter { query: "createDateStart", test: Test::Until("createDateEnd"), members: &["createDate"] },
        Filter { query: "shipDateStart", test: Test::Until("shipDateEnd"), members: &["shipDate"] },
        Filter { query: "voidDateStart", test: Test::Until("voidDateEnd"), members: &["voidDate"] },
        Filter { query: "orderNumber", test: Test::Text, members: &["orderNumber"] },
        Filter { query: "trackingNumber", test: Test::Text, members: &["trackingNumber"] },
        Filter { query: "carrierCode", test: Test::Text, members: &["carrierCode"] },
        Filter { query: "serviceCode", test: Test::Text, members: &["serviceCode"] },
        Filter { query: "batchId", test: Test::Text, members: &["batchNumber"] },
        Filter { query: "recipientName", test: Test::Text, members: &["shipTo.name"] },
        Filter { query: "recipientCountryCode", test: Test::Text, members: &["shipTo.country"] },
    ],
    sorts: &["shipDate"],
    default_sort: Some("createDate"),
    rounds_down: false,
};

static FULFILLMENTS: List = List {
    name: "fulfillments",
    id: "fulfillmentId",
    filters: &[
        Filter { query: "fulfillmentId", test: Test::Number, members: &["fulfillmentId"] },
        Filter { query: "orderId", test: Test::Number, members: &["orderId"] },
        Filter { query: "createDateStart", test: Test::Until("createDateEnd"), members: &["createDate"] },
        Filter { query: "shipDateStart", test: Test::Until("shipDateEnd"), members: &["shipDate"] },
        Filter { query: "orderNumber", test: Test::Text, members: &["orderNumber"] },
        Filter { query: "trackingNumber", test: Test::Text, members: &["trackingNumber"] },
        Filter { query: "recipientName", test: Test::Text, members: &["shipTo.name"] },
    ],
    ..SHIPMENTS
};

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    if call.query_flag("includeShipmentItems") {
        return SHIPMENTS.answer(account, call, account.shipments.values());
    }
    let rows: Vec<Record> =
        account.shipments.values().map(|row| row.clone().with("shipmentItems", Field::Null)).collect();
    SHIPMENTS.answer(account, call, rows.iter())
}

pub(super) fn list_fulfillments(account: &Account, call: &Call) -> Outcome {
    let now = Some(account.now());
    let rows = account.fulfillments.values().filter(|row| row.time("visibleFrom") <= now);
    FULFILLMENTS.answer(account, call, rows)
}

/// A document that says it is one, in base64.
const LABEL: &str = "JVBERi0xLjQKJSBzYW1wbGUgbGFiZWwsIG5vdCBhIHJlYWwgZG9jdW1lbnQKJSVFT0YK";

/// What both purchases need.
struct Purchase {
    carrier: String,
    service: String,
    ship_date: String,
}

impl Purchase {
    fn of(account: &Account, call: &Call) -> Result<Self, Answer> {
        if let Some(flag) = call.member("testLabel").filter(|flag| !flag.is_boolean()) {
            let message = format!("The value '{flag}' is not valid for testlabel.");
            return Err(Answer::invalid("request.testlabel", &message));
        }
        let (carrier, service) = (call.required_text("carrierCode")?, call.required_text("serviceCode")?);
        if !account.carriers.iter().any(|own| own.text("code") == Some(&carrier)) {
            return Err(Answer::message(400, "Invalid carrierCode"));
        }
        if !services_of(&carrier).iter().any(|(code, _, _)| *code == service) {
            return Err(Answer::message(400, "Invalid serviceCode"));
        }
        let day = pacific::parse(&call.required_text("shipDate")?);
        let day = day.ok_or_else(|| Answer::invalid("request.shipDate", "The value is not valid."))?;
        Ok(Self { carrier, service, ship_date: day.date().to_string() })
    }
}

pub(super) fn label_for_order(account: &mut Account, call: &Call) -> Outcome {
    const ANSWERED: &str = "shipmentId shipmentCost insuranceCost trackingNumber labelData formData";
    let id = call.number("orderId")?;
    let purchase = Purchase::of(account, call)?;
    let shipment = account.buy_label(id, &purchase.carrier, &purchase.service);
    let label = shipment.and_then(|id| account.shipments.get_mut(&id)).ok_or_else(|| Answer::empty(404))?;
    label.set("shipDate", purchase.ship_date);
    Ok(Answer::json(&label.clone().with("labelData", LABEL).only(ANSWERED)).took_effect())
}

pub(super) fn label_alone(account: &mut Account, call: &Call) -> Outcome {
    let purchase = Purchase::of(account, call)?;
    call.require(&["weight", "shipFrom", "shipTo"])?;
    let label = account
        .blank_label(&purchase.carrier, &purchase.service, &purchase.ship_date)
        .with("packageCode", call.text("packageCode"))
        .with("confirmation", call.text("confirmation"));
    let id = account.keep_label(label);
    let label = account.shipments.get(&id).cloned().ok_or_else(|| Answer::empty(404))?;
    Ok(Answer::json(&label.with("labelData", LABEL).with("batchNumber", Field::Null)).took_effect())
}

pub(super) fn void(account: &mut Account, call: &Call) -> Outcome {
    let id = call.number("shipmentId")?;
    let answer = |approved: bool, message: &str| {
        Answer::object([("approved", approved.into()), ("message", message.into())])
    };
    match account.void_label(id) {
        Some(true) => Ok(answer(true, "Label voided successfully").took_effect()),
        Some(false) => Ok(answer(false, "This label has already been voided.")),
        None => Ok(answer(false, "The requested shipment could not be found.")),
    }
}

pub(super) fn rates(account: &Account, call: &Call) -> Outcome {
    call.require(&["carrierCode", "fromPostalCode", "toCountry", "toPostalCode", "weight"])?;
    let carrier = call.text("carrierCode").unwrap_or_default();
    if !account.carriers.iter().any(|own| own.text("code") == Some(&carrier)) {
        return Err(Answer::message(400, "Invalid carrierCode"));
    }
    let abroad = call.text("toCountry").is_some_and(|country| !country.eq_ignore_ascii_case("US"));
    let wanted = call.text("serviceCode");
    let services = services_of(&carrier).iter().filter(|(code, _, international)| {
        *international == abroad && wanted.as_deref().is_none_or(|wanted| wanted == *code)
    });
    // One row for each service and package, as on the live service.
    let rows = services.zip(1..).flat_map(|((code, name, _), step)| {
        ["Package", "Large Envelope"].into_iter().zip(0..).map(move |(package, small)| {
            Record::of([
                ("serviceName", format!("{name} - {package}").into()),
                ("serviceCode", (*code).into()),
                ("shipmentCost", Decimal::new(393 + 400 * step - 100 * small, 2).into()),
                ("otherCost", Decimal::new(0, 1).into()),
            ])
        })
    });
    Ok(Answer::json(&rows.collect::<Vec<_>>()))
}
