//! Users and tags after the import: batches, a spoiled order, settings that change, people who step in.

use std::time::Duration;

use shipstation_connector::{
    channel::{CancelToken, RunControl, RunStatus, report::FollowUpStatus},
    client::{TagId, UserId},
    testing::simulator::{ActionFailure, Fault, FaultKind, Method, Quirks, RateLimit, SimulatorConfig},
};

use super::{import, import_with, imported};
use crate::support::World;

const LATER: Duration = Duration::from_secs(3600);

fn user(world: &World) -> String {
    world.sim.account(|account| account.add_user("Night Shift"))
}

fn user_of(world: &World, order: i64) -> Option<String> {
    world
        .sim
        .account(|account| account.order(order).and_then(|order| order.text("userId").map(str::to_owned)))
}

fn assignments(world: &World) -> usize {
    world.sim.journal().count("POST", "/orders/assignuser")
}

#[tokio::test]
async fn faults_a_deleted_order_does_not_spoil_its_batch() {
    for failure in [ActionFailure::SuccessFalse, ActionFailure::NotFound, ActionFailure::Error500] {
        let quirks = Quirks::default().action_failure(failure);
        let config = SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks);
        let world = World::with(config).await;
        let user = user(&world);
        let orders: Vec<i64> = (0..100).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
        let gone = orders[37];
        world.sim.before(Method::POST, "/orders/assignuser", 1, move |account| {
            account.delete(gone);
        });
        let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
        let report = import(&channel).await;
        assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
        assert_eq!(
            (report.counts.users.of(FollowUpStatus::Done), report.counts.users.of(FollowUpStatus::Failed)),
            (99, 1),
            "{failure:?} {report}"
        );
        assert!(report.to_string().contains(&format!("order {gone} could not be assigned")), "{report}");
        assert!(assignments(&world) <= 15, "{} calls to find one of a hundred", assignments(&world));
        let missing = orders.iter().filter(|order| **order != gone);
        assert!(missing.clone().all(|order| user_of(&world, *order).as_ref() == Some(&user)));

        world.sim.clear_journal();
        world.sim.clock().advance(LATER);
        assert_eq!(import(&channel).await.run.status, RunStatus::Succeeded, "it is not tried for ever");
        assert_eq!(assignments(&world), 0);
    }
}

#[tokio::test]
async fn faults_a_read_from_before_the_order_was_there_does_not_end_its_assignment() {
    let world = World::new().await;
    let user = user(&world);
    let stale = || FaultKind::StaleRead(Duration::from_secs(1_800));
    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::DropBefore));
    world.sim.fault(Fault::on(Method::GET, "/orders").after(2).times(2).with(stale()));
    world.sim.fault(Fault::on(Method::GET, "/orders/*").times(2).with(stale()));
    world.sim.clock().advance(LATER);
    let order = world.add(world.order("A-1"));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    assert_eq!(import(&channel).await.counts.imported(), 1);
    world.sim.clock().advance(Duration::from_secs(600));
    let report = import(&channel).await;
    assert_eq!(report.counts.users.of(FollowUpStatus::Pending), 1, "{report}");
    assert_eq!(world.sim.journal().count("GET", &format!("/orders/{order}")), 2);
    world.sim.clock().advance(LATER);
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), user_of(&world, order)),
        (1, Some(user)),
        "{report}"
    );
}

#[tokio::test]
async fn faults_a_user_deactivated_between_check_and_run_fails_once_and_heals() {
    let world = World::new().await;
    let (user, substitute) =
        world.sim.account(|account| (account.add_user("Night Shift"), account.add_user("Day Shift")));
    for number in 0..250 {
        world.add(world.order(&format!("A-{number}")));
    }
    let gone = user.clone();
    world.sim.before(Method::POST, "/orders/assignuser", 1, move |account| account.deactivate_user(&gone));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Failed)),
        (250, 250),
        "{report}"
    );
    assert_eq!(assignments(&world), 1, "one refusal says it all");
    assert_eq!(report.run.warnings.len(), 1, "{report}");
    assert!(report.run.warnings[0].contains("is inactive") && report.run.warnings[0].contains(&substitute));

    world.sim.clear_journal();
    let healed = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&substitute)));
    let report = import(&healed).await;
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)),
        (0, 250),
        "{report}"
    );
    assert_eq!(assignments(&world), 3);
    assert!(world.sim.journal().iter().all(|entry| !entry.path.starts_with("/orders/2")), "no single reads");
}

