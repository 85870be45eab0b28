//! Keeping a spreadsheet from running a cell as a formula.

use std::borrow::Cow;

use crate::named_enum::named_enum;

named_enum! {
    /// Whether cells that a spreadsheet might run as a formula are made harmless.
    ///
    /// It is off by default because it alters the text: use the same setting to export and to import.
    #[derive(Default)]
    FormulaGuard {
        /// Cells are written and read as they are.
        #[default]
        Off = "off",
        /// On export, a cell that starts with `=`, `+`, `-`, `@`, a tab or a line end (or with such a thing
        /// behind apostrophes) gets an apostrophe in front; on import it is taken away again.
        Apostrophe = "apostrophe",
    }
}

impl FormulaGuard {
    pub(super) fn protect(self, cell: &str) -> Cow<'_, str> {
        match self {
            Self::Apostrophe if is_formula(cell.trim_start_matches('\'')) => Cow::Owned(format!("'{cell}")),
            _ => Cow::Borrowed(cell),
        }
    }

    pub(super) fn restore(self, cell: &str) -> &str {
        match (self, cell.strip_prefix('\'')) {
            (Self::Apostrophe, Some(rest)) if is_formula(rest.trim_start_matches('\'')) => rest,
            _ => cell,
        }
    }
}

/// The characters that start a formula, with their full-width forms.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn alters_only_what_may_run() {
        let guard = FormulaGuard::Apostrophe;
        for (cell, protected) in [("=1", "'=1"), ("'=1", "''=1"), ("'tis", "'tis"), ("a=1", "a=1"), ("", "")]
        {
            assert_eq!(guard.protect(cell), protected);
            assert_eq!(FormulaGuard::Off.protect(cell), cell);
            assert_eq!(FormulaGuard::Off.restore(protected), protected);
        }
    }

    proptest! {
        #[test]
        fn what_is_protected_is_restored(cell in "['=+a@\t-]{0,5}") {
            let guard = FormulaGuard::Apostrophe;
            let protected = guard.protect(&cell);
            prop_assert_eq!(guard.restore(&protected), cell.as_str());
            prop_assert!(!is_formula(&protected));
        }
    }
}
