//! Which readings of which frames are kept, and in what size of batch.

use alloc::vec::Vec;

use meter_core::senml::{Reading, Value, name_of, readings, unit_of};
use meter_core::tic::{Dating, Label, Trusted};

use crate::settings::Settings;

/// Estimated payload at which a batch must be closed; the envelope takes 65 536.
const LARGEST_BATCH: usize = 60_000;

/// Room for one more frame, every label present.
const ROOM_FOR_A_FRAME: usize = 6_000;

/// Base fields, and the head of the list.
const EMPTY_PACK: usize = 96;

/// Holds the open batch. Invariant: it contains nothing that `settings` do not allow.
#[derive(Debug)]
pub(crate) struct Sampler {
    settings: Settings,
    open: Vec<Reading>,
    size: usize,
    last_step: Option<i64>,
    last_short_step: Option<i64>,
    /// The last instant kept of each dated label: a mean of ten minutes is repeated in every frame.
    dated: Vec<(&'static Label, i64)>,
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
}

impl Sampler {
    pub(crate) const fn new(settings: Settings) -> Self {
        Self {
            settings,
            open: Vec::new(),
            size: EMPTY_PACK,
            last_step: None,
            last_short_step: None,
            dated: Vec::new(),
            kept: 0,
            dropped: 0,
        }
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Puts new settings in force. What the open batch holds and they no longer allow is forgotten.
    pub(crate) fn adopt(&mut self, settings: Settings) {
        let allowed = settings.allowed();
        self.settings = settings;
        self.open
            .retain(|reading| reading.label.field().is_some_and(|field| allowed.contains(field)));
        self.size = EMPTY_PACK + self.open.iter().map(size_of_record).sum::<usize>();
        self.last_step = None;
        self.last_short_step = None;
        self.dated.clear();
    }

    /// Takes the first trusted frame of each step. Three-phase short frames have their own count of steps, or they
    /// would push out the long frame that carries the indices.
    pub(crate) fn take_frame(&mut self, trusted: &Trusted<'_>, received_at_us: i64) {
        let allowed = self.settings.allowed();
        if allowed.is_empty() {
            return;
        }
        let at_us = trusted.meter_clock_us().unwrap_or(received_at_us);
        let step = at_us.div_euclid(i64::from(self.settings.step_s.get()) * 1_000_000);
        let last = if trusted.frame().is_short() {
            &mut self.last_short_step
        } else {
            &mut self.last_step
        };
        if *last == Some(step) {
            return;
        }
        *last = Some(step);
        for reading in readings(trusted, allowed, received_at_us) {
            self.keep(reading);
        }
    }

    fn keep(&mut self, reading: Reading) {
        if reading.label.dating == Dating::Dated && !self.is_news(&reading) {
            return;
        }
        let size = size_of_record(&reading);
        if self.size + size > LARGEST_BATCH {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.size += size;
        self.kept = self.kept.saturating_add(1);
        self.open.push(reading);
    }

    fn is_news(&mut self, reading: &Reading) -> bool {
        match self.dated.iter_mut().find(|(label, _)| *label == reading.label) {
            Some((_, at_us)) if *at_us == reading.at_us => false,
            Some((_, at_us)) => {
                *at_us = reading.at_us;
                true
            }
            None => {
                self.dated.push((reading.label, reading.at_us));
                true
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.size + ROOM_FOR_A_FRAME > LARGEST_BATCH
    }

    pub(crate) fn open(&self) -> &[Reading] {
        &self.open
    }

    pub(crate) fn close(&mut self) {
        self.open.clear();
        self.size = EMPTY_PACK;
    }
}

/// At most so many bytes of CBOR: a map head, four labels of one byte, heads of two bytes for strings, five bytes for
/// a number of nine digits, nine for a fractional time.
fn size_of_record(reading: &Reading) -> usize {
    let value = match &reading.value {
        Value::Number(_) => 9,
        Value::Boolean(_) => 1,
        Value::Text(text) => 3 + text.len(),
        Value::Data(data) => 3 + data.len(),
    };
    5 + 2 + name_of(reading.label).len() + 2 + unit_of(reading.label).map_or(0, str::len) + value + 9
}
