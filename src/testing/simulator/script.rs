//! What was arranged in advance: faults, and changes of the account just before a certain request.

use std::fmt;

use super::{Account, Fault, FaultKind, fault::Target, request::Call};

type Change = Box<dyn FnOnce(&mut Account) + Send>;

/// A change of the account that waits for its request.
struct Hook {
    target: Target,
    wait: u64,
    change: Change,
}

/// Everything that is arranged.
#[derive(Default)]
pub(super) struct Script {
    faults: Vec<Fault>,
    hooks: Vec<Hook>,
}

impl Script {
    pub(super) fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Arranges a change for just before the `nth` matching request from now, the first being 1.
    pub(super) fn add_hook(&mut self, target: Target, nth: u64, change: Change) {
        self.hooks.push(Hook { target, wait: nth.max(1), change });
    }

    pub(super) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Whether earlier states of the account may be asked for.
    pub(super) fn has_stale_reads(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::StaleRead(_)))
    }

    /// The fault that this request meets, if any. Every matching rule before it counts the request.
    pub(super) fn fault(&mut self, call: &Call) -> Option<FaultKind> {
        self.faults.iter_mut().find_map(|fault| fault.strikes(call).then(|| fault.kind.clone()))
    }

    /// Carries out the changes that were waiting for this request.
    pub(super) fn run_hooks(&mut self, call: &Call, account: &mut Account) {
        for hook in self.hooks.iter_mut().filter(|hook| hook.target.matches(call)) {
            hook.wait -= 1;
        }
        for hook in self.hooks.extract_if(.., |hook| hook.wait == 0) {
            (hook.change)(account);
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("faults", &self.faults).field("hooks", &self.hooks.len()).finish()
    }
}
