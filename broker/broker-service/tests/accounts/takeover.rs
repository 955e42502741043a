//! Somebody else signed in: what the owner can do, and what a thief cannot.

use broker_domain::identity::ProviderId;
use broker_service::{Powers, SignInRefusal};
use broker_store::{CeremonyKind, CeremonyRow, SignInKind, Store as _};
use broker_store_sqlite::{Create, SqliteStore};

use crate::scene::{FIREFOX, TELEPHONE, at, is_shut, new_key, refusal, scene};

#[tokio::test]
async fn this_was_not_me_closes_everything_but_the_way_she_holds() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    scene.link(&person.token, "stolen").await.unwrap();
    let theft = scene.sign_in(person.account, "stolen", TELEPHONE).await.unwrap();
    let mine = scene.sign_in(person.account, "phone", FIREFOX).await.unwrap();
    let token = mine.session.token;
    let ways = scene.broker.ways(&token).await.unwrap();
    let line = theft.line.unwrap().id;
    let browser = at(FIREFOX, Some(&token));
    scene
        .broker
        .not_me(&token, line, Some(ways.passkeys[0].id), browser)
        .await
        .unwrap();
    for ended in [person.token, theft.session.token, token] {
        assert!(scene.broker.any_session(&ended).await.unwrap().is_none());
    }
    assert_eq!(
        refusal(scene.sign_in(person.account, "stolen", TELEPHONE).await),
        SignInRefusal::Frozen
    );
    // The way she named lets her in, but changes nothing.
    let back = scene.sign_in(person.account, "phone", FIREFOX).await.unwrap();
    let token = back.session.token;
    let browser = at(FIREFOX, Some(&token));
    assert_eq!(refusal(scene.link(&token, "third").await), SignInRefusal::Frozen);
    assert_eq!(
        refusal(scene.broker.make_recovery_codes(&token, browser).await),
        SignInRefusal::Frozen
    );
    assert_eq!(
        refusal(scene.broker.thaw(&token, ways.passkeys[1].id).await),
        SignInRefusal::Frozen
    );
}

#[tokio::test]
async fn a_thief_keeps_no_way_that_she_did_not_prove() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    scene.link(&person.token, "laptop").await.unwrap();
    let ways = scene.broker.ways(&person.token).await.unwrap();
    let signed_in = scene.sign_in(person.account, "phone", FIREFOX).await.unwrap();
    let token = signed_in.session.token;
    let browser = at(FIREFOX, Some(&token));
    let other = scene
        .broker
        .freeze(&token, Some(ways.passkeys[1].id), browser)
        .await;
    assert_eq!(refusal(other), SignInRefusal::ProveAgain);
    scene.clock.turn(600);
    let old = scene
        .broker
        .freeze(&token, Some(ways.passkeys[0].id), browser)
        .await;
    assert_eq!(refusal(old), SignInRefusal::ProveAgain);
    let neighbour = scene.registered("22222222222222", "tablet").await;
    let line = scene.broker.sign_ins(&neighbour.token).await.unwrap()[0].id;
    let foreign = scene.broker.not_me(&token, line, None, browser).await;
    assert_eq!(refusal(foreign), SignInRefusal::NotYours);
    assert!(scene.broker.ways(&token).await.unwrap().frozen_at.is_none());
}

#[tokio::test]
async fn a_recovery_code_opens_a_frozen_account_once_and_way_by_way() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let browser = at(FIREFOX, Some(&person.token));
    let codes = scene
        .broker
        .make_recovery_codes(&person.token, browser)
        .await
        .unwrap();
    scene.broker.freeze(&person.token, None, browser).await.unwrap();
    assert_eq!(
        refusal(scene.sign_in(person.account, "phone", FIREFOX).await),
        SignInRefusal::Frozen
    );
    let recovered = scene
        .broker
        .recover(&codes[0].to_lowercase(), at(FIREFOX, None))
        .await
        .unwrap();
    let token = recovered.session.token;
    let session = scene.broker.any_session(&token).await.unwrap().unwrap();
    assert_eq!(session.powers, Powers::Withdrawing);
    // It registers a way and withdraws; nothing else.
    assert!(scene.broker.session(&token).await.unwrap().is_none());
    let browser = at(FIREFOX, Some(&token));
    assert_eq!(
        refusal(scene.broker.make_recovery_codes(&token, browser).await),
        SignInRefusal::WithdrawingOnly
    );
    scene.link(&token, "new phone").await.unwrap();
    let back = scene.sign_in(person.account, "new phone", FIREFOX).await.unwrap();
    assert_eq!(
        refusal(scene.sign_in(person.account, "phone", FIREFOX).await),
        SignInRefusal::Frozen
    );
    let ways = scene.broker.ways(&back.session.token).await.unwrap();
    assert_eq!((ways.frozen_at, ways.recovery_codes), (None, 9));
    scene
        .broker
        .thaw(&back.session.token, ways.passkeys[0].id)
        .await
        .unwrap();
    scene.sign_in(person.account, "phone", FIREFOX).await.unwrap();
    let kinds: Vec<_> = scene
        .broker
        .sign_ins(&back.session.token)
        .await
        .unwrap()
        .iter()
        .map(|line| line.kind)
        .collect();
    for kind in [SignInKind::Frozen, SignInKind::Reopened, SignInKind::Recovered] {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
    assert_eq!(
        refusal(scene.broker.recover(&codes[0], at(FIREFOX, None)).await),
        SignInRefusal::RecoveryCode
    );
}

