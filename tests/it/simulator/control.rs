//! The control API, asked by plain HTTP as another process would.

use reqwest::Method;
use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{Simulator, SimulatorConfig};

use super::{get, post};

/// The status and the answer; null when it has no body.
async fn control(sim: &Simulator, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = reqwest::Client::new().request(method, format!("{}_simulator/{path}", sim.url()));
    let answer = request.body(body.to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

#[tokio::test]
async fn another_process_moves_the_clock_and_fills_the_account() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    assert_eq!(
        control(&sim, Method::GET, "clock", Value::Null).await.1,
        json!({ "now": "2026-03-02T17:00:00Z" })
    );
    assert_eq!(control(&sim, Method::PUT, "clock", json!({ "advanceSeconds": 90 })).await.0, 204);
    assert_eq!(sim.clock().now(), "2026-03-02T17:01:30Z".parse().unwrap());
    assert_eq!(control(&sim, Method::PUT, "clock", json!({ "now": "2026-03-03T00:00:00Z" })).await.0, 204);

    let line = json!({ "sku": "MUG", "name": "Mug", "quantity": 2, "unitPrice": 18.5 });
    let orders = json!([{ "orderNumber": "1001", "items": [line] }, { "orderNumber": "1002" }]);
    let (status, made) = control(&sim, Method::POST, "orders", orders).await;
    assert_eq!((status, made["ids"].as_array().unwrap().len()), (200, 2), "{made}");
    let (_, product) = control(&sim, Method::POST, "products", json!({ "sku": "MUG", "price": 18.5 })).await;
    let user =
        control(&sim, Method::POST, "users", json!({ "name": "Night Shift" })).await.1["ids"][0].clone();
    for (table, body) in [
        ("stores", json!({ "name": "Shop", "marketplace": "Etsy" })),
        ("tags", json!({ "name": "Rush" })),
        ("carriers", json!({ "code": "dhl" })),
        ("warehouses", json!({ "name": "West dock" })),
    ] {
        assert!(control(&sim, Method::POST, table, body).await.1["ids"][0].is_i64(), "{table}");
    }
    let changes = json!({ "orderStatus": "on_hold", "shipTo.city": "SALEM", "userId": user });
    assert_eq!(control(&sim, Method::PATCH, &format!("orders/{}", made["ids"][0]), changes).await.0, 204);

    let first = get(&sim, "orders?orderNumber=1001").await["orders"][0].clone();
    assert_eq!((&first["orderStatus"], &first["shipTo"]["city"]), (&json!("on_hold"), &json!("SALEM")));
    assert_eq!((&first["orderTotal"], &first["userId"]), (&json!(37.0), &user));
    assert_eq!(first["modifyDate"], "2026-03-02T16:00:00.0000000");
    let (_, again) =
        control(&sim, Method::GET, &format!("products/{}", product["ids"][0]), Value::Null).await;
    assert_eq!((&again["sku"], &again["price"]), (&json!("MUG"), &json!(18.5)));
    assert_eq!(get(&sim, "stores").await[1]["marketplaceName"], "Etsy");
}

#[tokio::test]
async fn another_process_scripts_faults_and_reads_the_journal() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    let (_, made) = control(&sim, Method::POST, "orders", json!({ "orderNumber": "1001" })).await;
    let order = &made["ids"][0];
    let fault =
        json!({ "method": "post", "path": "/orders/*", "orderId": order, "kind": "errorAfterEffect" });
    assert_eq!(control(&sim, Method::POST, "faults", fault).await.0, 204);
    let html = json!({ "path": "/users", "always": true, "kind": { "html": { "status": 502 } } });
    assert_eq!(control(&sim, Method::POST, "faults", html).await.0, 204);
    let mark = json!({ "orderId": order, "carrierCode": "ups" });
    assert_eq!(post(&sim, "orders/markasshipped", mark.clone()).await.0, 500);
    assert_eq!(control(&sim, Method::DELETE, "faults", Value::Null).await.0, 204);
    assert_eq!(get(&sim, "users").await, json!([]));

    let (_, journal) = control(&sim, Method::GET, "journal", Value::Null).await;
    let entry = &journal[0];
    assert_eq!((&entry["path"], &entry["body"]), (&json!("/orders/markasshipped"), &mark));
    assert_eq!((&entry["status"], &entry["executed"]), (&json!(500), &json!(true)));
    assert_eq!((&entry["fault"], journal.as_array().unwrap().len()), (&json!("errorAfterEffect"), 2));
    assert!(!journal.to_string().contains(sim.api_secret()));
    assert_eq!(control(&sim, Method::DELETE, "journal", Value::Null).await.0, 204);
    assert!(sim.journal().is_empty());

    let (_, mut quirks) = control(&sim, Method::GET, "quirks", Value::Null).await;
    quirks["pagesZero"] = json!(true);
    assert_eq!(control(&sim, Method::PUT, "quirks", quirks).await.0, 204);
    assert_eq!(get(&sim, "orders").await["pages"], 0);
    assert_eq!(control(&sim, Method::PUT, "limit", json!({ "perMinute": 1 })).await.0, 204);
    assert_eq!(post(&sim, "orders/addtag", json!({})).await.0, 429);
}

