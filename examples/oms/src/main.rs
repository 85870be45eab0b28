//! The program: see the crate's own page.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to a person")]

use std::{net::SocketAddr, process::ExitCode};

use clap::{Parser, Subcommand};
use oms::{Failure, Options, Running, Scene, add_account, add_operator, remove_operator};

/// A small order-management system on ShipStation. Without a database: two weeks of a simulated shop.
#[derive(Parser)]
#[command(name = "oms")]
struct Arguments {
    /// A file for SQLite, or postgres://…
    #[arg(long, global = true, env = "OMS_DATABASE", hide_env_values = true)]
    database: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Where the web server listens. It speaks plain HTTP: put a server with TLS before it, except on this machine.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where ShipStation reaches it, for webhooks: https://…
    #[arg(long)]
    public_url: Option<String>,
    /// Serve simulated accounts from the database, too.
    #[arg(long)]
    simulated: bool,
}

#[derive(Subcommand)]
enum Verb {
    /// Let an operator sign in, with a new password that is printed once
    Operator {
        /// Its name
        name: String,
        /// Let it sign in no more
        #[arg(long)]
        remove: bool,
    },
    /// Serve an account of ShipStation, or give it new keys. They are read from the environment.
    Connect {
        /// What the connection is called
        name: String,
        /// The last day of the keys, as 2026-12-31
        #[arg(long)]
        expires_on: Option<String>,
        #[arg(long, env = "SHIPSTATION_API_KEY", hide = true, hide_env_values = true)]
        api_key: String,
        #[arg(long, env = "SHIPSTATION_API_SECRET", hide = true, hide_env_values = true)]
        api_secret: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oms: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { database, verb, listen, public_url, simulated } = arguments;
    let kept = database.as_deref().ok_or("say which database: --database or OMS_DATABASE");
    match verb {
        None => {
            let scene = (simulated || database.is_none()).then_some(Scene::Filled);
            serve(Options { listen, database, public_url, scene }).await
        }
        Some(Verb::Operator { name, remove: true }) => {
            let was_there = remove_operator(kept?, &name).await?;
            println!("{name} {}", if was_there { "signs in no more" } else { "could not sign in before" });
            Ok(())
        }
        Some(Verb::Operator { name, remove: false }) => {
            println!("{name} signs in with {}", add_operator(kept?, &name).await?);
            Ok(())
        }
        Some(Verb::Connect { name, expires_on, api_key, api_secret }) => {
            add_account(kept?, &name, (api_key, api_secret), expires_on).await?;
            println!("{name} is served from now on");
            Ok(())
        }
    }
}

async fn serve(options: Options) -> Result<(), Failure> {
    if options.scene.is_some() {
        println!("playing two weeks of a simulated shop …");
    }
    let mut interrupted = interrupts()?;
    let running = tokio::select! {
        running = Running::start(options) => running?,
        () = interrupted() => return Ok(()),
    };
    println!("http://{}", running.address);
    if let Some((name, password)) = &running.operator {
        println!("sign in as {name} with {password}");
    }
    println!("Ctrl-C stops it; a second one ends it at once");
    interrupted().await;
    tokio::select! {
        () = running.stop() => {}
        () = interrupted() => {}
    }
    Ok(())
}

/// Listens from here on for Ctrl-C, and for the system's wish that the program ends: each call waits for the next one.
#[cfg(unix)]
fn interrupts() -> Result<impl AsyncFnMut(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn interrupts() -> Result<impl AsyncFnMut(), Failure> {
    Ok(async || {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