#[tokio::test]
async fn faults_a_cleared_setting_closes_what_is_open() {
    let world = World::new().await;
    let user = user(&world);
    let order = world.add(world.order("A-1"));
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").always().with(FaultKind::Html { status: 502 }));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Pending)),
        (1, 1),
        "{report}"
    );
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors);
    world.sim.clear_faults();
    world.sim.clock().advance(LATER);
    let cleared = world.channel(|_| {});
    assert_eq!(import(&cleared).await.run.status, RunStatus::Succeeded);
    world.sim.clear_journal();
    world.sim.clock().advance(LATER);
    let report = import(&channel).await;
    assert_eq!((report.counts.users.of(FollowUpStatus::Done), assignments(&world)), (0, 0), "{report}");
    assert_eq!(user_of(&world, order), None);
}

#[tokio::test]
async fn faults_an_attempt_with_unknown_outcome_is_looked_at_before_it_is_repeated() {
    let world = World::new().await;
    let user = user(&world);
    let order = world.add(world.order("A-1"));
    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::DropAfterEffect));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.counts.users.of(FollowUpStatus::Pending)),
        (0, 1),
        "{report}"
    );
    world.sim.clear_journal();
    world.sim.clock().advance(LATER);
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.run.status.clone()),
        (1, RunStatus::Succeeded),
        "{report}"
    );
    assert_eq!(assignments(&world), 0, "the window shows that it took effect");
    assert_eq!(user_of(&world, order), Some(user));
}

#[tokio::test]
async fn faults_a_person_who_steps_in_is_not_overridden() {
    for still_in_the_window in [true, false] {
        let world = World::new().await;
        let (user, person) =
            world.sim.account(|account| (account.add_user("Night Shift"), account.add_user("Robin")));
        let order = world.add(world.order("A-1"));
        world
            .sim
            .fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::DropAfterEffect));
        let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
        let _ = import(&channel).await;
        let chosen = person.clone();
        world.sim.account(|account| {
            account.edit(order, |order| order.set("userId", chosen));
            if !still_in_the_window {
                account.set_status(order, "shipped");
            }
        });
        world.sim.clear_journal();
        world.sim.clock().advance(LATER);
        let report = import(&channel).await;
        assert_eq!(
            (report.counts.users.of(FollowUpStatus::Overridden), assignments(&world)),
            (1, 0),
            "{report}"
        );
        let looks = world.sim.journal().count("GET", &format!("/orders/{order}"));
        assert_eq!(looks, usize::from(!still_in_the_window));
        assert_eq!(user_of(&world, order), Some(person));
    }
}

#[tokio::test]
async fn faults_the_first_attempt_overwrites_and_a_later_choice_stays() {
    let world = World::new().await;
    let (user, before) =
        world.sim.account(|account| (account.add_user("Night Shift"), account.add_user("Robin")));
    let (other, same) = (world.order("A-1").user(&before), world.order("A-2").user(user.to_uppercase()));
    let (other, _same) = (world.add(other), world.add(same));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.users.of(FollowUpStatus::Done)), (2, 1), "{report}");
    assert_eq!(user_of(&world, other), Some(user));
    world.sim.account(|account| account.edit(other, |order| order.set("userId", before.clone())));
    world.sim.clear_journal();
    let _ = import(&channel).await;
    assert_eq!((assignments(&world), user_of(&world, other)), (0, Some(before)));
}

