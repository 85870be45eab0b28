//! How long the key pair in use is still good for, where the host has said when it expires.

use crate::{
    channel::{Finding, wording::count_of},
    client::PacificDate,
    connector::ShipStationChannel,
};

/// Days before the expiry: from when it is said, from when it is a warning, and from when it is one of its own.
const NOTICE_DAYS: i64 = 30;
const WARNING_DAYS: i64 = 14;
const LAST_DAYS: i64 = 3;

const SUBJECT: &str = "credentials";

impl ShipStationChannel {
    /// Says that the pair in use expires soon or has expired. Stops nothing: ShipStation refuses a pair that has.
    pub(in crate::connector) fn key_expiry(&self) -> Option<Finding> {
        let expires = self.client.key_expires_on()?;
        finding(expires, expires.days_since(PacificDate::of(self.server_time())))
    }
}

fn finding(expires: PacificDate, days: i64) -> Option<Finding> {
    let observed = match u64::try_from(days) {
        Ok(0) => format!("the API key expires today, {expires}"),
        Ok(days) => format!("the API key expires in {}, on {expires}", count_of(days, "day")),
        Err(_) => format!("the API key was to expire on {expires}"),
    };
    let remedy = "make a new pair in ShipStation under Settings, Account, API Settings, and enter it";
    if days > NOTICE_DAYS {
        return None;
    }
    let severity = if days > WARNING_DAYS { Finding::info } else { Finding::warning };
    let code = if days > LAST_DAYS { "key_expires" } else { "key_expires_now" };
    Some(severity(code, SUBJECT, observed, remedy))
}
