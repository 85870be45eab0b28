//! What each operation puts on the wire: method, path, query, body and headers, all of it and nothing else.

use std::{collections::BTreeSet, future::Future};

use serde_json::{Value, json};
use shipstation_connector::client::{
    Address, Confirmation, CustomerId, CustomerSort, Decimal, Error, FulfillmentId, FulfillmentSort,
    MarketplaceId, NewAccount, NewLabel, NewOrder, NewWarehouse, OrderId, OrderItem, OrderSort, OrderStatus,
    PacificDate, Product, ProductId, ProductSort, ShipStation, ShipmentId, ShipmentSort, SortDir, Store,
    StoreId, TagId, UserId, Warehouse, WarehouseId, WebhookEvent, WebhookId, Weight, WeightUnits, endpoints,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{client, fixture};

const DONE: &str = r#"{"success":true,"message":"Done."}"#;
const USER: &str = "7b1e4d20-93ac-4f58-8e17-6d5c4b3a2910";

/// Runs operations against a server that gives one answer, and looks at what came.
#[derive(Default)]
struct Contract(BTreeSet<&'static str>);

struct Expected {
    line: &'static str,
    query: &'static [(&'static str, &'static str)],
    body: Value,
}

fn sends(line: &'static str) -> Expected {
    Expected { line, query: &[], body: Value::Null }
}

impl Expected {
    fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }
}

impl Contract {
    async fn check<T, F: Future<Output = Result<T, Error>>>(
        &mut self,
        operation: &'static str,
        expected: Expected,
        answer: impl Into<Vec<u8>>,
        call: impl FnOnce(ShipStation) -> F,
    ) -> T {
        let server = MockServer::start().await;
        let status = if operation == "webhooks().subscribe()" { 201 } else { 200 };
        let answer =
            ResponseTemplate::new(status).set_body_raw(answer.into(), "application/json; charset=utf-8");
        Mock::given(any()).respond_with(answer).expect(1).mount(&server).await;
        let result = call(client(&server.uri())).await.unwrap_or_else(|error| panic!("{operation}: {error}"));

        let request = server.received_requests().await.unwrap().pop().unwrap();
        assert_eq!(format!("{} {}", request.method, request.url.path()), expected.line, "{operation}");
        let mut query: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
        query.sort();
        let mut wanted: Vec<(String, String)> =
            expected.query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        wanted.sort();
        assert_eq!(query, wanted, "{operation}");
        let body = if request.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&request.body).unwrap()
        };
        assert_eq!(body, expected.body, "{operation}");

        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap());
        let anonymous = operation == "accounts().register()";
        assert_eq!(header("authorization").is_none(), anonymous, "{operation}");
        assert_eq!(header("accept"), Some("application/json"), "{operation}");
        assert_eq!(header("content-type"), (!body.is_null()).then_some("application/json"), "{operation}");
        assert!(header("user-agent").unwrap().starts_with("shipstation-connector/"), "{operation}");
        assert_eq!(header("x-partner"), None);
        self.0.insert(operation);
        result
    }
}

fn recorded(name: &str) -> Vec<u8> {
    fixture(&format!("v1/{name}.json"))
}

fn value<T: serde::de::DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&recorded(name)).unwrap()
}

fn at(text: &str) -> shipstation_connector::Timestamp {
    text.parse().unwrap()
}

fn named(name: &str) -> Address {
    let mut address = Address::default();
    address.name = Some(name.to_owned());
    address
}

#[tokio::test]
async fn wire_every_operation_sends_what_the_reference_says() {
    let mut contract = Contract::default();
    accounts_and_carriers(&mut contract).await;
    customers_and_fulfillments(&mut contract).await;
    order_reads(&mut contract).await;
    order_actions(&mut contract).await;
    order_purchases(&mut contract).await;
    products(&mut contract).await;
    shipments(&mut contract).await;
    stores_and_users(&mut contract).await;
    warehouses(&mut contract).await;
    webhooks(&mut contract).await;
    let all: BTreeSet<&str> = endpoints().iter().map(|operation| operation.call).collect();
    assert_eq!(contract.0, all);
}

