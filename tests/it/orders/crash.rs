//! The process dies at every store call and at every request in turn. Each time the next process finishes the work:
//! every order once, every user assigned, every tag on.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, GetOrders, ImportReport, Operation, RunStatus,
        report::FollowUpStatus,
        store::{RunState, RunStore},
    },
    client::{TagId, UserId},
    stores::memory::StoredOrder,
    testing::simulator::{Fault, FaultKind},
};

use super::{import, imported};
use crate::support::{Gate, Moment, World};

const AFTER_THE_LEASE: Duration = Duration::from_secs(301);

/// A world with four orders, one of them not mapped, a user and a tag.
struct Scene {
    world: World,
    gate: Arc<Gate>,
    user: String,
    tag: i64,
    orders: Vec<i64>,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let (tag, user) =
            world.sim.account(|account| (account.add_tag("In OMS"), account.add_user("Night Shift")));
        let texts = ["Standard", "Standard", "Unheard of", "Standard"];
        let orders = texts
            .iter()
            .enumerate()
            .map(|(n, text)| world.add(world.order(&format!("A-{n}")).shipping(*text)))
            .collect();
        let gate = Gate::over(world.store.clone());
        Self { world, gate, user, tag, orders }
    }

    /// Another process.
    fn channel(&self) -> ShipStationChannel {
        self.world.channel_on(self.gate.stores(), |settings| {
            settings.orders.assign_user = Some(UserId::new(&self.user));
            settings.orders.acknowledgement_tag = Some(TagId::new(self.tag));
            settings.orders.page_size = 2;
        })
    }

    /// Runs until the process dies. False when the run ended first.
    async fn dies(&self) -> bool {
        let channel = self.channel();
        tokio::select! {
            biased;
            () = self.gate.dead.notified() => true,
            () = self.hangs() => true,
            _ = channel.get_orders(GetOrders::new()) => false,
        }
    }

    /// Ends when a request is left hanging.
    async fn hangs(&self) {
        let hanging = || self.world.sim.journal().iter().any(|entry| entry.fault.is_some());
        while !hanging() {
            tokio::task::yield_now().await;
        }
    }

    /// What the slow worker may have inserted: nothing, unless it had done so before it was stopped.
    fn first_inserts(&self, report: &ImportReport) -> u64 {
        let ours = |stored: &&StoredOrder| stored.record.run == report.run.run;
        let stored = self.world.store.orders(&self.world.connection);
        u64::try_from(stored.iter().filter(ours).count()).unwrap()
    }

    /// The next process, after the lease is over: it finishes the work, and the one after it has nothing to do.
    async fn recovers(&self, what: &str) {
        self.world.sim.clear_faults();
        self.world.sim.clock().advance(AFTER_THE_LEASE);
        let report = import(&self.channel()).await;
        assert_eq!(report.run.status, RunStatus::Succeeded, "{what}: {report}");
        assert_eq!(imported(&self.world), self.orders.len(), "{what}: {report}");
        let inserted = self.gate.inserted.lock().unwrap().clone();
        assert!(inserted.values().all(|times| *times == 1), "{what}: {inserted:?}");
        assert_eq!(inserted.len(), self.orders.len(), "{what}");
        for id in &self.orders {
            let order = self.world.sim.account(|account| account.order(*id).cloned()).unwrap();
            assert_eq!(order.text("userId"), Some(&*self.user), "{what}: {report}");
            assert_eq!(order.ids("tagIds"), [self.tag], "{what}: {report}");
        }
        self.world.sim.clear_journal();
        self.world.sim.clock().advance(AFTER_THE_LEASE);
        let idle = import(&self.channel()).await;
        assert_eq!(idle.counts.already_imported(), 4, "{what}: {idle}");
        assert_eq!(self.world.sim.journal().writes().count(), 0, "{what}: {idle}");
    }
}

#[tokio::test]
async fn crash_at_every_store_call_neither_loses_nor_doubles() {
    let calls = {
        let scene = Scene::new().await;
        assert!(!scene.dies().await);
        scene.gate.calls()
    };
    assert!(calls > 12, "{calls} store calls");
    for call in 1..=calls {
        for moment in [Moment::Before, Moment::After] {
            let scene = Scene::new().await;
            scene.gate.die_at(call, moment);
            assert!(scene.dies().await, "call {call}");
            scene.recovers(&format!("died {moment:?} store call {call}")).await;
        }
    }
}

