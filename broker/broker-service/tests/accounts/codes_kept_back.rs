//! A new code for an account waits until the person was told, and ends with what it rests on.

use broker_domain::consent::Method;
use broker_domain::entered::{CannotConfirm, CodeWindow, Seen};
use broker_domain::household::CapacityEnd;
use broker_domain::rights::Right;
use broker_service::{Asked, CapacityEnded, Decision, EnteredRefusal, RightsAction, SignInRefusal};
use broker_store::{AttemptKind, Attempts, Store as _};
use broker_store_sqlite::{Create, SqliteStore};

use crate::scene::Scene;
use crate::telling::{DAY, Telling};
use crate::two_officers::{CONFIRM, agreed_code, form, refused, stop_code};

#[tokio::test]
async fn two_officers_wait_three_days_from_when_she_was_told() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let act = agreed_code(&told).await;
    let confirmed = scene.broker.now();
    // No message left, no letter was posted.
    scene.clock.turn(3 * DAY);
    let not_now = async || {
        let desk = scene.desk(scene.officer).await;
        let made = scene.broker.make_account_code(&desk, act).await;
        assert_eq!(refused(made), EnteredRefusal::CodeNotNow);
    };
    not_now().await;
    let row = scene.broker.entered_view(scene.officer, act).await.unwrap().row;
    let window = scene.broker.code_window(&row).await.unwrap();
    assert!(matches!(window, Some(CodeWindow::Untold { .. })), "{window:?}");
    let posted = scene.broker.mark_posted(scene.officer, act, Some("confirmed"));
    posted.await.unwrap();
    scene.clock.turn(3 * DAY - 60);
    not_now().await;
    scene.clock.turn(120);
    let desk = scene.desk(scene.officer).await;
    let made = scene.broker.make_account_code(&desk, act).await.unwrap();
    // Not longer than her own page shows it.
    assert!(made.expires_at <= confirmed.plus_seconds(17 * DAY));
    scene.clock.turn(12 * DAY);
    assert!(scene.broker.open_invitation(&made.code).await.is_err());
}

async fn second_store(scene: &Scene) -> SqliteStore {
    let path = scene.folder.path().join("broker.db");
    SqliteStore::open(&path, Create::Never).await.unwrap()
}

#[tokio::test]
async fn two_officers_code_is_stopped_while_other_codes_are_flooded() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    agreed_code(&told).await;
    told.round().await;
    let code = stop_code(&told);
    let flood = async |kind| {
        let store = second_store(scene).await;
        let mut tx = store.begin("flood").await.unwrap();
        let (since, failed) = (scene.broker.now(), 1_000);
        tx.set_attempts(kind, None, Attempts { since, failed })
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    flood(AttemptKind::Invitation).await;
    flood(AttemptKind::Home).await;
    let wrong = scene.broker.stop_code_by("AAAA-BBBB-CCCC").await;
    assert_eq!(refused(wrong), EnteredRefusal::Unknown);
    scene.broker.stop_code_by(&code).await.unwrap();
    flood(AttemptKind::Stop).await;
    let shut = refused(scene.broker.stop_code_by(&code).await);
    assert!(matches!(
        shut,
        EnteredRefusal::SignIn(SignInRefusal::TooMany { .. })
    ));
}

/// One officer enters it, another confirms it.
async fn end_capacity(scene: &Scene, ended: &CapacityEnded) {
    let entered = scene.broker.enter_capacity_end(scene.officer, ended).await;
    let act = entered.unwrap().act;
    let colleague = scene.desk(scene.colleague).await;
    scene.broker.decide_act(&colleague, act, &CONFIRM).await.unwrap();
}

fn died(told: &Telling) -> CapacityEnded {
    CapacityEnded {
        participant: told.person.participant,
        end: CapacityEnd::Died,
        since: told.scene.broker.now(),
        drawn: told.scene.broker.draw_case().unwrap(),
        directives: String::new(),
    }
}

/// Subject and text of the letters to the person that left in a round; what goes to recipients is left out.
async fn hers(told: &Telling) -> Vec<(String, String)> {
    told.round().await;
    let letters = std::mem::take(&mut *told.letters.sent.lock().unwrap());
    let hers = letters
        .into_iter()
        .filter(|letter| !letter.to.as_str().starts_with("dpo@"));
    hers.map(|letter| (letter.subject, letter.body)).collect()
}

