//! A frame: the groups between STX and ETX, held without allocation.

use core::fmt;

use super::group::{Cause, Group, label_at, number};
use super::label::{Label, Mode};
use super::place::Place;

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
    /// For each label of the table, the rank of the first group of that name, or [`ABSENT`].
    first: [u8; Place::COUNT],
    refused: u16,
    end: FrameEnd,
}

#[derive(Clone, Copy)]
struct Slot {
    place: Option<Place>,
    mode: Mode,
    /// Whether a later group has the same name.
    repeated: bool,
    start: u16,
    name: u8,
    horodate: Option<u8>,
    data: u8,
}

const ABSENT: u8 = u8::MAX;

const EMPTY: Slot = Slot {
    place: None,
    mode: Mode::Historique,
    repeated: false,
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
            first: [ABSENT; Place::COUNT],
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
        self.first_label().is_some_and(Label::opens_a_frame)
    }

    /// Whether this is a three-phase short frame, which updates currents only.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.first_label().is_some_and(Label::opens_a_short_frame)
    }

    /// The accepted groups, in order.
    pub fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        self.slots().filter_map(|slot| self.read(slot))
    }

    /// The first group of that name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<Group<'_>> {
        self.read(self.find(name)?)
    }

    /// The number carried by the group of that name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        number(self.texts(self.find(name)?)?.data)
    }

    /// The mode of the first group.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        self.slots().next().map(|slot| slot.mode)
    }

    /// Whether every group speaks the mode of the first: a meter does not change in the middle.
    pub(super) fn is_of_one_mode(&self) -> bool {
        self.slots().all(|slot| Some(slot.mode) == self.mode())
    }

    /// The accepted groups in order, each with whether a later one has the same name.
    pub(super) fn groups_and_repeats(&self) -> impl Iterator<Item = (Group<'_>, bool)> {
        self.slots()
            .filter_map(|slot| Some((self.read(slot)?, slot.repeated)))
    }

    /// The registers that count up, in order.
    pub(super) fn registers(&self) -> impl Iterator<Item = (&'static Label, u32)> {
        self.slots().filter_map(|slot| {
            let label = label_at(slot.place, slot.mode).filter(|label| label.counts_up())?;
            Some((label, number(self.texts(slot)?.data)?))
        })
    }

    /// The numbers of the groups whose names begin so, in order; `None` for data that are no number.
    pub(super) fn numbers_of(&self, prefix: &str) -> impl Iterator<Item = Option<u32>> {
        self.slots()
            .filter_map(|slot| self.texts(slot))
            .filter(|texts| texts.name.starts_with(prefix.as_bytes()))
            .map(|texts| number(texts.data))
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().take(self.count)
    }

    fn first_label(&self) -> Option<&'static Label> {
        let slot = self.slots().next()?;
        label_at(slot.place, slot.mode)
    }

    /// The first group of that name. Names of the table are looked up, others compared: there are few.
    fn find(&self, name: &str) -> Option<&Slot> {
        let Some(place) = Place::of(name.as_bytes()) else {
            let is_it = |slot: &&Slot| slot.place.is_none() && self.is_named(slot, name);
            return self.slots().find(is_it);
        };
        let rank = self.first.get(place.index())?;
        self.slots.get(usize::from(*rank))
    }

    fn is_named(&self, slot: &Slot, name: &str) -> bool {
        self.texts(slot)
            .is_some_and(|texts| texts.name == name.as_bytes())
    }

    fn read(&self, slot: &Slot) -> Option<Group<'_>> {
        let texts = self.texts(slot)?;
        Some(Group {
            mode: slot.mode,
            name: match slot.place.and_then(Place::label) {
                Some(label) => label.name,
                None => core::str::from_utf8(texts.name).ok()?,
            },
            label: label_at(slot.place, slot.mode),
            horodate: match slot.horodate {
                Some(_) => Some(core::str::from_utf8(texts.horodate).ok()?),
                None => None,
            },
            data: core::str::from_utf8(texts.data).ok()?,
            place: slot.place,
        })
    }

    fn texts(&self, slot: &Slot) -> Option<Texts<'_>> {
        let (_, rest) = self.text.split_at_checked(usize::from(slot.start))?;
        let (name, rest) = rest.split_at_checked(usize::from(slot.name))?;
        let (horodate, rest) = rest.split_at_checked(usize::from(slot.horodate.unwrap_or(0)))?;
        let (data, _) = rest.split_at_checked(usize::from(slot.data))?;
        Some(Texts { name, horodate, data })
    }

    pub(super) const fn clear(&mut self) {
        self.used = 0;
        self.count = 0;
        self.first = [ABSENT; Place::COUNT];
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
            place: group.place,
            mode: group.mode,
            repeated: false,
            start: u16::try_from(self.used).map_err(|_| Cause::FrameFull)?,
            name: length(group.name)?,
            horodate: group.horodate.map(length).transpose()?,
            data: length(group.data)?,
        };
        let rank = u8::try_from(self.count).map_err(|_| Cause::FrameFull)?;
        let end = self.used + group.name.len() + horodate.len() + group.data.len();
        let mut room = self.text.get_mut(self.used..end).ok_or(Cause::FrameFull)?;
        let vacant = self.slots.get_mut(self.count).ok_or(Cause::FrameFull)?;
        for text in [group.name, horodate, group.data] {
            let (here, after) = room.split_at_mut_checked(text.len()).ok_or(Cause::FrameFull)?;
            here.copy_from_slice(text.as_bytes());
            room = after;
        }
        *vacant = slot;
        self.mark_repeated(group);
        if let Some(first) = group.place.and_then(|place| self.first.get_mut(place.index()))
            && *first == ABSENT
        {
            *first = rank;
        }
        self.used = end;
        self.count += 1;
        Ok(())
    }

    /// Tells the first group of the name of `group`, if there is one, that it is not alone.
    fn mark_repeated(&mut self, group: &Group<'_>) {
        let rank = match group.place {
            Some(place) => self.first.get(place.index()).map(|rank| usize::from(*rank)),
            None => self
                .slots()
                .position(|slot| slot.place.is_none() && self.is_named(slot, group.name)),
        };
        if let Some(slot) = rank.and_then(|rank| self.slots.get_mut(rank)) {
            slot.repeated = true;
        }
    }
}

struct Texts<'f> {
    name: &'f [u8],
    horodate: &'f [u8],
    data: &'f [u8],
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
