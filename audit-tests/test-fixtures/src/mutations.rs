//! Valid samples, damaged in ways that come close to valid again.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Damaged samples tried for each parser in an ordinary run.
const CASES: usize = 6_000;

/// What a parser made of some bytes: what it prints again, or nothing when it refused.
pub type Printed = Option<Vec<u8>>;

/// Where samples are also written, as the first inputs of a fuzzer: `FIDUCIE_FUZZ_SEEDS`/`name`/, each once.
fn keep_as_seeds(name: &str, samples: &[Vec<u8>]) {
    let Some(folder) = env::var_os("FIDUCIE_FUZZ_SEEDS") else {
        return;
    };
    let folder = Path::new(&folder).join(name.to_lowercase().replace(' ', "-"));
    let written = fs::create_dir_all(&folder).and_then(|()| {
        samples.iter().try_for_each(|sample| {
            let mut hasher = DefaultHasher::new();
            sample.hash(&mut hasher);
            fs::write(folder.join(format!("{:016x}", hasher.finish())), sample)
        })
    });
    assert!(
        written.is_ok(),
        "{name}: the samples cannot be written to {}",
        folder.display()
    );
}

/// Gives a parser every sample, every beginning of each, and thousands of samples damaged by chance, always the same ones.
/// It must print every sample, and whatever else it accepts, exactly as it was: one thing has one spelling.
///
/// `FIDUCIE_FUZZ_CASES` says how many are tried instead of 6000.
///
/// # Panics
/// When the parser does, or prints other bytes than it read. The message holds the bytes.
pub fn one_spelling(name: &str, samples: &[Vec<u8>], read: impl Fn(&[u8]) -> Printed) {
    keep_as_seeds(name, samples);
    for sample in samples {
        let printed = guarded(name, sample, &read);
        assert!(
            printed.as_ref() == Some(sample),
            "{name}: a sample is not its own print"
        );
    }
    let mut accepted = 0;
    for damaged in damaged(samples) {
        if let Some(printed) = guarded(name, &damaged, &read) {
            assert!(printed == damaged, "{name}: two spellings: {}", hex(&damaged));
            accepted += 1;
        }
    }
    eprintln!("{name}: {accepted} damaged samples were still one of its kind");
}

/// The same for what is judged and not printed: it must refuse or accept, and return.
///
/// # Panics
/// When it does.
pub fn no_panic(name: &str, samples: &[Vec<u8>], judge: impl Fn(&[u8])) {
    keep_as_seeds(name, samples);
    for bytes in samples.iter().cloned().chain(damaged(samples)) {
        guarded(name, &bytes, &|bytes| {
            judge(bytes);
            None
        });
    }
}

fn guarded(name: &str, bytes: &[u8], read: &impl Fn(&[u8]) -> Printed) -> Printed {
    let read = catch_unwind(AssertUnwindSafe(|| read(bytes)));
    assert!(read.is_ok(), "{name} panicked at {}", hex(bytes));
    read.unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn damaged(samples: &[Vec<u8>]) -> impl Iterator<Item = Vec<u8>> {
    let asked = env::var_os("FIDUCIE_FUZZ_CASES").and_then(|cases| cases.to_str()?.parse().ok());
    let mut chance = Chance(0x5eed);
    let beginnings = samples.iter().flat_map(|sample| {
        (0..sample.len().min(2_000)).map(|len| sample.iter().take(len).copied().collect())
    });
    let by_chance = (0..asked.unwrap_or(CASES)).map(move |case| {
        let mut bytes = samples.get(case % samples.len()).cloned().unwrap_or_default();
        for _ in 0..=chance.below(3) {
            chance.damage(&mut bytes, samples);
        }
        bytes
    });
    beginnings.chain(by_chance)
}

/// What parsers of texts and numbers stumble over.
const WORDS: [&[u8]; 16] = [
    b"0",
    b"00",
    b"-1",
    b"01",
    b"9223372036854775807",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"\n\n",
    b"\r\n",
    b"\xe2\x80\x94 ",
    b"..",
    b"/x000",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let drawn = self.next() % u64::try_from(end.max(1)).unwrap_or(1);
        usize::try_from(drawn).unwrap_or(0)
    }

    fn one_of<'a>(&mut self, all: &[&'a [u8]]) -> &'a [u8] {
        all.get(self.below(all.len())).copied().unwrap_or_default()
    }

    /// A range of the bytes, short more often than long.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let first = self.below(bytes.len() + 1);
        let most = self.one_of(&[&[0; 1], &[0; 4], &[0; 32], &[0; 400]]).len();
        first..(first + self.below(most + 1)).min(bytes.len())
    }

    fn damage(&mut self, bytes: &mut Vec<u8>, samples: &[Vec<u8>]) {
        let part = self.part(bytes);
        let place = part.start;
        match self.below(9) {
            0 => {
                let bit = 1 << self.below(8);
                bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= bit);
            }
            1 => {
                let value = *self
                    .one_of(&[&[0], &[1], &[0x7f], &[0x80], &[0xff], b"\n", b" ", b"0", b"{"])
                    .first()
                    .unwrap_or(&0);
                bytes
                    .iter_mut()
                    .skip(place)
                    .take(1)
                    .for_each(|byte| *byte = value);
            }
            2 => drop(bytes.drain(part)),
            3 => {
                let again: Vec<u8> = bytes.iter().skip(part.start).take(part.len()).copied().collect();
                bytes.splice(place..place, again);
            }
            4 => {
                let noise: Vec<u8> = part.map(|_| self.next().to_le_bytes()[0]).collect();
                bytes.splice(place..place, noise);
            }
            5 => bytes.truncate(place),
            6 => {
                // The head of this, the tail of another.
                let other = samples
                    .get(self.below(samples.len()))
                    .cloned()
                    .unwrap_or_default();
                let from = self.below(other.len() + 1);
                bytes.truncate(place);
                bytes.extend(other.into_iter().skip(from));
            }
            7 => {
                bytes.splice(part, self.one_of(&WORDS).iter().copied());
            }
            _ => {
                // Two lines change places.
                let mut lines: Vec<Vec<u8>> = bytes
                    .split_inclusive(|byte| *byte == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect();
                let (one, other) = (self.below(lines.len()), self.below(lines.len()));
                if one < lines.len() && other < lines.len() {
                    lines.swap(one, other);
                }
                *bytes = lines.concat();
            }
        }
    }
}
