//! Recipients are told of every change of a sharing, and of an erasure; officers of what is due.

use std::time::Duration;

use broker_domain::consent::EventKind;
use broker_domain::ids::{ConsentId, TransferId};
use broker_domain::policy::Principal;
use broker_domain::rights::{CannotAnswer, Right};
use broker_domain::telling::CallFailure;
use broker_domain::time::{Interval, Step};
use broker_service::{AnswerRefusal, DeletionRefusal, Failure, Narrowing, Order, RenewalClick, RightsAction};
use broker_store::Duty;
use serde_json::Value;

use crate::telling::{DAY, STAFF, Telling};

/// What the webhook was told of changes of this sharing, in order.
fn changes(told: &Telling, consent: ConsentId) -> Vec<Value> {
    let all = told.notices().into_iter();
    all.filter(|notice| notice["type"] == "fiducie-change/1")
        .filter(|notice| notice["authorisation"] == consent.to_string())
        .collect()
}

fn kinds(told: &Telling, consent: ConsentId) -> Vec<String> {
    let all = changes(told, consent).into_iter();
    all.map(|notice| notice["change"].as_str().unwrap().to_owned())
        .collect()
}

async fn routed() -> (Telling, ConsentId) {
    let told = Telling::scene().await;
    told.route(Duty::Delete).await;
    let consent = told.agree().await;
    told.round().await;
    (told, consent)
}

