//! What a row says may be written in many ways: numbers as texts, truth values as numbers, nothing as `""`, lists as
//! their only element, names in another case. Every recorded row is rewritten in each of these ways at each place, and
//! must mean the same.

use std::future::Future;

use serde::Serialize;
use serde_json::{Map, Value, json};
use shipstation_connector::client::{
    Confirmation, Error, ErrorKind, OrderId, OrderStatus, Page, Rows, ShipStation, TagId, UserId,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{client, fixture};

/// Every way to write the value otherwise, at one place at a time.
fn rewritings(value: &Value) -> Vec<Value> {
    let mut others = match value {
        Value::Null => vec![json!("")],
        Value::Bool(true) => vec![json!("true"), json!("True"), json!(1), json!("1")],
        Value::Bool(false) => vec![json!("false"), json!("False"), json!(0), json!("0")],
        Value::Number(number) => vec![json!(number.to_string())],
        Value::Array(list) if list.is_empty() => vec![json!(null), json!(""), json!({})],
        Value::Array(list) if list.len() == 1 => vec![list[0].clone(), json!([list[0], null])],
        Value::String(_) | Value::Array(_) => Vec::new(),
        Value::Object(_) => vec![json!([value])],
    };
    match value {
        Value::Array(list) => {
            for (place, element) in list.iter().enumerate() {
                others.extend(rewritings(element).into_iter().map(|other| {
                    let mut list = list.clone();
                    list[place] = other;
                    Value::Array(list)
                }));
            }
        }
        Value::Object(members) => {
            others.extend([str::to_uppercase, str::to_lowercase].map(|case| renamed(members, case)));
            // What nobody has typed is shown as it came.
            for (name, member) in members.iter().filter(|(name, _)| *name != "productCategory") {
                others.extend(rewritings(member).into_iter().map(|other| {
                    let mut members = members.clone();
                    members[name] = other;
                    Value::Object(members)
                }));
            }
        }
        _ => {}
    }
    others
}

fn renamed(members: &Map<String, Value>, case: fn(&str) -> String) -> Value {
    members.iter().map(|(name, value)| (case(name), value.clone())).collect()
}

/// What the row says, without members that hold nothing: in a text, `""` is kept apart from null.
fn said(row: &impl Serialize) -> Value {
    without_blanks(serde_json::to_value(row).unwrap())
}

fn without_blanks(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, member)| (name, without_blanks(member)));
            members.filter(|(_, member)| *member != json!("") && *member != json!(null)).collect()
        }
        Value::Array(list) => list.into_iter().map(without_blanks).collect(),
        other => other,
    }
}

async fn serve(body: String) -> (MockServer, ShipStation) {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_raw(body, "application/json");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server.uri());
    (server, client)
}

/// Reads the recorded rows and then each of them in every other writing.
async fn same_in_every_writing<T: Serialize, F: Future<Output = Result<Vec<T>, Error>>>(
    name: &str,
    key: &str,
    read: impl Fn(ShipStation) -> F,
) {
    let recorded: Value = serde_json::from_slice(&fixture(&format!("v1/{name}.json"))).unwrap();
    let rows = if key.is_empty() { recorded } else { recorded[key].clone() };
    let list = |rows: &[Value]| match key {
        "" => json!(rows).to_string(),
        key => json!({ key: rows, "total": rows.len() }).to_string(),
    };
    for row in rows.as_array().unwrap() {
        let (_server, client) = serve(list(std::slice::from_ref(row))).await;
        let plain = read(client).await.unwrap();
        let others: Vec<Value> = rewritings(row)
            .into_iter()
            .map(|other| other.as_array().map_or(other.clone(), |one| one[0].clone()))
            .collect();
        let (_server, client) = serve(list(&others)).await;
        let read = read(client).await.unwrap();
        assert_eq!(read.len(), others.len(), "{name}");
        for (item, other) in read.iter().zip(&others) {
            assert_eq!(said(item), said(&plain[0]), "{other:#}");
        }
    }
}

fn page<T>(page: Page<T>) -> Vec<T> {
    assert_eq!(page.errors, []);
    page.items
}

fn rows<T>(rows: Rows<T>) -> Vec<T> {
    assert_eq!(rows.errors, []);
    rows.items
}

