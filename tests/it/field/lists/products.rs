//! Linking with a list of products that is not known to be whole: what was found is linked, nothing is broken, and the
//! run says why it is partial.

use serde_json::json;
use shipstation_connector::channel::store::ListingStoreExt;
use shipstation_connector::{
    channel::{ChannelConnector, LinkListings, LinkReport, LinkState, Listing, RunStatus},
    connector::{ListingSettings, ProductReading},
    testing::simulator::{Fault, FaultKind, Method, RateLimit, SimProduct, SimulatorConfig},
};

use crate::support::World;

async fn world(products: &[&str]) -> (World, Vec<i64>) {
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited)).await;
    let ids =
        products.iter().map(|sku| world.sim.account(|account| account.add_product(SimProduct::new(*sku))));
    let ids = ids.collect();
    let listings = products.iter().map(|sku| Listing::new(format!("l-{sku}"), *sku));
    world.store.put_listings(&world.connection, listings);
    (world, ids)
}

async fn link(world: &World) -> LinkReport {
    let stores = shipstation_connector::channel::store::Stores::all_in(world.store.clone());
    let channel = world.channel_on(stores, |settings| {
        let mut listings = ListingSettings::default();
        listings.reading = ProductReading::Sweep;
        settings.listings = Some(listings);
    });
    channel.link_listings(LinkListings::new()).await.unwrap()
}

async fn linked(world: &World) -> usize {
    let links = world.store.links_after(&world.connection, None, 100).await.unwrap();
    links.iter().filter(|link| link.state == LinkState::Linked).count()
}

fn answer(world: &World, body: &serde_json::Value) {
    let fault = Fault::on(Method::GET, "/products").always();
    world.sim.fault(fault.with(FaultKind::Status { code: 200, body: body.to_string() }));
}

#[tokio::test]
async fn a_list_that_contradicts_itself_breaks_no_link() {
    let (world, ids) = world(&["MUG-1", "TEA-2"]).await;
    assert_eq!(link(&world).await.counts.linked, 2);
    let mug = json!({"productId": ids[0], "sku": "MUG-1", "active": true});
    for (products, total, shown) in [
        (json!([]), 1_200, "0 of 1200 read"),
        (json!([mug]), 0, "1 of 0 read"),
        (json!([mug]), 2, "1 of 2 read"),
    ] {
        answer(&world, &json!({"products": products, "total": total, "page": 1, "pages": 1}));
        let report = link(&world).await;
        let RunStatus::Partial { why } = &report.run.status else { panic!("{report}") };
        assert!(why.contains("list of products is incomplete") && why.contains(shown), "{why}");
        assert_eq!((report.counts.broken, report.complete), (0, false), "{report}");
        assert!(report.to_string().contains(&format!("products  {shown}, not all of them")), "{report}");
        assert_eq!(linked(&world).await, 2);
        world.sim.clear_faults();
    }
    let report = link(&world).await;
    assert_eq!((report.run.status.clone(), report.complete), (RunStatus::Succeeded, true), "{report}");
    assert!(report.to_string().contains("products  2 of 2 read, all of them"), "{report}");
}

#[tokio::test]
async fn what_an_incomplete_list_shows_is_linked() {
    let (world, ids) = world(&["MUG-1", "TEA-2"]).await;
    let mug = json!({"productId": ids[0], "sku": "MUG-1", "active": true});
    answer(&world, &json!({"products": [mug], "total": 2}));
    let report = link(&world).await;
    assert!(matches!(report.run.status, RunStatus::Partial { .. }), "{report}");
    assert_eq!(
        (report.counts.linked, report.counts.no_match, report.counts.not_evaluated),
        (1, 0, 1),
        "{report}"
    );
    world.sim.clear_faults();
    let report = link(&world).await;
    assert_eq!((report.counts.already_linked, report.counts.linked), (1, 1), "{report}");
}

#[tokio::test]
async fn a_product_that_cannot_be_read_is_the_only_one_that_is_missing() {
    let (world, ids) = world(&["MUG-1", "TEA-2", "CUP-3"]).await;
    assert_eq!(link(&world).await.counts.linked, 3);
    let row = |id: i64, sku: &str, rest: &str| format!(r#"{{"productId":{id},"sku":"{sku}"{rest}}}"#);
    for rest in [",\"name\":\"x\\ud83d\"", ",\"weightOz\":\"heavy\"", ",\"price\":NaN", ",\"name\":\"a\nb\""]
    {
        let rows = [row(ids[0], "MUG-1", ""), row(ids[1], "TEA-2", rest), row(ids[2], "CUP-3", "")].join(",");
        let body = format!(r#"{{"products":[{rows}],"total":3}}"#);
        world
            .sim
            .fault(Fault::on(Method::GET, "/products").always().with(FaultKind::Status { code: 200, body }));
        let report = link(&world).await;
        assert_eq!((report.counts.already_linked, report.counts.broken), (3, 0), "{rest}: {report}");
        assert_eq!(report.run.status, RunStatus::Succeeded, "{report}");
        world.sim.clear_faults();
    }
    let rows = [row(ids[0], "MUG-1", ""), row(0, "TEA-2", ""), row(ids[2], "CUP-3", "")].join(",");
    let body = format!(r#"{{"products":[{rows}],"total":3}}"#);
    world.sim.fault(Fault::on(Method::GET, "/products").always().with(FaultKind::Status { code: 200, body }));
    let report = link(&world).await;
    assert_eq!(
        (report.counts.already_linked, report.counts.broken, report.complete),
        (2, 0, false),
        "{report}"
    );
}

#[tokio::test]
async fn an_answer_about_another_product_breaks_no_link() {
    let (world, ids) = world(&["MUG-1", "TEA-2"]).await;
    assert_eq!(link(&world).await.counts.linked, 2);
    let mug = json!({"productId": ids[0], "sku": "MUG-1", "active": true});
    answer(&world, &json!({"products": [mug], "total": 1}));
    let other = json!({"productId": ids[0], "sku": "MUG-1", "active": false}).to_string();
    let path = format!("/products/{}", ids[1]);
    world
        .sim
        .fault(Fault::on(Method::GET, &path).always().with(FaultKind::Status { code: 200, body: other }));
    let report = link(&world).await;
    assert_eq!(report.counts.broken, 0, "{report}");
    assert_eq!(linked(&world).await, 2);
}
