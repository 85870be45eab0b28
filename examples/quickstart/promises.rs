//! The promises, and the evidence for each: taken from the simulator's journal and the host's store, not from
//! what the connector says of itself.

use std::collections::{BTreeMap, BTreeSet};

use shipstation_connector::channel::store::ShipmentStore;

use crate::scenario::{Outcome, Scenario};

/// A promise and what shows that it was kept.
pub(crate) struct Promise {
    pub(crate) text: &'static str,
    pub(crate) kept: bool,
    pub(crate) evidence: String,
}

/// What happened outside the store and the journal.
pub(crate) struct Witness {
    /// The orders that had to be imported, known before the first import.
    pub(crate) wanted: Vec<String>,
    /// The tracking number of every shipment that was made.
    pub(crate) tracking: BTreeMap<String, String>,
    /// How many requests the journal had before the second cycle.
    pub(crate) first_cycle: usize,
    /// Every log line and every report.
    pub(crate) words: String,
}

pub(crate) async fn gather(scenario: &Scenario, witness: &Witness) -> Outcome<Vec<Promise>> {
    Ok(vec![
        imported_once(scenario, witness),
        nothing_lost(scenario, witness),
        sent_once(scenario),
        all_sent(scenario, witness).await?,
        second_cycle_is_quiet(scenario, witness),
        within_the_limit(scenario),
        no_secrets(scenario, witness),
    ])
}

fn imported_once(scenario: &Scenario, witness: &Witness) -> Promise {
    let orders = scenario.store.orders(&scenario.connection);
    let ids: BTreeSet<&str> = orders.iter().map(|stored| stored.order.id.as_str()).collect();
    Promise {
        text: "no order is imported twice",
        kept: ids.len() == orders.len() && orders.len() <= witness.wanted.len(),
        evidence: format!(
            "{} orders in the host, {} different ids, after two cycles",
            orders.len(),
            ids.len()
        ),
    }
}

fn nothing_lost(scenario: &Scenario, witness: &Witness) -> Promise {
    let missing =
        witness.wanted.iter().filter(|id| scenario.store.order(&scenario.connection, id).is_none()).count();
    Promise {
        text: "no order is lost",
        kept: missing == 0 && !witness.wanted.is_empty(),
        evidence: format!(
            "{} eligible orders in ShipStation, {missing} of them missing in the host",
            witness.wanted.len()
        ),
    }
}

fn sent_once(scenario: &Scenario) -> Promise {
    let journal = scenario.sim.journal();
    let mut per_order: BTreeMap<String, u32> = BTreeMap::new();
    for entry in journal.of("POST", "/orders/markasshipped").filter(|entry| entry.executed) {
        *per_order.entry(entry.body["orderId"].to_string()).or_default() += 1;
    }
    let most = per_order.values().copied().max().unwrap_or(0);
    let lost = journal.of("POST", "/orders/markasshipped").filter(|entry| entry.status.is_none()).count();
    Promise {
        text: "no shipment is sent twice",
        kept: most <= 1,
        evidence: format!(
            "{} orders marked, at most {most} time each, although {lost} answer was lost on the way back",
            per_order.len()
        ),
    }
}

async fn all_sent(scenario: &Scenario, witness: &Witness) -> Outcome<Promise> {
    let right = scenario.sim.account(|account| {
        let right = |(order, number): &(&String, &String)| {
            order.parse().is_ok_and(|id| {
                let rows = account.fulfillments_of(id);
                rows.len() == 1 && rows.iter().all(|row| row.text("trackingNumber") == Some(number))
            })
        };
        witness.tracking.iter().filter(right).count()
    });
    let states = scenario.store.counts(&scenario.connection).await?;
    let confirmed = states.get("confirmed").copied().unwrap_or(0);
    Ok(Promise {
        text: "no shipment is lost",
        kept: right == witness.tracking.len() && confirmed == right as u64 && right > 0,
        evidence: format!(
            "{} parcels, {right} with their own tracking number in ShipStation, {confirmed} proven to the host",
            witness.tracking.len()
        ),
    })
}

fn second_cycle_is_quiet(scenario: &Scenario, witness: &Witness) -> Promise {
    let journal = scenario.sim.journal();
    let again = journal.since(witness.first_cycle);
    let writes = again.iter().filter(|entry| entry.method != "GET").count();
    Promise {
        text: "doing it all again changes nothing",
        kept: writes == 0 && !again.is_empty(),
        evidence: format!("second cycle: {} requests, {writes} of them writes", again.len()),
    }
}

fn within_the_limit(scenario: &Scenario) -> Promise {
    let journal = scenario.sim.journal();
    let mut minutes: BTreeMap<i64, u32> = BTreeMap::new();
    for entry in &journal {
        *minutes.entry(entry.at.unix_seconds() / 60).or_default() += 1;
    }
    let most = minutes.values().copied().max().unwrap_or(0);
    let turned_away = journal.throttled().filter(|entry| entry.over_limit).count();
    Promise {
        text: "the key's limit is respected",
        kept: most <= 40 && turned_away == 0,
        evidence: format!(
            "at most {most} requests in a clock minute, {turned_away} turned away by the limit"
        ),
    }
}

fn no_secrets(scenario: &Scenario, witness: &Witness) -> Promise {
    let mut secrets = vec![scenario.sim.api_secret().to_owned()];
    scenario.sim.account(|account| {
        for order in account.orders.values() {
            let buyer = ["customerEmail", "shipTo.name", "shipTo.street1", "shipTo.phone"];
            let texts = buyer.into_iter().filter_map(|member| order.text(member));
            secrets.extend(texts.filter(|text| text.len() > 3).map(str::to_owned));
        }
    });
    secrets.sort();
    secrets.dedup();
    let found = secrets.iter().filter(|secret| witness.words.contains(secret.as_str())).count();
    Promise {
        text: "no secret or buyer's data in a log or report",
        kept: found == 0 && !witness.words.is_empty(),
        evidence: format!(
            "{} lines of logs and reports searched for {} names, addresses and secrets: {found} found",
            witness.words.lines().count(),
            secrets.len()
        ),
    }
}
