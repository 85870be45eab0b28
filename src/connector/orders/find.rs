//! Finding the order that a person means, by the id, the number or the key that they typed.

use futures_util::StreamExt;

use super::list_tally::ListTally;
use crate::{
    channel::{OrderSelector, shipping::DisplayText, wording::count_of},
    client::{self, ErrorKind, Order, RowError, ShipStation},
    connector::{
        count, failure,
        translate::{self, is_same_number, plain_number},
    },
};

/// Near misses that are offered.
const OFFERED: usize = 5;

/// What was found for a selector.
#[derive(Debug, Default)]
pub(super) struct Matches {
    /// Every order that may be meant.
    pub(super) orders: Vec<Order>,
    /// Rows that could not be read: each may be the one that is meant, or not.
    pub(super) errors: Vec<RowError>,
    /// Why an order may exist that was not shown.
    pub(super) incomplete: Option<String>,
    /// Numbers like the one that was looked for, where none was found, as they are shown.
    pub(super) near: Vec<String>,
    /// How the number or the key is written in ShipStation, where it was typed otherwise.
    pub(super) written: Option<String>,
}

impl Matches {
    fn incomplete(why: impl Into<String>) -> Self {
        Self { incomplete: Some(why.into()), ..Self::default() }
    }

    /// What to say of what could not be read; `None` if everything was.
    pub(super) fn unread(&self) -> Option<String> {
        if let Some(first) = self.errors.first() {
            let orders = count_of(count(self.errors.len()), "order");
            return Some(format!("{orders} of the answer could not be read, the first one: {first}"));
        }
        self.incomplete.clone()
    }
}

/// Every order that a person may mean. A number is tried as it was typed, then without blanks around it, without `#` and
/// whatever its case; ShipStation's own filter finds everything that begins alike.
pub(super) async fn find(client: &ShipStation, which: &OrderSelector) -> Result<Matches, client::Error> {
    match which {
        OrderSelector::Id(id) => {
            let Some(id) = translate::wire_order_id(id) else { return Ok(Matches::default()) };
            match client.orders().get(id).await {
                Ok(order) => Ok(Matches { orders: vec![order], ..Matches::default() }),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(Matches::default()),
                Err(error) if error.kind() == ErrorKind::Decode => {
                    Ok(Matches::incomplete(format!("the order could not be read: {error}")))
                }
                Err(error) => Err(error),
            }
        }
        OrderSelector::Number(number) => NumberSearch::of(number, None).run(client).await,
        OrderSelector::Key { key, number } => NumberSearch::of(number, Some(key)).run(client).await,
    }
}

/// What was typed, and what was found for it.
struct NumberSearch<'a> {
    number: &'a str,
    key: Option<&'a str>,
    found: Matches,
    /// Orders whose number or key is written otherwise.
    alike: Vec<Order>,
}

impl<'a> NumberSearch<'a> {
    fn of(number: &'a str, key: Option<&'a str>) -> Self {
        Self { number, key, found: Matches::default(), alike: Vec::new() }
    }

    async fn run(mut self, client: &ShipStation) -> Result<Matches, client::Error> {
        if plain_number(self.number).is_empty() {
            // Everything begins with nothing: the whole account would be read.
            return Ok(self.found);
        }
        for spelling in spellings(self.number) {
            self.look(client, &spelling).await?;
            if !self.found.orders.is_empty() {
                self.found.near.clear();
                return Ok(self.found);
            }
            if !self.alike.is_empty() {
                break;
            }
        }
        if let Some(first) = self.alike.first() {
            self.found.written = Some(self.written(first));
            self.found.near.clear();
        } else {
            self.look_near(client).await?;
        }
        Ok(Matches { orders: self.alike, ..self.found })
    }

    /// Reads everything that begins like this.
    async fn look(&mut self, client: &ShipStation, spelling: &str) -> Result<(), client::Error> {
        let mut pages = client.orders().list().order_number(spelling).pages();
        let mut tally = ListTally::default();
        while let Some(page) = pages.next().await.transpose()? {
            tally.add(&page);
            for order in page.items {
                if self.is_exactly(&order) {
                    self.found.orders.push(order);
                } else if self.is_alike(&order) {
                    self.alike.push(order);
                } else if self.found.near.len() < OFFERED {
                    self.found.near.extend(order.order_number.as_deref().map(shown));
                }
            }
            self.found.errors.extend(page.errors);
        }
        if tally.nulls > 0 || !pages.end().is_some_and(client::ListEnd::is_complete) {
            self.found.incomplete = Some(tally.summary("orders of this number"));
        }
        Ok(())
    }

    /// Offers what differs by a letter, of what begins like all but the last letter.
    async fn look_near(&mut self, client: &ShipStation) -> Result<(), client::Error> {
        const SHORTEST: usize = 3;
        const SEARCH_PAGE_SIZE: u32 = 100;
        let plain = plain_number(self.number);
        let beginning: String = plain.chars().take(plain.chars().count().saturating_sub(1)).collect();
        if beginning.chars().count() < SHORTEST || self.found.near.len() >= OFFERED {
            return Ok(());
        }
        let list = client.orders().list().order_number(&beginning).page_size(SEARCH_PAGE_SIZE);
        // Without it only what is offered beside the answer is missing.
        let Some(page) = failure::optional(list.send().await)? else { return Ok(()) };
        let near = |number: &String| strsim::levenshtein(&plain_number(number), &plain) == 1;
        let numbers = page.items.into_iter().filter_map(|order| order.order_number).filter(near);
        for number in numbers.map(|number| shown(&number)) {
            if self.found.near.len() < OFFERED && !self.found.near.contains(&number) {
                self.found.near.push(number);
            }
        }
        Ok(())
    }

    fn is_exactly(&self, order: &Order) -> bool {
        order.order_number.as_deref() == Some(self.number)
            && self.key.is_none_or(|key| order.order_key.as_deref() == Some(key))
    }

    fn is_alike(&self, order: &Order) -> bool {
        let same =
            |written: Option<&str>, typed| written.is_some_and(|written| is_same_number(written, typed));
        same(order.order_number.as_deref(), self.number)
            && self.key.is_none_or(|key| same(order.order_key.as_deref(), key))
    }

    fn written(&self, order: &Order) -> String {
        let number = order.order_number.as_deref().unwrap_or_default();
        match (self.key, &order.order_key) {
            (Some(_), Some(key)) => format!("number {number:?} and key {key:?}"),
            _ => format!("number {number:?}"),
        }
    }
}

fn shown(number: &str) -> String {
    DisplayText::name(number).unquoted()
}

/// The texts to ask ShipStation for, whose filter ignores case.
fn spellings(number: &str) -> Vec<String> {
    let plain = plain_number(number);
    let mut spellings = vec![number.to_owned()];
    if !plain.is_empty() {
        for spelling in [plain.clone(), format!("#{plain}")] {
            if spellings.iter().all(|known| known.to_lowercase() != spelling) {
                spellings.push(spelling);
            }
        }
    }
    spellings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_tried_as_typed_and_then_without_what_people_add() {
        assert_eq!(spellings("1001"), ["1001", "#1001"]);
        assert_eq!(spellings("#1001"), ["#1001", "1001"]);
        assert_eq!(spellings(" 1001 "), [" 1001 ", "1001", "#1001"]);
        assert_eq!(spellings("A-7"), ["A-7", "#a-7"]);
        assert_eq!(spellings("#"), ["#"]);
        assert_eq!(plain_number(" # A-7 "), "a-7");
    }
}
