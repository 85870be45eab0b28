//! Texts of strangers: compared whole, shown in one notation, and short.

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ChannelConnector, CheckConnection, DiagnoseOrder, GetOrders, ListingId, OrderSelector, Refusal,
        ResolveHeld, ResolveShipping,
        report::{LinkItem, LinkOutcome},
        shipping::{ShippingRequest, ShippingRule},
        store::{OrderStore, OrderStoreExt},
    },
    connector::UnmappedPolicy,
    testing::simulator::SimOrder,
};

use super::{MOST, at_work};
use crate::support::{World, written};

/// The longest text that a report may make of an order, whatever the store wrote.
const SHORT: usize = 20_000;

async fn import(channel: &ShipStationChannel) -> shipstation_connector::channel::ImportReport {
    channel.get_orders(GetOrders::new()).await.unwrap()
}

fn short(what: &str, text: &str) {
    assert!(text.len() < SHORT, "{what} has {} bytes", text.len());
    assert!(text.contains(" more characters)"), "{what} says that something is cut: {text}");
}

#[tokio::test]
async fn names_that_a_store_gives_are_shown_short_and_on_one_line() {
    let world = World::new().await;
    let long = format!("{}\u{202e}", "9".repeat(1_000_000));
    let created = world.ago(std::time::Duration::from_secs(3_600));
    let empty = |number: &str| {
        SimOrder::new(number).status("awaiting_shipment").created(created).shipping("Standard")
    };
    world.add(empty(&long));
    world.add(empty("A-1\u{202e}\n"));
    let parked = world.add(world.order("A-2").status("parked\u{202e}\n  BLOCKS"));
    let channel = world.channel(|_| {});

    let report = import(&channel).await;
    short("the import report", &report.to_string());
    short("its JSON", &written(&report));
    let diagnose = |which| channel.diagnose_order(DiagnoseOrder::new(which));
    let id = OrderSelector::Id(parked.to_string().into());
    let near = OrderSelector::Number("A-1x".to_owned());
    let [parked, near] = [diagnose(id).await, diagnose(near).await].map(|answer| answer.unwrap().remove(0));
    assert!(near.to_string().contains("did you mean A-1"), "{near}");
    for text in [report.to_string(), parked.to_string(), near.to_string()] {
        assert!(!text.contains('\u{202e}') && !text.contains("\n  BLOCKS,"), "{text}");
    }
    let status = parked.check("status").unwrap();
    assert!(status.observed.starts_with("is parked<U+202E>␊"), "{status:?}");
}

#[tokio::test]
async fn a_text_of_ten_megabytes_makes_short_reports_and_is_mapped_whole() {
    let world = World::new().await;
    let text = format!("{}.", "Ground ".repeat(1_500_000));
    world.add(world.order("A-1").shipping(&text));
    let channel = world.channel(|_| {});

    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{}", report.headline());
    short("the import report", &report.to_string());
    short("its JSON", &written(&report));
    short("its Debug", &format!("{report:?}"));
    let held = world.store.held(&world.connection, None, 9).await.unwrap();
    assert_eq!(held[0].text.as_deref(), Some(text.as_str()), "what is kept is whole");

    let check = channel.check(CheckConnection::new()).await.unwrap();
    short("the check", &check.to_string());
    short("its JSON", &written(&check));
    let diagnoses =
        channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Number("A-1".to_owned()))).await.unwrap();
    short("the diagnosis", &diagnoses[0].to_string());
    short("its JSON", &written(&diagnoses));
    let unmapped = channel.unmapped().await.unwrap();
    short("the unmapped text", &unmapped[0].to_string());
    let explained = channel.explain_shipping(&ShippingRequest::new(text.clone())).await.unwrap();
    short("the explanation", &explained.to_string());

    world
        .rules(vec![
            ShippingRule::exact(text.clone(), "ground"),
            ShippingRule::exact(format!("{text}."), "air"),
        ])
        .await;
    let resolved = channel.resolve_held(ResolveHeld::new()).await.unwrap();
    assert_eq!((resolved.counts.held, resolved.counts.released), (1, 1), "{resolved}");
}

#[tokio::test]
async fn a_rejected_text_is_cut_where_it_is_shown_and_where_its_failure_is_kept() {
    let world = World::new().await;
    world.add(world.order("A-1").shipping("Ground ".repeat(100_000)));
    let channel = world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Reject);
    let report = import(&channel).await;
    short("the item", &report.items[0].to_string());
    short("its JSON", &written(&report));
    let order = report.items[0].order.clone();
    let failures = world.store.failures(&world.connection, std::slice::from_ref(&order)).await.unwrap();
    short("what is kept of it", failures[&order].error.as_deref().unwrap());
}

