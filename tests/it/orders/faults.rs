//! ShipStation at its worst while orders are read.

use std::time::Duration;

use shipstation_connector::{
    channel::{
        Bypass, ChannelConnector, DiagnoseOrder, ImportOrder, OrderSelector, RunStatus, Verdict,
        report::ImportOutcomeKind,
        report::SkipKind,
        store::{OrderStore, Stores},
    },
    client::{OrderStatus, RetryPolicy, TagId},
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{import, imported};
use crate::support::{DAY, Gate, World};

#[tokio::test]
async fn faults_a_poison_row_is_stepped_over_and_reported() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..40)
        .map(|n| world.add(world.order(&format!("A-{n}")).created(world.ago(DAY / 48 * (60 - n)))))
        .collect();
    world.sim.account(|account| account.poison(orders[17]));
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "nobody can name the row: {report}");
    assert_eq!(
        (report.counts.imported(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
        (39, 1),
        "{report}"
    );
    assert_eq!(report.scans[0].unreadable, 1, "{report}");
    assert!(report.to_string().contains("fails on every page that holds this row"), "{report}");
    assert_eq!(report.run.warnings.len(), 1, "halving is said once: {report}");
    world.sim.account(|account| account.heal(orders[17]));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.run.status.clone()), (1, RunStatus::Succeeded), "{report}");
}

#[tokio::test]
async fn faults_poison_rows_next_to_each_other_keep_no_other_order_from_coming() {
    for poisoned in [0..6, 7..15, 24..30] {
        let world = World::new().await;
        let orders: Vec<i64> = (0..30)
            .map(|n| world.add(world.order(&format!("A-{n}")).created(world.ago(DAY / 48 * (60 - n)))))
            .collect();
        world.sim.account(|account| orders[poisoned.clone()].iter().for_each(|id| account.poison(*id)));
        let channel = world.channel(|_| {});
        let report = import(&channel).await;
        assert!(matches!(report.run.status, RunStatus::Partial { .. }), "nobody can name the rows: {report}");
        assert_eq!(imported(&world), 30 - poisoned.len(), "{poisoned:?}: {report}");
        world.sim.account(|account| orders.iter().for_each(|id| account.heal(*id)));
        let report = import(&channel).await;
        assert_eq!((imported(&world), report.run.status.clone()), (30, RunStatus::Succeeded), "{report}");
    }
}

#[tokio::test]
async fn faults_a_429_in_the_middle_of_paging_costs_time_and_no_order() {
    let config = SimulatorConfig::default().rate_limit(RateLimit::PerMinute(4));
    let world = World::with(config).await;
    for number in 0..20 {
        world.add(world.order(&format!("A-{number}")).created(world.ago(DAY / 48 * (25 - number))));
    }
    world.sim.fault(Fault::on(Method::GET, "/orders").after(2).with(FaultKind::Throttle { reset: Some(40) }));
    let report = import(&world.channel(|settings| settings.orders.page_size = 3)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 20), "{report}");
    assert!(!report.run.api.waited.is_zero(), "{report}");
}

#[tokio::test]
async fn faults_orders_that_leave_the_status_while_paging_hide_no_others() {
    let world = World::new().await;
    let orders: Vec<i64> = (0..12)
        .map(|n| world.add(world.order(&format!("A-{n}")).created(world.ago(DAY / 48 * (20 - n)))))
        .collect();
    // Two orders of the first page are shipped before the second page is asked for.
    let leaving = [orders[0], orders[1]];
    world.sim.before(Method::GET, "/orders", 2, move |account| {
        for order in leaving {
            account.set_status(order, "shipped");
        }
    });
    let report = import(&world.channel(|settings| settings.orders.page_size = 4)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 12), "{report}");
}

#[tokio::test]
async fn faults_orders_that_lose_the_tag_while_paging_are_met_again() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    let orders: Vec<i64> = (0..8)
        .map(|n| world.add(world.order(&format!("A-{n}")).tag(tag).created(world.ago(DAY / 48 * (20 - n)))))
        .collect();
    for number in 0..8 {
        world.add(world.order(&format!("B-{number}")));
    }
    // Newest first: the second page moves up by one.
    let newest = orders[7];
    world.sim.before(Method::GET, "/orders/listbytag", 3, move |account| {
        account.edit(newest, |order| order.clear("tagIds"));
    });
    let channel = world.channel(|settings| {
        settings.orders.tag = Some(TagId::new(tag));
        settings.orders.page_size = 4;
    });
    let _ = import(&channel).await;
    let _ = import(&channel).await;
    assert_eq!(imported(&world), 8, "the next run reads everything again");
}

#[tokio::test]
async fn faults_null_rows_zero_pages_and_strange_values_lose_nothing() {
    let quirks = Quirks::default()
        .null_rows(true)
        .pages_zero(true)
        .drift(true)
        .absurd_rate_headers(true)
        .modify_after_creation(true)
        .bounds_exclusive(true);
    let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
    let world = World::with(config).await;
    for number in 0..9 {
        world.add(world.order(&format!("A-{number}")));
    }
    let report = import(&world.channel(|settings| settings.orders.page_size = 4)).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 9), "{report}");
    assert_eq!(import(&world.channel(|_| {})).await.counts.imported(), 0);
}

