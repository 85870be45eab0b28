//! What the host's policy says of orders that are about to be imported, and how long it takes to say it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use super::{
    candidate::{self, Candidate},
    duplicates::LookAlikes,
    notes::CappedList,
    recorder::Recorder,
};
use crate::{
    channel::{
        ChannelOrder, HoldKind, HoldReason, ImportDecision, ImportPolicy, LineId, LineKind, PolicyVerdict,
        ProposedImport, report::SkipReason, shipping::DisplayText, store::SaveOutcome,
    },
    connector::{ShipStationChannel, clocks::HostTime},
};

/// One answer may take as long without a warning.
const MAX_TIME_PER_ORDER: Duration = Duration::from_millis(50);
/// The answers of one run may take as long together.
const MAX_TIME_PER_RUN: Duration = Duration::from_secs(1);
/// What is said of a policy that panicked: what the panic says may name a buyer.
pub(super) const PANICKED: &str = "the host's import policy panicked";

/// What was decided about the candidates of a batch.
#[derive(Default)]
pub(super) struct Decided {
    pub(super) accepted: Vec<Candidate>,
    pub(super) skipped: Vec<(ChannelOrder, SkipReason)>,
    /// Those at which the policy panicked.
    pub(super) failed: Vec<Candidate>,
}

/// Holds candidates that look like others, and puts into effect what the policy says of each.
pub(super) fn decide(
    recorder: &mut Recorder<'_>,
    candidates: Vec<Candidate>,
    mut alike: LookAlikes,
) -> Decided {
    let channel = recorder.ctx.run.channel;
    let mut decided = Decided::default();
    for mut candidate in candidates {
        alike.hold(&mut candidate);
        if let Some(policy) = &channel.policy {
            let begun = HostTime::now(&**channel.client.clock());
            let answer = ask(&**policy, &candidate);
            recorder.notes.policy.took(&candidate.order, begun.elapsed(&**channel.client.clock()));
            let Some(answer) = answer else {
                decided.failed.push(candidate);
                continue;
            };
            if let PolicyVerdict::Skip(reason) = answer.verdict {
                decided.skipped.push((candidate.order, SkipReason::ByPolicy { reason }));
                continue;
            }
            let unknown = apply(channel, &mut candidate, answer);
            recorder.notes.policy.note_unknown(&candidate.order, &unknown);
        }
        alike.add(&candidate);
        decided.accepted.push(candidate);
    }
    decided
}

/// What the policy says of a candidate; `None` when it panics.
pub(super) fn ask(policy: &dyn ImportPolicy, candidate: &Candidate) -> Option<ImportDecision> {
    let proposed = ProposedImport::new(&candidate.holds, &candidate.shipping);
    catch_unwind(AssertUnwindSafe(|| policy.decide(&candidate.order, &proposed))).ok()
}

/// What became of an order at which the policy panicked: it is tried again like one that the host refuses.
pub(super) fn failure() -> SaveOutcome {
    SaveOutcome::Failed { message: PANICKED.to_owned(), retryable: true }
}

/// Puts a decision to import into effect: says which lines it names that the order does not have.
fn apply(channel: &ShipStationChannel, candidate: &mut Candidate, answer: ImportDecision) -> Vec<LineId> {
    let Candidate { order, holds, .. } = candidate;
    let mut unknown = answer.not_shippable;
    unknown.retain(|id| {
        let mut named = order.lines.iter_mut().filter(|line| line.id == *id).peekable();
        let is_unknown = named.peek().is_none();
        named.filter(|line| line.kind == LineKind::Item).for_each(|line| line.kind = LineKind::NotShippable);
        is_unknown
    });
    holds.retain(|hold| hold.kind() != HoldKind::NotManagedLine);
    holds.extend(candidate::unlinked(channel, order));
    if let PolicyVerdict::Hold(reason) = answer.verdict {
        holds.push(HoldReason::ByPolicy { reason });
    }
    unknown
}

/// What a run is to warn of about the policy.
#[derive(Debug, Default)]
pub(super) struct PolicyLog {
    in_all: Duration,
    longest: Duration,
    slow: CappedList,
    unknown_lines: CappedList,
}

impl PolicyLog {
    fn took(&mut self, order: &ChannelOrder, time: Duration) {
        self.in_all += time;
        self.longest = self.longest.max(time);
        if time > MAX_TIME_PER_ORDER {
            self.slow.add(order.id.as_str());
        }
    }

    /// Takes note of lines that the order does not have.
    fn note_unknown(&mut self, order: &ChannelOrder, lines: &[LineId]) {
        for line in lines {
            self.unknown_lines.add(format!("{} of order {}", DisplayText::name(line.as_str()), order.id));
        }
    }

    /// The warnings, one for many orders each.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> + use<> {
        let slow = self.slow.summary();
        let times = format!("{} ms at most, {} ms in all", self.longest.as_millis(), self.in_all.as_millis());
        let slow = (slow.is_some() || self.in_all > MAX_TIME_PER_RUN).then(|| {
            let orders = slow.map(|orders| format!(": orders {orders}")).unwrap_or_default();
            format!("the import policy is slow and holds up the run ({times}){orders}")
        });
        let unknown = self.unknown_lines.summary();
        let unknown = unknown
            .map(|lines| format!("the import policy names lines that their orders do not have: {lines}"));
        slow.into_iter().chain(unknown)
    }
}
