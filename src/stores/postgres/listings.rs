//! The host's listings and their links. What becomes of a link is decided as in memory, on the links that it touches.

use async_trait::async_trait;
use tokio_postgres::{Row, Transaction};

use super::{
    PostgresStore, commit,
    query::{all, execute, get, params, text},
};
use crate::{
    channel::{
        ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
        store::{LinkQuery, ListingStore, PutLinkOutcome, RunToken, StoreError},
    },
    stores::{
        columns::{instant, integer, nanos},
        failure::Answer,
        memory::Links,
    },
};

macro_rules! select_link {
    ($rest:literal) => {
        concat!("SELECT listing, product, sku, linked_at, broken FROM link WHERE connection = $1 AND ", $rest)
    };
}

#[async_trait]
impl ListingStore for PostgresStore {
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let page = "SELECT listing, sku FROM listing
                    WHERE connection = $1 AND listing >= coalesce($2, '') AND listing IS DISTINCT FROM $2
                    ORDER BY listing LIMIT $3";
        let listing =
            |row: &Row| Ok(Listing { id: ListingId::new(get::<String>(row, 0)?), sku: get(row, 1)? });
        Ok(all(
            &tx,
            page,
            params![connection.as_str(), after.map(|after| text(after.as_str())), integer(limit)],
            listing,
        )
        .await?)
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        query: LinkQuery<'_>,
    ) -> Result<Vec<ListingLink>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.reading(&mut client).await?;
        let connection = connection.as_str();
        Ok(match query {
            LinkQuery::After { after, limit } => {
                let page = select_link!(
                    "listing >= coalesce($2, '') AND listing IS DISTINCT FROM $2 ORDER BY listing LIMIT $3"
                );
                let after = after.map(|after| text(after.as_str()));
                all(&tx, page, params![connection, after, integer(limit)], link).await?
            }
            LinkQuery::Skus(skus) => {
                let newest = "SELECT newest.* FROM unnest($2::text[]) AS wanted (sku) CROSS JOIN LATERAL (
                                SELECT listing, product, link.sku, linked_at, broken FROM link
                                WHERE connection = $1 AND hashtextextended(link.sku, 0) = hashtextextended(wanted.sku COLLATE \"C\", 0)
                                  AND link.sku = wanted.sku COLLATE \"C\" AND NOT broken
                                ORDER BY linked_at DESC LIMIT 1) AS newest";
                let skus: Vec<String> = skus.iter().map(|sku| text(sku)).collect();
                all(&tx, newest, params![connection, skus], link).await?
            }
            LinkQuery::Products(products) => {
                let products: Vec<String> = products.iter().map(|product| text(product.as_str())).collect();
                let of = select_link!("product = ANY($2) AND NOT broken");
                all(&tx, of, params![connection, products], link).await?
            }
        })
    }

    async fn put_links(
        &self,
        token: &RunToken,
        links: &[NewLink],
    ) -> Result<Vec<PutLinkOutcome>, StoreError> {
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        self.lock(&tx, &token.connection, "links").await?;
        let mut touched = touched_by(&tx, &token.connection, links).await?;
        let before: Vec<String> = touched.all().map(|link| text(link.listing.as_str())).collect();
        let answers = links.iter().map(|link| touched.put(link)).collect();
        let remove = "DELETE FROM link WHERE connection = $1 AND listing = ANY($2)";
        execute(&tx, remove, params![token.connection.as_str(), before]).await?;
        add(&tx, &token.connection, touched.all()).await?;
        commit(tx, answers).await
    }

    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError> {
        let listings: Vec<String> = listings.iter().map(|listing| text(listing.as_str())).collect();
        let mut client = self.client().await?;
        let tx = self.writing(&mut client, token).await?;
        self.lock(&tx, &token.connection, "links").await?;
        let mark = "UPDATE link SET broken = true WHERE connection = $1 AND listing = ANY($2)";
        execute(&tx, mark, params![token.connection.as_str(), listings]).await?;
        commit(tx, ()).await
    }
}

/// The links of these listings and of these products.
async fn touched_by(tx: &Transaction<'_>, connection: &ConnectionId, links: &[NewLink]) -> Answer<Links> {
    let listings: Vec<String> = links.iter().map(|link| text(link.listing.as_str())).collect();
    let products: Vec<String> = links.iter().map(|link| text(link.product.as_str())).collect();
    let kept = select_link!("(listing = ANY($2) OR product = ANY($3)) ORDER BY linked_at, listing");
    let kept = all(tx, kept, params![connection.as_str(), listings, products], link).await?;
    Ok(Links::of(kept))
}

async fn add(
    tx: &Transaction<'_>,
    connection: &ConnectionId,
    links: impl Iterator<Item = &ListingLink>,
) -> Answer<()> {
    let links: Vec<&ListingLink> = links.collect();
    execute(
        tx,
        "INSERT INTO link (connection, listing, product, sku, linked_at, broken)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::boolean[])",
        params![
            connection.as_str(),
            links.iter().map(|link| text(link.listing.as_str())).collect::<Vec<String>>(),
            links.iter().map(|link| text(link.product.as_str())).collect::<Vec<String>>(),
            links.iter().map(|link| text(&link.sku)).collect::<Vec<String>>(),
            links.iter().map(|link| nanos(link.linked_at)).collect::<Vec<i64>>(),
            links.iter().map(|link| link.state == LinkState::Broken).collect::<Vec<bool>>(),
        ],
    )
    .await
    .map(drop)
}

fn link(row: &Row) -> Answer<ListingLink> {
    Ok(ListingLink {
        listing: ListingId::new(get::<String>(row, 0)?),
        product: ChannelProductId::new(get::<String>(row, 1)?),
        sku: get(row, 2)?,
        linked_at: instant(get(row, 3)?),
        state: if get(row, 4)? { LinkState::Broken } else { LinkState::Linked },
    })
}
