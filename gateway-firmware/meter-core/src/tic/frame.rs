//! A frame: the groups between STX and ETX, held without allocation.

use core::fmt;

use super::group::{Cause, Group};
use super::label::{Label, Mode};

/// Characters a frame can hold, labels included and separators not. The longest frame of the specification has
/// 1727 bytes on the wire.
pub const TEXT_PER_FRAME: usize = 2048;

/// Groups a frame can hold; standard mode with every label present has 71.
pub const GROUPS_PER_FRAME: usize = 80;

/// How a frame ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameEnd {
    /// ETX: the frame is whole.
    Etx,
    /// EOT: the meter is being read or programmed and gave up the rest.
    Eot,
    /// A new STX, or the end of the stream, came first.
    Truncated,
}

/// The groups of one frame whose checksums were right, in the order of arrival.
#[derive(Clone)]
pub struct Frame {
    text: [u8; TEXT_PER_FRAME],
    used: usize,
    slots: [Slot; GROUPS_PER_FRAME],
    count: usize,
    refused: u16,
    end: FrameEnd,
}

#[derive(Clone, Copy)]
struct Slot {
    label: Option<&'static Label>,
    mode: Mode,
    start: u16,
    name: u8,
    horodate: Option<u8>,
    data: u8,
}

const EMPTY: Slot = Slot {
    label: None,
    mode: Mode::Historique,
    start: 0,
    name: 0,
    horodate: None,
    data: 0,
};

impl Frame {
    pub(super) const fn new() -> Self {
        Self {
            text: [0; TEXT_PER_FRAME],
            used: 0,
            slots: [EMPTY; GROUPS_PER_FRAME],
            count: 0,
            refused: 0,
            end: FrameEnd::Truncated,
        }
    }

    /// How the frame ended.
    #[must_use]
    pub const fn end(&self) -> FrameEnd {
        self.end
    }

    /// Number of groups of this frame that were refused.
    #[must_use]
    pub const fn refused(&self) -> u16 {
        self.refused
    }

    /// Ended by ETX, at least one group, none refused. Says nothing about the data: see [`super::Plausibility`].
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.end == FrameEnd::Etx && self.count > 0 && self.refused == 0
    }

    /// Whether the first group is the meter's address, or `ADIRn` as in three-phase short frames.
    #[must_use]
    pub fn starts_with_identifier(&self) -> bool {
        self.groups()
            .next()
            .and_then(|group| group.label)
            .is_some_and(Label::opens_a_frame)
    }

    /// Whether this is a three-phase short frame, which updates currents only.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.groups()
            .next()
            .and_then(|group| group.label)
            .is_some_and(Label::opens_a_short_frame)
    }

    /// The accepted groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        self.slots
            .iter()
            .take(self.count)
            .filter_map(|slot| self.read(slot))
    }

    /// The first group of that name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<Group<'_>> {
        self.groups().find(|group| group.name == name)
    }

    /// The number carried by the group of that name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        self.group(name)?.number()
    }

    /// The mode of the first group.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.groups().next().map(|group| group.mode)
    }

    fn read(&self, slot: &Slot) -> Option<Group<'_>> {
        let (_, rest) = self.text.split_at_checked(usize::from(slot.start))?;
        let (name, rest) = rest.split_at_checked(usize::from(slot.name))?;
        let (horodate, rest) = rest.split_at_checked(usize::from(slot.horodate.unwrap_or(0)))?;
        let (data, _) = rest.split_at_checked(usize::from(slot.data))?;
        Some(Group {
            mode: slot.mode,
            name: core::str::from_utf8(name).ok()?,
            label: slot.label,
            horodate: match slot.horodate {
                Some(_) => Some(core::str::from_utf8(horodate).ok()?),
                None => None,
            },
            data: core::str::from_utf8(data).ok()?,
        })
    }

    pub(super) const fn clear(&mut self) {
        self.used = 0;
        self.count = 0;
        self.refused = 0;
        self.end = FrameEnd::Truncated;
    }

    pub(super) const fn refuse(&mut self) {
        self.refused = self.refused.saturating_add(1);
    }

    pub(super) const fn close(&mut self, end: FrameEnd) {
        self.end = end;
    }

    /// Adds a group, whole or not at all.
    pub(super) fn add(&mut self, group: &Group<'_>) -> Result<(), Cause> {
        let horodate = group.horodate.unwrap_or("");
        let slot = Slot {
            label: group.label,
            mode: group.mode,
            start: u16::try_from(self.used).map_err(|_| Cause::FrameFull)?,
            name: length(group.name)?,
            horodate: group.horodate.map(length).transpose()?,
            data: length(group.data)?,
        };
        let place = self.slots.get_mut(self.count).ok_or(Cause::FrameFull)?;
        let end = self.used + group.name.len() + horodate.len() + group.data.len();
        let room = self.text.get_mut(self.used..end).ok_or(Cause::FrameFull)?;
        let bytes = group
            .name
            .bytes()
            .chain(horodate.bytes())
            .chain(group.data.bytes());
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = from;
        }
        *place = slot;
        self.used = end;
        self.count += 1;
        Ok(())
    }
}

fn length(text: &str) -> Result<u8, Cause> {
    u8::try_from(text.len()).map_err(|_| Cause::TooLong)
}

/// Labels only: the data of a frame are somebody's.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("end", &self.end)
            .field("groups", &self.count)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}
