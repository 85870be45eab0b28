//! Five operations, each in a small world with something of everything.

use std::collections::BTreeMap;

use shipstation_connector::{
    ShipStationChannel,
    channel::{
        ActionKind, ChannelConnector, ChannelError, GetOrders, LinkListings, LinkState, Listing, OrderAction,
        ResolveHeld, RunActions, RunStatus, SyncShipments,
        store::{ActionQuery, ListingStoreExt, OrderStore, ShipmentStore},
    },
    client::{Clock, TagId, UserId},
    connector::ListingSettings,
    testing::simulator::SimProduct,
};

use super::{everywhere::Scenario, test_bed::TestBed};

/// Two new listings to be linked, one whose product has gone, one that fits nothing.
pub(super) struct Linking {
    wanted: BTreeMap<String, (String, LinkState)>,
}

impl Scenario for Linking {
    const FURTHER_RUNS: usize = 4;

    async fn set_up(bed: &mut TestBed) -> Self {
        bed.settings.listings = Some(ListingSettings::default());
        let product = |sku: &str| bed.sim.account(|account| account.add_product(SimProduct::new(sku)));
        let put = async |id: &str, sku: &str| {
            let listing = Listing::new(id, sku);
            bed.open().await.put_listing(&bed.connection, listing).await;
        };
        let gone = product("GONE-9");
        put("L-gone", "GONE-9").await;
        assert!(
            bed.process()
                .await
                .link_listings(LinkListings::new())
                .await
                .unwrap()
                .run
                .status
                .read_everything()
        );
        bed.a_quarter_of_an_hour_passes();
        bed.sim.account(|account| account.products.remove(&gone));
        let (mug, tea) = (product("MUG-1"), product("TEA-2"));
        for (id, sku) in [("L-mug", "MUG-1"), ("L-tea", "TEA-2"), ("L-none", "NONE-0")] {
            put(id, sku).await;
        }
        let link = |id: &str, product: i64, state| (id.to_owned(), (product.to_string(), state));
        let wanted = [
            link("L-gone", gone, LinkState::Broken),
            link("L-mug", mug, LinkState::Linked),
            link("L-tea", tea, LinkState::Linked),
        ];
        Self { wanted: wanted.into() }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.link_listings(LinkListings::new()).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        let links = bed.stores().await.listings.links_after(&bed.connection, None, 100).await.unwrap();
        let links: BTreeMap<_, _> = links
            .into_iter()
            .map(|link| (link.listing.to_string(), (link.product.to_string(), link.state)))
            .collect();
        assert_eq!(links, self.wanted, "{place}");
        assert_eq!(bed.sim.journal().writes().count(), 0, "{place}");
    }
}

/// Four orders to be imported and assigned, three to be held, one of them by the host's policy, and two to be left out, one by
/// a tag and one by the policy.
pub(super) struct Importing {
    user: String,
    tag: i64,
    ready: Vec<i64>,
    held: Vec<i64>,
}

impl Scenario for Importing {
    const FURTHER_RUNS: usize = 4;

