//! What a configuration file can set of a client. It holds no credentials.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

use super::{MinuteWindow, RetryPolicy, wire::Masked};
use crate::{
    config_errors::{refuse_unknown_keys, wrong_value},
    shows::shows,
};

/// The settings of a client that are plain values, for a configuration file; see
/// [`ShipStationBuilder::settings`](super::ShipStationBuilder::settings). What is left out has its default, an unknown key is
/// an error that names the one that was meant, and durations are texts such as `90s`, `15m` or `PT15M`.
///
/// ```
/// use shipstation_connector::client::{ClientSettings, Credentials, ShipStation};
/// use std::time::Duration;
///
/// let settings: ClientSettings = serde_json::from_str(r#"{"timeout": "2m", "reserve": 10, "retry": {"max_attempts": 6}}"#)?;
/// assert_eq!(settings.timeout, Duration::from_secs(120));
/// let client = ShipStation::builder(Credentials::new("key", "secret")).settings(&settings).build()?;
/// assert_eq!(client.timeout(), settings.timeout);
/// let error = serde_json::from_str::<ClientSettings>(r#"{"timout": "2m"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "timout is not a setting: did you mean timeout?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, remote = "Self")]
#[non_exhaustive]
pub struct ClientSettings {
    /// The address that paths are added to. Default `https://ssapi.shipstation.com/`.
    pub base_url: String,
    /// The address of a proxy, such as `http://proxy.example:3128`, with user and password if it wants them. Without it, the
    /// environment's (`HTTPS_PROXY`). Only for the built-in transport, and never for a base URL on the loopback interface.
    pub proxy: Option<String>,
    /// Certificates of authorities that are trusted beside the usual ones, in PEM, one after the other: of a proxy that looks
    /// into TLS. Only for the built-in transport.
    pub root_certificates: Option<String>,
    /// How long one attempt may take from connecting to the last byte. Default 100 s.
    #[serde(with = "crate::duration_text")]
    pub timeout: Duration,
    /// How long connecting may take, in real time. Default 10 s. Only for the built-in transport.
    #[serde(with = "crate::duration_text")]
    pub connect_timeout: Duration,
    /// The longest body that is read from an answer, in bytes. Default 64 MiB.
    pub body_limit: usize,
    /// Requests per clock minute, until an answer says otherwise. Default 40. Not used with a
    /// [limiter](super::ShipStationBuilder::rate_limiter) of the host's own.
    pub requests_per_minute: u32,
    /// How many of them are left to other users of the key. Default 2. Not used with a limiter of the host's own.
    pub reserve: u32,
    /// When and how often failed requests are repeated.
    pub retry: RetryPolicy,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            base_url: "https://ssapi.shipstation.com/".to_owned(),
            proxy: None,
            root_certificates: None,
            timeout: Duration::from_secs(100),
            connect_timeout: Duration::from_secs(10),
            body_limit: 64 * 1024 * 1024,
            requests_per_minute: MinuteWindow::DEFAULT_LIMIT,
            reserve: MinuteWindow::DEFAULT_RESERVE,
            retry: RetryPolicy::default(),
        }
    }
}

impl Serialize for ClientSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ClientSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        let known = serde_json::to_value(Self::default()).map_err(D::Error::custom)?;
        refuse_unknown_keys(&given, &known, "").map_err(D::Error::custom)?;
        let mut track = serde_path_to_error::Track::new();
        Self::deserialize(serde_path_to_error::Deserializer::new(&given, &mut track))
            .map_err(|error| D::Error::custom(wrong_value(&given, &track.path(), &error)))
    }
}

impl ClientSettings {
    /// The first setting with which no request could be sent.
    pub(super) fn unusable(&self) -> Option<&'static str> {
        let zeros = [
            ("timeout", self.timeout.is_zero()),
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("body_limit", self.body_limit == 0),
            ("requests_per_minute", self.requests_per_minute == 0),
            ("retry.max_attempts", self.retry.max_attempts == 0),
        ];
        zeros.into_iter().find_map(|(name, is_zero)| is_zero.then_some(name))
    }
}

shows! {
    /// Neither the addresses, which may hold a password, nor the certificates.
    |it: ClientSettings| proxy = Masked(it.proxy.is_none()), timeout, connect_timeout, body_limit,
    requests_per_minute, reserve, retry
}
