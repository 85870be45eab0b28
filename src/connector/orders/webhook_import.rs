//! Importing the orders that a webhook's delivery names. A delivery is a hint from the outside: it costs a bounded number
//! of requests, takes its turn behind everything else, and is read once however often it comes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures_util::StreamExt;

use super::{
    by_hand,
    context::Context,
    follow_up,
    list_tally::ListTally,
    page, parcels,
    recorder::Recorder,
    scan::{self, Reading},
    ship_notice::{self, ShippedRow},
};
use crate::{
    channel::{ChannelError, ImportReport, Refusal, RunControl, report::RunInfo},
    client::{self, Lane, Order, Page, Pages, WebhookDelivery, WebhookPages},
    connector::{
        ShipStationChannel,
        meter::Meter,
        run::{Run, Stop, check_may_start},
        webhooks,
    },
    locked::locked,
};

type Answer = Result<ImportReport, ChannelError>;

impl ShipStationChannel {
    /// Imports what a delivery names, or waits for the import of the same address that is about to begin.
    pub(in crate::connector) async fn run_on_webhook(
        &self,
        delivery: &WebhookDelivery,
        control: RunControl,
    ) -> Answer {
        let address = self.deliveries.of(delivery.resource_url());
        let ticket = address.ticket();
        let _turn = address.turn.lock().await;
        if let Some(answer) = address.answer(ticket).filter(|answer| is_of(answer, control.dry_run)) {
            return answer;
        }
        let reading = address.begin();
        let answer = self.read_delivery(delivery, control.clone(), &reading).await;
        // What was cut short for this delivery is no answer to the others.
        if check_may_start(&control, self.now()).is_ok() {
            reading.end(&answer);
        }
        answer
    }

    async fn read_delivery(
        &self,
        delivery: &WebhookDelivery,
        control: RunControl,
        reading: &ActiveRead<'_>,
    ) -> Answer {
        let (ctx, info) = self.begin_import(by_hand::OPERATION, Lane::Import, control).await?;
        reading.counted_by(ctx.run.meter.clone());
        let mut pages = match ctx.client().webhooks().pages(delivery) {
            Ok(WebhookPages::Orders(pages)) => pages,
            Ok(WebhookPages::Shipments(pages)) => return self.read_notice(&ctx, info, pages).await,
            Ok(WebhookPages::Fulfillments(pages)) => return self.read_notice(&ctx, info, pages).await,
            Err(error) => return refused(&ctx.run, info, error).await,
        };
        let first = match pages.next().await {
            Some(Err(error)) => return refused(&ctx.run, info, error).await,
            Some(Ok(page)) => Some(page),
            None => None,
        };
        let mut recorder = Recorder::new(&ctx, info);
        let mut reading = Reading::of(self.window_of_named(&ctx));
        let stop = every_page(&mut recorder, &mut reading, first, pages).await.err();
        recorder.finish(reading.admission.window, stop).await
    }

    /// Publishes what a delivery about shipments says of imported orders.
    async fn read_notice<T: ShippedRow>(&self, ctx: &Context<'_>, info: RunInfo, pages: Pages<T>) -> Answer {
        let (mut recorder, window) = (Recorder::new(ctx, info), self.window_of_named(ctx));
        let stop = ship_notice::publish(&mut recorder, &window, pages).await.err();
        recorder.finish(window, stop).await
    }
}

/// Whether it is the answer to a delivery like this one: a dry run has imported nothing.
fn is_of(answer: &Answer, dry_run: bool) -> bool {
    answer.as_ref().is_ok_and(|report| report.run.dry_run) == dry_run
}

async fn refused(run: &Run<'_>, mut info: RunInfo, error: client::Error) -> Answer {
    let refusal = webhooks::refusal(&error);
    let _ = run.refuse(&mut info, error.into()).await;
    Err(ChannelError::of(webhooks::CALL, refusal))
}

