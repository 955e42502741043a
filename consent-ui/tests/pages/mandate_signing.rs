//! P-30: a delegate signs with her own passkey, and the evidence tells whose key it was.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use evidence::passkey::Registered;
use evidence::record::{Digest, Record};
use test_fixtures::authenticator::client_data;

use crate::changes::newest_record;
use crate::mandates::{accepted, acts, given};
use crate::signing::{ORIGIN, Scene, challenge, device, signed};

#[tokio::test]
async fn p_30_a_delegate_signs_with_a_key_of_her_own() {
    let mut scene = Scene::set().await;
    let bruno = scene.house.bruno.id;
    let mut browser = scene.house.signed_in("participant", bruno.to_string()).await;
    let code = given(&mut scene.anna, &["grant"]).await;
    accepted(&mut browser, &code).await;
    let key = device("bruno");
    scene.registers(&scene.house.bruno, &key).await;
    acts(&mut browser).await;
    // The scene goes on with him at the screen.
    std::mem::swap(&mut scene.anna, &mut browser);
    let (question, csrf) = scene.asked().await;
    let keys = &question["options"]["allowCredentials"];
    let his = URL_SAFE_NO_PAD.encode(&key.credential_id);
    assert_eq!(
        (keys.as_array().unwrap().len(), keys[0]["id"].as_str()),
        (1, Some(his.as_str()))
    );
    // Her key under his act is another's.
    let hers = signed(&scene.device, &client_data(&challenge(&question), ORIGIN));
    scene.is_refused(&csrf, &hers, "clé").await;
    let (question, csrf) = scene.asked().await;
    let answer = signed(&key, &client_data(&challenge(&question), ORIGIN));
    let (status, said) = scene.answers(&csrf, &answer).await;
    assert_eq!(status, 200, "{said}");
    std::mem::swap(&mut scene.anna, &mut browser);

    let id = said["onward"]
        .as_str()
        .unwrap()
        .split('/')
        .nth(3)
        .unwrap()
        .to_owned();
    let Record::Consent(record) = newest_record(&mut scene.anna, id.parse().unwrap()).await else {
        panic!("another record")
    };
    let act = record.verify_signature(Registered::NotAtHand, None).unwrap();
    assert_eq!(act.actor().as_str(), format!("urn:uuid:{bruno}"));
    let subject = format!("urn:uuid:{}", scene.house.anna.id);
    assert_eq!(act.data_subject().as_str(), subject);
    assert_eq!(record.signing_key().unwrap(), Digest::of(&key.cose_key()));
    let page = scene.anna.open(&format!("/moi/partages/{id}")).await;
    assert!(
        page.text().contains("par Bruno Chêne, avec un mandat"),
        "{}",
        page.text()
    );
}
