//! Who is named on an order.

use crate::{
    channel::{Address, AddressVerification, BillingParty, Buyer, CarrierBilling, ExternalFulfiller},
    client::{self, AdvancedOptions, Order},
};

pub(super) fn buyer(order: &Order) -> Buyer {
    Buyer {
        customer_id: order.customer_id.map(|id| id.to_string()),
        username: order.customer_username.clone(),
        email: order.customer_email.clone(),
    }
}

pub(super) fn address(from: &client::Address) -> Address {
    Address {
        name: from.name.clone(),
        company: from.company.clone(),
        street1: from.street1.clone(),
        street2: from.street2.clone(),
        street3: from.street3.clone(),
        city: from.city.clone(),
        state: from.state.clone(),
        postal_code: from.postal_code.clone(),
        country: from.country.clone(),
        phone: from.phone.clone(),
        residential: from.residential,
        verification: from.address_verified.as_ref().map(verification),
    }
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
    let billing = CarrierBilling {
        party: options.bill_to_party.as_ref().map(|party| BillingParty::from(party.as_str())),
        account: options.bill_to_account.clone(),
        postal_code: options.bill_to_postal_code.clone(),
        country: options.bill_to_country_code.clone(),
        other_account: options.bill_to_my_other_account.map(|id| id.to_string()),
    };
    (billing != CarrierBilling::default()).then_some(billing)
}

pub(super) fn external_fulfiller(order: &Order) -> Option<ExternalFulfiller> {
    let by = ExternalFulfiller {
        kind: order.externally_fulfilled_by.clone(),
        id: order.externally_fulfilled_by_id.clone(),
        name: order.externally_fulfilled_by_name.clone(),
    };
    (by != ExternalFulfiller::default()).then_some(by)
}
