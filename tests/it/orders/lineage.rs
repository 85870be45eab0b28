//! Split and merged orders: their goods may be on their way already.

use shipstation_connector::{
    channel::{
        Bypass, ChannelConnector, DiagnoseOrder, HoldReason, ImportOrder, OrderSelector, report::SkipKind,
    },
    connector::LineagePolicy,
};

use super::{import, imported};
use crate::support::World;

fn holds(world: &World, order: i64) -> Vec<HoldReason> {
    let orders = world.store.orders(&world.connection);
    let order = orders.into_iter().find(|stored| stored.order.id.as_str() == order.to_string()).unwrap();
    order.record.holds
}

#[tokio::test]
async fn faults_a_part_split_off_after_the_import_is_held() {
    let world = World::new().await;
    let parent = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    let child = world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
    assert_eq!(holds(&world, child), [HoldReason::SplitOfImported { parent: parent.to_string().into() }]);
    // A part of the part: its parent is imported as well.
    let grandchild = world.sim.account(|account| account.split_order(child, &[0])).unwrap();
    let report = import(&channel).await;
    assert_eq!(report.counts.held(), 1, "{report}");
    assert_eq!(holds(&world, grandchild), [HoldReason::SplitOfImported { parent: child.to_string().into() }]);
}

#[tokio::test]
async fn faults_a_part_of_a_part_is_held_also_if_both_were_split_off_between_two_runs() {
    for page_size in [1, 500] {
        let world = World::new().await;
        let parent = world.add(world.order("A-1"));
        let channel = world.channel(|settings| settings.orders.page_size = page_size);
        let _ = import(&channel).await;
        let (child, grandchild) = world.sim.account(|account| {
            let child = account.split_order(parent, &[0, 1]).unwrap();
            (child, account.split_order(child, &[0]).unwrap())
        });
        let report = import(&channel).await;
        assert_eq!((report.counts.imported(), report.counts.held()), (2, 2), "{report}");
        for part in [child, grandchild] {
            let of_imported = HoldReason::SplitOfImported { parent: parent.to_string().into() };
            assert_eq!(holds(&world, part), [of_imported], "{page_size}");
        }
    }
}

#[tokio::test]
async fn faults_a_part_of_a_part_that_is_not_listed_is_held_by_what_the_imported_order_says() {
    for page_size in [1, 500] {
        let world = World::new().await;
        let parent = world.add(world.order("A-1"));
        let channel = world.channel(|settings| settings.orders.page_size = page_size);
        let _ = import(&channel).await;
        let grandchild = world.sim.account(|account| {
            let child = account.split_order(parent, &[0, 1]).unwrap();
            let grandchild = account.split_order(child, &[0]).unwrap();
            assert!(account.hold(child));
            grandchild
        });
        let report = import(&channel).await;
        assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
        let of_imported = HoldReason::SplitOfImported { parent: parent.to_string().into() };
        assert_eq!(holds(&world, grandchild), [of_imported], "{page_size}");
    }
}

#[tokio::test]
async fn faults_parts_of_parts_split_before_the_import_are_imported_like_any_other() {
    for page_size in [1, 500] {
        let world = World::new().await;
        let parent = world.add(world.order("A-1"));
        world.sim.account(|account| {
            let child = account.split_order(parent, &[0, 1]).unwrap();
            account.split_order(child, &[0]).unwrap()
        });
        let report = import(&world.channel(|settings| settings.orders.page_size = page_size)).await;
        assert_eq!((report.counts.imported(), report.counts.held()), (3, 0), "{report}");
    }
}

#[tokio::test]
async fn faults_parts_of_an_order_split_before_the_import_are_imported_like_any_other() {
    for page_size in [1, 500] {
        let world = World::new().await;
        let parent = world.add(world.order("A-1"));
        let child = world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
        let report = import(&world.channel(|settings| settings.orders.page_size = page_size)).await;
        assert_eq!((report.counts.imported(), report.counts.held()), (2, 0), "{report}");
        assert!(holds(&world, parent).is_empty() && holds(&world, child).is_empty());
    }
}

#[tokio::test]
async fn faults_a_parent_that_comes_after_its_part_is_imported_like_any_other() {
    let world = World::new().await;
    let parent = world.add(world.order("A-1"));
    let child = world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
    world.sim.account(|account| account.hold(parent));
    let channel = world.channel(|_| {});
    assert_eq!(import(&channel).await.counts.imported(), 1);
    world.sim.account(|account| account.set_status(parent, "awaiting_shipment"));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    assert!(holds(&world, child).is_empty());
}

