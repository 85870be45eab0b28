//! The look at an order right before it is sent, and what its present state means.

use std::{collections::HashMap, time::Duration};

use futures_util::StreamExt;

use super::{
    Stop, Sync,
    evidence::{self, Standing},
    open_orders::{OpenOrders, Seen},
    parcel::Parcel,
    timing::{MERGED_WITHIN, RECORDS_LAG},
    tracking::same,
};
use crate::{
    channel::{BlockReason, FailReason, RetryClass, ShipmentState, store::ShipmentRecord},
    client::{Error, ListEnd, OrderId, OrderSort, OrderStatus, SortDir},
    connector::{
        failure, lookup,
        settings::{ExternallyFulfilled, Preflight},
        translate,
    },
};

const ROWS: u32 = 500;
/// Pages that are searched for the survivor of a merged order, those that changed last first.
const SURVIVOR_PAGES: usize = 10;
/// The orders that others were merged into.
#[derive(Debug)]
pub(super) struct Survivors {
    of: HashMap<OrderId, OrderId>,
    /// Whether every order that was searched could be read.
    complete: bool,
}

impl Sync<'_> {
    /// Whether the parcel may be sent now. If not, why is recorded.
    pub(super) async fn clear(&mut self, parcel: &mut Parcel, open: &mut OpenOrders) -> Result<bool, Stop> {
        let is_first = parcel.row.attempts == 0 && parcel.row.unknown_outcomes == 0;
        if self.settings().preflight == Preflight::OnRetryOnly && is_first && parcel.claims().next().is_none()
        {
            return Ok(true);
        }
        let seen = match self.seen(parcel.order, open).await? {
            Some(seen) => Some(seen),
            None => self.single(parcel).await?,
        };
        match seen {
            Some(seen) => {
                parcel.order_created_at = seen.created_at;
                self.may_ship(parcel, &seen).await
            }
            None => Ok(false),
        }
    }

    /// One order; `None` once it is recorded that it was not found or could not be read.
    async fn single(&mut self, parcel: &Parcel) -> Result<Option<Seen>, Stop> {
        match lookup::order_once(&self.run.client, parcel.order).await {
            Ok(Some(order)) => {
                self.unread_in_a_row = 0;
                return Ok(Some(Seen::of(&order)));
            }
            Ok(None) if self.was_missing(parcel) => self.lost(parcel).await?,
            Ok(None) => {
                let record = self.missing_record(parcel, self.settings().read_back_gap);
                self.postpone(parcel, record).await?;
            }
            Err(error) => self.unreadable(parcel, error).await?,
        }
        Ok(None)
    }

    /// The order was not found: it is looked for once more, after `wait`, before that is believed.
    pub(super) fn missing_record(&self, parcel: &Parcel, wait: Duration) -> ShipmentRecord {
        let (id, moment) = (parcel.row.id(), self.moment());
        self.run.channel.readings.note(&id, &moment);
        ShipmentRecord::new(id, self.retry_wait(wait, RetryClass::OrderMissing), moment.host)
            .because("ShipStation does not find the order: if it does not find it again, the shipment fails")
    }

    /// Whether the order was not found before, long enough ago.
    fn was_missing(&self, parcel: &Parcel) -> bool {
        let ShipmentState::RetryWait { class: RetryClass::OrderMissing, server_since, .. } = parcel.row.state
        else {
            return false;
        };
        let missed = self.event(&parcel.row.id(), parcel.row.updated_at, server_since);
        missed.is_over(self.settings().read_back_gap, &self.moment())
    }

    /// A wait of this length from now on.
    pub(super) fn retry_wait(&self, wait: Duration, class: RetryClass) -> ShipmentState {
        let now = self.moment();
        ShipmentState::RetryWait { until: now.host + wait, class, server_since: now.server }
    }

    /// The order was not found again: the shipment never will be sent, whatever the reason.
    async fn lost(&mut self, parcel: &Parcel) -> Result<(), Stop> {
        match self.gone(parcel.order).await {
            Ok(Some(reason)) => self.fail(parcel, reason).await,
            Ok(None) => self.missing_again(parcel).await,
            Err(Stop::Remote(error)) => self.unreadable(parcel, error).await,
            Err(stop) => Err(stop),
        }
    }

    /// The order was not found again, and whether it was merged could not be read: it is looked for once more.
    async fn missing_again(&mut self, parcel: &Parcel) -> Result<(), Stop> {
        let settings = self.settings();
        let wait = self.backoff(&parcel.row).max(settings.read_back_gap);
        let record = self.missing_record(parcel, wait).counting_attempt();
        self.postpone(parcel, record.because("ShipStation does not find the order, and the orders that it may have been merged into could not all be read")).await
    }

    /// The order could not be looked at: nothing is sent now.
    async fn unreadable(&mut self, parcel: &Parcel, error: Error) -> Result<(), Stop> {
        if failure::ends_the_run(&error) {
            return Err(error.into());
        }
        let record = self.retry_record(parcel, &error);
        self.postpone(parcel, record).await?;
        self.count_unread(&error);
        if self.unread_in_a_row >= super::MOST_FAILURES { Err(error.into()) } else { Ok(()) }
    }

    /// Whether the order's present state lets it be marked shipped; if not, that is recorded.
    async fn may_ship(&mut self, parcel: &Parcel, order: &Seen) -> Result<bool, Stop> {
        if self.set_aside_strangers(parcel, order).await? {
            return Ok(false);
        }
        match &order.status {
            Some(OrderStatus::AwaitingShipment | OrderStatus::PendingFulfillment)
                if order.is_external && !self.marks_external_orders() =>
            {
                let state = ShipmentState::Blocked { reason: BlockReason::ExternallyFulfilled };
                self.for_all(parcel, &state).await?;
            }
            Some(OrderStatus::AwaitingShipment | OrderStatus::PendingFulfillment) => {
                self.note_other_store(parcel, order);
                return Ok(true);
            }
            Some(OrderStatus::Shipped) => self.already_shipped(parcel, order).await?,
            Some(OrderStatus::Cancelled) => self.fail(parcel, FailReason::OrderCancelled).await?,
            status => {
                let status = status.as_ref().map_or("in no known state", |status| status.as_str()).to_owned();
                let state = ShipmentState::Blocked { reason: BlockReason::OrderNotShippable { status } };
                self.for_all(parcel, &state).await?;
            }
        }
        Ok(false)
    }

    /// Whether orders that somebody else fulfils are the host's to mark.
    fn marks_external_orders(&self) -> bool {
        self.run.channel.settings.orders.externally_fulfilled == ExternallyFulfilled::Import
    }

    /// Blocks the rows that name another number than the order has or had. The others are planned anew without them.
    async fn set_aside_strangers(&mut self, parcel: &Parcel, order: &Seen) -> Result<bool, Stop> {
        let numbers = [order.number.as_deref(), parcel.imported_number.as_deref()];
        let Some(known) = numbers.into_iter().flatten().next() else { return Ok(false) };
        let now = self.run.now();
        let strangers = parcel.claims().filter(|(_, given)| !translate::is_same_number(known, given));
        let records: Vec<ShipmentRecord> = strangers
            .map(|(id, given)| {
                let reason = BlockReason::OrderMismatch { given: given.to_owned(), order: known.to_owned() };
                ShipmentRecord::new(id, ShipmentState::Blocked { reason }, now)
            })
            .collect();
        if records.is_empty() {
            return Ok(false);
        }
        for row in parcel.rows().filter(|row| records.iter().all(|record| record.id != row.id())) {
            self.decide(&row.id(), Some("another shipment of the order was set aside".to_owned()));
        }
        self.step(records).await?;
        Ok(true)
    }

    fn note_other_store(&mut self, parcel: &Parcel, order: &Seen) {
        if let (Some(imported), Some(now)) = (&parcel.imported_from, &order.store)
            && imported != now
        {
            self.run.warn(format!(
                "order {} was imported from store {imported} and is in store {now}",
                parcel.order
            ));
        }
    }

    /// The order is shipped: by us, as an earlier run could not record, or by somebody else.
    async fn already_shipped(&mut self, parcel: &Parcel, order: &Seen) -> Result<(), Stop> {
        let asked = self.settings().notify_sales_channel;
        let standing =
            evidence::standing(&self.run.client, parcel.order, &parcel.all_tracking, asked, true).await;
        let standing = match standing {
            Ok(standing) => standing,
            Err(error) => return self.unreadable(parcel, error).await,
        };
        let now = self.run.now();
        let lately =
            order.modified_at.is_some_and(|at| self.moment().server_or_host().since(at) < RECORDS_LAG);
        match standing {
            Standing::Ours { record, tracking, marketplace } => {
                self.note_not_conveyed(parcel.rows(), &[tracking]);
                let state = ShipmentState::Confirmed { record, marketplace, already_there: true };
                let mut records = vec![ShipmentRecord::new(parcel.row.id(), state, now)];
                records.extend(self.speak_for(parcel));
                self.step(records).await
            }
            Standing::Theirs { tracking } => self.conflict(parcel, tracking).await,
            Standing::Nothing if !lately => self.conflict(parcel, None).await,
            Standing::Nothing | Standing::Unreadable | Standing::Probably => {
                let settings = self.settings();
                let wait = self.backoff(&parcel.row).max(settings.read_back_gap);
                let state = self.retry_wait(wait, RetryClass::Unreadable);
                let record = ShipmentRecord::new(parcel.row.id(), state, now)
                    .because("the order is shipped, but the records that say by whom do not show yet")
                    .counting_attempt();
                self.postpone(parcel, record).await
            }
        }
    }

    /// Somebody else shipped the order, and both numbers are said; or we did, with a number that was corrected since.
    async fn conflict(&mut self, parcel: &Parcel, theirs: Option<String>) -> Result<(), Stop> {
        if let Some(number) = &theirs
            && self.all_tracking(&parcel.row).await?.iter().any(|ours| same(ours, number))
        {
            return self.fail(parcel, FailReason::AmendmentNotSupported).await;
        }
        let reason = FailReason::AlreadyShipped { theirs };
        let note = format!("{reason}; ours is {}", parcel.tracking.as_deref().unwrap_or("without a number"));
        self.fail(parcel, reason).await?;
        self.decide(&parcel.row.id(), Some(note));
        Ok(())
    }

    pub(super) async fn fail(&mut self, parcel: &Parcel, reason: FailReason) -> Result<(), Stop> {
        self.for_all(parcel, &ShipmentState::Failed { reason }).await
    }

    /// What holds for the order holds for every row of it that waits with this one.
    pub(super) async fn for_all(&mut self, parcel: &Parcel, state: &ShipmentState) -> Result<(), Stop> {
        let now = self.run.now();
        let records = parcel.rows().map(|row| ShipmentRecord::new(row.id(), state.clone(), now)).collect();
        self.step(records).await
    }

    /// Records what keeps the parcel from being proven or sent now; the rows that it speaks for wait with it.
    pub(super) async fn postpone(&mut self, parcel: &Parcel, record: ShipmentRecord) -> Result<(), Stop> {
        self.step(vec![record]).await?;
        for row in &parcel.speaks_for {
            self.decide(&row.id(), Some(format!("waits with shipment {}", parcel.row.id())));
        }
        Ok(())
    }

    /// Why an order does not exist any more: merged into another one, or deleted. `None` if the orders that it may have been
    /// merged into could not all be read.
    pub(super) async fn gone(&mut self, order: OrderId) -> Result<Option<FailReason>, Stop> {
        if self.survivors.is_none() {
            self.survivors = Some(self.read_survivors().await?);
        }
        let Some(survivors) = &self.survivors else { return Ok(None) };
        Ok(match survivors.of.get(&order) {
            Some(survivor) => Some(FailReason::MergedInto { order: translate::order_id(*survivor) }),
            None => survivors.complete.then_some(FailReason::OrderGone),
        })
    }

    async fn read_survivors(&mut self) -> Result<Survivors, Stop> {
        let since = self.moment().server_or_host() - MERGED_WITHIN;
        let list = self.run.client.orders().list().modified_since(since);
        let list = list.sort_by(OrderSort::ModifyDate).sort_dir(SortDir::Descending);
        let mut pages = list.page_size(ROWS).pages();
        let mut survivors = Survivors { of: HashMap::new(), complete: true };
        for _ in 0..SURVIVOR_PAGES {
            let Some(page) = pages.next().await.transpose()? else {
                survivors.complete &= pages.end().is_some_and(ListEnd::is_complete);
                break;
            };
            survivors.complete &= evidence::is_whole(&page);
            for order in page.items {
                let merged = order.advanced_options.iter().flat_map(|options| &options.merged_ids);
                survivors.of.extend(merged.map(|swallowed| (*swallowed, order.order_id)));
            }
            self.run.checkpoint().await?;
        }
        Ok(survivors)
    }
}
