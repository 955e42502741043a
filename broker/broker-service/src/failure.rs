//! Why a use case did not do what was asked. Three kinds, never mixed: refusal, conflict, fault.

use broker_domain::time::{EntropyUnavailable, InvalidTime};
use broker_store::StoreError;
use thiserror::Error;

/// The outcome of a use case that did not happen.
#[derive(Debug, Error)]
pub enum Failure<R> {
    /// Expected and explained: the caller can act on it.
    #[error("{0}")]
    Refused(R),
    /// Something changed between the decision and the commit: the same request may succeed when repeated.
    #[error("something changed meanwhile: repeat the request")]
    Conflict,
    /// Ours.
    #[error(transparent)]
    Fault(Fault),
}

impl<R> Failure<R> {
    /// The same failure with another refusal type.
    pub fn map_refusal<S>(self, to: impl FnOnce(R) -> S) -> Failure<S> {
        match self {
            Self::Refused(refusal) => Failure::Refused(to(refusal)),
            Self::Conflict => Failure::Conflict,
            Self::Fault(fault) => Failure::Fault(fault),
        }
    }
}

/// Something of ours that failed. Nothing was handed out.
#[derive(Debug, Error)]
pub enum Fault {
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// A row changed meanwhile.
    #[error("conflict in `{table}`")]
    Conflict {
        /// The table.
        table: &'static str,
    },
    /// The system gave no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// A key, seal or signature could not be made or opened.
    #[error("cryptography failed during `{during}`")]
    Crypto {
        /// What was being done.
        during: &'static str,
    },
    /// The queue of the ledger is full; nothing was written.
    #[error("the broker is busy; repeat the request in a second")]
    Busy,
    /// The ledger stopped because a step failed whose outcome is unknown. An operator must look.
    #[error("the ledger has stopped and signs nothing; an operator must look at its log")]
    Stopped,
    /// The group could not be committed; nothing was written.
    #[error("the ledger could not commit; nothing was written, repeat the request")]
    NotCommitted,
    /// Too few witnesses vouch for the record, and nothing leaves without them. It stands; nothing was handed out.
    #[error("not enough witnesses vouch for the ledger; nothing is handed over until they do")]
    NotWitnessed,
    /// The subject is unknown or erased: no record can be made about it.
    #[error("the subject is unknown or was erased")]
    SubjectErased,
    /// The log holds as many leaves as it may.
    #[error("the log is full")]
    LogFull,
    /// The detail of a record is not in the database, though nobody was erased and no restore lost it. Nothing that could
    /// pass for a lost one is handed out (`docs/decisions/0025`).
    #[error(
        "the detail of the record at leaf {leaf_index} is missing and no restore lost it; restore a backup that has it"
    )]
    DetailMissing {
        /// Where the record stands.
        leaf_index: u64,
    },
    /// A stored value does not fit what this program writes.
    #[error("stored data does not fit: `{what}`")]
    Corrupt {
        /// What.
        what: &'static str,
    },
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { table } => Self::Conflict { table },
            other => Self::Store(other),
        }
    }
}

impl From<InvalidTime> for Fault {
    fn from(_: InvalidTime) -> Self {
        Self::Corrupt { what: "time" }
    }
}

impl<R> From<Fault> for Failure<R> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Conflict { .. } => Self::Conflict,
            other => Self::Fault(other),
        }
    }
}

impl<R> From<StoreError> for Failure<R> {
    fn from(error: StoreError) -> Self {
        Fault::from(error).into()
    }
}

impl<R> From<EntropyUnavailable> for Failure<R> {
    fn from(error: EntropyUnavailable) -> Self {
        Self::Fault(error.into())
    }
}

impl<R> From<InvalidTime> for Failure<R> {
    fn from(error: InvalidTime) -> Self {
        Self::Fault(error.into())
    }
}
