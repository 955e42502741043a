//! Everything a participant agreed to or refused, ready to be shown.

use std::collections::BTreeMap;

use broker_domain::consent::{Consent, State};
use broker_domain::ids::{ConsentId, OfferId, ParticipantId};
use broker_domain::mandate::{Capacity, Hand};
use broker_domain::time::Instant;
use broker_service::{Awaited, HerWord};
use broker_store::DelegatedRow;

use crate::pages::{OfferCard, Sharing};
use crate::routes::meters::{Meter, all_meters, label_of};
use crate::routes::phrases::{day, first_event, granularity, last_day, moment, state};
use crate::routes::shelf::{Asked, Shelf};
use crate::routes::trouble::Trouble;
use crate::routes::visit::Visit;
use crate::vocabulary::{AwaitedWord, DataKind, GivenBy, LegalBasis, SharingState};

/// What one participant shares, and with whom.
pub(crate) struct Holdings {
    pub(crate) now: Instant,
    pub(crate) shelf: Shelf,
    pub(crate) meters: Vec<Meter>,
    /// Newest first.
    pub(crate) consents: Vec<Consent>,
    uses: BTreeMap<ConsentId, (u64, Option<Instant>)>,
    /// Whether it is a legal person, who permits and does not consent.
    basis: LegalBasis,
    /// Who gave each.
    given_by: BTreeMap<ConsentId, GivenBy>,
    /// What waits for somebody who must agree.
    awaited: BTreeMap<ConsentId, Awaited>,
    /// Whose they are, but for those of contracts that she holds with another.
    who: ParticipantId,
    /// Offers that the person wants to see again, and from when on.
    reminders: BTreeMap<OfferId, Instant>,
}

/// A refusal is not asked about again for so long: six months (gdpr-kit.md P-24, EDPB 03/2022, continuous prompting).
const REST_SECONDS: i64 = 184 * 86_400;

impl Holdings {
    pub(crate) async fn of(visit: &Visit, who: impl Into<Hand>) -> Result<Self, Trouble> {
        let hand = who.into();
        let who = hand.person();
        // Each reading view is given back before the next use case opens its own: views are few.
        let meters = all_meters(visit, hand).await?;
        let basis = match visit.broker().is_legal_person(who).await? {
            Some(_) => LegalBasis::Permission,
            None => LegalBasis::Consent,
        };
        let now = visit.broker().now();
        let mut read = visit.broker().read().await?;
        let shelf = Shelf::open(&mut *read, visit.lang).await?;
        let mut consents = read.consents_of(who).await?;
        for meter in meters.iter().filter(|meter| meter.is_another_s()) {
            let shared = read.consents_of(meter.hand.person()).await?;
            consents.extend(shared.into_iter().filter(|one| meter.hand.reaches(one.point)));
        }
        consents.sort_by_key(|consent| std::cmp::Reverse((first_event(consent), consent.id)));
        let (mut uses, mut given_by) = (BTreeMap::new(), BTreeMap::new());
        for consent in &consents {
            let by = read.delegated_events(consent.id).await?;
            let first = consent.events.first().map(|event| event.seq);
            let first = by.iter().find(|row| Some(row.seq) == first);
            given_by.insert(consent.id, who_gave(hand.actor(), who, consent, first));
            uses.insert(consent.id, read.uses_of(consent.id).await?);
        }
        let reminders = read.reminders_of(who).await?.into_iter().collect();
        drop(read);
        let mut awaited = BTreeMap::new();
        for consent in consents.iter().filter(|one| waits(one, now)) {
            let hand = hand_of(&meters, hand, consent);
            if let Some(found) = visit.broker().awaited(hand, consent).await? {
                awaited.insert(consent.id, found);
            }
        }
        Ok(Self {
            now,
            who,
            awaited,
            shelf,
            meters,
            consents,
            basis,
            uses,
            given_by,
            reminders,
        })
    }

    /// One consent. Somebody else's is not found, like one that does not exist.
    pub(crate) fn consent(&self, id: ConsentId) -> Result<&Consent, Trouble> {
        self.consents
            .iter()
            .find(|consent| consent.id == id)
            .ok_or(Trouble::NotFound)
    }

    /// Every sharing, newest first.
    pub(crate) fn sharings(&self) -> impl Iterator<Item = Sharing> {
        self.consents.iter().map(|consent| self.sharing(consent))
    }

