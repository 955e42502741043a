//! Consent records: from a consent and what is known of it to the JSON-LD of `consent.md` §2.
//!
//! [`Told::of`] reads what a record says beside the consent itself, [`draft`] is the record without its newest act (what a
//! person signs), and [`record`] the whole. Whoever adds an event to a consent writes one of these.

use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How, Method, Terms};
use broker_domain::ids::{OrganisationId, ParticipantId};
use broker_domain::mandate::{Acting, Capacity, Hand};
use broker_domain::time::Instant;
use broker_store::{ActRow, DelegatedRow, Notice, OrganisationRow, PermissionRow, PointRow, Read};
use evidence::consent::{
    self as wire, ConsentAct, ConsentDraft, ConsentTerms, Country, Day, Frame, Lost, Namespace, OnBehalf,
    Organisation, PointList, ShownNotice,
};
use evidence::passkey::WebauthnAct;
use evidence::record::{self, Digest, Id, Record, Seconds, Text};
use jiff::tz::TimeZone;
use ring::digest::{SHA256, digest as hash};

use super::{at, id};
use crate::failure::Fault;
use crate::release::ZONE;

/// Who keeps the records, as they say it.
#[derive(Debug, Clone)]
pub struct RecordSite {
    /// The address of the pages, such as `https://broker.example`. Must stay the same for years: it names the vocabulary.
    pub address: String,
    /// The operator's name.
    pub operator: String,
    /// Where people write to.
    pub contact: String,
    /// Where the operator is, ISO 3166-1 alpha-2.
    pub country: String,
}

impl RecordSite {
    /// Whether records can be written with it. To be asked at the start: nobody could withdraw otherwise.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] with what cannot stand in a record: an address with a path, an empty name.
    pub fn check(&self) -> Result<(), Fault> {
        keeper(self).map(|_| ())
    }
}

/// What a record says beside the consent and its events.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub recipient: OrganisationRow,
    /// What is agreed in it.
    pub terms: Terms,
    /// The notice shown for that.
    pub notice: Notice,
    pub point: PointRow,
    /// When the consent was asked for; not known of those from before this form.
    pub asked_at: Option<Instant>,
    /// How the events came about, as far as is known.
    pub acts: Vec<ActRow>,
    /// The events that somebody else did for the person.
    pub delegated: Vec<DelegatedRow>,
    /// What makes it the permission of a legal person.
    pub permission: Option<PermissionRow>,
}

impl Told {
    /// Reads it. For a consent that is not in the store yet, the caller says when it was asked for.
    pub async fn of(read: &mut (dyn Read + '_), consent: &Consent) -> Result<Self, Fault> {
        Self::on_terms(read, consent, consent.last_terms()).await
    }

    /// The same for an act that brings other terms.
    pub async fn on_terms(
        read: &mut (dyn Read + '_),
        consent: &Consent,
        terms: Terms,
    ) -> Result<Self, Fault> {
        let recipient = read.organisation(consent.recipient).await?;
        let notice = read.notice(terms.notice).await?;
        let point = read.point(consent.point).await?;
        let ((recipient, notice), point) = recipient.zip(notice).zip(point).ok_or(Fault::Corrupt {
            what: "consent.recipient, notice or point",
        })?;
        Ok(Self {
            recipient,
            terms,
            notice,
            point,
            asked_at: read.consent_asked_at(consent.id).await?,
            acts: read.consent_acts(consent.id).await?,
            delegated: read.delegated_events(consent.id).await?,
            permission: read.permission(consent.id).await?,
        })
    }
}

/// Who did something to a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The person herself, or somebody else of the household.
    Participant(ParticipantId),
    /// The body that asks or receives.
    Recipient(OrganisationId),
    /// The broker.
    Broker,
}

/// An event about to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct NewAct {
    pub act: ConsentAct,
    pub by: Actor,
    /// When it takes effect,
    pub at: Instant,
    /// and when it is recorded.
    pub recorded_at: Instant,
    pub how: How,
    /// Until when it is agreed, where the act brings another end than the first.
    pub until: Option<Instant>,
    /// The person's signature over the draft.
    pub webauthn: Option<WebauthnAct>,
    /// What a restore lost, for [`ConsentAct::Suspended`].
    pub lost: Option<Lost>,
    /// By what right, where somebody acts for the person.
    pub acting: Option<Acting>,
}

