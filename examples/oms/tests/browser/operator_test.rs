//! What an operator does, with every form of the site.
use oms::Scene;

use crate::{
    browser::{Browser, Scheme, Size},
    site::Site,
};

async fn filled() -> (Site, Browser) {
    let site = Site::start(Scene::Filled).await;
    let browser = site.operator(Size::Desk, Scheme::Light).await;
    (site, browser)
}

/// Loads the page again until it says this: the fleet works in its own time.
async fn until(browser: &Browser, path: &str, says: &str) -> String {
    let mut text = String::new();
    for _ in 0..200 {
        browser.go(path).await;
        text = browser.text().await;
        if text.contains(says) {
            return text;
        }
    }
    panic!("{path} never says {says:?}: {text}");
}

/// Asks ShipStation of a number.
async fn search(browser: &Browser, number: &str) -> String {
    browser.fill("Order number", number).await;
    browser.press("Find").await;
    browser.text().await
}

#[track_caller]
fn has(text: &str, words: &str) {
    assert!(text.contains(words), "{words:?} is not in: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_leads_back_to_the_page_that_was_asked_for_and_out_again() {
    let site = Site::start(Scene::Empty).await;
    let browser = site.visitor(Size::Phone, Scheme::Dark).await;
    browser.go("/orders?state=held").await;
    assert_eq!(browser.path().await, "/sign-in?next=%2Forders%3Fstate%3Dheld");
    // By keyboard alone, with a wrong password first.
    for word in ["somebody", "wrong"] {
        browser.tab().await;
        browser.keys(word).await;
    }
    browser.enter().await;
    has(&browser.text().await, "The name or the password is wrong.");
    assert_eq!((browser.status().await, browser.audit().await), (403, vec![]));
    site.sign_in(&browser).await;
    assert_eq!(browser.path().await, "/orders?state=held");
    browser.press("Sign out").await;
    browser.go("/").await;
    assert_eq!(browser.path().await, "/sign-in?next=%2F");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_missing_is_explained_and_imported() {
    let (_site, browser) = filled().await;
    let text = search(&browser, "2203").await;
    has(&text, "Why it is not here: created 120 d ago (limit 7 d).");
    has(
        &text,
        "attic-books could not be asked: diagnose_order was not started: ShipStation refused the API key",
    );
    browser.press("Import this order").await;
    let text = browser.text().await;
    has(&text, "Order 2203 is here: ready, loom-shop");
    browser.follow("Order 2203").await;
    has(&browser.text().await, "No parcel has left.");

    // What is on hold, cancelled or unpaid cannot be had by a click.
    for (number, why, help) in [
        ("2201", "is on_hold", "release it in ShipStation"),
        ("2202", "is awaiting_payment", "it comes once it is paid"),
        ("2204", "is cancelled", "nothing, as it is cancelled"),
    ] {
        let text = search(&browser, number).await;
        has(&text, &format!("Why it is not here: {why}"));
        has(&text, help);
        assert!(!text.contains("Import this order"), "{text}");
    }
    // However the number is written, and by the id.
    has(&search(&browser, "#k-501").await, "Order K-501 is here: ready, kiln-outlet");
    has(&search(&browser, "no such order").await, "loom-shop has no order with this number.");
    // A page that is loaded again asks nobody.
    browser.go("/search?number=2204").await;
    has(&browser.text().await, "It is not among your orders.");
    browser.press("Ask ShipStation").await;
    has(&browser.text().await, "is cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_orders_are_ready_once_their_text_is_mapped() {
    let (site, browser) = filled().await;
    browser.go("/held").await;
    browser.press("Map it: “Click & Collect” of Loom and Thread").await;
    assert_eq!(browser.path().await, "/held", "a method has to be named");
    let late = site.operator(Size::Phone, Scheme::Light).await;
    late.go("/held").await;
    browser.fill("Shipping method for “Click & Collect” of Loom and Thread", "collectd").await;
    browser.press("Map it: “Click & Collect” of Loom and Thread").await;
    has(&browser.text().await, "No rule ships by “collectd” so far.");
    browser.go("/held").await;
    browser.fill("Shipping method for “Click & Collect” of Loom and Thread", "collected").await;
    browser.tick("It is a new method for “Click & Collect” of Loom and Thread").await;
    browser.press("Map it: “Click & Collect” of Loom and Thread").await;
    let text = browser.text().await;
    has(&text, "“Click & Collect” is shipped by collected from now on. 2 orders ready now.");
    browser.tick("Only for orders of Loom and Thread").await;
    browser.press("Ship by air").await;
    let text = browser.text().await;
    has(&text, "is shipped by air from now on. 3 orders ready now.");
    has(&text, "No order is held.");
    browser.go("/search?number=2103").await;
    has(&browser.text().await, "Order 2103 is here: ready");

    // Somebody who still sees the old page is told that it is done.
    late.fill("Shipping method for “Click & Collect” of Loom and Thread", "other").await;
    late.press("Map it: “Click & Collect” of Loom and Thread").await;
    has(&late.text().await, "Nothing is held for this text any more");
    assert_eq!((late.status().await, late.audit().await), (404, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocked_shipments_arrive_once_their_carrier_is_mapped() {
    let (_site, browser) = filled().await;
    browser.go("/shipments").await;
    has(&browser.text().await, "Carrier “DPD Local” is not mapped 2 shipments blocked");
    browser.press("It is dpd_local").await;
    has(&browser.text().await, "“DPD Local” is dpd_local from now on. 2 shipments unblocked");
    until(&browser, "/orders?number=2401", "confirmed DPD Local").await;
    browser.go("/shipments").await;
    assert!(!browser.text().await.contains("DPD Local"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_the_account_does_not_have_is_mapped_by_who_is_sure() {
    let site = Site::start(Scene::Crowded).await;
    let browser = site.operator(Size::Phone, Scheme::Dark).await;
    browser.go("/shipments").await;
    browser.fill("Code of “Carrier 0” in ShipStation", "pigeon").await;
    browser.press("Map it, and send: Carrier 0").await;
    has(&browser.text().await, "The account has no carrier “pigeon”, it has ");
    assert_eq!((browser.status().await, browser.audit().await), (400, vec![]));
    browser.go("/shipments").await;
    browser.fill("Code of “Carrier 0” in ShipStation", "pigeon").await;
    browser.tick("loom-shop does not have the carrier for “Carrier 0”").await;
    browser.press("Map it, and send: Carrier 0").await;
    has(&browser.text().await, "“Carrier 0” is pigeon from now on. 5 shipments unblocked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_blocked_is_sent_again_when_somebody_says_that_it_is_corrected() {
    let (_site, browser) = filled().await;
    browser.go("/orders?number=2408").await;
    browser.fill("Carrier", "UPS").await;
    browser.fill("Tracking number", "none").await;
    browser.press("It has left").await;
    until(&browser, "/shipments", "no tracking number").await;
    browser.press("It is corrected: send again: no_tracking").await;
    has(&browser.text().await, "1 shipment unblocked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_leaves_once_and_a_failed_parcel_is_dealt_with() {
    let (site, browser) = filled().await;
    browser.go("/orders").await;
    browser.follow("2407").await;
    let here = browser.path().await;
    let late = site.operator(Size::Phone, Scheme::Dark).await;
    late.go(&here).await;
    for (browser, said) in [
        (&browser, "Order 2407 has left with UPS 1Z0000000000000017."),
        (&late, "Order 2407 was not ready any more"),
    ] {
        browser.fill("Carrier", "UPS").await;
        browser.fill("Tracking number", "1Z0000000000000017").await;
        browser.press("It has left").await;
        has(&browser.text().await, said);
    }
    let text = until(&browser, &here, "confirmed UPS").await;
    assert_eq!(text.matches("confirmed UPS 1Z0000000000000017").count(), 1, "{text}");

    browser.go("/shipments").await;
    has(&browser.text().await, "the order was cancelled in the channel after the goods left");
    browser.press("Dealt with: 2403").await;
    let text = browser.text().await;
    has(&text, "The failed parcel of order 2403 is dealt with.");
    assert!(!text.contains("Failed ("));
    browser.go("/runs").await;
    has(&browser.text().await, "operator The failed parcel of order 2403 is dealt with.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_should_not_leave_cannot_and_the_rest_of_an_order_can() {
    let (_site, browser) = filled().await;
    browser.go("/orders?number=2406").await;
    let text = browser.text().await;
    has(&text, "It is on hold in ShipStation. Do not ship it");
    assert!(!text.contains("It has left"), "{text}");
    browser.go("/orders?number=2405").await;
    has(&browser.text().await, "It was ended in ShipStation after the import. Do not ship it.");

    browser.go("/shipments").await;
    has(&browser.text().await, "1 piece still to ship: open the order");
    browser.follow("2301").await;
    let (here, text) = (browser.path().await, browser.text().await);
    has(&text, "Ship the rest");
    has(&text, "0 of 2 MUG-BLUE");
    browser.fill("Carrier", "UPS").await;
    browser.fill("Tracking number", "1Z0000000000000018").await;
    browser.press("It has left").await;
    until(&browser, &here, "confirmed UPS 1Z0000000000000018").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_of_the_channel_outlasts_one_of_the_host() {
    let (_site, browser) = filled().await;
    // Both are held for their text; 2105 is also on hold in ShipStation.
    browser.go("/held").await;
    browser.fill("Shipping method for “Click & Collect” of Loom and Thread", "post").await;
    browser.press("Map it: “Click & Collect” of Loom and Thread").await;
    browser.go("/orders?number=2105").await;
    has(&browser.text().await, "It is on hold in ShipStation. Do not ship it");
    browser.go("/orders?number=2103").await;
    has(&browser.text().await, "Ship it, by post");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parcel_is_corrected_before_the_channel_knows_of_it() {
    let (_site, browser) = filled().await;
    browser.go("/orders?number=2401").await;
    let here = browser.path().await;
    has(&browser.text().await, "shipped blocked ShipStation does not know of it");
    browser.run("document.querySelector('details').open = true", vec![]).await;
    for (carrier, tracking) in [("UPS", "none; sorry"), ("UPS", "1Z0000000000000019")] {
        browser.go(&here).await;
        browser.run("document.querySelector('details').open = true", vec![]).await;
        browser.fill("Carrier", carrier).await;
        browser.fill("Tracking number", tracking).await;
        browser.press("Correct it").await;
        if tracking.contains(';') {
            has(
                &browser.text().await,
                "A tracking number has letters, digits, spaces and hyphens, at most 50.",
            );
        }
    }
    has(&browser.text().await, "The parcel of order 2401 is corrected to UPS 1Z0000000000000019.");
    let text = until(&browser, &here, "confirmed UPS 1Z0000000000000019").await;
    assert!(!text.contains("Correct the parcel"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_added_shown_and_removed() {
    let (_site, browser) = filled().await;
    browser.go("/rules").await;
    browser.fill("Text: kiln-outlet", "Next Day").await;
    browser.fill("Method: kiln-outlet", "air").await;
    browser.press("Add the text: kiln-outlet").await;
    has(&browser.text().await, "kiln-outlet: the rule exact \"Next Day\" -> air is added.");
    browser.press("Remove: exact \"Next Day\" -> air of kiln-outlet").await;
    has(&browser.text().await, "kiln-outlet: the rule exact \"Next Day\" -> air is removed.");
    browser.fill("Carrier: kiln-outlet", "Pigeon").await;
    browser.fill("Code in ShipStation: kiln-outlet", "pigeon").await;
    browser.press("Add the carrier: kiln-outlet").await;
    let text = browser.text().await;
    has(&text, "The account has no carrier “pigeon”, it has ");
    browser.go("/rules").await;
    browser.fill("Carrier: kiln-outlet", "UPS").await;
    browser.fill("Code in ShipStation: kiln-outlet", "ups_walleted").await;
    browser.tick("kiln-outlet does not have this carrier").await;
    browser.press("Add the carrier: kiln-outlet").await;
    has(&browser.text().await, "the rule \"UPS\" -> ups_walleted is added, in place of \"UPS\" -> ups.");
    browser.press("Remove: \"UPS\" -> ups_walleted of kiln-outlet").await;
    has(&browser.text().await, "kiln-outlet: the rule \"UPS\" -> ups_walleted is removed.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_seen_one_by_one_or_together() {
    let (_site, browser) = filled().await;
    browser.go("/changes").await;
    has(&browser.text().await, "2405 loom-shop cancelled");
    browser.press("Seen: 2405").await;
    assert!(!browser.text().await.contains("2405"));
    browser.press("I have seen all of them").await;
    has(&browser.text().await, "No order has changed since you last looked.");
    browser.go("/orders?state=stopped").await;
    has(&browser.text().await, "2405");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_checked_run_paused_and_served_again() {
    let (_site, browser) = filled().await;
    browser.go("/connections").await;
    browser.press("Check keys and settings: attic-books").await;
    let text = browser.text().await;
    has(&text, "attic-books was checked: NOT READY, 1 errors and 2 warnings.");
    has(&text, "ERROR credentials: ShipStation refused the API key or secret");
    has(&text, "the API key expires in ");
    browser.press("Import and send now: loom-shop").await;
    has(&browser.text().await, "loom-shop: an import and a sending begin.");
    browser.fill("Reason: attic-books", "   ").await;
    browser.press("Pause: attic-books").await;
    has(&browser.text().await, "Say why the connection is paused.");
    browser.go("/connections").await;
    browser.fill("Reason: attic-books", "new keys are on their way").await;
    browser.press("Pause: attic-books").await;
    has(&browser.text().await, "Paused: new keys are on their way");
    assert!(!search(&browser, "9999").await.contains("attic-books"));
    browser.go("/connections").await;
    browser.press("Serve again: attic-books").await;
    has(&browser.text().await, "attic-books is served again: NOT READY");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_held_is_released_by_hand() {
    let (_site, browser) = filled().await;
    browser.go("/held").await;
    browser.follow("2101").await;
    browser.press("Release it by hand").await;
    has(&browser.text().await, "Order 2101 was released by hand.");
    has(&browser.text().await, "Ship it");
}
