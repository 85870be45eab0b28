//! Brings the deliveries of the simulated accounts to the web server, which nobody reaches from outside.

use std::{net::SocketAddr, time::Duration};

use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::Simulator,
};

use super::PUBLIC_URL;
use crate::Failure;

const INTERVAL: Duration = Duration::from_secs(1);

/// Posts what happens in the accounts to their webhooks, as long as the server is there.
pub(crate) async fn deliver(accounts: Vec<Simulator>, server: SocketAddr) -> Result<(), Failure> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    loop {
        for (url, body) in accounts.iter().flat_map(Simulator::take_deliveries) {
            if let Some(path) = url.strip_prefix(PUBLIC_URL) {
                let here = format!("http://{server}{path}");
                // A delivery that is lost costs no order: the quick look comes within a minute.
                let _ = client.post(here).header("content-type", "application/json").body(body).send().await;
            }
        }
        SystemClock.sleep(INTERVAL).await;
    }
}
