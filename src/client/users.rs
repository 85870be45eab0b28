//! Users: the people who work in the account. V1 reference, Endpoints / Users.

use super::{Error, Rows, ShipStation, UserId, Users, call::Call, endpoints, wire::model};

impl Users {
    /// Lists the account's users.
    pub fn list(&self) -> ListUsers {
        ListUsers { client: self.0.clone(), call: Call::to(&endpoints::LIST_USERS) }
    }
}

/// A request for users; see [`Users::list`].
#[derive(Debug)]
#[must_use = "nothing is sent until send() is awaited"]
pub struct ListUsers {
    client: ShipStation,
    call: Call,
}

impl ListUsers {
    /// Whether inactive users are listed too. Default false. The answer does not tell them apart.
    pub fn show_inactive(mut self, show: bool) -> Self {
        self.call = self.call.query("showInactive", show);
        self
    }

    /// Fetches the users.
    pub async fn send(self) -> Result<Rows<User>, Error> {
        self.client.rows(&self.call).await
    }
}

model! {
    /// A person who works in the account.
    pub struct User {
        user_id: UserId = "userId",
        /// The login, usually an e-mail address.
        @personal user_name: Option<String> = "userName",
        /// The display name.
        @personal name: Option<String> = "name",
    }
}