    async fn set_up(bed: &mut TestBed) -> Self {
        let (user, tag, left_out) = bed.sim.account(|account| {
            (account.add_user("Night Shift"), account.add_tag("Taken"), account.add_tag("Not for us"))
        });
        bed.settings.orders.assign_user = Some(UserId::new(&user));
        bed.settings.orders.acknowledgement_tag = Some(TagId::new(tag));
        bed.settings.orders.exclude_tags = vec![TagId::new(left_out)];
        let ready = ["A-1", "A-2", "A-3", "A-4"].map(|number| bed.add_order(number, "Standard")).into();
        let mut held: Vec<i64> = ["H-1", "H-2"].map(|number| bed.add_order(number, "By zeppelin")).into();
        held.push(bed.add_order("P-1", "Standard"));
        bed.add_order("S-1", "Standard");
        let foreign = bed.add_order("X-1", "Standard");
        bed.sim.account(|account| account.order_mut(foreign).unwrap().push("tagIds", left_out));
        Self { user, tag, ready, held }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.get_orders(GetOrders::new()).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        bed.assert_taken_once(&self.ready, place);
        let held = bed.stores().await.orders.held(&bed.connection, None, 100).await.unwrap();
        let held: Vec<_> = held.iter().map(|order| order.order.to_string()).collect();
        let wanted: Vec<_> = self.held.iter().map(ToString::to_string).collect();
        assert_eq!(held, wanted, "{place}: held orders are there, once");
        for id in self.ready.iter().chain(&self.held) {
            let (user, tags) = bed.sim.account(|account| {
                let order = account.order(*id).unwrap();
                (order.text("userId").map(str::to_owned), order.ids("tagIds"))
            });
            assert_eq!(user.as_deref(), Some(self.user.as_str()), "{place}: the user of {id}");
            assert_eq!(tags, [self.tag], "{place}: the tag of {id}");
        }
    }
}

/// Two held orders whose text is mapped now, and one whose text still is not.
pub(super) struct Resolving {
    all_but_one: Vec<i64>,
    still_held: i64,
}

impl Scenario for Resolving {
    const FURTHER_RUNS: usize = 4;

    async fn set_up(bed: &mut TestBed) -> Self {
        let ready = bed.add_order("A-1", "Standard");
        let held = ["H-1", "H-2"].map(|number| bed.add_order(number, "By zeppelin"));
        let still_held = bed.add_order("H-3", "By submarine");
        assert!(bed.process().await.get_orders(GetOrders::new()).await.unwrap().run.status.read_everything());
        bed.a_quarter_of_an_hour_passes();
        bed.map_texts(&bed.open().await, &["Standard", "By zeppelin"]).await;
        Self { all_but_one: [[ready].as_slice(), &held].concat(), still_held }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.resolve_held(ResolveHeld::new()).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        bed.assert_taken_once(&self.all_but_one, place);
        let held = bed.stores().await.orders.held(&bed.connection, None, 100).await.unwrap();
        let held: Vec<_> = held.iter().map(|order| order.order.to_string()).collect();
        assert_eq!(held, [self.still_held.to_string()], "{place}");
    }
}

/// An order that leaves at once, one in two shipments of which one speaks for both, one whose carrier was unknown
/// until now, and one that somebody has marked by hand.
pub(super) struct Shipping {
    marked: Vec<(i64, &'static str)>,
    by_hand: i64,
}

impl Scenario for Shipping {
    /// Two looks apart for what is unknown, then sending, then proof.
    const FURTHER_RUNS: usize = 4;

    async fn set_up(bed: &mut TestBed) -> Self {
        let [plain, double, blocked, by_hand] =
            ["A-1", "A-2", "A-3", "A-4"].map(|number| bed.add_order(number, "Standard"));
        assert!(bed.process().await.get_orders(GetOrders::new()).await.unwrap().run.status.read_everything());
        bed.ship(blocked, "Acme Freight", "1ZBLOCKED").await;
        assert!(
            bed.process()
                .await
                .sync_shipments(SyncShipments::new())
                .await
                .unwrap()
                .run
                .status
                .read_everything()
        );
        bed.a_quarter_of_an_hour_passes();
        bed.map_carriers(&bed.open().await, &["UPS", "Acme Freight"]).await;
        bed.ship(plain, "UPS", "1ZPLAIN").await;
        bed.ship(double, "UPS", "1ZDOUBLE").await;
        bed.ship(double, "UPS", "1ZSECOND").await;
        bed.ship(by_hand, "UPS", "1ZHAND").await;
        assert!(bed.sim.account(|account| account.ship_by_hand(by_hand, "1ZHAND", "ups")));
        Self { marked: vec![(plain, "1ZPLAIN"), (double, "1ZDOUBLE"), (blocked, "1ZBLOCKED")], by_hand }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.sync_shipments(SyncShipments::new()).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        for (order, tracking) in &self.marked {
            assert_eq!(bed.marks(*order), 1, "{place}: {tracking} is sent once");
            assert_eq!(bed.shown(*order), [*tracking], "{place}");
        }
        assert_eq!(bed.marks(self.by_hand), 0, "{place}: what is shipped is not marked");
        let notices = bed.sim.account(|account| account.notices.len());
        assert_eq!(notices, self.marked.len(), "{place}: every store is told once");
        let counts = bed.stores().await.shipments.counts(&bed.connection).await.unwrap();
        let wanted = BTreeMap::from([("confirmed".to_owned(), 4), ("superseded".to_owned(), 1)]);
        assert_eq!(counts, wanted, "{place}");
    }
}

/// An order to be held and tagged, one to be released, and one whose hold a later action takes back.
pub(super) struct Acting {
    held: i64,
    tag: i64,
    released: i64,
    taken_back: i64,
}

impl Scenario for Acting {
    const FURTHER_RUNS: usize = 4;

