//! The subscriptions of a connection, kept as they are to be. ShipStation cannot change one: what differs is subscribed
//! anew, and the old one is removed. Only what bears the connection's name is touched. V1 reference, Endpoints / Webhooks.

use url::Url;

use super::WebhookSecret;
use crate::{
    channel::{
        ChannelError, ConnectionId, EnsureWebhooks, ItemOutcome, Operation, Refusal, RunEventKind, RunStatus,
        WebhookItem, WebhookOutcome, WebhookReport, hash,
    },
    client::{Error, ErrorKind, Lane, Outcome, Rows, WebhookEvent, WebhookSubscription},
    connector::{
        ShipStationChannel, count, failure,
        run::{Run, Stop},
        trace,
    },
};

/// What is subscribed, for all stores of the account. Whatever a person marks as shipped causes no `SHIP_NOTIFY`, and our
/// own marks would cause `FULFILLMENT_SHIPPED`.
const EVENTS: [WebhookEvent; 2] = [WebhookEvent::OrderNotify, WebhookEvent::ShipNotify];

const OPERATION: Operation = Operation::EnsureWebhooks;

impl ShipStationChannel {
    pub(in crate::connector) async fn run_ensure_webhooks(
        &self,
        request: EnsureWebhooks,
    ) -> Result<WebhookReport, ChannelError> {
        let secret = self.webhook_secret.as_ref().ok_or_else(WebhookSecret::missing);
        let address = secret
            .and_then(|secret| secret.address(&request.address))
            .map_err(|finding| trace::not_started(OPERATION, Refusal::Config { findings: vec![finding] }))?;
        let (run, mut info) = Run::begin(self, OPERATION, Lane::Interactive, request.control).await?;
        let listed = match run.client.webhooks().list().await {
            Ok(listed) => listed,
            Err(error) => return Err(run.refuse(&mut info, error.into()).await),
        };
        let report = WebhookReport::new(info, masked(&address));
        let mut work = Work { run, name: name_of(&self.connection), address, report };
        let stop = work.bring_in_order(&listed).await.err();
        let mut items = work.report.items.iter();
        match stop {
            Some(stop) if items.all(|item| item.outcome == WebhookOutcome::Unchanged) => {
                Err(work.run.refuse(&mut work.report.run, stop).await)
            }
            Some(stop) => Ok(work.finish(stop.status()).await),
            None => {
                let status = status(&work.report);
                Ok(work.finish(status).await)
            }
        }
    }
}

/// What the subscriptions are to be, and what was done about them.
struct Work<'c> {
    run: Run<'c>,
    name: String,
    address: Url,
    report: WebhookReport,
}

/// What there is of one event, and why it is not as it is to be.
struct EventPlan<'r> {
    event: WebhookEvent,
    /// Whether there is one that is right, or none is wanted.
    is_right: bool,
    wrong: Vec<(&'r WebhookSubscription, &'static str)>,
}