#[tokio::test]
async fn recipients_are_told_of_narrowing_pause_resumption_renewal_and_expiry() {
    let (told, consent) = routed().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    assert!(changes(&told, consent).is_empty(), "agreeing changes nothing");
    let until = broker.now().plus_seconds(3 * DAY);
    broker.pause(who, consent, until).await.unwrap();
    told.round().await;
    broker.end_pause(who, consent).await.unwrap();
    told.round().await;
    let less = Narrowing {
        step: Step::from_seconds(3_600).unwrap(),
        until: broker.now().plus_seconds(40 * DAY),
    };
    broker.narrow(who, consent, less).await.unwrap();
    told.round().await;
    let renewal = broker.renewal(who, consent).await.unwrap();
    let notice = renewal.offer.notices()[0];
    let click = RenewalClick {
        shown: renewal.shown(notice).unwrap(),
        proved_at: None,
    };
    broker.renew(who, consent, click).await.unwrap();
    told.round().await;
    told.round().await;
    assert_eq!(
        kinds(&told, consent),
        ["paused", "resumed", "narrowed", "renewed"]
    );
    let said = changes(&told, consent);
    assert_eq!(said[0]["until"], until.to_string());
    assert_eq!(said[2]["step_s"], 3_600);
    assert_eq!(said[2]["ends_at"], less.until.to_string());
    let numbers: Vec<u64> = said.iter().map(|one| one["event"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    told.scene.clock.turn(400 * DAY);
    told.round().await;
    assert_eq!(kinds(&told, consent).last().unwrap(), "expired");
    let read = told.scene.broker.read().await.unwrap().consent(consent).await;
    let last = read.unwrap().unwrap().events.last().copied().unwrap();
    assert_eq!(last.kind, EventKind::Expired);
    assert_eq!(changes(&told, consent)[4]["at"], last.effective_at.to_string());
}

/// `gdpr-kit.md` P-33: whoever received is told since when it was not covered, also where it was told of a withdrawal before.
#[tokio::test]
async fn recipients_are_told_since_when_a_departure_left_them_uncovered() {
    let (told, live) = routed().await;
    let broker = &told.scene.broker;
    told.scene.clock.turn(9 * DAY);
    let left_at = broker.now().plus_seconds(-3 * DAY);
    told.withdraw(live).await;
    let (ended, live) = (live, told.agree().await);
    told.round().await;
    broker
        .leave_home(told.person.participant, told.point, left_at)
        .await
        .unwrap();
    told.round().await;
    told.round().await;
    for consent in [ended, live] {
        assert_eq!(kinds(&told, consent), ["invalidated"]);
        assert_eq!(changes(&told, consent)[0]["at"], left_at.to_string());
    }
    let dossiers: Vec<_> = told
        .notices()
        .into_iter()
        .filter(|notice| notice["type"] == "fiducie-withdrawal/1")
        .map(|notice| (notice["authorisation"].clone(), notice["state"].clone()))
        .collect();
    let (ended, live) = (ended.to_string().into(), live.to_string().into());
    assert_eq!(
        dossiers,
        [(ended, "withdrawn".into()), (live, "invalidated".into())]
    );
}

#[tokio::test]
async fn a_recipient_that_is_down_is_told_later_and_once() {
    let (told, consent) = routed().await;
    let broker = &told.scene.broker;
    *told.hooks.fails.lock().unwrap() = Some(CallFailure::Unreached);
    let until = broker.now().plus_seconds(3 * DAY);
    broker
        .pause(told.person.participant, consent, until)
        .await
        .unwrap();
    told.round().await;
    told.round().await;
    let (_, counts) = broker.overdue(told.scene.officer).await.unwrap();
    assert_eq!((counts.changes.retrying, counts.changes.told), (1, 0));
    *told.hooks.fails.lock().unwrap() = None;
    told.scene.clock.turn(61);
    told.round().await;
    told.round().await;
    assert_eq!(kinds(&told, consent), ["paused"]);
}

/// GDPR art. 17(1), 19: the recipient learns the identifier that it holds, and nothing of whom it was.
#[tokio::test]
async fn recipients_are_told_of_an_erasure_after_it_and_of_nothing_but_their_identifier() {
    let (told, consent) = routed().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    told.withdraw(consent).await;
    let (ended, consent) = (consent, told.agree().await);
    *told.hooks.fails.lock().unwrap() = Some(CallFailure::Unreached);
    told.round().await;
    broker.erase(Principal::Participant(who), who).await.unwrap();
    // While it waits, no file of the broker holds the identifier.
    let needle = consent.as_bytes();
    let text = consent.to_string();
    for file in ["broker.db", "broker.db-wal"] {
        let bytes = std::fs::read(told.scene.folder.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(16).any(|window| window == needle), "{file}");
        assert!(
            !bytes.windows(text.len()).any(|window| window == text.as_bytes()),
            "{file}"
        );
    }
    *told.hooks.fails.lock().unwrap() = None;
    told.scene.clock.turn(3_600);
    told.round().await;
    told.round().await;
    for id in [consent, ended] {
        let said = changes(&told, id);
        assert_eq!(said.len(), 1);
        let mut members: Vec<&String> = said[0].as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(
            members,
            [
                "application",
                "at",
                "authorisation",
                "change",
                "duty",
                "recipient",
                "type"
            ]
        );
        assert_eq!(said[0]["change"], "erased");
        let at = said[0]["at"].as_str().unwrap();
        assert!(at.ends_with(":00:00.000000Z"), "{at}");
    }
    let (_, counts) = broker.overdue(told.scene.officer).await.unwrap();
    assert_eq!((counts.changes.told, counts.changes.waiting), (2, 0));
}

/// It waits in the outbox for the operator to send it: the erasures after it are no reason to destroy it.
#[tokio::test]
async fn a_letter_about_an_erasure_stays_when_somebody_else_is_erased() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    let other = told.scene.registered("22222222222222", "other").await;
    let letters = || {
        let sent = told.letters.sent.lock().unwrap();
        let theirs = sent
            .iter()
            .filter(|letter| letter.to.as_str() == "dpo@quartier.example");
        theirs
            .filter(|letter| letter.body.contains(&consent.to_string()))
            .count()
    };
    for who in [told.person.participant, other.participant] {
        let broker = &told.scene.broker;
        broker.erase(Principal::Participant(who), who).await.unwrap();
        told.round().await;
        assert_eq!(letters(), 1);
    }
}

/// P-15: deletion asked with or after withdrawal.
#[tokio::test]
async fn p15_recipients_are_asked_once_to_delete_what_they_received() {
    let (told, consent) = routed().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    let early = broker.ask_deletion(who, consent).await;
    assert!(matches!(
        early,
        Err(Failure::Refused(DeletionRefusal::NotWithdrawn))
    ));
    told.withdraw(consent).await;
    let other = told.scene.registered("22222222222222", "other").await;
    let hers = broker.ask_deletion(other.participant, consent).await;
    assert!(matches!(hers, Err(Failure::Refused(DeletionRefusal::NotYours))));
    for _ in 0..2 {
        broker.ask_deletion(who, consent).await.unwrap();
        told.round().await;
    }
    assert_eq!(kinds(&told, consent), ["deletion-asked"]);
    let rows = broker.told_about(who, consent).await.unwrap();
    assert!(rows[0].deletion_asked_at.is_some());
}

#[tokio::test]
async fn officers_are_told_that_something_is_due_and_nothing_of_whom() {
    let (told, consent) = routed().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    let id = broker.fresh_rights_request().unwrap();
    let asked = broker.ask_right(who, id, Right::Erasure, "tout").await.unwrap();
    let to_staff = || {
        let mut sent = told.letters.sent.lock().unwrap();
        let (theirs, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut *sent)
            .into_iter()
            .partition(|letter| letter.to.as_str() == STAFF);
        *sent = rest;
        theirs
    };
    let mut words = Vec::new();
    for day in 0..40 {
        told.round().await;
        told.round().await;
        for letter in to_staff() {
            assert!(!letter.body.contains(&who.to_string()) && !letter.body.contains(&id.to_string()));
            words.push((day, letter.body.lines().next().unwrap().to_owned()));
        }
        told.scene.clock.turn(DAY);
    }
    let said: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
    assert_eq!(
        said,
        [
            "Une demande de droits est à traiter dans les sept jours.",
            "Une demande de droits est à traiter demain au plus tard.",
            "Une demande de droits a dépassé son échéance.",
        ],
        "due on {}: {words:?}",
        asked.request.due_on
    );
    told.withdraw(consent).await;
    told.round().await;
    told.scene.clock.turn(DAY + 1);
    told.round().await;
    let silent = to_staff();
    assert_eq!(silent.len(), 1);
    assert!(
        silent[0]
            .body
            .starts_with("Un destinataire n'a pas accusé réception")
    );
}

/// A mail server that takes a connection and never answers keeps letters back, and nothing else.
#[tokio::test]
async fn a_mail_server_that_hangs_delays_no_webhook_and_no_reminder() {
    let (told, consent) = routed().await;
    told.withdraw(consent).await;
    let ending = told.agree().await;
    *told.letters.hangs.lock().unwrap() = true;
    let duties = tokio::spawn(told.duties().run());
    let hooks = async {
        while !told.notices().iter().any(|one| one["state"] == "withdrawn") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        told.scene.clock.turn(400 * DAY);
        while kinds(&told, ending) != ["expired"] {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), hooks)
        .await
        .expect("webhooks and ends wait for the mail server");
    duties.abort();
}

/// P-27: the first transfer under a sharing, once.
#[tokio::test]
async fn p27_the_first_transfer_under_a_sharing_is_told_once() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    told.round().await;
    told.subjects();
    let broker = &told.scene.broker;
    let given = broker
        .read()
        .await
        .unwrap()
        .consent(consent)
        .await
        .unwrap()
        .unwrap();
    let start = given.data.start().next_on_grid(Step::HALF_HOUR);
    let mut subjects = Vec::new();
    for number in 0..3_u8 {
        let order = Order {
            transfer: TransferId::from_bytes([number; 16]),
            authorisation: consent,
            interval: Interval::new(start, start.plus_seconds(3_600)).unwrap(),
            step: Step::HALF_HOUR,
        };
        broker.deliver(&told.application, order).await.unwrap();
        told.round().await;
        subjects.extend(told.subjects());
    }
    assert_eq!(subjects, ["Premier envoi sous un de vos partages"]);
}

