//! Buyers' records, read-only.

use std::cmp::Reverse;

use super::super::{
    Account, SimCustomer,
    answer::Answer,
    pacific,
    page::{PageCount, Paging, descending},
    request::Call,
};
use super::{Outcome, found, id_in_path};

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let (marketplace, tag) = (call.query_number("marketplaceId")?, call.query_number("tagId")?);
    let is = |name: &str, text: Option<&str>| {
        call.query(name).is_none_or(|wanted| text.is_some_and(|text| text.eq_ignore_ascii_case(wanted)))
    };
    let wanted = |row: &&SimCustomer| {
        is("stateCode", row.state.as_deref())
            && is("countryCode", row.country_code.as_deref())
            && marketplace.is_none_or(|id| {
                row.marketplace_usernames.iter().flatten().any(|name| name.marketplace_id == id)
            })
            && tag.is_none_or(|id| row.tags.iter().flatten().any(|tag| tag.tag_id == id))
    };
    let mut rows: Vec<&SimCustomer> = account.customers.values().filter(wanted).collect();
    sort(&mut rows, call);
    Ok(Paging::of(call)?.answer("customers", &rows, PageCount::Right, &account.quirks))
}

fn sort(rows: &mut [&SimCustomer], call: &Call) {
    let by = call.query("sortBy").map(str::to_ascii_lowercase);
    let key = |row: &&SimCustomer| match by.as_deref() {
        Some("name") => (Some(row.name.to_lowercase()), None, row.customer_id),
        Some("createdate") => (None, Some(pacific::wall(row.create_date)), row.customer_id),
        Some("modifydate") => (None, row.modify_date.map(pacific::wall), row.customer_id),
        _ => (None, None, row.customer_id),
    };
    if descending(call) {
        rows.sort_by_cached_key(|row| Reverse(key(row)));
    } else {
        rows.sort_by_cached_key(key);
    }
}

pub(super) fn get(account: &Account, id: &str) -> Outcome {
    Ok(Answer::json(found(account.customers.get(&id_in_path(id)?))?))
}
