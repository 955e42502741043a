//! From bytes to frames, one byte at a time, without allocation.

use super::frame::{Frame, FrameEnd};
use super::group::{Cause, DAMAGED, Group, LONGEST_GROUP};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const LF: u8 = 0x0A;
const CR: u8 = 0x0D;

/// Where the even parity bit of the wire went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// The serial port was opened 7E1 and removed it. A byte above 0x7F, or the NUL that Linux puts in the place of
    /// a byte with a wrong parity (termios `INPCK`), counts as damaged.
    Stripped,
    /// The port was opened 8N1: the bit is bit 7 of each byte and is checked here.
    EvenInMsb,
}

/// What the decoder met. Borrowed data live until the callback returns.
#[derive(Debug)]
pub enum Event<'d> {
    /// STX was read. Historique has no clock: this is the instant the frame is dated with.
    FrameStarted,
    /// A group with a right checksum.
    Group(Group<'d>),
    /// A group that cannot be used. `raw` has 0xFF in the place of damaged bytes, and at most [`LONGEST_GROUP`]
    /// bytes.
    Refused {
        /// Why.
        cause: Cause,
        /// The bytes since LF.
        raw: &'d [u8],
    },
    /// A frame ended, one way or another.
    Frame(&'d Frame),
}

/// How many groups and frames were refused, by cause, since the decoder was made. Counters stop at their maximum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each counter is named after the `Cause` or `FrameEnd` it counts"
)]
pub struct Refused {
    pub parity: u32,
    pub fields: u32,
    pub checksum_length: u32,
    pub checksum: u32,
    pub no_carriage_return: u32,
    pub too_long: u32,
    pub frame_full: u32,
    pub frames_interrupted: u32,
    pub frames_truncated: u32,
    /// Bytes met outside any frame.
    pub stray_bytes: u32,
}

impl Refused {
    const fn count(&mut self, cause: Cause) {
        let counter = match cause {
            Cause::Parity => &mut self.parity,
            Cause::Fields => &mut self.fields,
            Cause::ChecksumLength => &mut self.checksum_length,
            Cause::Checksum => &mut self.checksum,
            Cause::NoCarriageReturn => &mut self.no_carriage_return,
            Cause::TooLong => &mut self.too_long,
            Cause::FrameFull => &mut self.frame_full,
        };
        *counter = counter.saturating_add(1);
    }
}

/// A streaming decoder. It finds its way back at the next STX whatever it is fed, and tells both modes apart group by
/// group, by the separator.
#[derive(Debug)]
pub struct Decoder {
    parity: Parity,
    place: Place,
    group: [u8; LONGEST_GROUP],
    length: usize,
    frame: Frame,
    refused: Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    OutsideFrame,
    BetweenGroups,
    InGroup,
    InGroupTooLong,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    #[must_use]
    pub const fn new(parity: Parity) -> Self {
        Self {
            parity,
            place: Place::OutsideFrame,
            group: [0; LONGEST_GROUP],
            length: 0,
            frame: Frame::new(),
            refused: Refused {
                parity: 0,
                fields: 0,
                checksum_length: 0,
                checksum: 0,
                no_carriage_return: 0,
                too_long: 0,
                frame_full: 0,
                frames_interrupted: 0,
                frames_truncated: 0,
                stray_bytes: 0,
            },
        }
    }

    /// What was refused until now.
    #[must_use]
    pub const fn refused(&self) -> Refused {
        self.refused
    }

    /// Takes bytes as they come; how they are cut into calls changes nothing.
    pub fn push(&mut self, bytes: &[u8], mut on: impl FnMut(Event<'_>)) {
        let mut rest = bytes;
        loop {
            if self.place == Place::InGroup {
                rest = self.take_text(rest);
            }
            let Some((byte, after)) = rest.split_first() else {
                return;
            };
            self.push_byte(*byte, &mut on);
            rest = after;
        }
    }

    /// Takes the bytes of the open group up to the next one that may mean something else, as [`Self::push_byte`] would
    /// one by one: most bytes of a frame go this way. Gives back the rest.
    fn take_text<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let room = self.group.get_mut(self.length..).unwrap_or_default();
        let parity = self.parity;
        let mut taken = 0;
        for (room, byte) in room.iter_mut().zip(bytes) {
            let data = unwrap_parity(parity, *byte);
            if is_control(data) {
                break;
            }
            *room = data;
            taken += 1;
        }
        self.length += taken;
        bytes.get(taken..).unwrap_or_default()
    }

