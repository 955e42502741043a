//! A household whose meter is a capture: real TIC bytes, decoded by the gateway's own decoder, dated as heard now.
//!
//! A capture's clock belongs to another year, and no consent reaches back there. Each frame therefore keeps its distance
//! to the first one and nothing else of its date; the first is heard when the demo starts.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use broker_domain::ids::{BatchId, ParticipantId};
use broker_domain::time::Entropy;
use broker_service::{Broker, Newcomer};
use broker_store::{GatewayRow, OfferRow};
use meter_core::envelope::{self, ContentType, Header};
use meter_core::senml::{Reading, pack_of, readings, urn_of};
use meter_core::tic::{Decoder, Event, Field, FieldSet, Frame, LegalTime, Parity, Plausibility};

use super::street::{self, Signer};

/// Bits of one character on the wire (`tic.md` §1), and the slower of the two rates.
const MICROS_PER_BYTE: i64 = 10 * 1_000_000 / 1_200;
/// How long readings wait for company in one batch.
const BATCH_EVERY: Duration = Duration::from_secs(5);

/// A household that speaks from a capture.
pub struct Speaker {
    /// The participant.
    pub participant: ParticipantId,
    /// What the demo calls it.
    pub name: String,
    row: GatewayRow,
    sign: Signer,
    frames: VecDeque<Heard>,
}

struct Heard {
    /// Distance to the first frame.
    after: Duration,
    readings: Vec<Reading>,
}

impl Speaker {
    /// Reads the capture, lets the household join, and agrees to the offer.
    ///
    /// # Errors
    /// When the file holds no frame that the gateway trusts, or the broker refuses.
    pub async fn join(broker: &Broker, file: &Path, offer: &OfferRow, entropy: &dyn Entropy) -> Result<Self> {
        let capture = std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
        let (frames, refused) = listen(&capture);
        ensure!(
            !frames.is_empty(),
            "`{}` holds no frame that a gateway would trust ({refused} refused); is it a raw TIC capture?",
            file.display()
        );
        tracing::info!(
            frames.trusted = frames.len(),
            frames.refused = refused,
            "the capture was read"
        );
        let newcomer = Newcomer {
            language: "fr".into(),
            name: "Foyer de la capture".into(),
            address: "Compteur rejoué".into(),
            meter_number: meter_number(entropy)?,
        };
        let joined = broker
            .join(&newcomer)
            .await
            .context("the household of the capture could not join")?;
        let (row, sign) = street::enrol_gateway(broker, joined.participant, joined.point, entropy).await?;
        street::agree_for(broker, joined.participant, joined.point, offer).await?;
        Ok(Self {
            participant: joined.participant,
            name: newcomer.name,
            row,
            sign,
            frames,
        })
    }

    /// Speaks at the pace of the capture until it ends.
    ///
    /// # Errors
    /// When the broker fails; refusals end the replay too, and say why.
    pub async fn speak(mut self, broker: Arc<Broker>, entropy: Arc<dyn Entropy>) -> Result<()> {
        let (started, start_us) = (tokio::time::Instant::now(), broker.now().as_micros());
        let mut sequence = 0;
        while let Some(first) = self.frames.front() {
            let until = first.after + BATCH_EVERY;
            let mut heard = Vec::new();
            while let Some(frame) = self.frames.pop_front_if(|frame| frame.after < until) {
                let at_us = start_us + i64::try_from(frame.after.as_micros())?;
                heard.extend(
                    frame
                        .readings
                        .into_iter()
                        .map(|reading| Reading { at_us, ..reading }),
                );
                tokio::time::sleep_until(started + frame.after).await;
            }
            sequence += 1;
            let batch = BatchId::random(&*entropy)?;
            let header = Header {
                content: ContentType::SenmlCbor,
                gateway_id: *self.row.gateway.id.as_bytes(),
                point_id: *self.row.gateway.point.as_bytes(),
                batch_id: *batch.as_bytes(),
                sequence,
                created_at_us: broker.now().as_micros(),
            };
            let payload = pack_of(&urn_of(&header.point_id), &heard).to_cbor();
            let bytes = envelope::encode(&header, &payload, &mut self.sign)?;
            broker
                .intake(&bytes)
                .await
                .context("a replayed batch was not taken")?;
        }
        tracing::info!("the capture was replayed to its end");
        Ok(())
    }
}

/// The trusted frames of a capture, and how many were refused.
fn listen(capture: &[u8]) -> (VecDeque<Heard>, u64) {
    let mut decoder = Decoder::new(Parity::Stripped);
    let mut judge = Plausibility::new(LegalTime::Mainland);
    let fields = FieldSet::EMPTY.with(Field::EnergyIndex).with(Field::Power);
    let mut frames: VecDeque<Heard> = VecDeque::new();
    let (mut refused, mut first_us) = (0, None);
    for (position, byte) in (0_i64..).zip(capture) {
        let wire_us = position * MICROS_PER_BYTE;
        decoder.push(std::slice::from_ref(byte), |event| {
            let Event::Frame(frame) = event else { return };
            // A capture has no reception times: the meter's clock, or the pace of the wire.
            let received_us = clock_of(frame).unwrap_or(wire_us);
            match judge.check(frame, received_us) {
                Ok(trusted) => {
                    let at_us = trusted.meter_clock_us().unwrap_or(received_us);
                    let after = Duration::from_micros(
                        u64::try_from(at_us - *first_us.get_or_insert(at_us)).unwrap_or(0),
                    );
                    let mut readings = readings(&trusted, fields, received_us);
                    // What the meter dates itself, such as yesterday's maximum, belongs to a day of the capture.
                    readings.retain(|reading| reading.at_us == at_us);
                    if !readings.is_empty() {
                        frames.push_back(Heard { after, readings });
                    }
                }
                Err(_) => refused += 1,
            }
        });
    }
    (frames, refused)
}

fn clock_of(frame: &Frame) -> Option<i64> {
    frame
        .group("DATE")?
        .time()?
        .ok()?
        .utc_seconds(LegalTime::Mainland)?
        .checked_mul(1_000_000)
}

/// Fourteen digits that the grid operator does not give out: they begin with 99.
fn meter_number(entropy: &dyn Entropy) -> Result<String> {
    let mut bytes = [0_u8; 12];
    entropy.fill(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| char::from(b'0' + byte % 10)).collect();
    Ok(format!("99{digits}"))
}
