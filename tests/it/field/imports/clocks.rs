//! A host whose clock is wrong loses no order, and nothing that it wrote down then is waited for.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{
        ChannelConnector, CheckConnection, GetOrders, ImportOrder, RunStatus,
        report::FollowUpStatus,
        report::ImportOutcomeKind,
        store::{OrderFailure, OrderStoreExt, RunStore},
    },
    client::{TagId, UserId},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{
    import, imported,
    rig::{Answer, Proxy, WrongClock},
};
use crate::support::{DAY, Gate, World};

const HOUR: Duration = Duration::from_secs(3600);

fn without_date(_: &str, answer: &mut Answer) {
    // The server of this test adds none of its own.
    answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
}

#[tokio::test]
async fn a_clock_eight_days_ahead_or_behind_hides_no_order() {
    for ahead in [true, false] {
        let world = World::new().await;
        for number in 0..3 {
            world.add(world.order(&format!("A-{number}")).created(world.ago(DAY)));
        }
        let clock =
            if ahead { WrongClock::ahead(&world, DAY * 8) } else { WrongClock::behind(&world, DAY * 8) };
        let proxy = Proxy::before(&world, |_, _| {}).await;
        let channel = proxy.channel_with(&world, clock.clone(), |_| {});
        let report = import(&channel).await;
        assert_eq!(
            (report.run.status.clone(), report.counts.imported()),
            (RunStatus::Succeeded, 3),
            "{report}"
        );
        assert!(report.to_string().contains("the window was computed again"), "{report}");
        let now = world.now();
        assert!(
            report.window.as_ref().unwrap().to <= now && now.since(report.window.as_ref().unwrap().to) < HOUR,
            "{report}"
        );
        assert!(report.run.started <= now && report.run.finished <= now, "{report}");
        assert_eq!(
            report.run.api.requests, 4,
            "the list twice, the stores, and the count of what lies outside: {report}"
        );
        // Once the time is known it is kept.
        let report = import(&channel).await;
        assert_eq!((report.counts.already_imported(), report.run.api.requests), (3, 2), "{report}");
        assert!(report.run.warnings.is_empty(), "{report}");
    }
}

#[tokio::test]
async fn a_small_difference_costs_no_request() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let clock = WrongClock::ahead(&world, Duration::from_secs(240));
    let proxy = Proxy::before(&world, |_, _| {}).await;
    let report = import(&proxy.channel_with(&world, clock, |_| {})).await;
    assert_eq!(
        (report.counts.imported(), report.run.api.requests),
        (1, 3),
        "stores and probe included: {report}"
    );
    assert!(report.run.warnings.is_empty(), "{report}");
}

#[tokio::test]
async fn runs_of_a_wrong_clock_that_nobody_could_notice_are_made_up_for() {
    for had_a_good_run in [true, false] {
        let world = World::new().await;
        let proxy = Proxy::before(&world, without_date).await;
        let clock = WrongClock::ahead(&world, Duration::ZERO);
        let channel = proxy.channel_with(&world, clock.clone(), |_| {});
        if had_a_good_run {
            assert_eq!(import(&channel).await.run.status, RunStatus::Succeeded);
        }
        world.sim.clock().advance(HOUR);
        for number in 0..5 {
            world.add(world.order(&format!("A-{number}")));
        }
        clock.set_ahead(DAY * 8);
        let report = import(&channel).await;
        assert_eq!(report.run.status, RunStatus::Succeeded, "nobody tells the time: {report}");
        world.sim.clock().advance(DAY * 7);
        clock.set_ahead(Duration::ZERO);
        proxy.heal();
        let report = import(&channel).await;
        assert_eq!((report.run.status.clone(), imported(&world)), (RunStatus::Succeeded, 5), "{report}");
        let report = import(&channel).await;
        assert!(report.run.warnings.is_empty(), "{report}");
    }
}