    /// Takes one byte.
    pub fn push_byte(&mut self, byte: u8, on: &mut impl FnMut(Event<'_>)) {
        match (unwrap_parity(self.parity, byte), self.place) {
            (STX, place) => {
                if place != Place::OutsideFrame {
                    self.cut_frame(on);
                }
                self.frame.clear();
                self.place = Place::BetweenGroups;
                on(Event::FrameStarted);
            }
            (_, Place::OutsideFrame) => {
                self.refused.stray_bytes = self.refused.stray_bytes.saturating_add(1);
            }
            (ETX, _) => self.end_frame(FrameEnd::Etx, on),
            (EOT, _) => self.end_frame(FrameEnd::Eot, on),
            (LF, _) => {
                self.abandon_group(on);
                self.place = Place::InGroup;
            }
            (CR, Place::InGroup) => self.end_group(on),
            (CR, Place::InGroupTooLong) => {
                self.refuse(Cause::TooLong, on);
                self.place = Place::BetweenGroups;
            }
            (data, Place::InGroup) => match self.group.get_mut(self.length) {
                Some(room) => {
                    *room = data;
                    self.length += 1;
                }
                None => self.place = Place::InGroupTooLong,
            },
            (_, Place::BetweenGroups | Place::InGroupTooLong) => {}
        }
    }

    /// Tells that no byte will come any more: a frame still open is given as truncated.
    pub fn finish(&mut self, mut on: impl FnMut(Event<'_>)) {
        if self.place != Place::OutsideFrame {
            self.cut_frame(&mut on);
        }
    }

    /// The rest of a frame is missing: its open group is not counted as refused, the frame is.
    fn cut_frame(&mut self, on: &mut impl FnMut(Event<'_>)) {
        self.length = 0;
        self.place = Place::BetweenGroups;
        self.end_frame(FrameEnd::Truncated, on);
    }

    fn end_frame(&mut self, end: FrameEnd, on: &mut impl FnMut(Event<'_>)) {
        self.abandon_group(on);
        self.frame.close(end);
        match end {
            FrameEnd::Etx => {}
            FrameEnd::Eot => {
                self.refused.frames_interrupted = self.refused.frames_interrupted.saturating_add(1);
            }
            FrameEnd::Truncated => {
                self.refused.frames_truncated = self.refused.frames_truncated.saturating_add(1);
            }
        }
        self.place = Place::OutsideFrame;
        on(Event::Frame(&self.frame));
    }

    /// A group that never had its CR. `LF LF` leaves an empty one, which says nothing and is not counted.
    fn abandon_group(&mut self, on: &mut impl FnMut(Event<'_>)) {
        match self.place {
            Place::InGroup if self.length > 0 => self.refuse(Cause::NoCarriageReturn, on),
            Place::InGroupTooLong => self.refuse(Cause::TooLong, on),
            _ => {}
        }
        self.length = 0;
    }

    fn end_group(&mut self, on: &mut impl FnMut(Event<'_>)) {
        self.place = Place::BetweenGroups;
        let raw = self.group.get(..self.length).unwrap_or_default();
        let added = Group::parse(raw).and_then(|group| self.frame.add(&group).map(|()| group));
        match added {
            Ok(group) => {
                on(Event::Group(group));
                self.length = 0;
            }
            Err(cause) => self.refuse(cause, on),
        }
    }

    fn refuse(&mut self, cause: Cause, on: &mut impl FnMut(Event<'_>)) {
        self.frame.refuse();
        self.refused.count(cause);
        let raw = self.group.get(..self.length).unwrap_or_default();
        on(Event::Refused { cause, raw });
        self.length = 0;
    }
}

const fn unwrap_parity(parity: Parity, byte: u8) -> u8 {
    match parity {
        Parity::Stripped if byte == 0 || byte > 0x7F => DAMAGED,
        Parity::Stripped => byte,
        Parity::EvenInMsb if byte.count_ones().is_multiple_of(2) => byte & 0x7F,
        Parity::EvenInMsb => DAMAGED,
    }
}

/// Whether a byte ends the text of a group, or the frame.
const fn is_control(byte: u8) -> bool {
    matches!(byte, STX | ETX | EOT | LF | CR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<(FrameEnd, usize, u16)> {
        let mut decoder = Decoder::new(Parity::Stripped);
        let mut frames = Vec::new();
        let mut on = |event: Event<'_>| {
            if let Event::Frame(frame) = event {
                frames.push((frame.end(), frame.groups().count(), frame.refused()));
            }
        };
        decoder.push(bytes, &mut on);
        decoder.finish(&mut on);
        frames
    }

    #[test]
    fn noise_before_and_after_a_frame_is_passed_over() {
        let stream = b"\x8Bgarb\nage\r\x02\nOPTARIF BASE 0\r\x03more\r\n";
        assert_eq!(frames(stream), [(FrameEnd::Etx, 1, 0)]);
    }

    #[test]
    fn a_new_start_cuts_the_frame_before() {
        let stream = b"\x02\nOPTARIF BASE 0\r\nPTEC \x02\nOPTARIF BASE 0\r\x03";
        assert_eq!(
            frames(stream),
            [(FrameEnd::Truncated, 1, 0), (FrameEnd::Etx, 1, 0)]
        );
    }

    #[test]
    fn a_glued_group_is_refused_and_the_next_one_read() {
        let mut stream = b"\x02\n".to_vec();
        stream.extend([b'X'; 300]);
        stream.extend(b"\r\nOPTARIF BASE 0\r\x03");
        assert_eq!(frames(&stream), [(FrameEnd::Etx, 1, 1)]);
    }

    #[test]
    fn more_groups_than_a_frame_has_are_refused() {
        let mut stream = b"\x02".to_vec();
        for _ in 0..GROUPS_TOO_MANY {
            stream.extend(b"\nOPTARIF BASE 0\r");
        }
        stream.push(ETX);
        assert_eq!(frames(&stream), [(FrameEnd::Etx, GROUPS_TOO_MANY - 5, 5)]);
    }

    const GROUPS_TOO_MANY: usize = crate::tic::GROUPS_PER_FRAME + 5;

    #[test]
    fn a_nul_left_by_the_kernel_in_place_of_a_bad_byte_refuses_the_group() {
        let mut decoder = Decoder::new(Parity::Stripped);
        decoder.push(b"\x02\nOPTARIF \0ASE 0\r\x03", |_| {});
        assert_eq!(decoder.refused().parity, 1);
    }
}
