//! The account's key pair. It is shown nowhere and leaves this module only as a header marked sensitive.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::{Error, error::Problem};

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
}

impl Credentials {
    /// Takes the pair as ShipStation shows it; blanks around either part, a common slip when copying, are dropped.
    pub fn new(key: impl AsRef<str>, secret: impl AsRef<str>) -> Self {
        Self { key: key.as_ref().trim().into(), secret: secret.as_ref().trim().into() }
    }

    /// The value of the `Authorization` header (V1 reference, Conventions / Authentication).
    pub(crate) fn header(&self) -> Result<HeaderValue, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_header_of_the_vendors_example() {
        let header = Credentials::new("ShipStation", " Rocks\n").header().unwrap();
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
