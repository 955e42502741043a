//! P-30: delegates: create, limit, end; every act by a delegate shows as such to both.

use broker_domain::ids::{ConsentId, MandateId};
use evidence::bundle::Bundle;
use evidence::record::{MandateStepKind, Record};

use crate::browser::{Answer, Browser};
use crate::changes::newest_record;
use crate::house::House;

/// A house, its two people signed in, and Bruno with a mandate of Anna's.
pub struct Pair {
    pub house: House,
    pub anna: Browser,
    pub bruno: Browser,
    pub mandate: MandateId,
}

/// Anna gives a mandate until the end of the year, and the code that she is shown.
pub async fn given(anna: &mut Browser, powers: &[&str]) -> String {
    let page = anna.open("/moi/mandats").await;
    let mut typed = vec![("nom", "Mon voisin"), ("fin", "2026-12-31")];
    typed.extend(powers.iter().map(|power| ("pouvoir", *power)));
    let answer = anna.submit(&page, "/moi/mandats", &typed).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    code_in(&answer)
}

/// `ABCD-EFGH-JKMN`
fn code_in(page: &Answer) -> String {
    let codes = page
        .body
        .split("<code>")
        .map(|part| part.split('<').next().unwrap());
    codes
        .into_iter()
        .find(|code| code.len() == 14 && code.matches('-').count() == 2)
        .unwrap_or_else(|| panic!("no code in {}", page.text()))
        .to_owned()
}

