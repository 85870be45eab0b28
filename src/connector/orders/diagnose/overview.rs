//! "Why was nothing imported?", asked without an order: what there is in each status, inside and outside the window.
//! Changes nothing.

use crate::{
    channel::{ChannelError, ImportOverview, Operation, RunControl, StatusTotals, store::StoreError},
    client::{Error, Lane, ListOrders, OrderStatus, ShipStation},
    connector::{
        self, ShipStationChannel, check, failure, mapping::Mapper, run, settings::ExternallyFulfilledPolicy,
    },
};

use super::{super::scan::orders_of, Window, unanswered};

/// What an order can be besides imported: the states that a merchant may have meant.
const STATES: [OrderStatus; 4] = [
    OrderStatus::AwaitingShipment,
    OrderStatus::AwaitingPayment,
    OrderStatus::PendingFulfillment,
    OrderStatus::OnHold,
];

const QUESTION: &str = "why_nothing";

impl ShipStationChannel {
    /// Costs a small request or two for each status.
    pub(in crate::connector) async fn run_why_nothing(
        &self,
        control: &RunControl,
    ) -> Result<ImportOverview, ChannelError> {
        let refuse = |error: StoreError| ChannelError::of(QUESTION, error.into());
        let client = run::client_for(QUESTION, self, control)?.on_lane(Lane::Interactive);
        let settings = &self.settings.orders;
        let mut answer = ImportOverview::new(self.connection.clone());
        let recent = self.stores.runs.recent(&self.connection, Operation::GetOrders, 1).await;
        answer.last = recent.map_err(refuse)?.into_iter().next();
        answer.last_success = self.last_import().await.map_err(refuse)?;
        let now = self.server_time();
        let window = self.window_at(now).await.map_err(refuse)?;
        answer.window = Some(window.report());
        answer.wants_tag = settings.tag.map(crate::client::TagId::get);
        let mapper = Mapper::load(self).await.map_err(|refusal| ChannelError::of(QUESTION, refusal))?;
        answer.no_mapping = mapper.is_empty(&self.settings.shipping);
        let others = STATES.iter().filter(|status| !settings.statuses.contains(status));
        for status in settings.statuses.iter().chain(others) {
            let totals = self.totals(&client, &window, status).await;
            answer.statuses.push(totals.map_err(|error| unanswered(QUESTION, &error))?);
        }
        let more = self.look_further(&client, &window, &mut answer).await;
        more.map_err(|error| unanswered(QUESTION, &error))?;
        answer.notices = self.key_expiry().into_iter().collect();
        Ok(answer)
    }

    /// Looks at the stores, and at orders that somebody else fulfills: where the counts explain nothing, or are few.
    async fn look_further(
        &self,
        client: &ShipStation,
        window: &Window,
        answer: &mut ImportOverview,
    ) -> Result<(), Error> {
        let settings = &self.settings.orders;
        if settings.tag.is_some() && !answer.hints().is_empty() {
            return Ok(());
        }
        if let Some(stores) = known(client.stores().list().show_inactive(true).send().await)? {
            self.directory.keep(&stores.items, &**client.clock());
            answer.stores = check::not_refreshed(settings, &stores.items, self.server_time());
        }
        if settings.externally_fulfilled != ExternallyFulfilledPolicy::Skip {
            return Ok(());
        }
        for totals in answer.statuses.iter_mut().filter(|totals| totals.imported && totals.inside > Some(0)) {
            let list = orders_of(client, &OrderStatus::from(totals.status.as_str()), settings);
            let page = window.filter(list).page_size(settings.page_size).send().await;
            let Some(page) = known(page)? else { continue };
            let theirs = page.items.iter().filter(|order| order.externally_fulfilled == Some(true));
            totals.externally_fulfilled = Some(connector::count(theirs.count()));
        }
        Ok(())
    }

    async fn totals(
        &self,
        client: &ShipStation,
        window: &Window,
        status: &OrderStatus,
    ) -> Result<StatusTotals, Error> {
        let settings = &self.settings.orders;
        let list = || orders_of(client, status, settings);
        let mut totals = StatusTotals::new(status.as_str(), settings.statuses.contains(status));
        totals.inside = count(window.filter(list())).await?;
        if !totals.imported {
            return Ok(totals);
        }
        if let Some(outside) = window.before(list()) {
            totals.outside = count(outside).await?;
        }
        if let Some(tag) = settings.tag {
            let tagged = client.orders().list_by_tag(status.clone(), tag).page_size(1).send().await;
            totals.tagged = known(tagged)?.and_then(|page| page.total);
        }
        Ok(totals)
    }
}

async fn count(list: ListOrders) -> Result<Option<u64>, Error> {
    Ok(known(list.page_size(1).send().await)?.and_then(|page| page.total))
}

/// What ShipStation fails to tell is not known; refused credentials answer nothing at all.
fn known<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(error) if failure::is_about_credentials(&error) => Err(error),
        answer => Ok(answer.ok()),
    }
}
