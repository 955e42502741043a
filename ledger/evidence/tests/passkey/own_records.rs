//! Records made here and honestly signed, whose story is told in the wrong order.

use evidence::jcs;
use evidence::passkey::{
    ActError, ActEvidence, Action, Credential, Holder, Registered, RelyingParty, VerifiedAct, WebauthnAct,
    verify_record_act,
};
use evidence::record::Digest;
use serde_json::{Value, json};
use test_fixtures::authenticator::{Kind, client_data};

use crate::scene::{NOTICE, ORIGIN, RP_ID, Scene, after, id, rp};

/// A consent from request to act, in seconds after the intent was given out.
pub struct Story {
    scene: Scene,
    action: Action,
    id: &'static str,
    requested: Option<i64>,
    created: i64,
    given: i64,
    act: Value,
    actor: &'static str,
    notices: Value,
}

impl Story {
    pub fn new() -> Self {
        Self {
            scene: Scene::new(Kind::Es256),
            action: Action::Grant,
            id: "urn:uuid:6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10",
            requested: Some(-40),
            created: -30,
            given: 60,
            act: json!(["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"]),
            actor: "urn:broker:subject:1",
            notices: notice("fr", NOTICE),
        }
    }

    /// The record after the act, signed for exactly the draft it has.
    pub fn record(&self) -> Vec<u8> {
        let events: Vec<Value> = self
            .requested
            .map(|at| json!({"@type": "dpv:ConsentRequested", "dpv:isIndicatedAtTime": after(at)}))
            .into_iter()
            .collect();
        let mut record = json!({
            "@id": self.id,
            "dct:created": after(self.created),
            "dpv:hasDataSubject": {"@id": "urn:broker:subject:1"},
            "dpv:hasNotice": self.notices,
            "dpv:hasConsentStatus": events,
        });
        let act = self.signed(&jcs::to_bytes(&record).unwrap());
        let act = json!({
            "@type": self.act,
            "dpv:isIndicatedBy": self.actor,
            "dpv:isIndicatedAtTime": after(self.given),
            "en:webauthn": act,
        });
        record["dpv:hasConsentStatus"].as_array_mut().unwrap().push(act);
        jcs::to_bytes(&record).unwrap()
    }

    fn signed(&self, terms: &[u8]) -> WebauthnAct {
        let mut scene = Scene::new(Kind::Es256);
        scene.action = self.action;
        scene.intent.action = self.action;
        scene.terms = terms.to_vec();
        scene.intent.terms_sha256 = Digest::of(terms);
        scene.client_data = client_data(scene.intent.challenge().as_bytes(), ORIGIN);
        let assertion = scene.assertion();
        let verified = scene.judge(&assertion).unwrap();
        WebauthnAct::new(
            &verified,
            assertion,
            scene.credential.as_ref().unwrap(),
            Some(Digest::of(b"the registration")),
        )
    }

    pub fn party() -> RelyingParty {
        RelyingParty::new(rp(RP_ID), ORIGIN).unwrap()
    }

    fn judged(&self, receipt: Option<i64>) -> Result<VerifiedAct, ActError> {
        verify_record_act(
            &self.record(),
            &ActEvidence {
                notice: Some(NOTICE),
                party: &Self::party(),
                registered: Registered::NotAtHand,
                receipt_at: receipt.map(after),
            },
        )
    }
}

fn notice(language: &str, text: &[u8]) -> Value {
    json!({"dct:language": language, "en:sha256": Digest::of(text)})
}

