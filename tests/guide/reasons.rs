//! Reasons that people read: what the guide shows of each is what the type itself writes of a sample.

use std::{collections::BTreeSet, fmt::Display, time::Duration};

use serde::Serialize;
use shipstation_connector::{
    Timestamp,
    channel::{
        BlockReason, CloseReason, FailReason, HoldReason, LineQuantity, StuckKind, report::SkipReason,
    },
};

use crate::text::{rows, snake_case, variants};

const ERRORS: &str = "docs/guide/errors.md";

/// A reason: its name in JSON, what it writes, and its remedy where that is a text of its own.
struct Sample {
    name: String,
    shown: String,
    remedy: Option<String>,
}

fn sample(reason: &(impl Serialize + Display)) -> Sample {
    let json = serde_json::to_value(reason).unwrap();
    let name = json["reason"].as_str().unwrap().to_owned();
    Sample { name, shown: reason.to_string(), remedy: None }
}

/// Compares the table of a type with samples of all its variants.
fn compare(name: &str, path: &str, samples: &[Sample]) {
    let known: BTreeSet<String> = samples.iter().map(|sample| sample.name.clone()).collect();
    let all = variants(path, name).into_iter().map(|variant| snake_case(&variant));
    let all: BTreeSet<String> = all.filter(|variant| variant != "unrecognized").collect();
    assert_eq!(known, all, "{name} has another variant: give it a sample here and a row in {ERRORS}");
    let rows = rows(ERRORS, name);
    let line = |sample: &Sample| {
        let remedy = sample.remedy.as_ref().map(|remedy| format!(" {remedy} |")).unwrap_or_default();
        format!("| `{}` | {} |{remedy}", sample.name, sample.shown)
    };
    let wanted: Vec<String> = samples.iter().map(line).collect();
    let given: Vec<String> = rows
        .iter()
        .zip(samples)
        .map(|((name, cells), sample)| {
            let shown: Vec<&str> = cells.iter().map(String::as_str).collect();
            let compared = if sample.remedy.is_some() { 2 } else { 1 };
            format!("| `{name}` | {} |", shown[..compared.min(shown.len())].join(" | "))
        })
        .collect();
    assert_eq!(given, wanted, "the table of {name} in {ERRORS}; it is to have\n{}\n", wanted.join("\n"));
    assert_eq!(rows.len(), samples.len(), "{name}: a row without a variant");
}

#[test]
fn hold_reasons_in_the_guide_are_those_of_the_code() {
    let samples = [
        HoldReason::UnmappedShipping { text: "Standard".into() },
        HoldReason::NoShippingText,
        HoldReason::NotManagedLine { skus: vec!["MUG-1".into()] },
        HoldReason::SplitOfImported { parent: "93348442".into() },
        HoldReason::MergesImported { orders: vec!["93348442".into(), "93348443".into()] },
        HoldReason::ExternallyFulfilled,
        HoldReason::PossibleDuplicate { of: "93348442".into() },
        HoldReason::ByPolicy { reason: "above 500".into() },
    ];
    compare("HoldReason", "src/channel/hold.rs", &samples.each_ref().map(sample));
}

#[test]
fn block_reasons_in_the_guide_are_those_of_the_code() {
    let message = || "Invalid request".to_owned();
    let lines = |quantity| vec![LineQuantity { line: "61".into(), quantity }];
    let samples = [
        BlockReason::UnmappedCarrier { key: "Blue Van".into() },
        BlockReason::NoTracking,
        BlockReason::OrderNotShippable { status: "on_hold".into() },
        BlockReason::Refused { message: message() },
        BlockReason::RefusedCarrier { code: "ups".into(), message: message() },
        BlockReason::OutcomeUnknown { requests: 3, saw: "the order is awaiting shipment".into() },
        BlockReason::UnknownLines { shipped: lines(3), ordered: lines(2) },
        BlockReason::OrderMismatch { given: "1002".into(), order: "1001".into() },
        BlockReason::ExternallyFulfilled,
    ];
    compare("BlockReason", "src/channel/shipment/reason.rs", &samples.each_ref().map(sample));
}