#[tokio::test]
async fn a_recovery_session_that_is_old_registers_nothing() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let browser = at(FIREFOX, Some(&person.token));
    let codes = scene
        .broker
        .make_recovery_codes(&person.token, browser)
        .await
        .unwrap();
    let recovered = scene.broker.recover(&codes[0], at(FIREFOX, None)).await.unwrap();
    scene.clock.turn(600);
    let token = recovered.session.token;
    assert_eq!(
        refusal(scene.link(&token, "late").await),
        SignInRefusal::ProveAgain
    );
}

/// Whoever holds a session begins no ceremony after the other: each is a row, and a call to a provider.
#[tokio::test]
async fn ceremonies_begun_and_never_finished_are_limited_for_each_and_for_strangers_together() {
    let scene = scene().await;
    let broker = &scene.broker;
    let person = scene.registered("11111111111111", "phone").await;
    let other = scene.registered("22222222222222", "other").await;
    let link = async |token| broker.begin_passkey_link(token, "Anna").await;
    for _ in 0..20 {
        link(&person.token).await.unwrap();
    }
    let refused = refusal(link(&person.token).await);
    let until = match refused {
        SignInRefusal::TooMany { until } => until,
        other => panic!("{other}"),
    };
    assert!(until <= broker.now().plus_seconds(600));
    link(&other.token).await.unwrap();
    let provider: ProviderId = "provider".parse().unwrap();
    let away = broker.begin_provider_link(&person.token, &provider).await;
    assert!(matches!(refusal(away), SignInRefusal::TooMany { .. }));
    broker.begin_passkey_sign_in().await.unwrap();
    // Strangers together, whoever they are: nobody who is signed in is kept out by them.
    let file = scene.folder.path().join("broker.db");
    let store = SqliteStore::open(&file, Create::Never).await.unwrap();
    let mut tx = store.begin("flood").await.unwrap();
    for number in 0..6_000_u32 {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        let row = CeremonyRow {
            hash,
            kind: CeremonyKind::PasskeySignIn,
            account: None,
            invitation: None,
            session: None,
            state: None,
            keep: Vec::new(),
            expires_at: broker.now().plus_seconds(500),
        };
        tx.add_ceremony(&row, broker.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    let flooded = refusal(broker.begin_passkey_sign_in().await);
    assert!(matches!(flooded, SignInRefusal::TooMany { .. }));
    let flooded = refusal(broker.begin_provider_sign_in(&provider).await);
    assert!(matches!(flooded, SignInRefusal::TooMany { .. }));
    broker.begin_passkey_proof(&other.token).await.unwrap();
    scene.clock.turn(601);
    broker.begin_passkey_sign_in().await.unwrap();
}

#[tokio::test]
async fn used_codes_shut_the_account_and_wrong_ones_the_service() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let browser = at(FIREFOX, Some(&person.token));
    let codes = scene
        .broker
        .make_recovery_codes(&person.token, browser)
        .await
        .unwrap();
    let stranger = at(TELEPHONE, None);
    scene.broker.recover(&codes[0], stranger).await.unwrap();
    for _ in 0..5 {
        assert_eq!(
            refusal(scene.broker.recover(&codes[0], stranger).await),
            SignInRefusal::RecoveryCode
        );
    }
    let refused = refusal(scene.broker.recover(&codes[1], stranger).await);
    assert!(is_shut(&refused, scene.broker.now()));
    scene.clock.turn(3_600);
    scene.broker.recover(&codes[1], stranger).await.unwrap();
    // New codes end the old ones.
    let again = scene.sign_in(person.account, "phone", FIREFOX).await.unwrap();
    let token = again.session.token;
    scene
        .broker
        .make_recovery_codes(&token, at(FIREFOX, Some(&token)))
        .await
        .unwrap();
    assert_eq!(
        refusal(scene.broker.recover(&codes[2], stranger).await),
        SignInRefusal::RecoveryCode
    );
}

#[tokio::test]
async fn the_operator_opens_a_frozen_account_and_ends_its_codes() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let browser = at(FIREFOX, Some(&person.token));
    let codes = scene
        .broker
        .make_recovery_codes(&person.token, browser)
        .await
        .unwrap();
    scene.broker.freeze(&person.token, None, browser).await.unwrap();
    let back = scene.new_code(person.participant).await.unwrap();
    let begun = scene
        .broker
        .begin_passkey_by_invitation(&back, "Anna")
        .await
        .unwrap();
    let done = scene
        .broker
        .finish_passkey_registration(&begun.value, &new_key(&begun, "new"), "new", at(FIREFOX, None))
        .await
        .unwrap();
    let token = done.signed_in.unwrap().session.token;
    let ways = scene.broker.ways(&token).await.unwrap();
    assert_eq!((ways.frozen_at, ways.recovery_codes), (None, 0));
    assert!(ways.passkeys[0].frozen_at.is_some());
    assert_eq!(
        refusal(scene.broker.recover(&codes[0], at(FIREFOX, None)).await),
        SignInRefusal::RecoveryCode
    );
}