/// The words of a request are sealed, and go with the person.
#[tokio::test]
async fn words_of_requests_stand_in_no_file_in_clear() {
    let told = Telling::scene().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    let id = broker.fresh_rights_request().unwrap();
    broker
        .ask_right(who, id, Right::Rectification, "WordsOfHers")
        .await
        .unwrap();
    broker.write_right(who, id, "MoreWordsOfHers").await.unwrap();
    let officer = told.scene.officer;
    for action in [
        RightsAction::Write("WordsOfTheOfficer".into()),
        RightsAction::Answer("WordsOfTheAnswer".into()),
    ] {
        broker.advance_right(officer, id, &action).await.unwrap();
    }
    let thread = broker.own_rights_request(who, id).await.unwrap();
    let words: Vec<&str> = thread.words.iter().map(|one| one.words.as_str()).collect();
    assert_eq!(
        words,
        [
            "WordsOfHers",
            "MoreWordsOfHers",
            "WordsOfTheOfficer",
            "WordsOfTheAnswer"
        ]
    );
    for file in ["broker.db", "broker.db-wal"] {
        let bytes = std::fs::read(told.scene.folder.path().join(file)).unwrap_or_default();
        assert!(!bytes.windows(7).any(|window| window == b"WordsOf"), "{file}");
    }
    told.round().await;
    let mut subjects = told.subjects();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "On vous a écrit au sujet de votre demande",
            "Votre demande a reçu une réponse"
        ]
    );
}

