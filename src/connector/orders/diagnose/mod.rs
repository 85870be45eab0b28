//! "Why is this order not here?": gathers what is known of an order and strings the checks together. What each check
//! says is in `checks`; the question without an order is in `overview`. Changes nothing.

mod checks;
mod overview;

use self::checks::Names;
use super::{
    by_hand::{describe, unanswered},
    candidate::{self, Candidate},
    context::{Admission, Records, with_relatives},
    duplicates,
    eligibility::{Class, Criteria, Eligibility},
    find::find,
    policy,
    window::Window,
};
use crate::{
    channel::{
        ChannelError, ChannelOrder, ChannelOrderId, Check, DiagnoseOrder, Diagnosis, HoldReason,
        OrderSelector, Timeline, Verdict,
        report::SkipKind,
        store::{
            OrderStoreExt, OrderWork, OutboxRow, RunSummary, ShipmentStoreExt, StoreError, WorkKind,
            WorkQuery,
        },
    },
    client::{Lane, Order, OrderId, ShipStation},
    connector::{
        ShipStationChannel, failure, mapping::Mapper, run, settings::PossibleDuplicatePolicy, translate,
    },
};

/// What is known beside the order itself.
struct Facts {
    /// Without the failure: a failed order is imported whatever its age.
    records: Records,
    failure: Option<OrderWork>,
    follow_ups: Vec<OrderWork>,
    outbox: Vec<OutboxRow>,
    look_alike: Option<ChannelOrderId>,
    last: Option<RunSummary>,
    /// `None` when nothing is known.
    timeline: Option<Timeline>,
}

/// How many events an answer ends with.
const NEWEST_EVENTS: usize = 20;

impl ShipStationChannel {
    pub(in crate::connector) async fn run_diagnose_order(
        &self,
        request: DiagnoseOrder,
    ) -> Result<Vec<Diagnosis>, ChannelError> {
        const QUESTION: &str = "diagnose_order";
        let refuse = |error: StoreError| ChannelError::of(QUESTION, error.into());
        let which = request.order;
        let client = run::client_for(QUESTION, self, &request.control)?.on_lane(Lane::Interactive);
        let mapper = Mapper::load(self).await.map_err(|refusal| ChannelError::of(QUESTION, refusal))?;
        let found = match (find(&client, &which).await, &which) {
            (Ok(found), _) => found,
            // The stores still know this order.
            (Err(error), OrderSelector::Id(id)) if !failure::is_about_credentials(&error) => {
                let exists = checks::unread(&failure::observed(&error));
                return Ok(vec![self.unseen(Some(id), &which, exists).await.map_err(refuse)?]);
            }
            (Err(error), _) => return Err(unanswered(QUESTION, &error)),
        };
        let mut answers = self.seen(&client, &mapper, found.orders).await.map_err(refuse)?;
        for row in &found.errors {
            let id = row.id.map(OrderId::new).map(translate::order_id);
            let exists = checks::unread(&row.to_string());
            answers.push(self.unseen(id.as_ref(), &which, exists).await.map_err(refuse)?);
        }
        if answers.is_empty() {
            let id = if let OrderSelector::Id(id) = &which { Some(id) } else { None };
            let exists = match &found.incomplete {
                Some(why) => checks::unread(why),
                None => checks::missing(&found.near),
            };
            answers.push(self.unseen(id, &which, exists).await.map_err(refuse)?);
        }
        Ok(answers)
    }

    /// The answers for orders that ShipStation shows.
    async fn seen(
        &self,
        client: &ShipStation,
        mapper: &Mapper,
        orders: Vec<Order>,
    ) -> Result<Vec<Diagnosis>, StoreError> {
        let mut answers = Vec::new();
        if orders.is_empty() {
            return Ok(answers);
        }
        let names = self.names(client, &orders).await;
        let last = self.last_import().await?;
        let now = self.server_time();
        let admission = &Admission::by_settings(self.window_at(now).await?);
        for wire in orders {
            let mut order = translate::order(&wire, &self.settings.orders);
            names.stores.complete(&mut order);
            let facts = self.facts(&order, last.clone()).await?;
            let (records, stores) = (&facts.records, Some(&*names.stores));
            let criteria = Criteria { channel: self, mapper, admission, records, stores };
            let mut answer = self.answer(&wire, &order, &criteria, &facts, &names);
            if answer.primary().is_none() {
                answer.checks.extend(self.ask_further(&wire, order, &criteria, &facts).await?);
            }
            answers.push(answer);
        }
        Ok(answers)
    }

    /// What still keeps an order from being imported now that no check has named: at last, the host's policy.
    async fn ask_further(
        &self,
        wire: &Order,
        order: ChannelOrder,
        criteria: &Criteria<'_>,
        facts: &Facts,
    ) -> Result<Option<Check>, StoreError> {
        let (holds, shipping) = match criteria.classify(wire, &order) {
            Class::New { holds, shipping } => (holds, shipping),
            Class::Undecided(why) => return Ok(Some(checks::undecided(why))),
            Class::Skipped(_) | Class::Rejected(..) => return Ok(None),
        };
        let Some(policy) = &self.policy else { return Ok(None) };
        let mut candidate = Candidate { order, holds, fingerprint: None, shipping };
        candidate::link(self, std::slice::from_mut(&mut candidate)).await?;
        let duplicate = facts.look_alike.clone().map(|of| HoldReason::PossibleDuplicate { of });
        candidate.holds.extend(duplicate);
        Ok(Some(checks::policy(policy::ask(&**policy, &candidate))))
    }

