//! The whole cycle, and what every operation has in common.

mod bad_input;
mod rotation;
mod scenario;
mod secrets;
mod toy_channel;
mod twice;
mod webhooks;
