//! What a household tells its gateway, and how the gateway asks for it.

use broker_domain::gateway::{Measuring, Settings};
use broker_domain::ids::{GatewayId, ParticipantId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use ring::signature::{ED25519, UnparsedPublicKey};
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::Failure;
use crate::moving::has_left;
use crate::own::OwnRefusal;

/// How far a gateway's clock may be off when it asks for its settings, in seconds.
const MAX_SKEW_SECONDS: u64 = 300;

/// A gateway's signed question for its settings.
#[derive(Debug, Clone)]
pub struct SettingsQuestion {
    /// Which gateway.
    pub gateway: GatewayId,
    /// Its clock, in seconds since 1970.
    pub unix_seconds: i64,
    /// Signature over `"fiducie-settings/v1" 0x00 gateway id[16] decimal seconds`.
    pub signature: Vec<u8>,
}

/// Why settings are not told.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum SettingsRefusal {
    /// Unknown gateway or wrong signature: not told apart, so that identifiers cannot be probed.
    #[error("gateway unknown or signature wrong; enrol the gateway again")]
    NotAuthentic,
    /// The clock is too far off.
    #[error("the clock of the gateway is more than {MAX_SKEW_SECONDS} s off; set it and ask again")]
    Clock,
}

impl Broker {
    /// The settings a gateway must obey.
    ///
    /// # Errors
    /// See [`SettingsRefusal`].
    pub async fn gateway_settings(
        &self,
        question: &SettingsQuestion,
    ) -> Result<Settings, Failure<SettingsRefusal>> {
        let row = self.store.read().await?.gateway(question.gateway).await?;
        let row = row.ok_or(Failure::Refused(SettingsRefusal::NotAuthentic))?;
        let seconds = question.unix_seconds.to_string();
        let message = [
            b"fiducie-settings/v1\0",
            question.gateway.as_bytes().as_slice(),
            seconds.as_bytes(),
        ]
        .concat();
        UnparsedPublicKey::new(&ED25519, &row.gateway.public_key)
            .verify(&message, &question.signature)
            .map_err(|_| Failure::Refused(SettingsRefusal::NotAuthentic))?;
        let now_seconds = self.clock.now().as_micros().div_euclid(1_000_000);
        if now_seconds.abs_diff(question.unix_seconds) > MAX_SKEW_SECONDS {
            return Err(Failure::Refused(SettingsRefusal::Clock));
        }
        let point = self.store.read().await?.point(row.gateway.point).await?;
        let left = point.is_none_or(|point| has_left(point.occupancy, self.clock.now()));
        if left && row.gateway.settings.measuring == Measuring::On {
            // The household left, and the switch follows by itself: the same version that will be stored then.
            return Ok(row.gateway.settings.switched(Measuring::Off));
        }
        Ok(row.gateway.settings)
    }

    /// Sets the switch of a gateway.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn switch_gateway(
        &self,
        who: ParticipantId,
        id: GatewayId,
        measuring: Measuring,
    ) -> Result<Settings, Failure<OwnRefusal>> {
        let query = Query {
            principal: Principal::Participant(who),
            action: Action::Configure,
            resource: Resource::Person { owner: who },
            now: self.clock.now(),
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(OwnRefusal::NotYours))?;
        let mut tx = self.store.begin("switch gateway").await?;
        let row = tx.gateway(id).await?.filter(|row| row.gateway.participant == who);
        let point = match &row {
            Some(row) => tx.point(row.gateway.point).await?,
            None => None,
        };
        let left = point.is_some_and(|point| has_left(point.occupancy, self.clock.now()));
        if left && measuring == Measuring::On {
            return Err(Failure::Refused(OwnRefusal::NotYours));
        }
        let settings = row
            .ok_or(Failure::Refused(OwnRefusal::NotYours))?
            .gateway
            .settings;
        if settings.measuring == measuring {
            return Ok(settings);
        }
        let settings = settings.switched(measuring);
        tx.set_gateway_settings(id, &settings).await?;
        tx.commit().await?;
        Ok(settings)
    }
}
