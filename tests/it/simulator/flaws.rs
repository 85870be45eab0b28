//! Answers that contradict themselves, or that no JSON library reads.

use reqwest::Method;
use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{
    Fault, FaultKind, ListFlaw, SimAddress, SimLine, SimOrder, SimProduct, Simulator,
};

use super::{get, ids, send, start};

/// Three orders, and what the first page of two says under a flaw: its rows' numbers (`None` for null) and the total.
async fn flawed(flaw: impl FnOnce(&[i64; 3]) -> ListFlaw) -> (Vec<Option<usize>>, u64) {
    let sim = start().await;
    let made = sim.account(|account| ["1", "2", "3"].map(|number| account.add_order(SimOrder::new(number))));
    sim.fault(Fault::on(Method::GET, "/orders").with(FaultKind::List(flaw(&made))));
    let page = get(&sim, "orders?pageSize=2&page=1").await;
    let place = |row: &Value| row["orderId"].as_i64().and_then(|id| made.iter().position(|made| *made == id));
    let journal = sim.journal();
    let shown = journal.entries()[0].list.as_ref().unwrap();
    let ids = page["orders"].as_array().unwrap().iter().map(|row| row["orderId"].as_i64());
    assert_eq!((shown.ids.clone(), Some(shown.total as u64)), (ids.collect(), page["total"].as_u64()));
    (page["orders"].as_array().unwrap().iter().map(place).collect(), page["total"].as_u64().unwrap())
}

#[tokio::test]
async fn lists_contradict_themselves() {
    assert_eq!(flawed(|_| ListFlaw::Total(0)).await, (vec![Some(0), Some(1)], 0));
    assert_eq!(flawed(|_| ListFlaw::Total(9)).await, (vec![Some(0), Some(1)], 9));
    assert_eq!(flawed(|_| ListFlaw::NoRows).await, (vec![], 3));
    assert_eq!(flawed(|_| ListFlaw::Missing(1)).await, (vec![Some(0)], 3));
    assert_eq!(flawed(|_| ListFlaw::Missing(9)).await, (vec![], 3));
    assert_eq!(flawed(|_| ListFlaw::NullRows).await, (vec![None, None], 3));
    assert_eq!(flawed(|made| ListFlaw::NullRow(made[1])).await, (vec![Some(0), None], 3));
    assert_eq!(flawed(|_| ListFlaw::Reversed).await, (vec![Some(1), Some(0)], 3));
}

#[tokio::test]
async fn lists_repeat_a_page_or_date_their_last_row_far_ahead() {
    let sim = start().await;
    let made = sim.account(|account| ["1", "2", "3"].map(|number| account.add_order(SimOrder::new(number))));
    sim.fault(Fault::on(Method::GET, "/orders").with(FaultKind::List(ListFlaw::FirstPage)));
    let repeated = get(&sim, "orders?pageSize=2&page=2").await;
    assert_eq!((ids(&repeated), &repeated["page"]), (made[..2].to_vec(), &json!(1)));
    sim.fault(Fault::on(Method::GET, "/orders").with(FaultKind::List(ListFlaw::LastIn2099)));
    let page = get(&sim, "orders?pageSize=2").await;
    assert_eq!(page["orders"][1]["createDate"], "2099-01-01T00:00:00.0000000");
    assert_eq!(page["orders"][0]["createDate"], "2026-03-02T09:00:00.0000000");
}

