//! Importing single orders that a person names.

use super::{
    context::{Admission, Context},
    find::{Matches, find},
    follow_up, page, parcels,
    recorder::Recorder,
    window::{ImportGap, Window},
};
use crate::{
    channel::{
        ChannelError, ImportOrder, ImportReport, Operation, OrderSelector, Refusal, RunStatus, Trigger,
    },
    client::{self, Lane, Order},
    connector::{
        ShipStationChannel, failure,
        run::{NOTHING_DONE, Stop},
        translate,
    },
};

/// An operation of its own: it must not count as a run that has read the window.
pub(super) const OPERATION: Operation = Operation::ImportOrder;

impl ShipStationChannel {
    pub(in crate::connector) async fn run_import_order(
        &self,
        request: ImportOrder,
    ) -> Result<ImportReport, ChannelError> {
        let ImportOrder { order: which, bypass, control } = request;
        let control = control.trigger(Trigger::Manual);
        let (ctx, mut info) = self.begin_import(OPERATION, Lane::Interactive, control).await?;
        let found = match find(ctx.client(), &which).await {
            Ok(found) => found,
            Err(error) => return Err(ctx.run.refuse(&mut info, error.into()).await),
        };
        if let Err(refusal) = the_one(&which, &found) {
            ctx.run.finish(&mut info, RunStatus::Succeeded, NOTHING_DONE).await;
            return Err(ChannelError::of("import_order", refusal));
        }
        let mut recorder = Recorder::new(&ctx, info);
        if let Some(warning) = found.unread() {
            recorder.warn(warning);
        }
        if let Some(written) = &found.written {
            recorder.warn(format!("the {} was found as {written}", describe(&which)));
        }
        if let Some(gap) = found.incomplete {
            recorder.gap(gap);
        }
        let admission = Admission { window: self.window_of_named(&ctx), bypass, by_hand: true };
        let stop = import_these(&mut recorder, &admission, found.orders).await.err();
        recorder.finish(admission.window, stop).await
    }

    /// The window for single orders: no outage stretches it.
    pub(super) fn window_of_named(&self, ctx: &Context<'_>) -> Window {
        Window::of(&self.settings.orders, ctx.now(), &ImportGap::default())
    }
}

async fn import_these(
    recorder: &mut Recorder<'_>,
    admission: &Admission,
    orders: Vec<Order>,
) -> Result<(), Stop> {
    let mut users = follow_up::prepare(recorder.ctx).await?;
    recorder.ctx.run.checkpoint().await?;
    users.observe(&orders);
    page::import(recorder, admission, orders).await?;
    follow_up::execute(recorder, &users).await?;
    parcels::publish_shipped(recorder).await
}

/// The one order that is meant, or why there is none. Two stores may use one number, and the parts of an order that was split
/// share it: which of them is meant only the person knows.
pub(super) fn the_one<'m>(which: &OrderSelector, found: &'m Matches) -> Result<&'m Order, Refusal> {
    const MAX_MATCHES_SHOWN: usize = 5;
    match found.orders.as_slice() {
        [order] => Ok(order),
        [] => Err(match found.unread() {
            Some(message) => Refusal::Unavailable { message },
            None => Refusal::NotFound { what: describe(which) + &offered(found) },
        }),
        several => {
            let found = several.iter().take(MAX_MATCHES_SHOWN).map(name).collect();
            Err(Refusal::Ambiguous { what: describe(which), found })
        }
    }
}

/// The numbers that may have been meant.
fn offered(found: &Matches) -> String {
    if found.near.is_empty() { String::new() } else { format!("; there is {}", found.near.join(", ")) }
}

/// An order as a person tells it from others of its number.
fn name(order: &Order) -> String {
    match translate::store_id(order) {
        Some(store) => format!("{} of store {store}", order.order_id),
        None => order.order_id.to_string(),
    }
}

/// What was looked for, in words.
pub(super) fn describe(which: &OrderSelector) -> String {
    match which {
        OrderSelector::Id(id) => format!("order with ShipStation id {id}"),
        OrderSelector::Number(number) => format!("order with number {number}"),
        OrderSelector::Key { key, number } => format!("order with number {number} and key {key}"),
    }
}

/// The refusal of a question whose first request failed.
pub(super) fn unanswered(question: &'static str, error: &client::Error) -> ChannelError {
    ChannelError::of(question, failure::refusal(error))
}