#[tokio::test]
async fn faults_two_stores_may_use_the_same_number() {
    let world = World::new().await;
    let (one, two) = world
        .sim
        .account(|account| (account.add_store("One", "Shopify"), account.add_store("Two", "Amazon")));
    world.add(world.order("1001").store(one));
    world.add(world.order("1001").store(two));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!(report.counts.imported(), 2, "{report}");
}

#[tokio::test]
async fn faults_a_mapped_text_decides_and_discounts_are_no_goods() {
    use shipstation_connector::testing::simulator::SimLine;
    let world = World::new().await;
    world.add(world.order("A-1").line(SimLine::adjustment("COUPON-10", "-5.00")));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    let stored = &world.store.orders(&world.connection)[0];
    assert_eq!(stored.record.lines.len(), 2, "the discount is no shippable line");
    assert_eq!(stored.order.lines.len(), 3);
}

#[tokio::test]
async fn faults_one_status_that_shipstation_refuses_is_named_and_keeps_no_other_from_being_read() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let channel = world.channel(|settings| {
        settings.orders.statuses.insert(0, OrderStatus::Unknown("parked".into()));
    });
    let report = import(&channel).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert_eq!(report.counts.imported(), 1, "{report}");
    assert!(report.to_string().contains("refuses to list orders that are parked"), "{report}");
}

#[tokio::test]
async fn faults_a_page_that_times_out_is_read_in_smaller_pieces() {
    let world = World::new().await;
    for number in 0..8 {
        world.add(world.order(&format!("A-{number}")).created(world.ago(DAY / 48 * (20 - number))));
    }
    let patience = Duration::from_millis(150);
    let attempts = RetryPolicy::default().max_attempts;
    world.sim.fault(Fault::on(Method::GET, "/orders").times(attempts.into()).with(FaultKind::Hang));
    let stores = Stores::all_in(world.store.clone());
    let channel = world
        .builder(world.client_that_waits(patience), stores, |settings| settings.orders.page_size = 8)
        .build()
        .unwrap();
    let report = import(&channel).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 8), "{report}");
    assert!(report.to_string().contains("some were read in smaller pieces"), "{report}");
}

#[tokio::test]
async fn faults_a_probe_that_is_not_answered_spoils_no_run() {
    for kind in [FaultKind::Html { status: 200 }, FaultKind::DropBefore] {
        let world = World::new().await;
        world.add(world.order("A-1"));
        world.sim.fault(Fault::on(Method::GET, "/orders").after(1).times(9).with(kind));
        let report = import(&world.channel(|_| {})).await;
        assert_eq!(
            (report.run.status.clone(), report.counts.imported()),
            (RunStatus::Succeeded, 1),
            "{report}"
        );
        assert!(report.to_string().contains("could not be counted"), "{report}");
    }
}

/// An answer of another order to the question for one.
fn another(world: &World, order: i64) -> FaultKind {
    let order = world.sim.account(|account| account.order(order).cloned()).unwrap();
    let body = format!(
        r#"{{"orderId":{},"orderNumber":{:?},"orderStatus":"awaiting_shipment","items":[]}}"#,
        order.int("orderId").unwrap(),
        order.text("orderNumber").unwrap()
    );
    FaultKind::Status { code: 200, body }
}

#[tokio::test]
async fn faults_the_answer_to_another_question_is_neither_imported_nor_forgotten() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let wanted = world.add(world.order("A-1"));
    let other = world.add(world.order("B-1").created(world.ago(DAY * 90)));
    let channel = world.channel_on(gate.stores(), |settings| settings.orders.catch_up_days = 0);
    let _ = import(&channel).await;
    gate.refuse.lock().unwrap().clear();
    world.sim.clock().advance(DAY * 9);
    world.sim.fault(Fault::on(Method::GET, "/orders/*").times(3).with(another(&world, other)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
        (0, 1),
        "{report}"
    );
    let which = || OrderSelector::Id(wanted.to_string().into());
    assert!(channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.is_err());
    let answer = channel.diagnose_order(DiagnoseOrder::new(which())).await.unwrap().remove(0);
    let exists = answer.check("exists").unwrap();
    assert!(exists.verdict == Verdict::Unknown && exists.observed.contains("could not be read"), "{answer}");
    world.sim.clock().advance(DAY);
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), imported(&world)), (1, 1), "{report}");
    assert!(world.store.order(&world.connection, &wanted.to_string()).is_some());
}

