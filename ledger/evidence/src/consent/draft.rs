//! A record without its newest act: what the person is shown, and signs.

use serde_json::Value;

use super::act::ConsentEvent;
use super::{ConsentError, ConsentRecord, ConsentTerms, STATUS, build};
use crate::jcs::{self, JcsError};
use crate::record::{Digest, Instant};

/// A record that waits for its act (`consent.md` §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentDraft(Value);

impl ConsentDraft {
    /// The draft of a version: 1 for a consent that is asked for. `earlier` are all events so far, in their order; those that
    /// made a record name its digest.
    ///
    /// # Errors
    /// [`ConsentError::Member`] for an earlier event without what its act has to tell: none is left out.
    pub fn new(
        terms: &ConsentTerms,
        version: u32,
        created: Instant,
        earlier: &[ConsentEvent],
    ) -> Result<Self, ConsentError> {
        build::document(terms, version, created, earlier).map(Self)
    }

    /// Takes stored bytes up.
    ///
    /// # Errors
    /// Any [`JcsError`]; whether it is a draft shows when the act is added.
    pub fn parse(bytes: &[u8]) -> Result<Self, JcsError> {
        jcs::parse(bytes).map(Self)
    }

    /// The canonical bytes.
    ///
    /// # Errors
    /// [`JcsError`] never for a draft of ours: its numbers are small.
    pub fn to_jcs_bytes(&self) -> Result<Vec<u8>, JcsError> {
        jcs::to_bytes(&self.0)
    }

    /// `terms_sha256`.
    ///
    /// # Errors
    /// As [`Self::to_jcs_bytes`].
    pub fn digest(&self) -> Result<Digest, JcsError> {
        Ok(Digest::of(&self.to_jcs_bytes()?))
    }

    /// The record that the act makes.
    ///
    /// # Errors
    /// [`ConsentError`] for an act that the ledger does not hold, or bytes that were no draft.
    pub fn with(mut self, act: &ConsentEvent) -> Result<ConsentRecord, ConsentError> {
        let events = self.0.get_mut(STATUS).and_then(Value::as_array_mut);
        let events = events.ok_or(ConsentError::Member { member: STATUS })?;
        events.push(build::event(act)?);
        ConsentRecord::try_from(self.0)
    }
}
