//! Carriers, their services and packages, and prepaid postage.

use rust_decimal::Decimal;

use super::super::{
    Account,
    answer::Answer,
    record::{Record, amount},
    request::Call,
};
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

pub(super) fn get(account: &Account, call: &Call) -> Outcome {
    Ok(Answer::json(wanted(account, call)?))
}

pub(super) fn services(account: &Account, call: &Call) -> Outcome {
    let carrier = wanted(account, call)?.text("code").unwrap_or_default();
    let rows = services_of(carrier).iter();
    let rows = rows.map(|(code, name, abroad)| row(carrier, code, name, !abroad, *abroad));
    Ok(Answer::json(&rows.collect::<Vec<_>>()))
}

pub(super) fn packages(account: &Account, call: &Call) -> Outcome {
    let carrier = wanted(account, call)?.text("code").unwrap_or_default();
    Ok(Answer::json(&[
        row(carrier, "package", "Package", true, true),
        row(carrier, "large_package", "Large Package (any side > 12\")", true, true),
        row(carrier, "regional_rate_box_a", "Regional Rate Box A", true, false),
    ]))
}

/// A row of services or packages, which look alike.
fn row(carrier: &str, code: &str, name: &str, domestic: bool, international: bool) -> Record {
    Record::of([
        ("carrierCode", carrier.into()),
        ("code", code.into()),
        ("name", name.into()),
        ("domestic", domestic.into()),
        ("international", international.into()),
    ])
}

fn wanted<'a>(account: &'a Account, call: &Call) -> Result<&'a Record, Answer> {
    let code =
        call.query("carrierCode").ok_or_else(|| Answer::invalid("carrierCode", "A value is required."))?;
    found(account.carriers.iter().find(|carrier| carrier.is_text("code", code)))
}

/// The documented answer is a carrier with five members.
pub(super) fn add_funds(account: &mut Account, call: &Call) -> Outcome {
    const ANSWERED: &str = "name code accountNumber requiresFundedAccount balance";
    let code = call.text("carrierCode").unwrap_or_default();
    let added = call.member("amount").and_then(|value| amount(value.to_string().trim_matches('"')));
    let added = added
        .filter(|added| (Decimal::TEN..=Decimal::from(10_000)).contains(added))
        .ok_or_else(|| Answer::message(400, "The amount must lie between 10.00 and 10000.00."))?;
    let carrier = found(account.carriers.iter_mut().find(|carrier| carrier.is_text("code", &code)))?;
    carrier.set("balance", carrier.amount("balance").unwrap_or_default().saturating_add(added));
    Ok(Answer::json(&carrier.only(ANSWERED)).took_effect())
}
