//! The browser itself: what a reader does, and that it shows pages as it says.
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::json;

use crate::{
    audit_test::GOOD,
    browser::{Browser, Scheme, Size},
    driver::Driver,
};

/// Serves the page at `/`, and elsewhere as one that is not found.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let site = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            thread::spawn(|| answer(connection));
        }
    });
    site
}

fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    let mut request = String::new();
    BufReader::new(&connection).read_line(&mut request)?;
    let status = if request.starts_with("GET / ") { "200 OK" } else { "404 Not Found" };
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    write!(connection, "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n", GOOD.len())?;
    write!(connection, "Content-Security-Policy: {policy}\r\nConnection: close\r\n\r\n{GOOD}")
}

#[tokio::test]
async fn a_reader_fills_in_presses_and_follows() {
    let driver = Driver::start();
    let browser = Browser::open(&driver, Size::Phone, Scheme::Light).await.at(serve());
    browser.go("/").await;
    assert_eq!((browser.status().await, browser.title().await), (200, "Orders".to_owned()));
    assert!(browser.text().await.starts_with("Orders\nNew order\nSKU"));

    browser.fill("SKU", "A-100").await;
    browser.fill("Carrier", "FedEx").await;
    browser.fill("Note", "Ring twice").await;
    browser.fill("Due", "2025-01-31").await;
    browser.tick("Gift").await;
    browser.press("Save").await;
    let query = "?sku=A-100&carrier=FedEx&note=Ring+twice&due=2025-01-31&gift=on";
    assert_eq!((browser.status().await, browser.path().await), (404, format!("/orders{query}")));
    assert_eq!(browser.audit().await, [""; 0]);

    browser.follow("Home").await;
    assert_eq!((browser.status().await, browser.path().await), (200, "/".to_owned()));
}

#[tokio::test]
async fn a_reader_needs_the_keyboard_alone() {
    let driver = Driver::start();
    let browser = Browser::open(&driver, Size::Desk, Scheme::Light).await.at(serve());
    browser.go("/").await;
    browser.tab().await;
    assert_eq!(browser.active().await, "Skip to the content");
    browser.enter().await;
    browser.tab().await;
    assert_eq!(browser.active().await, "SKU");
    browser.keys("A-100").await;
    browser.enter().await;
    assert!(browser.path().await.starts_with("/orders?sku=A-100&"));

    browser.audit().await;
    browser.tab().await;
    assert_eq!(browser.active().await, "Skip to the content", "an audit leaves the keyboard where it was");
}

#[tokio::test]
async fn a_window_has_its_size_and_its_colors_and_runs_no_script_of_a_page() {
    let driver = Driver::start();
    for (size, scheme, expected) in [
        (Size::Desk, Scheme::Light, json!([1280, 900, false])),
        (Size::Phone, Scheme::Dark, json!([390, 844, true])),
    ] {
        let browser = Browser::open(&driver, size, scheme).await.at(serve());
        let measured = "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches]";
        browser.go("/").await;
        assert_eq!(browser.run(measured, vec![]).await, expected);

        let picture = std::fs::read(browser.screenshot("self-test").await).unwrap();
        let height = browser.run("return document.documentElement.scrollHeight", vec![]).await;
        let side = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
        assert_eq!(
            json!([side(16), side(20)]),
            json!([expected[0], height]),
            "the sides in the header of the PNG"
        );
        assert_eq!(browser.run(measured, vec![]).await, expected, "a picture leaves the window as it was");
    }
    let browser = Browser::open(&driver, Size::Desk, Scheme::Light).await;
    browser.go("data:text/html,<title>quiet</title><script>document.title = 'it ran'</script>").await;
    assert_eq!(browser.title().await, "quiet");
}
