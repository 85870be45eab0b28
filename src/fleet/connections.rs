//! Which connections there are, and the channel of each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    channel::{ChannelConnector, ConnectionId, Operation},
    locked::locked,
    setters::setters,
};

/// Why a host could not name its connections or build a channel. It is shown to people: no secret in it.
pub type BuildFailure = Box<dyn std::error::Error + Send + Sync>;

/// Where a host has its connections.
#[async_trait]
pub trait ConnectionSource: Debug + Send + Sync {
    /// Every connection that there is. One that is missing is served no more.
    ///
    /// # Errors
    /// When that is not known: then those of the last answer are served on.
    async fn connections(&self) -> Result<Vec<FleetConnection>, BuildFailure>;

    /// The channel of a connection: built when it is first needed, kept, and built anew when the connection has changed.
    ///
    /// # Errors
    /// When it cannot be built. It is tried again after a while.
    async fn channel(&self, connection: &ConnectionId) -> Result<Arc<dyn ChannelConnector>, BuildFailure>;

    /// Waits until the connections may have changed. By itself that is never told, and they are asked for at intervals.
    /// Cancel-safe.
    async fn changed(&self) {
        std::future::pending::<()>().await;
    }
}

/// A connection of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetConnection {
    /// Its name.
    pub id: ConnectionId,
    /// Grows whenever its credentials or settings change: its channel is built anew then, and its operations are due at once.
    pub revision: u64,
    /// Why it is not served.
    pub paused: Option<String>,
    /// How often an operation runs, where that differs from the other connections. Zero: never.
    pub intervals: BTreeMap<Operation, Duration>,
}

impl FleetConnection {
    /// A connection that is served like the others.
    pub fn new(id: impl Into<ConnectionId>) -> Self {
        Self { id: id.into(), revision: 0, paused: None, intervals: BTreeMap::new() }
    }

    setters! {
        /// With this revision of its credentials and settings.
        revision(revision: u64) => revision = revision;
        /// It is not served, for this reason.
        paused(why: impl Into<String>) => paused = Some(why.into());
    }

    /// Runs an operation at another interval than the other connections; never, if it is zero.
    #[must_use]
    pub fn every(mut self, operation: Operation, interval: Duration) -> Self {
        self.intervals.insert(operation, interval);
        self
    }
}

/// The connections as they were last named, with the channels that were built.
#[derive(Debug)]
pub(super) struct Connections {
    source: Arc<dyn ConnectionSource>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<ConnectionId, Known>,
    /// Those that the schedule has not removed yet.
    gone: BTreeSet<ConnectionId>,
    refreshes: u32,
    /// Whether the source has answered.
    are_known: bool,
}

#[derive(Debug)]
struct Known {
    connection: FleetConnection,
    /// Whether the schedule has its jobs as they are to be.
    is_planned: bool,
    /// Whether its credentials or settings are new since: what failed may go well now.
    is_revised: bool,
    channel: Option<Arc<dyn ChannelConnector>>,
}

/// So often the connections are asked for until all of them are planned anew: another worker may have changed their jobs.
const REFRESHES_PER_PLAN: u32 = 60;

/// What the schedule does not know yet.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) present: Vec<FleetConnection>,
    /// Those of them with new credentials or settings.
    pub(super) revised: BTreeSet<ConnectionId>,
    pub(super) gone: Vec<ConnectionId>,
}

impl Changed {
    pub(super) fn is_empty(&self) -> bool {
        self.present.is_empty() && self.gone.is_empty()
    }
}

impl Connections {
    pub(super) fn new(source: Arc<dyn ConnectionSource>) -> Self {
        Self { source, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Whether the source has named its connections. Until then everything that is due would seem to be of a connection that is gone.
    pub(super) fn are_known(&self) -> bool {
        self.lock().are_known
    }

    pub(super) async fn changed(&self) {
        self.source.changed().await;
    }

    pub(super) async fn refresh(&self) -> Result<Changed, BuildFailure> {
        let present = self.source.connections().await?;
        let state = &mut *self.lock();
        let mut before = std::mem::take(&mut state.known);
        state.refreshes = state.refreshes.wrapping_add(1);
        state.are_known = true;
        let all_anew = state.refreshes.is_multiple_of(REFRESHES_PER_PLAN);
        for connection in present {
            let kept = before.remove(&connection.id);
            let is_planned = !all_anew
                && kept.as_ref().is_some_and(|kept| kept.is_planned && kept.connection == connection);
            let is_revised = kept
                .as_ref()
                .is_some_and(|kept| kept.is_revised || kept.connection.revision != connection.revision);
            let channel = kept.filter(|kept| kept.connection.revision == connection.revision);
            let channel = channel.and_then(|kept| kept.channel);
            state.gone.remove(&connection.id);
            state.known.insert(connection.id.clone(), Known { connection, is_planned, is_revised, channel });
        }
        state.gone.extend(before.into_keys());
        let unplanned = || state.known.values().filter(|known| !known.is_planned);
        let revised = unplanned().filter(|known| known.is_revised);
        Ok(Changed {
            present: unplanned().map(|known| known.connection.clone()).collect(),
            revised: revised.map(|known| known.connection.id.clone()).collect(),
            gone: state.gone.iter().cloned().collect(),
        })
    }

    /// The schedule knows it now.
    pub(super) fn settle(&self, changed: &Changed) {
        let state = &mut *self.lock();
        for connection in &changed.present {
            if let Some(known) =
                state.known.get_mut(&connection.id).filter(|known| known.connection == *connection)
            {
                (known.is_planned, known.is_revised) = (true, false);
            }
        }
        state.gone.retain(|connection| !changed.gone.contains(connection));
    }

    /// The channel of a connection; `None` if there is no such connection.
    pub(super) async fn channel(
        &self,
        connection: &ConnectionId,
    ) -> Result<Option<Arc<dyn ChannelConnector>>, BuildFailure> {
        let revision = match self.lock().known.get(connection) {
            None => return Ok(None),
            Some(Known { channel: Some(channel), .. }) => return Ok(Some(channel.clone())),
            Some(Known { connection, .. }) => connection.revision,
        };
        let channel = self.source.channel(connection).await?;
        if let Some(known) = self.lock().known.get_mut(connection)
            && known.connection.revision == revision
        {
            known.channel = Some(channel.clone());
        }
        Ok(Some(channel))
    }
}