/// A story that is good but for one thing.
fn told(change: impl FnOnce(&mut Story)) -> String {
    let mut story = Story::new();
    change(&mut story);
    match story.judged(None) {
        Ok(_) => "Ok".to_owned(),
        Err(ActError::Refused(refusal)) => format!("{refusal:?}"),
        Err(ActError::Member { member } | ActError::Contradiction { member }) => member.to_owned(),
        Err(ActError::OutOfOrder { what }) => what.to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

#[test]
fn a_record_of_ours_verifies() {
    let story = Story::new();
    let act = story.judged(Some(60)).unwrap();
    assert_eq!(act.holder(), Holder::Claimed);
    assert_eq!(act.given_at(), after(60));
    assert_eq!(told(|_| {}), "Ok");
}

#[test]
fn times_follow_each_other() {
    for (expected, change) in [
        ("Ok", (|story| story.created = 0) as fn(&mut Story)),
        ("Ok", |story| story.requested = Some(-30)),
        ("Ok", |story| story.given = 0),
        ("Ok", |story| story.given = 299),
        ("drafted before what it tells", |story| {
            story.requested = Some(-29);
        }),
        ("asked before the terms were drafted", |story| story.created = 1),
        ("given without a request", |story| story.requested = None),
        ("IntentExpired", |story| story.given = -1),
        ("IntentExpired", |story| story.given = 300),
    ] {
        assert_eq!(told(change), expected);
    }
    let story = Story::new();
    assert!(matches!(
        story.judged(Some(59)),
        Err(ActError::OutOfOrder {
            what: "a receipt before the act"
        })
    ));
}

#[test]
fn later_versions_are_renewed_or_widened_and_only_first_ones_granted() {
    let renewed = || json!("dpv:RenewedConsentGiven");
    for action in [Action::Renew, Action::Widen] {
        let told = told(|story| {
            story.id = "urn:uuid:6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10#v2";
            story.act = renewed();
            story.action = action;
        });
        assert_eq!(told, "Ok");
        assert_eq!(self::told(|story| story.action = action), "IntentUnknown");
    }
    assert_eq!(told(|story| story.act = renewed()), "IntentUnknown");
    assert_eq!(
        told(|story| story.act = json!("dpv:ConsentWithdrawn")),
        "NotAnAct"
    );
    for id in [
        "6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10",
        "urn:uuid:6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10#v",
        "urn:uuid:6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10#v02",
        "urn:uuid:6a1f3c1e-5c55-4f1b-9b53-0d3b7f6f2a10#p1#v2",
        "urn:uuid:",
    ] {
        assert_eq!(told(|story| story.id = id), "@id", "{id}");
    }
}

#[test]
fn the_notice_of_the_intent_is_one_of_the_record() {
    let both = || json!([notice("nl", b"nl"), notice("fr", NOTICE)]);
    assert_eq!(told(|story| story.notices = both()), "Ok");
    assert_eq!(told(|story| story.notices = json!([])), "NoticeChanged");
    assert_eq!(told(|story| story.notices = notice("fr", b"fr")), "NoticeChanged");
    assert_eq!(
        told(|story| story.notices = notice("nl", NOTICE)),
        "IntentUnknown"
    );
    assert_eq!(told(|story| story.notices = notice("", NOTICE)), "dct:language");
}

/// A delegate signs with a key of his own: the record says who acted, and the caller asks for the mandate.
#[test]
fn a_delegate_acts_with_a_key_that_is_registered_for_him() {
    let mut story = Story::new();
    story.actor = "urn:broker:subject:2";
    assert!(matches!(
        story.judged(None),
        Err(ActError::Refused(evidence::passkey::Refusal::CredentialOfAnother))
    ));
    let record = story.record();
    let value: Value = jcs::parse(&record).unwrap();
    let act = WebauthnAct::parse(&jcs::to_bytes(&value["dpv:hasConsentStatus"][1]["en:webauthn"]).unwrap())
        .unwrap();
    let credential = Credential {
        id: act.assertion.credential_id.clone(),
        subject: id("urn:broker:subject:2"),
        key: act.key.clone(),
        ..story.scene.credential.clone().unwrap()
    };
    let party = Story::party();
    let judged = verify_record_act(
        &record,
        &ActEvidence {
            notice: Some(NOTICE),
            party: &party,
            registered: Registered::Known(&credential),
            receipt_at: None,
        },
    );
    let act = judged.unwrap();
    assert_eq!(act.holder(), Holder::Proved);
    assert_eq!(act.actor().as_str(), "urn:broker:subject:2");
    assert_eq!(act.data_subject().as_str(), "urn:broker:subject:1");
}
