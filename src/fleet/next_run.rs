//! When a job runs next, by how its last run ended. Pure.

use std::time::Duration;

use super::{Claim, JobEnd, LastRun};
use crate::{
    Timestamp,
    channel::{ChannelError, Refusal, report::RunStatus},
    time::{HOUR, MINUTE},
};

/// The wait after a first run that stopped early or failed; it doubles with each further one.
const FIRST_WAIT: Duration = MINUTE;
/// The wait after the channel refused the credentials, or settings that are wrong; it doubles.
const FIRST_WAIT_FOR_A_PERSON: Duration = MINUTE.saturating_mul(15);
const MAX_WAIT_FOR_A_PERSON: Duration = HOUR.saturating_mul(6);
/// Another run has the lease: it is at work, or it died.
const WAIT_FOR_ANOTHER_RUN: Duration = Duration::from_secs(30);
/// What the channel cannot do is looked at again after so long, or when it is woken.
const UNSUPPORTED: Duration = HOUR.saturating_mul(24);

/// How a run ended.
#[derive(Debug)]
pub(super) enum RunEnd {
    Ended(RunStatus),
    NotStarted(ChannelError),
    /// Its channel could not be built.
    NotBuilt(String),
    /// This worker does not know the connection: another one has planned it, or it is gone and nobody has seen it go.
    NotKnown,
    /// The program has an error.
    Panicked,
}

/// When the job is due again; `share`, from 0 to 1, is drawn, and spreads what would come together.
pub(super) fn job_end(end: &RunEnd, claim: &Claim, now: Timestamp, share: f64) -> JobEnd {
    let (usual, before) = (usual_wait(claim, now, share), claim.failures);
    let soon = backoff(FIRST_WAIT, before, claim.every.max(HOUR), share);
    let for_a_person = backoff(FIRST_WAIT_FOR_A_PERSON, before, MAX_WAIT_FOR_A_PERSON, share);
    let later = |wait: Duration, ended: String, why: &str| {
        JobEnd::new(wait, before.saturating_add(1), LastRun::new(now, ended).waits(why))
    };
    match end {
        RunEnd::Ended(status) if status.read_everything() => {
            JobEnd::new(usual, 0, LastRun::new(now, status.to_string()))
        }
        RunEnd::Ended(status @ RunStatus::Partial { .. }) => {
            later(soon.min(usual), status.to_string(), "it goes on where it stopped")
        }
        RunEnd::Ended(status) => later(soon, status.to_string(), "it failed"),
        RunEnd::Panicked => later(soon, "the program failed".to_owned(), "it failed"),
        RunEnd::NotKnown => {
            let wait = backoff(FIRST_WAIT, before, MAX_WAIT_FOR_A_PERSON, share);
            later(wait, "it was not run".to_owned(), "this worker does not know the connection")
        }
        RunEnd::NotBuilt(why) => later(for_a_person, why.clone(), "its channel cannot be built"),
        RunEnd::NotStarted(error) => match &error.refusal {
            Refusal::AlreadyRunning { .. } => {
                let last = LastRun::new(now, error.to_string()).waits("another run is at work");
                JobEnd::new(WAIT_FOR_ANOTHER_RUN.min(claim.every), before, last)
            }
            Refusal::Unsupported { .. } => later(UNSUPPORTED, error.to_string(), "the channel cannot do it"),
            Refusal::Credentials { .. } => {
                later(for_a_person, error.to_string(), "the credentials are refused")
            }
            _ if error.is_retryable() => later(soon, error.to_string(), "it failed"),
            _ => later(for_a_person, error.to_string(), "somebody has to mend it"),
        },
    }
}

/// The wait until the next run of a job that went well: counted from when this one was due, unless that is so long ago that runs
/// were missed.
fn usual_wait(claim: &Claim, now: Timestamp, share: f64) -> Duration {
    let every = spread(claim.every, share);
    let late = now.since(claim.due);
    if late < every { every.saturating_sub(late) } else { every }
}

fn backoff(first: Duration, before: u32, most: Duration, share: f64) -> Duration {
    spread(first.saturating_mul(1 << before.min(16)).min(most), share)
}

/// From a tenth less to a tenth more.
fn spread(wait: Duration, share: f64) -> Duration {
    wait.mul_f64(0.9 + 0.2 * share.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        channel::{Operation, store::StoreError},
        fleet::JobKey,
    };

    const EVERY: Duration = MINUTE.saturating_mul(15);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(1_780_000_000) + Duration::from_secs(seconds)
    }

    fn claim(failures: u32) -> Claim {
        let job = JobKey { connection: "shop".into(), operation: Operation::GetOrders };
        Claim::new(job, 1, EVERY, at(0)).failures(failures)
    }

    #[test]
    fn a_good_run_keeps_its_time_and_misses_are_made_up_for_once() {
        let end = RunEnd::Ended(RunStatus::CompletedWithErrors);
        let wait = |seconds| job_end(&end, &claim(3), at(seconds), 0.5).wait.as_secs();
        assert_eq!((wait(0), wait(200), wait(899)), (900, 700, 1));
        assert_eq!((wait(900), wait(90_000)), (900, 900), "not once for each that was missed");
        let of = |share| job_end(&end, &claim(0), at(0), share).wait.as_secs();
        assert_eq!((of(0.0), of(1.0)), (810, 990));
        assert_eq!(job_end(&end, &claim(3), at(0), 0.5).failures, 0);
    }

    #[test]
    fn what_fails_waits_longer_each_time_and_never_without_end() {
        let refused = |refusal| RunEnd::NotStarted(ChannelError::new(Operation::GetOrders, refusal));
        let credentials = || Refusal::Credentials { message: String::new() };
        let running = Refusal::AlreadyRunning { since: at(0), owner: String::new() };
        for (end, waits, failures) in [
            (RunEnd::Ended(RunStatus::Failed { error: String::new() }), [60, 120, 3_600], 1),
            (RunEnd::Ended(RunStatus::Partial { why: String::new() }), [60, 120, 900], 1),
            (RunEnd::Panicked, [60, 120, 3_600], 1),
            (refused(StoreError::retryable("away").into()), [60, 120, 3_600], 1),
            (refused(StoreError::permanent("full").into()), [900, 1_800, 21_600], 1),
            (refused(credentials()), [900, 1_800, 21_600], 1),
            (RunEnd::NotBuilt(String::new()), [900, 1_800, 21_600], 1),
            (RunEnd::NotKnown, [60, 120, 21_600], 1),
            (refused(Refusal::Unsupported { why: "", instead: None }), [86_400, 86_400, 86_400], 1),
            (refused(running), [30, 30, 30], 0),
        ] {
            for (before, wait) in [0, 1, 40].into_iter().zip(waits) {
                let job = job_end(&end, &claim(before), at(0), 0.5);
                assert_eq!((job.wait.as_secs(), job.failures), (wait, before + failures), "{end:?}");
                assert!(job.last.waits.is_some(), "{end:?}");
            }
        }
    }
}
