//! The host's listings and their links.

use std::collections::HashMap;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, Transaction};

use super::{
    SqliteStore,
    convert::{Answer, instant, integer, nanos},
    key,
};
use crate::channel::{
    ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
    store::{ListingStore, PutLink, RunToken, StoreError},
};

macro_rules! select_link {
    ($rest:literal) => {
        concat!("SELECT listing, product, sku, linked_at, broken FROM link WHERE connection = ?1 AND ", $rest)
    };
}

#[async_trait]
impl ListingStore for SqliteStore {
    async fn listings(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        let (connection, after) = (key(connection), after.cloned());
        self.read(move |tx| {
            let mut page = tx.prepare_cached(
                "SELECT listing, sku FROM listing
                 WHERE connection = ?1 AND listing >= ifnull(?2, '') AND listing IS NOT ?2
                 ORDER BY listing LIMIT ?3",
            )?;
            let after = after.as_ref().map(ListingId::as_str);
            let rows = page.query_map((connection, after, integer(limit)), |row| {
                Ok(Listing { id: ListingId::new(row.get::<_, String>(0)?), sku: row.get(1)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        after: Option<&ListingId>,
        limit: usize,
    ) -> Result<Vec<ListingLink>, StoreError> {
        let (connection, after) = (key(connection), after.cloned());
        self.read(move |tx| {
            let mut page = tx.prepare_cached(select_link!(
                "listing >= ifnull(?2, '') AND listing IS NOT ?2 ORDER BY listing LIMIT ?3"
            ))?;
            let after = after.as_ref().map(ListingId::as_str);
            let rows = page.query_map((connection, after, integer(limit)), link)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    async fn links_by_sku(
        &self,
        connection: &ConnectionId,
        skus: &[String],
    ) -> Result<HashMap<String, ListingLink>, StoreError> {
        let (connection, skus) = (key(connection), skus.to_vec());
        self.read(move |tx| {
            // Of several links with one SKU the newest counts.
            let mut find =
                tx.prepare_cached(select_link!("sku = ?2 AND broken = 0 ORDER BY linked_at DESC LIMIT 1"))?;
            let mut found = HashMap::with_capacity(skus.len());
            for sku in skus {
                if let Some(link) = find.query_row((&connection, &sku), link).optional()? {
                    found.insert(sku, link);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn links_by_product(
        &self,
        connection: &ConnectionId,
        products: &[ChannelProductId],
    ) -> Result<HashMap<ChannelProductId, ListingLink>, StoreError> {
        let (connection, products) = (key(connection), products.to_vec());
        self.read(move |tx| {
            let mut find = tx.prepare_cached(select_link!("product = ?2 AND broken = 0"))?;
            let mut found = HashMap::with_capacity(products.len());
            for product in products {
                if let Some(link) = find.query_row((&connection, product.as_str()), link).optional()? {
                    found.insert(product, link);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn put_links(&self, token: &RunToken, links: &[NewLink]) -> Result<Vec<PutLink>, StoreError> {
        let links = links.to_vec();
        self.write(token, move |tx, token| {
            links.iter().map(|link| put(tx, token.connection.as_str(), link)).collect()
        })
        .await
    }

    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError> {
        let listings = listings.to_vec();
        self.write(token, move |tx, token| {
            let mut mark =
                tx.prepare_cached("UPDATE link SET broken = 1 WHERE connection = ?1 AND listing = ?2")?;
            for listing in &listings {
                mark.execute((token.connection.as_str(), listing.as_str()))?;
            }
            Ok(())
        })
        .await
    }
}

impl SqliteStore {
    /// The host's side: what it sells. Replaces listings of the same id; a batch is kept as a whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn put_listings(
        &self,
        connection: &ConnectionId,
        listings: impl IntoIterator<Item = Listing>,
    ) -> Result<(), StoreError> {
        let (connection, listings) = (key(connection), listings.into_iter().collect::<Vec<_>>());
        self.change(move |tx| {
            let mut put = tx.prepare_cached(
                "INSERT INTO listing (connection, listing, sku) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET sku = excluded.sku",
            )?;
            for listing in &listings {
                put.execute((&connection, listing.id.as_str(), &listing.sku))?;
            }
            Ok(())
        })
        .await
    }

    /// The host's side: no longer sells this. Its link goes with it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn remove_listing(
        &self,
        connection: &ConnectionId,
        listing: &ListingId,
    ) -> Result<(), StoreError> {
        let (connection, listing) = (key(connection), listing.clone());
        self.change(move |tx| {
            for sql in [
                "DELETE FROM listing WHERE connection = ?1 AND listing = ?2",
                "DELETE FROM link WHERE connection = ?1 AND listing = ?2",
            ] {
                tx.prepare_cached(sql)?.execute((&connection, listing.as_str()))?;
            }
            Ok(())
        })
        .await
    }
}

fn link(row: &Row<'_>) -> rusqlite::Result<ListingLink> {
    Ok(ListingLink {
        listing: ListingId::new(row.get::<_, String>(0)?),
        product: ChannelProductId::new(row.get::<_, String>(1)?),
        sku: row.get(2)?,
        linked_at: instant(row.get(3)?),
        state: if row.get(4)? { LinkState::Broken } else { LinkState::Linked },
    })
}

fn put(tx: &Transaction<'_>, connection: &str, new: &NewLink) -> Answer<PutLink> {
    // A broken link of another listing gives way.
    tx.prepare_cached(
        "DELETE FROM link WHERE connection = ?1 AND product = ?2 AND listing <> ?3 AND broken = 1",
    )?
    .execute((connection, new.product.as_str(), new.listing.as_str()))?;
    let owner: Option<String> = tx
        .prepare_cached("SELECT listing FROM link WHERE connection = ?1 AND product = ?2")?
        .query_row((connection, new.product.as_str()), |row| row.get(0))
        .optional()?;
    if let Some(owner) = owner.filter(|owner| owner != new.listing.as_str()) {
        return Ok(PutLink::Conflict { with: ListingId::new(owner) });
    }
    let before = tx
        .prepare_cached(select_link!("listing = ?2"))?
        .query_row((connection, new.listing.as_str()), link)
        .optional()?;
    let became = match &before {
        None => PutLink::Created,
        Some(before) if before.product != new.product => PutLink::Replaced,
        Some(before) if before.state == LinkState::Broken => PutLink::Created,
        Some(_) => PutLink::Same,
    };
    tx.prepare_cached(
        "INSERT INTO link (connection, listing, product, sku, linked_at, broken) VALUES (?1, ?2, ?3, ?4, ?5, 0)
         ON CONFLICT (connection, listing) DO UPDATE
         SET product = excluded.product, sku = excluded.sku, linked_at = excluded.linked_at, broken = 0",
    )?
    .execute((
        connection,
        new.listing.as_str(),
        new.product.as_str(),
        &new.sku,
        nanos(new.linked_at),
    ))?;
    Ok(became)
}
