//! With what the program works: a configuration file, or the environment alone. Keys come from the environment or a file that only
//! its owner can read, never from the command line.

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};
use shipstation_connector::{
    Credentials, Settings,
    channel::Operation,
    client::{ClientSettings, PacificDate},
};

use crate::{account::is_loopback, args::Options, exit::Failure, output::joined, store::DEFAULT_ADDRESS};

const DEFAULT_FILE: &str = "shipstation.toml";
/// The connection where no file names any; a simulator's orders stay apart from those of an account.
const DEFAULT_CONNECTION: &str = "default";
const SIMULATED_CONNECTION: &str = "simulator";
/// What a fleet runs.
const SCHEDULED: [Operation; 5] = [
    Operation::GetOrders,
    Operation::GetChanges,
    Operation::SyncShipments,
    Operation::ResolveHeld,
    Operation::RunActions,
];
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
    allow_writes: bool,
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
    Environment { key: Variable, secret: Variable },
    File(PathBuf),
}

/// A variable of the environment, and what the program calls it: the name that a file gives may be the key itself.
#[derive(Debug, Clone)]
struct Variable {
    name: String,
    called: String,
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
    key_expires_on: Option<Value>,
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
            None => Self::of_environment()?,
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
                let names = joined(names(), ", ");
                Err(Failure::usage(format!("name a connection with --connection: {names}")))
            }
        }
    }

    fn file(options: &Options) -> Option<PathBuf> {
        let default = || Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists());
        options.config.clone().or_else(default)
    }

    /// What a file says that leaves everything out but its one connection.
    fn of_environment() -> Result<Self, Failure> {
        let read = Connection::read(&json!({}), Path::new(""), DEFAULT_CONNECTION);
        let mut connection = read.map_err(Failure::usage)?;
        if let Some(address) = env::var(BASE_URL).ok().filter(|address| !address.is_empty()) {
            connection.client.base_url = address;
        }
        let is_simulated = is_loopback(&connection.client.base_url);
        let name = if is_simulated { SIMULATED_CONNECTION } else { DEFAULT_CONNECTION };
        Ok(Self { store: DEFAULT_ADDRESS.to_owned(), connections: [(name.to_owned(), connection)].into() })
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
            store: in_folder(&store.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()), folder),
            connections: connections.collect::<Result<_, Failure>>()?,
        })
    }
}

/// A file that the configuration file names lies beside it, wherever the program is started.
fn in_folder(store: &str, folder: &Path) -> String {
    match store.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", folder.join(path).display()),
        None => store.to_owned(),
    }
}

/// Where in a file an error of TOML is.
fn place(text: &str, error: &toml::de::Error) -> String {
    let start = error.span().map(|span| span.start);
    let line = start.and_then(|start| text.get(..start)).map(|before| before.matches('\n').count() + 1);
    line.map(|line| format!(" (line {line})")).unwrap_or_default()
}

impl Connection {
    /// Whether its account may be changed: by consent on the command line or in the file, or because it is a simulator.
    pub(crate) fn may_be_changed(&self, options: &Options) -> bool {
        options.yes || self.allow_writes || is_loopback(&self.client.base_url)
    }

    fn read(given: &Value, folder: &Path, path: &str) -> Result<Self, String> {
        check_keys(given, &CONNECTION_KEYS, path)?;
        let file: ConnectionFile =
            serde_json::from_value(given.clone()).map_err(|error| format!("{path}: {error}"))?;
        let origin = match (file.key_file, file.key_env, file.secret_env) {
            (Some(file), None, None) => Origin::File(folder.join(file)),
            (None, key, secret) => Origin::Environment {
                key: Variable::of(key, KEY, &format!("{path}.key_env"))?,
                secret: Variable::of(secret, SECRET, &format!("{path}.secret_env"))?,
            },
            _ => return Err(format!("{path}: give key_file, or key_env and secret_env, not both")),
        };
        let every = file.every.into_iter().map(|(operation, interval)| {
            let wrong = |why: String| format!("{path}.every.{operation}: {why}");
            let known: Operation = operation.parse().map_err(|error| wrong(format!("{error}")))?;
            if !SCHEDULED.contains(&known) {
                let scheduled = joined(SCHEDULED.map(Operation::name), ", ");
                return Err(wrong(format!("it is not run on a schedule; {scheduled} are")));
            }
            Ok((known, duration(&interval).map_err(wrong)?))
        });
        let expires_on = file.key_expires_on.map(|day| {
            // A date of TOML comes as the member of a table.
            let text = day.as_str().or_else(|| day.as_object()?.values().next()?.as_str());
            let day = text.and_then(|text| text.parse::<PacificDate>().ok());
            day.ok_or_else(|| format!("{path}.key_expires_on: this is no date: write it as 2027-01-31"))
        });
        let client: ClientSettings = part(&file.client).map_err(|why| format!("{path}.client: {why}"))?;
        Ok(Self {
            keys: KeySource { origin, expires_on: expires_on.transpose()? },
            client,
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
    // Read as one of the settings, whose name is not the one that is wrong.
    let settings: Result<ClientSettings, String> = part(&json!({"timeout": text}));
    settings.map(|read| read.timeout).map_err(|why| why.trim_start_matches("timeout: ").to_owned())
}

impl Variable {
    fn of(given: Option<String>, usual: &str, setting: &str) -> Result<Self, String> {
        let Some(name) = given else { return Ok(Self { name: usual.to_owned(), called: usual.to_owned() }) };
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name {
            Ok(Self { name, called: format!("the variable that {setting} names") })
        } else {
            Err(format!("{setting}: give the name of a variable of the environment, not the key itself"))
        }
    }

    fn read(&self) -> Result<String, Failure> {
        let given =
            env::var(&self.name).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        given.ok_or_else(|| {
            Failure::usage(format!(
                "{} is not set: put the account's key pair (ShipStation: Settings, Account, API Settings) into the \
                 environment, or name a key_file in the configuration file",
                self.called
            ))
        })
    }
}

impl KeySource {
    /// Another number once the file has been written again.
    pub(crate) fn revision(&self) -> u64 {
        let Origin::File(path) = &self.origin else { return 0 };
        let written = fs::metadata(path).and_then(|metadata| metadata.modified());
        let mut hasher = DefaultHasher::new();
        written.ok().hash(&mut hasher);
        hasher.finish()
    }

    /// Reads the pair. No part of it is in an error.
    pub(crate) fn read(&self) -> Result<Credentials, Failure> {
        let (key, secret) = match &self.origin {
            Origin::Environment { key, secret } => (key.read()?, secret.read()?),
            Origin::File(path) => pair(path)?,
        };
        let credentials = Credentials::new(key, secret);
        Ok(match self.expires_on {
            Some(day) => credentials.expires_on(day),
            None => credentials,
        })
    }
}

/// Key and secret, a line each.
fn pair(path: &Path) -> Result<(String, String), Failure> {
    let wrong = |why: &str| Failure::usage(format!("key file {}: {why}", path.display()));
    #[cfg(unix)]
    {
        let metadata = fs::metadata(path).map_err(|error| wrong(&error.to_string()))?;
        if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
            return Err(wrong("others can read it: chmod 600"));
        }
    }
    let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(key), Some(secret), None) => Ok((key.to_owned(), secret.to_owned())),
        _ => Err(wrong("it has two lines: the key, and the secret")),
    }
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
