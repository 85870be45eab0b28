//! Looks that end early, or that miss something: they link what they found, move nothing and break nothing.

use std::{sync::Arc, time::Duration};

use shipstation_connector::{
    channel::{
        CancelToken, ChannelConnector, LinkListings, Refusal, RunControl, RunEvent, RunEventKind,
        RunObserver, RunStatus,
    },
    client::Clock,
    connector::ProductReading,
    testing::simulator::{Fault, FaultKind, Method, Quirks, RateLimit, SimProduct, SimulatorConfig},
};

use super::{channel, kept, link, link_with, list, outcomes, product};
use crate::support::World;

/// 1,200 products on three pages; listing `a` fits one of the first page, `b` one of the last.
async fn three_pages() -> (World, i64, i64) {
    let world = World::with(
        SimulatorConfig::default().rate_limit(RateLimit::Unlimited).latency(Duration::from_secs(10)),
    )
    .await;
    let ids: Vec<i64> = (0..1_200).map(|n| product(&world, &format!("P-{n:04}"))).collect();
    list(&world, &[("a", "P-0001"), ("b", "P-1100")]);
    (world, ids[1], ids[1_100])
}

/// Stops the run when a page was read.
#[derive(Debug)]
struct StopAfterPage(CancelToken);

impl RunObserver for StopAfterPage {
    fn on_event(&self, event: &RunEvent<'_>) {
        if matches!(event.kind, RunEventKind::PageRead { .. }) {
            self.0.cancel();
        }
    }
}

fn cancelled_after_a_page() -> LinkListings {
    let cancel = CancelToken::new();
    let observer = Arc::new(StopAfterPage(cancel.clone()));
    LinkListings::with(RunControl::new().cancel(cancel).observer(observer))
}

fn sweep(world: &World) -> shipstation_connector::ShipStationChannel {
    channel(world, |settings| settings.reading = ProductReading::Sweep)
}

#[tokio::test]
async fn faults_a_cancelled_run_keeps_what_it_found_and_the_next_one_goes_on() {
    let (world, first, last) = three_pages().await;
    let report = link_with(&sweep(&world), cancelled_after_a_page()).await;
    assert!(
        matches!(&report.run.status, RunStatus::Partial { why } if why.contains("cancelled")),
        "{report}"
    );
    assert!(!report.complete);
    assert_eq!((report.counts.linked, report.counts.not_evaluated), (1, 1), "{report}");
    assert_eq!(kept(&world).await, [("a".to_owned(), first)].into());
    let report = link_with(&sweep(&world), LinkListings::new()).await;
    assert_eq!((report.counts.already_linked, report.counts.linked), (1, 1));
    assert_eq!(kept(&world).await, [("a".to_owned(), first), ("b".to_owned(), last)].into());
}

#[tokio::test]
async fn clock_a_deadline_ends_the_reading_and_nothing_breaks() {
    let (world, first, _) = three_pages().await;
    let _ = link_with(&sweep(&world), LinkListings::new()).await;
    let before = kept(&world).await;
    world.sim.account(|account| account.products.remove(&first));
    let deadline = world.now() + Duration::from_secs(15);
    let report = link_with(&sweep(&world), LinkListings::with(RunControl::new().deadline(deadline))).await;
    assert!(matches!(&report.run.status, RunStatus::Partial { why } if why.contains("deadline")), "{report}");
    assert_eq!((report.counts.broken, report.counts.not_evaluated), (0, 2), "{report}");
    assert_eq!(kept(&world).await, before);
    assert_eq!(link_with(&sweep(&world), LinkListings::new()).await.counts.broken, 1);
}

