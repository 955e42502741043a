//! The street: households that join, gateways that enrol, consents that are given, days that are measured.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use broker_domain::gateway::{FieldClass, Measuring};
use broker_domain::ids::{ConsentId, ParticipantId, PointId};
use broker_domain::time::{Entropy, Instant};
use broker_service::{Answer, Broker, Choice, GatewayEnrolment, Newcomer};
use broker_store::{GatewayRow, OfferRow};
use gateway_device::{Identity, Settings};
use gateway_simulator::{Household, SimulatedGateway};
use meter_core::tic::FieldSet;
use ring::signature::{Ed25519KeyPair, KeyPair};
use tokio::task::JoinSet;

/// Seconds between two frames that the simulated gateways listen to: what the consents of the demo allow.
const LISTEN_EVERY_S: u32 = 1_800;
/// Seconds of readings in one batch.
const BATCH_S: u32 = 86_400;

/// A signing function that can move to another thread.
pub type Signer = Box<dyn FnMut(&[u8]) -> [u8; 64] + Send + Sync>;

/// A household that joined, with its gateway.
pub struct Resident {
    /// The participant.
    pub participant: ParticipantId,
    /// The meter.
    pub point: PointId,
    /// What the demo calls the household.
    pub name: String,
    /// The enrolment's leaf.
    pub leaf_index: u64,
    gateway: Option<SimulatedGateway<Signer>>,
    heard_until: Instant,
}

/// Lets a household join, as a page will.
///
/// # Errors
/// When the broker refuses.
pub async fn join_without_gateway(broker: &Broker, household: &Household) -> Result<Resident> {
    let profile = household.profile();
    let joined = broker
        .join(&Newcomer {
            language: "fr".into(),
            name: profile.display_name.clone(),
            address: profile.address.clone(),
            meter_number: household.delivery_point().as_str().to_owned(),
        })
        .await
        .context("a household could not join")?;
    Ok(Resident {
        participant: joined.participant,
        point: joined.point,
        name: profile.display_name.clone(),
        leaf_index: joined.receipt.leaf_index,
        gateway: None,
        heard_until: broker.now(),
    })
}

/// Lets a household join and enrols its gateway, with the same calls that a page and a real gateway make.
///
/// # Errors
/// When the broker refuses.
pub async fn join(
    broker: &Broker,
    household: &Household,
    entropy: &dyn Entropy,
    run: u64,
) -> Result<Resident> {
    let resident = join_without_gateway(broker, household).await?;
    let (row, signer) = enrol_gateway(broker, resident.participant, resident.point, entropy).await?;
    let gateway = SimulatedGateway::new(household, identity(&row), device_settings(&row)?, run, signer);
    Ok(Resident {
        gateway: Some(gateway),
        ..resident
    })
}

fn identity(row: &GatewayRow) -> Identity {
    Identity {
        gateway_id: *row.gateway.id.as_bytes(),
        point_id: *row.gateway.point.as_bytes(),
    }
}

/// Makes a key, proves it with a one-time code, and gives the enrolled gateway with its signing function.
///
/// # Errors
/// When the broker refuses.
pub async fn enrol_gateway(
    broker: &Broker,
    participant: ParticipantId,
    point: PointId,
    entropy: &dyn Entropy,
) -> Result<(GatewayRow, Signer)> {
    let mut seed = [0_u8; 32];
    entropy.fill(&mut seed)?;
    let pair =
        Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow::anyhow!("the key was refused"))?;
    let public_key: [u8; 32] = pair.public_key().as_ref().try_into()?;
    let code = broker
        .gateway_code(participant, point)
        .await
        .context("no code for the gateway")?;
    let message = [
        b"fiducie-enrol/v1\0",
        code.as_bytes(),
        b"\0",
        public_key.as_slice(),
    ]
    .concat();
    let signature = pair.sign(&message).as_ref().to_vec();
    let enrolment = GatewayEnrolment {
        code,
        public_key,
        signature,
    };
    let row = broker
        .enrol_gateway(&enrolment)
        .await
        .context("the gateway could not enrol")?;
    let sign = move |message: &[u8]| {
        let mut signature = [0_u8; 64];
        signature
            .iter_mut()
            .zip(pair.sign(message).as_ref())
            .for_each(|(to, from)| *to = *from);
        signature
    };
    Ok((row, Box::new(sign)))
}

/// The broker's settings as the device wants them.
///
/// # Errors
/// When the step is not one a device accepts.
pub fn device_settings(row: &GatewayRow) -> Result<Settings> {
    let settings = &row.gateway.settings;
    let mut fields = FieldSet::EMPTY;
    for class in &settings.fields {
        fields = fields.with(match class {
            FieldClass::EnergyIndex => meter_core::tic::Field::EnergyIndex,
            FieldClass::Power => meter_core::tic::Field::Power,
            FieldClass::Current => meter_core::tic::Field::Current,
            FieldClass::Voltage => meter_core::tic::Field::Voltage,
            FieldClass::Contract => meter_core::tic::Field::Contract,
            FieldClass::Condition => meter_core::tic::Field::Condition,
        });
    }
    let measuring = match settings.measuring {
        Measuring::On => gateway_device::Measuring::On,
        Measuring::Off => gateway_device::Measuring::Off,
    };
    Ok(Settings::new(
        u64::from(settings.version),
        measuring,
        fields,
        settings.step.seconds(),
    )?)
}

