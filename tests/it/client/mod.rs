//! The V1 client against test servers.

mod clock_limiter;
mod clock_shared_window;
mod clock_timeouts;
mod credentials;
mod faults_bodies;
mod faults_outcomes;
mod secrets_output;
mod settings;
mod wire_contract;
mod wire_fixtures;
mod wire_paging;
mod wire_reads;
mod wire_recorded;
mod wire_table;
mod wire_tolerance;
