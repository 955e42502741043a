//! Terms signed with a passkey, by a person whose device is a program.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::consent::EvidenceLevel;
use broker_domain::identity::Passkey;
use broker_domain::ids::OfferId;
use broker_service::{Member, SignInParts};
use broker_store::OfferRow;
use evidence::consent::bundle_of;
use evidence::passkey::{Holder, Registered, RelyingParty, RpId};
use evidence::record::Record;
use serde_json::{Value, json};
use test_fixtures::authenticator::{Authenticator, BACKUP_ELIGIBLE, Kind, PRESENT, client_data};
use test_support::{SystemEntropy, keep_passkey};

use crate::browser::{Answer, Browser};
use crate::house::{House, NOTICE_FR, Person};
use crate::ways::{csrf, ways};

pub const ORIGIN: &str = "https://broker.example";
const RP_ID: &str = "broker.example";

/// A device whose key has this name.
pub fn device(name: &str) -> Authenticator {
    let mut device = Authenticator::new(Kind::Es256);
    device.credential_id = format!("{name}-key-of-sixteen-bytes").into_bytes();
    device
}

pub struct Scene {
    pub house: House,
    pub anna: Browser,
    pub device: Authenticator,
}

impl Scene {
    pub async fn set() -> Self {
        let party = RelyingParty::new(RpId::try_from(RP_ID.to_owned()).unwrap(), ORIGIN).unwrap();
        let sign_in = SignInParts {
            signing: Some(party),
            ..ways()
        };
        let house = House::build_signing_in(sign_in).await;
        let anna = house.as_anna().await;
        let scene = Self {
            device: device("anna"),
            anna,
            house,
        };
        scene.registers(&scene.house.anna, &scene.device).await;
        scene
    }

    pub async fn registers(&self, person: &Person, device: &Authenticator) {
        let passkey = Passkey {
            credential: device.credential_id.clone(),
            state: Vec::new(),
            public_key: device.cose_key(),
            model: device.aaguid,
            may_be_copied: device.flags & BACKUP_ELIGIBLE != 0,
        };
        let now = self.house.broker.now();
        keep_passkey(self.house.folder.path(), person.id, passkey, now).await;
    }

    async fn page(&mut self) -> Answer {
        let path = format!("/moi/partages/nouveau/{}", self.house.offer.offer.id);
        self.anna.open(&path).await
    }