async fn accounts_and_carriers(contract: &mut Contract) {
    let tags = contract
        .check(
            "accounts().list_tags()",
            sends("GET /accounts/listtags"),
            recorded("tags"),
            |client| async move { client.accounts().list_tags().await },
        )
        .await;
    assert_eq!(tags.items.len(), 3);
    let body = json!({"firstName": "Ada", "lastName": "Test", "email": "ada@example.com", "password": "pw", "countryCode": "US"});
    let registered = contract
        .check(
            "accounts().register()",
            sends("POST /accounts/registeraccount").body(body),
            recorded("register_account"),
            |client| async move {
                let mut account = NewAccount::new("Ada", "Test", "ada@example.com", "pw");
                account.country_code = Some("US".to_owned());
                client.accounts().register(&account).await
            },
        )
        .await;
    assert!(!format!("{registered:?}").contains("MADE-UP"));

    let carriers = contract
        .check("carriers().list()", sends("GET /carriers"), recorded("carriers"), |client| async move {
            client.carriers().list().await
        })
        .await;
    assert_eq!(carriers.items.iter().filter(|carrier| carrier.code.as_deref() == Some("ups")).count(), 2);
    let ups: &[(&str, &str)] = &[("carrierCode", "ups")];
    contract
        .check(
            "carriers().get()",
            sends("GET /carriers/getcarrier").query(ups),
            recorded("carrier"),
            |client| async move { client.carriers().get("ups").await },
        )
        .await;
    contract
        .check(
            "carriers().list_packages()",
            sends("GET /carriers/listpackages").query(ups),
            recorded("packages"),
            |client| async move { client.carriers().list_packages("ups").await },
        )
        .await;
    contract
        .check(
            "carriers().list_services()",
            sends("GET /carriers/listservices").query(ups),
            recorded("services"),
            |client| async move { client.carriers().list_services("ups").await },
        )
        .await;
    contract
        .check(
            "carriers().add_funds()",
            sends("POST /carriers/addfunds").body(json!({"carrierCode": "stamps_com", "amount": 20.55})),
            recorded("carrier_addfunds"),
            |client| async move { client.carriers().add_funds("stamps_com", Decimal::new(2055, 2)).await },
        )
        .await;
}

async fn customers_and_fulfillments(contract: &mut Contract) {
    let query: &[(&str, &str)] = &[
        ("stateCode", "UT"),
        ("countryCode", "US"),
        ("marketplaceId", "14"),
        ("tagId", "8362"),
        ("sortBy", "ModifyDate"),
        ("sortDir", "DESC"),
        ("page", "2"),
        ("pageSize", "500"),
    ];
    let customers = contract
        .check(
            "customers().list()",
            sends("GET /customers").query(query),
            recorded("customers_list"),
            |client| async move {
                let list = client
                    .customers()
                    .list()
                    .state_code("UT")
                    .country_code("US")
                    .marketplace(MarketplaceId::new(14));
                let list = list
                    .tag(TagId::new(8362))
                    .sort_by(CustomerSort::ModifyDate)
                    .sort_dir(SortDir::Descending);
                list.page(2).page_size(9_000).send().await
            },
        )
        .await;
    assert_eq!(customers.items.len(), 2);
    contract
        .check(
            "customers().get()",
            sends("GET /customers/320244871"),
            recorded("customer"),
            |client| async move { client.customers().get(CustomerId::new(320_244_871)).await },
        )
        .await;
    let query: &[(&str, &str)] = &[
        ("fulfillmentId", "1"),
        ("orderId", "3184550917"),
        ("orderNumber", "#3115"),
        ("trackingNumber", "1Z 1"),
        ("recipientName", "Søren & Co"),
        ("createDateStart", "2024-02-27 16:00:00"),
        ("createDateEnd", "2024-02-28 16:00:01"),
        ("shipDateStart", "2024-07-01 17:00:00"),
        ("shipDateEnd", "2024-07-02 17:00:00"),
        ("sortBy", "ShipDate"),
        ("sortDir", "ASC"),
    ];
    let page = contract
        .check(
            "fulfillments().list()",
            sends("GET /fulfillments").query(query),
            recorded("fulfillments_list"),
            |client| async move {
                let list = client.fulfillments().list().fulfillment_id(FulfillmentId::new(1));
                let list =
                    list.order_id(OrderId::new(3_184_550_917)).order_number("#3115").tracking_number("1Z 1");
                let list = list.recipient_name("Søren & Co").created_since(at("2024-02-28T00:00:00.9Z"));
                let list = list
                    .created_before(at("2024-02-29T00:00:00.1Z"))
                    .shipped_since(at("2024-07-02T00:00:00Z"));
                let list = list.shipped_before(at("2024-07-03T00:00:00Z")).sort_by(FulfillmentSort::ShipDate);
                list.sort_dir(SortDir::Ascending).send().await
            },
        )
        .await;
    assert_eq!((page.pages, page.total), (Some(0), Some(2)));
}

