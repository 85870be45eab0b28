//! Proof that ShipStation has what it accepted: its records are read back, a page for many shipments.

use std::{collections::BTreeMap, pin::pin};

use futures_util::StreamExt;

use super::{
    Stop, Sync,
    evidence::{self, Standing},
    timing::{NOTICE_MAY_TAKE, RECORD_OVERDUE, RECORDS_MARGIN},
};
use crate::{
    Timestamp,
    channel::{Marketplace, RunEvent, ShipmentState, store::OutboxRow, store::ShipmentRecord},
    client::{Error, Fulfillment, FulfillmentSort, OrderId},
    connector::{PAGE, failure, translate},
};

const ROWS: u32 = 500;
/// So many that are overdue are asked for one by one; for more it is cheaper to read the list from their time on.
const FEW: usize = 20;
/// Overdue orders that a run asks for, at most: they must not use up the minute of what is to be sent.
const MOST_SINGLES: usize = 5;

impl Sync<'_> {
    /// Confirms everything that was accepted, in this run and in earlier ones.
    pub(super) async fn confirm(&mut self) -> Result<(), Stop> {
        if self.run.control.dry_run {
            return Ok(());
        }
        let mut sent = self.sent_rows().await?;
        match self.prove_all(&mut sent).await {
            Err(Stop::Remote(error)) => self.not_proven(error)?,
            other => other?,
        }
        self.let_go(sent).await
    }

    async fn sent_rows(&self) -> Result<BTreeMap<OrderId, OutboxRow>, Stop> {
        let rows = self.unfinished(|row| sent_at(row).is_some()).await?;
        let by_order =
            rows.into_iter().filter_map(|row| Some((translate::wire_order_id(&row.shipment.order)?, row)));
        Ok(by_order.collect())
    }

    async fn prove_all(&mut self, sent: &mut BTreeMap<OrderId, OutboxRow>) -> Result<(), Stop> {
        let left = match self.worth_reading_from(sent) {
            Some(since) => self.read_records(since, sent).await?,
            None => self.overdue(sent),
        };
        self.ask_for_each(left, sent).await
    }

    /// Where the list of records is to be read from. A few that are overdue are asked for one by one: for their sake the
    /// records of days would be read again in every run.
    fn worth_reading_from(&self, sent: &BTreeMap<OrderId, OutboxRow>) -> Option<Timestamp> {
        let few = sent.values().filter(|row| self.is_overdue(row)).count() <= FEW;
        let expected = sent.values().filter(|row| !(few && self.is_overdue(row)));
        expected.filter_map(sent_at).min().map(|oldest| oldest.min(self.run.now()) - RECORDS_MARGIN)
    }

    /// A row that is dated ahead was sent while the host's clock was wrong, nobody knows when.
    fn is_overdue(&self, row: &OutboxRow) -> bool {
        let now = self.run.now();
        sent_at(row).is_some_and(|at| at > now || now.since(at) >= RECORD_OVERDUE)
    }

    /// Some of the overdue orders, others in every run.
    fn overdue(&self, sent: &BTreeMap<OrderId, OutboxRow>) -> Vec<OrderId> {
        let overdue = sent.iter().filter(|(_, row)| self.is_overdue(row)).map(|(order, _)| *order);
        self.run.client.draw(|random| random.choose_multiple(overdue, MOST_SINGLES))
    }

    /// Reads records from `since` on, while that is cheaper than asking for each order that is left. Says which orders are
    /// to be asked for: those that are left, or those whose record should have shown long ago.
    async fn read_records(
        &mut self,
        since: Timestamp,
        sent: &mut BTreeMap<OrderId, OutboxRow>,
    ) -> Result<Vec<OrderId>, Stop> {
        let list = self.run.client.fulfillments().list();
        let list = list.created_since(since).sort_by(FulfillmentSort::CreateDate).page_size(ROWS);
        let mut pages = pin!(list.pages());
        while let Some(page) = pages.next().await {
            let page = page?;
            self.run.event(&RunEvent::PageRead {
                what: "fulfillments",
                rows: page.items.len(),
                of: page.total,
            });
            let rows = page.items.len();
            let left = page
                .total
                .map_or(0, |total| usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(rows));
            for record in page.items {
                self.prove(&record, sent).await?;
            }
            if sent.is_empty() {
                return Ok(Vec::new());
            }
            self.run.checkpoint().await?;
            if sent.len() < left.div_ceil(PAGE) {
                return Ok(sent.keys().copied().collect());
            }
        }
        Ok(self.overdue(sent))
    }

    async fn ask_for_each(
        &mut self,
        orders: Vec<OrderId>,
        sent: &mut BTreeMap<OrderId, OutboxRow>,
    ) -> Result<(), Stop> {
        let asked = self.settings().notify_sales_channel;
        for order in orders {
            let Some(row) = sent.get(&order).cloned() else { continue };
            let ours = self.all_tracking(&row).await?;
            let standing = evidence::standing(&self.run.client, order, &ours, asked, true).await?;
            if let Standing::Ours { record, marketplace, .. } = standing {
                sent.remove(&order);
                self.proven(&row, record, marketplace).await?;
            }
            self.run.checkpoint().await?;
        }
        Ok(())
    }

    /// Confirms the row that this record proves, if any.
    async fn prove(
        &mut self,
        record: &Fulfillment,
        sent: &mut BTreeMap<OrderId, OutboxRow>,
    ) -> Result<(), Stop> {
        let Some(order) = record.order_id.filter(|_| evidence::counts(record)) else { return Ok(()) };
        let Some(row) = sent.get(&order) else { return Ok(()) };
        let ours = self.all_tracking(row).await?;
        if !evidence::is_ours(record, &ours) {
            return Ok(());
        }
        let marketplace = evidence::notice(record, self.settings().notify_sales_channel);
        if let Some(row) = sent.remove(&order) {
            self.proven(&row, Some(record.fulfillment_id.to_string()), marketplace).await?;
        }
        Ok(())
    }

    /// ShipStation shows it. It stays open for a while if the notice to the store is still on its way, so that a
    /// notice that fails is not missed.
    async fn proven(
        &mut self,
        row: &OutboxRow,
        record: Option<String>,
        marketplace: Marketplace,
    ) -> Result<(), Stop> {
        let now = self.run.now();
        if marketplace == Marketplace::Pending
            && sent_at(row).is_some_and(|at| now.since(at) < NOTICE_MAY_TAKE)
        {
            return Ok(());
        }
        let state = ShipmentState::Confirmed { record, marketplace, already_there: false };
        self.step(vec![ShipmentRecord::new(row.id(), state, now)]).await
    }

    /// The look failed: what was accepted stays accepted and is looked for in the next run.
    fn not_proven(&mut self, error: Error) -> Result<(), Stop> {
        if failure::ends_the_run(&error) {
            return Err(error.into());
        }
        self.not_all_read = true;
        self.run.warn(format!("shipments could not be confirmed yet: {}", failure::describe(&error)));
        Ok(())
    }

    /// What was accepted and never seen for as long as attempts last is believed, and said.
    async fn let_go(&mut self, sent: BTreeMap<OrderId, OutboxRow>) -> Result<(), Stop> {
        let now = self.run.now();
        let give_up = self.settings().give_up_after;
        let mut old: Vec<OutboxRow> = sent
            .into_values()
            .filter(|row| sent_at(row).is_some_and(|at| now.since(at) >= give_up))
            .collect();
        old.sort_by_key(OutboxRow::cursor);
        for row in old {
            let state = ShipmentState::Confirmed {
                record: None,
                marketplace: Marketplace::Unknown,
                already_there: false,
            };
            let record = ShipmentRecord::new(row.id(), state, now)
                .because("ShipStation accepted it, but its record was never seen: look by hand");
            self.step(vec![record]).await?;
            self.is_believed(&row.id());
        }
        Ok(())
    }
}

fn sent_at(row: &OutboxRow) -> Option<Timestamp> {
    match row.state {
        ShipmentState::Sent { at } => Some(at),
        _ => None,
    }
}
