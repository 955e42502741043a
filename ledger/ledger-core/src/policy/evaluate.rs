//! Whether a checkpoint is good enough for a policy.

use std::collections::BTreeSet;

use super::{Item, Policy};
use crate::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint},
    cosignature::PosixSeconds,
    note::{Note, NoteError, VerifiedSignature, Vkey},
};

/// How far ahead of our clock a cosignature may be and still count, in seconds.
pub const MAX_AHEAD_SECONDS: u64 = 30;

/// Whether the time of the cosignatures matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// For proofs that were kept: what was witnessed then stays witnessed.
    Ignored,
    /// For a log that is looked at now: cosignatures of more than [`MAX_AHEAD_SECONDS`] ahead do not count, and the
    /// newest one that counts must not be older than `max_age_seconds`.
    Required {
        /// Our clock.
        now: PosixSeconds,
        /// Oldest that the newest cosignature may be, in seconds.
        max_age_seconds: u64,
    },
}

/// Whether enough witnesses vouch for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// As many as the policy asks for, or it asks for none.
    Met,
    /// Recorded, not (or not any more) witnessed.
    NotMet(NotMet),
}

/// Why there is no quorum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMet {
    /// Too few cosignatures.
    #[error("`{name}` needs {needs}, has {has}, lacks {}", list(.lacks))]
    TooFew {
        /// The witness or group of the `quorum` line.
        name: Item,
        /// How many members must have witnessed; 1 for a single witness.
        needs: usize,
        /// How many have.
        has: usize,
        /// Those that have not.
        lacks: Vec<Item>,
    },
    /// All cosignatures are too old: the log, or this copy of it, has not moved.
    #[error("the newest cosignature is of {newest}, older than {oldest_allowed}")]
    Stale {
        /// The newest that counts.
        newest: PosixSeconds,
        /// Seconds since 1970 that it would have to reach.
        oldest_allowed: u64,
    },
}

fn list(names: &[Item]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Why a checkpoint is refused whatever the witnesses say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// The policy does not name this log.
    #[error("the policy does not know the log `{origin}`")]
    UnknownLog {
        /// Origin of the checkpoint.
        origin: String,
    },
    /// Malformed, or the signature of the log, or one that names a trusted witness, does not verify.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl From<NoteError> for PolicyRefusal {
    fn from(cause: NoteError) -> Self {
        Self::Checkpoint(cause.into())
    }
}

/// A checkpoint of a log that the policy accepts, and whether enough witnesses vouch for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    checkpoint: SignedCheckpoint,
    quorum: Quorum,
}

impl Judged {
    /// The checkpoint, signed by its log.
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Whether enough witnesses vouch for it.
    pub const fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// The checkpoint, for whoever accepts only a witnessed one.
    ///
    /// # Errors
    /// [`NotMet`], the exact reason.
    pub fn witnessed(self) -> Result<SignedCheckpoint, NotMet> {
        match self.quorum {
            Quorum::Met => Ok(self.checkpoint),
            Quorum::NotMet(why) => Err(why),
        }
    }
}

impl Policy {
    /// Reads a signed checkpoint, verifies every signature that names a known key, and counts the witnesses.
    ///
    /// # Errors
    /// [`PolicyRefusal`]. Too few witnesses are no error here: see [`Judged`].
    pub fn judge(&self, note: &[u8], freshness: Freshness) -> Result<Judged, PolicyRefusal> {
        self.judge_note(Note::parse(note)?, freshness)
    }

    pub(crate) fn judge_note(&self, note: Note, freshness: Freshness) -> Result<Judged, PolicyRefusal> {
        let claim: Checkpoint = note.text().parse()?;
        let keys = self.log_keys(claim.origin());
        if keys.is_empty() {
            let origin = claim.origin().to_owned();
            return Err(PolicyRefusal::UnknownLog { origin });
        }
        let checkpoint = SignedCheckpoint::verify(note, &keys)?;
        let quorum = self.quorum(&checkpoint, freshness)?;
        Ok(Judged { checkpoint, quorum })
    }

    /// Whether enough witnesses vouch for a checkpoint whose log is known from elsewhere.
    ///
    /// # Errors
    /// [`NoteError::InvalidSignature`] when a line names a trusted witness that did not sign it.
    pub fn quorum(&self, checkpoint: &SignedCheckpoint, freshness: Freshness) -> Result<Quorum, NoteError> {
        let keys = self.witness_keys();
        Ok(self.count(&checkpoint.cosignatures(&keys)?, freshness))
    }

    /// Whether these cosignatures, all verified over one checkpoint, are enough.
    pub fn count(&self, cosigned: &[VerifiedSignature<'_>], freshness: Freshness) -> Quorum {
        if self.quorum.is_none() {
            return Quorum::Met;
        }
        let counted: Vec<_> = cosigned
            .iter()
            .filter_map(|one| Some((self.witness_name(one.key.public())?, one.cosigned_at?)))
            .filter(|(_, at)| freshness.counts(*at))
            .collect();
        if let Err(why) = self.enough(counted.iter().map(|(name, _)| *name).collect()) {
            return Quorum::NotMet(why);
        }
        let newest = counted.iter().map(|(_, at)| *at).max();
        match newest.map(|newest| freshness.is_fresh(newest)) {
            Some(Err(why)) => Quorum::NotMet(why),
            Some(Ok(())) | None => Quorum::Met,
        }
    }

    /// Whether the policy would be satisfied if exactly these of its witnesses had cosigned, and lately.
    pub fn would_be_met_by<'k>(&self, keys: impl IntoIterator<Item = &'k Vkey>) -> bool {
        let names = keys.into_iter().filter_map(|key| self.witness_name(key.public()));
        self.enough(names.collect()).is_ok()
    }

    fn witness_name(&self, public: &[u8; 32]) -> Option<&Item> {
        let found = self.witnesses.iter().find(|one| one.key.public() == public);
        found.map(|one| &one.name)
    }

    /// Groups name only what stands before them, so one pass in the order of the file decides all.
    fn enough(&self, cosigned: BTreeSet<&Item>) -> Result<(), NotMet> {
        let Some(quorum) = &self.quorum else { return Ok(()) };
        let mut witnessed = cosigned;
        for group in &self.groups {
            let has = group.members.iter().filter(|one| witnessed.contains(one)).count();
            if has >= group.threshold.get() {
                witnessed.insert(&group.name);
            }
        }
        if witnessed.contains(quorum) {
            return Ok(());
        }
        let single = std::slice::from_ref(quorum);
        let group = self.group(quorum);
        let (members, needs) = group.map_or((single, 1), |group| {
            (group.members.as_slice(), group.threshold.get())
        });
        let lacks: Vec<_> = members
            .iter()
            .filter(|one| !witnessed.contains(one))
            .cloned()
            .collect();
        Err(NotMet::TooFew {
            name: quorum.clone(),
            needs,
            has: members.len() - lacks.len(),
            lacks,
        })
    }
}

impl Freshness {
    fn counts(self, at: PosixSeconds) -> bool {
        match self {
            Self::Ignored => true,
            Self::Required { now, .. } => at.get() <= now.get().saturating_add(MAX_AHEAD_SECONDS),
        }
    }

    fn is_fresh(self, newest: PosixSeconds) -> Result<(), NotMet> {
        match self {
            Self::Required { now, max_age_seconds } => {
                let oldest_allowed = now.get().saturating_sub(max_age_seconds);
                if newest.get() >= oldest_allowed {
                    Ok(())
                } else {
                    Err(NotMet::Stale {
                        newest,
                        oldest_allowed,
                    })
                }
            }
            Self::Ignored => Ok(()),
        }
    }
}
