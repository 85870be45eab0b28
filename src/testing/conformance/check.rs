//! What a check is, and the few words in which checks are written.

use std::{
    fmt::Debug,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use super::test_bed::TestBed;
use crate::{channel::store::StoreError, client::BudgetError};

/// A named check of one clause.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) clause: &'static str,
    pub(super) run: fn(TestBed) -> Pin<Box<dyn Future<Output = Check> + Send>>,
}

/// What a check comes to.
pub(super) type Check<T = ()> = Result<T, Stop>;

/// Why a check ends before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Violated(String),
    LeftOut(&'static str),
}

impl Stop {
    pub(super) fn violated(how: impl Into<String>) -> Self {
        Self::Violated(how.into())
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Violated(format!("unexpected error: {error} ({:?})", error.kind()))
    }
}

impl From<BudgetError> for Stop {
    fn from(error: BudgetError) -> Self {
        Self::Violated(format!("unexpected error: {error}"))
    }
}

/// The list of a module's checks: each function with its clause. A check gets a [`TestBed`], or a [`Run`](super::Run) of the
/// operation that is named, or what the named function takes from the bed.
macro_rules! checks {
    ($group:literal: $($check:ident => $clause:literal,)+) => {
        checks! { $group, bed => bed; $($check => $clause,)+ }
    };
    ($group:literal during $operation:ident: $($check:ident => $clause:literal,)+) => {
        checks! { $group, bed => bed.during(crate::channel::Operation::$operation).await?; $($check => $clause,)+ }
    };
    ($group:literal on $part:ident: $($check:ident => $clause:literal,)+) => {
        checks! { $group, bed => $part(&bed)?; $($check => $clause,)+ }
    };
    ($group:literal, $bed:ident => $world:expr; $($check:ident => $clause:literal,)+) => {
        pub(in crate::testing::conformance) const CHECKS: &[crate::testing::conformance::check::Case] = &[
            $(crate::testing::conformance::check::Case {
                name: concat!($group, "::", stringify!($check)),
                clause: $clause,
                run: |$bed| Box::pin(async move { $check($world).await }),
            },)+
        ];
    };
}
pub(super) use checks;

/// The check fails unless the two are equal.
#[allow(clippy::needless_pass_by_value, reason = "a caller writes what it has, without borrowing it first")]
pub(super) fn same<F: PartialEq<W> + Debug, W: Debug>(what: &str, found: F, wanted: W) -> Check {
    if found == wanted {
        return Ok(());
    }
    Err(Stop::Violated(format!("{what}: {found:?}, wanted {wanted:?}")))
}

/// The check fails unless nothing was found.
pub(super) fn none<F: IntoIterator + Debug>(what: &str, found: F) -> Check {
    let shown = format!("{what}: {found:?}, wanted none");
    found.into_iter().next().map_or(Ok(()), |_| Err(Stop::Violated(shown)))
}

/// The check fails unless this holds.
pub(super) fn holds(what: &str, so: bool) -> Check {
    if so { Ok(()) } else { Err(Stop::Violated(format!("does not hold: {what}"))) }
}

/// The check fails unless the store refused a stale token.
pub(super) fn refused<T: Debug>(what: &str, answer: Result<T, StoreError>) -> Check {
    match answer {
        Err(error) if error.is_lost_lease() => Ok(()),
        Err(error) => Err(Stop::Violated(format!("{what} with a stale token: {error} ({:?})", error.kind()))),
        Ok(answer) => Err(Stop::Violated(format!("{what} with a stale token was accepted: {answer:?}"))),
    }
}

/// The check fails unless the store failed, and says that a repeat does not help.
pub(super) fn fails_for_good<T>(what: &str, answer: Result<T, StoreError>) -> Check {
    let is_retryable = answer.err().map(|error| error.is_retryable());
    same(&format!("{what}: whether a repeat helps"), is_retryable, Some(false))
}

/// Reads one row after the other, each page after the row before it, until there are no more or far too many.
pub(super) async fn one_by_one<R, C, F>(
    next: impl Fn(Option<C>) -> F,
    cursor: impl Fn(&R) -> C,
) -> Check<Vec<R>>
where
    F: Future<Output = Result<Vec<R>, StoreError>>,
{
    let mut rows = Vec::new();
    while rows.len() < 99 {
        let Some(row) = next(rows.last().map(&cursor)).await?.into_iter().next() else { break };
        rows.push(row);
    }
    Ok(rows)
}

/// Does all of these at once, each as a task of its own; the answers stand in the order given.
pub(super) async fn at_once<T, E, F>(work: impl IntoIterator<Item = F>) -> Check<Vec<T>>
where
    T: Send + 'static,
    E: Into<Stop> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let tasks: Vec<_> = work.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        let answer = task.await.map_err(|error| Stop::Violated(format!("the store panicked: {error}")))?;
        answers.push(answer.map_err(Into::into)?);
    }
    Ok(answers)
}

/// Gives a call up after at most so many steps of it, as a caller does that is cancelled.
pub(super) async fn drop_after<F: Future>(steps: u32, call: F) {
    let mut call = pin!(call);
    for _ in 0..steps {
        if poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await {
            return;
        }
        tokio::task::yield_now().await;
    }
}
