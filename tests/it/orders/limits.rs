//! A run that stops early says so, says what is left, and the next one goes on.

use std::sync::Arc;

use shipstation_connector::{
    channel::{
        CancelToken, ChannelConnector, GetOrders, RunControl, RunEvent, RunEventKind, RunObserver, RunStatus,
        report::FollowUpStatus, report::ImportOutcomeKind,
    },
    client::UserId,
    testing::simulator::{Fault, FaultKind, Method},
};

use super::{import, import_with, imported};
use crate::support::{DAY, Gate, World};

fn partial(status: &RunStatus) -> &str {
    match status {
        RunStatus::Partial { why } => why,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn faults_max_orders_ends_partial_and_the_next_run_goes_on() {
    let world = World::new().await;
    for number in 0..25 {
        world.add(world.order(&format!("A-{number}")));
    }
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let channel = world.channel(|settings| {
        settings.orders.max_orders = Some(10);
        settings.orders.page_size = 8;
        settings.orders.assign_user = Some(UserId::new(&user));
    });
    let mut imports = Vec::new();
    for _ in 0..2 {
        let report = import(&channel).await;
        assert!(partial(&report.run.status).contains("max_orders"), "{report}");
        assert!(
            !report.scans[0].complete && report.counts.of(ImportOutcomeKind::NotEvaluated) > 0,
            "{report}"
        );
        assert_eq!(
            report.counts.users.of(FollowUpStatus::Done),
            10,
            "what is imported gets its user: {report}"
        );
        imports.push(report.counts.imported());
    }
    let last = import(&channel).await;
    imports.push(last.counts.imported());
    assert_eq!((imports.as_slice(), imported(&world)), ([10, 10, 5].as_slice(), 25), "{last}");
    assert_eq!(last.run.status, RunStatus::Succeeded, "{last}");
}

/// Cancels the run once a page has been read.
#[derive(Debug)]
struct CancelAfterPage(CancelToken);

impl RunObserver for CancelAfterPage {
    fn on_event(&self, event: &RunEvent<'_>) {
        if let RunEventKind::PageRead { .. } = event.kind {
            self.0.cancel();
        }
    }
}

#[tokio::test]
async fn faults_a_cancelled_run_ends_partial_between_two_pages() {
    let world = World::new().await;
    for number in 0..6 {
        world.add(world.order(&format!("A-{number}")));
    }
    let cancel = CancelToken::new();
    let control = RunControl::new().cancel(cancel.clone()).observer(Arc::new(CancelAfterPage(cancel)));
    let channel = world.channel(|settings| settings.orders.page_size = 2);
    let report = import_with(&channel, control).await;
    assert!(partial(&report.run.status).contains("cancelled"), "{report}");
    assert_eq!(
        (report.counts.imported(), imported(&world)),
        (2, 2),
        "the page that was read is kept: {report}"
    );
    assert_eq!(import(&channel).await.counts.imported(), 4);
}

#[tokio::test]
async fn clock_a_run_that_meets_its_deadline_ends_partial() {
    let world = World::new().await;
    for number in 0..6 {
        world.add(world.order(&format!("A-{number}")));
    }
    let slow = FaultKind::Slow(DAY / 24);
    world.sim.fault(Fault::on(Method::GET, "/orders").times(1).with(slow));
    let channel = world.channel(|settings| {
        settings.orders.page_size = 2;
        settings.lease = DAY;
    });
    let control = RunControl::new().deadline(world.now() + DAY / 48);
    let report = import_with(&channel, control).await;
    assert!(partial(&report.run.status).contains("deadline"), "{report}");
    assert_eq!(report.counts.imported(), 2, "{report}");
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.already_imported()), (4, 2), "{report}");
}

#[tokio::test]
async fn faults_a_lasting_fault_after_the_first_page_ends_partial() {
    let world = World::new().await;
    for number in 0..6 {
        world.add(world.order(&format!("A-{number}")));
    }
    let fault = Fault::on(Method::GET, "/orders").after(1).always().with(FaultKind::Html { status: 200 });
    world.sim.fault(fault);
    let channel = world.channel(|settings| settings.orders.page_size = 2);
    let report = import(&channel).await;
    assert!(partial(&report.run.status).contains("base URL"), "{report}");
    assert_eq!(report.counts.imported(), 2, "{report}");
    world.sim.clear_faults();
    assert_eq!(import(&channel).await.counts.imported(), 4);
}

#[tokio::test]
async fn faults_refused_credentials_in_the_middle_fail_the_run_and_keep_what_is_done() {
    let world = World::new().await;
    for number in 0..4 {
        world.add(world.order(&format!("A-{number}")));
    }
    let body = String::new();
    world.sim.fault(Fault::any().after(1).always().with(FaultKind::Status { code: 401, body }));
    let channel = world.channel(|settings| settings.orders.page_size = 2);
    let report = import(&channel).await;
    assert!(matches!(report.run.status, RunStatus::Failed { .. }), "{report}");
    assert_eq!((report.counts.imported(), imported(&world)), (2, 2), "{report}");
    let refused = channel.get_orders(GetOrders::new()).await.unwrap_err();
    assert!(refused.to_string().contains("API key or secret"), "nothing was done: {refused}");
}

#[tokio::test]
async fn clock_a_long_ledger_leaves_half_of_the_time_to_the_window() {
    use shipstation_connector::connector::UnmappedPolicy;
    let world = World::new().await;
    for number in 0..6 {
        world.add(world.order(&format!("A-{number}")).shipping("Unheard of"));
    }
    let channel = world.channel(|settings| {
        settings.shipping.unmapped = UnmappedPolicy::Reject;
        settings.orders.catch_up_days = 0;
        settings.lease = DAY;
    });
    let _ = import(&channel).await;
    world.sim.clock().advance(DAY * 9);
    world.add(world.order("B-1"));
    // Every look at one of them takes ten minutes, and the run has forty.
    let minute = DAY / 24 / 60;
    world.sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::Slow(minute * 10)));
    let control = RunControl::new().deadline(world.now() + minute * 40);
    let report = import_with(&channel, control).await;
    assert_eq!((report.run.status.clone(), report.counts.imported()), (RunStatus::Succeeded, 1), "{report}");
    assert!(report.to_string().contains("4 orders that failed before wait for the next run"), "{report}");
}

#[tokio::test]
async fn faults_orders_that_keep_failing_take_no_room_of_max_orders() {
    let world = World::new().await;
    let gate = Gate::over(world.store.clone());
    for number in ["BAD-0", "BAD-1", "BAD-2"] {
        gate.refuse(number, true);
        world.add(world.order(number).created(world.ago(DAY)));
    }
    world.add(world.order("GOOD"));
    let channel = world.channel_on(gate.stores(), |settings| settings.orders.max_orders = Some(3));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.of(ImportOutcomeKind::FailedRetryable)),
        (1, 3),
        "{report}"
    );
    assert_eq!((report.counts.of(ImportOutcomeKind::NotEvaluated), imported(&world)), (0, 1), "{report}");
}
