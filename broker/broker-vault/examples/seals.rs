//! Measures the vault on one core: `cargo run --release -p broker-vault --example seals`.
//!
//! Prints seals per second of a batch of 12 readings (an hour of index and power every ten minutes) and of the largest
//! batch, unwraps per second, and the two ciphers of `ring` side by side: the choice in `aead.rs` rests on them.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "an example that measures and prints; it takes the system's randomness where the broker passes a port"
)]

use std::hint::black_box;
use std::time::{Duration, Instant as Stopwatch};

use age::x25519::Identity;
use broker_domain::consent::{Consent, ConsentEvent, CoveredIntake, EventKind, covers_intake};
use broker_domain::ids::{
    BatchId, ConsentId, Digest, GatewayId, OrganisationId, ParticipantId, PointId, Purpose,
};
use broker_domain::reading::{Label, Reading, ReadingBatch};
use broker_domain::time::{Entropy, EntropyUnavailable, Instant, Interval, Step};
use broker_vault::{DataKey, Epoch, VaultIdentity, seal_batch, unwrap, wrap};
use ring::aead::{AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

struct System(SystemRandom);

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        self.0.fill(bytes).map_err(|_| EntropyUnavailable)
    }
}

const OWNER: ParticipantId = ParticipantId::from_bytes([1; 16]);
const POINT: PointId = PointId::from_bytes([2; 16]);

fn main() {
    let entropy = System(SystemRandom::new());
    let key = DataKey::random(OWNER, Epoch(1), &entropy).unwrap();
    let covered = coverage();
    for count in [12, 8_192] {
        let batch = batch(count);
        let rate = per_second(|| {
            black_box(seal_batch(&key, &covered, &batch, &entropy).unwrap());
        });
        println!("seal_batch, {count} readings: {rate}/s");
    }
    let identity = VaultIdentity::parse(&Identity::generate().to_string()).unwrap();
    let wrapped = wrap(&key, &[identity.recipient()]).unwrap();
    let unwraps = per_second(|| {
        black_box(unwrap(&wrapped, &identity).unwrap());
    });
    println!("unwrap: {unwraps}/s");
    for size in [256, 4_096, 65_536] {
        for (name, algorithm) in [
            ("AES-256-GCM", &AES_256_GCM),
            ("ChaCha20-Poly1305", &CHACHA20_POLY1305),
        ] {
            println!(
                "{name}, key set-up and {size} bytes: {}/s",
                cipher(algorithm, size)
            );
        }
    }
}

fn cipher(algorithm: &'static Algorithm, size: usize) -> u64 {
    let mut bytes = vec![0_u8; size];
    per_second(|| {
        let key = LessSafeKey::new(UnboundKey::new(algorithm, &[7; 32]).unwrap());
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = key
            .seal_in_place_separate_tag(nonce, Aad::empty(), &mut bytes)
            .unwrap();
        black_box(tag.as_ref());
    })
}

fn per_second(mut work: impl FnMut()) -> u64 {
    let (mut count, start) = (0_u64, Stopwatch::now());
    while start.elapsed() < Duration::from_secs(1) {
        work();
        count += 1;
    }
    count * 1_000 / u64::try_from(start.elapsed().as_millis()).unwrap()
}

fn start() -> Instant {
    Instant::parse("2026-11-20T00:00:00Z").unwrap()
}

fn coverage() -> CoveredIntake {
    let day = Interval::new(start(), start().plus_seconds(86_400 * 365)).unwrap();
    let given = ConsentEvent {
        seq: 0,
        kind: EventKind::Given,
        effective_at: start(),
        recorded_at: start(),
        record: Digest([1; 32]),
    };
    let consent = Consent {
        id: ConsentId::from_bytes([3; 16]),
        participant: OWNER,
        point: POINT,
        recipient: OrganisationId::from_bytes([4; 16]),
        purpose: Purpose::parse("energy-advice").unwrap(),
        step: Step::TEN_MINUTES,
        data: day,
        terms: Digest([2; 32]),
        notice: Digest([3; 32]),
        occupancy: broker_domain::consent::Occupancy::default(),
        events: vec![given],
    };
    covers_intake(&[consent], OWNER, POINT, &day, start()).unwrap()
}

fn batch(count: i64) -> ReadingBatch {
    let label = |text| Label::parse(text).unwrap();
    let readings: Vec<_> = (0..count)
        .map(|i| Reading {
            at: start().plus_seconds(i / 2 * 600),
            label: label(if i % 2 == 0 { "east" } else { "sinsts" }),
            value: 1_000 + i,
        })
        .collect();
    let span = Interval::new(start(), start().plus_seconds(count * 600)).unwrap();
    ReadingBatch {
        id: BatchId::from_bytes([5; 16]),
        gateway: GatewayId::from_bytes([6; 16]),
        point: POINT,
        readings,
        span,
    }
}
