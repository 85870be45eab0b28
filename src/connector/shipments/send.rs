//! Sending: the intent is durable, then one request leaves, then its outcome is recorded. Nothing is sent twice
//! without a look.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use super::{
    Stop, Sync,
    parcel::{Parcel, carrier_code},
    plan::spoken_for,
    recover::{Found, unknown_since},
    timing::{CREDENTIALS_WAIT, LONGEST_BACKOFF, RATE_LIMIT_WAIT},
};
use crate::{
    channel::{
        BlockReason, Marketplace, RetryClass, ShipmentState,
        store::{BeginSend, SendIntent, ShipmentRecord},
    },
    client::{Error, ErrorKind, MarkedAsShipped, Outcome, PacificDate, ShipStation},
    connector::{failure, settings::Confirm},
};

/// After so many sends in a row without an answer the rest is left to the next run.
pub(super) const MOST_FAILURES: u32 = 3;
impl Sync<'_> {
    pub(super) async fn send(&mut self, parcel: Parcel) -> Result<(), Stop> {
        if self.run.control.dry_run {
            self.run.checkpoint().await?;
            return self.would_send(&parcel).await;
        }
        // The turn is waited for before the row says that a request may be on its way.
        let client = match self.take_turn().await {
            Ok(client) => client,
            // The turn came too late in the lease.
            Err(Stop::Remote(error)) if error.kind() == ErrorKind::RateLimited => {
                let record = self.retry_record(&parcel, &error);
                self.postpone(&parcel, record).await?;
                return self.count_failure(error);
            }
            Err(stop) => return Err(stop),
        };
        let (id, moment) = (parcel.row.id(), self.moment());
        let (ship_date, warning) = parcel.ship_date(&moment);
        let attempt = parcel.row.attempts.saturating_add(1);
        let intent = SendIntent::new(attempt, fingerprint(&parcel, ship_date), moment.host);
        let intent = intent.server_time(moment.server);
        let why_not = match self.run.channel.stores.shipments.begin_send(&self.run.token, &id, intent).await?
        {
            BeginSend::Granted => None,
            BeginSend::NotDue => Some("it was changed while it was being planned"),
            BeginSend::OrderBusy => Some("another shipment of the order is under way"),
        };
        if let Some(why) = why_not {
            parcel.rows().for_each(|row| self.decide(&row.id(), Some(why.to_owned())));
            return Ok(());
        }
        self.run.channel.readings.note(&id, &moment);
        self.did_something = true;
        self.report.counts.marked += 1;
        self.is_under_way(&id, intent);
        self.note_uncounted(&parcel);
        if let Some(warning) = warning {
            self.run.warn(warning);
        }
        // From here to the record nothing asks whether to stop: only a crash comes between the two.
        let answer = self.mark(&client, &parcel, ship_date).await;
        self.record_answer(&parcel, answer).await
    }

    /// Waits for the rate limit and gives a client that may send at once. Its request leaves early enough in the lease: one
    /// that waited longer could arrive after another run has looked for it in vain.
    async fn take_turn(&mut self) -> Result<ShipStation, Stop> {
        self.run.checkpoint().await?;
        let permit = self.run.writer().permit().await?;
        self.run.checkpoint().await?;
        Ok(self.run.writer().with_permit(permit))
    }

    async fn would_send(&mut self, parcel: &Parcel) -> Result<(), Stop> {
        self.note_uncounted(parcel);
        self.note_not_conveyed(parcel.rows(), parcel.tracking.as_slice());
        self.would_be_sent(&parcel.row.id());
        self.step(self.speak_for(parcel)).await
    }

    async fn mark(
        &self,
        client: &ShipStation,
        parcel: &Parcel,
        ship_date: PacificDate,
    ) -> Result<MarkedAsShipped, Error> {
        let settings = self.settings();
        let mut request = client
            .orders()
            .mark_as_shipped(parcel.order, &parcel.carrier_code)
            .ship_date(ship_date)
            .notify_customer(settings.notify_customer)
            .notify_sales_channel(settings.notify_sales_channel);
        if let Some(tracking) = &parcel.tracking {
            request = request.tracking_number(tracking);
        }
        request.send().await
    }

    async fn record_answer(
        &mut self,
        parcel: &Parcel,
        answer: Result<MarkedAsShipped, Error>,
    ) -> Result<(), Stop> {
        let error = match answer {
            Ok(marked) if marked.order_id == parcel.order => return self.accepted(parcel).await,
            Ok(_) => {
                return self.unknown(parcel, "ShipStation answered for another order".to_owned()).await;
            }
            Err(error) => error,
        };
        match error.outcome() {
            Outcome::Unknown => {
                // An exception of ShipStation's is a refusal most likely: its words are what a person needs.
                let refused = error.kind() == ErrorKind::Invalid;
                let words = if refused { failure::their_words(&error) } else { failure::describe(&error) };
                self.unknown(parcel, words).await?;
                self.count_failure(error)
            }
            Outcome::NotSent => {
                let record = self.retry_record(parcel, &error);
                self.postpone(parcel, record).await?;
                self.count_failure(error)
            }
            Outcome::Answered => self.refused(parcel, error).await,
        }
    }

    async fn accepted(&mut self, parcel: &Parcel) -> Result<(), Stop> {
        self.failures_in_a_row = 0;
        self.note_not_conveyed(parcel.rows(), parcel.tracking.as_slice());
        let mut records = vec![self.sent(parcel)];
        if self.settings().confirm == Confirm::TrustAnswer {
            let state = ShipmentState::Confirmed {
                record: None,
                marketplace: Marketplace::Unknown,
                already_there: false,
            };
            records.push(ShipmentRecord::new(parcel.row.id(), state, self.run.now()));
        }
        records.extend(self.speak_for(parcel));
        self.step(records).await
    }

    fn sent(&self, parcel: &Parcel) -> ShipmentRecord {
        let now = self.run.now();
        ShipmentRecord::new(parcel.row.id(), ShipmentState::Sent { at: now }, now).counting_attempt()
    }

    /// The other shipments of the order are closed with the one that speaks for them.
    pub(super) fn speak_for(&self, parcel: &Parcel) -> Vec<ShipmentRecord> {
        let now = self.run.now();
        let state = spoken_for(self.settings().partial, &parcel.row);
        parcel.speaks_for.iter().map(|row| ShipmentRecord::new(row.id(), state.clone(), now)).collect()
    }

    /// Whether an order is complete is counted on its import; without one, a part speaks for the whole.
    fn note_uncounted(&mut self, parcel: &Parcel) {
        if parcel.is_uncounted {
            self.run.warn(format!(
                "order {} was not imported here: whether {} completes it cannot be told, and it is marked shipped as a whole",
                parcel.order,
                parcel.row.id()
            ));
        }
    }

    async fn unknown(&mut self, parcel: &Parcel, error: String) -> Result<(), Stop> {
        let (id, moment) = (parcel.row.id(), self.moment());
        self.run.channel.readings.note(&id, &moment);
        let state = unknown_since(moment.host, moment.server);
        let record = ShipmentRecord::new(id, state, moment.host).counting_attempt().because(error);
        self.postpone(parcel, record).await
    }

    /// ShipStation decided, and said no.
    async fn refused(&mut self, parcel: &Parcel, error: Error) -> Result<(), Stop> {
        self.failures_in_a_row = 0;
        if failure::is_about_credentials(&error) {
            let record = self.retry_record(parcel, &error);
            self.postpone(parcel, record).await?;
            return Err(error.into());
        }
        if error.kind() == ErrorKind::NotFound {
            let settings = self.settings();
            let wait = self.backoff(&parcel.row).max(settings.read_back_gap);
            let record = self.missing_record(parcel, wait).counting_attempt();
            return self.postpone(parcel, record).await;
        }
        let words = failure::their_words(&error);
        // It may refuse what it has done already: one look shows it.
        let (id, now) = (parcel.row.id(), self.moment());
        let sent = self.event(&id, now.host, now.server);
        match self.find(&parcel.row, parcel.order, &sent).await {
            Ok(Found::Ours(state, tracking)) => {
                self.note_not_conveyed(parcel.rows(), &[tracking]);
                let confirmed = ShipmentRecord::new(id, state, self.run.now());
                let mut records = vec![self.sent(parcel), confirmed];
                records.extend(self.speak_for(parcel));
                self.step(records).await
            }
            Ok(Found::Nothing) => self.block_refused(parcel, &error, &words).await,
            Ok(Found::Never(reason)) => self.fail(parcel, reason).await,
            Ok(Found::Missing) => {
                let record = self.missing_record(parcel, self.settings().read_back_gap).counting_attempt();
                self.postpone(parcel, record).await
            }
            Ok(Found::ShippedSomehow | Found::Inconclusive(_)) => self.unknown(parcel, words).await,
            Err(stop) => {
                self.unknown(parcel, words).await?;
                match stop {
                    Stop::Remote(error) if !failure::ends_the_run(&error) => Ok(()),
                    stop => Err(stop),
                }
            }
        }
    }

    /// Nothing of ours is on the order, and ShipStation will refuse the same request again.
    async fn block_refused(&mut self, parcel: &Parcel, error: &Error, words: &str) -> Result<(), Stop> {
        let now = self.run.now();
        let about_carrier = error.message().is_some_and(|message| message.to_lowercase().contains("carrier"));
        let mut records: Vec<ShipmentRecord> = Vec::new();
        for row in parcel.rows() {
            let code = carrier_code(&self.carriers, self.settings(), &row.shipment).ok();
            let reason = match code.filter(|code| about_carrier && *code == parcel.carrier_code) {
                Some(code) => BlockReason::RefusedCarrier { code, message: words.to_owned() },
                None => BlockReason::Refused { message: words.to_owned() },
            };
            records.push(ShipmentRecord::new(row.id(), ShipmentState::Blocked { reason }, now));
        }
        // The attempt is counted for the row that was sent; the rows that it speaks for are blocked with it.
        if let Some(sent) = records.first_mut() {
            sent.counts_attempt = true;
        }
        self.step(records).await
    }

    /// Nothing reached ShipStation, or a look failed: later again.
    pub(super) fn retry_record(&self, parcel: &Parcel, error: &Error) -> ShipmentRecord {
        let now = self.run.now();
        let class = class(error);
        let free = matches!(class, RetryClass::RateLimited | RetryClass::Credentials);
        let wait = match class {
            _ if error.kind() == ErrorKind::Cancelled => Duration::ZERO,
            RetryClass::Credentials => CREDENTIALS_WAIT,
            RetryClass::RateLimited => {
                error.retry_after().map_or(RATE_LIMIT_WAIT, |wait| wait.min(LONGEST_BACKOFF))
            }
            _ => self.backoff(&parcel.row),
        };
        let state = self.retry_wait(wait, class);
        let record = ShipmentRecord::new(parcel.row.id(), state, now).because(failure::describe(error));
        if free { record } else { record.counting_attempt() }
    }

    /// Counts a send in vain towards an outage. An answer that cannot be read is about the order that was sent.
    fn count_failure(&mut self, error: Error) -> Result<(), Stop> {
        self.failures_in_a_row += u32::from(error.kind() != ErrorKind::Decode);
        if self.failures_in_a_row >= MOST_FAILURES || failure::ends_the_run(&error) {
            Err(error.into())
        } else {
            Ok(())
        }
    }
}

fn class(error: &Error) -> RetryClass {
    match error.kind() {
        // It waited for its turn when the host cancelled the run.
        ErrorKind::RateLimited | ErrorKind::Cancelled => RetryClass::RateLimited,
        _ if failure::is_about_credentials(error) => RetryClass::Credentials,
        ErrorKind::Transport => RetryClass::Unreachable,
        ErrorKind::Decode => RetryClass::Unreadable,
        _ => RetryClass::Unavailable,
    }
}

/// Tells one payload from another, for the record of the intent.
fn fingerprint(parcel: &Parcel, ship_date: PacificDate) -> u64 {
    let mut hasher = DefaultHasher::new();
    (parcel.order, &parcel.carrier_code, &parcel.tracking, ship_date.to_string()).hash(&mut hasher);
    hasher.finish()
}
