//! A look at the credentials, at every setting that names something in ShipStation, and at the mapping tables.
//! Changes nothing, neither there nor in a store.

mod key_expiry;
mod mappings;
mod recent;
mod references;
mod refresh;
mod response_probe;

use std::sync::{Arc, atomic::Ordering};

use self::{recent::Recent, response_probe::ResponseProbe};
pub(super) use self::{
    references::{ACKNOWLEDGEMENT_TAG, ASSIGN_USER, tags, users},
    refresh::not_refreshed,
};
use super::{ShipStationChannel, failure, mapping, run, settings};
use crate::{
    channel::{
        ChannelError, CheckReport, Finding, RunControl,
        shipping::{AccountCarrier, DisplayText},
        store::StoreError,
    },
    client::{Error, ErrorKind, OrderStatus, ShipStation},
};

const QUESTION: &str = "check";

/// What ShipStation told beside the findings.
#[derive(Debug, Default)]
struct Account {
    carriers: Option<Vec<AccountCarrier>>,
    recent: Recent,
}

impl ShipStationChannel {
    /// The findings stand in the order in which things are looked at: credentials, stores, tags, users, carriers,
    /// statuses, mapping tables, loop guard, and last what the answers themselves show.
    pub(super) async fn run_check(&self, control: &RunControl) -> Result<CheckReport, ChannelError> {
        let probe = Arc::new(ResponseProbe::new(self.client.clock().clone()));
        // A person asks: once even if the key is suspended.
        let client =
            run::client_for(QUESTION, self, control)?.observed_by(probe.clone()).ignoring_key_suspension();
        let mut findings = self.settings.problems();
        let asked = self.ask(&client, &mut findings).await;
        findings.splice(0..0, self.key_expiry());
        let account = match asked {
            Ok(account) => account,
            Err(error) if failure::is_about_credentials(&error) => {
                findings.insert(0, credentials(&error));
                Account::default()
            }
            Err(error) => return Err(ChannelError::of(QUESTION, failure::refusal(&error))),
        };
        let store_down = |error: StoreError| ChannelError::of(QUESTION, error.into());
        findings.extend(mappings::carriers(self, account.carriers.as_deref()).await.map_err(store_down)?);
        findings.extend(self.status_findings());
        findings.extend(mappings::shipping(self, &account.recent).await.map_err(store_down)?);
        findings.extend(account.recent.loop_findings());
        findings.extend(probe.findings());
        let report = CheckReport::new(self.connection.clone(), findings, probe.requests());
        if report.is_ok() {
            self.references_checked.store(true, Ordering::Relaxed);
        }
        Ok(report)
    }

    /// What takes requests. The first refusal of the credentials ends it; what was found until then stays.
    async fn ask(&self, client: &ShipStation, findings: &mut Vec<Finding>) -> Result<Account, Error> {
        findings.extend(references::stores(self, client).await?);
        findings.extend(references::tags(self, client).await?);
        findings.extend(users(self, client).await?);
        let carriers = Some(mapping::account_carriers(client).await?);
        Ok(Account { carriers, recent: Recent::read(self, client).await? })
    }

    fn status_findings(&self) -> Vec<Finding> {
        let finding = |code, observed: String, remedy: &str| {
            Some(Finding::warning(code, "orders.statuses", observed, remedy))
        };
        let is_imported = |status: &OrderStatus| format!("{} is imported", status.as_str());
        let judge = |status: &OrderStatus| match status {
            OrderStatus::Shipped | OrderStatus::Cancelled => {
                let remedy = "leave it out unless finished orders are wanted";
                finding("status_is_over", is_imported(status), remedy)
            }
            OrderStatus::OnHold | OrderStatus::AwaitingPayment => {
                let remedy = "such orders may later refuse to be marked shipped; leave it out, or release them in time";
                finding("status_cannot_ship", is_imported(status), remedy)
            }
            OrderStatus::Unknown(word) => {
                let remedy = format!(
                    "correct it, or ignore this if ShipStation has a new one; it is known to have {}",
                    settings::known_statuses()
                );
                let word = DisplayText::name(word);
                finding("status_unknown", format!("{word} is not a status that this version knows"), &remedy)
            }
            _ => None,
        };
        self.settings.orders.statuses.iter().filter_map(judge).collect()
    }
}

fn credentials(error: &Error) -> Finding {
    let remedy = match error.kind() {
        ErrorKind::Auth => {
            "enter the key and secret that ShipStation shows under Settings, Account, API Settings"
        }
        _ => failure::remedy(error).unwrap_or_default(),
    };
    Finding::error("credentials", "credentials", failure::observed(error), remedy)
}