#[tokio::test]
async fn another_process_adds_accounts_and_lets_keys_expire() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    let other = json!({ "apiKey": "Other", "apiSecret": "shh" });
    assert_eq!(control(&sim, Method::POST, "accounts", other.clone()).await.0, 204);
    assert_eq!(control(&sim, Method::POST, "accounts", other).await.0, 400);
    let second = json!({ "apiKey": "Second", "apiSecret": "hush" });
    assert_eq!(control(&sim, Method::POST, "keys?account=Other", second).await.0, 204);
    let (_, accounts) = control(&sim, Method::GET, "accounts", Value::Null).await;
    assert_eq!(accounts, json!([["simulated-key"], ["Other", "Second"]]));
    control(&sim, Method::POST, "tags?account=Other", json!({ "name": "Rush" })).await;
    let tags = async |key: &str, secret: &str| {
        let request = reqwest::Client::new().get(format!("{}accounts/listtags", sim.url()));
        let answer = request.basic_auth(key, Some(secret)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap().contains("Rush"))
    };
    assert_eq!(tags(sim.api_key(), sim.api_secret()).await, (200, false));
    assert_eq!(tags("Other", "shh").await, (200, true));
    assert_eq!(control(&sim, Method::PUT, "keys/Other?account=Other", Value::Null).await.0, 204);
    assert_eq!(tags("Other", "shh").await.0, 401);
    assert_eq!(tags("Second", "hush").await, (200, true));
    let later = json!({ "expires": "2026-03-02T17:05:00Z" });
    assert_eq!(control(&sim, Method::PUT, "keys/Second?account=Second", later).await.0, 204);
    assert_eq!(tags("Second", "hush").await.0, 200);
    sim.clock().advance(std::time::Duration::from_secs(300));
    assert_eq!(tags("Second", "hush").await.0, 401);
}

#[tokio::test]
async fn what_the_control_api_does_not_know_is_refused() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    for (method, path, body, status) in [
        (Method::GET, "nothing", Value::Null, 404),
        (Method::GET, "orders/7", Value::Null, 404),
        (Method::GET, "quirks?account=nobody", Value::Null, 404),
        (Method::POST, "unicorns", json!({ "name": "x" }), 404),
        (Method::POST, "orders", json!({ "orderTotal": "dear" }), 400),
        (Method::POST, "faults", json!({ "kind": "unheardOf" }), 400),
        (Method::PUT, "quirks", json!({ "pagesNought": true }), 400),
        (Method::PUT, "clock", json!({ "now": "soon" }), 400),
        (Method::PUT, "keys/nobody", Value::Null, 404),
    ] {
        assert_eq!(control(&sim, method, path, body).await.0, status, "{path}");
    }
    assert!(sim.journal().is_empty(), "none of it counts as a request");
}

#[tokio::test]
async fn people_see_it_on_a_page_that_loads_nothing_from_elsewhere() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    for path in ["_simulator", "_simulator/"] {
        let answer = reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("Simulated ShipStation") && !page.contains("//cdn") && !page.contains("https://")
        );
    }
    control(&sim, Method::POST, "orders", json!({ "orderNumber": "1001" })).await;
    control(&sim, Method::POST, "faults", json!({ "rate": 0.5, "always": true, "kind": "hang" })).await;
    assert_eq!(control(&sim, Method::GET, "orders", Value::Null).await.1[0]["orderNumber"], "1001");
    assert_eq!(control(&sim, Method::GET, "faults", Value::Null).await.1[0]["rate"], 0.5);
    assert_eq!(control(&sim, Method::GET, "nothing", Value::Null).await.0, 404);
    assert_eq!(sim.journal().len(), 0);
}

#[tokio::test]
async fn what_a_row_does_not_have_is_refused() {
    let sim = Simulator::start(SimulatorConfig::default()).await.unwrap();
    let (_, made) = control(&sim, Method::POST, "orders", json!({ "orderNumber": "1001" })).await;
    let order = format!("orders/{}", made["ids"][0]);
    for (method, path, body) in [
        (Method::POST, "orders", json!({ "orderNummber": "1002" })),
        (Method::PATCH, &*order, json!({ "shipTo.citty": "SALEM" })),
        (Method::PATCH, &*order, json!({ "orderId": 5 })),
        (Method::POST, "faults", json!({ "rate": 7, "kind": "hang" })),
    ] {
        assert_eq!(control(&sim, method, path, body.clone()).await.0, 400, "{body}");
    }
    assert_eq!(control(&sim, Method::GET, "orders", Value::Null).await.1.as_array().unwrap().len(), 1);
    for table in ["users", "carriers"] {
        assert!(control(&sim, Method::GET, table, Value::Null).await.1.is_array());
    }
    let client = reqwest::Client::new();
    for (header, value, status) in [
        ("origin", "https://evil.example", 403),
        ("host", "evil.example", 403),
        ("origin", "http://localhost:3000", 200),
    ] {
        let asked = client.get(format!("{}_simulator/clock", sim.url())).header(header, value);
        assert_eq!(asked.send().await.unwrap().status(), status, "{header}: {value}");
    }
}
