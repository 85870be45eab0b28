//! "What happened to this order?": from the stores alone where its id is known. Changes nothing.

use super::{
    by_hand::{the_one, unanswered},
    find::find,
};
use crate::{
    channel::{
        ChannelError, ChannelOrderId, OrderSelector, OrderTimeline, Timeline,
        store::{
            HistoryStoreExt, ImportRecord, OrderStoreExt, OrderWork, OutboxRow, ShipmentStoreExt, StoreError,
            WorkQuery,
        },
    },
    client::Lane,
    connector::{ShipStationChannel, run, translate},
};

impl ShipStationChannel {
    pub(in crate::connector) async fn run_timeline(
        &self,
        request: OrderTimeline,
    ) -> Result<Timeline, ChannelError> {
        const QUESTION: &str = "timeline";
        let client = run::client_for(QUESTION, self, &request.control)?.on_lane(Lane::Interactive);
        let order = match &request.order {
            OrderSelector::Id(id) => id.clone(),
            which => {
                let found = find(&client, which).await.map_err(|error| unanswered(QUESTION, &error))?;
                let order = the_one(which, &found).map_err(|refusal| ChannelError::of(QUESTION, refusal))?;
                translate::order_id(order.order_id)
            }
        };
        self.story(order).await.map_err(|error| ChannelError::of(QUESTION, error.into()))
    }

    async fn story(&self, order: ChannelOrderId) -> Result<Timeline, StoreError> {
        let one = std::slice::from_ref(&order);
        let record = self.stores.orders.known(&self.connection, one).await?.remove(&order);
        let work = self.stores.orders.work(&self.connection, WorkQuery::Of(one)).await?;
        let rows = self.stores.shipments.order_progress(&self.connection, &order).await?.rows;
        self.timeline_of(&order, record.as_ref(), &work, &rows).await
    }

    /// The story of an order of which this is known beside its events.
    pub(super) async fn timeline_of(
        &self,
        order: &ChannelOrderId,
        record: Option<&ImportRecord>,
        work: &[OrderWork],
        rows: &[OutboxRow],
    ) -> Result<Timeline, StoreError> {
        let actions = self.actions_on(order, None).await?;
        // Last, so that they say at least as much as the records.
        let recorded = match &self.stores.history {
            Some(history) => history.story(&self.connection, order).await?,
            None => Vec::new(),
        };
        Ok(Timeline::completed(order.clone(), recorded, record, work, rows, &actions))
    }
}
