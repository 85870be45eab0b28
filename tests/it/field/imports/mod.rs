//! Imports under odd answers, clocks and settings.
