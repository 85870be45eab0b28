//! A simulator that outlives its process.

use std::time::Duration;

use shipstation_connector::testing::simulator::{
    Fault, FaultKind, Method, Quirks, RateLimit, SimLine, SimOrder, SimProduct, Simulator, SimulatorConfig,
};

fn filled() -> Simulator {
    let quirks = Quirks::default().pages_zero(true);
    let sim = Simulator::in_process(SimulatorConfig::default().quirks(quirks));
    sim.account(|account| {
        let store = account.add_store("Shop", "Etsy");
        account.add_product(SimProduct::new("MUG").price("18.50"));
        account.add_tag("Rush");
        account.add_user("Ops Desk");
        account.add_webhook("SHIP_NOTIFY", "https://hooks.example.com/one", Some(store), None);
        for number in ["1001", "1002", "1003", "1004"] {
            let order = SimOrder::new(number).store(store).line(SimLine::new("MUG", 2, "18.50"));
            account.add_order(order);
        }
        let ids: Vec<_> = account.orders.keys().copied().collect();
        account.ship_by_hand(ids[0], "1Z0000000000000017", "ups");
        account.buy_label(ids[1], "fedex", "fedex_ground");
        account.hold_until(ids[2], "2026-03-04");
        account.poison(ids[3]);
        account.overwrite(ids[3], "customerNotes", b"\"caf\xe9\"");
    });
    sim.add_key("second-key", "second-secret");
    sim.expire_key("second-key", "2026-03-03T00:00:00Z".parse().unwrap());
    sim.set_rate_limit(RateLimit::PerMinute(60));
    sim.fault(Fault::on(Method::POST, "/orders/markasshipped").after(1).with(FaultKind::DropAfterEffect));
    let other = sim.add_account("other-key", "other-secret");
    other.account(|account| account.add_order(SimOrder::new("9001")));
    sim.clock().advance(Duration::from_millis(90_123));
    sim
}

#[test]
fn everything_is_there_again() {
    let sim = filled();
    let text = sim.saved();
    let again = Simulator::restored(SimulatorConfig::default(), &text).unwrap();
    assert_eq!(again.saved(), text);
    assert_eq!(again.clock().now(), sim.clock().now());
    let keys =
        |sim: &Simulator| sim.accounts().iter().map(|one| one.api_key().to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&again), ["simulated-key", "other-key"]);
    for (one, other) in sim.accounts().iter().zip(again.accounts()) {
        other.account(|account| {
            let rows = one.account(|account| (account.orders.clone(), account.fulfillments.clone()));
            assert_eq!((&account.orders, &account.fulfillments), (&rows.0, &rows.1));
        });
    }
}

#[test]
fn what_was_to_come_still_comes() {
    let again = Simulator::restored(SimulatorConfig::default(), &filled().saved()).unwrap();
    let held = |sim: &Simulator| {
        sim.account(|account| {
            account.order_by_number("1003").unwrap().text("orderStatus").unwrap().to_owned()
        })
    };
    assert_eq!(held(&again), "on_hold");
    again.clock().set("2026-03-04T08:00:00Z".parse().unwrap());
    assert_eq!(held(&again), "awaiting_shipment");
    let (last, next) = again.account(|account| {
        let last = *account.orders.keys().next_back().unwrap();
        (last, account.add_order(SimOrder::new("1005")))
    });
    assert_eq!(next, last + 1, "no number is given out twice");
}

#[test]
fn faults_and_habits_go_on() {
    let again = Simulator::restored(SimulatorConfig::default(), &filled().saved()).unwrap();
    assert_eq!(again.faults().len(), 1);
    assert!(again.account(|account| account.quirks.pages_zero));
    assert!(again.accounts()[1].account(|account| account.quirks.pages_zero), "the configured habits");
}

#[test]
fn another_text_is_refused() {
    let whole = filled().saved();
    let cut = &whole[..whole.len() / 2];
    for text in [
        "",
        "{}",
        "[]",
        cut,
        &whole.replace("\"ORDER\"", "\"ORDERS\""),
        r#"{"now":"2026-03-02T17:00:00Z","accounts":[]}"#,
    ] {
        let error = Simulator::restored(SimulatorConfig::default(), text).err();
        assert!(error.is_some(), "{}", text.chars().take(40).collect::<String>());
    }
}
