//! What the household chose.

use core::num::NonZeroU32;

use meter_core::tic::FieldSet;
use thiserror::Error;

/// The switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measuring {
    /// Readings of the chosen fields are kept.
    On,
    /// Bytes are decoded, nothing is kept.
    Off,
}

/// A version of the choices; the broker numbers them, and a gateway never goes back to an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Grows with every change.
    pub version: u64,
    /// The switch.
    pub measuring: Measuring,
    /// What may be kept while measuring.
    pub fields: FieldSet,
    /// One frame is kept in each step of so many seconds, aligned on UTC.
    pub step_s: NonZeroU32,
}

/// What became of settings offered to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// They are in force.
    Adopted,
    /// They are older than, or the same as, those in force, which stay.
    NotNewer,
}

/// A step that is no step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the step of the settings is not between 1 and 86400 seconds")]
pub struct SettingsError;

/// A day: longer steps would say nothing of a curve.
const LONGEST_STEP_S: u32 = 86_400;

impl Settings {
    /// Settings with a step of `step_s` seconds.
    ///
    /// # Errors
    /// [`SettingsError`] if the step is 0 or longer than a day.
    pub fn new(
        version: u64,
        measuring: Measuring,
        fields: FieldSet,
        step_s: u32,
    ) -> Result<Self, SettingsError> {
        let step_s = NonZeroU32::new(step_s).filter(|step| step.get() <= LONGEST_STEP_S);
        Ok(Self {
            version,
            measuring,
            fields,
            step_s: step_s.ok_or(SettingsError)?,
        })
    }

    /// What may be kept now: nothing while the switch is off.
    #[must_use]
    pub const fn allowed(&self) -> FieldSet {
        match self.measuring {
            Measuring::On => self.fields,
            Measuring::Off => FieldSet::EMPTY,
        }
    }
}
