//! What a recipient does not take of an erasure goes by letter too, and stays on the desk until an officer has seen to it.

use broker_domain::ids::ConsentId;
use broker_domain::policy::Principal;
use broker_domain::telling::{CallFailure, PostFailure};
use broker_service::Failure;
use broker_store::Duty;

use crate::telling::{DAY, Telling};

/// Somebody who shared with a recipient whose webhook is down, and was erased.
async fn erased() -> (Telling, ConsentId) {
    let told = Telling::scene().await;
    told.route(Duty::Delete).await;
    let consent = told.agree().await;
    told.round().await;
    *told.hooks.fails.lock().unwrap() = Some(CallFailure::Unreached);
    let who = told.person.participant;
    let broker = &told.scene.broker;
    broker.erase(Principal::Participant(who), who).await.unwrap();
    told.round().await;
    (told, consent)
}

fn letters(told: &Telling, consent: ConsentId) -> usize {
    let sent = told.letters.sent.lock().unwrap();
    let theirs = sent
        .iter()
        .filter(|letter| letter.to.as_str() == "dpo@quartier.example");
    theirs
        .filter(|letter| letter.body.contains(&consent.to_string()))
        .count()
}

async fn rounds(told: &Telling, days: i64) {
    for _ in 0..days {
        told.scene.clock.turn(DAY);
        told.round().await;
    }
}

#[tokio::test]
async fn a_letter_goes_beside_a_webhook_that_takes_nothing_of_an_erasure() {
    let (told, consent) = erased().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    rounds(&told, 4).await;
    assert_eq!(letters(&told, consent), 0);
    assert_eq!(broker.untold_erasures(officer).await.unwrap(), []);
    rounds(&told, 3).await;
    assert_eq!(letters(&told, consent), 1);
    let listed = broker.untold_erasures(officer).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].authorisation, consent.to_string());
    assert_eq!(
        (listed[0].recipient.as_str(), listed[0].application.as_deref()),
        ("Quartier", Some("Page"))
    );
    assert_eq!(listed[0].given_up_at, None);
    // No file holds what it names while it waits.
    for file in ["broker.db", "broker.db-wal"] {
        let bytes = std::fs::read(told.scene.folder.path().join(file)).unwrap_or_default();
        assert!(
            !bytes.windows(16).any(|window| window == consent.as_bytes()),
            "{file}"
        );
        let text = consent.to_string();
        let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!found, "{file}");
    }
    // The webhook is back: nothing is left to see to.
    *told.hooks.fails.lock().unwrap() = None;
    rounds(&told, 2).await;
    assert_eq!(broker.untold_erasures(officer).await.unwrap(), []);
    assert_eq!(letters(&told, consent), 1);
}

#[tokio::test]
async fn what_was_given_up_stays_with_its_recipient_until_an_officer_has_seen_to_it() {
    let (told, consent) = erased().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    *told.letters.fails.lock().unwrap() = Some(PostFailure::Refused);
    rounds(&told, 60).await;
    let listed = broker.untold_erasures(officer).await.unwrap();
    let given_up = listed.iter().filter(|one| one.given_up_at.is_some()).count();
    assert_eq!((listed.len(), given_up), (2, 2), "the webhook and the letter");
    assert!(listed.iter().all(|one| one.authorisation == consent.to_string()));
    assert!(listed.iter().any(|one| one.application.is_none()));
    // Long after everything else that ended is forgotten.
    rounds(&told, 1).await;
    told.scene.clock.turn(500 * DAY);
    told.round().await;
    assert_eq!(broker.untold_erasures(officer).await.unwrap().len(), 2);
    for one in &listed {
        broker.erasure_was_handled(officer, one.id).await.unwrap();
        let again = broker.erasure_was_handled(officer, one.id).await;
        assert!(matches!(again, Err(Failure::Conflict)));
    }
    assert_eq!(broker.untold_erasures(officer).await.unwrap(), []);
}
