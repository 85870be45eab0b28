//! ShipStation's habits that differ from what one would expect, each with its own switch.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

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

macro_rules! quirks {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $default:expr,)*) => {
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
        pub struct Quirks {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl Default for Quirks {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Quirks {
            $($(#[$doc])*
            pub fn $name(mut self, value: $kind) -> Self {
                self.$name = value;
                self
            })*
        }
    };
}

quirks! {
    /// Every list says `pages: 0`, whatever its total. Recorded on products and lists by tag, printed in the vendor's
    /// samples of fulfillments and shipments. Off: only the two recorded ones divide without rounding up.
    pages_zero: bool = false,
    /// A `null` stands among the rows of every page that has any, as one integrator has met.
    null_rows: bool = false,
    /// No rate headers except on 429. Two clients report such a time.
    missing_rate_headers: bool = false,
    /// Rate headers that make no sense: an empty limit, a negative remainder, a reset that is an epoch time.
    absurd_rate_headers: bool = false,
    /// `X-Rate-Limit-Remaining` is the count before this request, as in a third of the recorded answers.
    remaining_lags: bool = false,
    /// An order is modified once more, without any call, 18.5 s after it was created. All recorded ones were.
    modify_after_creation: bool = false,
    /// How long a `markasshipped` takes to show in `/fulfillments`. The real delay is not known.
    fulfillment_delay: Duration = Duration::ZERO,
    /// What a second `markasshipped` does.
    repeat_mark_as_shipped: RepeatMarkAsShipped = RepeatMarkAsShipped::SecondFulfillment,
    /// What marking an order on hold, unpaid or cancelled does.
    unshippable_mark: UnshippableMark = UnshippableMark::Ships,
    /// How an action on something unknown is refused.
    action_failure: ActionFailure = ActionFailure::SuccessFalse,
    /// `…Start` and `…End` of orders mean strictly after and before, as the documentation words them. Off: the
    /// bounds belong to the range.
    bounds_exclusive: bool = false,
    /// An unknown order is 404 without a body, as recorded. Off: 404 with a `Message`.
    not_found_empty_body: bool = true,
    /// Seconds by which ShipStation's own clock (the `Date` header and the rate-limit minute) is ahead of the
    /// simulated clock; negative when it is behind.
    clock_skew: i64 = 0,
    /// The `Date` header is empty, which tells no more than a missing one; a web server cannot leave it out.
    blank_date: bool = false,
    /// From this instant on, the key is refused with 401.
    key_expires: Option<Timestamp> = None,
    /// Members that no documentation names and values outside every documented enumeration.
    drift: bool = false,
}
