//! Reading and deleting orders, those of a sequence included: of these only the rows of the page are ever made.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
    ops::Range,
};

use super::super::{
    Account,
    account::OrderSequence,
    answer::Answer,
    lists::{Condition, Filter, List, Paging, Test, is_descending},
    record::Record,
    request::Call,
};
use super::{Outcome, id_in_path};

static ORDERS: List = List {
    name: "orders",
    id: "orderId",
    filters: &[
        Filter { query: "orderStatus", test: Test::Text, members: &["orderStatus"] },
        Filter { query: "storeId", test: Test::Number, members: &["advancedOptions.storeId"] },
        Filter { query: "createDateStart", test: Test::Until("createDateEnd"), members: &["createDate"] },
        Filter { query: "modifyDateStart", test: Test::Until("modifyDateEnd"), members: &["modifyDate"] },
        Filter { query: "orderDateStart", test: Test::Until("orderDateEnd"), members: &["orderDate"] },
        Filter { query: "paymentDateStart", test: Test::Until("paymentDateEnd"), members: &["paymentDate"] },
        Filter { query: "orderNumber", test: Test::Prefix, members: &["orderNumber"] },
        Filter {
            query: "customerName",
            test: Test::Contains,
            members: &["shipTo.name", "billTo.name", "customerUsername"],
        },
        Filter {
            query: "itemKeyword",
            test: Test::Contains,
            members: &["items.*.name", "items.*.sku", "items.*.options.*.value"],
        },
        Filter { query: "importBatch", test: Test::Text, members: &["importBatch"] },
    ],
    sorts: &["orderDate", "modifyDate", "createDate"],
    default_sort: None,
    rounds_down: false,
};

static ORDERS_BY_TAG: List = List { filters: &[], rounds_down: true, ..ORDERS };

/// Every status that the filter takes; others, `all` among them, are refused.
const STATUSES: [&str; 8] = [
    "awaiting_payment",
    "awaiting_shipment",
    "pending_fulfillment",
    "shipped",
    "on_hold",
    "cancelled",
    "rejected_fulfillment",
    "processing",
];

/// The status in the query, if it is one that may be asked for.
fn status(call: &Call) -> Result<Option<&str>, Answer> {
    let Some(status) = call.query("orderStatus") else { return Ok(None) };
    if STATUSES.iter().any(|known| known.eq_ignore_ascii_case(status)) {
        Ok(Some(status))
    } else {
        Err(Answer::invalid("orderStatus", &format!("The value '{status}' is not valid for orderStatus.")))
    }
}

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    status(call)?;
    if let Some(sequence) = account.sequence().filter(|_| is_ascending(call)) {
        let conditions = ORDERS.conditions(account, call)?;
        if may_admit(sequence, &conditions) {
            return with_sequence(account, call, sequence, &conditions);
        }
    }
    ORDERS.answer(account, call, account.visible_orders())
}

pub(super) fn list_by_tag(account: &Account, call: &Call) -> Outcome {
    let status = status(call)?.ok_or_else(|| Answer::invalid("orderStatus", "A value is required."))?;
    let tag = call.query_number("tagId")?.ok_or_else(|| Answer::invalid("tagId", "A value is required."))?;
    let wanted = |order: &&Record| order.is_text("orderStatus", status) && order.ids("tagIds").contains(&tag);
    let mut rows: Vec<&Record> = account.visible_orders().filter(wanted).collect();
    rows.sort_by_key(|order| Reverse((order.time("createDate"), order.int("orderId"))));
    let paging = Paging::of(call)?;
    ORDERS_BY_TAG.page(account, paging, paging.slice(&rows), rows.len())
}

pub(super) fn get(account: &Account, id: &str) -> Outcome {
    let order = account.order(id_in_path(id)?).ok_or_else(|| not_found(account))?;
    Ok(Answer::text(account.page_row("orderId", order)?.text))
}

pub(super) fn delete(account: &mut Account, id: &str) -> Outcome {
    if account.delete(id_in_path(id)?) {
        Ok(Answer::done("The requested order has been deleted."))
    } else {
        Err(not_found(account))
    }
}

