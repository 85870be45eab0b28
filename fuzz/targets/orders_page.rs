//! The body of an answer to a list of orders, as a page and as an error. None panics the client, and the orders of a page are
//! written as a page that reads the same.
#![no_main]

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use shipstation_connector::client::{Error, Order};

fn listed(status: StatusCode, body: &[u8]) -> Result<Vec<Order>, Error> {
    let client = fuzz::answered(status, body);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    Ok(runtime.block_on(client.orders().list().send())?.items)
}

fuzz_target!(|body: &[u8]| {
    let read = listed(StatusCode::OK, body).unwrap_or_default();
    if !read.is_empty() {
        let written = serde_json::to_string(&read).unwrap();
        let again = listed(StatusCode::OK, format!(r#"{{"orders":{written}}}"#).as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), written);
    }
    // Not 401: a key that is refused is remembered by the process.
    let refused = listed(StatusCode::BAD_REQUEST, body).unwrap_err();
    assert!(!refused.to_string().contains('\n'), "{refused}");
});
