//! The embedded store: one SQLite file for the broker, and one lock file beside it that no backup touches.
//!
//! [`SqliteStore`] implements the ports of `broker-store`: one writing connection (`BEGIN IMMEDIATE`), a few reading
//! ones (deferred, each transaction a snapshot), WAL with `synchronous=FULL`, so that a commit is on disk when it
//! returns. [`SqliteLockStore`] holds the newest signed checkpoint (`ledger.md` §12).
//!
//! What this crate deliberately does not: decisions, encryption (readings and profiles arrive sealed), or a second SQL
//! dialect (the other backend has its own crate and passes the same contract suite).

mod accounts;
mod connection;
mod consents;
mod disclosures;
mod dossiers;
mod entered;
mod erasure;
mod gateways;
mod homes;
mod households;
mod inspect;
mod intake;
mod ledger;
mod legal;
mod lock;
mod mandates;
mod members;
mod memory;
mod messages;
mod participants;
mod phones;
mod projects;
mod research;
mod restore;
mod rights;
mod roles;
mod row;
mod schema;
mod sessions;
mod sign_in;
mod signing;
mod store;
mod summaries;
mod tellings;
mod transaction;
mod transfers;
mod values;
mod watched;

pub use connection::Create;
pub use lock::{LockError, SqliteLockStore};
pub use schema::{NEWEST_SCHEMA, OpenError, migrate};
pub use store::SqliteStore;
