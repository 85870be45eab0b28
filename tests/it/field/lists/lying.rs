//! A server that lies at random, answer by answer: whatever it does, a list that is called complete is complete, and the
//! reading has an end.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::StreamExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use shipstation_connector::client::MinuteWindow;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

use crate::support::builder;

/// What one answer does beside telling the truth. Whatever is not shown is counted, or nothing is.
#[derive(Debug, Clone, PartialEq)]
enum Lie {
    None,
    /// A total of 0 beside rows.
    TotalZero,
    /// No total.
    NoTotal,
    /// A total that is too high.
    TotalAbove(usize),
    /// A total below the rows of the page.
    TotalBelow,
    /// No rows, beside the true total.
    NoRows,
    /// This row is counted and not shown.
    Hides(usize),
    /// At most so many rows, whatever was asked for.
    Short(usize),
    /// The rows in the opposite order.
    Reversed,
    /// The last row is dated out of the filter.
    LastIsFarAway,
    /// Null in place of a row.
    Null(usize),
    /// A row without a readable date.
    NoDate(usize),
    /// The first page instead of the one that was asked for.
    FirstPage,
}

fn lie() -> impl Strategy<Value = Lie> {
    prop_oneof![
        6 => Just(Lie::None),
        1 => Just(Lie::TotalZero),
        1 => Just(Lie::NoTotal),
        1 => (1_usize..40).prop_map(Lie::TotalAbove),
        1 => Just(Lie::TotalBelow),
        1 => Just(Lie::NoRows),
        2 => (0_usize..40).prop_map(Lie::Hides),
        1 => (1_usize..12).prop_map(Lie::Short),
        1 => Just(Lie::Reversed),
        1 => Just(Lie::LastIsFarAway),
        1 => (0_usize..40).prop_map(Lie::Null),
        1 => (0_usize..40).prop_map(Lie::NoDate),
        1 => Just(Lie::FirstPage),
    ]
}

fn get<'r>(request: &'r Request, name: &str) -> Option<std::borrow::Cow<'r, str>> {
    request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Row `id` is dated `id / per_second` seconds after the start.
fn row(id: usize, per_second: usize) -> Value {
    let second = id / per_second;
    json!({"orderId": id + 1, "createDate": format!("2026-06-02T10:{:02}:{:02}.0000000", second / 60, second % 60)})
}

fn answer(request: &Request, rows: &[Value], lie: &Lie) -> Value {
    let start = get(request, "createDateStart").unwrap_or_default().replace(' ', "T");
    let number = |name| get(request, name).map_or(1, |text| text.parse::<usize>().unwrap());
    let matching: Vec<&Value> =
        rows.iter().filter(|row| row["createDate"].as_str() >= Some(&*start)).collect();
    let true_total = matching.len();
    let page = if *lie == Lie::FirstPage { 1 } else { number("page") };
    let size = number("pageSize");
    let mut shown: Vec<Value> = matching.into_iter().skip((page - 1) * size).take(size).cloned().collect();
    let count = shown.len();
    let mut total = json!(true_total);
    match lie {
        Lie::TotalZero if count > 0 => total = json!(0),
        Lie::NoTotal if count == 0 || count == size => total = json!(null),
        Lie::TotalAbove(more) => total = json!(true_total + more),
        Lie::TotalBelow if count > 0 => total = json!(count - 1),
        Lie::NoRows => shown.clear(),
        Lie::Hides(place) if count > 0 => drop(shown.remove(place % count)),
        Lie::Short(most) => shown.truncate(*most),
        Lie::Reversed => shown.reverse(),
        Lie::LastIsFarAway if count > 0 => shown[count - 1]["createDate"] = json!("2099-01-01T00:00:00"),
        Lie::Null(place) if count > 0 => shown[place % count] = json!(null),
        Lie::NoDate(place) if count > 0 => shown[place % count]["createDate"] = json!(""),
        _ => {}
    }
    json!({"orders": shown, "total": total, "page": page, "pages": 0})
}

async fn serve(rows: Vec<Value>, lies: Vec<Lie>) -> MockServer {
    let server = MockServer::start().await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let respond = move |request: &Request| {
        let place = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let lie = lies.get(place).unwrap_or(&Lie::None);
        ResponseTemplate::new(200).set_body_json(answer(request, &rows, lie))
    };
    Mock::given(any()).respond_with(respond).mount(&server).await;
    server
}

/// `LYING_CASES=n` tries more or fewer.
fn cases() -> u32 {
    std::env::var("LYING_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(160)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn a_list_that_is_called_complete_is_complete(
        count in 0_usize..120,
        per_second in 1_usize..9,
        page_size in 3_u32..40,
        lies in proptest::collection::vec(lie(), 0..24),
        by_key: bool,
        window: bool,
    ) {
        let rows: Vec<Value> = (0..count).map(|id| row(id, per_second)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let lying = lies.iter().any(|lie| *lie != Lie::None);
        let (found, nulls, end, requests) = runtime.block_on(async {
            let server = serve(rows, lies).await;
            let client = builder(&server.uri()).rate_limiter(Arc::new(MinuteWindow::new(9_000))).build().unwrap();
            let list = client.orders().list().page_size(page_size);
            let list = if by_key { list.created_since("2026-06-01T00:00:00Z".parse().unwrap()) } else { list };
            let list = if window { list.created_before("2026-06-30T00:00:00Z".parse().unwrap()) } else { list };
            let mut pages = list.pages();
            let (mut found, mut nulls) = (BTreeSet::new(), 0);
            while let Some(page) = pages.next().await {
                let page = page.unwrap();
                nulls += usize::try_from(page.nulls).unwrap();
                found.extend(page.items.iter().map(|order| order.order_id.get()));
            }
            (found, nulls, pages.end().unwrap().clone(), server.received_requests().await.unwrap().len())
        });
        if end.is_complete() {
            prop_assert!(found.len() + nulls >= count, "{} of {count}, {nulls} nulls, {end:?}", found.len());
        } else {
            prop_assert!(lying, "{end:?}");
        }
        prop_assert!(end.read >= found.len() as u64);
        prop_assert!(requests <= 300, "{requests} requests");
    }
}