impl NewAct {
    /// Something that takes effect as it is recorded.
    pub fn now(act: ConsentAct, by: Actor, how: How, now: Instant) -> Self {
        Self {
            act,
            by,
            at: now,
            recorded_at: now,
            how,
            until: None,
            webauthn: None,
            lost: None,
            acting: None,
        }
    }

    /// The same, by whoever's hand it is.
    pub fn by_hand(act: ConsentAct, hand: Hand, how: How, now: Instant) -> Self {
        Self {
            acting: hand.acting(),
            ..Self::now(act, Actor::Participant(hand.actor()), how, now)
        }
    }
}

/// What an event of a kind is in a record; nothing for pauses, which are no states of a consent (`consent.md` §2.2).
pub(crate) const fn act_of(kind: EventKind) -> Option<ConsentAct> {
    Some(match kind {
        EventKind::Requested => ConsentAct::Requested,
        EventKind::Deferred => ConsentAct::Deferred,
        EventKind::Agreed { .. } => ConsentAct::Agreed,
        EventKind::Declined => ConsentAct::Declined,
        EventKind::Given => ConsentAct::Given,
        EventKind::Refused => ConsentAct::Refused,
        EventKind::Narrowed(_) => ConsentAct::Narrowed,
        EventKind::Renewed(_) => ConsentAct::Renewed,
        // Agreeing to other terms in its place is the person's own end of it.
        EventKind::Withdrawn | EventKind::Superseded { .. } => ConsentAct::Withdrawn,
        EventKind::Revoked => ConsentAct::Revoked,
        EventKind::Expired => ConsentAct::Expired,
        EventKind::Invalidated => ConsentAct::Invalidated,
        EventKind::Suspended => ConsentAct::Suspended,
        EventKind::Paused { .. } | EventKind::Resumed => return None,
    })
}

/// The record after `act`: version 1 for the first event, and so on.
pub(crate) fn record(
    site: &RecordSite,
    told: &Told,
    consent: &Consent,
    act: &NewAct,
) -> Result<Record, Fault> {
    with_act(draft(site, told, consent, act.recorded_at)?, site, consent, act)
}

/// The record that an act makes of a draft that was made before.
pub(crate) fn with_act(
    draft: ConsentDraft,
    site: &RecordSite,
    consent: &Consent,
    act: &NewAct,
) -> Result<Record, Fault> {
    let event = wire::ConsentEvent {
        act: act.act,
        by: iri(site, act.by)?,
        at: at(act.at)?,
        recorded_at: at(act.recorded_at)?,
        how: Some(how(act.how)),
        until: match act.act.agrees() {
            true => Some(at(act.until.unwrap_or_else(|| consent.data.end()))?),
            false => None,
        },
        record: None,
        webauthn: act.webauthn.clone(),
        lost: act.lost,
        behalf: match act.acting {
            Some(acting) => Some(behalf(site, consent, &DelegatedRow::of(acting, 0))?),
            None => None,
        },
    };
    draft
        .with(&event)
        .map(Record::Consent)
        .map_err(|_| Fault::Corrupt {
            what: "consent record",
        })
}

/// The record of the version after the newest event, without the act that will make it. Its digest names the terms.
pub(crate) fn draft(
    site: &RecordSite,
    told: &Told,
    consent: &Consent,
    created: Instant,
) -> Result<ConsentDraft, Fault> {
    let versions = consent.events.iter().filter(|event| act_of(event.kind).is_some());
    let version = u32::try_from(versions.count()).ok();
    let version = version.and_then(|events| events.checked_add(1));
    let version = version.ok_or(Fault::Corrupt {
        what: "consent events",
    })?;
    let events = earlier(site, told, consent)?;
    let draft = ConsentDraft::new(&terms(site, told, consent)?, version, at(created)?, &events);
    draft.map_err(|_| Fault::Corrupt {
        what: "consent events",
    })
}