#[tokio::test]
async fn wire_what_nobody_has_recorded_is_read_all_the_same() {
    let row = r#"{
        "orderId": "3184550917.0", "orderNumber": 20417, "orderKey": 1.10, "orderTotal": 1.2e2, "taxAmount": -0.0,
        "amountPaid": 2.8421709430404007E-14, "orderDate": "2/27/2024 3:04:05 PM", "createDate": "0001-01-01T00:00:00",
        "paymentDate": "0000-00-00 00:00:00", "shipByDate": "2024-02-27T15:04:05 -0800", "gift": "1",
        "userId": 7, "orderStatus": "Shipped", "confirmation": false, "billTo": [], "shipTo": "", "tagIds": 56330,
        "items": {"sku": 12.50, "quantity": 3.0, "options": {}, "unitPrice": "+4.20", "fulfillmentSku": 9400110200881234567890},
        "advancedOptions": {"mergedIds": "7", "CUSTOMFIELD1": 18446744073709551615}, "labelMessages": ["a", "b"]
    }"#;
    let (_server, client) = serve(format!(r#"{{"Orders":{row},"TOTAL":"1.0","page":"1","pages":0}}"#)).await;
    let answer = client.orders().list().send().await.unwrap();
    assert_eq!((answer.total, answer.page, answer.pages), (Some(1), 1, Some(0)));
    let order = page(answer).pop().unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        (order.order_id.get(), order.order_number, order.order_key),
        (3_184_550_917, text("20417"), text("1.10"))
    );
    let money = [order.order_total, order.tax_amount, order.amount_paid]
        .map(|amount| amount.unwrap().normalize().to_string());
    assert_eq!(money, ["120", "0", "0.000000000000028421709430404"]);
    assert_eq!(order.order_date.unwrap().instant().to_string(), "2024-02-27T23:04:05Z");
    assert_eq!(order.create_date.unwrap().raw(), "0001-01-01T00:00:00");
    assert_eq!(order.payment_date, None);
    assert_eq!(order.ship_by_date.unwrap().instant().to_string(), "2024-02-27T23:04:05Z");
    assert_eq!((order.gift, order.user_id), (Some(true), Some(UserId::new("7"))));
    assert_eq!(order.order_status, Some(OrderStatus::Unknown("Shipped".to_owned())));
    assert_eq!(order.confirmation, Some(Confirmation::Unknown("false".to_owned())));
    assert_eq!((order.bill_to, order.ship_to, order.tag_ids), (None, None, vec![TagId::new(56_330)]));
    let [item] = order.items.as_slice() else { panic!("one item") };
    assert_eq!((&item.sku, item.quantity, item.options.len()), (&text("12.50"), Some(3), 0));
    assert_eq!(
        (item.unit_price, &item.fulfillment_sku),
        (Some("4.20".parse().unwrap()), &text("9400110200881234567890"))
    );
    let advanced = order.advanced_options.unwrap();
    assert_eq!(
        (advanced.merged_ids, advanced.custom_field1),
        (vec![OrderId::new(7)], text("18446744073709551615"))
    );
    assert_eq!(order.label_messages, Some(json!(["a", "b"])));
}

#[tokio::test]
async fn wire_an_object_is_no_row_unless_it_says_which() {
    for (body, rows) in [
        (r#"{"userId": "0e9d8c7b", "userName": "packer"}"#, Some(1)),
        (r#"{"userid": "0e9d8c7b"}"#, Some(1)),
        (r#"{"userId": null}"#, None),
        (r#"{"message": "try again"}"#, None),
        ("{}", None),
        ("null", None),
        ("\"\"", None),
    ] {
        let (_server, client) = serve(body.to_owned()).await;
        let users = client.users().list().send().await;
        assert_eq!(users.ok().map(|users| users.items.len()), rows, "{body}");
    }
    // A rate has no duty but its code, and anything would pass for one.
    let (_server, client) = serve(r#"{"message": "try again"}"#.to_owned()).await;
    let error = client.carriers().list_services("ups").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Decode, Some("try again")));
}

#[tokio::test]
async fn wire_every_writing_of_a_row_means_the_same() {
    for name in ["orders_list", "orders_listbytag"] {
        same_in_every_writing(name, "orders", |client| async move {
            client.orders().list().send().await.map(page)
        })
        .await;
    }
    for name in ["shipments_list", "shipments_list_with_items"] {
        same_in_every_writing(name, "shipments", |client| async move {
            client.shipments().list().send().await.map(page)
        })
        .await;
    }
    same_in_every_writing("fulfillments_list", "fulfillments", |client| async move {
        client.fulfillments().list().send().await.map(page)
    })
    .await;
    same_in_every_writing("products_list", "products", |client| async move {
        client.products().list().send().await.map(page)
    })
    .await;
    same_in_every_writing("customers_list", "customers", |client| async move {
        client.customers().list().send().await.map(page)
    })
    .await;
    same_in_every_writing("stores_list", "", |client| async move {
        client.stores().list().send().await.map(rows)
    })
    .await;
    same_in_every_writing("marketplaces", "", |client| async move {
        client.stores().list_marketplaces().await.map(rows)
    })
    .await;
    same_in_every_writing("carriers", "", |client| async move { client.carriers().list().await.map(rows) })
        .await;
    same_in_every_writing("services", "", |client| async move {
        client.carriers().list_services("ups").await.map(rows)
    })
    .await;
    same_in_every_writing("packages", "", |client| async move {
        client.carriers().list_packages("ups").await.map(rows)
    })
    .await;
    same_in_every_writing("tags", "", |client| async move { client.accounts().list_tags().await.map(rows) })
        .await;
    same_in_every_writing("users", "", |client| async move { client.users().list().send().await.map(rows) })
        .await;
    same_in_every_writing(
        "warehouses",
        "",
        |client| async move { client.warehouses().list().await.map(rows) },
    )
    .await;
    same_in_every_writing("webhooks_list", "webhooks", |client| async move {
        client.webhooks().list().await.map(rows)
    })
    .await;
}
