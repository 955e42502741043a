//! Batches of readings, sealed at intake and opened for a warrant.
//!
//! ```text
//! key        = HKDF-Expand(data key, "fiducie-batch-key/v1" || 00 || batch, 32)
//! associated = "fiducie-batch/v1" || 00 || participant || point || gateway || batch
//!              || i64be start µs || i64be end µs || u32be epoch
//! sealed     = 01 || nonce || AES-256-GCM(key, nonce, associated, readings in their one encoding) || tag
//! ```

use std::fmt;

use broker_domain::consent::CoveredIntake;
use broker_domain::ids::{BatchId, GatewayId, ParticipantId, PointId};
use broker_domain::reading::{Reading, ReadingBatch};
use broker_domain::time::{Entropy, Instant, Interval};
use broker_domain::warrant::Warrant;
use zeroize::Zeroize;

use crate::aead;
use crate::encoding::{decode, encode};
use crate::error::VaultError;
use crate::key::{DataKey, Epoch};

const KEY_LABEL: &str = "fiducie-batch-key/v1";
const LABEL: &[u8] = b"fiducie-batch/v1\0";

/// What stands beside a sealed batch in clear. Each field is authenticated: change one and the batch does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// Whose.
    pub participant: ParticipantId,
    /// Measured where.
    pub point: PointId,
    /// By which gateway.
    pub gateway: GatewayId,
    /// Its identifier.
    pub batch: BatchId,
    /// From the first reading, included, to one microsecond after the last.
    pub span: Interval,
    /// The data key it is sealed under.
    pub epoch: Epoch,
}

impl BatchHeader {
    fn associated(&self) -> Vec<u8> {
        [
            LABEL,
            self.participant.as_bytes(),
            self.point.as_bytes(),
            self.gateway.as_bytes(),
            self.batch.as_bytes(),
            &self.span.start().as_micros().to_be_bytes(),
            &self.span.end().as_micros().to_be_bytes(),
            &self.epoch.0.to_be_bytes(),
        ]
        .concat()
    }
}

/// A batch as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBatch {
    /// In clear.
    pub header: BatchHeader,
    /// `01 || nonce[12] || ciphertext || tag[16]`.
    pub sealed: Vec<u8>,
}

impl fmt::Debug for SealedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedBatch")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Seals a batch that the consents want collected.
///
/// # Errors
/// [`VaultError::OtherHousehold`] when the coverage, the batch and the key do not speak of the same person and point;
/// [`VaultError::OutsideConsent`] when a reading was not dropped by `broker_domain::intake::minimise`;
/// [`VaultError::Encoding`] when the readings are not in order; [`VaultError::Entropy`] without randomness.
pub fn seal_batch(
    key: &DataKey,
    covered: &CoveredIntake,
    batch: &ReadingBatch,
    entropy: &dyn Entropy,
) -> Result<SealedBatch, VaultError> {
    if covered.participant() != key.owner() || covered.point() != batch.point {
        return Err(VaultError::OtherHousehold);
    }
    let agreed = |reading: &Reading| covered.spans().iter().any(|span| span.contains(reading.at));
    let spanned = |reading: &Reading| batch.span.contains(reading.at);
    if !batch
        .readings
        .iter()
        .all(|reading| agreed(reading) && spanned(reading))
    {
        return Err(VaultError::OutsideConsent);
    }
    let header = BatchHeader {
        participant: covered.participant(),
        point: batch.point,
        gateway: batch.gateway,
        batch: batch.id,
        span: batch.span,
        epoch: key.epoch(),
    };
    let plaintext = encode(&batch.readings)?;
    let derived = key.derive(KEY_LABEL, batch.id.as_bytes())?;
    let sealed = aead::seal(&derived, &header.associated(), &plaintext, entropy)?;
    Ok(SealedBatch { header, sealed })
}

