//! Gateways and the one-time codes that enrol them.

use std::fmt;

use async_trait::async_trait;
use broker_domain::gateway::{Gateway, Settings};
use broker_domain::ids::{GatewayId, ParticipantId, PointId};
use broker_domain::time::Instant;

use crate::StoreError;

/// A gateway with what the broker saw of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRow {
    /// Identity, key and settings.
    pub gateway: Gateway,
    /// When it was enrolled.
    pub enrolled_at: Instant,
    /// When it last handed in a batch that was taken.
    pub last_seen_at: Option<Instant>,
}

/// A code that enrols one gateway once.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// SHA-256 of the code; the code itself is shown once and not kept.
    pub code_hash: [u8; 32],
    /// For whom.
    pub participant: ParticipantId,
    /// For which point.
    pub point: PointId,
    /// Until when.
    pub expires_at: Instant,
    /// The gateway it enrolled, if used.
    pub used_by: Option<GatewayId>,
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentCode")
            .field("participant", &self.participant)
            .field("point", &self.point)
            .field("expires_at", &self.expires_at)
            .field("used_by", &self.used_by)
            .finish_non_exhaustive()
    }
}

/// Reading gateways.
#[async_trait]
pub trait GatewayReads {
    /// One gateway.
    async fn gateway(&mut self, id: GatewayId) -> Result<Option<GatewayRow>, StoreError>;
    /// The gateways of a participant, oldest first.
    async fn gateways_of(&mut self, participant: ParticipantId) -> Result<Vec<GatewayRow>, StoreError>;
    /// An enrolment code by its hash.
    async fn enrolment_code(&mut self, code_hash: [u8; 32]) -> Result<Option<EnrolmentCode>, StoreError>;
}

/// Writing gateways.
#[async_trait]
pub trait GatewayWrites {
    /// Adds an enrolment code.
    async fn add_enrolment_code(&mut self, code: &EnrolmentCode) -> Result<(), StoreError>;
    /// Marks a code as used. Used twice is a conflict.
    async fn use_enrolment_code(&mut self, code_hash: [u8; 32], by: GatewayId) -> Result<(), StoreError>;
    /// Adds a gateway. A public key that is registered already is a conflict.
    async fn add_gateway(&mut self, row: &GatewayRow) -> Result<(), StoreError>;
    /// Replaces the settings if theirs is the version after the stored one; otherwise a conflict.
    async fn set_gateway_settings(&mut self, id: GatewayId, settings: &Settings) -> Result<(), StoreError>;
    /// Notes that a batch was taken.
    async fn touch_gateway(&mut self, id: GatewayId, at: Instant) -> Result<(), StoreError>;
}
