//! Rules 1 to 4 of trust (`reference/tic.md` §3): what the 6-bit checksum does not see.

mod cross_check;
mod history;

use thiserror::Error;

use super::form::has_right_form;
use super::frame::{Frame, FrameEnd};
use super::horodate::{LegalTime, MeterClock, SeasonCheck};
use super::status::Status;
use history::Snapshot;

/// Frames that must agree among themselves before a break with the past is believed: a meter that was replaced, a
/// clock that was set, or a first frame that was itself wrong.
const AGREEING_FRAMES: u8 = 3;

/// A frame every group of which may be used. Only [`Plausibility::check`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Trusted<'f> {
    frame: &'f Frame,
    meter_clock_us: Option<i64>,
    legal_time: LegalTime,
}

impl<'f> Trusted<'f> {
    /// The frame.
    #[must_use]
    pub const fn frame(&self) -> &'f Frame {
        self.frame
    }

    /// DATE as UTC microseconds; `None` in historique, when the meter distrusts its clock (small season letter or
    /// STGE bit 16), or when the letter contradicts the calendar.
    #[must_use]
    pub const fn meter_clock_us(&self) -> Option<i64> {
        self.meter_clock_us
    }

    /// The legal time its horodates are in.
    #[must_use]
    pub const fn legal_time(&self) -> LegalTime {
        self.legal_time
    }
}

/// Why a frame is not trusted. Labels are named, values never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Implausible {
    /// It ended by EOT or was cut.
    #[error("the frame did not end by ETX")]
    Unfinished,
    /// A group was refused by the decoder, or there was none.
    #[error("a group of the frame was refused")]
    Incomplete,
    /// It does not begin with the meter's address.
    #[error("the frame does not start with its identifier")]
    NoIdentifier,
    /// Groups of both modes.
    #[error("the frame mixes both modes")]
    MixedModes,
    /// A label twice.
    #[error("a label is repeated")]
    RepeatedLabel,
    /// Length, characters or horodate of a group are not those of its table.
    #[error("`{label}` has not the form of the specification")]
    Form {
        /// The label, or `unknown`.
        label: &'static str,
    },
    /// A number out of the range the specification gives it.
    #[error("`{label}` is out of range")]
    Range {
        /// The label.
        label: &'static str,
    },
    /// NTARF and STGE bits 10–13 name different supplier indices.
    #[error("tariff number and status register disagree")]
    TariffDisagrees,
    /// EAIT without STGE bit 8, or the reverse.
    #[error("injection index and status register disagree")]
    ProducerDisagrees,
    /// The supplier registers do not add up to the total as they did before.
    #[error("supplier registers do not move with the total")]
    SumDisagrees,
    /// The address is not that of the frames before.
    #[error("the meter is not the one of the frames before")]
    OtherMeter,
    /// A register counted down.
    #[error("`{label}` went back")]
    WentBack {
        /// The label.
        label: &'static str,
    },
    /// A register moved by more than the breaker lets through.
    #[error("`{label}` jumped further than the breaker allows")]
    Jumped {
        /// The label.
        label: &'static str,
    },
    /// DATE moved backwards.
    #[error("the meter's date went back")]
    DateWentBack,
    /// DATE moved forward by much more than the time that passed here.
    #[error("the meter's date jumped")]
    DateJumped,
}

/// How many frames were trusted and refused. Counters stop at their maximum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after what they count")]
pub struct Verdicts {
    pub trusted: u32,
    /// Not whole: rules 1 and 2.
    pub incomplete: u32,
    /// Wrong length, characters or range: rule 3.
    pub form: u32,
    /// Contradicts itself or the past: rule 4.
    pub implausible: u32,
    /// Breaks with the past that were believed because the following frames agreed.
    pub rebased: u32,
}

/// Remembers the last trusted frame of one meter and judges the next. Allocates nothing.
///
/// LIMIT: the very first frame has no past. In standard mode its supplier registers must still add up to the total;
/// in historique a permutation of digits in a first index is not seen, and the right frames after it are refused
/// until several of them agree.
#[derive(Debug)]
pub struct Plausibility {
    legal_time: LegalTime,
    last: Option<Snapshot>,
    challenger: Option<Snapshot>,
    agreeing: u8,
    verdicts: Verdicts,
}

