//! Every page, with little, much and nothing on it, at both widths and in both colors: looked at by the audit, and kept as a picture.
use oms::Scene;

use crate::{
    browser::{Scheme, Size},
    site::Site,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_to_sign_in_is_shown_in_order() {
    let site = Site::start(Scene::Empty).await;
    for size in [Size::Desk, Size::Phone] {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let browser = site.visitor(size, scheme).await;
            browser.go("/sign-in").await;
            let seen = format!("sign-in-{size:?}-{scheme:?}").to_lowercase();
            browser.screenshot(&seen).await;
            assert_eq!(browser.audit().await, [""; 0], "{seen}");
        }
    }
}

/// Every page of a scene, by the names of its pictures.
async fn look_at(scene: Scene, pages: &[(&str, &str)]) {
    let site = Site::start(scene).await;
    for size in [Size::Desk, Size::Phone] {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let browser = site.operator(size, scheme).await;
            for (name, path) in pages {
                browser.go(path).await;
                assert_eq!(browser.path().await, *path, "the operator is signed in");
                if path.starts_with("/search") {
                    browser.press("Ask ShipStation").await;
                }
                let seen = format!("{scene:?}-{name}-{size:?}-{scheme:?}").to_lowercase();
                browser.screenshot(&seen).await;
                assert_eq!(browser.audit().await, [""; 0], "{seen}");
            }
        }
    }
}

const PAGES: [(&str, &str); 11] = [
    ("overview", "/"),
    ("orders", "/orders"),
    ("orders-held", "/orders?state=held"),
    ("held", "/held"),
    ("shipments", "/shipments"),
    ("changes", "/changes"),
    ("rules", "/rules"),
    ("connections", "/connections"),
    ("runs", "/runs"),
    ("not-here", "/search?number=9999"),
    ("error", "/orders?state=lost"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_with_troubles_is_shown_in_order() {
    let more =
        [("too-old", "/search?number=2203"), ("blocked", "/search?number=2401"), ("order", "/orders/170")];
    look_at(Scene::Filled, &[PAGES.as_slice(), &more].concat()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_without_anything_is_shown_in_order() {
    look_at(Scene::Empty, &PAGES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_with_more_than_a_page_shows_is_shown_in_order() {
    let more = [("held-last", "/held?page=6"), ("orders-next", "/orders?state=held&from=50")];
    look_at(Scene::Crowded, &[PAGES.as_slice(), &more].concat()).await;
}
