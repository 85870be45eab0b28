//! Carriers: the carrier accounts that are connected. V1 reference, Endpoints / Carriers.

use serde::Serialize;

use super::{
    Carriers, Decimal, Error, Rows, ShippingProviderId,
    call::Call,
    endpoints,
    wire::{model, money},
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AddFunds<'a> {
    carrier_code: &'a str,
    #[serde(serialize_with = "money::serialize")]
    amount: Decimal,
}

impl Carriers {
    /// Lists the carrier accounts. Several may share one code; `shipping_provider_id` tells them apart and `primary` marks
    /// the default.
    pub async fn list(&self) -> Result<Rows<Carrier>, Error> {
        self.0.rows(&Call::to(&endpoints::LIST_CARRIERS)).await
    }

    /// Fetches one carrier by its code; one of them if several accounts share it.
    pub async fn get(&self, carrier_code: impl AsRef<str>) -> Result<Carrier, Error> {
        self.carrier(&Call::to(&endpoints::GET_CARRIER).query("carrierCode", carrier_code.as_ref())).await
    }

    /// Adds funds to a carrier account, 10.00 to 10,000.00 US dollars, with the payment method on file. ShipStation
    /// must have approved the account for this. It happens once: each call pays again.
    ///
    /// # Errors
    /// After [`Outcome::Unknown`](super::Outcome::Unknown) compare the balance before paying again.
    pub async fn add_funds(&self, carrier_code: impl AsRef<str>, amount: Decimal) -> Result<Carrier, Error> {
        let body = AddFunds { carrier_code: carrier_code.as_ref(), amount };
        self.carrier(&Call::to(&endpoints::ADD_FUNDS).json(&body)).await
    }

    /// A carrier need not say anything in particular, so that any object would pass for one: it must show its code.
    async fn carrier(&self, call: &Call) -> Result<Carrier, Error> {
        let answer = self.0.granted(call).await?;
        let carrier: Carrier = self.0.decode(&answer)?;
        if carrier.code.is_some() { Ok(carrier) } else { Err(answer.lacks("code")) }
    }

    /// Lists the packages of a carrier.
    pub async fn list_packages(&self, carrier_code: impl AsRef<str>) -> Result<Rows<Package>, Error> {
        self.0.rows(&Call::to(&endpoints::LIST_PACKAGES).query("carrierCode", carrier_code.as_ref())).await
    }

    /// Lists the services of a carrier.
    pub async fn list_services(&self, carrier_code: impl AsRef<str>) -> Result<Rows<Service>, Error> {
        self.0.rows(&Call::to(&endpoints::LIST_SERVICES).query("carrierCode", carrier_code.as_ref())).await
    }
}

model! {
    /// One account with a carrier.
    pub struct Carrier {
        name: Option<String> = "name",
        /// The code that other operations take, such as `stamps_com`.
        @public code: Option<String> = "code",
        /// The account's number at the carrier.
        @personal account_number: Option<String> = "accountNumber",
        /// Whether labels are paid from a balance.
        requires_funded_account: Option<bool> = "requiresFundedAccount",
        /// The balance, in US dollars.
        balance: Option<Decimal> = "balance",
        /// The name that the merchant gave the account.
        nickname: Option<String> = "nickname",
        /// Identifies the account among those with the same code.
        shipping_provider_id: Option<ShippingProviderId> = "shippingProviderId",
        /// Whether this is the default among those with the same code.
        primary: Option<bool> = "primary",
    }

    /// A service of a carrier.
    pub struct Service {
        @public carrier_code: Option<String> = "carrierCode",
        /// The code that other operations take, such as `usps_priority_mail`.
        @public code: Option<String> = "code",
        name: Option<String> = "name",
        /// Whether it delivers inside the country.
        domestic: Option<bool> = "domestic",
        /// Whether it delivers abroad.
        international: Option<bool> = "international",
    }

    /// A kind of package of a carrier.
    pub struct Package {
        @public carrier_code: Option<String> = "carrierCode",
        /// The code that other operations take, such as `flat_rate_envelope`.
        @public code: Option<String> = "code",
        /// The name; may hold quotation marks.
        name: Option<String> = "name",
        /// Whether it goes inside the country.
        domestic: Option<bool> = "domestic",
        /// Whether it goes abroad.
        international: Option<bool> = "international",
    }
}
