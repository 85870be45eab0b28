//! Questions that change nothing.

use shipstation_connector::channel::{
    ChannelConnector, CheckConnection, DiagnoseOrder, Diagnosis, ExplainImports, FindStuck, Finding,
    Operation, OrderSelector, OrderTimeline, Severity, Verdict,
    store::{ChangeCursor, HistoryStore, RunState, RunStore},
};

use crate::{
    account::Account,
    exit::{Ended, Exit},
    output::{Output, joined, or_dash},
};

/// Those that leave runs behind.
const OPERATIONS: [Operation; 9] = [
    Operation::GetOrders,
    Operation::GetChanges,
    Operation::BackFill,
    Operation::ImportOrder,
    Operation::SyncShipments,
    Operation::ResolveHeld,
    Operation::LinkListings,
    Operation::RunActions,
    Operation::EnsureWebhooks,
];

pub(super) async fn check(account: &Account, out: &mut Output) -> Ended {
    let report = account.channel.check(CheckConnection::with(account.control())).await?;
    out.show(&report)?;
    let is_refused = |finding: &Finding| finding.code == "credentials" && finding.severity == Severity::Error;
    Ok(match report.is_ok() {
        true => Exit::Succeeded,
        false if report.findings.iter().any(is_refused) => Exit::Credentials,
        false => Exit::WithErrors,
    })
}

pub(super) async fn why(account: &Account, out: &mut Output) -> Ended {
    let overview = account.channel.why_nothing(ExplainImports::with(account.control())).await?;
    out.show(&overview)?;
    let is_unanswered =
        overview.statuses.iter().all(|status| status.inside.is_none() && status.tagged.is_none());
    Ok(if is_unanswered { Exit::Failed } else { Exit::Succeeded })
}

pub(super) async fn diagnose(account: &Account, out: &mut Output, order: OrderSelector) -> Ended {
    let request = DiagnoseOrder::new(order).control(account.control());
    let answers = account.channel.diagnose_order(request).await?;
    if out.is_json() {
        out.json(&answers)?;
    } else {
        for answer in &answers {
            out.show(answer)?;
        }
    }
    let exit_of = |answer: &Diagnosis| match answer.check("exists").map(|check| &check.verdict) {
        Some(Verdict::Blocks) if !answer.imported => Exit::NotFound,
        Some(Verdict::Unknown) => Exit::Failed,
        _ => Exit::Succeeded,
    };
    let found: Vec<Exit> = answers.iter().map(exit_of).collect();
    let best = [Exit::Succeeded, Exit::Failed].into_iter().find(|exit| found.contains(exit));
    Ok(best.unwrap_or(Exit::NotFound))
}

pub(super) async fn timeline(account: &Account, out: &mut Output, order: OrderSelector) -> Ended {
    let timeline = account.channel.timeline(OrderTimeline::new(order).control(account.control())).await?;
    out.show(&timeline)?;
    Ok(if timeline.events.is_empty() { Exit::NotFound } else { Exit::Succeeded })
}

pub(super) async fn stuck(account: &Account, out: &mut Output) -> Ended {
    let report = account.channel.stuck(FindStuck::new().control(account.control())).await?;
    out.show(&report)?;
    Ok(if report.is_empty() { Exit::Succeeded } else { Exit::WithErrors })
}

pub(super) async fn runs(account: &Account, out: &mut Output, limit: usize) -> Ended {
    let mut all = Vec::new();
    for operation in OPERATIONS {
        all.extend(account.stores.runs.recent(&account.id, operation, limit).await?);
    }
    all.sort_by_key(|run| std::cmp::Reverse(run.started));
    let head = ["STARTED", "OPERATION", "RUN", "ENDED"];
    out.rows(&all, &head, "no run is known", |run| {
        let started = run.started.floor_second().to_string();
        let ended = match &run.state {
            RunState::Ended { status } => format!("{status}: {}", run.headline),
            RunState::Running => "running".to_owned(),
            _ => "abandoned".to_owned(),
        };
        vec![started, or_dash(run.operation), run.run.to_string(), ended]
    })
}

pub(super) async fn changes(account: &Account, out: &mut Output, after: Option<u64>, limit: usize) -> Ended {
    let Some(history) = &account.stores.history else { return Ok(Exit::Succeeded) };
    let feed = history.changes(&account.id, after.map(ChangeCursor::new), limit).await?;
    let head = ["PLACE", "ORDER", "NUMBER", "WHAT"];
    out.rows(&feed, &head, "no change is known", |recorded| {
        let (place, change) = (recorded.cursor.number().to_string(), &recorded.change);
        vec![place, change.order.to_string(), change.number.clone(), joined(&change.what, "; ")]
    })?;
    if let Some(last) = feed.last().filter(|_| feed.len() == limit) {
        out.note(format!("there may be more: go on with --after {}", last.cursor.number()));
    }
    Ok(Exit::Succeeded)
}
