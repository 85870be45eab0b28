//! An order on its way into the host, and which of the host's listings each of its lines is, by the SKU that `translate` has
//! chosen for it.

use std::collections::HashMap;

use crate::{
    channel::{
        ChannelOrder, ChannelProductId, HoldReason, ListingLink, OrderFingerprint, OrderLine,
        shipping::ShippingResolution,
        store::{ListingStoreExt, StoreError},
    },
    connector::{STORE_BATCH, ShipStationChannel, settings::UnlinkedLinePolicy},
};

/// An order that is to be imported.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) order: ChannelOrder,
    pub(super) holds: Vec<HoldReason>,
    pub(super) fingerprint: Option<OrderFingerprint>,
    pub(super) shipping: ShippingResolution,
}

/// Sets the listing of every line whose SKU is linked, or else its product: a listing that is linked by an alias goes by
/// another SKU than the line. Holds orders with lines that have none, if the settings ask for it.
pub(super) async fn link(
    channel: &ShipStationChannel,
    candidates: &mut [Candidate],
) -> Result<(), StoreError> {
    let by_sku = links_by_sku(channel, candidates).await?;
    let by_product = links_by_product(channel, candidates, &by_sku).await?;
    for candidate in candidates {
        for line in candidate.order.lines.iter_mut().filter(|line| line.is_shippable()) {
            let link = line.sku.as_ref().and_then(|sku| by_sku.get(sku));
            let link = link.or_else(|| by_product.get(line.product.as_ref()?));
            line.listing = link.map(|link| link.listing.clone());
        }
        candidate.holds.extend(unlinked(channel, &candidate.order));
    }
    Ok(())
}

/// Why the order is held for its lines without a listing, if it is.
pub(super) fn unlinked(channel: &ShipStationChannel, order: &ChannelOrder) -> Option<HoldReason> {
    let strangers = order.lines.iter().filter(|line| line.is_shippable() && line.listing.is_none());
    let name = |line: &OrderLine| line.sku.clone().unwrap_or_else(|| "a line without SKU".to_owned());
    let skus: Vec<String> = strangers.map(name).collect();
    let hold = channel.settings.orders.unlinked_lines == UnlinkedLinePolicy::Hold && !skus.is_empty();
    hold.then_some(HoldReason::NotManagedLine { skus })
}

async fn links_by_sku(
    channel: &ShipStationChannel,
    candidates: &[Candidate],
) -> Result<HashMap<String, ListingLink>, StoreError> {
    let mut skus: Vec<String> = shippable(candidates).filter_map(|line| line.sku.clone()).collect();
    skus.sort_unstable();
    skus.dedup();
    let mut found = HashMap::new();
    for chunk in skus.chunks(STORE_BATCH) {
        found.extend(channel.stores.listings.links_by_sku(&channel.connection, chunk).await?);
    }
    Ok(found)
}

/// The links of the products of lines whose SKU is not linked; none where aliases are to be left alone.
async fn links_by_product(
    channel: &ShipStationChannel,
    candidates: &[Candidate],
    by_sku: &HashMap<String, ListingLink>,
) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
    let mut found = HashMap::new();
    if channel.settings.listings.as_ref().is_some_and(|listings| !listings.follow_aliases) {
        return Ok(found);
    }
    let linked = |line: &OrderLine| line.sku.as_ref().is_some_and(|sku| by_sku.contains_key(sku));
    let strangers = shippable(candidates).filter(|line| !linked(line));
    let mut products: Vec<ChannelProductId> = strangers.filter_map(|line| line.product.clone()).collect();
    products.sort_unstable();
    products.dedup();
    for chunk in products.chunks(STORE_BATCH) {
        found.extend(channel.stores.listings.links_by_product(&channel.connection, chunk).await?);
    }
    Ok(found)
}

fn shippable(candidates: &[Candidate]) -> impl Iterator<Item = &OrderLine> {
    candidates.iter().flat_map(|candidate| &candidate.order.lines).filter(|line| line.is_shippable())
}
