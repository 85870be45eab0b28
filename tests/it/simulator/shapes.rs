//! The members of every row, in wire order: a client may rely on none being left out.

use reqwest::Method;
use serde_json::{Value, json};
use shipstation_connector::testing::simulator::{SimAddress, SimLine, SimOrder, SimProduct, Simulator};

use super::{post, send, start};

/// The member names of the text's first object that begins with `first`, nested ones left out.
fn members(text: &str, first: &str) -> String {
    let start = text.find(&format!("{{\"{first}\":")).unwrap_or_else(|| panic!("no {first} in {text}"));
    let (mut depth, mut names, mut name, mut quoted) = (0, Vec::new(), String::new(), false);
    for letter in text[start..].chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {
                name.push(letter);
                continue;
            }
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ':' if depth == 1 => names.push(std::mem::take(&mut name)),
            _ => {}
        }
        if letter != '"' {
            name.clear();
        }
        if depth == 0 {
            break;
        }
    }
    names.join(" ")
}

async fn text(sim: &Simulator, path: &str) -> String {
    send(sim, Method::GET, path, None).await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn wire_rows_have_every_member_in_order() {
    let sim = start().await;
    let (order, _) = sim.account(|account| {
        let order = account.add_order(SimOrder::new("1001").line(SimLine::new("MUG", 1, "18.50")));
        account.ship_by_hand(order, "1Z1", "ups");
        account.buy_label(order, "ups", "ups_ground");
        account.add_product(SimProduct::new("MUG"));
        account.add_customer("robin", SimAddress::sample(), None);
        account.add_webhook("ORDER_NOTIFY", "https://hooks.example.com/x", None, None);
        (order, account.add_user("Ops Desk"))
    });
    for (path, first, expected) in ROWS {
        assert_eq!(members(&text(&sim, path).await, first), *expected, "{path}");
    }
    let (_, made) = post(&sim, "orders/markasshipped", json!({ "orderId": order, "carrierCode": "x" })).await;
    assert_eq!(members(&made, "orderId"), "orderId orderNumber");
    let shipment: Value = serde_json::from_str(&text(&sim, "shipments").await).unwrap();
    assert_eq!(shipment["shipments"][0]["shipTo"]["residential"], Value::Null);
}

const ROWS: &[(&str, &str, &str)] = &[
    (
        "orders",
        "orderId",
        "orderId orderNumber orderKey orderDate createDate modifyDate paymentDate shipByDate orderStatus customerId \
         customerUsername customerEmail billTo shipTo items orderTotal amountPaid taxAmount shippingAmount \
         customerNotes internalNotes gift giftMessage paymentMethod requestedShippingService carrierCode serviceCode \
         packageCode confirmation shipDate holdUntilDate weight dimensions insuranceOptions internationalOptions \
         advancedOptions tagIds userId externallyFulfilled externallyFulfilledBy externallyFulfilledById \
         externallyFulfilledByName labelMessages",
    ),
    (
        "orders",
        "orderItemId",
        "orderItemId lineItemKey sku name imageUrl weight quantity unitPrice taxAmount shippingAmount \
         warehouseLocation options productId fulfillmentSku adjustment upc createDate modifyDate",
    ),
    (
        "orders",
        "name",
        "name company street1 street2 street3 city state postalCode country phone residential addressVerified",
    ),
    (
        "orders",
        "warehouseId",
        "warehouseId nonMachinable saturdayDelivery containsAlcohol mergedOrSplit mergedIds parentId storeId \
         customField1 customField2 customField3 source billToParty billToAccount billToPostalCode billToCountryCode \
         billToMyOtherAccount",
    ),
    (
        "fulfillments",
        "fulfillmentId",
        "fulfillmentId orderId orderNumber userId customerEmail trackingNumber createDate shipDate voidDate \
         deliveryDate carrierCode sellerFillProviderId sellerFillProviderName fulfillmentProviderCode \
         fulfillmentServiceCode fulfillmentFee voidRequested voided marketplaceNotified notifyErrorMessage shipTo",
    ),
    (
        "shipments",
        "shipmentId",
        "shipmentId orderId orderKey userId customerEmail orderNumber createDate shipDate shipmentCost insuranceCost \
         trackingNumber isReturnLabel batchNumber carrierCode serviceCode packageCode confirmation warehouseId voided \
         voidDate marketplaceNotified notifyErrorMessage shipTo weight dimensions insuranceOptions advancedOptions \
         shipmentItems labelData formData",
    ),
    ("shipments", "billToParty", "billToParty billToAccount billToPostalCode billToCountryCode storeId"),
    (
        "products",
        "aliases",
        "aliases productId sku name price defaultCost length width height weightOz internalNotes fulfillmentSku \
         createDate modifyDate active productCategory productType warehouseLocation defaultCarrierCode \
         defaultServiceCode defaultPackageCode defaultIntlCarrierCode defaultIntlServiceCode defaultIntlPackageCode \
         defaultConfirmation defaultIntlConfirmation customsDescription customsValue customsTariffNo \
         customsCountryCode noCustoms tags upc thumbnailURL",
    ),
    (
        "stores",
        "storeId",
        "storeId storeName marketplaceId marketplaceName accountName email integrationUrl active companyName phone \
         publicEmail website refreshDate lastRefreshAttempt createDate modifyDate autoRefresh statusMappings",
    ),
    (
        "carriers",
        "name",
        "name code accountNumber requiresFundedAccount balance nickname shippingProviderId primary",
    ),
    ("users", "userId", "userId userName name"),
    (
        "customers",
        "customerId",
        "customerId createDate modifyDate name company street1 street2 city state postalCode countryCode phone email \
         addressVerified marketplaceUsernames tags",
    ),
    (
        "warehouses",
        "warehouseId",
        "warehouseId warehouseName originAddress returnAddress createDate isDefault sellerIntegrationId \
         extInventoryIdentity registerFedexMeter",
    ),
    (
        "webhooks",
        "IsLabelAPIHook",
        "IsLabelAPIHook WebHookID SellerID StoreID HookType MessageFormat Url Name BulkCopyBatchID BulkCopyRecordID \
         Active WebhookLogs Seller Store",
    ),
];
