//! Members, what they ask for, and people who agree.

use broker_domain::consent::{EvidenceLevel, Offer};
use broker_domain::ids::{
    ApplicationId, ConsentId, OfferId, OrganisationId, ParticipantId, PointId, Purpose,
};
use broker_domain::lang::Lang;
use broker_domain::time::Step;
use broker_keys::{JoseMemberCrypto, MemberCrypto as _, MemberKeyPair};
use broker_service::{Answer, Broker, Choice, Member, credential_hash, notice_digest};
use broker_store::{ApplicationRow, Notice, OfferRow, OrganisationRow};

use crate::ports::SystemEntropy;

/// What people read before they answer: title and text, in each language.
pub struct Notices {
    /// `fr`.
    pub french: [&'static str; 2],
    /// `en`.
    pub english: [&'static str; 2],
    /// `nl`.
    pub dutch: [&'static str; 2],
}

/// An organisation joins.
pub async fn organisation(broker: &Broker, name: &str, country: &str, contact: &str) -> OrganisationId {
    let id = OrganisationId::random(&SystemEntropy).unwrap();
    let row = OrganisationRow {
        id,
        name: name.into(),
        country: country.into(),
        contact: contact.into(),
    };
    broker.enrol_member(Member::Organisation(row)).await.unwrap();
    id
}

/// An application of it joins, with the key that only it has.
pub async fn application(
    broker: &Broker,
    organisation: OrganisationId,
    name: &str,
    credential: &str,
) -> (ApplicationRow, MemberKeyPair) {
    let key = JoseMemberCrypto::new().generate_member_key().unwrap();
    let row = ApplicationRow {
        id: ApplicationId::random(&SystemEntropy).unwrap(),
        organisation,
        name: name.into(),
        encryption_jwk: key.public_jwk.clone(),
        credential_hash: credential_hash(credential),
    };
    broker
        .enrol_member(Member::Application(row.clone()))
        .await
        .unwrap();
    (row, key)
}

/// An organisation asks for a year of half hours.
pub async fn offer(broker: &Broker, recipient: OrganisationId, purpose: &str, notices: Notices) -> OfferRow {
    let words = [notices.french, notices.english, notices.dutch];
    let notices = Lang::ALL.map(|lang| {
        let [title, text] = lang.pick(words);
        Notice {
            digest: notice_digest(text),
            language: lang.tag().into(),
            title: title.into(),
            text: text.into(),
        }
    });
    let [french, english, dutch] = &notices;
    let row = OfferRow {
        offer: Offer {
            id: OfferId::random(&SystemEntropy).unwrap(),
            recipient,
            purpose: Purpose::parse(purpose).unwrap(),
            step: Step::HALF_HOUR,
            days: 365,
            notice: french.digest,
        },
        notice_en: english.digest,
        notice_nl: dutch.digest,
        evidence: EvidenceLevel::L1,
    };
    let member = Member::Offer {
        row: row.clone(),
        notices: Box::new(notices),
    };
    broker.enrol_member(member).await.unwrap();
    row
}

/// Somebody agrees for a meter, without the pages.
pub async fn agree(broker: &Broker, who: ParticipantId, point: PointId, offer: &Offer) -> ConsentId {
    let choice = Choice {
        offer: offer.id,
        point,
        notice: offer.notice,
        answer: Answer::Agree,
    };
    broker.choose(who, choice).await.unwrap().consent
}
