//! Recipients are told of withdrawals, answer, and are asked again.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::ids::{DossierId, SubjectId};
use broker_domain::policy::Principal;
use broker_domain::telling::CallFailure;
use broker_service::{Answered, Failure, RecipientRefusal, Standing};
use broker_store::Duty;
use evidence::record::{Record, WithdrawalAnswer};
use serde_json::{Value, json};
use test_support::application;
use tokio::sync::Barrier;

use crate::telling::{DAY, STAFF, Telling};

const ACKNOWLEDGEMENT: &str = "fiducie-acknowledgement+jws";
const ATTESTATION: &str = "fiducie-attestation+jws";

async fn acknowledge(told: &Telling, jws: &str) -> Result<Answered, RecipientRefusal> {
    let dossier: DossierId = told.notice()["dossier"].as_str().unwrap().parse().unwrap();
    let broker = &told.scene.broker;
    plain(
        broker
            .acknowledge_withdrawal(&told.application, dossier, jws)
            .await,
    )
}

async fn attest(told: &Telling, jws: &str) -> Result<Answered, RecipientRefusal> {
    let dossier: DossierId = told.notice()["dossier"].as_str().unwrap().parse().unwrap();
    let broker = &told.scene.broker;
    plain(broker.attest_deletion(&told.application, dossier, jws).await)
}

