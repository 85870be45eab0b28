//! Runs under random faults of every kind.