#[tokio::test]
async fn faults_an_order_that_names_itself_is_no_relative_of_its_own() {
    let world = World::new().await;
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.sim.account(|account| {
        account.edit(order, |order_| {
            order_.push("advancedOptions.mergedIds", order);
            order_.push("advancedOptions.mergedIds", 0_i64);
            order_.set("advancedOptions.parentId", order);
        })
    });
    let report = import(&channel).await;
    assert_eq!(report.run.warnings, Vec::<String>::new(), "{report}");
    let second = world.add(world.order("A-2").merged([0]));
    world.sim.account(|account| account.edit(second, |order| order.set("advancedOptions.parentId", 0_i64)));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    let orders = world.store.orders(&world.connection);
    let lineage = &orders.iter().find(|stored| stored.order.number == "A-2").unwrap().record.lineage;
    assert!(lineage.parent.is_none() && lineage.merged.is_empty(), "{lineage:?}");
}

#[tokio::test]
async fn faults_an_order_that_swallowed_imported_ones_is_held() {
    let world = World::new().await;
    let swallowed = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    let survivor = world.add(world.order("A-2"));
    world.sim.account(|account| assert!(account.merge_orders(survivor, &[swallowed])));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
    let held = HoldReason::MergesImported { orders: vec![swallowed.to_string().into()] };
    assert_eq!(holds(&world, survivor), [held]);
    // Undone: the swallowed one is found again, and the host has it.
    world.sim.account(|account| assert!(account.uncombine(swallowed)));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.already_imported()), (0, 2), "{report}");
}

#[tokio::test]
async fn faults_an_order_that_swallowed_a_part_of_an_imported_one_is_held() {
    for page_size in [1, 500] {
        let world = World::new().await;
        let parent = world.add(world.order("A-1"));
        let channel = world.channel(|settings| settings.orders.page_size = page_size);
        let _ = import(&channel).await;
        let survivor = world.add(world.order("B-1").created(world.now()));
        world.sim.account(|account| {
            let part = account.split_order(parent, &[0]).unwrap();
            assert!(account.merge_orders(survivor, &[part]));
        });
        let report = import(&channel).await;
        assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
        let held = HoldReason::MergesImported { orders: vec![parent.to_string().into()] };
        assert_eq!(holds(&world, survivor), [held], "{page_size}");
    }
}

#[tokio::test]
async fn faults_orders_merged_before_the_import_are_one_order() {
    let world = World::new().await;
    let (survivor, swallowed) = (world.add(world.order("A-1")), world.add(world.order("A-2")));
    world.sim.account(|account| assert!(account.merge_orders(survivor, &[swallowed])));
    let report = import(&world.channel(|_| {})).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 0), "{report}");
    assert_eq!(world.store.orders(&world.connection)[0].record.lineage.merged.len(), 1, "kept on the record");
}

#[tokio::test]
async fn faults_an_order_that_is_taken_out_of_an_imported_one_is_held() {
    let world = World::new().await;
    let (survivor, inside) = (world.add(world.order("A-1")), world.add(world.order("A-2")));
    world.sim.account(|account| assert!(account.merge_orders(survivor, &[inside])));
    let channel = world.channel(|_| {});
    assert_eq!(import(&channel).await.counts.imported(), 1);
    // Its goods went to the host inside the other one.
    world.sim.account(|account| assert!(account.uncombine(inside)));
    let answer = channel
        .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(inside.to_string().into())))
        .await
        .unwrap()
        .remove(0);
    assert!(answer.to_string().contains(&format!("split off the imported order {survivor}")), "{answer}");
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
    assert_eq!(holds(&world, inside), [HoldReason::SplitOfImported { parent: survivor.to_string().into() }]);
}

#[tokio::test]
async fn faults_relatives_are_skipped_or_imported_when_the_setting_says_so() {
    for (policy, expected) in [(LineagePolicy::Skip, (0, 1)), (LineagePolicy::Import, (1, 0))] {
        let world = World::new().await;
        let parent = world.add(world.order("A-1"));
        let _ = import(&world.channel(|_| {})).await;
        world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
        let report = import(&world.channel(|settings| settings.orders.lineage = policy)).await;
        let skipped = report.counts.skipped.of(SkipKind::SplitOfImported);
        assert_eq!((report.counts.imported(), skipped), expected, "{report}");
        assert_eq!(report.counts.held(), 0, "{report}");
    }
}

