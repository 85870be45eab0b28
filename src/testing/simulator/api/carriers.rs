//! Carriers, their services and packages, and prepaid postage.

use rust_decimal::Decimal;
use serde_json::Value;

use super::super::{Account, SimCarrier, answer::Answer, money, request::Call};
use super::{Outcome, found};

/// Code, name, and whether it goes abroad.
type Service = (&'static str, &'static str, bool);

/// The services of the carriers that the simulator knows; of others, none.
pub(super) fn services_of(carrier: &str) -> &'static [Service] {
    match carrier {
        "stamps_com" => &[
            ("usps_first_class_mail", "USPS First Class Mail", false),
            ("usps_priority_mail", "USPS Priority Mail", false),
            ("usps_parcel_select", "USPS Parcel Select Ground", false),
            ("usps_priority_mail_international", "USPS Priority Mail Intl", true),
        ],
        "ups" => &[
            ("ups_ground", "UPS® Ground", false),
            ("ups_2nd_day_air", "UPS 2nd Day Air®", false),
            ("ups_worldwide_saver", "UPS Worldwide Saver®", true),
        ],
        "fedex" => &[
            ("fedex_ground", "FedEx Ground®", false),
            ("fedex_2day", "FedEx 2Day®", false),
            ("fedex_international_economy", "FedEx International Economy®", true),
        ],
        _ => &[],
    }
}

pub(super) fn list(account: &Account) -> Answer {
    Answer::json(&account.carriers)
}

pub(super) fn get(account: &Account, call: &Call) -> Outcome {
    Ok(Answer::json(wanted(account, call)?))
}

pub(super) fn services(account: &Account, call: &Call) -> Outcome {
    let carrier = wanted(account, call)?;
    let rows = services_of(&carrier.code).iter();
    Ok(Answer::json(
        &rows.map(|(code, name, abroad)| row(carrier, code, name, !abroad, *abroad)).collect::<Vec<_>>(),
    ))
}

pub(super) fn packages(account: &Account, call: &Call) -> Outcome {
    let carrier = wanted(account, call)?;
    Ok(Answer::json(&[
        row(carrier, "package", "Package", true, true),
        row(carrier, "large_package", "Large Package (any side > 12\")", true, true),
        row(carrier, "regional_rate_box_a", "Regional Rate Box A", true, false),
    ]))
}

/// A row of services or packages, which look alike.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    carrier_code: &'a str,
    code: &'a str,
    name: &'a str,
    domestic: bool,
    international: bool,
}

fn row<'a>(
    carrier: &'a SimCarrier,
    code: &'a str,
    name: &'a str,
    domestic: bool,
    international: bool,
) -> Row<'a> {
    Row { carrier_code: &carrier.code, code, name, domestic, international }
}

fn wanted<'a>(account: &'a Account, call: &Call) -> Result<&'a SimCarrier, Answer> {
    let code =
        call.query("carrierCode").ok_or_else(|| Answer::invalid("carrierCode", "A value is required."))?;
    found(account.carriers.iter().find(|carrier| carrier.code.eq_ignore_ascii_case(code)))
}

pub(super) fn add_funds(account: &mut Account, call: &Call) -> Outcome {
    let code = call.text("carrierCode").unwrap_or_default();
    let amount = match call.member("amount") {
        Some(Value::Number(number)) => money::parse(&number.to_string()),
        Some(Value::String(text)) => money::parse(text),
        _ => None,
    };
    let allowed = |amount: &Decimal| (Decimal::TEN..=Decimal::from(10_000)).contains(amount);
    let amount = amount
        .filter(allowed)
        .ok_or_else(|| Answer::message(400, "The amount must lie between 10.00 and 10000.00."))?;
    let carrier =
        found(account.carriers.iter_mut().find(|carrier| carrier.code.eq_ignore_ascii_case(&code)))?;
    carrier.balance = carrier.balance.saturating_add(amount);
    Ok(Answer::json(&Funds::of(carrier)).took_effect())
}

/// The documented answer to `addfunds`: a carrier with five members.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Funds<'a> {
    name: &'a str,
    code: &'a str,
    account_number: Option<&'a str>,
    requires_funded_account: bool,
    #[serde(serialize_with = "money::number")]
    balance: Decimal,
}

impl<'a> Funds<'a> {
    fn of(carrier: &'a SimCarrier) -> Self {
        Self {
            name: &carrier.name,
            code: &carrier.code,
            account_number: carrier.account_number.as_deref(),
            requires_funded_account: carrier.requires_funded_account,
            balance: carrier.balance,
        }
    }
}
