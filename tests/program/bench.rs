//! A folder, a simulated account, and the program that works in the one with the other.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use shipstation_connector::{
    client::{Clock, SystemClock},
    testing::simulator::{RateLimit, SimAddress, SimLine, SimOrder, SimProduct, Simulator, SimulatorConfig},
};

/// What no output but `orders take` may hold.
pub(crate) const BUYER: &str = "Rosalind Thornbury";

pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) folder: tempfile::TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let config = SimulatorConfig::default().now(SystemClock.now()).rate_limit(RateLimit::Unlimited);
        let sim = Simulator::start(config).await.unwrap();
        sim.account(|account| account.add_product(SimProduct::new("MUG-1")));
        Self { sim, folder: tempfile::tempdir().unwrap() }
    }

    /// An order of this number and shipping text; its id.
    pub(crate) fn order(&self, number: &str, text: &str) -> i64 {
        self.sim.account(|account| {
            let order = SimOrder::new(number).created(account.now() - std::time::Duration::from_secs(3600));
            let buyer = SimAddress::sample().set("name", BUYER);
            account.add_order(order.shipping(text).ship_to(buyer).line(SimLine::new("MUG-1", 2, "18.50")))
        })
    }

    /// The program with the simulator's keys in its environment.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shipstation"));
        command.current_dir(self.folder.path()).args(words).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SHIPSTATION_")) {
            command.env_remove(name);
        }
        command
            .env("SHIPSTATION_API_KEY", self.sim.api_key())
            .env("SHIPSTATION_API_SECRET", self.sim.api_secret())
            .env("SHIPSTATION_BASE_URL", self.sim.url());
        command
    }

    /// Runs the program; neither key nor buyer may be in what it says.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        let ended = ended(self.command(words).output().unwrap());
        for secret in [self.sim.api_secret(), BUYER] {
            assert!(!ended.out.contains(secret) && !ended.err.contains(secret), "{words:?}: {ended:?}");
        }
        ended
    }

    /// The same, where the code is this one: what it says.
    pub(crate) fn text(&self, code: i32, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code, code, "{words:?}: {ended:?}");
        ended.out
    }

    /// The same as one JSON document.
    pub(crate) fn json(&self, code: i32, words: &[&str]) -> Value {
        let text = self.text(code, &[words, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"))
    }

    /// What the program says to standard error, where the code is this one.
    pub(crate) fn refused(&self, code: i32, words: &[&str]) -> String {
        let ended = self.run(words);
        assert_eq!(ended.code, code, "{words:?}: {ended:?}");
        ended.err
    }

    /// Runs the program with this on its standard input.
    pub(crate) fn with_input(&self, words: &[&str], input: &str) -> Ended {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ended(child.wait_with_output().unwrap())
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    /// A configuration file of this, with the connection `shop` at the simulator's address.
    pub(crate) fn configure(&self, text: &str) {
        let file = format!("[connections.shop.client]\nbase_url = \"{}\"\n{text}", self.sim.url());
        self.write("shipstation.toml", &file);
    }

    /// A file that only its owner can read, or everybody.
    #[cfg(unix)]
    pub(crate) fn mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Ctrl-C.
pub(crate) fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}