async fn order_reads(contract: &mut Contract) {
    contract
        .check("orders().get()", sends("GET /orders/3184550917"), recorded("order"), |client| async move {
            client.orders().get(OrderId::new(3_184_550_917)).await
        })
        .await;
    let query: &[(&str, &str)] = &[
        ("orderStatus", "on_hold"),
        ("storeId", "301417"),
        ("orderNumber", "M-7"),
        ("customerName", "Halloway"),
        ("itemKeyword", "cup"),
        ("createDateStart", "2024-01-01 00:00:00"),
        ("createDateEnd", "2024-01-02 00:00:00"),
        ("modifyDateStart", "2024-01-03 00:00:00"),
        ("modifyDateEnd", "2024-01-04 00:00:00"),
        ("orderDateStart", "2024-01-05 00:00:00"),
        ("orderDateEnd", "2024-01-06 00:00:00"),
        ("paymentDateStart", "2024-01-07 00:00:00"),
        ("paymentDateEnd", "2024-01-08 00:00:00"),
        ("sortBy", "ModifyDate"),
        ("sortDir", "ASC"),
        ("page", "3"),
        ("pageSize", "50"),
    ];
    contract
        .check(
            "orders().list()",
            sends("GET /orders").query(query),
            recorded("orders_list"),
            |client| async move {
                let day = |day: u8| at(&format!("2024-01-0{day}T08:00:00Z"));
                let list = client
                    .orders()
                    .list()
                    .status(OrderStatus::OnHold)
                    .store(StoreId::new(301_417))
                    .order_number("M-7");
                let list = list
                    .customer_name("Halloway")
                    .item_keyword("cup")
                    .created_since(day(1))
                    .created_before(day(2));
                let list = list
                    .modified_since(day(3))
                    .modified_before(day(4))
                    .ordered_since(day(5))
                    .ordered_before(day(6));
                let list = list.paid_since(day(7)).paid_before(day(8)).sort_by(OrderSort::ModifyDate);
                list.sort_dir(SortDir::Ascending).page(3).page_size(50).send().await
            },
        )
        .await;
    contract
        .check(
            "orders().list_by_tag()",
            sends("GET /orders/listbytag").query(&[
                ("orderStatus", "awaiting_shipment"),
                ("tagId", "8362"),
                ("page", "1"),
            ]),
            recorded("orders_listbytag"),
            |client| async move {
                client
                    .orders()
                    .list_by_tag(OrderStatus::AwaitingShipment, TagId::new(8362))
                    .page(1)
                    .send()
                    .await
            },
        )
        .await;
}

