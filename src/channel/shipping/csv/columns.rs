//! One row of the table and one rule, each made from the other. Nothing about files here.

use std::borrow::Cow;

use super::Problem;
use crate::channel::shipping::{MatchKind, Scope, ShippingMethod, ShippingRule, TextMatch};

/// How many columns there are.
pub(super) const COUNT: usize = 14;

/// The columns in the order in which they are written.
pub(super) const COLUMNS: [&str; COUNT] = [
    "match",
    "text",
    "store_id",
    "marketplace",
    "countries",
    "policy",
    "carrier_code",
    "service_code",
    "package_code",
    "confirmation",
    "rush",
    "lock",
    "enabled",
    "note",
];

/// The cells of a rule, in the order of [`COLUMNS`].
pub(super) fn cells<'r>(rule: &'r ShippingRule) -> [Cow<'r, str>; COUNT] {
    let optional = |text: &'r Option<String>| Cow::Borrowed(text.as_deref().unwrap_or_default());
    let flag = |set: bool| Cow::Borrowed(if set { "true" } else { "false" });
    let countries: Vec<&str> = rule.scope.countries.iter().map(String::as_str).collect();
    let ShippingRule { text, scope, method, .. } = rule;
    [
        Cow::Borrowed(text.kind().as_str()),
        Cow::Borrowed(text.text().unwrap_or_default()),
        Cow::Borrowed(scope.store.as_ref().map_or("", |store| store.as_str())),
        optional(&scope.marketplace),
        Cow::Owned(countries.join("|")),
        Cow::Borrowed(method.policy.as_str()),
        optional(&method.carrier_code),
        optional(&method.service_code),
        optional(&method.package_code),
        optional(&method.confirmation),
        flag(method.rush),
        flag(method.lock),
        flag(rule.enabled),
        optional(&rule.note),
    ]
}

/// The rule of a row.
///
/// # Errors
///
/// Every cell that cannot be read. Whether the rule is sound is for the compiler to say.
pub(super) fn rule(cells: [&str; COUNT]) -> Result<ShippingRule, Vec<Problem>> {
    let [
        kind,
        text,
        store,
        marketplace,
        countries,
        policy,
        carrier,
        service,
        package,
        confirmation,
        flags @ ..,
        note,
    ] = cells;
    let mut problems = Vec::new();
    let text = text_match(kind, text).map_err(|problem| problems.push(problem));
    let [rush, lock, enabled] = [("rush", false), ("lock", false), ("enabled", true)];
    let mut flag = |(column, otherwise): (&str, bool), cell: &str| {
        read_flag(cell, otherwise).unwrap_or_else(|| {
            problems.push(Problem::BadFlag { column: column.to_owned(), found: cell.to_owned() });
            otherwise
        })
    };
    let [rush, lock, enabled] = [flag(rush, flags[0]), flag(lock, flags[1]), flag(enabled, flags[2])];
    match text {
        Ok(text) if problems.is_empty() => {
            let countries = countries.split('|').map(str::trim).filter(|country| !country.is_empty());
            let scope = Scope {
                store: optional(store.trim()).map(Into::into),
                marketplace: optional(marketplace),
                countries: countries.map(str::to_owned).collect(),
            };
            let method = ShippingMethod {
                policy: policy.trim().into(),
                carrier_code: optional(carrier),
                service_code: optional(service),
                package_code: optional(package),
                confirmation: optional(confirmation),
                rush,
                lock,
            };
            Ok(ShippingRule { text, scope, enabled, note: optional(note), method })
        }
        _ => Err(problems),
    }
}

fn optional(cell: &str) -> Option<String> {
    Some(cell.to_owned()).filter(|cell| !cell.is_empty())
}

fn text_match(kind: &str, text: &str) -> Result<TextMatch, Problem> {
    let unknown = |_| Problem::UnknownMatch { found: kind.to_owned() };
    match kind.trim().to_ascii_lowercase().parse().map_err(unknown)? {
        MatchKind::Exact => Ok(TextMatch::Exact(text.to_owned())),
        MatchKind::Prefix => Ok(TextMatch::Prefix(text.to_owned())),
        MatchKind::Glob => Ok(TextMatch::Glob(text.to_owned())),
        kind if !text.is_empty() => Err(Problem::UnwantedText { kind }),
        MatchKind::Absent => Ok(TextMatch::Absent),
        MatchKind::Any => Ok(TextMatch::Any),
    }
}

fn read_flag(cell: &str, default: bool) -> Option<bool> {
    let cell = cell.trim();
    if cell.is_empty() { Some(default) } else { cell.to_ascii_lowercase().parse().ok() }
}
