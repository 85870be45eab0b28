//! Values that the field showed are known, and are written back as they came; what ShipStation requires is sent.

use serde_json::json;
use shipstation_connector::client::{
    BillToParty, Confirmation, DimensionUnits, OrderId, PacificDate, WeightUnits,
};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::client;

#[tokio::test]
async fn values_of_the_field_are_known_and_written_back_verbatim() {
    let row = json!({
        "shipmentId": 3, "weight": {"value": 4, "units": "Ounce"}, "dimensions": {"length": 1, "units": "Inch"},
        "advancedOptions": {"billToParty": "4"},
    });
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({"shipments": [row], "total": 1}));
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server.uri());
    let shipment = client.shipments().list().send().await.unwrap().items.pop().unwrap();
    assert!(client.drift().is_empty(), "{:?}", client.drift());
    assert!(WeightUnits::LISTED.contains(shipment.weight.as_ref().unwrap().units.as_ref().unwrap()));
    assert!(DimensionUnits::LISTED.contains(shipment.dimensions.as_ref().unwrap().units.as_ref().unwrap()));
    let advanced = shipment.advanced_options.as_ref().unwrap();
    assert!(BillToParty::LISTED.contains(advanced.bill_to_party.as_ref().unwrap()));
    let written = serde_json::to_value(&shipment).unwrap();
    for (path, text) in
        [("/weight/units", "Ounce"), ("/dimensions/units", "Inch"), ("/advancedOptions/billToParty", "4")]
    {
        assert_eq!(written.pointer(path), Some(&json!(text)));
    }
}

#[tokio::test]
async fn a_label_is_never_asked_for_with_a_confirmation_of_null() {
    for (asked, sent) in [(None, "none"), (Some(Confirmation::Signature), "signature")] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(json!({"shipmentId": 3}));
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let day = PacificDate::new(2026, 6, 2).unwrap();
        let label = client(&server.uri()).orders().create_label(OrderId::new(7), "fedex", "ground", day);
        let label = match asked {
            Some(confirmation) => label.confirmation(confirmation),
            None => label,
        };
        label.send().await.unwrap();
        let body: serde_json::Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
        assert_eq!(body["confirmation"], sent);
    }
}