async fn order_actions(contract: &mut Contract) {
    const ORDER: OrderId = OrderId::new(3_184_550_917);
    let tag = json!({"orderId": 3_184_550_917_i64, "tagId": 8362});
    contract
        .check("orders().delete()", sends("DELETE /orders/3184550917"), DONE, |client| async move {
            client.orders().delete(ORDER).await
        })
        .await;
    let assign = json!({"orderIds": [3_184_550_917_i64, 7], "userId": USER});
    contract
        .check(
            "orders().assign_user()",
            sends("POST /orders/assignuser").body(assign),
            DONE,
            |client| async move {
                client.orders().assign_user(&[ORDER, OrderId::new(7)], &UserId::new(USER)).await
            },
        )
        .await;
    let unassign = json!({"orderIds": [3_184_550_917_i64]});
    contract
        .check(
            "orders().unassign_user()",
            sends("POST /orders/unassignuser").body(unassign),
            DONE,
            |client| async move { client.orders().unassign_user(&[ORDER]).await },
        )
        .await;
    contract
        .check(
            "orders().add_tag()",
            sends("POST /orders/addtag").body(tag.clone()),
            DONE,
            |client| async move { client.orders().add_tag(ORDER, TagId::new(8362)).await },
        )
        .await;
    contract
        .check(
            "orders().remove_tag()",
            sends("POST /orders/removetag").body(tag),
            DONE,
            |client| async move { client.orders().remove_tag(ORDER, TagId::new(8362)).await },
        )
        .await;
    let hold = json!({"orderId": 3_184_550_917_i64, "holdUntilDate": "2024-03-10"});
    contract
        .check(
            "orders().hold_until()",
            sends("POST /orders/holduntil").body(hold),
            DONE,
            |client| async move {
                client.orders().hold_until(ORDER, PacificDate::new(2024, 3, 10).unwrap()).await
            },
        )
        .await;
    let restore = json!({"orderId": 3_184_550_917_i64});
    contract
        .check(
            "orders().restore_from_hold()",
            sends("POST /orders/restorefromhold").body(restore),
            DONE,
            |client| async move { client.orders().restore_from_hold(ORDER).await },
        )
        .await;
}

async fn order_purchases(contract: &mut Contract) {
    const ORDER: OrderId = OrderId::new(3_184_550_917);
    let body = json!({
        "orderId": 3_184_550_917_i64, "carrierCode": "usps", "shipDate": "2024-02-28", "trackingNumber": "9400",
        "notifyCustomer": false, "notifySalesChannel": true,
    });
    let marked = contract
        .check(
            "orders().mark_as_shipped()",
            sends("POST /orders/markasshipped").body(body),
            recorded("markasshipped_response"),
            |client| async move {
                let mark = client.orders().mark_as_shipped(ORDER, "usps").tracking_number("9400");
                mark.ship_date(PacificDate::new(2024, 2, 28).unwrap()).notify_sales_channel(true).send().await
            },
        )
        .await;
    assert!(marked.order_id.get() > i64::from(i32::MAX));

    let new = new_order();
    let body = json!({
        "orderNumber": "M-1", "orderDate": "2024-02-27T15:04:00.0000000", "orderStatus": "awaiting_shipment",
        "billTo": {"name": "Ines Halloway"}, "shipTo": {"name": "Ines Halloway"},
        "items": [{"sku": "CUP", "quantity": 2, "unitPrice": 18.55}],
    });
    let created = new.clone();
    contract
        .check(
            "orders().create()",
            sends("POST /orders/createorder").body(body.clone()),
            recorded("order"),
            |client| async move { client.orders().create(&created).await },
        )
        .await;
    let bulk = contract
        .check(
            "orders().create_many()",
            sends("POST /orders/createorders").body(json!([body])),
            recorded("errors/bulk_partial"),
            |client| async move { client.orders().create_many(&[new]).await },
        )
        .await;
    assert_eq!(bulk.failures().count(), 1);
    let body = json!({
        "orderId": 3_184_550_917_i64, "carrierCode": "fedex", "serviceCode": "fedex_ground", "packageCode": "package",
        "confirmation": "none", "shipDate": "2024-02-28", "weight": {"value": 2, "units": "pounds"}, "dimensions": null,
        "insuranceOptions": null, "internationalOptions": null, "advancedOptions": null, "testLabel": true,
    });
    let label = contract
        .check(
            "orders().create_label()",
            sends("POST /orders/createlabelfororder").body(body),
            recorded("label_for_order"),
            |client| async move {
                let day = PacificDate::new(2024, 2, 28).unwrap();
                let label =
                    client.orders().create_label(ORDER, "fedex", "fedex_ground", day).package_code("package");
                label.weight(Weight::new(2, WeightUnits::Pounds)).test_label(true).send().await
            },
        )
        .await;
    assert!(label.label_data.is_some());
}