    /// The answer for an order that ShipStation does not show: what the stores know of it.
    async fn unseen(
        &self,
        id: Option<&ChannelOrderId>,
        which: &OrderSelector,
        exists: Check,
    ) -> Result<Diagnosis, StoreError> {
        let title = id.map_or_else(|| describe(which), |id| describe(&OrderSelector::Id(id.clone())));
        let exists_not = exists.verdict == Verdict::Blocks;
        let mut answer = Diagnosis::new(id.filter(|_| !exists_not).cloned(), title);
        answer.checks.push(exists);
        let last = self.last_import().await?;
        let Some(id) = id else {
            answer.notes = vec![checks::last_run(last.as_ref(), None)];
            return Ok(answer);
        };
        let facts = self.facts(&ChannelOrder::new(id.clone(), ""), last).await?;
        answer.imported = facts.records.known.contains_key(id);
        answer.checks.extend(facts.failure.as_ref().map(checks::ledger));
        answer.notes = checks::notes(id, None, &facts, &self.settings.orders);
        answer.timeline = facts.timeline;
        Ok(answer)
    }

    async fn facts(&self, order: &ChannelOrder, last: Option<RunSummary>) -> Result<Facts, StoreError> {
        let ids: Vec<ChannelOrderId> = with_relatives(order).cloned().collect();
        let known = self.stores.orders.known(&self.connection, &ids).await?;
        let mut look_alike = None;
        if !known.contains_key(&order.id)
            && self.settings.orders.possible_duplicates == PossibleDuplicatePolicy::Hold
        {
            look_alike = duplicates::look_alike(&*self.stores.orders, &self.connection, order).await?;
        }
        let of_order = WorkQuery::Of(std::slice::from_ref(&order.id));
        let work = self.stores.orders.work(&self.connection, of_order).await?;
        let outbox = self.stores.shipments.order_progress(&self.connection, &order.id).await?.rows;
        let timeline = self.timeline_of(&order.id, known.get(&order.id), &work, &outbox).await?;
        let (failures, follow_ups): (Vec<_>, Vec<_>) =
            work.into_iter().partition(|entry| entry.kind == WorkKind::Import);
        let merged_into =
            self.stores.orders.merged_into(&self.connection, std::slice::from_ref(&order.id)).await?;
        let failure = failures.into_iter().next();
        // What a person has dismissed is shown by itself.
        let open = failure.iter().filter(|failure| !failure.is_dismissed());
        let failures = open.map(|failure| (failure.order.clone(), failure.clone())).collect();
        let parents = order.lineage.parent.iter().map(|parent| (order.id.clone(), parent.clone())).collect();
        let mut records = Records { known, merged_into, parents, failures, ..Records::default() };
        records.look_up_ancestors(&*self.stores.orders, &self.connection).await?;
        Ok(Facts {
            records,
            failure,
            follow_ups,
            look_alike,
            outbox,
            last,
            timeline: Some(timeline.newest(NEWEST_EVENTS)).filter(|timeline| !timeline.events.is_empty()),
        })
    }

    /// What people call the stores and tags. An answer without names is better than none.
    async fn names(&self, client: &ShipStation, orders: &[Order]) -> Names {
        let (stores, _) = self.directory.names(client).await;
        let tagged =
            self.settings.orders.tag.is_some() || orders.iter().any(|order| !order.tag_ids.is_empty());
        let tags = if tagged { client.accounts().list_tags().await.ok() } else { None };
        Names::of(stores, tags)
    }

    fn answer(
        &self,
        wire: &Order,
        order: &ChannelOrder,
        criteria: &Criteria<'_>,
        facts: &Facts,
        names: &Names,
    ) -> Diagnosis {
        let settings = &self.settings.orders;
        let (window, mapper) = (&criteria.admission.window, criteria.mapper);
        let Eligibility { skips: reasons, holds, undecided } = criteria.judge(wire, order);
        let store = order.store.as_ref().map(|store| format!(", store {}", names.store(store)));
        let title = format!("Order {} (ShipStation {}{})", order.number, order.id, store.unwrap_or_default());
        let mut answer = Diagnosis::new(Some(order.id.clone()), title);
        answer.imported = facts.records.known.contains_key(&order.id);
        let skips = checks::Skips { all: &reasons, names };
        answer.checks = vec![
            skips.check("status", &[SkipKind::WrongStatus], || checks::is_status(&order.status)),
            skips.check("age", &[SkipKind::TooOld, SkipKind::NoDate], || checks::age(wire, window)),
            skips.check("store", &[SkipKind::WrongStore], || checks::store(order, names)),
            skips.check("tag", &[SkipKind::MissingTag, SkipKind::ExcludedTag], || checks::tags(order, names)),
            checks::lineage(order, &skips, &holds),
            skips.check("loop", &[SkipKind::OwnOrder], || checks::loop_passed(undecided)),
            skips.check("lines", &[SkipKind::EmptyOrder], || checks::lines(order)),
            checks::shipping(order, mapper, &self.settings.shipping.unmapped, answer.imported),
        ];
        if settings.not_before.is_some() {
            let floor =
                skips.check("floor", &[SkipKind::BeforeFloor], || "not older than the floor".to_owned());
            answer.checks.insert(2, floor);
        }
        answer.checks.extend(checks::fulfillment(order, &skips, &holds));
        if mapper.is_empty(&self.settings.shipping) {
            answer.checks.push(checks::not_configured());
        }
        answer.checks.extend(facts.look_alike.as_ref().map(checks::duplicate));
        answer.checks.extend(facts.failure.as_ref().map(checks::ledger));
        answer.notes = checks::notes(&order.id, Some(order), facts, settings);
        answer.notes.extend(checks::left_out(wire));
        answer.timeline.clone_from(&facts.timeline);
        answer
    }
}
