//! What a check finds in the settings that name something in the account.

use shipstation_connector::{
    Settings, ShipStationChannel,
    channel::{
        ChannelConnector, CheckConnection, CheckReport, GetOrders, Refusal, Severity,
        store::{MappingStoreExt, Stores},
    },
    client::{OrderStatus, StoreId, TagId, UserId},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::order;
use crate::support::World;

async fn check(world: &World, change: impl FnOnce(&mut Settings)) -> CheckReport {
    world.channel(change).check(CheckConnection::new()).await.unwrap()
}

/// The one finding of this code: severity, subject, what was observed, remedy.
fn finding(report: &CheckReport, code: &str) -> (Severity, String, String, String) {
    let found = report.finding(code).unwrap_or_else(|| panic!("no {code} in {report}"));
    (found.severity.clone(), found.subject.clone(), found.observed.clone(), found.remedy.clone())
}

#[tokio::test]
async fn faults_refused_credentials_are_the_first_finding() {
    let world = World::new().await;
    world.sim.fault(Fault::any().always().with(FaultKind::Status { code: 401, body: String::new() }));
    let report = check(&world, |_| {}).await;
    assert!(!report.is_ok());
    assert_eq!(report.findings[0].code, "credentials", "{report}");
    assert_eq!(report.requests, 1, "a refused key is not tried again");
}

#[tokio::test]
async fn faults_a_key_without_some_right_keeps_what_was_found_before() {
    let world = World::new().await;
    world.sim.fault(
        Fault::on(Method::GET, "/carriers")
            .always()
            .with(FaultKind::Status { code: 403, body: String::new() }),
    );
    let report = check(&world, |settings| settings.orders.stores = [StoreId::new(7)].into()).await;
    assert_eq!(report.findings[0].code, "credentials", "{report}");
    assert!(report.finding("store_unknown").is_some(), "{report}");
}

#[tokio::test]
async fn faults_an_outage_is_an_error_and_no_finding() {
    let world = World::new().await;
    world.sim.fault(Fault::any().always().with(FaultKind::Html { status: 502 }));
    let error = world.channel(|_| {}).check(CheckConnection::new()).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::Unavailable { .. }), "{error}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn faults_stores_that_are_unknown_or_inactive() {
    let world = World::new().await;
    let asleep = world.sim.account(|account| account.add_store("Old shop", "Etsy"));
    world.sim.account(|account| account.deactivate_store(asleep));
    let report = check(&world, |settings| {
        settings.orders.stores = [StoreId::new(7), StoreId::new(asleep)].into();
        settings.orders.exclude_stores = [StoreId::new(8)].into();
    })
    .await;
    let (severity, subject, observed, remedy) = finding(&report, "store_unknown");
    assert_eq!((severity, subject.as_str()), (Severity::Error, "orders.stores"));
    assert!(observed.contains("no store 7") && remedy.contains("Manual Orders"), "{report}");
    assert_eq!(finding(&report, "store_inactive").0, Severity::Warning);
    assert!(report.to_string().contains("orders.exclude_stores: there is no store 8"), "{report}");
}

#[tokio::test]
async fn faults_an_unknown_tag_is_named_with_the_nearest_ones() {
    let world = World::new().await;
    let tags: Vec<i64> =
        (0..30).map(|n| world.sim.account(|account| account.add_tag(format!("Tag {n}")))).collect();
    let near = tags[5] * 10 + 1;
    let report = check(&world, |settings| settings.orders.tag = Some(TagId::new(near))).await;
    let (severity, subject, observed, remedy) = finding(&report, "tag_unknown");
    assert_eq!((severity, subject.as_str()), (Severity::Error, "orders.tag"));
    assert!(observed.contains(&near.to_string()));
    assert!(remedy.starts_with(&format!("use the number of one of: {} Tag 5", tags[5])), "{remedy}");
    assert!(remedy.ends_with("and 22 more"), "{remedy}");
}

#[tokio::test]
async fn faults_a_tags_name_where_its_number_is_wanted() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("2024"));
    let report = check(&world, |settings| settings.orders.exclude_tags = vec![TagId::new(2024)]).await;
    let (_, subject, observed, remedy) = finding(&report, "tag_name_for_id");
    assert_eq!(subject, "orders.exclude_tags");
    assert_eq!(observed, format!("\"2024\" is the name of a tag; its number is {tag}"));
    assert_eq!(remedy, format!("set {tag}"));
}

