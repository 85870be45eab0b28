//! Resolving 100,000 shipping texts against 1,000 rules of every kind; the bar is 100 ms.
//!
//! The floor is the least any resolver must do: look the text up in a table of exact texts and copy the
//! method. It knows no wildcards and no scopes, so it maps fewer texts.

use std::{collections::HashMap, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shipstation_connector::channel::shipping::{
    Comparison, ShippingDefaults, ShippingMethod, ShippingRequest, ShippingResolution, ShippingRule,
    ShippingRules, TextMatch,
};

const RULES: usize = 1_000;
const TEXTS: usize = 100_000;
const SPEEDS: [&str; 5] = ["Standard", "Expedited", "Priority Mail", "2-Day", "Economy"];

/// 600 exact texts (half of them for a store), 200 prefixes, 199 globs and an "any" for one country.
fn rules() -> Vec<ShippingRule> {
    let speed = |number: usize| SPEEDS[number % SPEEDS.len()];
    (0..RULES)
        .map(|number| {
            let policy = format!("policy-{number}");
            match number {
                0..300 => ShippingRule::exact(format!("{} Shipping {number}", speed(number)), policy),
                300..600 => {
                    let text = format!("{} Shipping {}", speed(number - 300), number - 300);
                    ShippingRule::exact(text, policy).store((number % 20).to_string())
                }
                600..800 => ShippingRule::prefix(format!("Carrier {number} "), policy),
                800..999 => ShippingRule::glob(format!("*{} within {number} days", speed(number)), policy),
                _ => ShippingRule::any(policy).country("US"),
            }
        })
        .collect()
}

/// Texts in the proportions of a busy account: most are mapped exactly, some by wildcards, some by nothing.
fn requests() -> Vec<ShippingRequest> {
    (0..TEXTS)
        .map(|number| {
            let rule = number * 7 % 300;
            let text = match number % 10 {
                0..6 => format!("{} Shipping {rule}", SPEEDS[rule % SPEEDS.len()]),
                6 => format!("Carrier {} Ground (3-6 business days)", 600 + number % 200),
                7 | 8 => {
                    let glob = 800 + number % 199;
                    format!("Shop {} within {glob} days", SPEEDS[glob % SPEEDS.len()])
                }
                _ => format!("Something new {number}"),
            };
            let country = if number % 3 == 0 { "US" } else { "CA" };
            ShippingRequest::new(text).store((number % 20).to_string()).country(country)
        })
        .collect()
}

fn resolve(criterion: &mut Criterion) {
    let list = rules();
    let requests = requests();
    let mut group = criterion.benchmark_group("resolve");
    group.throughput(Throughput::Elements(TEXTS as u64)).sample_size(20);

    for (id, comparison) in [("ours", Comparison::Exact), ("lenient", Comparison::Lenient)] {
        let rules = ShippingRules::compile(&list, ShippingDefaults::none(), comparison)
            .unwrap_or_else(|errors| unreachable!("{errors}"));
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let resolutions = requests.iter().map(|request| rules.resolve(black_box(request)));
                resolutions.filter(|answer| matches!(answer, ShippingResolution::Mapped { .. })).count()
            });
        });
    }

    let table: HashMap<&str, &ShippingMethod> = list
        .iter()
        .filter_map(|rule| {
            if let TextMatch::Exact(text) = &rule.text { Some((text.as_str(), &rule.method)) } else { None }
        })
        .collect();
    group.bench_function("floor", |bencher| {
        bencher.iter(|| {
            let texts = requests.iter().filter_map(|request| black_box(request).text.as_deref());
            texts.filter_map(|text| table.get(text).map(|method| (*method).clone())).map(black_box).count()
        });
    });
    group.finish();
}

criterion_group!(benches, resolve);
criterion_main!(benches);
