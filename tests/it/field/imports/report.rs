//! What a report says of many orders at once.

use shipstation_connector::channel::{ChannelConnector, CheckConnection, RunStatus};

use super::{import, rig::Proxy};
use crate::support::World;

#[tokio::test]
async fn orders_that_are_held_for_one_reason_are_one_line() {
    let world = World::new().await;
    for number in 0..8 {
        world.add(world.order(&format!("A-{number}")).shipping("Unheard of"));
    }
    world.add(world.order("B-1").shipping("Something else"));
    let report = import(&world.channel(|_| {})).await;
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("  order ")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("8 orders held: shipping text \"Unheard of\" is not mapped: A-0 ("), "{text}");
    assert!(lines[0].ends_with("and 3 more") && lines[1].contains("B-1 ("), "{text}");
    assert_eq!(report.items.iter().filter(|item| item.needs_attention()).count(), 9);
}

#[tokio::test]
async fn one_of_a_kind_is_told_in_the_singular() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    let text = import(&world.channel(|_| {})).await.to_string();
    assert!(text.contains("1 row of 1,") && !text.contains("1 rows"), "{text}");
    let proxy = Proxy::before(&world, |_, answer| {
        answer.status = "HTTP/1.1 401 Unauthorized".to_owned();
        answer.body.clear();
    })
    .await;
    let text = proxy.channel(&world, |_| {}).check(CheckConnection::new()).await.unwrap().to_string();
    assert!(text.contains(", 1 request\n"), "{text}");
}

#[tokio::test]
async fn totals_that_contradict_the_rows_are_not_printed_as_rows() {
    let world = World::new().await;
    for number in 0..3 {
        world.add(world.order(&format!("A-{number}")));
    }
    let proxy = Proxy::before(&world, |asked, answer| {
        if asked.starts_with("GET /orders?") {
            answer.json(|json| json["total"] = 0.into());
        }
    })
    .await;
    let report = import(&proxy.channel(&world, |_| {})).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert_eq!(report.counts.imported(), 3, "{report}");
    assert!(report.to_string().contains("3 rows of 0"), "{report}");
}
