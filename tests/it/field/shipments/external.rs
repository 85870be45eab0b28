//! Orders that somebody else fulfills.

use shipstation_connector::channel::BlockKind;
use shipstation_connector::connector::ExternallyFulfilledPolicy;

use super::{HOUR, fulfillments, sync, sync_after, sync_with};
use crate::support::World;

#[tokio::test]
async fn requests_an_order_that_somebody_else_fulfills_is_not_marked_unless_the_setting_says_so() {
    for several in [false, true] {
        let world = World::new().await;
        let orders: Vec<i64> =
            (0..if several { 6 } else { 1 }).map(|n| world.add(world.order(&format!("{n}")))).collect();
        let order = orders[0];
        world.sim.account(|account| account.edit(order, |order| order.set("externallyFulfilled", true)));
        for order in &orders {
            world.ship(*order, &format!("1Z{order}")).await;
        }
        let report = sync(&world).await;
        assert_eq!(report.counts.blocked.of(BlockKind::ExternallyFulfilled), 1, "{report}");
        assert!(report.to_string().contains("the order is fulfilled externally"), "{report}");
        assert_eq!((fulfillments(&world, order), world.marks()), (0, orders.len() - 1));
        sync_after(&world, HOUR).await;
        assert_eq!(fulfillments(&world, order), 0, "it is looked at again in every run");
        let import = |settings: &mut shipstation_connector::Settings| {
            settings.orders.externally_fulfilled = ExternallyFulfilledPolicy::Import;
        };
        let report = sync_with(&world, import).await;
        assert_eq!((report.counts.confirmed(), fulfillments(&world, order)), (1, 1), "{report}");
    }
}
