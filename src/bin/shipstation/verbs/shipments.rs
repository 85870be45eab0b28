//! Shipments on their way back.

use serde_json::json;
use shipstation_connector::channel::{
    ChannelConnector, Shipment, ShipmentState, SyncShipments,
    store::{EnqueueOutcome, OutboxQuery, OutboxRow, ShipmentStore, ShipmentStoreExt},
};

use super::report;
use crate::{
    account::Account,
    args::{Ship, Shipments, ShipmentsAct},
    exit::{Exit, Failure},
    output::Output,
};

/// Rows that are read from the store at once.
const PAGE: usize = 500;

pub(super) async fn ship(account: &Account, out: &mut Output, ship: Ship) -> Result<Exit, Failure> {
    let order = account.order_id(&ship.order.0).await?;
    let id = ship.id.unwrap_or_else(|| format!("{order}-{}", ship.tracking));
    let at = ship.at.unwrap_or_else(|| account.now());
    let mut shipment = Shipment::new(id.as_str(), order.as_str(), at, ship.carrier, ship.tracking);
    shipment.method = ship.service;
    if account.is_dry_run() {
        out.say(
            &format!("shipment {id} of order {order} would be enqueued"),
            &json!({"shipment": id, "order": order}),
        )?;
        return Ok(Exit::Succeeded);
    }
    let answer = account.store.stores().shipments.enqueue_one(&account.id, shipment, account.now()).await?;
    let said = match &answer {
        EnqueueOutcome::New => "is in the outbox; `sync` sends it".to_owned(),
        EnqueueOutcome::Duplicate => "was in the outbox before".to_owned(),
        other => return Err(Failure::usage(format!("shipment {id} was not taken: {other:?}"))),
    };
    out.say(&format!("shipment {id} of order {order} {said}"), &json!({"shipment": id, "order": order}))?;
    Ok(Exit::Succeeded)
}

pub(super) async fn sync(account: &Account, out: &mut Output) -> Result<Exit, Failure> {
    account.consent("sending shipments")?;
    let done = account.channel.sync_shipments(SyncShipments::with(account.control())).await?;
    report(out, &done, &done.run.status)
}

pub(super) async fn shipments(
    account: &Account,
    out: &mut Output,
    asked: Shipments,
) -> Result<Exit, Failure> {
    if let Some(ShipmentsAct::Unblock { key }) = asked.act {
        let released = if account.is_dry_run() {
            0
        } else {
            account.store.stores().shipments.unblock(&account.id, &key, account.now()).await?
        };
        out.say(&format!("{released} released"), &json!({"released": released}))?;
        return Ok(if released == 0 && !account.is_dry_run() { Exit::NotFound } else { Exit::Succeeded });
    }
    let open = open_rows(account).await?;
    out.rows(
        &open,
        &["SHIPMENT", "ORDER", "CARRIER", "STATE", "SINCE", "WHY"],
        "the outbox is empty",
        |row| {
            let why = match &row.state {
                ShipmentState::Blocked { reason } => reason.to_string(),
                _ => row.last_error.clone().unwrap_or_default(),
            };
            vec![
                row.id().to_string(),
                row.shipment.order.to_string(),
                row.shipment.carrier.clone().unwrap_or_default(),
                row.state.name().to_owned(),
                row.updated_at.floor_second().to_string(),
                why,
            ]
        },
    )?;
    Ok(Exit::Succeeded)
}

/// Everything that is not closed.
async fn open_rows(account: &Account) -> Result<Vec<OutboxRow>, Failure> {
    let store = account.store.stores().shipments;
    let later = account.now() + ShipmentState::MAX_RETRY_WAIT;
    let mut all: Vec<OutboxRow> = Vec::new();
    for query in [OutboxQuery::Due { now: later }, OutboxQuery::InFlight, OutboxQuery::Blocked] {
        let mut after = None;
        loop {
            let page = store.rows(&account.id, &query, after.as_ref(), PAGE).await?.rows;
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            let new = page.into_iter().filter(|row| all.iter().all(|known| known.id() != row.id()));
            let new: Vec<_> = new.collect();
            all.extend(new);
        }
    }
    Ok(all)
}
