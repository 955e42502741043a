//! The historique frame, long and short.

use super::{Text, TicWriter};

/// Colour of a Tempo day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TempoColour {
    /// 300 days a year.
    Blue,
    /// 43 days.
    White,
    /// 22 days, the dearest.
    Red,
}

/// Tariff option with its indices (Wh) and the running period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoriqueTariff {
    /// One price at all hours; `PTEC` is `TH..`.
    Base {
        /// `BASE`.
        index: u64,
    },
    /// Two prices.
    OffPeak {
        /// `HCHC`.
        off_peak: u64,
        /// `HCHP`.
        peak: u64,
        /// `PTEC`: `HC..` or `HP..`.
        off_peak_now: bool,
    },
    /// Two prices, 22 days a year dear from one day to the next.
    MobilePeak {
        /// `EJPHN`.
        normal: u64,
        /// `EJPHPM`.
        peak: u64,
        /// `PEJP` is present, `30`: the peak starts within half an hour.
        announced: bool,
        /// `PTEC`: `PM..` or `HN..`.
        peak_now: bool,
    },
    /// Three colours, two prices each.
    Tempo {
        /// `BBRHCJB`, `BBRHPJB`, `BBRHCJW`, `BBRHPJW`, `BBRHCJR`, `BBRHPJR`.
        indices: [u64; 6],
        /// Colour of the running Tempo day (06:00 to 06:00).
        colour: TempoColour,
        /// `PTEC`: `HC..` or `HP..` part of it.
        off_peak_now: bool,
        /// `DEMAIN`; `----` while unknown.
        tomorrow: Option<TempoColour>,
    },
}

/// Currents and powers of one phase or three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currents {
    /// Single-phase.
    Single {
        /// `IINST`, A.
        now: u64,
        /// `ADPS`, A: present only while the current exceeds the reference current.
        exceeding: Option<u64>,
    },
    /// Three-phase.
    Three {
        /// `IINST1`–`IINST3`, A.
        now: [u64; 3],
        /// `PMAX`: apparent maximum of the day before, VA.
        maximum: u64,
        /// `PPOT`: bit n set when phase n is missing.
        missing: u8,
    },
}

/// Everything a Linky in historique mode says in one long frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoriqueFrame {
    /// `ADCO`.
    pub address: Text<12>,
    /// `OPTARIF`, the indices, `PEJP`, `PTEC`, `DEMAIN`.
    pub tariff: HistoriqueTariff,
    /// `ISOUSC`, A per phase.
    pub subscribed_current: u64,
    /// `IINST*`, `ADPS`, `PMAX`, `PPOT`.
    pub currents: Currents,
    /// `PAPP`, VA; rounded here to 10 VA.
    pub apparent: u64,
}

/// The short frame a three-phase meter sends while a phase is over its setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShortFrame {
    /// `ADIR1`–`ADIR3`, A: only the phases concerned.
    pub exceeding: [Option<u64>; 3],
    /// `ADCO`.
    pub address: Text<12>,
    /// `IINST1`–`IINST3`, A.
    pub now: [u64; 3],
}

const IINST: [&str; 3] = ["IINST1", "IINST2", "IINST3"];
const IMAX: [&str; 3] = ["IMAX1", "IMAX2", "IMAX3"];
const ADIR: [&str; 3] = ["ADIR1", "ADIR2", "ADIR3"];
const TEMPO: [&str; 6] = ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"];

impl TicWriter {
    /// Writes a long frame, groups in the order of Enedis-NOI-CPT_54E §6.1.
    pub fn historique(&mut self, frame: &HistoriqueFrame) {
        self.begin_frame();
        self.put("ADCO", frame.address.bytes());
        self.tariff_and_indices(&frame.tariff, frame.subscribed_current);
        match frame.currents {
            Currents::Single { now, exceeding } => {
                self.put_number("IINST", now, 3);
                if let Some(current) = exceeding {
                    self.put_number("ADPS", current, 3);
                }
                // Always 90 on a Linky.
                self.put("IMAX", b"090");
            }
            Currents::Three { now, maximum, .. } => {
                self.put_each(&IINST, now, 3);
                // Always 60 on a Linky.
                self.put_each(&IMAX, [60; 3], 3);
                self.put_number("PMAX", maximum.min(99_999), 5);
            }
        }
        self.put_number(
            "PAPP",
            (frame.apparent.saturating_add(5) / 10 * 10).min(99_990),
            5,
        );
        self.put("HHPHC", b"A");
        self.put("MOTDETAT", b"000000");
        if let Currents::Three { missing, .. } = frame.currents {
            self.put("PPOT", format!("0{:X}", missing & 0xF).as_bytes());
        }
        self.end_frame();
    }

    /// Writes a short frame: `ADIRn` of the phases over their setting, then the address and the currents.
    pub fn short(&mut self, frame: &ShortFrame) {
        self.begin_frame();
        for (label, current) in ADIR.iter().zip(frame.exceeding) {
            if let Some(current) = current {
                self.put_number(label, current, 3);
            }
        }
        self.put("ADCO", frame.address.bytes());
        self.put_each(&IINST, frame.now, 3);
        self.end_frame();
    }

    fn tariff_and_indices(&mut self, tariff: &HistoriqueTariff, subscribed: u64) {
        let option: &[u8] = match tariff {
            HistoriqueTariff::Base { .. } => b"BASE",
            HistoriqueTariff::OffPeak { .. } => b"HC..",
            HistoriqueTariff::MobilePeak { .. } => b"EJP.",
            HistoriqueTariff::Tempo { .. } => b"BBR(",
        };
        self.put("OPTARIF", option);
        self.put_number("ISOUSC", subscribed, 2);
        match *tariff {
            HistoriqueTariff::Base { index } => {
                self.put_number("BASE", index, 9);
                self.put("PTEC", b"TH..");
            }
            HistoriqueTariff::OffPeak {
                off_peak,
                peak,
                off_peak_now,
            } => {
                self.put_number("HCHC", off_peak, 9);
                self.put_number("HCHP", peak, 9);
                self.put("PTEC", if off_peak_now { b"HC.." } else { b"HP.." });
            }
            HistoriqueTariff::MobilePeak {
                normal,
                peak,
                announced,
                peak_now,
            } => {
                self.put_number("EJPHN", normal, 9);
                self.put_number("EJPHPM", peak, 9);
                if announced {
                    self.put("PEJP", b"30");
                }
                self.put("PTEC", if peak_now { b"PM.." } else { b"HN.." });
            }
            HistoriqueTariff::Tempo {
                indices,
                colour,
                off_peak_now,
                tomorrow,
            } => {
                self.put_each(&TEMPO, indices, 9);
                self.put("PTEC", tempo_period(colour, off_peak_now).as_bytes());
                self.put("DEMAIN", tomorrow_colour(tomorrow));
            }
        }
    }
}

fn tempo_period(colour: TempoColour, off_peak_now: bool) -> String {
    let hours = if off_peak_now { "HC" } else { "HP" };
    let day = match colour {
        TempoColour::Blue => "JB",
        TempoColour::White => "JW",
        TempoColour::Red => "JR",
    };
    format!("{hours}{day}")
}

fn tomorrow_colour(colour: Option<TempoColour>) -> &'static [u8] {
    match colour {
        None => b"----",
        Some(TempoColour::Blue) => b"BLEU",
        Some(TempoColour::White) => b"BLAN",
        Some(TempoColour::Red) => b"ROUG",
    }
}
