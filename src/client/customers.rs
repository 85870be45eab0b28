//! Customers: the buyers' records, read-only in V1. V1 reference, Endpoints / Customers.

use super::{
    CustomerId, CustomerUserId, Customers, Error, MarketplaceId, PacificTime, TagId, endpoints,
    page::list_request,
    wire::{model, open_enum},
};

impl Customers {
    /// Lists customers.
    pub fn list(&self) -> ListCustomers {
        ListCustomers::new(&self.0)
    }

    /// Fetches one customer.
    pub async fn get(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.0.fetch(&endpoints::GET_CUSTOMER, customer, |found: &Customer| found.customer_id).await
    }
}

open_enum! {
    /// What customers can be sorted by.
    pub enum CustomerSort {
        Name = "Name",
        ModifyDate = "ModifyDate",
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for customers; see [`Customers::list`]. The list has no date filter, so that streams read it by page number.
    pub struct ListCustomers of Customer: LIST_CUSTOMERS;
    sort CustomerSort;
    texts {
        state_code = "stateCode",
        /// Only customers in this country, two letters.
        country_code = "countryCode",
    }
    values {
        /// Only customers who bought on this marketplace.
        marketplace: MarketplaceId = "marketplaceId",
        tag: TagId = "tagId",
    }
}

model! {
    /// A buyer's record.
    pub struct Customer {
        customer_id: CustomerId = "customerId",
        @droppable create_date: Option<PacificTime> = "createDate",
        @droppable modify_date: Option<PacificTime> = "modifyDate",
        /// The person.
        @personal @droppable name: Option<String> = "name",
        @personal @droppable company: Option<String> = "company",
        @personal @droppable street1: Option<String> = "street1",
        @personal @droppable street2: Option<String> = "street2",
        @personal @droppable city: Option<String> = "city",
        @personal @droppable state: Option<String> = "state",
        @personal @droppable postal_code: Option<String> = "postalCode",
        /// The country, two letters.
        @droppable country_code: Option<String> = "countryCode",
        @personal @droppable phone: Option<String> = "phone",
        @personal @droppable email: Option<String> = "email",
        /// What ShipStation thinks of the address: `Verified` or `Unverified`, other words than on orders.
        @droppable address_verified: Option<String> = "addressVerified",
        @droppable marketplace_usernames: Vec<MarketplaceUsername> = "marketplaceUsernames",
        @droppable tags: Vec<CustomerTag> = "tags",
    }

    /// A customer's login at a marketplace.
    pub struct MarketplaceUsername {
        customer_user_id: Option<CustomerUserId> = "customerUserId",
        customer_id: Option<CustomerId> = "customerId",
        create_date: Option<PacificTime> = "createDate",
        modify_date: Option<PacificTime> = "modifyDate",
        marketplace_id: Option<MarketplaceId> = "marketplaceId",
        marketplace: Option<String> = "marketplace",
        @personal username: Option<String> = "username",
    }

    /// A tag on a customer.
    pub struct CustomerTag {
        tag_id: Option<TagId> = "tagId",
        name: Option<String> = "name",
    }
}
