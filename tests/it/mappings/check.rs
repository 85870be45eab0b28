//! What a check finds in the mapping tables and in what the answers show. It changes nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, CheckConnection, CheckReport, Severity,
        shipping::{CarrierRule, ShippingRule},
        store::{MappingStoreExt, Stores},
    },
    client::{Lane, Permit, RateHeaders, RateLimiter},
    testing::simulator::{Quirks, RateLimit, Simulator, SimulatorConfig},
};

use super::{import, order};
use crate::support::World;

async fn check(world: &World) -> CheckReport {
    let report = world.channel(|_| {}).check(CheckConnection::new()).await.unwrap();
    assert_eq!(world.sim.journal().writes().count(), 0, "a check changes nothing");
    report
}

fn observed<'r>(report: &'r CheckReport, code: &str) -> &'r str {
    let finding = report.finding(code).unwrap_or_else(|| panic!("no {code} in {report}"));
    finding.observed.as_str()
}

fn remedy<'r>(report: &'r CheckReport, code: &str) -> &'r str {
    &report.finding(code).unwrap_or_else(|| panic!("no {code} in {report}")).remedy
}

#[tokio::test]
async fn requests_a_sound_configuration_has_no_findings() {
    let world = World::new().await;
    order(&world, "A-1", "Standard");
    let report = check(&world).await;
    assert!(report.findings.is_empty(), "{report}");
    assert!(report.is_ok());
    assert_eq!(report.requests, 3, "stores, carriers, the newest orders");
    assert_eq!(world.sim.journal().len(), 3);
    assert_eq!(check(&world).await.findings, report.findings, "the same findings every time");
}

#[tokio::test]
async fn faults_no_mapping_at_all_is_found_with_the_texts_that_come() {
    let world = World::new().await;
    world.rules(Vec::new()).await;
    order(&world, "A-1", "Standard");
    let report = check(&world).await;
    assert!(observed(&report, "no_shipping_mapping").contains("no shipping mapping at all"));
    assert!(observed(&report, "text_unmapped").starts_with("\"Standard\" of store"), "{report}");
    assert!(report.is_ok(), "orders are held, nothing is lost");
}

#[tokio::test]
async fn faults_unmapped_texts_are_found_before_and_after_an_import() {
    let world = World::new().await;
    order(&world, "A-1", "Standard\u{a0}");
    order(&world, "A-2", "Standard\u{a0}");
    let report = check(&world).await;
    let text = observed(&report, "text_unmapped");
    assert!(text.contains("Standard<U+00A0>") && text.contains("2 of the newest orders"), "{report}");
    assert!(remedy(&report, "text_unmapped").contains("did you mean \"Standard\""), "{report}");
    let _ = import(&world.channel(|_| {})).await;
    world.sim.clear_journal();
    let report = check(&world).await;
    assert!(observed(&report, "text_unmapped").contains("2 orders, 2 held"), "{report}");
    assert_eq!(report.findings.iter().filter(|finding| finding.code == "text_unmapped").count(), 1);
}

#[tokio::test]
async fn faults_shadowed_and_unused_rules_are_found() {
    let world = World::new().await;
    order(&world, "A-1", "Standard");
    let rules = [
        ShippingRule::exact("Standard", "ground"),
        ShippingRule::glob("UPS *Ground*", "ground").store("12"),
        ShippingRule::prefix("UPS", "ups"),
        ShippingRule::exact("Standrad", "ground"),
    ];
    world.rules(rules.into()).await;
    let report = check(&world).await;
    let shadowed = observed(&report, "rule_shadowed");
    assert!(shadowed.contains("rule 1 [glob") && shadowed.contains("rule 2 [prefix"), "{report}");
    assert!(
        observed(&report, "rule_unused").starts_with("3 rules fit none of the 1 newest order"),
        "{report}"
    );
    assert!(remedy(&report, "rule_unused").contains("Standrad"), "{report}");
    assert_eq!(report.finding("rule_unused").unwrap().severity, Severity::Info);
}

