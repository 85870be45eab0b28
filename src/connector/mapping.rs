//! The host's shipping rules as one snapshot for a whole run, and the questions that people ask about them.

use std::collections::BTreeMap;

use super::{
    STORE_BATCH, ShipStationChannel, failure,
    settings::{ShippingSettings, UnmappedPolicy},
    store_pages::Bookmark,
};
use crate::{
    channel::{
        ChannelError, Finding, HoldReason, Refusal,
        shipping::{
            AccountCarrier, CarrierRules, CarrierSuggestion, Explanation, RuleErrors, ShippingDefaults,
            ShippingRequest, ShippingRules, StoreKey, Suggester, UnmappedShipping, UnmappedText,
        },
        store::{HeldOrder, MappingStoreExt, StoreError},
    },
    client::{self, ShipStation},
};

/// The rules of one version, compiled.
#[derive(Debug)]
pub(super) struct Mapper {
    pub(super) rules: ShippingRules,
    pub(super) version: u64,
}

impl Mapper {
    /// Reads and compiles the rules.
    pub(super) async fn load(channel: &ShipStationChannel) -> Result<Self, Refusal> {
        let table = channel.stores.mappings.shipping_rules(&channel.connection).await?;
        let settings = &channel.settings.shipping;
        let rules = ShippingRules::compile(&table.rows, defaults(settings), settings.comparison)
            .map_err(|errors| Refusal::Config { findings: findings(&errors) })?;
        Ok(Self { rules, version: table.version })
    }

    /// Whether there is nothing that could map anything.
    pub(super) fn is_empty(&self, settings: &ShippingSettings) -> bool {
        let defaults = defaults(settings);
        self.rules.rules().iter().all(|rule| !rule.enabled)
            && defaults.global.is_none()
            && defaults.by_store.is_empty()
    }
}

/// The unmapped policy "take this method" is the weakest default.
fn defaults(settings: &ShippingSettings) -> ShippingDefaults {
    let mut defaults = settings.defaults.clone();
    if let (None, UnmappedPolicy::Default(method)) = (&defaults.global, &settings.unmapped) {
        defaults.global = Some(method.clone());
    }
    defaults
}

pub(super) fn findings(errors: &RuleErrors) -> Vec<Finding> {
    let remedy = "change one of the rules; nothing is resolved until they agree";
    let finding = |observed| Finding::error("shipping_rules", "shipping rules", observed, remedy);
    let more = (errors.more > 0).then(|| format!("there are {} more errors like these", errors.more));
    errors.written().chain(more).map(finding).collect()
}

impl ShipStationChannel {
    /// The host's carrier rules, compiled.
    pub(super) async fn carrier_rules(&self) -> Result<CarrierRules, Refusal> {
        let table = self.stores.mappings.carrier_rules(&self.connection).await?;
        CarrierRules::compile(&table.rows).map_err(|errors| {
            let remedy = "change one of the rules; nothing is sent until they agree";
            let finding = Finding::error("carrier_rules", "carrier rules", errors.to_string(), remedy);
            Refusal::Config { findings: vec![finding] }
        })
    }

    /// Why a shipping text means what it means: every rule, whether it fits, and which one wins.
    ///
    /// # Errors
    /// As [`resolve_shipping`](crate::channel::ChannelConnector::resolve_shipping): when the rules cannot be read or
    /// contradict each other.
    pub async fn explain_shipping(&self, what: &ShippingRequest) -> Result<Explanation, ChannelError> {
        let refuse = |refusal| ChannelError::of("explain_shipping", refusal);
        Ok(Mapper::load(self).await.map_err(refuse)?.rules.explain(what))
    }

    /// The shipping texts that no present rule maps, each with how often it was seen, the orders that are held for
    /// it, and what it may have been meant to be. The texts with the most held orders come first.
    ///
    /// What imports have counted is completed from the held orders, so that no text is missing after a crash.
    /// Orders that are held but would be mapped now are not in it: they wait for
    /// [`resolve_held`](crate::channel::ChannelConnector::resolve_held). No request to ShipStation.
    ///
    /// # Errors
    /// When a store cannot be read or the rules contradict each other.
    pub async fn unmapped(&self) -> Result<Vec<UnmappedShipping>, ChannelError> {
        let refuse = |refusal| ChannelError::of("unmapped", refusal);
        let mapper = Mapper::load(self).await.map_err(refuse)?;
        unmapped_under(self, &mapper).await.map_err(|error| refuse(error.into()))
    }

