//! Flaws in keeping links.

use std::collections::HashMap;

use async_trait::async_trait;
use shipstation_connector::channel::{
    ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
    store::{ListingStore, PutLink, RunToken, StoreError},
};

use super::{BrokenStore, Flaw, Write};

#[async_trait]
impl ListingStore for BrokenStore {
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        let mut page = self.inner.listings(&self.connection(connection), after, limit).await?;
        if self.is(Flaw::ListingsBackwards) {
            page.reverse();
        }
        Ok(page)
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<ListingLink>, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::LinksPageByNumber) {
            let all = self.inner.links(&connection, None, usize::MAX).await?;
            return Ok(self.page_by_number(all, after.is_none(), limit));
        }
        self.inner.links(&connection, after, limit).await
    }

    async fn links_by_sku(
        &self,
        connection: &ConnectionId,
        skus: &[String],
    ) -> Result<HashMap<String, ListingLink>, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::BrokenLinksAreFound) {
            let all = self.inner.links(&connection, None, usize::MAX).await?;
            let found = all.into_iter().filter(|link| skus.contains(&link.sku));
            return Ok(found.map(|link| (link.sku.clone(), link)).collect());
        }
        let asked = if self.is(Flaw::SkusTake100) { skus.len().min(100) } else { skus.len() };
        self.inner.links_by_sku(&connection, &skus[..asked]).await
    }

    async fn links_by_product(
        &self,
        connection: &ConnectionId,
        products: &[ChannelProductId],
    ) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
        let connection = self.connection(connection);
        if self.is(Flaw::BrokenProductsAreFound) {
            let all = self.inner.links(&connection, None, usize::MAX).await?;
            let found = all.into_iter().filter(|link| products.contains(&link.product));
            return Ok(found.map(|link| (link.product.clone(), link)).collect());
        }
        let asked = if self.is(Flaw::ProductsTake100) { products.len().min(100) } else { products.len() };
        self.inner.links_by_product(&connection, &products[..asked]).await
    }

    async fn put_links(&self, token: &RunToken, links: &[NewLink]) -> Result<Vec<PutLink>, StoreError> {
        let token = self.token(token, Write::PutLinks);
        let mut links = links.to_vec();
        if self.is(Flaw::BrokenLinksStayBroken) {
            let kept = self.inner.links(&token.connection, None, usize::MAX).await?;
            links.retain(|link| {
                !kept.iter().any(|kept| kept.listing == link.listing && kept.state == LinkState::Broken)
            });
        }
        if self.is(Flaw::BrokenLinksKeepTheirProduct) {
            let kept = self.inner.links(&token.connection, None, usize::MAX).await?;
            let owner = |link: &NewLink| kept.iter().find(|kept| kept.product == link.product);
            if let Some(owner) = links.iter().filter_map(owner).find(|kept| kept.state == LinkState::Broken)
                && links.iter().all(|link| link.listing != owner.listing)
            {
                return Ok(vec![PutLink::Conflict { with: owner.listing.clone() }; links.len()]);
            }
        }
        let mut answers = self.inner.put_links(&token, &links).await?;
        for answer in &mut answers {
            match answer {
                PutLink::Same if self.is(Flaw::SameIsCreated) => *answer = PutLink::Created,
                PutLink::Conflict { .. } if self.is(Flaw::ConflictIsCreated) => *answer = PutLink::Created,
                PutLink::Replaced if self.is(Flaw::ReplacedIsSame) => *answer = PutLink::Same,
                _ => {}
            }
        }
        if self.is(Flaw::PutAnswersBackwards) {
            answers.reverse();
        }
        Ok(answers)
    }

    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError> {
        self.inner.mark_broken(&self.token(token, Write::MarkBroken), listings).await
    }
}