    pub(crate) fn sharing(&self, consent: &Consent) -> Sharing {
        let terms = consent.terms_now(self.now);
        let (transfers, last_access) = self.uses.get(&consent.id).copied().unwrap_or((0, None));
        Sharing {
            id: consent.id.to_string(),
            recipient: self.shelf.recipient(consent.recipient),
            state: self.state(consent),
            data: DataKind::Consumption,
            granularity: granularity(Some(terms.step)),
            meter_label: label_of(&self.meters, consent.point),
            purpose: self.shelf.purpose(consent.recipient, &consent.purpose),
            basis: self.basis,
            given_at: moment(first_event(consent)),
            given_by: self.given_by.get(&consent.id).copied().unwrap_or(GivenBy::Me),
            covers_from: day(terms.data.start()),
            ends_on: last_day(terms.data.end()),
            last_access: last_access.map(moment),
            transfers,
        }
    }

    /// One of her own, and not of a contract that she holds with another.
    pub(crate) fn own(&self, id: ConsentId) -> Result<&Consent, Trouble> {
        let found = self.consent(id)?;
        match found.participant == self.who {
            true => Ok(found),
            false => Err(Trouble::NotFound),
        }
    }

    /// What waits of a sharing.
    pub(crate) fn awaited(&self, id: ConsentId) -> Option<Awaited> {
        self.awaited.get(&id).copied()
    }

    /// How many agreements wait for the word of whoever reads.
    pub(crate) fn waiting_for_me(&self) -> usize {
        let mine = |one: &&Awaited| one.her_word != HerWord::Given;
        self.awaited.values().filter(mine).count()
    }

    fn state(&self, consent: &Consent) -> SharingState {
        match (state(consent, self.now), self.awaited(consent.id)) {
            (SharingState::Waiting { until, .. }, Some(awaited)) => SharingState::Waiting {
                word: match awaited.her_word {
                    HerWord::Missing | HerWord::Enough => AwaitedWord::Mine,
                    HerWord::Given => AwaitedWord::Another,
                },
                until,
            },
            (state, _) => state,
        }
    }

    /// What was never answered. A refusal counts as an answer for six months: nobody is asked again and again. What the
    /// person put off waits for the day she chose.
    pub(crate) fn pending(&self) -> Vec<OfferCard> {
        let lives = self.meters.iter().any(|meter| meter.is_lived_at(self.now));
        self.cards(|asked| lives && !self.is_answered(asked) && !self.is_put_off(asked))
    }

    fn is_answered(&self, asked: &Asked) -> bool {
        let mut answers = self
            .consents
            .iter()
            .filter(|consent| asked.is_answered_by(consent))
            .peekable();
        answers.peek().is_some()
            && !answers.all(|consent| {
                consent.state(self.now) == State::Refused
                    && consent.may_be_asked_again(self.now, REST_SECONDS)
            })
    }

    fn is_put_off(&self, asked: &Asked) -> bool {
        let again = self.reminders.get(&asked.row.offer.id);
        again.is_some_and(|again| self.now < *again)
    }

    /// What could still be agreed to for some meter, refused before or not.
    pub(crate) fn open_offers(&self) -> Vec<OfferCard> {
        self.cards(|asked| {
            let mut lived = self.meters.iter().filter(|meter| meter.is_lived_at(self.now));
            lived.any(|meter| {
                !self.consents.iter().any(|consent| {
                    asked.is_answered_by(consent)
                        && consent.point == meter.point.id
                        && matches!(
                            consent.state(self.now),
                            State::Given { .. } | State::Waiting { .. }
                        )
                })
            })
        })
    }

    fn cards(&self, wanted: impl Fn(&Asked) -> bool) -> Vec<OfferCard> {
        self.shelf
            .offers
            .iter()
            .filter(|asked| wanted(asked))
            .map(|asked| self.shelf.card(asked))
            .collect()
    }
}

/// Who gave a consent, for whoever reads.
fn who_gave(
    reader: ParticipantId,
    person: ParticipantId,
    consent: &Consent,
    first: Option<&DelegatedRow>,
) -> GivenBy {
    match first {
        Some(row) if row.capacity == Capacity::JointHolder && row.delegate == reader => GivenBy::Me,
        Some(row) if row.capacity == Capacity::JointHolder => GivenBy::CoHolder,
        Some(_) if consent.participant == person => GivenBy::Delegate,
        None if consent.participant == person => GivenBy::Me,
        Some(_) | None => GivenBy::CoHolder,
    }
}

fn waits(consent: &Consent, now: Instant) -> bool {
    matches!(consent.state(now), State::Waiting { .. }) || consent.proposal(now).is_some()
}

/// By whose hand the reader acts about a consent.
fn hand_of(meters: &[Meter], own: Hand, consent: &Consent) -> Hand {
    let meter = meters.iter().find(|meter| meter.point.id == consent.point);
    meter.map_or(own, |meter| meter.hand)
}
