//! What may be done to orders in ShipStation because the host asks.

use std::time::Duration;

use super::fields::{days, settings};

settings! {
    /// What may be done to orders in ShipStation because the host asks.
    ActionSettings {
        /// Whether the host may have orders held, released and tagged. It needs an
        /// [`ActionStore`](crate::channel::store::ActionStore).
        enabled: bool = false;
        /// When to stop trying: after an hour to 365 days. An action that could not be sent by then is closed for a person, since
        /// what was wanted then may be wrong now. How far apart looks after an unknown outcome are is set for
        /// [shipments](super::ShipmentSettings::lookup_interval).
        #[serde(with = "crate::duration_text")]
        give_up_after: Duration = days(1);
    }
}
