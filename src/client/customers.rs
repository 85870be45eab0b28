//! Customers: the buyers' records, read-only in V1. V1 reference, Endpoints / Customers.

use super::{
    CustomerId, CustomerUserId, Customers, Error, MarketplaceId, PacificTime, TagId, endpoints,
    page::{ListCall, list_request},
    wire::{model, open_enum, rows::list_row},
};

impl Customers {
    /// Lists customers.
    pub fn list(&self) -> ListCustomers {
        ListCustomers(ListCall::new(self.0.clone(), &endpoints::LIST_CUSTOMERS))
    }

    /// Fetches one customer.
    pub async fn get(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.0.fetch(&endpoints::GET_CUSTOMER, customer, |found: &Customer| found.customer_id).await
    }
}

open_enum! {
    /// What customers can be sorted by.
    pub enum CustomerSort {
        /// By name.
        Name = "Name",
        /// By modification.
        ModifyDate = "ModifyDate",
        /// By creation.
        CreateDate = "CreateDate",
    }
}

list_request! {
    /// A request for customers; see [`Customers::list`]. The list has no date filter, so that streams read it by page number.
    pub struct ListCustomers of Customer;
    sort CustomerSort;
    texts {
        /// Only customers in this state.
        state_code = "stateCode",
        /// Only customers in this country, two letters.
        country_code = "countryCode",
    }
    values {
        /// Only customers who bought on this marketplace.
        marketplace: MarketplaceId = "marketplaceId",
        /// Only customers with this tag.
        tag: TagId = "tagId",
    }
}

model! {
    /// A buyer's record.
    pub struct Customer {
        /// The customer's id.
        customer_id: CustomerId = "customerId",
        /// When the record was made.
        @droppable create_date: Option<PacificTime> = "createDate",
        /// When it last changed.
        @droppable modify_date: Option<PacificTime> = "modifyDate",
        /// The person.
        @personal @droppable name: Option<String> = "name",
        /// The company.
        @personal @droppable company: Option<String> = "company",
        /// The first line of the address.
        @personal @droppable street1: Option<String> = "street1",
        /// The second line of the address.
        @personal @droppable street2: Option<String> = "street2",
        /// The city.
        @personal @droppable city: Option<String> = "city",
        /// The state.
        @personal @droppable state: Option<String> = "state",
        /// The postal code.
        @personal @droppable postal_code: Option<String> = "postalCode",
        /// The country, two letters.
        @droppable country_code: Option<String> = "countryCode",
        /// The phone number.
        @personal @droppable phone: Option<String> = "phone",
        /// The e-mail address.
        @personal @droppable email: Option<String> = "email",
        /// What ShipStation thinks of the address: `Verified` or `Unverified`, other words than on orders.
        @droppable address_verified: Option<String> = "addressVerified",
        /// The logins at marketplaces.
        @droppable marketplace_usernames: Vec<MarketplaceUsername> = "marketplaceUsernames",
        /// The tags.
        @droppable tags: Vec<CustomerTag> = "tags",
    }
}

list_row!(Customer, "customerId", customer_id in "customers");

model! {
    /// A customer's login at a marketplace.
    pub struct MarketplaceUsername {
        /// The login's id.
        customer_user_id: Option<CustomerUserId> = "customerUserId",
        /// The customer.
        customer_id: Option<CustomerId> = "customerId",
        /// When it was made.
        create_date: Option<PacificTime> = "createDate",
        /// When it last changed.
        modify_date: Option<PacificTime> = "modifyDate",
        /// The marketplace.
        marketplace_id: Option<MarketplaceId> = "marketplaceId",
        /// The marketplace's name.
        marketplace: Option<String> = "marketplace",
        /// The login.
        @personal username: Option<String> = "username",
    }

    /// A tag on a customer.
    pub struct CustomerTag {
        /// The tag's id.
        tag_id: Option<TagId> = "tagId",
        /// Its name.
        name: Option<String> = "name",
    }
}
