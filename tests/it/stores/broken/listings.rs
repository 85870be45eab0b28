//! Flaws in keeping links.

use async_trait::async_trait;
use shipstation_connector::channel::{
    ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
    store::{LinkQuery, ListingStore, ListingStoreExt, PutLinkOutcome, RunToken, StoreError},
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
        query: LinkQuery<'_>,
    ) -> Result<Vec<ListingLink>, StoreError> {
        let connection = self.connection(connection);
        let all = self.inner.links_after(&connection, None, usize::MAX).await?;
        let cut = |flaw, len: usize| if self.is(flaw) { len.min(100) } else { len };
        match query {
            LinkQuery::After { after, limit } if self.is(Flaw::LinksPageByNumber) => {
                Ok(self.page_by_number(all, after.is_none(), limit))
            }
            LinkQuery::Skus(skus) if self.is(Flaw::BrokenLinksAreFound) => {
                Ok(all.into_iter().filter(|link| skus.contains(&link.sku)).collect())
            }
            LinkQuery::Skus(skus) => {
                let skus = &skus[..cut(Flaw::SkusTake100, skus.len())];
                self.inner.links(&connection, LinkQuery::Skus(skus)).await
            }
            LinkQuery::Products(products) if self.is(Flaw::BrokenProductsAreFound) => {
                Ok(all.into_iter().filter(|link| products.contains(&link.product)).collect())
            }
            LinkQuery::Products(products) => {
                let products = &products[..cut(Flaw::ProductsTake100, products.len())];
                self.inner.links(&connection, LinkQuery::Products(products)).await
            }
            query => self.inner.links(&connection, query).await,
        }
    }

    async fn put_links(
        &self,
        token: &RunToken,
        links: &[NewLink],
    ) -> Result<Vec<PutLinkOutcome>, StoreError> {
        let token = self.token(token, Write::PutLinks);
        let mut links = links.to_vec();
        if self.is(Flaw::BrokenLinksStayBroken) {
            let kept = self.inner.links_after(&token.connection, None, usize::MAX).await?;
            links.retain(|link| {
                !kept.iter().any(|kept| kept.listing == link.listing && kept.state == LinkState::Broken)
            });
        }
        if self.is(Flaw::BrokenLinksKeepTheirProduct) {
            let kept = self.inner.links_after(&token.connection, None, usize::MAX).await?;
            let owner = |link: &NewLink| kept.iter().find(|kept| kept.product == link.product);
            if let Some(owner) = links.iter().filter_map(owner).find(|kept| kept.state == LinkState::Broken)
                && links.iter().all(|link| link.listing != owner.listing)
            {
                return Ok(vec![PutLinkOutcome::Conflict { with: owner.listing.clone() }; links.len()]);
            }
        }
        let mut answers = self.inner.put_links(&token, &links).await?;
        for answer in &mut answers {
            match answer {
                PutLinkOutcome::Same if self.is(Flaw::SameIsCreated) => *answer = PutLinkOutcome::Created,
                PutLinkOutcome::Conflict { .. } if self.is(Flaw::ConflictIsCreated) => {
                    *answer = PutLinkOutcome::Created;
                }
                PutLinkOutcome::Replaced if self.is(Flaw::ReplacedIsSame) => *answer = PutLinkOutcome::Same,
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
