//! What ShipStation posts to a subscriber, and the way from there to the rows. A delivery is not signed: its
//! address is not trusted until it has been checked.

use futures_util::StreamExt;
use url::Url;

use super::super::{
    Error, Fulfillment, ListFulfillments, ListOrders, ListShipments, Order, Page, Pages, Rows, Shipment,
    Webhooks,
    error::{ErrorKind, Outcome, Problem},
    page::{ListCall, MAX_PAGE_SIZE},
    wire::{
        drift::DriftCounter,
        model, open_enum,
        rows::{self, Listed},
    },
};
use crate::shows::shows;

open_enum! {
    /// What a webhook reports.
    pub enum WebhookEvent {
        /// New orders were imported; one delivery per import.
        OrderNotify = "ORDER_NOTIFY",
        /// The same, by item.
        ItemOrderNotify = "ITEM_ORDER_NOTIFY",
        /// Labels were bought. Orders marked as shipped cause none.
        ShipNotify = "SHIP_NOTIFY",
        /// The same, with items.
        ItemShipNotify = "ITEM_SHIP_NOTIFY",
        /// An order was shipped outside ShipStation.
        FulfillmentShipped = "FULFILLMENT_SHIPPED",
        /// A fulfillment provider refused an order.
        FulfillmentRejected = "FULFILLMENT_REJECTED",
    }
}

/// What ShipStation posted to a subscriber.
///
/// ```
/// use shipstation_connector::client::{WebhookDelivery, WebhookEvent};
///
/// let body = br#"{"resource_url": "https://ssapi6.shipstation.com/orders?importBatch=4d0a", "resource_type": "ORDER_NOTIFY"}"#;
/// let delivery = WebhookDelivery::parse(body)?;
/// assert_eq!(delivery.event(), &WebhookEvent::OrderNotify);
/// # Ok::<(), shipstation_connector::client::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct WebhookDelivery {
    resource_url: String,
    event: WebhookEvent,
}

model! {
    /// A delivery as it is posted.
    struct Posted {
        @personal resource_url: Option<String> = "resource_url",
        resource_type: Option<WebhookEvent> = "resource_type",
    }
}

impl WebhookDelivery {
    /// Reads the body of a delivery. The address in it is not checked yet: [`Webhooks::fetch_all`] does that.
    ///
    /// V1 reference, Webhooks / Delivery.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is not such a body.
    ///
    /// [`Webhooks::fetch_all`]: super::Webhooks::fetch_all
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let issue = |reason: &str| Problem::new(ErrorKind::Decode, Outcome::NotSent).because(reason);
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let posted: Posted =
            rows::one(body, &DriftCounter::default()).map_err(|found| issue(&found.reason))?;
        match (posted.resource_url, posted.resource_type) {
            (Some(resource_url), Some(event)) => Ok(Self { resource_url, event }),
            _ => Err(issue("a delivery has a `resource_url` and a `resource_type`").into()),
        }
    }

    /// The event that happened.
    pub fn event(&self) -> &WebhookEvent {
        &self.event
    }

    /// Where to look, unchecked. Never fetch it by other means: whoever posts a delivery decides what it says.
    pub fn resource_url(&self) -> &str {
        &self.resource_url
    }
}

shows! {
    /// The address may hold a batch id that opens personal data.
    |it: WebhookDelivery| event
}

/// What a delivery pointed to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WebhookResource {
    /// Orders.
    Orders(Rows<Order>),
    /// Shipments.
    Shipments(Rows<Shipment>),
    /// Fulfillments.
    Fulfillments(Rows<Fulfillment>),
}

/// What a delivery points to, page by page; see [`Webhooks::pages`](super::Webhooks::pages).
#[derive(Debug)]
#[non_exhaustive]
pub enum WebhookPages {
    /// Orders.
    Orders(Pages<Order>),
    /// Shipments.
    Shipments(Pages<Shipment>),
    /// Fulfillments.
    Fulfillments(Pages<Fulfillment>),
}

