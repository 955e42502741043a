//! Passkeys: used by the browser that was asked, recorded, never the last one to go.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::identity::PasskeyRefusal;
use broker_domain::ids::SubjectId;
use broker_service::SignInRefusal;
use broker_store::SignInKind;
use evidence::record::{Digest, PasskeyAction, PasskeyChange, ProvedBy, Record};

use crate::scene::{FIREFOX, Person, Scene, TELEPHONE, answer, at, new_key, refusal, scene};

async fn recorded(scene: &Scene, person: &Person) -> Vec<PasskeyChange> {
    let subject = SubjectId::from(person.participant);
    let mut rows = scene
        .broker
        .read()
        .await
        .unwrap()
        .records_of(subject, u64::MAX, 99)
        .await
        .unwrap();
    rows.reverse();
    let records = rows.iter().map(|row| {
        let payload = std::str::from_utf8(&row.record)
            .unwrap()
            .split('.')
            .nth(1)
            .unwrap();
        Record::parse(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    });
    records
        .filter_map(|record| match record {
            Record::Passkey(change) => Some(change),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_question_is_answered_once_by_the_browser_that_was_asked() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let begun = scene.broker.begin_passkey_sign_in().await.unwrap();
    let reply = answer(person.account, "phone", &begun);
    let finish = |value: [u8; 32], reply: String| {
        let broker = std::sync::Arc::clone(&scene.broker);
        async move {
            broker
                .finish_passkey_sign_in(&value, &reply, at(FIREFOX, None))
                .await
        }
    };
    // A browser with another cookie has no question.
    assert_eq!(
        refusal(finish([9; 32], reply.clone()).await),
        SignInRefusal::Expired
    );
    finish(begun.value, reply.clone()).await.unwrap();
    assert_eq!(
        refusal(finish(begun.value, reply.clone()).await),
        SignInRefusal::Expired
    );
    // Another question's answer; and after it the question is gone, though it was not the right answer.
    let second = scene.broker.begin_passkey_sign_in().await.unwrap();
    let not_proved = SignInRefusal::Passkey(PasskeyRefusal::NotProved);
    assert_eq!(refusal(finish(second.value, reply).await), not_proved);
    let reply = answer(person.account, "phone", &second);
    assert_eq!(refusal(finish(second.value, reply).await), SignInRefusal::Expired);
    // Too late.
    let third = scene.broker.begin_passkey_sign_in().await.unwrap();
    scene.clock.turn(600);
    let reply = answer(person.account, "phone", &third);
    assert_eq!(refusal(finish(third.value, reply).await), SignInRefusal::Expired);
}

#[tokio::test]
async fn a_question_of_one_kind_is_not_answered_with_another() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let begun = scene
        .broker
        .begin_passkey_link(&person.token, "Anna")
        .await
        .unwrap();
    let reply = answer(person.account, "phone", &begun);
    let crossed = scene
        .broker
        .finish_passkey_sign_in(&begun.value, &reply, at(FIREFOX, None))
        .await;
    assert_eq!(refusal(crossed), SignInRefusal::Expired);
}

#[tokio::test]
async fn a_passkey_is_recorded_when_it_comes_and_when_it_goes() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    scene.clock.turn(60);
    let linked = scene.link(&person.token, "laptop").await.unwrap();
    assert_eq!(linked.line.kind, SignInKind::PasskeyAdded);
    scene.clock.turn(60);
    scene
        .broker
        .revoke_passkey(&person.token, linked.way, at(FIREFOX, Some(&person.token)))
        .await
        .unwrap();
    let changes = recorded(&scene, &person).await;
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.action, change.key_sha256, change.proved_by))
        .collect();
    let (phone, laptop) = (
        Digest::of(b"public key of phone"),
        Digest::of(b"public key of laptop"),
    );
    assert_eq!(
        told,
        [
            (PasskeyAction::Registered, phone, ProvedBy::Invitation),
            (PasskeyAction::Registered, laptop, ProvedBy::Invitation),
            (PasskeyAction::Revoked, laptop, ProvedBy::Invitation),
        ]
    );
    assert!(changes[1].proved_at < changes[1].at);
    assert_eq!(changes[0].model.as_str(), "07070707-0707-0707-0707-070707070707");
    // Revoked for ever, and still there to verify with.
    let unknown = SignInRefusal::Passkey(PasskeyRefusal::Unknown);
    assert_eq!(
        refusal(scene.sign_in(person.account, "laptop", FIREFOX).await),
        unknown
    );
    let rows = scene
        .broker
        .read()
        .await
        .unwrap()
        .passkeys_of(person.account)
        .await
        .unwrap();
    assert_eq!(rows[1].passkey.public_key, b"public key of laptop");
    assert_eq!(
        refusal(scene.link(&person.token, "laptop").await),
        SignInRefusal::Taken
    );
}

