//! The harness: one run to count the places, then one world per place in which the run is killed or stalled there,
//! others go on, and the promises are judged.

use shipstation_connector::{
    ShipStationChannel,
    channel::{ChannelError, Refusal, RunStatus},
};

use super::{
    fuse::{Fuse, Mode},
    test_bed::{Kind, TestBed},
};

/// An operation with a small world in which it has something of everything to do.
pub(super) trait Scenario: Sized {
    /// As many runs after the disturbed one put everything right.
    const FURTHER_RUNS: usize;

    /// The world, up to the moment before the operation.
    async fn set_up(bed: &mut TestBed) -> Self;
    /// The operation.
    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError>;
    /// What other processes do once it was disturbed.
    async fn go_on(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        self.run(channel).await
    }
    /// The promises, once everything is over.
    async fn judge(&self, bed: &TestBed, place: &str);
}

/// Kills the operation at every place and says how many there were.
#[expect(clippy::print_stdout, reason = "the harness says how much it covered")]
pub(super) async fn kill<S: Scenario>(name: &str, kind: &Kind) -> usize {
    let places = places::<S>(Mode::Kill, kind).await;
    for (at, place) in places.iter().enumerate() {
        kill_at::<S>(at, place, kind).await;
    }
    println!("{name}: killed at {} places", places.len());
    places.len()
}

/// Stalls the operation at every place until its lease has gone to another process.
#[expect(clippy::print_stdout, reason = "the harness says how much it covered")]
pub(super) async fn stall<S: Scenario>(name: &str, kind: &Kind) -> usize {
    let places = places::<S>(Mode::Stall, kind).await;
    for (at, place) in places.iter().enumerate() {
        stall_at::<S>(at, place, kind).await;
    }
    println!("{name}: stalled at {} places", places.len());
    places.len()
}

/// Starts a second process while the first holds the lease, then many at once: one works at a time.
pub(super) async fn rival<S: Scenario>(kind: &Kind) {
    let holding =
        places::<S>(Mode::Stall, kind).await.iter().position(|place| place == "after begin").unwrap();
    let mut bed = TestBed::new(kind).await;
    let scenario = S::set_up(&mut bed).await;
    let fuse = Fuse::new(Mode::Stall, holding, &bed.sim);
    let first = bed.process_with(&fuse).await;
    let mut run = std::pin::pin!(scenario.run(&first));
    tokio::select! {
        biased;
        () = fuse.burning() => {}
        ended = &mut run => panic!("the lease was not taken: {ended:?}"),
    }
    let refused = scenario.run(&bed.process().await).await;
    assert!(is_refused(&refused), "{refused:?}");
    fuse.release();
    assert_eq!(run.await.unwrap(), RunStatus::Succeeded);
    finish(&scenario, &bed, "with a rival").await;

    let mut bed = TestBed::new(kind).await;
    let scenario = S::set_up(&mut bed).await;
    let processes = futures_util::future::join_all((0..4).map(|_| bed.process())).await;
    let runs = processes.iter().map(|process| scenario.run(process));
    let ended = futures_util::future::join_all(runs).await;
    assert!(ended.iter().any(|run| matches!(run, Ok(RunStatus::Succeeded))), "{ended:?}");
    assert!(ended.iter().all(|run| run.is_ok() || is_refused(run)), "{ended:?}");
    finish(&scenario, &bed, "with three rivals").await;
}

fn is_refused(run: &Result<RunStatus, ChannelError>) -> bool {
    matches!(run, Err(ChannelError { refusal: Refusal::AlreadyRunning { .. }, .. }))
}

async fn places<S: Scenario>(mode: Mode, kind: &Kind) -> Vec<String> {
    let mut bed = TestBed::new(kind).await;
    let scenario = S::set_up(&mut bed).await;
    let fuse = Fuse::new(mode, usize::MAX, &bed.sim);
    assert_eq!(scenario.run(&bed.process_with(&fuse).await).await.unwrap(), RunStatus::Succeeded);
    let places = fuse.places();
    finish(&scenario, &bed, "undisturbed").await;
    places
}

async fn kill_at<S: Scenario>(at: usize, place: &str, kind: &Kind) {
    let mut bed = TestBed::new(kind).await;
    let scenario = S::set_up(&mut bed).await;
    let fuse = Fuse::new(Mode::Kill, at, &bed.sim);
    {
        let channel = bed.process_with(&fuse).await;
        tokio::select! {
            biased;
            () = fuse.burning() => {}
            ended = scenario.run(&channel) => panic!("{place} was not reached: {ended:?}"),
        }
    }
    // At once, while the lease of the dead run may still last.
    let next = scenario.go_on(&bed.process().await).await;
    assert!(next.is_ok() || is_refused(&next), "{place}: {next:?}");
    finish(&scenario, &bed, place).await;
}

async fn stall_at<S: Scenario>(at: usize, place: &str, kind: &Kind) {
    let mut bed = TestBed::new(kind).await;
    let scenario = S::set_up(&mut bed).await;
    let fuse = Fuse::new(Mode::Stall, at, &bed.sim);
    let slow = bed.process_with(&fuse).await;
    let mut run = std::pin::pin!(scenario.run(&slow));
    tokio::select! {
        biased;
        () = fuse.burning() => {}
        ended = &mut run => panic!("{place} was not reached: {ended:?}"),
    }
    finish(&scenario, &bed, place).await;
    let writes = bed.sim.journal().writes().count();
    fuse.release();
    let ended = run.await;
    assert_eq!(bed.sim.journal().writes().count(), writes, "{place}: sent although the lease is lost");
    let lost = match &ended {
        Ok(RunStatus::Failed { error }) => error.contains("lease"),
        // It had nothing left to write but its end.
        Ok(RunStatus::Partial { why }) => why.contains("could not be recorded") && why.contains("lease"),
        Err(ChannelError { refusal: Refusal::Store(error), .. }) => error.is_lost_lease(),
        _ => false,
    };
    // A run that had not begun yet when it stalled begins afterwards, with a lease of its own.
    let ended_well = matches!(ended, Ok(RunStatus::Succeeded));
    assert!(lost || ended_well, "{place}: {ended:?}");
    scenario.judge(&bed, place).await;
}

/// Fresh processes go on, the host takes its orders out, and the promises are judged.
async fn finish<S: Scenario>(scenario: &S, bed: &TestBed, place: &str) {
    bed.host_takes_orders().await;
    let mut status = None;
    for _ in 0..S::FURTHER_RUNS {
        bed.a_quarter_of_an_hour_passes();
        let ended = scenario.go_on(&bed.process().await).await;
        status = Some(ended.unwrap_or_else(|error| panic!("{place}: {error}")));
        bed.host_takes_orders().await;
    }
    assert_eq!(status, Some(RunStatus::Succeeded), "{place}");
    let damage = bed.open().await.damage().await;
    assert!(damage.is_empty(), "{place}: {damage:?}");
    scenario.judge(bed, place).await;
}
