//! Stores: where the merchant's orders come from. V1 reference, Endpoints / Stores.

use serde_json::json;

use super::{
    ActionResponse, Error, MarketplaceId, OrderStatus, PacificTime, Rows, ShipStation, StoreId, Stores,
    Updated, call::Call, endpoints, wire::model,
};
use crate::{Timestamp, setters::setters};

impl Stores {
    /// Lists the account's stores.
    pub fn list(&self) -> ListStores {
        ListStores { client: self.0.clone(), call: Call::to(&endpoints::LIST_STORES) }
    }

    /// Fetches one store, with its status mappings.
    pub async fn get(&self, store: StoreId) -> Result<Store, Error> {
        self.0.fetch(&endpoints::GET_STORE, store, |found: &Store| found.store_id).await
    }

    /// Replaces a store's settings as a whole, status mappings included: what is absent is cleared. Fetch it with
    /// [`get`](Self::get) first, because lists leave the mappings out. Repeatable.
    pub async fn update(&self, store: &Store) -> Result<Updated<Store>, Error> {
        self.0.update(&Call::to(&endpoints::UPDATE_STORE).id(store.store_id).json(store)).await
    }

    /// Starts an import of orders into ShipStation, for one store or for all. Repeatable.
    pub fn refresh(&self) -> RefreshStore {
        RefreshStore { client: self.0.clone(), store: None, from: None }
    }

    /// Asks how far the import of a store is.
    pub async fn refresh_status(&self, store: StoreId) -> Result<StoreRefreshStatus, Error> {
        let call = Call::to(&endpoints::GET_REFRESH_STATUS).query("storeId", store);
        let answer = self.0.granted(&call).await?;
        let status: StoreRefreshStatus = self.0.decode(&answer)?;
        match status.store_id {
            Some(id) if id == store => Ok(status),
            Some(_) => Err(answer.of_another()),
            // Any object would pass for a status, an error's body too.
            None => Err(answer.lacks("storeId")),
        }
    }

    /// Lists the marketplaces that ShipStation knows.
    pub async fn list_marketplaces(&self) -> Result<Rows<Marketplace>, Error> {
        self.0.rows(&Call::to(&endpoints::LIST_MARKETPLACES)).await
    }

    /// Takes a store out of use. Repeatable.
    pub async fn deactivate(&self, store: StoreId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::DEACTIVATE_STORE).json(&json!({ "storeId": store }))).await
    }

    /// Takes a store into use again. Repeatable.
    pub async fn reactivate(&self, store: StoreId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::REACTIVATE_STORE).json(&json!({ "storeId": store }))).await
    }
}

/// A request for stores; see [`Stores::list`].
#[derive(Debug)]
#[must_use = "nothing is sent until send() is awaited"]
pub struct ListStores {
    client: ShipStation,
    call: Call,
}

impl ListStores {
    /// Whether inactive stores are listed too. Default false.
    pub fn show_inactive(mut self, show: bool) -> Self {
        self.call = self.call.query("showInactive", show);
        self
    }

    /// Only stores on this marketplace.
    pub fn marketplace(mut self, marketplace: MarketplaceId) -> Self {
        self.call = self.call.query("marketplaceId", marketplace);
        self
    }

    /// Fetches the stores.
    pub async fn send(self) -> Result<Rows<Store>, Error> {
        self.client.rows(&self.call).await
    }
}

/// A request to import orders; see [`Stores::refresh`].
#[derive(Debug)]
#[must_use = "nothing is sent until send() is awaited"]
pub struct RefreshStore {
    client: ShipStation,
    store: Option<StoreId>,
    from: Option<PacificTime>,
}

impl RefreshStore {
    setters! {
        #![must_use]
        /// Only this store. Without it, every store that can be refreshed.
        store(store: StoreId) => store = Some(store);
        /// How far back to import; only for historical imports.
        from(instant: Timestamp) => from = Some(PacificTime::of(instant.floor_second()));
    }