#[tokio::test]
async fn a_long_text_among_many_rules_does_not_hold_up_a_check() {
    let world = World::new().await;
    let rules =
        (0..2_000).map(|n| ShippingRule::exact(format!("{}{n}", "Ground shipping ".repeat(10)), "ground"));
    world.rules(rules.collect()).await;
    for n in 0..40 {
        let text = if n % 2 == 0 { "Ground shipping ".repeat(6_250) } else { "Ground shipping ".repeat(10) };
        world.add(world.order(&format!("A-{n}")).shipping(format!("{text}x{n}")));
    }
    let channel = world.channel(|_| {});
    let start = at_work();
    let check = channel.check(CheckConnection::new()).await.unwrap();
    let unmapped = {
        let _ = import(&channel).await;
        channel.unmapped().await.unwrap()
    };
    let took = at_work().saturating_sub(start);
    assert!(took < MOST, "{took:?}");
    assert!(check.to_string().len() < 20 * SHORT);
    assert_eq!(unmapped.len(), 40);
    let (long, others): (Vec<_>, Vec<_>) = unmapped.iter().partition(|one| one.seen.text.len() > 1_000);
    assert!(
        long.iter().all(|one| one.suggestions.is_empty()),
        "a long text is never compared in another way than whole"
    );
    assert!(others.iter().any(|one| !one.suggestions.is_empty()), "and the others are");
}

/// How the text of the next test is written wherever a person sees it.
const WRITTEN: &str = "\"Standard<U+00A0>␉Mail␠\"";

#[tokio::test]
async fn one_text_has_one_notation_everywhere() {
    let world = World::new().await;
    let text = "Standard\u{a0}\tMail ";
    world.add(world.order("A-1").shipping(text));
    let channel = world.channel(|_| {});
    let check = channel.check(CheckConnection::new()).await.unwrap().to_string();
    let import = import(&channel).await.to_string();
    let held = channel.check(CheckConnection::new()).await.unwrap().to_string();
    let diagnosis =
        channel.diagnose_order(DiagnoseOrder::new(OrderSelector::Number("A-1".to_owned()))).await.unwrap()[0]
            .to_string();
    let unmapped = channel.unmapped().await.unwrap()[0].to_string();
    let explained = channel.explain_shipping(&ShippingRequest::new(text)).await.unwrap().to_string();
    let resolved =
        channel.resolve_shipping(ResolveShipping::new(ShippingRequest::new(text))).await.unwrap().to_string();
    let rejecting = world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Reject);
    world.add(world.order("A-2").shipping(text));
    let rejected = self::import(&rejecting).await;
    let rejected = rejected.items.iter().find(|item| item.number == "A-2").unwrap().to_string();
    let twice = [ShippingRule::exact(text, "a"), ShippingRule::exact(text, "b")];
    world.rules(twice.to_vec()).await;
    let refused =
        channel.resolve_shipping(ResolveShipping::new(ShippingRequest::new(text))).await.unwrap_err();
    let Refusal::Config { findings } = &refused.refusal else { panic!("{refused:?}") };
    let places =
        [check, import, held, diagnosis, unmapped, explained, resolved, rejected, findings[0].to_string()];
    for (place, shown) in places.iter().enumerate() {
        assert!(shown.contains(WRITTEN), "place {place}: {shown}");
        let rest = shown.replace(WRITTEN, "");
        assert!(
            !rest.contains("Mail") && !rest.contains('\u{a0}') && !rest.contains('\t'),
            "place {place}: {shown}"
        );
    }
}

#[test]
fn a_long_sku_is_cut_in_reports_of_listings() {
    let sku = "S".repeat(1_000_000);
    let near = LinkOutcome::NoMatch { near_misses: vec![sku.to_lowercase(); 50] };
    let item = LinkItem::new(ListingId::new("L-1"), Some(sku), near);
    for (what, text) in [("Display", item.to_string()), ("JSON", written(&item))] {
        short(what, &text);
    }
    let item = LinkItem::new(ListingId::new("L-1"), Some(" MUG\u{a0}1".to_owned()), LinkOutcome::NoSku);
    assert_eq!(item.to_string(), "L-1 (\"␠MUG<U+00A0>1\") has no SKU");
}
