//! What shipments say of the lines of their order, compared with the order as it was imported. Pure.

use std::collections::{HashMap, HashSet};

use crate::channel::{
    LineId, LineQuantity, OutboxId,
    store::{ImportRecord, LineNames, OutboxRow},
};

/// What has left of an order, and which shipments do not fit it.
#[derive(Debug, Default)]
pub(super) struct LineAccount {
    /// The imported lines that have not left yet.
    pub(super) missing: Vec<LineQuantity>,
    /// Shipments that name lines which the order does not have, or more than was ordered, with those of their lines.
    pub(super) unfit: HashMap<OutboxId, Vec<LineQuantity>>,
    /// Shipments that name a line by the store's key or the SKU: what they name, and the line that it was taken for.
    pub(super) renamed: Vec<(OutboxId, LineId, LineId)>,
}

/// What a shipment's line is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Match<'r> {
    Line(&'r LineId),
    /// A line that nobody ships, a discount for instance.
    NotShipped,
    Unknown,
}

/// Compares the shipments that have left with the order.
pub(super) fn account(record: &ImportRecord, rows: &[&OutboxRow], cancelled: &[LineQuantity]) -> LineAccount {
    let ordered = sums(record.lines.iter().map(|line| (&line.line, line.quantity)));
    let mut account = LineAccount::default();
    let mut shipped: Vec<(OutboxId, &LineQuantity, &LineId)> = Vec::new();
    for row in rows {
        for line in &row.shipment.lines {
            match find(record, &ordered, &line.line) {
                Match::Line(_) if line.quantity <= 0 => {}
                Match::Line(id) => {
                    if *id != line.line {
                        account.renamed.push((row.id(), line.line.clone(), id.clone()));
                    }
                    shipped.push((row.id(), line, id));
                }
                Match::NotShipped => {}
                Match::Unknown => account.unfit.entry(row.id()).or_default().push(line.clone()),
            }
        }
    }
    let in_all = sums(shipped.iter().map(|(_, line, id)| (*id, line.quantity)));
    for (row, line, id) in &shipped {
        if in_all.get(id) > ordered.get(id) {
            account.unfit.entry(row.clone()).or_default().push((*line).clone());
        }
    }
    let fit = shipped.iter().filter(|(row, _, _)| !account.unfit.contains_key(row));
    let cancelled = cancelled.iter().filter_map(|line| match find(record, &ordered, &line.line) {
        Match::Line(id) => Some((id, line.quantity)),
        _ => None,
    });
    let gone = sums(fit.map(|(_, line, id)| (*id, line.quantity)).chain(cancelled));
    account.missing = missing(record, &ordered, &gone);
    account
}

/// The ordered lines in their order, each once, with what is not gone of it.
fn missing(
    record: &ImportRecord,
    ordered: &HashMap<&LineId, i64>,
    gone: &HashMap<&LineId, i64>,
) -> Vec<LineQuantity> {
    let mut counted = HashSet::new();
    let lines = record.lines.iter().map(|line| &line.line).filter(|line| counted.insert(*line));
    let open = lines.filter_map(|line| {
        let quantity = ordered.get(line)?.saturating_sub(gone.get(line).copied().unwrap_or(0));
        (quantity > 0).then(|| LineQuantity { line: line.clone(), quantity })
    });
    open.collect()
}

/// Which line is meant: by the channel's id, else by the store's key or the SKU of one line only.
fn find<'r>(record: &'r ImportRecord, ordered: &HashMap<&'r LineId, i64>, given: &LineId) -> Match<'r> {
    if let Some((id, _)) = ordered.get_key_value(given) {
        return Match::Line(id);
    }
    if record.line_names.iter().any(|names| names.line == *given) {
        return Match::NotShipped;
    }
    let by = |kind: fn(&LineNames) -> Option<&String>| {
        let mut fitting =
            record.line_names.iter().filter(|names| kind(names).is_some_and(|text| text == given.as_str()));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) if only.shippable => {
                ordered.get_key_value(&only.line).map(|(id, _)| Match::Line(id))
            }
            (Some(_), None) => Some(Match::NotShipped),
            _ => None,
        }
    };
    by(|names| names.store_key.as_ref()).or_else(|| by(|names| names.sku.as_ref())).unwrap_or(Match::Unknown)
}

fn sums<'l>(lines: impl Iterator<Item = (&'l LineId, i64)>) -> HashMap<&'l LineId, i64> {
    let mut sums: HashMap<&LineId, i64> = HashMap::new();
    for (line, quantity) in lines {
        let sum = sums.entry(line).or_default();
        *sum = sum.saturating_add(quantity);
    }
    sums
}