fn new_order() -> NewOrder {
    let status = OrderStatus::AwaitingShipment;
    let mut order = NewOrder::new(
        "M-1",
        at("2024-02-27T23:04:00Z"),
        status,
        named("Ines Halloway"),
        named("Ines Halloway"),
    );
    let mut item = OrderItem::default();
    item.sku = Some("CUP".to_owned());
    item.quantity = Some(2);
    item.unit_price = Some(Decimal::new(1855, 2));
    order.items.push(item);
    order
}

async fn products(contract: &mut Contract) {
    let query: &[(&str, &str)] = &[
        ("sku", "CUP"),
        ("name", "Tin"),
        ("productCategoryId", "5120"),
        ("productTypeId", "3"),
        ("tagId", "9180"),
        ("upc", "000000000024"),
        ("startDate", "2024-01-01 00:00:00"),
        ("endDate", "2024-01-02 00:00:00"),
        ("showInactive", "true"),
        ("sortBy", "SKU"),
        ("sortDir", "ASC"),
        ("pageSize", "500"),
    ];
    contract
        .check(
            "products().list()",
            sends("GET /products").query(query),
            recorded("products_list"),
            |client| async move {
                let list = client
                    .products()
                    .list()
                    .sku("CUP")
                    .name("Tin")
                    .category(5120.into())
                    .product_type(3.into());
                let list =
                    list.tag(9180.into()).upc("000000000024").created_since(at("2024-01-01T08:00:00Z"));
                let list = list
                    .created_before(at("2024-01-02T08:00:00Z"))
                    .show_inactive(true)
                    .sort_by(ProductSort::Sku);
                list.sort_dir(SortDir::Ascending).page_size(500).send().await
            },
        )
        .await;
    contract
        .check(
            "products().get()",
            sends("GET /products/91411900"),
            recorded("product"),
            |client| async move { client.products().get(ProductId::new(91_411_900)).await },
        )
        .await;
    let product: Product = value("product");
    let body = serde_json::to_value(&product).unwrap();
    assert_eq!(body["productId"], product.product_id.get());
    let line = format!("PUT /products/{}", product.product_id).leak();
    contract
        .check("products().update()", sends(line).body(body), DONE, |client| async move {
            client.products().update(&product).await
        })
        .await;
}

