//! One officer enters, another one confirms; and a new code for somebody's account takes both and the person's silence.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::consent::{Method, State};
use broker_domain::entered::{CannotConfirm, EnteredState, Seen, Sheet};
use broker_domain::ids::{EnteredId, ParticipantId, SubjectId};
use broker_service::{Asked, Decision, EnteredRefusal, EntryForm, Failure, SignInRefusal};
use broker_store::{SessionRole, Store as _};
use broker_store_sqlite::{Create, SqliteStore};
use evidence::record::{EnteredAct, EnteredSeen, EnteredStep, PasskeyAction, Record};

use crate::scene::{FIREFOX, Scene, at, new_key, scene};
use crate::telling::{DAY, Telling};

pub const CONFIRM: Decision = Decision::Confirm(Seen::FromAfar);

pub fn form(scene: &Scene, participant: ParticipantId, asked: Asked, method: Method) -> EntryForm {
    EntryForm {
        id: scene.broker.fresh_entered().unwrap(),
        participant,
        asked,
        method,
        sheet: Sheet::default(),
    }
}

pub fn refused<T>(answer: Result<T, Failure<EnteredRefusal>>) -> EnteredRefusal {
    match answer {
        Err(Failure::Refused(refusal)) => refusal,
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("not refused"),
    }
}

pub async fn records(scene: &Scene, subject: SubjectId) -> Vec<Record> {
    let read = scene.broker.read().await;
    let rows = read.unwrap().records_of(subject, u64::MAX, 99).await;
    let mut rows = rows.unwrap();
    rows.reverse();
    let parsed = rows.iter().map(|row| {
        let text = std::str::from_utf8(&row.record).unwrap();
        let payload = text.split('.').nth(1).unwrap();
        Record::parse(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    });
    parsed.collect()
}

/// What the person's own list says of entered acts.
pub async fn entered(scene: &Scene, who: ParticipantId) -> Vec<EnteredAct> {
    let records = records(scene, who.into()).await.into_iter();
    let entered = records.filter_map(|record| match record {
        Record::Entered(act) => Some(act),
        _ => None,
    });
    entered.collect()
}

/// Enters a new code for her account from afar, and has it confirmed.
pub async fn agreed_code(told: &Telling) -> EnteredId {
    let scene = &told.scene;
    let form = form(
        scene,
        told.person.participant,
        Asked::Code(Seen::FromAfar),
        Method::Paper,
    );
    let (first, second) = (scene.desk(scene.officer).await, scene.desk(scene.colleague).await);
    scene.broker.enter_act(&first, &form).await.unwrap();
    scene.broker.decide_act(&second, form.id, &CONFIRM).await.unwrap();
    form.id
}

/// The code that stops it, as the message brings it.
pub fn stop_code(told: &Telling) -> String {
    let letters = std::mem::take(&mut *told.letters.sent.lock().unwrap());
    let mut letters = letters
        .into_iter()
        .filter(|letter| letter.subject.contains("nouveau code"));
    let letter = letters.next().unwrap();
    let is_code = |line: &&str| line.len() == 14 && line.matches('-').count() == 2;
    letter.body.lines().find(is_code).unwrap().to_owned()
}

#[tokio::test]
async fn two_officers_are_needed_and_the_record_names_both() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let who = told.person.participant;
    let consent = told.agree().await;
    let entry = form(scene, who, Asked::Withdraw(consent), Method::Phone);
    let first = scene.desk(scene.officer).await;
    scene.broker.enter_act(&first, &entry).await.unwrap();
    assert_eq!(
        refused(scene.broker.decide_act(&first, entry.id, &CONFIRM).await),
        EnteredRefusal::Cannot(CannotConfirm::SamePerson)
    );
    for other in [
        told.person.token,
        scene.registered("22222222222222", "tablet").await.token,
    ] {
        assert_eq!(
            refused(scene.broker.decide_act(&other, entry.id, &CONFIRM).await),
            EnteredRefusal::NotAllowed
        );
        assert_eq!(
            refused(scene.broker.enter_act(&other, &entry).await),
            EnteredRefusal::NotAllowed
        );
    }
    let second = scene.desk(scene.colleague).await;
    scene.clock.turn(601);
    assert_eq!(
        refused(scene.broker.decide_act(&second, entry.id, &CONFIRM).await),
        EnteredRefusal::SignIn(SignInRefusal::ProveAgain)
    );
    let second = scene.desk(scene.colleague).await;
    scene
        .broker
        .decide_act(&second, entry.id, &CONFIRM)
        .await
        .unwrap();
    assert_eq!(
        refused(scene.broker.decide_act(&second, entry.id, &CONFIRM).await),
        EnteredRefusal::Cannot(CannotConfirm::Decided)
    );
    let [entered, confirmed] = entered(scene, who).await.try_into().unwrap();
    assert_eq!(
        (entered.step, confirmed.step),
        (EnteredStep::Entered, EnteredStep::Confirmed)
    );
    assert_eq!(confirmed.entered_by.as_str(), scene.officer.to_string());
    assert_eq!(
        confirmed.decided_by.unwrap().as_str(),
        scene.colleague.to_string()
    );
    assert!(confirmed.entered_at < confirmed.at);
}