/// Agrees to an offer for the resident's meter, as the page does.
///
/// # Errors
/// When the broker refuses.
pub async fn agree(broker: &Broker, resident: &Resident, offer: &OfferRow) -> Result<(ConsentId, u64)> {
    agree_for(broker, resident.participant, resident.point, offer).await
}

/// Agrees to an offer for a participant's meter.
///
/// # Errors
/// When the broker refuses.
pub async fn agree_for(
    broker: &Broker,
    participant: ParticipantId,
    point: PointId,
    offer: &OfferRow,
) -> Result<(ConsentId, u64)> {
    let choice = Choice {
        offer: offer.offer.id,
        point,
        notice: offer.offer.notice,
        answer: Answer::Agree,
        proved_at: None,
    };
    let chosen = broker
        .choose(participant, choice)
        .await
        .context("the consent was refused")?;
    let receipt = chosen.receipt.context("a consent without receipt")?;
    Ok((chosen.consent, receipt.leaf_index))
}

impl Resident {
    /// The signed envelopes of everything the gateway heard since the last call, until `until`.
    ///
    /// # Errors
    /// When a batch does not fit its envelope.
    pub fn listen(&mut self, until: Instant) -> Result<Vec<Vec<u8>>> {
        let from = self.heard_until.as_micros();
        self.heard_until = until;
        match &mut self.gateway {
            Some(gateway) => Ok(gateway.batches(from, until.as_micros(), LISTEN_EVERY_S, BATCH_S)?),
            None => Ok(Vec::new()),
        }
    }

    /// Follows the household's switch.
    ///
    /// # Errors
    /// When the settings are not ones a device accepts.
    pub fn adopt(&mut self, row: &GatewayRow) -> Result<()> {
        if let Some(gateway) = &mut self.gateway {
            gateway.device_mut().adopt(device_settings(row)?);
        }
        Ok(())
    }
}

/// Lets households join, a few at a time so that the ledger can group them.
///
/// # Errors
/// When one could not.
pub async fn join_all(
    broker: &Arc<Broker>,
    households: &[Household],
    entropy: &Arc<dyn Entropy>,
    run: u64,
) -> Result<Vec<Resident>> {
    let mut tasks = JoinSet::new();
    for household in households {
        let (broker, entropy, household) = (Arc::clone(broker), Arc::clone(entropy), household.clone());
        tasks.spawn(async move { (household.index(), join(&broker, &household, &*entropy, run).await) });
    }
    let mut residents = Vec::with_capacity(households.len());
    while let Some(done) = tasks.join_next().await {
        let (index, resident) = done?;
        residents.push((index, resident?));
    }
    residents.sort_by_key(|(index, _)| *index);
    ensure!(residents.len() == households.len(), "not every household joined");
    Ok(residents.into_iter().map(|(_, resident)| resident).collect())
}

/// Which offers of the cast the n-th household agreed to before the newcomer arrives.
#[must_use]
pub const fn agrees_to(index: usize, offer: usize) -> bool {
    match offer {
        0 => index % 12 != 5,
        1 => index % 10 == 4,
        _ => index % 20 != 7,
    }
}

/// Gives the street's consents.
///
/// # Errors
/// When one was refused.
pub async fn agree_all(broker: &Arc<Broker>, residents: &[Resident], offers: &[OfferRow; 3]) -> Result<()> {
    let mut tasks = JoinSet::new();
    for (index, resident) in residents.iter().enumerate() {
        for (_, offer) in offers
            .iter()
            .enumerate()
            .filter(|(number, _)| agrees_to(index, *number))
        {
            let (broker, offer) = (Arc::clone(broker), offer.clone());
            let (participant, point) = (resident.participant, resident.point);
            tasks.spawn(async move { agree_for(&broker, participant, point, &offer).await });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done?.context("a consent was refused")?;
    }
    Ok(())
}

/// Hands in what every gateway heard until `until`. Households without consent are refused, and that is right.
///
/// # Errors
/// When the broker fails.
pub async fn measure(broker: &Arc<Broker>, residents: &mut [Resident], until: Instant) -> Result<usize> {
    let mut tasks = JoinSet::new();
    for resident in residents {
        for envelope in resident.listen(until)? {
            let broker = Arc::clone(broker);
            tasks.spawn(async move { broker.intake(&envelope).await });
        }
    }
    let mut stored = 0;
    while let Some(done) = tasks.join_next().await {
        match done? {
            Ok(_) => stored += 1,
            Err(broker_service::Failure::Refused(_)) => {}
            Err(failure) => return Err(failure).context("a batch could not be handed in"),
        }
    }
    Ok(stored)
}
