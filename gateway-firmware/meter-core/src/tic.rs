//! TéléInformation Client: what the customer socket of a French electricity meter emits.
//!
//! The way in is [`Decoder`] (bytes to [`Frame`]s, framing and checksum only), then [`Plausibility`], which is the
//! only maker of [`Trusted`] frames. The 6-bit checksum is blind to flips of bit 6 and to permutations, so nothing
//! that left the decoder alone may be called a reading. Sources: Enedis-NOI-CPT_54E v3 (Linky) and
//! Enedis-NOI-CPT_02E v6 (older meters).

mod decoder;
mod form;
mod frame;
mod group;
mod horodate;
mod label;
mod labels;
mod place;
mod plausibility;
mod status;

pub use decoder::{Decoder, Event, Parity, Refused};
pub use form::has_right_form;
pub use frame::{Frame, FrameEnd, GROUPS_PER_FRAME, TEXT_PER_FRAME};
pub use group::{Cause, Group, LONGEST_GROUP, checksum_historique, checksum_standard};
pub use horodate::{Horodate, HorodateError, LegalTime, MeterClock, Season, SeasonCheck};
pub use label::{Class, Dating, Field, FieldSet, Form, Label, Mode, Unit};
pub use labels::LABELS;
pub(crate) use place::Place;
pub use plausibility::{Implausible, Plausibility, Trusted, Verdicts};
pub use status::{Breaker, Colour, Euridis, PeakDay, Plc, Status, StatusError};