#[tokio::test]
async fn two_officers_with_one_account_are_one_person() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let entry = form(
        &scene,
        person.participant,
        Asked::Code(Seen::InPerson),
        Method::Paper,
    );
    let first = scene.desk(scene.officer).await;
    scene.broker.enter_act(&first, &entry).await.unwrap();
    let account = scene.broker.session(&first).await.unwrap().unwrap().account;
    // As nothing here does: the second role on the account of the first.
    let store = SqliteStore::open(&scene.folder.path().join("broker.db"), Create::Never)
        .await
        .unwrap();
    let mut tx = store.begin("a second role").await.unwrap();
    let role = SessionRole::Officer(scene.colleague);
    tx.add_role(account, role).await.unwrap();
    tx.commit().await.unwrap();
    let second = scene.desk(scene.colleague).await;
    assert_eq!(
        refused(scene.broker.decide_act(&second, entry.id, &CONFIRM).await),
        EnteredRefusal::Cannot(CannotConfirm::SamePerson)
    );
}

#[tokio::test]
async fn two_officers_and_a_form_sent_twice_are_one_act() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let consent = told.agree().await;
    let entry = form(
        scene,
        told.person.participant,
        Asked::Withdraw(consent),
        Method::Phone,
    );
    let desk = scene.desk(scene.officer).await;
    let once = scene.broker.enter_act(&desk, &entry).await.unwrap();
    assert_eq!(scene.broker.enter_act(&desk, &entry).await.unwrap(), once);
    let other = EntryForm {
        asked: Asked::Freeze(consent),
        ..entry
    };
    assert_eq!(
        refused(scene.broker.enter_act(&desk, &other).await),
        EnteredRefusal::SentBefore
    );
    assert_eq!(entered(scene, told.person.participant).await.len(), 1);
}

#[tokio::test]
async fn two_officers_who_wait_too_long_enter_it_again() {
    let scene = scene().await;
    let person = scene.registered("11111111111111", "phone").await;
    let entry = form(
        &scene,
        person.participant,
        Asked::Code(Seen::InPerson),
        Method::Paper,
    );
    let first = scene.desk(scene.officer).await;
    scene.broker.enter_act(&first, &entry).await.unwrap();
    scene.clock.turn(7 * DAY);
    let second = scene.desk(scene.colleague).await;
    assert_eq!(
        refused(scene.broker.decide_act(&second, entry.id, &CONFIRM).await),
        EnteredRefusal::Cannot(CannotConfirm::Expired)
    );
    let codes = scene.broker.codes_on_the_way(person.participant).await.unwrap();
    assert!(codes.is_empty());
}

/// What one bad officer cannot do: the account is another person's until two agreed and three days passed.
#[tokio::test]
async fn two_officers_and_three_days_stand_before_a_new_code() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let who = told.person.participant;
    let first = scene.desk(scene.officer).await;
    let entry = form(scene, who, Asked::Code(Seen::InPerson), Method::Paper);
    scene.broker.enter_act(&first, &entry).await.unwrap();
    assert_eq!(
        refused(scene.broker.make_account_code(&first, entry.id).await),
        EnteredRefusal::CodeNotNow
    );
    let second = scene.desk(scene.colleague).await;
    scene
        .broker
        .decide_act(&second, entry.id, &CONFIRM)
        .await
        .unwrap();
    assert_eq!(
        refused(scene.broker.make_account_code(&first, entry.id).await),
        EnteredRefusal::CodeNotNow
    );
    assert_eq!(scene.broker.codes_on_the_way(who).await.unwrap().len(), 1);
    told.round().await;
    assert!(stop_code(&told).len() == 14);
    scene.clock.turn(3 * DAY);
    let first = scene.desk(scene.officer).await;
    let lost = scene.broker.make_account_code(&first, entry.id).await.unwrap();
    // The page was lost: another one, and the first is worth nothing.
    let code = scene.broker.make_account_code(&first, entry.id).await.unwrap();
    assert!(scene.broker.open_invitation(&lost.code).await.is_err());
    let begun = scene
        .broker
        .begin_passkey_by_invitation(&code.code, "Anna")
        .await
        .unwrap();
    scene
        .broker
        .finish_passkey_registration(&begun.value, &new_key(&begun, "new"), "new", at(FIREFOX, None))
        .await
        .unwrap();
    told.round().await;
    assert_eq!(told.subjects().len(), 1, "she is told that it was used");
    assert_eq!(
        refused(scene.broker.make_account_code(&first, entry.id).await),
        EnteredRefusal::CodeUsed
    );
    let steps = entered(scene, who).await;
    let made: Vec<_> = steps.iter().map(|act| act.step).collect();
    let expected = [
        EnteredStep::Entered,
        EnteredStep::Confirmed,
        EnteredStep::CodeMade,
        EnteredStep::CodeMade,
    ];
    assert_eq!(made, expected);
    assert_eq!(steps[1].seen, Some(EnteredSeen::One));
    assert!(steps[1].not_before.is_some());
    assert_eq!(
        steps[2].decided_by.as_ref().unwrap().as_str(),
        scene.officer.to_string()
    );
}

