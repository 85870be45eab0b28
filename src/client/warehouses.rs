//! Warehouses: the places that parcels start from. V1 reference, Endpoints / Warehouses.

use serde_json::Value;

use super::{
    ActionResponse, Address, Error, PacificTime, Rows, Updated, WarehouseId, Warehouses, call::Call,
    endpoints, wire::model,
};

impl Warehouses {
    /// Lists the active ship-from locations.
    pub async fn list(&self) -> Result<Rows<Warehouse>, Error> {
        self.0.rows(&Call::to(&endpoints::LIST_WAREHOUSES)).await
    }

    /// Fetches one ship-from location.
    pub async fn get(&self, warehouse: WarehouseId) -> Result<Warehouse, Error> {
        self.0.fetch(&endpoints::GET_WAREHOUSE, warehouse, |found: &Warehouse| found.warehouse_id).await
    }

    /// Makes a ship-from location. The first one is the default, whatever it says. It happens once.
    ///
    /// # Errors
    /// After [`Outcome::Unknown`](super::Outcome::Unknown) list the locations before making it again.
    pub async fn create(&self, warehouse: &NewWarehouse) -> Result<Warehouse, Error> {
        self.0.one(&Call::to(&endpoints::CREATE_WAREHOUSE).json(warehouse)).await
    }

    /// Replaces a ship-from location as a whole: what is absent is cleared. Repeatable.
    pub async fn update(&self, warehouse: &Warehouse) -> Result<Updated<Warehouse>, Error> {
        self.0
            .update(&Call::to(&endpoints::UPDATE_WAREHOUSE).id(warehouse.warehouse_id).json(warehouse))
            .await
    }

    /// Deletes a ship-from location. Repeatable; a repetition may find that it is gone.
    pub async fn delete(&self, warehouse: WarehouseId) -> Result<ActionResponse, Error> {
        self.0.act(&Call::to(&endpoints::DELETE_WAREHOUSE).id(warehouse)).await
    }
}

model! {
    /// A place that parcels start from.
    pub struct Warehouse {
        warehouse_id: WarehouseId = "warehouseId",
        @droppable warehouse_name: Option<String> = "warehouseName",
        /// Where parcels start.
        @droppable origin_address: Option<Address> = "originAddress",
        /// Where parcels come back to.
        @droppable return_address: Option<Address> = "returnAddress",
        @droppable create_date: Option<PacificTime> = "createDate",
        @droppable is_default: Option<bool> = "isDefault",
        /// Null in every recording; its type is not established.
        @droppable seller_integration_id: Option<Value> = "sellerIntegrationId",
        /// Null in every recording; its type is not established.
        @droppable ext_inventory_identity: Option<Value> = "extInventoryIdentity",
        /// Null in every recording; its type is not established.
        @droppable register_fedex_meter: Option<Value> = "registerFedexMeter",
    }

    /// A ship-from location to be made; see [`Warehouses::create`].
    #[derive(Default)]
    pub struct NewWarehouse {
        warehouse_name: Option<String> = "warehouseName",
        /// Where parcels start.
        origin_address: Option<Address> = "originAddress",
        /// Where parcels come back to; without it, where they start.
        return_address: Option<Address> = "returnAddress",
        /// Whether it is to be the default.
        is_default: Option<bool> = "isDefault",
    }
}

impl NewWarehouse {
    /// A location with this name and address; the rest is set on the fields.
    pub fn new(name: impl Into<String>, origin: Address) -> Self {
        Self { warehouse_name: Some(name.into()), origin_address: Some(origin), ..Self::default() }
    }
}