/// The digest of the terms as they stand in a draft.
pub(crate) fn terms_digest(draft: &ConsentDraft) -> Result<broker_domain::ids::Digest, Fault> {
    let digest = draft.digest().map_err(|_| Fault::Corrupt { what: "terms" })?;
    Ok(broker_domain::ids::Digest(*digest.as_bytes()))
}

fn earlier(site: &RecordSite, told: &Told, consent: &Consent) -> Result<Vec<wire::ConsentEvent>, Fault> {
    let mut events = Vec::new();
    if let Some(asked_at) = told.asked_at {
        events.push(wire::ConsentEvent {
            act: ConsentAct::Requested,
            by: iri(site, Actor::Recipient(consent.recipient))?,
            at: at(asked_at)?,
            recorded_at: at(asked_at)?,
            how: None,
            until: None,
            record: None,
            webauthn: None,
            lost: None,
            behalf: None,
        });
    }
    for event in &consent.events {
        let known = told.acts.iter().find(|row| row.seq == event.seq);
        let by = told.delegated.iter().find(|row| row.seq == event.seq);
        if let Some(act) = act_of(event.kind) {
            events.push(before(site, consent, (event, act), (known, by))?);
        }
    }
    Ok(events)
}

/// An event that was recorded before: its own record has the details, and is named by its digest.
fn before(
    site: &RecordSite,
    consent: &Consent,
    (event, act): (&ConsentEvent, ConsentAct),
    (known, delegated): (Option<&ActRow>, Option<&DelegatedRow>),
) -> Result<wire::ConsentEvent, Fault> {
    let by = match act {
        _ if delegated.is_some() => {
            Actor::Participant(delegated.map_or(consent.participant, |row| row.delegate))
        }
        ConsentAct::Requested => Actor::Recipient(consent.recipient),
        ConsentAct::Deferred
        | ConsentAct::Given
        | ConsentAct::Agreed
        | ConsentAct::Declined
        | ConsentAct::Refused
        | ConsentAct::Narrowed
        | ConsentAct::Renewed
        | ConsentAct::Withdrawn => Actor::Participant(consent.participant),
        ConsentAct::Revoked | ConsentAct::Suspended | ConsentAct::Expired | ConsentAct::Invalidated => {
            Actor::Broker
        }
    };
    let terms = event.kind.parts().terms.unwrap_or_else(|| consent.first_terms());
    Ok(wire::ConsentEvent {
        act,
        by: iri(site, by)?,
        at: at(event.effective_at)?,
        recorded_at: at(event.recorded_at)?,
        how: known.map(|row| how(row.how)),
        until: match act.agrees() {
            true => Some(at(terms.data.end())?),
            false => None,
        },
        record: Some(Digest::new(event.record.0)),
        webauthn: None,
        lost: None,
        behalf: delegated.map(|row| behalf(site, consent, row)).transpose()?,
    })
}

/// For whom somebody acted, and by what right.
fn behalf(site: &RecordSite, consent: &Consent, row: &DelegatedRow) -> Result<OnBehalf, Fault> {
    Ok(OnBehalf {
        person: iri(site, Actor::Participant(consent.participant))?,
        capacity: capacity(row.capacity),
        mandate: id(&format!("urn:uuid:{}", row.mandate))?,
    })
}

/// A capacity as records have it.
pub(crate) const fn capacity(capacity: Capacity) -> record::Capacity {
    match capacity {
        Capacity::Delegate => record::Capacity::Delegate,
        Capacity::JointHolder => record::Capacity::JointHolder,
        Capacity::Guardian => record::Capacity::Guardian,
        Capacity::Representative => record::Capacity::Representative,
    }
}

