//! Runs as counters and gauges of the [`metrics`](https://docs.rs/metrics) facade, for whichever recorder the host installs. Knows
//! the contract only.

use metrics::{Label, Unit, counter, gauge};

use crate::channel::{
    Operation, RunEvent, RunEventKind, RunObserver, RunReport,
    report::{ImportCounts, RunInfo, SyncOutcomeKind, SyncReport},
};

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It is as the last run left it.
    Gauge,
}

/// A metric of the [table](TABLE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// The unit, as the facade calls it.
    pub unit: &'static str,
    /// Its labels, beside `connection`.
    pub labels: &'static [&'static str],
    /// What it counts.
    pub description: &'static str,
}

macro_rules! metrics_table {
    ($($const:ident = $kind:ident $name:literal $unit:literal $labels:tt $description:literal;)+) => {
        $(const $const: &str = $name;)+

        /// Every metric that there is.
        pub const TABLE: &[Metric] = &[$(Metric {
            name: $name,
            kind: MetricKind::$kind,
            unit: $unit,
            labels: &$labels,
            description: $description,
        }),+];
    };
}

metrics_table! {
    RUNS = Counter "shipstation_runs_total" "count" ["operation", "status"] "Runs that have ended, dry ones and those that were refused after their beginning included.";
    REQUESTS = Counter "shipstation_requests_total" "count" ["operation"] "Requests that left, repeated ones included.";
    RETRIES = Counter "shipstation_retries_total" "count" ["operation"] "Requests that repeated an earlier one.";
    WAITED = Counter "shipstation_wait_milliseconds_total" "milliseconds" ["operation"] "Time that runs waited for the rate limit or between attempts.";
    BUDGET_LEFT = Gauge "shipstation_budget_left" "count" [] "Requests that ShipStation last said were left in the minute.";
    IMPORTED = Counter "shipstation_orders_imported_total" "count" [] "Orders that the host was given, held ones included.";
    HELD = Counter "shipstation_orders_held_total" "count" ["reason"] "Imported orders that wait for a person; one with several reasons counts under each.";
    SKIPPED = Counter "shipstation_orders_skipped_total" "count" ["reason"] "Orders that a run left out, by the first reason; each run counts them again.";
    FAILED = Counter "shipstation_orders_failed_total" "count" [] "Imports of an order that failed; each attempt counts.";
    DUE = Gauge "shipstation_shipments_due" "count" [] "Shipments that were due or in flight when the last run looked.";
    SENT = Counter "shipstation_shipments_sent_total" "count" [] "Shipments that ShipStation accepted.";
    CONFIRMED = Counter "shipstation_shipments_confirmed_total" "count" [] "Shipments that ShipStation was seen to show, whichever run sent them.";
    BLOCKED = Gauge "shipstation_shipments_blocked" "count" [] "Shipments that wait for a person.";
    OLDEST_DUE = Gauge "shipstation_shipments_oldest_due_seconds" "seconds" [] "How long the shipment that has waited longest to be sent, and was not, has been in the outbox; 0 when there is none.";
}

/// Counts every run in the [metrics](TABLE) of the facade: give it to [`RunControl::observer`](crate::channel::RunControl::observer),
/// or to [`FleetBuilder::observer`](crate::fleet::FleetBuilder::observer) for all runs of a fleet.
///
/// Labels are the connection, operations, statuses and reasons; nothing of a buyer. What a dry run would do is not counted, its
/// requests are. Install the recorder before the observer is made: the descriptions are given then.
///
/// ```
/// use shipstation_connector::{channel::{GetOrders, RunControl}, metrics::MetricsObserver};
/// use std::sync::Arc;
///
/// let observer = Arc::new(MetricsObserver::new());
/// let request = GetOrders::with(RunControl::new().observer(observer));
/// ```
#[derive(Debug, Clone)]
pub struct MetricsObserver {
    by_connection: bool,
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsObserver {
    /// Describes the metrics, and labels each by its connection.
    pub fn new() -> Self {
        for metric in TABLE {
            let unit = Unit::from_string(metric.unit).unwrap_or(Unit::Count);
            match metric.kind {
                MetricKind::Counter => metrics::describe_counter!(metric.name, unit, metric.description),
                MetricKind::Gauge => metrics::describe_gauge!(metric.name, unit, metric.description),
            }
        }
        Self { by_connection: true }
    }

    /// The same without the label `connection`, where there are too many: counters are sums then, and a gauge is of whichever
    /// connection ran last.
    #[must_use]
    pub fn without_connections(self) -> Self {
        Self { by_connection: false }
    }

    fn of(&self, info: &RunInfo) -> Labels {
        let connection = || Label::new("connection", info.connection.to_string());
        Labels(self.by_connection.then(connection).into_iter().collect())
    }
}

impl RunObserver for MetricsObserver {
    fn on_event(&self, event: &RunEvent<'_>) {
        if let RunEventKind::Finished { info } = event.kind {
            let (labels, api) = (self.of(info), &info.api);
            labels.operation(info.operation).with("status", info.status.name()).count(RUNS, 1);
            let by_operation = labels.operation(info.operation);
            by_operation.count(REQUESTS, api.requests);
            by_operation.count(RETRIES, api.retries);
            by_operation.count(WAITED, u64::try_from(api.waited.as_millis()).unwrap_or(u64::MAX));
            if let Some(left) = api.rate_remaining {
                labels.set(BUDGET_LEFT, f64::from(left));
            }
        }
    }

    fn on_run_end(&self, report: RunReport<'_>) {
        let info = report.info();
        match report {
            _ if info.dry_run => {}
            RunReport::Import(report) => count_orders(&self.of(info), &report.counts),
            RunReport::Sync(report) => count_shipments(&self.of(info), report),
            _ => {}
        }
    }
}

fn count_orders(labels: &Labels, counts: &ImportCounts) {
    labels.count(IMPORTED, counts.imported());
    labels.count(FAILED, counts.failed());
    for (reason, held) in counts.held_by.iter() {
        labels.clone().with("reason", reason.name()).count(HELD, held);
    }
    for (reason, skipped) in counts.skipped.iter() {
        labels.clone().with("reason", reason.name()).count(SKIPPED, skipped);
    }
}

fn count_shipments(labels: &Labels, report: &SyncReport) {
    let counts = &report.counts;
    labels.count(SENT, counts.of(SyncOutcomeKind::Sent) + counts.of(SyncOutcomeKind::Confirmed));
    labels.count(CONFIRMED, counts.confirmed());
    // A run that was cut short has not seen all that waits.
    if !report.run.status.read_everything() {
        return;
    }
    labels.set(DUE, float(counts.due()));
    labels.set(BLOCKED, float(counts.blocked.total() + counts.still_blocked));
    labels.set(OLDEST_DUE, report.oldest_due.unwrap_or_default().as_secs_f64());
}

/// Exact up to 2^53, as a gauge is.
#[expect(clippy::cast_precision_loss, reason = "a gauge of the facade is a float")]
fn float(count: u64) -> f64 {
    count as f64
}

/// The labels of a metric.
#[derive(Clone)]
struct Labels(Vec<Label>);

impl Labels {
    fn operation(&self, operation: Operation) -> Self {
        self.clone().with("operation", operation.name())
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.0.push(Label::from_static_parts(name, value));
        self
    }

    fn count(&self, name: &'static str, more: u64) {
        counter!(name, self.0.iter()).increment(more);
    }

    fn set(&self, name: &'static str, value: f64) {
        gauge!(name, self.0.iter()).set(value);
    }
}