fn plain(answer: Result<Answered, Failure<RecipientRefusal>>) -> Result<Answered, RecipientRefusal> {
    match answer {
        Ok(answered) => Ok(answered),
        Err(Failure::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

fn deletes(told: &Telling) -> Value {
    let notice = told.notice();
    json!({
        "authorisation": notice["authorisation"], "dossier": notice["dossier"], "past_data": "delete",
        "delete_by": told.scene.broker.now().plus_seconds(5 * DAY).to_string(),
        "received_at": told.scene.broker.now().to_string(),
    })
}

fn keeps(told: &Telling, basis: &str) -> Value {
    let mut said = deletes(told);
    let members = said.as_object_mut().unwrap();
    members.remove("delete_by");
    members.insert("past_data".into(), "keep".into());
    members.insert("basis".into(), basis.into());
    said
}

async fn standing(told: &Telling, consent: broker_domain::ids::ConsentId) -> Standing {
    let rows = told
        .scene
        .broker
        .told_about(told.person.participant, consent)
        .await
        .unwrap();
    let [row] = &rows[..] else {
        panic!("{} recipients", rows.len())
    };
    row.standing.clone()
}

async fn answers(told: &Telling, subject: SubjectId) -> Vec<WithdrawalAnswer> {
    let mut read = told.scene.broker.read().await.unwrap();
    let rows = read.records_of(subject, u64::MAX, 99).await.unwrap();
    let records = rows.into_iter().map(|row| {
        let jws = String::from_utf8(row.record).unwrap();
        let payload = jws.split('.').nth(1).unwrap().to_owned();
        Record::parse(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    });
    let answers = records.filter_map(|record| match record {
        Record::WithdrawalAnswer(answer) => Some(answer),
        _ => None,
    });
    answers.collect()
}

async fn overdue(told: &Telling) -> usize {
    told.scene
        .broker
        .overdue(told.scene.officer)
        .await
        .unwrap()
        .0
        .len()
}

#[tokio::test]
async fn a_recipient_that_is_down_is_told_later_and_silence_is_escalated() {
    let told = Telling::scene().await;
    told.route(Duty::Delete).await;
    let consent = told.agree().await;
    *told.hooks.fails.lock().unwrap() = Some(CallFailure::Unreached);
    told.withdraw(consent).await;
    assert_eq!(standing(&told, consent).await, Standing::NotReached);
    told.round().await;
    told.round().await;
    assert_eq!(standing(&told, consent).await, Standing::NotReached);
    *told.hooks.fails.lock().unwrap() = None;
    told.scene.clock.turn(61);
    told.round().await;
    assert_eq!(standing(&told, consent).await, Standing::Waiting);
    told.scene.clock.turn(600);
    told.round().await;
    assert_eq!(
        told.hooks.told.lock().unwrap().len(),
        1,
        "not again before the deadline"
    );
    assert_eq!(overdue(&told).await, 0);
    told.subjects();

    told.scene.clock.turn(DAY);
    assert_eq!(standing(&told, consent).await, Standing::Silent);
    assert_eq!(overdue(&told).await, 1);
    told.round().await;
    assert_eq!(told.hooks.told.lock().unwrap().len(), 2);
    let mut letters = told.letters.sent.lock().unwrap().clone();
    letters.sort_by_key(|letter| letter.to.as_str() != "dpo@quartier.example");
    let to: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to[0], "dpo@quartier.example");
    assert!(to.contains(&"anna@home.example") && to.contains(&STAFF) && to.len() == 3);
    assert!(
        letters[0]
            .body
            .contains(told.notice()["dossier"].as_str().unwrap())
    );
    // Asked each day, for a bounded time.
    for _ in 0..60 {
        told.scene.clock.turn(DAY);
        told.round().await;
    }
    let calls = told.hooks.told.lock().unwrap().len();
    assert!((30..=40).contains(&calls), "{calls}");
    assert_eq!(overdue(&told).await, 1, "the officer still sees it");
}

#[tokio::test]
async fn what_a_processor_answers_is_its_own_about_this_and_in_time() {
    let (told, consent) = Telling::told_to(Duty::Delete).await;
    let notice = told.notice();
    assert_eq!(notice["type"], "fiducie-withdrawal/1");
    assert_eq!(notice["authorisation"], consent.to_string());
    assert_eq!(notice["duty"], "delete");
    assert!(notice.get("participant").is_none(), "the person is not named");
    // What is signed by nobody, by another key, as something else, or about something else is refused.
    let good = told.signed(ACKNOWLEDGEMENT, &deletes(&told));
    let mut broken = good.clone();
    broken.replace_range(
        good.len() - 4..good.len() - 3,
        if good.ends_with("AAAA") { "B" } else { "_" },
    );
    let other = Telling {
        key: ring::signature::Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap(),
        ..told
    };
    let forged = other.signed(ACKNOWLEDGEMENT, &deletes(&other));
    let told = Telling {
        key: ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap(),
        ..other
    };
    let wrong_typ = told.signed(ATTESTATION, &deletes(&told));
    for jws in [broken, forged, wrong_typ, "a.b.c".into(), String::new()] {
        assert_eq!(acknowledge(&told, &jws).await, Err(RecipientRefusal::Signature));
    }
    let mut elsewhere = deletes(&told);
    elsewhere["dossier"] = "1f0c6a52-7b1e-4a5e-9d54-2c1a7b0e9f31".into();
    let mut late = deletes(&told);
    late["delete_by"] = told.scene.broker.now().plus_seconds(40 * DAY).to_string().into();
    let mut future = deletes(&told);
    future["received_at"] = told.scene.broker.now().plus_seconds(900).to_string().into();
    for said in [elsewhere, late, future] {
        let answer = acknowledge(&told, &told.signed(ACKNOWLEDGEMENT, &said)).await;
        assert!(
            matches!(answer, Err(RecipientRefusal::Malformed { .. })),
            "{answer:?}"
        );
    }
    let keeping = told.signed(ACKNOWLEDGEMENT, &keeps(&told, "invoices"));
    assert_eq!(
        acknowledge(&told, &keeping).await,
        Err(RecipientRefusal::MustDelete)
    );
    assert_eq!(attest(&told, "a.b.c").await, Err(RecipientRefusal::NotPromised));
}

#[tokio::test]
async fn a_processor_deletes_and_attests_and_its_answers_are_recorded_for_both() {
    let (told, consent) = Telling::told_to(Duty::Delete).await;
    let notice = told.notice();
    let good = told.signed(ACKNOWLEDGEMENT, &deletes(&told));
    let first = acknowledge(&told, &good).await.unwrap();
    assert_eq!(acknowledge(&told, &good).await.unwrap(), first, "the same again");
    let another = told.signed(ACKNOWLEDGEMENT, &deletes(&told));
    assert_eq!(
        acknowledge(&told, &another).await,
        Err(RecipientRefusal::AnsweredBefore)
    );
    assert!(matches!(
        standing(&told, consent).await,
        Standing::WillDelete { .. }
    ));
    told.scene.clock.turn(6 * DAY);
    assert!(matches!(
        standing(&told, consent).await,
        Standing::DeletionOverdue { .. }
    ));
    assert_eq!(overdue(&told).await, 1);
    let attested = told.signed(
        ATTESTATION,
        &json!({ "authorisation": notice["authorisation"], "dossier": notice["dossier"],
                 "deleted_at": told.scene.broker.now().to_string() }),
    );
    let done = attest(&told, &attested).await.unwrap();
    assert_eq!(attest(&told, &attested).await.unwrap(), done);
    assert!(matches!(standing(&told, consent).await, Standing::Deleted { .. }));
    assert_eq!(overdue(&told).await, 0);

    let hers = answers(&told, told.person.participant.into()).await;
    let theirs = answers(&told, told.application.organisation.into()).await;
    assert_eq!((hers.len(), theirs.len()), (2, 2));
    assert!(hers.iter().all(|answer| answer.participant.is_some()));
    assert!(
        theirs.iter().all(|answer| answer.participant.is_none()),
        "not in their copy"
    );
}

#[tokio::test]
async fn a_controller_may_keep_and_says_on_which_basis() {
    let told = Telling::scene().await;
    told.route(Duty::DeleteOrState).await;
    let consent = told.agree().await;
    told.withdraw(consent).await;
    told.round().await;
    for basis in ["", "   ", &"x".repeat(501)] {
        let answer = acknowledge(&told, &told.signed(ACKNOWLEDGEMENT, &keeps(&told, basis))).await;
        assert!(matches!(answer, Err(RecipientRefusal::Malformed { .. })));
    }
    let kept = told.signed(ACKNOWLEDGEMENT, &keeps(&told, "factures, dix ans"));
    acknowledge(&told, &kept).await.unwrap();
    assert_eq!(
        standing(&told, consent).await,
        Standing::Keeps {
            basis: "factures, dix ans".into()
        }
    );
    told.scene.clock.turn(90 * DAY);
    told.round().await;
    assert_eq!(overdue(&told).await, 0);
    assert_eq!(told.hooks.told.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_organisation_without_a_webhook_gets_a_letter() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    told.round().await;
    told.letters.sent.lock().unwrap().clear();
    told.withdraw(consent).await;
    told.round().await;
    let mut letters = told.letters.sent.lock().unwrap().clone();
    letters.retain(|letter| letter.to.as_str() == "dpo@quartier.example");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body.contains(&consent.to_string()));
    assert!(!letters[0].subject.contains(&consent.to_string()));
    assert_eq!(standing(&told, consent).await, Standing::Waiting);
    assert!(told.hooks.told.lock().unwrap().is_empty());
}

/// Whoever answers slowly holds up nobody: three calls and a letter are on their way at once, and no fourth call.
#[tokio::test]
async fn recipients_are_told_at_once_beside_the_mail_and_few_of_one_application() {
    let told = Telling::scene().await;
    told.route(Duty::Delete).await;
    for _ in 0..4 {
        let consent = told.agree().await;
        told.withdraw(consent).await;
    }
    let meet = Arc::new(Barrier::new(4));
    *told.hooks.meet.lock().unwrap() = Some(Arc::clone(&meet));
    *told.letters.meet.lock().unwrap() = Some(meet);
    tokio::time::timeout(Duration::from_secs(20), told.round())
        .await
        .expect("each waits for the others");
    assert_eq!(told.hooks.told.lock().unwrap().len(), 3);
    *told.hooks.meet.lock().unwrap() = None;
    told.round().await;
    assert_eq!(told.hooks.told.lock().unwrap().len(), 4);
}

/// The webhook of one application tells nothing to another of the same organisation.
#[tokio::test]
async fn an_application_without_a_webhook_is_told_by_letter_beside_one_that_has_one() {
    let told = Telling::scene().await;
    told.route(Duty::Delete).await;
    let organisation = told.application.organisation;
    application(&told.scene.broker, organisation, "Sibling", "other credential").await;
    let consent = told.agree().await;
    told.withdraw(consent).await;
    told.round().await;
    assert_eq!(told.hooks.told.lock().unwrap().len(), 1);
    let letters = told.letters.sent.lock().unwrap().clone();
    let theirs = letters
        .iter()
        .filter(|letter| letter.to.as_str() == "dpo@quartier.example");
    assert_eq!(theirs.count(), 1);
    // What the one with the webhook answers is an answer to its own notice: the letter waits still.
    acknowledge(&told, &told.signed(ACKNOWLEDGEMENT, &deletes(&told)))
        .await
        .unwrap();
    let broker = &told.scene.broker;
    let rows = broker.told_about(told.person.participant, consent).await.unwrap();
    let waiting = |by_letter: bool| {
        let row = rows.iter().find(|row| row.application.is_none() == by_letter);
        row.unwrap().standing == Standing::Waiting
    };
    assert_eq!((waiting(true), waiting(false)), (true, false));
}

/// It waits in the outbox for the operator to send it; the erasure of somebody else is no reason to destroy it.
#[tokio::test]
async fn a_letter_to_an_organisation_stays_until_its_own_person_is_erased() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    told.withdraw(consent).await;
    told.round().await;
    let letters = || {
        let sent = told.letters.sent.lock().unwrap();
        let theirs = sent
            .iter()
            .filter(|letter| letter.subject.starts_with("Retrait d'un accord"));
        theirs.count()
    };
    assert_eq!(letters(), 1);
    let other = told.scene.registered("22222222222222", "other").await;
    for (who, left) in [(other.participant, 1), (told.person.participant, 0)] {
        let broker = &told.scene.broker;
        broker.erase(Principal::Participant(who), who).await.unwrap();
        told.round().await;
        assert_eq!(letters(), left);
    }
}

/// Somebody else sees nothing of it.
#[tokio::test]
async fn who_was_told_is_shown_to_its_owner_only() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    told.withdraw(consent).await;
    let other = told.scene.registered("22222222222222", "other").await;
    assert!(
        told.scene
            .broker
            .told_about(other.participant, consent)
            .await
            .is_err()
    );
}
