//! What ShipStation has of an order: its state, and the tracking numbers on it. Looking, not deciding.

use futures_util::StreamExt;

use crate::{
    channel::NotificationStatus,
    client::{Error, Fulfillment, OrderId, Page, Pages, ShipStation},
    connector::{
        failure,
        tracking::{Likeness, likeness, number, same},
    },
};

/// By whom an order is shipped, as far as ShipStation's records show.
#[derive(Debug)]
pub(super) enum RecordMatch {
    /// With one of our tracking numbers.
    Ours { record: Option<String>, tracking: String, notification: NotificationStatus },
    /// With a number that ours begins with, or that begins with ours: probably ours, cut off.
    Probably,
    /// With something else.
    Theirs { tracking: Option<String> },
    /// No record shows.
    Nothing,
    /// No record shows, but not all of them could be read: nothing may be concluded.
    Unreadable,
}

/// The rows of a look that count, and whether it is certain that there are no others.
struct Look<T> {
    found: Vec<T>,
    complete: bool,
}

/// Looks for records of the order. `ours` are our tracking numbers, `asked` is whether the store was to be notified, and labels
/// bought in ShipStation are looked for only if the order is `shipped`. Only where we may have `sent` something can a record of
/// a shipped order be ours that shows no number.
pub(super) async fn match_records(
    client: &ShipStation,
    order: OrderId,
    ours: &[String],
    asked: bool,
    shipped: bool,
    sent: bool,
) -> Result<RecordMatch, Error> {
    let Look { found: records, mut complete } = fulfillments(client, order).await?;
    if let Some(record) = records.iter().find(|record| is_ours(record, ours)) {
        return Ok(RecordMatch::Ours {
            record: Some(record.fulfillment_id.to_string()),
            tracking: record.tracking_number.clone().unwrap_or_default(),
            notification: notice(record, asked),
        });
    }
    let mut theirs: Vec<String> =
        records.into_iter().map(|record| record.tracking_number.unwrap_or_default()).collect();
    if shipped {
        let Look { found: labels, complete: all_labels } = labels(client, order).await?;
        complete &= all_labels;
        if let Some(label) = labels.iter().find(|label| ours.iter().any(|ours| same(ours, label))) {
            // Bought in ShipStation itself: it has the shipment already, and nothing is reported.
            let (tracking, notification) = (label.clone(), NotificationStatus::Unknown);
            return Ok(RecordMatch::Ours { record: None, tracking, notification });
        }
        theirs.extend(labels);
    }
    let probably = |number: &String| ours.iter().any(|ours| likeness(ours, number) == Likeness::Probably);
    Ok(match () {
        () if theirs.iter().any(probably) => RecordMatch::Probably,
        () if !complete => RecordMatch::Unreadable,
        // A record whose number nobody can read may be ours.
        () if (sent || !shipped) && !ours.is_empty() && theirs.iter().any(|text| is_illegible(text)) => {
            RecordMatch::Unreadable
        }
        () if theirs.is_empty() => RecordMatch::Nothing,
        () => RecordMatch::Theirs { tracking: theirs.iter().find_map(|text| number(text)) },
    })
}

/// Whether a record shows no number that could be compared.
fn is_illegible(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER) || number(text).is_none()
}

/// The records of one order that were marked shipped without a label, voided ones left out.
async fn fulfillments(client: &ShipStation, order: OrderId) -> Result<Look<Fulfillment>, Error> {
    let pages = client.fulfillments().list().order_id(order).pages();
    let mut look = read(pages, |row| row.order_id == Some(order)).await?;
    look.found.retain(still_stands);
    Ok(look)
}

/// The tracking numbers of labels that were bought for one order, voided ones left out.
async fn labels(client: &ShipStation, order: OrderId) -> Result<Look<String>, Error> {
    let pages = client.shipments().list().order_id(order).pages();
    let Look { found, complete } = read(pages, |row| row.order_id == Some(order)).await?;
    let found = found.into_iter().filter(|row| row.voided != Some(true) && row.is_return_label != Some(true));
    Ok(Look { found: found.map(|row| row.tracking_number.unwrap_or_default()).collect(), complete })
}

/// Reads every record that `is_asked_for`. A row that is null, unreadable or of another order makes the look incomplete: it
/// may stand in the place of the one that is looked for.
async fn read<T>(mut pages: Pages<T>, is_asked_for: impl Fn(&T) -> bool) -> Result<Look<T>, Error> {
    let mut look = Look { found: Vec::new(), complete: true };
    while let Some(page) = pages.next().await.transpose()? {
        look.complete &= is_whole(&page) && page.items.iter().all(&is_asked_for);
        look.found.extend(page.items.into_iter().filter(&is_asked_for));
    }
    look.complete &= pages.end().is_some_and(|end| end.is_complete() && end.total.is_some());
    Ok(look)
}

pub(super) fn is_whole<T>(page: &Page<T>) -> bool {
    page.errors.is_empty() && page.nulls == 0
}

pub(super) fn still_stands(row: &Fulfillment) -> bool {
    row.voided != Some(true)
}

/// Whether a record carries one of our tracking numbers; without any of ours, one without any.
pub(super) fn is_ours(row: &Fulfillment, ours: &[String]) -> bool {
    let theirs = row.tracking_number.as_deref().unwrap_or("");
    match ours {
        [] => number(theirs).is_none(),
        ours => ours.iter().any(|ours| same(ours, theirs)),
    }
}

/// What became of the notice to the store.
pub(super) fn notice(row: &Fulfillment, asked: bool) -> NotificationStatus {
    match (row.marketplace_notified, row.notify_error_message.as_deref()) {
        (_, Some(message)) if !message.trim().is_empty() => {
            NotificationStatus::Failed { message: failure::clean(message) }
        }
        (Some(true), _) => NotificationStatus::Notified,
        _ if asked => NotificationStatus::Pending,
        _ => NotificationStatus::Unknown,
    }
}
