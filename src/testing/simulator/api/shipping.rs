//! Carriers and their services, shipments, buying and voiding labels, and what they would cost.

use rust_decimal::Decimal;

use super::super::{Account, ApiRequest, Field, Record, Reply, lists, pacific, record, record::amount};
use super::{Route, found};

pub(super) const ROUTES: &[Route] = &[
    ("POST", "orders/createlabelfororder", |account, call| {
        const ANSWERED: &str = "shipmentId shipmentCost insuranceCost trackingNumber labelData formData";
        let id = call.number("orderId")?;
        let (carrier, service, ship_date) = purchase(account, call)?;
        let shipment = found(account.buy_label(id, carrier, service))?;
        let label = found(account.shipments.get_mut(&shipment))?;
        label.set("shipDate", ship_date);
        Ok(Reply::json(&label.clone().with("labelData", LABEL).only(ANSWERED)).took_effect())
    }),
    ("GET", "fulfillments", |account, call| {
        let now = Some(account.now());
        let rows = account.fulfillments.values().filter(|row| row.time("visibleFrom") <= now);
        lists::FULFILLMENTS.reply(account, call, rows.collect())
    }),
    ("GET", "shipments", |account, call| {
        let mut rows: Vec<Record> = account.shipments.values().cloned().collect();
        if !call.query_flag("includeShipmentItems") {
            for row in &mut rows {
                row.clear("shipmentItems");
            }
        }
        lists::SHIPMENTS.reply(account, call, rows.iter().collect())
    }),
    ("POST", "shipments/createlabel", |account, call| {
        let (carrier, service, ship_date) = purchase(account, call)?;
        call.require(&["weight", "shipFrom", "shipTo"])?;
        let label = account
            .blank_label(carrier, service, &ship_date)
            .with("packageCode", call.text("packageCode"))
            .with("confirmation", call.text("confirmation"));
        let id = account.keep_label(label);
        let label = found(account.shipments.get(&id).cloned())?;
        Ok(Reply::json(&label.with("labelData", LABEL).with("batchNumber", Field::Null)).took_effect())
    }),
    ("POST", "shipments/getrates", |account, call| {
        call.require(&["carrierCode", "fromPostalCode", "toCountry", "toPostalCode", "weight"])?;
        let carrier = call.text("carrierCode").unwrap_or_default();
        check_carrier(account, carrier)?;
        let abroad = call.text("toCountry").is_some_and(|country| !country.eq_ignore_ascii_case("US"));
        let wanted = call.text("serviceCode");
        let services = SERVICES.iter().filter(|(own, code, _, international)| {
            *own == carrier && *international == abroad && wanted.is_none_or(|wanted| wanted == *code)
        });
        // One row for each service and package, as on the live service.
        let rows = services.zip(1..).flat_map(|((_, code, name, _), step)| {
            ["Package", "Large Envelope"].into_iter().zip(0..).map(move |(package, small)| {
                record!({
                    "serviceName": format!("{name} - {package}"), "serviceCode": *code,
                    "shipmentCost": Decimal::new(393 + 400 * step - 100 * small, 2), "otherCost": Decimal::new(0, 1),
                })
            })
        });
        Ok(Reply::json(&rows.collect::<Vec<_>>()))
    }),
    ("POST", "shipments/voidlabel", |account, call| {
        let (approved, message) = match account.void_label(call.number("shipmentId")?) {
            Some(true) => (true, "Label voided successfully"),
            Some(false) => (false, "This label has already been voided."),
            None => (false, "The requested shipment could not be found."),
        };
        let answer = Reply::json(&record!({ "approved": approved, "message": message }));
        Ok(Reply { effect: approved, ..answer })
    }),
    ("GET", "carriers", |account, _| Ok(Reply::json(&account.carriers))),
    ("GET", "carriers/getcarrier", |account, call| Ok(Reply::json(carrier(account, call)?))),
    ("GET", "carriers/listservices", |account, call| {
        let carrier = carrier(account, call)?.text("code").unwrap_or_default();
        let rows = SERVICES.iter().filter(|(own, ..)| *own == carrier);
        let rows = rows.map(|(_, code, name, abroad)| choice(carrier, code, name, !abroad, *abroad));
        Ok(Reply::json(&rows.collect::<Vec<_>>()))
    }),
    ("GET", "carriers/listpackages", |account, call| {
        let carrier = carrier(account, call)?.text("code").unwrap_or_default();
        Ok(Reply::json(&[
            choice(carrier, "package", "Package", true, true),
            choice(carrier, "large_package", "Large Package (any side > 12\")", true, true),
            choice(carrier, "regional_rate_box_a", "Regional Rate Box A", true, false),
        ]))
    }),
    // The documented answer is a carrier with five members.
    ("POST", "carriers/addfunds", |account, call| {
        const ANSWERED: &str = "name code accountNumber requiresFundedAccount balance";
        let code = call.text("carrierCode").unwrap_or_default();
        let added = call.member("amount").and_then(|value| amount(value.to_string().trim_matches('"')));
        let added = added
            .filter(|added| (Decimal::TEN..=Decimal::from(10_000)).contains(added))
            .ok_or_else(|| Reply::message(400, "The amount must lie between 10.00 and 10000.00."))?;
        let carrier = found(account.carriers.iter_mut().find(|carrier| carrier.is_text("code", code)))?;
        carrier.set("balance", carrier.amount("balance").unwrap_or_default().saturating_add(added));
        Ok(Reply::json(&carrier.only(ANSWERED)).took_effect())
    }),
];

