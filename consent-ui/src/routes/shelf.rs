//! What recipients ask for, with its notices in the language of the page, and who they are.

use std::collections::BTreeMap;

use broker_domain::consent::Consent;
use broker_domain::ids::{OfferId, OrganisationId, Purpose};
use broker_service::Fault;
use broker_store::{Notice, OfferRow, OrganisationRow, Read};

use crate::lang::Lang;
use crate::pages::{OfferCard, Recipient};
use crate::routes::phrases::country;
use crate::routes::trouble::Trouble;
use crate::vocabulary::{Membership, RecipientRole};

/// Every offer, and whoever makes one.
pub(crate) struct Shelf {
    pub(crate) offers: Vec<Asked>,
    organisations: BTreeMap<OrganisationId, OrganisationRow>,
    lang: Lang,
}

/// One offer with its notice.
pub(crate) struct Asked {
    pub(crate) row: OfferRow,
    pub(crate) notice: Notice,
}

impl Shelf {
    pub(crate) async fn open(read: &mut (dyn Read + '_), lang: Lang) -> Result<Self, Trouble> {
        let mut offers = Vec::new();
        let mut organisations = BTreeMap::new();
        for row in read.offers().await? {
            let notice = read
                .notice(lang.pick(row.notices()))
                .await?
                .ok_or(Fault::Corrupt { what: "offer.notice" })?;
            let recipient = read.organisation(row.offer.recipient).await?;
            let recipient = recipient.ok_or(Fault::Corrupt {
                what: "offer.recipient",
            })?;
            organisations.insert(recipient.id, recipient);
            offers.push(Asked { row, notice });
        }
        Ok(Self {
            offers,
            organisations,
            lang,
        })
    }

    pub(crate) fn asked(&self, id: OfferId) -> Option<&Asked> {
        self.offers.iter().find(|asked| asked.row.offer.id == id)
    }

    /// The offer that a consent answered.
    pub(crate) fn behind(&self, consent: &Consent) -> Option<&Asked> {
        self.offers.iter().find(|asked| asked.is_answered_by(consent))
    }

    /// A purpose in the words of its notice; its code when nobody asks for it any more.
    pub(crate) fn purpose(&self, recipient: OrganisationId, purpose: &Purpose) -> String {
        let asked = self
            .offers
            .iter()
            .find(|asked| asked.row.offer.recipient == recipient && asked.row.offer.purpose == *purpose);
        asked.map_or_else(|| purpose.to_string(), |asked| asked.notice.title.clone())
    }

    pub(crate) fn name(&self, id: OrganisationId) -> String {
        self.organisations
            .get(&id)
            .map_or_else(|| id.to_string(), |row| row.name.clone())
    }

    pub(crate) fn recipient(&self, id: OrganisationId) -> Recipient {
        let row = self.organisations.get(&id);
        Recipient {
            trading_name: self.name(id),
            legal_name: self.name(id),
            // Whether it decides purposes alone stands in its contract, which this slice does not store.
            role: RecipientRole::Recipient,
            country: row
                .map(|row| country(&row.country, self.lang))
                .unwrap_or_default(),
            contact_email: row.map(|row| row.contact.clone()).unwrap_or_default(),
            membership: if row.is_some() {
                Membership::Member
            } else {
                Membership::FormerMember
            },
        }
    }

    pub(crate) fn card(&self, asked: &Asked) -> OfferCard {
        OfferCard {
            id: asked.row.offer.id.to_string(),
            recipient: self.name(asked.row.offer.recipient),
            purposes: vec![asked.notice.title.clone()],
        }
    }
}

impl Asked {
    pub(crate) fn is_answered_by(&self, consent: &Consent) -> bool {
        self.row.offer.recipient == consent.recipient && self.row.offer.purpose == consent.purpose
    }
}
