//! What ShipStation posts to subscribed webhooks. (V1 reference, 4.)

use super::{Account, Record};

/// As many are kept until somebody takes them.
const MAX_KEPT: usize = 1_000;

/// Something that a subscription may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: &'static str,
    store: Option<i64>,
    /// Path and query of what happened.
    pub(super) resource: String,
}

impl Account {
    /// Whether a subscription asks for these events, of this store or of every one.
    fn is_subscribed(&self, kind: &str, store: Option<i64>) -> bool {
        self.subscribers(kind, store).next().is_some()
    }

    /// The addresses that events of this kind are posted to.
    pub(super) fn subscribers(&self, kind: &str, store: Option<i64>) -> impl Iterator<Item = &str> {
        let is_meant = move |row: &&Record| {
            let of_store = row.int("StoreID").is_none_or(|own| store.is_none_or(|store| store == own));
            row.flag("Active") && row.text("HookType") == Some(kind) && of_store
        };
        self.webhooks.values().filter(is_meant).filter_map(|row| row.text("Url"))
    }

    fn note(&mut self, kind: &'static str, store: Option<i64>, resource: String) {
        let event = Event { kind, store, resource };
        if self.is_subscribed(kind, store) && self.events.last() != Some(&event) {
            self.events.push(event);
            let over = self.events.len().saturating_sub(MAX_KEPT);
            self.events.drain(..over);
        }
    }

    /// An order has come that need not be paid first. Orders of one batch are one event.
    pub(super) fn note_import(&mut self, order: &mut Record) {
        const KINDS: [(&str, &str); 2] =
            [("ORDER_NOTIFY", ""), ("ITEM_ORDER_NOTIFY", "&includeOrderItems=True")];
        let store = order.int("advancedOptions.storeId");
        let is_wanted = KINDS.iter().any(|(kind, _)| self.is_subscribed(kind, store));
        if !is_wanted || order.is_text("orderStatus", "awaiting_payment") {
            return;
        }
        if order.text("importBatch").is_none() {
            order.set("importBatch", self.next_guid());
        }
        let batch = order.text("importBatch").unwrap_or_default();
        for (kind, items) in KINDS {
            self.note(kind, store, format!("orders?{}importBatch={batch}{items}", of_store(store)));
        }
    }

    /// A label was bought.
    pub(super) fn note_label(&mut self, batch: &str, order_id: Option<i64>) {
        let store = order_id.and_then(|id| self.store_of(id));
        for (kind, items) in [("SHIP_NOTIFY", "False"), ("ITEM_SHIP_NOTIFY", "True")] {
            self.note(
                kind,
                store,
                format!("shipments?{}batchId={batch}&includeShipmentItems={items}", of_store(store)),
            );
        }
    }

    /// An order was marked as shipped.
    pub(super) fn note_fulfillment(&mut self, order_id: i64) {
        let store = self.store_of(order_id);
        self.note("FULFILLMENT_SHIPPED", store, format!("fulfillments?orderId={order_id}"));
    }

    fn store_of(&self, order_id: i64) -> Option<i64> {
        self.order(order_id)?.int("advancedOptions.storeId")
    }

    /// The events since the last time, each with the addresses that it is posted to.
    pub(super) fn take_events(&mut self) -> Vec<(Event, Vec<String>)> {
        let events = std::mem::take(&mut self.events);
        let addressed = |event: Event| {
            let urls = self.subscribers(event.kind, event.store).map(str::to_owned).collect();
            (event, urls)
        };
        events.into_iter().map(addressed).collect()
    }
}

/// The part of an address that names the store.
fn of_store(store: Option<i64>) -> String {
    store.map(|store| format!("storeID={store}&")).unwrap_or_default()
}
