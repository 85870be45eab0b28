//! A listing store whose pages lead nowhere: the run says so instead of reading for ever.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use shipstation_connector::{
    channel::{
        ChannelConnector, LinkListings, Listing, ListingLink, Refusal,
        store::{StoreError, Stores},
    },
    stores::{Instrumented, NextCall, StoreAnswer, StoreCall, StoreHook},
};

use super::{channel_on, kept, link, list, product};
use crate::support::World;

/// One of the lists begins anew with every page: the first page that has rows is given again and again.
#[derive(Debug)]
struct Circling<T> {
    method: &'static str,
    first: Mutex<Vec<T>>,
}

impl<T> Circling<T> {
    fn over(method: &'static str) -> Arc<Self> {
        Arc::new(Self { method, first: Mutex::default() })
    }
}

#[async_trait]
impl<T: Clone + std::fmt::Debug + Send + 'static> StoreHook for Circling<T> {
    async fn around(&self, call: StoreCall, next: NextCall<'_>) -> Result<StoreAnswer, StoreError> {
        let mut answer = next.await?;
        if let Some(page) = answer.get_mut::<Vec<T>>().filter(|_| call.method == self.method) {
            let mut first = self.first.lock().unwrap();
            if first.is_empty() {
                first.clone_from(page);
            }
            page.clone_from(&first);
        }
        Ok(answer)
    }
}

#[tokio::test]
async fn faults_a_store_whose_pages_go_in_circles_is_a_refusal() {
    let world = World::new().await;
    product(&world, "MUG-1");
    list(&world, &[("a", "MUG-1")]);
    let _ = link(&world).await;
    let before = kept(&world).await;
    let circles: [Arc<dyn StoreHook>; 2] =
        [Circling::<Listing>::over("listings"), Circling::<ListingLink>::over("links")];
    for circle in circles {
        let listings = Arc::new(Instrumented::new(world.store.clone(), circle));
        let stores = Stores::all_in(world.store.clone()).with_listings(listings);
        let error = channel_on(&world, stores, |_| {}).link_listings(LinkListings::new()).await.unwrap_err();
        assert!(matches!(&error.refusal, Refusal::Store(error) if !error.is_retryable()), "{error}");
        assert!(error.to_string().contains("paging does not advance: a page after a repeats it"), "{error}");
        assert_eq!(kept(&world).await, before);
    }
}
