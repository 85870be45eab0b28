//! The file in which a simulator outlives its process.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::{Simulator, SimulatorConfig},
};

use crate::exit::{Exit, Failure};

/// How often a change is written, at most.
const AT_MOST: Duration = Duration::from_millis(500);
/// Writing takes no more than this part of the time.
const SHARE: u32 = 20;

pub(super) struct StateFile {
    /// Without it nothing outlives the process.
    path: Option<PathBuf>,
    /// What was written last: the accounts without the time.
    written: String,
    due: Duration,
}

impl StateFile {
    pub(super) fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), written: String::new(), due: Duration::ZERO }
    }

    /// What an earlier simulator has written, if there was one.
    pub(super) fn read(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::usage(format!("{} cannot be read: {error}", path.display()))),
        }
    }

    /// The same, not too often.
    pub(super) fn write_when_due(&mut self, sim: &Simulator) -> Result<(), Failure> {
        if passed() < self.due { Ok(()) } else { self.write(sim) }
    }

    /// Replaces the file as a whole, if there is anything new.
    pub(super) fn write(&mut self, sim: &Simulator) -> Result<(), Failure> {
        let Some(path) = &self.path else { return Ok(()) };
        let begun = passed();
        let text = sim.saved();
        let accounts = text.split_once("\"accounts\"").map_or(&*text, |(_, accounts)| accounts);
        if accounts != self.written {
            let mut fresh = path.clone().into_os_string();
            fresh.push(".new");
            fs::write(&fresh, &text).and_then(|()| fs::rename(&fresh, path)).map_err(|error| {
                Failure::new(Exit::Internal, format!("{} cannot be written: {error}", path.display()))
            })?;
            accounts.clone_into(&mut self.written);
        }
        let ended = passed();
        self.due = ended + AT_MOST.max(ended.saturating_sub(begun) * SHARE);
        Ok(())
    }
}

/// Time that has passed on this machine, since some instant.
pub(super) fn passed() -> Duration {
    SystemClock.monotonic().unwrap_or_default()
}

/// The simulator of such a file, at the present time unless its own is later.
pub(super) fn restored(config: SimulatorConfig, text: &str) -> Result<Simulator, Failure> {
    let sim = Simulator::restored(config, text)
        .map_err(|error| Failure::usage(format!("--state: this is no file of a simulator: {error}")))?;
    let now = SystemClock.now();
    if sim.clock().now() < now {
        sim.clock().set(now);
    }
    Ok(sim)
}