    async fn set_up(bed: &mut TestBed) -> Self {
        bed.settings.actions.enabled = true;
        let [held, released, taken_back] =
            ["A-1", "A-2", "A-3"].map(|number| bed.add_order(number, "Standard"));
        assert!(bed.process().await.get_orders(GetOrders::new()).await.unwrap().run.status.read_everything());
        bed.a_quarter_of_an_hour_passes();
        let tag = bed.sim.account(|account| {
            account.hold_until(released, "2030-01-01");
            account.add_tag("Rush")
        });
        let until = "2030-01-01T08:00:00Z".parse().unwrap();
        let until_then = ActionKind::Hold { until };
        let actions = [
            ("hold", held, until_then.clone()),
            ("tag", held, ActionKind::AddTag { tag: tag.to_string().into() }),
            ("release", released, ActionKind::Release),
            ("first", taken_back, until_then),
            ("second", taken_back, ActionKind::Release),
        ];
        let actions = actions.map(|(id, order, kind)| OrderAction::new(id, order.to_string(), kind));
        let (stores, now) = (bed.stores().await, Clock::now(&*bed.sim.clock()));
        stores.actions.unwrap().add_actions(&bed.connection, &actions, now).await.unwrap();
        Self { held, tag, released, taken_back }
    }

    async fn run(&self, channel: &ShipStationChannel) -> Result<RunStatus, ChannelError> {
        Ok(channel.run_actions(RunActions::new()).await?.run.status)
    }

    async fn judge(&self, bed: &TestBed, place: &str) {
        let effects = |path: &str, order: i64| {
            let journal = bed.sim.journal();
            journal.of("POST", path).filter(|entry| entry.executed && entry.body["orderId"] == order).count()
        };
        assert_eq!(effects("/orders/holduntil", self.held), 1, "{place}: held once");
        assert_eq!(effects("/orders/addtag", self.held), 1, "{place}: tagged once");
        assert_eq!(effects("/orders/restorefromhold", self.released), 1, "{place}: released once");
        assert_eq!(effects("/orders/holduntil", self.taken_back), 0, "{place}: never held");
        let (held, tags, released) = bed.sim.account(|account| {
            let status = |id: i64| account.order(id).unwrap().text("orderStatus").unwrap().to_owned();
            (status(self.held), account.order(self.held).unwrap().ids("tagIds"), status(self.released))
        });
        assert_eq!((held.as_str(), released.as_str()), ("on_hold", "awaiting_shipment"), "{place}");
        assert_eq!(tags, [self.tag], "{place}");
        let stores = bed.stores().await;
        let open = stores.actions.unwrap().actions(&bed.connection, &ActionQuery::Open, None, 9).await;
        assert!(open.unwrap().is_empty(), "{place}: nothing is left open");
    }
}
