//! What ShipStation tells of: it is answered at once, and looked at then.

use axum::{
    body::Bytes,
    extract::{OriginalUri, Path, State},
    http::StatusCode,
};
use shipstation_connector::channel::{ChannelConnector, Delivery};

use super::super::App;
use crate::shop::accounts;

pub(crate) async fn receive(
    State(app): State<App>,
    Path(connection): Path<String>,
    OriginalUri(uri): OriginalUri,
    body: Bytes,
) -> StatusCode {
    let account = accounts::find(&app.database, &connection).await.unwrap_or_default();
    if account.is_none_or(|account| account.paused.is_some()) {
        return StatusCode::NOT_FOUND;
    }
    let target = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    tokio::spawn(async move {
        let Ok(channel) = app.channels.of(&connection).await else { return };
        // The secret is looked at first. What is refused is not ShipStation's: nothing was done, and nothing is to be done.
        let _ = channel.on_webhook(Delivery::new(target, body)).await;
    });
    StatusCode::OK
}
