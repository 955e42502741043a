//! Facts about erasing people and subjects.

use broker_domain::breach::Scope;
use broker_domain::consent::EventKind;
use broker_domain::entered::{Entry, Seen};
use broker_domain::household::{Household, Minors, OtherAdults, StandstillCause};
use broker_domain::ids::ParticipantId;
use broker_domain::telling::{Channels, MessageChannel};

use super::dossiers::{dossier, notice};
use super::legal::{PERMITTED, commune, school};
use super::messages::message;
use super::phones::{phone, phone_pending};
use super::samples::{
    LEAVES, assert_conflict, at, batch, ceremony, consent, disclosure, enrolment_code, event, files, furnish,
    gateway, id, identity, invitation, key, leaf, manifest, membership, officer, passkey, point, record,
    refused, release, request, session, sign_in, span, transfer, transfer_in,
};
use super::tellings::{pending, telling};
use super::watched::{breach, unusual};
use crate::{
    AttemptKind, Attempts, EnrolmentFormRow, FlowFilter, GatewayRow, MailAddressRow, MessageRow, NoticeRow,
    OfficerRow, Page, PointRow, Serial, SessionRole, SessionRow, SignInRow, StandstillRow, StopCodeRow,
    Store, TellingBody, TellingRow, TransferRow, Tx, UnusualRow,
};

const PAGE: Page = Page {
    before_leaf: u64::MAX,
    limit: 100,
};

/// Gives participants 1 and 2 a row in every table that links to a person. The leaves of `who` start at `10 × who`.
async fn live(tx: &mut dyn Tx, who: u8) {
    let number = 10 * who;
    tx.add_key(&key(who, 2)).await.unwrap();
    tx.add_enrolment_code(&enrolment_code(who)).await.unwrap();
    tx.use_enrolment_code([who; 32], id(who)).await.unwrap();
    tx.add_consent(&consent(number, who)).await.unwrap();
    tx.add_consent_event(id(number), &event(0, EventKind::Given, u64::from(number)))
        .await
        .unwrap();
    tx.add_transfer(&transfer_in(number + 1, who)).await.unwrap();
    tx.add_batch(&batch(number + 1, who, 0, 60)).await.unwrap();
    let under = TransferRow {
        consent: Some(id(number)),
        ..transfer(number + 2, who)
    };
    tx.add_transfer(&under).await.unwrap();
    tx.add_transfer(&refused(number + 3, who)).await.unwrap();
    tx.add_session(&session(who, SessionRole::Participant(id(who)), 600), at(0))
        .await
        .unwrap();
    tx.add_records(&[record(who, 1, LEAVES + u64::from(number))])
        .await
        .unwrap();
    shared_home(tx, who).await;
    tx.add_legal_person(&commune(who)).await.unwrap();
    tx.add_site(&school(who)).await.unwrap();
    tx.add_permission(id(number), PERMITTED).await.unwrap();
    told(tx, who).await;
    entered(tx, who).await;
}

/// What an officer entered for her, with what hangs on it.
async fn entered(tx: &mut dyn Tx, who: u8) {
    let number = 10 * who;
    let consent = id(number);
    // A record of somebody else: the facts about subjects erase records without their rows.
    let serial = Serial(u64::from(who));
    let act = super::entered::act(number, who, Entry::Withdraw { consent });
    tx.add_entered(&act, serial, Some(serial)).await.unwrap();
    let stop = StopCodeRow {
        act: id(number),
        hash: [number; 32],
        epoch: 1,
        sealed: vec![number; 64],
        message: id(number),
    };
    tx.add_stop_code(&stop).await.unwrap();
    let form = EnrolmentFormRow {
        id: id(number),
        participant: id(who),
        officer: id(1),
        at: at(0),
    };
    tx.add_enrolment_form(&form).await.unwrap();
}

/// Other adults live there, and a sharing stands still.
async fn shared_home(tx: &mut dyn Tx, who: u8) {
    let household = Household {
        adults: OtherAdults::new(1).unwrap(),
        minors: Minors::Present,
    };
    tx.set_household(id(who), household, at(0)).await.unwrap();
    tx.state_age(id(who), at(0)).await.unwrap();
    let standstill = StandstillRow {
        consent: id(10 * who),
        cause: StandstillCause::NotMe,
        case: None,
        began_at: at(1),
        ended_at: None,
    };
    tx.add_standstill(&standstill).await.unwrap();
}

