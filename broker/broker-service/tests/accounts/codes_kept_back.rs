//! A new code for an account waits until the person was told, and ends with what it rests on.

use broker_domain::consent::Method;
use broker_domain::entered::{CodeWindow, Seen};
use broker_domain::household::CapacityEnd;
use broker_service::{Asked, CapacityEnded, Decision, EnteredRefusal, SignInRefusal};
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

#[tokio::test]
async fn two_officers_open_no_account_of_somebody_who_died() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let act = agreed_code(&told).await;
    told.round().await;
    scene.clock.turn(3 * DAY);
    let desk = scene.desk(scene.officer).await;
    let made = scene.broker.make_account_code(&desk, act).await.unwrap();
    let ended = CapacityEnded {
        participant: told.person.participant,
        end: CapacityEnd::Died,
        since: scene.broker.now(),
        drawn: scene.broker.draw_case().unwrap(),
        directives: String::new(),
    };
    let recorded = scene.broker.record_capacity_end(scene.officer, &ended).await;
    assert!(recorded.is_ok());
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
