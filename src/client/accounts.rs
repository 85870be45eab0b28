//! Accounts: the account's tags, and making accounts for partners. V1 reference, Endpoints / Accounts.

use super::{Accounts, Error, Rows, SellerId, TagId, call::Call, endpoints, wire::model};

impl Accounts {
    /// Lists the account's order tags. Tags cannot be made or renamed through V1.
    pub async fn list_tags(&self) -> Result<Rows<AccountTag>, Error> {
        self.0.rows(&Call::to(&endpoints::LIST_TAGS)).await
    }

    /// Makes a ShipStation account. For partners with ShipStation's approval; it is sent without credentials.
    ///
    /// It happens once.
    ///
    /// # Errors
    /// [`Invalid`](super::ErrorKind::Invalid) with ShipStation's reason if the account was not made.
    pub async fn register(&self, account: &NewAccount) -> Result<RegisteredAccount, Error> {
        let mut call = Call::to(&endpoints::REGISTER_ACCOUNT).json(account);
        call.without_credentials = true;
        let answer = self.0.call(&call).await?;
        let registered: RegisteredAccount = self.0.decode(&answer)?;
        if registered.success == Some(true) { Ok(registered) } else { Err(answer.refused()) }
    }
}

model! {
    /// A tag that orders of the account can carry.
    pub struct AccountTag {
        /// The tag's id, as in [`Order::tag_ids`](super::Order::tag_ids).
        tag_id: TagId = "tagId",
        name: Option<String> = "name",
        /// Its color as `#RRGGBB`, in either case.
        color: Option<String> = "color",
    }

    /// An account to be made; see [`Accounts::register`]. The address is where its parcels start.
    #[derive(Default)]
    pub struct NewAccount {
        @personal first_name: Option<String> = "firstName",
        @personal last_name: Option<String> = "lastName",
        /// The owner's e-mail address, which becomes the login.
        @personal email: Option<String> = "email",
        @personal password: Option<String> = "password",
        @personal company_name: Option<String> = "companyName",
        @personal addr1: Option<String> = "addr1",
        @personal addr2: Option<String> = "addr2",
        @personal city: Option<String> = "city",
        @personal state: Option<String> = "state",
        @personal zip: Option<String> = "zip",
        /// The country, two letters.
        country_code: Option<String> = "countryCode",
        @personal phone: Option<String> = "phone",
    }
}

impl NewAccount {
    /// An account of this owner; the rest is set on the fields.
    pub fn new(
        first_name: impl Into<String>,
        last_name: impl Into<String>,
        email: impl Into<String>,
        password: impl Into<String>,
    ) -> Self {
        Self {
            first_name: Some(first_name.into()),
            last_name: Some(last_name.into()),
            email: Some(email.into()),
            password: Some(password.into()),
            ..Self::default()
        }
    }
}

model! {
    /// An account that was made. It holds the account's key pair: keep it as a secret.
    pub struct RegisteredAccount {
        /// ShipStation's words. They may quote what was sent.
        @personal message: Option<String> = "message",
        seller_id: Option<SellerId> = "sellerId",
        /// Always true here.
        success: Option<bool> = "success",
        @personal api_key: Option<String> = "apiKey",
        @personal api_secret: Option<String> = "apiSecret",
    }
}