#[tokio::test]
async fn faults_the_acknowledgement_tag_is_put_on_once_and_a_deleted_one_is_named() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("In OMS"));
    let orders: Vec<i64> = (0..3).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let user = user(&world);
    let channel = world.channel(|settings| {
        settings.orders.acknowledgement_tag = Some(TagId::new(tag));
        settings.orders.assign_user = Some(UserId::new(&user));
    });
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.tags.of(FollowUpStatus::Done), report.counts.users.of(FollowUpStatus::Done)),
        (3, 3),
        "{report}"
    );
    assert_eq!(assignments(&world), 1);
    let tagged = |id: &i64| world.sim.account(|account| account.order(*id).unwrap().ids("tagIds") == [tag]);
    assert!(orders.iter().all(tagged));

    world.add(world.order("B-1"));
    world.add(world.order("B-2"));
    world.sim.before(Method::POST, "/orders/addtag", 1, move |account| {
        account.tags.remove(&tag);
    });
    world.sim.clear_journal();
    let report = import(&channel).await;
    assert_eq!((report.counts.imported(), report.counts.tags.of(FollowUpStatus::Failed)), (2, 2), "{report}");
    assert_eq!(world.sim.journal().count("POST", "/orders/addtag"), 1, "one refusal says it all");
    assert!(report.to_string().contains(&format!("there is no tag {tag}")), "{report}");
    assert_eq!(imported(&world), 5);
}

#[tokio::test]
async fn faults_an_outage_during_assignments_does_not_hammer() {
    let world = World::new().await;
    let user = user(&world);
    for number in 0..1_000 {
        world.add(world.order(&format!("A-{number}")));
    }
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").always().with(FaultKind::Html { status: 503 }));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.imported(), report.counts.users.of(FollowUpStatus::Pending)),
        (1_000, 1_000),
        "{report}"
    );
    assert!(assignments(&world) <= 8, "{} calls", assignments(&world));
    world.sim.clear_faults();
    world.sim.clear_journal();
    world.sim.clock().advance(LATER);
    let report = import(&channel).await;
    assert_eq!((report.counts.users.of(FollowUpStatus::Done), assignments(&world)), (1_000, 10), "{report}");
}

#[tokio::test]
async fn faults_a_corrected_user_replaces_the_one_that_was_tried_before() {
    let world = World::new().await;
    let [wrong, worse, right] =
        ["Wrong", "Worse", "Right"].map(|name| world.sim.account(|account| account.add_user(name)));
    let order = world.add(world.order("A-1"));
    let with = |user: &str| world.channel(|settings| settings.orders.assign_user = Some(UserId::new(user)));
    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::DropAfterEffect));
    assert_eq!(import(&with(&wrong)).await.counts.users.of(FollowUpStatus::Pending), 1);
    // The second one does not come through at all, and the order still shows the first.
    world.sim.clock().advance(LATER);
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").times(4).with(FaultKind::Html { status: 502 }));
    assert_eq!(import(&with(&worse)).await.counts.users.of(FollowUpStatus::Pending), 1);
    assert_eq!(user_of(&world, order), Some(wrong));
    world.sim.clock().advance(LATER);
    let report = import(&with(&right)).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Done), report.counts.users.of(FollowUpStatus::Overridden)),
        (1, 0),
        "{report}"
    );
    assert_eq!(user_of(&world, order), Some(right));
}