#[tokio::test]
async fn faults_an_import_by_hand_bypasses_neither_lineage_nor_duplicates() {
    let world = World::new().await;
    let parent = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    let child = world.sim.account(|account| account.split_order(parent, &[1])).unwrap();
    let by_id = |id: i64| {
        channel.import_order(ImportOrder::new(OrderSelector::Id(id.to_string().into())).bypass(Bypass::ALL))
    };
    let report = by_id(parent).await.unwrap();
    assert_eq!((report.counts.already_imported(), report.counts.held()), (1, 0), "{report}");
    let report = by_id(child).await.unwrap();
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
    assert_eq!((holds(&world, child).len(), imported(&world)), (1, 2));
}

#[tokio::test]
async fn faults_imports_that_were_merged_are_named_in_the_report() {
    let world = World::new().await;
    let first = world.add(world.order("A-1"));
    let [gone, swallowed] = ["A-2", "A-3"].map(|number| world.add(world.order(number)));
    let channel = world.channel(|_| {});
    let report = import(&channel).await;
    assert!(report.run.warnings.is_empty(), "{report}");
    // One into an imported order, one into an order that is new.
    let survivor = world.add(world.order("B-1"));
    world.sim.account(|account| {
        assert!(account.merge_orders(first, &[gone]) && account.merge_orders(survivor, &[swallowed]));
    });
    let report = import(&channel).await;
    assert_eq!(report.run.warnings.len(), 1, "{report}");
    let warning = &report.run.warnings[0];
    for pair in [format!("{gone} into {first}"), format!("{swallowed} into {survivor}")] {
        assert!(warning.contains(&pair), "{warning}");
    }
    // The new one was imported with what it contains: only the other one is still to be told.
    let report = import(&channel).await;
    assert!(report.run.warnings[0].contains(&format!("{gone} into {first};")), "{report}");
    assert!(!report.run.warnings[0].contains(&swallowed.to_string()), "{report}");
}

#[tokio::test]
async fn faults_a_hundred_merged_imports_are_one_short_warning() {
    let world = World::new().await;
    let survivor = world.add(world.order("A-0"));
    let others: Vec<i64> = (1..100).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    world.sim.account(|account| assert!(account.merge_orders(survivor, &others)));
    let report = import(&channel).await;
    assert_eq!(report.run.warnings.len(), 1, "{report}");
    assert!(report.run.warnings[0].contains("and 79 more"), "{report}");
}

#[tokio::test]
async fn faults_a_part_that_is_taken_out_is_held_also_if_its_parent_came_after_the_survivor() {
    let world = World::new().await;
    let (parent, survivor) = (world.add(world.order("A-1")), world.add(world.order("A-2")));
    let child = world.sim.account(|account| {
        let child = account.split_order(parent, &[1]).unwrap();
        account.hold(parent);
        assert!(account.merge_orders(survivor, &[child]));
        child
    });
    let channel = world.channel(|_| {});
    assert_eq!(import(&channel).await.counts.imported(), 1);
    // The parent names its child as well, and is no reason to forget where the goods went.
    world.sim.account(|account| account.set_status(parent, "awaiting_shipment"));
    assert_eq!(import(&channel).await.counts.imported(), 1);
    world.sim.account(|account| assert!(account.uncombine(child)));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.held()), (1, 1), "{report}");
    assert_eq!(holds(&world, child), [HoldReason::SplitOfImported { parent: survivor.to_string().into() }]);
}

#[tokio::test]
async fn faults_a_new_order_that_is_merged_into_an_imported_one_is_named_in_the_report() {
    let world = World::new().await;
    let survivor = world.add(world.order("A-1"));
    let channel = world.channel(|_| {});
    let _ = import(&channel).await;
    let merged = world.add(world.order("A-2"));
    world.sim.account(|account| assert!(account.merge_orders(survivor, &[merged])));
    for _ in 0..2 {
        let report = import(&channel).await;
        assert_eq!(report.run.warnings.len(), 1, "{report}");
        let said = format!("{survivor} may hold the goods of {merged}");
        assert!(report.run.warnings[0].contains(&said), "{report}");
    }
}
