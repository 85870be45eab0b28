//! What the stores of the account tell: those that are not refreshed, those that were connected again, and those that the
//! host feeds itself.

use std::time::Duration;

use shipstation_connector::{
    channel::{ChannelConnector, CheckConnection, CheckReport, ExplainImports, report::SkipKind},
    client::StoreId,
    connector::PossibleDuplicatePolicy,
};

use super::import;
use crate::support::{DAY, World};

fn observed(report: &CheckReport, code: &str) -> String {
    report.finding(code).map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn a_store_that_is_not_refreshed_is_warned_of() {
    for (automatic, days, words) in [
        (false, 9, "automatic refresh is off, and it was last refreshed 9 days ago"),
        (false, 0, "automatic refresh is off"),
        (true, 3, "it was last refreshed 3 days ago"),
    ] {
        let world = World::new().await;
        let store = world.sim.account(|account| account.add_store("Shop", "Shopify"));
        let at = world.ago(DAY * days);
        world.sim.account(|account| {
            let store = account.stores.get_mut(&store).unwrap();
            store.set("autoRefresh", automatic);
            store.set("lastRefreshAttempt", at);
            store.set("refreshDate", at);
        });
        let channel = world.channel(|_| {});
        let report = channel.check(CheckConnection::new()).await.unwrap();
        let finding = observed(&report, "store_not_refreshed");
        assert!(finding.contains(&format!("store {store} Shop")) && finding.contains(words), "{report}");
        assert!(report.is_ok(), "{report}");
        let answer = channel.why_nothing(ExplainImports::new()).await.unwrap().to_string();
        assert!(answer.contains(words), "{answer}");
        let elsewhere =
            world.channel(|settings| settings.orders.exclude_stores = [StoreId::new(store)].into());
        assert!(
            elsewhere.check(CheckConnection::new()).await.unwrap().finding("store_not_refreshed").is_none()
        );
    }
}

#[tokio::test]
async fn a_store_that_is_refreshed_is_not() {
    let world = World::new().await;
    let store = world.sim.account(|account| account.add_store("Shop", "Shopify"));
    let at = world.ago(Duration::from_secs(1800));
    world.sim.account(|account| account.stores.get_mut(&store).unwrap().set("lastRefreshAttempt", at));
    let channel = world.channel(|_| {});
    assert!(channel.check(CheckConnection::new()).await.unwrap().finding("store_not_refreshed").is_none());
    assert!(channel.why_nothing(ExplainImports::new()).await.unwrap().stores.is_empty());
}

#[tokio::test]
async fn a_store_that_was_connected_again_is_named_by_check_and_by_the_orders_that_come_twice() {
    let world = World::new().await;
    let [old, new] =
        ["Shop", "shop "].map(|name| world.sim.account(|account| account.add_store(name, "Shopify")));
    world.sim.account(|account| account.add_store("Shop", "Amazon"));
    for store in [old, new] {
        world.add(world.order("1001").store(store).order_key("web-1001"));
    }
    let channel = world.channel(|_| {});
    let report = channel.check(CheckConnection::new()).await.unwrap();
    let finding = observed(&report, "store_connected_again");
    assert!(
        finding.contains(&format!("store {new}")) && finding.contains(&format!("store {old}")),
        "{report}"
    );
    assert_eq!(report.findings.iter().filter(|finding| finding.code == "store_connected_again").count(), 1);
    let report = import(&channel).await;
    assert_eq!(report.counts.imported(), 2, "{report}");
    let warning =
        report.run.warnings.iter().find(|warning| warning.contains("share number and key")).unwrap();
    assert!(
        warning.contains(&format!("of store {old}")) && warning.contains(&format!("of store {new}")),
        "{report}"
    );
    let held = world.channel(|settings| settings.orders.possible_duplicates = PossibleDuplicatePolicy::Hold);
    assert!(
        held.check(CheckConnection::new()).await.unwrap().finding("store_connected_again").is_none(),
        "they are held"
    );
}

#[tokio::test]
async fn marks_in_custom_fields_count_in_check_as_they_do_in_the_import() {
    let world = World::new().await;
    let store = world.sim.account(|account| account.add_store("Own", "Shopify"));
    world.add(world.order("A-1").store(store).set("advancedOptions.customField2", "OMS-77"));
    let channel = world.channel(|settings| settings.orders.own_key_prefix = Some("OMS-".into()));
    let report = import(&channel).await;
    assert_eq!(report.counts.skipped.of(SkipKind::OwnOrder), 1, "{report}");
    let report = channel.check(CheckConnection::new()).await.unwrap();
    assert!(observed(&report, "store_fed_by_host").contains("1 of the 1 newest orders"), "{report}");
}
