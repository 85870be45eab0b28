//! Which of the host's listings each line of a new order is, by the SKU that `translate` has chosen for it.

use std::collections::HashMap;

use super::{candidate::Candidate, context::Context};
use crate::{
    channel::{
        ChannelProductId, HoldReason, ListingLink, OrderLine,
        store::{ListingStoreExt, StoreError},
    },
    connector::{STORE_BATCH, settings::UnlinkedLinePolicy},
};

/// Sets the listing of every line whose SKU is linked, or else its product: a listing that is linked by an alias goes by
/// another SKU than the line.
pub(super) async fn link(
    ctx: &Context<'_>,
    mut candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>, StoreError> {
    let by_sku = links_by_sku(ctx, &candidates).await?;
    let by_product = links_by_product(ctx, &candidates, &by_sku).await?;
    let hold = ctx.settings().unlinked_lines == UnlinkedLinePolicy::Hold;
    for candidate in &mut candidates {
        let mut strangers = Vec::new();
        for line in candidate.order.lines.iter_mut().filter(|line| line.is_shippable()) {
            let link = line.sku.as_ref().and_then(|sku| by_sku.get(sku));
            let link = link.or_else(|| by_product.get(line.product.as_ref()?));
            line.listing = link.map(|link| link.listing.clone());
            if line.listing.is_none() {
                strangers.push(line.sku.clone().unwrap_or_else(|| "a line without SKU".to_owned()));
            }
        }
        if hold && !strangers.is_empty() {
            candidate.holds.push(HoldReason::NotManagedLine { skus: strangers });
        }
    }
    Ok(candidates)
}

async fn links_by_sku(
    ctx: &Context<'_>,
    candidates: &[Candidate],
) -> Result<HashMap<String, ListingLink>, StoreError> {
    let mut skus: Vec<String> = shippable(candidates).filter_map(|line| line.sku.clone()).collect();
    skus.sort_unstable();
    skus.dedup();
    let channel = ctx.run.channel;
    let mut found = HashMap::new();
    for chunk in skus.chunks(STORE_BATCH) {
        found.extend(channel.stores.listings.links_by_sku(&channel.connection, chunk).await?);
    }
    Ok(found)
}

/// The links of the products of lines whose SKU is not linked; none where aliases are to be left alone.
async fn links_by_product(
    ctx: &Context<'_>,
    candidates: &[Candidate],
    by_sku: &HashMap<String, ListingLink>,
) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
    let channel = ctx.run.channel;
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
