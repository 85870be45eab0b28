//! What each check of a diagnosis saw, what would have been wanted, and the remedy, in words for people.

use std::{collections::HashMap, fmt::Display, sync::Arc};

use super::{
    super::{eligibility::Undecided, policy::PANICKED},
    Facts, Window,
};
use crate::{
    Timestamp,
    channel::{
        ChannelOrder, ChannelOrderId, ChannelUserId, Check, DiagnosisNote, HoldReason, ImportDecision,
        PolicyVerdict, Verdict,
        report::{SkipKind, SkipReason},
        shipping::{DisplayText, ShippingResolution, StoreKey, suggest},
        store::{OrderWork, RunSummary},
        wording::count_of,
    },
    client::{AccountTag, Order, PacificTime, Rows},
    connector::{
        count,
        mapping::Mapper,
        settings::{OrderSettings, UnmappedPolicy},
        store_directory::StoreNames,
        translate,
    },
};

/// What people call the stores and tags of the account.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) stores: Arc<StoreNames>,
    tags: HashMap<i64, String>,
}

impl Names {
    pub(super) fn of(stores: Arc<StoreNames>, tags: Option<Rows<AccountTag>>) -> Self {
        let tags = tags.map(|rows| rows.items).unwrap_or_default();
        Self {
            stores,
            tags: tags.into_iter().filter_map(|tag| Some((tag.tag_id.get(), tag.name?))).collect(),
        }
    }

    /// `"Main"`, or the number of a store that has no known name.
    pub(super) fn store(&self, store: &StoreKey) -> String {
        self.stores.of(store).map_or_else(|| store.to_string(), |name| DisplayText::name(name).to_string())
    }

    /// `"Dropship" (8362)`, or the number alone.
    fn tag(&self, id: i64) -> String {
        self.tags
            .get(&id)
            .map_or_else(|| id.to_string(), |name| format!("{} ({id})", DisplayText::name(name)))
    }

    fn tags(&self, ids: &[i64]) -> String {
        join(ids.iter().map(|id| self.tag(*id)))
    }
}

/// The reasons to leave the order out, as checks.
pub(super) struct Skips<'a> {
    pub(super) all: &'a [SkipReason],
    pub(super) names: &'a Names,
}

impl Skips<'_> {
    /// The check that these reasons are about; it passes when none of them holds.
    pub(super) fn check(
        &self,
        name: &'static str,
        kinds: &[SkipKind],
        observed: impl FnOnce() -> String,
    ) -> Check {
        let Some(skip) = self.all.iter().find(|skip| kinds.contains(&skip.kind())) else {
            return Check::pass(name, observed());
        };
        let (observed, wanted) = self.words(skip);
        Check::new(name, Verdict::Blocks, observed, wanted, skip.remedy())
    }

    /// What was seen, and what is wanted.
    fn words(&self, skip: &SkipReason) -> (String, Option<String>) {
        match skip {
            SkipReason::WrongStatus { status, wanted } => {
                (is_status(status), Some(format!("import wants {}", wanted.join(" or "))))
            }
            SkipReason::TooOld { basis, age_days, placed_days, limit_days } => {
                let placed = placed_days.map(|days| format!(" (placed {days} d ago)")).unwrap_or_default();
                (format!("{basis} {age_days} d ago{placed}"), Some(format!("limit {limit_days} d")))
            }
            SkipReason::BeforeFloor { floor } => {
                ("is older".to_owned(), Some(format!("nothing from before {floor} is imported")))
            }
            SkipReason::NoDate { basis } => {
                (format!("has no {basis} date"), Some("the age is counted from it".to_owned()))
            }
            SkipReason::MissingTag { has, wants } => {
                let has = if has.is_empty() { "no tags".to_owned() } else { self.names.tags(has) };
                (format!("has {has}"), Some(format!("wants {}", self.names.tags(wants))))
            }
            SkipReason::ExcludedTag { tag } => {
                (format!("has {}", self.names.tag(*tag)), Some("which keeps orders out".to_owned()))
            }
            SkipReason::WrongStore { store: Some(store) } => {
                (format!("is from {}", self.names.store(store)), Some("which is not selected".to_owned()))
            }
            other => (other.to_string(), None),
        }
    }
}

fn check(
    name: &'static str,
    verdict: Verdict,
    observed: impl Into<String>,
    remedy: impl Into<String>,
) -> Check {
    Check::new(name, verdict, observed, None, Some(remedy.into()))
}

/// All four dates, and the limit.
pub(super) fn age(order: &Order, window: &Window) -> String {
    let limit = window.limit_days.map_or("no limit".to_owned(), |days| format!("limit {days} d"));
    let extended = match window.extended_by.as_secs() / 86_400 {
        0 => String::new(),
        days => format!(" (extended by {days} d after an outage)"),
    };
    let dates = [
        ("created", &order.create_date),
        ("placed", &order.order_date),
        ("paid", &order.payment_date),
        ("modified", &order.modify_date),
    ];
    let ago = |(word, date): (&str, &Option<PacificTime>)| {
        let days = window.to.since(translate::said(date.as_ref())?).as_secs() / 86_400;
        Some(format!("{word} {days} d ago"))
    };
    format!("{}, {limit}{extended}", join(dates.into_iter().filter_map(ago)))
}

