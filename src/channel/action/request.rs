//! What a host asks for: one action on one order.

use super::{ActionKind, OrderAction};
use crate::{
    Timestamp,
    channel::{ActionId, ChannelOrderId, ChannelTagId, RunControl, record::record},
    setters::setters,
};

/// Requests of one action each.
macro_rules! action_requests {
    ($($(#[$doc:meta])* $name:ident => $kind:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* };)+) => {$(
        record! {
            $(#[$doc])*
            #[derive(Debug, Clone)]
            pub struct $name {
                /// The order.
                pub order: ChannelOrderId,
                $($(#[$field_doc])* pub $field: $type,)*
                /// The host's identity of the request: asking again with the same one does nothing twice. `None`: the crate makes one.
                pub id: Option<ActionId> = None,
                /// The options of the run.
                pub control: RunControl = RunControl::new(),
            }
            /// An ordinary request.
            pub fn new(order: impl Into<ChannelOrderId> $(, $field: impl Into<$type>)*);
        }

        impl $name {
            setters! {
                /// The same with the host's identity of it.
                id(id: impl Into<ActionId>) => id = Some(id.into());
                /// The same with these instructions.
                control(control: RunControl) => control = control;
            }
        }

        impl From<$name> for ActionRequest {
            fn from(request: $name) -> Self {
                let $name { order, $($field,)* id, control } = request;
                Self { order, kind: ActionKind::$kind { $($field),* }, id, control }
            }
        }
    )+};
}

action_requests! {
    /// Ask for an order to be held.
    ///
    /// ```
    /// use shipstation_connector::{Timestamp, channel::HoldOrder};
    ///
    /// let until: Timestamp = "2031-12-24T08:00:00Z".parse()?;
    /// let request = HoldOrder::new("2184550917", until).id("hold 17");
    /// assert_eq!(request.until, until);
    /// # Ok::<(), shipstation_connector::ParseTimestampError>(())
    /// ```
    HoldOrder => Hold {
        /// The end of the hold: the order is not to be shipped before. It lies ahead.
        until: Timestamp
    };
    /// Ask for an order to be released from its hold.
    ReleaseOrder => Release {};
    /// Ask for a tag to be put on an order.
    TagOrder => AddTag {
        /// The tag.
        tag: ChannelTagId
    };
    /// Ask for a tag to be taken off an order.
    UntagOrder => RemoveTag {
        /// The tag.
        tag: ChannelTagId
    };
}

/// What the four requests have in common.
#[derive(Debug, Clone)]
pub(crate) struct ActionRequest {
    pub(crate) order: ChannelOrderId,
    pub(crate) kind: ActionKind,
    pub(crate) id: Option<ActionId>,
    pub(crate) control: RunControl,
}

impl ActionRequest {
    /// The action, whose identity is made unless the host has given it.
    pub(crate) fn action(&self, make: impl FnOnce() -> ActionId) -> OrderAction {
        OrderAction {
            id: self.id.clone().unwrap_or_else(make),
            order: self.order.clone(),
            kind: self.kind.clone(),
        }
    }
}
