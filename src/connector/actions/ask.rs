//! What the host asks for is checked, recorded, and tried at once.

use super::{Asked, OPERATION, wish::Wish, work};
use crate::{
    channel::{
        ActionId, ActionReport, ActionRequest, ChannelError, CloseReason, Finding, OrderAction, Refusal,
        RunId, RunStatus,
        report::{ActionItem, ActionOutcome, RunInfo},
        store::{AddOutcome, OrderStoreExt},
    },
    client::Lane,
    connector::{ShipStationChannel, actions::context::Context, run::Run, translate},
};

/// So often an id is made for an action, until one is free.
const MAX_MADE_IDS: u32 = 8;

/// What a person does about an order that is to be cancelled.
pub(in crate::connector) const CANCEL_BY_HAND: &str = "ShipStation's API cancels an order only by replacing it as a whole, which would undo what others have \
    changed in it meanwhile; open the order in ShipStation and choose Cancel there, or cancel it in the store that it comes from";

impl ShipStationChannel {
    /// Records an action and works on its order. Once it is recorded there is a report, whatever happens.
    pub(in crate::connector) async fn run_action(
        &self,
        request: ActionRequest,
    ) -> Result<ActionReport, ChannelError> {
        let refuse = |refusal| ChannelError::of(request.kind.name(), refusal);
        let store = self.action_store().map_err(refuse)?;
        let mut action = request.action(|| self.new_action_id(&request));
        // What is asked again was accepted before, and is answered with what became of it.
        let rows = self.actions_on(&action.order, None).await.map_err(|error| refuse(error.into()))?;
        let before = rows.into_iter().find(|row| row.action == action);
        if before.is_none() {
            self.accept(&action).await.map_err(refuse)?;
        }
        let closed = before.filter(|row| row.state.is_closed());
        let known = |otherwise| closed.as_ref().map_or(otherwise, |row| (&row.state).into());
        if request.control.dry_run {
            let outcome = known(ActionOutcome::WouldBeTried);
            return Ok(self.without_a_run(&request, action, outcome, RunStatus::Succeeded));
        }
        // An id that the crate has made and that is taken was made twice, by chance or from one seed.
        let mut tries = if request.id.is_none() { MAX_MADE_IDS } else { 0 };
        loop {
            let added = store.add_actions(&self.connection, std::slice::from_ref(&action), self.now()).await;
            match added.map_err(|error| refuse(error.into()))?.as_slice() {
                [AddOutcome::Added] => break,
                [_] if tries > 0 => {
                    tries -= 1;
                    action.id = self.new_action_id(&request);
                }
                [AddOutcome::Duplicate] => break,
                _ => return Err(refuse(id_taken(&action))),
            }
        }
        let (run, info) = match Run::begin(self, OPERATION, Lane::Interactive, request.control.clone()).await
        {
            Ok(begun) => begun,
            Err(error) => {
                let why = || RunStatus::Partial { why: format!("the action is queued: {}", error.refusal) };
                let status = closed.as_ref().map_or_else(why, |_| RunStatus::Succeeded);
                return Ok(self.without_a_run(&request, action, known(ActionOutcome::Queued), status));
            }
        };
        work(Context { run, store }, info, Some(Asked { order: &action.order, id: &action.id })).await
    }

    fn new_action_id(&self, request: &ActionRequest) -> ActionId {
        let (drawn, now) = (self.client.draw(|random| random.u64(..)), self.now().unix_millis());
        ActionId::new(format!("{}-{now}-{drawn:016x}", request.kind.name()))
    }

    /// Only orders that were imported here: no other id is known to be of this account, and nobody would look after the order.
    async fn accept(&self, action: &OrderAction) -> Result<(), Refusal> {
        let order = &action.order;
        let known = self.stores.orders.known(&self.connection, std::slice::from_ref(order)).await?;
        if translate::wire_order_id(order).is_none() || !known.contains_key(order) {
            return Err(Refusal::NotFound { what: format!("imported order {order}") });
        }
        let wrong = |subject: &'static str, observed: String, remedy: &str| {
            let findings = vec![Finding::error("invalid_action", subject, observed, remedy)];
            Refusal::Config { findings }
        };
        match Wish::of(&action.kind) {
            Ok(Wish::Held(day)) if day.start() <= self.server_time() => {
                Err(wrong("until", format!("the day {day} has begun"), "give a time that lies ahead"))
            }
            Ok(_) => Ok(()),
            Err(CloseReason::TagUnknown { tag }) => {
                Err(wrong("tag", format!("{tag} is no number"), "give the number of a tag of the account"))
            }
            Err(reason) => Err(wrong("action", reason.to_string(), "correct it")),
        }
    }

    /// The report where no run had the lease.
    fn without_a_run(
        &self,
        request: &ActionRequest,
        action: OrderAction,
        outcome: ActionOutcome,
        status: RunStatus,
    ) -> ActionReport {
        let (run, control) = (RunId::new(action.id.as_str()), &request.control);
        let (connection, now) = (self.connection.clone(), self.server_time());
        let trigger = control.trigger.clone();
        let mut report =
            ActionReport::new(RunInfo::begun(run, connection, OPERATION, trigger, control.dry_run, now));
        report.run.status = status;
        report.add(ActionItem::new(action, outcome, None));
        report
    }
}

fn id_taken(action: &OrderAction) -> Refusal {
    let observed = format!("another action has the id {}", action.id);
    let finding = Finding::error("id_taken", "id", observed, "give each action an id of its own");
    Refusal::Config { findings: vec![finding] }
}
