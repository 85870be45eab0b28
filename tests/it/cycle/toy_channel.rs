//! A second channel written against the contract without touching it: proof that the vocabulary is neutral.

use std::sync::Arc;

use async_trait::async_trait;
use shipstation_connector::{
    Timestamp,
    channel::{
        Capabilities, ChannelConnector, ChannelError, ChannelOrder, CheckConnection, CheckReport,
        ConnectionId, Delivery, DiagnoseOrder, Diagnosis, ExplainImports, GetOrders, ImportOrder,
        ImportOverview, ImportReport, LinkListings, LinkReport, Operation, PublishListings, Readiness,
        Refusal, ResolveHeld, ResolveReport, ResolveShipping, RunId, RunStatus, Support, SyncListings,
        SyncReport, SyncShipments, Trigger,
        report::ImportOutcome,
        report::RunInfo,
        shipping::ShippingResolution,
        store::{BeginOutcome, NewOrder, NewRun, RunSummary, SaveOutcome, Stores},
    },
    stores::MemoryStore,
};

/// A channel that always has one order.
#[derive(Debug)]
struct LemonadeStand {
    stores: Stores,
}

const WHY: &str = "a lemonade stand has no such thing";

fn no(operation: Operation) -> ChannelError {
    ChannelError::new(operation, Refusal::Unsupported { why: WHY, instead: None })
}

#[async_trait]
impl ChannelConnector for LemonadeStand {
    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::none("Lemonade stand", WHY);
        can.get_orders = Support::Supported { match_on: &[], needs: &[] };
        can
    }

    fn readiness(&self, _: Operation) -> Readiness {
        Readiness::Ready
    }

    async fn check(&self, _: CheckConnection) -> Result<CheckReport, ChannelError> {
        Ok(CheckReport::new(ConnectionId::new("stand"), Vec::new(), 0))
    }

    async fn link_listings(&self, _: LinkListings) -> Result<LinkReport, ChannelError> {
        Err(no(Operation::LinkListings))
    }

    async fn sync_listings(&self, _: SyncListings) -> Result<LinkReport, ChannelError> {
        Err(no(Operation::SyncListings))
    }

    async fn publish_listings(&self, _: PublishListings) -> Result<LinkReport, ChannelError> {
        Err(no(Operation::PublishListings))
    }

    async fn get_orders(&self, _: GetOrders) -> Result<ImportReport, ChannelError> {
        let refuse = |error: shipstation_connector::channel::store::StoreError| {
            ChannelError::new(Operation::GetOrders, error.into())
        };
        let now = Timestamp::UNIX_EPOCH;
        let connection = ConnectionId::new("stand");
        let new = NewRun::new(
            connection.clone(),
            Operation::GetOrders,
            RunId::new("run"),
            "stand",
            std::time::Duration::from_secs(60),
            now,
        );
        let token = match self.stores.runs.begin(new).await.map_err(refuse)? {
            BeginOutcome::Granted(token) => token,
            other => panic!("{other:?}"),
        };
        let order = NewOrder::new(ChannelOrder::new("1", "one"), ShippingResolution::NoText, 0, now);
        let saved = self.stores.orders.save(&token, &[order]).await.map_err(refuse)?;
        let info =
            RunInfo::begun(token.run.clone(), connection, Operation::GetOrders, Trigger::Manual, false, now);
        let mut report = ImportReport::new(info);
        match saved.first() {
            Some(SaveOutcome::Inserted { .. }) => {
                report.counts.add(&ImportOutcome::imported(None, Vec::new()));
            }
            _ => report.counts.add(&ImportOutcome::AlreadyImported),
        }
        report.run.status = RunStatus::Succeeded;
        let summary =
            RunSummary::ended(token.run.clone(), now, now, false, RunStatus::Succeeded, report.headline());
        self.stores.runs.finish(&token, summary).await.map_err(refuse)?;
        Ok(report)
    }

    async fn import_order(&self, _: ImportOrder) -> Result<ImportReport, ChannelError> {
        Err(no(Operation::GetOrders))
    }

    async fn on_webhook(&self, _: Delivery) -> Result<ImportReport, ChannelError> {
        Err(no(Operation::ImportOrder))
    }

    async fn diagnose_order(&self, _: DiagnoseOrder) -> Result<Vec<Diagnosis>, ChannelError> {
        Ok(vec![Diagnosis::new(None, "one")])
    }

    async fn why_nothing(&self, _: ExplainImports) -> Result<ImportOverview, ChannelError> {
        Err(no(Operation::GetOrders))
    }

    async fn resolve_shipping(&self, _: ResolveShipping) -> Result<ShippingResolution, ChannelError> {
        Ok(ShippingResolution::NoText)
    }

    async fn resolve_held(&self, _: ResolveHeld) -> Result<ResolveReport, ChannelError> {
        Err(no(Operation::ResolveHeld))
    }

    async fn sync_shipments(&self, _: SyncShipments) -> Result<SyncReport, ChannelError> {
        Err(no(Operation::SyncShipments))
    }
}

#[tokio::test]
async fn layers_a_second_channel_needs_nothing_of_shipstation() {
    let stores = Stores::all_in(Arc::new(MemoryStore::new()));
    let channel: Arc<dyn ChannelConnector> = Arc::new(LemonadeStand { stores });
    assert!(channel.check(CheckConnection::new()).await.unwrap().is_ok());
    let first = channel.get_orders(GetOrders::new()).await.unwrap();
    let second = channel.get_orders(GetOrders::new()).await.unwrap();
    assert_eq!(
        (first.counts.imported(), second.counts.imported(), second.counts.already_imported()),
        (1, 0, 1)
    );
    let refused = channel.sync_shipments(SyncShipments::new()).await.unwrap_err();
    assert_eq!(refused.to_string(), format!("sync_shipments was not started: not supported: {WHY}"));
}