#[tokio::test]
async fn a_last_success_that_lies_ahead_gives_way_to_the_one_before_or_to_the_limit() {
    for had_a_good_run in [true, false] {
        let world = World::new().await;
        let proxy = Proxy::before(&world, without_date).await;
        let clock = WrongClock::ahead(&world, Duration::ZERO);
        let channel = proxy.channel_with(&world, clock.clone(), |_| {});
        if had_a_good_run {
            let _ = import(&channel).await;
        }
        clock.set_ahead(DAY * 400);
        let _ = import(&channel).await;
        clock.set_ahead(Duration::ZERO);
        world.sim.clock().advance(DAY * 2);
        let report = import(&channel).await;
        let window = report.window.as_ref().unwrap();
        let (extended_by, words) = if had_a_good_run {
            (DAY * 2, "which is in the future: the one before it counts")
        } else {
            (DAY * 30, "which is in the future: the window goes back to the catch-up limit")
        };
        assert_eq!(window.extended_by, extended_by, "{report}");
        assert!(report.to_string().contains(words), "{report}");
        let last = world
            .store
            .last_success(&world.connection, shipstation_connector::channel::Operation::GetOrders)
            .await
            .unwrap()
            .unwrap();
        assert!(last.started <= world.now());
    }
}

#[tokio::test]
async fn an_attempt_that_was_put_off_by_a_wrong_clock_is_made_now() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    gate.refuse("A-1", true);
    let order = world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, without_date).await;
    let clock = WrongClock::ahead(&world, DAY * 3_650);
    let channel = |gate: &Arc<Gate>| {
        world.builder(proxy.client(&world, clock.clone()), gate.stores(), |_| {}).build().unwrap()
    };
    // The wrong clock's own window does not show the order: a person has it tried.
    let which = shipstation_connector::channel::OrderSelector::Id(order.to_string().into());
    let bypass = shipstation_connector::channel::Bypass::ALL;
    let report = channel(&gate).import_order(ImportOrder::new(which).bypass(bypass)).await.unwrap();
    assert_eq!(report.counts.of(ImportOutcomeKind::FailedRetryable), 1, "{report}");
    gate.refuse.lock().unwrap().clear();
    clock.put_right();
    world.sim.account(|account| account.set_status(order, "awaiting_shipment"));
    world.sim.clock().advance(DAY * 20);
    let report = import(&channel(&gate)).await;
    assert_eq!((report.counts.imported(), imported(&world)), (1, 1), "{report}");
    assert!(report.to_string().contains("1 failed order had a date further ahead"), "{report}");
}

#[tokio::test]
async fn many_waiting_failures_hide_no_misdated_one() {
    let world = World::new().await;
    let store = world.store.clone();
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    let token = {
        use shipstation_connector::channel::{
            Operation, RunId,
            store::{BeginOutcome, NewRun},
        };
        let new = NewRun::new(
            world.connection.clone(),
            Operation::GetOrders,
            RunId::new("r"),
            "test",
            DAY,
            world.now(),
        );
        match store.begin(new).await.unwrap() {
            BeginOutcome::Granted(token) => token,
            other => panic!("{other:?}"),
        }
    };
    let mut failures: Vec<OrderFailure> = (0..300)
        .map(|n| {
            OrderFailure::new(
                format!("{}", 900_000 + n).into(),
                "W",
                "waits",
                true,
                world.now(),
                world.now() + HOUR * 5,
            )
        })
        .collect();
    let order = world.add(world.order("A-1").created(world.ago(DAY * 100)));
    let far = world.now() + DAY * 3_650;
    failures.push(OrderFailure::new(order.to_string().into(), "A-1", "failed", true, far, far));
    store.record_failures(&token, &failures).await.unwrap();
    world.sim.clock().advance(DAY + HOUR);
    let report = import(&channel).await;
    assert_eq!(report.counts.imported(), 0, "200 of those that are due come first: {report}");
    let report = import(&channel).await;
    assert_eq!(report.counts.imported(), 1, "{report}");
}

