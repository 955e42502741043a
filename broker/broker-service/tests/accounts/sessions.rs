//! How long a session is good for what, and how it ends.

use broker_domain::ids::OfficerId;
use broker_keys::Keys;
use broker_service::{Inviting, Place, Powers, SignInRefusal};
use broker_store::{InvitationKind, SessionRole};
use broker_store_sqlite::{Create, SqliteStore};
use broker_vault::IndexKey;
use test_support::SystemEntropy;

use crate::scene::{FIREFOX, Scene, TELEPHONE, at, new_key, refusal, scene};

const HOUR: i64 = 3_600;

/// The officer comes in as the operator's command invites her.
async fn officer(scene: &Scene) -> [u8; 32] {
    let keys = Keys::load(&scene.folder.path().join("keys")).unwrap();
    let key = IndexKey::from_bytes(keys.point_index);
    let path = scene.folder.path().join("broker.db");
    // Beside the running broker, as `fiducie invite` does.
    let store = SqliteStore::open(&path, Create::Never).await.unwrap();
    let inviting = Inviting {
        store: &store,
        key: &key,
        clock: &*scene.clock,
        entropy: &SystemEntropy,
    };
    let role = SessionRole::Officer(scene.officer);
    let invitation = inviting.invite(role, InvitationKind::First).await.unwrap();
    let begun = scene
        .broker
        .begin_passkey_by_invitation(&invitation.code, "Olga")
        .await
        .unwrap();
    let done = scene
        .broker
        .finish_passkey_registration(&begun.value, &new_key(&begun, "desk"), "desk", at(FIREFOX, None))
        .await
        .unwrap();
    done.signed_in.unwrap().session.token
}

#[tokio::test]
async fn an_idle_participant_may_still_withdraw_and_nothing_else() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    scene.clock.turn(12 * HOUR - 1);
    assert!(scene.broker.session(&person.token).await.unwrap().is_some());
    // That was a use: the twelve hours begin again.
    scene.clock.turn(12 * HOUR - 1);
    assert!(scene.broker.session(&person.token).await.unwrap().is_some());
    scene.clock.turn(12 * HOUR);
    assert!(scene.broker.session(&person.token).await.unwrap().is_none());
    let idle = scene.broker.any_session(&person.token).await.unwrap().unwrap();
    assert_eq!(idle.powers, Powers::Withdrawing);
    let way = scene.broker.ways(&person.token).await.unwrap().passkeys[0].id;
    let named = scene.broker.name_passkey(&person.token, way, "x").await;
    assert_eq!(refusal(named), SignInRefusal::WithdrawingOnly);
    // Looking does not bring it back.
    scene.clock.turn(60);
    assert!(scene.broker.session(&person.token).await.unwrap().is_none());
    scene.clock.turn(30 * 24 * HOUR);
    assert!(scene.broker.any_session(&person.token).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_that_is_used_ends_all_the_same() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    for _ in 0..59 {
        scene.clock.turn(12 * HOUR - 1);
        assert!(scene.broker.session(&person.token).await.unwrap().is_some());
    }
    scene.clock.turn(12 * HOUR + 59);
    assert!(scene.broker.any_session(&person.token).await.unwrap().is_none());
}

#[tokio::test]
async fn an_officer_is_signed_out_after_half_an_hour_and_after_twelve() {
    let scene = scene().await;
    let token = officer(&scene).await;
    for _ in 0..24 {
        scene.clock.turn(30 * 60 - 1);
        let session = scene.broker.any_session(&token).await.unwrap().unwrap();
        assert_eq!(session.powers, Powers::Everything);
    }
    scene.clock.turn(24);
    assert!(scene.broker.any_session(&token).await.unwrap().is_none());
    let token = {
        let session = scene
            .broker
            .open_session(SessionRole::Officer(scene.officer))
            .await
            .unwrap();
        session.token
    };
    scene.clock.turn(30 * 60);
    assert!(scene.broker.any_session(&token).await.unwrap().is_none());
}

#[tokio::test]
async fn one_click_of_the_demonstration_makes_an_account_once() {
    let scene = scene().await;
    let (participant, _) = scene.invited("11111111111111").await;
    let role = SessionRole::Participant(participant);
    let first = scene.broker.open_session(role).await.unwrap();
    let second = scene.broker.open_session(role).await.unwrap();
    let account = |token| {
        let broker = std::sync::Arc::clone(&scene.broker);
        async move { broker.session(&token).await.unwrap().unwrap().account }
    };
    assert_eq!(account(first.token).await, account(second.token).await);
    assert_eq!(scene.broker.devices(&first.token).await.unwrap().len(), 2);
}

#[tokio::test]
async fn devices_end_one_by_one_or_all() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let neighbour = scene.registered("22222222222222", "tablet").await;
    scene.clock.turn(1);
    let elsewhere = scene.sign_in(person.account, "phone", TELEPHONE).await.unwrap();
    scene.clock.turn(1);
    let third = scene.sign_in(person.account, "phone", FIREFOX).await.unwrap();
    let devices = scene.broker.devices(&person.token).await.unwrap();
    let places: Vec<_> = devices
        .iter()
        .map(|device| (device.name.as_str(), device.place))
        .collect();
    assert_eq!(
        places,
        [
            ("Firefox, Linux", Place::Elsewhere),
            ("Chrome, Android", Place::Elsewhere),
            ("Firefox, Linux", Place::Here),
        ]
    );
    let theirs = scene.broker.devices(&neighbour.token).await.unwrap()[0].id;
    scene.broker.end_device(&person.token, theirs).await.unwrap_err();
    scene
        .broker
        .end_device(&person.token, devices[1].id)
        .await
        .unwrap();
    assert!(
        scene
            .broker
            .any_session(&elsewhere.session.token)
            .await
            .unwrap()
            .is_none()
    );
    scene.broker.end_all_devices(&third.session.token).await.unwrap();
    assert!(scene.broker.any_session(&person.token).await.unwrap().is_none());
    assert!(
        scene
            .broker
            .any_session(&neighbour.token)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        refusal(scene.broker.devices(&person.token).await),
        SignInRefusal::SignedOut
    );
}

#[tokio::test]
async fn a_sign_in_ends_the_session_that_the_browser_had() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let begun = scene.broker.begin_passkey_sign_in().await.unwrap();
    let reply = crate::scene::answer(person.account, "phone", &begun);
    let browser = at(FIREFOX, Some(&person.token));
    scene
        .broker
        .finish_passkey_sign_in(&begun.value, &reply, browser)
        .await
        .unwrap();
    assert!(scene.broker.any_session(&person.token).await.unwrap().is_none());
}

#[tokio::test]
async fn a_role_of_somebody_else_cannot_be_chosen() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let foreign = SessionRole::Officer(scene.officer);
    assert_eq!(
        refusal(scene.broker.choose_role(&person.token, foreign).await),
        SignInRefusal::NotYours
    );
    let nobody = SessionRole::Officer(OfficerId::from_bytes([9; 16]));
    assert_eq!(
        refusal(scene.broker.choose_role(&person.token, nobody).await),
        SignInRefusal::NotYours
    );
    let own = SessionRole::Participant(person.participant);
    let next = scene.broker.choose_role(&person.token, own).await.unwrap();
    assert!(scene.broker.session(&person.token).await.unwrap().is_none());
    assert_eq!(
        scene.broker.session(&next.token).await.unwrap().unwrap().role,
        own
    );
}