/// A message that waits, and a recipient that was told.
async fn told(tx: &mut dyn Tx, who: u8) {
    let number = 10 * who;
    let address = MailAddressRow {
        participant: id(who),
        epoch: 1,
        sealed: vec![who; 64],
        set_at: at(0),
    };
    tx.set_mail_address(&address).await.unwrap();
    let waiting = MessageRow {
        participant: id(who),
        consent: Some(id(number)),
        ..message(number)
    };
    tx.add_message(&waiting).await.unwrap();
    tx.add_dossier(&dossier(number, who)).await.unwrap();
    let notice = NoticeRow {
        id: id(number),
        ..notice(dossier(number, who))
    };
    tx.add_notice_to(&notice).await.unwrap();
    tx.set_mail_pending(&pending(who)).await.unwrap();
    tx.set_phone(&phone(who, who)).await.unwrap();
    tx.set_phone_pending(&phone_pending(who)).await.unwrap();
    let chosen = Channels::new(MessageChannel::ALL).unwrap();
    tx.set_channels(id(who), &chosen).await.unwrap();
    let about = TellingRow {
        body: TellingBody::About(id(who), b"narrowed".to_vec()),
        ..telling(number)
    };
    tx.add_telling(&about).await.unwrap();
    watched(tx, who).await;
}

/// Something unusual, a breach that concerns her alone and is hers to learn, a summary and the wish for more.
async fn watched(tx: &mut dyn Tx, who: u8) {
    let number = 10 * who;
    let row = UnusualRow {
        consent: id(number),
        ..unusual(number)
    };
    tx.note_unusual(&row).await.unwrap();
    tx.add_breach(&breach(number, Scope::Consent(id(number))))
        .await
        .unwrap();
    tx.begin_breach_notice(id(number), id(1), at(3)).await.unwrap();
    let serial = Serial(u64::from(number));
    tx.breach_told(id(number), id(who), at(4), serial).await.unwrap();
    tx.add_summary(id(who), &span(0, 60)).await.unwrap();
    tx.set_summary_due(id(who), at(60)).await.unwrap();
}

/// Everything by which somebody signs in. `account` is the one of the participant.
async fn ways_in(tx: &mut dyn Tx, who: u8, account: u8) {
    let role = SessionRole::Participant(id(who));
    tx.add_passkey(&passkey(who, account)).await.unwrap();
    tx.add_identity(&identity(who, account)).await.unwrap();
    tx.replace_recovery_codes(id(account), &[[who; 32]])
        .await
        .unwrap();
    tx.add_invitation(&invitation(who, role), at(0)).await.unwrap();
    tx.add_ceremony(&ceremony(who, account), at(0)).await.unwrap();
    let line = SignInRow {
        role: Some(role),
        ..sign_in(who, account, 5)
    };
    tx.add_sign_in(&line, at(0), 9).await.unwrap();
    let count = Attempts {
        since: at(0),
        failed: 1,
    };
    tx.set_attempts(AttemptKind::Recovery, Some(id(account)), count)
        .await
        .unwrap();
}

/// What is left of all that.
async fn ways_left(store: &dyn Store, who: u8, account: u8) -> [bool; 8] {
    let mut tx = store.begin("look").await.unwrap();
    [
        tx.account(id(account)).await.unwrap().is_some(),
        !tx.passkeys_of(id(account)).await.unwrap().is_empty(),
        !tx.identities_of(id(account)).await.unwrap().is_empty(),
        tx.recovery_code([who; 32]).await.unwrap().is_some(),
        tx.invitation([who; 32]).await.unwrap().is_some(),
        tx.take_ceremony([who; 32]).await.unwrap().is_some(),
        !tx.sign_ins_of(id(account), 9).await.unwrap().is_empty(),
        tx.attempts(AttemptKind::Recovery, Some(id(account)))
            .await
            .unwrap()
            .is_some(),
    ]
}

/// Invariant I3. Neither a key, nor a provider's name for her, nor where she signed in.
pub async fn erasing_a_person_takes_her_account_along(store: &dyn Store) {
    street(store).await;
    let mut tx = store.begin("ways in").await.unwrap();
    ways_in(&mut *tx, 1, 1).await;
    ways_in(&mut *tx, 2, 2).await;
    tx.commit().await.unwrap();
    erase(store, 1).await;
    assert_eq!(ways_left(store, 1, 1).await, [false; 8]);
    assert_eq!(ways_left(store, 2, 2).await, [true; 8]);
}