#[tokio::test]
async fn faults_users_that_are_unknown_or_inactive() {
    let world = World::new().await;
    let (works, left) =
        world.sim.account(|account| (account.add_user("Night Shift"), account.add_user("Day Shift")));
    world.sim.account(|account| account.deactivate_user(&left));
    let set = |user: &str| {
        let user = UserId::new(user);
        move |settings: &mut Settings| settings.orders.assign_user = Some(user)
    };
    let report = check(&world, set("00000000-0000-4000-8000-000000000000")).await;
    let (severity, _, observed, remedy) = finding(&report, "user_unknown");
    assert_eq!(severity, Severity::Error);
    assert!(
        observed.contains("does not exist") && remedy.contains(&works) && !remedy.contains(&left),
        "{report}"
    );
    let report = check(&world, set(&left)).await;
    assert!(finding(&report, "user_inactive").2.ends_with("is inactive"), "{report}");
    let report = check(&world, set(&works.to_uppercase())).await;
    assert!(report.is_ok(), "capitals do not count: {report}");
}

#[tokio::test]
async fn faults_a_users_name_where_the_guid_is_wanted() {
    let world = World::new().await;
    let (works, left) =
        world.sim.account(|account| (account.add_user("Night Shift"), account.add_user("Day Shift")));
    world.sim.account(|account| account.deactivate_user(&left));
    for (written, code, wanted) in [
        ("night shift", "user_name_for_id", format!("set {works}")),
        ("Night.Shift@example.com", "user_name_for_id", format!("set {works}")),
        ("Day Shift", "user_inactive", format!("one of: {works} Night Shift")),
        ("jane", "user_not_guid", format!("one of: {works} Night Shift")),
    ] {
        let settings = |settings: &mut Settings| settings.orders.assign_user = Some(UserId::new(written));
        let report = check(&world, settings).await;
        let (severity, subject, observed, remedy) = finding(&report, code);
        assert_eq!((severity, subject.as_str()), (Severity::Error, "orders.assign_user"));
        assert!(observed.contains(written) && remedy.ends_with(&wanted), "{report}");
        world.add(world.order(written));
        let error = world.channel(settings).get_orders(GetOrders::new()).await.unwrap_err();
        assert!(error.to_string().ends_with(&wanted), "{error}");
    }
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert!(world.store.orders(&world.connection).is_empty(), "nothing is imported under a wrong user");
}

#[tokio::test]
async fn faults_two_users_of_one_name_are_both_named() {
    let world = World::new().await;
    let (one, other) = world.sim.account(|account| (account.add_user("Pat"), account.add_user("Pat")));
    let report = check(&world, |settings| settings.orders.assign_user = Some(UserId::new("Pat"))).await;
    assert_eq!(finding(&report, "user_name_for_id").3, format!("set {one} or {other}"));
}

#[tokio::test]
async fn faults_an_account_that_has_nothing_to_choose_from_says_so() {
    let world = World::new().await;
    for path in ["/stores", "/carriers", "/users", "/accounts/listtags"] {
        world.sim.fault(
            Fault::on(Method::GET, path)
                .always()
                .with(FaultKind::Status { code: 200, body: "[]".to_owned() }),
        );
    }
    world.store.replace_carrier_rules(&world.connection, 1, Vec::new()).await.unwrap();
    let report = check(&world, |settings| {
        settings.orders.stores = [StoreId::new(7)].into();
        settings.orders.acknowledgement_tag = Some(TagId::new(9));
        settings.orders.assign_user = Some(UserId::new("00000000-0000-4000-8000-000000000000"));
        settings.shipments.unmapped_carrier = Some("post".to_owned());
    })
    .await;
    assert!(!report.to_string().contains("one of"), "{report}");
    let remedy = |code| finding(&report, code).3;
    assert_eq!(remedy("store_unknown"), "the account has no stores: connect one in ShipStation");
    assert_eq!(finding(&report, "tag_unknown").1, "orders.acknowledgement_tag");
    assert_eq!(
        remedy("tag_unknown"),
        "the account has no tags: make one in ShipStation, or clear the setting"
    );
    let add = "the account has no active users: add one in ShipStation, or clear the setting";
    assert_eq!(remedy("user_unknown"), add);
    let free = "ShipStation accepts free codes such as \"other\"; the account has no carriers: connect one in ShipStation";
    assert_eq!(remedy("carrier_not_connected"), free);
}

type Change = fn(&mut Settings);