    /// Starts the import. The parameters go in the query and in the body: the documentation has had them in either.
    pub async fn send(self) -> Result<Updated<Store>, Error> {
        let mut body = serde_json::Map::new();
        let mut call = Call::to(&endpoints::REFRESH_STORE);
        if let Some(store) = self.store {
            call = call.query("storeId", store);
            body.insert("storeId".to_owned(), store.get().into());
        }
        if let Some(from) = &self.from {
            let from = from.to_documented();
            call = call.query("refreshDate", &from);
            body.insert("refreshDate".to_owned(), from.into());
        }
        self.client.update(&call.json(&body)).await
    }
}

model! {
    /// A connection of the account to a marketplace or cart.
    pub struct Store {
        /// The store's id, as in [`AdvancedOptions::store_id`](super::AdvancedOptions::store_id).
        store_id: StoreId = "storeId",
        /// The name that the merchant gave it.
        store_name: Option<String> = "storeName",
        /// The marketplace; 0 is ShipStation's own manual store.
        @droppable marketplace_id: Option<MarketplaceId> = "marketplaceId",
        @droppable marketplace_name: Option<String> = "marketplaceName",
        /// The merchant's account at the marketplace.
        @personal @droppable account_name: Option<String> = "accountName",
        /// The merchant's e-mail address at the marketplace.
        @personal @droppable email: Option<String> = "email",
        /// The address that orders are fetched from.
        @personal @droppable integration_url: Option<String> = "integrationUrl",
        /// Whether orders are fetched at all.
        active: Option<bool> = "active",
        /// The merchant's company, for packing slips.
        @droppable company_name: Option<String> = "companyName",
        /// The merchant's phone, for packing slips.
        @personal @droppable phone: Option<String> = "phone",
        /// The merchant's public e-mail address, for packing slips.
        @personal @droppable public_email: Option<String> = "publicEmail",
        /// The merchant's site, for packing slips.
        @droppable website: Option<String> = "website",
        /// How far orders have been fetched. Whether this is Pacific time is disputed: do not compute with it.
        refresh_date: Option<PacificTime> = "refreshDate",
        /// When orders were last fetched.
        last_refresh_attempt: Option<PacificTime> = "lastRefreshAttempt",
        /// When the store was connected.
        @droppable create_date: Option<PacificTime> = "createDate",
        /// When its settings last changed.
        @droppable modify_date: Option<PacificTime> = "modifyDate",
        /// Whether orders are fetched without being asked for.
        auto_refresh: Option<bool> = "autoRefresh",
        /// How the marketplace's order states become ShipStation's. Empty in lists.
        @droppable status_mappings: Vec<StatusMapping> = "statusMappings",
    }

    /// One state of a marketplace and the order status it becomes.
    pub struct StatusMapping {
        /// The status in ShipStation.
        order_status: Option<OrderStatus> = "orderStatus",
        /// The marketplace's own text.
        status_key: Option<String> = "statusKey",
    }

    /// How far the import of a store is.
    pub struct StoreRefreshStatus {
        store_id: Option<StoreId> = "storeId",
        /// The state as a number; 2 goes with "Updating orders".
        refresh_status_id: Option<i64> = "refreshStatusId",
        /// The state in words.
        refresh_status: Option<String> = "refreshStatus",
        /// The state in one word, in newer documentation only.
        status: Option<String> = "status",
        /// When orders were last fetched: a text whose form is not established, such as `8-13-2014`.
        last_refresh_attempt: Option<String> = "lastRefreshAttempt",
        /// How far orders have been fetched: a text whose form is not established.
        refresh_date: Option<String> = "refreshDate",
    }

    /// A marketplace or cart that ShipStation can connect to.
    pub struct Marketplace {
        name: Option<String> = "name",
        marketplace_id: MarketplaceId = "marketplaceId",
        /// Whether orders can be imported on request.
        can_refresh: Option<bool> = "canRefresh",
        supports_custom_mappings: Option<bool> = "supportsCustomMappings",
        supports_custom_statuses: Option<bool> = "supportsCustomStatuses",
        /// Whether shipments can be reported back.
        can_confirm_shipments: Option<bool> = "canConfirmShipments",
    }
}
