//! Importing single orders that somebody names, a person or a webhook, and finding them.

use futures_util::StreamExt;

use super::{follow_up, import::Import, scan, window::Window};
use crate::{
    channel::{
        Bypass, ChannelError, ImportReport, Operation, OrderSelector, Refusal, RunControl, RunStatus, Trigger,
    },
    client::{self, ErrorKind, Lane, Order, RowError, Rows, ShipStation, WebhookDelivery, WebhookResource},
    connector::{
        PAGE, ShipStationChannel, failure,
        mapping::Mapper,
        run::{Run, Stop},
        translate, webhook,
    },
};

/// An operation of its own: it must not count as a run that has read the window.
const OPERATION: Operation = Operation::ImportOrder;

impl ShipStationChannel {
    pub(in crate::connector) async fn import_by_hand(
        &self,
        which: OrderSelector,
        bypass: Bypass,
    ) -> Result<ImportReport, ChannelError> {
        let (run, mapper) = self.begin_named(Trigger::Manual).await?;
        let found = match find(&run.client, &which).await {
            Ok(found) => found,
            Err(error) => return Err(run.refuse(OPERATION, error.into()).await),
        };
        if let Some(refusal) = not_one(&which, &found) {
            run.finish(RunStatus::Succeeded, "nothing was done".to_owned()).await;
            return Err(ChannelError::of("import_order", refusal));
        }
        let mut import = self.import_of(run, mapper, bypass);
        import.by_hand = true;
        if let Some(warning) = unread(&found.errors) {
            import.run.warn(warning);
        }
        let stop = import_these(&mut import, Rows { errors: Vec::new(), ..found }).await.err();
        import.finish(stop).await
    }

    pub(in crate::connector) async fn import_delivery(
        &self,
        delivery: &WebhookDelivery,
    ) -> Result<ImportReport, ChannelError> {
        let (run, mapper) = self.begin_named(Trigger::Webhook).await?;
        let orders = match run.client.webhooks().fetch_all(delivery).await {
            Ok(WebhookResource::Orders(orders)) => orders,
            Ok(_) => Rows::default(),
            Err(error) => {
                let refusal = webhook::refusal(&error);
                let _ = run.refuse(OPERATION, error.into()).await;
                return Err(ChannelError::of("on_webhook", refusal));
            }
        };
        let mut import = self.import_of(run, mapper, Bypass::NONE);
        let stop = import_these(&mut import, orders).await.err();
        import.finish(stop).await
    }

    async fn begin_named(&self, trigger: Trigger) -> Result<(Run<'_>, Mapper), ChannelError> {
        let control = RunControl::new().trigger(trigger);
        self.check_order_references(OPERATION, &control).await?;
        self.begin_import(OPERATION, Lane::Interactive, control).await
    }

    fn import_of<'c>(&'c self, run: Run<'c>, mapper: Mapper, bypass: Bypass) -> Import<'c> {
        let window = Window::of(&self.settings.orders, run.info.started, None);
        Import::new(run, mapper, window, bypass)
    }
}

async fn import_these(import: &mut Import<'_>, mut orders: Rows<Order>) -> Result<(), Stop> {
    follow_up::prepare(import).await?;
    scan::unreadable(import, None, &orders.errors).await?;
    while !orders.items.is_empty() {
        let rest = orders.items.split_off(orders.items.len().min(PAGE));
        import.run.go_on().await?;
        import.page(orders.items).await?;
        orders.items = rest;
    }
    follow_up::execute(import).await
}

/// Why what was found is not the one order to import. Two stores may use one number, and the parts of an order that was
/// split share it: which of them is meant only the person knows.
fn not_one(which: &OrderSelector, found: &Rows<Order>) -> Option<Refusal> {
    const SHOWN: usize = 5;
    match found.items.as_slice() {
        [_] => None,
        [] => Some(match unread(&found.errors) {
            Some(message) => Refusal::Unavailable { message },
            None => Refusal::NotFound { what: describe(which) },
        }),
        several => {
            let found = several.iter().take(SHOWN).map(name).collect();
            Some(Refusal::Ambiguous { what: describe(which), found })
        }
    }
}

/// An order as a person tells it from others of its number.
fn name(order: &Order) -> String {
    match order.advanced_options.as_ref().and_then(|options| options.store_id) {
        Some(store) => format!("{} of store {store}", order.order_id),
        None => order.order_id.to_string(),
    }
}

/// What to say of rows that could not be read: one of them may be the order that is meant.
fn unread(rows: &[RowError]) -> Option<String> {
    let first = rows.first()?;
    Some(format!("{} orders of the answer could not be read, the first one: {first}", rows.len()))
}

/// Every order that a person may mean. Numbers and keys are compared exactly: ShipStation's filter is not. Rows that
/// cannot be read may be meant, or not.
pub(super) async fn find(client: &ShipStation, which: &OrderSelector) -> Result<Rows<Order>, client::Error> {
    match which {
        OrderSelector::Id(id) => {
            let Some(id) = translate::wire_order_id(id) else { return Ok(Rows::default()) };
            match client.orders().get(id).await {
                Ok(order) if order.order_id == id => Ok(Rows { items: vec![order], ..Rows::default() }),
                // The answer to another question.
                Ok(_) => Ok(Rows::default()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Rows::default()),
                Err(error) => Err(error),
            }
        }
        OrderSelector::Number(number) => by_number(client, number, |_| true).await,
        OrderSelector::Key { key, number } => {
            by_number(client, number, |order| order.order_key.as_ref() == Some(key)).await
        }
    }
}

async fn by_number(
    client: &ShipStation,
    number: &str,
    fits: impl Fn(&Order) -> bool,
) -> Result<Rows<Order>, client::Error> {
    let mut pages = client.orders().list().order_number(number).pages();
    let mut found = Rows::default();
    while let Some(page) = pages.next().await {
        let page = page?;
        let same = |order: &Order| order.order_number.as_deref() == Some(number) && fits(order);
        found.items.extend(page.items.into_iter().filter(same));
        found.errors.extend(page.errors);
    }
    Ok(found)
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
