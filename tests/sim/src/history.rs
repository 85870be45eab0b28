//! One history: a world from its beginning to its quiet end.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use shipstation_connector::client::{BudgetKey, MinuteWindow, RateLimiter, SharedWindow};

use crate::{
    executor::WorkerClock,
    fleet,
    log::Searched,
    oracle, people,
    plan::Plan,
    process::{self, Job, Place},
    trouble,
    world::World,
};

/// What a history came to.
#[derive(Debug)]
pub struct Ending {
    /// The broken promise, if one is broken.
    pub violation: Option<String>,
    /// How many lines its trace has and what they hash to: the same for the same plan.
    pub trace: (u64, u64),
    pub last_lines: Vec<String>,
    pub simulated: Duration,
    pub world: Arc<World>,
}

/// Plays a plan.
pub fn play(plan: Plan, printed: bool) -> Ending {
    let _log = tracing::subscriber::set_default(Searched::default());
    drop(Searched::take_leak());
    let world = World::new(plan, printed);
    let played = catch_unwind(AssertUnwindSafe(|| {
        begin(&world);
        world.executor.run(world.plan.troubled);
        world.begin_quiet();
        world.tell("world", "the quiet phase begins");
        for connection in 0..world.connections.len() {
            trouble::end(&world, connection);
            people::pay(&world, connection);
            futures_util::FutureExt::now_or_never(people::map(&world, connection, true)).unwrap();
        }
        world.executor.run(world.plan.troubled + world.plan.quiet);
        if world.violation().is_none() {
            oracle::judge_end(&world);
        }
    }));
    world.executor.clear();
    if let Err(panic) = played {
        let what = panic.downcast_ref::<String>().map(String::as_str);
        let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
        world.violate(format_args!("panic: {what}"));
    }
    Ending {
        violation: world.violation(),
        trace: world.trace(),
        last_lines: world.last_lines(),
        simulated: world.time.elapsed(),
        world,
    }
}

fn begin(world: &Arc<World>) {
    for (number, connection) in world.connections.iter().enumerate() {
        let quirks = trouble::quirks(world, number);
        connection.sim.account(|account| account.quirks = quirks);
        // The stores never wait, so this is done at once.
        futures_util::FutureExt::now_or_never(people::set_up(Arc::clone(world), number)).unwrap();
        world.executor.spawn(people::marketplace(Arc::clone(world), number));
        world.executor.spawn(people::warehouse(Arc::clone(world), number));
        world.executor.spawn(people::person(Arc::clone(world), number));
        if world.plan.acts() {
            world.executor.spawn(people::dispatcher(Arc::clone(world), number));
        }
        world.executor.spawn(trouble::shipstation(Arc::clone(world), number));
        world.executor.spawn(trouble::key(Arc::clone(world), number));
        if world.plan.has_rotations {
            world.executor.spawn(people::rotation(Arc::clone(world), number));
        }
        if world.plan.trouble.merchant {
            world.executor.spawn(people::merchant(Arc::clone(world), number));
        }
        if world.plan.has_fleets {
            continue;
        }
        for worker in 0..world.plan.workers {
            let limiter = limiter(world, worker, number);
            let look = world.plan.has_looks.then_some(Job::Look);
            for job in [Job::Import, Job::Ship].into_iter().chain(look) {
                let place = Place { worker, connection: number, job, limiter: limiter.clone() };
                world.executor.spawn(process::live(Arc::clone(world), place));
            }
        }
    }
    if world.plan.has_fleets {
        for worker in 0..world.plan.workers {
            let limiters =
                (0..world.connections.len()).map(|number| limiter(world, worker, number)).collect();
            world.executor.spawn(fleet::live(Arc::clone(world), worker, limiters));
        }
    }
}

/// What the processes of a worker share for the key of a connection.
fn limiter(world: &World, worker: usize, connection: usize) -> Arc<dyn RateLimiter> {
    if !world.plan.shares_budget {
        let clock = WorkerClock::new(&world.time, 0, true);
        return Arc::new(MinuteWindow::new(40).clock(clock));
    }
    // Whatever their clocks show.
    let ahead = i64::try_from(worker).unwrap_or_default() * 3_601;
    let clock = WorkerClock::new(&world.time, ahead, true);
    let key = BudgetKey::named(world.connections[connection].id.as_str());
    let window = SharedWindow::new(world.budgets.clone(), key);
    Arc::new(window.process(&format!("w{worker}")).clock(clock))
}
