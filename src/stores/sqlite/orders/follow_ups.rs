//! What remains to be done on the channel for imported orders.

use rusqlite::{Row, Transaction};

use crate::{
    Timestamp,
    channel::{
        ChannelOrderId, UserKey,
        store::{FollowUp, FollowUpKind, FollowUpOutcome, FollowUpResult, NewFollowUp},
    },
    stores::sqlite::convert::{Answer, instant, integer, nanos, parse, unsigned},
};

fn name(kind: FollowUpKind) -> &'static str {
    match kind {
        FollowUpKind::AssignUser => "assign_user",
        FollowUpKind::AddTag => "add_tag",
    }
}

/// The table allows no other names than these two.
fn kind(name: &str) -> FollowUpKind {
    if name == "add_tag" { FollowUpKind::AddTag } else { FollowUpKind::AssignUser }
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    connection: &str,
    order: &ChannelOrderId,
    new: &NewFollowUp,
    at: Timestamp,
) -> Answer<()> {
    tx.prepare_cached(
        "INSERT INTO follow_up (connection, order_id, kind, state, user_before, created_at, not_before)
         VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?5) ON CONFLICT DO NOTHING",
    )?
    .execute((
        connection,
        order.as_str(),
        name(new.kind),
        new.user_before.as_ref().map(UserKey::as_str),
        nanos(at),
    ))?;
    Ok(())
}

pub(super) fn open(
    tx: &Transaction<'_>,
    connection: &str,
    now: Timestamp,
    limit: usize,
) -> Answer<Vec<FollowUp>> {
    let mut open = tx.prepare_cached(
        "SELECT order_id, kind, user_before, attempts, outcome_unknown, created_at, tried_json FROM follow_up
         WHERE connection = ?1 AND state = 'open' AND not_before <= ?2
         ORDER BY created_at, order_id, kind LIMIT ?3",
    )?;
    let rows = open.query_map((connection, nanos(now), integer(limit)), follow_up)?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(with_tried).collect()
}

fn with_tried((follow_up, tried): (FollowUp, String)) -> Answer<FollowUp> {
    Ok(FollowUp { tried: parse("follow_up.tried_json", &tried)?, ..follow_up })
}

/// A follow-up, and what was tried for it as JSON.
fn follow_up(row: &Row<'_>) -> rusqlite::Result<(FollowUp, String)> {
    let follow_up = FollowUp {
        order: ChannelOrderId::new(row.get::<_, String>(0)?),
        kind: kind(row.get_ref(1)?.as_str()?),
        user_before: row.get::<_, Option<String>>(2)?.map(UserKey::new),
        attempts: unsigned(row.get(3)?),
        outcome_unknown: row.get(4)?,
        tried: Vec::new(),
        created_at: instant(row.get(5)?),
    };
    Ok((follow_up, row.get(6)?))
}

/// Writes down what became of a follow-up, provided that it is open.
pub(super) fn settle(tx: &Transaction<'_>, connection: &str, outcome: &FollowUpOutcome) -> Answer<()> {
    const OPEN: &str = "WHERE connection = ?1 AND order_id = ?2 AND kind = ?3 AND state = 'open'";
    let (order, kind) = (outcome.order.as_str(), name(outcome.kind));
    let update = |set: &str| tx.prepare_cached(&format!("UPDATE follow_up SET {set} {OPEN}"));
    match &outcome.result {
        FollowUpResult::Attempting { wanted } => update(
            "attempts = attempts + 1, outcome_unknown = 1,
             tried_json = iif(instr(tried_json, json_quote(?4)), tried_json, json_insert(tried_json, '$[#]', ?4))",
        )?
        .execute((connection, order, kind, wanted))?,
        FollowUpResult::Done | FollowUpResult::NoLongerRequired | FollowUpResult::OverriddenByPerson => {
            update("state = 'closed', last_error = NULL")?.execute((connection, order, kind))?
        }
        FollowUpResult::Pending { next_attempt, outcome_unknown, error } => update(
            "not_before = ?4, outcome_unknown = ?5, last_error = ?6",
        )?
        .execute((connection, order, kind, nanos(*next_attempt), outcome_unknown, error))?,
        FollowUpResult::Failed { wanted, error } => update("state = 'failed', wanted = ?4, last_error = ?5")?
            .execute((connection, order, kind, wanted, error))?,
    };
    Ok(())
}

pub(super) fn reopen(
    tx: &Transaction<'_>,
    connection: &str,
    kind: FollowUpKind,
    wanted: &str,
    now: Timestamp,
) -> Answer<u64> {
    let reopened = tx
        .prepare_cached(
            "UPDATE follow_up INDEXED BY follow_up_failed SET state = 'open', not_before = ?4
             WHERE connection = ?1 AND kind = ?2 AND state = 'failed' AND wanted <> ?3",
        )?
        .execute((connection, name(kind), wanted, nanos(now)))?;
    Ok(unsigned(integer(reopened)))
}
