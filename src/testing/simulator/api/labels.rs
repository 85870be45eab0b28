//! Buying and voiding labels, and asking what they would cost.

use serde::Serialize;
use serde_json::json;

use super::super::{Account, SimShipment, answer::Answer, pacific, page::as_json, request::Call};
use super::{Outcome, carriers::services_of};

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
        let required = |name: &str| {
            let missing =
                || Answer::invalid(&format!("request.{name}"), &format!("The {name} field is required."));
            call.text(name).ok_or_else(missing)
        };
        if let Some(flag) = call.member("testLabel").filter(|flag| !flag.is_boolean()) {
            let message = format!("The value '{flag}' is not valid for testlabel.");
            return Err(Answer::invalid("request.testlabel", &message));
        }
        let (carrier, service) = (required("carrierCode")?, required("serviceCode")?);
        if !account.carriers.iter().any(|own| own.code == carrier) {
            return Err(Answer::message(400, "Invalid carrierCode"));
        }
        if !services_of(&carrier).iter().any(|(code, _, _)| *code == service) {
            return Err(Answer::message(400, "Invalid serviceCode"));
        }
        let day = pacific::parse(&required("shipDate")?);
        let day = day.ok_or_else(|| Answer::invalid("request.shipDate", "The value is not valid."))?;
        Ok(Self { carrier, service, ship_date: day.date().to_string() })
    }
}

pub(super) fn for_order(account: &mut Account, call: &Call) -> Outcome {
    let id = call.number("orderId")?;
    let purchase = Purchase::of(account, call)?;
    let shipment = account.buy_label(id, &purchase.carrier, &purchase.service);
    let label = shipment.and_then(|id| account.shipments.get_mut(&id)).ok_or_else(|| Answer::empty(404))?;
    label.ship_date = purchase.ship_date;
    Ok(Answer::json(&ShortLabel::of(label)).took_effect())
}

/// The documented answer to `createlabelfororder`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShortLabel<'a> {
    shipment_id: i64,
    #[serde(serialize_with = "super::super::money::number")]
    shipment_cost: rust_decimal::Decimal,
    #[serde(serialize_with = "super::super::money::number")]
    insurance_cost: rust_decimal::Decimal,
    tracking_number: Option<&'a str>,
    label_data: &'a str,
    form_data: Option<&'a str>,
}

impl<'a> ShortLabel<'a> {
    fn of(label: &'a SimShipment) -> Self {
        Self {
            shipment_id: label.shipment_id,
            shipment_cost: label.shipment_cost,
            insurance_cost: label.insurance_cost,
            tracking_number: label.tracking_number.as_deref(),
            label_data: LABEL,
            form_data: None,
        }
    }
}

pub(super) fn stand_alone(account: &mut Account, call: &Call) -> Outcome {
    let purchase = Purchase::of(account, call)?;
    for member in ["weight", "shipFrom", "shipTo"] {
        if call.member(member).is_none() {
            let message = format!("The {member} field is required.");
            return Err(Answer::invalid(&format!("request.{member}"), &message));
        }
    }
    let mut label = account.blank_label(&purchase.carrier, &purchase.service, purchase.ship_date);
    label.package_code = call.text("packageCode");
    label.confirmation = call.text("confirmation");
    let id = account.keep_label(label);
    let label = account.shipments.get(&id).cloned().ok_or_else(|| Answer::empty(404))?;
    let answer = SimShipment { label_data: Some(LABEL.to_owned()), batch_number: None, ..label };
    Ok(Answer::text(as_json(&answer)).took_effect())
}

pub(super) fn void(account: &mut Account, call: &Call) -> Outcome {
    let id = call.number("shipmentId")?;
    let answer = |approved: bool, message: &str| {
        Answer::object(&[("approved", json!(approved)), ("message", json!(message))])
    };
    match account.void_label(id) {
        Some(true) => Ok(answer(true, "Label voided successfully").took_effect()),
        Some(false) => Ok(answer(false, "This label has already been voided.")),
        None => Ok(answer(false, "The requested shipment could not be found.")),
    }
}

pub(super) fn rates(account: &Account, call: &Call) -> Outcome {
    for member in ["carrierCode", "fromPostalCode", "toCountry", "toPostalCode", "weight"] {
        if call.member(member).is_none() {
            let message = format!("The {member} field is required.");
            return Err(Answer::invalid(&format!("request.{member}"), &message));
        }
    }
    let carrier = call.text("carrierCode").unwrap_or_default();
    if !account.carriers.iter().any(|own| own.code == carrier) {
        return Err(Answer::message(400, "Invalid carrierCode"));
    }
    let abroad = call.text("toCountry").is_some_and(|country| !country.eq_ignore_ascii_case("US"));
    let wanted = call.text("serviceCode");
    let services = services_of(&carrier).iter().filter(|(code, _, international)| {
        *international == abroad && wanted.as_deref().is_none_or(|wanted| wanted == *code)
    });
    // One row for each service and package, as on the live service.
    let rows = services.zip(1..).flat_map(|((code, name, _), step)| {
        ["Package", "Large Envelope"].into_iter().zip(0..).map(move |(package, small)| Rate {
            service_name: format!("{name} - {package}"),
            service_code: code,
            shipment_cost: rust_decimal::Decimal::new(393 + 400 * step - 100 * small, 2),
            other_cost: rust_decimal::Decimal::new(0, 1),
        })
    });
    Ok(Answer::json(&rows.collect::<Vec<_>>()))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    service_name: String,
    service_code: &'static str,
    #[serde(serialize_with = "super::super::money::number")]
    shipment_cost: rust_decimal::Decimal,
    #[serde(serialize_with = "super::super::money::number")]
    other_cost: rust_decimal::Decimal,
}