#[tokio::test]
async fn faults_contradictions_in_a_table_are_errors() {
    let world = World::new().await;
    world.rules(vec![ShippingRule::exact("A", "a"), ShippingRule::exact("A", "b")]).await;
    let twice = vec![CarrierRule::new("UPS", "ups"), CarrierRule::new("UPS", "fedex")];
    world.store.replace_carrier_rules(&world.connection, 1, twice).await.unwrap();
    let report = check(&world).await;
    assert!(!report.is_ok());
    assert!(observed(&report, "shipping_rules").contains("rules 0 and 1"), "{report}");
    assert!(observed(&report, "carrier_rules").contains("both for \"UPS\""), "{report}");
}

#[tokio::test]
async fn faults_carrier_codes_are_held_against_the_account() {
    let world = World::new().await;
    let rules = vec![CarrierRule::new("Federal Express", "fdx"), CarrierRule::new("Pigeon", "other")];
    world.store.replace_carrier_rules(&world.connection, 1, rules).await.unwrap();
    let report = world
        .channel(|settings| settings.shipments.unmapped_carrier = Some("post".to_owned()))
        .check(CheckConnection::new())
        .await
        .unwrap();
    let found: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.code == "carrier_not_connected")
        .map(|finding| format!("{}: {} -> {}", finding.subject, finding.observed, finding.remedy))
        .collect();
    assert_eq!(found.len(), 3, "{report}");
    assert!(
        found[0].contains("\"Federal Express\" -> fdx") && found[0].contains("did you mean fedex (FedEx)"),
        "{found:?}"
    );
    assert!(found[1].contains("free codes") && found[1].contains("ups (UPS)"), "{found:?}");
    assert!(found[2].starts_with("shipments.unmapped_carrier: is \"post\""), "{found:?}");
}

#[tokio::test]
async fn faults_no_carrier_rule_names_the_accounts_carriers() {
    let world = World::new().await;
    world.store.replace_carrier_rules(&world.connection, 1, Vec::new()).await.unwrap();
    let report = check(&world).await;
    assert!(
        remedy(&report, "no_carrier_rule").contains("stamps_com (Stamps.com), ups (UPS), fedex (FedEx)"),
        "{report}"
    );
}

#[tokio::test]
async fn clock_a_local_clock_that_is_off_is_found() {
    for (skew, word) in [(90, "90 s behind"), (-600, "600 s ahead of")] {
        let quirks = Quirks::default().clock_skew(skew);
        let world =
            World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
        let report = check(&world).await;
        assert!(observed(&report, "clock_skew").contains(word), "{report}");
    }
    let quirks = Quirks::default().clock_skew(45);
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
    assert!(check(&world).await.finding("clock_skew").is_none());
}

/// Somebody else with the same key, who is busy whenever this client asks.
#[derive(Debug)]
struct Neighbour {
    sim: Simulator,
    each_time: u32,
    asked: AtomicU32,
}

#[async_trait]
impl RateLimiter for Neighbour {
    async fn acquire(&self, _: Lane) -> Permit {
        if self.asked.fetch_add(1, Ordering::Relaxed) > 0 {
            self.sim.spend_budget(self.each_time);
        }
        Permit::new()
    }

    fn observe(&self, _: &RateHeaders) {}
}

#[tokio::test]
async fn faults_a_budget_that_others_spend_is_found() {
    for (each_time, shared) in [(0, false), (4, true)] {
        let world = World::with(SimulatorConfig::default()).await;
        let neighbour = Neighbour { sim: world.sim.clone(), each_time, asked: AtomicU32::new(0) };
        let client = world.sim.client().rate_limiter(Arc::new(neighbour)).build().unwrap();
        let stores = Stores::all_in(world.store.clone());
        let channel = ShipStationChannel::builder(client, "shop", stores)
            .settings(Settings::default())
            .build()
            .unwrap();
        let report = channel.check(CheckConnection::new()).await.unwrap();
        assert_eq!(report.finding("budget_shared").is_some(), shared, "{report}");
        if shared {
            assert!(observed(&report, "budget_shared").starts_with("8 more requests"), "{report}");
        }
    }
}

#[tokio::test]
async fn requests_lagging_and_absurd_rate_headers_are_no_evidence() {
    for quirks in [Quirks::default().remaining_lags(true), Quirks::default().absurd_rate_headers(true)] {
        let world = World::with(SimulatorConfig::default().quirks(quirks)).await;
        assert!(check(&world).await.finding("budget_shared").is_none());
    }
}
