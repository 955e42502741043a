//! Messages to people: what is told, when, and how often.

use broker_domain::household::Outcome;
use broker_domain::policy::Principal;
use broker_domain::rights::Right;
use broker_domain::telling::PostFailure;
use broker_service::{AnswerRefusal, ChangeRefusal, Failure, MailboxRefusal, RightsAction, SignInRefusal};
use broker_store::{Duty, MailAddressRow, Store as _, WrappedKeyRow};
use broker_store_sqlite::{Create, SqliteStore};

use crate::scene::TELEPHONE;
use crate::telling::{DAY, Telling};

const GRANTED: &str = "Votre accord est enregistré";
const WITHDRAWN: &str = "Votre retrait est enregistré";

/// P-27, of a whole year: grant, 30, 7 and 1 days before the end, end; each once, whoever restarts what how often.
#[tokio::test]
async fn p27_each_reminder_is_sent_once_across_restarts() {
    let told = Telling::scene().await;
    told.agree().await;
    told.round().await;
    assert_eq!(told.subjects(), [GRANTED]);
    let mut days = Vec::new();
    for day in 1..=400 {
        told.scene.clock.turn(DAY);
        told.round().await;
        told.round().await;
        days.extend(told.subjects().into_iter().map(|subject| (day, subject)));
    }
    let expected = [
        (335, "Un partage prend bientôt fin".to_owned()),
        (358, "Un partage prend fin dans la semaine".to_owned()),
        (364, "Un partage prend fin demain au plus tard".to_owned()),
        (365, "Un partage a pris fin".to_owned()),
    ];
    assert_eq!(days, expected);
}

#[tokio::test]
async fn a_clock_that_jumps_over_several_reminders_sends_the_newest_only() {
    let told = Telling::scene().await;
    told.agree().await;
    told.round().await;
    told.subjects();
    told.scene.clock.turn(364 * DAY + 3_600);
    told.round().await;
    assert_eq!(told.subjects(), ["Un partage prend fin demain au plus tard"]);
    // Long after the end nobody is written to about it.
    let late = Telling::scene().await;
    late.agree().await;
    late.round().await;
    late.subjects();
    late.scene.clock.turn(500 * DAY);
    late.round().await;
    assert!(late.subjects().is_empty());
}

#[tokio::test]
async fn a_ledger_that_stands_still_keeps_no_message_back() {
    let told = Telling::scene().await;
    told.agree().await;
    told.round().await;
    assert_eq!(told.subjects(), [GRANTED]);
    let ledger = told.scene.folder.path().join("ledger");
    std::fs::rename(&ledger, ledger.with_extension("gone")).unwrap();
    std::fs::write(&ledger, "no folder").unwrap();
    told.scene.clock.turn(365 * DAY + 3_600);
    let announced = told
        .scene
        .broker
        .announce_expired(told.scene.broker.now(), 9)
        .await;
    assert!(
        announced.unwrap().is_empty(),
        "skipped, and no failure of the others"
    );
    told.duties().round().await.ok();
    assert_eq!(told.subjects(), ["Un partage a pris fin"]);
}

#[tokio::test]
async fn a_message_that_cannot_be_written_keeps_no_other_back() {
    let told = Telling::scene().await;
    let other = told.scene.registered("22222222222222", "other").await;
    told.confirm(&other.token, "other@home.example").await;
    // Her address is sealed under a key that does not open.
    let store = SqliteStore::open(&told.scene.folder.path().join("broker.db"), Create::Never)
        .await
        .unwrap();
    let mut tx = store.begin("a key that does not open").await.unwrap();
    let address = tx.mail_address(other.participant).await.unwrap().unwrap();
    let key = WrappedKeyRow {
        participant: other.participant,
        epoch: 9,
        wrapped: b"no age file".to_vec(),
    };
    tx.add_key(&key).await.unwrap();
    tx.set_mail_address(&MailAddressRow { epoch: 9, ..address })
        .await
        .unwrap();
    tx.commit().await.unwrap();
    told.scene
        .sign_in(other.account, "other", TELEPHONE)
        .await
        .unwrap();
    told.scene.clock.turn(1);
    told.agree().await;
    assert!(told.duties().round().await.is_err());
    assert_eq!(told.subjects(), [GRANTED]);
    store.close().await;
}

#[tokio::test]
async fn a_reminder_that_waited_too_long_gives_way_to_the_next() {
    let told = Telling::scene().await;
    told.agree().await;
    told.round().await;
    told.subjects();
    told.scene.clock.turn(336 * DAY);
    *told.letters.fails.lock().unwrap() = Some(PostFailure::Unreached);
    told.round().await;
    *told.letters.fails.lock().unwrap() = None;
    told.scene.clock.turn(25 * DAY);
    told.round().await;
    assert_eq!(told.subjects(), ["Un partage prend fin dans la semaine"]);
}

#[tokio::test]
async fn a_withdrawn_sharing_is_not_reminded_of() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    told.withdraw(consent).await;
    told.round().await;
    assert_eq!(told.subjects(), [GRANTED, WITHDRAWN]);
    for _ in 0..40 {
        told.scene.clock.turn(10 * DAY);
        told.round().await;
    }
    // One thing only is left to tell: the recipient is silent.
    assert_eq!(told.subjects(), ["Un retrait attend encore une réponse"]);
}

