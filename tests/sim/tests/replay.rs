//! The same seed gives the same history, line by line.

use sim::{history::play, plan::Plan};

#[test]
fn a_seed_is_replayed_to_the_letter() {
    for seed in [3, 7, 11, 12] {
        let mut plan = Plan::draw(seed);
        plan.orders = plan.orders.min(12);
        let (one, other) = (play(plan.clone(), false), play(plan, false));
        assert_eq!((one.violation, one.trace), (other.violation, other.trace), "seed {seed}");
        assert!(one.trace.0 > 100, "something happens");
    }
}
