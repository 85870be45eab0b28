//! With what the program works: a configuration file, or the environment alone. Keys come from the environment or a file that only
//! its owner can read, never from the command line.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;
use shipstation_connector::{
    Credentials, Settings,
    channel::Operation,
    client::{ClientSettings, PacificDate},
};

use crate::{args::Options, exit::Failure, store::DEFAULT_ADDRESS};

const DEFAULT_FILE: &str = "shipstation.toml";
/// The connection where no file names any.
const DEFAULT_CONNECTION: &str = "default";
const KEY: &str = "SHIPSTATION_API_KEY";
const SECRET: &str = "SHIPSTATION_API_SECRET";
const BASE_URL: &str = "SHIPSTATION_BASE_URL";
/// A name that differs in so few letters was meant.
const NEAR: usize = 3;

/// Everything that is configured.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) store: String,
    pub(crate) connections: BTreeMap<String, Connection>,
}

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) keys: KeySource,
    pub(crate) client: ClientSettings,
    pub(crate) settings: Settings,
    /// Whether changes in the account need no consent on the command line.
    pub(crate) allow_writes: bool,
    /// How often `watch` runs what.
    pub(crate) every: BTreeMap<Operation, std::time::Duration>,
}

/// Where the key pair comes from.
#[derive(Debug, Clone)]
pub(crate) struct KeySource {
    origin: Origin,
    expires_on: Option<PacificDate>,
}

#[derive(Debug, Clone)]
enum Origin {
    Environment { key: String, secret: String },
    File(PathBuf),
}

const TOP_KEYS: [&str; 2] = ["store", "connections"];
const CONNECTION_KEYS: [&str; 8] =
    ["key_file", "key_env", "secret_env", "key_expires_on", "allow_writes", "client", "settings", "every"];

#[derive(Deserialize)]
struct File {
    store: Option<String>,
    #[serde(default)]
    connections: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct ConnectionFile {
    key_file: Option<PathBuf>,
    key_env: Option<String>,
    secret_env: Option<String>,
    key_expires_on: Option<String>,
    #[serde(default)]
    allow_writes: bool,
    #[serde(default)]
    client: Value,
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    every: BTreeMap<String, String>,
}

impl Config {
    /// Reads what the options name. Nothing is opened and nothing is asked.
    pub(crate) fn read(options: &Options) -> Result<Self, Failure> {
        let mut config = match Self::file(options) {
            Some(path) => Self::of_file(&path)?,
            None => Self::of_environment(),
        };
        if let Some(store) = &options.store {
            config.store.clone_from(store);
        }
        Ok(config)
    }

    /// The connection that is named, or the only one.
    pub(crate) fn connection(&self, name: Option<&str>) -> Result<(&str, &Connection), Failure> {
        let names = || self.connections.keys().map(String::as_str);
        match (name, self.connections.first_key_value()) {
            (Some(name), _) => match self.connections.get_key_value(name) {
                Some((name, connection)) => Ok((name, connection)),
                None => Err(Failure::not_found(format!("connection {name:?}{}", meant(name, names())))),
            },
            (None, Some((name, only))) if self.connections.len() == 1 => Ok((name, only)),
            (None, None) => Err(Failure::usage("the configuration file has no connections")),
            (None, _) => {
                let names: Vec<&str> = names().collect();
                Err(Failure::usage(format!("name a connection with --connection: {}", names.join(", "))))
            }
        }
    }

    fn file(options: &Options) -> Option<PathBuf> {
        let default = || Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists());
        options.config.clone().or_else(default)
    }

    fn of_environment() -> Self {
        let origin = Origin::Environment { key: KEY.to_owned(), secret: SECRET.to_owned() };
        let connection = Connection {
            keys: KeySource { origin, expires_on: None },
            client: with_base_url(ClientSettings::default()),
            settings: Settings::default(),
            allow_writes: false,
            every: BTreeMap::new(),
        };
        Self {
            store: DEFAULT_ADDRESS.to_owned(),
            connections: [(DEFAULT_CONNECTION.to_owned(), connection)].into(),
        }
    }

