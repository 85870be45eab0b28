//! Makes a failing plan smaller, as long as it fails.

use std::time::Duration;

use crate::{
    history::play,
    plan::{Plan, Trouble},
};

/// The smallest plan that is found before time is up that still breaks a promise, and which.
pub fn shrink(plan: Plan, violation: String, is_up: impl Fn() -> bool) -> (Plan, String) {
    let (mut plan, mut violation) = (plan, violation);
    let mut is_smaller = true;
    while std::mem::take(&mut is_smaller) {
        for candidate in candidates(&plan) {
            if is_up() {
                break;
            }
            let broken = play(candidate.clone(), false).violation;
            if let Some(broken) = broken.filter(|broken| kind(broken) == kind(&violation)) {
                (plan, violation, is_smaller) = (candidate, broken, true);
                break;
            }
        }
    }
    (plan, violation)
}

/// The words of a violation before its first number.
fn kind(violation: &str) -> &str {
    violation.split(|character: char| character.is_ascii_digit()).next().unwrap_or_default()
}

fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let mut try_with = |change: &dyn Fn(&mut Plan) -> bool| {
        let mut candidate = plan.clone();
        if change(&mut candidate) {
            smaller.push(candidate);
        }
    };
    for name in Trouble::NAMES {
        try_with(&|plan| plan.trouble.has(name) && plan.trouble.switch_off(name));
    }
    try_with(&|plan| std::mem::take(&mut plan.sqlite));
    try_with(&|plan| std::mem::take(&mut plan.has_actions));
    try_with(&|plan| std::mem::take(&mut plan.has_rotations));
    try_with(&|plan| std::mem::replace(&mut plan.connections, 1) > 1);
    try_with(&|plan| std::mem::replace(&mut plan.workers, 1) > 1);
    try_with(&|plan| {
        plan.workers -= 1;
        plan.workers > 0
    });
    for part in [4, 2] {
        try_with(&|plan| {
            plan.orders = plan.orders * (part - 1) / part;
            plan.orders > 0
        });
        try_with(&|plan| {
            // In whole seconds, as the command that replays it says.
            plan.troubled = Duration::from_secs(plan.troubled.as_secs() * (part as u64 - 1) / part as u64);
            plan.troubled.as_secs() > 3_600
        });
    }
    smaller
}
