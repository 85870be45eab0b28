//! Buyers' records.

use super::super::model::{SimAddress, SimCustomer, SimMarketplaceUsername};
use super::{Account, next};

impl Account {
    /// Adds a buyer of the manual store and returns the number.
    pub fn add_customer(&mut self, username: &str, address: &SimAddress, email: Option<String>) -> i64 {
        let customer_id = next(&mut self.last.customer);
        let now = self.now();
        let name = SimMarketplaceUsername {
            customer_user_id: customer_id - 280_000_000,
            customer_id,
            create_date: now,
            modify_date: now,
            marketplace_id: 0,
            marketplace: "ShipStation".to_owned(),
            username: Some(username.to_owned()),
        };
        let customer = SimCustomer {
            customer_id,
            create_date: now,
            modify_date: Some(now),
            name: address.name.clone().unwrap_or_else(|| username.to_owned()),
            company: address.company.clone(),
            street1: address.street1.clone(),
            street2: address.street2.clone(),
            city: address.city.clone(),
            state: address.state.clone(),
            postal_code: address.postal_code.clone(),
            country_code: address.country.clone(),
            phone: address.phone.clone(),
            email,
            address_verified: Some("Unverified".to_owned()),
            marketplace_usernames: Some(vec![name]),
            tags: None,
        };
        self.customers.insert(customer_id, customer);
        customer_id
    }
}
