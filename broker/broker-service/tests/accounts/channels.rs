//! P-27, "channel by choice: e-mail, SMS, post; no personal data in SMS beyond a neutral sentence".

use std::time::Duration;

use broker_domain::household::CapacityEnd;
use broker_domain::lang::Lang;
use broker_domain::policy::Principal;
use broker_domain::telling::{Channels, MessageChannel, PostFailure};
use broker_service::{
    CapacityEnded, EnteredRefusal, Failure, LetterHead, PrintedLetter, ReachRefusal, Reached, SignInRefusal,
};
use broker_store::{MessageEnd, MessageKind, Store as _};
use broker_store_sqlite::{Create, SqliteStore};

use crate::codes_kept_back::end_capacity;
use crate::scene::TELEPHONE;
use crate::telling::{DAY, Telling};

pub const NUMBER: &str = "+33612345678";
const HEAD: LetterHead<'_> = LetterHead {
    site: "https://broker.example",
    operator: "Fiducie",
};

pub fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure<ReachRefusal>>) -> ReachRefusal {
    match outcome {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

fn unknown<T>(outcome: &Result<T, Failure<EnteredRefusal>>) {
    assert!(matches!(outcome, Err(Failure::Refused(EnteredRefusal::Unknown))));
}

/// The texts sent to a number.
pub fn texts(told: &Telling, number: &str) -> Vec<String> {
    let sent = told.shorts.sent.lock().unwrap();
    let hers = sent.iter().filter(|message| message.to.as_str() == number);
    hers.map(|message| message.text.clone()).collect()
}

pub fn code(told: &Telling, number: &str) -> String {
    let newest = texts(told, number).pop().unwrap();
    let mut words = newest.split(' ');
    let is_code = |word: &&str| word.len() == 14 && word.matches('-').count() == 2;
    words.find(is_code).unwrap().to_owned()
}

pub async fn reached(told: &Telling) -> Reached {
    let who = told.person.participant;
    told.scene.broker.reached(who, Lang::French).await.unwrap()
}

/// Somebody whose number is confirmed and who chose these channels; what was sent before is forgotten.
pub async fn choosing(channels: &[MessageChannel]) -> Telling {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    broker.set_phone(token, "+33 6 12 34 56 78").await.unwrap();
    told.round().await;
    broker.confirm_phone(token, &code(&told, NUMBER)).await.unwrap();
    let chosen = Channels::new(channels.iter().copied());
    broker.choose_channels(token, chosen).await.unwrap();
    told.round().await;
    told.subjects();
    told.shorts.sent.lock().unwrap().clear();
    told
}

pub async fn letters(told: &Telling) -> Vec<broker_service::WaitingLetter> {
    let desk = told
        .scene
        .broker
        .letters_to_print(told.scene.officer, Lang::French);
    desk.await.unwrap()
}

async fn opened(told: &Telling, place: usize) -> PrintedLetter {
    let id = letters(told).await[place].id;
    let opened = told.scene.broker.open_letter(told.scene.officer, id, HEAD).await;
    opened.unwrap()
}

#[tokio::test]
async fn p_27_a_number_counts_once_its_code_was_typed_and_the_address_is_told() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    for wrong in ["0612345678", "anna", "+33 6"] {
        assert_eq!(
            refused(broker.set_phone(token, wrong).await),
            ReachRefusal::Number
        );
    }
    let sms = Channels::new([MessageChannel::Sms]);
    broker.set_phone(token, NUMBER).await.unwrap();
    let early = broker.choose_channels(token, sms.clone()).await;
    assert_eq!(refused(early), ReachRefusal::NumberMissing);
    told.round().await;
    assert_eq!(
        told.subjects(),
        ["Un autre numéro a été indiqué pour vos messages"]
    );
    let right = code(&told, NUMBER);
    let before = reached(&told).await;
    assert_eq!(
        (before.number, before.pending.unwrap().number.as_str()),
        (None, NUMBER)
    );
    assert_eq!(
        refused(broker.confirm_phone(token, "ABCD-EFGH-JKMN").await),
        ReachRefusal::CodeWrong { left: 4 }
    );
    let other = told.scene.registered("22222222222222", "other").await;
    assert_eq!(
        refused(broker.confirm_phone(&other.token, &right).await),
        ReachRefusal::CodeOver
    );
    broker.confirm_phone(token, &right.to_lowercase()).await.unwrap();
    assert_eq!(
        refused(broker.confirm_phone(token, &right).await),
        ReachRefusal::CodeOver,
        "once"
    );
    let after = reached(&told).await;
    assert_eq!(after.number.unwrap().as_str(), NUMBER);
    assert_eq!(after.channels, Channels::default(), "e-mail until she chooses");
    broker.choose_channels(token, sms.clone()).await.unwrap();
    assert_eq!(reached(&told).await.channels, sms.unwrap());
}

#[tokio::test]
async fn p_27_a_code_for_a_number_ends_after_half_an_hour_five_mistakes_or_three_a_day() {
    let told = Telling::scene().await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    for _ in 0..3 {
        broker.set_phone(token, NUMBER).await.unwrap();
    }
    assert_eq!(
        refused(broker.set_phone(token, NUMBER).await),
        ReachRefusal::TooOften
    );
    told.round().await;
    assert_eq!(
        texts(&told, NUMBER).len(),
        1,
        "codes that were replaced do not leave"
    );
    let right = code(&told, NUMBER);
    for left in [4, 3, 2, 1] {
        let wrong = broker.confirm_phone(token, "AAAA-AAAA-AAAA").await;
        assert_eq!(refused(wrong), ReachRefusal::CodeWrong { left });
    }
    for typed in ["", &right] {
        assert_eq!(
            refused(broker.confirm_phone(token, typed).await),
            ReachRefusal::CodeOver
        );
    }
    told.scene.clock.turn(601);
    let stale = ReachRefusal::SignIn(SignInRefusal::ProveAgain);
    assert_eq!(refused(broker.set_phone(token, "").await), stale);
    let all = Channels::new(MessageChannel::ALL);
    assert_eq!(refused(broker.choose_channels(token, all).await), stale);
    let again = told.scene.sign_in(told.person.account, "phone", TELEPHONE).await;
    let token = again.unwrap().session.token;
    told.scene.clock.turn(DAY - 1_000);
    told.scene.broker.set_phone(&token, NUMBER).await.unwrap_err();
}

#[tokio::test]
async fn p_27_each_chosen_channel_is_told_and_an_sms_says_nothing_of_anybody() {
    let told = choosing(&MessageChannel::ALL).await;
    let waiting = letters(&told).await.len();
    told.agree().await;
    told.round().await;
    told.round().await;
    assert_eq!(told.subjects(), ["Votre accord est enregistré"]);
    let sms = texts(&told, NUMBER);
    assert_eq!(sms.len(), 1, "once");
    for personal in ["Anna", "Quartier", "accord", "partage", "http://"] {
        assert!(!sms[0].contains(personal), "{}", sms[0]);
    }
    assert!(sms[0].ends_with("https://broker.example/connexion"), "{}", sms[0]);
    assert_eq!(letters(&told).await.len(), waiting + 1);
    let mut kinds: Vec<_> = reached(&told).await.sent.into_iter().collect();
    kinds.retain(|sent| sent.subject == "Votre accord est enregistré");
    let mut ends: Vec<_> = kinds
        .iter()
        .map(|sent| (sent.channel, sent.ended.map(|(end, _)| end)))
        .collect();
    ends.sort_by_key(|(channel, _)| *channel);
    assert_eq!(
        ends,
        [
            (MessageChannel::Email, Some(MessageEnd::Sent)),
            (MessageChannel::Sms, Some(MessageEnd::Sent)),
            (MessageChannel::Post, None)
        ]
    );
}

#[tokio::test]
async fn p_27_a_letter_is_opened_by_an_officer_recorded_and_posted_once() {
    let told = choosing(&[MessageChannel::Post]).await;
    let consent = told.agree().await;
    told.round().await;
    assert!(told.subjects().is_empty() && texts(&told, NUMBER).is_empty());
    let (who, broker) = (told.person.participant, &told.scene.broker);
    let list = async || {
        let lines = broker.own_records(who, 1, 256).await.unwrap();
        lines.split(|byte| *byte == b'\n').count()
    };
    let before = list().await;
    let letter = opened(&told, 0).await;
    assert_eq!(
        (letter.name.as_str(), letter.address.as_str()),
        ("Anna", "1, rue des Tilleuls")
    );
    assert!(letter.body.contains("Quartier") && letter.subject == "Votre accord est enregistré");
    assert_eq!(
        list().await,
        before + 1,
        "that somebody read her address is in her list"
    );
    broker
        .letter_was_posted(told.scene.officer, letter.id)
        .await
        .unwrap();
    unknown(&broker.letter_was_posted(told.scene.colleague, letter.id).await);
    unknown(&broker.open_letter(told.scene.officer, letter.id, HEAD).await);
    assert!(letters(&told).await.is_empty());
    // A reminder that an officer did not print in time is over.
    let end = broker
        .read()
        .await
        .unwrap()
        .consent(consent)
        .await
        .unwrap()
        .unwrap();
    let end = end.last_terms().data.end();
    let left = (end.as_micros() - broker.now().as_micros()) / 1_000_000;
    told.scene.clock.turn(left - 6 * DAY);
    told.round().await;
    let reminder = opened(&told, 0).await;
    assert!(reminder.subject.contains("sept jours") || reminder.subject.contains("semaine"));
    told.withdraw(consent).await;
    unknown(&broker.open_letter(told.scene.officer, reminder.id, HEAD).await);
    told.round().await;
    let subjects: Vec<_> = letters(&told).await.iter().map(|one| one.subject).collect();
    assert_eq!(subjects, ["Votre retrait est enregistré"]);
}

#[tokio::test]
async fn p_27_a_dead_gateway_delays_no_letter_and_loses_no_message() {
    let told = choosing(&[MessageChannel::Email, MessageChannel::Sms]).await;
    *told.shorts.fails.lock().unwrap() = Some(PostFailure::Unreached);
    told.agree().await;
    told.round().await;
    assert_eq!(told.subjects(), ["Votre accord est enregistré"]);
    *told.shorts.fails.lock().unwrap() = None;
    told.round().await;
    assert!(texts(&told, NUMBER).is_empty(), "not before its next time");
    told.scene.clock.turn(61);
    told.round().await;
    told.scene.clock.turn(DAY);
    told.round().await;
    assert_eq!(texts(&told, NUMBER).len(), 1);
}

#[tokio::test]
async fn p_27_a_gateway_that_hangs_holds_no_letter_up() {
    let told = choosing(&[MessageChannel::Email, MessageChannel::Sms]).await;
    *told.shorts.hangs.lock().unwrap() = true;
    told.agree().await;
    let duties = tokio::spawn(told.duties().run());
    for _ in 0..100 {
        if !told.letters.sent.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    duties.abort();
    assert_eq!(told.subjects(), ["Votre accord est enregistré"]);
    assert!(texts(&told, NUMBER).is_empty());
}

#[tokio::test]
async fn p_27_what_a_gateway_refuses_is_given_up_and_shown() {
    let told = choosing(&[MessageChannel::Sms]).await;
    *told.shorts.fails.lock().unwrap() = Some(PostFailure::Refused);
    told.agree().await;
    told.round().await;
    *told.shorts.fails.lock().unwrap() = None;
    told.scene.clock.turn(DAY);
    told.round().await;
    assert!(texts(&told, NUMBER).is_empty());
    let reached = reached(&told).await;
    assert_eq!(reached.failed, 1);
    assert_eq!(reached.sent[0].ended.unwrap().0, MessageEnd::Failed);
}

#[tokio::test]
async fn p_27_other_channels_are_told_by_those_before_and_a_forgotten_number_ends_its_channel() {
    let told = choosing(&[MessageChannel::Sms]).await;
    let (broker, token) = (&told.scene.broker, &told.person.token);
    assert_eq!(
        refused(broker.choose_channels(token, None).await),
        ReachRefusal::NoChannel
    );
    let post = Channels::new([MessageChannel::Post, MessageChannel::Sms]);
    broker.choose_channels(token, post).await.unwrap();
    told.round().await;
    assert_eq!(texts(&told, NUMBER).len(), 1);
    assert!(letters(&told).await.is_empty());
    broker.set_phone(token, "").await.unwrap();
    told.round().await;
    assert_eq!(
        texts(&told, NUMBER).len(),
        2,
        "the number hears that it is forgotten"
    );
    let left = reached(&told).await;
    assert_eq!(left.channels, Channels::new([MessageChannel::Post]).unwrap());
    assert_eq!(left.number, None);
    broker
        .choose_channels(token, Channels::new([MessageChannel::Email]))
        .await
        .unwrap();
    let again = broker
        .choose_channels(token, Channels::new([MessageChannel::Post]))
        .await;
    assert_eq!(refused(again), ReachRefusal::TooOften, "three times a day");
    told.agree().await;
    told.round().await;
    assert_eq!(told.subjects(), ["Votre accord est enregistré"]);
}

#[tokio::test]
async fn p_27_erasure_takes_numbers_letters_and_short_messages_along() {
    let told = choosing(&MessageChannel::ALL).await;
    told.agree().await;
    told.round().await;
    let letter = letters(&told).await[0].id;
    assert_eq!(texts(&told, NUMBER).len(), 1, "it lies in the folder");
    *told.shorts.fails.lock().unwrap() = Some(PostFailure::Unreached);
    let (who, broker) = (told.person.participant, &told.scene.broker);
    broker.erase(Principal::Participant(who), who).await.unwrap();
    *told.shorts.fails.lock().unwrap() = None;
    told.scene.clock.turn(DAY);
    told.round().await;
    assert!(texts(&told, NUMBER).is_empty() && letters(&told).await.is_empty());
    unknown(&broker.open_letter(told.scene.officer, letter, HEAD).await);
    let mut read = broker.read().await.unwrap();
    assert_eq!(read.phone(who).await.unwrap(), None);
    assert_eq!(read.channels(who).await.unwrap(), Channels::default());
}

#[tokio::test]
async fn p_27_nothing_leaves_by_any_channel_after_a_death() {
    let told = choosing(&MessageChannel::ALL).await;
    *told.shorts.fails.lock().unwrap() = Some(PostFailure::Unreached);
    told.agree().await;
    told.round().await;
    told.subjects();
    let ended = CapacityEnded {
        participant: told.person.participant,
        end: CapacityEnd::Died,
        since: told.scene.broker.now(),
        drawn: told.scene.broker.draw_case().unwrap(),
        directives: String::new(),
    };
    end_capacity(&told.scene, &ended).await;
    *told.shorts.fails.lock().unwrap() = None;
    told.scene.clock.turn(DAY);
    told.round().await;
    // One last message says what was recorded, by each channel that she had; the letter is that of the entry.
    assert_eq!(told.subjects().len(), 1);
    assert_eq!(texts(&told, NUMBER).len(), 1);
    assert!(letters(&told).await.is_empty());
    let mut read = told.scene.broker.read().await.unwrap();
    assert_eq!(read.phone(told.person.participant).await.unwrap(), None);
}

#[tokio::test]
async fn p_27_every_kind_leaves_by_sms_as_one_short_message() {
    let told = choosing(&[MessageChannel::Sms]).await;
    let who = told.person.participant;
    let file = told.scene.folder.path().join("broker.db");
    let store = SqliteStore::open(&file, Create::Never).await.unwrap();
    let mut tx = store.begin("queue every kind").await.unwrap();
    let phone = tx.phone(who).await.unwrap().unwrap();
    for (number, kind) in (1_u8..).zip(MessageKind::ALL) {
        let row = broker_store::MessageRow {
            id: broker_domain::ids::MessageId::from_bytes([number; 16]),
            participant: who,
            channel: MessageChannel::Sms,
            kind,
            consent: None,
            ends_at: None,
            epoch: phone.epoch,
            to_sealed: phone.sealed.clone(),
            queued_at: told.scene.broker.now(),
            due_at: told.scene.broker.now(),
            attempts: 0,
        };
        tx.add_message(&row).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    told.round().await;
    let sent = texts(&told, NUMBER);
    // The two that bring a code for a number or an address that does not wait any more do not leave.
    assert_eq!(sent.len(), MessageKind::ALL.len() - 2);
    assert!(sent.iter().all(|text| broker_domain::telling::fits_one_sms(text)));
}
