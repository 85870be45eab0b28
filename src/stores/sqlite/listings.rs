//! The host's listings and their links.

use async_trait::async_trait;
use rusqlite::{Row, Transaction};

use super::{
    SqliteStore, key,
    query::{all, execute, first},
};
use crate::{
    channel::{
        ChannelProductId, ConnectionId, LinkState, Listing, ListingId, ListingLink, NewLink,
        store::{LinkQuery, ListingStore, PutLinkOutcome, RunToken, StoreError},
    },
    stores::{
        columns::{instant, integer, nanos},
        failure::Answer,
    },
};

macro_rules! select_link {
    ($rest:literal) => {
        concat!("SELECT listing, product, sku, linked_at, broken FROM shipstation_link WHERE connection = ?1 AND ", $rest)
    };
}

/// [`LinkQuery`], to be sent to the thread of the file.
enum Wanted {
    After(Option<ListingId>, usize),
    Skus(Vec<String>),
    Products(Vec<ChannelProductId>),
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
            all(
                tx,
                "SELECT listing, sku FROM shipstation_listing
                 WHERE connection = ?1 AND listing >= ifnull(?2, '') AND listing IS NOT ?2
                 ORDER BY listing LIMIT ?3",
                (connection, after.as_ref().map(ListingId::as_str), integer(limit)),
                |row| Ok(Listing { id: ListingId::new(row.get::<_, String>(0)?), sku: row.get(1)? }),
            )
        })
        .await
    }

    async fn links(
        &self,
        connection: &ConnectionId,
        query: LinkQuery<'_>,
    ) -> Result<Vec<ListingLink>, StoreError> {
        let connection = key(connection);
        let wanted = match query {
            LinkQuery::After { after, limit } => Wanted::After(after.cloned(), limit),
            LinkQuery::Skus(skus) => Wanted::Skus(skus.to_vec()),
            LinkQuery::Products(products) => Wanted::Products(products.to_vec()),
        };
        self.read(move |tx| links(tx, &connection, &wanted)).await
    }

    async fn put_links(
        &self,
        token: &RunToken,
        links: &[NewLink],
    ) -> Result<Vec<PutLinkOutcome>, StoreError> {
        let links = links.to_vec();
        self.write(token, move |tx, token| {
            links.iter().map(|link| put(tx, token.connection.as_str(), link)).collect()
        })
        .await
    }

    async fn mark_broken(&self, token: &RunToken, listings: &[ListingId]) -> Result<(), StoreError> {
        let listings = listings.to_vec();
        self.write(token, move |tx, token| {
            let mark = "UPDATE shipstation_link SET broken = 1 WHERE connection = ?1 AND listing = ?2";
            listings.iter().try_for_each(|listing| {
                execute(tx, mark, (token.connection.as_str(), listing.as_str())).map(drop)
            })
        })
        .await
    }
}

#[expect(clippy::missing_errors_doc, reason = "said at the type")]
impl SqliteStore {
    /// The host's side: what it sells. Replaces listings of the same id; a batch is kept as a whole or not at all.
    pub async fn put_listings(
        &self,
        connection: &ConnectionId,
        listings: impl IntoIterator<Item = Listing>,
    ) -> Result<(), StoreError> {
        let (connection, listings) = (key(connection), listings.into_iter().collect::<Vec<_>>());
        self.change(move |tx| {
            let put = "INSERT INTO shipstation_listing (connection, listing, sku) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO UPDATE SET sku = excluded.sku";
            listings.iter().try_for_each(|listing| {
                execute(tx, put, (&connection, listing.id.as_str(), &listing.sku)).map(drop)
            })
        })
        .await
    }

    /// The host's side: no longer sells this. Its link goes with it.
    pub async fn remove_listing(
        &self,
        connection: &ConnectionId,
        listing: &ListingId,
    ) -> Result<(), StoreError> {
        let (connection, listing) = (key(connection), listing.clone());
        self.change(move |tx| {
            for sql in [
                "DELETE FROM shipstation_listing WHERE connection = ?1 AND listing = ?2",
                "DELETE FROM shipstation_link WHERE connection = ?1 AND listing = ?2",
            ] {
                execute(tx, sql, (&connection, listing.as_str()))?;
            }
            Ok(())
        })
        .await
    }
}

fn links(tx: &Transaction<'_>, connection: &str, wanted: &Wanted) -> Answer<Vec<ListingLink>> {
    match wanted {
        Wanted::After(after, limit) => all(
            tx,
            select_link!("listing >= ifnull(?2, '') AND listing IS NOT ?2 ORDER BY listing LIMIT ?3"),
            (connection, after.as_ref().map(ListingId::as_str), integer(*limit)),
            link,
        ),
        Wanted::Skus(skus) => found(skus, |sku| {
            let newest = select_link!("sku = ?2 AND broken = 0 ORDER BY linked_at DESC LIMIT 1");
            first(tx, newest, (connection, sku), link)
        }),
        Wanted::Products(products) => found(products, |product| {
            first(tx, select_link!("product = ?2 AND broken = 0"), (connection, product.as_str()), link)
        }),
    }
}

/// One look-up per key by its index, all in one snapshot: any number of keys, any text in them.
fn found<K>(keys: &[K], find: impl Fn(&K) -> Answer<Option<ListingLink>>) -> Answer<Vec<ListingLink>> {
    keys.iter().filter_map(|key| find(key).transpose()).collect()
}

fn link(row: &Row<'_>) -> Answer<ListingLink> {
    Ok(ListingLink {
        listing: ListingId::new(row.get::<_, String>(0)?),
        product: ChannelProductId::new(row.get::<_, String>(1)?),
        sku: row.get(2)?,
        linked_at: instant(row.get(3)?),
        state: if row.get(4)? { LinkState::Broken } else { LinkState::Linked },
    })
}

fn put(tx: &Transaction<'_>, connection: &str, new: &NewLink) -> Answer<PutLinkOutcome> {
    let owner = first(tx, select_link!("product = ?2"), (connection, new.product.as_str()), link)?;
    let before = first(tx, select_link!("listing = ?2"), (connection, new.listing.as_str()), link)?;
    let answer = PutLinkOutcome::decide(new, owner.as_ref(), before.as_ref());
    if matches!(answer, PutLinkOutcome::Conflict { .. }) {
        return Ok(answer);
    }
    execute(
        tx,
        "DELETE FROM shipstation_link WHERE connection = ?1 AND product = ?2 AND listing <> ?3",
        (connection, new.product.as_str(), new.listing.as_str()),
    )?;
    execute(
        tx,
        "INSERT INTO shipstation_link (connection, listing, product, sku, linked_at, broken) VALUES (?1, ?2, ?3, ?4, ?5, 0)
         ON CONFLICT (connection, listing) DO UPDATE
         SET product = excluded.product, sku = excluded.sku, linked_at = excluded.linked_at, broken = 0",
        (connection, new.listing.as_str(), new.product.as_str(), &new.sku, nanos(new.linked_at)),
    )?;
    Ok(answer)
}