/// GDPR art. 12(3) and (6): the clock stands still while it is not clear who asks, and two further months are taken once.
#[tokio::test]
async fn the_clock_of_a_request_stands_still_and_is_extended_within_the_first_month() {
    let told = Telling::scene().await;
    let (broker, who, officer) = (&told.scene.broker, told.person.participant, told.scene.officer);
    let id = broker.fresh_rights_request().unwrap();
    let due = |row: broker_service::RightsThread| row.row.request.due_on;
    let first = broker
        .ask_right(who, id, Right::Erasure, "")
        .await
        .unwrap()
        .request
        .due_on;
    let pause = RightsAction::Pause("Qui demande ?".into());
    broker.advance_right(officer, id, &pause).await.unwrap();
    told.scene.clock.turn(10 * DAY);
    broker.write_right(who, id, "Moi").await.unwrap();
    let moved = due(broker.own_rights_request(who, id).await.unwrap());
    let days = broker_domain::deadline::days_left(first, moved);
    assert!((8..=13).contains(&days), "{first} {moved}");
    let extend = RightsAction::Extend("Beaucoup de demandes".into());
    broker.advance_right(officer, id, &extend).await.unwrap();
    let extended = due(broker.own_rights_request(who, id).await.unwrap());
    assert!(broker_domain::deadline::days_left(moved, extended) > 50);
    let again = broker.advance_right(officer, id, &extend).await;
    assert!(matches!(
        again,
        Err(Failure::Refused(AnswerRefusal::Cannot(
            CannotAnswer::AlreadyExtended
        )))
    ));
    // Another request whose first month is over.
    let late = broker.fresh_rights_request().unwrap();
    broker.ask_right(who, late, Right::Erasure, "").await.unwrap();
    told.scene.clock.turn(40 * DAY);
    let refused = broker.advance_right(officer, late, &extend).await;
    assert!(matches!(
        refused,
        Err(Failure::Refused(AnswerRefusal::Cannot(
            CannotAnswer::TooLateToExtend
        )))
    ));
    let mut subjects = Vec::new();
    told.round().await;
    subjects.extend(told.subjects());
    assert!(
        subjects
            .iter()
            .any(|subject| subject == "Le délai de votre demande est prolongé"),
        "{subjects:?}"
    );
}
