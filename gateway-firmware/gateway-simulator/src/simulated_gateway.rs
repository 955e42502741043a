//! A gateway at the end of a household's wire.

use gateway_device::{Counters, Device, Identity, Settings};
use jiff::civil::Date;
use meter_core::envelope::{EnvelopeError, SIGNATURE_LENGTH};

use crate::{
    calendar::Day,
    household::Household,
    random::{Random, Stream},
};

/// The real [`Device`] listening to a simulated meter. The caller keeps the key and lends the signing function.
#[derive(Debug)]
pub struct SimulatedGateway<Sign> {
    household: Household,
    device: Device,
    batch_ids: Random,
    sign: Sign,
}

impl<Sign: FnMut(&[u8]) -> [u8; SIGNATURE_LENGTH]> SimulatedGateway<Sign> {
    /// A gateway that has heard nothing yet. `sign` is Ed25519 over the message it gets.
    ///
    /// Batch ids follow from `run`: give another one to each run that talks to the same broker, or the broker takes
    /// its batches for repetitions.
    pub fn new(household: &Household, identity: Identity, settings: Settings, run: u64, sign: Sign) -> Self {
        Self {
            household: household.clone(),
            device: Device::new(identity, settings),
            batch_ids: Random::keyed(run, Stream::Batch, i64::from(household.index())),
            sign,
        }
    }

    /// The household it listens to.
    pub fn household(&self) -> &Household {
        &self.household
    }

    /// The device, to adopt newer settings.
    pub fn device_mut(&mut self) -> &mut Device {
        &mut self.device
    }

    /// What was heard, refused and kept until now.
    pub fn counters(&self) -> Counters {
        self.device.counters()
    }

    /// The signed envelopes of one local day, oldest first: a frame every `step_s` seconds, a batch every `batch_s`
    /// seconds. Empty when the settings let nothing through.
    ///
    /// # Errors
    /// As [`Self::batches`].
    pub fn day_batches(
        &mut self,
        date: Date,
        step_s: u32,
        batch_s: u32,
    ) -> Result<Vec<Vec<u8>>, EnvelopeError> {
        let day = Day::of(date);
        self.batches(day.starts_at_us, day.ends_at_us(), step_s, batch_s)
    }

    /// The signed envelopes of the frames from `from_us` (included) to `until_us` (excluded), microseconds UTC. A
    /// batch is closed when the first frame of the next period of `batch_s` seconds since 1970 arrives (and is dated
    /// with that arrival), when it is full, and at `until_us`. Time only goes forward: asking again for hours already
    /// heard gives frames that plausibility refuses.
    ///
    /// # Errors
    /// [`EnvelopeError::Oversized`], which the bound on batches of the device prevents.
    pub fn batches(
        &mut self,
        from_us: i64,
        until_us: i64,
        step_s: u32,
        batch_s: u32,
    ) -> Result<Vec<Vec<u8>>, EnvelopeError> {
        let period_us = i64::from(batch_s.max(1)) * 1_000_000;
        let mut envelopes = Vec::new();
        let mut period = from_us.div_euclid(period_us);
        // A copy, since the frames borrow it while the device changes.
        let household = self.household.clone();
        for (at_us, bytes) in household.frames(from_us, until_us, step_s) {
            if at_us.div_euclid(period_us) != period || self.device.is_full() {
                period = at_us.div_euclid(period_us);
                envelopes.extend(self.take_batch(at_us)?);
            }
            self.device.push(&bytes, at_us);
        }
        envelopes.extend(self.take_batch(until_us)?);
        Ok(envelopes)
    }

    fn take_batch(&mut self, now_us: i64) -> Result<Option<Vec<u8>>, EnvelopeError> {
        let id = random_uuid(&mut self.batch_ids);
        self.device.take_batch(id, now_us, &mut self.sign)
    }
}

/// RFC 9562 §5.4: version 4, variant 10.
fn random_uuid(random: &mut Random) -> [u8; 16] {
    let value = u128::from(random.bits()) << 64 | u128::from(random.bits());
    let version = (value & !(0xF << 76)) | (4 << 76);
    ((version & !(0x3 << 62)) | (0x2 << 62)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_ids_are_version_four_uuids() {
        let mut random = Random::from_seed(1);
        for id in (0..100).map(|_| random_uuid(&mut random)) {
            assert_eq!((id[6] >> 4, id[8] >> 6), (4, 2));
        }
    }
}