#[tokio::test]
async fn p_35_she_is_told_before_and_after_and_of_nothing_else_any_more() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    told.agree().await;
    told.round().await;
    told.letters.sent.lock().unwrap().clear();
    let ended = died(&told);
    let entered = scene.broker.enter_capacity_end(scene.officer, &ended).await;
    let act = entered.unwrap().act;
    let letters = hers(&told).await;
    let [(subject, body)] = letters.as_slice() else {
        panic!("{} letters", letters.len())
    };
    assert!(subject.contains("Une saisie vous concerne"), "{subject}");
    let is_code = |line: &&str| line.len() == 14 && line.matches('-').count() == 2;
    assert!(body.lines().any(|line| is_code(&line)), "{body}");
    // Messages that wait when she died end with it; the one that says so leaves.
    scene
        .broker
        .ask_right(
            ended.participant,
            scene.broker.fresh_rights_request().unwrap(),
            Right::Access,
            "",
        )
        .await
        .unwrap();
    let desk = scene.broker.rights_desk(scene.officer).await.unwrap();
    let case = desk
        .open
        .iter()
        .find(|thread| thread.household.is_none())
        .unwrap();
    let write = RightsAction::Write("Quelle période ?".into());
    scene
        .broker
        .advance_right(scene.officer, case.row.request.id, &write)
        .await
        .unwrap();
    let colleague = scene.desk(scene.colleague).await;
    scene.broker.decide_act(&colleague, act, &CONFIRM).await.unwrap();
    let after = hers(&told).await;
    let subjects: Vec<_> = after.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, ["Vos partages ont pris fin et votre compte est fermé"]);
    scene
        .broker
        .advance_right(scene.officer, case.row.request.id, &write)
        .await
        .unwrap();
    assert!(hers(&told).await.is_empty(), "her address is forgotten");
}

#[tokio::test]
async fn p_35_the_code_of_the_message_stops_the_entry_without_any_way_in() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let consent = told.agree().await;
    told.round().await;
    told.letters.sent.lock().unwrap().clear();
    let entered = scene.broker.enter_capacity_end(scene.officer, &died(&told)).await;
    let act = entered.unwrap().act;
    let letters = hers(&told).await;
    let is_code = |line: &&str| line.len() == 14 && line.matches('-').count() == 2;
    let code = letters[0].1.lines().find(is_code).unwrap();
    let paused = || async {
        let read = scene.broker.read().await.unwrap().consent(consent).await;
        read.unwrap().unwrap().pause(scene.broker.now()).is_some()
    };
    assert!(paused().await);
    scene.broker.stop_code_by(code).await.unwrap();
    assert!(!paused().await);
    let colleague = scene.desk(scene.colleague).await;
    let late = scene.broker.decide_act(&colleague, act, &CONFIRM).await;
    assert_eq!(refused(late), EnteredRefusal::Cannot(CannotConfirm::Decided));
}

#[tokio::test]
async fn two_officers_open_no_account_of_somebody_who_died() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let act = agreed_code(&told).await;
    told.round().await;
    scene.clock.turn(3 * DAY);
    let desk = scene.desk(scene.officer).await;
    let made = scene.broker.make_account_code(&desk, act).await.unwrap();
    end_capacity(scene, &died(&told)).await;
    assert!(scene.broker.open_invitation(&made.code).await.is_err());
    let again = scene.broker.make_account_code(&desk, act).await;
    assert_eq!(refused(again), EnteredRefusal::CodeNotNow);
}

#[tokio::test]
async fn two_officers_enter_again_what_was_entered_before_a_restore() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let act = agreed_code(&told).await;
    told.round().await;
    let who = told.person.participant;
    let waiting = form(scene, who, Asked::Code(Seen::InPerson), Method::Paper);
    let first = scene.desk(scene.officer).await;
    scene.broker.enter_act(&first, &waiting).await.unwrap();
    let later = form(scene, who, Asked::Code(Seen::InPerson), Method::Paper);
    scene.broker.enter_act(&first, &later).await.unwrap();
    let store = second_store(scene).await;
    let mut tx = store.begin("as after a restore").await.unwrap();
    let batch = tx.newest_head().await.unwrap().unwrap().first;
    tx.add_restore(batch).await.unwrap();
    tx.commit().await.unwrap();
    let second = scene.desk(scene.colleague).await;
    let decided = scene.broker.decide_act(&second, waiting.id, &CONFIRM).await;
    assert_eq!(refused(decided), EnteredRefusal::BeforeRestore);
    let back = Decision::SendBack("Restauration".into());
    scene.broker.decide_act(&second, waiting.id, &back).await.unwrap();
    scene
        .broker
        .decide_act(&second, later.id, &CONFIRM)
        .await
        .unwrap();
    scene.clock.turn(3 * DAY);
    let desk = scene.desk(scene.officer).await;
    let made = scene.broker.make_account_code(&desk, act).await;
    assert_eq!(refused(made), EnteredRefusal::BeforeRestore);
}
