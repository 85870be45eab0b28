//! The process dies at every call of the outbox in turn, before its effect and after it: nothing is lost, and
//! nothing is sent twice.

use shipstation_connector::channel::RunStatus;
use shipstation_connector::channel::report::SyncOutcomeKind;

use super::{
    MINUTE, import, marked,
    mortal::{Mortal, When, sync_until_death},
    part, states, sync, sync_after,
};
use crate::support::World;

/// An order in one parcel, one in two, one that a person ships, one that nobody may ship.
struct Scene {
    world: World,
    orders: [i64; 4],
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let orders = ["whole", "parts", "shipped", "cancelled"].map(|number| world.add(world.order(number)));
        let [whole, parts, shipped, cancelled] = orders;
        import(&world).await;
        world.ship(whole, "1Zwhole").await;
        world.enqueue(part(&world, "p1", parts, 5, &[(0, 2)])).await;
        world.enqueue(part(&world, "p2", parts, 2, &[(1, 1)])).await;
        world.ship(shipped, "1Zshipped").await;
        world.ship(cancelled, "1Zcancelled").await;
        world.sim.account(|account| {
            account.ship_by_hand(shipped, "1Zshipped", "ups");
            account.cancel(cancelled);
        });
        Self { world, orders }
    }

    async fn assert_done(&self, what: &str) {
        let [whole, parts, shipped, cancelled] = self.orders;
        assert_eq!(marked(&self.world, whole), 1, "{what}");
        assert_eq!(marked(&self.world, parts), 1, "{what}");
        assert_eq!(marked(&self.world, shipped), 0, "{what}");
        assert_eq!(states(&self.world, whole).await, ["confirmed"], "{what}");
        assert_eq!(states(&self.world, parts).await, ["superseded", "confirmed"], "{what}");
        assert_eq!(states(&self.world, shipped).await, ["confirmed"], "{what}");
        assert_eq!(states(&self.world, cancelled).await, ["failed"], "{what}");
        let notices = self.world.sim.account(|account| account.notices.len());
        assert_eq!(notices, 2, "{what}: each buyer is told once");
    }
}

#[tokio::test]
async fn crash_at_every_call_of_the_outbox_loses_and_doubles_nothing() {
    let scene = Scene::new().await;
    let undisturbed = Mortal::new(None);
    sync_until_death(&scene.world, scene.world.client(), &undisturbed).await.unwrap();
    scene.assert_done("undisturbed").await;
    assert!(undisturbed.calls() > 10);
    for call in 1..=undisturbed.calls() {
        for when in [When::Before, When::After] {
            let scene = Scene::new().await;
            let mortal = Mortal::new(Some((call, when)));
            let report = sync_until_death(&scene.world, scene.world.client(), &mortal).await;
            assert!(report.is_none(), "it dies at call {call}, {when:?}");
            for _ in 0..4 {
                sync_after(&scene.world, MINUTE * 6).await;
            }
            scene.assert_done(&format!("died at call {call}, {when:?}")).await;
        }
    }
}

#[tokio::test]
async fn faults_of_the_outbox_at_every_call_lose_and_double_nothing() {
    let scene = Scene::new().await;
    let undisturbed = Mortal::new(None);
    sync_until_death(&scene.world, scene.world.client(), &undisturbed).await.unwrap();
    for call in 1..=undisturbed.calls() {
        let scene = Scene::new().await;
        let failing = Mortal::new(Some((call, When::Fails)));
        if let Some(report) = sync_until_death(&scene.world, scene.world.client(), &failing).await {
            assert!(report.counts.add_up(), "failed at call {call}: {report}");
            assert!(matches!(report.run.status, RunStatus::Failed { .. }), "failed at call {call}: {report}");
        }
        for _ in 0..4 {
            sync_after(&scene.world, MINUTE * 2).await;
        }
        scene.assert_done(&format!("failed at call {call}")).await;
    }
}

#[tokio::test]
async fn faults_an_outcome_that_cannot_be_recorded_is_unknown_in_the_report() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let failing = Mortal::new(Some((RECORD_AFTER_SEND, When::Fails)));
    let report = sync_until_death(&world, world.client(), &failing).await.unwrap();
    assert_eq!((report.counts.of(SyncOutcomeKind::Unknown), report.counts.marked), (1, 1), "{report}");
    let report = sync_after(&world, MINUTE).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn crash_after_the_intent_is_read_back_twice_a_minute_apart_and_then_sent_once() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    die_at_begin_send(&world).await;
    assert_eq!((states(&world, order).await, world.marks()), (vec!["sending"], 0));

    let report = sync_after(&world, MINUTE * 6).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::Unknown), world.marks()),
        (1, 0),
        "the first look: {report}"
    );
    let report = sync_after(&world, MINUTE / 2).await;
    assert_eq!(
        (report.counts.of(SyncOutcomeKind::Unknown), world.marks()),
        (1, 0),
        "too early for the second: {report}"
    );
    let report = sync_after(&world, MINUTE).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
}

#[tokio::test]
async fn crash_after_the_send_is_found_and_not_repeated() {
    let world = World::new().await;
    let order = world.add(world.order("1"));
    world.ship(order, "1Z1").await;
    let mortal = Mortal::new(Some((RECORD_AFTER_SEND, When::Before)));
    assert!(sync_until_death(&world, world.client(), &mortal).await.is_none());
    assert_eq!((states(&world, order).await, world.marks()), (vec!["sending"], 1));
    let report = sync_after(&world, MINUTE * 6).await;
    assert_eq!((report.counts.confirmed(), world.marks()), (1, 1), "{report}");
    let report = sync(&world).await;
    assert_eq!(report.counts.due(), 0, "{report}");
}

/// Which call of a run with one shipment records what became of the request.
const RECORD_AFTER_SEND: usize = 7;

async fn die_at_begin_send(world: &World) {
    let mortal = Mortal::new(Some((RECORD_AFTER_SEND - 1, When::After)));
    assert!(sync_until_death(world, world.client(), &mortal).await.is_none());
}
