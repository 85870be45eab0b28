//! The catalogue.

use std::cmp::Reverse;

use super::super::{
    Account, SimProduct,
    answer::Answer,
    pacific,
    page::{PageCount, Paging, as_json, descending},
    request::Call,
};
use super::{Outcome, found, id_in_path, order_filter::Range};

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let inactive = call.query_flag("showInactive");
    let created = Range::of(call, "startDate", "endDate", false)?;
    let begins = |name: &str, text: Option<&str>| {
        call.query(name).is_none_or(|start| {
            text.is_some_and(|text| text.to_lowercase().starts_with(&start.to_lowercase()))
        })
    };
    let wanted = |row: &&SimProduct| {
        (inactive || row.active)
            && begins("sku", row.sku.as_deref())
            && begins("name", row.name.as_deref())
            && call.query("upc").is_none_or(|upc| row.upc.as_deref() == Some(upc))
            && created.admits(Some(row.create_date))
    };
    let mut rows: Vec<&SimProduct> = account.products.values().filter(wanted).collect();
    sort(&mut rows, call);
    let write = |row: &&SimProduct| written(account, row);
    Ok(Paging::of(call)?.answer_with("products", &rows, PageCount::RoundedDown, &account.quirks, write))
}

fn sort(rows: &mut [&SimProduct], call: &Call) {
    type Key = (Option<String>, Option<jiff::civil::DateTime>, i64);
    let by = call.query("sortBy").map(str::to_ascii_lowercase);
    let key = |row: &&SimProduct| -> Key {
        match by.as_deref() {
            Some("sku") => (row.sku.as_ref().map(|sku| sku.to_lowercase()), None, row.product_id),
            Some("createdate") => (None, Some(pacific::wall(row.create_date)), row.product_id),
            Some("modifydate") => (None, row.modify_date.map(pacific::wall), row.product_id),
            _ => (None, None, row.product_id),
        }
    };
    if descending(call) {
        rows.sort_by_cached_key(|row| Reverse(key(row)));
    } else {
        rows.sort_by_cached_key(key);
    }
}

pub(super) fn get(account: &Account, id: &str) -> Outcome {
    Ok(Answer::text(written(account, found(account.products.get(&id_in_path(id)?))?)))
}

fn written(account: &Account, product: &SimProduct) -> Vec<u8> {
    account.printed(product.product_id, as_json(product))
}

/// Replaces the product: members that are left out are cleared. The answer does not show it.
pub(super) fn update(account: &mut Account, call: &Call, id: &str) -> Outcome {
    let id = id_in_path(id)?;
    let now = account.now();
    let known = found(account.products.get(&id))?;
    let sent: SimProduct = serde_json::from_slice(&call.text)
        .map_err(|error| Answer::invalid("apiProduct", &error.to_string()))?;
    if sent.product_id != id {
        return Err(Answer::invalid("apiProduct.productId", "The productId does not match the address."));
    }
    let product = SimProduct { create_date: known.create_date, modify_date: Some(now), ..sent };
    account.products.insert(id, product);
    Ok(Answer::done("The requested product has been updated"))
}
