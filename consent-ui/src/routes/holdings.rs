//! Everything a participant agreed to or refused, ready to be shown.

use std::collections::{BTreeMap, BTreeSet};

use broker_domain::consent::{Consent, State};
use broker_domain::ids::{ConsentId, OfferId};
use broker_domain::mandate::Hand;
use broker_domain::time::Instant;

use crate::pages::{OfferCard, Sharing};
use crate::routes::meters::{Meter, label_of, meters};
use crate::routes::phrases::{day, first_event, granularity, last_day, moment, state};
use crate::routes::shelf::{Asked, Shelf};
use crate::routes::trouble::Trouble;
use crate::routes::visit::Visit;
use crate::vocabulary::{DataKind, GivenBy, LegalBasis};

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
    /// Those that somebody else gave for her.
    delegated: BTreeSet<ConsentId>,
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
        let meters = meters(visit, hand).await?;
        let basis = match visit.broker().is_legal_person(who).await? {
            Some(_) => LegalBasis::Permission,
            None => LegalBasis::Consent,
        };
        let mut read = visit.broker().read().await?;
        let shelf = Shelf::open(&mut *read, visit.lang).await?;
        let mut consents = read.consents_of(who).await?;
        consents.sort_by_key(|consent| std::cmp::Reverse((first_event(consent), consent.id)));
        let (mut uses, mut delegated) = (BTreeMap::new(), BTreeSet::new());
        for consent in &consents {
            let by = read.delegated_events(consent.id).await?;
            let first = consent.events.first().map(|event| event.seq);
            if by.iter().any(|row| Some(row.seq) == first) {
                delegated.insert(consent.id);
            }
            uses.insert(consent.id, read.uses_of(consent.id).await?);
        }
        let reminders = read.reminders_of(who).await?.into_iter().collect();
        drop(read);
        Ok(Self {
            now: visit.broker().now(),
            shelf,
            meters,
            consents,
            basis,
            uses,
            delegated,
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
            state: state(consent, self.now),
            data: DataKind::Consumption,
            granularity: granularity(Some(terms.step)),
            meter_label: label_of(&self.meters, consent.point),
            purpose: self.shelf.purpose(consent.recipient, &consent.purpose),
            basis: self.basis,
            given_at: moment(first_event(consent)),
            given_by: match self.delegated.contains(&consent.id) {
                true => GivenBy::Delegate,
                false => GivenBy::Me,
            },
            covers_from: day(terms.data.start()),
            ends_on: last_day(terms.data.end()),
            last_access: last_access.map(moment),
            transfers,
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
                        && matches!(consent.state(self.now), State::Given { .. })
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
