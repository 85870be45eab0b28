//! Shipments whose outcome is unknown, and what a host may say wrongly.
