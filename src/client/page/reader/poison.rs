//! Pages that fail: asking for less of them, down to the one row that is stepped over.

use super::{Dated, Error, Page, Reader, aligned};
use crate::client::{
    ErrorKind,
    wire::{RowError, RowErrorKind},
};

/// So many rows in a row that fail alone are an outage and not poison.
const MOST_POISON_IN_A_ROW: u32 = 3;
/// The same for rows that come and are not JSON: then ShipStation is there.
const MOST_BROKEN_IN_A_ROW: u32 = 20;

impl<T: Dated + Send + 'static> Reader<T> {
    /// Others succeed again: what failed alone before gets a last chance, so that an outage that ended meanwhile
    /// costs no row.
    pub(super) async fn recheck_poison(&mut self, mut page: Page<T>) -> Result<Page<T>, Error> {
        let mut saved = Vec::new();
        for suspect in std::mem::take(&mut self.poison) {
            match self.fetch(u64::try_from(suspect.index).unwrap_or(u64::MAX), 1).await {
                Ok(alone) => {
                    saved.extend(alone.items);
                    page.errors.extend(alone.errors);
                }
                Err(error) if is_page_fault(&error) => self.poison.push(suspect),
                Err(error) => return Err(error),
            }
        }
        page.items.splice(0..0, saved);
        Ok(page)
    }

    /// After a failure that a smaller page may avoid: asks for less, or steps over the one row that is left.
    /// False if the failure is real.
    pub(super) fn narrow(&mut self, error: &Error) -> bool {
        if !is_page_fault(error) {
            return false;
        }
        if self.size > 1 {
            tracing::warn!(endpoint = error.endpoint(), kind = ?error.kind(), size = self.size, "page fails, asks for fewer rows");
            self.trouble_until = self.offset + u64::from(self.size);
            self.size = aligned(self.offset, self.size / 2);
            return true;
        }
        let broken = error.kind() == ErrorKind::Decode;
        self.poison_in_a_row += 1;
        if self.poison_in_a_row > if broken { MOST_BROKEN_IN_A_ROW } else { MOST_POISON_IN_A_ROW } {
            return false;
        }
        self.poison.push(RowError {
            index: usize::try_from(self.offset).unwrap_or(usize::MAX),
            id: error.body().filter(|_| broken).and_then(|body| first_id(body, T::ID)),
            path: String::new(),
            reason: if broken {
                "the page that holds this row alone is not JSON".to_owned()
            } else {
                format!("ShipStation fails on every page that holds this row ({:?})", error.kind())
            },
            kind: RowErrorKind::Poison,
        });
        self.awaiting_row_after_poison = true;
        self.offset += 1;
        self.received += 1;
        self.trouble_until = self.trouble_until.max(self.offset);
        true
    }

    pub(super) fn note_row_after_poison(&mut self, page: &Page<T>) {
        let Some(key) = self.key.filter(|_| self.awaiting_row_after_poison) else { return };
        if let Some(first) = page.items.iter().find_map(|row| row.date(key.column)) {
            self.poison_before = self.poison_before.max(Some(first.latest()));
            self.awaiting_row_after_poison = false;
        }
    }
}

/// Whether a smaller page may do better.
pub(super) fn is_page_fault(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) || error.is_broken_page()
}

/// The first id that the text of a broken page shows: the one row's own.
fn first_id(body: &str, member: &str) -> Option<i64> {
    let name = format!("\"{member}\"");
    let after = body.to_ascii_lowercase().find(&name.to_ascii_lowercase())? + name.len();
    let value = body.get(after..)?.trim_start().strip_prefix(':')?.trim_start();
    let value = value.strip_prefix('"').unwrap_or(value);
    let digits = value.find(|c: char| !c.is_ascii_digit()).and_then(|end| value.get(..end))?;
    digits.parse().ok().filter(|id| *id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_broken_row_is_found() {
        for (body, id) in [
            (r#"{"orders":[{"orderId":7,"x":""#, Some(7)),
            (r#"{"orders":[{"OrderID" : "3184550917","items":[{"orderId":9}]"#, Some(3_184_550_917)),
            (r#"{"orders":[{"orderId":0,"#, None),
            (r#"{"orders":[{"orderId":-5,"#, None),
            (r#"{"orders":[{"orderId":12"#, None),
            (r#"{"orders":[{"orderId":null,"#, None),
            ("", None),
        ] {
            assert_eq!(first_id(body, "orderId"), id, "{body}");
        }
    }
}
