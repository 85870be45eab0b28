//! The account's key pair. It is shown nowhere and leaves this module only as a header marked sensitive.

use std::{
    error::Error as StdError,
    fmt::{self, Debug},
};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::{PacificDate, error::Problem};
use crate::setters::setters;

/// An API key and API secret of one ShipStation account.
///
/// Both are wiped from memory on drop and never appear in `Debug` output, errors or logs. The V1 pair is made in
/// ShipStation under Settings, Account, API Settings; a V2 key does not work here.
///
/// ```
/// use shipstation_connector::client::Credentials;
/// let credentials = Credentials::new("my-key", "my-secret");
/// assert!(!format!("{credentials:?}").contains("my-"));
/// ```
#[derive(Clone)]
pub struct Credentials {
    key: SecretString,
    secret: SecretString,
    pub(super) expires_on: Option<PacificDate>,
}

impl Credentials {
    /// Takes the pair as ShipStation shows it; blanks around either part, which often come along when copying, are dropped.
    pub fn new(key: impl AsRef<str>, secret: impl AsRef<str>) -> Self {
        Self { key: key.as_ref().trim().into(), secret: secret.as_ref().trim().into(), expires_on: None }
    }

    setters! {
        /// The day on which the pair expires, as ShipStation shows it where the pair was made. From 30 days before, a channel
        /// says so in its check and its notices; no request depends on it.
        expires_on(date: PacificDate) => expires_on = Some(date);
    }

    pub(super) fn key(&self) -> &SecretString {
        &self.key
    }

    /// The value of the `Authorization` header (V1 reference, Conventions / Authentication).
    pub(crate) fn header(&self) -> Result<HeaderValue, Box<Problem>> {
        let (key, secret) = (self.key.expose_secret(), self.secret.expose_secret());
        if key.is_empty() || secret.is_empty() {
            return Err(
                Problem::config("credentials: the API key and the API secret must not be empty").into()
            );
        }
        if key.contains(':') {
            return Err(Problem::config("credentials: the API key must not contain a colon").into());
        }
        let pair = SecretString::from(format!("{key}:{secret}"));
        let value = SecretString::from(format!("Basic {}", STANDARD.encode(pair.expose_secret())));
        let mut header = HeaderValue::from_str(value.expose_secret())
            .map_err(|_| Problem::config("credentials: cannot be written as a header"))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// Where a client gets its credentials. [`Credentials`] themselves are one that never changes.
///
/// V1 keys expire after 3, 6 or 12 months, and an account has two pairs so that they can be exchanged one after the other:
/// [`KeyPairs`](super::KeyPairs) holds both. A source that reads them where the host keeps them (a vault, a table) lets a client
/// live through any change.
///
/// # Contract
/// - It is asked when the client is first used; and once more when ShipStation has refused the pair (401), before the request
///   fails. If it then gives another pair, the request is sent once more with that.
/// - All clones of a client share what it answers: requests that are refused together ask once.
/// - It SHOULD answer fast: requests wait for it. It MUST be cancel-safe: it is given up after the client's
///   [timeout](super::ShipStationBuilder::timeout).
///
/// ```
/// use shipstation_connector::client::{CredentialSource, Credentials, ShipStation};
/// use std::{error::Error, sync::Arc};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// #[async_trait::async_trait]
/// impl CredentialSource for Vault {
///     async fn credentials(&self) -> Result<Credentials, Box<dyn Error + Send + Sync>> {
///         Ok(Credentials::new("the key of today", "the secret of today"))
///     }
/// }
///
/// let client = ShipStation::builder(Vault).build().unwrap();
/// # let _ = client;
/// ```
#[async_trait]
pub trait CredentialSource: Debug + Send + Sync {
    /// The pair to use from now on.
    ///
    /// # Errors
    /// There is none at present. A request that needs it fails with [`ErrorKind::Auth`](super::ErrorKind::Auth) and
    /// [`Outcome::NotSent`](super::Outcome::NotSent); the error is its [source](StdError::source), and MUST show no secret.
    async fn credentials(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>>;

    /// The pair of a source that will never give another: it is checked when the client is built, and nobody is asked later.
    fn fixed(&self) -> Option<Credentials> {
        None
    }
}

#[async_trait]
impl CredentialSource for Credentials {
    async fn credentials(&self) -> Result<Credentials, Box<dyn StdError + Send + Sync>> {
        Ok(self.clone())
    }

    fn fixed(&self) -> Option<Credentials> {
        Some(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_header_of_the_vendors_example() {
        let header = Credentials::new("ShipStation", " Rocks\n").header().ok().unwrap();
        assert_eq!(header.to_str().unwrap(), "Basic U2hpcFN0YXRpb246Um9ja3M=");
        assert!(header.is_sensitive());
    }

    #[test]
    fn refuses_a_pair_that_cannot_work() {
        for (key, secret) in [("", "s"), ("k", ""), ("k:k", "s")] {
            assert!(Credentials::new(key, secret).header().is_err());
        }
    }
}