    /// The question and the token of the page.
    pub async fn asked(&mut self) -> (Value, String) {
        let page = self.page().await;
        let csrf = csrf(&page);
        let path = format!(
            "/moi/partages/nouveau/{}/signature/question",
            self.house.offer.offer.id
        );
        let body = json!({
            "csrf": csrf,
            "meter": self.house.anna.point.to_string(),
            "notice": self.house.offer.offer.notice.to_string(),
        });
        let answer = self.anna.post_json(&path, &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        (serde_json::from_str(&answer.body).unwrap(), csrf)
    }

    pub async fn answers(&mut self, csrf: &str, answer: &Value) -> (u16, Value) {
        let path = format!("/moi/partages/nouveau/{}/signature", self.house.offer.offer.id);
        let body = json!({"csrf": csrf, "answer": answer});
        let answer = self.anna.post_json(&path, &body.to_string()).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    pub async fn is_refused(&mut self, csrf: &str, answer: &Value, sentence: &str) {
        let (status, said) = self.answers(csrf, answer).await;
        let told = said["sentence"].as_str().unwrap_or_default();
        assert_eq!(status, 422, "{said}");
        assert!(told.contains(sentence), "{told}");
    }
}

pub fn challenge(question: &Value) -> Vec<u8> {
    let text = question["options"]["challenge"].as_str().unwrap();
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// What a browser at this origin hands over when the device signs what it wrote.
pub fn signed(device: &Authenticator, client_data: &str) -> Value {
    let signed = device.assert(RP_ID, client_data.as_bytes());
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({
        "id": text(&device.credential_id),
        "rawId": text(&device.credential_id),
        "type": "public-key",
        "extensions": {},
        "response": {
            "clientDataJSON": text(client_data.as_bytes()),
            "authenticatorData": text(&signed.authenticator_data),
            "signature": text(&signed.signature),
            "userHandle": null,
        },
    })
}

#[tokio::test]
async fn a_passkey_signs_the_terms_and_the_receipt_proves_it_to_a_stranger() {
    let mut scene = Scene::set().await;
    let page = scene.page().await;
    assert!(page.body.contains("data-question=") && page.body.contains("id=\"signing\""));
    let (question, csrf) = scene.asked().await;
    assert_eq!(question["options"]["userVerification"], "required");
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let (status, said) = scene.answers(&csrf, &answer).await;
    assert_eq!(status, 200, "{said}");
    let done = scene.anna.open(said["onward"].as_str().unwrap()).await;
    let proof = done.link("/moi/preuves/");

    let receipt = scene.anna.get(&format!("{proof}/jsonld")).await;
    let bundle = bundle_of(&receipt.bytes).unwrap();
    let verified = bundle.verify(None, None).unwrap();
    let Record::Consent(record) = &verified.record else {
        panic!("another record: {:?}", verified.record)
    };
    let act = record
        .verify_signature(Registered::NotAtHand, Some(NOTICE_FR.as_bytes()))
        .unwrap();
    assert_eq!(act.holder(), Holder::Claimed);
    assert_eq!(act.verified().intent().terms_sha256.to_string(), {
        let hex = question["terms"].as_str().unwrap();
        let bytes: Vec<u8> = (0..32)
            .map(|place| u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).unwrap())
            .collect();
        URL_SAFE_NO_PAD.encode(bytes)
    });
    assert!(
        record
            .verify_signature(Registered::NotAtHand, Some(b"another notice"))
            .is_err()
    );

    // A stranger finds the notice under the name that the record gives it, and people read how strong this is.
    let notice = record.document()["dpv:hasNotice"]["@id"].as_str().unwrap();
    let notice = scene.anna.get(notice.strip_prefix(ORIGIN).unwrap()).await;
    assert_eq!(notice.bytes, NOTICE_FR.as_bytes());
    let sharing = said["onward"].as_str().unwrap().replace("/reponse", "");
    let sharing = scene.anna.open(&sharing).await;
    assert!(
        sharing.text().contains("Signé avec votre clé"),
        "{}",
        sharing.text()
    );
    assert_eq!(scene.house.consents(&scene.house.anna).await, 1);

    // One byte of the readable copy more, and it is not what was signed.
    let text = String::from_utf8(receipt.bytes).unwrap();
    assert!(bundle_of(text.replacen("PT30M", "PT10M", 1).as_bytes()).is_err());
}

#[tokio::test]
async fn every_signature_that_is_not_hers_over_these_terms_is_refused() {
    let mut scene = Scene::set().await;
    let (question, csrf) = scene.asked().await;
    let asked = challenge(&question);
    let good = client_data(&asked, ORIGIN);
    let stranger = device("nobody");
    let bruno = device("bruno");
    let _bruno = scene
        .house
        .signed_in("participant", scene.house.bruno.id.to_string())
        .await;
    scene.registers(&scene.house.bruno, &bruno).await;
    let other = "n'est pas acceptée";
    // The flags are looked at before the signature.
    let unverified = device("anna").with_flags(PRESENT | BACKUP_ELIGIBLE);
    let in_a_frame = good.replace("\"crossOrigin\":false", "\"crossOrigin\":true");
    let below_another = good.replace('}', ",\"topOrigin\":\"https://evil.example\"}");
    let cases = [
        (signed(&unverified, &good), "n'a pas vérifié"),
        (
            signed(&scene.device, &client_data(&asked, "https://evil.example")),
            other,
        ),
        (signed(&scene.device, &in_a_frame), other),
        (signed(&scene.device, &below_another), other),
        (
            signed(&scene.device, &good.replace("webauthn.get", "webauthn.create")),
            other,
        ),
        (signed(&scene.device, &client_data(&[7; 32], ORIGIN)), other),
        (signed(&stranger, &good), "ne peut pas signer pour vous"),
        (signed(&bruno, &good), "ne peut pas signer pour vous"),
        (json!({"type": "public-key"}), other),
    ];
    for (answer, sentence) in &cases {
        scene.is_refused(&csrf, answer, sentence).await;
    }
    assert_eq!(scene.house.consents(&scene.house.anna).await, 0);
    // None of them used the question up.
    let answer = signed(&scene.device, &good);
    assert_eq!(scene.answers(&csrf, &answer).await.0, 200);
}

#[tokio::test]
async fn a_signature_counts_once_and_for_five_minutes() {
    let mut scene = Scene::set().await;
    let (question, csrf) = scene.asked().await;
    let late = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    scene.house.set_clock("2026-11-19T11:06:00Z");
    scene.is_refused(&csrf, &late, "Plus de cinq minutes").await;

    let (question, csrf) = scene.asked().await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let kept = scene.anna.cookies.clone();
    assert_eq!(scene.answers(&csrf, &answer).await.0, 200);
    // The browser has forgotten the question, and so nothing is found.
    scene.is_refused(&csrf, &answer, "n'est pas acceptée").await;
    // One that kept it is told that it was answered; its consent ends first, or that alone would keep it out.
    let given = scene
        .house
        .broker
        .read()
        .await
        .unwrap()
        .consents_of(scene.house.anna.id)
        .await
        .unwrap();
    scene
        .house
        .broker
        .withdraw(scene.house.anna.id, given[0].id)
        .await
        .unwrap();
    scene.anna.cookies = kept;
    scene.is_refused(&csrf, &answer, "a déjà servi").await;
    assert_eq!(scene.house.consents(&scene.house.anna).await, 1);
}

#[tokio::test]
async fn a_recipient_that_asks_for_a_signature_gets_no_click_and_the_page_says_what_to_do() {
    let scene = Scene::set().await;
    let house = &scene.house;
    let mut notices = Vec::new();
    for digest in house.offer.notices() {
        let mut read = house.broker.read().await.unwrap();
        notices.push(read.notice(digest).await.unwrap().unwrap());
    }
    let mut row = OfferRow {
        evidence: EvidenceLevel::L3,
        ..house.offer.clone()
    };
    row.offer.id = OfferId::random(&SystemEntropy).unwrap();
    let path = format!("/moi/partages/nouveau/{}", row.offer.id);
    let field = format!("answer-{}", row.offer.id);
    let notices = Box::new(notices.try_into().unwrap());
    house
        .broker
        .enrol_member(Member::Offer { row, notices })
        .await
        .unwrap();
    let mut anna = house.as_anna().await;
    let page = anna.open(&path).await;
    assert!(page.text().contains("signiez avec une clé"));
    let refused = anna.submit(&page, &path, &[(&field, "accept")]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("demande une signature"),
        "{}",
        refused.text()
    );
    assert_eq!(house.consents(&house.anna).await, 0);
    // Refusing needs none.
    let page = anna.open(&path).await;
    assert_eq!(anna.submit(&page, &path, &[(&field, "refuse")]).await.status, 303);
}

#[tokio::test]
async fn whoever_has_no_passkey_answers_as_before() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna
        .open(&format!("/moi/partages/nouveau/{}", house.offer.offer.id))
        .await;
    assert!(!page.body.contains("data-question=") && !page.body.contains("/assets/sign.js"));
    assert!(!page.body.contains(" checked"));
}
