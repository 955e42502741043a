//! A gateway that says what a test wants it to say, true or not.

use broker_domain::ids::{ParticipantId, PointId};
use broker_service::{Broker, GatewayEnrolment};
use meter_core::envelope::{ContentType, Header, encode};
use meter_core::senml::{Number, Pack, Reading, Value, label_of, pack_of, urn_of};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::ports::random;

/// A gateway and its key.
pub struct Gateway {
    /// As enrolled.
    pub id: [u8; 16],
    /// The meter it was enrolled for.
    pub point: [u8; 16],
    pair: Ed25519KeyPair,
}

impl Gateway {
    /// A gateway that nobody knows yet.
    #[must_use]
    pub fn with_key(seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        Self {
            id: random(),
            point: random(),
            pair,
        }
    }

    /// Enrolled with a new key for somebody's meter.
    pub async fn enrol(broker: &Broker, who: ParticipantId, point: PointId) -> Self {
        let mut gateway = Self::with_key(random());
        let code = broker.gateway_code(who, point).await.unwrap();
        let public_key: [u8; 32] = gateway.pair.public_key().as_ref().try_into().unwrap();
        let message = [b"fiducie-enrol/v1\0", code.as_bytes(), b"\0", &public_key].concat();
        let enrolment = GatewayEnrolment {
            signature: gateway.sign(&message).to_vec(),
            code,
            public_key,
        };
        let row = broker.enrol_gateway(&enrolment).await.unwrap();
        (gateway.id, gateway.point) = (*row.gateway.id.as_bytes(), *row.gateway.point.as_bytes());
        gateway
    }

    /// Signs anything.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().unwrap()
    }

    /// A signed envelope under a new batch id. Each reading is a label in lower case, an instant in microseconds UTC,
    /// and a value.
    #[must_use]
    pub fn envelope(&self, readings: &[(&str, i64, i64)]) -> Vec<u8> {
        self.envelope_with(random(), readings)
    }

    /// The same under a batch id of the test's choice.
    #[must_use]
    pub fn envelope_with(&self, batch_id: [u8; 16], readings: &[(&str, i64, i64)]) -> Vec<u8> {
        self.envelope_of(batch_id, &self.pack(readings).to_cbor())
    }

    /// The content of an envelope, for tests that spoil it.
    #[must_use]
    pub fn pack(&self, readings: &[(&str, i64, i64)]) -> Pack {
        let readings: Vec<Reading> = readings
            .iter()
            .map(|(label, at_us, value)| Reading {
                label: label_of(label).unwrap(),
                at_us: *at_us,
                value: Value::Number(Number::Integer(*value)),
            })
            .collect();
        pack_of(&urn_of(&self.point), &readings)
    }

    /// A signed envelope around any payload.
    #[must_use]
    pub fn envelope_of(&self, batch_id: [u8; 16], payload: &[u8]) -> Vec<u8> {
        let header = Header {
            content: ContentType::SenmlCbor,
            gateway_id: self.id,
            point_id: self.point,
            batch_id,
            sequence: 1,
            created_at_us: 0,
        };
        encode(&header, payload, |message| self.sign(message)).unwrap()
    }
}
