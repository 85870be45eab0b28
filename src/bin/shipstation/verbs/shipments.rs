//! Shipments on their way back.

use std::collections::HashSet;

use serde_json::json;
use sha2::{Digest, Sha256};
use shipstation_connector::channel::{
    ChannelConnector, Shipment, ShipmentState, SyncShipments,
    store::{EnqueueOutcome, OutboxCursor, OutboxQuery, OutboxRow, ShipmentStore, ShipmentStoreExt},
};

use super::report;
use crate::{
    account::Account,
    args::{Ship, ShipmentsAct},
    exit::{Ended, Exit, Failure},
    output::Output,
    store::{PAGE, every_row},
};

pub(super) async fn ship(account: &Account, out: &mut Output, ship: Ship) -> Ended {
    if ship.tracking.trim().is_empty() || ship.carrier.trim().is_empty() {
        return Err(Failure::usage("a shipment needs a carrier and a tracking number"));
    }
    let order = account.order_id(&ship.order.0).await?;
    let id = ship.id.unwrap_or_else(|| format!("{order}-{}", digest(&ship.tracking)));
    let at = ship.at.unwrap_or_else(|| account.now());
    let mut shipment = Shipment::new(id.as_str(), order.as_str(), at, ship.carrier, ship.tracking);
    shipment.method = ship.service;
    let store = &account.stores.shipments;
    let before = async |shipment: &Shipment| -> Result<Option<OutboxRow>, Failure> {
        let rows = store.order_progress(&account.id, &shipment.order).await?.rows;
        Ok(rows.into_iter().find(|row| row.shipment.id == shipment.id))
    };
    let mut there = before(&shipment).await?;
    let mut said = "would be put into the outbox";
    if there.is_none() && !account.dry_run {
        said = "is in the outbox; `sync` sends it";
        if store.enqueue_one(&account.id, shipment.clone(), account.now()).await? != EnqueueOutcome::New {
            let why = format!("another order has a shipment {id}: give this one an --id of its own");
            there = Some(before(&shipment).await?.ok_or_else(|| Failure::usage(why))?);
        }
    }
    let document = json!({"shipment": id, "order": order, "dry_run": account.dry_run});
    let Some(row) = there else {
        return out.say(&format!("shipment {id} of order {order} {said}"), &document);
    };
    let state = row.state.name();
    if !is_same(&row.shipment, &shipment) {
        return Err(Failure::usage(format!(
            "shipment {id} is there with another carrier, service or tracking number ({state}): give the new one an --id of its own"
        )));
    }
    out.say(&format!("shipment {id} of order {order} was in the outbox before ({state})"), &document)?;
    let is_lost = matches!(row.state, ShipmentState::Failed { .. } | ShipmentState::Cancelled);
    Ok(if is_lost { Exit::WithErrors } else { Exit::Succeeded })
}

/// Whether they are one shipment; of one that was settled long ago nothing is kept that would tell.
fn is_same(old: &Shipment, new: &Shipment) -> bool {
    let numbers = |shipment: &Shipment| -> Vec<Option<String>> {
        shipment.packages.iter().map(|package| package.tracking.as_deref().map(digest)).collect()
    };
    let is_known = !old.packages.is_empty();
    !is_known || (&old.carrier, &old.method, numbers(old)) == (&new.carrier, &new.method, numbers(new))
}

/// A tracking number as a part of an identity that outlives it: however it is written, and not to be read back.
fn digest(tracking: &str) -> String {
    let plain: String =
        tracking.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let digest = Sha256::digest(plain);
    let number = digest.iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:012x}")
}

pub(super) async fn sync(account: &Account, out: &mut Output) -> Ended {
    account.consent("sending shipments")?;
    let done = account.channel.sync_shipments(SyncShipments::with(account.control())).await?;
    report(out, &done, &done.run.status)
}

pub(super) async fn shipments(account: &Account, out: &mut Output, act: Option<ShipmentsAct>) -> Ended {
    if let Some(ShipmentsAct::Unblock { key }) = act {
        if account.dry_run {
            return Err(Failure::usage("unblock has no dry run: `shipments` shows what is blocked, and why"));
        }
        let released = account.stores.shipments.unblock(&account.id, &key, account.now()).await?;
        if released == 0 {
            let why = format!("shipment that is blocked on {key:?}; `shipments` shows what to name");
            return Err(Failure::not_found(why));
        }
        return out.say(&format!("{released} released"), &json!({"released": released}));
    }
    let head = ["SHIPMENT", "ORDER", "CARRIER", "STATE", "SINCE", "WHY", "UNBLOCK"];
    out.rows(&open_rows(account).await?, &head, "nothing is open in the outbox", |row| {
        let (why, key) = match &row.state {
            ShipmentState::Blocked { reason } => {
                (reason.to_string(), reason.unblock_key().unwrap_or("by itself").to_owned())
            }
            _ => (row.last_error.clone().unwrap_or_default(), String::new()),
        };
        vec![
            row.id().to_string(),
            row.shipment.order.to_string(),
            row.shipment.carrier.clone().unwrap_or_default(),
            row.state.name().to_owned(),
            row.updated_at.floor_second().to_string(),
            why,
            key,
        ]
    })
}

/// Everything that is not closed.
async fn open_rows(account: &Account) -> Result<Vec<OutboxRow>, Failure> {
    let store = &account.stores.shipments;
    let later = account.now() + ShipmentState::MAX_RETRY_WAIT * 2;
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    for query in [OutboxQuery::Due { now: later }, OutboxQuery::InFlight, OutboxQuery::Blocked] {
        let page = async |after: Option<OutboxCursor>| {
            Ok(store.rows(&account.id, &query, after.as_ref(), PAGE).await?.rows)
        };
        let rows = every_row(page, OutboxRow::cursor).await?;
        all.extend(rows.into_iter().filter(|row| known.insert(row.id())));
    }
    Ok(all)
}
