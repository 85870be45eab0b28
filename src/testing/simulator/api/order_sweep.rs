//! Lists of orders when a stretch of them is made on demand: only the rows of the page are ever made.

use std::{borrow::Cow, ops::Range};

use super::super::{Account, SimOrder, account::Stretch, page::Paging};

/// Rows that follow one another.
#[derive(Debug)]
enum Run<'a> {
    Kept(&'a SimOrder),
    Made(Range<u32>),
}

impl Run<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Kept(_) => 1,
            Self::Made(range) => range.len(),
        }
    }
}

/// The page's rows, and the number of rows on all pages. `kept` is in the wanted order, `range` the part of the stretch that
/// the filter admits, and `place` says before which index of the stretch a kept order stands.
pub(super) fn page<'a>(
    account: &'a Account,
    stretch: &'a Stretch,
    kept: &[&'a SimOrder],
    range: Range<u32>,
    place: impl Fn(&SimOrder) -> u32,
    paging: Paging,
) -> (Vec<Cow<'a, SimOrder>>, usize) {
    let runs = runs(stretch, kept, range, place);
    let total = runs.iter().map(Run::len).sum();
    let wanted = paging.range(total);
    let mut start = 0;
    let mut rows = Vec::with_capacity(wanted.len());
    for run in &runs {
        let end = start + run.len();
        let (from, to) = (wanted.start.max(start), wanted.end.min(end));
        for offset in from..to.max(from) {
            rows.push(row(account, stretch, run, offset - start));
        }
        start = end;
    }
    (rows, total)
}

fn runs<'a>(
    stretch: &Stretch,
    kept: &[&'a SimOrder],
    range: Range<u32>,
    place: impl Fn(&SimOrder) -> u32,
) -> Vec<Run<'a>> {
    let mut runs = Vec::new();
    let mut next = range.start;
    for order in kept {
        let until = place(order).clamp(next, range.end.max(next));
        runs.extend(stretch.unreal(next..until).into_iter().map(Run::Made));
        runs.push(Run::Kept(order));
        next = until;
    }
    runs.extend(stretch.unreal(next..range.end).into_iter().map(Run::Made));
    runs
}

fn row<'a>(account: &Account, stretch: &Stretch, run: &Run<'a>, offset: usize) -> Cow<'a, SimOrder> {
    match run {
        Run::Kept(order) => Cow::Borrowed(order),
        Run::Made(range) => {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            Cow::Owned(account.made(stretch, range.start.saturating_add(offset)))
        }
    }
}
