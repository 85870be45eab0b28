//! The body of a webhook's delivery. None panics, and an address is accepted only where it is ShipStation's own.
#![no_main]

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use shipstation_connector::client::WebhookDelivery;

fuzz_target!(|body: &[u8]| {
    let Ok(delivery) = WebhookDelivery::parse(body) else { return };
    if fuzz::answered(StatusCode::OK, b"[]").webhooks().check(&delivery).is_ok() {
        let address = url::Url::parse(delivery.resource_url()).unwrap();
        assert_eq!(address.scheme(), "https");
        assert!(address.host_str().unwrap().ends_with(".shipstation.com"), "{address}");
    }
});
