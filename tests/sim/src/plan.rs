//! What a seed decides before anything happens: how large the world is, and which kinds of trouble it has. Many worlds lack many
//! of them (swarm testing), so that one kind does not hide another.

use std::{fmt, time::Duration};

use fastrand::Rng;
use shipstation_connector::{Timestamp, channel::AgeBasis};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Runs of a history before the quiet phase, about.
const RUNS: u64 = 160;

macro_rules! kinds_of_trouble {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The kinds of trouble that a world has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(clippy::struct_excessive_bools)] // each is a switch of its own
        pub struct Trouble { $($(#[$doc])* pub $name: bool),+ }

        impl Trouble {
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            fn draw(rng: &mut Rng) -> Self {
                Self { $($name: rng.u8(..) < 96),+ }
            }

            /// Switches a kind off; false when there is none of this name.
            pub fn switch_off(&mut self, name: &str) -> bool {
                match name {
                    $(stringify!($name) => { self.$name = false; true })+
                    _ => false,
                }
            }

            pub fn has(&self, name: &str) -> bool {
                match name { $(stringify!($name) => self.$name,)+ _ => false }
            }
        }
    };
}

kinds_of_trouble! {
    /// Requests and answers are lost, and connections refused.
    losses,
    /// Requests and answers take minutes, also longer than a lease.
    delays,
    /// Requests arrive twice.
    doubles,
    /// ShipStation fails: 500, HTML, 429, broken JSON, nothing.
    failures,
    /// A write takes effect and its answer fails, or takes effect late.
    effects,
    /// Lists contradict themselves.
    lists,
    /// Lists hide rows without a trace, and reads are stale.
    lies,
    /// Rows are damaged.
    damage,
    /// The store fails, before or after what it was to do, or is slow.
    storage,
    /// Processes die.
    kills,
    /// Processes stand still, also longer than a lease.
    stalls,
    /// Wall clocks of workers are wrong and jump.
    clocks,
    /// The key is refused for a while.
    keys,
    /// The merchant edits, holds, cancels, splits, merges and ships by hand.
    merchant,
    /// A person imports by hand, dismisses failures, changes mappings, corrects and voids shipments.
    person,
    /// ShipStation's habits differ from the usual ones.
    quirks,
}

/// What the host asks of the crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // each is a setting of its own
pub struct Host {
    /// Imported orders get a user.
    pub assigns: bool,
    /// Imported orders get a tag.
    pub tags: bool,
    /// Changes after the import are watched.
    pub watches: bool,
    /// Orders of several lines leave in two parcels.
    pub ships_parts: bool,
}

impl Host {
    fn draw(mut rng: Rng) -> Self {
        Self {
            assigns: rng.u8(..) < 192,
            tags: rng.u8(..) < 80,
            watches: rng.u8(..) < 96,
            ships_parts: rng.u8(..) < 64,
        }
    }
}

/// The world of a seed.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
pub struct Plan {
    pub seed: u64,
    pub start: Timestamp,
    pub workers: usize,
    pub connections: usize,
    pub orders: usize,
    /// Between two runs of a process.
    pub interval: Duration,
    /// How long there is trouble.
    pub troubled: Duration,
    /// How long everything is well afterwards.
    pub quiet: Duration,
    pub sqlite: bool,
    pub has_monotonic: bool,
    /// The workers keep the rate limit of each key together.
    pub shares_budget: bool,
    /// Each worker is one process for all connections, and they share a schedule.
    pub has_fleets: bool,
    /// Between imports of the window there are quick looks, and now and then a back-fill or a webhook's delivery.
    pub has_looks: bool,
    /// The host has a rule of its own about new orders, which fails now and then.
    pub has_policy: bool,
    /// The host has orders held, released and tagged. Fleets do not.
    pub has_actions: bool,
    /// Each account has two pairs of keys, and the merchant exchanges the older one now and then. The host restarts its processes then.
    pub has_rotations: bool,
    pub page_size: u32,
    /// The date that decides which orders are imported.
    pub basis: AgeBasis,
    pub host: Host,
    /// The merchant also changes orders while a run reads them.
    pub has_busy_merchant: bool,
    pub trouble: Trouble,
}

/// Starts: both clock-change nights of two years, a leap day, the turn of a year, and days without anything.
const STARTS: [&str; 8] = [
    "2026-03-07T20:00:00Z",
    "2026-10-31T20:00:00Z",
    "2027-11-06T20:00:00Z",
    "2028-02-28T12:00:00Z",
    "2026-12-31T10:00:00Z",
    "2027-03-13T20:00:00Z",
    "2026-06-15T08:00:00Z",
    "2031-09-01T23:30:00Z",
];

/// An order may be placed long before it comes, so that its date decides nothing here.
const BASES: [AgeBasis; 5] =
    [AgeBasis::Created, AgeBasis::Created, AgeBasis::Created, AgeBasis::Paid, AgeBasis::Modified];

impl Plan {
    pub fn draw(seed: u64) -> Self {
        let mut rng = stream(seed, "plan", 0);
        let workers = pick(&mut rng, &[1, 1, 2, 2, 3, 4]);
        let connections = pick(&mut rng, &[1, 1, 1, 2, 3, 5]);
        let interval = pick(&mut rng, &[MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY]);
        let rounds = (RUNS / (2 * workers as u64 * connections as u64)).max(4);
        let start: Timestamp = pick(&mut rng, &STARTS).parse().unwrap();
        Self {
            seed,
            start: start + Duration::from_secs(rng.u64(..8 * HOUR)),
            workers,
            connections,
            orders: if rng.u8(..) < 80 { rng.usize(60..=200) } else { rng.usize(3..60) },
            interval: Duration::from_secs(interval),
            troubled: Duration::from_secs(interval * rng.u64(rounds / 3..=rounds)),
            quiet: Duration::from_secs(40 * HOUR),
            sqlite: rng.u8(..) < 16,
            has_monotonic: rng.u8(..) < 220,
            shares_budget: stream(seed, "budget", 0).u8(..) < 160,
            has_fleets: stream(seed, "fleets", 0).u8(..) < 64,
            has_looks: stream(seed, "looks", 0).bool(),
            has_policy: stream(seed, "policy", 0).u8(..) < 64,
            has_actions: stream(seed, "actions", 0).u8(..) < 144,
            has_rotations: stream(seed, "rotations", 0).u8(..) < 64,
            page_size: pick(&mut rng, &[2, 2, 3, 7, 500]),
            basis: pick(&mut stream(seed, "basis", 0), &BASES),
            has_busy_merchant: stream(seed, "merchant", 0).bool(),
            host: Host::draw(stream(seed, "host", 0)),
            trouble: Trouble::draw(&mut rng),
        }
    }

    /// Whether the host asks for actions.
    pub fn acts(&self) -> bool {
        self.has_actions && !self.has_fleets
    }

    /// Between two runs of a process in the quiet phase: the processes of a connection together are often enough at work for every
    /// retry to come.
    pub fn quiet_interval(&self) -> Duration {
        let hours = if self.connections > 2 { 3 } else { 2 };
        Duration::from_secs(self.workers as u64 * hours * HOUR)
    }
}

/// The command that replays this plan.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawn = Self::draw(self.seed);
        write!(f, "--seed {}", self.seed)?;
        let off: Vec<&str> = Trouble::NAMES
            .iter()
            .copied()
            .filter(|name| drawn.trouble.has(name) && !self.trouble.has(name))
            .collect();
        if !off.is_empty() {
            write!(f, " --without {}", off.join(","))?;
        }
        for (name, was, is) in [
            ("workers", drawn.workers, self.workers),
            ("connections", drawn.connections, self.connections),
            ("orders", drawn.orders, self.orders),
        ] {
            if was != is {
                write!(f, " --{name} {is}")?;
            }
        }
        if drawn.troubled != self.troubled {
            write!(f, " --troubled {}", self.troubled.as_secs())?;
        }
        if drawn.sqlite != self.sqlite {
            write!(f, " --memory")?;
        }
        if drawn.shares_budget != self.shares_budget {
            write!(f, " --own-limits")?;
        }
        if drawn.has_fleets != self.has_fleets {
            write!(f, " --no-fleets")?;
        }
        if drawn.basis != self.basis {
            write!(f, " --by-creation")?;
        }
        if drawn.has_looks != self.has_looks {
            write!(f, " --no-looks")?;
        }
        if drawn.has_policy != self.has_policy {
            write!(f, " --no-policy")?;
        }
        if drawn.has_actions != self.has_actions {
            write!(f, " --no-actions")?;
        }
        if drawn.has_rotations != self.has_rotations {
            write!(f, " --no-rotations")?;
        }
        Ok(())
    }
}

/// The random numbers of one actor of a seed. Each has its own, so that leaving one out changes the others little.
pub fn stream(seed: u64, actor: &str, number: usize) -> Rng {
    let mut mixed = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in actor.bytes().chain((number as u64).to_le_bytes()) {
        mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    }
    Rng::with_seed(mixed)
}

/// One of several, at random.
pub fn pick<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}