/// The officer goes on signing in; nothing tells any more that she was a participant.
pub async fn an_account_with_another_role_outlives_an_erasure(store: &dyn Store) {
    street(store).await;
    let mut tx = store.begin("ways in").await.unwrap();
    tx.add_officer(&OfficerRow {
        id: id(9),
        ..officer(1)
    })
    .await
    .unwrap();
    tx.add_role(id(1), SessionRole::Officer(id(9))).await.unwrap();
    ways_in(&mut *tx, 1, 1).await;
    let working = SessionRow {
        account: id(1),
        ..session(9, SessionRole::Officer(id(9)), 600)
    };
    tx.add_session(&working, at(0)).await.unwrap();
    tx.commit().await.unwrap();
    erase(store, 1).await;
    let mut view = store.read().await.unwrap();
    assert_eq!(view.roles_of(id(1)).await.unwrap(), [SessionRole::Officer(id(9))]);
    assert_eq!(view.sessions_of(id(1)).await.unwrap(), [working]);
    drop(view);
    // A question under an invitation of hers, and what is said of her role, go; the account's own stay.
    assert_eq!(
        ways_left(store, 1, 1).await,
        [true, true, true, true, false, false, false, true]
    );
}

async fn street(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("live").await.unwrap();
    live(&mut *tx, 1).await;
    live(&mut *tx, 2).await;
    tx.add_request(&request(3)).await.unwrap();
    for who in [1, 2] {
        let serial = Serial(u64::from(10 * who + 3));
        tx.add_objection(id(who), id(3), at(9), serial).await.unwrap();
    }
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    let rows = [disclosure(14, 1, 3), disclosure(23, 2, 3)];
    tx.add_manifest(&manifest(3, 2), b"rows", &rows).await.unwrap();
    tx.commit().await.unwrap();
}