fn not_found(account: &Account) -> Answer {
    if account.quirks.not_found_empty_body {
        Answer::empty(404)
    } else {
        Answer::message(404, "The requested order could not be found.")
    }
}

/// Whether the rows are wanted in the order of a sequence.
fn is_ascending(call: &Call) -> bool {
    !is_descending(call) && call.query("sortBy").is_none_or(|by| by.eq_ignore_ascii_case("createdate"))
}

/// Whether orders of the sequence can be in the list, which takes no filters but status, store and creation.
fn may_admit(sequence: &OrderSequence, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| match condition.query() {
        "orderStatus" => condition.is_text(&sequence.status),
        "storeId" => condition.is_number(sequence.store),
        query => query == "createDateStart",
    })
}

/// The list with the sequence's orders in it.
fn with_sequence(
    account: &Account,
    call: &Call,
    sequence: &OrderSequence,
    conditions: &[Condition],
) -> Outcome {
    let paging = Paging::of(call)?;
    let admitted = |order: &&Record| conditions.iter().all(|condition| condition.admits(order));
    let mut kept: Vec<&Record> = account.visible_orders().filter(admitted).collect();
    ORDERS.sort(&mut kept, call);
    let dates = conditions.iter().find_map(Condition::dates);
    let begin =
        sequence.first_where(|index| dates.is_none_or(|dates| dates.has_begun(sequence.created(index))));
    let end = sequence.first_where(|index| dates.is_some_and(|dates| dates.is_over(sequence.created(index))));
    let by_creation = call.query("sortBy").is_some();
    let place = |order: &Record| {
        sequence.first_where(|index| {
            let later = by_creation.then(|| Some(sequence.created(index)).cmp(&order.time("createDate")));
            later.unwrap_or(Ordering::Equal).then(Some(sequence.id(index)).cmp(&order.int("orderId"))).is_gt()
        })
    };
    let runs = runs(sequence, &kept, begin..end.max(begin), place);
    let total = runs.iter().map(Run::len).sum();
    let page = rows(account, sequence, &runs, paging.range(total));
    ORDERS.page(account, paging, &page.iter().map(|row| &**row).collect::<Vec<_>>(), total)
}

/// Rows that follow one another.
#[derive(Debug)]
enum Run<'a> {
    Kept(&'a Record),
    Pending(Range<u32>),
}

impl Run<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Kept(_) => 1,
            Self::Pending(range) => range.len(),
        }
    }
}

/// All rows. `kept` is in the wanted order, `range` the part of the sequence that the filters admit, and `place` says before which
/// index of the sequence a kept order stands.
fn runs<'a>(
    sequence: &OrderSequence,
    kept: &[&'a Record],
    range: Range<u32>,
    place: impl Fn(&Record) -> u32,
) -> Vec<Run<'a>> {
    let mut runs = Vec::new();
    let mut next = range.start;
    for order in kept {
        let until = place(order).clamp(next, range.end.max(next));
        runs.extend(sequence.pending(next..until).into_iter().map(Run::Pending));
        runs.push(Run::Kept(order));
        next = until;
    }
    runs.extend(sequence.pending(next..range.end).into_iter().map(Run::Pending));
    runs
}

/// The rows at these places.
fn rows<'a>(
    account: &Account,
    sequence: &OrderSequence,
    runs: &[Run<'a>],
    wanted: Range<usize>,
) -> Vec<Cow<'a, Record>> {
    let mut start = 0;
    let mut rows = Vec::with_capacity(wanted.len());
    for run in runs {
        let end = start + run.len();
        let (from, to) = (wanted.start.max(start), wanted.end.min(end));
        for offset in from..to.max(from) {
            rows.push(match run {
                Run::Kept(order) => Cow::Borrowed(*order),
                Run::Pending(range) => {
                    let offset = u32::try_from(offset - start).unwrap_or(u32::MAX);
                    Cow::Owned(account.pending_order(sequence, range.start.saturating_add(offset)))
                }
            });
        }
        start = end;
    }
    rows
}
