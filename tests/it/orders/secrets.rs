//! Reports, errors and diagnoses carry no secret and nothing of a buyer.

use shipstation_connector::{
    channel::{ChannelConnector, DiagnoseOrder, ExplainImports, GetOrders, OrderSelector, OrderTimeline},
    client::UserId,
    connector::{EmptyOrderPolicy, UnmappedPolicy},
    testing::simulator::{ActionFailure, Fault, FaultKind, Method, Quirks, SimAddress, SimulatorConfig},
};

use super::import;
use crate::support::{DAY, World, written};

const PLANTED: [&str; 7] = [
    "Rosalind",
    "rosalind@example.com",
    "12 Rose Lane",
    "937-555-0142",
    "Thornbury",
    "ring twice",
    "Many happy returns",
];

fn assert_clean(world: &World, text: &str) {
    let lower = text.to_lowercase();
    for planted in PLANTED {
        assert!(!lower.contains(&planted.to_lowercase()), "{planted} in {text}");
    }
    assert!(!text.contains(world.sim.api_secret()) && !text.contains(world.sim.api_key()), "{text}");
}

fn personal(world: &World, number: &str) -> shipstation_connector::testing::simulator::SimOrder {
    let address = SimAddress::sample()
        .set("name", "Rosalind Thornbury")
        .set("street1", "12 Rose Lane")
        .set("phone", "937-555-0142");
    world
        .order(number)
        .ship_to(address)
        .set("customerEmail", "rosalind@example.com")
        .set("customerUsername", "rosalind@example.com")
        .set("customerNotes", "ring twice")
        .set("giftMessage", "Many happy returns")
}

#[tokio::test]
async fn secrets_no_report_or_diagnosis_names_a_buyer() {
    let quirks = Quirks::default().action_failure(ActionFailure::Error500);
    let world = World::with(SimulatorConfig::default().quirks(quirks)).await;
    let user = world.sim.account(|account| account.add_user("Night Shift"));
    let mut orders = vec![personal(&world, "A-1"), personal(&world, "A-2").shipping("Unheard of")];
    orders.push(personal(&world, "A-3").created(world.ago(DAY * 30)));
    orders.push(personal(&world, "A-4").status("on_hold"));
    orders.push(personal(&world, "A-5").with(|order| order.list_mut("items").unwrap().clear()));
    let ids: Vec<i64> = orders.into_iter().map(|order| world.add(order)).collect();
    world.sim.account(|account| account.poison(ids[4]));
    let message =
        "Value \"12 Rose Lane\" of rosalind@example.com, phone 937-555-0142, is not valid.".to_owned();
    world
        .sim
        .fault(Fault::on(Method::POST, "/orders/assignuser").always().with(FaultKind::Exception { message }));
    for policy in [UnmappedPolicy::Hold, UnmappedPolicy::Reject] {
        let channel = world.channel_on(world.store.stores(), |settings| {
            settings.orders.assign_user = Some(UserId::new(&user));
            settings.orders.empty_orders = EmptyOrderPolicy::Skip;
            settings.shipping.unmapped = policy;
        });
        let report = import(&channel).await;
        assert_clean(&world, &report.to_string());
        assert_clean(&world, &format!("{report:?}"));
        assert_clean(&world, &written(&report));
        // ShipStation fails on the last one.
        for id in &ids[..4] {
            let answers = channel
                .diagnose_order(DiagnoseOrder::new(OrderSelector::Id(id.to_string().into())))
                .await
                .unwrap();
            for answer in answers {
                assert_clean(&world, &answer.to_string());
                assert_clean(&world, &written(&answer));
            }
            let which = OrderSelector::Id(id.to_string().into());
            let timeline = channel.timeline(OrderTimeline::new(which)).await.unwrap();
            assert_clean(&world, &timeline.to_string());
            assert_clean(&world, &written(&timeline));
        }
        assert_clean(&world, &format!("{channel:?}"));
        assert_clean(&world, &channel.why_nothing(ExplainImports::new()).await.unwrap().to_string());
    }
}

#[tokio::test]
async fn secrets_no_refusal_names_key_or_buyer() {
    let world = World::new().await;
    world.add(personal(&world, "A-1"));
    let body = r#"{"Message":"x","ExceptionMessage":"12 Rose Lane, rosalind@example.com"}"#.to_owned();
    for code in [400, 401, 402, 403, 500] {
        world.sim.clear_faults();
        world.sim.fault(Fault::any().always().with(FaultKind::Status { code, body: body.clone() }));
        let refused = world.channel(|_| {}).get_orders(GetOrders::new()).await.unwrap_err();
        assert_clean(&world, &refused.to_string());
        assert_clean(&world, &format!("{refused:?}"));
    }
}
