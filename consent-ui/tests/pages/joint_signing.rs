//! P-31: where the offer asks for a signature, each of those who must agree signs the terms with a passkey of her own.

use broker_domain::consent::State;
use evidence::passkey::Registered;
use evidence::record::{Digest, Record};
use serde_json::{Value, json};
use test_fixtures::authenticator::client_data;

use crate::changes::newest_record;
use crate::mandates::{accepted, code_in, only_consent};
use crate::signing::{ORIGIN, Scene, challenge, device, signed};
use crate::ways::csrf;

#[tokio::test]
async fn p_31_each_signs_the_same_terms_with_her_own_passkey() {
    let mut scene = Scene::set().await;
    let mut bruno = scene
        .house
        .signed_in("participant", scene.house.bruno.id.to_string())
        .await;
    let page = scene.anna.open("/moi/cotitulaires").await;
    let meter = scene.house.anna.point.to_string();
    let typed = [("nom", "Bruno"), ("compteur", meter.as_str()), ("regle", "both")];
    let given = scene.anna.submit(&page, "/moi/cotitulaires", &typed).await;
    accepted(&mut bruno, &code_in(&given)).await;
    let key = device("bruno");
    scene.registers(&scene.house.bruno, &key).await;

    let (question, token) = scene.asked().await;
    let answer = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let (status, said) = scene.answers(&token, &answer).await;
    assert_eq!(status, 200, "{said}");
    let id = only_consent(&scene.house).await;
    let path = format!("/moi/partages/{id}/accord");
    let form = bruno.open(&path).await;
    assert!(form.body.contains("data-question=") && form.body.contains("/assets/sign.js"));
    let fields = form.hidden_fields(&path);
    let notice = fields
        .iter()
        .find(|(name, _)| name == "notice")
        .unwrap()
        .1
        .clone();
    let token = csrf(&form);
    let asks = json!({"csrf": token, "notice": notice}).to_string();
    let asked = bruno
        .post_json(&format!("{path}/signature/question"), &asks)
        .await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let question: Value = serde_json::from_str(&asked.body).unwrap();
    // Her key does not give his word.
    let hers = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    let body = json!({"csrf": token, "answer": hers}).to_string();
    let refused = bruno.post_json(&format!("{path}/signature"), &body).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let his = signed(&key, &client_data(&challenge(&question), ORIGIN));
    let body = json!({"csrf": token, "answer": his}).to_string();
    let done = bruno.post_json(&format!("{path}/signature"), &body).await;
    assert_eq!(done.status, 200, "{}", done.body);
    let given = crate::changes::consent(&scene.house, id).await;
    assert!(matches!(
        given.state(scene.house.broker.now()),
        State::Given { .. }
    ));

    let Record::Consent(record) = newest_record(&mut bruno, id).await else {
        panic!("another record")
    };
    let act = record.verify_signature(Registered::NotAtHand, None).unwrap();
    let subject = format!("urn:uuid:{}", scene.house.anna.id);
    assert_eq!(act.data_subject().as_str(), subject);
    assert_eq!(act.actor().as_str(), format!("urn:uuid:{}", scene.house.bruno.id));
    assert_eq!(record.signing_key().unwrap(), Digest::of(&key.cose_key()));
}