#[tokio::test]
async fn two_officers_cannot_make_a_code_that_the_person_stopped_without_her_key() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let act = agreed_code(&told).await;
    told.round().await;
    let code = stop_code(&told);
    scene.clock.turn(3 * DAY);
    let desk = scene.desk(scene.officer).await;
    let made = scene.broker.make_account_code(&desk, act).await.unwrap();
    assert_eq!(
        refused(scene.broker.stop_code_by("AAAA-BBBB-CCCC").await),
        EnteredRefusal::Unknown
    );
    // She types it late, after the code was handed out to somebody: it is worth nothing any more.
    scene.broker.stop_code_by(&code.to_lowercase()).await.unwrap();
    scene.broker.stop_code_by(&code).await.unwrap();
    assert!(scene.broker.open_invitation(&made.code).await.is_err());
    assert_eq!(
        refused(scene.broker.make_account_code(&desk, act).await),
        EnteredRefusal::CodeNotNow
    );
    let last = entered(scene, told.person.participant).await.pop().unwrap();
    assert_eq!((last.step, last.decided_by), (EnteredStep::Stopped, None));
}

#[tokio::test]
async fn two_officers_cannot_make_a_code_that_she_stopped_in_a_session() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let act = agreed_code(&told).await;
    let neighbour = scene.registered("22222222222222", "tablet").await;
    assert_eq!(
        refused(scene.broker.stop_code_in(&neighbour.token, act).await),
        EnteredRefusal::Unknown
    );
    scene.broker.stop_code_in(&told.person.token, act).await.unwrap();
    // The message has not left, and has nothing to say any more.
    told.round().await;
    assert!(told.subjects().is_empty());
    let row = scene.broker.read().await.unwrap().entered(act).await.unwrap();
    assert!(matches!(row.unwrap().act.state, EnteredState::Stopped { .. }));
}

#[tokio::test]
async fn two_officers_who_were_wrong_restore_nothing() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let who = told.person.participant;
    let consent = told.agree().await;
    told.round().await;
    told.subjects();
    let entry = form(scene, who, Asked::Withdraw(consent), Method::Phone);
    let first = scene.desk(scene.officer).await;
    scene.broker.enter_act(&first, &entry).await.unwrap();
    let second = scene.desk(scene.colleague).await;
    for empty in ["", "  "] {
        let back = Decision::SendBack(empty.into());
        assert_eq!(
            refused(scene.broker.decide_act(&second, entry.id, &back).await),
            EnteredRefusal::Reason
        );
    }
    let back = Decision::SendBack("Une autre personne appelait".into());
    scene.broker.decide_act(&second, entry.id, &back).await.unwrap();
    let read = scene.broker.read().await.unwrap().consent(consent).await;
    let state = read.unwrap().unwrap().state(scene.broker.now());
    assert!(matches!(state, State::Withdrawn { .. }), "{state:?}");
    told.round().await;
    let subjects = told.subjects();
    assert!(
        subjects.iter().any(|subject| subject.contains("erronée")),
        "{subjects:?}"
    );
    let view = scene.broker.entered_view(scene.officer, entry.id).await.unwrap();
    assert_eq!(view.reason.as_deref(), Some("Une autre personne appelait"));
    let last = entered(scene, who).await.pop().unwrap();
    assert_eq!(last.step, EnteredStep::SentBack);
    assert!(last.words_sha256.is_some());
    // She agrees anew.
    told.agree().await;
}

/// Every key that opens the desk stands in one list.
#[tokio::test]
async fn two_officers_have_their_keys_in_the_operators_list() {
    let scene = scene().await;
    let first = scene.desk(scene.officer).await;
    let second = scene.desk(scene.colleague).await;
    scene.link(&first, "olga").await.unwrap();
    scene.link(&second, "oscar").await.unwrap();
    scene.link(&second, "oscar's other").await.unwrap();
    let ways = scene.broker.ways(&second).await.unwrap();
    scene
        .broker
        .revoke_passkey(&second, ways.passkeys[0].id, at(FIREFOX, Some(&second)))
        .await
        .unwrap();
    let operator = SubjectId::from_bytes(*b"fiducie-operator");
    let records = records(&scene, operator).await;
    assert!(matches!(&records[0], Record::Enrolment(_)));
    let keys: Vec<_> = records[1..]
        .iter()
        .map(|record| match record {
            Record::Passkey(change) => (change.subject.as_str().to_owned(), change.action),
            other => panic!("{other:?}"),
        })
        .collect();
    let (olga, oscar) = (scene.officer.to_string(), scene.colleague.to_string());
    let expected = [
        (olga, PasskeyAction::Registered),
        (oscar.clone(), PasskeyAction::Registered),
        (oscar.clone(), PasskeyAction::Registered),
        (oscar, PasskeyAction::Revoked),
    ];
    assert_eq!(keys, expected);
}
