//! Users and tags: only a clear refusal of ShipStation's own is final.

use std::time::Duration;

use shipstation_connector::channel::report::FollowUpStatus;
use shipstation_connector::{
    channel::RunStatus,
    client::{TagId, UserId},
    testing::simulator::{Fault, FaultKind, Method},
};

use super::import;
use crate::support::World;

fn user_of(world: &World, order: i64) -> Option<String> {
    world
        .sim
        .account(|account| account.order(order).and_then(|order| order.text("userId").map(str::to_owned)))
}

fn exception() -> FaultKind {
    FaultKind::Exception { message: "Object reference not set to an instance of an object.".to_owned() }
}

#[tokio::test]
async fn an_exception_is_tried_again_with_a_growing_wait_until_it_works() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let tag = world.sim.account(|account| account.add_tag("In OMS"));
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|settings| {
        settings.orders.assign_user = Some(UserId::new(&user));
        settings.orders.acknowledgement_tag = Some(TagId::new(tag));
    });
    for path in ["/orders/assignuser", "/orders/addtag"] {
        world.sim.fault(Fault::on(Method::POST, path).times(2).with(exception()));
    }
    for minutes in [0, 6, 11] {
        world.sim.clock().advance(Duration::from_secs(60 * minutes));
        let report = import(&channel).await;
        let left = u64::from(minutes < 11);
        assert_eq!(
            (report.counts.users.of(FollowUpStatus::Pending), report.counts.tags.of(FollowUpStatus::Pending)),
            (left, left),
            "{report}"
        );
        assert_eq!(
            (report.counts.users.of(FollowUpStatus::Failed), report.counts.tags.of(FollowUpStatus::Failed)),
            (0, 0),
            "{report}"
        );
        let status = if left == 0 { RunStatus::Succeeded } else { RunStatus::CompletedWithErrors };
        assert_eq!(report.run.status, status, "{report}");
        if minutes == 6 {
            // The second wait is longer than the first.
            world.sim.clear_journal();
            world.sim.clock().advance(Duration::from_secs(60 * 6));
            let _ = import(&channel).await;
            assert_eq!(world.sim.journal().count("POST", "/orders/assignuser"), 0);
        }
    }
    assert_eq!(user_of(&world, order), Some(user));
}

#[tokio::test]
async fn an_exception_about_one_order_keeps_no_other_from_its_user() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let orders: Vec<i64> = (0..100).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let bad = orders[41];
    let fault = Fault::on(Method::POST, "/orders/assignuser").for_order(bad).always();
    world.sim.fault(fault.with(exception()));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.counts.users.of(FollowUpStatus::Pending)),
        (99, 1),
        "{report}"
    );
    assert_eq!(report.counts.users.of(FollowUpStatus::Failed), 0, "{report}");
    world.sim.clear_faults();
    world.sim.clock().advance(Duration::from_secs(3600));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.run.status.clone()),
        (1, RunStatus::Succeeded),
        "{report}"
    );
    assert_eq!(user_of(&world, bad), Some(user));
}

#[tokio::test]
async fn exceptions_about_everything_use_few_requests_and_settle_nothing() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let tag = world.sim.account(|account| account.add_tag("In OMS"));
    for number in 0..300 {
        world.add(world.order(&format!("A-{number}")));
    }
    for path in ["/orders/assignuser", "/orders/addtag"] {
        world.sim.fault(Fault::on(Method::POST, path).always().with(exception()));
    }
    let channel = world.channel(|settings| {
        settings.orders.assign_user = Some(UserId::new(&user));
        settings.orders.acknowledgement_tag = Some(TagId::new(tag));
    });
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Pending)),
        (300, 300),
        "{report}"
    );
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Failed), report.counts.tags.of(FollowUpStatus::Failed)),
        (0, 0),
        "{report}"
    );
    assert!(report.run.api.requests < 60, "{report}");
    world.sim.clear_faults();
    for _ in 0..2 {
        world.sim.clock().advance(Duration::from_secs(3600));
        let _ = import(&channel).await;
    }
    let orders = world.store.orders(&world.connection);
    assert!(
        orders.iter().all(|order| user_of(&world, order.record.order.as_str().parse().unwrap()).is_some())
    );
}

#[tokio::test]
async fn a_clear_refusal_is_still_final() {
    let world = World::new().await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    world.add(world.order("A-1"));
    let refused = FaultKind::Status { code: 400, body: r#"{"Message":"The order is locked."}"#.to_owned() };
    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").always().with(refused));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Failed), report.counts.users.of(FollowUpStatus::Pending)),
        (1, 0),
        "{report}"
    );
}