async fn shipments(contract: &mut Contract) {
    let query: &[(&str, &str)] = &[
        ("recipientName", "Halloway"),
        ("recipientCountryCode", "US"),
        ("orderNumber", "M-7001"),
        ("orderId", "7"),
        ("carrierCode", "ups"),
        ("serviceCode", "ups_ground"),
        ("trackingNumber", "1Z"),
        ("storeId", "301417"),
        ("createDateStart", "2024-01-01 00:00:00"),
        ("createDateEnd", "2024-01-02 00:00:00"),
        ("shipDateStart", "2024-01-01 00:00:00"),
        ("shipDateEnd", "2024-01-02 00:00:00"),
        ("voidDateStart", "2024-01-01 00:00:00"),
        ("voidDateEnd", "2024-01-02 00:00:00"),
        ("includeShipmentItems", "true"),
        ("sortBy", "CreateDate"),
        ("sortDir", "DESC"),
    ];
    let answer = recorded("shipments_list_with_items");
    contract
        .check("shipments().list()", sends("GET /shipments").query(query), answer, |client| async move {
            let (from, to) = (at("2024-01-01T08:00:00Z"), at("2024-01-02T08:00:00Z"));
            let list = client.shipments().list().recipient_name("Halloway").recipient_country_code("US");
            let list = list
                .order_number("M-7001")
                .order_id(OrderId::new(7))
                .carrier_code("ups")
                .service_code("ups_ground");
            let list = list
                .tracking_number("1Z")
                .store(StoreId::new(301_417))
                .created_since(from)
                .created_before(to);
            let list = list.shipped_since(from).shipped_before(to).voided_since(from).voided_before(to);
            let list = list.include_shipment_items(true).sort_by(ShipmentSort::CreateDate);
            list.sort_dir(SortDir::Descending).send().await
        })
        .await;
    let body = json!({
        "carrierCode": "stamps_com", "serviceCode": "usps_parcel_select", "packageCode": "package", "confirmation": "delivery",
        "shipDate": "2024-02-29", "weight": {"value": 3, "units": "ounces"}, "shipFrom": {"name": "A"}, "shipTo": {"name": "B"},
        "testLabel": false,
    });
    contract
        .check(
            "shipments().create_label()",
            sends("POST /shipments/createlabel").body(body),
            recorded("label_shipment"),
            |client| async move {
                let day = PacificDate::new(2024, 2, 29).unwrap();
                let weight = Weight::new(3, WeightUnits::Ounces);
                let mut label = NewLabel::new(
                    "stamps_com",
                    "usps_parcel_select",
                    "package",
                    day,
                    weight,
                    named("A"),
                    named("B"),
                );
                label.confirmation = Some(Confirmation::Delivery);
                client.shipments().create_label(&label).await
            },
        )
        .await;
    let body = json!({
        "carrierCode": "fedex", "serviceCode": null, "packageCode": null, "fromPostalCode": "84065", "toState": "OR",
        "toCountry": "US", "toPostalCode": "97301", "toCity": null, "weight": {"value": 3, "units": "ounces"},
        "dimensions": null, "confirmation": null, "residential": true,
    });
    let rates = contract
        .check(
            "shipments().get_rates()",
            sends("POST /shipments/getrates").body(body),
            recorded("rates"),
            |client| async move {
                let rates = client.shipments().get_rates(
                    "fedex",
                    "84065",
                    "US",
                    "97301",
                    Weight::new(3, WeightUnits::Ounces),
                );
                rates.to_state("OR").residential(true).send().await
            },
        )
        .await;
    assert_eq!(rates.items.len(), 4);
    contract
        .check(
            "shipments().void_label()",
            sends("POST /shipments/voidlabel").body(json!({"shipmentId": 890_012_345})),
            recorded("voidlabel_response"),
            |client| async move { client.shipments().void_label(ShipmentId::new(890_012_345)).await },
        )
        .await;
}

async fn stores_and_users(contract: &mut Contract) {
    contract
        .check(
            "stores().list()",
            sends("GET /stores").query(&[("showInactive", "true"), ("marketplaceId", "14")]),
            recorded("stores_list"),
            |client| async move { client.stores().list().show_inactive(true).marketplace(14.into()).send().await },
        )
        .await;
    contract
        .check("stores().get()", sends("GET /stores/301420"), recorded("store"), |client| async move {
            client.stores().get(StoreId::new(301_420)).await
        })
        .await;
    let store: Store = value("store");
    let body = serde_json::to_value(&store).unwrap();
    let updated = contract
        .check(
            "stores().update()",
            sends("PUT /stores/301420").body(body),
            recorded("store"),
            |client| async move { client.stores().update(&store).await },
        )
        .await;
    assert_eq!(updated.resource.unwrap().status_mappings.len(), 5);
    let refreshed = contract
        .check(
            "stores().refresh()",
            sends("POST /stores/refreshstore")
                .query(&[("storeId", "301418"), ("refreshDate", "2024-01-01 00:00:00")])
                .body(json!({"storeId": 301_418, "refreshDate": "2024-01-01 00:00:00"})),
            DONE,
            |client| async move {
                client
                    .stores()
                    .refresh()
                    .store(StoreId::new(301_418))
                    .from(at("2024-01-01T08:00:00Z"))
                    .send()
                    .await
            },
        )
        .await;
    assert_eq!(refreshed.message.as_deref(), Some("Done."));
    contract
        .check(
            "stores().refresh_status()",
            sends("GET /stores/getrefreshstatus").query(&[("storeId", "301418")]),
            recorded("store_refresh_status"),
            |client| async move { client.stores().refresh_status(StoreId::new(301_418)).await },
        )
        .await;
    contract
        .check(
            "stores().list_marketplaces()",
            sends("GET /stores/marketplaces"),
            recorded("marketplaces"),
            |client| async move { client.stores().list_marketplaces().await },
        )
        .await;
    let store = json!({"storeId": 301_418});
    contract
        .check(
            "stores().deactivate()",
            sends("POST /stores/deactivate").body(store.clone()),
            DONE,
            |client| async move { client.stores().deactivate(StoreId::new(301_418)).await },
        )
        .await;
    let documented = r#"{"success":"true","message":"The requested store has been reactivated."}"#;
    contract
        .check(
            "stores().reactivate()",
            sends("POST /stores/reactivate").body(store),
            documented,
            |client| async move { client.stores().reactivate(StoreId::new(301_418)).await },
        )
        .await;
    contract
        .check(
            "users().list()",
            sends("GET /users").query(&[("showInactive", "false")]),
            recorded("users"),
            |client| async move { client.users().list().show_inactive(false).send().await },
        )
        .await;
}

