//! The host's listings and their links.

use super::{Check, ODD_TEXTS, Run, Stop, at, checks, none, refused, same};
use crate::channel::{
    ChannelProductId, LinkState, ListingId, ListingLink, NewLink, Operation,
    store::{
        ListingStoreExt,
        PutLinkOutcome::{self, Conflict, Created, Replaced, Same},
        StoreError,
    },
};

checks! { "listings" during LinkListings:
    a_link_is_kept_once => "putting the same link again answers `Same`",
    a_product_has_one_listing => "a product of another listing answers `Conflict` and changes nothing",
    one_of_many_links_to_a_product_is_kept => "a product has at most one listing, also under concurrent calls",
    a_listing_has_one_product => "a listing that moves to another product answers `Replaced` and sets the old one free",
    answers_stand_in_the_order_of_the_links => "`put_links` answers in the order given",
    links_come_in_pages_that_are_stable_while_writing => "`links` pages in ascending order of listing id: rows written meanwhile hide no others",
    listings_come_in_pages => "`listings` pages in ascending order of listing id",
    links_are_found_by_500_skus => "`LinkQuery::Skus` takes at least 500 SKUs and compares them exactly",
    links_are_found_by_500_products => "`LinkQuery::Products` takes at least 500 products and answers with the link of each",
    a_broken_link_is_kept_but_not_found => "`mark_broken` keeps the link, and neither `LinkQuery::Skus` nor `LinkQuery::Products` finds it",
    a_broken_link_that_is_put_again_is_linked => "a broken link that is put again is linked again",
    a_broken_link_lets_its_product_go => "a broken link is removed when its product is put on another listing",
    links_of_connections_are_separate => "ids of two connections do not meet",
    a_stale_token_cannot_put_links => "`put_links` refuses a stale fence and writes nothing",
    a_stale_token_cannot_break_links => "`mark_broken` refuses a stale fence and writes nothing",
}

fn link(listing: &str, product: &str, sku: &str) -> NewLink {
    NewLink::new(listing.into(), product.into(), sku.to_owned(), at(10))
}

async fn put(on: &Run, links: &[NewLink]) -> Result<Vec<PutLinkOutcome>, StoreError> {
    on.stores.listings.put_links(&on.token, links).await
}

async fn mark_broken(on: &Run, listings: &[&str]) -> Result<(), StoreError> {
    let listings: Vec<ListingId> = listings.iter().map(|id| (*id).into()).collect();
    on.stores.listings.mark_broken(&on.token, &listings).await
}

async fn kept(on: &Run) -> Check<Vec<(String, String, LinkState)>> {
    let links = on.peer.listings.links_after(&on.here, None, 999).await?;
    let seen = |link: ListingLink| (link.listing.to_string(), link.product.to_string(), link.state);
    Ok(links.into_iter().map(seen).collect())
}

fn linked(listing: &str, product: &str) -> (String, String, LinkState) {
    (listing.to_owned(), product.to_owned(), LinkState::Linked)
}

async fn a_link_is_kept_once(on: Run) -> Check {
    let new = link("L1", "P1", "Größe-1");
    same("the first time", put(&on, std::slice::from_ref(&new)).await?, [Created])?;
    same("the second time", put(&on, std::slice::from_ref(&new)).await?, [Same])?;
    let links = on.peer.listings.links_after(&on.here, None, 9).await?;
    same("the links", links, [ListingLink::from_new(new)])
}

async fn a_product_has_one_listing(on: Run) -> Check {
    put(&on, &[link("L1", "P1", "a"), link("L2", "P2", "b")]).await?;
    let conflict = Conflict { with: "L1".into() };
    same("another listing", put(&on, &[link("L3", "P1", "a")]).await?, [conflict.clone()])?;
    same("a linked listing", put(&on, &[link("L2", "P1", "a")]).await?, [conflict])?;
    same("the links", kept(&on).await?, [linked("L1", "P1"), linked("L2", "P2")])
}

