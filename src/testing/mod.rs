//! What a host needs to test its own integration.

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "simulator")]
pub mod simulator;
