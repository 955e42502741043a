//! P-30, from the side of whoever tries more than a mandate gives: codes, ends, accounts, erasure.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker_domain::mandate::Hand;
use broker_service::{Answer as Word, ChangeRefusal, Choice, ChoiceRefusal, Failure, Fault};

use crate::capacity::{confirmed, found};
use crate::house::House;
use crate::mandates::{Pair, accepted, acts, given, grants, only_consent};

#[tokio::test]
async fn p_30_an_act_that_meets_the_end_of_its_mandate_is_not_written() {
    let pair = Pair::with(&["view", "grant"]).await;
    let id = pair.house.granted(&pair.house.anna).await;
    let broker = &pair.house.broker;
    let own = broker.own_mandates(pair.house.bruno.id).await.unwrap();
    let acting = own.held[0].mandate.acting(pair.house.bruno.id, broker.now());
    let hand = Hand::from(acting.unwrap());
    broker
        .end_mandate(pair.house.anna.id, pair.mandate)
        .await
        .unwrap();
    // The leave was good when the page was opened; what is written asks again.
    let late = broker.withdraw(hand, id).await;
    assert!(
        matches!(
            late,
            Err(Failure::Conflict | Failure::Fault(Fault::Conflict { .. }))
        ),
        "{late:?}"
    );
    assert!(pair.house.delivered(id).await);
    let neighbour = broker
        .withdraw(hand, pair.house.granted(&pair.house.bruno).await)
        .await;
    assert!(
        matches!(neighbour, Err(Failure::Refused(_))),
        "not about himself either"
    );
}

#[tokio::test]
async fn p_30_a_code_serves_one_person_once_and_never_its_giver() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let code = given(&mut anna, &["view"]).await;
    let page = anna.open("/moi/mandats").await;
    let own = anna.submit(&page, "/moi/mandats/code", &[("code", &code)]).await;
    assert_eq!(own.status, 422);
    assert!(own.text().contains("parle de vous"), "{}", own.text());
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let page = bruno.open("/moi/mandats").await;
    let wrong = bruno
        .submit(&page, "/moi/mandats/code", &[("code", "2222-2222-2222")])
        .await;
    assert_eq!(wrong.status, 422);
    // Spaces, hyphens and case are no matter.
    accepted(&mut bruno, &code.replace('-', " ").to_lowercase()).await;
    let again = bruno.submit(&page, "/moi/mandats/code", &[("code", &code)]).await;
    assert_eq!(again.status, 422);

    // Nobody else: neither the officer nor somebody signed out has these pages.
    assert_eq!(house.as_officer().await.get("/moi/mandats").await.status, 403);
    assert_eq!(house.browser().get("/moi/mandats").await.status, 303);
    assert_eq!(house.browser().post("/mandats/agir", &[]).await.status, 401);
    // Nor may somebody act under a mandate that is another's.
    let id = house.broker.own_mandates(house.anna.id).await.unwrap().given[0]
        .mandate
        .id;
    let page = anna.open("/mandats/agir").await;
    let csrf = page.hidden_fields("/mandats/agir/moi")[0].1.clone();
    let fields = [("csrf", csrf.as_str()), ("mandat", &id.to_string())];
    assert_eq!(anna.post("/mandats/agir", &fields).await.status, 404);
}

#[tokio::test]
async fn p_30_the_form_asks_for_powers_and_an_end_and_a_fresh_proof() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/mandats").await;
    assert!(!page.body.contains(" checked"), "nothing is ticked beforehand");
    let empty = anna.submit(&page, "/moi/mandats", &[]).await;
    assert_eq!(empty.status, 422);
    for words in ["Choisissez au moins une chose", "Indiquez"] {
        assert!(empty.text().contains(words), "{words}: {}", empty.text());
    }
    for (end, document) in [
        ("2026-11-18", ""),
        ("2028-11-22", ""),
        ("demain", ""),
        ("2026-12-31", "abc"),
    ] {
        let typed = [
            ("nom", "Ma fille"),
            ("pouvoir", "view"),
            ("fin", end),
            ("document", document),
        ];
        let answer = anna.submit(&page, "/moi/mandats", &typed).await;
        assert_eq!(answer.status, 422, "{end} {document}");
        assert!(answer.body.contains("Ma fille"), "what was typed comes back");
    }
    house.set_clock("2026-11-19T11:20:00Z");
    let typed = [("nom", "Ma fille"), ("pouvoir", "grant"), ("fin", "2026-12-31")];
    let stale = anna.submit(&page, "/moi/mandats", &typed).await;
    assert_eq!(
        (stale.status, stale.header("location")),
        (303, "/compte/preuve?fait=preuve".into())
    );
    assert_eq!(
        house
            .broker
            .own_mandates(house.anna.id)
            .await
            .unwrap()
            .given
            .len(),
        0
    );
}

