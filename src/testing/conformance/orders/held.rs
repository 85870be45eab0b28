//! Orders that wait for a person.

use super::{
    super::{
        check::{Check, at_once, checks, same},
        samples::{at, held, plain},
        test_bed::TestBed,
    },
    record,
};
use crate::channel::{
    HoldReason, Operation,
    shipping::{MethodSource, ShippingResolution},
    store::{
        ApplyOutcome::{self, Applied, NoLongerHeld, Stale},
        HeldOrder, NewOrder, RunToken,
    },
};

checks! { "orders":
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

async fn saved(on: &TestBed, batch: &[NewOrder]) -> Check<RunToken> {
    let token = on.begun(Operation::GetOrders).await?;
    on.stores.orders.save(&token, batch).await?;
    Ok(token)
}

async fn page(on: &TestBed, after: Option<&str>, limit: usize) -> Check<Vec<String>> {
    let after = after.map(Into::into);
    let held = on.peer.orders.held(&on.here, after.as_ref(), limit).await?;
    Ok(held.into_iter().map(|held| held.order.to_string()).collect())
}

async fn apply(on: &TestBed, token: &RunToken, id: &str, text: Option<&str>) -> Check<ApplyOutcome> {
    Ok(on.stores.orders.apply_shipping(token, &id.into(), text, &ground_method(), 4, at(9)).await?)
}

async fn held_orders_say_why_they_wait(on: TestBed) -> Check {
    let new = held("1", "Standard\u{a0}Versand");
    saved(&on, &[new.clone(), plain("2")]).await?;
    same("the held orders", &on.peer.orders.held(&on.here, None, 9).await?, &vec![HeldOrder::of(&new)])
}

async fn held_orders_come_in_pages(on: TestBed) -> Check {
    saved(&on, &["103", "101", "105", "104", "102"].map(|id| held(id, "x"))).await?;
    same("the first page", &page(&on, None, 2).await?, &vec!["101".into(), "102".into()])?;
    same("the second page", &page(&on, Some("102"), 2).await?, &vec!["103".into(), "104".into()])?;
    same("the last page", &page(&on, Some("104"), 2).await?, &vec!["105".into()])?;
    same("after the end", &page(&on, Some("105"), 2).await?, &Vec::new())
}

async fn held_pages_are_stable_while_orders_leave(on: TestBed) -> Check {
    let token = saved(&on, &["101", "102", "103", "104"].map(|id| held(id, "x"))).await?;
    let first = page(&on, None, 2).await?;
    for id in &first {
        apply(&on, &token, id, Some("x")).await?;
    }
    same(
        "the page after those that left",
        &page(&on, Some("102"), 2).await?,
        &vec!["103".into(), "104".into()],
    )?;
    same("what is left", &page(&on, None, 9).await?, &vec!["103".into(), "104".into()])
}

async fn applying_lifts_only_what_is_about_shipping(on: TestBed) -> Check {
    let mut new = held("1", "x");
    let other = HoldReason::NotManagedLine { skus: vec!["SKU-1".to_owned()] };
    new.holds.push(other.clone());
    let token = saved(&on, &[new, held("2", "x")]).await?;
    same("of two holds", &apply(&on, &token, "1", Some("x")).await?, &Applied { still_held: true })?;
    same("of one hold", &apply(&on, &token, "2", Some("x")).await?, &Applied { still_held: false })?;
    let left: Vec<Vec<HoldReason>> =
        on.peer.orders.held(&on.here, None, 9).await?.into_iter().map(|held| held.holds).collect();
    same("what is still held", &left, &vec![vec![other.clone()]])?;
    let known = record(&*on.peer.orders, &on.here, "1").await?.map(|record| record.holds);
    same("the holds of the record", &known, &Some(vec![other]))?;
    let known = record(&*on.peer.orders, &on.here, "2").await?.map(|record| record.holds);
    same("the holds of the other record", &known, &Some(Vec::new()))
}

async fn applying_compares_the_text(on: TestBed) -> Check {
    let mut no_text = held("2", "x");
    no_text.order.shipping_text = None;
    no_text.holds = vec![HoldReason::NoShippingText];
    let token = saved(&on, &[held("1", "Standard"), no_text]).await?;
    for other in [Some("standard"), Some("Standard "), Some(""), None] {
        same(&format!("with {other:?}"), &apply(&on, &token, "1", other).await?, &Stale)?;
    }
    same("a text for an order without one", &apply(&on, &token, "2", Some("")).await?, &Stale)?;
    same("still held", &page(&on, None, 9).await?, &vec!["1".into(), "2".into()])?;
    same("with no text", &apply(&on, &token, "2", None).await?, &Applied { still_held: false })?;
    same("with its text", &apply(&on, &token, "1", Some("Standard")).await?, &Applied { still_held: false })
}

async fn applying_twice_changes_nothing_more(on: TestBed) -> Check {
    let mut other = held("2", "x");
    other.holds = vec![HoldReason::PossibleDuplicate { of: "1".into() }];
    let token = saved(&on, &[held("1", "x"), other, plain("3")]).await?;
    apply(&on, &token, "1", Some("x")).await?;
    for id in ["1", "2", "3", "not there"] {
        same(&format!("order {id}"), &apply(&on, &token, id, Some("x")).await?, &NoLongerHeld)?;
    }
    same("held for another reason", &page(&on, None, 9).await?, &vec!["2".into()])
}

async fn one_of_many_applies_takes_effect(on: TestBed) -> Check {
    let token = saved(&on, &[held("1", "x")]).await?;
    let tasks = on.handles(16).into_iter().map(|stores| {
        let token = token.clone();
        async move {
            stores.orders.apply_shipping(&token, &"1".into(), Some("x"), &ground_method(), 4, at(9)).await
        }
    });
    let answers = at_once(tasks).await?;
    let applied = answers.iter().filter(|answer| matches!(answer, Applied { .. })).count();
    same("applied by 16 tasks", &applied, &1)?;
    same(
        "imported at",
        &record(&*on.peer.orders, &on.here, "1").await?.map(|record| record.imported_at),
        &Some(at(1)),
    )
}
