//! The schedule of a fleet.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{Both, Check, Stop, TestBed, at, at_once, checks, holds, none, same};
use crate::{
    channel::{ConnectionId, Operation},
    fleet::{Claim, JobEnd, JobKey, JobPlan, JobStatus, LastRun, Schedule},
};

checks! { "schedule" on schedules:
    a_job_is_claimed_by_one_of_many => "a job is claimed by one worker at a time",
    what_is_due_for_longest_is_claimed_first => "what is due for longest is claimed first",
    a_claim_that_ends_is_due_again => "a claim that has ended cannot be renewed or settled, and the job is due again",
    a_renewed_claim_holds => "`renew` prolongs claims that still hold",
    a_settled_job_is_due_after_its_wait => "`settle` ends a claim, and keeps how it ended",
    a_woken_job_is_due_at_once => "a job that is woken while it is claimed is due at once when it is settled",
    a_plan_changes_what_differs => "`plan` adds and changes, and removes none",
    a_paused_job_is_not_claimed => "a paused job is not claimed until a plan says otherwise",
    a_removed_job_is_gone => "`remove` removes every job of these connections; an earlier claim settles no later one",
}

const MINUTE: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(900);

fn job(connection: &str) -> JobKey {
    JobKey { connection: ConnectionId::new(connection), operation: Operation::GetOrders }
}

fn plan(connection: &str, first_wait: u64) -> JobPlan {
    JobPlan::new(job(connection), EVERY, Duration::from_secs(first_wait))
}

fn end(wait: Duration) -> JobEnd {
    JobEnd::new(wait, 0, LastRun::new(at(9), "succeeded"))
}

type Schedules = Both<dyn Schedule>;

fn schedules(on: &TestBed) -> Check<Schedules> {
    on.schedule.clone().ok_or(Stop::LeftOut("the builder hands out no schedule"))
}

async fn claim(schedule: &Arc<dyn Schedule>, limit: usize, second: u64) -> Check<Vec<Claim>> {
    Ok(schedule.claim("worker", limit, MINUTE, at(second)).await?)
}

/// The claim of the one job that is due.
async fn only_claim(schedule: &Arc<dyn Schedule>, what: &str, second: u64) -> Check<Claim> {
    let mut claims = claim(schedule, 9, second).await?;
    same(what, names(&claims), ["a"])?;
    claims.pop().ok_or_else(|| Stop::violated(what))
}

fn names(claims: &[Claim]) -> Vec<&str> {
    claims.iter().map(|claim| claim.job.connection.as_str()).collect()
}

async fn status(schedule: &Arc<dyn Schedule>, connection: &str) -> Check<JobStatus> {
    let jobs = schedule.jobs(Some(&connection.into())).await?;
    jobs.into_iter().next().ok_or_else(|| Stop::violated(format!("there is no job of {connection}")))
}

async fn a_job_is_claimed_by_one_of_many((schedule, peer): Schedules) -> Check {
    let plans: Vec<JobPlan> = (0..40).map(|n| plan(&format!("shop {n}"), 0)).collect();
    schedule.plan(&plans, at(0)).await?;
    let looks = [&schedule, &peer].into_iter().cycle().take(12).cloned().enumerate();
    let looks = looks
        .map(|(n, schedule)| async move { schedule.claim(&format!("worker {n}"), 7, MINUTE, at(1)).await });
    let claims: Vec<Claim> = at_once(looks).await?.into_iter().flatten().collect();
    let jobs: BTreeSet<&JobKey> = claims.iter().map(|claim| &claim.job).collect();
    same("jobs that were claimed twice", claims.len() - jobs.len(), 0)?;
    let rest = claim(&peer, 99, 1).await?.len();
    same("jobs in all", claims.len() + rest, 40)?;
    none("jobs that are left", claim(&schedule, 99, 1).await?)
}

async fn what_is_due_for_longest_is_claimed_first((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("c", 30), plan("a", 20), plan("b", 10), plan("d", 500)], at(0)).await?;
    same("the first wait", schedule.next_due(at(0)).await?, Some(Duration::from_secs(10)))?;
    none("before any is due", claim(&schedule, 9, 9).await?)?;
    let first = claim(&peer, 2, 100).await?;
    same("the first two", names(&first), ["b", "a"])?;
    same("since when", first.iter().map(|claim| claim.due).collect::<Vec<_>>(), [at(10), at(20)])?;
    same("the next", names(&claim(&schedule, 9, 100).await?), ["c"])
}