/// Carrier, code, name, and whether it goes abroad. The simulator knows no services of other carriers.
const SERVICES: &[(&str, &str, &str, bool)] = &[
    ("stamps_com", "usps_first_class_mail", "USPS First Class Mail", false),
    ("stamps_com", "usps_priority_mail", "USPS Priority Mail", false),
    ("stamps_com", "usps_parcel_select", "USPS Parcel Select Ground", false),
    ("stamps_com", "usps_priority_mail_international", "USPS Priority Mail Intl", true),
    ("ups", "ups_ground", "UPS® Ground", false),
    ("ups", "ups_2nd_day_air", "UPS 2nd Day Air®", false),
    ("ups", "ups_worldwide_saver", "UPS Worldwide Saver®", true),
    ("fedex", "fedex_ground", "FedEx Ground®", false),
    ("fedex", "fedex_2day", "FedEx 2Day®", false),
    ("fedex", "fedex_international_economy", "FedEx International Economy®", true),
];

pub(super) fn carrier<'a>(account: &'a Account, call: &ApiRequest) -> Result<&'a Record, Reply> {
    let code = call.required_query("carrierCode")?;
    found(account.carriers.iter().find(|carrier| carrier.is_text("code", code)))
}

/// A row of services or packages, which look alike.
fn choice(carrier: &str, code: &str, name: &str, domestic: bool, international: bool) -> Record {
    record!({
        "carrierCode": carrier, "code": code, "name": name, "domestic": domestic, "international": international,
    })
}

/// A document that says it is one, in base64.
const LABEL: &str = "JVBERi0xLjQKJSBzYW1wbGUgbGFiZWwsIG5vdCBhIHJlYWwgZG9jdW1lbnQKJSVFT0YK";

/// Carrier, service and ship date, which both purchases need.
fn purchase<'c>(account: &Account, call: &'c ApiRequest) -> Result<(&'c str, &'c str, String), Reply> {
    if let Some(flag) = call.member("testLabel").filter(|flag| !flag.is_boolean()) {
        let message = format!("The value '{flag}' is not valid for testlabel.");
        return Err(Reply::invalid("request.testlabel", &message));
    }
    let (carrier, service) = (call.required_text("carrierCode")?, call.required_text("serviceCode")?);
    check_carrier(account, carrier)?;
    if !SERVICES.iter().any(|(own, code, ..)| (*own, *code) == (carrier, service)) {
        return Err(Reply::message(400, "Invalid serviceCode"));
    }
    let day = pacific::parse(call.required_text("shipDate")?);
    let day = day.ok_or_else(|| Reply::invalid("request.shipDate", "The value is not valid."))?;
    Ok((carrier, service, day.date().to_string()))
}

fn check_carrier(account: &Account, code: &str) -> Result<(), Reply> {
    let is_known = account.carriers.iter().any(|own| own.text("code") == Some(code));
    is_known.then_some(()).ok_or_else(|| Reply::message(400, "Invalid carrierCode"))
}
