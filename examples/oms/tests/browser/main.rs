//! The pages as a browser shows them: Chromium, run by its driver, with the JavaScript of pages switched off.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod audit;
mod audit_test;
mod browser;
mod browser_test;
mod driver;
mod operator_test;
mod pages_test;
mod site;
