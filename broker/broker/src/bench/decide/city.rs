//! A city in the database: participants, points and consents, and the orders that its applications might send.

use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, Result};
use broker_domain::consent::{Consent, ConsentEvent, EventKind, Offer};
use broker_domain::ids::{
    ApplicationId, ConsentId, Digest, OfferId, OrganisationId, ParticipantId, PointId, Purpose, TransferId,
};
use broker_domain::time::{Entropy, Instant, Interval, Step};
use broker_service::Order;
use broker_store::{
    ApplicationRow, Notice, OrganisationRow, ParticipantRow, PointRow, RecordedEvent, Serial, Store, Tx,
    WrappedKeyRow,
};
use broker_store_sqlite::{Create, SqliteStore};

/// What people are asked for.
const PURPOSES: [&str; 5] = [
    "energy-advice",
    "neighbourhood-view",
    "school-comparison",
    "load-curve-research",
    "heat-pump-sizing",
];
/// Organisations that receive, each with one application.
const MEMBERS: usize = 20;
/// Rows written in one transaction, roughly: some tens of megabytes of changed pages.
const TOGETHER: usize = 50_000;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Bytes of a wrapped key, of a sealed profile and of a sealed meter number, as in a broker that serves people.
const SIZES: [usize; 3] = [320, 180, 64];

/// What a decision may be asked about.
pub struct City {
    /// Who asks.
    pub applications: Vec<ApplicationRow>,
    /// Every consent with the application that may ask under it.
    pub consents: Vec<(ConsentId, usize)>,
    /// How long it took to write.
    pub written_in: Duration,
    /// The first whole hour that the consents cover.
    begins: Instant,
}

/// Writes the city into the database at `path` through the store's own writers. `now` is when the people agreed.
///
/// What is synthetic: the rows are real and stand in the real file with all their indexes, but all their
/// events name one record of the ledger, `serial`, and keys, names and meter numbers are random bytes. Identifiers are
/// random as everybody's are, but drawn first and written in their order: otherwise each transaction would change most
/// pages of every index, and a city of the size of the aim would write tens of gigabytes.
pub async fn build(
    path: &Path,
    (participants, consents): (usize, usize),
    serial: Serial,
    now: Instant,
    entropy: &dyn Entropy,
) -> Result<City> {
    let started = Stopwatch::now();
    let store = SqliteStore::open(path, Create::Never).await?;
    let begins = Instant::from_micros(now.as_micros().div_euclid(HOUR * 1_000_000) * HOUR * 1_000_000)?;
    let (applications, offers) = found(&store, entropy).await?;
    let mut city = City {
        applications,
        consents: Vec::with_capacity(consents),
        written_in: Duration::ZERO,
        begins: begins.plus_seconds(HOUR),
    };
    let mut tx = store.begin("build a city").await?;
    let mut rows = 0;
    let mut ids = (drawn(participants, entropy)?, drawn(consents, entropy)?);
    for person in 0..participants {
        let lived_by = ids.0.next().context("fewer identifiers than people")?;
        let (participant, point) = move_in(&mut *tx, lived_by, now, entropy).await?;
        // Everybody has the same number, give or take one.
        let (first, last) = (
            consents * person / participants,
            consents * (person + 1) / participants,
        );
        for number in first..last {
            // No two consents of a person are for the same recipient and purpose, unless she has a hundred.
            let kind = (person + number - first) % offers.len();
            let Some((member, offer)) = offers.get(kind) else {
                continue;
            };
            let id = ids.1.next().context("fewer identifiers than consents")?;
            let id = ConsentId::from_bytes(id);
            let consent = offer.answered_by(participant, point, offer.notice, id, now)?;
            let consent = consent.on_terms(Digest(random(entropy)?));
            let consent = agree(&mut *tx, consent, (now, serial), number, entropy).await?;
            city.consents.push((consent, *member));
        }
        rows += 3 + 2 * (last - first);
        if rows > TOGETHER {
            rows = 0;
            tx.commit().await?;
            tx = store.begin("build a city").await?;
        }
    }
    tx.commit().await?;
    store.close().await;
    city.written_in = started.elapsed();
    Ok(city)
}