#[tokio::test]
async fn any_list_may_contradict_itself_and_nothing_else_does() {
    let sim = start().await;
    let order = sim.account(|account| {
        let tag = account.add_tag("Rush");
        let order = account.add_order(SimOrder::new("1").tag(tag));
        account.ship_by_hand(order, "1Z", "ups");
        account.buy_label(order, "ups", "ups_ground");
        account.set_status(order, "awaiting_shipment");
        account.add_product(SimProduct::new("MUG"));
        account.add_customer("robin", SimAddress::sample(), None);
        order
    });
    let tag = sim.account(|account| *account.tags.keys().next().unwrap());
    let by_tag = format!("orders/listbytag?orderStatus=awaiting_shipment&tagId={tag}");
    for path in ["orders", &*by_tag, "fulfillments", "shipments", "products", "customers"] {
        sim.fault(Fault::on(Method::GET, "*").with(FaultKind::List(ListFlaw::NullRows)));
        let page = get(&sim, path).await;
        let rows = page.as_object().unwrap().values().find(|member| member.is_array()).unwrap();
        assert_eq!((rows, &page["total"]), (&json!([null]), &json!(1)), "{path}");
    }
    for path in ["fulfillments", "shipments"] {
        sim.fault(Fault::on(Method::GET, "*").with(FaultKind::List(ListFlaw::NullRow(order))));
        assert_eq!(get(&sim, path).await[path], json!([null]));
    }
    sim.fault(Fault::on(Method::GET, "*").with(FaultKind::List(ListFlaw::NullRows)));
    assert_eq!(get(&sim, &format!("orders/{order}")).await["orderId"], order);
}

#[tokio::test]
async fn a_question_for_one_order_is_answered_with_another() {
    let sim = start().await;
    let [first, second] =
        sim.account(|account| ["1", "2"].map(|number| account.add_order(SimOrder::new(number))));
    sim.fault(Fault::on(Method::GET, "/orders/*").always().with(FaultKind::AnotherOrder));
    assert_eq!(get(&sim, &format!("orders/{first}")).await["orderId"], second);
    assert_eq!(get(&sim, &format!("orders/{second}")).await["orderId"], first);
    sim.account(|account| account.delete(second));
    assert_eq!(get(&sim, &format!("orders/{first}")).await["orderId"], first, "there is no other");
}

#[tokio::test]
async fn one_row_is_printed_as_no_library_reads_it() {
    let sim = start().await;
    let (order, product) = sim.account(|account| {
        account.add_order(SimOrder::new("1"));
        (account.add_order(SimOrder::new("2")), account.add_product(SimProduct::new("MUG")))
    });
    let read = async |sim: &Simulator, path: &str| {
        let answer = send(sim, Method::GET, path, None).await.unwrap();
        answer.bytes().await.unwrap().to_vec()
    };
    let cases: [(&str, &[u8]); 7] = [
        ("customerNotes", b"\"a\nb\""),
        ("customerNotes", b"\"caf\xe9\""),
        ("customerNotes", br#""x\ud83d""#),
        ("orderTotal", b"NaN"),
        ("weight", br#""12 oz""#),
        ("advancedOptions.storeId", br#""the first""#),
        ("orderStatus", br#"{"id":3}"#),
    ];
    for (member, bytes) in cases {
        sim.account(|account| account.overwrite(order, member, bytes));
        for path in ["orders".to_owned(), format!("orders/{order}")] {
            let text = read(&sim, &path).await;
            assert!(text.windows(bytes.len()).any(|part| part == bytes), "{member} in {path}");
        }
        sim.account(|account| account.heal(order));
        assert_eq!(get(&sim, "orders").await["total"], 2);
    }
    sim.account(|account| account.overwrite(product, "price", "NaN"));
    for path in ["products".to_owned(), format!("products/{product}")] {
        assert!(String::from_utf8(read(&sim, &path).await).unwrap().contains("\"price\":NaN,"));
    }
}

#[tokio::test]
async fn lines_may_share_a_number_or_have_none() {
    let sim = start().await;
    let order = sim.account(|account| {
        let line = |sku: &str| SimLine::new(sku, 1, "2.00");
        let coupon = SimLine::new("COUPON", 1, "-5.00");
        let lines = [line("A").id(7), line("B").id(7), line("C").without_id(), coupon];
        account.add_order(lines.into_iter().fold(SimOrder::new("1"), SimOrder::line))
    });
    let order = get(&sim, &format!("orders/{order}")).await;
    let numbers: Vec<_> =
        order["items"].as_array().unwrap().iter().map(|item| &item["orderItemId"]).collect();
    assert_eq!(numbers[..3], [7, 7, 0]);
    assert_eq!(order["items"][3]["adjustment"], false, "a discount that does not say so");
}