fn terms(site: &RecordSite, told: &Told, consent: &Consent) -> Result<ConsentTerms, Fault> {
    let page = |path: &str| format!("{}{path}", site.address);
    let Terms { step, data, .. } = told.terms;
    let last = Instant::from_micros(data.end().as_micros().saturating_sub(1))?;
    Ok(ConsentTerms {
        site: keeper(site)?,
        frame: match told.permission {
            None => Frame::Consent,
            Some(permission) => Frame::Permission(PointList {
                grant: id(&permission.grant)?,
                sha256: Digest::new(permission.list.0),
                count: permission.points,
            }),
        },
        consent: id(&consent.id)?,
        replaces: None,
        subject: iri(site, Actor::Participant(consent.participant))?,
        notice: ShownNotice {
            sha256: Digest::new(told.terms.notice.0),
            language: id(&told.notice.language)?,
            title: text(&told.notice.title)?,
        },
        purpose: id(consent.purpose.as_str())?,
        recipient: Organisation {
            iri: iri(site, Actor::Recipient(consent.recipient))?,
            name: text(&told.recipient.name)?,
            contact: text(&told.recipient.contact)?,
            country: Country::new(&told.recipient.country),
        },
        point: point(&told.point),
        step: Seconds(step.seconds()),
        from: at(data.start())?,
        until: at(data.end())?,
        first_day: day(data.start())?,
        last_day: day(last)?,
        withdraw_at: page(&format!("/moi/partages/{}", consent.id)),
        access_at: page("/moi/inscriptions"),
        erase_at: page("/moi/effacement"),
    })
}

fn keeper(site: &RecordSite) -> Result<wire::Site, Fault> {
    Ok(wire::Site {
        namespace: Namespace::of(&site.address).map_err(|_| Fault::Corrupt {
            what: "address of the site",
        })?,
        address: site.address.clone(),
        operator: Organisation {
            iri: iri(site, Actor::Broker)?,
            name: text(&site.operator)?,
            contact: text(&site.contact)?,
            country: Country::new(&site.country),
        },
    })
}

/// People and members by their identifiers, which mean nothing elsewhere; the broker by its address.
pub(crate) fn iri(site: &RecordSite, who: Actor) -> Result<Id, Fault> {
    match who {
        Actor::Participant(person) => id(&format!("urn:uuid:{person}")),
        Actor::Recipient(body) => id(&format!("urn:uuid:{body}")),
        Actor::Broker => id(&site.address),
    }
}

fn text(text: &str) -> Result<Text, Fault> {
    Text::new(text).map_err(|_| Fault::Corrupt {
        what: "name in a record",
    })
}

/// The local day, for readers: the instants beside it decide.
fn day(instant: Instant) -> Result<Day, Fault> {
    let corrupt = Fault::Corrupt { what: "zone" };
    let Ok(zone) = TimeZone::get(ZONE) else {
        return Err(corrupt);
    };
    let day = instant.to_timestamp().to_zoned(zone).date();
    Day::new(day.to_string()).map_err(|_| corrupt)
}

/// `SHA-256("fiducie-metering-point/1" || 0x00 || HMAC(index key, number))`: keyed by the vault's index key, and another
/// value than the one rows are found by.
pub(crate) fn point(row: &PointRow) -> [u8; 32] {
    let labelled = [b"fiducie-metering-point/1\0".as_slice(), &row.number_index].concat();
    let mut point = [0; 32];
    point
        .iter_mut()
        .zip(hash(&SHA256, &labelled).as_ref())
        .for_each(|(to, from)| *to = *from);
    point
}

pub(crate) const fn method(method: Method) -> record::Method {
    match method {
        Method::Passkey => record::Method::Webauthn,
        Method::Web => record::Method::Web,
        Method::EmailLink => record::Method::EmailLink,
        Method::Phone => record::Method::Phone,
        Method::Paper => record::Method::Paper,
        Method::Upstream => record::Method::Upstream,
        Method::Clock => record::Method::Clock,
    }
}

pub(crate) const fn how(how: How) -> wire::How {
    wire::How {
        method: method(how.method),
        level: match how.level {
            None => None,
            Some(EvidenceLevel::L1) => Some(record::EvidenceLevel::L1),
            Some(EvidenceLevel::L2) => Some(record::EvidenceLevel::L2),
            Some(EvidenceLevel::L3) => Some(record::EvidenceLevel::L3),
            Some(EvidenceLevel::L4) => Some(record::EvidenceLevel::L4),
            Some(EvidenceLevel::L5) => Some(record::EvidenceLevel::L5),
        },
    }
}
