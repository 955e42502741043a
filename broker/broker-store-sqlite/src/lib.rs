//! The embedded store: one SQLite file and one lock file.
