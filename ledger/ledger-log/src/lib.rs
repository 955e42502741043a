//! The sequencer of the ledger: group commit, tiles, checkpoint, in an order that survives a crash.
//!
//! One writer per log, many front ends. The order of a batch (each step durable before the next begins):
//!
//! 1. [`Sequencer`] collects jobs from a bounded queue.
//! 2. The service's [`Committer`] runs **one** SQL transaction: details, salts, numbers, leaves, new hashes, head.
//! 3. [`Publisher`] checks that time moved forward, recomputes the root and signs the checkpoint.
//! 4. It swaps the checkpoint in the [`LockStore`]: the commit point. From here on an error stops the writer.
//! 5. It writes tiles and bundles to the [`PublicStore`].
//! 6. Witnesses are asked to cosign, in parallel and with a time limit, when the log has any: by the [`Keeper`], which
//!    then does step 7 too, beside the publisher. Nobody waits for it who only records something.
//! 7. It replaces the file `checkpoint`.
//! 8. [`Sequencer`] answers the callers with the signed checkpoint their records stand in.
//!
//! The steps of one batch overlap those of others: 1 and 2, 3 and 4, 5 to 8 are three stages. Batches that were signed
//! while others were made public are made public together. A batch under load ends where a tile is full.
//!
//! [`Publisher::recover`] runs steps 4 to 7 for whatever a crash left undone, with the same code, and refuses to
//! sign when the stores contradict each other.
//!
//! [`LogMap`] keeps the map of tags beside the log: its root stands in the last leaf of each batch (step 2), and readers
//! take proofs from a [`MapSnapshot`].
//!
//! This crate deliberately knows neither SQL nor records: leaves are bytes. It reads no clock; instants arrive with
//! the committed head.

mod edge;
mod folder;
mod full;
mod map;
mod ports;
mod publisher;
mod sequencer;
mod sweep;
mod witness;

pub use folder::FolderStore;
pub use full::{FullCheck, Stated, Wrong, full_check, rewrite_public};
pub use map::{LogMap, MapConfig, MapFault, MapSnapshot, StagedMap};
pub use ports::{
    DataHead, LockStore, LogData, LogId, PublicFault, PublicFile, PublicStore, StoreFault, Swap, UnixMicros,
};
pub use publisher::{Appended, PublishFault, Publisher, RecoverError, Rotation, State, Stores, Survey};
pub use sequencer::{
    CommitFault, Committed, Committer, Published, Sequencer, SequencerConfig, Stop, SubmitError,
};
pub use sweep::{SweepFault, Swept, sweep};
pub use witness::{
    Answering, DataProofs, Finding, Handover, Keeper, KeeperClock, KeeperConfig, KeeperStop, ProofSource,
    RawAnswer, Standing, StopKeeper, TransportFault, Unwitnessed, WitnessConfig, WitnessReport, WitnessState,
    WitnessStop, WitnessTransport, WitnessView, Witnessed, WitnessedHead, Witnesses,
};
