//! A ShipStation of one's own on a loopback port, for programs in any language.

mod courier;
mod faults;
mod kept;
mod shop;

use std::{fmt::Write as _, time::Duration};

use serde_json::json;
use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::{Simulator, SimulatorConfig},
};

pub(super) use self::shop::fill;
use self::{
    courier::Courier,
    kept::{StateFile, passed},
};
use crate::{
    account::stop_at_interrupt,
    args::Simulate,
    exit::{Ended, Exit, Failure},
    output::Output,
};

/// How often simulated time follows the machine's.
const TICK: Duration = Duration::from_millis(200);

pub(super) async fn simulate(asked: &Simulate, out: &mut Output) -> Ended {
    let faults = faults::of(&asked.fault)?;
    let webhook = asked.webhook.as_deref().map(courier::address).transpose()?;
    let mut file = StateFile::new(asked.state.as_deref());
    let config = SimulatorConfig::default().now(SystemClock.now()).port(asked.port).seed(asked.seed);
    let config = config.real_time(true);
    let sim = match file.read()? {
        Some(text) => kept::restored(config, &text)?,
        None => founded(config, asked),
    };
    for account in sim.accounts() {
        faults.scripted(&account);
        if let Some(url) = &webhook {
            courier::subscribe(&account, url);
        }
    }
    sim.open_port().await.map_err(|error| {
        Failure::usage(format!("port {} cannot be opened: {error}; --port 0 takes a free one", asked.port))
    })?;
    file.write(&sim)?;
    let (stop, mut last) = (stop_at_interrupt(), passed());
    announce(&sim, out)?;
    let mut courier = Courier::new(asked.seed, faults.deliveries)?;
    while !stop.is_cancelled() {
        // Time that was let pass by the control API stays passed.
        let now = passed();
        sim.clock().advance(now.saturating_sub(last));
        last = now;
        courier.post(&sim);
        file.write_when_due(&sim)?;
        tokio::select! {
            () = SystemClock.sleep(TICK) => {}
            () = stop.cancelled() => {}
        }
    }
    file.write(&sim)?;
    let served: usize = sim.accounts().iter().map(|account| account.journal().len()).sum();
    out.note(format!("{served} requests were served, and {} deliveries made", courier.delivered()));
    Ok(Exit::Succeeded)
}

/// A simulator with as many accounts as were asked for, each with orders of its own.
fn founded(config: SimulatorConfig, asked: &Simulate) -> Simulator {
    let sim = Simulator::in_process(config);
    for number in 2..=asked.accounts {
        // The handle is one of `accounts`.
        let _ = sim.add_account(&format!("simulated-key-{number}"), &format!("simulated-secret-{number}"));
    }
    for (seed, account) in (asked.seed..).zip(sim.accounts()) {
        account.account(|account| fill(account, asked.orders, seed));
    }
    sim
}

/// What another program needs: lines for a shell, or a document.
fn announce(sim: &Simulator, out: &mut Output) -> Result<(), Failure> {
    let (url, accounts) = (sim.url(), sim.accounts());
    let mut lines = format!(
        "export SHIPSTATION_BASE_URL={url}\nexport SHIPSTATION_API_KEY={}\nexport SHIPSTATION_API_SECRET={}",
        sim.api_key(),
        sim.api_secret()
    );
    for account in accounts.iter().skip(1) {
        // A string takes everything.
        let _ = write!(lines, "\n# another account: {} {}", account.api_key(), account.api_secret());
    }
    let keys: Vec<_> = accounts
        .iter()
        .map(|account| json!({"api_key": account.api_key(), "api_secret": account.api_secret()}))
        .collect();
    let control = format!("{url}_simulator/");
    out.say(
        &lines,
        &json!({"base_url": url, "api_key": sim.api_key(), "api_secret": sim.api_secret(), "accounts": keys, "control": control}),
    )?;
    let orders: usize =
        accounts.iter().map(|account| account.account(|account| account.visible_orders().count())).sum();
    out.note(format!(
        "a simulated ShipStation with {orders} orders, until Ctrl-C; to see and change it: {control}"
    ));
    Ok(())
}