/// The state that an order is in, whatever it is called.
pub(super) fn is_status(status: &str) -> String {
    format!("is {}", DisplayText::name(status).unquoted())
}

pub(super) fn store(order: &ChannelOrder, names: &Names) -> String {
    order.store.as_ref().map_or("has none".to_owned(), |store| format!("is from {}", names.store(store)))
}

pub(super) fn tags(order: &ChannelOrder, names: &Names) -> String {
    if order.tags.is_empty() { "has none".to_owned() } else { format!("has {}", names.tags(&order.tags)) }
}

pub(super) fn lines(order: &ChannelOrder) -> String {
    format!("{} shippable of {}", order.shippable_lines().count(), order.lines.len())
}

/// Who fulfills it, if that is somebody else.
pub(super) fn fulfillment(order: &ChannelOrder, skips: &Skips<'_>, holds: &[HoldReason]) -> Option<Check> {
    if !order.externally_fulfilled {
        return None;
    }
    let observed = || SkipReason::ExternallyFulfilled.to_string();
    if holds.contains(&HoldReason::ExternallyFulfilled) {
        let remedy =
            SkipReason::ExternallyFulfilled.remedy().map(|remedy| format!("it would be held: {remedy}"));
        return Some(Check::new("fulfillment", Verdict::Warns, observed(), None, remedy));
    }
    Some(skips.check("fulfillment", &[SkipKind::ExternallyFulfilled], observed))
}

pub(super) fn lineage(order: &ChannelOrder, skips: &Skips<'_>, holds: &[HoldReason]) -> Check {
    match holds.iter().find(|hold| **hold != HoldReason::ExternallyFulfilled) {
        Some(hold) => check("lineage", Verdict::Warns, hold.to_string(), "it would be held: decide by hand"),
        None => skips.check("lineage", &[SkipKind::SplitOfImported, SkipKind::MergesImported], || {
            let related = order.lineage.parent.is_some() || !order.lineage.merged.is_empty();
            let word = if related { "its relatives are not imported" } else { "has no relatives" };
            word.to_owned()
        }),
    }
}

pub(super) fn shipping(
    order: &ChannelOrder,
    mapper: &Mapper,
    policy: &UnmappedPolicy,
    imported: bool,
) -> Check {
    let (verdict, fate) = match policy {
        _ if imported => (Verdict::Warns, "waits for a mapping"),
        UnmappedPolicy::Reject => (Verdict::Blocks, "would be rejected"),
        _ => (Verdict::Warns, "would be held"),
    };
    let (observed, remedy) = match mapper.rules.resolve(&translate::shipping_request(order)) {
        ShippingResolution::Unmapped { text } => {
            let nearest = suggest(&text, order.store.as_ref(), &mapper.rules);
            let nearest = nearest.first().map(|near| format!("; {near}")).unwrap_or_default();
            (format!("{} is not mapped{nearest}", DisplayText::new(&text)), "add a rule for it")
        }
        ShippingResolution::NoText => {
            ("the store gave no shipping text".to_owned(), "add a rule for orders without text")
        }
        resolution => return Check::pass("shipping", resolution.to_string()),
    };
    check("shipping", verdict, observed, format!("{fate}: {remedy}"))
}

pub(super) fn not_configured() -> Check {
    let observed = "there is no shipping mapping at all";
    check("configured", Verdict::Warns, observed, "add one: every order is held until then")
}

pub(super) fn duplicate(of: &ChannelOrderId) -> Check {
    let observed = format!("has the address, lines and day of order {of}");
    check("duplicate", Verdict::Warns, observed, "it would be held: compare the two")
}

pub(super) fn loop_passed(undecided: Option<Undecided>) -> String {
    let is_unknown = undecided == Some(Undecided::OwnOrdersPanicked);
    if is_unknown { "not by its marks" } else { "not the host's own" }.to_owned()
}

/// Why it cannot be decided now whether the order is imported.
pub(super) fn undecided(why: Undecided) -> Check {
    let remedy = match why {
        Undecided::OwnOrdersPanicked => "correct it: the order is tried again",
        Undecided::MarketplaceUnknown => {
            "wait for the next run after the stores were read, at most an hour; or give the store a rule of its own"
        }
    };
    check("decision", Verdict::Blocks, why.why(), remedy)
}

/// What the host's policy says; `None` when it panicked.
pub(super) fn policy(decision: Option<ImportDecision>) -> Check {
    const NAME: &str = "policy";
    let Some(ImportDecision { verdict, not_shippable }) = decision else {
        return check(NAME, Verdict::Blocks, PANICKED, "correct the policy: the order is tried again");
    };
    match verdict {
        PolicyVerdict::Accept if not_shippable.is_empty() => Check::pass(NAME, "lets it in"),
        PolicyVerdict::Accept => Check::pass(
            NAME,
            format!("lets it in, {} not shippable", count_of(count(not_shippable.len()), "line")),
        ),
        PolicyVerdict::Hold(reason) => {
            let hold = HoldReason::ByPolicy { reason }.to_string();
            check(NAME, Verdict::Warns, hold, "it would be held until the host releases it")
        }
        PolicyVerdict::Skip(reason) => {
            let skip = SkipReason::ByPolicy { reason };
            Check::new(NAME, Verdict::Blocks, skip.to_string(), None, skip.remedy())
        }
    }
}