/// Opens a batch and keeps the readings that the warrant allows.
///
/// Readings from the start of the warrant's span to its end **included** are kept. The span is half-open, but energy is
/// a difference of indices: the last step of a curve needs the index at the very instant where the span ends, and that
/// index says nothing about what was used after it. A momentary power at that instant is dropped, as it belongs to the
/// step after.
///
/// # Errors
/// [`VaultError::StaleWarrant`] when it was not decided within the last minute before `now`,
/// [`VaultError::NotWarranted`] when the warrant is not for this participant and point: nothing is decrypted then.
/// [`VaultError::OtherKey`], [`VaultError::NotAuthentic`], [`VaultError::UnknownFormat`], [`VaultError::Encoding`] when
/// the key or the bytes are not what they should be.
pub fn open_batch(
    warrant: &dyn Warrant,
    now: Instant,
    key: &DataKey,
    batch: &SealedBatch,
) -> Result<OpenedReadings, VaultError> {
    warrant.check_fresh(now)?;
    let header = &batch.header;
    let allowed = warrant
        .span_for(header.participant, header.point)
        .ok_or(VaultError::NotWarranted)?;
    if key.owner() != header.participant || key.epoch() != header.epoch {
        return Err(VaultError::OtherKey);
    }
    let derived = key.derive(KEY_LABEL, header.batch.as_bytes())?;
    let plaintext = aead::open(&derived, &header.associated(), &batch.sealed)?;
    let mut opened = OpenedReadings(decode(&plaintext)?);
    opened.keep(|reading| allowed.contains(reading.at) || is_closing_index(reading, allowed.end()));
    Ok(opened)
}

fn is_closing_index(reading: &Reading, end: Instant) -> bool {
    use broker_domain::reading::Quantity;
    match reading.label.quantity() {
        Quantity::EnergyDrawnTotal | Quantity::EnergyDrawnTariff | Quantity::EnergyInjected => {
            reading.at == end
        }
        Quantity::ApparentPower | Quantity::Other => false,
    }
}

/// Readings in clear, whose values are erased from memory when dropped. No readable `Debug`.
///
/// LIMIT: a reading cloned out of it is the caller's to keep short-lived.
#[derive(Default)]
pub struct OpenedReadings(Vec<Reading>);

impl OpenedReadings {
    /// The readings, in order of time, then label, as long as batches were absorbed in order of time.
    #[must_use]
    pub fn as_slice(&self) -> &[Reading] {
        &self.0
    }

    /// Adds the readings of another batch behind these.
    pub fn absorb(&mut self, mut other: Self) {
        // Growing moves readings and would leave the old values behind, so the old memory is erased first.
        let mut grown = Vec::with_capacity(self.0.len() + other.0.len());
        grown.extend(self.0.iter().cloned());
        grown.append(&mut other.0);
        erase(&mut self.0);
        self.0 = grown;
    }

    /// Drops what was measured from `end` on: the person did not live there any more, and these readings are nobody's to
    /// see. The index at that very instant closes her own last step and is kept.
    pub fn end_at(&mut self, end: Instant) {
        self.keep(|reading| reading.at < end || is_closing_index(reading, end));
    }

    fn keep(&mut self, wanted: impl Fn(&Reading) -> bool) {
        for reading in self.0.iter_mut().filter(|reading| !wanted(reading)) {
            reading.value.zeroize();
        }
        self.0.retain(|reading| wanted(reading));
    }
}

impl AsRef<[Reading]> for OpenedReadings {
    fn as_ref(&self) -> &[Reading] {
        &self.0
    }
}

impl Drop for OpenedReadings {
    fn drop(&mut self) {
        erase(&mut self.0);
    }
}

impl fmt::Debug for OpenedReadings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedReadings(hidden)")
    }
}

fn erase(readings: &mut [Reading]) {
    for reading in readings {
        reading.value.zeroize();
    }
}

#[cfg(test)]
mod tests;
