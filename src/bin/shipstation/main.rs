//! ShipStation as a sales channel, from a terminal: a thin shell over the crate's public API.
//!
//! `args` says what can be asked, `config` and `account` with what it is done, `verbs` does it, `output` and `progress` show it, and
//! `exit` says how it ended.

mod account;
mod args;
mod config;
mod exit;
mod output;
mod probe;
mod progress;
mod store;
mod verbs;

use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use self::{args::Args, exit::Exit, output::Output};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are what was asked for. A pipe that is closed meanwhile takes nothing from anybody.
            let _ = error.print();
            if !error.use_stderr() {
                return Exit::Succeeded.into();
            }
            if std::env::args_os().any(|word| word == "--json") {
                let _ =
                    Output::new(true).json(&json!({"error": error.to_string(), "exit": Exit::Usage as u8}));
            }
            return Exit::Usage.into();
        }
    };
    let mut output = Output::new(args.options.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.failed(&error.into()).into(),
    };
    match runtime.block_on(verbs::run(args, &mut output)) {
        Ok(exit) => exit,
        Err(failure) => output.failed(&failure),
    }
    .into()
}
