//! What the simulated account holds, each type in the very shape that ShipStation prints: declaration
//! order is wire order. Nothing here knows of requests.

mod address;
mod line;
mod options;
mod order;
mod product;
mod reference;
mod shipping;

pub use address::SimAddress;
pub use line::{SimItemOption, SimLine};
pub use options::{
    SimAdvancedOptions, SimCustomsItem, SimDimensions, SimInsuranceOptions, SimInternationalOptions,
    SimWeight,
};
pub use order::{Absence, SimOrder};
pub use product::SimProduct;
pub use reference::{
    SimCarrier, SimCustomer, SimMarketplaceUsername, SimNamedTag, SimStatusMapping, SimStore, SimTag,
    SimUser, SimWarehouse, SimWebhook,
};
pub use shipping::{Notice, SimBilling, SimFulfillment, SimShipment};
