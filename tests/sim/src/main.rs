//! Plays histories from seeds, on all cores. `--seed S` plays one, `--trace` prints it step by step.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::cast_possible_truncation)]

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use shipstation_connector::channel::AgeBasis;
use sim::{history::play, plan::Plan, shrink::shrink};

const USAGE: &str = "\
sim --seeds N [--from S]       plays N seeds from S on (0, or with --fresh a number from the clock)
sim --minutes M [--fresh]      plays seeds for so long
    --whole                    does not make a failing history smaller
    --go-on                    plays on after a failing seed, and lists all of them in the end
sim --seed S [--trace] [--without KIND,...] [--workers N] [--connections N] [--orders N] [--troubled SECONDS] [--memory]
         [--own-limits] [--no-fleets] [--by-creation] [--no-looks] [--no-policy] [--no-actions] [--no-rotations]
sim --kept                     plays every kept seed";

/// The kept seeds: `arguments # reason`, a line each.
const KEPT: &str = include_str!("../kept.txt");

#[derive(Debug, Default)]
struct Arguments(Vec<String>);

impl Arguments {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let place = self.0.iter().position(|argument| argument == name)?;
        self.0.get(place + 1).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.value(name).map(|text| text.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
    }

    /// The plan of one seed, changed as the arguments say.
    fn plan(&self) -> Option<Plan> {
        let mut plan = Plan::draw(self.number("--seed")?);
        for name in self.value("--without").into_iter().flat_map(|names| names.split(',')) {
            assert!(plan.trouble.switch_off(name), "there is no trouble called {name}");
        }
        let size = |name, now: usize| self.number(name).map_or(now, |number| number as usize);
        plan.workers = size("--workers", plan.workers);
        plan.connections = size("--connections", plan.connections);
        plan.orders = size("--orders", plan.orders);
        plan.troubled = self.number("--troubled").map_or(plan.troubled, Duration::from_secs);
        plan.sqlite &= !self.has("--memory");
        plan.shares_budget &= !self.has("--own-limits");
        plan.has_fleets &= !self.has("--no-fleets");
        if self.has("--by-creation") {
            plan.basis = AgeBasis::Created;
        }
        plan.has_looks &= !self.has("--no-looks");
        plan.has_policy &= !self.has("--no-policy");
        plan.has_actions &= !self.has("--no-actions");
        plan.has_rotations &= !self.has("--no-rotations");
        Some(plan)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments(std::env::args().skip(1).collect());
    if arguments.has("--kept") {
        return kept();
    }
    if let Some(plan) = arguments.plan() {
        silence_panics();
        return one(plan, arguments.has("--trace"));
    }
    let from = if arguments.has("--fresh") { fresh() } else { arguments.number("--from").unwrap_or(0) };
    match (arguments.number("--seeds"), arguments.number("--minutes")) {
        (None, None) => {
            println!("{USAGE}");
            ExitCode::from(2)
        }
        (seeds, minutes) => {
            let (goes_on, shrinks) = (arguments.has("--go-on"), !arguments.has("--whole"));
            many(from, seeds.unwrap_or(u64::MAX), minutes, (goes_on, shrinks))
        }
    }
}

/// A first seed that nobody has played yet.
fn fresh() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs() << 20
}