impl Webhooks {
    /// Checks the address in a delivery, without any request.
    ///
    /// # Errors
    /// [`Untrusted`](ErrorKind::Untrusted) if it may not be followed; see [`fetch_all`](Self::fetch_all).
    pub fn check(&self, delivery: &WebhookDelivery) -> Result<(), Error> {
        self.target(delivery).map(drop)
    }

    /// What a delivery points to, page by page.
    ///
    /// The delivery's address is checked first: it must be `https` on the configured base or on
    /// `ssapi<digits>.shipstation.com`, and point to orders, shipments or fulfillments. The *configured base* is asked,
    /// so that the credentials go nowhere else. Of the address's query only the batch and the filters that the list is
    /// documented to have are taken over; pages hold 500 rows, and at most 20 of them are read. If there are more, the
    /// [end](Pages::end) says [`TooManyPages`](super::super::Incomplete::TooManyPages).
    ///
    /// An empty answer may precede the rows: try again later.
    ///
    /// # Errors
    /// [`Untrusted`](ErrorKind::Untrusted) if the address fails the check; nothing is sent then.
    pub fn pages(&self, delivery: &WebhookDelivery) -> Result<WebhookPages, Error> {
        let (list, query) = self.target(delivery)?;
        Ok(match list {
            List::Orders => WebhookPages::Orders(batch(ListOrders::new(&self.0).0, &query)),
            List::Shipments => WebhookPages::Shipments(batch(ListShipments::new(&self.0).0, &query)),
            List::Fulfillments => WebhookPages::Fulfillments(batch(ListFulfillments::new(&self.0).0, &query)),
        })
    }

    /// Fetches what a delivery points to, at most 20 pages of 500 rows; see [`pages`](Self::pages). Whether that was all
    /// is in [`Rows::incomplete`].
    ///
    /// # Errors
    /// [`Untrusted`](ErrorKind::Untrusted) if the address fails the check; nothing was sent then. Otherwise as
    /// for every read.
    pub async fn fetch_all(&self, delivery: &WebhookDelivery) -> Result<WebhookResource, Error> {
        Ok(match self.pages(delivery)? {
            WebhookPages::Orders(pages) => WebhookResource::Orders(collect(pages).await?),
            WebhookPages::Shipments(pages) => WebhookResource::Shipments(collect(pages).await?),
            WebhookPages::Fulfillments(pages) => WebhookResource::Fulfillments(collect(pages).await?),
        })
    }

    /// The list and the query that a delivery points to, if its address may be followed.
    fn target(&self, delivery: &WebhookDelivery) -> Result<(List, String), Error> {
        check(&delivery.resource_url, self.0.base()).map_err(|reason| {
            let why = format!("resource_url: {reason}");
            Problem::new(ErrorKind::Untrusted, Outcome::NotSent).because(why).into()
        })
    }
}

async fn collect<T>(mut pages: Pages<T>) -> Result<Rows<T>, Error> {
    let mut all = Rows::default();
    while let Some(page) = pages.next().await {
        let Page { items, errors, nulls, .. } = page?;
        all.items.extend(items);
        all.errors.extend(errors);
        all.nulls = all.nulls.saturating_add(nulls);
    }
    all.incomplete = pages.end().and_then(|end| end.incomplete);
    Ok(all)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Orders,
    Shipments,
    Fulfillments,
}

/// Checks the address and gives the list and the query it asks for.
fn check(address: &str, base: &Url) -> Result<(List, String), &'static str> {
    // Letters that look like others, and blanks that a parser drops, have no place in an honest address.
    if !address.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return Err("must be plain printable text");
    }
    let url = Url::parse(address).map_err(|_| "is not an absolute URL")?;
    if !url.username().is_empty() || url.password().is_some() || address.contains('@') {
        return Err("must not hold a user or password");
    }
    let path = if is_base(&url, base) {
        url.path().strip_prefix(base.path()).ok_or("points outside the configured base")?
    } else if url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(is_shipstation) {
        url.path().trim_start_matches('/')
    } else {
        return Err("must be https on ShipStation's own host");
    };
    let list = match path.trim_end_matches('/').to_ascii_lowercase().as_str() {
        "orders" => List::Orders,
        "shipments" => List::Shipments,
        "fulfillments" => List::Fulfillments,
        _ => return Err("must point to orders, shipments or fulfillments"),
    };
    Ok((list, url.query().unwrap_or_default().to_owned()))
}

