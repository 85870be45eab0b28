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
pub(super) fn cells(rule: &ShippingRule) -> [Cow<'_, str>; COUNT] {
    fn optional(text: Option<&String>) -> Cow<'_, str> {
        Cow::Borrowed(text.map_or("", String::as_str))
    }
    fn flag(set: bool) -> Cow<'static, str> {
        Cow::Borrowed(if set { "true" } else { "false" })
    }
    let countries: Vec<&str> = rule.scope.countries.iter().map(String::as_str).collect();
    let method = &rule.method;
    [
        Cow::Borrowed(rule.text.kind().as_str()),
        Cow::Borrowed(rule.text.text().unwrap_or_default()),
        Cow::Borrowed(rule.scope.store.as_ref().map_or("", |store| store.as_str())),
        optional(rule.scope.marketplace.as_ref()),
        Cow::Owned(countries.join("|")),
        Cow::Borrowed(method.policy.as_str()),
        optional(method.carrier_code.as_ref()),
        optional(method.service_code.as_ref()),
        optional(method.package_code.as_ref()),
        optional(method.confirmation.as_ref()),
        flag(method.rush),
        flag(method.lock),
        flag(rule.enabled),
        optional(rule.note.as_ref()),
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
        rush,
        lock,
        enabled,
        note,
    ] = cells;
    let mut problems = Vec::new();
    let text = text_match(kind, text).map_err(|problem| problems.push(problem));
    let mut flag = |column: &str, cell: &str, default: bool| {
        read_flag(cell, default).unwrap_or_else(|| {
            problems.push(Problem::BadFlag { column: column.to_owned(), found: cell.to_owned() });
            default
        })
    };
    let (rush, lock, enabled) =
        (flag("rush", rush, false), flag("lock", lock, false), flag("enabled", enabled, true));
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
    let word = kind.trim();
    let kinds = [MatchKind::Exact, MatchKind::Prefix, MatchKind::Glob, MatchKind::Absent, MatchKind::Any];
    match kinds.into_iter().find(|kind| word.eq_ignore_ascii_case(kind.as_str())) {
        Some(MatchKind::Exact) => Ok(TextMatch::Exact(text.to_owned())),
        Some(MatchKind::Prefix) => Ok(TextMatch::Prefix(text.to_owned())),
        Some(MatchKind::Glob) => Ok(TextMatch::Glob(text.to_owned())),
        Some(kind) if !text.is_empty() => Err(Problem::UnwantedText { kind }),
        Some(MatchKind::Absent) => Ok(TextMatch::Absent),
        Some(MatchKind::Any) => Ok(TextMatch::Any),
        None => Err(Problem::UnknownMatch { found: kind.to_owned() }),
    }
}

fn read_flag(cell: &str, default: bool) -> Option<bool> {
    match cell.trim() {
        "" => Some(default),
        word if word.eq_ignore_ascii_case("true") => Some(true),
        word if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