fn one(plan: Plan, printed: bool) -> ExitCode {
    println!("{plan:?}");
    let ending = play(plan, printed);
    println!("trace of {} lines, {:016x}", ending.trace.0, ending.trace.1);
    match ending.violation {
        Some(violation) => {
            println!("BROKEN: {violation}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

/// A history that panics is reported like any other that breaks a promise.
fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

fn kept() -> ExitCode {
    let mut broken = 0;
    for line in KEPT.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (command, reason) = line.split_once('#').unwrap_or((line, ""));
        let arguments = Arguments(command.split_whitespace().map(str::to_owned).collect());
        let ending = play(arguments.plan().unwrap(), false);
        if let Some(violation) = ending.violation {
            println!("BROKEN again: {command}({reason}): {violation}");
            broken += 1;
        }
    }
    println!("{} kept seeds, {broken} broken", KEPT.lines().filter(|line| line.starts_with("--")).count());
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What the threads count together.
#[derive(Debug, Default)]
struct Sum {
    seeds: AtomicU64,
    runs: AtomicU64,
    requests: AtomicU64,
    kills: AtomicU64,
    imported: AtomicU64,
    marks: AtomicU64,
    repeated: AtomicU64,
    seconds: AtomicU64,
}

fn many(from: u64, seeds: u64, minutes: Option<u64>, (goes_on, shrinks): (bool, bool)) -> ExitCode {
    silence_panics();
    let began = Instant::now();
    let (next, stop, sum) = (AtomicU64::new(0), AtomicBool::new(false), Sum::default());
    let failed: Mutex<Vec<(Plan, String, Vec<String>)>> = Mutex::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let is_over = minutes.is_some_and(|minutes| began.elapsed().as_secs() >= minutes * 60);
                    if number >= seeds || is_over || stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let plan = Plan::draw(from + number);
                    let ending = play(plan.clone(), false);
                    add(&sum, &ending);
                    if let Some(violation) = ending.violation {
                        eprintln!("seed {} breaks a promise: {violation}", plan.seed);
                        stop.store(!goes_on, Ordering::Relaxed);
                        failed.lock().unwrap().push((plan, violation, ending.last_lines));
                    }
                }
            });
        }
    });
    report(&sum, began.elapsed());
    let mut failed = failed.into_inner().unwrap();
    failed.sort_by_key(|(plan, ..)| plan.seed);
    if goes_on {
        println!("{} seeds failed", failed.len());
        for (plan, violation, _) in &failed {
            println!("{plan} # {violation}");
        }
    }
    let Some((plan, violation, lines)) = failed.into_iter().next() else { return ExitCode::SUCCESS };
    println!("seed {} BREAKS a promise: {violation}\n  {}", plan.seed, lines.join("\n  "));
    if !shrinks {
        return ExitCode::FAILURE;
    }
    let began = Instant::now();
    let (small, violation) = shrink(plan, violation, || began.elapsed() > Duration::from_secs(60));
    println!("the smallest history found that breaks one: {violation}");
    println!("  cargo run --profile sim -p sim -- {small} --trace");
    ExitCode::FAILURE
}

fn add(sum: &Sum, ending: &sim::history::Ending) {
    let stats = &ending.world.stats;
    let pairs = [
        (&sum.runs, stats.runs.load(Ordering::Relaxed)),
        (&sum.requests, stats.requests.load(Ordering::Relaxed)),
        (&sum.kills, stats.kills.load(Ordering::Relaxed)),
        (&sum.imported, stats.imported.load(Ordering::Relaxed)),
        (&sum.marks, stats.marks.load(Ordering::Relaxed)),
        (&sum.repeated, stats.repeated_marks.load(Ordering::Relaxed)),
        (&sum.seconds, ending.simulated.as_secs()),
        (&sum.seeds, 1),
    ];
    for (total, more) in pairs {
        total.fetch_add(more, Ordering::Relaxed);
    }
}

fn report(sum: &Sum, took: Duration) {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let seeds = of(&sum.seeds);
    println!(
        "{seeds} seeds in {:.0} s ({} a minute), {} years of simulated time",
        took.as_secs_f64(),
        seeds * 60_000 / u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1),
        of(&sum.seconds) / 31_557_600,
    );
    println!(
        "{} runs, {} requests, {} kills, {} orders imported, {} marks, of them {} repeated after a late effect or a stale read",
        of(&sum.runs),
        of(&sum.requests),
        of(&sum.kills),
        of(&sum.imported),
        of(&sum.marks),
        of(&sum.repeated)
    );
}
