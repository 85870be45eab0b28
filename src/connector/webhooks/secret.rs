//! The secret part of the address that deliveries are posted to. ShipStation does not sign them (V1 reference, Webhooks /
//! Security), so that whoever knows the address may post.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::{Host, Url, form_urlencoded};

use crate::channel::Finding;

/// The parameter of the address that holds it.
const PARAMETER: &str = "key";
const MIN_CHARS: usize = 16;
const SETTING: &str = "webhook_secret";

#[derive(Debug)]
pub(in crate::connector) struct WebhookSecret(SecretString);

impl WebhookSecret {
    pub(in crate::connector) fn new(secret: &str) -> Self {
        Self(secret.into())
    }

    /// Why it cannot be used.
    pub(in crate::connector) fn problem(&self) -> Option<Finding> {
        let secret = self.0.expose_secret();
        let is_plain = secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
        let remedy =
            format!("use at least {MIN_CHARS} random letters and digits; `-`, `_`, `.` and `~` are allowed");
        let finding = |observed| Finding::error("invalid_setting", SETTING, observed, remedy);
        match (secret.len() < MIN_CHARS, is_plain) {
            (true, _) => Some(finding("is too short")),
            (_, false) => Some(finding("has characters that would be rewritten on their way")),
            _ => None,
        }
    }

    /// The finding where there is none and one is needed.
    pub(super) fn missing() -> Finding {
        let remedy = "give the channel one: whoever knows the address could post deliveries otherwise";
        Finding::error("webhook_secret_missing", SETTING, "is not set", remedy)
    }

    /// The address to subscribe.
    ///
    /// # Errors
    /// The address is none that ShipStation could safely post to.
    pub(super) fn address(&self, base: &str) -> Result<Url, Finding> {
        let mut url = public_address(base).map_err(|observed| {
            let remedy = "give the public https address at which the host receives deliveries";
            Finding::error("invalid_address", "address", observed, remedy)
        })?;
        url.query_pairs_mut().append_pair(PARAMETER, self.0.expose_secret());
        Ok(url)
    }

    /// Whether a delivery's target holds the secret. What this takes does not depend on how much of it is right.
    pub(super) fn is_in(&self, target: &str) -> bool {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let keys = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == PARAMETER);
        let wanted = Sha256::digest(self.0.expose_secret());
        let equal = keys.filter(|(_, given)| {
            let given = Sha256::digest(given.as_bytes());
            given.iter().zip(&wanted).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
        });
        equal.count() > 0
    }
}

fn public_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text.trim()).map_err(|_| "is not an absolute URL")?;
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.') == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unspecified(),
        None => return Err("names no host"),
    };
    if url.scheme() != "https" {
        Err("is not https")
    } else if is_here {
        Err("is an address of this machine alone")
    } else if !url.username().is_empty() || url.password().is_some() {
        Err("holds a user or password")
    } else if url.fragment().is_some() {
        Err("holds a fragment, which is never sent")
    } else if url.query_pairs().any(|(name, _)| name == PARAMETER) {
        Err("holds a parameter `key`, which the channel adds itself")
    } else {
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "planted-secret-0123456789";

    #[test]
    fn secrets_are_found_in_the_target_and_nowhere_else() {
        let secret = WebhookSecret::new(SECRET);
        let url = secret.address("https://hooks.example.com/in?tenant=3").unwrap();
        assert_eq!(url.as_str(), format!("https://hooks.example.com/in?tenant=3&key={SECRET}"));
        for target in [url.as_str(), &format!("/in?key={SECRET}"), &format!("/in?key=x&key={SECRET}&a=b")] {
            assert!(secret.is_in(target), "{target}");
        }
        let longer = format!("/in?key={SECRET}9");
        let other = format!("/in?Key={SECRET}");
        for target in ["", "/in", "/in?key=", "/in?key=planted-secret-012345678", &longer, &other, SECRET] {
            assert!(!secret.is_in(target), "{target}");
        }
        assert!(!format!("{secret:?}").contains("planted"));
    }

    #[test]
    fn secrets_that_are_short_or_would_be_rewritten_are_refused() {
        assert!(WebhookSecret::new(SECRET).problem().is_none());
        for text in [
            "",
            "fifteen-letters",
            "planted secret 0123456789",
            "planted&secret=0123456789",
            "plänted-secret-0123456",
        ] {
            let problem = WebhookSecret::new(text).problem().unwrap();
            assert!(text.is_empty() || !problem.to_string().contains(text), "{problem}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_https_are_refused() {
        for base in [
            "",
            "hooks.example.com/in",
            "http://hooks.example.com/in",
            "https://localhost/in",
            "https://127.0.0.1/in",
            "https://[::1]/in",
            "https://user@hooks.example.com/in",
            "https://hooks.example.com/in#part",
            "https://hooks.example.com/in?key=mine",
            "mailto:jane@example.com",
        ] {
            assert!(WebhookSecret::new(SECRET).address(base).is_err(), "{base}");
        }
    }
}