    fn of_file(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::usage(format!("{}: {why}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let table: Value = toml::from_str(&text)
            .map_err(|error| wrong(error.message().to_owned() + &place(&text, &error)))?;
        check_keys(&table, &TOP_KEYS, "").map_err(wrong)?;
        let File { store, connections } =
            serde_json::from_value(table).map_err(|error| wrong(error.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let connections = connections.into_iter().map(|(name, given)| {
            let connection = Connection::read(&given, folder, &format!("connections.{name}"));
            Ok((name, connection.map_err(wrong)?))
        });
        Ok(Self {
            store: store.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
            connections: connections.collect::<Result<_, Failure>>()?,
        })
    }
}

/// Where in a file an error of TOML is.
fn place(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map(|span| span.start);
    let line = start.and_then(|start| text.get(..start)).map(|before| before.matches('\n').count() + 1);
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

impl Connection {
    fn read(given: &Value, folder: &Path, path: &str) -> Result<Self, String> {
        check_keys(given, &CONNECTION_KEYS, path)?;
        let file: ConnectionFile =
            serde_json::from_value(given.clone()).map_err(|error| format!("{path}: {error}"))?;
        let origin = match (file.key_file, file.key_env, file.secret_env) {
            (Some(file), None, None) => Origin::File(folder.join(file)),
            (None, key, secret) => Origin::Environment {
                key: key.unwrap_or_else(|| KEY.to_owned()),
                secret: secret.unwrap_or_else(|| SECRET.to_owned()),
            },
            _ => return Err(format!("{path}: give key_file, or key_env and secret_env, not both")),
        };
        let every = file.every.into_iter().map(|(operation, interval)| {
            let wrong = |why: String| format!("{path}.every.{operation}: {why}");
            let known: Operation = operation.parse().map_err(|error| wrong(format!("{error}")))?;
            Ok((known, duration(&interval).map_err(wrong)?))
        });
        let expires_on = file.key_expires_on.as_deref().map(str::parse::<PacificDate>);
        let wrong_day = |error: shipstation_connector::client::ParsePacificError| {
            format!("{path}.key_expires_on: {error}: write it as 2027-01-31")
        };
        Ok(Self {
            keys: KeySource { origin, expires_on: expires_on.transpose().map_err(wrong_day)? },
            client: with_base_url(part(&file.client).map_err(|why| format!("{path}.client: {why}"))?),
            settings: part(&file.settings).map_err(|why| format!("{path}.settings: {why}"))?,
            allow_writes: file.allow_writes,
            every: every.collect::<Result<_, String>>()?,
        })
    }
}

/// A part of the file; its defaults where it is left out.
fn part<T: Default + for<'de> Deserialize<'de>>(given: &Value) -> Result<T, String> {
    if given.is_null() { Ok(T::default()) } else { T::deserialize(given).map_err(|error| error.to_string()) }
}

/// A length of time as the settings write it, such as `15m`.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    let settings: ClientSettings = part(&serde_json::json!({"timeout": text}))?;
    Ok(settings.timeout)
}

fn with_base_url(mut client: ClientSettings) -> ClientSettings {
    if let Some(address) = env::var(BASE_URL).ok().filter(|address| !address.is_empty()) {
        client.base_url = address;
    }
    client
}

impl KeySource {
    /// Reads the pair. No part of it is in an error.
    pub(crate) fn read(&self) -> Result<Credentials, Failure> {
        let (key, secret) = match &self.origin {
            Origin::Environment { key, secret } => (variable(key)?, variable(secret)?),
            Origin::File(path) => pair(path)?,
        };
        let credentials = Credentials::new(key, secret);
        Ok(match self.expires_on {
            Some(day) => credentials.expires_on(day),
            None => credentials,
        })
    }
}

fn variable(name: &str) -> Result<String, Failure> {
    let given = env::var(name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    given.ok_or_else(|| {
        Failure::usage(format!(
            "{name} is not set: put the account's key pair (ShipStation: Settings, Account, API Settings) into the environment, \
             or name a key_file in the configuration file"
        ))
    })
}

/// Key and secret, a line each.
fn pair(path: &Path) -> Result<(String, String), Failure> {
    let wrong = |why: &str| Failure::usage(format!("key file {}: {why}", path.display()));
    let metadata = fs::metadata(path).map_err(|error| wrong(&error.to_string()))?;
    if is_open(&metadata) {
        return Err(wrong("others can read it: chmod 600"));
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(key), Some(secret), None) => Ok((key.to_owned(), secret.to_owned())),
        _ => Err(wrong("it has two lines: the key, and the secret")),
    }
}

#[cfg(unix)]
fn is_open(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open(_: &fs::Metadata) -> bool {
    false
}

/// Refuses a key that is none, with the one that was meant.
fn check_keys(given: &Value, known: &[&str], path: &str) -> Result<(), String> {
    let Value::Object(given) = given else { return Err(format!("{path}: a table is expected")) };
    match given.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let path = if path.is_empty() { String::new() } else { format!("{path}.") };
            let meant = match meant(key, known.iter().copied()).as_str() {
                "" => format!("; there are {}", known.join(", ")),
                meant => meant.to_owned(),
            };
            Err(format!("{path}{} is not a setting{meant}", key.escape_debug()))
        }
    }
}

/// `; did you mean …?`, if a name is near.
pub(crate) fn meant<'k>(given: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let near = known.into_iter().map(|name| (strsim::levenshtein(name, given), name)).min();
    near.filter(|(distance, _)| *distance <= NEAR)
        .map(|(_, name)| format!("; did you mean {name}?"))
        .unwrap_or_default()
}