#[tokio::test]
async fn p_30_somebody_without_a_meter_gets_an_account_that_only_acts_for_others() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let code = given(&mut anna, &["view"]).await;
    let mut clara = house.browser();
    let page = clara.open("/invitation/mandat").await;
    assert_eq!(page.status, 200);
    let nameless = clara.post("/invitation/mandat", &[("code", &code)]).await;
    assert_eq!(nameless.status, 422);
    let young = [("code", code.as_str()), ("nom", "Clara Frêne")];
    let unsaid = clara.post("/invitation/mandat", &young).await;
    assert_eq!(
        unsaid.status, 422,
        "P-34: whoever gets an account says that she is of age"
    );
    assert!(unsaid.text().contains("majeur"), "{}", unsaid.text());
    let fields = [("code", code.as_str()), ("nom", "Clara Frêne"), ("majeur", "oui")];
    let made = clara.post("/invitation/mandat", &fields).await;
    assert_eq!(
        (made.status, made.header("location")),
        (303, "/invitation/acces".into())
    );
    let twice = house.browser().post("/invitation/mandat", &fields).await;
    assert_eq!(twice.status, 422, "one code, one account");
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let page = bruno.open("/moi/mandats").await;
    let taken = bruno.submit(&page, "/moi/mandats/code", &[("code", &code)]).await;
    assert_eq!(taken.status, 422, "kept for the one who was enrolled with it");

    // She comes in, and the mandate waits for her.
    let mut read = house.broker.read().await.unwrap();
    let newcomer = read.mandates_given(house.anna.id, 1).await.unwrap()[0]
        .newcomer
        .unwrap();
    drop(read);
    let session = house
        .broker
        .open_session(broker_store::SessionRole::Participant(newcomer))
        .await
        .unwrap();
    clara
        .cookies
        .insert("fiducie".into(), URL_SAFE_NO_PAD.encode(session.token));
    let page = clara.open("/moi/mandats").await;
    assert!(page.text().contains("Anna Tilleul"), "{}", page.text());
    let offered = clara.submit(&page, "/moi/mandats/code", &[]).await;
    let answer = clara.submit(&offered, "/moi/mandats/acceptation", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let sharings = acts(&mut clara).await;
    assert!(sharings.text().contains("Vous agissez pour Anna Tilleul"));
    let page = anna.open("/moi/mandats").await;
    assert!(page.text().contains("Clara Frêne"), "{}", page.text());
}

#[tokio::test]
async fn p_30_a_mandate_goes_with_whoever_is_erased() {
    use broker_domain::policy::Principal;
    let mut pair = Pair::with(&["view", "grant"]).await;
    acts(&mut pair.bruno).await;
    grants(&pair.house, &mut pair.bruno).await;
    let id = only_consent(&pair.house).await;
    let bruno = pair.house.bruno.id;
    pair.house
        .broker
        .erase(Principal::Participant(bruno), bruno)
        .await
        .unwrap();
    let page = pair.anna.open(&format!("/moi/partages/{id}")).await;
    assert!(page.text().contains("n'a plus de compte ici"), "{}", page.text());
    assert_eq!(pair.anna.open("/moi/mandats").await.status, 200);
    let page = pair.anna.open(&format!("/moi/partages/{id}/retrait")).await;
    let path = format!("/moi/partages/{id}/retrait");
    assert_eq!(pair.anna.submit(&page, &path, &[]).await.status, 303);

    let mut pair = Pair::with(&["view"]).await;
    acts(&mut pair.bruno).await;
    let anna = pair.house.anna.id;
    pair.house
        .broker
        .erase(Principal::Participant(anna), anna)
        .await
        .unwrap();
    let page = pair.bruno.open("/moi/mandats").await;
    assert_eq!(page.status, 200, "for himself again: {}", page.text());
    assert!(!page.text().contains("Anna Tilleul"));
}

#[tokio::test]
async fn p_30_a_mandate_does_nothing_once_its_person_died() {
    let mut pair = Pair::with(&["view", "grant", "withdraw"]).await;
    let id = pair.house.granted(&pair.house.anna).await;
    acts(&mut pair.bruno).await;
    let form = pair.bruno.open(&format!("/moi/partages/{id}/pause")).await;
    assert_eq!(form.status, 200, "{}", form.body);
    let acting = pair.house.broker.own_mandates(pair.house.anna.id).await.unwrap();
    let acting = acting.given[0]
        .mandate
        .acting(pair.house.bruno.id, pair.house.broker.now())
        .unwrap();
    let mut officer = pair.house.as_officer().await;
    let person = pair.house.anna.id.to_string();
    let page = found(&mut officer, &person, "deces", "2026-11-18").await;
    let done = officer
        .submit(&page, &format!("/dpo/personnes/{person}"), &[])
        .await;
    assert_eq!(done.status, 200, "{}", done.body);
    // While it waits nobody agrees in her name, nor lets what stands still go on.
    let choice = Choice {
        offer: pair.house.offer.offer.id,
        point: pair.house.anna.point,
        notice: pair.house.offer.offer.notice,
        answer: Word::Agree,
        proved_at: None,
    };
    let waits = pair.house.broker.choose(acting, choice).await;
    assert!(
        matches!(waits, Err(Failure::Refused(ChoiceRefusal::CapacityWaits))),
        "{waits:?}"
    );
    let lifted = pair
        .house
        .broker
        .end_pause(acting, id, Some(pair.house.broker.now()))
        .await;
    assert!(
        matches!(lifted, Err(Failure::Refused(ChangeRefusal::WithOfficer))),
        "{lifted:?}"
    );
    confirmed(&pair.house, &done).await;
    // The page before and the form that was open, and what the transaction itself asks.
    assert_eq!(pair.bruno.get("/moi/partages").await.status, 403);
    let until = [("date", "2026-12-01")];
    let late = pair
        .bruno
        .submit(&form, &format!("/moi/partages/{id}/pause"), &until)
        .await;
    assert_eq!(late.status, 403, "{}", late.body);
    assert!(pair.house.broker.choose(acting, choice).await.is_err());
    assert!(pair.house.broker.withdraw(acting, id).await.is_err());
}