/// The page that says what a mandate is, and the acceptance of it.
pub async fn accepted(who: &mut Browser, code: &str) -> Answer {
    let page = who.open("/moi/mandats").await;
    let offered = who.submit(&page, "/moi/mandats/code", &[("code", code)]).await;
    assert_eq!(offered.status, 200, "{}", offered.text());
    let answer = who.submit(&offered, "/moi/mandats/acceptation", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    offered
}

pub async fn acts(who: &mut Browser) -> Answer {
    let page = who.open("/mandats/agir").await;
    let answer = who.submit(&page, "/mandats/agir", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    who.open(&answer.header("location")).await
}

impl Pair {
    pub async fn with(powers: &[&str]) -> Self {
        Self::of(House::build().await, powers).await
    }

    pub async fn of(house: House, powers: &[&str]) -> Self {
        let mut anna = house.as_anna().await;
        let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
        let code = given(&mut anna, powers).await;
        let offered = accepted(&mut bruno, &code).await;
        assert!(offered.text().contains("Anna Tilleul"), "{}", offered.text());
        let own = house.broker.own_mandates(house.anna.id).await.unwrap();
        let mandate = own.given[0].mandate.id;
        Self {
            house,
            anna,
            bruno,
            mandate,
        }
    }

    /// The steps of mandates in somebody's list, verified.
    async fn steps(&self, who: broker_domain::ids::ParticipantId) -> Vec<MandateStepKind> {
        let mut steps = Vec::new();
        let head = self
            .house
            .broker
            .read()
            .await
            .unwrap()
            .newest_head()
            .await
            .unwrap();
        for leaf in 0..head.unwrap().size {
            let Ok(receipt) = self.house.broker.own_receipt(who, leaf).await else {
                continue;
            };
            let bundle = Bundle::parse(&receipt.bundle).unwrap();
            if let Record::Mandate(step) = bundle.verify(None, None).unwrap().record {
                steps.push(step.step);
            }
        }
        steps
    }
}

fn grant_fields(house: &House) -> Vec<(String, String)> {
    vec![
        (format!("answer-{}", house.offer.offer.id), "accept".into()),
        ("meter".into(), house.anna.point.to_string()),
    ]
}

/// Whoever sits there agrees for Anna's meter.
pub async fn grants(house: &House, who: &mut Browser) -> Answer {
    let path = format!("/moi/partages/nouveau/{}", house.offer.offer.id);
    let page = who.open(&path).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let fields = grant_fields(house);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    who.submit(&page, &path, &fields).await
}

pub async fn only_consent(house: &House) -> ConsentId {
    let mut read = house.broker.read().await.unwrap();
    let consents = read.consents_of(house.anna.id).await.unwrap();
    assert_eq!(consents.len(), 1);
    consents[0].id
}

#[tokio::test]
async fn p_30_every_act_by_a_delegate_shows_as_such_to_both() {
    let mut pair = Pair::with(&["view", "grant"]).await;
    let sharings = acts(&mut pair.bruno).await;
    assert!(sharings.text().contains("Vous agissez pour Anna Tilleul"));
    let answer = grants(&pair.house, &mut pair.bruno).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let id = only_consent(&pair.house).await;
    assert_eq!(pair.house.consents(&pair.house.bruno).await, 0);

    // To her: on the sharing, in her list of mandates, in the signed record.
    let page = pair.anna.open(&format!("/moi/partages/{id}")).await;
    for words in ["par Bruno Chêne, avec un mandat", "mandat"] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let Record::Consent(record) = newest_record(&mut pair.anna, id).await else {
        panic!("another record")
    };
    let (by, mandate) = record.behalf().unwrap();
    assert_eq!(by.as_str(), format!("urn:uuid:{}", pair.house.bruno.id));
    assert_eq!(mandate.as_str(), format!("urn:uuid:{}", pair.mandate));
    assert_eq!(
        record.subject().as_str(),
        format!("urn:uuid:{}", pair.house.anna.id)
    );
    let mandates = pair.anna.open("/moi/mandats").await;
    for words in ["Bruno Chêne (Mon voisin)", "Fait avec ce mandat", "Labo Énergie"] {
        assert!(mandates.text().contains(words), "{words}: {}", mandates.text());
    }

    // To him.
    let page = pair.bruno.open("/moi/partages").await;
    assert!(page.text().contains("Labo Énergie"));
    let back = pair.bruno.submit(&page, "/mandats/agir/moi", &[]).await;
    assert_eq!(back.status, 303);
    let mandates = pair.bruno.open("/moi/mandats").await;
    for words in ["Anna Tilleul", "Fait avec ce mandat", "Labo Énergie"] {
        assert!(mandates.text().contains(words), "{words}: {}", mandates.text());
    }

    // What she does herself afterwards is hers, and the record repeats who gave.
    let page = format!("/moi/partages/{id}/retrait");
    let form = pair.anna.open(&page).await;
    assert_eq!(pair.anna.submit(&form, &page, &[]).await.status, 303);
    let page = pair.anna.open(&format!("/moi/partages/{id}")).await;
    assert_eq!(
        page.text().matches("par Bruno Chêne").count(),
        1,
        "{}",
        page.text()
    );
    let Record::Consent(record) = newest_record(&mut pair.anna, id).await else {
        panic!("another record")
    };
    assert_eq!(record.behalf(), None);
    let events = record.document()["dpv:hasConsentStatus"].as_array().unwrap();
    let given = events.iter().find(|event| event.get("en:mandate").is_some());
    assert_eq!(given.unwrap()["dpv:isIndicatedBy"], by.as_str());
}

#[tokio::test]
async fn p_30_a_mandate_is_given_accepted_and_ended_by_either_side() {
    let mut pair = Pair::with(&["view"]).await;
    acts(&mut pair.bruno).await;
    assert_eq!(pair.bruno.open("/moi/donnees").await.status, 200);
    // She ends it in one confirmation; his very next page says so, and leads on.
    let path = format!("/moi/mandats/{}/fin", pair.mandate);
    let page = pair.anna.open(&path).await;
    assert!(page.text().contains("plus rien ne peut être fait"));
    assert_eq!(pair.anna.submit(&page, &path, &[]).await.status, 303);
    let refused = pair.bruno.get("/moi/donnees").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text().contains("n'est plus en cours"),
        "{}",
        refused.text()
    );
    assert_eq!(refused.link("/mandats/agir"), "/mandats/agir");
    assert_eq!(pair.anna.get(&path).await.status, 409, "twice");
    let page = pair.bruno.open("/mandats/agir").await;
    assert!(page.text().contains("Aucun mandat n'est en cours"));
    assert_eq!(
        pair.bruno.submit(&page, "/mandats/agir/moi", &[]).await.status,
        303
    );
    assert_eq!(pair.bruno.get("/moi").await.status, 200);

    // The other way round.
    let code = given(&mut pair.anna, &["withdraw"]).await;
    accepted(&mut pair.bruno, &code).await;
    let page = pair.bruno.open("/moi/mandats").await;
    let path = page.link("/fin");
    let page = pair.bruno.open(&path).await;
    assert_eq!(pair.bruno.submit(&page, &path, &[]).await.status, 303);
    let mandates = pair.anna.open("/moi/mandats").await;
    assert!(
        mandates.text().contains("Rendu par le mandataire"),
        "{}",
        mandates.text()
    );
    use MandateStepKind::{Accepted, EndedByDelegate, EndedByPerson, Given, Looked};
    assert_eq!(
        pair.steps(pair.house.anna.id).await,
        [
            Given,
            Accepted,
            Looked,
            EndedByPerson,
            Given,
            Accepted,
            EndedByDelegate
        ]
    );
    assert_eq!(
        pair.steps(pair.house.bruno.id).await,
        [Accepted, EndedByPerson, Accepted, EndedByDelegate]
    );
}

#[tokio::test]
async fn p_30_a_mandate_ends_by_its_date_without_anything_running() {
    let pair = Pair::with(&["view", "withdraw"]).await;
    let id = pair.house.granted(&pair.house.anna).await;
    let own = pair.house.broker.own_mandates(pair.house.anna.id).await.unwrap();
    // Midnight of the first of January, where the meters are.
    pair.house.set_clock("2026-12-31T22:59:00Z");
    let who = pair.house.bruno.id;
    let mut bruno = pair.house.signed_in("participant", who.to_string()).await;
    acts(&mut bruno).await;
    let path = format!("/moi/partages/{id}/retrait");
    let form = bruno.open(&path).await;
    assert_eq!(form.status, 200, "{}", form.text());
    pair.house.set_clock("2026-12-31T23:00:00Z");
    assert_eq!(bruno.get("/moi/partages").await.status, 403);
    assert_eq!(bruno.submit(&form, &path, &[]).await.status, 403);
    let mandates = pair.house.as_anna().await.open("/moi/mandats").await;
    assert!(
        mandates.text().contains("Arrivé à son terme"),
        "{}",
        mandates.text()
    );
    let acting = own.given[0].mandate.acting(who, pair.house.broker.now());
    assert!(acting.is_err());
}

#[tokio::test]
async fn p_30_what_a_mandate_does_not_cover_is_refused_with_what_to_do() {
    let mut pair = Pair::with(&["view"]).await;
    let id = pair.house.granted(&pair.house.anna).await;
    let page = acts(&mut pair.bruno).await;
    let offer = pair.house.offer.offer.id;
    let point = pair.house.anna.point;
    for path in [
        "/compte".to_owned(),
        "/moi/effacement".into(),
        "/moi/demandes".into(),
        "/moi/demandes/nouvelle/acces".into(),
        "/moi/logement".into(),
        format!("/moi/logement/{point}/depart?date=2026-11-19"),
        "/moi/mandats".into(),
        "/moi/inscriptions".into(),
        "/moi/livraisons".into(),
        format!("/moi/partages/{id}/pas-moi"),
        format!("/moi/partages/nouveau/{offer}"),
        format!("/moi/partages/{id}/retrait"),
        format!("/moi/partages/{id}/pause"),
        "/moi/partages/tout/retrait".into(),
    ] {
        let refused = pair.bruno.get(&path).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(
            refused.text().contains("Revenir à moi") && refused.text().contains("ne couvre pas"),
            "{path}: {}",
            refused.text()
        );
    }
    let csrf = page.hidden_fields("/mandats/agir/moi")[0].1.clone();
    for path in [
        "/moi/mandats".to_owned(),
        "/moi/mandats/code".into(),
        "/moi/mandats/acceptation".into(),
        format!("/moi/mandats/{}/fin", pair.mandate),
        "/moi/effacement".into(),
        "/compte/codes".into(),
        "/compte/courriel".into(),
        "/compte/cles/question".into(),
        "/compte/appareils/tous".into(),
        format!("/moi/compteurs/{point}/mesure"),
        format!("/moi/logement/{point}/depart"),
        format!("/moi/partages/{id}/retrait"),
        format!("/moi/partages/{id}/pas-moi"),
        format!("/moi/partages/nouveau/{offer}"),
        "/moi/partages/tout/retrait".into(),
    ] {
        let refused = pair.bruno.post(&path, &[("csrf", &csrf)]).await;
        assert_eq!(refused.status, 403, "{path}");
    }
    assert_eq!(pair.house.consents(&pair.house.anna).await, 1);
    assert!(pair.house.delivered(id).await, "nothing was done");
    for path in ["/moi", "/moi/donnees", "/moi/historique"] {
        assert_eq!(pair.bruno.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn p_30_whoever_may_only_withdraw_sees_no_reading_and_withdraws() {
    let mut pair = Pair::with(&["withdraw"]).await;
    let id = pair.house.granted(&pair.house.anna).await;
    pair.house.delivered(id).await;
    acts(&mut pair.bruno).await;
    for path in [
        "/moi",
        "/moi/donnees",
        "/moi/donnees/copie",
        "/moi/historique",
        &format!("/moi/partages/{id}/transferts.csv"),
    ] {
        assert_eq!(pair.bruno.get(path).await.status, 403, "{path}");
    }
    let page = pair.bruno.open(&format!("/moi/partages/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("1111"), "no digit of the meter");
    let path = format!("/moi/partages/{id}/retrait");
    let form = pair.bruno.open(&path).await;
    let done = pair.bruno.submit(&form, &path, &[]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(!pair.house.delivered(id).await);
    assert_eq!(
        pair.bruno
            .get(&format!("/moi/partages/{id}/reprise"))
            .await
            .status,
        403
    );
    assert!(
        !pair
            .steps(pair.house.anna.id)
            .await
            .contains(&MandateStepKind::Looked),
        "nothing of hers was shown"
    );
}

#[tokio::test]
async fn p_30_looking_leaves_one_record_a_day_before_anything_is_shown() {
    let mut pair = Pair::with(&["view"]).await;
    acts(&mut pair.bruno).await;
    for path in ["/moi", "/moi/donnees", "/moi/donnees", "/moi/partages"] {
        assert_eq!(pair.bruno.get(path).await.status, 200, "{path}");
    }
    let looked = |steps: &[MandateStepKind]| {
        steps
            .iter()
            .filter(|step| **step == MandateStepKind::Looked)
            .count()
    };
    assert_eq!(looked(&pair.steps(pair.house.anna.id).await), 1);
    pair.house.set_clock("2026-11-19T23:00:01Z");
    assert_eq!(pair.bruno.get("/moi/donnees").await.status, 200);
    assert_eq!(looked(&pair.steps(pair.house.anna.id).await), 2);
    assert_eq!(looked(&pair.steps(pair.house.bruno.id).await), 0);
    let page = pair.anna.open("/moi/mandats").await;
    assert!(page.text().contains("20 novembre 2026"), "{}", page.text());
}

#[tokio::test]
async fn p_30_a_form_opened_for_one_person_is_none_for_another() {
    let mut pair = Pair::with(&["withdraw"]).await;
    let hers = pair.house.granted(&pair.house.anna).await;
    let his = pair.house.granted(&pair.house.bruno).await;
    let everything = "/moi/partages/tout/retrait";
    let for_himself = pair.bruno.open(everything).await;
    acts(&mut pair.bruno).await;
    let refused = pair.bruno.submit(&for_himself, everything, &[]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("expiré"), "{}", refused.text());
    let for_her = pair.bruno.open(everything).await;
    let page = pair.bruno.open("/mandats/agir").await;
    pair.bruno.submit(&page, "/mandats/agir/moi", &[]).await;
    assert_eq!(pair.bruno.submit(&for_her, everything, &[]).await.status, 403);
    for id in [hers, his] {
        assert!(pair.house.delivered(id).await);
    }
}

#[tokio::test]
async fn p_07_a_receipt_says_in_words_that_a_delegate_acted() {
    let mut pair = Pair::with(&["grant"]).await;
    acts(&mut pair.bruno).await;
    let granted = grants(&pair.house, &mut pair.bruno).await;
    assert_eq!(granted.status, 303, "{}", granted.body);
    let id = only_consent(&pair.house).await;
    for (lang, by) in [
        ("fr", "un mandataire pour la personne : Bruno Chêne"),
        ("en", "a delegate for the person: Bruno Chêne"),
        ("nl", "een gemachtigde voor de persoon: Bruno Chêne"),
    ] {
        pair.anna.open(&format!("/moi?lang={lang}")).await;
        let sharing = pair.anna.open(&format!("/moi/partages/{id}")).await;
        let receipt = pair.anna.open(&sharing.link("/moi/recus/")).await;
        assert!(receipt.text().contains(by), "{by}: {}", receipt.text());
        let pdf = pair.anna.get(&receipt.link("/pdf")).await;
        assert!(pdf.bytes.starts_with(b"%PDF-"));
    }
    // What she does herself says so.
    pair.anna.open("/moi?lang=fr").await;
    let withdrawn = pair.house.broker.withdraw(pair.house.anna.id, id).await.unwrap();
    let page = pair
        .anna
        .open(&format!("/moi/recus/{}", withdrawn.leaf_index))
        .await;
    assert!(page.text().contains("la personne elle-même"), "{}", page.text());
}
