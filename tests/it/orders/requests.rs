//! What an import costs, counted on the simulator's journal.

use std::time::Duration;

use shipstation_connector::{
    channel::{ChannelConnector, CheckConnection, RunStatus, report::FollowUpStatus},
    client::{TagId, UserId},
    testing::simulator::{SimLine, SimOrder},
};

use super::{import, imported};
use crate::support::World;

const MINUTE: Duration = Duration::from_secs(60);

/// Ten thousand orders, one every half minute.
fn fill(world: &World, tag: Option<i64>) {
    for number in 0..10_000_u32 {
        let mut order = SimOrder::new(format!("B-{number}"))
            .created(world.ago(MINUTE / 2 * (10_100 - number)))
            .shipping("Standard")
            .line(SimLine::new("MUG-1", 1, "18.50"));
        if let Some(tag) = tag.filter(|_| number % 2 == 0) {
            order = order.tag(tag);
        }
        world.add(order);
    }
}

fn reads(world: &World) -> usize {
    let journal = world.sim.journal();
    journal.len() - journal.writes().count()
}

#[tokio::test]
async fn requests_ten_thousand_orders_take_22_reads_and_100_assignments() {
    let world = World::new().await;
    fill(&world, None);
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    // The check looks at the tag and user of the settings; an import that comes without one does it itself.
    assert!(channel.check(CheckConnection::new()).await.unwrap().is_ok());
    world.sim.clear_journal();
    let report = import(&channel).await;
    assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)),
        (10_000, 10_000),
        "{report}"
    );
    assert_eq!(imported(&world), 10_000);
    assert_eq!(world.sim.journal().count("POST", "/orders/assignuser"), 100);
    assert_eq!(world.sim.journal().writes().count(), 100);
    assert!(reads(&world) <= 22, "{} reads", reads(&world));
    let first = reads(&world);

    world.sim.clear_journal();
    let again = import(&channel).await;
    assert_eq!((again.counts.imported(), again.counts.already_imported()), (0, 10_000), "{again}");
    assert_eq!(world.sim.journal().writes().count(), 0);
    assert_eq!(reads(&world), first, "the same window, the same reads");

    world.sim.clear_journal();
    let unchecked = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let _ = import(&unchecked).await;
    assert_eq!(reads(&world), first + 1, "a channel that was not checked asks once whether the user exists");
}

#[tokio::test]
async fn requests_a_tag_costs_two_small_calls_and_takes_the_cheaper_way() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("Dropship"));
    fill(&world, Some(tag));
    let channel = world.channel(|settings| settings.orders.tag = Some(TagId::new(tag)));
    let report = import(&channel).await;
    assert_eq!(report.counts.imported(), 5_000, "{report}");
    assert_eq!(report.counts.scanned(), 5_000, "orders without the tag were not read: {report}");
    // Ten pages, the choice, the probe, the stores, and the look whether the tag exists.
    assert!(reads(&world) <= 15, "{} reads", reads(&world));
    assert!(report.to_string().contains("read by tag"), "{report}");
}

#[tokio::test]
async fn requests_a_dry_run_changes_nothing() {
    let world = World::new().await;
    world.add(world.order("A-1"));
    world.add(world.order("A-2").shipping("Unheard of"));
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let control = shipstation_connector::channel::RunControl::new().dry_run();
    let report = super::import_with(&channel, control).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (2, 1), "{report}");
    let text = report.to_string();
    assert!(
        text.contains("2 would be new (1 would be held)") && text.contains("would be held: shipping"),
        "{text}"
    );
    assert!(!text.contains(" held: ") || !text.contains(" 2 new"), "nothing reads as if done: {text}");
    assert_eq!((imported(&world), world.sim.journal().writes().count()), (0, 0));
    let real = import(&channel).await;
    assert_eq!(real.counts.imported(), 2, "a dry run is no run: {real}");
}