fn is_base(url: &Url, base: &Url) -> bool {
    url.scheme() == base.scheme()
        && url.host() == base.host()
        && url.port_or_known_default() == base.port_or_known_default()
}

/// `ssapi.shipstation.com`, or a node such as `ssapi6.shipstation.com`.
fn is_shipstation(host: &str) -> bool {
    host.strip_suffix(".shipstation.com")
        .and_then(|name| name.strip_prefix("ssapi"))
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A batch longer than this is not read to its end: whoever posts a delivery decides what it asks for.
const MAX_PAGES: u32 = 20;

/// What a delivery's query asks for: the batch, and the filters that the list is documented to have.
fn batch<T: Listed + Send + 'static>(list: ListCall<T>, query: &str) -> Pages<T> {
    let mut list = list.page_size(MAX_PAGE_SIZE);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let mut known = ["importBatch", "batchId"].iter().chain(list.filters);
        if let Some(known) = known.find(|known| name.eq_ignore_ascii_case(known)) {
            list = list.set(known, value);
        }
    }
    list.most_pages = Some(MAX_PAGES);
    // The first page is asked for as ShipStation wrote it.
    list.bare_first_page = true;
    list.pages()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_at(base: &str, address: &str) -> Result<(List, String), &'static str> {
        check(address, &Url::parse(base).unwrap())
    }

    #[test]
    fn takes_shipstations_own_addresses_and_keeps_their_query() {
        let base = "https://ssapi.shipstation.com/";
        for (address, list, query) in [
            (
                "https://ssapi6.shipstation.com/orders?storeID=204417&importBatch=4d0a",
                List::Orders,
                "storeID=204417&importBatch=4d0a",
            ),
            (
                "https://ssapi.shipstation.com/shipments?batchId=1&includeShipmentItems=False",
                List::Shipments,
                "batchId=1&includeShipmentItems=False",
            ),
            ("https://SSAPI12.ShipStation.com/Fulfillments/?batchId=2", List::Fulfillments, "batchId=2"),
            ("https://ssapi.shipstation.com:443/orders", List::Orders, ""),
        ] {
            assert_eq!(check_at(base, address), Ok((list, query.to_owned())), "{address}");
        }
        assert!(
            check_at("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1/orders?importBatch=x").is_ok()
        );
    }

    #[test]
    fn secrets_stay_home_when_the_address_is_forged() {
        for address in [
            "https://ssapi.shipstation.com.attacker.example/orders?importBatch=x",
            "https://ssapi.shipstation.com.evil.example/orders",
            "https://evil.example/orders?x=ssapi.shipstation.com",
            "https://ssapi.shipstation.com@evil.example/orders",
            "https://user:pass@ssapi.shipstation.com/orders",
            "https://ssapi.shipstation.com:8443/orders",
            "http://ssapi.shipstation.com/orders",
            "ftp://ssapi.shipstation.com/orders",
            "https://ssapi.shipstation.com./orders",
            "https://ssapix.shipstation.com/orders",
            "https://ssapi6a.shipstation.com/orders",
            "https://ssapi-6.shipstation.com/orders",
            "https://xssapi.shipstation.com/orders",
            "https://ssapi６.shipstation.com/orders",
            "https://ѕsapi.shipstation.com/orders",
            "https://ssapi.shipstation.com/accounts/listtags",
            "https://ssapi.shipstation.com/orders/../accounts/listtags",
            "https://ssapi.shipstation.com/orders/123",
            "https://ssapi.shipstation.com\\@evil.example/orders",
            "https://ssapi.shipstation.com/ord\ners",
            "https://127.0.0.1/orders",
            "https://[::1]/orders",
            "https://169.254.169.254/orders",
            "//ssapi.shipstation.com/orders",
            "/orders?importBatch=x",
            "javascript:alert(1)",
            "",
        ] {
            assert!(check_at("https://ssapi.shipstation.com/", address).is_err(), "{address}");
        }
    }
}
