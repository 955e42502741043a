//! Nobody registers alone, and an invitation is good once.

use broker_service::{Failure, InviteRefusal, SignInRefusal};
use broker_store::{InvitationKind, SessionRole};

use crate::scene::{FIREFOX, at, is_shut, new_key, refusal, scene};

#[tokio::test]
async fn an_invitation_lets_somebody_in_once() {
    let scene = scene().await;
    let (participant, code) = scene.invited("11111111111111").await;
    let opened = scene.broker.open_invitation(&code.to_lowercase()).await.unwrap();
    assert_eq!(opened.role, SessionRole::Participant(participant));
    assert_eq!(opened.kind, InvitationKind::First);
    // Two people with the same letter: the second finds it used.
    let first = scene
        .broker
        .begin_passkey_by_invitation(&code, "Anna")
        .await
        .unwrap();
    let second = scene
        .broker
        .begin_passkey_by_invitation(&code, "Anna")
        .await
        .unwrap();
    let done = scene
        .broker
        .finish_passkey_registration(
            &first.value,
            &new_key(&first, "phone"),
            " My phone ",
            at(FIREFOX, None),
        )
        .await
        .unwrap();
    let token = done.signed_in.unwrap().session.token;
    let session = scene.broker.session(&token).await.unwrap().unwrap();
    assert_eq!(session.role, SessionRole::Participant(participant));
    assert_eq!(
        scene.broker.ways(&token).await.unwrap().passkeys[0].name,
        "My phone"
    );
    let late = scene
        .broker
        .finish_passkey_registration(&second.value, &new_key(&second, "thief"), "x", at(FIREFOX, None))
        .await;
    assert_eq!(refusal(late), SignInRefusal::Invitation);
    assert_eq!(
        refusal(scene.broker.open_invitation(&code).await),
        SignInRefusal::Invitation
    );
}

#[tokio::test]
async fn an_invitation_expires() {
    let scene = scene().await;
    let (_, code) = scene.invited("11111111111111").await;
    scene.clock.turn(14 * 86_400 - 1);
    let begun = scene
        .broker
        .begin_passkey_by_invitation(&code, "Anna")
        .await
        .unwrap();
    scene.clock.turn(1);
    assert_eq!(
        refusal(scene.broker.open_invitation(&code).await),
        SignInRefusal::Invitation
    );
    let late = scene
        .broker
        .finish_passkey_registration(&begun.value, &new_key(&begun, "phone"), "x", at(FIREFOX, None))
        .await;
    assert_eq!(refusal(late), SignInRefusal::Invitation);
}

#[tokio::test]
async fn after_many_wrong_codes_nobody_listens_for_an_hour() {
    let scene = scene().await;
    let (_, code) = scene.invited("11111111111111").await;
    for _ in 0..1_000 {
        let wrong = scene.broker.open_invitation("AAAA-BBBB-CCCC").await;
        assert_eq!(refusal(wrong), SignInRefusal::Invitation);
    }
    let refused = refusal(scene.broker.open_invitation(&code).await);
    assert!(is_shut(&refused, scene.broker.now()));
    assert!(
        refused
            .to_string()
            .contains("try again after 2026-11-22T10:00:00")
    );
    scene.clock.turn(3_600);
    scene.broker.open_invitation(&code).await.unwrap();
}

#[tokio::test]
async fn a_new_code_ends_the_one_before_and_opens_the_same_account() {
    let scene = scene().await;
    let (participant, code) = scene.invited("11111111111111").await;
    // The letter was lost: a new one ends it.
    let fresh = scene.new_code(participant).await.unwrap();
    assert_eq!(
        refusal(scene.broker.open_invitation(&code).await),
        SignInRefusal::Invitation
    );
    let opened = scene.broker.open_invitation(&fresh).await.unwrap();
    assert_eq!(opened.kind, InvitationKind::First);
    let person = scene.registered("22222222222222", "phone").await;
    let back = scene.new_code(person.participant).await.unwrap();
    assert_eq!(
        scene.broker.open_invitation(&back).await.unwrap().kind,
        InvitationKind::Again
    );
    let begun = scene
        .broker
        .begin_passkey_by_invitation(&back, "Anna")
        .await
        .unwrap();
    // Until it is used, her session stands.
    assert!(scene.broker.session(&person.token).await.unwrap().is_some());
    let done = scene
        .broker
        .finish_passkey_registration(
            &begun.value,
            &new_key(&begun, "new phone"),
            "new",
            at(FIREFOX, None),
        )
        .await
        .unwrap();
    assert!(scene.broker.any_session(&person.token).await.unwrap().is_none());
    let token = done.signed_in.unwrap().session.token;
    // The same account, with both.
    assert_eq!(
        scene.broker.session(&token).await.unwrap().unwrap().account,
        person.account
    );
    assert_eq!(scene.broker.ways(&token).await.unwrap().passkeys.len(), 2);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_enrols_once_and_loses_no_code() {
    let scene = scene().await;
    let newcomer = broker_service::Newcomer {
        language: "fr".into(),
        name: "Chloé".into(),
        address: "3, rue des Tilleuls".into(),
        meter_number: "33333333333333".into(),
    };
    let desk = scene.desk(scene.officer).await;
    let form = scene.broker.fresh_enrolment_form().unwrap();
    let invite = |token: [u8; 32], newcomer: broker_service::Newcomer| {
        let broker = std::sync::Arc::clone(&scene.broker);
        async move { broker.invite_participant(&token, form, &newcomer).await }
    };
    let (one, two) = tokio::join!(invite(desk, newcomer.clone()), invite(desk, newcomer.clone()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.participant, two.participant);
    let opens = [one.invitation.code, two.invitation.code];
    let mut good = 0;
    for code in &opens {
        good += usize::from(scene.broker.open_invitation(code).await.is_ok());
    }
    assert_eq!(good, 1, "the newest");
    let other = broker_service::Newcomer {
        meter_number: "44444444444444".into(),
        ..newcomer.clone()
    };
    let colleague = scene.desk(scene.colleague).await;
    for wrong in [
        invite(desk, other).await,
        invite(colleague, newcomer.clone()).await,
    ] {
        assert!(matches!(wrong, Err(Failure::Refused(InviteRefusal::SentBefore))));
    }
    scene.clock.turn(601);
    let late = invite(desk, newcomer).await;
    assert!(matches!(
        late,
        Err(Failure::Refused(InviteRefusal::SignIn(SignInRefusal::ProveAgain)))
    ));
}

#[tokio::test]
async fn a_broker_without_ways_to_sign_in_says_so() {
    let folder = tempfile::tempdir().unwrap();
    test_support::create(folder.path(), "none.example/ledger").await;
    let clock = test_support::RunningClock::starting(test_support::RunningClock::system());
    let broker = test_support::start(folder.path(), "none.example/ledger", std::sync::Arc::new(clock)).await;
    assert!(!broker.offers_passkeys());
    assert!(broker.offered_providers().is_empty());
    assert_eq!(
        refusal(broker.begin_passkey_sign_in().await),
        SignInRefusal::NotOffered
    );
    let provider = "provider".parse().unwrap();
    assert_eq!(
        refusal(broker.begin_provider_sign_in(&provider).await),
        SignInRefusal::NotOffered
    );
}
