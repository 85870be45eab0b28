//! Who is named on an order.

use crate::{
    channel::{Address, AddressVerification, BillingParty, Buyer, CarrierBilling, ExternalFulfiller},
    client::{self, AdvancedOptions, Order},
};

pub(super) fn buyer(order: &Order) -> Buyer {
    let mut buyer = Buyer::default();
    buyer.customer_id = order.customer_id.map(|id| id.to_string());
    buyer.username.clone_from(&order.customer_username);
    buyer.email.clone_from(&order.customer_email);
    buyer
}

pub(super) fn address(from: &client::Address) -> Address {
    let mut address = Address::default();
    address.name.clone_from(&from.name);
    address.company.clone_from(&from.company);
    address.street1.clone_from(&from.street1);
    address.street2.clone_from(&from.street2);
    address.street3.clone_from(&from.street3);
    address.city.clone_from(&from.city);
    address.state.clone_from(&from.state);
    address.postal_code.clone_from(&from.postal_code);
    address.country.clone_from(&from.country);
    address.phone.clone_from(&from.phone);
    address.residential = from.residential;
    address.verification = from.address_verified.as_ref().map(verification);
    address
}

fn verification(from: &client::AddressVerification) -> AddressVerification {
    use client::AddressVerification as Said;
    match from {
        Said::NotYetValidated => AddressVerification::NotVerified,
        Said::Validated => AddressVerification::Verified,
        Said::Warning => AddressVerification::Warning,
        Said::Failed => AddressVerification::Failed,
        Said::Unknown(text) => AddressVerification::Unknown(text.clone()),
    }
}

/// Who pays the carrier, if the order says anything about it.
pub(super) fn carrier_billing(options: &AdvancedOptions) -> Option<CarrierBilling> {
    let mut billing = CarrierBilling::default();
    billing.party = options.bill_to_party.as_ref().map(|party| BillingParty::from(party.as_str()));
    billing.account.clone_from(&options.bill_to_account);
    billing.postal_code.clone_from(&options.bill_to_postal_code);
    billing.country.clone_from(&options.bill_to_country_code);
    billing.other_account = options.bill_to_my_other_account.map(|id| id.to_string());
    (billing != CarrierBilling::default()).then_some(billing)
}

pub(super) fn external_fulfiller(order: &Order) -> Option<ExternalFulfiller> {
    let mut by = ExternalFulfiller::default();
    by.kind.clone_from(&order.externally_fulfilled_by);
    by.id.clone_from(&order.externally_fulfilled_by_id);
    by.name.clone_from(&order.externally_fulfilled_by_name);
    (by != ExternalFulfiller::default()).then_some(by)
}
