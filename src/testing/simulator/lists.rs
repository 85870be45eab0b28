//! Lists: which rows a request asks for, in what order, and the page of them that is answered.

use std::{borrow::Cow, cmp::Ordering, ops};

use jiff::civil::DateTime;

use super::{Account, ApiRequest, Field, Handled, ListPage, ListRow, Record, Reply, pacific};
use crate::Timestamp;
use FilterTest::{Contains, Exact, Number, Prefix, Text, Until};

pub(super) struct ListEndpoint {
    /// The member of the answer that holds the rows.
    name: &'static str,
    /// The member that holds a row's number, by which rows are sorted last.
    id: &'static str,
    filters: &'static [ListFilter],
    /// The members that `sortBy` may name, with blanks between.
    sorts: &'static str,
    default_sort: Option<&'static str>,
    /// `pages` is divided without rounding up, so 0 for less than a page, as recorded on products and lists by tag.
    rounds_down: bool,
}

/// A query parameter (of a range of dates the first of two), and the members of which one must pass, with blanks between. `.*.`
/// stands for each row of a list. An absent parameter admits every row.
type ListFilter = (&'static str, FilterTest, &'static str);

#[derive(Debug, Clone, Copy)]
enum FilterTest {
    Number,
    /// The same text, whatever the case.
    Text,
    /// The same text.
    Exact,
    /// The text begins so, whatever the case.
    Prefix,
    /// The text contains this, whatever the case.
    Contains,
    /// Not before the filter's parameter and not after this one.
    Until(&'static str),
}

const LIST: ListEndpoint =
    ListEndpoint { name: "", id: "", filters: &[], sorts: "", default_sort: None, rounds_down: false };

macro_rules! lists {
    ($($list:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        $(pub(super) static $list: ListEndpoint = ListEndpoint { $($field: $value,)* ..LIST };)*
    };
}

lists! {
    ORDERS {
        name: "orders", id: "orderId", sorts: "orderDate modifyDate createDate",
        filters: &[
            ("orderStatus", Text, "orderStatus"),
            ("storeId", Number, "advancedOptions.storeId"),
            ("createDateStart", Until("createDateEnd"), "createDate"),
            ("modifyDateStart", Until("modifyDateEnd"), "modifyDate"),
            ("orderDateStart", Until("orderDateEnd"), "orderDate"),
            ("paymentDateStart", Until("paymentDateEnd"), "paymentDate"),
            ("orderNumber", Prefix, "orderNumber"),
            ("customerName", Contains, "shipTo.name billTo.name customerUsername"),
            ("itemKeyword", Contains, "items.*.name items.*.sku items.*.options.*.value"),
            ("importBatch", Text, "importBatch"),
        ],
    }
    ORDERS_BY_TAG { name: "orders", id: "orderId", rounds_down: true }
    SHIPMENTS {
        name: "shipments", id: "shipmentId", sorts: "shipDate", default_sort: Some("createDate"),
        filters: &[
            ("orderId", Number, "orderId"),
            ("storeId", Number, "advancedOptions.storeId"),
            ("createDateStart", Until("createDateEnd"), "createDate"),
            ("shipDateStart", Until("shipDateEnd"), "shipDate"),
            ("voidDateStart", Until("voidDateEnd"), "voidDate"),
            ("orderNumber", Text, "orderNumber"),
            ("trackingNumber", Text, "trackingNumber"),
            ("carrierCode", Text, "carrierCode"),
            ("serviceCode", Text, "serviceCode"),
            ("batchId", Text, "batchNumber"),
            ("recipientName", Text, "shipTo.name"),
            ("recipientCountryCode", Text, "shipTo.country"),
        ],
    }
    FULFILLMENTS {
        name: "fulfillments", id: "fulfillmentId", sorts: "shipDate", default_sort: Some("createDate"),
        filters: &[
            ("fulfillmentId", Number, "fulfillmentId"),
            ("orderId", Number, "orderId"),
            ("createDateStart", Until("createDateEnd"), "createDate"),
            ("shipDateStart", Until("shipDateEnd"), "shipDate"),
            ("orderNumber", Text, "orderNumber"),
            ("trackingNumber", Text, "trackingNumber"),
            ("recipientName", Text, "shipTo.name"),
        ],
    }
    PRODUCTS {
        name: "products", id: "productId", sorts: "sku createDate modifyDate", rounds_down: true,
        filters: &[
            ("sku", Prefix, "sku"),
            ("name", Prefix, "name"),
            ("upc", Exact, "upc"),
            ("startDate", Until("endDate"), "createDate"),
        ],
    }
    CUSTOMERS {
        name: "customers", id: "customerId", sorts: "name createDate modifyDate",
        filters: &[
            ("stateCode", Text, "state"),
            ("countryCode", Text, "countryCode"),
            ("marketplaceId", Number, "marketplaceUsernames.*.marketplaceId"),
            ("tagId", Number, "tags.*.tagId"),
        ],
    }
}

/// A filter and the value that a request gives it.
pub(super) struct Condition {
    pub(super) query: &'static str,
    filter: &'static ListFilter,
    pub(super) value: FilterValue,
}

pub(super) enum FilterValue {
    Number(i64),
    Text(String),
    Dates(DateRange),
}

impl ListEndpoint {
    pub(super) fn conditions(&self, account: &Account, call: &ApiRequest) -> Result<Vec<Condition>, Reply> {
        let mut conditions = Vec::new();
        for filter in self.filters {
            let (query, test, _) = *filter;
            let value = match test {
                Number => call.query_number(query)?.map(FilterValue::Number),
                Exact => call.query(query).map(|text| FilterValue::Text(text.to_owned())),
                Text | Prefix | Contains => {
                    call.query(query).map(|text| FilterValue::Text(text.to_lowercase()))
                }
                Until(end) => {
                    let exclusive = account.quirks.bounds_exclusive && self.name == "orders";
                    let (start, end) = (call.query_bound(query)?, call.query_bound(end)?);
                    let is_set = start.is_some() || end.is_some();
                    is_set.then_some(FilterValue::Dates(DateRange { start, end, exclusive }))
                }
            };
            conditions.extend(value.map(|value| Condition { query, filter, value }));
        }
        Ok(conditions)
    }

    /// The page that a request asks for of those rows that it wants.
    pub(super) fn reply(&self, account: &Account, call: &ApiRequest, mut rows: Vec<&Record>) -> Handled {
        let conditions = self.conditions(account, call)?;
        rows.retain(|row| admit(&conditions, row));
        self.sort(&mut rows, call);
        self.page(account, call, rows.len(), |place| rows.get(place).map(|row| Cow::Borrowed(*row)))
    }

    /// Sorts by the wall-clock digits that the database holds, then by number.
    pub(super) fn sort(&self, rows: &mut [&Record], call: &ApiRequest) {
        let named = |by: &str| self.sorts.split(' ').find(|member| member.eq_ignore_ascii_case(by));
        let by = call.query("sortBy").and_then(named).or(self.default_sort);
        let key = |row: &&Record| (by.map(|member| sort_key(row.get(member))), row.int(self.id));
        rows.sort_by_cached_key(key);
        if is_descending(call) {
            rows.reverse();
        }
    }

    /// The page that a request asks for of `total` rows, each of which is given by its place.
    pub(super) fn page<'a>(
        &self,
        account: &Account,
        call: &ApiRequest,
        total: usize,
        row: impl FnMut(usize) -> Option<Cow<'a, Record>>,
    ) -> Handled {
        let paging = Paging::of(call)?;
        let rows = paging.range(total).filter_map(row).map(|row| account.list_row(self.id, &row));
        let mut rows: Vec<ListRow> = rows.collect::<Result<_, _>>()?;
        if account.quirks.null_rows && !rows.is_empty() {
            rows.push(ListRow::null());
        }
        let pages = match self.rounds_down {
            _ if account.quirks.pages_zero => 0,
            true => total / paging.size,
            false => total.div_ceil(paging.size),
        };
        Ok(Reply::page(ListPage { name: self.name, rows, total, number: paging.page, pages }))
    }
}

pub(super) fn admit(conditions: &[Condition], row: &Record) -> bool {
    let meets = |condition: &Condition| {
        condition.filter.2.split(' ').any(|member| row.any(member, &|field| condition.passes(field)))
    };
    conditions.iter().all(meets)
}

impl Condition {
    pub(super) fn dates(&self) -> Option<&DateRange> {
        if let FilterValue::Dates(dates) = &self.value { Some(dates) } else { None }
    }