#[test]
fn fail_reasons_in_the_guide_are_those_of_the_code() {
    let samples = [
        FailReason::AlreadyShipped { theirs: Some("1Z999".into()) },
        FailReason::OrderCancelled,
        FailReason::OrderGone,
        FailReason::MergedInto { order: "93348442".into() },
        FailReason::AmendmentNotSupported,
        FailReason::InvalidOrderId,
        FailReason::GaveUp { after: Duration::from_secs(168 * 3600), last_error: "no answer".into() },
    ];
    compare("FailReason", "src/channel/shipment/reason.rs", &samples.each_ref().map(sample));
}

#[test]
fn close_reasons_in_the_guide_are_those_of_the_code() {
    let samples = [
        CloseReason::OutcomeUnknown { requests: 2, saw: "the order is not held".into() },
        CloseReason::OrderChanged,
        CloseReason::NotPossible { status: "shipped".into() },
        CloseReason::OrderGone,
        CloseReason::HoldIsOver,
        CloseReason::TagUnknown { tag: "7".into() },
        CloseReason::Refused { message: "Invalid request".into() },
        CloseReason::GaveUp { after: Duration::from_secs(24 * 3600), last_error: "no answer".into() },
    ];
    compare("CloseReason", "src/channel/action/reason.rs", &samples.each_ref().map(sample));
}

#[test]
fn skip_reasons_and_remedies_in_the_guide_are_those_of_the_code() {
    let at: Timestamp = "2026-11-02T08:00:00Z".parse().unwrap();
    let samples = [
        SkipReason::AlreadyImported { at, host_order: Some("4711".into()) },
        SkipReason::WrongStore { store: Some("12".into()) },
        SkipReason::WrongStatus { status: "on_hold".into(), wanted: vec!["awaiting_shipment".into()] },
        SkipReason::TooOld { basis: "created".into(), age_days: 9, placed_days: Some(11), limit_days: 7 },
        SkipReason::BeforeFloor { floor: at },
        SkipReason::OutsideRange { basis: "created".into() },
        SkipReason::NoDate { basis: "paid".into() },
        SkipReason::MissingTag { has: vec![4], wants: vec![7] },
        SkipReason::ExcludedTag { tag: 9 },
        SkipReason::OwnOrder,
        SkipReason::ExternallyFulfilled,
        SkipReason::SplitOfImported { parent: "93348442".into() },
        SkipReason::MergesImported { orders: vec!["93348442".into()] },
        SkipReason::EmptyOrder,
        SkipReason::Dismissed { error: "no address".into() },
        SkipReason::UnmappedShipping { text: Some("Standard".into()) },
        SkipReason::ByPolicy { reason: "sold by another shop".into() },
    ];
    let samples = samples.each_ref().map(|reason| {
        let remedy = reason.remedy().unwrap_or_else(|| "nothing".to_owned());
        Sample { remedy: Some(remedy), ..sample(reason) }
    });
    compare("SkipReason", "src/channel/report/skip.rs", &samples);
}

#[test]
fn kinds_of_what_is_stuck_and_remedies_in_the_guide_are_those_of_the_code() {
    let rows = rows(ERRORS, "StuckKind");
    let source = crate::text::read("src/channel/stuck.rs");
    let table = source.split("    StuckKind {").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let names = table.split(" = \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    assert!(names.clone().count() > 8);
    for (name, (row, cells)) in names.clone().zip(&rows) {
        let kind: StuckKind = name.parse().unwrap();
        assert_eq!((row.as_str(), cells.last().unwrap().as_str()), (kind.name(), kind.remedy()));
    }
    assert_eq!(names.count(), rows.len());
}
