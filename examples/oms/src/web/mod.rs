//! The operators' pages: made on the server, without JavaScript. Whatever is changed is asked for by a form and answered by the next page.

mod charts;
mod error;
mod layout;
mod pages;
mod session;
mod tries;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use shipstation_connector::{
    ShipStationChannel,
    channel::{ConnectionId, Operation},
    client::Clock,
    fleet::Fleet,
};

use self::{error::NoPage, tries::Tries};
use crate::{channels::Channels, database::Database};

/// What the pages work with.
#[derive(Clone)]
pub(crate) struct App {
    database: Database,
    channels: Arc<Channels>,
    fleet: Fleet,
    clock: Arc<dyn Clock>,
    tries: Arc<Tries>,
}

impl App {
    pub(crate) fn new(
        database: Database,
        channels: Arc<Channels>,
        fleet: Fleet,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { database, channels, fleet, clock, tries: Arc::default() }
    }

    /// The channel of a connection that a request names.
    async fn channel(&self, name: &str) -> Result<Arc<ShipStationChannel>, NoPage> {
        let gone = || NoPage::not_found(format!("There is no connection {name:?}."));
        self.channels.find(name).await?.ok_or_else(gone)
    }

    /// Has an operation run at once. A wake-up that is lost is made up for by its interval.
    async fn wake(&self, connection: &ConnectionId, operation: Operation) {
        if let Err(error) = self.fleet.wake(connection, operation).await {
            tracing::warn!("{operation} of {connection} is not woken: {error}");
        }
    }
}

/// Every address of the server.
pub(crate) fn router(app: App) -> Router {
    use pages::{
        changes, connections, held, hooks, order, orders, overview, rules, runs, search, shipments, sign_in,
    };
    Router::new()
        .route("/", get(overview::show))
        .route("/connections", get(connections::show))
        .route("/connections/check", post(connections::check))
        .route("/connections/run", post(connections::run))
        .route("/connections/pause", post(connections::pause))
        .route("/runs", get(runs::show))
        .route("/held", get(held::show))
        .route("/held/map", post(held::map))
        .route("/orders", get(orders::show))
        .route("/orders/{id}", get(order::show))
        .route("/orders/{id}/ship", post(order::ship))
        .route("/orders/{id}/release", post(order::release))
        .route("/orders/{id}/correct", post(order::correct))
        .route("/rules", get(rules::show))
        .route("/rules/shipping", post(rules::shipping))
        .route("/rules/carriers", post(rules::carriers))
        .route("/search", get(search::show).post(search::ask))
        .route("/search/import", post(search::import))
        .route("/shipments", get(shipments::show))
        .route("/shipments/carrier", post(shipments::map_carrier))
        .route("/shipments/unblock", post(shipments::unblock))
        .route("/shipments/dealt-with", post(shipments::dealt_with))
        .route("/changes", get(changes::show))
        .route("/changes/seen", post(changes::mark_seen))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/hooks/{connection}", post(hooks::receive))
        .route("/style.css", get(style))
        .fallback(error::no_page)
        .method_not_allowed_fallback(error::only_a_form)
        .layer(middleware::from_fn(with_headers))
        .with_state(app)
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

/// What a browser may do with every answer: nothing but show it, to nobody else.
async fn with_headers(request: Request, next: Next) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
