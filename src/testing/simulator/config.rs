//! How a simulator is set up: the time it starts at, its limits, its key, and ShipStation's habits that differ from what one would
//! expect, each with its own switch.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, shows::shows};

/// How many requests a key may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLimit {
    /// This many requests in each minute of the (simulated) clock; ShipStation allows 40.
    PerMinute(u32),
    /// As many as one likes. The rate headers are left out.
    Unlimited,
}

/// What a second `markasshipped` on a shipped order does. No public evidence settles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RepeatMarkAsShipped {
    /// A second fulfillment is made and the notices go out again: the worst case, and the default.
    SecondFulfillment,
    /// 500 with an exception body; nothing happens.
    Error500,
    /// The usual answer; nothing happens.
    Ok,
}

/// What `markasshipped` does to an order that is on hold, unpaid or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum UnshippableMark {
    /// The order is shipped all the same, as one production connector has found (the default).
    Ships,
    /// 500 with an exception body; nothing happens.
    Error500,
    /// 400 with a message; nothing happens.
    BadRequest,
}

/// How an action on an unknown order, user or tag is refused. The status is not documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ActionFailure {
    /// 200 with `{"success":false,"message":…}` (the default).
    SuccessFalse,
    /// 404 with the same body.
    NotFound,
    /// 500 with an exception body.
    Error500,
}

/// A struct whose fields have defaults and, unless they come after the semicolon, setters.
macro_rules! settings {
    (
        $(#[$attribute:meta])* $settings:ident {
            $($(#[$doc:meta])* $vis:vis $name:ident: $kind:ty = $default:expr,)*
            $(; $($plain:ident: $plain_kind:ty = $plain_default:expr,)*)?
        }
    ) => {
        $(#[$attribute])*
        pub struct $settings {
            $($(#[$doc])* $vis $name: $kind,)*
            $($(pub(super) $plain: $plain_kind,)*)?
        }

        impl Default for $settings {
            fn default() -> Self {
                Self { $($name: $default,)* $($($plain: $plain_default,)*)? }
            }
        }

        impl $settings {
            $($(#[$doc])*
            pub fn $name(mut self, value: $kind) -> Self {
                self.$name = value;
                self
            })*
        }
    };
}

settings! {
    /// The settings of a [`Simulator`](super::Simulator), each with a sensible default: Monday 2 March 2026, 09:00 Pacific;
    /// 40 requests a minute; a free port; synthetic credentials.
    ///
    /// ```
    /// use shipstation_connector::testing::simulator::{RateLimit, SimulatorConfig};
    ///
    /// let config = SimulatorConfig::default()
    ///     .now("2026-11-01T08:30:00Z".parse()?)
    ///     .rate_limit(RateLimit::Unlimited);
    /// # Ok::<(), shipstation_connector::ParseTimestampError>(())
    /// ```
    #[derive(Clone)]
    #[must_use = "a configuration does nothing until a simulator is started with it"]
    SimulatorConfig {
        /// The instant at which the simulated clock starts.
        pub(super) now: Timestamp = Timestamp::from_unix_seconds(1_772_470_800),
        /// How many requests the key may make in a minute.
        pub(super) rate_limit: RateLimit = RateLimit::PerMinute(40),
        /// The simulated time that each request takes. No real time passes.
        pub(super) latency: Duration = Duration::ZERO,
        /// ShipStation's habits, good and bad.
        pub(super) quirks: Quirks = Quirks::default(),
        /// The loopback port to listen on; 0, the default, takes any free one.
        pub(super) port: u16 = 0,
        /// What chance decides: faults [at a rate](super::Fault::at_rate). The same seed and requests meet the same faults.
        pub(super) seed: u64 = 0,
        /// Slow answers take the machine's time on a port, in place of simulated time.
        pub(super) real_time: bool = false,
        ;
        api_key: String = "simulated-key".to_owned(),
        api_secret: String = "simulated-secret".to_owned(),
    }
}

impl SimulatorConfig {
    /// The first account's key and secret, in place of the synthetic ones.
    pub fn credentials(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.api_key = key.into();
        self.api_secret = secret.into();
        self
    }
}

shows! { |it: SimulatorConfig| now, rate_limit, latency, port, seed, quirks }

settings! {
    /// The switchable habits. Everything that is merely odd but always so (prefix matches, two kinds of
    /// timestamp, explicit nulls, `pages: 0` on products and on lists by tag) needs no switch.
    ///
    /// ```
    /// use shipstation_connector::testing::simulator::Quirks;
    /// let quirks = Quirks::default().null_rows(true).missing_rate_headers(true);
    /// assert!(quirks.null_rows);
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
    #[non_exhaustive]
    #[must_use = "quirks do nothing until a simulator has them"]
    #[allow(clippy::struct_excessive_bools)] // every one of them is a switch of its own
    Quirks {
        /// Every list says `pages: 0`, whatever its total. Recorded on products and lists by tag, printed in the vendor's
        /// samples of fulfillments and shipments. Off: only the two recorded ones divide without rounding up.
        pub pages_zero: bool = false,
        /// A `null` stands among the rows of every page that has any, as one integrator has met.
        pub null_rows: bool = false,
        /// No rate headers except on 429. Two clients report such a time.
        pub missing_rate_headers: bool = false,
        /// Rate headers that make no sense: an empty limit, a negative remainder, a reset that is an epoch time.
        pub absurd_rate_headers: bool = false,
        /// `X-Rate-Limit-Remaining` is the count before this request, as in a third of the recorded answers.
        pub remaining_lags: bool = false,
        /// An order is modified once more, without any call, 18.5 s after it was created. All recorded ones were.
        pub modify_after_creation: bool = false,
        /// How long a `markasshipped` takes to show in `/fulfillments`. The real delay is not known.
        pub fulfillment_delay: Duration = Duration::ZERO,
        /// What a second `markasshipped` does.
        pub repeat_mark_as_shipped: RepeatMarkAsShipped = RepeatMarkAsShipped::SecondFulfillment,
        /// What marking an order on hold, unpaid or cancelled does.
        pub unshippable_mark: UnshippableMark = UnshippableMark::Ships,
        /// How an action on something unknown is refused.
        pub action_failure: ActionFailure = ActionFailure::SuccessFalse,
        /// `…Start` and `…End` of orders mean strictly after and before, as the documentation words them. Off: the
        /// bounds belong to the range.
        pub bounds_exclusive: bool = false,
        /// An unknown order is 404 without a body, as recorded. Off: 404 with a `Message`.
        pub not_found_empty_body: bool = true,
        /// Seconds by which ShipStation's own clock (the `Date` header and the rate-limit minute) is ahead of the
        /// simulated clock; negative when it is behind.
        pub clock_skew: i64 = 0,
        /// The `Date` header is empty, which tells no more than a missing one; a web server cannot leave it out.
        pub blank_date: bool = false,
        /// From this instant on, the key is refused with 401.
        pub key_expires: Option<Timestamp> = None,
        /// Members that no documentation names and values outside every documented enumeration.
        pub drift: bool = false,
    }
}