#[tokio::test]
async fn crash_at_every_request_neither_loses_nor_doubles() {
    let requests = {
        let scene = Scene::new().await;
        assert!(!scene.dies().await);
        u64::try_from(scene.world.sim.journal().len()).unwrap()
    };
    assert!(requests > 8, "{requests} requests");
    for request in 0..requests {
        for kind in [FaultKind::Hang, FaultKind::HangAfterEffect] {
            let scene = Scene::new().await;
            scene.world.sim.fault(Fault::any().after(request).with(kind.clone()));
            assert!(scene.dies().await, "request {request}");
            scene.recovers(&format!("died at request {request}, {kind:?}")).await;
        }
    }
}

#[tokio::test]
async fn crash_a_lease_is_held_until_it_expires_and_its_run_is_marked() {
    let scene = Scene::new().await;
    scene.gate.die_at(8, Moment::After);
    assert!(scene.dies().await);
    let refused = scene.channel().get_orders(GetOrders::new()).await.unwrap_err();
    assert!(refused.is_retryable() && refused.to_string().contains("already running"), "{refused}");
    scene.recovers("died in the middle").await;
    let runs = scene.world.store.recent(&scene.world.connection, Operation::GetOrders, 10).await.unwrap();
    assert_eq!(runs.last().unwrap().state, RunState::Abandoned);
}

#[tokio::test]
async fn crash_two_workers_at_once_import_each_order_once() {
    let scene = Scene::new().await;
    let (one, two) = (scene.channel(), scene.channel());
    let (one, two) = tokio::join!(one.get_orders(GetOrders::new()), two.get_orders(GetOrders::new()));
    assert_eq!(u32::from(one.is_ok()) + u32::from(two.is_ok()), 1, "one has the lease");
    scene.recovers("two workers").await;
}

#[tokio::test]
async fn crash_a_worker_that_outlives_its_lease_doubles_nothing() {
    let calls = {
        let scene = Scene::new().await;
        assert!(!scene.dies().await);
        scene.gate.calls()
    };
    for call in 1..=calls {
        let scene = Scene::new().await;
        scene.gate.die_at(call, Moment::Before);
        let slow = scene.channel();
        let mut run = slow.get_orders(GetOrders::new());
        tokio::select! {
            biased;
            () = scene.gate.dead.notified() => {}
            _ = &mut run => panic!("it does not stop at call {call}"),
        }
        let what = format!("stopped before store call {call}");
        scene.recovers(&what).await;
        // It goes on with its old token, and whatever it may have decided: the stores refuse it.
        scene.gate.resume.notify_one();
        if let Ok(report) = run.await {
            assert!(report.counts.add_up(), "{what}: {report}");
            assert_eq!(report.counts.imported(), scene.first_inserts(&report), "{what}: {report}");
        }
        scene.recovers(&format!("{what}, and went on")).await;
    }
}

#[tokio::test]
async fn crash_a_lost_sighting_costs_a_count_and_no_text() {
    let scene = Scene::new().await;
    let stores = scene.gate.stores();
    assert!(!scene.dies().await);
    let held = stores.orders.held(&scene.world.connection, None, 10).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].text.as_deref(), Some("Unheard of"), "the held order has its text");
    let unmapped = stores.mappings.unmapped(&scene.world.connection).await.unwrap();
    assert_eq!((unmapped.len(), unmapped[0].count), (1, 1));
}

#[tokio::test]
async fn crash_a_run_that_loses_its_lease_at_the_very_end_is_no_success() {
    let scene = Scene::new().await;
    let calls = {
        let counted = Scene::new().await;
        assert!(!counted.dies().await);
        counted.gate.calls()
    };
    scene.gate.die_at(calls, Moment::Before);
    let slow = scene.channel();
    let mut run = slow.get_orders(GetOrders::new());
    tokio::select! {
        biased;
        () = scene.gate.dead.notified() => {}
        _ = &mut run => panic!("it does not stop before its end is recorded"),
    }
    scene.recovers("stopped before its end was recorded").await;
    scene.gate.resume.notify_one();
    let report = run.await.unwrap();
    assert_eq!((report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)), (4, 4), "{report}");
    let RunStatus::Partial { why } = &report.run.status else { panic!("{report}") };
    assert!(why.contains("could not be recorded"), "{why}");
}