#[tokio::test]
async fn users_and_tags_that_were_put_off_by_a_wrong_clock_are_tried_now() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let tag = world.sim.account(|account| account.add_tag("In OMS"));
    let order = world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, without_date).await;
    let clock = WrongClock::ahead(&world, Duration::from_secs(0));
    let channel = |clock: Arc<WrongClock>| {
        proxy.channel_with(&world, clock, |settings| {
            settings.orders.assign_user = Some(UserId::new(&user));
            settings.orders.acknowledgement_tag = Some(TagId::new(tag));
            settings.orders.created_within_days = None;
        })
    };
    clock.set_ahead(DAY * 3_650);
    for path in ["/orders/assignuser", "/orders/addtag"] {
        world.sim.fault(Fault::on(Method::POST, path).always().with(FaultKind::Html { status: 502 }));
    }
    let report = import(&channel(clock.clone())).await;
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Pending)),
        (1, 1),
        "{report}"
    );
    world.sim.clear_faults();
    clock.put_right();
    world.sim.clock().advance(HOUR);
    let report = import(&channel(clock)).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.counts.tags.of(FollowUpStatus::Done)),
        (1, 1),
        "{report}"
    );
    assert!(report.to_string().contains("2 follow-ups had a date further ahead"), "{report}");
    let order = world.sim.account(|account| account.order(order).cloned()).unwrap();
    assert_eq!(order.text("userId"), Some(&*user));
}

#[tokio::test]
async fn a_check_compares_the_clocks_and_misses_the_date() {
    let world = World::new().await;
    let proxy = Proxy::before(&world, |_, _| {}).await;
    let clock = WrongClock::ahead(&world, DAY * 8);
    let report =
        proxy.channel_with(&world, clock.clone(), |_| {}).check(CheckConnection::new()).await.unwrap();
    assert!(report.finding("clock_skew").unwrap().observed.contains("ahead of ShipStation's"), "{report}");
    proxy.now(without_date);
    let report = proxy.channel_with(&world, clock, |_| {}).check(CheckConnection::new()).await.unwrap();
    assert!(report.finding("date_missing").is_some(), "{report}");
    proxy.heal();
    let report = proxy.channel(&world, |_| {}).check(CheckConnection::new()).await.unwrap();
    assert!(report.finding("date_missing").is_none() && report.finding("clock_skew").is_none(), "{report}");
}

#[tokio::test]
async fn a_quick_look_under_a_clock_far_ahead_misses_no_change() {
    let world = World::new().await;
    let channel = world.channel_on(world.store.stores(), |_| {});
    let order = world.add(world.order("A-1"));
    let _ = import(&channel).await;
    let look = || GetOrders::changes_only();
    assert_eq!(channel.get_orders(look()).await.unwrap().run.status, RunStatus::Succeeded);
    world.sim.clock().advance(HOUR);
    world.sim.account(|account| assert!(account.cancel(order)));
    world.sim.clock().advance(HOUR);
    // Another process, which ShipStation has not told the time yet.
    let client = world.client_builder().clock(WrongClock::ahead(&world, DAY * 400)).build().unwrap();
    let wrong = world.builder(client, world.store.stores(), |_| {}).build().unwrap();
    let report = wrong.get_orders(look()).await.unwrap();
    assert_eq!((report.run.status.clone(), report.counts.changed), (RunStatus::Succeeded, 1), "{report}");
}

#[tokio::test]
async fn a_quick_look_that_is_told_a_time_far_ahead_misses_no_change() {
    let world = World::new().await;
    let channel = world.channel_on(world.store.stores(), |_| {});
    let order = world.add(world.order("A-1"));
    let _ = import(&channel).await;
    let _ = channel.get_orders(GetOrders::changes_only()).await.unwrap();
    world.sim.clock().advance(HOUR);
    world.sim.account(|account| assert!(account.cancel(order)));
    world.sim.clock().advance(HOUR);
    let mut answers = 0;
    let proxy = Proxy::before(&world, move |_, answer| {
        answers += 1;
        if answers == 1 {
            let date = answer.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("date")).unwrap();
            date.1 = "Tue, 01 Jan 2030 00:00:00 GMT".to_owned();
        }
    })
    .await;
    let clock = WrongClock::ahead(&world, Duration::ZERO);
    let told = world.builder(proxy.client(&world, clock), world.store.stores(), |_| {}).build().unwrap();
    let report = told.get_orders(GetOrders::changes_only()).await.unwrap();
    assert_eq!(report.counts.changed, 1, "{report}");
}