#[tokio::test]
async fn clock_a_deadline_that_is_over_asks_nothing() {
    let (world, ..) = three_pages().await;
    let over = LinkListings::with(RunControl::new().deadline(world.ago(Duration::from_secs(1))));
    let report = link_with(&sweep(&world), over).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn faults_a_sweep_that_fails_half_way_moves_no_link() {
    let (world, first, last) = three_pages().await;
    let _ = link_with(&sweep(&world), LinkListings::new()).await;
    // A second product with the SKU of `b` stands on the first page; the old one is on a page that fails.
    world.sim.account(|account| {
        account.products.get_mut(&(first + 1)).unwrap().set("sku", "P-1100");
    });
    world
        .sim
        .fault(Fault::on(Method::GET, "/products").after(1).always().with(FaultKind::Html { status: 502 }));
    let report = link_with(&sweep(&world), LinkListings::new()).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert_eq!((report.counts.relinked, report.counts.not_evaluated), (0, 1), "{report}");
    assert_eq!(kept(&world).await["b"], last);
    world.sim.clear_faults();
    let report = link_with(&sweep(&world), LinkListings::new()).await;
    assert_eq!(outcomes(&report)["b"], "2 products");
}

#[tokio::test]
async fn faults_an_answer_of_nonsense_at_the_start_is_a_refusal() {
    let (world, ..) = three_pages().await;
    world.sim.fault(Fault::any().always().with(FaultKind::Html { status: 200 }));
    let error = sweep(&world).link_listings(LinkListings::new()).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::Unavailable { .. }), "{error}");
    assert!(kept(&world).await.is_empty());
    world.sim.clear_faults();
    let report = link(&world).await;
    assert_eq!(report.counts.linked, 2, "the lease was given back: {report}");
}

#[tokio::test]
async fn faults_a_row_that_cannot_be_read_breaks_no_link() {
    let world = World::new().await;
    let (mug, tea) = (product(&world, "MUG-1"), product(&world, "TEA-2"));
    list(&world, &[("a", "MUG-1"), ("b", "TEA-2")]);
    let _ = link(&world).await;
    let body = format!(
        r#"{{"products":[{{"productId":{mug},"sku":"MUG-1","active":true}},{{"productId":"seven","sku":"TEA-2"}}],"total":2,"page":1,"pages":0}}"#
    );
    world.sim.fault(Fault::on(Method::GET, "/products").with(FaultKind::Status { code: 200, body }));
    let report = link(&world).await;
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    assert!(!report.complete);
    assert!(report.run.warnings[0].contains("1 products could not be read"), "{report}");
    assert_eq!((report.counts.already_linked, report.counts.not_evaluated, report.counts.broken), (1, 1, 0));
    assert_eq!(kept(&world).await["b"], tea);
}

#[tokio::test]
async fn faults_null_rows_and_odd_page_counts_change_nothing() {
    let quirks = Quirks::default().null_rows(true).pages_zero(true).missing_rate_headers(true);
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
    for n in 0..100 {
        product(&world, &format!("P-{n:04}"));
    }
    list(&world, &[("a", "P-0000"), ("b", "P-0099")]);
    let report = link_with(&sweep(&world), LinkListings::new()).await;
    assert_eq!(
        (report.counts.linked, report.counts.scanned_products, report.complete),
        (2, 100, true),
        "{report}"
    );
}

#[tokio::test]
async fn faults_a_sweep_that_brings_fewer_rows_than_there_are_breaks_no_link() {
    let world = World::new().await;
    let (mug, tea) = (product(&world, "MUG-1"), product(&world, "TEA-2"));
    list(&world, &[("a", "MUG-1"), ("b", "TEA-2")]);
    let _ = link(&world).await;
    let body = format!(
        r#"{{"products":[{{"productId":{mug},"sku":"MUG-1","active":true}}],"total":2,"page":1,"pages":1}}"#
    );
    let short = Fault::on(Method::GET, "/products").with(FaultKind::Status { code: 200, body });
    world.sim.fault(short.always());
    let report = link(&world).await;
    assert_eq!((report.complete, report.counts.broken), (false, 0), "{report}");
    assert_eq!(kept(&world).await["b"], tea);
}

#[tokio::test]
async fn clock_the_key_waits_out_its_minutes_and_keeps_its_lease() {
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::PerMinute(3))).await;
    world.sim.account(|account| {
        for n in 0..6_000 {
            account.add_product(SimProduct::new(format!("P-{n:04}")));
        }
    });
    list(&world, &[("a", "P-0001"), ("b", "P-5999")]);
    let began = world.now();
    let report = link_with(&sweep(&world), LinkListings::new()).await;
    assert_eq!(report.counts.linked, 2, "{report}");
    assert!(world.now().since(began) > Duration::from_secs(180), "longer than a third of the lease");
    assert_eq!(world.sim.clock().now(), Clock::now(&*world.sim.clock()));
    assert!(world.sim.journal().throttled().count() <= 1);
}
