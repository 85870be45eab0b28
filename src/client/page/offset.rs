//! From which row of the present filter a page is asked for, and how many rows. Inside a run of rows that fails as a whole, pages are
//! small. How the filter itself moves on is in `reader::by_date`.

#[derive(Debug)]
pub(super) struct Position {
    /// The first row of the page, counted from the start of the present filter.
    pub(super) offset: u64,
    /// Its rows.
    pub(super) size: u32,
    /// The rows of a page where nothing fails.
    pub(super) full: u32,
    /// The end of a run of rows that is known to fail as a whole.
    trouble_until: u64,
}

impl Position {
    pub(super) fn new(offset: u64, full: u32) -> Self {
        Self { offset, size: aligned(offset, full), full, trouble_until: 0 }
    }

    pub(super) fn is_reduced(&self) -> bool {
        self.size < self.full
    }

    pub(super) fn is_in_trouble(&self, offset: u64) -> bool {
        offset < self.trouble_until
    }

    /// Goes on behind the page.
    pub(super) fn advance(&mut self) {
        self.go_to(self.offset + u64::from(self.size));
    }

    /// Goes to this row. Behind the failing rows, pages are again the largest that can begin there.
    pub(super) fn go_to(&mut self, offset: u64) {
        self.offset = offset;
        let most = if self.is_in_trouble(offset) { self.size } else { self.full };
        self.size = aligned(offset, most);
    }

    /// The page fails: it is halved. False if it holds one row already.
    pub(super) fn halve(&mut self) -> bool {
        if self.size == 1 {
            return false;
        }
        self.trouble_until = self.offset + u64::from(self.size);
        self.size = aligned(self.offset, self.size / 2);
        true
    }

    /// Leaves out one row.
    pub(super) fn step_over(&mut self) {
        self.offset += 1;
        self.trouble_until = self.trouble_until.max(self.offset);
    }
}

/// The largest page size up to `most` at which a page begins at `offset`.
fn aligned(offset: u64, most: u32) -> u32 {
    (1..=most.max(1)).rev().find(|size| offset.is_multiple_of(u64::from(*size))).unwrap_or(1)
}
