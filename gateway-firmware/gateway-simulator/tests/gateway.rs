//! A simulated gateway signs what its household allows, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;

use gateway_device::{Adoption, Field, FieldSet, Identity, Measuring, Settings};
use gateway_simulator::{SimulatedGateway, Street};
use jiff::civil::date;
use meter_core::envelope::{Envelope, SIGNATURE_LENGTH};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

const IDENTITY: Identity = Identity {
    gateway_id: [7; 16],
    point_id: [8; 16],
};

fn settings(version: u64, measuring: Measuring) -> Settings {
    let fields = [Field::EnergyIndex, Field::Power]
        .into_iter()
        .collect::<FieldSet>();
    Settings::new(version, measuring, fields, 1800).unwrap()
}

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap()
}

fn sign_with(key: &Ed25519KeyPair) -> impl FnMut(&[u8]) -> [u8; SIGNATURE_LENGTH] + '_ {
    |message| key.sign(message).as_ref().try_into().unwrap()
}

#[test]
fn day_gives_signed_batches_in_sequence() {
    let first = date(2026, 11, 10);
    let street = Street::opened_on(3, 120, first).unwrap();
    let key = key();
    let public = UnparsedPublicKey::new(&ED25519, key.public_key().as_ref().to_vec());
    let mut ids = BTreeSet::new();
    for household in street.households().iter().take(12) {
        let mut gateway = SimulatedGateway::new(
            household,
            IDENTITY,
            settings(1, Measuring::On),
            1,
            sign_with(&key),
        );
        let batches = gateway.day_batches(first, 1800, 6 * 3600).unwrap();
        assert!((3..=5).contains(&batches.len()), "{} batches", batches.len());
        for (envelope, sequence) in batches.iter().zip(1..) {
            let read = Envelope::parse(envelope).unwrap();
            assert_eq!(read.header.sequence, sequence);
            assert!(ids.insert(read.header.batch_id));
            let verified = read.verify(|message, signature| public.verify(message, signature).is_ok());
            assert!(verified);
            let numbers = [household.serial().as_str(), household.delivery_point().as_str()];
            for number in numbers {
                let leaked = envelope
                    .windows(number.len())
                    .any(|window| window == number.as_bytes());
                assert!(!leaked, "a meter number left the gateway");
            }
        }
        let counters = gateway.counters();
        assert!(
            counters.verdicts.trusted > 20 && counters.readings_kept > 40,
            "{counters:?}"
        );
        assert_eq!(counters.readings_dropped, 0);
    }
}

#[test]
fn switched_off_gateway_sends_nothing() {
    let first = date(2026, 11, 10);
    let street = Street::opened_on(3, 1, first).unwrap();
    let key = key();
    let household = &street.households()[0];
    let mut gateway = SimulatedGateway::new(
        household,
        IDENTITY,
        settings(1, Measuring::Off),
        1,
        sign_with(&key),
    );
    assert!(gateway.day_batches(first, 600, 3600).unwrap().is_empty());
    assert_eq!(
        gateway.device_mut().adopt(settings(2, Measuring::On)),
        Adoption::Adopted
    );
    assert!(
        !gateway
            .day_batches(date(2026, 11, 11), 600, 3600)
            .unwrap()
            .is_empty()
    );
}