#[tokio::test]
async fn a_message_is_tried_again_and_given_up_where_the_officer_sees_it() {
    let told = Telling::scene().await;
    told.agree().await;
    *told.letters.fails.lock().unwrap() = Some(PostFailure::Unreached);
    told.round().await;
    told.round().await;
    let (_, counts) = told.scene.broker.overdue(told.scene.officer).await.unwrap();
    let counts = counts.people;
    assert_eq!(
        (counts.retrying, counts.failed),
        (1, 0),
        "not twice within a minute"
    );
    for _ in 0..8 {
        told.scene.clock.turn(DAY + 1);
        told.round().await;
    }
    let (_, counts) = told.scene.broker.overdue(told.scene.officer).await.unwrap();
    let counts = counts.people;
    // Sent was the code of the address.
    assert_eq!((counts.retrying, counts.failed, counts.sent), (0, 1, 1));
    let mailbox = told.scene.broker.mailbox(told.person.participant).await.unwrap();
    assert_eq!(mailbox.failed, 1);
    *told.letters.fails.lock().unwrap() = None;
    told.scene.clock.turn(DAY);
    told.round().await;
    assert!(told.subjects().is_empty());
}

#[tokio::test]
async fn a_new_device_and_a_new_way_in_are_told_and_a_known_device_is_not() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    for agent in [TELEPHONE, TELEPHONE] {
        scene.sign_in(told.person.account, "phone", agent).await.unwrap();
    }
    scene.link(&told.person.token, "key").await.unwrap();
    told.round().await;
    let mut subjects = told.subjects();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "Connexion depuis un nouvel appareil",
            "Un moyen de connexion a été ajouté"
        ]
    );
}

#[tokio::test]
async fn a_changed_address_is_told_to_the_old_one_and_needs_a_fresh_proof() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let consent = told.agree().await;
    told.confirm(&told.person.token, "thief@elsewhere.example").await;
    told.withdraw(consent).await;
    told.round().await;
    // What was queued before goes where she wanted it then.
    let mut subjects = told.subjects();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "Une autre adresse a été indiquée pour vos messages",
            "Votre accord est enregistré",
            "Votre adresse de messages a changé"
        ]
    );
    for wrong in ["anna", "a@b@c.example", "a@b.example\r\nBcc: x@y.example"] {
        let refused = broker.set_mailbox(&told.person.token, wrong).await;
        assert!(matches!(refused, Err(Failure::Refused(MailboxRefusal::Address))));
    }
    told.scene.clock.turn(601);
    let stale = broker.set_mailbox(&told.person.token, "").await;
    assert!(matches!(
        stale,
        Err(Failure::Refused(MailboxRefusal::SignIn(
            SignInRefusal::ProveAgain
        )))
    ));
}

#[tokio::test]
async fn erasure_takes_waiting_messages_and_letters_along() {
    let told = Telling::scene().await;
    told.agree().await;
    told.round().await;
    assert_eq!(told.letters.sent.lock().unwrap().len(), 1);
    *told.letters.fails.lock().unwrap() = Some(PostFailure::Later);
    told.scene
        .sign_in(told.person.account, "phone", TELEPHONE)
        .await
        .unwrap();
    let who = told.person.participant;
    told.scene
        .broker
        .erase(Principal::Participant(who), who)
        .await
        .unwrap();
    *told.letters.fails.lock().unwrap() = None;
    told.scene.clock.turn(DAY);
    told.round().await;
    assert!(told.subjects().is_empty());
    let (_, counts) = told.scene.broker.overdue(told.scene.officer).await.unwrap();
    let counts = counts.people;
    assert_eq!(counts, broker_store::MessageCounts::default());
}

/// P-19. A freeze and its end are told to the person, and to the recipient as what they are to it: a pause, a resumption, an end.
#[tokio::test]
async fn p_19_freezing_and_lifting_are_told() {
    let told = Telling::scene().await;
    told.route(Duty::Delete).await;
    let consent = told.agree().await;
    told.round().await;
    assert_eq!(told.subjects(), [GRANTED]);
    let (broker, who) = (&told.scene.broker, told.person.participant);
    for _ in 0..2 {
        broker.freeze_sharing(who, consent).await.unwrap();
        told.round().await;
    }
    assert_eq!(told.subjects(), ["Un partage est arrêté"], "once");
    let old = broker.now().plus_seconds(-601);
    let stale = broker.end_pause(who, consent, Some(old)).await;
    assert!(matches!(
        stale,
        Err(Failure::Refused(ChangeRefusal::TooWeak { .. }))
    ));
    let proved_at = Some(broker.now());
    broker.end_pause(who, consent, proved_at).await.unwrap();
    told.round().await;
    assert_eq!(told.subjects(), ["Un partage reprend"]);
    // Again, and this time the officer ends it: the recipient answers for that as for a withdrawal.
    broker.freeze_sharing(who, consent).await.unwrap();
    let case = broker.fresh_rights_request().unwrap();
    let asked = ("Je n'ai rien accepté.", Some(consent));
    broker
        .ask_about(who, case, Right::Restriction, asked)
        .await
        .unwrap();
    let officer = told.scene.officer;
    let words = RightsAction::Answer("Nous y mettons fin.".into());
    let silent = broker.advance_right(officer, case, &words).await;
    assert!(matches!(
        silent,
        Err(Failure::Refused(AnswerRefusal::OutcomeMissing))
    ));
    broker
        .decide_case(officer, case, (Outcome::End, None), "Nous y mettons fin.")
        .await
        .unwrap();
    told.round().await;
    let notices = told.notices();
    let said = |wanted: &str| notices.iter().filter(|one| one["change"] == wanted).count();
    assert_eq!((said("paused"), said("resumed")), (2, 1), "{notices:?}");
    let asked_to_delete = notices.iter().filter(|one| one["type"] != "fiducie-change/1");
    assert_eq!(asked_to_delete.count(), 1, "{notices:?}");
}
