//! The catalog.

use super::super::{
    Account,
    answer::Answer,
    lists::{Filter, List, Test},
    record::{Field, Record},
    request::Call,
    shapes::PRODUCT,
};
use super::{Outcome, found, id_in_path};

static PRODUCTS: List = List {
    name: "products",
    id: "productId",
    filters: &[
        Filter { query: "sku", test: Test::Prefix, members: &["sku"] },
        Filter { query: "name", test: Test::Prefix, members: &["name"] },
        Filter { query: "upc", test: Test::Exact, members: &["upc"] },
        Filter { query: "startDate", test: Test::Until("endDate"), members: &["createDate"] },
    ],
    sorts: &["sku", "createDate", "modifyDate"],
    default_sort: None,
    rounds_down: true,
};

pub(super) fn list(account: &Account, call: &Call) -> Outcome {
    let inactive = call.query_flag("showInactive");
    PRODUCTS.answer(account, call, account.products.values().filter(|row| inactive || row.flag("active")))
}

pub(super) fn get(account: &Account, id: &str) -> Outcome {
    let product = found(account.products.get(&id_in_path(id)?))?;
    Ok(Answer::text(account.page_row("productId", product)?.text))
}

/// Replaces the product: members that are left out are cleared. The answer does not show it.
pub(super) fn update(account: &mut Account, call: &Call, id: &str) -> Outcome {
    let id = id_in_path(id)?;
    let now = account.now();
    let known = found(account.products.get_mut(&id))?;
    let sent = Record::read(&PRODUCT, &call.text).map_err(|error| Answer::invalid("apiProduct", &error))?;
    if sent.int("productId") != Some(id) {
        return Err(Answer::invalid("apiProduct.productId", "The productId does not match the address."));
    }
    let created: Field = known.get("createDate").clone();
    *known = sent.with("createDate", created).with("modifyDate", now);
    Ok(Answer::done("The requested product has been updated"))
}
