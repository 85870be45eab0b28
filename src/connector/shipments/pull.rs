//! The pull model: shipments of a host that does not enqueue them are put into the outbox first, and the cursor moves
//! after them. Nothing is sent here.

use super::{Stop, Sync, timing::SOURCE_LAG};
use crate::{
    channel::store::{ChangedShipment, Enqueued, ShipmentSource, SourceCursor},
    connector::PAGE,
};

impl Sync<'_> {
    /// Takes over what has changed in the host since the cursor.
    pub(super) async fn pull(&mut self) -> Result<(), Stop> {
        let Some(source) = self.run.channel.source.as_deref().filter(|_| !self.run.control.dry_run) else {
            return Ok(());
        };
        let connection = &self.run.channel.connection;
        let kept = source.cursor(connection).await?;
        let mut at = kept.clone();
        let mut safe = kept.clone();
        loop {
            let changed = source.changed_since(connection, at.as_ref(), PAGE).await?;
            let (rows, last) = (changed.len(), changed.last().map(ChangedShipment::cursor));
            let leads_on = leads_on(&changed, at.as_ref());
            for row in changed {
                let cursor = row.cursor();
                let now = self.run.now();
                let enqueued =
                    self.run.channel.stores.shipments.enqueue(connection, row.shipment, now).await?;
                self.did_something |= enqueued == Enqueued::Enqueued;
                if cursor.updated_at <= self.run.info.started - SOURCE_LAG {
                    safe = safe.max(Some(cursor));
                }
            }
            if !leads_on {
                self.not_all_read = true;
                self.run.warn(
                    "the host's shipment source does not go on from its cursor in the order of (updated at, shipment id): \
                     shipments behind this page are not seen, and the cursor stays where it is",
                );
                return Ok(());
            }
            self.keep(source, kept.as_ref(), safe.as_ref()).await?;
            if rows < PAGE {
                return Ok(());
            }
            at = last;
            self.run.checkpoint().await?;
        }
    }

    async fn keep(
        &self,
        source: &dyn ShipmentSource,
        kept: Option<&SourceCursor>,
        safe: Option<&SourceCursor>,
    ) -> Result<(), Stop> {
        match safe {
            Some(cursor) if kept < Some(cursor) => Ok(source.move_cursor(&self.run.token, cursor).await?),
            _ => Ok(()),
        }
    }
}

/// Whether a page can be gone on from. Past one that is out of order, or full and shows nothing beyond the cursor, the
/// cursor would jump shipments.
fn leads_on(page: &[ChangedShipment], at: Option<&SourceCursor>) -> bool {
    let last = page.last().map(ChangedShipment::cursor);
    page.is_sorted_by_key(ChangedShipment::cursor) && (page.len() < PAGE || last.as_ref() > at)
}
