//! One SQL text in transactions: an embedded SQLite file with snapshots for readers and group commit for writers.