impl Plausibility {
    /// A judge without a past, for a meter in that legal time.
    #[must_use]
    pub const fn new(legal_time: LegalTime) -> Self {
        Self {
            legal_time,
            last: None,
            challenger: None,
            agreeing: 0,
            verdicts: Verdicts {
                trusted: 0,
                incomplete: 0,
                form: 0,
                implausible: 0,
                rebased: 0,
            },
        }
    }

    /// The verdicts given until now.
    #[must_use]
    pub const fn verdicts(&self) -> Verdicts {
        self.verdicts
    }

    /// Judges a frame received (at its STX) at `received_at_us`, UTC microseconds on a clock that only has to move
    /// forward with real time.
    ///
    /// # Errors
    /// The first reason found for which the frame must not be used, whole: one wrong group makes the others doubtful.
    pub fn check<'f>(&mut self, frame: &'f Frame, received_at_us: i64) -> Result<Trusted<'f>, Implausible> {
        let verdict = self.judge(frame, received_at_us);
        let counter = match verdict {
            Ok(_) => &mut self.verdicts.trusted,
            Err(Implausible::Unfinished | Implausible::Incomplete | Implausible::NoIdentifier) => {
                &mut self.verdicts.incomplete
            }
            Err(
                Implausible::MixedModes
                | Implausible::RepeatedLabel
                | Implausible::Form { .. }
                | Implausible::Range { .. },
            ) => &mut self.verdicts.form,
            Err(_) => &mut self.verdicts.implausible,
        };
        *counter = counter.saturating_add(1);
        verdict
    }

    fn judge<'f>(&mut self, frame: &'f Frame, received_at_us: i64) -> Result<Trusted<'f>, Implausible> {
        whole(frame)?;
        well_formed(frame)?;
        cross_check::ranges(frame)?;
        cross_check::status(frame)?;
        let meter_clock_us = meter_clock_us(frame, self.legal_time);
        self.consistent(&Snapshot::of(frame, meter_clock_us, received_at_us))?;
        Ok(Trusted {
            frame,
            meter_clock_us,
            legal_time: self.legal_time,
        })
    }

    /// Compares with the last trusted frame, and gives a break with it a chance to prove itself.
    fn consistent(&mut self, next: &Snapshot) -> Result<(), Implausible> {
        let verdict = match &self.last {
            Some(last) => next.follows(last),
            None => next.stands_alone(),
        };
        let Err(reason) = verdict else {
            next.replace(&mut self.last);
            self.challenger = None;
            self.agreeing = 0;
            return Ok(());
        };
        match &self.challenger {
            Some(challenger) if next.follows(challenger).is_ok() => self.agreeing += 1,
            _ => self.agreeing = 0,
        }
        if self.agreeing >= AGREEING_FRAMES {
            self.last = None;
            self.challenger = None;
            self.agreeing = 0;
            self.verdicts.rebased = self.verdicts.rebased.saturating_add(1);
            next.replace(&mut self.last);
            return Ok(());
        }
        next.replace(&mut self.challenger);
        Err(reason)
    }
}

/// Rules 1 and 2 for the frame: ended by ETX, identifier first, every group accepted.
fn whole(frame: &Frame) -> Result<(), Implausible> {
    if frame.end() != FrameEnd::Etx {
        return Err(Implausible::Unfinished);
    }
    if !frame.is_valid() {
        return Err(Implausible::Incomplete);
    }
    if !frame.starts_with_identifier() {
        return Err(Implausible::NoIdentifier);
    }
    Ok(())
}

/// Rule 3, and the rules on the frame that need no past.
fn well_formed(frame: &Frame) -> Result<(), Implausible> {
    if !frame.is_of_one_mode() {
        return Err(Implausible::MixedModes);
    }
    for (group, repeated) in frame.groups_and_repeats() {
        if !has_right_form(&group) {
            return Err(Implausible::Form {
                label: group.label.map_or("unknown", |label| label.name),
            });
        }
        if repeated {
            return Err(Implausible::RepeatedLabel);
        }
    }
    Ok(())
}

fn meter_clock_us(frame: &Frame, legal_time: LegalTime) -> Option<i64> {
    let date = frame.group("DATE")?.time()?.ok()?;
    let status = frame
        .group("STGE")
        .and_then(|group| Status::parse(group.data).ok());
    if date.clock() == MeterClock::Degraded || status.is_some_and(Status::clock_is_degraded) {
        return None;
    }
    if legal_time == LegalTime::Mainland && date.season_check() == SeasonCheck::Contradicts {
        return None;
    }
    date.utc_seconds(legal_time)?.checked_mul(1_000_000)
}

#[cfg(test)]
mod tests;