#[tokio::test]
async fn faults_an_acknowledgement_tag_that_filters_or_a_misspelled_status_is_refused_at_once() {
    let world = World::new().await;
    let cases: [(Change, &str); 3] = [
        (
            |settings| settings.orders.statuses = vec!["awaiting_shipmnet".into()],
            "orders.statuses: is \"awaiting_shipmnet\" -> did you mean awaiting_shipment",
        ),
        (
            |settings| {
                settings.orders.tag = Some(TagId::new(5));
                settings.orders.acknowledgement_tag = Some(TagId::new(5));
            },
            "orders.acknowledgement_tag: is 5",
        ),
        (
            |settings| {
                settings.orders.exclude_tags = vec![TagId::new(6)];
                settings.orders.acknowledgement_tag = Some(TagId::new(6));
            },
            "orders.acknowledgement_tag: is 6",
        ),
    ];
    for (change, wanted) in cases {
        let mut settings = Settings::default();
        change(&mut settings);
        let stores = Stores::all_in(world.store.clone());
        let error = ShipStationChannel::builder(world.client(), "shop", stores)
            .settings(settings)
            .build()
            .unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn faults_statuses_that_are_over_or_cannot_ship_are_warned_of() {
    let world = World::new().await;
    let report = check(&world, |settings| {
        settings.orders.statuses = vec![
            OrderStatus::AwaitingShipment,
            OrderStatus::AwaitingPayment,
            OrderStatus::Shipped,
            OrderStatus::Cancelled,
            OrderStatus::OnHold,
            OrderStatus::Unknown("parked".to_owned()),
        ];
    })
    .await;
    for code in ["status_is_over", "status_cannot_ship", "status_unknown"] {
        assert_eq!(finding(&report, code).0, Severity::Warning);
    }
    let (_, _, observed, remedy) = finding(&report, "status_unknown");
    assert!(observed.starts_with("\"parked\"") && remedy.contains("awaiting_shipment"), "{report}");
    for word in ["awaiting_payment", "shipped", "cancelled", "on_hold"] {
        assert!(report.to_string().contains(&format!("orders.statuses: {word} is imported")), "{report}");
    }
    assert!(report.is_ok());
}

#[tokio::test]
async fn faults_a_store_that_the_host_itself_feeds_is_found() {
    let world = World::new().await;
    let (own, mixed) = world.sim.account(|account| {
        (account.add_store("Fed by the host", "Custom"), account.add_store("Web shop", "Shopify"))
    });
    for n in 0..3 {
        world.add(world.order(&format!("O-{n}")).store(own).order_key(format!("oms-{n}")));
    }
    world.add(world.order("M-1").store(mixed).order_key("oms-9"));
    world.add(world.order("M-2").store(mixed));
    let prefix = |settings: &mut Settings| settings.orders.own_key_prefix = Some("oms-".to_owned());
    let report = check(&world, prefix).await;
    let found: Vec<_> =
        report.findings.iter().filter(|finding| finding.code == "store_fed_by_host").collect();
    assert_eq!(found.len(), 2, "{report}");
    assert!(found[0].observed.starts_with(&format!("3 of the 3 newest orders of store {own}")), "{report}");
    assert!(found[0].remedy.contains("orders.exclude_stores"));
    assert_eq!((&found[0].severity, &found[1].severity), (&Severity::Warning, &Severity::Info));
    let report = check(&world, |settings| {
        prefix(settings);
        settings.orders.exclude_stores = [StoreId::new(own)].into();
    })
    .await;
    assert!(!report.to_string().contains(&format!("orders of store {own}")), "{report}");
    let stores = Stores::all_in(world.store.clone());
    let asked = ShipStationChannel::builder(world.client(), "shop", stores)
        .own_orders(|order| order.number.starts_with("O-"))
        .build()
        .unwrap();
    assert!(asked.check(CheckConnection::new()).await.unwrap().finding("store_fed_by_host").is_some());
}

#[tokio::test]
async fn requests_findings_stand_in_the_order_of_the_look() {
    let world = World::new().await;
    order(&world, "A-1", "Freight");
    let report = check(&world, |settings| {
        settings.orders.stores = [StoreId::new(7)].into();
        settings.orders.tag = Some(TagId::new(9));
        settings.orders.assign_user = Some(UserId::new("00000000-0000-4000-8000-000000000000"));
        settings.orders.statuses = vec![OrderStatus::OnHold];
        settings.shipments.unmapped_carrier = Some("post".to_owned());
    })
    .await;
    let codes: Vec<&str> = report.findings.iter().map(|finding| &*finding.code).collect();
    let wanted =
        ["store_unknown", "tag_unknown", "user_unknown", "carrier_not_connected", "status_cannot_ship"];
    assert_eq!(codes, wanted, "{report}");
    assert_eq!(report.requests, 6, "stores, tags, users twice, carriers, orders");
    assert_eq!(world.sim.journal().len(), 6);
}
