//! Shipping rules, carrier rules, and the texts that no rule maps.

use super::{Check, ODD_TEXTS, TestBed, at, checks, none, same};
use crate::channel::{
    shipping::{CarrierRule, ShippingRule, StoreKey, UnmappedText},
    store::{MappingStoreExt, ReplaceOutcome, UnmappedOccurrence, Versioned},
};

checks! { "mappings":
    tables_begin_empty_at_version_0 => "version 0 is the empty table that nobody has written",
    shipping_rules_are_replaced_as_a_whole => "reading gives the rules in the host's order with their version",
    carrier_rules_are_replaced_as_a_whole => "the two tables have versions of their own",
    a_stale_version_replaces_nothing => "replacing works against the expected version only",
    one_of_many_replacements_wins => "of concurrent replacements of one version one is done, whichever version it is",
    sightings_add_up => "`note_unmapped` adds up counts, and keeps the first and the last sighting and a few orders",
    texts_are_kept_apart => "`note_unmapped` upserts per `(store, text)`, compared exactly",
    unmapped_texts_come_most_often_seen_first => "`unmapped` answers the most often seen first",
    mappings_of_connections_are_separate => "ids of two connections do not meet",
}

fn rules() -> Vec<ShippingRule> {
    vec![
        ShippingRule::glob("Expreß*", "express").store("12").country("DE").note("since June"),
        ShippingRule::exact("Standard", "ground"),
        ShippingRule::absent("slow").disabled(),
    ]
}

fn carriers() -> Vec<CarrierRule> {
    vec![
        CarrierRule::new("UPS", "ups"),
        CarrierRule::new("Österreichische Post", "at_post").method("Päckchen"),
    ]
}

async fn tables_begin_empty_at_version_0(on: TestBed) -> Check {
    same("shipping rules", on.stores.mappings.shipping_rules(&on.here).await?, Versioned::default())?;
    same("carrier rules", on.stores.mappings.carrier_rules(&on.here).await?, Versioned::default())?;
    none("unmapped texts", on.stores.mappings.unmapped(&on.here).await?)
}

fn replaced(version: u64) -> ReplaceOutcome {
    ReplaceOutcome::Replaced { version }
}

async fn shipping_rules_are_replaced_as_a_whole(on: TestBed) -> Check {
    let (mappings, peer) = (&on.stores.mappings, &on.peer.mappings);
    same("the first replacement", mappings.replace_shipping_rules(&on.here, 0, rules()).await?, replaced(1))?;
    same("the rules", peer.shipping_rules(&on.here).await?, Versioned { version: 1, rows: rules() })?;
    same("the second replacement", peer.replace_shipping_rules(&on.here, 1, vec![]).await?, replaced(2))?;
    same(
        "the emptied table",
        mappings.shipping_rules(&on.here).await?,
        Versioned { version: 2, rows: vec![] },
    )
}

async fn carrier_rules_are_replaced_as_a_whole(on: TestBed) -> Check {
    let (mappings, peer) = (&on.stores.mappings, &on.peer.mappings);
    mappings.replace_shipping_rules(&on.here, 0, rules()).await?;
    let answer = mappings.replace_carrier_rules(&on.here, 0, carriers()).await?;
    same("the first replacement", answer, replaced(1))?;
    same("the rules", peer.carrier_rules(&on.here).await?, Versioned { version: 1, rows: carriers() })?;
    same("the shipping rules", peer.shipping_rules(&on.here).await?.rows.len(), rules().len())
}

async fn a_stale_version_replaces_nothing(on: TestBed) -> Check {
    let mappings = &on.stores.mappings;
    let conflict = mappings.replace_shipping_rules(&on.here, 7, rules()).await?;
    same("a version that never was", conflict, ReplaceOutcome::VersionConflict { current: 0 })?;
    mappings.replace_shipping_rules(&on.here, 0, rules()).await?;
    let conflict = mappings.replace_shipping_rules(&on.here, 0, Vec::new()).await?;
    same("a version that was", conflict, ReplaceOutcome::VersionConflict { current: 1 })?;
    same("the rules", mappings.shipping_rules(&on.here).await?, Versioned { version: 1, rows: rules() })?;
    mappings.replace_carrier_rules(&on.here, 0, carriers()).await?;
    let conflict = mappings.replace_carrier_rules(&on.here, 0, Vec::new()).await?;
    same("of carrier rules", conflict, ReplaceOutcome::VersionConflict { current: 1 })
}

