//! Who is named on an order: the buyer, the addresses, who pays the carrier, and who fulfills it instead of the host.

use serde::{Deserialize, Serialize};

use super::{open_words, two_letters};
use crate::shows::shows;

/// Who bought. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Buyer {
    /// The channel's record of the customer, by the channel's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The login name in the store.
    pub username: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

shows! { |_it: Buyer| }

/// A postal address. `Debug` shows the country only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Address {
    /// The person.
    pub name: Option<String>,
    /// The company.
    pub company: Option<String>,
    /// First street line.
    pub street1: Option<String>,
    /// Second street line.
    pub street2: Option<String>,
    /// Third street line.
    pub street3: Option<String>,
    /// The city.
    pub city: Option<String>,
    /// The state or province; two letters in the US and Canada.
    pub state: Option<String>,
    /// The postal code.
    pub postal_code: Option<String>,
    /// The country, two letters.
    pub country: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// Whether it is a home, when known.
    pub residential: Option<bool>,
    /// What the channel found when it verified the address, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<AddressVerification>,
}

shows! { |it: Address| country = two_letters(it.country.as_ref()) }

/// Who pays the carrier. `Debug` shows the party and the country only.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CarrierBilling {
    /// Who pays.
    pub party: Option<BillingParty>,
    /// The payer's account at the carrier.
    pub account: Option<String>,
    /// The payer's postal code.
    pub postal_code: Option<String>,
    /// The payer's country, two letters.
    pub country: Option<String>,
    /// The merchant's other carrier account, by the channel's id, with [`BillingParty::MyOtherAccount`].
    pub other_account: Option<String>,
}

impl CarrierBilling {
    /// Without what names the payer.
    pub(super) fn without_account(self) -> Self {
        Self { party: self.party, country: self.country, ..Self::default() }
    }
}

shows! { |it: CarrierBilling| party, country = two_letters(it.country.as_ref()) }

/// Who fulfills an order instead of the host. `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ExternalFulfiller {
    /// Which kind of fulfiller, in the channel's word.
    pub kind: Option<String>,
    /// The channel's id of it.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

shows! { |_it: ExternalFulfiller| }

open_words! {
    /// Who pays the carrier.
    pub enum BillingParty {
        /// The merchant, as usual.
        MyAccount = "my_account",
        /// The merchant, from another carrier account.
        MyOtherAccount = "my_other_account",
        /// The recipient.
        Recipient = "recipient",
        /// Somebody else.
        ThirdParty = "third_party",
    }

    /// What a channel found when it verified an address.
    pub enum AddressVerification {
        /// It has not been verified.
        NotVerified = "not_verified",
        /// Goods can be delivered there.
        Verified = "verified",
        /// It is doubtful.
        Warning = "warning",
        /// It could not be verified.
        Failed = "failed",
    }
}
