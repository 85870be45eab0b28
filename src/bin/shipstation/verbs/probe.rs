//! What a real account does of what is taken for granted.

use std::{io, path::Path, time::Duration};

use crate::{
    account::consent,
    args::{self, Options},
    config::Config,
    exit::{Ended, Exit, Failure},
    output::Output,
    probe::{Marks, NO_REQUEST, Plan, Probe, Purpose},
};

const WARNING: &str = "\
The order is going to be marked as shipped, twice, with a made-up tracking number (POST orders/markasshipped).
It stays marked as shipped: nothing that this program does undoes that. Neither the customer nor a sales channel is notified.
Type the number of the order again to go on; anything else ends here, and nothing is written.";

/// Shows what the account does, and keeps the shapes of its answers.
pub(super) async fn probe(options: &Options, out: &mut Output, asked: &args::Probe) -> Ended {
    let config = Config::read(options)?;
    let (_, connection) = config.connection(options.connection.as_deref())?;
    let purpose = match asked.write {
        None => Purpose::Ask,
        Some(_) if options.dry_run => Purpose::DryRun,
        Some(_) => {
            consent(connection.may_be_changed(options), "probe --write")?;
            Purpose::Write
        }
    };
    let plan = Plan::new(asked.requests.map(usize::from), purpose);
    let mut probe = Probe::new(connection.keys.read()?, &connection.client, plan)?;
    if let Some(folder) = &asked.record {
        std::fs::create_dir_all(folder)?;
    }
    out.note(plan);
    let marks = marks(&probe, plan, out, asked).await?;
    probe.ask(&marks).await?;
    let recorded = asked.record.as_deref().map_or(Ok(()), |folder| record(&probe, folder));
    // What was learned by a change cannot be learned again: it is shown, whatever became of the files.
    out.show(&probe.sheet)?;
    recorded?;
    Ok(if probe.sheet.advice.is_empty() { Exit::Succeeded } else { Exit::WithErrors })
}

/// The order that may be marked, once a person has named it twice.
async fn marks(probe: &Probe, plan: Plan, out: &mut Output, asked: &args::Probe) -> Result<Marks, Failure> {
    let Some(number) = &asked.write else { return Ok(Marks::Unasked) };
    if plan.purpose == Purpose::Ask {
        return Ok(Marks::Not(NO_REQUEST));
    }
    let target = probe.find(number).await?;
    if plan.purpose == Purpose::DryRun {
        return Ok(Marks::Not("a dry run marks nothing"));
    }
    out.note(WARNING);
    let typed = io::stdin().lines().next().transpose()?.unwrap_or_default();
    if typed.trim_end_matches('\r') != number || number.trim().is_empty() {
        return Err(Failure::usage("nothing was written: this is not the number of the order"));
    }
    Ok(Marks::Twice(target, Duration::from_secs(asked.settle)))
}

fn record(probe: &Probe, folder: &Path) -> Result<(), Failure> {
    for (name, shape) in probe.fixtures() {
        std::fs::write(folder.join(name), format!("{shape:#}\n"))?;
    }
    Ok(())
}
