//! P-31: joint holders: each sees all; either can withdraw; granting follows the rule set at enrolment; both are told.

use broker_domain::consent::State;
use broker_domain::ids::ConsentId;
use broker_domain::mandate::{GrantRule, Hand};
use broker_service::{ChangeRefusal, Failure, WithdrawalRefusal};
use evidence::consent::ConsentAct;
use evidence::record::Record;

use crate::browser::{Answer, Browser};
use crate::changes::{asked_now, consent, newest_record};
use crate::house::House;
use crate::mandates::{accepted, code_in, only_consent};

/// A house whose meter of Anna's has two holders, both signed in.
pub struct Couple {
    pub house: House,
    pub anna: Browser,
    pub bruno: Browser,
}

impl Couple {
    pub async fn under(rule: &str) -> Self {
        let house = House::build().await;
        let mut anna = house.as_anna().await;
        let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
        let page = anna.open("/moi/cotitulaires").await;
        let meter = house.anna.point.to_string();
        let typed = [("nom", "Bruno"), ("compteur", meter.as_str()), ("regle", rule)];
        let answer = anna.submit(&page, "/moi/cotitulaires", &typed).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let offered = accepted(&mut bruno, &code_in(&answer)).await;
        assert!(offered.text().contains("Anna Tilleul"), "{}", offered.text());
        assert!(offered.text().contains("Qui doit accepter"), "{}", offered.text());
        Self { house, anna, bruno }
    }

    /// Bruno's hand about Anna's meter.
    pub async fn his_hand(&self) -> Hand {
        let held = self.house.broker.holdings_of(self.house.bruno.id).await.unwrap();
        assert_eq!(held.len(), 1);
        Hand::from(held[0].acting)
    }

    pub async fn state(&self, id: ConsentId) -> State {
        consent(&self.house, id).await.state(self.house.broker.now())
    }
}

/// Whoever sits there agrees for Anna's meter.
pub async fn grants(house: &House, who: &mut Browser) -> Answer {
    let path = format!("/moi/partages/nouveau/{}", house.offer.offer.id);
    let page = who.open(&path).await;
    let field = format!("answer-{}", house.offer.offer.id);
    let meter = house.anna.point.to_string();
    who.submit(
        &page,
        &path,
        &[(field.as_str(), "accept"), ("meter", meter.as_str())],
    )
    .await
}

/// Opens a page of a sharing and posts its form.
pub async fn posts(who: &mut Browser, id: ConsentId, what: &str, typed: &[(&str, &str)]) -> Answer {
    let path = format!("/moi/partages/{id}/{what}");
    let page = who.open(&path).await;
    who.submit(&page, &path, typed).await
}