async fn one_of_many_replacements_wins(on: TestBed) -> Check {
    for version in 0..3 {
        let answers = on.at_once(16, |n, stores| {
            let (here, rule) =
                (on.here.clone(), ShippingRule::exact("Standard", format!("policy {n}").as_str()));
            async move { stores.mappings.replace_shipping_rules(&here, version, vec![rule]).await }
        });
        let winners = answers.await?.into_iter().filter(|answer| *answer == replaced(version + 1)).count();
        same(&format!("replacements of version {version} by 16 tasks"), winners, 1)?;
        let now = on.peer.mappings.shipping_rules(&on.here).await?.version;
        same("the version afterwards", now, version + 1)?;
    }
    Ok(())
}

fn sighting(store: Option<&str>, text: &str, order: &str, second: u64) -> UnmappedOccurrence {
    UnmappedOccurrence::new(store.map(StoreKey::from), text.to_owned(), order.into(), at(second))
}

async fn sightings_add_up(on: TestBed) -> Check {
    let first = [sighting(Some("12"), "Standard", "o1", 20), sighting(Some("12"), "Standard", "o2", 10)];
    on.stores.mappings.note_unmapped(&on.here, &first).await?;
    let later: Vec<UnmappedOccurrence> =
        (3..10).map(|n| sighting(Some("12"), "Standard", &format!("o{n}"), 20 + n)).collect();
    on.peer.mappings.note_unmapped(&on.here, &later).await?;
    let found = on.stores.mappings.unmapped(&on.here).await?;
    let seen = |text: &UnmappedText| (text.count, text.first_seen, text.last_seen);
    same("count, first and last", found.iter().map(seen).collect::<Vec<_>>(), [(9, at(10), at(29))])?;
    let samples = found.first().map_or(0, |text| text.samples.len());
    same("there are a few samples", (1..=UnmappedText::MAX_SAMPLES).contains(&samples), true)
}

async fn texts_are_kept_apart(on: TestBed) -> Check {
    let stores = [None, Some("12"), Some("")];
    for text in ODD_TEXTS {
        let seen = stores.map(|store| sighting(store, text, "o1", 1));
        on.stores.mappings.note_unmapped(&on.here, &seen).await?;
    }
    let found = on.peer.mappings.unmapped(&on.here).await?;
    same("texts in three stores", found.len(), ODD_TEXTS.len() * stores.len())?;
    for text in ODD_TEXTS {
        let of_it = found.iter().filter(|found| found.text == text && found.count == 1).count();
        same(&format!("{text:?}"), of_it, stores.len())?;
    }
    Ok(())
}

async fn unmapped_texts_come_most_often_seen_first(on: TestBed) -> Check {
    for (text, times) in [("b", 2), ("c", 3), ("a", 1)] {
        let seen: Vec<UnmappedOccurrence> =
            (0..times).map(|n| sighting(None, text, &format!("{text}{n}"), n)).collect();
        on.stores.mappings.note_unmapped(&on.here, &seen).await?;
    }
    let texts = on.peer.mappings.unmapped(&on.here).await?.into_iter().map(|text| text.text);
    same("the texts", texts.collect::<Vec<_>>(), ["c", "b", "a"])
}

async fn mappings_of_connections_are_separate(on: TestBed) -> Check {
    let mappings = &on.stores.mappings;
    mappings.replace_shipping_rules(&on.here, 0, rules()).await?;
    mappings.replace_carrier_rules(&on.here, 0, carriers()).await?;
    mappings.note_unmapped(&on.here, &[sighting(None, "x", "o", 1)]).await?;
    same("shipping rules there", mappings.shipping_rules(&on.elsewhere).await?, Versioned::default())?;
    same("carrier rules there", mappings.carrier_rules(&on.elsewhere).await?, Versioned::default())?;
    none("unmapped texts there", mappings.unmapped(&on.elsewhere).await?)
}