async fn one_of_many_links_to_a_product_is_kept(on: Run) -> Check {
    let answers = on.write_at_once(16, |n, stores, token| async move {
        stores.listings.put_links(&token, &[link(&format!("L{n}"), "P1", "a")]).await
    });
    let created = answers.await?.concat().into_iter().filter(|put| *put == Created).count();
    same("links created by 16 tasks", created, 1)?;
    same("links kept", kept(&on).await?.len(), 1)
}

async fn a_listing_has_one_product(on: Run) -> Check {
    put(&on, &[link("L1", "P1", "a")]).await?;
    same("to another product", put(&on, &[link("L1", "P2", "b")]).await?, [Replaced])?;
    same("the old product", put(&on, &[link("L2", "P1", "a")]).await?, [Created])?;
    same("the links", kept(&on).await?, [linked("L1", "P2"), linked("L2", "P1")])
}

async fn answers_stand_in_the_order_of_the_links(on: Run) -> Check {
    put(&on, &[link("L2", "P2", "b")]).await?;
    let links = [link("L3", "P3", "c"), link("L2", "P2", "b"), link("L1", "P3", "c")];
    let answers = put(&on, &links).await?;
    same("the answers", answers, [Created, Same, Conflict { with: "L3".into() }])?;
    none("of no links", put(&on, &[]).await?)
}

async fn page(on: &Run, after: Option<&str>, limit: usize) -> Check<Vec<String>> {
    let links = on.peer.listings.links_after(&on.here, after.map(ListingId::from).as_ref(), limit).await?;
    Ok(links.into_iter().map(|link| link.listing.to_string()).collect())
}

async fn links_come_in_pages_that_are_stable_while_writing(on: Run) -> Check {
    put(&on, &["103", "101", "105", "104"].map(|id| link(id, id, id))).await?;
    same("the first page", page(&on, None, 2).await?, ["101", "103"])?;
    put(&on, &[link("102", "102", "102"), link("103", "new", "103")]).await?;
    mark_broken(&on, &["101"]).await?;
    same("the next page", page(&on, Some("103"), 2).await?, ["104", "105"])?;
    none("after the end", page(&on, Some("105"), 2).await?)
}

async fn listings_come_in_pages(on: Run) -> Check {
    let (connection, mut wanted) = match on.listings.clone() {
        Some((connection, listings)) if listings.len() >= 3 => (connection, listings),
        _ => return Err(Stop::LeftOut("the builder gave no listings")),
    };
    wanted.sort_by(|a, b| a.id.cmp(&b.id));
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = on.stores.listings.listings(&connection, after.as_ref(), 2).await?;
        same("a page of two at most", page.len().min(2), page.len())?;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        found.extend(page);
        if found.len() > wanted.len() {
            break;
        }
    }
    same("the listings", found, wanted)
}

async fn links_are_found_by_500_skus(on: Run) -> Check {
    let new: Vec<NewLink> =
        (0..500).map(|n| link(&format!("L{n}"), &format!("P{n}"), &format!("sku-{n}"))).collect();
    put(&on, &new).await?;
    let odd: Vec<NewLink> = ODD_TEXTS.iter().map(|text| link(text, text, text)).collect();
    put(&on, &odd).await?;
    let asked: Vec<String> = (250..750).map(|n| format!("sku-{n}")).collect();
    same("the known half of 500", on.peer.listings.links_by_sku(&on.here, &asked).await?.len(), 250)?;
    let odd = ODD_TEXTS.map(str::to_owned);
    let found = on.peer.listings.links_by_sku(&on.here, &odd).await?;
    for sku in &odd {
        same("the listing of a SKU", found.get(sku).map(|link| link.listing.as_str()), Some(sku.as_str()))?;
    }
    let others = ["sku-1 ".to_owned(), "SKU-1".to_owned(), "sku".to_owned()];
    none("SKUs that are not there", on.peer.listings.links_by_sku(&on.here, &others).await?)
}