impl Work<'_> {
    async fn bring_in_order(&mut self, listed: &Rows<WebhookSubscription>) -> Result<(), Stop> {
        let ours: Vec<&WebhookSubscription> = listed.items.iter().filter(|row| self.is_ours(row)).collect();
        self.report.others = count(listed.items.len() - ours.len());
        let gap = why_not_whole(listed);
        let warning = gap.map(|why| format!("the list of webhooks cannot be relied on: {why}"));
        self.report.run.warnings.extend(warning);
        for plan in self.plans(&ours) {
            self.execute(plan, gap).await?;
        }
        Ok(())
    }

    /// What was shipped elsewhere is of use only to who watches changes.
    fn wanted(&self) -> impl Iterator<Item = WebhookEvent> + use<> {
        let watches = self.run.channel.settings.orders.watch_changes;
        EVENTS.into_iter().filter(move |event| watches || *event != WebhookEvent::ShipNotify)
    }

    fn is_ours(&self, row: &WebhookSubscription) -> bool {
        row.name.as_deref().is_some_and(|name| name.trim() == self.name)
    }

    /// Pure. The wanted events come first.
    fn plans<'r>(&self, ours: &[&'r WebhookSubscription]) -> Vec<EventPlan<'r>> {
        let new = |event: WebhookEvent, is_right| EventPlan { event, is_right, wrong: Vec::new() };
        let mut plans: Vec<EventPlan<'_>> = self.wanted().map(|event| new(event, false)).collect();
        for row in ours {
            let event = row.hook_type.clone().unwrap_or(WebhookEvent::Unknown(String::new()));
            let place = plans.iter().position(|plan| plan.event == event).unwrap_or(plans.len());
            if place == plans.len() {
                plans.push(new(event, true));
            }
            let Some(plan) = plans.get_mut(place) else { continue };
            match self.difference(row) {
                None if !plan.is_right => plan.is_right = true,
                difference => plan.wrong.push((row, difference.unwrap_or("it is there twice"))),
            }
        }
        plans
    }

    /// Why a subscription of ours is not as it is to be.
    fn difference(&self, row: &WebhookSubscription) -> Option<&'static str> {
        let is_wanted =
            row.hook_type.as_ref().is_some_and(|event| self.wanted().any(|wanted| wanted == *event));
        let has_store = row.store_id.is_some_and(|store| store.get() > 0);
        if !is_wanted {
            Some("its event is not wanted")
        } else if !self.is_at_address(row) {
            Some("its address differs")
        } else if has_store {
            Some("it is of one store only")
        } else {
            (row.active == Some(false)).then_some("it is switched off")
        }
    }

    fn is_at_address(&self, row: &WebhookSubscription) -> bool {
        row.url.as_deref().and_then(|url| Url::parse(url.trim()).ok()).as_ref() == Some(&self.address)
    }

    /// Subscribes what is missing before it removes what is wrong, unless that stands at the very address: ShipStation may
    /// refuse a second one there.
    async fn execute(&mut self, plan: EventPlan<'_>, gap: Option<&'static str>) -> Result<(), Stop> {
        let (first, later): (Vec<_>, Vec<_>) =
            plan.wrong.into_iter().partition(|(row, _)| !plan.is_right && self.is_at_address(row));
        let outcome = match (plan.is_right, gap) {
            (true, _) => WebhookOutcome::Unchanged,
            (false, Some(why)) => WebhookOutcome::Unknown { why: format!("it may be there: {why}") },
            (false, None) => {
                for (row, why) in first {
                    self.remove(row, why).await?;
                }
                self.subscribe(&plan.event).await?
            }
        };
        let is_there = matches!(outcome, WebhookOutcome::Unchanged | WebhookOutcome::Subscribed);
        if self.wanted().any(|wanted| wanted == plan.event) {
            let event = plan.event.as_str().to_owned();
            self.report.items.push(WebhookItem::new(event, outcome));
        }
        for (row, why) in later.into_iter().filter(|_| is_there) {
            self.remove(row, why).await?;
        }
        Ok(())
    }

    async fn subscribe(&mut self, event: &WebhookEvent) -> Result<WebhookOutcome, Stop> {
        if self.run.control.dry_run {
            return Ok(WebhookOutcome::Subscribed);
        }
        self.run.checkpoint().await?;
        let webhooks = self.run.writer().webhooks();
        let subscribe = webhooks.subscribe(self.address.as_str(), event.clone()).friendly_name(&self.name);
        let Err(error) = subscribe.send().await else { return Ok(WebhookOutcome::Subscribed) };
        if error.outcome() == Outcome::Unknown {
            return self.look_for(event, &error).await;
        }
        if failure::ends_the_run(&error) {
            return Err(error.into());
        }
        Ok(WebhookOutcome::Failed { why: failure::vendor_message(&error) })
    }

    /// Whether a subscription took effect whose answer is not known. It is not sent again in this run: an effect may come late.
    async fn look_for(&mut self, event: &WebhookEvent, error: &Error) -> Result<WebhookOutcome, Stop> {
        let is_it = |row: &WebhookSubscription| {
            self.is_ours(row) && row.hook_type.as_ref() == Some(event) && self.difference(row).is_none()
        };
        let unknown = WebhookOutcome::Unknown { why: failure::describe(error) };
        match self.run.client.webhooks().list().await {
            Ok(listed) if listed.items.iter().any(is_it) => Ok(WebhookOutcome::Subscribed),
            Err(error) if failure::ends_the_run(&error) => {
                self.report.items.push(WebhookItem::new(event.as_str(), unknown));
                Err(error.into())
            }
            _ => Ok(unknown),
        }
    }

    async fn remove(&mut self, row: &WebhookSubscription, why: &'static str) -> Result<(), Stop> {
        let removed = || WebhookOutcome::Removed { why: why.into() };
        let outcome = if self.run.control.dry_run {
            removed()
        } else {
            self.run.checkpoint().await?;
            match self.run.writer().webhooks().unsubscribe(row.web_hook_id).await {
                Ok(()) => removed(),
                Err(error) if error.kind() == ErrorKind::NotFound => removed(),
                Err(error) if failure::ends_the_run(&error) => return Err(error.into()),
                Err(error) => {
                    let failed = failure::vendor_message(&error);
                    WebhookOutcome::Failed { why: format!("{why}, and it could not be removed: {failed}") }
                }
            }
        };
        let event = row.hook_type.as_ref().map_or("no event", WebhookEvent::as_str);
        self.report.items.push(WebhookItem::new(event, outcome));
        Ok(())
    }

    async fn finish(self, status: RunStatus) -> WebhookReport {
        for item in &self.report.items {
            let (id, outcome) = (Some(item.event.as_str()), ItemOutcome::Webhook(item.outcome.kind()));
            self.run.event(RunEventKind::ItemDone { id, outcome });
        }
        self.run.report(self.report, status).await
    }
}

