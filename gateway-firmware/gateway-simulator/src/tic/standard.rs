//! The standard frame (VTIC 02), every label in its place.

use super::{DayProfile, Horodate, Stge, Text, TicWriter};

/// A value with the time it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maximum {
    /// When it was reached, or the end of the period for a load-curve point or a mean voltage.
    pub at: Horodate,
    /// VA, W or V according to the label.
    pub value: u64,
}

/// What is measured on one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseReading {
    /// A, RMS over one second.
    pub current: u64,
    /// V, RMS over one second.
    pub voltage: u64,
    /// V, mean over the last ten minutes.
    pub mean_voltage: Maximum,
    /// VA drawn now; 0 while the phase injects.
    pub apparent: u64,
    /// VA, filtered maximum drawn today.
    pub maximum_today: Maximum,
    /// VA, filtered maximum drawn yesterday.
    pub maximum_yesterday: Maximum,
}

/// One phase or three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// Labels of phase 1 only, and no per-phase apparent power.
    Single(PhaseReading),
    /// Phases 1, 2, 3.
    Three([PhaseReading; 3]),
}

impl Supply {
    fn phases(&self) -> &[PhaseReading] {
        match self {
            Self::Single(phase) => std::slice::from_ref(phase),
            Self::Three(phases) => phases,
        }
    }
}

/// The labels of producer mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Producer {
    /// `EAIT`, Wh injected since the meter was made.
    pub injected: u64,
    /// `ERQ1`–`ERQ4`, varh.
    pub reactive: [u64; 4],
    /// `SINSTI`, VA injected now.
    pub apparent: u64,
    /// `SMAXIN`, VA.
    pub maximum_today: Maximum,
    /// `SMAXIN-1`, VA.
    pub maximum_yesterday: Maximum,
    /// `CCAIN` then `CCAIN-1`, W; absent when the load curve is stopped.
    pub load_curve: Option<[Maximum; 2]>,
}

/// A notified mobile peak: `DPMn` and `FPMn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MobilePeak {
    /// Start, without season letter.
    pub from: Horodate,
    /// End, without season letter.
    pub until: Horodate,
}

/// Everything a meter in standard mode says in one frame. Energies are Wh; counters wrap at 10⁹.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardFrame {
    /// `ADSC`.
    pub address: Text<12>,
    /// `DATE`.
    pub date: Horodate,
    /// `NGTF`, supplier calendar.
    pub calendar: Option<Text<16>>,
    /// `LTARF`, name of the current supplier period.
    pub period: Option<Text<16>>,
    /// `EAST`.
    pub drawn: u64,
    /// `EASF01`–`EASF10`.
    pub supplier: [u64; 10],
    /// `EASD01`–`EASD04`.
    pub distributor: [u64; 4],
    /// Present in producer mode.
    pub producer: Option<Producer>,
    /// One phase or three.
    pub supply: Supply,
    /// `PREF`, kVA.
    pub reference_power: u64,
    /// `PCOUP`, kVA.
    pub breaking_power: u64,
    /// `SINSTS`, VA drawn now over all phases.
    pub apparent: u64,
    /// `SMAXSN`, VA.
    pub maximum_today: Maximum,
    /// `SMAXSN-1`, VA.
    pub maximum_yesterday: Maximum,
    /// `CCASN` then `CCASN-1`, W; absent when the load curve is stopped.
    pub load_curve: Option<[Maximum; 2]>,
    /// `STGE`.
    pub status: Stge,
    /// `DPM1`/`FPM1` to `DPM3`/`FPM3`.
    pub peaks: [Option<MobilePeak>; 3],
    /// `MSG1`.
    pub message: Text<32>,
    /// `MSG2`, in one frame only.
    pub short_message: Option<Text<16>>,
    /// `PRM`.
    pub delivery_point: Text<14>,
    /// `RELAIS`, 0–255.
    pub relays: u8,
    /// `NJOURF` and `NJOURF+1`, 0–9.
    pub day_numbers: [u8; 2],
    /// `PJOURF+1`.
    pub tomorrow: DayProfile,
    /// `PPOINTE`, present as soon as a mobile peak is notified.
    pub peak_profile: Option<DayProfile>,
}

const CURRENT: [&str; 3] = ["IRMS1", "IRMS2", "IRMS3"];
const VOLTAGE: [&str; 3] = ["URMS1", "URMS2", "URMS3"];
const MEAN_VOLTAGE: [&str; 3] = ["UMOY1", "UMOY2", "UMOY3"];
const APPARENT: [&str; 3] = ["SINSTS1", "SINSTS2", "SINSTS3"];
const MAXIMUM: [&str; 3] = ["SMAXSN1", "SMAXSN2", "SMAXSN3"];
const MAXIMUM_BEFORE: [&str; 3] = ["SMAXSN1-1", "SMAXSN2-1", "SMAXSN3-1"];
const SUPPLIER: [&str; 10] = [
    "EASF01", "EASF02", "EASF03", "EASF04", "EASF05", "EASF06", "EASF07", "EASF08", "EASF09", "EASF10",
];
const DISTRIBUTOR: [&str; 4] = ["EASD01", "EASD02", "EASD03", "EASD04"];
const REACTIVE: [&str; 4] = ["ERQ1", "ERQ2", "ERQ3", "ERQ4"];
const PEAKS: [(&str, &str); 3] = [("DPM1", "FPM1"), ("DPM2", "FPM2"), ("DPM3", "FPM3")];

