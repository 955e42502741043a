//! Renewals signed with a passkey, by a person whose device is a program; and terms that change between page and signature.

use broker_domain::consent::{Consent, EvidenceLevel};
use broker_domain::ids::ConsentId;
use evidence::consent::bundle_of;
use evidence::passkey::{Action, Registered};
use evidence::record::Record;
use serde_json::{Value, json};
use test_fixtures::authenticator::client_data;

use crate::signing::{ORIGIN, Scene, challenge, signed};
use crate::ways::csrf;

/// Anna's consent, signed with her passkey, some days before its end.
async fn near_its_end(scene: &mut Scene) -> ConsentId {
    let (question, csrf) = scene.asked().await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    assert_eq!(scene.answers(&csrf, &answer).await.0, 200);
    let id = consent(scene).await.id;
    scene.house.set_clock("2027-11-10T12:00:00Z");
    scene.anna = scene.house.as_anna().await;
    id
}

async fn consent(scene: &Scene) -> Consent {
    let mut read = scene.house.broker.read().await.unwrap();
    let all = read.consents_of(scene.house.anna.id).await.unwrap();
    all.into_iter().next().unwrap()
}

fn path(id: ConsentId) -> String {
    format!("/moi/partages/{id}/renouvellement")
}

/// The question about a renewal and the token of its page.
async fn asked(scene: &mut Scene, id: ConsentId) -> (Value, String) {
    let page = scene.anna.open(&path(id)).await;
    assert!(page.body.contains("data-question=") && page.body.contains("/assets/sign.js"));
    let fields = page.hidden_fields(&path(id));
    let field = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| name == wanted);
        found.unwrap().1.clone()
    };
    let (notice, last_day) = (field("notice"), field("fin"));
    let csrf = csrf(&page);
    let body = json!({"csrf": csrf, "notice": notice, "last_day": last_day}).to_string();
    let answer = scene
        .anna
        .post_json(&format!("{}/signature/question", path(id)), &body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (serde_json::from_str(&answer.body).unwrap(), csrf)
}

async fn answers(scene: &mut Scene, id: ConsentId, csrf: &str, answer: &Value) -> (u16, Value) {
    let body = json!({"csrf": csrf, "answer": answer}).to_string();
    let said = scene
        .anna
        .post_json(&format!("{}/signature", path(id)), &body)
        .await;
    (said.status, serde_json::from_str(&said.body).unwrap())
}

#[tokio::test]
async fn p_20_what_was_signed_is_renewed_by_a_signature_over_the_new_terms() {
    let mut scene = Scene::set().await;
    let id = near_its_end(&mut scene).await;
    let before = consent(&scene).await;
    let page = scene.anna.open(&path(id)).await;
    assert!(
        page.text().contains("renouveler se signe aussi"),
        "{}",
        page.text()
    );
    // A click is not enough for what was signed, and the page says what is.
    let clicked = scene.anna.submit(&page, &path(id), &[]).await;
    assert_eq!(clicked.status, 422);
    assert!(
        clicked.text().contains("demande une signature"),
        "{}",
        clicked.text()
    );
    assert_eq!(consent(&scene).await, before, "nothing is recorded");

    let (question, csrf) = asked(&mut scene, id).await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let (status, said) = answers(&mut scene, id, &csrf, &answer).await;
    assert_eq!(status, 200, "{said}");
    let after = consent(&scene).await;
    let now = scene.house.broker.now();
    assert!(before.terms_now(now).data.end() < after.terms_now(now).data.end());
    let acts = scene
        .house
        .broker
        .read()
        .await
        .unwrap()
        .consent_acts(id)
        .await
        .unwrap();
    assert_eq!(acts.last().unwrap().how.level, Some(EvidenceLevel::L3));

    // A stranger sees that it was a renewal, and over which terms.
    let sharing = scene.anna.open(said["onward"].as_str().unwrap()).await;
    let receipt = scene.anna.open(&sharing.link("/moi/recus/")).await;
    assert!(
        receipt.text().contains("Signé avec votre clé"),
        "{}",
        receipt.text()
    );
    let file = scene.anna.get(&receipt.link("/jsonld")).await;
    let verified = bundle_of(&file.bytes).unwrap().verify(None, None).unwrap();
    let Record::Consent(record) = &verified.record else {
        panic!("another record: {:?}", verified.record)
    };
    let act = record.verify_signature(Registered::NotAtHand, None).unwrap();
    assert_eq!(act.verified().intent().action, Action::Renew);
    assert_eq!(record.version(), 2);
}

