//! What officers and representatives see of a legal person. Whoever looks has asked the policies; a number is shown by its last four
//! characters, as everywhere (kit document K04).

use broker_domain::ids::{OfficerId, ParticipantId, PointId};
use broker_domain::legal::{LegalKind, RegisterNumber, Shows};
use broker_domain::mandate::Hand;
use broker_domain::time::{Instant, Interval};
use broker_store::{LegalPersonRow, SiteRow};
use broker_vault::{DataKey, ProfileField, SealedText};
use secrecy::ExposeSecret as _;

use super::LegalRefusal;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::moving::has_left;
use crate::own::OwnRefusal;

/// What is known of a legal person.
#[derive(Clone, PartialEq, Eq)]
pub struct LegalFacts {
    /// Which.
    pub participant: ParticipantId,
    /// What it is.
    pub kind: LegalKind,
    /// Its name.
    pub name: String,
    /// Its seat.
    pub address: String,
    /// `SIREN`, `SIRET` or `BCE`.
    pub register: &'static str,
    /// Its number there.
    pub number: String,
    /// When it was enrolled.
    pub added_at: Instant,
}

/// A point of a legal person.
#[derive(Clone, PartialEq, Eq)]
pub struct Site {
    /// Which.
    pub point: PointId,
    /// What the place is called.
    pub name: String,
    /// The last four characters of its number.
    pub last: String,
    /// Whose life it shows.
    pub shows: Shows,
    /// Whether it is the legal person's no more.
    pub left: bool,
}

impl Broker {
    /// Legal persons that were enrolled before an instant, newest first, for an officer.
    ///
    /// # Errors
    /// [`LegalRefusal::Unknown`] for anybody else.
    pub async fn legal_desk(
        &self,
        officer: OfficerId,
        before: Instant,
        limit: u32,
    ) -> Result<Vec<LegalFacts>, Failure<LegalRefusal>> {
        self.may_enrol(officer)?;
        let rows = self.store.read().await?.legal_persons(before, limit).await?;
        let mut facts = Vec::with_capacity(rows.len());
        for row in rows {
            // Erased meanwhile: no line.
            match self.facts(row).await {
                Err(Fault::SubjectErased) => {}
                other => facts.push(other?),
            }
        }
        Ok(facts)
    }

    /// One legal person and its points, for an officer.
    ///
    /// # Errors
    /// [`LegalRefusal::Unknown`].
    pub async fn legal_person(
        &self,
        officer: OfficerId,
        person: ParticipantId,
    ) -> Result<(LegalFacts, Vec<Site>), Failure<LegalRefusal>> {
        self.may_enrol(officer)?;
        let row = self.legal_row(person).await?;
        Ok((self.facts(row).await?, self.sites(person).await?))
    }

    /// Whether somebody is a legal person, and then which.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_legal_person(&self, who: ParticipantId) -> Result<Option<LegalKind>, Fault> {
        let row = self.store.read().await?.legal_person(who).await?;
        Ok(row.map(|row| row.kind))
    }

    /// The points of a legal person, oldest first, for whoever represents it.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`].
    pub async fn own_sites(&self, hand: Hand) -> Result<Vec<Site>, Failure<OwnRefusal>> {
        let now = self.clock.now();
        self.access(hand, Interval::new(now, now.plus_seconds(1))?)?;
        Ok(self.sites(hand.person()).await?)
    }

    /// What the place of a point is called; `None` for the point of a person.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`].
    pub async fn own_site(&self, hand: Hand, point: PointId) -> Result<Option<Site>, Failure<OwnRefusal>> {
        let now = self.clock.now();
        self.access(hand, Interval::new(now, now.plus_seconds(1))?)?;
        let row = self.store.read().await?.site(point).await?;
        let Some(row) = row.filter(|row| row.point.participant == hand.person()) else {
            return Ok(None);
        };
        let key = self.legal_key(hand.person()).await?;
        Ok(Some(self.site(&key, row)?))
    }

    /// The name of a legal person, for the two sides of a mandate of its.
    pub(crate) async fn legal_name(&self, person: ParticipantId) -> Result<String, Fault> {
        let row = self.store.read().await?.legal_person(person).await?;
        Ok(self.facts(row.ok_or(Fault::SubjectErased)?).await?.name)
    }

    async fn sites(&self, person: ParticipantId) -> Result<Vec<Site>, Fault> {
        let rows = self.store.read().await?.sites_of(person).await?;
        let key = self.legal_key(person).await?;
        rows.into_iter().map(|row| self.site(&key, row)).collect()
    }

    fn site(&self, key: &DataKey, row: SiteRow) -> Result<Site, Fault> {
        let point = row.point.id;
        let number = opened(key, ProfileField::MeterNumber(point), row.point.number_sealed)?;
        let hidden = number.chars().count().saturating_sub(4);
        Ok(Site {
            point,
            name: opened(key, ProfileField::SiteName(point), row.name_sealed)?,
            last: number.chars().skip(hidden).collect(),
            shows: row.shows,
            left: has_left(row.point.occupancy, self.clock.now()),
        })
    }

    async fn facts(&self, row: LegalPersonRow) -> Result<LegalFacts, Fault> {
        let person = self.store.read().await?.participant(row.participant).await?;
        let person = person.ok_or(Fault::SubjectErased)?;
        let key = self.legal_key(row.participant).await?;
        let profile = opened(&key, ProfileField::Name, person.profile_sealed)?;
        let (name, address) = profile
            .split_once('\n')
            .ok_or(Fault::Corrupt { what: "profile" })?;
        let number = opened(&key, ProfileField::RegisterNumber, row.number_sealed)?;
        let number = RegisterNumber::parse(&number).map_err(|_| Fault::Corrupt {
            what: "legal_person.number_sealed",
        })?;
        Ok(LegalFacts {
            participant: row.participant,
            kind: row.kind,
            name: name.to_owned(),
            address: address.to_owned(),
            register: number.register(),
            number: number.as_str().to_owned(),
            added_at: row.added_at,
        })
    }

    async fn legal_key(&self, person: ParticipantId) -> Result<std::sync::Arc<DataKey>, Fault> {
        let wrapped = self.store.read().await?.newest_key(person).await?;
        self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)
    }
}

fn opened(key: &DataKey, field: ProfileField, sealed: Vec<u8>) -> Result<String, Fault> {
    let text = broker_vault::open_legal_text(key, field, &SealedText(sealed));
    let text = text.map_err(|_| Fault::Crypto {
        during: "open what is known of a legal person",
    })?;
    Ok(text.expose_secret().to_owned())
}
