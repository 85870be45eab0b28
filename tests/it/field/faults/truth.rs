//! What the lists that a run asked for would have shown without faults.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use shipstation_connector::{
    client::PacificTime,
    testing::simulator::{Journal, JournalEntry, ShownList, Simulator},
};

type Filter = Vec<(String, String)>;

/// Fails if an answer showed or counted one of the orders that are still missing although the run says that it succeeded. The
/// account is as it was during the run, and no fault is left. Of the totals of one list the last is the one that counts, since
/// rows may leave a list while it is read. A list to the end of a wrong clock's window was given up for another one.
pub(super) async fn assert_all_seen(sim: &Simulator, journal: &Journal, missing: &BTreeSet<i64>) {
    if missing.is_empty() {
        return;
    }
    let mut lists: BTreeMap<Filter, Vec<&JournalEntry>> = BTreeMap::new();
    for entry in journal.iter().filter(|entry| is_order_list(entry)) {
        lists.entry(filter(entry)).or_default().push(entry);
    }
    for (filter, answers) in lists {
        let mut rows = answers.iter().filter(|entry| !asks_for_the_total(entry));
        let shown: BTreeSet<i64> =
            rows.clone().flat_map(|entry| &list(entry).ids).flatten().copied().collect();
        let seen: Vec<_> = shown.intersection(missing).collect();
        assert!(seen.is_empty(), "Succeeded without {seen:?}, which an answer showed: {filter:?}");
        let (Some(_), Some(last)) = (rows.next_back(), answers.last()) else { continue };
        if ends_ahead(last, sim) {
            continue;
        }
        let (there, total) = (rows_of(sim, last).await, list(last).total);
        let missed = there.intersection(missing).count();
        let counted = missed > 0 && total > there.len() - missed;
        assert!(!counted, "Succeeded without {missing:?}, which an answer counted: {total} in {filter:?}");
    }
}

fn is_order_list(entry: &JournalEntry) -> bool {
    entry.list.is_some() && (entry.is("GET", "/orders") || entry.is("GET", "/orders/listbytag"))
}

fn list(entry: &JournalEntry) -> &ShownList {
    entry.list.as_ref().unwrap()
}

/// The query without what says how the list is read, and from where on it is read further.
fn filter(entry: &JournalEntry) -> Filter {
    let is_reading = |name: &str| {
        matches!(name, "page" | "pageSize" | "sortBy" | "sortDir" | "createDateStart" | "modifyDateStart")
    };
    entry.query.iter().filter(|(name, _)| !is_reading(name)).cloned().collect()
}

fn ends_ahead(entry: &JournalEntry, sim: &Simulator) -> bool {
    let end = entry.query_value("createDateEnd").map(|text| text.parse::<PacificTime>().unwrap().earliest());
    let now = sim.account(|account| account.now());
    end.is_some_and(|end| end > now + Duration::from_secs(2 * 3600))
}

fn asks_for_the_total(entry: &JournalEntry) -> bool {
    entry.query_value("pageSize") == Some("1")
}

/// The numbers of all rows that the entry's query fits, asked for once more.
async fn rows_of(sim: &Simulator, entry: &JournalEntry) -> BTreeSet<i64> {
    let client = sim.client().build().unwrap();
    let filter = entry.query.iter().filter(|(name, _)| !matches!(name.as_str(), "page" | "pageSize"));
    let request = filter.fold(client.get(&entry.path), |request, (name, value)| request.query(name, value));
    // A row may be one that no library reads.
    let answer = request.query("pageSize", 500).send::<serde_json::Value>().await;
    assert_eq!(answer.map_or_else(|error| error.status(), |_| Some(200)), Some(200));
    let journal = sim.journal();
    journal.entries().last().map(|entry| list(entry).ids.iter().flatten().copied().collect()).unwrap()
}
