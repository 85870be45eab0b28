//! Orders that wait for a person.

use super::{
    super::{Check, Run, at, checks, held, none, plain, same},
    record, save,
};
use crate::channel::{
    HoldReason,
    shipping::{MethodSource, ShippingResolution},
    store::{
        ApplyOutcome::{self, Applied, NoLongerHeld, Stale},
        HeldOrder, StoreError,
    },
};

checks! { "orders" during GetOrders:
    held_orders_say_why_they_wait => "`held` gives what is needed to resolve the order again",
    held_orders_come_in_pages => "`held` answers in ascending order of id, after `after`, at most `limit`",
    held_pages_are_stable_while_orders_leave => "orders that leave while pages are read hide no others",
    applying_lifts_only_what_is_about_shipping => "`apply_shipping` lifts the holds about shipping and no others",
    applying_compares_the_text => "`apply_shipping` compares the stored shipping text and changes nothing when it differs",
    applying_twice_changes_nothing_more => "an order that waits for no shipping method answers `NoLongerHeld`",
    one_of_many_applies_takes_effect => "`apply_shipping` compares and sets in one step",
}

pub(in crate::testing::conformance) fn ground_method() -> ShippingResolution {
    ShippingResolution::Mapped { method: "ground".into(), won: MethodSource::GlobalDefault }
}

async fn page(on: &Run, after: Option<&str>, limit: usize) -> Check<Vec<String>> {
    let after = after.map(Into::into);
    let held = on.peer.orders.held(&on.here, after.as_ref(), limit).await?;
    Ok(held.into_iter().map(|held| held.order.to_string()).collect())
}

async fn apply(on: &Run, id: &str, text: Option<&str>) -> Result<ApplyOutcome, StoreError> {
    on.stores.orders.apply_shipping(&on.token, &id.into(), text, &ground_method(), 4, at(9)).await
}

async fn held_orders_say_why_they_wait(on: Run) -> Check {
    let new = held("1", "Standard\u{a0}Versand");
    save(&on, &[new.clone(), plain("2")]).await?;
    same("the held orders", on.peer.orders.held(&on.here, None, 9).await?, [HeldOrder::of(&new)])
}

async fn held_orders_come_in_pages(on: Run) -> Check {
    save(&on, &["103", "101", "105", "104", "102"].map(|id| held(id, "x"))).await?;
    same("the first page", page(&on, None, 2).await?, ["101", "102"])?;
    same("the second page", page(&on, Some("102"), 2).await?, ["103", "104"])?;
    same("the last page", page(&on, Some("104"), 2).await?, ["105"])?;
    none("after the end", page(&on, Some("105"), 2).await?)
}

async fn held_pages_are_stable_while_orders_leave(on: Run) -> Check {
    save(&on, &["101", "102", "103", "104"].map(|id| held(id, "x"))).await?;
    let first = page(&on, None, 2).await?;
    for id in &first {
        apply(&on, id, Some("x")).await?;
    }
    same("the page after those that left", page(&on, Some("102"), 2).await?, ["103", "104"])?;
    same("what is left", page(&on, None, 9).await?, ["103", "104"])
}

async fn applying_lifts_only_what_is_about_shipping(on: Run) -> Check {
    let mut new = held("1", "x");
    let other = HoldReason::NotManagedLine { skus: vec!["SKU-1".to_owned()] };
    new.holds.push(other.clone());
    save(&on, &[new, held("2", "x")]).await?;
    same("of two holds", apply(&on, "1", Some("x")).await?, Applied { still_held: true })?;
    same("of one hold", apply(&on, "2", Some("x")).await?, Applied { still_held: false })?;
    let left = on.peer.orders.held(&on.here, None, 9).await?.into_iter().map(|held| held.holds);
    same("what is still held", left.collect::<Vec<_>>(), [[other.clone()]])?;
    let holds = async |id| Check::Ok(record(&on, id).await?.map(|record| record.holds));
    same("the holds of the record", holds("1").await?, Some(vec![other]))?;
    same("the holds of the other record", holds("2").await?, Some(Vec::new()))
}

async fn applying_compares_the_text(on: Run) -> Check {
    let mut no_text = held("2", "x");
    no_text.order.shipping_text = None;
    no_text.holds = vec![HoldReason::NoShippingText];
    save(&on, &[held("1", "Standard"), no_text]).await?;
    for other in [Some("standard"), Some("Standard "), Some(""), None] {
        same(&format!("with {other:?}"), apply(&on, "1", other).await?, Stale)?;
    }
    same("a text for an order without one", apply(&on, "2", Some("")).await?, Stale)?;
    same("still held", page(&on, None, 9).await?, ["1", "2"])?;
    same("with no text", apply(&on, "2", None).await?, Applied { still_held: false })?;
    same("with its text", apply(&on, "1", Some("Standard")).await?, Applied { still_held: false })
}

async fn applying_twice_changes_nothing_more(on: Run) -> Check {
    let mut other = held("2", "x");
    other.holds = vec![HoldReason::PossibleDuplicate { of: "1".into() }];
    save(&on, &[held("1", "x"), other, plain("3")]).await?;
    apply(&on, "1", Some("x")).await?;
    for id in ["1", "2", "3", "not there"] {
        same(&format!("order {id}"), apply(&on, id, Some("x")).await?, NoLongerHeld)?;
    }
    same("held for another reason", page(&on, None, 9).await?, ["2"])
}

async fn one_of_many_applies_takes_effect(on: Run) -> Check {
    save(&on, &[held("1", "x")]).await?;
    let answers = on.write_at_once(16, |_, stores, token| async move {
        stores.orders.apply_shipping(&token, &"1".into(), Some("x"), &ground_method(), 4, at(9)).await
    });
    let applied = answers.await?.iter().filter(|answer| matches!(answer, Applied { .. })).count();
    same("applied by 16 tasks", applied, 1)?;
    same("imported at", record(&on, "1").await?.map(|record| record.imported_at), Some(at(1)))
}
