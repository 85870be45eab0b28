//! One order: get and delete.

use super::super::{Account, answer::Answer};
use super::{Outcome, id_in_path, order_list::written};

pub(super) fn get(account: &Account, id: &str) -> Outcome {
    let id = id_in_path(id)?;
    let order = account.order(id).ok_or_else(|| not_found(account))?;
    if account.is_poisoned(id) {
        return Err(Answer::exception("Object reference not set to an instance of an object."));
    }
    Ok(Answer::text(written(account, order)))
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
