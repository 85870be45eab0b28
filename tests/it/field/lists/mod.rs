//! Lists that contradict themselves, and rows that cannot be read.