fn status(report: &WebhookReport) -> RunStatus {
    let mut status = RunStatus::Succeeded;
    for item in &report.items {
        match &item.outcome {
            WebhookOutcome::Unknown { why } => {
                let why = format!("whether {} is subscribed is not known: {why}", item.event);
                return RunStatus::Partial { why };
            }
            WebhookOutcome::Failed { .. } => status = RunStatus::CompletedWithErrors,
            _ => {}
        }
    }
    status
}

/// Why a subscription of ours may be missing from a list. To subscribe it then could make it the second one.
fn why_not_whole(listed: &Rows<WebhookSubscription>) -> Option<&'static str> {
    if listed.incomplete.is_some() {
        Some("its total and its rows differ")
    } else if listed.nulls > 0 {
        Some("a row came as null")
    } else {
        (!listed.errors.is_empty()).then_some("a row could not be read")
    }
}

/// The name that the connection's subscriptions bear. One that ShipStation might cut or rewrite is replaced by what stays as it is.
fn name_of(connection: &ConnectionId) -> String {
    const PREFIX: &str = "shipstation-connector/";
    const MAX_CHARS: usize = 60;
    const MAX_SHOWN: usize = 40;
    let text = connection.as_str();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@ ".contains(c);
    if text.len() <= MAX_CHARS && text.chars().all(is_plain) && text.trim() == text && !text.contains("  ") {
        return format!("{PREFIX}{text}");
    }
    let shown: String = text.chars().filter(|c| is_plain(*c) && *c != ' ').take(MAX_SHOWN).collect();
    format!("{PREFIX}{shown}~{:016x}", hash::number_of([text]))
}

/// The address without what is secret in it.
fn masked(address: &Url) -> String {
    format!("https://{}/***", address.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_plain_and_distinct() {
        let name = |text: &str| name_of(&ConnectionId::new(text));
        assert_eq!(name("loom shop"), "shipstation-connector/loom shop");
        let long = "x".repeat(300);
        let odd = ["é", "è", " a", "a ", "a", "a  b", "a b", "<b>", "b", &long, &long[1..], "\u{0}"];
        let names: std::collections::BTreeSet<String> = odd.iter().map(|text| name(text)).collect();
        assert_eq!(names.len(), odd.len(), "{names:?}");
        assert!(names.iter().all(|name| name.len() <= 82 && name.trim() == name), "{names:?}");
    }
}