    fn passes(&self, field: &Field) -> bool {
        match (&self.value, field) {
            (FilterValue::Number(wanted), Field::Int(number)) => number == wanted,
            (FilterValue::Text(wanted), Field::Text(text)) => match self.filter.1 {
                Exact => text == wanted,
                Prefix => text.to_lowercase().starts_with(wanted),
                Contains => text.to_lowercase().contains(wanted),
                _ => text.eq_ignore_ascii_case(wanted),
            },
            (FilterValue::Dates(dates), Field::Time(at)) => dates.position(*at).is_eq(),
            (FilterValue::Dates(dates), Field::Text(day)) => {
                pacific::parse(day).is_some_and(|day| dates.position(pacific::instant(day)).is_eq())
            }
            _ => false,
        }
    }
}

/// What rows are sorted by: a text, or wall-clock digits.
fn sort_key(field: &Field) -> (Option<String>, Option<DateTime>) {
    match field {
        Field::Text(text) => (Some(text.to_lowercase()), None),
        Field::Time(at) => (None, Some(pacific::wall(*at))),
        _ => (None, None),
    }
}

pub(super) fn is_descending(call: &ApiRequest) -> bool {
    call.query("sortDir").is_some_and(|text| text.eq_ignore_ascii_case("desc"))
}

/// A date range, open at either end. It compares wall-clock digits, as the server's database does: in the repeated hour of autumn
/// two instants are equal.
pub(super) struct DateRange {
    start: Option<DateTime>,
    end: Option<DateTime>,
    exclusive: bool,
}

impl DateRange {
    /// Whether an instant lies before the range, in it, or after it.
    pub(super) fn position(&self, at: Timestamp) -> Ordering {
        let wall = pacific::wall(at);
        let is_within = |bound: Option<DateTime>, side: Ordering| {
            let order = bound.map_or(side, |bound| wall.cmp(&bound));
            order == side || (order.is_eq() && !self.exclusive)
        };
        match (is_within(self.start, Ordering::Greater), is_within(self.end, Ordering::Less)) {
            (false, _) => Ordering::Less,
            (true, false) => Ordering::Greater,
            (true, true) => Ordering::Equal,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Paging {
    page: usize,
    size: usize,
}

impl Paging {
    const DEFAULT_SIZE: i64 = 100;
    const MAX_SIZE: i64 = 500;

    pub(super) fn of(call: &ApiRequest) -> Result<Self, Reply> {
        let page = call.query_number("page")?.unwrap_or(1).max(1);
        let size = call.query_number("pageSize")?.filter(|size| *size > 0).unwrap_or(Self::DEFAULT_SIZE);
        Ok(Self {
            page: usize::try_from(page).unwrap_or(usize::MAX),
            size: usize::try_from(size.min(Self::MAX_SIZE)).unwrap_or(1),
        })
    }

    /// Which of `total` rows are on the page; none past the end.
    pub(super) fn range(&self, total: usize) -> ops::Range<usize> {
        let from = (self.page - 1).saturating_mul(self.size).min(total);
        from..from.saturating_add(self.size).min(total)
    }
}
