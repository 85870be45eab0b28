//! The host's listings, and ShipStation's products that they are linked with.

use std::path::Path;

use serde_json::json;
use shipstation_connector::channel::{
    ChannelConnector, LinkListings, LinkState, Listing, ListingId, ListingLink, store::ListingStoreExt,
};

use super::{mappings, report};
use crate::{
    account::Account,
    exit::{Ended, Failure},
    output::Output,
    store::{PAGE, either, every_row},
};

pub(super) async fn link(account: &Account, out: &mut Output, listings: Option<&Path>) -> Ended {
    if let Some(file) = listings {
        let wrong = |why: String| Failure::usage(format!("{}: nothing was changed: {why}", file.display()));
        let listings = read(&mappings::read(file)?).map_err(wrong)?;
        if account.dry_run {
            return out
                .say(&format!("{} listings read", listings.len()), &json!({"listings": listings.len()}));
        }
        either!(&account.store, store => store.put_listings(&account.id, listings).await?);
    }
    let done = account.channel.link_listings(LinkListings::with(account.control())).await?;
    report(out, &done, &done.run.status)
}

/// Listings of a table with the columns `listing` and `sku`, in any order.
fn read(table: &[u8]) -> Result<Vec<Listing>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(table);
    let head = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| {
        let place =
            head.iter().position(|cell| cell.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
        place.ok_or_else(|| format!("there is no column {name:?}"))
    };
    let (listing, sku) = (column("listing")?, column("sku")?);
    let mut listings = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |place: usize| record.get(place).filter(|cell| !cell.is_empty());
        let id = cell(listing).ok_or_else(|| format!("row {} names no listing", row + 2))?;
        listings.push(cell(sku).map_or_else(|| Listing::without_sku(id), |sku| Listing::new(id, sku)));
    }
    Ok(listings)
}

pub(super) async fn links(account: &Account, out: &mut Output) -> Ended {
    let store = &account.stores.listings;
    let page = async |after: Option<ListingId>| store.links_after(&account.id, after.as_ref(), PAGE).await;
    let all = every_row(page, |link: &ListingLink| link.listing.clone()).await?;
    out.rows(&all, &["LISTING", "SKU", "PRODUCT", "STATE"], "nothing is linked", |link| {
        let state = if link.state == LinkState::Linked { "linked" } else { "broken" };
        vec![link.listing.to_string(), link.sku.clone(), link.product.to_string(), state.to_owned()]
    })
}