/// The organisations, what each asks for, and its application.
async fn found(
    store: &SqliteStore,
    entropy: &dyn Entropy,
) -> Result<(Vec<ApplicationRow>, Vec<(usize, Offer)>)> {
    let notice = Notice {
        digest: Digest(random(entropy)?),
        language: "fr".into(),
        title: "Banc d'essai".into(),
        text: "Texte du banc d'essai.".into(),
    };
    let mut tx = store.begin("build a city").await?;
    tx.add_notice(&notice).await?;
    let (mut applications, mut offers) = (Vec::new(), Vec::new());
    for member in 0..MEMBERS {
        let organisation = OrganisationId::random(entropy)?;
        tx.add_organisation(&OrganisationRow {
            id: organisation,
            name: format!("Member {member}"),
            country: "FR".into(),
            contact: format!("member{member}@example.invalid"),
        })
        .await?;
        applications.push(ApplicationRow {
            id: ApplicationId::random(entropy)?,
            organisation,
            name: format!("Application {member}"),
            encryption_jwk: String::new(),
            credential_hash: random(entropy)?,
        });
        for purpose in PURPOSES {
            let offer = Offer {
                id: OfferId::random(entropy)?,
                recipient: organisation,
                purpose: Purpose::parse(purpose)?,
                step: Step::HALF_HOUR,
                days: 365,
                notice: notice.digest,
            };
            offers.push((member, offer));
        }
    }
    tx.commit().await?;
    Ok((applications, offers))
}

/// Random identifiers in their order.
fn drawn(count: usize, entropy: &dyn Entropy) -> Result<std::vec::IntoIter<[u8; 16]>> {
    let mut ids = vec![[0_u8; 16]; count];
    entropy.fill(ids.as_flattened_mut())?;
    ids.sort_unstable();
    Ok(ids.into_iter())
}

/// One participant with a key and a point.
async fn move_in(
    tx: &mut dyn Tx,
    id: [u8; 16],
    now: Instant,
    entropy: &dyn Entropy,
) -> Result<(ParticipantId, PointId)> {
    // Nobody has two points here, and the two kinds of identifier are never compared: one draw serves both.
    let (participant, point) = (ParticipantId::from_bytes(id), PointId::from_bytes(id));
    let noise = |size: usize| -> Result<Vec<u8>> {
        let mut bytes = vec![0_u8; size];
        entropy.fill(&mut bytes)?;
        Ok(bytes)
    };
    let [key, profile, number] = SIZES;
    tx.add_participant(&ParticipantRow {
        id: participant,
        ordinal: 0,
        language: "fr".into(),
        profile_sealed: noise(profile)?,
        created_at: now,
    })
    .await?;
    tx.add_key(&WrappedKeyRow {
        participant,
        epoch: 1,
        wrapped: noise(key)?,
    })
    .await?;
    tx.add_point(&PointRow {
        id: point,
        participant,
        number_index: random(entropy)?,
        number_sealed: noise(number)?,
        created_at: now,
        occupancy: broker_domain::consent::Occupancy::default(),
    })
    .await?;
    Ok((participant, point))
}

/// One consent in fifty was withdrawn after an hour.
async fn agree(
    tx: &mut dyn Tx,
    consent: Consent,
    (now, serial): (Instant, Serial),
    number: usize,
    entropy: &dyn Entropy,
) -> Result<ConsentId> {
    let id = consent.id;
    tx.add_consent(&consent).await?;
    let given = note(tx, &consent, EventKind::Given, (now, serial), entropy).await?;
    if number % 50 == 49 {
        let mut consent = consent;
        consent.events.push(given);
        note(
            tx,
            &consent,
            EventKind::Withdrawn,
            (now.plus_seconds(HOUR), serial),
            entropy,
        )
        .await?;
    }
    Ok(id)
}

async fn note(
    tx: &mut dyn Tx,
    consent: &Consent,
    kind: EventKind,
    (at, serial): (Instant, Serial),
    entropy: &dyn Entropy,
) -> Result<ConsentEvent> {
    let event = consent.next_event(kind, at, Digest(random(entropy)?));
    let event = event.context("too many events")?;
    let recorded = RecordedEvent {
        event,
        serial: Some(serial),
        leaf_index: None,
    };
    tx.add_consent_event(consent.id, &recorded).await?;
    Ok(event)
}

fn random(entropy: &dyn Entropy) -> Result<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

impl City {
    /// Orders under consents drawn at random, each for one day; one in twenty comes from an application that has no
    /// business with the consent.
    pub fn orders(&self, count: usize, entropy: &dyn Entropy) -> Result<Vec<(usize, Order)>> {
        let mut orders = Vec::with_capacity(count);
        for number in 0..count {
            let [a, b, c, d, ..] = random(entropy)?;
            let drawn = usize::try_from(u32::from_be_bytes([a, b, c, d]))?;
            let Some((consent, member)) = self.consents.get(drawn % self.consents.len().max(1)) else {
                continue;
            };
            let stranger = number % 20 == 19;
            let member = if stranger {
                (member + 1) % self.applications.len()
            } else {
                *member
            };
            orders.push((member, self.order(*consent, entropy)?));
        }
        Ok(orders)
    }

    /// An order for the first day under a consent.
    pub fn order(&self, consent: ConsentId, entropy: &dyn Entropy) -> Result<Order> {
        Ok(Order {
            transfer: TransferId::random(entropy)?,
            authorisation: consent,
            interval: Interval::new(self.begins, self.begins.plus_seconds(DAY))?,
            step: Step::HALF_HOUR,
        })
    }
}
