//! The reports of runs, in which every run completes the same.

use crate::channel::{
    ActionReport, ImportReport, LinkReport, ResolveReport, RunReport, SyncReport, WebhookReport,
    report::RunInfo,
};

/// A report of a run, which the run completes.
pub(super) trait Reported {
    fn info(&mut self) -> &mut RunInfo;
    fn as_run_report(&self) -> RunReport<'_>;
}

macro_rules! reported {
    ($($report:ident: $variant:ident),+ $(,)?) => {$(
        impl Reported for $report {
            fn info(&mut self) -> &mut RunInfo {
                &mut self.run
            }

            fn as_run_report(&self) -> RunReport<'_> {
                RunReport::$variant(self)
            }
        }
    )+};
}

reported! {
    ActionReport: Actions,
    ImportReport: Import,
    LinkReport: Links,
    ResolveReport: Held,
    SyncReport: Sync,
    WebhookReport: Webhooks,
}