#[tokio::test]
async fn faults_an_order_that_can_be_read_nowhere_is_counted_once() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let row = r#"{"orderId":77,"orderNumber":"A-7","orderStatus":"awaiting_shipment","items":"none"}"#;
    let list = format!(r#"{{"orders":[{row}],"total":1,"page":1,"pages":1}}"#);
    let answer = |body: &str| FaultKind::Status { code: 200, body: body.to_owned() };
    let channel = world.channel(|settings| settings.orders.skip_audit = false);
    for attempt in 1..=2 {
        world.sim.clear_faults();
        world.sim.fault(Fault::on(Method::GET, "/orders").with(answer(&list)));
        world.sim.fault(Fault::on(Method::GET, "/orders/77").times(9).with(answer(row)));
        let report = import(&channel).await;
        assert_eq!(
            (report.counts.scanned(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
            (1, 1),
            "{attempt}: {report}"
        );
        assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{attempt}: {report}");
        world.sim.clock().advance(DAY / 24);
    }
    // Dismissed, it fails no run any more.
    world.store.dismiss(&world.connection, &"77".into(), world.now()).await.unwrap();
    world.sim.clear_faults();
    world.sim.fault(Fault::on(Method::GET, "/orders").with(answer(&list)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.skipped.of(SkipKind::Dismissed), report.scans[0].unreadable),
        (1, 0),
        "{report}"
    );
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
}

#[tokio::test]
async fn faults_an_imported_order_whose_row_turns_unreadable_is_no_failure() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|settings| settings.orders.skip_audit = false);
    let _ = import(&channel).await;
    let row = format!(r#"{{"orderId":{order},"orderNumber":"A-1","items":"none"}}"#);
    let body = format!(r#"{{"orders":[{row}],"total":1,"page":1,"pages":1}}"#);
    let answer = FaultKind::Status { code: 200, body };
    world.sim.fault(Fault::on(Method::GET, "/orders").always().with(answer));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.already_imported(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
        (1, 0),
        "{report}"
    );
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
}

#[tokio::test]
async fn faults_an_order_that_slips_into_a_page_of_repeats_is_not_missed() {
    let world = World::new().await;
    let now = world.now();
    // The second page begins again with the last second of the first one, so that it repeats it, and the list goes on by number.
    let [first, _, _] = [2_500, 1_600, 1_500].map(|age| {
        let created = now - Duration::from_millis(age);
        world.add(world.order(&format!("A-{age}")).created(created))
    });
    world.sim.before(Method::GET, "/orders", 3, move |account| {
        account.hold(first);
    });
    let report = import(&world.channel(|settings| settings.orders.page_size = 2)).await;
    assert_eq!(imported(&world), 3, "{report}");
}

#[tokio::test]
async fn faults_pages_read_in_pieces_miss_no_order_when_others_leave() {
    // The first order fails every page that holds it, for a while or for good, and two leave before any of the requests: one that
    // moves the others up, and one that makes the number of those that were read come right again.
    for for_good in [false, true] {
        for (first, second) in [(0, 1), (0, 2), (1, 2), (1, 3), (2, 1)] {
            for (nth, gap) in (5..12).flat_map(|nth| (1..4).map(move |gap| (nth, gap))) {
                let world = World::new().await;
                let age = |n: u32| world.ago(DAY / 48 * (20 - n));
                let orders: Vec<i64> =
                    (0..6).map(|n| world.add(world.order(&format!("A-{n}")).created(age(n)))).collect();
                if for_good {
                    world.sim.account(|account| account.poison(orders[0]));
                } else {
                    world.sim.fault(Fault::on(Method::GET, "/orders").times(5).with(FaultKind::ServerError));
                }
                for (leaving, before) in [(orders[first], nth), (orders[second], nth + gap)] {
                    world.sim.before(Method::GET, "/orders", before, move |account| {
                        account.hold(leaving);
                    });
                }
                let report = import(&world.channel(|settings| settings.orders.page_size = 2)).await;
                for n in (1..6).filter(|n| ![first, second].contains(n)) {
                    let is_there = world.store.order(&world.connection, &orders[n].to_string()).is_some();
                    let left = format!("{first} left before request {nth}, {second} before {}", nth + gap);
                    assert!(is_there, "order {n} is missed, {for_good}, {left}: {report}");
                }
            }
        }
    }
}

#[tokio::test]
async fn faults_the_orders_of_one_second_are_not_missed_when_others_leave() {
    // They fill five pages that are read by number, more than once, and three leave before any of the requests.
    let gaps = (2..9).flat_map(|nth| (1..8).flat_map(move |gap| (1..6).map(move |then| (nth, gap, then))));
    for (nth, gap, then) in gaps {
        let world = World::new().await;
        let second = world.ago(DAY);
        let orders: Vec<i64> =
            (0..10).map(|n| world.add(world.order(&format!("A-{n}")).created(second))).collect();
        for (n, before) in [nth, nth + gap, nth + gap + then].into_iter().enumerate() {
            let leaving = orders[n];
            world.sim.before(Method::GET, "/orders", before, move |account| {
                account.hold(leaving);
            });
        }
        let report = import(&world.channel(|settings| settings.orders.page_size = 2)).await;
        for (n, order) in orders.iter().enumerate().skip(3) {
            let is_there = world.store.order(&world.connection, &order.to_string()).is_some();
            assert!(
                is_there,
                "order {n} is missed, others left before {nth}, {gap} and {then} later: {report}"
            );
        }
    }
}