async fn links_are_found_by_500_products(on: Run) -> Check {
    let new: Vec<NewLink> =
        (0..250).map(|n| link(&format!("L{n}"), &format!("P{}", n * 2), &format!("sku-{n}"))).collect();
    put(&on, &new).await?;
    let asked: Vec<ChannelProductId> = (0..500).map(|n| format!("P{n}").into()).collect();
    let found = on.peer.listings.links_by_product(&on.here, &asked).await?;
    same("the linked half of 500", found.len(), 250)?;
    let listing = found.get(&"P6".into()).map(|link| link.listing.as_str());
    same("the listing of a product", listing, Some("L3"))?;
    put(&on, &[link("L3", "P7", "sku-3")]).await?;
    let found = on.stores.listings.links_by_product(&on.here, &["P6".into(), "P7".into()]).await?;
    same("after a move", found.into_keys().collect::<Vec<_>>(), ["P7".into()])?;
    none("elsewhere", on.stores.listings.links_by_product(&on.elsewhere, &asked).await?)
}

async fn a_broken_link_is_kept_but_not_found(on: Run) -> Check {
    put(&on, &[link("L1", "P1", "a"), link("L2", "P2", "b")]).await?;
    for _ in 0..2 {
        mark_broken(&on, &["L1", "not there"]).await?;
    }
    let broken = ("L1".to_owned(), "P1".to_owned(), LinkState::Broken);
    same("the links", kept(&on).await?, [broken, linked("L2", "P2")])?;
    let found = on.peer.listings.links_by_sku(&on.here, &["a".to_owned(), "b".to_owned()]).await?;
    same("found by SKU", found.into_keys().collect::<Vec<_>>(), ["b"])?;
    let found = on.peer.listings.links_by_product(&on.here, &["P1".into(), "P2".into()]).await?;
    same("found by product", found.into_keys().collect::<Vec<_>>(), ["P2".into()])
}

async fn a_broken_link_that_is_put_again_is_linked(on: Run) -> Check {
    put(&on, &[link("L1", "P1", "a")]).await?;
    mark_broken(&on, &["L1"]).await?;
    put(&on, &[link("L1", "P1", "a")]).await?;
    same("the links", kept(&on).await?, [linked("L1", "P1")])?;
    same("found by SKU", on.peer.listings.links_by_sku(&on.here, &["a".to_owned()]).await?.len(), 1)
}

async fn a_broken_link_lets_its_product_go(on: Run) -> Check {
    put(&on, &[link("L1", "P1", "a"), link("L2", "P2", "b")]).await?;
    mark_broken(&on, &["L1"]).await?;
    let conflict = Conflict { with: "L3".into() };
    same("another listing", put(&on, &[link("L3", "P1", "a")]).await?, [Created])?;
    same("the one before", put(&on, &[link("L1", "P1", "c")]).await?, [conflict])?;
    same("the links", kept(&on).await?, [linked("L2", "P2"), linked("L3", "P1")])?;
    let found = on.peer.listings.links_by_sku(&on.here, &["a".to_owned(), "c".to_owned()]).await?;
    let listings: Vec<&str> = found.values().map(|link| link.listing.as_str()).collect();
    same("found by SKU", listings, ["L3"])
}

async fn links_of_connections_are_separate(on: Run) -> Check {
    let other = on.begun_elsewhere(Operation::LinkListings).await?;
    put(&on, &[link("L1", "P1", "a")]).await?;
    let answers = on.stores.listings.put_links(&other, &[link("L2", "P1", "a")]).await?;
    same("the same product elsewhere", answers, [Created])?;
    on.stores.listings.mark_broken(&other, &["L1".into()]).await?;
    same("the links here", kept(&on).await?, [linked("L1", "P1")])
}

/// Lets another run take the lease and keep a link.
async fn overtaken(on: &Run) -> Check {
    let newest = on.overtaken().await?;
    on.peer.listings.put_links(&newest, &[link("L1", "P1", "a")]).await?;
    Ok(())
}

async fn a_stale_token_cannot_put_links(on: Run) -> Check {
    overtaken(&on).await?;
    refused("put_links", put(&on, &[link("L2", "P2", "b")]).await)?;
    same("the links", kept(&on).await?, [linked("L1", "P1")])
}

async fn a_stale_token_cannot_break_links(on: Run) -> Check {
    overtaken(&on).await?;
    refused("mark_broken", mark_broken(&on, &["L1"]).await)?;
    same("the links", kept(&on).await?, [linked("L1", "P1")])
}