/// ShipStation says that there is no such order.
pub(super) fn missing(near: &[String]) -> Check {
    let remedy = match near {
        [] => "look for it in ShipStation, and ask by the id that its page shows instead of the number"
            .to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    check("exists", Verdict::Blocks, "ShipStation does not have it", remedy)
}

/// ShipStation, or what it says of the order, cannot be read.
pub(super) fn unread(why: &str) -> Check {
    let remedy = "ask again later; if it stays so, open the order in ShipStation, and tell their support if it does not open";
    check("exists", Verdict::Unknown, why, remedy)
}

pub(super) fn ledger(failure: &OrderWork) -> Check {
    let observed =
        format!("failed {} times: {}", failure.attempts, failure.error.as_deref().unwrap_or_default());
    let (verdict, remedy) = if failure.is_dismissed() {
        (Verdict::Blocks, "it was dismissed: import it by hand".to_owned())
    } else {
        (Verdict::Warns, format!("it is read again after {}", failure.next_attempt))
    };
    check("failures", verdict, observed, remedy)
}

/// What else there is to say of an order; of one that ShipStation does not show, without what it says.
pub(super) fn notes(
    id: &ChannelOrderId,
    shown: Option<&ChannelOrder>,
    facts: &Facts,
    settings: &OrderSettings,
) -> Vec<DiagnosisNote> {
    let user = || shown.map_or("", |order| user(order, facts, settings));
    let imported = imported(id, facts).map(|note| DiagnosisNote(note + user()));
    let last = last_run(facts.last.as_ref(), shown.and_then(|order| order.created_at));
    let dates = shown.map(|order| DiagnosisNote(format!("dates: {}", dates(order))));
    imported.into_iter().chain([last]).chain(dates).chain(outbox(facts)).collect()
}

/// Members of the order that could not be read.
pub(super) fn left_out(order: &Order) -> Option<DiagnosisNote> {
    let members = order.unreadable().join(", ");
    (!members.is_empty()).then(|| DiagnosisNote(format!("could not be read and is left out: {members}")))
}

/// The last good run, and whether an order that was created then existed already.
pub(super) fn last_run(last: Option<&RunSummary>, created: Option<Timestamp>) -> DiagnosisNote {
    let Some(run) = last else { return DiagnosisNote("no import has succeeded yet".to_owned()) };
    let existed = match created {
        Some(created) if created <= run.started => "; the order existed then",
        Some(_) => "; the order did not exist then",
        None => "",
    };
    DiagnosisNote(format!("last good run {}: {}{existed}", run.started.floor_second(), run.headline))
}

fn outbox(facts: &Facts) -> impl Iterator<Item = DiagnosisNote> + '_ {
    facts.outbox.iter().map(|row| DiagnosisNote(format!("shipment {} is {}", row.id(), row.state.name())))
}

/// Since when the host has it, whether it waits, and what is still to be done about it.
fn imported(order: &ChannelOrderId, facts: &Facts) -> Option<String> {
    let record = facts.records.known.get(order)?;
    let host = record.host_order.as_ref().map(|host| format!(" as host order {host}")).unwrap_or_default();
    let holds = join(record.holds.iter());
    let state = if holds.is_empty() { "ready".to_owned() } else { format!("held: {holds}") };
    let mut note = format!("imported at {}{host} by run {}, {state}", record.imported_at, record.run);
    for task in &facts.follow_ups {
        let open = format!("; {:?} is open after {} attempts", task.kind, task.attempts);
        note += &open;
    }
    Some(note)
}

/// How far its user is, when nothing is still to be done.
fn user(order: &ChannelOrder, facts: &Facts, settings: &OrderSettings) -> &'static str {
    let Some(wanted) = settings.assign_user.as_ref().filter(|_| facts.follow_ups.is_empty()) else {
        return "";
    };
    match order.assigned_user.as_ref().map(ChannelUserId::as_str) {
        Some(now) if now.eq_ignore_ascii_case(wanted.as_str()) => "; the user is assigned",
        Some(_) => "; it is assigned to somebody else",
        None => "; nobody is assigned",
    }
}

fn dates(order: &ChannelOrder) -> String {
    let all = [
        ("created", order.created_at),
        ("placed", order.ordered_at),
        ("paid", order.paid_at),
        ("modified", order.modified_at),
    ];
    let word = |(name, date): (&str, Option<Timestamp>)| {
        format!("{name} {}", date.map_or("never".to_owned(), |date| date.to_string()))
    };
    join(all.into_iter().map(word))
}

fn join<T: Display>(parts: impl Iterator<Item = T>) -> String {
    parts.map(|part| part.to_string()).collect::<Vec<_>>().join(", ")
}