async fn a_claim_that_ends_is_due_again((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 0)], at(0)).await?;
    let dead = [only_claim(&schedule, "once it is planned", 0).await?];
    none("while it is claimed", claim(&peer, 1, 59).await?)?;
    peer.renew(&dead, MINUTE, at(60)).await?;
    let next = only_claim(&peer, "once the claim has ended", 60).await?;
    holds("each claim has a fence of its own", dead[0].fence != next.fence)?;
    schedule.renew(&dead, EVERY, at(61)).await?;
    same("settling the dead claim", schedule.settle(&dead[0], &end(EVERY), at(61)).await?, false)?;
    same("who works on it", status(&schedule, "a").await?.claimed_by, Some("worker".to_owned()))?;
    same("settling after the end", schedule.settle(&next, &end(EVERY), at(120)).await?, false)
}

async fn a_renewed_claim_holds((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 0), plan("b", 0)], at(0)).await?;
    let claims = claim(&schedule, 2, 0).await?;
    schedule.renew(&claims, MINUTE, at(50)).await?;
    none("while they are claimed", claim(&peer, 9, 100).await?)?;
    for claim in &claims {
        same("settling", peer.settle(claim, &end(EVERY), at(109)).await?, true)?;
        same("settling again", schedule.settle(claim, &end(EVERY), at(109)).await?, false)?;
    }
    Ok(())
}

async fn a_settled_job_is_due_after_its_wait((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 0)], at(0)).await?;
    let claimed = only_claim(&schedule, "once it is planned", 5).await?;
    let last = LastRun::new(at(9), "failed: \"away\"").waits("it failed");
    schedule.settle(&claimed, &JobEnd::new(MINUTE, 3, last.clone()), at(10)).await?;
    let kept = status(&peer, "a").await?;
    none("who works on it", kept.claimed_by)?;
    same("when it is due", kept.due, at(70))?;
    same("how it ran", kept.last, Some(last))?;
    none("before its time", claim(&peer, 1, 69).await?)?;
    same("its failures", only_claim(&peer, "in its time", 70).await?.failures, 3)
}

async fn a_woken_job_is_due_at_once((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 500)], at(0)).await?;
    same("a job that is not there", peer.wake(&job("b"), at(1)).await?, false)?;
    same("a job that is", peer.wake(&job("a"), at(1)).await?, true)?;
    let woken = only_claim(&schedule, "once it is woken", 1).await?;
    peer.wake(&job("a"), at(2)).await?;
    none("while it is claimed", claim(&peer, 1, 3).await?)?;
    schedule.settle(&woken, &end(EVERY), at(4)).await?;
    let again = only_claim(&peer, "when it is settled", 4).await?;
    schedule.settle(&again, &end(EVERY), at(5)).await?;
    none("nobody has woken it since", claim(&peer, 1, 6).await?)
}

async fn a_plan_changes_what_differs((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 800), plan("b", 800)], at(0)).await?;
    let mut sooner = plan("a", 7);
    sooner.every = MINUTE;
    peer.plan(&[sooner, plan("b", 7)], at(1)).await?;
    same("a shorter interval", status(&schedule, "a").await?.due, at(61))?;
    same("the same interval", status(&schedule, "b").await?.due, at(800))?;
    same("the interval", status(&schedule, "a").await?.every, MINUTE)?;
    peer.plan(&[plan("c", 7)], at(1)).await?;
    same("jobs in all", schedule.jobs(None).await?.len(), 3)
}

async fn a_paused_job_is_not_claimed((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 0).paused("the bill is open")], at(0)).await?;
    same("the reason", status(&peer, "a").await?.paused, Some("the bill is open".to_owned()))?;
    schedule.wake(&job("a"), at(1)).await?;
    none("while it is paused", claim(&peer, 1, 99).await?)?;
    none("what is due", schedule.next_due(at(99)).await?)?;
    peer.plan(&[plan("a", 0)], at(100)).await?;
    same("afterwards", names(&claim(&schedule, 1, 100).await?), ["a"])
}

async fn a_removed_job_is_gone((schedule, peer): Schedules) -> Check {
    schedule.plan(&[plan("a", 0), plan("b", 0)], at(0)).await?;
    let claims = claim(&schedule, 9, 0).await?;
    peer.remove(&["a".into(), "nobody".into()]).await?;
    for one in &claims {
        let is_there = one.job.connection.as_str() == "b";
        same("settling", schedule.settle(one, &end(EVERY), at(1)).await?, is_there)?;
    }
    same("jobs that are left", schedule.jobs(None).await?.len(), 1)?;
    schedule.plan(&[plan("a", 0)], at(2)).await?;
    claim(&peer, 1, 2).await?;
    for one in claims.iter().filter(|one| one.job.connection.as_str() == "a") {
        same("settling a claim from before", schedule.settle(one, &end(EVERY), at(3)).await?, false)?;
    }
    Ok(())
}