#[tokio::test]
async fn faults_the_report_tells_users_from_tags() {
    let world = World::new().await;
    let tag = world.sim.account(|account| account.add_tag("In OMS"));
    world.add(world.order("A-1"));
    world.sim.fault(Fault::on(Method::POST, "/orders/addtag").always().with(FaultKind::Html { status: 502 }));
    let channel = world.channel(|settings| settings.orders.acknowledgement_tag = Some(TagId::new(tag)));
    let report = import(&channel).await;
    assert_eq!(
        (report.counts.users.of(FollowUpStatus::Pending), report.counts.tags.of(FollowUpStatus::Pending)),
        (0, 1),
        "{report}"
    );
    assert_eq!(report.run.status, RunStatus::CompletedWithErrors, "{report}");
    let text = report.to_string();
    assert!(text.contains("  tag       1 pending\n") && !text.contains("  user "), "{text}");
    world.sim.clear_faults();
    world.sim.clock().advance(LATER);
    let text = import(&channel).await.to_string();
    assert!(text.contains("  tag       1 put on\n"), "{text}");
}

#[tokio::test]
async fn faults_users_that_a_cancelled_run_leaves_are_counted() {
    let world = World::new().await;
    let user = user(&world);
    for number in 0..250 {
        world.add(world.order(&format!("A-{number}")));
    }
    let cancel = CancelToken::new();
    let control = RunControl::new().cancel(cancel.clone());
    world.sim.before(Method::POST, "/orders/assignuser", 1, move |_| cancel.cancel());
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import_with(&channel, control).await;
    assert!(report.to_string().contains("  user      100 assigned, 150 pending\n"), "{report}");
}

#[tokio::test]
async fn faults_an_empty_answer_does_not_say_that_a_user_was_assigned() {
    let quirks = Quirks::default().action_failure(ActionFailure::SuccessFalse);
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
    let user = user(&world);
    let orders: Vec<i64> = (0..10).map(|n| world.add(world.order(&format!("A-{n}")))).collect();
    let gone = orders[3];
    world.sim.before(Method::POST, "/orders/assignuser", 1, move |account| {
        account.delete(gone);
    });
    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").with(FaultKind::EmptyBody));
    let channel = world.channel(|settings| settings.orders.assign_user = Some(UserId::new(&user)));
    let report = import(&channel).await;
    assert_eq!(report.counts.users.of(FollowUpStatus::Pending), 10, "{report}");
    world.sim.clock().advance(LATER);
    let report = import(&channel).await;
    let counted = [FollowUpStatus::Done, FollowUpStatus::Failed].map(|status| report.counts.users.of(status));
    assert_eq!(counted, [9, 1], "{report}");

    world.sim.fault(Fault::on(Method::POST, "/orders/assignuser").with(FaultKind::EmptyBody));
    let late = world.add(world.order("A-late"));
    let _ = import(&channel).await;
    assert_eq!(user_of(&world, late), Some(user), "it was done");
    world.sim.clear_journal();
    world.sim.clock().advance(LATER);
    let report = import(&channel).await;
    assert_eq!((report.counts.users.of(FollowUpStatus::Done), assignments(&world)), (1, 0), "{report}");
}

#[tokio::test]
async fn faults_an_empty_answer_to_a_tag_is_settled_by_a_look() {
    let quirks = Quirks::default().action_failure(ActionFailure::SuccessFalse);
    let world = World::with(SimulatorConfig::default().rate_limit(RateLimit::Unlimited).quirks(quirks)).await;
    let tag = world.sim.account(|account| account.add_tag("Imported"));
    let channel = world.channel(|settings| settings.orders.acknowledgement_tag = Some(TagId::new(tag)));
    let tags = |status: u16| FaultKind::Status { code: status, body: String::new() };
    world.add(world.order("A-1"));
    world.sim.fault(Fault::on(Method::POST, "/orders/addtag").with(FaultKind::EmptyBody));
    assert_eq!(import(&channel).await.counts.tags.of(FollowUpStatus::Done), 1);
    world.add(world.order("A-2"));
    world.sim.fault(Fault::on(Method::POST, "/orders/addtag").with(tags(200)));
    assert_eq!(import(&channel).await.counts.tags.of(FollowUpStatus::Pending), 1, "it was not done");
    world.sim.clock().advance(LATER);
    assert_eq!(import(&channel).await.counts.tags.of(FollowUpStatus::Done), 1);
}
