//! What is not mapped, why, and what may have been meant.

use shipstation_connector::{
    channel::{
        ChannelConnector, Refusal, ResolveShipping,
        report::SkipKind,
        shipping::{MethodSource, ShippingRequest, ShippingResolution, ShippingRule},
        store::{MappingStoreExt, Stores},
    },
    connector::UnmappedPolicy,
    stores::MemoryStore,
};
use std::sync::Arc;

use super::{import, order, resolve};
use crate::support::World;

#[tokio::test]
async fn requests_a_resolution_says_which_rule_won_and_why_the_others_did_not() {
    let world = World::new().await;
    world
        .rules(vec![
            ShippingRule::exact("Standard", "ground"),
            ShippingRule::exact("Standard", "ground-12").store("12"),
            ShippingRule::prefix("Stan", "slow"),
            ShippingRule::any("any").country("CA"),
        ])
        .await;
    let channel = world.channel(|_| {});
    let asked = ShippingRequest::new("Standard").store("12").country("US");
    let resolution = channel.resolve_shipping(ResolveShipping::new(asked.clone())).await.unwrap();
    let ShippingResolution::Mapped { method, won: MethodSource::Rule { index, .. } } = &resolution else {
        panic!("{resolution}")
    };
    assert_eq!((method.policy.as_str(), *index), ("ground-12", 1));
    let explanation = channel.explain_shipping(&asked).await.unwrap();
    assert_eq!(explanation.resolution, resolution);
    let verdicts: Vec<String> = explanation.considered.iter().map(|rule| rule.verdict.to_string()).collect();
    assert_eq!(
        verdicts,
        [
            "beaten by rule 1, which has the more specific scope",
            "wins",
            "beaten by rule 1, which has the stronger kind of match",
            "does not fit: another country",
        ]
    );
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn faults_ties_are_refused_when_rules_are_loaded() {
    let world = World::new().await;
    world.rules(vec![ShippingRule::any("a"), ShippingRule::any("b")]).await;
    let channel = world.channel(|_| {});
    let asked = ShippingRequest::new("Standard");
    for error in [
        channel.resolve_shipping(ResolveShipping::new(asked.clone())).await.unwrap_err(),
        channel.explain_shipping(&asked).await.unwrap_err(),
        channel.unmapped().await.unwrap_err(),
    ] {
        assert!(matches!(error.refusal, Refusal::Config { .. }), "{error}");
    }
}

#[tokio::test]
async fn requests_unmapped_texts_are_counted_made_visible_and_explained() {
    let world = World::new().await;
    for n in 0..7 {
        order(&world, &format!("N-{n}"), "Standard\u{a0}");
    }
    order(&world, "F-1", "Freight");
    let first_seen = world.now();
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.sim.clear_journal();
    let unmapped = channel.unmapped().await.unwrap();
    assert_eq!(unmapped.len(), 2, "{unmapped:?}");
    let standard = &unmapped[0];
    assert_eq!((standard.seen.count, standard.held, standard.seen.samples.len()), (7, 7, 5));
    assert_eq!(standard.seen.first_seen, first_seen);
    let shown = standard.to_string();
    assert!(shown.starts_with("\"Standard<U+00A0>\" of store"), "{shown}");
    assert!(shown.contains("7 orders") && shown.contains("7 held"), "{shown}");
    assert!(
        shown.contains("did you mean \"Standard\" for every order -> ground: differs only in"),
        "{shown}"
    );
    assert!(unmapped[1].suggestions.is_empty());
    assert_eq!(world.store.orders(&world.connection).iter().filter(|stored| stored.is_ready()).count(), 0);
    assert!(world.sim.journal().is_empty(), "suggestions are never applied, and cost nothing");
}

#[tokio::test]
async fn faults_a_mapped_text_leaves_the_list_before_its_orders_are_released() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    assert_eq!(channel.unmapped().await.unwrap().len(), 1);
    world.rules(vec![ShippingRule::exact("2 Day", "air")]).await;
    assert!(channel.unmapped().await.unwrap().is_empty());
    assert_eq!(resolve(&channel).await.counts.released, 1);
}

#[tokio::test]
async fn faults_a_text_mapped_for_a_country_leaves_the_list_with_its_last_held_order() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let channel = world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Reject);
    let _ = import(&channel).await;
    let unmapped = channel.unmapped().await.unwrap();
    assert_eq!((unmapped.len(), unmapped[0].held), (1, 0));
    world.rules(vec![ShippingRule::exact("2 Day", "air").country("US").store("999")]).await;
    assert_eq!(channel.unmapped().await.unwrap().len(), 1, "a rule for another store");
    world.rules(vec![ShippingRule::exact("2 Day", "air").country("US")]).await;
    assert!(channel.unmapped().await.unwrap().is_empty());
}

#[tokio::test]
async fn crash_texts_that_were_not_noted_are_rebuilt_from_held_orders() {
    let world = World::new().await;
    for n in 0..3 {
        order(&world, &format!("T-{n}"), "2 Day");
    }
    world.add(world.order("N-1").shipping(""));
    // The sightings go to a store that is lost; the held orders do not.
    let lost = Arc::new(MemoryStore::new());
    let rules = vec![ShippingRule::exact("Standard", "ground")];
    lost.replace_shipping_rules(&world.connection, 0, rules).await.unwrap();
    let stores = Stores::all_in(world.store.clone()).with_mappings(lost);
    let _ = import(&world.channel_on(stores, |_| {})).await;
    let unmapped = world.channel(|_| {}).unmapped().await.unwrap();
    let counted: Vec<(&str, u64, u64)> =
        unmapped.iter().map(|one| (one.seen.text.as_str(), one.held, one.seen.count)).collect();
    assert_eq!(counted, [("2 Day", 3, 3), ("", 1, 1)]);
    assert!(unmapped[1].to_string().starts_with("no shipping text of store"), "{}", unmapped[1]);
}

#[tokio::test]
async fn faults_every_unmapped_policy_is_followed() {
    let world = World::new().await;
    order(&world, "T-1", "2 Day");
    let reject = world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Reject);
    let report = import(&reject).await;
    assert_eq!(
        (report.counts.imported(), report.counts.skipped.of(SkipKind::UnmappedShipping)),
        (0, 1),
        "{report}"
    );
    let unmapped = reject.unmapped().await.unwrap();
    assert_eq!((unmapped.len(), unmapped[0].held), (1, 0), "seen, and nothing is held");
    let default =
        world.channel(|settings| settings.shipping.unmapped = UnmappedPolicy::Default("slow".into()));
    let report = import(&default).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    let stored = world.store.orders(&world.connection);
    assert!(
        matches!(&stored[0].shipping, ShippingResolution::Mapped { method, won: MethodSource::GlobalDefault } if method.policy.as_str() == "slow")
    );
    assert!(default.unmapped().await.unwrap().is_empty());
}

#[tokio::test]
async fn requests_carriers_of_the_account_are_suggested() {
    let world = World::new().await;
    let channel = world.channel(|_| {});
    let meant = channel.suggest_carriers("United Parcel Service").await.unwrap();
    assert_eq!(meant[0].carrier.code, "ups");
    assert!(channel.suggest_carriers("Pigeon").await.unwrap().is_empty());
    assert_eq!(world.sim.journal().count("GET", "/carriers"), 2);
}
