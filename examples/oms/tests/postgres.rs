//! The same system on PostgreSQL, in two processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

#[path = "../../../tests/it/support/postgres.rs"]
#[allow(dead_code, reason = "shared with the scenarios")]
mod postgres;
#[allow(dead_code, reason = "shared with the other tests")]
mod support;

use oms::Scene;
use reqwest::{StatusCode, header};
use support::{Site, form_token};

/// The address of a database, as `postgres://…`.
fn address(parameters: &str) -> String {
    let pairs = parameters.split(' ').filter_map(|pair| pair.split_once('='));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("postgres:///?{query}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_orders_operators_and_sessions() {
    let address = address(&postgres::cluster().url);
    let first = Site::with(Some(address.clone()), Some(Scene::Filled)).await;
    let cookie = first.sign_in().await;
    let second = Site::with(Some(address), None).await;
    assert!(second.running.operator.is_none(), "the operator is made once");
    for path in ["/", "/orders", "/orders/185", "/held", "/shipments", "/changes", "/runs", "/connections"] {
        for site in [&first, &second] {
            assert_eq!(site.get(path, &cookie).await.status(), StatusCode::OK, "{path}");
        }
    }
    let page = second.get("/held", &cookie).await.text().await.unwrap();
    assert!(page.contains("“Click &amp; Collect” of Loom and Thread"), "{page}");

    let order = first.get("/search?number=2407", &cookie).await.text().await.unwrap();
    let (_, order) = order.split_once("href=\"/orders/").unwrap();
    let order = format!("/orders/{}", order.split('"').next().unwrap());
    let form = form_token(&first.get(&order, &cookie).await.text().await.unwrap());
    let fields = [("form", form.as_str()), ("carrier", "UPS"), ("tracking", "1Z0000000000000017")];
    for (site, said) in
        [(&first, "Order 2407 has left with UPS"), (&second, "Order 2407 was not ready any more")]
    {
        let post =
            site.post(&format!("{order}/ship"), &cookie, &fields).header("sec-fetch-site", "same-origin");
        let answer = post.send().await.unwrap();
        assert_eq!(answer.headers()[header::LOCATION], order.as_str());
        let page = site.get(&order, &cookie).await.text().await.unwrap();
        assert!(page.contains(said), "{page}");
    }
    second.running.stop().await;
    first.running.stop().await;
}