/// Imports page by page, so that no delivery fills the memory.
async fn every_page(
    recorder: &mut Recorder<'_>,
    reading: &mut Reading,
    first: Option<Page<Order>>,
    mut pages: Pages<Order>,
) -> Result<(), Stop> {
    reading.users = follow_up::prepare(recorder.ctx).await?;
    let mut tally = ListTally::default();
    let mut next = first;
    while let Some(page) = next {
        recorder.ctx.run.checkpoint().await?;
        tally.add(&page);
        scan::unreadable(recorder, &mut reading.by_id, "the delivery:", &page.errors).await?;
        reading.users.observe(&page.items);
        page::import(recorder, &reading.admission, page.items).await?;
        next = pages.next().await.transpose()?;
    }
    recorder.list_ended(&reading.admission.window, "the orders of the delivery", &tally, pages.end());
    follow_up::execute(recorder, &reading.users).await?;
    parcels::publish_shipped(recorder).await
}

/// The deliveries that are being read or wait for it, by address. Within one process: a delivery that another one reads at
/// the same time is refused by the lease.
#[derive(Debug, Default)]
pub(in crate::connector) struct Deliveries(Mutex<HashMap<String, Arc<Address>>>);

/// The deliveries of one address.
#[derive(Debug, Default)]
struct Address {
    /// Whoever holds it reads.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many readings there were, the present one included.
    readings: u64,
    /// Whether the last of them has not ended.
    is_reading: bool,
    /// Counts its requests, once it has its lease.
    meter: Option<Arc<Meter>>,
    /// What came of the newest reading that has ended.
    answer: Option<(u64, Answer)>,
}

/// A reading that is under way. One that is dropped before its end leaves its turn to the next delivery.
#[derive(Debug)]
struct ActiveRead<'a> {
    address: &'a Address,
    number: u64,
}

impl Deliveries {
    /// The deliveries of an address; those that nobody waits for any more are forgotten.
    fn of(&self, address: &str) -> Arc<Address> {
        let mut all = locked(&self.0);
        all.retain(|_, address| Arc::strong_count(address) > 1);
        all.entry(address.to_owned()).or_default().clone()
    }
}

impl Address {
    /// The number of the reading that shows what the delivery tells of: the present one, unless its first request has left.
    fn ticket(&self) -> u64 {
        let state = locked(&self.state);
        let has_begun = state.meter.as_ref().is_some_and(|meter| meter.requests() > 0);
        if state.is_reading && !has_begun { state.readings } else { state.readings + 1 }
    }

    /// What came of the reading with this number, or of a later one.
    fn answer(&self, ticket: u64) -> Option<Answer> {
        let state = locked(&self.state);
        let (number, answer) = state.answer.as_ref()?;
        (*number >= ticket).then(|| copy_of(answer))
    }

    fn begin(&self) -> ActiveRead<'_> {
        let mut state = locked(&self.state);
        state.readings += 1;
        (state.is_reading, state.meter) = (true, None);
        ActiveRead { address: self, number: state.readings }
    }
}

impl ActiveRead<'_> {
    fn counted_by(&self, meter: Arc<Meter>) {
        locked(&self.address.state).meter = Some(meter);
    }

    fn end(&self, answer: &Answer) {
        locked(&self.address.state).answer = Some((self.number, copy_of(answer)));
    }
}

impl Drop for ActiveRead<'_> {
    fn drop(&mut self) {
        let mut state = locked(&self.address.state);
        (state.is_reading, state.meter) = (false, None);
    }
}

/// The answer once more, for a delivery that has joined. Errors of a store cannot be copied, their words can.
fn copy_of(answer: &Answer) -> Answer {
    let error = match answer {
        Ok(report) => return Ok(report.clone()),
        Err(error) => error,
    };
    let refusal = match &error.refusal {
        Refusal::Config { findings } => Refusal::Config { findings: findings.clone() },
        Refusal::Credentials { message } => Refusal::Credentials { message: message.clone() },
        Refusal::AlreadyRunning { since, owner } => {
            Refusal::AlreadyRunning { since: *since, owner: owner.clone() }
        }
        other => Refusal::Unavailable { message: other.to_string() },
    };
    Err(ChannelError::of(error.operation, refusal))
}
