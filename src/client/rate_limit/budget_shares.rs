//! The budget of a key as its processes keep it together, and what one of them gets of it. No waiting, no clock, no store.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Lane, RateHeaders,
    minutes::{Counted, Minutes},
};
use crate::Timestamp;

/// A process that has not asked for so long uses the key no longer.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_secs(300);
/// How often a process asks again whose requests have to let more urgent ones of others go first.
pub(super) const YIELDS_FOR: Duration = Duration::from_millis(250);
/// How late a process may be that said when it asks again.
const MAX_DELAY: Duration = Duration::from_secs(2);
/// What is taken is sent within this time, even where the minute ends sooner: less than the second on both sides of its edge.
pub(super) const MIN_LASTS: Duration = Duration::from_millis(250);

/// The form of what is kept. One that cannot read another one's must have another number.
const FORMAT: u32 = 1;

/// What the processes of a key keep together, by the clock of their store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Shares {
    format: u32,
    minutes: Minutes,
    processes: BTreeMap<String, Process>,
}

/// A process that uses the key.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Process {
    /// When it asked last.
    seen: Timestamp,
    /// What waits in it, by lane, until it asks again.
    waiting: Vec<(u8, u32)>,
    /// When it is to have asked again.
    asks_by: Timestamp,
    /// What it got last: its number, how much, and where that counts.
    number: u64,
    permits: u32,
    counted: Counted,
    /// What it got in the newest minute of that.
    this_minute: u32,
    /// The last permit of its own part that is counted.
    alone: u64,
}

/// What a process says and asks.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    pub(super) process: &'a str,
    /// What waits in each lane, the most urgent first.
    pub(super) waiting: &'a [(Lane, u32)],
    /// The newest grant that has arrived: a later one is void.
    pub(super) arrived: u64,
    /// How much of it was not used.
    pub(super) unused: u32,
    /// How long ago it took permits of its own part, numbered: it may say so again.
    pub(super) alone: &'a [(u64, Duration)],
    /// The answers that came meanwhile, and how long ago.
    pub(super) answers: &'a [(RateHeaders, Duration)],
}

/// What a process gets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) number: u64,
    pub(super) permits: u32,
    /// How long they may be used, from the moment in which the store was asked.
    pub(super) lasts: Duration,
    /// When to ask again, if there are none.
    pub(super) wait: Duration,
    /// How many processes use the key, this one included; none as long as nothing was granted.
    pub(super) processes: u32,
}

impl Shares {
    /// What nobody has used yet.
    pub(super) fn new(limit: u32, reserve: u32) -> Self {
        Self { format: FORMAT, minutes: Minutes::new(limit, reserve), processes: BTreeMap::new() }
    }

    /// Reads what the processes keep; `None` where that is nonsense.
    ///
    /// # Errors
    /// Another version wrote it, which would be lost.
    pub(super) fn read(text: &str, limit: u32, reserve: u32) -> Result<Option<Self>, &'static str> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        match serde_json::from_str::<Format>(text) {
            Ok(Format { format }) if format != FORMAT => {
                return Err("another version of the crate keeps it in another form");
            }
            _ => {}
        }
        let shares = serde_json::from_str::<Self>(text).ok().filter(|shares| shares.minutes.is_plausible());
        Ok(shares.map(|shares| Self { minutes: shares.minutes.within(limit, reserve), ..shares }))
    }

    /// Gives a process what it may use now, and remembers what it waits for.
    pub(super) fn grant(&mut self, ask: &Ask<'_>, now: Timestamp) -> Grant {
        self.processes
            .retain(|_, process| now.since(process.seen).max(process.seen.since(now)) < FORGOTTEN_AFTER);
        let before = self.processes.remove(ask.process);
        if let Some(before) = &before {
            // What never arrived was not used; nor was what the process says.
            let unused = if before.number == ask.arrived { ask.unused } else { before.permits };
            self.minutes.give_back(before.counted, unused.min(before.permits));
        }
        let (_, minute) = self.minutes.take(now, 0);
        let counted_alone = before.as_ref().map_or(0, |before| before.alone);
        for (_, ago) in ask.alone.iter().filter(|(number, _)| *number > counted_alone) {
            self.minutes.note_taken(now - *ago);
        }
        for (headers, ago) in ask.answers {
            self.minutes.learn(headers, now - *ago, now);
        }
        let full = self.minutes.wait(now);
        let this_minute = before
            .as_ref()
            .filter(|before| before.counted.1 == minute)
            .map_or(0, |before| before.this_minute);
        let permits = if full.is_some() { 0 } else { self.share(ask.waiting, this_minute, now) };
        let wait = full.unwrap_or(YIELDS_FOR);
        let counted = self.minutes.take(now, permits);
        let number = before.map_or(0, |before| before.number).max(ask.arrived).wrapping_add(1);
        let process = Process {
            seen: now,
            waiting: left(ask.waiting, permits),
            asks_by: now + MAX_DELAY + if permits > 0 { Duration::ZERO } else { wait },
            number,
            permits,
            counted,
            this_minute: this_minute.saturating_add(permits),
            alone: ask.alone.last().map_or(counted_alone, |(number, _)| *number),
        };
        self.processes.insert(ask.process.to_owned(), process);
        let processes = u32::try_from(self.processes.len()).unwrap_or(u32::MAX);
        Grant { number, permits, lasts: self.minutes.lasts(now).max(MIN_LASTS), wait, processes }
    }

    /// How many of the waiting requests may be sent, after so many in this minute: those of each lane once nothing more urgent waits
    /// anywhere; and no more than an equal part of the minute as long as other processes have some in the same lane.
    fn share(&mut self, waiting: &[(Lane, u32)], this_minute: u32, now: Timestamp) -> u32 {
        let (room, budget) = (self.minutes.room(now), self.minutes.budget());
        let others: Vec<(u8, u32)> = self
            .processes
            .values()
            .filter(|process| process.seen <= now && now <= process.asks_by)
            .flat_map(|process| process.waiting.iter().copied())
            .collect();
        let mut permits = 0;
        for (lane, wanted) in waiting {
            let rank = *lane as u8;
            let urgent = others.iter().filter(|(other, _)| *other < rank);
            let first = urgent.fold(0_u32, |sum, (_, waiting)| sum.saturating_add(*waiting));
            let free = room.saturating_sub(permits).saturating_sub(first);
            let same = others.iter().filter(|(other, waiting)| *other == rank && *waiting > 0).count();
            let part = match u32::try_from(same) {
                Ok(0) => free,
                Ok(same) => budget.div_ceil(same.saturating_add(1)).saturating_sub(this_minute),
                Err(_) => 1,
            };
            let granted = part.min(free).min(*wanted);
            permits += granted;
            if granted < *wanted {
                break;
            }
        }
        permits
    }
}

/// What still waits after so many have gone.
fn left(waiting: &[(Lane, u32)], mut gone: u32) -> Vec<(u8, u32)> {
    let mut left = Vec::new();
    for (lane, wanted) in waiting {
        let sent = gone.min(*wanted);
        gone -= sent;
        if sent < *wanted {
            left.push((*lane as u8, wanted - sent));
        }
    }
    left
}
