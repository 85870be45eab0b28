//! An order list that behaves like ShipStation's: Pacific filters, page numbers, `pages: 0`, poison rows; and that a test
//! may change between two requests.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use serde_json::json;
use shipstation_connector::{Timestamp, client::PacificTime};
use wiremock::{Request, Respond, ResponseTemplate};

#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// One less than the order's id: 0 is no id.
    pub(crate) id: i64,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
}

type Change = Box<dyn FnMut(&mut Vec<Row>) + Send>;

pub(crate) struct OrderList {
    pub(crate) rows: Vec<Row>,
    pub(crate) poison: BTreeSet<i64>,
    /// Whether "after" means after, or at and after.
    pub(crate) exclusive: bool,
    /// Whether the total is shown.
    pub(crate) total: bool,
    /// Pages larger than this fail.
    pub(crate) largest: usize,
    /// Pages never have more rows than this, whatever is asked for.
    pub(crate) most: usize,
    /// Rows that are counted and not shown.
    pub(crate) hidden: BTreeSet<i64>,
    pub(crate) requests: Vec<String>,
    pub(crate) change: Change,
}

impl Default for OrderList {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            poison: BTreeSet::new(),
            exclusive: false,
            total: true,
            largest: usize::MAX,
            most: 500,
            hidden: BTreeSet::new(),
            requests: Vec::new(),
            change: Box::new(|_| {}),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Served(pub(crate) Arc<Mutex<OrderList>>);

impl Served {
    pub(crate) fn new(list: OrderList) -> Self {
        Self(Arc::new(Mutex::new(list)))
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().requests.clone()
    }
}

impl Respond for Served {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut list = self.0.lock().unwrap();
        let get = |name: &str| {
            request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        list.requests.push(request.url.query().unwrap_or_default().to_owned());
        let by_modified = get("sortBy").as_deref() == Some("ModifyDate");
        let date = |row: &Row| if by_modified { row.modified } else { row.created };
        let start =
            get(if by_modified { "modifyDateStart" } else { "createDateStart" }).map(|text| instant(&text));
        let exclusive = list.exclusive;
        let mut rows: Vec<Row> = list
            .rows
            .iter()
            .filter(|row| {
                start.is_none_or(|start| if exclusive { date(row) > start } else { date(row) >= start })
            })
            .cloned()
            .collect();
        rows.sort_by_key(|row| (date(row), row.id));
        let number = |name: &str, default: usize| get(name).map_or(default, |text| text.parse().unwrap());
        let (page, size) = (number("page", 1), number("pageSize", 100).min(list.most));
        let total = rows.len();
        let shown: Vec<Row> = rows.into_iter().skip((page - 1) * size).take(size).collect();
        if size > list.largest || shown.iter().any(|row| list.poison.contains(&row.id)) {
            return ResponseTemplate::new(500)
                .set_body_json(json!({"ExceptionMessage": "Object reference not set."}));
        }
        let OrderList { rows, change, .. } = &mut *list;
        change(rows);
        let orders: Vec<_> = shown
            .iter()
            .filter(|row| !list.hidden.contains(&row.id))
            .map(|row| {
                let (created, modified) = (PacificTime::of(row.created), PacificTime::of(row.modified));
                json!({"orderId": row.id + 1, "createDate": created.raw(), "modifyDate": modified.raw()})
            })
            .collect();
        let mut body = json!({"orders": orders, "page": page, "pages": 0});
        if list.total {
            body["total"] = total.into();
        }
        ResponseTemplate::new(200).set_body_json(body)
    }
}

/// The server takes the repeated hour for its second pass, the less convenient of the two.
fn instant(text: &str) -> Timestamp {
    text.parse::<PacificTime>().unwrap().latest()
}
