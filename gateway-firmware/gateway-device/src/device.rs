//! A gateway without its hardware.

use alloc::vec::Vec;

use meter_core::envelope::{ContentType, EnvelopeError, Header, SIGNATURE_LENGTH, encode};
use meter_core::senml::{pack_of, urn_of};
use meter_core::tic::{Decoder, Event, LegalTime, Parity, Plausibility, Refused, Verdicts};

use crate::sampler::Sampler;
use crate::settings::{Adoption, Settings};

/// Who signs, and about which delivery point. Random identifiers given at enrolment, not those of the meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// UUID of the gateway.
    pub gateway_id: [u8; 16],
    /// UUID of the delivery point.
    pub point_id: [u8; 16],
}

/// What happened since the device was made. No reading is in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// What the decoder refused, by cause.
    pub refused: Refused,
    /// What plausibility decided.
    pub verdicts: Verdicts,
    /// Readings put into a batch.
    pub readings_kept: u64,
    /// Readings that a full batch had no room for.
    pub readings_dropped: u64,
    /// Batches taken.
    pub batches: u64,
}

/// Decodes, checks, filters and batches the frames of one meter.
#[derive(Debug)]
pub struct Device {
    identity: Identity,
    decoder: Decoder,
    judge: Plausibility,
    sampler: Sampler,
    frame_started_at_us: i64,
    next_sequence: u64,
    batches: u64,
}

impl Device {
    /// A device for a meter in mainland France, whose serial port removes the parity bit. Sequence numbers start at 1.
    #[must_use]
    pub const fn new(identity: Identity, settings: Settings) -> Self {
        Self {
            identity,
            decoder: Decoder::new(Parity::Stripped),
            judge: Plausibility::new(LegalTime::Mainland),
            sampler: Sampler::new(settings),
            frame_started_at_us: 0,
            next_sequence: 1,
            batches: 0,
        }
    }

    /// The same device reading 8N1 captures, or the reverse.
    #[must_use]
    pub const fn with_parity(mut self, parity: Parity) -> Self {
        self.decoder = Decoder::new(parity);
        self
    }

    /// The same device for a meter in another legal time.
    #[must_use]
    pub const fn with_legal_time(mut self, legal_time: LegalTime) -> Self {
        self.judge = Plausibility::new(legal_time);
        self
    }

    /// The same device after a restart: the next batch gets this sequence number.
    #[must_use]
    pub const fn with_next_sequence(mut self, next_sequence: u64) -> Self {
        self.next_sequence = next_sequence;
        self
    }

    /// The sequence number the next batch will have.
    #[must_use]
    pub const fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The settings in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        self.sampler.settings()
    }

    /// Puts newer settings in force at once. Readings of the open batch that they no longer allow are forgotten.
    pub fn adopt(&mut self, settings: Settings) -> Adoption {
        if settings.version <= self.sampler.settings().version {
            return Adoption::NotNewer;
        }
        self.sampler.adopt(settings);
        Adoption::Adopted
    }

    /// Takes bytes of the meter, all received at `received_at_us` (UTC microseconds). Frames are dated by the meter's
    /// clock when it is good, else by the reception of their STX; so hand in what a read returned, not a whole file.
    pub fn push(&mut self, bytes: &[u8], received_at_us: i64) {
        let Self {
            decoder,
            judge,
            sampler,
            frame_started_at_us,
            ..
        } = self;
        decoder.push(bytes, |event| match event {
            Event::FrameStarted => *frame_started_at_us = received_at_us,
            Event::Frame(frame) => {
                if let Ok(trusted) = judge.check(frame, *frame_started_at_us) {
                    sampler.take_frame(&trusted, *frame_started_at_us);
                }
            }
            Event::Group(_) | Event::Refused { .. } => {}
        });
    }

    /// Whether the open batch holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sampler.is_empty()
    }

    /// Whether the open batch has no room for another frame: take it now, or readings are dropped and counted.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.sampler.is_full()
    }

    /// Closes the open batch: the bytes of a signed envelope, or `None` if there is nothing to send. `batch_id` must be
    /// fresh and random; `sign` is Ed25519 over the message it gets. The caller keeps the bytes until they are durable.
    ///
    /// # Errors
    /// [`EnvelopeError::Oversized`], which the bound on batches prevents; the batch then stays open.
    pub fn take_batch(
        &mut self,
        batch_id: [u8; 16],
        now_us: i64,
        sign: impl FnOnce(&[u8]) -> [u8; SIGNATURE_LENGTH],
    ) -> Result<Option<Vec<u8>>, EnvelopeError> {
        if self.sampler.is_empty() {
            return Ok(None);
        }
        let payload = pack_of(&urn_of(&self.identity.point_id), self.sampler.open()).to_cbor();
        let header = Header {
            content: ContentType::SenmlCbor,
            gateway_id: self.identity.gateway_id,
            point_id: self.identity.point_id,
            batch_id,
            sequence: self.next_sequence,
            created_at_us: now_us,
        };
        let bytes = encode(&header, &payload, sign)?;
        self.sampler.close();
        self.next_sequence = self.next_sequence.saturating_add(1);
        self.batches = self.batches.saturating_add(1);
        Ok(Some(bytes))
    }

    /// What happened until now.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters {
            refused: self.decoder.refused(),
            verdicts: self.judge.verdicts(),
            readings_kept: self.sampler.kept,
            readings_dropped: self.sampler.dropped,
            batches: self.batches,
        }
    }
}

#[cfg(test)]
mod tests;
