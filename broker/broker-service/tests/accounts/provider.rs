//! Providers: there and back in one browser, and several ways to one account.

use broker_domain::identity::{Arrival, ProviderId, ProviderRefusal};
use broker_service::{Arrived, Back, Departed, Failure, SignInRefusal};

use crate::scene::{FIREFOX, Scene, at, refusal, scene};

fn provider() -> ProviderId {
    "provider".parse().unwrap()
}

fn back<'a>(provider: &'a ProviderId, state: &'a str, arrival: &'a Arrival) -> Back<'a> {
    Back {
        provider,
        state,
        arrival,
    }
}

fn arrival(number: u32, subject: &str, proved_at: Option<i64>) -> Arrival {
    let proved = proved_at.map_or(String::new(), |at| format!("/{at}"));
    Arrival {
        code: Some(format!("{number}/{subject}{proved}")),
        error: None,
        issuer: None,
    }
}

/// The number of the departure decides state and code.
async fn finish(
    scene: &Scene,
    departed: &Departed,
    number: u32,
    subject: &str,
    session: Option<&[u8; 32]>,
) -> Result<Arrived, Failure<SignInRefusal>> {
    let now = scene.broker.now().as_micros();
    let arrival = arrival(number, subject, Some(now));
    let state = format!("state {number}");
    scene
        .broker
        .finish_provider(
            &departed.value,
            back(&provider(), &state, &arrival),
            at(FIREFOX, session),
        )
        .await
}

#[tokio::test]
async fn an_invitation_links_an_identity_that_signs_in_from_then_on() {
    let scene = scene().await;
    let departed = scene.broker.begin_provider_sign_in(&provider()).await.unwrap();
    assert_eq!(
        refusal(finish(&scene, &departed, 0, "anna", None).await),
        SignInRefusal::Stranger
    );
    let (_, code) = scene.invited("11111111111111").await;
    let departed = scene
        .broker
        .begin_provider_by_invitation(&code, &provider())
        .await
        .unwrap();
    let Arrived::Linked(linked) = finish(&scene, &departed, 1, "anna", None).await.unwrap() else {
        panic!("not linked")
    };
    let token = linked.signed_in.unwrap().session.token;
    let account = scene.broker.session(&token).await.unwrap().unwrap().account;
    let departed = scene.broker.begin_provider_sign_in(&provider()).await.unwrap();
    let arrived = finish(&scene, &departed, 2, "anna", None).await.unwrap();
    let Arrived::SignedIn { signed_in, .. } = arrived else {
        panic!("not signed in")
    };
    let session = scene
        .broker
        .session(&signed_in.session.token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.account, account);
    // A passkey beside it leads to the same account.
    scene.link(&signed_in.session.token, "phone").await.unwrap();
    let by_key = scene.sign_in(account, "phone", FIREFOX).await.unwrap();
    let session = scene
        .broker
        .session(&by_key.session.token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.account, account);
    // The subject is stored nowhere in clear.
    let rows = scene
        .broker
        .read()
        .await
        .unwrap()
        .identities_of(account)
        .await
        .unwrap();
    assert!(!rows[0].subject.windows(4).any(|bytes| bytes == b"anna"));
}

#[tokio::test]
async fn state_and_browser_must_both_be_those_of_the_departure() {
    let scene = scene().await;
    let first = scene.broker.begin_provider_sign_in(&provider()).await.unwrap();
    let second = scene.broker.begin_provider_sign_in(&provider()).await.unwrap();
    let arrival = arrival(0, "anna", None);
    let crossed = scene
        .broker
        .finish_provider(
            &second.value,
            back(&provider(), "state 0", &arrival),
            at(FIREFOX, None),
        )
        .await;
    assert_eq!(refusal(crossed), SignInRefusal::Expired);
    let foreign = scene
        .broker
        .finish_provider(
            &[1; 32],
            back(&provider(), "state 0", &arrival),
            at(FIREFOX, None),
        )
        .await;
    assert_eq!(refusal(foreign), SignInRefusal::Expired);
    let declined = Arrival {
        code: None,
        error: Some("access_denied".into()),
        issuer: None,
    };
    let refused = scene
        .broker
        .finish_provider(
            &first.value,
            back(&provider(), "state 0", &declined),
            at(FIREFOX, None),
        )
        .await;
    assert_eq!(
        refusal(refused),
        SignInRefusal::Provider(ProviderRefusal::Declined)
    );
    let twice = scene
        .broker
        .finish_provider(
            &first.value,
            back(&provider(), "state 0", &arrival),
            at(FIREFOX, None),
        )
        .await;
    assert_eq!(refusal(twice), SignInRefusal::Expired);
}

#[tokio::test]
async fn an_identity_belongs_to_one_account_and_is_unlinked_by_it() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let neighbour = scene.registered("22222222222222", "tablet").await;
    let departed = scene
        .broker
        .begin_provider_link(&person.token, &provider())
        .await
        .unwrap();
    assert!(
        departed.url.ends_with("Now"),
        "linking must not lean on an open session"
    );
    let linked = finish(&scene, &departed, 0, "anna", Some(&person.token))
        .await
        .unwrap();
    let Arrived::Linked(linked) = linked else {
        panic!("not linked")
    };
    let departed = scene
        .broker
        .begin_provider_link(&neighbour.token, &provider())
        .await
        .unwrap();
    let taken = finish(&scene, &departed, 1, "anna", Some(&neighbour.token)).await;
    assert_eq!(refusal(taken), SignInRefusal::Taken);
    let browser = at(FIREFOX, Some(&neighbour.token));
    let foreign = scene
        .broker
        .unlink_provider(&neighbour.token, linked.way, browser)
        .await;
    assert_eq!(refusal(foreign), SignInRefusal::NotYours);
    let browser = at(FIREFOX, Some(&person.token));
    scene
        .broker
        .unlink_provider(&person.token, linked.way, browser)
        .await
        .unwrap();
    let departed = scene.broker.begin_provider_sign_in(&provider()).await.unwrap();
    assert_eq!(
        refusal(finish(&scene, &departed, 2, "anna", None).await),
        SignInRefusal::Stranger
    );
}

#[tokio::test]
async fn a_sign_in_that_the_provider_does_not_date_is_not_fresh() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let departed = scene
        .broker
        .begin_provider_link(&person.token, &provider())
        .await
        .unwrap();
    finish(&scene, &departed, 0, "anna", Some(&person.token))
        .await
        .unwrap();
    let departed = scene.broker.begin_provider_sign_in(&provider()).await.unwrap();
    let arrived = scene
        .broker
        .finish_provider(
            &departed.value,
            back(&provider(), "state 1", &arrival(1, "anna", None)),
            at(FIREFOX, None),
        )
        .await
        .unwrap();
    let Arrived::SignedIn { signed_in, .. } = arrived else {
        panic!("not signed in")
    };
    let refused = scene.link(&signed_in.session.token, "laptop").await;
    assert_eq!(refusal(refused), SignInRefusal::ProveAgain);
}