#[tokio::test]
async fn p_31_each_sees_all_of_the_shared_meter_and_either_withdraws_alone() {
    let mut couple = Couple::under("one").await;
    let answer = grants(&couple.house, &mut couple.anna).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let id = only_consent(&couple.house).await;
    assert!(couple.state(id).await.is_given(), "each alone");
    couple.house.delivered(id).await;

    // By his own session, without choosing for whom he acts: list, sharing, receipt, readings.
    let list = couple.bruno.open("/moi/partages").await;
    assert!(list.text().contains("Labo Énergie"), "{}", list.text());
    let page = couple.bruno.open(&format!("/moi/partages/{id}")).await;
    for words in [
        "par le cotitulaire du contrat",
        "Compteur en commun avec Anna Tilleul",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let receipt = page.link("/moi/recus/");
    let receipt = couple.bruno.open(&receipt).await;
    assert!(
        receipt.text().contains("par l'autre titulaire du contrat"),
        "{}",
        receipt.text()
    );
    let data = couple
        .bruno
        .open(&format!("/moi/donnees?compteur={}", couple.house.anna.point))
        .await;
    assert!(data.text().contains("en commun avec Anna"), "{}", data.text());
    let csv = couple
        .bruno
        .get(&format!("/moi/partages/{id}/transferts.csv"))
        .await;
    assert!(csv.status == 200 && csv.body.lines().count() > 1, "{}", csv.body);
    assert!(!page.body.contains("pas-moi"));

    // Withdrawn by him with the clicks that she would need.
    let withdrawal = page.link(&format!("/moi/partages/{id}/retrait"));
    let form = couple.bruno.open(&withdrawal).await;
    let done = couple.bruno.submit(&form, &withdrawal, &[]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert_eq!(asked_now(&couple.house, id).await, "consent-withdrawn");
    let hers = couple.anna.open(&format!("/moi/partages/{id}")).await;
    assert!(
        hers.text().contains("par Bruno Chêne, cotitulaire"),
        "{}",
        hers.text()
    );
    let Record::Consent(record) = newest_record(&mut couple.anna, id).await else {
        panic!("another record")
    };
    let event = record.newest().unwrap();
    assert_eq!(event["en:capacity"]["@id"], "en:JointHolder");
    assert_eq!(
        record.holder().unwrap().as_str(),
        format!("urn:uuid:{}", couple.house.bruno.id)
    );
}

#[tokio::test]
async fn p_31_either_pauses_and_narrows_alone_and_the_other_sees_it() {
    let mut couple = Couple::under("both").await;
    grants(&couple.house, &mut couple.anna).await;
    let id = only_consent(&couple.house).await;
    assert_eq!(posts(&mut couple.bruno, id, "accord", &[]).await.status, 303);
    let paused = posts(&mut couple.bruno, id, "pause", &[("reprise", "2026-12-01")]).await;
    assert_eq!(paused.status, 303, "{}", paused.text());
    assert_eq!(asked_now(&couple.house, id).await, "consent-paused");
    // What gives again takes whoever paused.
    let early = posts(&mut couple.anna, id, "reprise", &[]).await;
    assert_eq!(early.status, 409, "{}", early.text());
    assert_eq!(posts(&mut couple.bruno, id, "reprise", &[]).await.status, 303);
    let narrowed = posts(&mut couple.bruno, id, "reduction", &[("pas", "3600")]).await;
    assert_eq!(narrowed.status, 303, "{}", narrowed.text());
    let hers = couple.anna.open(&format!("/moi/partages/{id}")).await;
    assert!(hers.text().matches("par Bruno Chêne, cotitulaire").count() >= 4);
}

#[tokio::test]
async fn p_31_under_both_an_agreement_waits_and_nothing_moves_before_the_other_agreed() {
    let mut couple = Couple::under("both").await;
    let answer = grants(&couple.house, &mut couple.anna).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let id = only_consent(&couple.house).await;
    assert!(matches!(couple.state(id).await, State::Waiting { .. }));
    assert!(!couple.house.delivered(id).await);
    let listed = couple
        .house
        .broker
        .authorisations(&couple.house.application)
        .await;
    assert!(listed.unwrap().is_empty(), "the recipient hears nothing");

    // To her: it waits for him. To him: it waits for his answer, on the first page and in the list.
    let hers = couple.anna.open(&answer.header("location")).await;
    let hers = match hers.status {
        303 => couple.anna.open(&hers.header("location")).await,
        _ => hers,
    };
    assert!(
        hers.text().contains("Attend l'autre titulaire"),
        "{}",
        hers.text()
    );
    for page in ["/moi", "/moi/partages"] {
        let his = couple.bruno.open(page).await;
        assert!(
            his.text().contains("Attend votre réponse"),
            "{page}: {}",
            his.text()
        );
        assert_eq!(his.link("/accord"), format!("/moi/partages/{id}/accord"));
    }
    // She cannot agree in his place, and agreeing again changes nothing.
    let again = couple.anna.get(&format!("/moi/partages/{id}/accord")).await;
    assert_eq!(again.status, 409, "{}", again.text());
    let twice = grants(&couple.house, &mut couple.anna).await;
    assert_eq!(twice.status, 409, "{}", twice.text());

    // The same terms and the same text, in his own session, hours later.
    couple.house.set_clock("2026-11-19T19:00:00Z");
    let form = couple.bruno.open(&format!("/moi/partages/{id}/accord")).await;
    assert!(form.text().contains("Qui demande ?"), "{}", form.text());
    let done = posts(&mut couple.bruno, id, "accord", &[]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(couple.state(id).await.is_given());
    let Record::Consent(record) = newest_record(&mut couple.bruno, id).await else {
        panic!("another record")
    };
    assert_eq!((record.act(), record.version()), (ConsentAct::Given, 2));
    // What was measured while it waited never passes.
    assert_eq!(asked_now(&couple.house, id).await, "outside-period");
}

#[tokio::test]
async fn p_31_a_refusal_of_one_ends_the_wait_and_so_does_taking_it_back() {
    let mut couple = Couple::under("both").await;
    for refuses in [true, false] {
        let answer = grants(&couple.house, &mut couple.bruno).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let mut read = couple.house.broker.read().await.unwrap();
        let consents = read.consents_of(couple.house.anna.id).await.unwrap();
        drop(read);
        let waits = |one: &&broker_domain::consent::Consent| {
            matches!(one.state(couple.house.broker.now()), State::Waiting { .. })
        };
        let id = consents.iter().find(waits).unwrap().id;
        let who = if refuses {
            &mut couple.anna
        } else {
            &mut couple.bruno
        };
        let done = posts(who, id, "retrait", &[]).await;
        assert_eq!(done.status, 303, "{}", done.text());
        let after = consent(&couple.house, id).await;
        assert!(after.came_to_nothing(couple.house.broker.now()));
        let late = couple
            .house
            .broker
            .agree_too(couple.house.anna.id, id, (after.notice, None))
            .await;
        assert!(matches!(late, Err(Failure::Refused(ChangeRefusal::NothingWaits))));
        let page = couple.anna.open(&format!("/moi/partages/{id}")).await;
        assert!(page.text().contains("Resté sans effet"), "{}", page.text());
        assert!(!couple.house.delivered(id).await);
    }
}

#[tokio::test]
async fn p_31_a_wait_ends_by_itself_after_thirty_days_as_nothing() {
    let mut couple = Couple::under("both").await;
    grants(&couple.house, &mut couple.anna).await;
    let id = only_consent(&couple.house).await;
    couple.house.set_clock("2026-12-19T11:30:00Z");
    assert_eq!(couple.state(id).await, State::Refused);
    let mut bruno = couple
        .house
        .signed_in("participant", couple.house.bruno.id.to_string())
        .await;
    assert_eq!(bruno.get(&format!("/moi/partages/{id}/accord")).await.status, 409);
    let mut anna = couple.house.as_anna().await;
    let offers = anna.open("/moi/partages/nouveau").await;
    assert!(
        offers.body.contains(&couple.house.offer.offer.id.to_string()),
        "asked anew"
    );
    let gone = couple.house.broker.withdraw(couple.house.anna.id, id).await;
    assert!(matches!(
        gone,
        Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded))
    ));
}

#[tokio::test]
async fn p_31_a_renewal_waits_too_and_the_sharing_goes_on_meanwhile() {
    let mut couple = Couple::under("both").await;
    grants(&couple.house, &mut couple.anna).await;
    let id = only_consent(&couple.house).await;
    posts(&mut couple.bruno, id, "accord", &[]).await;
    let end = consent(&couple.house, id).await.data.end();
    couple.house.set_clock("2026-11-25T11:00:00Z");
    let mut anna = couple.house.as_anna().await;
    let mut bruno = couple
        .house
        .signed_in("participant", couple.house.bruno.id.to_string())
        .await;
    let asked = posts(&mut bruno, id, "renouvellement", &[]).await;
    assert_eq!(asked.status, 303, "{}", asked.text());
    let now = couple.house.broker.now();
    let waiting = consent(&couple.house, id).await;
    assert_eq!(waiting.terms_now(now).data.end(), end, "nothing changed");
    let proposed = waiting.proposal(now).unwrap().terms.data.end();
    assert!(end < proposed && couple.state(id).await.is_given());
    // No, and the sharing goes on as agreed; then yes.
    let page = anna.open(&format!("/moi/partages/{id}")).await;
    assert!(
        page.text().contains("Une réponse est attendue"),
        "{}",
        page.text()
    );
    let path = format!("/moi/partages/{id}/accord/refus");
    assert_eq!(anna.submit(&page, &path, &[]).await.status, 303);
    assert!(couple.state(id).await.is_given());
    assert_eq!(posts(&mut bruno, id, "renouvellement", &[]).await.status, 303);
    assert_eq!(posts(&mut anna, id, "renouvellement", &[]).await.status, 303);
    let now = couple.house.broker.now();
    let renewed = consent(&couple.house, id).await;
    assert!(end < renewed.terms_now(now).data.end() && renewed.proposal(now).is_none());
}

#[tokio::test]
async fn p_31_changing_the_rule_takes_both_and_stands_in_the_ledger() {
    let mut couple = Couple::under("both").await;
    let rule = async |couple: &Couple| {
        let held = couple
            .house
            .broker
            .holders_shown(couple.house.anna.point)
            .await
            .unwrap();
        held[0].mandate.joint.unwrap()
    };
    let page = couple.anna.open("/moi/cotitulaires").await;
    let path = page.action("/regle");
    let said = couple.anna.submit(&page, &path, &[]).await;
    assert_eq!(said.status, 303, "{}", said.text());
    assert_eq!(rule(&couple).await.rule, GrantRule::Both, "her word alone");
    // She changes her mind, and asks again; he agrees.
    let page = couple.anna.open("/moi/cotitulaires").await;
    couple.anna.submit(&page, &path, &[]).await;
    assert_eq!(rule(&couple).await.asked, None);
    let page = couple.anna.open("/moi/cotitulaires").await;
    couple.anna.submit(&page, &path, &[]).await;
    let page = couple.bruno.open("/moi/cotitulaires").await;
    assert!(
        page.text().contains("L'autre titulaire propose"),
        "{}",
        page.text()
    );
    assert_eq!(couple.bruno.submit(&page, &path, &[]).await.status, 303);
    assert_eq!(rule(&couple).await.rule, GrantRule::One);
    grants(&couple.house, &mut couple.bruno).await;
    let id = only_consent(&couple.house).await;
    assert!(couple.state(id).await.is_given());
    let page = couple.bruno.open(&format!("/moi/partages/{id}")).await;
    assert!(
        !page.text().contains("par le cotitulaire du contrat"),
        "his own: {}",
        page.text()
    );
}