impl TicWriter {
    /// Writes a whole standard frame, groups in the order of Enedis-NOI-CPT_54E §6.2.1. The producer labels follow
    /// `frame.producer` and the producer bit of `STGE` is set to agree; `NTARF` is the supplier index of `STGE`.
    pub fn standard(&mut self, frame: &StandardFrame) {
        self.begin_frame();
        self.identity_and_energy(frame);
        self.measures(frame);
        self.maxima_and_curve(frame);
        self.status_and_contract(frame);
        self.end_frame();
    }

    fn identity_and_energy(&mut self, frame: &StandardFrame) {
        self.put("ADSC", frame.address.bytes());
        self.put("VTIC", b"02");
        self.put_dated("DATE", frame.date, b"");
        if let Some(calendar) = &frame.calendar {
            self.put("NGTF", calendar.bytes());
        }
        if let Some(period) = &frame.period {
            self.put("LTARF", period.bytes());
        }
        self.put_number("EAST", frame.drawn, 9);
        self.put_each(&SUPPLIER, frame.supplier, 9);
        self.put_each(&DISTRIBUTOR, frame.distributor, 9);
        if let Some(producer) = &frame.producer {
            self.put_number("EAIT", producer.injected, 9);
            self.put_each(&REACTIVE, producer.reactive, 9);
        }
    }

    fn measures(&mut self, frame: &StandardFrame) {
        let phases = frame.supply.phases();
        self.put_each(&CURRENT, phases.iter().map(|phase| phase.current), 3);
        self.put_each(&VOLTAGE, phases.iter().map(|phase| phase.voltage), 3);
        self.put_number("PREF", frame.reference_power, 2);
        self.put_number("PCOUP", frame.breaking_power, 2);
        self.put_number("SINSTS", frame.apparent, 5);
        if let Supply::Three(phases) = &frame.supply {
            self.put_each(&APPARENT, phases.iter().map(|phase| phase.apparent), 5);
        }
    }

    fn maxima_and_curve(&mut self, frame: &StandardFrame) {
        self.put_maximum("SMAXSN", frame.maximum_today);
        if let Supply::Three(phases) = &frame.supply {
            for (label, phase) in MAXIMUM.iter().zip(phases) {
                self.put_maximum(label, phase.maximum_today);
            }
        }
        self.put_maximum("SMAXSN-1", frame.maximum_yesterday);
        if let Supply::Three(phases) = &frame.supply {
            for (label, phase) in MAXIMUM_BEFORE.iter().zip(phases) {
                self.put_maximum(label, phase.maximum_yesterday);
            }
        }
        if let Some(producer) = &frame.producer {
            self.put_number("SINSTI", producer.apparent, 5);
            self.put_maximum("SMAXIN", producer.maximum_today);
            self.put_maximum("SMAXIN-1", producer.maximum_yesterday);
        }
        if let Some([last, before]) = frame.load_curve {
            self.put_maximum("CCASN", last);
            self.put_maximum("CCASN-1", before);
        }
        if let Some([last, before]) = frame.producer.and_then(|producer| producer.load_curve) {
            self.put_maximum("CCAIN", last);
            self.put_maximum("CCAIN-1", before);
        }
        for (label, phase) in MEAN_VOLTAGE.iter().zip(frame.supply.phases()) {
            self.put_dated_number(label, phase.mean_voltage.at, phase.mean_voltage.value, 3);
        }
    }

    fn status_and_contract(&mut self, frame: &StandardFrame) {
        let status = Stge {
            producer: frame.producer.is_some(),
            ..frame.status
        };
        self.put("STGE", status.text().as_bytes());
        for ((from, until), peak) in PEAKS.iter().zip(frame.peaks) {
            if let Some(peak) = peak {
                self.put_dated(from, peak.from, b"00");
                self.put_dated(until, peak.until, b"00");
            }
        }
        self.put("MSG1", frame.message.bytes());
        if let Some(message) = &frame.short_message {
            self.put("MSG2", message.bytes());
        }
        self.put("PRM", frame.delivery_point.bytes());
        self.put_number("RELAIS", u64::from(frame.relays), 3);
        self.put_number("NTARF", u64::from(status.supplier_index), 2);
        let [today, tomorrow] = frame.day_numbers;
        self.put_number("NJOURF", u64::from(today), 2);
        self.put_number("NJOURF+1", u64::from(tomorrow), 2);
        self.put("PJOURF+1", frame.tomorrow.text().bytes());
        if let Some(profile) = &frame.peak_profile {
            self.put("PPOINTE", profile.text().bytes());
        }
    }

    /// Powers have five digits and no wrapping makes sense: a larger one is written as the largest.
    fn put_maximum(&mut self, label: &str, maximum: Maximum) {
        self.put_dated_number(label, maximum.at, maximum.value.min(99_999), 5);
    }

    pub(super) fn put_each(&mut self, labels: &[&str], values: impl IntoIterator<Item = u64>, width: u32) {
        for (label, value) in labels.iter().zip(values) {
            self.put_number(label, value, width);
        }
    }
}