async fn warehouses(contract: &mut Contract) {
    contract
        .check("warehouses().list()", sends("GET /warehouses"), recorded("warehouses"), |client| async move {
            client.warehouses().list().await
        })
        .await;
    contract
        .check(
            "warehouses().get()",
            sends("GET /warehouses/521900"),
            recorded("warehouse"),
            |client| async move { client.warehouses().get(WarehouseId::new(521_900)).await },
        )
        .await;
    let body = json!({"warehouseName": "East dock", "originAddress": {"name": "Dock 4"}});
    contract
        .check(
            "warehouses().create()",
            sends("POST /warehouses/createwarehouse").body(body),
            recorded("warehouse"),
            |client| async move {
                client.warehouses().create(&NewWarehouse::new("East dock", named("Dock 4"))).await
            },
        )
        .await;
    let warehouse: Warehouse = value("warehouse");
    let body = serde_json::to_value(&warehouse).unwrap();
    let line = format!("PUT /warehouses/{}", warehouse.warehouse_id).leak();
    let updated = contract
        .check("warehouses().update()", sends(line).body(body), DONE, |client| async move {
            client.warehouses().update(&warehouse).await
        })
        .await;
    assert!(updated.resource.is_none());
    contract
        .check("warehouses().delete()", sends("DELETE /warehouses/521900"), DONE, |client| async move {
            client.warehouses().delete(WarehouseId::new(521_900)).await
        })
        .await;
}

async fn webhooks(contract: &mut Contract) {
    let hooks = contract
        .check("webhooks().list()", sends("GET /webhooks"), recorded("webhooks_list"), |client| async move {
            client.webhooks().list().await
        })
        .await;
    assert_eq!(hooks.items.len(), 3);
    let body = json!({
        "target_url": "https://hooks.example.com/t", "event": "SHIP_NOTIFY", "store_id": 301_418, "friendly_name": null,
    });
    let id = contract
        .check(
            "webhooks().subscribe()",
            sends("POST /webhooks/subscribe").body(body),
            recorded("webhook_subscribe_201"),
            |client| async move {
                let hook =
                    client.webhooks().subscribe("https://hooks.example.com/t", WebhookEvent::ShipNotify);
                hook.store(StoreId::new(301_418)).send().await
            },
        )
        .await;
    assert!(id.get() > 0);
    contract
        .check("webhooks().unsubscribe()", sends("DELETE /webhooks/3189"), "", |client| async move {
            client.webhooks().unsubscribe(WebhookId::new(3189)).await
        })
        .await;
}

#[tokio::test]
async fn wire_settings_of_the_client_reach_the_wire() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_string("[]")).mount(&server).await;
    let base = format!("{}/proxy/v1", server.uri());
    let client =
        crate::support::builder(&base).partner_key("partner-9").user_agent("shop/1.0").build().unwrap();
    client.users().list().send().await.unwrap();
    let raw: Value = client
        .post("/Orders/UpdateWarehouseLocation?dry=1")
        .query("a b", "c&d")
        .json(&json!([1]))
        .send()
        .await
        .unwrap();
    assert_eq!(raw, json!([]));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests[0].url.path(), "/proxy/v1/users");
    assert_eq!(requests[0].headers["x-partner"], "partner-9");
    assert_eq!(requests[0].headers["user-agent"], "shop/1.0");
    assert_eq!(requests[1].url.path(), "/proxy/v1/Orders/UpdateWarehouseLocation");
    assert_eq!(requests[1].url.query(), Some("dry=1&a+b=c%26d"));
}