async fn erase(store: &dyn Store, who: u8) {
    let mut tx = store.begin("erase").await.unwrap();
    tx.erase_participant(id(who)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Invariant I3. Not even the pseudonym stays.
pub async fn erasing_a_person_leaves_no_row(store: &dyn Store) {
    street(store).await;
    erase(store, 1).await;
    let mut view = store.read().await.unwrap();
    assert_eq!(view.participant(id(1)).await.unwrap(), None);
    assert_eq!(view.participants(0, 10).await.unwrap().len(), 1);
    assert_eq!(view.participant_count().await.unwrap(), 1);
    assert_eq!(view.newest_key(id(1)).await.unwrap(), None);
    assert_eq!(view.key(id(1), 1).await.unwrap(), None);
    assert_eq!(view.points_of(id(1)).await.unwrap(), []);
    assert_eq!(view.point(id(1)).await.unwrap(), None);
    assert_eq!(view.gateways_of(id(1)).await.unwrap(), []);
    assert_eq!(view.gateway(id(1)).await.unwrap(), None);
    assert_eq!(view.enrolment_code([1; 32]).await.unwrap(), None);
    assert_eq!(view.consents_of(id(1)).await.unwrap(), []);
    assert_eq!(view.consent(id(10)).await.unwrap(), None);
    assert!(view.legal_person(id(1)).await.unwrap().is_none());
    assert!(view.sites_of(id(1)).await.unwrap().is_empty() && view.site(id(1)).await.unwrap().is_none());
    assert_eq!(view.permission(id(10)).await.unwrap(), None);
    assert_eq!(view.recorded_events(id(10)).await.unwrap(), []);
    assert_eq!(view.transfers_of(id(1), PAGE).await.unwrap(), []);
    assert_eq!(view.batch(id(1), id(11)).await.unwrap(), None);
    assert_eq!(view.batches_of(id(1), &span(0, 60)).await.unwrap(), []);
    assert_eq!(view.session([1; 32]).await.unwrap(), None);
    assert_eq!(view.mail_address(id(1)).await.unwrap(), None);
    assert_eq!(view.message(id(10)).await.unwrap(), None);
    assert_eq!(view.notices_in(id(10)).await.unwrap(), []);
    assert_eq!(view.mail_pending(id(1)).await.unwrap(), None);
    assert_eq!(view.phone(id(1)).await.unwrap(), None);
    assert_eq!(view.phone_pending(id(1)).await.unwrap(), None);
    assert_eq!(view.channels(id(1)).await.unwrap(), Channels::default());
    assert_eq!(view.telling(id(10)).await.unwrap(), None);
    assert_eq!(view.entered(id(10)).await.unwrap(), None);
    assert!(view.stop_code([10; 32]).await.unwrap().is_none());
    assert_eq!(view.enrolment_form(id(10)).await.unwrap(), None);
    assert_eq!(view.unusual_of(id(10)).await.unwrap(), []);
    assert_eq!(view.breaches_of(id(1)).await.unwrap(), []);
    let register = view.breach(id(10)).await.unwrap().unwrap();
    assert_eq!(
        register.facts.scope,
        Scope::Erased,
        "the register stays, and names nobody"
    );
    assert_eq!(view.breach_counts(id(10)).await.unwrap().people, 0);
    assert_eq!(view.summaries_of(id(1)).await.unwrap(), []);
    assert_eq!(view.summary_due(id(1)).await.unwrap(), None);
    assert_eq!(view.objectors(id(3)).await.unwrap(), [id(2)]);
    assert_eq!(view.disclosed(id(1), id(3)).await.unwrap(), None);
    assert_eq!(view.disclosures_of(id(1), u64::MAX, 9).await.unwrap(), []);
    let flows = view.flows(FlowFilter::All, PAGE).await.unwrap();
    assert!(
        flows
            .iter()
            .all(|row| row.participant == ParticipantId::from_bytes([2; 16]))
    );
}

/// Every row of the neighbour is still there, and the log too.
pub async fn erasing_a_person_leaves_other_people_alone(store: &dyn Store) {
    street(store).await;
    erase(store, 1).await;
    let mut view = store.read().await.unwrap();
    assert_eq!(view.key(id(2), 1).await.unwrap(), Some(key(2, 1)));
    assert_eq!(view.newest_key(id(2)).await.unwrap(), Some(key(2, 2)));
    assert_eq!(view.points_of(id(2)).await.unwrap(), [point(2)]);
    assert_eq!(view.gateways_of(id(2)).await.unwrap(), [gateway(2)]);
    assert_eq!(
        view.enrolment_code([2; 32]).await.unwrap().unwrap().used_by,
        Some(id(2))
    );
    assert_eq!(view.recorded_events(id(20)).await.unwrap().len(), 1);
    assert!(view.mail_address(id(2)).await.unwrap().is_some());
    assert!(view.message(id(20)).await.unwrap().is_some());
    assert_eq!(view.notices_in(id(20)).await.unwrap().len(), 1);
    assert!(view.mail_pending(id(2)).await.unwrap().is_some());
    assert!(view.phone(id(2)).await.unwrap().is_some());
    assert!(view.phone_pending(id(2)).await.unwrap().is_some());
    assert_ne!(view.channels(id(2)).await.unwrap(), Channels::default());
    assert!(view.telling(id(20)).await.unwrap().is_some());
    assert!(view.entered(id(20)).await.unwrap().is_some());
    assert_eq!(view.unusual_of(id(20)).await.unwrap().len(), 1);
    assert_eq!(view.breaches_of(id(2)).await.unwrap().len(), 1);
    assert_eq!(view.summaries_of(id(2)).await.unwrap(), [span(0, 60)]);
    assert_eq!(view.summary_due(id(2)).await.unwrap(), Some(at(60)));
    assert_eq!(view.objections_of(id(2)).await.unwrap().len(), 1);
    assert_eq!(view.transfers_of(id(2), PAGE).await.unwrap().len(), 3);
    assert_eq!(
        view.batches_of(id(2), &span(0, 60)).await.unwrap(),
        [batch(21, 2, 0, 60)]
    );
    assert!(view.session([2; 32]).await.unwrap().is_some());
    let disclosed = view.disclosed(id(2), id(3)).await.unwrap().unwrap();
    assert_eq!(disclosed.row, disclosure(23, 2, 3));
    assert_eq!(view.manifest_of(id(3)).await.unwrap(), Some(manifest(3, 2)));
    assert_eq!(
        view.leaves(0, u64::MAX).await.unwrap().len(),
        usize::try_from(LEAVES).unwrap()
    );
}

/// Until its bytes are gone, a start must know that they are not.
pub async fn a_scrub_is_due_from_an_erasure_on(store: &dyn Store) {
    street(store).await;
    assert!(!store.read().await.unwrap().scrub_is_due().await.unwrap());
    erase(store, 1).await;
    erase(store, 2).await;
    assert!(store.read().await.unwrap().scrub_is_due().await.unwrap());
    store.scrub().await.unwrap();
    assert!(!store.read().await.unwrap().scrub_is_due().await.unwrap());
}

/// A wrong identifier must not pass for a success.
pub async fn erasing_an_unknown_person_is_a_conflict(store: &dyn Store) {
    let mut tx = store.begin("erase").await.unwrap();
    assert_conflict(tx.erase_participant(id(9)).await, "participant");
    assert_conflict(tx.erase_subject(id(9)).await, "subject_key");
}

/// A job that was decided before the erasure must not undo it.
pub async fn nothing_can_be_added_about_an_erased_person(store: &dyn Store) {
    street(store).await;
    let mut tx = store.begin("late").await.unwrap();
    tx.erase_participant(id(1)).await.unwrap();
    // With the neighbour's point and gateway, so that only the person is wrong.
    let stray_point = PointRow {
        participant: id(1),
        ..point(9)
    };
    let mut stray_gateway = GatewayRow { ..gateway(9) };
    (stray_gateway.gateway.participant, stray_gateway.gateway.point) = (id(1), id(2));
    let mut stray_consent = consent(9, 1);
    stray_consent.point = id(2);
    let mut stray_code = enrolment_code(9);
    (stray_code.participant, stray_code.point) = (id(1), id(2));
    let mut stray_batch = batch(9, 2, 0, 60);
    stray_batch.participant = id(1);
    let stray_session = session(9, SessionRole::Participant(id(1)), 600);
    assert_conflict(tx.add_point(&stray_point).await, "point");
    assert_conflict(tx.add_key(&key(1, 3)).await, "wrapped_key");
    assert_conflict(tx.add_gateway(&stray_gateway).await, "gateway");
    assert_conflict(tx.add_consent(&stray_consent).await, "consent");
    assert_conflict(
        tx.add_consent_event(id(10), &event(1, EventKind::Withdrawn, 9))
            .await,
        "consent_event",
    );
    assert_conflict(tx.add_enrolment_code(&stray_code).await, "enrolment_code");
    let stray_act = super::entered::act(9, 1, Entry::Code { seen: Seen::FromAfar });
    assert_conflict(tx.add_entered(&stray_act, Serial(3), None).await, "entered_act");
    assert_conflict(tx.add_transfer(&transfer(9, 1)).await, "transfer");
    assert_conflict(tx.add_batch(&stray_batch).await, "batch");
    assert_conflict(tx.add_session(&stray_session, at(0)).await, "session");
    tx.add_request(&request(4)).await.unwrap();
    tx.add_release(&release(4), &files(4), &membership(4))
        .await
        .unwrap();
    let rows = [disclosure(5, 2, 4), disclosure(6, 1, 4)];
    assert_conflict(
        tx.add_manifest(&manifest(4, 2), b"rows", &rows).await,
        "disclosure",
    );
}

/// Old proofs still verify, and nothing opens the leaves any more.
pub async fn erasing_a_subject_deletes_records_and_key_and_keeps_leaves(store: &dyn Store) {
    street(store).await;
    let first = LEAVES + 10;
    let mut tx = store.begin("erase").await.unwrap();
    tx.add_records(&[record(1, 2, first + 1)]).await.unwrap();
    assert_eq!(tx.erase_subject(id(1)).await.unwrap(), 2);
    tx.commit().await.unwrap();
    let mut view = store.read().await.unwrap();
    assert_eq!(view.record(first).await.unwrap(), None);
    assert_eq!(view.record(first + 1).await.unwrap(), None);
    assert_eq!(view.records_of(id(1), u64::MAX, 10).await.unwrap(), []);
    assert_eq!(view.subject(id(1)).await.unwrap(), None);
    assert_eq!(view.leaves(10, 12).await.unwrap(), [leaf(10), leaf(11)]);
    let neighbours = LEAVES + 20;
    assert_eq!(
        view.record(neighbours).await.unwrap(),
        Some(record(2, 1, neighbours))
    );
}

/// No record appears without a key.
pub async fn an_erased_subject_takes_no_more_records(store: &dyn Store) {
    street(store).await;
    let mut tx = store.begin("erase").await.unwrap();
    tx.erase_subject(id(1)).await.unwrap();
    assert_conflict(tx.add_records(&[record(1, 2, LEAVES + 12)]).await, "subject_key");
}
