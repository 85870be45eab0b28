//! Looking an order up as people type its number.

use shipstation_connector::channel::{
    Bypass, ChannelConnector, DiagnoseOrder, ImportOrder, OrderSelector, Refusal, RunStatus, Verdict,
    report::ImportOutcomeKind,
};

use super::{import, imported, rig::Proxy};
use crate::support::{DAY, World};

#[tokio::test]
async fn a_number_is_found_however_it_is_typed() {
    for (written, typed) in [
        ("1001", "#1001"),
        ("1001", " 1001 "),
        ("#1001", "1001"),
        ("AB-1001", "ab-1001"),
        ("ab-1001", "  #AB-1001"),
    ] {
        let world = World::new().await;
        world.add(world.order(written));
        world.add(world.order(&format!("{written}5")));
        let channel = world.channel(|_| {});
        let which = || OrderSelector::Number(typed.into());
        let answers = channel.diagnose_order(DiagnoseOrder::new(which())).await.unwrap();
        assert_eq!(answers.len(), 1, "{typed:?}");
        assert!(answers[0].primary().is_none() && answers[0].order.is_some(), "{}", answers[0]);
        let report = channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.unwrap();
        assert_eq!((report.counts.imported(), imported(&world)), (1, 1), "{typed:?}: {report}");
        assert!(report.to_string().contains(&format!("was found as number {written:?}")), "{report}");
    }
}

/// The filter finds everything that begins alike: the whole account.
#[tokio::test]
async fn a_number_that_says_nothing_is_not_asked_for() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    for number in ["", " ", "#", " # ", "\u{200b}"] {
        let which = OrderSelector::Number(number.into());
        let refused = channel.import_order(ImportOrder::new(which)).await.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::NotFound { .. }), "{number:?}: {refused}");
    }
    assert_eq!(world.sim.journal().count("GET", "/orders"), 0);
}

#[tokio::test]
async fn an_exact_number_comes_before_one_that_is_alike() {
    let world = World::new().await;
    let exact = world.add(world.order("#1001"));
    world.add(world.order("1001"));
    let which = OrderSelector::Number("#1001".into());
    let report =
        world.channel(|_| {}).import_order(ImportOrder::new(which).bypass(Bypass::ALL)).await.unwrap();
    assert_eq!(report.counts.imported(), 1, "{report}");
    assert!(world.store.order(&world.connection, &exact.to_string()).is_some());
}

#[tokio::test]
async fn two_that_are_alike_are_not_guessed_between() {
    let world = World::new().await;
    world.add(world.order("a-1001"));
    world.add(world.order("A-1001 "));
    let which = OrderSelector::Number("A-1001".into());
    let refused =
        world.channel(|_| {}).import_order(ImportOrder::new(which).bypass(Bypass::ALL)).await.unwrap_err();
    assert!(matches!(refused.refusal, Refusal::Ambiguous { .. }), "{refused}");
}

#[tokio::test]
async fn a_key_is_found_however_it_is_typed() {
    let world = World::new().await;
    world.add(world.order("A-7").order_key("Web-77"));
    let channel = world.channel(|_| {});
    let which = |key: &str| OrderSelector::Key { key: key.into(), number: " a-7".into() };
    let report = channel.import_order(ImportOrder::new(which("web-77 ")).bypass(Bypass::ALL)).await.unwrap();
    assert_eq!(report.counts.imported(), 1, "{report}");
    assert!(channel.import_order(ImportOrder::new(which("web-78")).bypass(Bypass::ALL)).await.is_err());
}

#[tokio::test]
async fn near_misses_are_offered_and_deletion_is_not_guessed_at() {
    let world = World::new().await;
    world.add(world.order("10012"));
    world.add(world.order("10034"));
    let channel = world.channel(|_| {});
    for (typed, near) in [("1001", "10012"), ("10035", "10034"), ("#10013", "10012")] {
        let which = || OrderSelector::Number(typed.into());
        let refused = channel.import_order(ImportOrder::new(which()).bypass(Bypass::ALL)).await.unwrap_err();
        assert!(matches!(refused.refusal, Refusal::NotFound { .. }), "{refused}");
        assert!(refused.to_string().contains(near), "{typed}: {refused}");
        let answer = channel.diagnose_order(DiagnoseOrder::new(which())).await.unwrap().remove(0).to_string();
        assert!(answer.contains(&format!("did you mean {near}")) && !answer.contains("deleted"), "{answer}");
    }
    let answer = channel
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Number("7".into())))
        .await
        .unwrap()
        .remove(0)
        .to_string();
    assert!(answer.contains("ShipStation does not have it") && !answer.contains("deleted"), "{answer}");
}

#[tokio::test]
async fn a_member_that_cannot_be_read_and_is_not_needed_is_left_out_with_its_name() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, |asked, answer| {
        let spoil = |row: &mut serde_json::Value| row["holdUntilDate"] = "TBD".into();
        if asked.starts_with("GET /orders?") {
            answer.rows(spoil);
        } else if asked.starts_with("GET /orders/") {
            answer.json(spoil);
        }
    })
    .await;
    let channel = proxy.channel(&world, |_| {});
    let which = OrderSelector::Id(order.to_string().into());
    let answer = channel.diagnose_order(DiagnoseOrder::new(which)).await.unwrap().remove(0).to_string();
    assert!(answer.contains("could not be read and is left out: holdUntilDate"), "{answer}");
    let report = import(&channel).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 1), "{report}");
    assert!(report.to_string().contains(&format!("holdUntilDate of order {order}")), "{report}");
}

#[tokio::test]
async fn an_order_that_cannot_be_read_is_never_said_not_to_exist() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let proxy = Proxy::before(&world, |asked, answer| {
        let spoil = |row: &mut serde_json::Value| row["items"] = "none".into();
        if asked.starts_with("GET /orders?") {
            answer.rows(spoil);
        } else if asked.starts_with("GET /orders/") {
            answer.json(spoil);
        }
    })
    .await;
    let channel = proxy.channel(&world, |_| {});
    for which in [
        OrderSelector::Id(order.to_string().into()),
        OrderSelector::Number("A-1".into()),
        OrderSelector::Number("#a-1".into()),
        OrderSelector::Key { key: "k".into(), number: "A-1".into() },
    ] {
        let refused =
            channel.import_order(ImportOrder::new(which.clone()).bypass(Bypass::ALL)).await.unwrap_err();
        assert!(!matches!(refused.refusal, Refusal::NotFound { .. }), "{which:?}: {refused}");
        let answer = channel.diagnose_order(DiagnoseOrder::new(which.clone())).await.unwrap().remove(0);
        assert_eq!(answer.check("exists").unwrap().verdict, Verdict::Unknown, "{which:?}: {answer}");
        assert!(!answer.to_string().contains("does not have it"), "{which:?}: {answer}");
    }
    // It waits among the failures, and comes once it can be read.
    let report = import(&channel).await;
    assert_eq!(
        (report.run.status.clone(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
        (RunStatus::CompletedWithErrors, 1)
    );
    proxy.heal();
    world.sim.clock().advance(DAY * 20);
    let report = import(&channel).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 1), "{report}");
}