#[tokio::test]
async fn a_registration_that_is_refused_leaves_no_record() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let neighbour = scene.registered("22222222222222", "tablet").await;
    assert_eq!(
        refusal(scene.link(&neighbour.token, "phone").await),
        SignInRefusal::Taken
    );
    assert_eq!(recorded(&scene, &neighbour).await.len(), 1);
    assert_eq!(recorded(&scene, &person).await.len(), 1);
    let lines = scene.broker.sign_ins(&neighbour.token).await.unwrap();
    assert_eq!(lines.len(), 1);
}

#[tokio::test]
async fn the_last_way_in_stays_unless_there_are_recovery_codes() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let browser = at(FIREFOX, Some(&person.token));
    let way = scene.broker.ways(&person.token).await.unwrap().passkeys[0].id;
    let revoked = scene.broker.revoke_passkey(&person.token, way, browser).await;
    assert_eq!(refusal(revoked), SignInRefusal::LastWay);
    let codes = scene
        .broker
        .make_recovery_codes(&person.token, browser)
        .await
        .unwrap();
    assert_eq!(codes.len(), 10);
    scene
        .broker
        .revoke_passkey(&person.token, way, browser)
        .await
        .unwrap();
    let again = scene.broker.revoke_passkey(&person.token, way, browser).await;
    assert_eq!(refusal(again), SignInRefusal::NotYours);
    scene.broker.recover(&codes[3], at(FIREFOX, None)).await.unwrap();
}

#[tokio::test]
async fn changing_how_one_signs_in_needs_a_fresh_proof() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let way = scene.broker.ways(&person.token).await.unwrap().passkeys[0].id;
    scene.clock.turn(600);
    let browser = at(FIREFOX, Some(&person.token));
    assert_eq!(
        refusal(scene.link(&person.token, "laptop").await),
        SignInRefusal::ProveAgain
    );
    assert_eq!(
        refusal(scene.broker.make_recovery_codes(&person.token, browser).await),
        SignInRefusal::ProveAgain
    );
    assert_eq!(
        refusal(scene.broker.revoke_passkey(&person.token, way, browser).await),
        SignInRefusal::ProveAgain
    );
    // A name changes nothing.
    scene
        .broker
        .name_passkey(&person.token, way, "Kitchen")
        .await
        .unwrap();
    let begun = scene.broker.begin_passkey_proof(&person.token).await.unwrap();
    let reply = answer(person.account, "phone", &begun);
    let proved = scene
        .broker
        .finish_passkey_sign_in(&begun.value, &reply, browser)
        .await
        .unwrap();
    // A session that gained strength has another token, and nothing new is in the list.
    assert!(proved.line.is_none());
    assert!(scene.broker.session(&person.token).await.unwrap().is_none());
    scene.link(&proved.session.token, "laptop").await.unwrap();
}

#[tokio::test]
async fn nobody_proves_herself_in_somebody_elses_session() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let neighbour = scene.registered("22222222222222", "tablet").await;
    let browser = at(FIREFOX, Some(&person.token));
    let begun = scene.broker.begin_passkey_proof(&person.token).await.unwrap();
    let reply = answer(neighbour.account, "tablet", &begun);
    let proved = scene
        .broker
        .finish_passkey_sign_in(&begun.value, &reply, browser)
        .await;
    assert_eq!(refusal(proved), SignInRefusal::NotYours);
    // Nor is a key registered in another session than the one that asked.
    let begun = scene
        .broker
        .begin_passkey_link(&person.token, "Anna")
        .await
        .unwrap();
    let theirs = at(FIREFOX, Some(&neighbour.token));
    let crossed = scene
        .broker
        .finish_passkey_registration(&begun.value, &new_key(&begun, "laptop"), "x", theirs)
        .await;
    assert_eq!(refusal(crossed), SignInRefusal::Expired);
}

#[tokio::test]
async fn a_new_device_is_told_from_a_known_one() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let kinds = [
        (FIREFOX, SignInKind::SignedIn),
        (TELEPHONE, SignInKind::NewDevice),
        (TELEPHONE, SignInKind::SignedIn),
        ("curl/8", SignInKind::NewDevice),
        ("curl/8", SignInKind::NewDevice),
    ];
    for (agent, kind) in kinds {
        scene.clock.turn(1);
        let signed_in = scene.sign_in(person.account, "phone", agent).await.unwrap();
        assert_eq!(signed_in.line.unwrap().kind, kind, "{agent}");
    }
    let lines = scene.broker.sign_ins(&person.token).await.unwrap();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[3].device, "Chrome, Android");
}