    /// The account's carriers that a host's carrier may stand for, the likeliest first; at most three. Suggestions
    /// for a carrier rule, never applied. One request.
    ///
    /// # Errors
    /// When ShipStation cannot be asked.
    pub async fn suggest_carriers(&self, carrier: &str) -> Result<Vec<CarrierSuggestion>, ChannelError> {
        let account = account_carriers(&self.client).await;
        let account =
            account.map_err(|error| ChannelError::of("suggest_carriers", failure::refusal(&error)))?;
        Ok(CarrierRules::suggest(carrier, &account))
    }
}

pub(super) async fn account_carriers(client: &ShipStation) -> Result<Vec<AccountCarrier>, client::Error> {
    let carriers = client.carriers().list().await?.items.into_iter();
    Ok(carriers
        .filter_map(|row| Some(AccountCarrier::new(row.code?, row.name.unwrap_or_default())))
        .collect())
}

/// What is not mapped under these rules: the texts that imports have counted, and those of held orders.
pub(super) async fn unmapped_under(
    channel: &ShipStationChannel,
    mapper: &Mapper,
) -> Result<Vec<UnmappedShipping>, StoreError> {
    let mut unmapped = BTreeMap::new();
    for seen in channel.stores.mappings.unmapped(&channel.connection).await? {
        let mut request = ShippingRequest::new(seen.text.clone());
        request.store.clone_from(&seen.store);
        if mapper.rules.resolve(&request).method().is_none() {
            unmapped.insert((seen.store.clone(), seen.text.clone()), UnmappedShipping::new(seen));
        }
    }
    let mut read = Bookmark::at_the_start();
    loop {
        let page = channel.stores.orders.held(&channel.connection, read.after(), STORE_BATCH).await?;
        let Some(last) = page.last() else { break };
        read.pass(&last.order)?;
        let waiting = page.iter().filter(|held| held.holds.iter().any(HoldReason::is_about_shipping));
        for held in waiting.filter(|held| mapper.rules.resolve(&request_of(held)).method().is_none()) {
            count_held(&mut unmapped, held);
        }
    }
    // A sighting names no marketplace and no country: a rule for one of them may be the one that was wanted.
    unmapped.retain(|(store, text), one| one.held > 0 || !mapper.rules.may_map(text, store.as_ref()));
    let mut unmapped: Vec<UnmappedShipping> = unmapped.into_values().collect();
    unmapped.sort_by_key(|one| std::cmp::Reverse((one.held, one.seen.count)));
    let mut suggester = Suggester::new(&mapper.rules);
    for one in &mut unmapped {
        one.suggestions = suggester.suggest(&one.seen.text, one.seen.store.as_ref());
    }
    Ok(unmapped)
}

fn count_held(unmapped: &mut BTreeMap<(Option<StoreKey>, String), UnmappedShipping>, held: &HeldOrder) {
    let text = held.text.clone().unwrap_or_default();
    let one = unmapped.entry((held.store.clone(), text)).or_insert_with_key(|(store, text)| {
        let mut seen = UnmappedText::new(text.clone(), held.since, held.order.as_str());
        seen.store.clone_from(store);
        UnmappedShipping::new(seen)
    });
    one.held += 1;
    // A crash may have lost sightings: there are at least as many orders as are held.
    if one.held > one.seen.count {
        one.seen.seen(held.since, held.order.as_str());
    }
}

/// What is asked of the shipping rules for a held order.
pub(super) fn request_of(held: &HeldOrder) -> ShippingRequest {
    let mut request = ShippingRequest::from_text(held.text.clone());
    request.store.clone_from(&held.store);
    request.marketplace.clone_from(&held.marketplace);
    request.country.clone_from(&held.country);
    request
}