#[tokio::test]
async fn terms_that_change_between_the_page_and_the_signature_are_not_signed_and_nothing_is_recorded() {
    let mut scene = Scene::set().await;
    let id = near_its_end(&mut scene).await;
    let (question, csrf) = asked(&mut scene, id).await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    // In another window she leaves less, so that the terms she read are not those of now.
    let less = format!("/moi/partages/{id}/reduction");
    let page = scene.anna.open(&less).await;
    let kept = scene.anna.cookies.clone();
    let narrowed = scene
        .anna
        .submit(&page, &less, &[("pas", "3600"), ("fin", "")])
        .await;
    assert_eq!(narrowed.status, 303, "{}", narrowed.body);
    scene.anna.cookies = kept;
    let before = consent(&scene).await;
    let (status, said) = answers(&mut scene, id, &csrf, &answer).await;
    assert_eq!(status, 422, "{said}");
    let sentence = said["sentence"].as_str().unwrap();
    assert!(
        sentence.contains("a changé") && sentence.contains("Rechargez la page"),
        "{sentence}"
    );
    assert_eq!(consent(&scene).await, before, "nothing is recorded");
    // What the sentence says to do works.
    let (question, csrf) = asked(&mut scene, id).await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    assert_eq!(answers(&mut scene, id, &csrf, &answer).await.0, 200);
}

#[tokio::test]
async fn a_signature_for_a_renewal_counts_once_and_for_nothing_else() {
    let mut scene = Scene::set().await;
    let id = near_its_end(&mut scene).await;
    let (question, csrf) = asked(&mut scene, id).await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let kept = scene.anna.cookies.clone();
    // Not an agreement to the offer.
    let (status, said) = scene.answers(&csrf, &answer).await;
    assert_eq!(status, 422, "{said}");
    assert_eq!(scene.house.consents(&scene.house.anna).await, 1);
    assert_eq!(answers(&mut scene, id, &csrf, &answer).await.0, 200);
    let once = consent(&scene).await;
    scene.anna.cookies = kept;
    let (status, said) = answers(&mut scene, id, &csrf, &answer).await;
    assert_eq!(status, 422, "{said}");
    assert_eq!(consent(&scene).await, once);
    // Nor is one of six minutes ago.
    scene.house.set_clock("2027-12-10T12:00:00Z");
    scene.anna = scene.house.as_anna().await;
    let (question, csrf) = asked(&mut scene, id).await;
    let late = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    scene.house.set_clock("2027-12-10T12:06:00Z");
    let (status, said) = answers(&mut scene, id, &csrf, &late).await;
    assert_eq!(status, 422, "{said}");
    assert_eq!(consent(&scene).await, once);
}

#[tokio::test]
async fn nobody_renews_with_a_signature_what_is_not_hers() {
    let mut scene = Scene::set().await;
    let id = near_its_end(&mut scene).await;
    let (question, csrf_of_anna) = asked(&mut scene, id).await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let mut bruno = scene
        .house
        .signed_in("participant", scene.house.bruno.id.to_string())
        .await;
    let csrf = csrf(&bruno.open("/moi/demandes/nouvelle/access").await);
    let notice = scene.house.offer.offer.notice.to_string();
    let body = json!({"csrf": csrf, "notice": notice}).to_string();
    let asked = bruno
        .post_json(&format!("{}/signature/question", path(id)), &body)
        .await;
    assert_eq!(asked.status, 422, "{}", asked.body);
    let ceremony = scene
        .anna
        .cookies
        .iter()
        .find(|(name, _)| name.contains("question"))
        .map(|(a, b)| (a.clone(), b.clone()));
    bruno.cookies.extend(ceremony);
    let body = json!({"csrf": csrf, "answer": answer}).to_string();
    let said = bruno.post_json(&format!("{}/signature", path(id)), &body).await;
    assert_eq!(said.status, 422, "{}", said.body);
    // Hers still counts.
    assert_eq!(answers(&mut scene, id, &csrf_of_anna, &answer).await.0, 200);
}
